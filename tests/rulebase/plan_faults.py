"""Faults of plans, found in one answer: what must never be there, whatever the record.

    python -m tests.rulebase.plan_faults 3000

counts them over as many records of ``misstep sample``, and exits with 1 where there is one (P1 and P2 are the names that the
faults had when they were first counted).
Faults that only show beside the answer to another record are in ``plan_changes``.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from math import inf
from typing import Any, NamedTuple

from misstep import Assessment, RuleBase
from misstep.assessment.assembly import Result
from misstep.assessment.drafting import Drafter
from misstep.assessment.result import Step
from misstep.language.facts import FIRST_VALUE, ID, KIND, Field, Row
from misstep.tools.sample import sample_records

MOST_WORDS = 150
APOLOGY = re.compile(r"\b(sorry|apolog\w*|forgive)\b", re.IGNORECASE)
BLANK = re.compile(r"\[[^\[\]\n]{1,80}\]")


class Case(NamedTuple):
    """The facts of a record, and its answer by a rule base."""

    facts: Sequence[dict[str, Any]]
    answer: Assessment
    base: RuleBase

    def of_interview(self, field: str, default: Any) -> Any:
        return next((fact.get(field, default) for fact in self.facts if fact["kind"] == "interview"), default)


Fault = Callable[[Case], Iterator[str]]
"""Yields, for everything in a case that could have such a fault, what is wrong with it, or nothing: ``""``."""


def outward(step: Step) -> bool:
    return any(action.reach != "private" for action in step.actions)


def hours(step: Step) -> float:
    return inf if step.due_hours is None else step.due_hours


# -- the plan


def late_for_its_verdict(case: Case) -> Iterator[str]:
    """P1: it says act, and no step towards the employer is due within the hours of that verdict, or another comes first."""
    answer = case.answer
    within = case.base.program.scale.act_within.get(answer.verdict)
    if within is not None:
        if not any(outward(step) and hours(step) <= within for step in answer.steps):
            yield f"{answer.verdict} without an outward step within {within:g} hours"
        elif hours(answer.steps[0]) > within:
            yield f"{answer.verdict} begins with a step due in {hours(answer.steps[0]):g} hours"
        else:
            yield ""


def calls_for_nothing(case: Case) -> Iterator[str]:
    """P1: it says that there is nothing to send, and has a step towards the employer."""
    if case.answer.verdict == case.base.program.scale.unable:
        acting = any(outward(step) for step in case.answer.steps)
        yield f"{case.answer.verdict} with an outward step" if acting else ""


def out_of_order(case: Case) -> Iterator[str]:
    """P2: due times fall along the order, or ranks do not count it."""
    steps = case.answer.steps
    dues = [hours(step) for step in steps]
    if len(dues) > 1:
        right = dues == sorted(dues) and [step.rank for step in steps] == list(range(1, len(dues) + 1))
        yield "" if right else f"due in {dues}"


def contradictory(case: Case) -> Iterator[str]:
    """P2, R1: two actions about one mistake, planned or advised against, exclude each other, or one of them lets it rest."""
    answer, base = case.answer, case.base
    planned = [(action.action, action.reach, set(action.targets)) for action in answer.actions]
    against = [(avoided.action, set(avoided.targets)) for avoided in answer.avoid]
    for one, _, targets in planned:
        excludes = base.actions[one].excludes
        for other, reach, others in planned:
            if one != other and (targets & others or not targets):
                resting = one == "no_further_mention" and reach == "repairs"
                yield f"{one} beside {other}" if other in excludes or resting else ""
        for other, others in against:
            turned = other not in base.program.recommended and one in base.actions[other].excludes
            if targets & others or not targets or not others:
                yield f"{one}, and against {other}" if other in excludes or turned else ""


def repeated(case: Case) -> Iterator[str]:
    """P2, P3: an action twice, two of one group, two steps on one occasion and channel, or planned and advised against."""
    answer = case.answer
    actions = [action.action for action in answer.actions]
    groups = [group for action in actions if (group := case.base.actions[action].group)]
    places = [(step.occasion, step.channel) for step in answer.steps]
    for what in (actions, groups, places):
        yield from (f"{thing} twice" if count > 1 else "" for thing, count in Counter(what).items())
    against = {avoided.action: set(avoided.targets) for avoided in answer.avoid}
    for action in answer.actions:
        if action.action in against and (not against[action.action] or against[action.action] & set(action.targets)):
            yield f"{action.action} is planned and advised against"


def without_a_cause(case: Case) -> Iterator[str]:
    """R3: a step towards the employer, or a plan that acts, where nothing went wrong."""
    if not case.answer.findings:
        acting = case.answer.acts or any(outward(step) for step in case.answer.steps)
        yield "nothing went wrong, and they are to hear of it" if acting else ""


CHANNELS = {"message": ("email", "recruiter"), "phone": ("phone",)}
"""What must be among the interview's channels for a channel of a step. People talk where they meet."""


def no_such_way(case: Case) -> Iterator[str]:
    """R2: a step over a channel that is not there."""
    answer, base = case.answer, case.base
    given = case.of_interview("channels", ["email"])
    open_ = {(d.values["channel"], d.values["occasion"]) for d in answer.derived if d.kind == base.program.scale.ways}
    for step in answer.steps:
        if not outward(step):
            continue
        if step.channel in CHANNELS and not set(CHANNELS[step.channel]) & set(given):
            yield f"over {step.channel} where there is {given}"
        elif all(base.actions[action.action].occasion for action in step.actions):
            yield ""
        else:
            way = (step.channel, step.occasion)
            yield "" if way in open_ else f"{step.occasion} over {step.channel}, which is not open"


# -- its letters


def bad_message(case: Case) -> Iterator[str]:
    """A message that apologises twice, is too long, or has blanks that it does not name."""
    for step in case.answer.steps:
        if step.message is None:
            continue
        body = step.message.body
        words = len(body.split())
        yield f"{words} words" if words > MOST_WORDS else ""
        apologies = len([s for s in re.split(r"(?<=[.!?])\s", body) if APOLOGY.search(s)])
        yield f"{apologies} apologies" if apologies > 1 else ""
        blanks = set(BLANK.findall(f"{step.message.subject or ''}\n{body}"))
        yield "" if blanks == set(step.message.blanks) else "blanks that are not named"


def part_missing(case: Case) -> Iterator[str]:
    """A step over a channel that has messages without one, or a message in which a part that it orders says nothing."""
    result, drafter = case.base.evaluate({"facts": list(case.facts)}), _drafter(case.base)
    scale = case.base.program.scale
    for step, told in zip(result.plan.steps, case.answer.steps, strict=True):
        if step.channel in scale.message_channels and step.outward and told.message is None:
            yield f"no message for {[choice.action.id for choice in step.choices]}"
        for choice in step.choices:
            if told.message is None or not choice.action.says:
                continue
            alone = step._replace(choices=[choice])
            draft = drafter.message(alone, result.plan, result.findings, result.facts, case.answer.outlook)
            own = _paragraphs(draft.body if draft else "") - _frame(case, step.channel)
            yield "" if own and any(s in told.message.body for s in own) else f"nothing of {choice.action.id}"


@cache
def _drafter(base: RuleBase) -> Drafter:
    return Drafter(base.program)


def _paragraphs(body: str) -> set[str]:
    """The first sentence of every paragraph."""
    return {re.split(r"(?<=[.!?])\s", paragraph)[0] for paragraph in body.split("\n\n") if paragraph}


def _frame(case: Case, channel: str) -> set[str]:
    """The paragraphs that every message of a channel has."""
    name = case.of_interview("interviewer", "")
    hello = f"Hello {name or '[name]'}"
    return {f"{hello},", f"{hello}, this is [your name].", "Kind regards\n[your name]"}


NUMBER = re.compile(r"\d+(?:\.\d+)?")


def number_of_nobody(case: Case) -> Iterator[str]:
    """A number in a message that stands nowhere in the record."""
    known = set(NUMBER.findall(repr(list(case.facts))))
    for step in case.answer.steps:
        if step.message is not None:
            text = f"{step.message.subject or ''}\n{step.message.body}"
            unknown = [number for number in NUMBER.findall(text) if number not in known]
            yield f"{unknown} in: {text}" if unknown else ""


def default_as_said(case: Case) -> Iterator[str]:
    """A message, headline, word or advice that would be another one if what nobody said were otherwise, with the same plan."""
    result, drafter = case.base.evaluate({"facts": list(case.facts)}), _drafter(case.base)
    told = _words_of(result, drafter, case.answer.outlook)
    for way in (0, -1):
        swapped = _otherwise(result, case.base, way)
        if swapped.facts.rows != result.facts.rows:
            other = _words_of(swapped, drafter, case.answer.outlook)
            yield "" if other == told else f"{[text for text in told if text not in other]} could be {other}"


def _words_of(result: Result, drafter: Drafter, outlook: str) -> list[object]:
    facts, memory, findings, plan = result
    kinds = [(finding.mistake, memory.program.kinds[finding.mistake[KIND]]) for finding in findings]
    words = [drafter.told(mistake, facts, text) for mistake, kind in kinds for text in (kind.word, *kind.advice.values())]
    messages = [drafter.message(step, plan, findings, facts, outlook) for step in plan.steps]
    return [*messages, drafter.headline(plan, findings, facts, outlook), *words]


def _otherwise(result: Result, base: RuleBase, way: int) -> Result:
    """The same with another value for each that is only assumed."""

    def other(row: Row) -> Row:
        said = result.facts.said.get(row[ID], ())
        values = list(row)
        for place, field in enumerate(base.kinds[row[KIND]].fields, FIRST_VALUE):
            if field.assumes and field.name not in said:
                values[place] = _another(field, way)
        return tuple(values)

    rows = {kind: [other(row) for row in rows] for kind, rows in result.facts.rows.items()}
    findings = [finding._replace(mistake=other(finding.mistake)) for finding in result.findings]
    return result._replace(facts=result.facts._replace(rows=rows), findings=findings)


def _another(field: Field, way: int) -> Any:
    if field.type == "enum":
        return [value for value in field.values if value != field.default][way]
    if field.type == "boolean":
        return not field.default
    if field.type == "set":
        return tuple(value for value in field.values if value not in field.default)
    return 987 if field.is_number else "something else"


MET = re.compile(r"(?<!forward to )\b(our (?:conversation|talk)|we (?:spoke|talked|met)|your time|you told me)\b", re.IGNORECASE)
NO_TALK = {
    "no_show", "rescheduling", "late_arrival", "wrong_location", "wrong_date_or_time", "missing_materials", "wrong_document",
    "papers_do_not_match", "typo_in_application", "missed_deadline", "inappropriate_dress", "dishonesty", "unexplained_gap",
    "salary_misstep", "omitted_information", "misstatement",
}  # fmt: skip
"""Kinds that need no conversation to happen."""


def talk_that_was_not(case: Case) -> Iterator[str]:
    """A message that speaks of a conversation where none took place."""
    kinds = {finding.kind for finding in case.answer.findings}
    nothing_yet = case.of_interview("moment", "after") == "before" or kinds & {"no_show", "rescheduling"}
    signs = [fact for fact in case.facts if case.base.kinds[fact["kind"]].role in ("strength", "signal")]
    if not nothing_yet or signs or kinds - NO_TALK:
        return
    for step in case.answer.steps:
        if step.message is not None:
            found = MET.search(step.message.body)
            yield f"'{found.group()}' in: {step.message.body}" if found else ""


# -- its words

BROKEN = re.compile(
    r"\{\{|\}\}|\{%|%\}|\x00|\x1e|\bNone\b|\b(?:True|False)\b| [,.;:!?]|[,;:.!?]{2}|: (?:and|then|with) |  |\[\]|: ?$"
)


def broken_sentence(case: Case) -> Iterator[str]:
    """Doubled punctuation, an empty clause or what is left of a template, in what a person reads."""
    answer = case.answer
    texts = [answer.headline, *(f.word for f in answer.findings), *(step.title for step in answer.steps)]
    texts += [action.text for action in answer.actions]
    texts += [text for step in answer.steps if step.message for text in (step.message.subject or "", step.message.body)]
    quoted = [value for fact in case.facts for value in fact.values() if isinstance(value, str) and len(value) > 2]
    for text in texts:
        own = text.replace(" ...", " and so on")
        for value in quoted:  # what the record says is as it is
            own = own.replace(value.rstrip(" .,;:"), "it")
        found = BROKEN.search(own)
        yield f"'{found.group()}' in: {text}" if found else ""


def headline_against_plan(case: Case) -> Iterator[str]:
    """A headline that says other than the plan: to leave it beside a repair, to write without a message, and so on."""
    answer, head = case.answer, case.answer.headline
    out = [step for step in answer.steps if outward(step)]
    repairing = [step for step in out if any(action.reach == "repairs" for action in step.actions)]
    repairs, main = bool(repairing), [*repairing, *out][:1]
    acting = answer.verdict in case.base.program.scale.act_within and case.of_interview("moment", "after") != "during"
    says: list[tuple[str, bool]] = [
        ("Leave it", not repairs and not acting),
        ("Let this one go", not repairs),
        ("Go on", not repairs),
        ("Nothing to put right", not repairs and not acting),
        ("Learn from it, and go on", not out),
        ("Nothing went wrong", not answer.findings and not out),
        ("Nothing to send", not out),
        ("no word about it", not repairs),
        ("Write once", [step.channel for step in main] == ["message"]),
        ("Call them", [step.channel for step in main] == ["phone"]),
        ("Now, in the room", [step.occasion for step in main] == ["in_the_room"]),
        ("Tell them now", [step.occasion for step in main] == ["now"]),
        ("When you next speak", [step.occasion for step in main] == ["next_contact"]),
        ("thank-you", any(action.action == "thank_you_note" for step in out for action in step.actions)),
        ("They have decided", case.of_interview("outcome", "pending") == "rejected"),
    ]  # fmt: skip
    yield "" if head.endswith((".", "!", "?")) and head[0].isupper() and len(head.split()) <= 40 else f"no sentence: {head}"
    yield from ("" if right else f"{head} (plan: {_plan(answer)})" for words, right in says if words in head)
    named = any(case.base.actions[action.action].clause in head for step in main for action in step.actions)
    yield "" if named or not repairs else f"{head} (plan: {_plan(answer)})"


def _plan(answer: Assessment) -> str:
    return "; ".join(f"{s.occasion}/{s.channel} {', '.join(a.action for a in s.actions)}" for s in answer.steps)


FAULTS: tuple[Fault, ...] = (
    late_for_its_verdict, calls_for_nothing, out_of_order, contradictory, repeated, without_a_cause, no_such_way,
    bad_message, part_missing, number_of_nobody, default_as_said, talk_that_was_not, broken_sentence, headline_against_plan,
)  # fmt: skip


class Count(NamedTuple):
    """How much could have had a fault, and what had it."""

    looked: int
    found: list[str]


def count(looks: Iterable[str]) -> Count:
    seen = list(looks)
    return Count(len(seen), [what for what in seen if what])


def look(fault: Fault, cases: Iterable[Case]) -> Count:
    """Look for one fault in many cases."""
    return count(what and f"{list(case.facts)}: {what}" for case in cases for what in fault(case))


def main(records: int) -> int:
    base = RuleBase.shipped()
    cases = [Case(record["facts"], base.assess(record), base) for record in sample_records(base, records)]
    faulty = 0
    for fault in FAULTS:
        looked, found = look(fault, cases)
        faulty += len(found)
        meaning = (fault.__doc__ or "").split("\n")[0]
        print(f"{len(found):6} of {looked:6}: {meaning}" + (f" ({found[0]})" if found else ""))
    print(f"figure: {records:,} plans, {len(FAULTS)} faults looked for, {faulty} found")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000))
