"""What is valid in a rule base and probably not meant: a table of lints, and what each looks for."""
