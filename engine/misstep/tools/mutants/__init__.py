"""Mutants of a rule base: which small changes of its rules would change an answer, and which of these its cases notice."""
