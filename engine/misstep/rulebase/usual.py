"""Link the ``usual`` sections of packs: how often each answer to an open field is true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from misstep.errors import suggest
from misstep.language.facts import UNSAID, Field, Kind
from misstep.language.program import Usual
from misstep.rulebase import schema
from misstep.rulebase.packs import Entry, Merged


def link_usual(merged: Merged, roles: Mapping[str, tuple[Field, ...]], kinds: Mapping[str, Kind]) -> dict[str, Usual]:
    """The usual answers, by kind or role, a dot, and the field; faults are reported.

    If a later layer declares the kind or role anew, entries of an earlier one that do not fit any more are left out silently.
    """
    owners = {**roles, **{name: kind.fields for name, kind in kinds.items()}}
    found = {}
    for place, entry in merged.usual.items():
        owner, _, name = place.partition(".")
        for i, source in enumerate(entry.doc.sources):
            merged.declares("sources", source, entry, "sources", i)
        field = next((field for field in owners.get(owner, ()) if field.name == name), None)
        role_is_broken = owner in kinds and ("roles", kinds[owner].role) in merged.broken
        if merged.is_broken(owner) or (field is None and role_is_broken):
            continue
        faults = list(_faults(place, field, owners, kinds, entry))
        declared = merged.kinds.get(owner) or merged.roles.get(owner)
        if declared is None or declared.pack.layer <= entry.pack.layer:
            for message, *path in faults:
                entry.report(message, *path)
        if field is not None and not faults:
            answers: dict[Any, float] = {_answer(field, text): float(weight) for text, weight in entry.doc.answers.items()}
            in_order = [answer for answer in field.choices or sorted(answers) if answer in answers]
            sources = tuple(sorted(set(entry.doc.sources)))
            found[place] = Usual(tuple((answer, answers[answer]) for answer in in_order), sources)
    return found


def _faults(
    place: str,
    field: Field | None,
    owners: Mapping[str, tuple[Field, ...]],
    kinds: Mapping[str, Kind],
    entry: Entry[schema.UsualDoc],
) -> Iterator[tuple[str, ...]]:
    """The faults of an entry: messages, each with its path."""
    owner, _, name = place.partition(".")
    if owner not in owners:
        yield (f"there is no kind or role '{owner}'{suggest(owner, owners)}",)
    elif field is None:
        names = [field.name for field in owners[owner]]
        there = f"; there are {', '.join(names)}" if names else "; it has none"
        yield (f"{owner} has no field '{name}'{suggest(name, names, there)}",)
    elif owner in kinds and kinds[owner].role == "derived":
        yield (f"'{owner}' is concluded by rules, so nobody is asked about it",)
    elif field.required:
        yield (f"every record says {place}, so there is nothing usual to fall back on",)
    elif field.type == "text":
        yield (f"{place} is text, of which no answer is usual",)
    else:
        seen = set()
        for text in entry.doc.answers:
            try:
                answer = _answer(field, text)
            except ValueError as error:
                yield str(error), "answers", text
                continue
            if answer in seen:
                yield f"'{text}' is the same answer as one before it", "answers", text
            seen.add(answer)


def _answer(field: Field, text: str) -> Any:
    """An answer as memory has it. Raises ValueError with the fault."""
    if field.leaves_open(text):
        raise ValueError(f"'{UNSAID}' is no answer: say how often each of the others is true")
    answer = field.form.store(field.form.read(text, ","))
    if not field.takes(answer):
        words = ("true", "false") if field.type == "boolean" else field.values
        raise ValueError(f"'{text[:60]}' is no answer: it must be {_expected(field)}{suggest(text, words)}")
    return answer


def _expected(field: Field) -> str:
    if field.form.sort == "set":
        return "words from " + ", ".join(field.values) + ", separated by commas"
    return replace(field, values=tuple(word for word in field.values if word != UNSAID), unknown=False).expected()
