"""An assessment as text, as Markdown and on the page: the same in each, nothing twice, and two mistakes of one kind apart."""

from __future__ import annotations

import json
import re

import pytest
from tests.inline import load_text
from tests.page.reading import read

from misstep import RuleBase
from misstep.analysis.certainty_words import certainty_sentences
from misstep.assessment.phrases import due_beside
from misstep.assessment.text import to_markdown, to_text
from misstep.service.page import Page

BASE = RuleBase.shipped()
SCALE = BASE.program.scale
TWICE = [{"id": "a", "kind": "late_arrival", "minutes": 5}, {"id": "b", "kind": "late_arrival", "minutes": 40}]
TOLD_APART = "Arrived late (b)"


def flat(text: str) -> str:
    """On one line, without the marks of Markdown."""
    return " ".join(re.sub(r"[\\*]", "", text).split())


@pytest.fixture(scope="module")
def shown() -> dict[str, str]:
    """Two mistakes of one kind, wherever an assessment is read."""
    answer = BASE.assess(TWICE)
    page = read(Page(BASE).record(json.dumps(TWICE).encode()).body).text
    text, markdown = to_text(answer, SCALE), to_markdown(answer, SCALE)
    return {"text": flat(text), "markdown": flat(markdown), "page": flat(page).replace("For: ", "for: ")}


@pytest.mark.parametrize("form", ["text", "markdown", "page"])
def test_a_step_says_which_of_two_mistakes_of_one_kind_it_is_for(shown: dict[str, str], form: str) -> None:
    assert "for: Arrived late (b)" in shown[form]
    assert "for: Arrived late " not in shown[form].replace("for: Arrived late (", "")


@pytest.mark.parametrize("form", ["text", "markdown", "page"])
def test_what_is_said_of_two_mistakes_of_one_kind_is_said_once(shown: dict[str, str], form: str) -> None:
    (word,) = {finding.word for finding in BASE.assess(TWICE).findings}
    assert shown[form].count(flat(word)) == 1


def test_a_limit_because_of_two_mistakes_is_said_once() -> None:
    answer = BASE.assess([{"kind": "bad_joke", "topic": "appearance"}, {"kind": "swearing", "times": 2}])
    limits = [reason.text for reason in answer.because if reason.dimension == "outlook"]
    assert len(limits) > len(set(limits))
    text = flat(to_text(answer, SCALE))
    assert all(text.count(f"{limit} (outlook at best") == 1 for limit in limits)


def test_certainty_says_on_which_of_two_mistakes_of_one_kind_it_rests() -> None:
    found, titles = BASE.certainty(TWICE), BASE.assess(TWICE).titles
    assert titles == {"b": "Arrived late (b)", "a": "Arrived late (a)"}
    assert TOLD_APART in " ".join(certainty_sentences(found, BASE.kinds, titles))


def test_without_a_mistake_nothing_is_said_of_damage() -> None:
    answer = BASE.assess([])
    for text in (to_text(answer, SCALE), to_markdown(answer, SCALE)):
        assert "No mistake was reported: nothing to repair." in text
        assert "Damage" not in text


def test_without_a_reason_there_is_no_section_for_them() -> None:
    quiet = load_text("schema: 1\npack: quiet\nkinds: {slip: {role: mistake, title: Slip}}\n")
    answer, scale = quiet.assess([{"kind": "slip"}]), quiet.program.scale
    for text in (to_text(answer, scale), to_markdown(answer, scale)):
        assert "Slip" in text
        assert "Why" not in text
    for text in (to_text(BASE.assess(TWICE), SCALE), to_markdown(BASE.assess(TWICE), SCALE)):
        assert re.search(r"^(## )?Why$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("title", "hours", "due"),
    [
        ("Now: say it once", 0, ""),
        ("Now: say it once", 2, "within 2 hours"),
        ("Nowhere to be seen", 0, "now"),
        ("In the room: say it once", 0, "now"),
        ("From now on: be early", 0, "now"),
        ("One call: say it once", 24, "today"),
        ("Today: call", 24, ""),
        ("For yourself: sleep", None, "in your own time"),
    ],
)
def test_a_due_time_is_not_said_again_beside_a_title_that_begins_with_it(title: str, hours: float | None, due: str) -> None:
    assert due_beside(title, hours) == due


def test_now_is_said_once_of_a_step() -> None:
    going_on = [{"kind": "interview", "moment": "during", "format": "video"}, {"kind": "video_technical_failure"}]
    answer = BASE.assess(going_on)
    titles = [step.title for step in answer.steps if step.title.startswith("Now:")]
    assert titles
    assert due_beside("", answer.steps[0].due_hours) == "now"
    page = read(Page(BASE).record(json.dumps(going_on).encode()).body).text
    for form in (to_text(answer, SCALE), to_markdown(answer, SCALE), page):
        assert not re.search(rf"{titles[0]}\W*now\b", flat(form), re.IGNORECASE)
