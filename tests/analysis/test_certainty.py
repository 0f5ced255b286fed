"""Certainty: the range follows the frequencies of the packs, and nothing that is called settled can be changed by one answer."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.evaluate.packs import packs, records_of
from tests.inline import load_text

from misstep import BudgetError, Limits, RecordError, RuleBase, RuleError, certainty
from misstep.analysis.calibration.certainty_figures import MeasuredRules, is_refuted, single_answers
from misstep.analysis.certainty import DRAWS, FEWEST_DRAWS, Certainty
from misstep.analysis.certainty_words import certainty_sentences
from misstep.analysis.trial_outcomes import Outcome
from misstep.analysis.usual_answers import usual_answers
from misstep.rulebase.field_use import find_crossings

BASE = RuleBase.shipped()
UNHURRIED = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
Record = list[dict[str, Any]]

TOAST = """\
schema: 1
pack: toast
kinds:
  toast:
    role: mistake
    title: Burnt the toast
    concern: manners
    fields:
      how: {type: enum, values: [unknown, brown, black], default: unknown}
      slices: {type: integer, min: 1, max: 9, default: 1}
      butter: {type: "boolean?"}
      sort: {type: "text?"}
  smoke: {role: mistake, title: Smoke, concern: manners}
  kitchen:
    role: setting
    title: Kitchen
    assumed: nothing was said of the kitchen
    fields: {alarm: {type: boolean, default: false}, windows: {type: "integer?", min: 0, max: 9}}
rules:
  toast: {when: [toast], then: {severity: 4, noticed: 6, recommend: sorry}}
  black: {when: [{fact: toast, where: toast.how == 'black'}], then: {severity: 3, recommend: fresh}}
  many: {when: [{fact: toast, where: toast.slices >= 4}], then: {severity: 2}}
  smoke: {when: [smoke], then: {severity: 2}}
actions:
  sorry: {title: Say sorry, due_hours: 4, relief: {severity: 1}}
  fresh: {title: Make fresh toast, due_hours: 1, relief: {severity: 3}}
sources: {poll: {title: A poll, kind: survey}}
"""
USUAL = """\
usual:
  toast.how: {answers: {brown: 80, black: 20}, sources: [poll]}
  toast.slices: {answers: {"1": 50, "2": 40, "5": 10}, sources: [poll]}
"""


def measured(rulebase: RuleBase) -> MeasuredRules:
    return MeasuredRules(rulebase.program, lambda facts: Outcome.of(rulebase.evaluate(facts)), rulebase.certainty)


def named(record: Record) -> Record:
    return [{"id": f"f{i}", **fact} for i, fact in enumerate(record)]


def all_but_a_few(record: Record, rulebase: RuleBase, data: st.DataObject) -> Record:
    """The record with answers to its open fields, but for one to three of them."""
    full = deepcopy(record)
    full += [{"kind": k.name} for k in rulebase.kinds.values() if k.assumed and all(f["kind"] != k.name for f in record)]
    places = []
    for fact in full:
        kind = rulebase.kinds[fact["kind"]]
        for field in kind.fields:
            answers = [answer for answer, _ in usual_answers(rulebase.program, kind, field, (1, 2))]
            if fact.get(field.name) in (None, "unknown") and not field.required and answers:
                places.append((fact, field.name, answers))
    open_ones = data.draw(st.sets(st.integers(0, len(places) - 1), min_size=1, max_size=3)) if places else set()
    for i, (fact, name, answers) in enumerate(places):
        if i not in open_ones:
            answer = data.draw(st.sampled_from(answers))
            fact[name] = list(answer) if isinstance(answer, tuple) else answer
    return full


# -- laws


@UNHURRIED
@given(record=records_of(BASE.kinds, 1, 4), data=st.data())
def test_what_is_settled_no_single_answer_changes(record: Record, data: st.DataObject) -> None:
    record = all_but_a_few(record, BASE, data)
    found = BASE.certainty(record)
    assert found.complete
    if found.settled:
        assert not is_refuted(record, measured(BASE))


@pytest.mark.slow
@settings(UNHURRIED, max_examples=60)
@given(pack=packs(), data=st.data())
def test_what_is_settled_no_single_answer_changes_with_any_rules(pack: str, data: st.DataObject) -> None:
    rulebase = load_text(pack)
    record = data.draw(records_of(rulebase.kinds, 1, 4))
    found = rulebase.certainty(record)
    if found.settled:
        assert not is_refuted(record, measured(rulebase))


def test_settled_is_met_both_ways_where_it_is_tried() -> None:
    """So that the laws above are about something."""
    toast = load_text(TOAST)
    for record, settled in (
        ([{"kind": "toast"}], False),
        ([{"kind": "toast", "how": "brown"}], False),
        ([{"kind": "toast", "how": "brown", "slices": 2}], True),
        ([{"kind": "smoke"}], True),
    ):
        assert toast.certainty(record).settled is settled, record
        assert is_refuted(record, measured(toast)) is not settled
    assert len(list(single_answers([{"kind": "toast"}], toast.program))) == 2 + 9 + 2 + 2 + 10


@pytest.mark.slow
@UNHURRIED
@given(record=records_of(BASE.kinds, 1, 5))
def test_what_is_told_is_within_its_bounds(record: Record) -> None:
    before = deepcopy(record)
    found = BASE.certainty(record)
    assert record == before
    assert 0 <= found.low <= found.high <= 100
    assert 0 <= found.same <= 1
    assert not (found.settled and any(each.changes for each in found.depends_on))
    for each in found.depends_on:
        place, name = each.pointer.removeprefix("/facts/").split("/")
        assert name == each.field
        kind = BASE.kinds[each.kind]
        if place == "-":
            assert kind.assumed
            assert all(fact["kind"] != each.kind for fact in record)
        else:
            assert record[int(place)]["kind"] == each.kind
            assert record[int(place)].get(name) in (None, "unknown")


@pytest.mark.slow
@UNHURRIED
@given(record=records_of(BASE.kinds, 1, 5), data=st.data())
def test_the_order_of_facts_shows_in_pointers_only(record: Record, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(record))
    assert bare(BASE.certainty(record)) == bare(BASE.certainty(shuffled))


def bare(found: Certainty) -> Any:
    fields = [(each.fact, each.field, each.changes, each.low, each.high) for each in found.depends_on]
    return found.low, found.high, found.same, found.settled, fields, found.draws, found.complete


def test_facts_alike_but_for_what_they_leave_out_may_stand_in_any_order() -> None:
    said, unsaid = {"kind": "toast", "slices": 1}, {"kind": "toast"}
    toast = load_text(TOAST + USUAL)
    one, other = toast.certainty([said, unsaid]), toast.certainty([unsaid, said])
    assert bare(one) == bare(other)
    assert [each.pointer for each in one.depends_on if each.field == "slices"] == ["/facts/1/slices"]
    assert [each.pointer for each in other.depends_on if each.field == "slices"] == ["/facts/0/slices"]


def test_of_many_facts_alike_each_has_the_id_that_it_is_assessed_by() -> None:
    """From the tenth on, ids that are sorted as text are in another order than facts."""
    pack = """\
schema: 1
pack: slips
kinds: {slip: {role: mistake, title: Slip, concern: manners, fields: {n: {type: integer, min: 1, max: 9, default: 1}}}}
rules:
  few: {when: [{fact: slip, where: slip.n < 4}], then: {severity: 2}}
  many: {when: [{fact: slip, where: slip.n >= 4}], then: {severity: 4}}
"""
    slips = load_text(pack)
    unsaid: Record = [{"kind": "slip"} for _ in range(6)]
    said: Record = [{"kind": "slip", "n": 1} for _ in range(7)]
    findings = slips.assess([*unsaid, *said]).findings
    assumed = [finding.fact for finding in findings if any(reason.basis == "assumed" for reason in finding.because)]
    for record, first in (([*unsaid, *said], 0), ([*said, *unsaid], 7)):
        found = slips.certainty(record).depends_on
        assert [each.fact for each in found] == sorted(assumed) == [f"slip-{n}" for n in range(1, 7)]
        assert [each.pointer for each in found] == [f"/facts/{first + n}/n" for n in range(6)]


def test_it_is_the_same_every_time_and_can_be_written_as_json() -> None:
    record = [{"kind": "late_arrival"}, {"kind": "bad_joke"}]
    found = certainty(record)
    assert found.to_json() == certainty({"id": "another", "facts": record}).to_json() == BASE.certainty_json(json.dumps(record))
    told = json.loads(found.to_json())
    assert list(told) == list(Certainty.__dataclass_fields__)
    assert found.draws == DRAWS


@pytest.mark.needs("durable")
def test_both_engines_tell_the_same() -> None:
    few = load_text(TOAST + USUAL, limits=Limits(certainty=150))
    record = [{"kind": "toast"}]
    assert few.certainty(record, "durable") == few.certainty(record)
    assert few.certainty(record).draws > FEWEST_DRAWS


# -- what is open


def test_nothing_open_is_a_point() -> None:
    toast = load_text(TOAST)
    record = [{"kind": "toast", "how": "black", "slices": 2}, {"kind": "kitchen", "alarm": True, "windows": 2}]
    now = toast.assess(record).damage
    assert toast.certainty(record) == Certainty(now, now, 1.0, True, (), 0, True)
    assert toast.certainty([{"kind": "kitchen", "alarm": True, "windows": 2}]).high == 0


def test_what_no_rule_reads_is_not_asked() -> None:
    found = load_text(TOAST + USUAL).certainty([{"kind": "toast"}])
    assert {each.field for each in found.depends_on} == {"how", "slices"}


def test_that_it_is_not_known_and_null_leave_a_field_open() -> None:
    toast = load_text(TOAST + USUAL)
    without = toast.certainty([{"kind": "toast"}])
    assert toast.certainty([{"kind": "toast", "how": "unknown", "butter": None}]) == without
    assert toast.certainty([{"kind": "toast", "how": "brown"}]) != without


def test_a_setting_that_is_assumed_is_open() -> None:
    alarm = "  alarm: {when: [{fact: kitchen, where: kitchen.alarm}, smoke], then: {severity: {for: smoke, add: 7}}}\n"
    rules = TOAST.replace("  smoke: {when", f"{alarm}  smoke: {{when")
    found = load_text(rules).certainty([{"kind": "smoke"}])
    assert [(each.pointer, each.fact, each.field) for each in found.depends_on] == [("/facts/-/alarm", "kitchen-1", "alarm")]


# -- frequencies


def test_draws_come_as_often_as_the_pack_says() -> None:
    """Half of the draws answer where nothing is said, a third where one thing is; one in five is black."""
    toast = load_text(TOAST + USUAL)
    found = toast.certainty([{"kind": "toast", "slices": 1}])
    assert found.same == pytest.approx(1 - 1 / 3 * 0.2, abs=1 / DRAWS)
    (how,) = found.depends_on
    assert how.changes == 0.2
    assert how.low == toast.assess([{"kind": "toast"}]).damage
    assert how.high == found.high == toast.assess([{"kind": "toast", "how": "black"}]).damage
    rare = load_text(TOAST + USUAL.replace("black: 20", "black: 4"))
    assert rare.certainty([{"kind": "toast", "slices": 1}]).high == found.low


def test_what_moves_most_comes_first() -> None:
    found = load_text(TOAST + USUAL).certainty([{"kind": "toast"}])
    assert [(each.field, each.changes) for each in found.depends_on] == [("how", 0.2), ("slices", 0.1)]


def test_where_a_pack_says_nothing_the_default_has_half_and_others_share_alike() -> None:
    program = load_text(TOAST).program
    kind, kitchen = program.kinds["toast"], program.kinds["kitchen"]
    usual = partial(usual_answers, program, kind)
    assert usual(kind.by_name["how"], ()) == (("brown", 1.0), ("black", 1.0))  # that it is unknown is no answer
    assert usual(kind.by_name["slices"], (4, 2.5, 40)) == ((1, 2.0), (3, 1.0), (4, 1.0))
    assert usual(kind.by_name["butter"], ()) == ((False, 1.0), (True, 1.0))
    assert usual(kind.by_name["sort"], ()) == ()
    assert usual_answers(program, kitchen, kitchen.by_name["alarm"], ()) == ((False, 1.0), (True, 1.0))
    assert usual_answers(program, kitchen, kitchen.by_name["windows"], ()) == ()


def test_of_the_kind_goes_before_of_the_role() -> None:
    role = "roles: {mistake: {fields: {seen: {type: boolean, default: false}}}}\n"
    rules = role + TOAST + USUAL + '  mistake.seen: {answers: {"true": 1}, sources: [poll]}\n'
    program = load_text(rules + '  smoke.seen: {answers: {"false": 1}, sources: [poll]}\n').program
    for name, seen in (("toast", True), ("smoke", False)):
        kind = program.kinds[name]
        assert usual_answers(program, kind, kind.by_name["seen"], ()) == ((seen, 1.0),)


def test_frequencies_are_replaced_like_the_rest_and_are_in_the_digest() -> None:
    later = "schema: 1\npack: later\nusual:\n  toast.how: {answers: {brown: 1}, sources: [poll], replace: true}\n"
    replaced = load_text(TOAST + USUAL, later)
    assert replaced.program.usual["toast.how"].answers == (("brown", 1.0),)
    digests = {load_text(TOAST).digest, load_text(TOAST + USUAL).digest, replaced.digest}
    assert len(digests) == 3
    turned = USUAL.replace("{brown: 80, black: 20}", "{black: 20, brown: 80}")
    record = [{"kind": "toast"}]
    assert load_text(TOAST + turned).certainty(record) == load_text(TOAST + USUAL).certainty(record)


def test_a_kind_declared_anew_later_loses_what_was_usual_and_fits_no_more() -> None:
    anew = """\
schema: 1
pack: anew
kinds:
  toast:
    role: mistake
    replace: true
    title: Burnt it
    concern: manners
    fields: {how: {type: enum, values: [pale, black], default: pale}, slices: {type: integer, min: 1, max: 9, default: 1}}
"""
    program = load_text(TOAST + USUAL, anew).program
    assert set(program.usual) == {"toast.slices"}
    with pytest.raises(RuleError, match="'brown' is no answer"):
        load_text(TOAST.replace("[unknown, brown, black], default: unknown", "[pale, black], default: pale") + USUAL)


def test_no_score_depends_on_frequencies() -> None:
    record = [{"kind": "toast"}, {"kind": "smoke"}]
    one, other = load_text(TOAST).assess(record), load_text(TOAST + USUAL).assess(record)
    assert replace(one, rulebase=other.rulebase) == other


def test_most_shipped_fields_that_rules_read_have_a_frequency() -> None:
    """Only places that there are, and never an answer that comes in no record."""
    usual = BASE.program.usual
    shared = {field.name for field in BASE.program.roles["mistake"] if field.type != "text"}
    assert {f"mistake.{name}" for name in shared} <= set(usual)
    interview = {field.name for field in BASE.kinds["interview"].fields if field.type != "text"}
    assert {f"interview.{name}" for name in interview} <= set(usual)
    for place, found in usual.items():
        owner, _, name = place.partition(".")
        if owner in BASE.kinds:
            for answer, _ in found.answers:
                BASE.assess([{"kind": owner, name: list(answer) if isinstance(answer, tuple) else answer, **required(owner)}])


def required(kind: str) -> dict[str, Any]:
    return {field.name: "x" for field in BASE.kinds[kind].fields if field.required}


# -- limits and bad input


def test_a_record_that_is_too_large_for_it_is_refused_and_can_still_be_assessed() -> None:
    record = [{"id": f"s{n}", "kind": "spill"} for n in range(30)]
    small = RuleBase(BASE.program, Limits(certainty=900))
    with pytest.raises(BudgetError, match="31 facts are too many to find how certain the answer is"):
        small.certainty(record)
    assert small.assess(record).findings


def test_what_could_not_be_tried_whole_is_never_called_settled() -> None:
    toast = load_text(TOAST + USUAL)
    record: Record = [{"kind": "toast", "how": "brown", "slices": 2}, *({"kind": "smoke"} for _ in range(8))]
    assert toast.certainty(record).settled
    few = load_text(TOAST + USUAL, limits=Limits(certainty=42 * 10))
    open_fields = ", ".join(f"f{n}: {{type: boolean, default: false}}" for n in range(60))
    hall = f"schema: 1\npack: hall\nkinds:\n  hall: {{role: setting, title: Hall, assumed: a hall, fields: {{{open_fields}}}}}\n"
    assert few.certainty(record).settled
    limited = load_text(TOAST + USUAL, hall, limits=Limits(certainty=42 * 11)).certainty(record)
    assert (limited.complete, limited.settled, limited.draws) == (False, False, 21)
    assert load_text(TOAST + USUAL, hall).certainty(record).settled


SLOPE = """\
schema: 1
pack: slope
kinds: {slip: {role: mistake, title: Slip, concern: manners, fields: {a: {type: integer, min: 0, max: 90, default: 0}}}}
rules:
  slope: {when: [slip], then: {severity: 2 + slip.a / 100, noticed: 9}}
  dip: {when: [{fact: finding, of: slip, as: f, where: f.severity > LOW and f.severity < 2.5}], then: {recommend: sorry}}
actions:
  sorry: {title: Say sorry, due_hours: 4, relief: {severity: 1}}
"""


@pytest.mark.parametrize(
    ("low", "most", "settled", "complete"),
    [
        ("2.4", 50_000, False, True),  # only from 41 to 49 there is something to do
        ("2.5", 50_000, True, True),
        ("2.5", 60, False, False),  # so few that not all numbers between could be tried
    ],
)
def test_numbers_between_those_of_rules_are_tried_too(low: str, most: int, settled: bool, complete: bool) -> None:
    slope = load_text(SLOPE.replace("LOW", low), limits=Limits(certainty=most))
    record: Record = [{"kind": "slip"}]
    found = slope.certainty(record)
    assert (found.settled, found.complete) == (settled, complete)
    assert [each.field for each in found.depends_on] == ["a"]  # the damage moves, if nothing else does
    assert is_refuted(record, measured(slope)) is (low == "2.4")


CROSSING = """\
schema: 1
pack: crossing
kinds:
  slip:
    role: mistake
    title: Slip
    concern: manners
    fields: {{a: {{type: integer, min: 0, {most}, default: 0}}, b: {{type: integer, min: 0, max: 90, default: 0}}}}
  seen: {{role: derived, title: Seen, fields: {{n: {{type: integer}}}}}}
rules:
  slip: {{when: [slip], then: {{severity: "{severity}", noticed: 9}}}}
  turn: {{when: [{when}], then: {{recommend: sorry}}}}
  seen: {{when: [slip], then: {{derive: {{kind: seen, n: {passed_on}}}}}}}
actions:
  sorry: {{title: Say sorry, due_hours: 4, relief: {{severity: 1}}}}
"""


def crossing(when: str, most: str = "max: 90", passed_on: str = "1", severity: str = "2") -> RuleBase:
    return load_text(CROSSING.format(when=when, most=most, passed_on=passed_on, severity=severity))


@pytest.mark.parametrize(
    ("when", "passed_on", "crosses"),
    [
        ('{fact: slip, where: "slip.a == slip.b"}', "1", "ab"),
        ('{fact: slip, where: "slip.a * 2 == 80"}', "1", "a"),
        ('{fact: slip, where: "slip.a + slip.b == 70"}', "1", "ab"),
        ('{fact: slip, where: "slip.a * (80 - slip.a) == 1600"}', "1", "a"),
        ('{fact: slip, where: "abs(slip.a - 33) == 8"}', "1", "a"),
        ('{fact: slip, where: "curve(slip.a - 20, (0, 0), (4, 4), (8, 0)) >= 4"}', "1", "a"),
        ('{sum: slip, of: slip.a, as: total}, {fact: seen, where: "total == 44"}', "1", "a"),
        ('{fact: seen, where: "seen.n == 44"}', "slip.a", "a"),
    ],
)
def test_every_number_is_tried_where_rules_do_not_state_those_at_which_they_turn(when: str, passed_on: str, crosses: str) -> None:
    """One number far from both ends changes the advice, and stands in no rule."""
    rulebase = crossing(when, passed_on=passed_on)
    assert find_crossings(rulebase.program) == {("slip", name) for name in crosses}
    record: Record = [{"kind": "slip", "b": 50}]
    found = rulebase.certainty(record)
    assert is_refuted(record, measured(rulebase))
    assert (found.settled, found.complete) == (False, True)
    assert [each.field for each in found.depends_on] == ["a"]
    endless = crossing(when, "max: 1000000", passed_on).certainty(record)
    assert (endless.settled, endless.complete) == (False, False)


def test_a_number_that_crosses_nothing_within_its_range_is_settled() -> None:
    rulebase = crossing('{fact: slip, where: "slip.a == slip.b + 41"}')
    assert rulebase.certainty([{"kind": "slip", "b": 50}]).settled
    assert not rulebase.certainty([{"kind": "slip", "b": 49}]).settled


@pytest.mark.parametrize(("words", "known"), [("[u, v, w, x, y, z]", True), ("[t, u, v, w, x, y, z]", False)])
def test_sets_of_which_not_all_are_tried_are_not_settled(words: str, known: bool) -> None:
    field = f"a: {{type: set, values: {words}, default: []}}"
    pack = CROSSING.format(
        when="{fact: slip, where: \"'y' in slip.a and 'z' in slip.a and not 'u' in slip.a and slip.b > 3\"}",
        most="",
        passed_on="1",
        severity="2",
    )
    pack = pack.replace("a: {type: integer, min: 0, , default: 0}", field)
    for b, settled in ((2, known), (50, False)):
        found = load_text(pack).certainty([{"kind": "slip", "b": b}])
        assert (found.settled, found.complete) == (settled, known)


@pytest.mark.parametrize(
    "severity",
    [
        "1 if slip.a >= 4 else 2",
        "2 * slip.a / 3 + slip.b",
        "curve(slip.a, (0, 1), (9, 3))",
        "1 if 3 < slip.a <= 9 and not slip.b == 0 else 0",
    ],
)
def test_rules_that_state_where_they_turn_cross_nothing(severity: str) -> None:
    assert find_crossings(crossing("slip", severity=severity).program) == set()


def test_a_record_that_is_wrong_is_refused_as_assess_does() -> None:
    with pytest.raises(RecordError, match="/facts/0/minutes: must be a whole number from 1 to 1440"):
        certainty([{"kind": "late_arrival", "minutes": "twelve"}])
    with pytest.raises(RecordError, match="<record>:1:12"):
        BASE.certainty_json('[{"kind": "late_arival"}]')


# -- words


def test_it_is_said_in_plain_words() -> None:
    toast = load_text(TOAST + USUAL)
    kinds = toast.kinds
    sentences = certainty_sentences(toast.certainty([{"kind": "toast"}]), kinds, {"toast-1": "Burnt the toast"})
    assert sentences == (
        "Depending on what you have not said, the damage is between 39 and 69 of 100.",
        "It depends most on: how; slices.",
        "In 9 of 10 cases what to do stays the same.",
    )
    full = toast.certainty([{"kind": "toast", "how": "black", "slices": 2}, {"kind": "kitchen", "alarm": True, "windows": 2}])
    assert certainty_sentences(full, kinds, {}) == ("You have said all that counts here.",)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.0, 0.4, "Most answers that you could still give leave the damage below 1 of 100."),
        (39.8, 40.4, "Most answers that you could still give leave the damage at 40 of 100."),
        (99.2, 100.0, "Most answers that you could still give leave the damage above 99 of 100."),
        (12.2, 40.4, "Depending on what you have not said, the damage is between 12 and 40 of 100."),
        (1.0, 99.0, "Depending on what you have not said, the damage is between 1 and 99 of 100."),
        (0.2, 40.2, "Depending on what you have not said, the damage is at most 40 of 100."),
        (12.0, 99.6, "Depending on what you have not said, the damage is at least 12 of 100."),
        (0.9, 99.1, "Depending on what you have not said, the damage may be anything from below 1 to above 99 of 100."),
    ],
)
def test_a_range_is_said_without_false_precision(low: float, high: float, said: str) -> None:
    found = Certainty(low, high, 1.0, True, (), 300, True)
    assert certainty_sentences(found, {}, {}) == (said, "No single answer would change what to do.")
