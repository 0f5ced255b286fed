"""A rule base of another field is put into its own words, wherever an answer is read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.batch.scored import write
from tests.inline import load_text
from tests.page.reading import read

from misstep import RuleBase
from misstep.assessment.text import to_markdown, to_text
from misstep.batch.baseline import Comparison
from misstep.batch.baseline_report import comparison_text
from misstep.batch.parts import Logged
from misstep.batch.report.report_page import to_html
from misstep.batch.report.summing import measure
from misstep.errors import RuleError
from misstep.service.page import Page
from misstep.tools.docs import build_docs

INCIDENTS = Path(__file__).parents[2] / "fixtures" / "incidents"
OF_INTERVIEWS = re.compile(r"interview|employer|candidate|hiring|held against|slip|mistake|bad day|coaches|notic", re.IGNORECASE)


@pytest.fixture(scope="module")
def read_aloud(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One incident in every form, as text."""
    base, folder = RuleBase.load(INCIDENTS / "rules"), tmp_path_factory.mktemp("incidents")
    record = (INCIDENTS / "checkout-down.json").read_bytes()
    answer, scale = base.assess(json.loads(record)), base.program.scale
    scores = write(folder / "scores.jsonl", [Logged(1, record, None, ())], (), base)
    build_docs([INCIDENTS / "rules"], folder / "docs", "markdown")
    return {
        "text": to_text(answer, scale, full=True),
        "markdown": to_markdown(answer, scale),
        "page": read(Page(base).record(record).body).text,
        "empty page": read(Page(base).empty().body).text,
        "report": re.sub(r"<style>.*?</style>|<[^>]*>", " ", to_html(measure([scores]), lambda *_: "<svg></svg>"), flags=re.S),
        "baseline": comparison_text(Comparison.between(base, base)),
        "scores": scores._repr_html_(),
        "docs": (folder / "docs" / "kinds" / "outage.md").read_text(encoding="utf-8"),
    }


def test_no_word_of_interviews_is_said_of_incidents(read_aloud: dict[str, str]) -> None:
    found = {form: sorted(set(OF_INTERVIEWS.findall(text))) for form, text in read_aloud.items()}
    assert {form: words for form, words in found.items() if words} == {}


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("text", "Damage is the chance in percent that at least one of these drives a customer away."),
        ("text", "Fault "),
        ("markdown", "| Fault | Severity | Visible | Urgency | Verdict |"),
        ("markdown", "## What is broken"),
        ("page", "of 100 now: the chance in percent that at least one of these drives a customer away"),
        ("empty page", "Say what is broken."),
        ("report", "How the incidents went"),
        ("report", "Commonest faults"),
        ("baseline", "0 incidents compared."),
        ("scores", "1 incident"),
        ("docs", "Fault: it is scored."),
    ],
)
def test_declared_words_are_said(read_aloud: dict[str, str], form: str, words: str) -> None:
    assert words in read_aloud[form]


def test_without_declared_words_the_general_ones_are_said() -> None:
    base = load_text("schema: 1\npack: plain\nextends: scale\nkinds: {gap: {role: mistake, title: Gap}}\n")
    assert "held against you" in to_text(base.assess([{"kind": "gap"}]), base.program.scale)
    scale = (INCIDENTS / "rules" / "scale.yaml").read_text(encoding="utf-8").partition("  words:\n")[0]
    own = load_text(scale, "schema: 1\npack: plain\nkinds: {gap: {role: mistake, title: Gap}}\n")
    assert "at least one of these does harm." in to_text(own.assess([{"kind": "gap"}]), own.program.scale)
    assert own.program.scale.words.counted(2) == "2 records"


def test_words_that_nothing_reads_are_an_error() -> None:
    with pytest.raises(RuleError, match="unknown key 'recrod'; did you mean 'record'"):
        load_text("schema: 1\npack: plain\nscale: {words: {recrod: {one: a, many: b}}}\n")
