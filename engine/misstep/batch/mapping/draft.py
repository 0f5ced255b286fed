"""Rows of a log in; the first draft of a mapping out. It declares the columns; what they mean is for its author to say."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from misstep.errors import RecordError, hidden_signs
from misstep.language.facts import TYPES, TypeName
from misstep.layout.wording import counted
from misstep.limits import FIXED

SAMPLE = 1_000
"""Rows that a draft is made from."""
_MOST_WORDS = 12  # different values of a column that may be words for something
_LONGEST_WORD = 40
_LONGEST_NAME = FIXED.name - len("column__12345")  # and what may be added
_PAIRS = (("question", "answer"), ("name", "value"), ("text", "value"), ("key", "value"), ("label", "value"))
_IDS = ("id", "uuid", "interview_id", "application_id")


def draft_mapping(rows: Iterable[Mapping[str, object]]) -> str:
    """The text of a mapping that declares the columns of some rows. No line under ``facts`` is guessed.

    Raises RecordError where there is none to declare.
    """
    sample = list(islice(rows, SAMPLE))
    columns: dict[str, list[object]] = {}
    for row in sample:
        for name, cell in row.items():
            columns.setdefault(name, []).append(cell)
    unnamed = [source for source in columns if not _is_name(source)]
    columns = {source: cells for source, cells in columns.items() if source not in unnamed}
    names = _named(columns)
    lines = ["map: 1", "title: (what this log is)", "columns:"]
    declared = {s: [] if _is_deep(cells) else [*_declared(names[s], s, cells, "  ")] for s, cells in columns.items()}
    if not any(declared.values()):
        raise RecordError("no row can be read that has a column to declare")
    lines += itertools.chain.from_iterable(declared.values())
    id_ = next((name for name in (*_IDS, *columns) if name in columns and _is_id(name, columns[name], len(sample))), None)
    if id_ is not None:
        lines.append(f'id: "{{{names[id_]}}}"')
    ignored = ", ".join(_quoted(source) for source in sorted(declared) if not declared[source])
    lines += [
        "keep: {}  # columns to carry along: {team: department}",
        f"ignore: [{ignored}]  # columns that are never read: [candidate_name]; or '*' for all that are not declared",
        "facts:  # a line for each kind: `misstep kinds` lists them",
        "  # late_arrival: {when: tardiness_min > 0, minutes: tardiness_min}",
    ]
    if unnamed:
        lines.append(f"# left out: {counted(len(unnamed), 'column')} without a name, or with one that no mapping can write")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A text as YAML has it: unlike JSON, it knows no escapes of two halves of a sign."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in json.dumps(text, ensure_ascii=False))


def _declared(name: str, source: str, cells: Sequence[Any], indent: str) -> Iterator[str]:
    """The declaration of a column; of one in which no mapping can name anything, no line."""
    said = [cell for cell in cells if cell not in (None, "")]
    origin = "" if name == source else f"from: {_quoted(source)}, "
    if said and all(isinstance(cell, dict) for cell in said):
        yield from _group(name, source, "", said, indent)
    elif said and all(isinstance(cell, list) and all(isinstance(item, dict) for item in cell) for cell in said):
        items = [item for cell in said for item in cell]
        pair = next((pair for pair in _PAIRS if items and all(set(pair) <= item.keys() for item in items)), None)
        if pair is None:
            yield from _group(name, source, "list: true", items, indent)
        else:
            answers = [{str(item[pair[0]]): item[pair[1]]} for item in items]
            yield from _group(name, source, f"pairs: [{pair[0]}, {pair[1]}]", answers, indent)
    else:
        type_, seen = _type_of(said)
        if seen:
            meanings = ", ".join(f"{_quoted(word)}: {meaning}" for word, meaning in seen)
            yield f"{indent}{name}: {{{origin}values: {{{meanings}}}}}"
        else:
            yield f"{indent}{name}: " + (f"{{{origin}type: {type_}}}" if origin else type_) + _comment(said, type_)


def _is_deep(cells: Sequence[object]) -> bool:
    """Whether values have nothing but further objects and lists in them: a mapping reads one level."""
    items = [item for cell in cells for item in (cell if isinstance(cell, list) else [cell]) if item not in (None, "")]
    return bool(items) and not any(
        not isinstance(cell, (dict, list)) for item in items for cell in (item.values() if isinstance(item, dict) else [item])
    )


def _is_name(source: str) -> bool:
    """Whether a mapping can name a column of a log."""
    return 0 < len(source) <= FIXED.short_text and next(hidden_signs(source), None) is None


def _group(name: str, source: str, form: str, objects: Sequence[Mapping[str, object]], indent: str) -> Iterator[str]:
    columns: dict[str, list[object]] = {}
    for item in objects:
        for key, cell in item.items():
            if not isinstance(cell, (dict, list)) and _is_name(key):
                columns.setdefault(key, []).append(cell)
    if not columns:
        return
    yield f"{indent}{name}:"
    if name != source:
        yield f"{indent}  from: {_quoted(source)}"
    if form:
        yield f"{indent}  {form}"
    yield f"{indent}  columns:"
    names = _named(columns)
    for key, cells in columns.items():
        yield from _declared(names[key], key, cells, f"{indent}    ")


def _type_of(said: Sequence[object]) -> tuple[str, list[tuple[str, str]]]:
    """The type of a column, from the values that are said; or the words for true and false that it has."""
    texts = [cell if isinstance(cell, str) else json.dumps(cell) for cell in said]
    words = Counter(text.strip() for text in texts)
    pairs = [(yes, no) for yes, no in (("yes", "no"), ("y", "n"), ("j", "n"), ("ja", "nein"), ("1", "0"))]
    folded = {word.casefold() for word in words}
    if words and folded <= {"true", "false"}:
        return "boolean", []
    for yes, no in pairs:
        if words and folded <= {yes, no} and yes in folded:
            return "boolean", [(word, "true" if word.casefold() == yes else "false") for word in sorted(words)]
    types: tuple[TypeName, ...] = ("integer", "number")
    for type_ in types:
        if words and all(not isinstance(TYPES[type_].read(text, ";"), str) for text in texts):
            return type_, []
    return "text", []


def _comment(said: Sequence[object], type_: str) -> str:
    """The words of a column where few stand again and again, for its author to give them a meaning."""
    words = Counter(str(cell) for cell in said)
    few = type_ == "text" and 1 <= len(words) <= min(_MOST_WORDS, len(said) / 2) and max(map(len, words)) <= _LONGEST_WORD
    return f"  # has {', '.join(_quoted(word) for word, _ in words.most_common())}" if few else ""


def _is_id(name: str, cells: Sequence[object], rows: int) -> bool:
    """Whether a column tells the rows apart."""
    plain = [cell for cell in cells if isinstance(cell, (str, int)) and cell != ""]
    return (name.lower().endswith("id") or name in _IDS) and len(plain) == rows == len(set(plain))


def _named(columns: Iterable[str]) -> dict[str, str]:
    """A name for each column: its own in lower case with underscores, and a number where two would be the same."""
    names: dict[str, str] = {}
    for column in columns:
        name = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column).lower()).strip("_")[:_LONGEST_NAME]
        name = name if name[:1].isalpha() else f"column_{name}".rstrip("_")
        taken, number = set(names.values()), 2
        names[column] = name
        while names[column] in taken or names[column] == "row":
            names[column] = f"{name}_{number}"
            number += 1
    return names
