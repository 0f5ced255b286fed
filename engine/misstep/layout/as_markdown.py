"""Lay out a document as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from misstep.errors import printable
from misstep.layout.document import Block, Inline, Points, Quote, ReportDocument, Run, Table, runs

PLAIN_ADDRESS = re.compile(r"https?://[A-Za-z0-9/.:?=&%#_~+,;@-]+")
"""Addresses that cannot end a link early."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&!])")


def as_markdown(document: ReportDocument) -> str:
    """The document as Markdown, for a page, a mail or a ticket."""
    lines = [f"# {_line(document.title)}", ""] if document.title else []
    for paragraph in document.lead:
        lines += [_line(paragraph), ""]
    for section in document.sections:
        lines += [f"## {_line(section.title)}", ""] if section.title else []
        for block in section.blocks:
            lines += [*_block(block), ""]
    for paragraph in document.foot:
        lines += [_line(paragraph), ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _block(block: Block) -> Iterator[str]:
    match block:
        case Table():
            yield f"| {' | '.join(map(_line, block.header))} |"
            yield "| --- |" + (" ---: |" if block.figures else " --- |") * (len(block.header) - 1)
            for row in block.rows:
                yield f"| {' | '.join(map(_line, row))} |"
        case Points():
            yield from _points(block, "")
        case Quote():
            for line in block.lines:
                yield f"> {_line(line)}".rstrip()
        case _:
            yield _line(block)


def _points(points: Points, indent: str) -> Iterator[str]:
    for number, point in enumerate(points.points, start=1):
        sign = "-" if points.sign == "-" else f"{number}."
        yield f"{indent}{sign} {_line(point.head)}"
        inner = indent + " " * (len(sign) + 1)
        for part in point.parts:
            match part:
                case Points():
                    yield from _points(part, inner)
                case Quote():
                    yield from ("", *(inner + line for line in _block(part)), "")
                case _:
                    yield f"{inner}- {_line(part)}"


def _line(line: Inline) -> str:
    return "".join(map(_run, runs(line)))


def _run(run: Run) -> str:
    text = _SPECIAL.sub(r"\\\1", printable(run.text))
    match run.style:
        case "strong":
            return f"**{text}**" if text else ""
        case "code" if not set(run.text) & set("`|"):
            return f"`{printable(run.text)}`"
        case "address" if PLAIN_ADDRESS.fullmatch(run.text):
            return f"<{run.text}>"
        case _:
            return text
