"""Make a record smaller while something stays true of it: fewer facts, fewer fields, plainer values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from misstep.language.facts import Field, Kind
from misstep.tools.proofs.record_search import SearchedRecord

MOST_TRIALS = 400


def smallest(record: SearchedRecord, kinds: dict[str, Kind], holds: Callable[[SearchedRecord], bool]) -> SearchedRecord:
    """The smallest record that is found from one of which something holds: it still does."""
    left = MOST_TRIALS
    found = True
    while found:
        found = False
        for smaller in _smaller(record, kinds):
            left -= 1
            if left < 0:
                return record
            if holds(smaller):
                record, found = smaller, True
                break
    return record


def _smaller(record: SearchedRecord, kinds: dict[str, Kind]) -> Iterator[SearchedRecord]:
    """Records that are one step smaller, the greatest steps first."""
    for i in range(len(record)):
        yield [*record[:i], *record[i + 1 :]]
    for i, fact in enumerate(record):
        fields = kinds[fact["kind"]].by_name if fact["kind"] in kinds else {}
        for name in fact:
            if name in fields and not fields[name].required:
                yield [*record[:i], {key: value for key, value in fact.items() if key != name}, *record[i + 1 :]]
        for name, value in fact.items():
            for plainer in _plainer(fields[name], value) if name in fields else ():
                yield [*record[:i], {**fact, name: plainer}, *record[i + 1 :]]


def _plainer(field: Field, value: Any) -> Iterator[float | list[str]]:
    """Plainer values of a field, the plainest first."""
    if field.is_number:
        low, high = field.range
        start = min(max(0, low), high)
        if abs(value - start) > 1e-9:
            whole = int if field.form.whole else float
            yield whole(start)
            yield whole(start + (value - start) / 2 if not field.form.whole else start + (value - start) // 2)
            if field.form.whole:
                yield value - 1 if value > start else value + 1
            elif value != round(value) and low <= round(value) <= high:
                yield float(round(value))
    elif field.form.sort == "set":
        for word in value:
            yield [other for other in value if other != word]
