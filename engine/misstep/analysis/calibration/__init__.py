"""Cases that experts have judged in; how far a rule base agrees with them, and where it does not, out."""
