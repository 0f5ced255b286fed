"""Link the ``scale`` sections of packs: bands, levels, the verdict table, the plan and the message.

All of them but ``severity`` may be left out; docs/rule-packs.md has the meaning of each that is not there.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise, product
from typing import Any

from misstep.errors import listing
from misstep.language.facts import TRAITS
from misstep.language.scale import (
    NO_LEVELS,
    Levels,
    MessagePart,
    Occasion,
    PageExample,
    PageHelp,
    PageWords,
    Scale,
    ScaleWords,
    SectionWords,
)
from misstep.rulebase import schema
from misstep.rulebase.packs import Merged, PackEntry

CERTAIN = 20.0
"""Doublings of the odds that make a chance 1, to six digits: where there is no chance of notice, everything is noticed."""

VerdictTable = tuple[tuple[tuple[int, ...], ...], ...]
"""Verdicts as ranks, by severity band, noticed level and urgency level."""


def link_scale(merged: Merged) -> Scale | None:
    """The scale of the merged sections; None if a section is wrong, or there are no bands, which is reported."""
    sections = merged.scale
    if {name for section, name in merged.broken if section == "scale"} - {"words", *sections}:
        return None
    if "severity" not in sections:
        present = next((e.pack for e in sections.values()), merged.packs[0])
        present.report(
            "the scale lacks `severity`, the bands that every scale has; declare it, or begin with `extends: scale` and "
            "change its sections with `replace: true`",
            "scale",
        )
        return None
    before = len(merged.problems)
    docs: dict[str, Any] = {name: entry.doc for name, entry in sections.items()}
    severity = _levels(sections["severity"], "bands")
    noticed, urgency = (_levels(sections[s], "levels") if s in sections else NO_LEVELS for s in ("noticed", "urgency"))
    weights = _weights(merged, noticed)
    verdicts: list[str] = docs["verdicts"].order if "verdicts" in docs else list(severity.words)
    table = _table(merged, (severity, noticed, urgency))
    message: schema.MessageDoc = docs.get("message", schema.MessageDoc(channels=[], max_words=1))
    plan: schema.PlanDoc = docs.get("plan", schema.PlanDoc())
    parts = tuple(_part(doc) for doc in message.parts)
    traits = {f"{trait}s": tuple(docs[f"{trait}s"].values) if f"{trait}s" in docs else () for trait in TRAITS}
    for section, words in traits.items():
        if section in docs:
            _check_unique(sections[section], "values", words)
            _check_trait(merged, section)
    for section in ("verdicts", "outlooks"):
        if section in docs:
            _check_unique(sections[section], "order", docs[section].order)
    if "message" in docs:
        _check_unique(sections["message"], "parts", [part.name for part in parts])
    if plan.private is not None:
        there = None if plan.occasions else "; there are no occasions"
        sections["plan"].knows("occasion", plan.private, plan.occasions, "private", otherwise=there)
    if plan.act_within is not None:
        _check_act_within(sections["plan"], plan.act_within, verdicts)
    if len(merged.problems) > before:
        return None
    return Scale(
        **traits,
        severity=severity,
        noticed=noticed,
        noticed_start=docs["noticed"].start if "noticed" in docs else CERTAIN,
        urgency=urgency,
        overall_weights=tuple(weights[word] for word in noticed.words),
        verdicts=tuple(verdicts),
        table=table,
        outlooks=tuple(docs["outlooks"].order) if "outlooks" in docs else ("",),
        max_actions=len(merged.actions) if plan.max_actions is None else plan.max_actions,
        max_relief=plan.max_relief,
        ways=plan.ways or "",
        private=plan.private or "",
        unable=plan.act_within.otherwise if plan.act_within else "",
        act_within=plan.act_within.hours if plan.act_within else {},
        occasions={name: Occasion(place, doc.title) for place, (name, doc) in enumerate(plan.occasions.items())},
        headline=plan.headline,
        message_channels=tuple(message.channels),
        message_spoken=message.spoken,
        message_max_words=message.max_words,
        message_parts=parts,
        message_subject=message.subject,
        message_opening=message.opening,
        message_closing=message.closing,
        words=_words(docs.get("words", schema.WordsDoc())),
    )


def _words(doc: schema.WordsDoc) -> ScaleWords:
    """The declared words, and the general ones for the others."""
    given = doc.model_dump(exclude_none=True, exclude={"replace"})
    page = given.pop("page")
    sections = {role: SectionWords(**words) for role, words in page.pop("sections").items()}
    examples = tuple(PageExample(**example) for example in page.pop("examples"))
    places = tuple(PageHelp(**place) for place in page.pop("help"))
    for noun, plural in (("record", "records"), ("mistake", "mistakes")):
        if noun in given:
            given[noun], given[plural] = given[noun]["one"], given[noun]["many"]
    shown = PageWords(sections=PageWords().sections | sections, examples=examples, help=places, **page)
    return ScaleWords(page=shown, **given)


def _check_trait(merged: Merged, section: str) -> None:
    """Report words of a trait that kinds of earlier layers would lose, and wrong words under ``by_concern``."""
    entry: PackEntry[schema.TraitDoc] = merged.scale[section]
    trait, words = section.removesuffix("s"), entry.doc.values
    lost: dict[str, list[str]] = {}
    for kind in merged.kinds.values():
        word = getattr(kind.doc, trait)
        if word is not None and word not in words and kind.pack.layer < entry.pack.layer:
            lost.setdefault(word, []).append(str(kind.path[-1]))
    for word, kinds in lost.items():
        what = f"`values` lacks '{word}', the {trait} of {listing(kinds, 3)}; keep it, or replace these kinds too"
        entry.report(what, "values")
    by_concern: dict[str, str] = getattr(entry.doc, "by_concern", {})  # concerns themselves have none
    concerns: PackEntry[schema.ConcernsDoc] | None = merged.scale.get("concerns")
    if concerns is None:
        if by_concern:
            entry.report("`by_concern` needs the section `concerns`, which the scale lacks", "by_concern")
        return
    gone = [concern for concern in by_concern if concern not in concerns.doc.values]
    if gone and concerns.pack.layer > entry.pack.layer:  # the later declaration is at fault
        what = f"`by_concern` of scale.{section} has {listing(gone)}, no concern any more; replace that section too"
        concerns.report(what, "values")
        gone = []
    for concern in gone:
        entry.knows("concern", concern, concerns.doc.values, "by_concern", concern)
    for concern, word in by_concern.items():
        entry.knows(trait, word, words, "by_concern", concern)


def _check_act_within(entry: PackEntry[schema.Doc], within: schema.ActWithinDoc, verdicts: Collection[str]) -> None:
    for word in within.hours:
        entry.knows("verdict", word, verdicts, "act_within", "hours", word)
    if within.otherwise in verdicts:
        what = f"'{within.otherwise}' is a verdict of the table; this needs a word of its own"
        entry.report(what, "act_within", "otherwise")


def _weights(merged: Merged, noticed: Levels) -> dict[str, float]:
    """How much a severity counts for the whole, by the level of notice: in full where nothing is said of it."""
    overall: PackEntry[schema.OverallScaleDoc] | None = merged.scale.get("overall")
    if overall is None:
        return dict.fromkeys(noticed.words, 1.0)
    if noticed == NO_LEVELS:
        overall.report("`weights` are by the levels of `noticed`, a section that the scale lacks", "weights")
    else:
        _check_words(overall, ("weights",), overall.doc.weights, merged.scale["noticed"], noticed)
    return overall.doc.weights


def _levels(entry: PackEntry[schema.Doc], key: str) -> Levels:
    levels: dict[str, float] = getattr(entry.doc, key)
    ends = list(levels.values())
    if ends[0] != 0 or any(b <= a for a, b in pairwise(ends)):
        entry.report("the lower ends must begin with 0 and ascend", key)
    return Levels(tuple(levels), tuple(ends))


def _part(doc: str | schema.PartDoc) -> MessagePart:
    return MessagePart(doc) if isinstance(doc, str) else MessagePart(doc.part, doc.sentences or 0, doc.last, doc.says)


def _check_unique(entry: PackEntry[schema.Doc], key: str, words: Collection[str]) -> None:
    seen: set[str] = set()
    for i, word in enumerate(words):
        if word in seen:
            entry.report(f"'{word}' stands twice in `{key}`", key, i)
        seen.add(word)


def _check_words(
    entry: PackEntry[schema.Doc], path: tuple[str, ...], given: Collection[str], declared: PackEntry[schema.Doc], levels: Levels
) -> bool:
    """Whether a table has every level and nothing else. Of the two declarations the later one is at fault."""
    for word in levels.words:
        if word not in given and declared.pack.layer > entry.pack.layer:
            declared.report(f"`{path[-1]}` of scale.{entry.path[-1]} lacks '{word}'; replace that section too")
        elif word not in given:
            entry.report(f"`{path[-1]}` lacks '{word}'", *path)
    for word in given:
        entry.knows("word", word, levels.words, *path, word)
    return set(given) == set(levels.words)


def _table(merged: Merged, levels: tuple[Levels, Levels, Levels]) -> VerdictTable:
    """The verdict table, which is that of the bands where there is none; empty if its rows or columns are not those of the
    levels."""
    severity, noticed, urgency = levels
    entry: PackEntry[schema.VerdictsDoc] | None = merged.scale.get("verdicts")
    if entry is None:
        return tuple(((rank,) * len(urgency.words),) * len(noticed.words) for rank in range(len(severity.words)))
    table, order = entry.doc.table, entry.doc.order
    if not _check_words(entry, ("table",), table, merged.scale["severity"], severity):
        return ()
    before, rows = len(merged.problems), []
    for band in severity.words:
        by_level, path = table[band], ("table", band)
        if isinstance(by_level, (str, list)):
            cells = _cells(entry, by_level, path, urgency, order)
            rows.append((cells,) * len(noticed.words))
        elif noticed == NO_LEVELS:
            entry.report("this is by the levels of `noticed`, a section that the scale lacks", *path)
        elif _check_words(entry, path, by_level, merged.scale["noticed"], noticed):
            rows.append(tuple(_cells(entry, by_level[level], (*path, level), urgency, order) for level in noticed.words))
    if len(merged.problems) > before:
        return ()
    _check_monotone(entry, tuple(rows), (severity.words, noticed.words, urgency.words))
    return tuple(rows)


def _cells(
    entry: PackEntry[schema.VerdictsDoc], given: str | list[str], path: tuple[str, ...], urgency: Levels, order: list[str]
) -> tuple[int, ...]:
    """The ranks of the verdicts for each level of urgency; faults are reported."""
    if isinstance(given, str):
        return (order.index(given),) * len(urgency.words) if entry.knows("verdict", given, order, *path) else ()
    if len(given) != len(urgency.words):
        what = f"{len(urgency.words)} verdicts are needed here: for {', '.join(urgency.words)} urgency"
        entry.report(what if urgency != NO_LEVELS else "one verdict is needed here, as the scale lacks `urgency`", *path)
        return ()
    known = [entry.knows("verdict", verdict, order, *path, i) for i, verdict in enumerate(given)]
    return tuple(map(order.index, given)) if all(known) else ()


def _check_monotone(entry: PackEntry[schema.VerdictsDoc], rows: VerdictTable, words: tuple[tuple[str, ...], ...]) -> None:
    """Report cells where a worse band or level gives a milder verdict (CVSS 4 and SSVC prove the same of their tables)."""
    for s, n, u in product(*(range(len(of_one)) for of_one in words)):
        for worse in ((s + 1, n, u), (s, n + 1, u), (s, n, u + 1)):
            inside = all(i < len(of_one) for i, of_one in zip(worse, words, strict=True))
            if inside and rows[worse[0]][worse[1]][worse[2]] < rows[s][n][u]:
                cell, milder = (
                    ", ".join(filter(None, (of_one[i] for i, of_one in zip(place, words, strict=True))))
                    for place in ((s, n, u), worse)
                )
                what = f"{cell} gives a worse verdict than {milder}"
                entry.report(what, "table", words[0][s], words[1][n], u)
