"""Scores in; a report of one HTML file out: figures, pictures of them, and the page."""
