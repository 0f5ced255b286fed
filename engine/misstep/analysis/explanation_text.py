"""Lay out explanations, and answers to "why not", as documents for people; and an explanation as a graph in Mermaid."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from misstep.analysis.counterfactuals import Counterfactual, Counterfactuals
from misstep.analysis.explanation import ExplainedAction, ExplainedFinding, ExplainedReason, Explanation
from misstep.analysis.what_if import WhatIf
from misstep.analysis.why_not import WhyNot
from misstep.assessment.phrases import show
from misstep.assessment.statement import TOGETHER, source_details
from misstep.errors import listing
from misstep.language.effects import EFFECTS
from misstep.language.program import OUTLOOK
from misstep.layout.document import Block, Inline, Point, Points, ReportDocument, Run, Section, Table
from misstep.layout.wording import spaced

MOST_IDLE = 3
"""Reasons that are not decisive and are named; of more of them the number is."""
MOST_RULES = 3
"""Rules that are shown where several could have done it."""


def explanation_document(explained: Explanation) -> ReportDocument:
    """What led to the answer: findings, the interview as a whole, actions, what to avoid, and the facts."""
    lead: list[Inline] = [Run(explained.headline, "strong"), explained.summary]
    sections = [Section(_scores(each), [_reasons(each.because)]) for each in explained.findings]
    if explained.overall:
        sections.append(Section(TOGETHER, [_reasons(explained.overall)]))
    if explained.actions:
        sections.append(Section("What to do", [Points([_action(each) for each in explained.actions])]))
    if explained.avoid:
        sections.append(Section("What to avoid", [Points([_action(each) for each in explained.avoid])]))
    facts = [
        Point((Run(each.fact, "strong"), f": {_fact(each.kind, each.values)}"), _points(each.because)) for each in explained.facts
    ]
    sections.append(Section("Facts, as stated and as concluded", [Points(facts)]))
    if explained.sources:
        sources = [Point((Run(each.id, "strong"), f": {each.title}{source_details(each)}")) for each in explained.sources]
        sections.append(Section("Sources", [Points(sources)]))
    return ReportDocument(f"Explanation of {explained.id}" if explained.id else "", lead, sections)


def _scores(finding: ExplainedFinding) -> str:
    seen = f", noticed {finding.noticed:.0%}" if finding.noticed_level else ""
    urgency = f", urgency {show(finding.urgency)} {finding.urgency_level}" if finding.urgency_level else ""
    severity = f"severity {show(finding.severity)} {finding.severity_band}"
    return f"{finding.title} ({finding.fact}): {severity}{seen}{urgency}, {spaced(finding.verdict)}"


def _fact(kind: str, values: Mapping[str, object]) -> str:
    said = ", ".join(f"{name} {show(', '.join(value) if isinstance(value, tuple) else value)}" for name, value in values.items())
    return f"{kind} ({said})" if said else kind


def _action(action: ExplainedAction) -> Point:
    about = f" for {listing(action.targets)}" if action.targets else ""
    parts: list[Points | Inline] = [*_points(action.because), *_points(action.against)]
    if len(parts) > 1:
        parts.insert(1, "Not for all of them:")
    return Point((Run(action.title, "strong"), f" ({action.action}){about}"), parts)


def _points(reasons: Sequence[ExplainedReason]) -> list[Points]:
    return [_reasons(reasons)] if reasons else []


def _reasons(reasons: Sequence[ExplainedReason]) -> Points:
    """Reasons with one text once, from all of their facts: the decisive ones, and those of the others that weigh most."""
    merged: dict[tuple[object, ...], ExplainedReason] = {}
    for each in reasons:
        key = (each.rule, each.text, tuple(each.amounts.items()), each.decisive)
        known = merged.get(key)
        merged[key] = each if known is None else replace(known, facts=(*known.facts, *each.facts))
    idle = [each for each in merged.values() if not each.decisive]
    left_out = idle[MOST_IDLE:] if idle and idle[0].amounts else []
    points = [_reason(each) for each in merged.values() if each not in left_out]
    more = [Point(Run(f"and {len(left_out)} more, none of them decisive", "dim"))] if left_out else []
    return Points([*points, *more])


def _reason(reason: ExplainedReason) -> Point:
    facts = [
        f"{word} {listing(dict.fromkeys(names))}"
        for word, names in (("from", reason.facts), ("counted", reason.counted))
        if names
    ]
    below: list[str] = ["; ".join(facts), f"because {', '.join(reason.absent)}" if reason.absent else ""]
    below.append(f"sources: {', '.join(reason.sources)}" if reason.sources else "")
    amounts = ", ".join(_amount(dimension, amount) for dimension, amount in reason.amounts.items())
    head: list[str | Run] = [f"{reason.text} ", Run(f"({reason.rule})", "dim"), f": {amounts}" if amounts else ""]
    if reason.decisive and amounts:
        head += [", ", Run("decisive", "strong")]
    return Point(tuple(head), [Run(line, "dim") for line in below if line])


def _amount(dimension: str, amount: float | str) -> str:
    if isinstance(amount, str):
        return f"{dimension} at {'best' if dimension == OUTLOOK else 'least'} {spaced(amount)}"
    sign = next(form.sign for key, form in EFFECTS.items() if key == dimension)
    return f"{dimension} {sign * amount:+g}"


# -- why not


def why_not_document(found: WhyNot, subject: str) -> ReportDocument:
    """Why a rule did not fire, or an action is not planned; ``subject``: "rule" or "action"."""
    done = "has fired" if subject == "rule" else "is in the plan"
    name: Inline = (Run(found.name, "strong"), f" {done}." if found.holds else f": {why_text(found)}")
    blocks: list[Block] = [] if found.holds else [*_near(found), *_behind(found)]
    return ReportDocument("", [name], [Section("", blocks)] if blocks else [])


def why_text(found: WhyNot) -> str:
    """The condition that failed, in a clause."""
    share = f" ({found.met} of {found.asked} conditions hold)" if found.asked > 1 and found.met else ""
    failed = found.failed if found.failed.startswith(("there is", "no ")) or not found.asked else f"{found.failed} does not hold"
    return f"{failed}{share}"


def near_texts(found: WhyNot) -> list[str]:
    """The facts that came nearest, each with the values that the condition read."""
    texts = []
    for match in found.near:
        values = ", ".join(f"{name} is {show(value)}" for name, value in match.values.items())
        texts.append(": ".join(filter(None, (listing(match.facts), values))))
    return texts


def _near(found: WhyNot) -> list[Points]:
    points = [Point(text) for text in near_texts(found)]
    rest = found.nearest - len(found.near)
    if found.near and rest > 0:
        points.append(Point(Run(f"and {rest} more", "dim")))
    return [Points(points)] if points else []


def _behind(found: WhyNot) -> list[Points]:
    points = [
        Point((Run(each.name, "strong"), f" would: {why_text(each)}"), [*_near(each), *_behind(each)])
        for each in found.rules[:MOST_RULES]
    ]
    rest = len(found.rules) - len(points)
    if rest > 0:
        points.append(Point(Run(f"and {rest} more rules would", "dim")))
    return [Points(points)] if points else []


# -- other facts


def what_if_document(found: WhatIf) -> ReportDocument:
    """The answer as it is beside the one with other facts."""
    changes = [Point(f"{each.fact}.{each.field}: {show(each.given)} → {show(each.instead)}") for each in found.changes]
    now, then = found.now, found.then
    rows: list[list[Inline]] = [
        ["damage", show(now.damage), show(then.damage)],
        ["after the plan", show(now.damage_after), show(then.damage_after)],
        ["band", now.band, then.band],
        ["verdict", spaced(now.verdict), spaced(then.verdict)],
    ]
    if now.outlook:
        rows.append(["outlook", spaced(now.outlook), spaced(then.outlook)])
    told: list[Inline] = [f"As it is: {now.headline}", f"Then: {then.headline}"]
    rules = [
        Point((Run(title, "strong"), ", ".join(names)))
        for title, names in (("Rules that fire then: ", found.starts), ("Rules that no longer fire: ", found.stops))
        if names
    ]
    blocks: list[Block] = [Table(("", "as it is", "then"), rows), *told, *([Points(rules)] if rules else [])]
    return ReportDocument("", [], [Section("What if", [Points(changes), *blocks])])


def counterfactual_document(found: Counterfactuals) -> ReportDocument:
    """The smallest changes that would have lowered the band."""
    lead: list[Inline] = [f"Now: damage {show(found.damage)} of 100, {found.band}, {spaced(found.verdict)}."]
    sections = [
        Section(title, [Points([_counterfactual(each) for each in changes])])
        for title, changes in (("It would have been milder", found.changes), ("What the record leaves open", found.unsaid))
        if changes
    ]
    if not sections:
        lead.append("No change of one fact lowers the band." if found.complete else "No change that was tried lowers the band.")
    if not found.complete:
        lead.append(Run(f"Not every change was tried: {found.tried} were, as the limit allows.", "dim"))
    return ReportDocument("", lead, sections)


def _counterfactual(change: Counterfactual) -> Point:
    if change.field is None:
        what = f"without {change.fact}"
    else:
        what = f"{change.fact}.{change.field}: {show(change.given)} → {show(change.instead)}"
    return Point((Run(what, "strong"), f": damage {show(change.damage)}, {change.band}, {spaced(change.verdict)}"))


# -- Mermaid


def to_mermaid(explained: Explanation) -> str:
    """The explanation as a flowchart from facts over rules to findings and actions."""
    lines: dict[str, None] = {}
    kinds = {each.fact: each.kind for each in explained.facts}

    def reasons(of: str, because: Iterable[ExplainedReason]) -> None:
        for each in because:
            rule = _node("r", each.rule)
            lines[f'  {rule}["{_label(each.text)}"]'] = None
            for fact in (*each.facts, *each.counted):
                lines[f"  {_node('f', fact)} --> {rule}"] = None
            lines[f"  {rule} {'==>' if each.decisive else '-->'} {of}"] = None

    for each in explained.facts:
        lines[f'  {_node("f", each.fact)}(["{_label(f"{each.fact}: {kinds[each.fact]}")}"])'] = None
    for each in explained.facts:
        reasons(_node("f", each.fact), each.because)
    for finding in explained.findings:
        node = _node("s", finding.fact)
        lines[f'  {node}{{{{"{_label(_scores(finding))}"}}}}'] = None
        reasons(node, finding.because)
    for action in explained.actions:
        node = _node("a", action.action)
        lines[f'  {node}[["{_label(action.title)}"]]'] = None
        reasons(node, action.because)
    return "\n".join(["flowchart LR", *lines]) + "\n"


def _node(sort: str, name: str) -> str:
    """The name of a node: letters, digits and _ only, another one for every other name."""
    return f"{sort}_" + re.sub(r"[^A-Za-z0-9]", lambda sign: f"_{ord(sign[0]):x}_", name)


def _label(text: str) -> str:
    """A text inside of quotes, escaped as Mermaid asks for."""
    return re.sub(r'["#<>&`\\]', lambda sign: f"#{ord(sign[0])};", " ".join(text.split()))
