"""Outcomes of cases as JUnit XML, which build servers show: a suite for each pack."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from misstep.errors import printable
from misstep.tools.ruletest import CaseOutcome


def to_junit(outcomes: Sequence[CaseOutcome]) -> bytes:
    """A document of JUnit XML, UTF-8."""
    failed = sum(not outcome.passed for outcome in outcomes)
    root = Element("testsuites", name="misstep", tests=str(len(outcomes)), failures=str(failed))
    for pack, cases in groupby(outcomes, key=lambda outcome: outcome.pack):
        of_pack = list(cases)
        failed = sum(not outcome.passed for outcome in of_pack)
        suite = SubElement(root, "testsuite", name=pack, tests=str(len(of_pack)), failures=str(failed))
        for outcome in of_pack:
            place = outcome.location
            name = printable(outcome.name)
            case = SubElement(suite, "testcase", classname=pack, name=name, file=printable(place.file), line=str(place.line))
            if not outcome.passed:
                texts = [f"{each.what}: expected {each.expected}, got {each.got}" for each in outcome.failures]
                failure = SubElement(case, "failure", message=printable(texts[0]))
                failure.text = "\n".join(printable(text) for text in texts)
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"
