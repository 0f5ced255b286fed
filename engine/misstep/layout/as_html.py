"""Lay out a document as a small piece of HTML, for notebooks.

Nothing has a color of its own, so that it reads in a dark notebook as well as in a light one.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from misstep.errors import printable
from misstep.layout.document import Block, Inline, Points, Quote, ReportDocument, Run, Table, runs

_TAGS = {"strong": "strong", "code": "code"}
_CELL = 'style="text-align: left"'
_SPACED = 'style="margin: 0.3em 0"'


def as_html(document: ReportDocument) -> str:
    """The document as one element."""
    blocks: list[Block] = [_heading(document.title), *document.lead]
    for section in document.sections:
        blocks += [_heading(section.title), *section.blocks]
    content = "".join(part for block in (*blocks, *document.foot) if block for part in _block(block))
    return f'<div class="misstep" style="max-width: 48rem">{content}</div>'


def _block(block: Block) -> Iterator[str]:
    match block:
        case Table():
            head = "".join(f'<th scope="col" {_CELL}>{_line(cell)}</th>' for cell in block.header)
            yield f"<table><thead><tr>{head}</tr></thead><tbody>"
            for row in block.rows:
                yield f"<tr>{''.join(f'<td {_CELL}>{_line(cell)}</td>' for cell in row)}</tr>"
            yield "</tbody></table>"
        case Points():
            tag = "ul" if block.sign == "-" else "ol"
            yield f"<{tag} {_SPACED}>"
            for point in block.points:
                yield f"<li>{_line(point.head)}{''.join(piece for part in point.parts for piece in _block(part))}</li>"
            yield f"</{tag}>"
        case Quote():
            yield f"<blockquote>{'<br>'.join(map(_line, block.lines))}</blockquote>"
        case _:
            yield f"<p {_SPACED}>{_line(block)}</p>"


def _line(line: Inline) -> str:
    return "".join(map(_run, runs(line)))


def _run(run: Run) -> str:
    text = escape(printable(run.text))
    tag = _TAGS.get(run.style)
    return f"<{tag}>{text}</{tag}>" if tag else text


def _heading(line: Inline) -> Inline:
    return tuple(run._replace(style="strong") for run in runs(line)) if line else ""
