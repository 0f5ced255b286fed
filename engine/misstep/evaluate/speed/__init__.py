"""What exists for speed only: rules are chosen by a look at one field, and tests that rules share are judged once."""
