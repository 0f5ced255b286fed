"""Rows in; a table on a page for a terminal, or in Markdown, out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from misstep.errors import printable


def text_page(width: int, color: bool) -> Console:
    """Where a page for a terminal is put together; nothing that is put there is read as markup."""
    return Console(
        file=StringIO(), width=width, force_terminal=color, color_system="standard" if color else None, no_color=not color,
        highlight=False, markup=False, emoji=False, legacy_windows=False,
    )  # fmt: skip


def text_of(page: Console) -> str:
    """The text of a page, without blanks at the ends of lines."""
    assert isinstance(page.file, StringIO)
    return "\n".join(line.rstrip() for line in page.file.getvalue().splitlines()) + "\n"


def print_table(page: Console, title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table under its title; all but the first column are figures."""
    page.print(Text(f"\n{title}", "bold underline"))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for number, column in enumerate(header):
        table.add_column(column, justify="right" if number else "left", no_wrap=number > 0, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    page.print(Padding(table, (0, 0, 0, 2)))


def print_numbered(page: Console, number: int, head: str, details: Iterable[str]) -> None:
    """An entry of a numbered list: its head, and lines indented under it."""
    page.print(Padding(hanging(f"{number}.", Group(Text(head, "bold"), *map(Text, details))), (0, 0, 0, 2)))


def hanging(sign: str, body: RenderableType) -> Table:
    """A point of a list whose lines stand under one another."""
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_column(no_wrap=True)
    row.add_column(overflow="fold")
    row.add_row(Text(sign), body)
    return row


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]], plain: bool = True) -> list[str]:
    """The lines of a table; ``plain``: what is in the cells is no Markdown."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" + " ---: |" * (len(header) - 1)]
    return lines + ["| " + " | ".join(markdown_text(cell) if plain else cell for cell in row) + " |" for row in rows]


_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~&!])")


def markdown_text(text: str) -> str:
    """Any text, escaped so that Markdown shows it as it is."""
    return _MARKDOWN.sub(r"\\\1", printable(text))
