"""From people's own words to facts: kinds and fields that a text tells of, with the words that led to them."""

READ = 0.8
"""A suggestion of at least this score counts as read where nobody confirms it: in the stories of packs and in notes of logs."""
SHOWN = 0.1
"""One of a lower score is not shown to people."""
