"""From people's own words to facts: kinds and fields that a text tells of, with the words that led to them."""
