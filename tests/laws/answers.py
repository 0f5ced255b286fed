"""Laws of answers to records: the same answer, scores, more and worse, good news, reasons."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import prod
from typing import Any

import yaml
from tests.laws.law import (
    SCALE,
    Draw,
    Record,
    added_rule,
    changed_code,
    changed_scale,
    law,
    mistakes_of,
    with_a_mistake,
)
from tests.rulebase.drawn import KINDS, MISTAKES, STRENGTHS, draw_fact, turning_points

from misstep import Assessment, RuleBase
from misstep.assessment.result import Finding
from misstep.language.facts import Field
from misstep.language.scale import Levels
from misstep.rulebase.shipped import shipped_rules

WRITTEN = yaml.safe_load((shipped_rules() / "scale.yaml").read_text("utf-8"))["scale"]
"""The scale as it is written, read by nothing of the product."""


def differ(one: Assessment, other: Assessment) -> str:
    """Where two answers differ, or nothing."""
    if one.to_json() == other.to_json():
        return ""
    a, b = one.to_dict(), other.to_dict()
    return ", ".join(f"{name}: {a[name]} | {b[name]}" for name in a if a[name] != b[name])


def by_fact(answer: Assessment) -> dict[str, Finding]:
    return {finding.fact: finding for finding in answer.findings}


def rank(word: str, words: tuple[str, ...]) -> int:
    return words.index(word)


# -- the same answer


def _as_they_came(findings: Any, mistakes: Any) -> Any:
    return sorted(findings, key=lambda finding: [*mistakes].index(finding.mistake))


@law(
    "The order of facts never shows in an answer.",
    changed_code("assessment.pipeline.score", lambda old: lambda mistakes, *rest: _as_they_came(old(mistakes, *rest), mistakes)),
    with_a_mistake,
)
def order_of_facts(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    yield differ(base.assess(record), base.assess(draw.sample(record, len(record))))


@law(
    "The order of the fields of a fact never shows.",
    changed_code(
        "assessment.records.RecordReader.read",
        lambda old: lambda self, record: old(self, [dict([*fact.items()][:-1] if len(fact) > 2 else fact) for fact in record]),
    ),
)
def order_of_fields(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    first = [{"id": fact["id"], "kind": fact["kind"], **fact} for fact in record]
    yield differ(base.assess(first), base.assess([dict(draw.sample([*fact.items()], len(fact))) for fact in first]))


@law("What the facts are called changes nothing but their names.", added_rule("a-name-that-counts"), with_a_mistake)
def names_of_facts(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    def called(prefix: str) -> Record:
        names = {fact["id"]: f"{prefix}{fact['id'][1:]}" for fact in record}
        return [{key: names.get(value, value) if isinstance(value, str) else value for key, value in f.items()} for f in record]

    one, other = base.assess(called("f")), base.assess(called("qzx"))
    yield (
        "" if one.to_json().replace(b'"f', b'"qzx') == other.to_json().replace(b'"f', b'"qzx') else "other names, another answer"
    )


@law(
    "A field that is null is one that is not said.",
    changed_code(
        "assessment.records.RecordReader.read",
        lambda old: (
            lambda self, record: old(
                self, [{k: "severe" if k == "self_judged" and v is None else v for k, v in fact.items()} for fact in record]
            )
        ),
    ),
    with_a_mistake,
)
def null_is_unsaid(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    nulls = [{**{f.name: None for f in KINDS[fact["kind"]].fields if not f.required}, **fact} for fact in record]
    yield differ(base.assess(record), base.assess(nulls))


@law(
    "To say what is assumed anyway changes no score and no verdict.",
    changed_code(
        "assessment.records.RecordReader.read",
        lambda old: lambda self, record: old(self, [{**fact, "times": 2} if fact.get("times") == 1 else fact for fact in record]),
    ),
    with_a_mistake,
)
def what_is_assumed_may_be_said(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    said = [{**{f.name: f.default for f in KINDS[fact["kind"]].fields if f.assumes}, **fact} for fact in record]
    said = [{key: list(value) if isinstance(value, tuple) else value for key, value in fact.items()} for fact in said]
    one, other = base.assess(record), base.assess(said)
    same = (one.damage, one.band, one.verdict, one.outlook) == (other.damage, other.band, other.verdict, other.outlook)
    yield (
        "" if same and [f.severity for f in one.findings] == [f.severity for f in other.findings] else "said, it counts otherwise"
    )


_plans = Counter[str]()


def _forgetful(old: Any) -> Any:
    def make_plan(*given: Any) -> Any:
        _plans["made"] += 1
        plan = old(*given)
        return plan._replace(steps=plan.steps[_plans["made"] % 3 == 0 :])

    return make_plan


@law(
    "The same record has the same answer, whatever was asked before.",
    changed_code("assessment.pipeline.make_plan", _forgetful),
    with_a_mistake,
)
def nothing_is_remembered(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    before = base.assess(record)
    base.assess(draw.sample(record, len(record))[1:])
    yield differ(before, base.assess(record))


@law(
    "To assess a record leaves it as it was.",
    changed_code(
        "assessment.records.RecordReader.read",
        lambda old: lambda self, record: (record and record[0].pop("id", 0), old(self, record))[1],
    ),
    with_a_mistake,
)
def a_record_is_left_as_it_was(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    before = json.dumps(record)
    base.assess(record)
    yield "" if json.dumps(record) == before else "the record was changed"


@law(
    "An answer survives JSON.",
    changed_code("assessment.result.Assessment.from_json", lambda old: lambda data: old(data.replace(b"apology", b"excuse"))),
)
def an_answer_survives_json(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    answer = base.assess(record)
    again = Assessment.from_json(answer.to_json())
    yield differ(answer, again) or ("" if again == answer else "another answer with the same JSON")


@law(
    "An answer survives plain data.",
    changed_code("assessment.result.Assessment.to_dict", lambda old: lambda self: {**old(self), "notes": ()}),
)
def an_answer_survives_plain_data(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    answer = base.assess(record)
    yield "" if Assessment.from_dict(answer.to_dict()) == answer else "another answer"


@law(
    "An answer survives pickle.",
    changed_code(
        "assessment.result.Assessment.__reduce_ex__",
        lambda old: lambda self, protocol: (Assessment.from_dict, ({**self.to_dict(), "avoid": ()},)),
    ),
    with_a_mistake,
)
def an_answer_survives_pickle(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    answer = base.assess(record)
    yield differ(answer, pickle.loads(pickle.dumps(answer)))


# -- scores


@law(
    "There is a finding for every mistake, and for nothing else.",
    changed_code("assessment.pipeline.score", lambda old: lambda *given: old(*given)[:2]),
)
def a_finding_for_every_mistake(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    found = sorted(finding.fact for finding in base.assess(record).findings)
    yield "" if found == sorted(fact["id"] for fact in mistakes_of(record)) else f"findings for {found}"


@law("Damage stays within 0 and 100, and the plan never adds to it.", changed_scale(max_relief=-0.5), with_a_mistake)
def damage_within_its_range(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    answer = base.assess(record)
    yield "" if 0 <= answer.damage_after <= answer.damage <= 100 else f"{answer.damage} and then {answer.damage_after}"


@law(
    "Severity, urgency and damage of a finding stay within 0 and 10, and notice within 0 and 1.",
    changed_code("assessment.scoring.limited", lambda old: lambda thousandths: thousandths),
    with_a_mistake,
)
def scores_within_their_ranges(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    for f in base.assess(record).findings:
        right = 0 <= f.severity <= 10 and 0 <= f.noticed <= 1 and 0 <= f.urgency <= 10 and 0 <= f.damage <= f.severity
        yield "" if right else f"{f.severity}, {f.noticed}, {f.urgency}, {f.damage}"


def half_up(number: Fraction, places: str) -> float:
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    return float(exact.quantize(Decimal(places), ROUND_HALF_UP))


def exactly(number: float) -> Fraction:
    """A score as it is written, in decimals."""
    return Fraction(str(number))


@law(
    "The damage of a finding is its severity times the chance that it was noticed.",
    changed_code("assessment.scoring.damage_of", lambda old: lambda severity, noticed: severity * noticed // 1000),
    with_a_mistake,
)
def damage_is_severity_times_notice(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    for f in base.assess(record).findings:
        wanted = half_up(exactly(f.severity) * exactly(f.noticed), "0.001")
        yield "" if f.damage == wanted else f"{f.severity} x {f.noticed} = {f.damage}"


@law(
    "The damage of a record is the chance that at least one slip is held against the person.",
    changed_code("assessment.planning.total_damage", lambda old: lambda damages: min(1000, sum(damages) // 10)),
    with_a_mistake,
)
def damage_is_the_chance_of_at_least_one(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    answer = base.assess(record)
    unharmed = prod((1 - exactly(f.damage) / 10 for f in answer.findings), start=Fraction(1))
    wanted = half_up(100 * (1 - unharmed), "0.1")
    yield "" if answer.damage == wanted else f"{answer.damage}, not {wanted}"


def written_word(levels: dict[str, float], number: float) -> str:
    """The last word whose lower end is not above a number."""
    return [word for word, lower in levels.items() if lower <= number][-1]


def _shifted(levels: Levels) -> Levels:
    return Levels(levels.words, tuple(lower and lower + 0.4 for lower in levels.lower))


@law(
    "The word of a severity is that of the scale, at its thresholds too.",
    changed_scale(severity=_shifted(SCALE.severity)),
    with_a_mistake,
)
def words_of_severity(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    for f in base.assess(record).findings:
        yield (
            "" if f.severity_band == written_word(WRITTEN["severity"]["bands"], f.severity) else f"{f.severity} {f.severity_band}"
        )


@law("The word of notice is that of the scale.", changed_scale(noticed=_shifted(SCALE.noticed)), with_a_mistake)
def words_of_notice(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    for f in base.assess(record).findings:
        yield "" if f.noticed_level == written_word(WRITTEN["noticed"]["levels"], f.noticed) else f"{f.noticed} {f.noticed_level}"


@law("The word of urgency is that of the scale.", changed_scale(urgency=_shifted(SCALE.urgency)), with_a_mistake)
def words_of_urgency(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    for f in base.assess(record).findings:
        yield "" if f.urgency_level == written_word(WRITTEN["urgency"]["levels"], f.urgency) else f"{f.urgency} {f.urgency_level}"


@law(
    "The verdict of a finding is that of the table, or a worse one that a reason names.",
    changed_scale(table=tuple(tuple(tuple(max(0, v - 1) for v in row) for row in rows) for rows in SCALE.table)),
    with_a_mistake,
)
def the_verdict_is_that_of_the_table(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    order = WRITTEN["verdicts"]["order"]
    for f in base.assess(record).findings:
        urgency = [*WRITTEN["urgency"]["levels"]].index(f.urgency_level)
        least = order.index(WRITTEN["verdicts"]["table"][f.severity_band][f.noticed_level][urgency])
        overridden = any(reason.dimension == "verdict" for reason in f.because)
        got = order.index(f.verdict)
        yield "" if got == least or (got > least and overridden) else f"{f.verdict}, not {order[least]}"


def amounts(finding: Finding, dimension: str) -> Fraction:
    return sum((Fraction(str(r.amount)) for r in finding.because if r.dimension == dimension), start=Fraction(0))


def within_ten(number: Fraction) -> Fraction:
    return max(Fraction(0), min(Fraction(10), number))


@law(
    "Severity is the sum of its reasons, less what relieves it.",
    changed_code("assessment.scoring.severity_of", lambda old: lambda added, relief: old(added, 0)),
    with_a_mistake,
)
def severity_adds_up(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    for f in base.assess(record).findings:
        relief = max(Fraction(0), -amounts(f, "relief"), amounts(f, "relief"))
        wanted = max(Fraction(0), within_ten(amounts(f, "severity")) - relief)
        yield "" if exactly(f.severity) == wanted else f"{f.severity}, not {float(wanted)}"


@law(
    "The chance of notice follows from the doublings of its reasons.",
    changed_code("assessment.scoring.chance", lambda old: lambda doublings: old(doublings // 2)),
    with_a_mistake,
)
def notice_adds_up(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    for f in base.assess(record).findings:
        doublings = float(Fraction(str(WRITTEN["noticed"]["start"])) + amounts(f, "noticed"))
        wanted = 1 / (1 + 2 ** -max(-20.0, min(20.0, doublings)))
        yield "" if abs(f.noticed - wanted) <= 0.000501 else f"{f.noticed}, not {wanted}"


@law(
    "Urgency is the sum of its reasons.",
    changed_code("assessment.scoring.limited", lambda old: lambda thousandths: old(thousandths + 1)),
    with_a_mistake,
)
def urgency_adds_up(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    for f in base.assess(record).findings:
        wanted = within_ten(amounts(f, "urgency"))
        yield "" if exactly(f.urgency) == wanted else f"{f.urgency}, not {float(wanted)}"


@law(
    "The band of a record follows from its worst finding, by how far it was noticed, and the reasons for the whole.",
    changed_scale(overall_weights=(1.0, 1.0, 1.0)),
    with_a_mistake,
)
def the_band_follows(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    answer = base.assess(record)
    weights = {word: Fraction(str(weight)) for word, weight in WRITTEN["overall"]["weights"].items()}
    weighed = [exactly(half_up(exactly(f.severity) * weights[f.noticed_level], "0.001")) for f in answer.findings]
    overall = sum((Fraction(str(r.amount)) for r in answer.because if r.dimension == "overall"), start=Fraction(0))
    wanted = written_word(WRITTEN["severity"]["bands"], float(within_ten(max(weighed, default=Fraction(0)) + overall)))
    yield "" if answer.band == wanted else f"{answer.band}, not {wanted}"


@law(
    "Findings stand worst first: by verdict, damage, severity and name.",
    changed_code("assessment.pipeline.score", lambda old: lambda *given: sorted(old(*given), key=lambda f: f.mistake[0:2])),
    with_a_mistake,
)
def findings_worst_first(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    findings = base.assess(record).findings
    order = [(-rank(f.verdict, SCALE.verdicts), -f.damage, -f.severity, f.fact) for f in findings]
    if len(order) > 1:
        yield "" if order == sorted(order) else f"{[f.fact for f in findings]}"


@law(
    "The outlook is the worst that its reasons allow.",
    changed_code("assessment.assembly.worst_outlook", lambda old: lambda remarks: old(remarks) and old(remarks) - 1),
)
def the_outlook_follows(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    answer = base.assess(record)
    limits = [int(r.amount) for r in answer.because if r.dimension == "outlook"]
    wanted = WRITTEN["outlooks"]["order"][max(limits, default=0)]
    yield "" if answer.outlook == wanted else f"{answer.outlook}, not {wanted}"


# -- reasons


@law(
    "Every severity above nothing has a reason.",
    changed_code("assessment.assembly.reasons_by_fact", lambda old: lambda *given: {}),
    with_a_mistake,
)
def every_severity_has_a_reason(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    for f in base.assess(record).findings:
        yield "" if not f.severity or any(r.dimension == "severity" for r in f.because) else f"{f.kind}: {f.severity}"


@law(
    "Reasons name rules of the rule base, and facts of the record or concluded ones.",
    changed_code("assessment.assembly.name_derived", lambda old: lambda *given: dict.fromkeys(old(*given), "nobody")),
)
def reasons_name_what_is_there(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    answer = base.assess(record)
    derived = [f.fact for f in answer.derived]
    known = {*(fact["id"] for fact in record), *derived, *(["interview-1"] if record_assumes(answer) else [])}
    yield "" if len(set(derived)) == len(derived) else f"doubled names of concluded facts: {derived}"
    parts: list[Any] = [answer, *answer.findings, *answer.actions, *answer.avoid, *answer.derived]
    for reason in (reason for part in parts for reason in part.because):
        unknown = [fact for fact in reason.facts if fact not in known]
        yield f"{reason.rule} names {unknown}" if unknown or reason.rule not in base.rules else ""


def record_assumes(answer: Assessment) -> bool:
    """Whether the interview was assumed, as nobody spoke of it."""
    return bool(answer.notes)


@law(
    "An answer cites the sources that its reasons name, all of them and no others.",
    changed_code("assessment.explain.Explainer.sources", lambda old: lambda self, reasons: old(self, reasons)[1:]),
    with_a_mistake,
)
def sources_are_those_of_the_reasons(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    answer = base.assess(record)
    parts: list[Any] = [answer, *answer.findings, *answer.actions, *answer.avoid, *answer.derived]
    named_ones = {source for part in parts for reason in part.because for source in reason.sources}
    cited = [source.id for source in answer.sources]
    yield "" if set(cited) == named_ones and len(cited) == len(named_ones) else f"{set(cited) ^ named_ones}"


@law(
    "Where nobody spoke of the interview, a note says what is assumed.",
    changed_code("assessment.assembly._notes", lambda old: lambda *given: []),
)
def assumptions_are_noted(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    alone = [fact for fact in record if fact["kind"] != "interview"]
    yield "" if KINDS["interview"].assumed in base.assess(alone).notes else "an interview was assumed, and nothing says so"


@law(
    "An explanation has every reason of the answer, and no other.",
    changed_code("analysis.explanation._Writer._facts", lambda old: lambda self: [*old(self)][:1]),
    with_a_mistake,
)
def an_explanation_has_every_reason(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    answer, told = base.assess(record), base.explain(record)
    pairs: list[tuple[set[Any], set[Any]]] = [
        (_reasons(answer.findings, "fact"), _reasons(told.findings, "fact")),
        (_reasons(answer.actions, "action"), _reasons(told.actions, "action")),
        ({f.fact for f in answer.derived}, {f.fact for f in told.facts if f.because}),
    ]
    for one, other in pairs:
        yield "" if one == other else f"{one ^ other}"


def _reasons(parts: Any, name: str) -> set[Any]:
    """The reasons of parts of an answer: the name of the part, the rule, and the facts that it matched."""
    return {(getattr(part, name), reason.rule, reason.facts) for part in parts for reason in part.because}


@law(
    "What if something were otherwise: the answer is that of a record which says so.",
    changed_code("analysis.what_if.with_value", lambda old: lambda row, column, value: row),
    with_a_mistake,
)
def what_if_is_another_record(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    fact = draw.choice(mistakes_of(record) or record)
    field = draw.choice([f for f in KINDS[fact["kind"]].fields if f.type == "enum"] or [None])
    if field is not None:
        value = draw.choice(field.values)
        told = base.what_if(record, {f"{fact['id']}.{field.name}": value}).then
        answer = base.assess([{**f, field.name: value} if f is fact else f for f in record])
        same = (told.damage, told.verdict, told.headline) == (answer.damage, answer.verdict, answer.headline)
        yield "" if same else f"{field.name} = {value}"


# -- more and worse


def one_more_mistake(base: RuleBase, record: Record, draw: Draw) -> tuple[Assessment, Assessment]:
    more = {**draw_fact(draw.choice(MISTAKES), draw), "id": "more"}
    return base.assess(record), base.assess([*record, more])


@law("One more mistake never lowers the damage.", added_rule("milder-together"), with_a_mistake)
def one_more_mistake_never_lowers_the_damage(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    fewer, more = one_more_mistake(base, record, draw)
    yield "" if more.damage >= fewer.damage else f"{fewer.damage} -> {more.damage}"


@law("One more mistake never makes the band milder.", added_rule("better-together"), with_a_mistake)
def one_more_mistake_never_makes_the_band_milder(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    fewer, more = one_more_mistake(base, record, draw)
    words = SCALE.severity.words
    yield "" if rank(more.band, words) >= rank(fewer.band, words) else f"{fewer.band} -> {more.band}"


@law("One more mistake never makes the worst verdict milder.", added_rule("milder-together"), with_a_mistake)
def one_more_mistake_never_makes_the_verdict_milder(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    worst = [max((rank(f.verdict, SCALE.verdicts) for f in a.findings), default=0) for a in one_more_mistake(base, record, draw)]
    yield "" if worst[1] >= worst[0] else f"{worst}"


@law(
    "One more mistake never makes the outlook better.",
    changed_code("assessment.assembly.worst_outlook", lambda old: lambda remarks: old(remarks) if len(remarks) < 2 else 0),
)
def one_more_mistake_never_makes_the_outlook_better(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    fewer, more = one_more_mistake(base, record, draw)
    yield (
        "" if rank(more.outlook, SCALE.outlooks) >= rank(fewer.outlook, SCALE.outlooks) else f"{fewer.outlook} -> {more.outlook}"
    )


def worse_value(kind: str, field: Field, value: Any, draw: Draw) -> Any:
    """A value that a field declares to be worse than one; None where there is none."""
    if field.worse not in ("higher", "lower"):
        return None if value == field.worse or (value is None and field.unknown) else field.worse
    now = field.default if value is None else value
    if now is None:
        return None
    edges = [turn for turn in turning_points(kind, field.name) if (turn > now if field.worse == "higher" else turn < now)]
    return draw.choice(edges) if edges else None


@law("A field that is worse never lowers the severity of its mistake.", added_rule("often-is-milder"), with_a_mistake)
def worse_is_never_milder(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    before = by_fact(base.assess(record))
    for fact in mistakes_of(record):
        for field in KINDS[fact["kind"]].fields:
            if field.worse is not None and (value := worse_value(fact["kind"], field, fact.get(field.name), draw)) is not None:
                answer = by_fact(base.assess([{**f, field.name: value} if f is fact else f for f in record]))
                was, now = before[fact["id"]].severity, answer[fact["id"]].severity
                yield "" if now >= was else f"{fact['kind']}.{field.name} = {value}: {was} -> {now}"


@law("What the person thinks of a mistake never raises a severity.", added_rule("doubt-hurts"), with_a_mistake)
def doubt_never_raises_a_severity(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    fact = draw.choice(mistakes_of(record))
    silent = [{k: v for k, v in f.items() if k != "self_judged"} if f is fact else f for f in record]
    told = [{**f, "self_judged": draw.choice(KINDS[f["kind"]].by_name["self_judged"].values)} if f is fact else f for f in record]
    without, withal = by_fact(base.assess(silent)), by_fact(base.assess(told))
    worse = [name for name in without if withal[name].severity > without[name].severity]
    yield f"{worse} became worse" if worse else ""


@law(
    "The later it is, the less is to be won by acting soon: urgency never rises with the hours that have gone by.",
    added_rule("later-is-sooner"),
    with_a_mistake,
)
def later_is_never_more_urgent(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    early, late = sorted(draw.sample(turning_points("interview", "hours_since"), 2))
    others = [fact for fact in record if fact["kind"] != "interview"]
    told = next((fact for fact in record if fact["kind"] == "interview"), {"kind": "interview", "id": "i"})
    sooner, later = (by_fact(base.assess([*others, {**told, "hours_since": hours}])) for hours in (early, late))
    rising = [name for name in sooner if later[name].urgency > sooner[name].urgency]
    yield f"{early} -> {late} hours: {rising} became more urgent" if rising else ""


# -- good news


@law("A strength never raises a severity.", added_rule("a-strength-that-hurts"), with_a_mistake)
def a_strength_never_raises_a_severity(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    strength = {**draw_fact(draw.choice(STRENGTHS), draw), "id": "more"}
    without, withal = by_fact(base.assess(record)), by_fact(base.assess([*record, strength]))
    worse = [name for name in without if withal[name].severity > without[name].severity]
    yield f"{strength}: {worse} became worse" if worse else ""


def never_worse(base: RuleBase, good: Record, bad: Record, what: object) -> Iterator[str]:
    """The damage with good news, and without."""
    better, worse = base.assess(good).damage, base.assess(bad).damage
    yield "" if better <= worse else f"{what}: {worse} -> {better}"


@law("A strength never raises the damage.", added_rule("a-strength-that-hurts"), with_a_mistake)
def a_strength_never_raises_the_damage(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    strength = {**draw_fact(draw.choice(STRENGTHS), draw), "id": "more"}
    yield from never_worse(base, [*record, strength], record, strength)


@law("A good sign never raises the damage.", added_rule("a-sign-that-hurts"), with_a_mistake)
def a_good_sign_never_raises_the_damage(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    sign = {**draw_fact(KINDS[draw.choice(("warm_close", "next_step_offered"))], draw), "id": "more"}
    yield from never_worse(base, [*record, sign], record, sign)


@law("A yes never raises the damage.", added_rule("a-yes-that-hurts"), with_a_mistake)
def a_yes_never_raises_the_damage(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    others = [fact for fact in record if fact["kind"] != "interview"]
    told = {**draw_fact(KINDS["interview"], draw), "id": "i"}
    yes = draw.choice(("advanced", "offer"))
    yield from never_worse(base, [*others, {**told, "outcome": yes}], [*others, {**told, "outcome": "pending"}], yes)


def done_already(base: RuleBase, record: Record, draw: Draw, kind: str) -> Iterator[str]:
    """The same record without and with a word of it said already, about one of its mistakes or about none in particular."""
    without = [fact for fact in record if fact["kind"] != kind]
    fact = {key: value for key, value in draw_fact(KINDS[kind], draw).items() if key != "about"}
    about = draw.choice([None, *(m[key] for m in mistakes_of(record) for key in ("id", "kind"))])
    told = {**fact, "id": "more", **({} if about is None or "about" not in KINDS[kind].by_name else {"about": about})}
    yield from never_worse(base, [*without, told], without, told)


@law("Thanks that were sent never raise the damage.", added_rule("thanks-that-hurt"), with_a_mistake)
def thanks_never_raise_the_damage(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    yield from done_already(base, record, draw, "thank_you_sent")


@law("A correction that was sent never raises the damage.", added_rule("a-correction-that-hurts"), with_a_mistake)
def a_correction_never_raises_the_damage(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    yield from done_already(base, record, draw, "correction_sent")


@law("An apology that was given never raises the damage.", added_rule("an-apology-that-hurts"), with_a_mistake)
def an_apology_never_raises_the_damage(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    yield from done_already(base, record, draw, "apology_given")


OWNED, SILENT = ("acknowledged", "apologised", "corrected", "explained"), ("unknown", "ignored")
WARM_TO_COLD = ("reassuring", "amused", "none_seen", "neutral", "surprised", "annoyed", "offended")
FEWER_TO_MORE = ("nobody", "interviewer", "panel")


def told_otherwise(base: RuleBase, record: Record, draw: Draw, field: str, better: Any, worse: Any) -> Iterator[str]:
    """One mistake of a record with two values of a field."""
    fact = draw.choice(mistakes_of(record))
    good, bad = ([{**f, field: value} if f is fact else f for f in record] for value in (better, worse))
    yield from never_worse(base, good, bad, f"{fact['kind']}.{field}: {worse} -> {better}")


@law("To own up never has more damage than silence about the same thing.", added_rule("owning-up-hurts"), with_a_mistake)
def owning_up_never_raises_the_damage(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    yield from told_otherwise(base, record, draw, "handled", draw.choice(OWNED), draw.choice(SILENT))


@law("A warmer reaction never has more damage than a colder one.", added_rule("warmth-hurts"), with_a_mistake)
def a_warmer_reaction_never_raises_the_damage(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    warm, cold = sorted(draw.sample(range(len(WARM_TO_COLD)), 2))
    yield from told_otherwise(base, record, draw, "reaction", WARM_TO_COLD[warm], WARM_TO_COLD[cold])


@law("Fewer who saw it never make more damage.", added_rule("being-alone-hurts"), with_a_mistake)
def fewer_who_saw_it_never_raise_the_damage(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    few, many = sorted(draw.sample(range(len(FEWER_TO_MORE)), 2))
    yield from told_otherwise(base, record, draw, "audience", FEWER_TO_MORE[few], FEWER_TO_MORE[many])
