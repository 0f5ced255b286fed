"""The ``usual`` sections of the packs in; how often each answer to a field is true where nobody has said it, checked, out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from misstep.errors import suggest
from misstep.language.facts import UNSAID, Field, Kind
from misstep.language.program import Usual
from misstep.rulebase import schema
from misstep.rulebase.packs import Entry, Merged


def link_usual(merged: Merged, roles: Mapping[str, tuple[Field, ...]], kinds: Mapping[str, Kind]) -> dict[str, Usual]:
    """What is usual, by kind or role, a dot, and the field; what is wrong is noted in ``merged.problems``.

    Where a later layer declares the kind or role anew, what an earlier one said of its fields, and what does not fit any more,
    is left out: the later one knows nothing of it.
    """
    found = {}
    for place, entry in merged.usual.items():
        owner, _, name = place.partition(".")
        problems: list[tuple[str, tuple[str | int, ...]]] = []
        usual = _usual(entry, owner, name, merged, roles, kinds, problems)
        declared = merged.kinds.get(owner) or merged.roles.get(owner)
        if declared is None or declared.pack.layer <= entry.pack.layer:
            merged.problems.extend(entry.problem(message, *path) for message, path in problems)
        if usual is not None and not problems:
            found[place] = usual
    return found


def _usual(
    entry: Entry[schema.UsualDoc],
    owner: str,
    name: str,
    merged: Merged,
    roles: Mapping[str, tuple[Field, ...]],
    kinds: Mapping[str, Kind],
    problems: list[tuple[str, tuple[str | int, ...]]],
) -> Usual | None:
    for i, source in enumerate(entry.doc.sources):
        merged.declares("sources", source, entry, "sources", i)
    if ("kinds", owner) in merged.broken or ("roles", owner) in merged.broken:
        return None
    if owner not in kinds and owner not in roles:
        problems.append((f"there is no kind or role '{owner}'{suggest(owner, [*kinds, *roles])}", ()))
        return None
    fields = {field.name: field for field in (kinds[owner].fields if owner in kinds else roles[owner])}
    if owner in kinds and ("roles", kinds[owner].role) in merged.broken and name not in fields:
        return None
    if name not in fields:
        known = f"; there are {', '.join(fields)}" if fields else "; it has none"
        problems.append((f"{owner} has no field '{name}'{suggest(name, fields, known)}", ()))
        return None
    field = fields[name]
    if owner in kinds and kinds[owner].role == "derived":
        problems.append((f"'{owner}' is concluded by rules, so nobody is asked about it", ()))
    elif field.required:
        problems.append((f"every record says {place_of(entry)}, so there is nothing usual to fall back on", ()))
    elif field.type == "text":
        problems.append((f"{place_of(entry)} is text, of which no answer is usual", ()))
    if problems and problems[-1][1] == ():
        return None
    answers: dict[Any, float] = {}
    for text, weight in entry.doc.answers.items():
        try:
            answer = _answer(field, text)
        except ValueError as error:
            problems.append((str(error), ("answers", text)))
            continue
        if answer in answers:
            problems.append((f"'{text}' is the same answer as one before it", ("answers", text)))
        answers[answer] = float(weight)
    listed = field.choices or sorted(answers)  # the order of the pack means nothing
    return Usual(
        tuple((answer, answers[answer]) for answer in listed if answer in answers), tuple(sorted(set(entry.doc.sources)))
    )


def place_of(entry: Entry[schema.UsualDoc]) -> str:
    """The field that an entry is about."""
    return str(entry.path[-1])


def _answer(field: Field, text: str) -> Any:
    """An answer as it lies in memory. Raises ValueError with what is wrong."""
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
