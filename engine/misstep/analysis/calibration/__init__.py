"""Measure the agreement of a rule base with cases that experts have judged."""
