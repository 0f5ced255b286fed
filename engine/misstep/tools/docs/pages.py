"""Render the pages of a book as Markdown, by path.

A rule has a page of its own, ``rules/ID.md``: a reader who meets its id in an assessment finds it under that address and in
the search, and a chapter stays short enough to be read.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from functools import partial

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from misstep.analysis.explanation_text import near_texts, why_text
from misstep.assessment.phrases import span_of_time
from misstep.assessment.statement import source_details, state
from misstep.assessment.text import to_text
from misstep.language.expression import Constants, Literal
from misstep.language.facts import ROLES, Field, Kind
from misstep.language.program import Action, Rule, Source, Usual
from misstep.layout.wording import counted, name_from_id, spaced
from misstep.tools.docs import markdown
from misstep.tools.docs.book import Book, Chapter, is_every_kind
from misstep.tools.docs.condition_words import constant, number
from misstep.tools.docs.examples import CaseExample, rule_changes, rule_sums
from misstep.tools.docs.rulewords import RuleWords
from misstep.tools.rule_evidence import STANDINGS, standing_of

Thing = Kind | Rule | Action | Source | Chapter
Pages = dict[str, str]

REACHES = {
    "repairs": "deals with the {0.mistake} towards {0.other_side}",
    "plain": "contact that does not mention the {0.mistake}",
    "private": "only for oneself",
}
HITS = {
    "unique": "Each case has one row.",
    "first": "The first row that takes a case holds.",
    "collect": "All rows that take a case hold.",
}
SOURCE_KINDS = {"survey": "Survey", "study": "Study", "expert": "Advice of experts", "practice": "Judgement from practice"}
WIDTH = 76  # columns of an assessment: it has room for figures, and a page beside its lists has room for it


_FOLDERS: dict[type, str] = {Kind: "kinds", Rule: "rules", Action: "actions", Source: "sources", Chapter: "chapters"}


def path_of(thing: Thing) -> str:
    """The address of a page: it never changes while the name does not."""
    return f"{_FOLDERS[type(thing)]}/{thing.name if isinstance(thing, Kind) else thing.id}.md"


def title_of(thing: Thing) -> str:
    """How a thing is called; a rule without a title by its id."""
    if thing.title or not isinstance(thing, Rule):
        return thing.title
    return name_from_id(thing.id).capitalize()


def render(book: Book, guide: Mapping[str, str]) -> Pages:
    """All pages of a book; ``guide`` are the titles of hand-written pages by path, which the first page leads to."""
    writer = _Writer(book)
    pages = {"index.md": writer.page("index.md", "home.md", guide=guide)}
    for listing in ("kinds", "rules", "actions", "sources", "scale"):
        pages[f"{listing}.md"] = writer.page(f"{listing}.md", f"{listing}.md")
    program = book.program
    for template, things in (
        ("chapter", book.chapters),
        ("kind", program.kinds.values()),
        ("rule", program.rules.values()),
        ("action", program.actions.values()),
        ("source", program.sources.values()),
    ):
        for thing in things:
            pages[path_of(thing)] = writer.page(path_of(thing), f"{template}.md", **{template: thing})
    return pages


class _Writer:
    """Fills the templates; all that they show is escaped, unless it is Markdown already."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._environment = Environment(
            loader=PackageLoader("misstep.tools.docs"),
            autoescape=True,
            finalize=markdown.escape,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        chapters = {chapter.id: chapter for chapter in book.chapters}
        words = book.program.scale.words
        self._environment.globals |= {
            "book": book,
            "program": book.program,
            "scale": book.program.scale,
            "occasion_titles": [occasion.title.lower() for occasion in book.program.scale.occasions.values()],
            "examples": book.examples,
            "opening": _opening(book),
            "roles": ROLES,
            "chapters": chapters,
            "title": title_of,
            "code": markdown.code,
            "fence": markdown.fence,
            "address": markdown.address,
            "joined": markdown.joined,
            "number": number,
            "summary": lambda assessment: state(assessment, book.program.scale).summary,
            "span_of_time": span_of_time,
            "facts": _facts,
            "report": self._report,
            "source_year": lambda source: source_details(source, figure=False),
            "counted": lambda things, *nouns: counted(things if isinstance(things, int) else len(things), *nouns),
            "template": _template,
            "some": lambda things: len(things) or "",
            "badge": _badge,
            "spaced": spaced,
            "named": lambda name: _named(book.merged.named.nodes[name]),
            "values": _values,
            "worse": _worse,
            "field_default": _default,
            "role_titles": ROLES | {"mistake": words.mistakes.capitalize()},
            "reaches": {reach: text.format(words) for reach, text in REACHES.items()},
            "hits": HITS,
            "source_kinds": SOURCE_KINDS,
            "links": lambda things, link: map(link, things),
            "excluded_by": lambda action: [book.program.actions[name] for name in action.excludes],
            "group_of": lambda action: [a for a in book.program.actions.values() if a.group == action.group],
            "usual_of": self._usual_of,
            "usual_on": self._usual_on,
            "sources_of": lambda usual: [book.program.sources[name] for name in usual.sources],
            "shares": _shares,
            "rule_changes": rule_changes,
            "rule_sums": rule_sums,
            "why_not": lambda example, rule: book.rulebase.why_not(example.facts, rule.id),
            "why_text": why_text,
            "near_texts": near_texts,
            "standing": lambda rule: STANDINGS[standing_of(rule, book.program)],
            "own_fields": book.program.own_fields,
            "role_fields": lambda kind: book.program.roles.get(kind.role, ()),
            "widely": self._widely,
        }
        verdicts = book.program.scale.verdicts
        self._environment.filters |= {
            "spaced": spaced,
            "badge_of": lambda verdict: _badge(verdict, verdicts.index(verdict), len(verdicts)),
        }
        self._environment.tests["about"] = lambda rule, kind: book.about(rule) == kind.name

    def page(self, path: str, template: str, **data: object) -> str:
        """One page."""
        link = partial(_link, "../" * path.count("/"))
        words = partial(RuleWords, program=self._book.program, link=link)
        return _tidy(self._environment.get_template(template).render(link=link, words=words, **data))

    def _report(self, example: CaseExample) -> Markup:
        text = to_text(example.assessment, self._book.program.scale, WIDTH)
        return markdown.fence(text.rstrip("\n"), "text")

    def _usual_of(self, kind: Kind) -> Sequence[tuple[str, Usual]]:
        """The usual answers to the fields of a kind, declared for it or for its role."""
        usual = self._book.program.usual
        found = ((f.name, usual.get(f"{kind.name}.{f.name}") or usual.get(f"{kind.role}.{f.name}")) for f in kind.fields)
        return [(name, each) for name, each in found if each is not None]

    def _usual_on(self, source: Source) -> Sequence[object]:
        """The fields whose usual answers rest on a source."""
        return [markdown.code(place) for place, usual in self._book.program.usual.items() if source.id in usual.sources]

    def _widely(self, kind: Kind) -> Sequence[Rule]:
        """Rules that look at every kind of its role."""
        return [
            rule
            for chapter in self._book.chapters
            for rule in chapter.rules
            if any(is_every_kind(p, self._book.program) and kind.name in p.kinds for p in rule.patterns)
        ]


def _link(up: str, thing: Thing | str, text: object = None) -> Markup:
    """A link from a page at this depth, to a thing or to the path of a page."""
    if isinstance(thing, str):
        return markdown.link(text, up + thing)
    return markdown.link(title_of(thing) if text is None else text, up + path_of(thing))


def _opening(book: Book) -> CaseExample | None:
    """The example that shows how an answer looks: the plainest with more than one mistake."""
    plainest = [*book.examples.all[:1], *(e for e in book.examples.all if len(e.assessment.findings) > 1)]
    return plainest[1] if len(plainest) > 1 else plainest[0] if plainest else None


def _facts(example: CaseExample) -> Markup:
    """The facts of an example, as `misstep assess` takes them."""
    rows = ",\n ".join(json.dumps(fact, ensure_ascii=False) for fact in example.facts)
    return markdown.fence(f"[{rows}]", "json")


def _named(node: Literal | Constants) -> Markup:
    """The value of a constant."""
    return constant(node.value if isinstance(node, Literal) else node.values)


def _values(field: Field) -> Markup:
    """The values of a field."""
    if field.values:
        words = markdown.joined(map(markdown.code, field.values))
        form = "any of {}" if field.type == "set" else "{}, from low to high" if field.ordered else "{}"
        return markdown.say(form, words)
    return markdown.escape(field.expected().removesuffix(", or left out if unknown"))


def _shares(usual: Usual) -> Markup:
    """The answers with their shares in percent, most frequent first."""
    total = sum(weight for _, weight in usual.answers)
    answers = sorted(usual.answers, key=lambda each: -each[1])
    return markdown.joined(
        markdown.say("{} {} %", constant(answer), number(round(100 * weight / total, 1))) for answer, weight in answers
    )


def _worse(field: Field) -> Markup | str:
    """Which change of a field makes things worse."""
    if field.worse is None or field.worse in ("higher", "lower"):
        return str(field.worse or "")
    return constant(field.worse)


def _badge(word: str, rank: int, count: int) -> Markup:
    """A word of the scale, colored by its rank among so many."""
    return markdown.span(spaced(word), f"rank-{round(4 * rank / max(1, count - 1))}")


def _template(text: str) -> Markup:
    """A template of a message in lines that fit on a page, a choice on each."""
    whole = re.sub(r"\{[{%#].*?[}%#]\}", _unbroken, " ".join(text.split()))
    choices = re.sub(r"\s*(?=\{%\s(?:elif|else))", "\n", whole).splitlines()
    lines = [line for choice in choices for line in _WRAPPER.wrap(choice)]
    return markdown.fence("\n".join(lines).replace("\N{NO-BREAK SPACE}", " "), "jinja")


_WRAPPER = textwrap.TextWrapper(WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _unbroken(mark: re.Match[str]) -> str:
    """A mark of a template, which no line break may part unless it is longer than a line."""
    return mark[0] if len(mark[0]) > WIDTH - 2 else mark[0].replace(" ", "\N{NO-BREAK SPACE}")


def _default(field: Field, role: str) -> Markup | str:
    """The default of a field."""
    if field.unknown:
        return "unknown"
    if role == "derived":
        return ""
    return "must be given" if field.default is None else constant(field.default)


def _tidy(text: str) -> str:
    """Collapse blank lines, and put one before each heading; blocks of text stay as they are."""
    lines: list[str] = []
    fence = ""
    for line in text.splitlines():
        if not fence and line.startswith("```"):
            fence = line[: len(line) - len(line.lstrip("`"))]
        elif fence and line == fence:
            fence = ""
        if not fence and line.startswith("#") and lines and lines[-1]:
            lines.append("")
        if fence or line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip() if not fence else line)
    return "\n".join(lines).strip("\n") + "\n"
