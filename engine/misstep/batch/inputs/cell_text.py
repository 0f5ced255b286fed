"""A cell of text in, and the field that it is for; the value that a record has there, out. docs/batch.md has the table."""

from __future__ import annotations

import re

from misstep.batch.parts import Decimal
from misstep.language.facts import Field

TRUTHS = {
    **dict.fromkeys(["true", "t", "yes", "y", "1", "1.0"], "true"),
    **dict.fromkeys(["wahr", "ja", "vrai", "oui", "verdadero", "sí", "si", "vero", "verdadeiro", "sim", "waar"], "true"),
    **dict.fromkeys(["false", "f", "no", "n", "0", "0.0"], "false"),
    **dict.fromkeys(["falsch", "nein", "faux", "non", "falso", "não", "nao", "onwaar", "nee"], "false"),
}
"""What spreadsheets and databases write for true and false."""

SEEM_NULL = frozenset(["n/a", "#n/a", "na", "nan", "null", "none", "nil", "\\n", "-", "--", "?"])
"""What often means that nothing is said; it does only where ``--null`` names it."""

_BETWEEN = re.compile(r"[;,|]")


class SeemsNull(ValueError):
    """A cell that is no value of its field, and looks like one that says nothing."""


def read_cell(field: Field, text: str, decimal: Decimal = ".") -> object:
    """The value of a cell that is not empty. What is no value of the field stays text, which the reader of records rejects.

    Raises SeemsNull where that text is one that often means that nothing is said.
    """
    if field.type == "text":
        return text
    cell = text.strip()
    if field.type == "boolean":
        cell = TRUTHS.get(cell.casefold(), cell)
    elif field.type == "set":  # also as PostgreSQL, JSON and Python write a list
        cell = ";".join(word.strip(" \"'") for word in _BETWEEN.split(cell.strip("{}[]")))
    elif field.is_number and decimal == ",":
        if "." in cell:  # 1.500 may be a thousand and a half, or one and a half
            return text
        cell = cell.replace(",", ".")
    value = field.form.read(cell, ";")
    if text.strip().casefold() in SEEM_NULL and not field.takes(field.form.store(value)):
        raise SeemsNull
    return value
