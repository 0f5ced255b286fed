"""How a cell of text is read, for each type of field."""

from __future__ import annotations

import pytest

from misstep.batch.inputs.cell_text import SEEM_NULL, SeemsNull, read_cell
from misstep.language.facts import Field

BOOLEAN, INTEGER, NUMBER = Field("f", "boolean"), Field("f", "integer"), Field("f", "number")
TEXT, WORD, WORDS = Field("f", "text"), Field("f", "enum", values=("a", "none")), Field("f", "set", values=("a", "b"))

READ: list[tuple[Field, str, object]] = [
    *[(BOOLEAN, text, True) for text in ("true", "TRUE", " True ", "t", "yes", "Y", "1", "1.0", "WAHR", "vrai", "sí")],
    *[(BOOLEAN, text, False) for text in ("false", "F", "No", "n", "0", "0.0", "FALSCH", "faux", "falso", "não")],
    *[(BOOLEAN, text, text.strip()) for text in ("2", "maybe", "truth", "10")],
    *[(INTEGER, text, 12) for text in ("12", " 12 ", "+12", "12.0", "12.", "012")],
    (INTEGER, "-3", -3),
    *[(INTEGER, text, text) for text in ("12,0", "1.5", "1e3", "twelve", "1 200")],
    *[(NUMBER, text, 2.5) for text in ("2.5", "+2.50", " 2.5", "25e-1", "25E-1")],
    *[(NUMBER, text, text) for text in ("2,5", "x", "inf", "1,200", "0x1")],
    (TEXT, " true ", " true "),
    (TEXT, "12", "12"),
    (TEXT, "N/A", "N/A"),
    (WORD, " a ", "a"),
    (WORD, "none", "none"),
    (WORD, "A", "A"),
    *[(WORDS, text, ["a", "b"]) for text in ("a;b", "a; b;", "a,b", "a|b", '["a", "b"]', "['a', 'b']", "{a,b}")],
    (WORDS, "a", ["a"]),
    (WORDS, ";", []),
    (WORDS, "[]", []),
]


@pytest.mark.parametrize(("field", "text", "value"), READ, ids=[f"{f.type}: {t!r}" for f, t, _ in READ])
def test_a_cell_is_read_as_its_field_asks(field: Field, text: str, value: object) -> None:
    read = read_cell(field, text)
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (INTEGER, "12,0", 12),
        (INTEGER, "12", 12),
        (NUMBER, "-2,5", -2.5),
        (NUMBER, "1.500", "1.500"),  # a thousand and a half, or one and a half
        (NUMBER, "1.500,5", "1.500,5"),
        (INTEGER, "1.500", "1.500"),
    ],
)
def test_where_numbers_have_a_decimal_comma_a_point_is_none(field: Field, text: str, value: object) -> None:
    assert read_cell(field, text, ",") == value


@pytest.mark.parametrize("text", [*sorted(SEEM_NULL), "N/A", " NULL "])
def test_what_seems_to_say_nothing_is_told(text: str) -> None:
    for field in (BOOLEAN, INTEGER, NUMBER, WORDS):
        with pytest.raises(SeemsNull):
            read_cell(field, text)
    assert read_cell(TEXT, text) == text
