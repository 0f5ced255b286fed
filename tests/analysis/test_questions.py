"""Questions: the one that changes most comes first, its why is what happens, and nothing settled can be changed by one answer."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import Any

import pytest
from benchmarks.questions import Asking, measure, shown
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.test_certainty import BASE, TOAST, UNHURRIED, USUAL, Record, all_but_a_few, crossing, measured
from tests.end_to_end.command import INCIDENTS
from tests.evaluate.packs import packs, records_of
from tests.inline import load_text

from misstep import BudgetError, Limits, RecordError, RuleBase, UsageError, questions
from misstep.analysis.calibration.certainty_figures import is_refuted
from misstep.analysis.question_text import MOST_LISTED, NOTHING, OPEN, SETTLED, to_text
from misstep.analysis.questions import DO_NOT_KNOW, AnswerChoice, Question, Questions
from misstep.analysis.trial_outcomes import Outcome

TOASTER = load_text(TOAST + USUAL)
SAMPLES: list[Record] = [
    [{"kind": "late_arrival", "minutes": 12}],
    [{"kind": "dishonesty"}],
    [{"kind": "phone_rang"}, {"kind": "rambling"}, {"kind": "interview", "moment": "during"}],
]


def asked(record: Record, rulebase: RuleBase = BASE) -> list[str]:
    return [f"{each.fact}.{each.field}" for each in rulebase.questions(record).questions]


def answered(record: Record, question: Question, answer: Any) -> Record:
    """The record with an answer at the place of the question."""
    _, _, place, field = question.pointer.split("/")
    full = deepcopy(record)
    if place == "-":
        return [*full, {"kind": question.kind, field: answer}]
    full[int(place)][field] = answer
    return full


# -- the order


def test_what_changes_the_advice_most_often_comes_first() -> None:
    found = TOASTER.questions([{"kind": "toast"}])
    assert [each.field for each in found.questions] == ["how", "slices"]
    assert [each.changes for each in found.questions] == [0.2, 0.1]
    assert not found.settled


def test_without_frequencies_answers_have_even_shares() -> None:
    toast = load_text(TOAST)
    how = toast.questions([{"kind": "toast"}]).questions[0]
    assert (how.field, how.changes) == ("how", 0.5)


@pytest.mark.parametrize("record", SAMPLES)
def test_the_order_and_the_figures_are_those_of_certainty(record: Record) -> None:
    """Where usual answers change the advice, the fields that only unusual ones make matter are left for later."""
    found = {each.pointer: each for each in BASE.questions(record).questions}
    certain = [each for each in BASE.certainty(record).depends_on if each.pointer in found]
    assert [each.pointer for each in certain] == list(found)
    assert all((found[each.pointer].changes, found[each.pointer].low) == (each.changes, each.low) for each in certain)
    assert {each.pointer for each in BASE.certainty(record).depends_on if each.changes} <= set(found)


def test_unusual_answers_are_asked_about_at_last() -> None:
    """Nobody burns it, says the pack; so the question comes once nothing usual matters, and before all is called settled."""
    usual = "usual: {toast.how: {answers: {brown: 1}, sources: [poll]}, toast.slices: {answers: {'1': 1}, sources: [poll]}}\n"
    toast = load_text(TOAST + usual)
    found = toast.questions([{"kind": "toast"}])
    assert next((each.field, each.changes) for each in found.questions) == ("how", 0.0)
    assert not found.settled
    assert '"Black" would' in found.questions[0].why


def test_the_same_facts_have_the_same_questions_in_any_order() -> None:
    first, second = [{"id": "b", "kind": "rambling"}, {"id": "a", "kind": "phone_rang"}], [{"kind": "interview"}]
    assert asked([*first, *second]) == asked([*second, *reversed(first)])
    assert BASE.questions(first).to_json() == BASE.questions(first).to_json()


# -- the words


@pytest.mark.parametrize("record", SAMPLES)
def test_every_why_is_what_happens(record: Record) -> None:
    now = Outcome.of(BASE.evaluate(record))
    for question in BASE.questions(record).questions:
        field = BASE.kinds[question.kind].by_name[question.field]
        quoted = question.why[1:].partition('" would ')[0]
        if field.is_number:
            answer: Any = float(quoted.split()[0]) if field.type == "number" else int(quoted.split()[0])
        else:
            texts = {choice.text.removesuffix("."): choice.answer for choice in question.choices}
            answer = texts[quoted] if quoted in texts else [texts[part] for part in quoted.split("; ")]
            answer = [answer] if field.type == "set" and isinstance(answer, str) else answer
        then = Outcome.of(BASE.evaluate(answered(record, question, answer)))
        assert not now.advises(then) or now.damage != then.damage
        if then.verdict != now.verdict:
            assert f"the verdict: {then.verdict.replace('_', ' ')}. Now it is: {now.verdict.replace('_', ' ')}." in question.why
        elif then.first != now.first:
            assert "first" in question.why
        else:
            then_shown, now_shown = re.findall(r"(?:damage|it is) ([\d.]+[\d])", question.why)
            assert then_shown != now_shown
            assert abs(float(now_shown) - now.damage) <= 0.5


def test_a_question_has_the_words_of_its_field() -> None:
    (notified,) = (each for each in BASE.questions(SAMPLES[0]).questions if each.field == "notified")
    assert notified.text == "Whether they knew before the start?"
    assert notified.choices == (
        AnswerChoice(False, "Nobody had told them before the start."),
        AnswerChoice(True, "You told them before the start."),
        AnswerChoice(None, DO_NOT_KNOW),
    )
    assert notified.why.startswith('"You told them before the start" would make the verdict: ')


def test_rules_of_another_domain_ask_in_their_own_words() -> None:
    incidents = RuleBase.load(INCIDENTS / "rules")
    found = incidents.questions([{"kind": "outage", "minutes": 30}])
    assert [each.field for each in found.questions] == ["deployed", "services"]
    assert found.questions[0].text == "It began with a deployment?"
    assert [choice.text for choice in found.questions[0].choices] == ["No", "Yes", DO_NOT_KNOW]
    assert found.questions[0].why == '"Yes" would make the first step: Roll back. Now it is: Post a status update.'


def test_the_mistake_is_named_where_there_are_several() -> None:
    texts = {each.text for each in BASE.questions([{"kind": "late_arrival"}, {"kind": "phone_rang"}]).questions}
    assert "Arrived late: whether they knew before the start?" in texts
    assert "How they asked?" in texts  # of the interview


def test_a_field_without_words_is_asked_by_its_name_and_its_values() -> None:
    how = TOASTER.questions([{"kind": "toast"}]).questions[0]
    assert (how.text, [choice.text for choice in how.choices]) == ("How?", ["Brown", "Black", DO_NOT_KNOW])
    assert how.why == '"Black" would make the verdict: act today. Now it is: follow up.'
    slices = TOASTER.questions([{"kind": "toast", "how": "brown"}]).questions[0]
    assert (slices.field, slices.expects) == ("slices", "a whole number from 1 to 9")
    assert slices.choices == (AnswerChoice(None, DO_NOT_KNOW),)


def test_text_shows_the_first_question_and_names_the_next() -> None:
    found = BASE.questions(SAMPLES[0])
    text = to_text(found, 200)
    assert text.startswith(f"{OPEN}\n")
    assert all(choice.text in text for choice in found.questions[0].choices)
    assert text.count("Why: ") == 1
    assert f"{MOST_LISTED + 1}. {found.questions[MOST_LISTED].text}" in text
    assert f"And {len(found.questions) - MOST_LISTED - 1} more" in text
    assert to_text(Questions(True, ()), 80).strip() == SETTLED
    assert to_text(Questions(False, ()), 80).strip() == NOTHING
    number = to_text(TOASTER.questions([{"kind": "toast", "how": "brown"}]), 80)
    assert "It is a whole number from 1 to 9." in number


# -- settled


@UNHURRIED
@given(record=records_of(BASE.kinds, 1, 4), data=st.data())
def test_what_is_settled_no_single_answer_changes(record: Record, data: st.DataObject) -> None:
    record = all_but_a_few(record, BASE, data)
    before = deepcopy(record)
    found = BASE.questions(record)
    assert record == before
    assert found.settled == BASE.certainty(record).settled
    if found.settled:
        assert not is_refuted(record, measured(BASE))
        assert not any(each.changes for each in found.questions)


@pytest.mark.slow
@UNHURRIED
@given(pack=packs(), data=st.data())
def test_what_is_settled_no_single_answer_changes_with_any_rules(pack: str, data: st.DataObject) -> None:
    rulebase = load_text(pack)
    record = data.draw(records_of(rulebase.kinds, 1, 4))
    found = rulebase.questions(record)
    assert all(each.why for each in found.questions)
    if found.settled:
        assert not is_refuted(record, measured(rulebase))


@pytest.mark.parametrize(
    ("record", "settled"),
    [
        ([{"kind": "toast"}], False),
        ([{"kind": "toast", "how": "brown"}], False),
        ([{"kind": "toast", "how": "brown", "slices": 2}], True),
        ([{"kind": "smoke"}], True),
    ],
)
def test_settled_is_that_of_certainty(record: Record, settled: bool) -> None:
    assert load_text(TOAST).questions(record).settled is settled
    assert load_text(TOAST).certainty(record).settled is settled


def test_a_number_that_stands_in_no_rule_is_named_in_the_why() -> None:
    """It is far from both ends, and found only by trying every number."""
    slip = crossing('{fact: slip, where: "slip.a * 2 == 80"}').questions([{"kind": "slip"}]).questions[0]
    assert slip.field == "a"
    assert slip.why.startswith('"40" would make')
    assert slip.why.count("the damage") == 0


def test_answering_ends_in_settled() -> None:
    found = Asking(BASE).settle([{"id": "late", "kind": "late_arrival", "minutes": 12}])
    assert found is not None
    record, count = found
    assert count > 0
    assert BASE.certainty(record).settled


# -- doors and errors


def test_the_doors_agree() -> None:
    record = SAMPLES[0]
    found = BASE.questions(record)
    assert questions(record) == found
    assert BASE.questions_json(json.dumps(record)) == found.to_json()
    assert Questions.from_json(found.to_json()) == found
    with pytest.raises(ValueError, match="settled"):
        Questions.from_json(b"{}")


def test_errors_are_those_of_an_assessment() -> None:
    with pytest.raises(RecordError, match="did you mean 'late_arrival'"):
        questions([{"kind": "late_arival"}])
    with pytest.raises(RecordError, match=r"<record>:1:"):
        BASE.questions_json(b'[{"kind": "late_arival"}]')
    with pytest.raises(UsageError, match="there is no engine"):
        BASE.questions([], "compile")  # type: ignore[arg-type]
    with pytest.raises(BudgetError):
        RuleBase(BASE.program, Limits(derived=0)).questions(SAMPLES[2])


def test_what_the_limit_does_not_allow_to_try_is_never_settled() -> None:
    few = load_text(TOAST, limits=Limits(certainty=4))
    assert not few.questions([{"kind": "toast", "how": "brown", "slices": 2}]).settled


def test_old_names_have_the_questions_of_todays() -> None:
    pack = TOAST.replace("how: {", "how: {was: [done], ").replace("  toast:\n    role", "  toast:\n    was: [bread]\n    role", 1)
    renamed = load_text(pack)
    old, new = [{"kind": "bread", "done": "brown"}], [{"kind": "toast", "how": "brown"}]
    assert renamed.questions(old) == renamed.questions(new)


# -- whether it holds


def test_the_figures_can_be_counted_by_hand() -> None:
    """Two of these three have the advice of the bare kind; for the other, one answer gives it."""
    cases = [[{"id": "t", "kind": "toast", "how": how, "slices": 2}] for how in ("brown", "brown", "black")]
    found = measure(cases, TOASTER)
    assert found.chosen.answered == found.chosen.every == {0: 2, 3: 3, 5: 3, 7: 3, 8: 3}
    assert (found.page.answered[0], found.page.every[8]) == (2, 3)
    assert (found.refuted, len(found.settled)) == (0, 3)
    assert "3 cases" in shown(found)
