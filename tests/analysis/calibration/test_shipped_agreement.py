"""The shipped rules do not get worse: what experts and rules say of every judged case is on file, and the figures have floors.

Whoever changes a rule sees in the golden files which cases moved (``pytest --update-golden``, then ``git diff``). Floors are
for figures over the cases that weigh most: letters answered, clients of coaches and stated rules, of confidence 2 or more.
"""

from __future__ import annotations

import contextlib
import re
from functools import cache

import pytest
from tests.conftest import Golden
from tests.end_to_end.command import FIXTURES, ROOT

from misstep import RuleBase
from misstep.analysis.calibration.agreement import Agreement, Compared
from misstep.analysis.calibration.agreement_report import to_text
from misstep.analysis.calibration.picture import matrix_chart, to_svg

pytestmark = pytest.mark.once  # what rules say does not depend on the version of Python

CASES = FIXTURES / "cases"
SETS = ("dev", "fresh", "quiet")
EXPECTED = FIXTURES / "expected" / "cases"
BASES, CONFIDENCE = ("letter", "client_case", "expert_rule"), 2
# of dev alone, by which the rules were made at first
FLOORS = {"exact": 0.57, "within_one": 0.92, "act": 0.82, "recommended": 0.90, "kappa": 0.74, "rank_correlation": 0.70}
# of all three sets
SHARED_FLOORS = {
    "exact": 0.52, "within_one": 0.88, "safe": 0.92, "says_act": 0.89, "says_rest": 0.81, "recommended": 0.82,
    "kappa": 0.65, "rank_correlation": 0.68,
}  # fmt: skip
CEILINGS = {"advised_against": 0.05}
SHARED_CEILINGS = {"advised_against": 0.02}
MOST_ERROR = 0.3  # of the mean error in bands, in either direction


@cache
def everything() -> Agreement:
    with contextlib.chdir(CASES):  # a path from elsewhere would break the lines of the text elsewhere
        return RuleBase.shipped().calibrate(*(f"{name}.jsonl" for name in SETS), worst=10)


@cache
def weighty(*names: str) -> Agreement:
    files = [CASES / f"{name}.jsonl" for name in names or SETS]
    return RuleBase.shipped().calibrate(*files, bases=BASES, min_confidence=CONFIDENCE)


def line(case: Compared) -> str:
    """A case on a line: the bands, whether to act, whether the plan has what was recommended and what was advised against."""
    said = (case.expert_band, case.band, case.error, case.expert_acts, case.acts, case.recommended, case.advised_against)
    return "\t".join([case.id, *("-" if value is None else str(value).lower() for value in said), " ".join(case.plan)])


@pytest.mark.parametrize("name", SETS)
def test_every_case_comes_out_as_on_file(golden: Golden, name: str) -> None:
    header = "case\texpert\tmisstep\terror\texpert acts\tacts\trecommended\tadvised against\tplan"
    lines = [line(case) for case in everything().cases if case.set == name]
    golden(EXPECTED / f"{name}.tsv", "\n".join([header, *lines]) + "\n")


def test_the_figures_are_as_on_file(golden: Golden) -> None:
    golden(EXPECTED / "shared.txt", re.sub(r"\nRules: .*\n", "", to_text(everything())))


@pytest.mark.parametrize("name", FLOORS)
def test_agreement_is_not_below_its_floor(name: str) -> None:
    assert getattr(weighty("dev").figures, name).value >= FLOORS[name]


@pytest.mark.parametrize("name", SHARED_FLOORS)
def test_agreement_over_all_sets_is_not_below_its_floor(name: str) -> None:
    assert getattr(weighty().figures, name).value >= SHARED_FLOORS[name]


def test_what_should_not_be_is_not_above_its_ceiling() -> None:
    for name, ceiling in CEILINGS.items():
        assert getattr(weighty("dev").figures, name).value <= ceiling
    for name, ceiling in SHARED_CEILINGS.items():
        assert getattr(weighty().figures, name).value <= ceiling


@pytest.mark.parametrize("names", [("dev",), SETS], ids=["dev", "together"])
def test_the_rules_are_neither_harsh_nor_mild_on_the_whole(names: tuple[str, ...]) -> None:
    error = weighty(*names).figures.mean_error.value
    assert error is not None
    assert abs(error) <= MOST_ERROR


@pytest.mark.parametrize("name", ["exact", "within_one", "safe", "act"])
def test_the_rules_do_better_than_saying_always_the_same(name: str) -> None:
    figure = getattr(weighty().figures, name)
    assert figure.value > figure.baseline


def test_every_case_can_be_scored() -> None:
    assert everything().problems == ()
    assert everything().read == len(everything().cases)
    assert {group.name: group.figures.cases for group in everything().by_set} == {"dev": 129, "fresh": 84, "quiet": 26}
    assert weighty().figures.cases == 156


# -- the picture in docs/agreement.md


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]+)</text>", svg)


def test_the_picture_of_the_document_shows_the_counts_of_today(golden: Golden) -> None:
    """By what stands in it: where exactly, another version of the library may see otherwise."""
    picture = ROOT / "docs" / "agreement.svg"
    drawn = to_svg(weighty())
    if not picture.exists() or texts(picture.read_text(encoding="utf-8")) != texts(drawn):
        golden(picture, drawn)


def test_the_picture_has_every_count_once_and_frames_the_diagonal() -> None:
    found = weighty()
    chart = matrix_chart(found)
    cells = {(cell["expert"], cell["ours"]): cell["cases"] for cell in chart["data"]["values"]}
    assert cells == {(e, o): found.matrix[i][j] for i, e in enumerate(found.bands) for j, o in enumerate(found.bands)}
    shown = [text for text in texts(to_svg(found)) if text.isdigit()]
    assert sorted(shown) == sorted(str(n) for row in found.matrix for n in row if n)
    frames = chart["layer"][1]
    assert frames["transform"] == [{"filter": "datum.expert === datum.ours"}]
    assert to_svg(found).count('stroke="#111111"') == len(found.bands)
