"""Logged interviews in, by the million; their scores out."""
