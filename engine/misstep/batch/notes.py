"""Notes in people's own words in; facts that are read from them out, beside those that a record states.

Nothing of the text itself goes further: neither into results nor into messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from misstep.api import RuleBase
from misstep.batch.inputs.kept import with_facts
from misstep.errors import RecordError, UsageError


class NoteReader:
    """Adds what notes tell to records. A kind that a record states is not read from its notes. Raises UsageError for a score that
    is not from 0 to 1."""

    def __init__(self, rulebase: RuleBase, score: float) -> None:
        if not 0 <= score <= 1:
            raise UsageError(f"notes_score must be a number from 0 to 1, not {score}")
        self._rulebase = rulebase
        self._score = score
        self._kinds = rulebase.kinds
        self._required = {name: {field.name for field in kind.fields if field.required} for name, kind in self._kinds.items()}

    def read(self, notes: str | None, stated: Iterable[str] = ()) -> list[dict[str, Any]]:
        """The facts that notes tell, without kinds that are stated by their name or an old one, and without those that lack a
        field which they must have. Raises RecordError where the notes are too long."""
        if not notes or not notes.strip():
            return []
        known = set(stated)
        try:
            found = self._rulebase.suggest(notes, of_interview=True)
        except RecordError as error:
            raise RecordError(f"notes: {error}") from None
        return [
            each.fact
            for each in found
            if each.score >= self._score
            and known.isdisjoint((each.kind, *self._kinds[each.kind].was))
            and self._required[each.kind] <= each.fields.keys()
        ]

    def add(self, record: object, notes: str | None) -> tuple[Any, list[str]]:
        """A record, as data or as JSON in bytes, with the facts that its notes tell, and their kinds. One that states none has
        these alone; one that is wrong stays as it is. Raises as ``read`` does."""
        try:
            data = orjson.loads(record) if isinstance(record, bytes) else record
        except orjson.JSONDecodeError:
            return record, []
        facts = self.read(notes, _stated(data))
        kinds = [fact["kind"] for fact in facts]
        if isinstance(record, bytes):
            return with_facts(record, facts), kinds
        if record is None or isinstance(record, list):
            return [*(record or ()), *facts], kinds
        if isinstance(record, dict) and isinstance(record.get("facts"), list | None):
            return {**record, "facts": [*(record.get("facts") or ()), *facts]}, kinds
        return record, []


def _stated(record: object) -> set[str]:
    """The kinds of the facts of a record, as far as it is one."""
    facts = record.get("facts") if isinstance(record, Mapping) else record
    found = [fact.get("kind") for fact in facts if isinstance(fact, Mapping)] if isinstance(facts, list) else []
    return {kind for kind in found if isinstance(kind, str)}
