"""The ``scale`` sections of the packs in; the checked scale out: bands, levels, the verdict table, the plan."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from misstep.errors import Problem, listing, suggest
from misstep.language.facts import TRAITS
from misstep.language.scale import Levels, MessagePart, Occasion, PageWords, Scale, ScaleWords, SectionWords
from misstep.rulebase import schema
from misstep.rulebase.packs import Entry, Merged

SECTIONS = ("concerns", "severity", "noticed", "urgency", "overall", "verdicts", "outlooks", "plan", "message")


def link_scale(merged: Merged, problems: list[Problem]) -> Scale | None:
    """The scale of the merged sections; None, and what is wrong added to ``problems``, where it is not whole or not right."""
    missing = [name for name in SECTIONS if name not in merged.scale]
    if any(("scale", name) in merged.broken for name in missing):
        return None
    if missing:
        present = next((e.pack for e in merged.scale.values()), merged.packs[0])
        problems.append(
            present.problem(
                ("scale",),
                f"the scale lacks {', '.join(missing)}; declare what is missing, or begin with `extends: scale` and "
                "change its sections with `replace: true`",
            )
        )
        return None
    before = len(problems)
    docs: dict[str, Any] = {name: entry.doc for name, entry in merged.scale.items()}
    severity = _levels(merged.scale["severity"], "bands", 0.0, problems)
    noticed = _levels(merged.scale["noticed"], "levels", 0.0, problems)
    urgency = _levels(merged.scale["urgency"], "levels", 0.0, problems)
    weights: schema.OverallScaleDoc = docs["overall"]
    _same_words(merged.scale["overall"], ("weights",), weights.weights, merged.scale["noticed"], noticed, problems)
    verdicts: schema.VerdictsDoc = docs["verdicts"]
    table = _table(merged, (severity, noticed, urgency), problems)
    message: schema.MessageDoc = docs["message"]
    plan: schema.PlanDoc = docs["plan"]
    parts = tuple(_part(doc) for doc in message.parts)
    for section, key in (*((f"{trait}s", "values") for trait in TRAITS), ("verdicts", "order"), ("outlooks", "order")):
        if section in docs:
            _refuse_twice(merged.scale[section], key, getattr(docs[section], key), problems)
    _refuse_twice(merged.scale["message"], "parts", [part.name for part in parts], problems)
    if plan.private is not None and plan.private not in plan.occasions:
        there = f"; it is one of {', '.join(plan.occasions)}" if plan.occasions else "; there are no occasions"
        hint = suggest(plan.private, plan.occasions, there)
        problems.append(merged.scale["plan"].problem(f"unknown occasion '{plan.private}'{hint}", "private"))
    for trait in TRAITS:
        if f"{trait}s" in docs:
            _refuse_lost_words(merged, trait, problems)
            if trait != "concern":
                _check_by_concern(merged.scale[f"{trait}s"], trait, merged.scale["concerns"], problems)
    _check_act_within(merged.scale["plan"], tuple(verdicts.order), problems)
    if len(problems) > before:
        return None
    return Scale(
        **{f"{trait}s": tuple(docs[f"{trait}s"].values) if f"{trait}s" in docs else () for trait in TRAITS},
        severity=severity,
        noticed=noticed,
        noticed_start=docs["noticed"].start,
        urgency=urgency,
        overall_weights=tuple(weights.weights[word] for word in noticed.words),
        verdicts=tuple(verdicts.order),
        table=table,
        outlooks=tuple(docs["outlooks"].order),
        max_actions=plan.max_actions,
        max_relief=plan.max_relief,
        ways=plan.ways or "",
        private=plan.private or "",
        unable=plan.act_within.otherwise if plan.act_within else "",
        act_within=dict(plan.act_within.hours) if plan.act_within else {},
        occasions={name: Occasion(place, doc.title) for place, (name, doc) in enumerate(plan.occasions.items())},
        headline=plan.headline,
        message_channels=tuple(message.channels),
        message_spoken=dict(message.spoken),
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
    for noun, plural in (("record", "records"), ("mistake", "mistakes")):
        if noun in given:
            given[noun], given[plural] = given[noun]["one"], given[noun]["many"]
    return ScaleWords(page=PageWords(sections=PageWords().sections | sections, **page), **given)


def _refuse_lost_words(merged: Merged, trait: str, problems: list[Problem]) -> None:
    """Whoever replaces the words of a trait keeps those that kinds of earlier layers have, or replaces these kinds too."""
    entry = merged.scale[f"{trait}s"]
    lost: dict[str, list[str]] = {}
    for kind in merged.kinds.values():
        word = getattr(kind.doc, trait)
        if word is not None and word not in entry.doc.values and kind.pack.layer < entry.pack.layer:
            lost.setdefault(word, []).append(str(kind.path[-1]))
    for word, kinds in lost.items():
        what = f"`values` lacks '{word}', the {trait} of {listing(kinds, 3)}; keep it, or replace these kinds too"
        problems.append(entry.problem(what, "values"))


def _check_by_concern(
    entry: Entry[schema.TraitDoc], trait: str, concerns: Entry[schema.ConcernsDoc], problems: list[Problem]
) -> None:
    """Where the concerns are the later declaration, that one is at fault."""
    known = concerns.doc.values
    lost = [concern for concern in entry.doc.by_concern if concern not in known]
    if lost and concerns.pack.layer > entry.pack.layer:
        what = f"`by_concern` of scale.{trait}s has {listing(lost)}, no concern any more; replace that section too"
        problems.append(concerns.problem(what, "values"))
        lost = []
    for concern in lost:
        hint = suggest(concern, known, f"; it is one of {', '.join(known)}")
        problems.append(entry.problem(f"unknown concern '{concern}'{hint}", "by_concern", concern))
    for concern, word in entry.doc.by_concern.items():
        if word not in entry.doc.values:
            hint = suggest(word, entry.doc.values, f"; it is one of {', '.join(entry.doc.values)}")
            problems.append(entry.problem(f"unknown {trait} '{word}'{hint}", "by_concern", concern))


def _check_act_within(entry: Entry[schema.PlanDoc], verdicts: tuple[str, ...], problems: list[Problem]) -> None:
    within = entry.doc.act_within
    if within is None:
        return
    for word in within.hours:
        if word not in verdicts:
            hint = suggest(word, verdicts, f"; it is one of {', '.join(verdicts)}")
            problems.append(entry.problem(f"unknown verdict '{word}'{hint}", "act_within", "hours", word))
    if within.otherwise in verdicts:
        problems.append(
            entry.problem(
                f"'{within.otherwise}' is a verdict of the table; this needs a word of its own", "act_within", "otherwise"
            )
        )


def _levels(entry: Entry[Any], key: str, lowest: float, problems: list[Problem]) -> Levels:
    levels: dict[str, float] = getattr(entry.doc, key)
    ends = list(levels.values())
    if ends[0] != lowest or any(b <= a for a, b in pairwise(ends)):
        problems.append(entry.problem(f"the lower ends must begin with {lowest:g} and ascend", key))
    return Levels(tuple(levels), tuple(ends))


def _part(doc: str | schema.PartDoc) -> MessagePart:
    return MessagePart(doc) if isinstance(doc, str) else MessagePart(doc.part, doc.sentences or 0, doc.last, doc.says)


def _refuse_twice(entry: Entry[Any], key: str, words: list[str], problems: list[Problem]) -> None:
    for i, word in enumerate(words):
        if word in words[:i]:
            problems.append(entry.problem(f"'{word}' stands twice in `{key}`", key, i))


def _same_words(
    entry: Entry[Any],
    path: tuple[str | int, ...],
    given: Any,
    declared: Entry[Any],
    levels: Levels,
    problems: list[Problem],
) -> bool:
    """Every level has its place in a table. Where the levels are the later declaration, that one is at fault."""
    for word in levels.words:
        if word not in given and declared.pack.layer > entry.pack.layer:
            what = f"`{path[-1]}` of scale.{entry.path[-1]} lacks '{word}'; replace that section too"
            problems.append(declared.problem(what))
        elif word not in given:
            problems.append(entry.problem(f"`{path[-1]}` lacks '{word}'", *path))
    for word in given:
        if word not in levels.words:
            hint = suggest(word, levels.words, f"; it is one of {', '.join(levels.words)}")
            problems.append(entry.problem(f"unknown word '{word}'{hint}", *path, word))
    return set(given) == set(levels.words)


def _table(
    merged: Merged, levels: tuple[Levels, Levels, Levels], problems: list[Problem]
) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """The verdict table as ranks, by band, noticed level and urgency level."""
    entry: Entry[schema.VerdictsDoc] = merged.scale["verdicts"]
    severity, noticed, urgency = levels
    order, table = entry.doc.order, entry.doc.table
    rank = {verdict: i for i, verdict in enumerate(order)}
    if not _same_words(entry, ("table",), table, merged.scale["severity"], severity, problems):
        return ()
    before = len(problems)
    rows = []
    for band in severity.words:
        if not _same_words(entry, ("table", band), table[band], merged.scale["noticed"], noticed, problems):
            return ()
        cells = []
        for level in noticed.words:
            verdicts = table[band][level]
            if len(verdicts) != len(urgency.words):
                what = f"{len(urgency.words)} verdicts are needed here: for {', '.join(urgency.words)} urgency"
                problems.append(entry.problem(what, "table", band, level))
                return ()
            for i, verdict in enumerate(verdicts):
                if verdict not in rank:
                    hint = suggest(verdict, order, f"; it is one of {', '.join(order)}")
                    what = f"unknown verdict '{verdict}'{hint}"
                    problems.append(entry.problem(what, "table", band, level, i))
            cells.append(tuple(rank.get(verdict, 0) for verdict in verdicts))
        rows.append(tuple(cells))
    if len(problems) == before:
        _refuse_milder(entry, rows, (severity.words, noticed.words, urgency.words), problems)
    return tuple(rows)


def _refuse_milder(
    entry: Entry[schema.VerdictsDoc],
    rows: list[tuple[tuple[int, ...], ...]],
    words: tuple[tuple[str, ...], ...],
    problems: list[Problem],
) -> None:
    """A worse band or level never gives a milder verdict (as CVSS 4 and SSVC prove of their tables)."""
    for s, band in enumerate(words[0]):
        for n, level in enumerate(words[1]):
            for u, urgency in enumerate(words[2]):
                worse = [(s + 1, n, u), (s, n + 1, u), (s, n, u + 1)]
                for step in worse:
                    inside = all(i < len(w) for i, w in zip(step, words, strict=True))
                    if inside and rows[step[0]][step[1]][step[2]] < rows[s][n][u]:
                        what = f"{band}, {level}, {urgency} gives a worse verdict than " + ", ".join(
                            w[i] for i, w in zip(step, words, strict=True)
                        )
                        problems.append(entry.problem(what, "table", band, level, u))
