"""The evidence of a rule base as text."""

from __future__ import annotations

from collections.abc import Iterator

from misstep.layout.wording import counted, percent
from misstep.rulebase import schema
from misstep.tools.rule_evidence import STANDINGS, EvidenceReport, SourceStatement


def evidence_lines(report: EvidenceReport) -> Iterator[str]:
    """The shares first, then what is amiss, then every rule with its numbers and what its sources say."""
    rules, numbers = len(report.rules), sum(len(each.numbers) for each in report.rules)
    yield f"{counted(rules, 'rule')} with {counted(numbers, 'number or formula', 'numbers and formulas')}"
    for standing, (of_rules, of_numbers) in report.shares.items():
        shares = f"{of_rules:5,} rules {percent(of_rules, rules):>4}  {of_numbers:5,} numbers {percent(of_numbers, numbers):>4}"
        yield f"  {standing:9} {shares}  {STANDINGS[standing]}"
    stated = [each for each in report.rules if each.statements]
    held = sum(len(each.numbers) for each in stated)
    yield f"{counted(len(stated), 'rule')} with {counted(held, 'number')} rest on what a source says of their own kind"
    yield from _section("Numbers with no source", _without_source(report))
    yield from _section("Sources that nothing rests on", _unused(report))
    yield from _section("Statements that no rule encodes", (_statement(each, report) for each in report.unencoded))
    yield from _section("Rules whose sources disagree", _disagreements(report))
    yield ""
    yield "Rule by rule"
    for rule in report.rules:
        yield f"  {rule.rule}: {rule.standing}"
        yield from (f"    {number.place}: {number.text}" for number in rule.numbers)
        for source in rule.sources:
            doc = report.sources[source]
            yield f"    - {source} ({_details(doc)}): {doc.figure or doc.title}"
        yield from (f"    - {_statement(each, report)}" for each in rule.statements)


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    found = list(lines)
    yield ""
    yield f"{title}: {len(found) or 'none'}"
    yield from (f"  {line}" for line in found)


def _without_source(report: EvidenceReport) -> Iterator[str]:
    for rule in report.rules:
        if rule.standing == "unsourced":
            yield from (f"{rule.rule}: {number.place}: {number.text}" for number in rule.numbers)


def _unused(report: EvidenceReport) -> Iterator[str]:
    for name, reason in report.unused.items():
        yield f"{name} ({_details(report.sources[name])})" + (f": {reason}" if reason else "")


def _disagreements(report: EvidenceReport) -> Iterator[str]:
    for rule, low, high in report.disagreements:
        yield f"{rule}: {low.kind}, {low.says}: {low.share:g} % ({low.source}), {high.share:g} % ({high.source})"


def _statement(each: SourceStatement, report: EvidenceReport) -> str:
    share = f": {each.share:g} %" if each.share is not None else ""
    return f"{each.source} ({_details(report.sources[each.source])}) on {each.kind}: {each.says}{share}"


def _details(doc: schema.SourceDoc) -> str:
    """The sort of a source, its place, how many were asked, and its year, as far as it says."""
    asked = f"{doc.sample:,} people" if doc.sample else None
    return ", ".join(str(part) for part in (doc.kind, doc.place, asked, doc.year) if part is not None)
