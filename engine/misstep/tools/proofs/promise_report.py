"""What was found out about promises, as text and as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import get_args

import orjson

from misstep.errors import printable
from misstep.language.expression_text import written_value
from misstep.language.facts import Value
from misstep.layout.wording import counted
from misstep.tools.proofs.prove import ProofAnswer, ProvedPromise
from misstep.tools.proofs.record_search import SearchedRecord

_WIDTH = max(map(len, get_args(ProofAnswer))) + 2


def promises_text(found: Sequence[ProvedPromise]) -> str:
    """A line for each promise, with the record that breaks it, and one for all of them."""
    lines = []
    for each in found:
        lines.append(f"{each.answer:{_WIDTH}}{each.name}")
        lines += [" " * _WIDTH + line for line in _details(each)]
    counts = Counter(each.answer for each in found)
    told = ", ".join(f"{counts[answer]} {answer}" for answer in get_args(ProofAnswer))
    lines.append(f"{counted(len(found), 'promise')}: {told}" if found else "no promises")
    return "".join(printable(line) + "\n" for line in lines)


def _details(found: ProvedPromise) -> list[str]:
    if found.breach is None:
        return [found.method]
    record, after, values = found.breach
    return [
        f"{found.condition} ({found.place})",
        "but " + ", ".join(f"{name} is {_shown(value)}" for name, value in values.items()),
        *([f"record  {record_text(record)}"] if after is None else ()),
        *([f"before  {record_text(record)}", f"after   {record_text(after)}"] if after is not None else ()),
    ]


def record_text(record: SearchedRecord) -> str:
    """A record as JSON, for the command line."""
    return orjson.dumps(record).decode()


def _shown(value: Value) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "empty"
    return "unknown" if value is None else str(value).lower() if isinstance(value, bool) else written_value(value).strip("'")


def promises_json(found: Sequence[ProvedPromise]) -> list[dict[str, object]]:
    """The same as plain data."""
    return [
        {
            "promise": each.name,
            "pack": each.pack,
            "file": each.place.file,
            "line": each.place.line,
            "condition": each.condition,
            "answer": each.answer.replace(" ", "_"),
            "method": each.method,
            "record": each.breach and each.breach.record,
            "after": each.breach and each.breach.after,
            "values": each.breach and each.breach.values,
        }
        for each in found
    ]
