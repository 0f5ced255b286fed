"""Mutants: what is changed, that each is a valid rule, that none which matters is missed, and that a killed run goes on."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from tests.evaluate.naive import conclusions
from tests.evaluate.packs import numbered, record_of

from misstep import Limits, RuleBase
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.errors import RecordError, UsageError
from misstep.evaluate.python_engine import PythonEngine
from misstep.language.program import Action, Program, Rule, Stratum
from misstep.rulebase.link import load_program
from misstep.tools.lints.linted import LintedBase
from misstep.tools.mutants.judge_mutants import JudgedMutant, gist_of
from misstep.tools.mutants.make_mutants import Mutant, make_mutants
from misstep.tools.mutants.mutation_run import MutationReport, MutationSettings, run_mutants

PACK = """\
schema: 1
pack: road
kinds:
  slow:
    role: mistake
    title: Slow
    fields:
      km: {type: integer, min: 1, max: 200, default: 20}
      why: {type: "enum?", values: [fog, sleep]}
      share: {type: "number?", min: 0, max: 1}
  calm: {role: strength, title: Calm}
rules:
RULES
actions: {hurry: {title: Hurry, due_hours: 8}}
scale:
  severity: {bands: {light: 0, bad: 4, worst: 8}}
  verdicts: {order: [rest, act], table: {light: rest, bad: act, worst: act}}
cases:
CASES
"""
FAST = "slow: {when: [{fact: slow, where: km >= 8}], then: {severity: 5}}"
ADVICE = "hurry: {when: [{fact: finding, as: f, where: f.severity_band != 'light'}], then: {recommend: {action: hurry, for: f}}}"
GUARDED = """\
  far: {facts: [{kind: slow, km: 8}], expect: {fires: [slow], findings: {slow: {severity: 5}}, actions: {hurry: {due_hours: 8}}}}
  near: {facts: [{kind: slow, km: 7}], expect: {quiet: [slow]}}"""


def pack_of(rules: str, cases: str = "") -> str:
    indented = "\n".join(f"  {line}" for line in rules.splitlines())
    return PACK.replace("RULES", indented).replace("cases:\nCASES", f"cases:\n{cases}" if cases else "")


def base_of(folder: Path, text: str) -> LintedBase:
    (folder / "road.yaml").write_text(text, "utf-8")
    return LintedBase(*load_program([folder], Limits()))


def run(folder: Path, text: str, **settings: Any) -> MutationReport:
    (folder / "road.yaml").write_text(text, "utf-8")
    return run_mutants(MutationSettings((str(folder),), records=100, **settings))


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        (FAST, ["`slow.km >= 8` -> `slow.km > 8`", "8 -> 10", "8 -> 6", "5 -> 6.25", "5 -> 3.75", "`severity` taken out"]),
        (
            "r: {when: [{fact: slow, where: km < 2 and share > 0.5}], unless: [calm], then: {severity: 1}}",
            [
                *("`slow.km < 2` -> `slow.km <= 2`", "2 -> 3", "2 -> 1"),
                *("`slow.share > 0.5` -> `slow.share >= 0.5`", "0.5 -> 0.625", "0.5 -> 0.375"),
                "`and` -> `or` between `slow.km < 2` and `known(slow.share)`",
                "`unless` taken out",
                *("1 -> 1.5", "1 -> 0.5", "`severity` taken out"),
            ],
        ),
        (
            'r: {when: [slow], then: {severity: "curve(slow.km, (1, 2), (2, 4))"}}',
            [
                *("point (1, 2) -> (0, 2)", "point (1, 2) -> (1, 2.5)", "point (1, 2) -> (1, 1.5)"),
                *("point (2, 4) -> (3, 4)", "point (2, 4) -> (2, 5)", "point (2, 4) -> (2, 3)"),
                "`severity` taken out",
            ],
        ),
        (
            "r: {when: [slow], unless: [{fact: slow, as: o, where: km > 4 and km < 9}], then: {severity: 1 if slow.km>3 else 2}}",
            [
                *("`o.km > 4` -> `o.km >= 4`", "4 -> 5", "4 -> 3", "`o.km < 9` -> `o.km <= 9`", "9 -> 11", "9 -> 7"),
                "`and` -> `or` between `o.km > 4` and `o.km < 9`",
                "`unless` taken out",
                *("`slow.km > 3` -> `slow.km >= 3`", "3 -> 4", "3 -> 2", "1 -> 2", "1 -> 0", "2 -> 3", "2 -> 1"),
                "`severity` taken out",
            ],
        ),
        (
            "r: {when: [slow], then: {recommend: {action: hurry, due_hours: 24, relief: 0.8}}}",
            ["0.8 -> 1.3", "0.8 -> 0.3", "24 -> 30", "24 -> 18", "`recommend` taken out"],
        ),
    ],
)
def test_a_rule_is_changed_in_each_of_these_places(tmp_path: Path, rule: str, changes: list[str]) -> None:
    base = base_of(tmp_path, pack_of(rule))
    assert [each.change for each in make_mutants(base) if isinstance(each.original, Rule)] == changes


def test_what_one_condition_makes_known_the_other_asks_for_itself(tmp_path: Path) -> None:
    used = "r: {when: [{fact: slow, where: share > 0.5 and km > 1}], then: {severity: slow.share * 4}}"
    free = used.replace("slow.share * 4", "4")
    for rule, ors in ((used, 0), (free, 1)):
        changes = [mutant.change for mutant in make_mutants(base_of(tmp_path, pack_of(rule)))]
        assert sum("`or`" in change for change in changes) == ors


def test_a_place_is_that_of_the_text(tmp_path: Path) -> None:
    mutants = list(make_mutants(base_of(tmp_path, pack_of(FAST))))
    assert {(each.location.line, each.location.column) for each in mutants} == {(13, 37), (13, 55), (14, 33)}
    assert mutants[0].id == "slow#1"


# -- against engines made anew


def replaced(program: Program, old: Rule, new: Rule) -> Program:
    """The program with another rule, for an engine that is made from nothing."""

    def strata(some: tuple[Stratum, ...]) -> tuple[Stratum, ...]:
        return tuple(replace(s, deriving=swap(s.deriving), rest=swap(s.rest)) for s in some)

    def swap(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        return tuple(new if rule is old else rule for rule in rules)

    rules = {**program.rules, old.id: new}
    phases = strata(program.scoring), strata(program.judging), strata(program.advising)
    return replace(program, rules=rules, scoring=phases[0], judging=phases[1], advising=phases[2])


@pytest.mark.parametrize("number", [6, 8, 9])
def test_mutants_of_random_packs_run_as_in_an_engine_made_anew(tmp_path: Path, number: int) -> None:
    text, dice = numbered(number)
    base = base_of(tmp_path, text)
    program, limits = base.program, Limits(work=100_000_000, patterns=17)
    reader = RecordReader(program, limits)
    records = [reader.read(record_of(program.kinds.values(), 0, 3, dice)) for _ in range(2)]
    engine = PythonEngine(program)
    of_rules = {mutant.original: mutant for mutant in make_mutants(base) if isinstance(mutant.original, Rule)}
    for mutant in of_rules.values():  # one of each rule
        assert isinstance(mutant.original, Rule)
        assert isinstance(mutant.mutated, Rule)
        anew = replaced(program, mutant.original, mutant.mutated)
        shared = engine.replacing(mutant.original, mutant.original).replacing(mutant.original, mutant.mutated)
        for facts in records:
            memories = [Pipeline(anew, each, limits).conclude(facts)[0] for each in (shared, PythonEngine(anew))]
            assert conclusions(memories[0]) == conclusions(memories[1])


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> MutationReport:
    """Two rules whose cases notice much of what can be changed in them, and not all."""
    return run(tmp_path_factory.mktemp("guarded"), pack_of(f"{FAST}\n{ADVICE}", GUARDED))


def test_a_mutant_matters_where_an_answer_differs(tmp_path: Path, guarded: MutationReport) -> None:
    base = base_of(tmp_path, pack_of(f"{FAST}\n{ADVICE}"))
    program = base.program
    reader, plain = RecordReader(program, Limits()), Pipeline(program, PythonEngine(program), Limits())
    tried = [reader.read([{"kind": "slow", "km": km}]) for km in range(1, 30)]
    became = {judged.mutant: judged for _, judged in guarded.judged}
    assert {judged.matters for judged in became.values()} == {True, False}
    for mutant in make_mutants(base):
        changed = changed_program(program, mutant)
        other = Pipeline(changed, PythonEngine(changed), Limits())
        differ = any(gist_of(plain.evaluate(facts), ()) != gist_of(other.evaluate(facts), ()) for facts in tried)
        assert differ == became[mutant.id].matters, mutant


def changed_program(program: Program, mutant: Mutant) -> Program:
    if isinstance(mutant.mutated, Action):
        return replace(program, actions={**program.actions, mutant.mutated.id: mutant.mutated})
    assert isinstance(mutant.original, Rule)
    return replaced(program, mutant.original, mutant.mutated)


def test_cases_notice_what_they_expect(guarded: MutationReport) -> None:
    became = {mutant.id: (mutant.change, judged.noticed_by) for mutant, judged in guarded.judged}
    assert became["slow#2"] == ("8 -> 10", ("road/far",))
    assert became["slow#3"] == ("8 -> 6", ("road/near",))
    assert became["slow#6"] == ("`severity` taken out", ("road/far",))
    assert became["action hurry#1"] == ("8 -> 10", ("road/far",))
    assert guarded.mattering == guarded.noticed < len(guarded.judged)
    assert guarded.score == 1


def test_a_change_that_leaves_no_answer_matters_and_is_noticed(tmp_path: Path) -> None:
    """With 0 in place of 1 it divides by nothing."""
    rule = 'r: {when: [{fact: slow, as: s, where: share >= 0}], then: {severity: "5 / max(1, s.km - 20)"}}'
    case = "  one: {facts: [{kind: slow, share: 1}], expect: {findings: {slow: {severity: 5}}}}"
    became = {mutant.change: judged for mutant, judged in run(tmp_path, pack_of(rule, case)).judged}
    assert (became["1 -> 0"].matters, became["1 -> 0"].noticed_by) == (True, ("road/one",))


def test_what_survives_is_shown_by_the_smallest_record(tmp_path: Path) -> None:
    case = "  far: {facts: [{kind: slow, km: 90}, {kind: calm}], expect: {fires: [slow]}}"
    report = run(tmp_path, pack_of(f"{FAST}\n{ADVICE}", case))
    survived = {mutant.id: judged.facts for mutant, judged in report.judged if judged.survives}
    assert survived["slow#1"] == [{"kind": "slow", "km": 8}]
    assert survived["slow#3"] in ([{"kind": "slow", "km": 7}], [{"kind": "slow", "km": 6}])
    assert 0 < report.noticed < report.mattering


def test_an_answer_that_is_a_derived_fact_matters_too(tmp_path: Path) -> None:
    """A base that computes a price has neither bands nor steps to differ."""
    text = "schema: 1\npack: p\nextends: scale\nkinds:\n"
    text += "  order: {role: signal, title: Order, fields: {count: {type: integer, default: 2}}}\n"
    text += "  price: {role: derived, title: Price, fields: {euros: {type: integer}}}\n"
    text += "  seen: {role: derived, title: Seen}\n"
    text += "rules:\n  price: {when: [order], then: {derive: {kind: price, euros: 7 * order.count}}}\n"
    text += "  seen: {when: [order], then: {derive: {kind: seen}}}\n  note: {when: [seen], then: {note: seen}}\n"
    text += "cases: {two: {facts: [{kind: order}], expect: {derived: {price: {euros: 14}}}}}\n"
    became = {mutant.id: (judged.matters, judged.noticed_by) for mutant, judged in run(tmp_path, text).judged}
    noticed = (True, ("p/two",))
    assert became == {
        **{f"price#{n}": noticed for n in (1, 2, 3)},
        **dict.fromkeys(("seen#1", "note#1"), (False, ())),
    }


def test_a_sample_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    text = pack_of(f"{FAST}\n{ADVICE}", GUARDED)
    drawn = [[mutant.id for mutant, _ in run(tmp_path, text, sample=4, seed=seed).judged] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert [len(each) for each in drawn] == [4, 4, 4]


def test_all_processes_judge_as_one_does(tmp_path: Path, guarded: MutationReport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("misstep.tools.mutants.mutation_run.FEW", 0)
    report = run(tmp_path, pack_of(f"{FAST}\n{ADVICE}", GUARDED))
    assert [judged for _, judged in report.judged] == [judged for _, judged in guarded.judged]


def test_mutants_need_cases_that_hold(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="mutants need cases that hold, and 1 do not: road/far"):
        run(tmp_path, pack_of(FAST, "  far: {facts: [{kind: slow}], expect: {quiet: [slow]}}"))


# -- the journal


def test_a_run_goes_on_where_a_killed_one_left_off(tmp_path: Path, guarded: MutationReport) -> None:
    text, journal = pack_of(f"{FAST}\n{ADVICE}", GUARDED), tmp_path / "journal.jsonl"
    run(tmp_path, text, journal=journal)
    first, *lines = journal.read_bytes().splitlines(keepends=True)
    kept = JudgedMutant(json.loads(lines[0])["mutant"], True, ("from the journal",))
    journal.write_bytes(first + json.dumps(asdict(kept)).encode() + b"\n" + b"".join(lines[1:4]) + lines[4][:20])  # torn
    judged = {each.mutant: each for _, each in run(tmp_path, text, journal=journal).judged}
    assert judged == {each.mutant: each for _, each in guarded.judged} | {kept.mutant: kept}
    assert len(journal.read_bytes().splitlines()) == 1 + len(judged)


def test_a_journal_of_something_else_is_refused_and_kept(tmp_path: Path) -> None:
    text, journal = pack_of(FAST, GUARDED.partition(", actions")[0] + "}}\n"), tmp_path / "journal.jsonl"
    run(tmp_path, text, journal=journal, sample=1)
    before = journal.read_bytes()
    for other, settings, said in (
        (text, {"seed": 2}, "is of other rules"),
        (text.replace("km: 8", "km: 9"), {}, "is of other rules"),
    ):
        with pytest.raises(UsageError, match=said):
            run(tmp_path, other, journal=journal, **settings)
    assert journal.read_bytes() == before
    journal.write_text("my diary\n", "utf-8")
    with pytest.raises(UsageError, match="is no journal of mutants"):
        run(tmp_path, text, journal=journal)
    assert journal.read_text("utf-8") == "my diary\n"


def test_records_of_any_base_can_be_tried(tmp_path: Path) -> None:
    """A kind without fields, a base without mistakes, a case without facts."""
    text = "schema: 1\npack: p\nextends: scale\nkinds: {calm: {role: strength, title: Calm}}\n"
    text += "rules: {r: {when: [calm], then: {note: calm}}}\ncases: {none: {facts: [], expect: {quiet: [r]}}}\n"
    assert run(tmp_path, text).mattering == 0
    with pytest.raises(RecordError):
        RuleBase.load(tmp_path / "road.yaml").assess([{"kind": "clam"}])
