"""From recommendations to a plan: targets, vetoes, groups, order, length, relief and the draft."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.inline import load_text

from misstep import Assessment, RuleBase
from misstep.assessment.result import PlannedAction

KINDS = """
schema: 1
pack: plans
kinds:
  slip: {role: mistake, title: Slip, fields: {bad: {type: number, default: 4}, sort: {type: text, default: ""}}}
  hint: {role: signal, title: Hint}
"""
SCORE = "  score: {when: [slip], then: {severity: slip.bad, noticed: 20}}\n"


def base(actions: str, rules: str, *more: str) -> RuleBase:
    return load_text(f"{KINDS}\nactions:\n{actions}\nrules:\n{SCORE}{rules}", *more)


def targets(result: Assessment) -> dict[str, tuple[str, ...]]:
    return {action.action: action.targets for action in result.actions}


def slip(id_: str, bad: float = 4, sort: str = "") -> dict[str, Any]:
    return {"kind": "slip", "id": id_, "bad": bad, "sort": sort}


# -- what an action is for

ACT = "  act: {title: Act}\n"


@pytest.mark.parametrize(
    ("when", "recommend", "expected"),
    [
        ("[slip]", "act", ("s",)),
        ("[slip]", "{action: act}", ("s",)),
        ("[{fact: finding, as: f}]", "act", ("s",)),
        ("[hint]", "act", ()),
        ("[slip, {fact: finding, as: f}]", "act", ()),
        ("[slip, {fact: finding, as: f}]", "{action: act, for: f}", ("s",)),
        ("[{fact: slip, as: a}, {fact: finding, as: f}]", "{action: act, for: [a, f]}", ("s",)),
    ],
)
def test_without_for_it_is_the_only_mistake_named_else_the_interview(
    when: str, recommend: str, expected: tuple[str, ...]
) -> None:
    result = base(ACT, f"  r: {{when: {when}, then: {{recommend: {recommend}}}}}").assess([slip("s"), {"kind": "hint"}])
    assert targets(result) == {"act": expected}


def test_one_action_is_for_all_that_it_is_recommended_for() -> None:
    result = base(ACT, "  r: {when: [slip], then: {recommend: act}}").assess([slip("b"), slip("a"), slip("c")])
    assert targets(result) == {"act": ("a", "b", "c")}
    assert [reason.facts for reason in result.actions[0].because] == [("a",), ("b",), ("c",)]


def test_several_actions_in_one_rule() -> None:
    result = base(ACT + "  two: {title: Two}\n", "  r: {when: [slip], then: {recommend: [act, {action: two}]}}").assess(
        [slip("s")]
    )
    assert targets(result) == {"act": ("s",), "two": ("s",)}


# -- vetoes

VETO = """
  all: {when: [{fact: slip, as: m}], then: {recommend: {action: act, for: m}}}
"""


def test_a_veto_for_one_mistake_leaves_the_others() -> None:
    rules = f"""{VETO}
  no:
    when: [{{fact: slip, as: m, where: "m.sort == 'x'"}}]
    then: {{veto: {{action: act, for: m}}}}
    because: "not {{m.id}}"
"""
    result = base(ACT, rules).assess([slip("a", sort="x"), slip("b")])
    assert targets(result) == {"act": ("b",)}
    assert [(a.action, a.targets, [r.text for r in a.because]) for a in result.avoid] == [("act", ("a",), ["not a"])]
    assert targets(base(ACT, rules).assess([slip("a", sort="x")])) == {}


def test_a_veto_for_the_interview_is_a_veto_for_all() -> None:
    result = base(ACT, VETO + "  no: {when: [hint], then: {veto: act}}\n").assess([slip("a"), slip("b"), {"kind": "hint"}])
    assert (targets(result), [(a.action, a.targets) for a in result.avoid]) == ({}, [("act", ())])


def test_a_veto_without_for_goes_to_the_only_mistake_named() -> None:
    rules = VETO + """  no: {when: [{fact: slip, as: m, where: "m.sort == 'x'"}], then: {veto: act}}\n"""
    assert targets(base(ACT, rules).assess([slip("a", sort="x"), slip("b")])) == {"act": ("b",)}


def test_what_is_to_be_avoided_is_told_though_nobody_recommends_it() -> None:
    result = base(ACT, "  no: {when: [hint], then: {veto: [act]}}\n").assess([{"kind": "hint"}, {"kind": "hint"}])
    assert [(a.title, [r.facts for r in a.because]) for a in result.avoid] == [("Act", [("hint-1",), ("hint-2",)])]


# -- groups

GROUP = """
  small: {title: Small, group: sorry, relief: {severity: 1}}
  large: {title: Large, group: sorry, relief: {severity: 2}}
  other: {title: Other}
"""
BY_SORT = """
  small: {when: [{fact: slip, as: m, where: "m.sort in ('s', 'both')"}], then: {recommend: small}}
  large: {when: [{fact: slip, as: m, where: "m.sort in ('l', 'both')"}], then: {recommend: large}}
  other: {when: [{fact: slip, as: m}], then: {recommend: other}}
"""


def test_one_action_of_a_group_remains_and_is_for_what_the_others_were_for() -> None:
    result = base(GROUP, BY_SORT).assess([slip("a", 3, "s"), slip("b", 3, "l"), slip("c", 3)])
    assert targets(result) == {"large": ("a", "b"), "other": ("a", "b", "c")}


def test_the_action_that_comes_first_in_the_order_remains() -> None:
    result = base(GROUP, BY_SORT).assess([slip("a", 9, "s"), slip("b", 2, "l")])
    assert targets(result)["small"] == ("a", "b")


def test_what_takes_over_keeps_its_reasons_and_those_of_the_others() -> None:
    result = base(GROUP, BY_SORT).assess([slip("a", 3, "both")])
    assert [reason.rule for reason in result.actions[0].because] == ["large", "small"]


def test_an_action_does_not_take_over_a_mistake_that_it_is_vetoed_for() -> None:
    rules = BY_SORT + """  no: {when: [{fact: slip, as: m, where: "m.sort == 's'"}], then: {veto: {action: large, for: m}}}\n"""
    result = base(GROUP, rules).assess([slip("a", 3, "s"), slip("b", 3, "l")])
    assert targets(result)["large"] == ("b",)


# -- relief


def test_damage_after_is_damage_with_the_relief_of_the_plan() -> None:
    actions = "  act: {title: Act, relief: {severity: 1}}\n"
    result = base(actions, "  r: {when: [slip], then: {recommend: act}}").assess([slip("s", 4)])
    assert (result.damage, result.damage_after, result.actions[0].relief) == (40, 30, 10)


def test_a_rule_may_set_the_relief() -> None:
    rules = "  r: {when: [slip], then: {recommend: {action: act, relief: slip.bad / 8}}}"
    result = base("  act: {title: Act, relief: {severity: 1}}\n", rules).assess([slip("s", 4)])
    assert result.damage_after == 35


def test_the_greatest_relief_of_an_action_counts_once_for_a_mistake() -> None:
    rules = "  r: {when: [slip], then: {recommend: {action: act, relief: 0.5}}}\n  q: {when: [slip], then: {recommend: act}}"
    assert base("  act: {title: Act, relief: {severity: 1}}\n", rules).assess([slip("s", 4)]).damage_after == 30


def test_a_relief_below_nothing_is_none() -> None:
    rules = "  r: {when: [slip], then: {recommend: {action: act, relief: 0 - 3}}}"
    assert base(ACT, rules).assess([slip("s", 4)]).damage_after == 40


def test_all_repairs_together_take_back_a_share_at_most() -> None:
    actions = "".join(f"  a{i}: {{title: A, relief: {{severity: 1}}}}\n" for i in range(4))
    rules = "".join(f"  r{i}: {{when: [slip], then: {{recommend: a{i}}}}}\n" for i in range(4))
    result = base(actions, rules).assess([slip("s", 4)])
    assert (result.damage_after, [a.relief for a in result.actions]) == (16, [10, 10, 10, 10])
    all_of_it = (
        '{"schema": 1, "pack": "p", "extends": "scale", "scale": {"plan": {"replace": true, "max_actions": 5, "max_relief": 1}}}'
    )
    assert base(actions, rules, all_of_it).assess([slip("s", 4)]).damage_after == 0


# -- due


@pytest.mark.parametrize(
    ("action", "recommend", "due"),
    [
        ("{title: A}", "act", None),
        ("{title: A, due_hours: 24}", "act", 24),
        ("{title: A, due_hours: 24}", "{action: act, due_hours: slip.bad}", 4),
        ("{title: A}", "{action: act, due_hours: slip.bad / 3}", 1.333),
        ("{title: A, due_hours: 24}", "{action: act, due_hours: 48}", 48),
        ("{title: A, due_hours: 24}", "{action: act, due_hours: 0 - 1}", 0),
        ("{title: A}", "[{action: act, due_hours: 5}, act, {action: act, due_hours: 3}]", 3),
    ],
)
def test_due_is_the_soonest_that_any_rule_asks_for(action: str, recommend: str, due: float | None) -> None:
    result = base(f"  act: {action}\n", f"  r: {{when: [slip], then: {{recommend: {recommend}}}}}").assess([slip("s")])
    assert [step.due_hours for step in result.steps] == [due]


# -- order and length


def weight(action: PlannedAction, verdicts: dict[str, int]) -> tuple[int, float]:
    worst = max((verdicts[target] for target in action.targets), default=0)
    return -worst, -action.relief


MANY = "".join(
    f"  a{i}: {{title: A, channel: c{i % 3}, relief: {{severity: {i % 3}}}, {'' if i % 4 == 0 else f'due_hours: {i % 5}, '}"
    f"group: g{i % 6}}}\n"
    for i in range(18)
)
BY_NUMBER = "".join(
    f"""  r{i}: {{when: [{{fact: slip, as: m, where: "m.sort in ('{i % 5}', '{i % 7}')"}}], then: {{recommend: a{i}}}}}\n"""
    for i in range(18)
)
SLIPS = st.lists(st.tuples(st.sampled_from([0.5, 2, 4, 6, 9]), st.sampled_from("0123456")), max_size=6)
MANY_BASE = base(MANY, BY_NUMBER)


@settings(max_examples=60, deadline=None)
@given(slips=SLIPS)
def test_the_order_the_length_and_the_groups_of_any_plan(slips: list[tuple[float, str]]) -> None:
    result = MANY_BASE.assess([slip(f"s{i}", bad, sort) for i, (bad, sort) in enumerate(slips)])
    ranks = {f.fact: MANY_BASE.program.scale.verdicts.index(f.verdict) for f in result.findings}
    dues = [float("inf") if step.due_hours is None else step.due_hours for step in result.steps]
    assert dues == sorted(dues)
    assert [step.rank for step in result.steps] == list(range(1, len(dues) + 1))
    assert len({(step.occasion, step.channel) for step in result.steps}) == len(result.steps)
    for step in result.steps:
        assert [weight(action, ranks) for action in step.actions] == sorted(weight(action, ranks) for action in step.actions)
        assert {MANY_BASE.actions[action.action].channels for action in step.actions} == {(step.channel,)}
    assert len(result.actions) <= MANY_BASE.program.scale.max_actions
    groups = [MANY_BASE.actions[action.action].group for action in result.actions]
    assert len(set(groups)) == len(groups)
    assert 0 <= result.damage_after <= result.damage <= 100
    by_weight = sorted(result.actions, key=lambda action: weight(action, ranks))
    assert [action.priority for action in by_weight] == sorted((a.priority for a in by_weight), reverse=True)


@pytest.mark.parametrize("most", [0, 1, 3, 9])
def test_a_plan_has_so_many_actions_at_most(most: int) -> None:
    actions = "".join(f"  a{i}: {{title: A}}\n" for i in range(6))
    rules = "".join(f"  r{i}: {{when: [slip], then: {{recommend: a{i}}}}}\n" for i in range(6))
    scale = {"plan": {"replace": True, "max_actions": most, "max_relief": 0.6}}
    over = json.dumps({"schema": 1, "pack": "p", "extends": "scale", "scale": scale})
    result = base(actions, rules, over).assess([slip("s")])
    assert [step.action for step in result.actions] == [f"a{i}" for i in range(min(most, 6))]


def test_only_actions_towards_the_employer_make_a_plan_act() -> None:
    for reach, acts in (("repairs", True), ("plain", False), ("private", False)):
        result = base(f"  act: {{title: A, reach: {reach}}}\n", "  r: {when: [slip], then: {recommend: act}}").assess([slip("s")])
        assert (result.acts, result.actions[0].reach) == (acts, reach)


# -- occasions, channels, and what excludes what

OCCASIONS = """
schema: 1
pack: occasions
extends: scale
kinds:
  open_way: {role: derived, title: Open, fields: {channel: {type: enum, values: [mail, talk]},
    occasion: {type: enum, values: [early, late]}}}
  has_mail: {role: signal, title: Mail}
  can_talk: {role: signal, title: Talk}
rules:
  mail: {when: [has_mail], then: {derive: {kind: open_way, channel: mail, occasion: late}}}
  talk: {when: [can_talk], then: {derive: {kind: open_way, channel: talk, occasion: early}}}
scale:
  plan:
    replace: true
    max_actions: 5
    max_relief: 0.6
    ways: open_way
    private: ever
    occasions: {early: {title: Early}, late: {title: Late}, ever: {title: Ever}}
    act_within: {hours: {act_now: 4, act_today: 24}, otherwise: unable}
"""
TALK, MAIL = {"kind": "can_talk"}, {"kind": "has_mail"}
GRAVE = 9  # act now, where it was seen and is urgent


def occasions(actions: str, *facts: dict[str, Any], urgency: int = 0) -> Assessment:
    """The plan of a slip for which all actions are recommended."""
    names = [line.strip().split(":")[0] for line in actions.strip().splitlines()]
    rules = f"  all: {{when: [slip], then: {{recommend: [{', '.join(names)}], urgency: {urgency}}}}}\n"
    return base(actions, rules, OCCASIONS).assess([slip("s", GRAVE), *facts])


def places(result: Assessment) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(step.occasion, step.channel, tuple(action.action for action in step.actions)) for step in result.steps]


BOTH = "  a: {title: A, reach: repairs, channel: [mail, talk]}\n"


@pytest.mark.parametrize(
    ("facts", "place"),
    [([MAIL, TALK], ("early", "talk")), ([MAIL], ("late", "mail")), ([TALK], ("early", "talk")), ([], None)],
)
def test_an_action_goes_over_the_open_channel_whose_occasion_comes_first(
    facts: list[dict[str, Any]], place: tuple[str, str] | None
) -> None:
    assert places(occasions(BOTH, *facts)) == ([(*place, ("a",))] if place else [])


def test_an_action_may_have_an_occasion_of_its_own_whatever_is_open() -> None:
    assert places(occasions("  a: {title: A, channel: private, occasion: ever}\n")) == [("ever", "private", ("a",))]


@pytest.mark.parametrize("keys", ["", ", reach: private", ", channel: private", ", channel: [private]"])
def test_what_one_does_alone_needs_no_way_to_anybody_and_has_the_occasion_for_it(keys: str) -> None:
    assert places(occasions(f"  a: {{title: A{keys}}}\n")) == [("ever", "private", ("a",))]


def test_other_actions_go_over_the_channel_of_one_that_leads() -> None:
    led = BOTH + "  b: {title: B, reach: repairs, channel: talk, leads: true}\n  c: {title: C, reach: plain, channel: mail}\n"
    assert places(occasions(led, MAIL, TALK, urgency=9)) == [("early", "talk", ("a", "b")), ("late", "mail", ("c",))]
    assert places(occasions(led, MAIL)) == [("late", "mail", ("a", "c"))]


def test_actions_of_one_occasion_and_channel_are_one_step_due_when_the_first_is() -> None:
    actions = "  a: {title: A, reach: plain, channel: mail, due_hours: 24}\n  b: {title: B, channel: mail, due_hours: 2}\n"
    (step,) = occasions(actions, MAIL).steps
    assert (step.due_hours, step.title, step.rank) == (2, "Late: b and a", 1)


def test_steps_are_in_the_order_of_their_due_times_then_of_occasions() -> None:
    actions = "  a: {title: A, channel: mail}\n  b: {title: B, channel: talk}\n"
    actions += "  c: {title: C, channel: private, occasion: ever, due_hours: 1}\n"
    assert [step.occasion for step in occasions(actions, MAIL, TALK).steps] == ["ever", "early", "late"]


@pytest.mark.parametrize(("urgency", "verdict", "within"), [(0, "act_today", 24), (9, "act_now", 4)])
def test_who_must_act_has_a_step_towards_the_other_side_in_time(urgency: int, verdict: str, within: float) -> None:
    private = "  a: {title: A, channel: private, occasion: ever, due_hours: 12}\n"
    late = private + "  b: {title: B, reach: plain, channel: mail, due_hours: 90}\n"
    result = occasions(late, MAIL, urgency=urgency)
    assert result.verdict == verdict
    assert [step.due_hours for step in result.steps if step.occasion == "late"] == [within]
    assert occasions(private, MAIL, urgency=urgency).verdict == "unable"
    assert occasions(late, urgency=urgency).verdict == "unable"
    assert occasions(private, MAIL, urgency=urgency).findings[0].verdict == verdict


EXCLUDING = """
  rest: {title: Rest, excludes: [{reach: repairs}]}
  sorry: {title: Sorry, reach: repairs}
  cause: {title: Cause, reach: repairs}
  excuse: {title: Excuse, excludes: [cause]}
"""
EXCLUDE = """
  rest: {when: [{fact: slip, as: m, where: "m.sort == 'r'"}], then: {recommend: rest}}
  sorry: {when: [slip], then: {recommend: [sorry, cause]}}
  excuse: {when: [{fact: slip, as: m, where: "m.sort == 'e'"}], then: {veto: excuse}}
"""


def test_an_action_excludes_others_for_the_mistakes_that_it_is_for() -> None:
    result = base(EXCLUDING, EXCLUDE).assess([slip("a", sort="r"), slip("b", sort="e"), slip("c")])
    assert targets(result) == {"rest": ("a",), "sorry": ("b", "c"), "cause": ("c",)}
    assert {reason.facts for action in result.actions if action.action == "cause" for reason in action.because} == {("c",)}
    assert [(a.action, a.targets) for a in result.avoid] == [("excuse", ("b",))]


def test_what_the_plan_excludes_is_not_advised_against_beside_it() -> None:
    rules = "  give: {when: [slip], then: {recommend: cause}}\n  not: {when: [slip], then: {veto: excuse}}\n"
    actions = "  cause: {title: Cause, excludes: [excuse]}\n  excuse: {title: Excuse}\n"
    result = base(actions, rules).assess([slip("a")])
    assert (targets(result), result.avoid) == ({"cause": ("a",)}, ())


def test_what_is_excluded_for_a_mistake_does_not_come_back_with_its_group() -> None:
    actions = """
  rest: {title: Rest, excludes: [large]}
  small: {title: Small, group: sorry, relief: {severity: 1}}
  large: {title: Large, group: sorry, relief: {severity: 2}}
"""
    rules = """
  rest: {when: [{fact: slip, as: m, where: "m.sort == 'r'"}], then: {recommend: [rest, small]}}
  large: {when: [{fact: slip, as: m, where: "m.sort == ''"}], then: {recommend: large}}
"""
    assert targets(base(actions, rules).assess([slip("a", sort="r"), slip("b")])) == {"rest": ("a",), "large": ("b",)}


def test_what_has_no_open_channel_excludes_nothing() -> None:
    actions = "  a: {title: A, channel: talk, excludes: [b]}\n  b: {title: B, channel: mail}\n"
    assert places(occasions(actions, MAIL)) == [("late", "mail", ("b",))]
    assert places(occasions(actions, MAIL, TALK)) == [("early", "talk", ("a",))]


def test_what_is_cut_from_a_plan_leaves_the_advice_against_what_it_excludes() -> None:
    actions = "  cause: {title: Cause, excludes: [excuse]}\n  excuse: {title: Excuse}\n  other: {title: Other, due_hours: 1}\n"
    rules = "  give: {when: [slip], then: {recommend: [cause, other]}}\n  not: {when: [slip], then: {veto: excuse}}\n"
    short = """
schema: 1
pack: short
extends: scale
scale: {plan: {replace: true, max_actions: 1, max_relief: 0.6}}
"""
    result = base(actions, rules, short).assess([slip("a")])
    assert (targets(result), [a.action for a in result.avoid]) == ({"other": ("a",)}, ["excuse"])


def test_when_it_is_due_is_for_those_to_say_whose_mistakes_are_left() -> None:
    actions = "  rest: {title: Rest, excludes: [act]}\n  act: {title: Act}\n"
    rules = """
  soon: {when: [{fact: slip, as: m, where: "m.sort == 'r'"}], then: {recommend: [rest, {action: act, due_hours: 1}]}}
  late: {when: [{fact: slip, as: m, where: "m.sort == ''"}], then: {recommend: {action: act, due_hours: 48}}}
"""
    result = base(actions, rules).assess([slip("a", sort="r"), slip("b")])
    assert {a.action: step.due_hours for step in result.steps for a in step.actions}["act"] == 48


# -- the draft


def drafting(words: dict[str, int], most: int, parts: tuple[str, ...] = ()) -> str | None:
    """The draft of a plan of actions that each say so many words."""
    says = {name: " ".join([name] * count) for name, count in words.items()}
    actions = {
        name: {
            "title": "A",
            "channel": "message",
            **({"says": text} if text else {}),
            **({"part": name} if name in parts else {}),
        }
        for name, text in says.items()
    }
    message = {
        "replace": True,
        "channels": ["message"],
        "max_words": most,
        "parts": list(parts),
        "opening": "Hello",
        "closing": "Bye",
    }
    rules = {name: {"when": ["slip"], "then": {"recommend": name}} for name in actions}
    kinds = {"slip": {"role": "mistake", "title": "Slip"}}
    pack = {"schema": 1, "pack": "draft", "extends": "scale", "kinds": kinds, "actions": actions, "rules": rules}
    return load_text(json.dumps({**pack, "scale": {"message": message}})).assess([{"kind": "slip"}]).draft


def test_without_a_message_there_is_no_draft() -> None:
    assert drafting({}, 20) is None
    assert drafting({"mute": 0}, 20) is None
    assert (
        base("  act: {title: A, says: words}\n", "  r: {when: [slip], then: {recommend: act}}").assess([slip("s")]).draft is None
    )


def test_actions_of_a_channel_are_one_message_in_the_order_of_its_parts() -> None:
    assert drafting({"b": 2, "a": 1}, 20) == "Hello\n\na b b\n\nBye"
    assert drafting({"b": 2, "a": 1, "c": 1}, 20, ("b",)) == "Hello\n\nb b\n\na c\n\nBye"


@pytest.mark.parametrize(
    ("words", "most", "draft"),
    [
        ({"a": 3, "b": 3}, 8, "Hello\n\na a a b b b\n\nBye"),
        ({"a": 3, "b": 3}, 7, "Hello\n\na a a\n\nBye"),
        ({"a": 3, "b": 3, "c": 1}, 7, "Hello\n\na a a\n\nBye"),
    ],
)
def test_a_draft_is_shortened_from_the_end(words: dict[str, int], most: int, draft: str) -> None:
    assert drafting(words, most) == draft
