"""Cases with a story: what is read from it is compared; a failure says what was read, what was expected, and from which words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.reading.conftest import OWN, OWN_WORDS

from misstep import RuleError
from misstep.tools.docs.book import read_book
from misstep.tools.ruletest import run_cases

pytestmark = pytest.mark.once  # nothing here depends on the version of Python

MISSED = Path(__file__).parents[2] / "fixtures" / "words" / "missed.yaml"
SCORE = "read, with a score of 0.8 or more"


def own_pack(folder: Path, cases: Iterable[str], words: str = OWN_WORDS) -> Path:
    """A folder with the pack of one's own, its words, and cases."""
    (folder / "words").mkdir(exist_ok=True)
    listed = "".join(f"  case {n}: {case}\n" for n, case in enumerate(cases))
    (folder / "own.yaml").write_text(f"{OWN}cases:\n{listed}", encoding="utf-8")
    (folder / "words" / "own.yaml").write_text(words, encoding="utf-8")
    return folder


HOLD = [
    '{story: "The red badge was gone.", facts: [{kind: lost_badge, colour: red}]}',
    '{story: "The badge was gone, two hours later.", facts: [{id: b, kind: lost_badge, hours: 2}]}',
    '{story: "I cried, and lost the badge.", facts: [{kind: lost_badge}]}',
    '{story: "I was on time.", facts: [], not_read: [late_arrival, lost_badge]}',
    '{story: "The badge was gone.", facts: [{kind: lost_badge}], expect: {outlook: open, findings: {lost_badge: {}}}}',
    '{story: "Hands shaking, voice trembling.", facts: [{kind: visible_nervousness, signs: [voice, hands]}]}',
]


def test_a_story_is_read_as_its_case_says(tmp_path: Path) -> None:
    outcomes = run_cases([own_pack(tmp_path, HOLD)]).outcomes
    assert [outcome.failures for outcome in outcomes] == [()] * len(HOLD)


FAIL: dict[str, list[tuple[str, str, str]]] = {
    '{story: "It went well.", facts: [{kind: lost_badge}]}': [("story.lost_badge", SCORE, "not read; read: nothing")],
    '{story: "The badge was gone.", facts: [{kind: late_arrival}], not_read: [lost_badge]}': [
        ("story.late_arrival", SCORE, 'not read; read: lost_badge 0.92 (from "badge", "gone")'),
        ("story.lost_badge", "not read, with a score below 0.1", 'score 0.92 (from "badge", "gone")'),
    ],
    '{story: "The red badge was gone.", facts: [{kind: lost_badge, colour: green, hours: 3}]}': [
        ("story.lost_badge.colour", "green", 'red; from "badge", "gone"'),
        ("story.lost_badge.hours", "3", 'not said; from "badge", "gone"'),
    ],
    '{story: "The red badge was gone.", facts: [{kind: lost_badge}]}': [
        ("story.lost_badge.colour", "not said", 'red; from "badge", "gone"')
    ],
    '{story: "I was late for the second interview, on Zoom.", facts: [{kind: interview, stage: final, format: video}]}': [
        ("story.interview.stage", "final", "second; from what it says of the interview")
    ],
    '{story: "I was late.", facts: [{kind: late_arrival, minutes: ten}]}': [
        ("facts", "a record that can be assessed", "/facts/0/minutes: must be a whole number from 1 to 1440 (minutes)")
    ],
    '{story: "The badge was gone.", facts: [{kind: lost_badge}], expect: {outlook: closed}}': [
        ("outlook", "closed", "open"),
    ],
}


def test_what_is_read_otherwise_is_told_with_the_words_that_led_to_it(tmp_path: Path) -> None:
    outcomes = run_cases([own_pack(tmp_path, FAIL)]).outcomes
    assert [[tuple(each[:3]) for each in outcome.failures] for outcome in outcomes] == list(FAIL.values())


def test_words_are_read_for_cases_with_a_story_alone(tmp_path: Path) -> None:
    broken = "schema: 1\npack: [\n"
    case = "{facts: [{kind: lost_badge}], expect: {}}"
    assert run_cases([own_pack(tmp_path, [case], broken)]).outcomes[0].passed
    with pytest.raises(RuleError, match=r"words/own\.yaml:\d+:\d+: not valid YAML"):
        run_cases([own_pack(tmp_path, ['{story: "I was late.", facts: []}'], broken)])


def test_a_case_with_a_story_is_an_example_of_the_pages(tmp_path: Path) -> None:
    book = read_book([own_pack(tmp_path, HOLD[:1])])
    example = book.examples.showing("lost_badge", "own")
    assert example is not None
    assert example.facts == [{"kind": "lost_badge", "colour": "red"}]


def test_the_stories_that_are_read_wrongly_still_are() -> None:
    held = [outcome.name for outcome in run_cases([MISSED]).outcomes if outcome.passed]
    assert held == [], "these are read well now: move them to rules/stories.yaml"
