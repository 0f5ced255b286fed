"""What agreement means: figures that can be counted by hand, and the same counted in another way on the shipped cases."""

from __future__ import annotations

import json
import random
import statistics
from pathlib import Path
from typing import Any

import pytest
from tests.analysis.calibration.judged import BANDS, BASE, band, case, outage
from tests.end_to_end.command import FIXTURES, INCIDENTS

import misstep
from misstep import EngineError, RecordError, RuleBase, UsageError
from misstep.analysis.calibration.agreement import Agreement, Figure
from misstep.analysis.calibration.agreement_report import to_text
from misstep.analysis.calibration.calibrate import RulesToJudge, Selection, calibrate
from misstep.analysis.calibration.judged_cases import CasesLike, name_sets

FILE = FIXTURES / "cases" / "dev.jsonl"
SETS = [FILE, FIXTURES / "cases" / "fresh.jsonl", FIXTURES / "cases" / "quiet.jsonl"]
JUDGED = ("letter", "client_case", "expert_rule")
COURTEOUS = """
schema: 1
pack: courtesy
rules:
  thank: {when: [outage], then: {recommend: thank_reporter}, because: somebody told}
actions:
  thank_reporter: {title: Thank whoever told, reach: plain, channel: status_page}
  post_mortem: {title: Write the post-mortem, due_hours: 72, effort_minutes: 120, next_time: true, replace: true}
"""
SHORT, LONG = outage(0), outage(240)


def share(figure: Figure) -> tuple[float | None, int]:
    return figure.value, figure.cases


# -- by hand


def test_bands_are_compared_by_their_distance() -> None:
    ours = BANDS.index(band(30))
    assert 0 < ours < len(BANDS) - 1
    found = BASE.calibrate([case(outage(30), word) for word in BANDS])
    apart = [ours - i for i in range(len(BANDS))]
    assert [c.error for c in found.cases] == apart
    assert share(found.figures.exact) == (1 / 4, 4)
    assert share(found.figures.within_one) == (sum(abs(n) <= 1 for n in apart) / 4, 4)
    assert share(found.figures.safe) == (sum(n >= -1 for n in apart) / 4, 4)
    assert share(found.figures.mean_error) == (statistics.fmean(apart), 4)
    assert found.figures.exact.baseline == 1 / 4
    assert found.figures.rank_correlation.value is None  # the damage is always the same
    assert found.matrix == tuple(tuple(int(column == ours) for column in range(4)) for _ in BANDS)


def test_the_baseline_is_what_experts_say_most() -> None:
    words = ["broken", "broken", "degraded", "catastrophic", "cosmetic"]
    found = BASE.calibrate([case(SHORT, word) for word in words])
    assert found.figures.exact.baseline == 2 / 5
    assert found.figures.within_one.baseline == 4 / 5


def test_acting_is_measured_where_the_expert_speaks_to_it(tmp_path: Path) -> None:
    """To thank somebody is neither acting nor letting it rest, unless the expert would act that way."""
    (tmp_path / "courtesy.yaml").write_text(COURTEOUS, encoding="utf-8")
    base = RuleBase.load(INCIDENTS / "rules", tmp_path)
    repairs, calm = outage(30, deployed=True), SHORT
    told: list[tuple[Any, str | None, list[str], bool | None, bool]] = [
        (repairs, "act", [], True, True),
        (repairs, "let_it_go", ["sleep_on_it"], False, True),
        (calm, "act", ["thank_reporter"], True, True),
        (calm, "act", ["roll_back"], True, False),
        (calm, "act", ["post_mortem"], True, False),
        (calm, "let_it_go", ["sleep_on_it"], False, False),
        (calm, "let_it_go", ["thank_reporter"], False, False),
        (calm, "let_it_go", ["post_mortem"], None, False),  # only what helps next time
        (repairs, "let_it_go", [], None, True),
        (calm, "unknown", ["thank_reporter"], None, False),
        (calm, None, [], None, False),
    ]
    found = base.calibrate([case(record, "broken", act=act, recommended=steps) for record, act, steps, _, _ in told])
    assert all("thank_reporter" in c.plan for c in found.cases)
    assert [(c.expert_acts, c.acts) for c in found.cases] == [(says, acts) for *_, says, acts in told]
    assert share(found.figures.says_act) == (2 / 4, 4)
    assert share(found.figures.says_rest) == (2 / 3, 3)
    assert share(found.figures.act) == (4 / 7, 7)
    assert [getattr(found.figures, name).baseline for name in ("says_act", "says_rest", "act")] == [1, 0, 4 / 7]


def test_notice_is_that_of_the_worst_mistake() -> None:
    level = BASE.assess(LONG).findings[0].noticed_level
    assert level == "visible"
    told: list[tuple[Any, str | None]] = [(LONG, level), (LONG, "hidden"), (LONG, "unknown"), (LONG, None), ([], "hidden")]
    found = BASE.calibrate([case(record, "broken", noticed=noticed) for record, noticed in told])
    assert share(found.figures.noticed) == (1 / 2, 2)


def test_one_recommended_step_is_enough_and_one_advised_against_too_much() -> None:
    plan = planned(json.loads(BASE.assess(LONG).to_json()))
    assert "status_update" in plan
    assert "roll_back" not in plan
    told: list[dict[str, Any]] = [
        {"recommended": ["roll_back", "status_update"]},
        {"recommended": ["roll_back"]},
        {"against": ["roll_back", "status_update"]},
        {"against": ["roll_back"]},
        {},
    ]
    found = BASE.calibrate([case(LONG, "broken", **expert) for expert in told])
    assert share(found.figures.recommended) == (1 / 2, 2)
    assert share(found.figures.advised_against) == (1 / 2, 2)


def test_what_no_case_says_has_no_figure() -> None:
    figures = BASE.calibrate([case(LONG, "broken")]).figures
    for name in ("act", "says_act", "says_rest", "noticed", "recommended", "advised_against"):
        assert getattr(figures, name) == Figure(None, 0)
    assert (figures.rank_correlation.value, figures.rank_correlation.low) == (None, None)


def test_groups_and_choices_are_parts_of_the_whole() -> None:
    cases = [
        case(SHORT, "cosmetic", "drill", confidence=1),
        case(LONG, "broken", "drill", confidence=3),
        case(LONG, "cosmetic", "letter", confidence=2),
        case(SHORT, "broken"),
    ]
    found = BASE.calibrate(cases)
    assert [(g.name, g.figures.cases) for g in found.by_basis] == [("drill", 2), ("letter", 1), ("not stated", 1)]
    assert [(g.name, g.figures.cases) for g in found.by_confidence] == [("1", 1), ("2", 1), ("3", 1), ("not stated", 1)]
    drill, sure = BASE.calibrate(cases, bases=["drill"]), BASE.calibrate(cases, min_confidence=2)
    assert [c.place for c in drill.cases] == ["/0", "/1"]
    assert drill.figures.exact == found.by_basis[0].figures.exact
    assert [c.place for c in sure.cases] == ["/1", "/2"]  # without a confidence a case is not sure
    assert [c.place for c in BASE.calibrate(cases, bases=["drill", "letter"], min_confidence=3).cases] == ["/1"]
    assert (drill.read, sure.read) == (4, 4)


# -- sets of cases


def written(file: Path, *cases: dict[str, Any]) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(json.dumps(one) + "\n" for one in cases), encoding="utf-8")
    return file


def test_sets_are_measured_together_and_apart(tmp_path: Path) -> None:
    old = written(tmp_path / "old.jsonl", case(SHORT, "cosmetic", act="act"), case(LONG, "broken"), case(outage(30), "broken"))
    new = written(tmp_path / "new.jsonl", case(LONG, "cosmetic", against=["status_update"]), {"record": 5})
    found = BASE.calibrate(old, new)
    assert [(c.set, c.place) for c in found.cases] == [
        ("old", f"{old}:1"), ("old", f"{old}:2"), ("old", f"{old}:3"), ("new", f"{new}:1")
    ]  # fmt: skip
    assert [group.name for group in found.by_set] == ["new", "old"]
    assert [group.figures for group in found.by_set] == [BASE.calibrate(new).figures, BASE.calibrate(old).figures]
    assert found.figures.cases == 4
    assert [problem.location.file for problem in found.problems] == [str(new)]


@pytest.mark.once
@pytest.mark.slow
def test_the_shared_sets_apart_add_up() -> None:
    found = misstep.calibrate(*SETS)
    assert sum(group.figures.cases for group in found.by_set) == found.figures.cases == found.read
    for name in ("exact", "safe", "act", "says_act", "says_rest", "recommended", "advised_against"):
        whole = getattr(found.figures, name)
        parts = [getattr(group.figures, name) for group in found.by_set]
        assert sum(part.cases for part in parts) == whole.cases
        assert sum(part.cases * part.value for part in parts) == pytest.approx(whole.cases * whole.value), name


def test_sets_of_the_same_name_are_told_by_their_path(tmp_path: Path) -> None:
    a, b = (written(tmp_path / part / "judged.jsonl", case(LONG, "broken")) for part in "ab")
    assert [group.name for group in BASE.calibrate(a, b).by_set] == [str(a), str(b)]


@pytest.mark.parametrize(
    ("sets", "names"),
    [
        (["a.jsonl", "b/c.jsonl"], ["a", "c"]),
        (["a.jsonl", "b/a.jsonl"], ["a.jsonl", "b/a.jsonl"]),
        (["-", "a.jsonl"], ["<stdin>", "a"]),
        (["-", "-.jsonl"], ["<stdin>", "-"]),
        (["-", "<stdin>.jsonl"], ["-", "<stdin>.jsonl"]),
        (["-.jsonl"], ["-"]),
        ([[]], [""]),
    ],
)
def test_every_set_has_a_name_of_its_own(sets: list[CasesLike], names: list[str]) -> None:
    assert name_sets(sets) == names


def test_sets_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "judged.jsonl", case(LONG, "broken"))
    for measure in (BASE.calibrate, BASE.measure_certainty):
        for again in (str(file), tmp_path / "x" / ".." / "judged.jsonl"):
            with pytest.raises(UsageError, match=r"judged\.jsonl: these cases are given twice"):
                measure(file, again)
        with pytest.raises(UsageError, match="<stdin>: these cases are given twice"):
            measure("-", "-")
        with pytest.raises(UsageError, match="cases: of several sets each is the path of a file"):
            measure([case(LONG, "broken")], file)


# -- the worst


def test_the_furthest_apart_come_first_and_agreement_never_comes() -> None:
    cases = [case(outage(n), word) for n in (0, 5, 30, 240, 1000) for word in BANDS]
    found = BASE.calibrate(cases, worst=100)
    apart = [abs(worst.case.error) for worst in found.worst]
    assert apart == sorted(apart, reverse=True)
    assert 0 not in apart
    assert len(apart) == sum(c.error != 0 for c in found.cases)
    assert BASE.calibrate(cases, worst=3).worst == found.worst[:3]
    assert BASE.calibrate(cases, worst=0).worst == ()


def test_among_the_equally_far_those_that_differ_in_more_come_first() -> None:
    same = band(240)
    cases = [
        case(LONG, same, recommended=["roll_back"]),
        case(LONG, same, act="let_it_go", recommended=["status_update"]),
        case(LONG, same, against=["status_update"]),
        case(LONG, same, against=["status_update"], confidence=3),
        case(LONG, same, recommended=["status_update"]),
    ]
    assert [worst.case.place for worst in BASE.calibrate(cases).worst] == ["/1", "/3", "/2", "/0"]


def test_a_disagreement_names_the_rules_that_weighed_most() -> None:
    record: list[dict[str, Any]] = [
        {"id": "lost", "kind": "data_loss", "rows": 1},
        {"kind": "tested_backup", "age_hours": 1},
        {"kind": "outage"},
    ]
    (worst,) = BASE.calibrate([case(record, "cosmetic")]).worst
    weights = {cause.rule: cause.severity for cause in worst.causes}
    assert weights["data-loss"] == 5.0
    assert weights["data-loss.backup"] == -3.0
    assert [abs(cause.severity) for cause in worst.causes[:3]] == [5.0, 3.0, 3.0]
    assert worst.verdict == BASE.assess(record).verdict


def test_the_strongest_sign_that_it_was_noticed_is_told_too() -> None:
    record: list[dict[str, Any]] = [{"id": "o", "kind": "outage", "minutes": 240}, {"kind": "customer_ticket", "about": "o"}]
    (worst,) = BASE.calibrate([case(record, "cosmetic")]).worst
    (cause,) = [cause for cause in worst.causes if cause.rule == "outage.minutes"]
    assert (cause.severity, cause.noticed) == (9.0, 25.0)


def test_of_an_action_it_is_told_which_rule_wanted_it_and_which_did_not() -> None:
    lost = [{"kind": "data_loss", "rows": 10}]
    actions = ["restart_everything", "restore_backup", "call_the_press"]
    (worst,) = BASE.calibrate([case(lost, BASE.assess(lost).band, recommended=actions)]).worst
    assert [(action.action, action.why, action.rules) for action in worst.absent] == [
        ("restart_everything", "vetoed", ("no-blind-restart",)),
        ("restore_backup", "none", ()),
        ("call_the_press", "unknown", ()),
    ]
    (worst,) = BASE.calibrate([case(LONG, band(240), against=["status_update", "roll_back"])]).worst
    assert [(action.action, action.why, action.rules) for action in worst.present] == [
        ("status_update", "recommended", ("say-so",))
    ]


def test_an_action_for_which_the_plan_has_no_room_is_told_with_its_rule(tmp_path: Path) -> None:
    (tmp_path / "hasty.yaml").write_text(
        "schema: 1\npack: hasty\nscale: {plan: {replace: true, max_actions: 1, max_relief: 0.8}}\n", encoding="utf-8"
    )
    hasty = RuleBase.load(INCIDENTS / "rules", tmp_path)
    found = hasty.calibrate([case(outage(30, deployed=True), band(30), recommended=["post_mortem"])])
    (worst,) = found.worst
    assert worst.case.plan == ("roll_back",)
    (absent,) = worst.absent
    assert (absent.action, absent.why, absent.rules) == ("post_mortem", "recommended", ("post-mortem",))
    assert "post_mortem (recommended by post-mortem, but the plan has no room for it)" in to_text(found, 200)


# -- laws


def test_the_order_of_cases_never_shows_in_figures() -> None:
    cases = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    shuffled = random.Random(7).sample(cases, len(cases))
    first, second = misstep.calibrate(cases), misstep.calibrate(shuffled)
    assert first.matrix == second.matrix
    assert [w.case.id for w in first.worst] == [w.case.id for w in second.worst]
    for name in ("exact", "within_one", "safe", "act", "says_act", "says_rest", "noticed", "recommended", "advised_against"):
        assert getattr(first.figures, name) == getattr(second.figures, name)
    for name in ("mean_error", "kappa", "rank_correlation"):
        assert getattr(first.figures, name).value == pytest.approx(getattr(second.figures, name).value)


@pytest.mark.once
@pytest.mark.slow
def test_every_way_to_hand_in_the_same_cases_gives_the_same_figures() -> None:
    cases = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    from_file = misstep.calibrate(FILE)
    for other in (misstep.calibrate(str(FILE)), misstep.calibrate(cases), misstep.calibrate(iter(cases))):
        assert (other.figures, other.matrix, other.by_basis) == (from_file.figures, from_file.matrix, from_file.by_basis)
    assert RuleBase.shipped().calibrate(FILE) == from_file


@pytest.mark.needs("durable")
def test_both_engines_agree_on_how_far_they_agree() -> None:
    cases = [case(outage(n), word, "drill", recommended=["roll_back"]) for n in (0, 30, 240) for word in BANDS]
    assert BASE.calibrate(cases, engine="durable") == BASE.calibrate(cases)


def test_intervals_hold_their_figures() -> None:
    for bases in ((), JUDGED):
        figures = misstep.calibrate(FILE, bases=bases).figures
        for name in figures.__dataclass_fields__:
            figure = getattr(figures, name)
            if isinstance(figure, Figure):
                assert figure.value is not None
                assert figure.low is not None
                assert figure.high is not None
                assert figure.low <= figure.value <= figure.high


# -- the same, counted in another way


def planned(got: dict[str, Any]) -> set[str]:
    return {action["action"] for step in got["steps"] for action in step["actions"]}


def recount(cases: list[dict[str, Any]], bands: list[str]) -> dict[str, float]:
    """The figures from the assessments as JSON, as plainly as can be."""
    actions = RuleBase.shipped().actions
    repairs = {name for name, action in actions.items() if action.reach == "repairs"}
    outward = repairs | {name for name, action in actions.items() if action.reach == "plain"}
    later = {name for name, action in actions.items() if action.next_time}
    pairs = [(c["expert"], json.loads(misstep.assess_json(json.dumps(c["record"])))) for c in cases]
    plans = [(expert, planned(got)) for expert, got in pairs]
    errors = [bands.index(got["band"]) - bands.index(expert["severity"]) for expert, got in pairs]
    act = [bool(plan & (repairs | (outward & set(e["recommended"])))) for e, plan in plans if e["act"] == "act"]
    rest = [not plan & repairs for e, plan in plans if e["act"] == "let_it_go" and set(e["recommended"]) - later]
    return {
        "exact": statistics.fmean(error == 0 for error in errors),
        "within_one": statistics.fmean(abs(error) <= 1 for error in errors),
        "safe": 1 - statistics.fmean(error < -1 for error in errors),
        "mean_error": statistics.fmean(errors),
        "act": statistics.fmean([*act, *rest]),
        "says_act": statistics.fmean(act),
        "says_rest": statistics.fmean(rest),
        "recommended": statistics.fmean(bool(plan & set(e["recommended"])) for e, plan in plans if e["recommended"]),
        "advised_against": statistics.fmean(bool(plan & set(e["against"])) for e, plan in plans if e["against"]),
    }


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.parametrize(("bases", "least"), [((), None), (JUDGED, 2)])
@pytest.mark.parametrize("files", [SETS, *([file] for file in SETS)], ids=["together", "dev", "fresh", "quiet"])
def test_figures_are_those_of_a_plain_count(files: list[Path], bases: tuple[str, ...], least: int | None) -> None:
    cases = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    there = {c["basis"] for c in cases}
    found = misstep.calibrate(*files, bases=[basis for basis in bases if basis in there], min_confidence=least)
    chosen = [
        c for c in cases if (not bases or c["basis"] in bases) and (least is None or c["expert"]["confidence"] >= least)
    ]  # fmt: skip
    assert found.figures.cases == len(chosen)
    for name, value in recount(chosen, list(found.bands)).items():
        assert getattr(found.figures, name).value == pytest.approx(value), name


# -- what comes out


def test_an_agreement_is_frozen_and_is_json() -> None:
    found = BASE.calibrate([case(LONG, "cosmetic"), case(LONG, "bad")])
    with pytest.raises(AttributeError):
        found.read = 5  # type: ignore[misc]
    data = json.loads(found.to_json())
    assert set(data) == set(Agreement.__dataclass_fields__)
    assert data["figures"]["exact"]["cases"] == 1
    assert data["worst"][0]["case"]["expert_band"] == "cosmetic"
    assert data["problems"][0]["location"]["pointer"] == "/1/expert/severity"
    assert (data["rulebase"], data["version"], data["digest"]) == ("incidents", BASE.version, BASE.digest)


# -- callers


def test_an_engine_that_fails_on_one_case_costs_no_other() -> None:
    def assess(record: Any) -> misstep.Assessment:
        if record == SHORT:
            raise EngineError("the engine 'durable' gave up")
        return BASE.assess(record)

    rules = RulesToJudge(BASE.program, assess, BASE.fired)
    found = calibrate([[case(SHORT, "broken"), case(LONG, "broken")]], rules, Selection())
    assert [str(problem) for problem in found.problems] == ["/0/record: the engine 'durable' gave up"]
    assert [c.place for c in found.cases] == ["/1"]


def test_a_caller_is_told_what_makes_no_sense() -> None:
    cases = [case(LONG, "broken", "drill", confidence=1)]
    tries: list[tuple[dict[str, Any], str]] = [
        ({"bases": ["dril"]}, "no case has the basis 'dril'; did you mean 'drill'?"),
        ({"bases": ["x"]}, "no case has the basis 'x'; there are drill"),
        ({"min_confidence": 2}, "none of the 1 cases has the chosen basis and confidence"),
        (
            {"engine": "durabel"},
            "engine: there is no engine 'durabel'; it is one of auto, core, python, durable; did you mean 'durable'?",
        ),
    ]
    for wrong, message in tries:
        with pytest.raises(UsageError) as caught:
            BASE.calibrate(cases, **wrong)
        assert str(caught.value) == message
    with pytest.raises(UsageError, match="cases: this is one case; give the path of a file, or a list of cases"):
        BASE.calibrate(cases[0])  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"nowhere\.jsonl: no such file"):
        BASE.calibrate("nowhere.jsonl")
    with pytest.raises(UsageError, match="is a folder; give a file"):
        BASE.calibrate(INCIDENTS)


def test_no_case_at_all_is_an_error() -> None:
    with pytest.raises(RecordError) as caught:
        BASE.calibrate([])
    assert str(caught.value) == "there is no judged case that can be scored"
