"""Working memory in; scored findings out, with their reasons."""
