"""Facts and rules in; everything that the rules conclude out, with its derivation."""
