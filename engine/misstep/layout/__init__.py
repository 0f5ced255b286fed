"""Documents as plain data, and their layout as text, Markdown and HTML. Nothing here knows of interviews."""
