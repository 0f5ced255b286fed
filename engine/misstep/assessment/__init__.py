"""Records to facts, conclusions to findings, plan, words: the main path."""

SCHEMA = 2
"""The version of the shape of an assessment."""
