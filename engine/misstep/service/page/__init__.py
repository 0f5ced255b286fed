"""The page for people: a story of what went wrong, what was understood, the questions that matter, and the answer, as HTML.

``form or link -> story -> step -> record -> assessment and question -> page``. Pure functions of bytes: no state between calls,
and nothing is stored. Without JavaScript the form posts the whole story, and its buttons work on the server; with it, the same
answers are swapped into the page.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from misstep.analysis.certainty import Certainty
from misstep.api import RuleBase
from misstep.assessment.old_names import OldNames
from misstep.assessment.records import RecordLike
from misstep.errors import BudgetError, Problem, RecordError
from misstep.limits import FIXED, Limits
from misstep.rulebase.documents import read_json
from misstep.service.page.answer import PageAnswer, show_answer
from misstep.service.page.asking import Asking, find_asking
from misstep.service.page.catalogue import Catalogue
from misstep.service.page.rendering import Markup
from misstep.service.page.story import Posted, Story, given_kinds, read_form, read_record, too_many

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""What every answer of the page is to be sent with: nothing but the page's own files is loaded, run or asked."""

FILES: Mapping[str, str] = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""The page's own files and their types, to be served below ``page/``."""


MOST_FACTS = FIXED.page_facts  # each of them is a card with a dozen fields
MOST_TRIED = FIXED.page_tried  # facts; trying the answers to what is open about more of them takes seconds


def read_file(name: str) -> bytes:
    """One of the page's own files."""
    return files("misstep.service.page").joinpath("assets", name).read_bytes()


@dataclass(frozen=True, slots=True)
class Reply:
    """A response: HTTP status, content type, body, and the file name of a download."""

    status: int
    type: str
    body: bytes
    download: str = ""


class Page:
    """The page of one rule base. Immutable; share one between threads."""

    def __init__(self, rulebase: RuleBase, limits: Limits | None = None) -> None:
        self._rulebase = rulebase
        given = limits or Limits()
        self._limits = replace(given, facts=min(given.facts, MOST_FACTS))
        self._kinds = given_kinds(rulebase.kinds)
        self._old_names = OldNames(self._kinds.values())
        self._catalogue = Catalogue(rulebase)
        self._markup = Markup(rulebase, self._catalogue)

    def empty(self) -> Reply:
        """The empty page."""
        return self._page(Posted(Story(), {}))

    def form(self, body: bytes) -> Reply:
        """The page after a form was posted."""
        return self._guarded(lambda: self._page(self._posted(body)))

    def record(self, body: bytes) -> Reply:
        """The page of a record, as a link holds it in JSON."""
        try:
            record = None if len(body) > self._limits.record_bytes else read_json(body.decode(), "").data
        except (RecordError, UnicodeDecodeError):
            record = None
        if not isinstance(record, dict | list):
            return self._refused("This link does not hold a case that can be read.")
        record, twice = self._renewed(record)
        story = read_record(record, self._kinds)
        if len(story.facts) > self._limits.facts:
            return self._refused(too_many(self._limits))
        shown = {problem.location.pointer for problem in self._problems(self._completed(story).record()[0])}
        lost = [*twice, *(problem for problem in self._problems(record) if problem.location.pointer not in shown)]
        return self._page(Posted(story, {}, tuple(map(str, lost))))

    def _renewed(self, record: Any) -> tuple[Any, list[Problem]]:
        """A record of a link with the names of today, and the fields that it has under two names."""
        facts = record.get("facts") if isinstance(record, dict) else record
        if not isinstance(facts, list):
            return record, []
        renewed = self._old_names.renew(facts)
        return {**record, "facts": renewed.facts} if isinstance(record, dict) else renewed.facts, renewed.problems

    def assessment_json(self, body: bytes) -> Reply:
        """The assessment of a posted form, as a download."""
        return self._kept(body, "assessment.json", self._rulebase.assess_json)

    def record_json(self, body: bytes) -> Reply:
        """The record of a posted form, as a download: ``misstep assess`` takes it."""
        return self._kept(body, "interview.json", lambda record: json.dumps(json.loads(record), indent=2).encode() + b"\n")

    def _kept(self, body: bytes, name: str, make: Callable[[bytes], bytes]) -> Reply:
        def keep() -> Reply:
            posted = self._posted(body)
            record, _ = self._completed(posted.story).record()
            if self._problems(record):
                return self._page(posted)
            return Reply(200, "application/json", make(json.dumps(record).encode()), name)

        return self._guarded(keep)

    def _guarded(self, reply: Callable[[], Reply]) -> Reply:
        """A body that is not a form of this page gets the empty page with an error."""
        try:
            return reply()
        except RecordError as error:
            return self._refused(*map(str, error.problems))

    def _refused(self, *wrong: str) -> Reply:
        return self._page(Posted(Story(), {}, wrong))

    def _posted(self, body: bytes) -> Posted:
        posted = read_form(body, self._kinds, self._old_names, self._limits)
        story, asked = posted.story, posted.asked
        if kind := self._kinds.get(asked.get("add", "")):
            if len(story.facts) >= self._limits.facts:
                return replace(posted, wrong=(*posted.wrong, too_many(self._limits)))
            return replace(posted, story=story.add(kind), asked={"added": kind.name})
        if (place := asked.get("remove", "")).isascii() and place.isdigit() and len(place) < 10:
            return replace(posted, story=story.remove(int(place)), asked={"removed": place})
        if (place := asked.get("example", "")).isascii() and place.isdigit() and len(place) < 10:
            return self._read(replace(posted, story=replace(story, text=self._markup.example(int(place)))))
        answers = "choose" in asked or (asked.get("see") == "answer" and any(posted.replies))
        step = "next" if answers else asked.get("step", "")
        if step == "read":
            return self._read(posted)
        return replace(posted, story=self._after(step, posted), asked={**asked, "step": step})

    def _read(self, posted: Posted) -> Posted:
        """What a text tells, to be confirmed."""
        try:
            found = self._rulebase.suggest(posted.story.text, of_interview=True)
        except RecordError as error:
            return replace(posted, wrong=(*posted.wrong, *map(str, error.problems)))
        story = posted.story.with_suggestions(found, self._kinds, self._limits.facts)
        read = any(fact.unsure for fact in story.facts)
        return replace(posted, story=story, asked={"step": "read" if read else "nothing" if story.text.strip() else "empty"})

    def _after(self, step: str, posted: Posted) -> Story:
        """The story after a button of the page."""
        story, question = posted.story, posted.asked.get("question", "")
        asked = story.asked_about(question)
        if step == "confirm":
            return story.confirmed()
        if step == "back":
            return story.back()
        if asked is None:
            return story
        if "choose" in posted.asked:
            return story.answered(question, posted.asked["choose"])
        if step == "next" and asked.kind.by_name[question.rpartition(".")[2]].type == "set":
            return story.answered(question, tuple(filter(None, posted.replies)))
        if step == "next" and any(posted.replies):
            return story.answered(question, posted.replies[-1])
        return story.skipped(question) if step in ("next", "skip") else story

    def _completed(self, story: Story) -> Story:
        return story.completed(self._kinds.values())

    def _problems(self, record: RecordLike) -> tuple[Problem, ...]:
        try:
            self._rulebase.assess(record)
        except RecordError as error:
            return error.problems
        return ()

    def _certainty(self, record: RecordLike) -> Certainty | None:
        """The certainty of the answer; None if it would exceed the limits."""
        try:
            return self._rulebase.certainty(record)
        except BudgetError:
            return None

    def _page(self, posted: Posted) -> Reply:
        story = self._completed(posted.story)
        given, given_places = story.record()
        problems = self._problems(given)
        record, places = _without(given, given_places, problems)
        while problems and (more := self._problems(record)):  # a value that is left out may be one that is needed
            record, places = _without(record, places, more)
        answer: PageAnswer | None = None
        asking = Asking()
        assessment = self._rulebase.assess(record)
        if assessment.findings:
            wanted = {each.action for each in self._rulebase.evaluate(record).memory.recommendations}
            found = self._rulebase.counterfactuals(record)
            few = len(places) <= MOST_TRIED
            certainty = self._certainty(record) if few else None
            answer = show_answer(assessment, found, certainty, self._rulebase.program, places, wanted)
            asking = find_asking(self._rulebase, story, record["facts"], places) if few else asking
        html = self._markup.page(story, posted.asked, answer, asking, problems, given_places, posted.wrong)
        return Reply(422 if problems or posted.wrong else 200, "text/html; charset=utf-8", html.encode(errors="replace"))


def _without(record: Mapping[str, Any], places: Sequence[int], problems: Iterable[Problem]) -> tuple[dict[str, Any], list[int]]:
    """A record without the values that are wrong, and without the facts that lack one or are wrong themselves; without anything
    where the record itself is. One bad value does not hide the answer to the rest."""
    facts: list[dict[str, Any] | None] = [dict(fact) for fact in record["facts"]]
    for problem in problems:
        steps = problem.location.pointer.split("/")
        if steps[1:2] != ["facts"] or len(steps) < 3:
            return {"facts": []}, []
        place = int(steps[2])
        fact = facts[place]
        if fact is not None and len(steps) > 3 and steps[3] in fact and steps[3] not in ("kind", "id"):
            del fact[steps[3]]
        elif fact is not None:
            facts[place] = None
    left = [(fact, place) for fact, place in zip(facts, places, strict=True) if fact is not None]
    return {**record, "facts": [fact for fact, _ in left]}, [place for _, place in left]
