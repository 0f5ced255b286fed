"""Text in; small pieces of HTML out, for notebooks. Whatever the text holds, it is shown as it is.

Nothing has a colour of its own, so that it reads in a dark notebook as well as in a light one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from misstep.errors import printable


def card(*parts: str) -> str:
    """Pieces under one another."""
    return f'<div class="misstep" style="max-width: 48rem">{"".join(parts)}</div>'


def paragraph(text: str, strong: bool = False) -> str:
    """A line of text."""
    return f'<p style="margin: 0.3em 0">{f"<strong>{_shown(text)}</strong>" if strong else _shown(text)}</p>'


def numbered(items: Iterable[str]) -> str:
    """A list of points in their order."""
    return f'<ol style="margin: 0.3em 0">{"".join(f"<li>{_shown(item)}</li>" for item in items)}</ol>'


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    head = "".join([f'<th scope="col" style="{_CELL}">{_shown(cell)}</th>' for cell in header])
    lines = ["".join([f'<td style="{_CELL}">{_shown(cell)}</td>' for cell in row]) for row in rows]
    body = "".join([f"<tr>{line}</tr>" for line in lines])
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


_CELL = "text-align: left"


def _shown(text: str) -> str:
    return escape(printable(text))
