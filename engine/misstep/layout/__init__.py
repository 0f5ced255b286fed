"""Lay out tables, lists and paragraphs as text, Markdown and HTML. Nothing here knows of interviews."""
