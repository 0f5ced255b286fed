"""An interview as it unfolds: facts come and go, and the assessment is always that of the facts so far."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING
from uuid import uuid4

from misstep.assessment.intake import Facts
from misstep.assessment.records import RecordReader
from misstep.assessment.result import Assessment
from misstep.errors import Location, Problem, RecordError, UsageError, printable

if TYPE_CHECKING:
    from misstep.assessment.record_models import Fact


RETRACTED = 1_000  # names of facts that are remembered, to say so of one that is retracted again


class Session:
    """The facts of one interview so far. Safe from many threads. Made by ``RuleBase.session``.

    >>> with RuleBase.shipped().session() as session:
    ...     late = session.post({"kind": "late_arrival", "minutes": 12})
    ...     session.assessment().verdict
    ...     session.retract(late)
    """

    def __init__(self, reader: RecordReader, assess: Callable[[Facts], Assessment], record_id: str | None) -> None:
        self._reader = reader
        self._assess = assess
        self._id = record_id
        self._lock = threading.Lock()
        self._posted: dict[str, object] | None = {}
        self._retracted: deque[str] = deque(maxlen=RETRACTED)
        self._facts = self._check(())

    def post(self, fact: Fact | Mapping[str, object]) -> str:
        """Add a fact. Returns the name to retract it by: its id, or a made one, which is nobody's id, if it has none.

        Raises RecordError where the fact is wrong or does not go with the others, and then it is not added.
        """
        fact = deepcopy(dict(fact)) if isinstance(fact, Mapping) else fact
        given = fact.get("id") if isinstance(fact, dict) else getattr(fact, "id", None)
        with self._lock:
            posted = self._open()
            name = given if isinstance(given, str) else f"#{uuid4().hex}"  # an id may be any text, so also a number
            if name in posted:
                raise RecordError([Problem(Location(pointer="/id"), "another fact has the same id; ids must differ")])
            try:
                self._facts = self._check([*posted.values(), fact])
            except RecordError as error:
                raise _of_one_fact(error, len(posted)) from None
            posted[name] = fact
            return name

    def retract(self, name: str) -> None:
        """Retract a fact by the name that ``post`` returned. Raises UsageError if there is no such fact."""
        with self._lock:
            posted = self._open()
            if not isinstance(name, str) or name not in posted:
                why = "is retracted already" if isinstance(name, str) and name in self._retracted else "was never posted"
                raise UsageError(f"the fact '{printable(str(name))[:60]}' {why}; a fact is known by what post() gave for it")
            left = {other: fact for other, fact in posted.items() if other != name}
            self._facts = self._check(left.values())
            self._posted = left
            self._retracted.append(name)

    def assessment(self) -> Assessment:
        """The assessment of the facts so far: that of ``RuleBase.assess``. Raises BudgetError, EngineError."""
        with self._lock:
            self._open()
            facts = self._facts
        return self._assess(facts)

    def close(self) -> None:
        """Forget the facts. The session cannot be used after that."""
        with self._lock:
            self._posted = None
            self._retracted.clear()
            self._facts = self._check(())

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _open(self) -> dict[str, object]:
        if self._posted is None:
            raise UsageError("the session is closed; open a new one with RuleBase.session()")
        return self._posted

    def _check(self, posted: Iterable[object]) -> Facts:
        return self._reader.read({"id": self._id, "facts": list(posted)})


def _of_one_fact(error: RecordError, place: int) -> RecordError:
    """The error of a record as that of the fact which came last: ``/minutes``, not ``/facts/3/minutes``."""
    before = f"/facts/{place}"
    problems = [replace(p, location=replace(p.location, pointer=p.location.pointer.removeprefix(before))) for p in error.problems]
    return RecordError(problems, error.omitted)
