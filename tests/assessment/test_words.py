"""What people read for the parts of a rule base."""

from __future__ import annotations

import pytest

from misstep.analysis.certainty import Certainty
from misstep.analysis.certainty_words import certainty_sentences
from misstep.analysis.single_answers import OpenField
from misstep.assessment.phrases import LONGEST_NAME, name_of
from misstep.language.facts import Field, Kind
from misstep.service.page.labels import label_of

LONG = "x" * (LONGEST_NAME + 1)


@pytest.mark.parametrize(
    ("field", "name", "label", "inside"),
    [
        (Field("how_late", "integer", title="Minutes late", help="how late"), "Minutes late", "Minutes late", "minutes late"),
        (Field("how_late", "integer", title="Were you late?"), "Were you late?", "Were you late?", "were you late"),
        (
            Field("how_late", "integer", help="how late you were."),
            "how late you were.",
            "How late you were.",
            "how late you were",
        ),
        (Field("how_late", "integer", help=LONG), "how late", "How late", "how late"),
        (Field("how_late", "integer", help="late: how much"), "how late", "How late", "how late"),
        (Field("how_late", "integer"), "how late", "How late", "how late"),
    ],
)
def test_a_field_has_one_name_wherever_it_is_read(field: Field, name: str, label: str, inside: str) -> None:
    assert (name_of(field), label_of(field)) == (name, label)
    kinds = {"late": Kind("late", "mistake", "Late", (field,))}
    found = Certainty(2, 9, 1.0, False, (OpenField("/facts/0/how_late", "late-1", "late", "how_late", 0.5, 2, 9),), 300, True)
    assert certainty_sentences(found, kinds, {})[1] == f"It depends most on: {inside}."
