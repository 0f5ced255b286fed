"""Mappings: the columns of a log in, facts out."""
