"""Doors for bytes of strangers: each takes any bytes, and says how that ended.

The end is ``answer``, or the class and the first line of the error that users see. Anything else is a failure: another exception,
more than two seconds, more than 300 MB.
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from time import process_time
from typing import Any, NoReturn

from uvicorn.server import ServerState

from misstep import MisstepError, RuleBase, RuleError
from misstep.batch.mapping.mapping_coverage import LogCoverage
from misstep.batch.mapping.row_mapping import RowMapping
from misstep.evaluate.core import core_fault
from misstep.service.config import Settings
from misstep.service.protocol import LimitedProtocol
from misstep.service.served import load_served
from misstep.service.server import ServiceConfig

SECONDS = 2.0
MEGABYTES = 300
HANGING = 20  # seconds by the clock, for what never ends: other processes may be slow

Door = Callable[[bytes], str]
"""Bytes in; how it ended, where it ended well. Raises MisstepError, or Failure."""


class Failure(Exception):
    """What must not happen."""


def end_of(door: Door, data: bytes) -> str:
    """How bytes end at a door. Raises Failure, from what it comes of."""
    before, started = _peak(), process_time()
    try:
        with _alarm():
            end = door(data)
    except MisstepError as error:
        end = f"{type(error).__name__}: {str(error).splitlines()[0]}"
    except Failure:
        raise
    except Exception as error:
        raise Failure(f"{type(error).__name__}: {str(error)[:200]}") from error
    seconds = process_time() - started
    if seconds > SECONDS:
        raise Failure(f"{seconds:.1f} seconds")
    if _peak() - before > MEGABYTES:
        raise Failure(f"{_peak() - before:.0f} MB more")
    return end


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(*_: object) -> NoReturn:
        raise Failure(f"more than {HANGING} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(HANGING)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


# -- doors


def record(data: bytes) -> str:
    """A record; the core, where there is one, says what Python says."""
    rules = RuleBase.shipped()
    try:
        answer = rules.assess_json(data, "python")
    except MisstepError:
        if core_fault() is None and rules.core is not None and rules.core.assess(data) is not None:
            raise Failure("the core answers what Python rejects") from None
        raise
    if core_fault() is None and rules.assess_json(data, "core") != answer:
        raise Failure("the core gives another answer")
    return "answer"


def pack(data: bytes) -> str:
    """A pack, alone, with no record."""
    _load(data)
    return "answer"


def _load(data: bytes) -> RuleBase:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pack.yaml"
        file.write_bytes(data)
        try:
            return RuleBase.load(file)
        except RuleError as error:
            raise RuleError([replace(each, location=replace(each.location, file="FILE")) for each in error.problems]) from None


_KINDS = {
    "slip": {
        "role": "mistake",
        "title": "x",
        "concern": "manners",
        "fields": {
            "n": {"type": "integer", "default": 1},
            "m": {"type": "number?"},
            "s": {"type": "text?"},
            "e": {"type": "enum", "values": ["u", "v"], "default": "u", "ordered": True},
            "t": {"type": "set", "values": ["u", "v"], "default": []},
        },
    }
}


def expression(data: bytes) -> str:
    """The condition and the amount of a rule, judged on two facts."""
    text = data.decode("utf-8", "replace")
    when = [{"fact": "slip", "as": "a", "where": text}]
    rules = {"judges": {"when": when, "then": {"overall": 1}}}
    rules["adds"] = {"when": [{"fact": "slip", "as": "a"}], "then": {"overall": text}}
    loaded = 0
    problem: MisstepError | None = None
    for name, rule in rules.items():
        content = json.dumps({"schema": 1, "pack": "fuzzed", "kinds": _KINDS, "rules": {name: rule}}, ensure_ascii=True)
        try:
            _load(content.encode()).assess(
                [{"kind": "slip"}, {"kind": "slip", "n": 3, "m": 0.5, "s": "it's", "e": "v", "t": ["v"]}]
            )
            loaded += 1
        except MisstepError as error:
            problem = problem or error
    if not loaded and problem is not None:
        raise problem
    return "answer"


_ROWS: tuple[dict[str, Any], ...] = ({}, {"id": "1", "note": "late by 5 minutes", "minutes": "5"}, {"minutes": -1, "id": None})


def mapping(data: bytes) -> str:
    """A mapping, and rows for it."""
    made = RowMapping.parse(data.decode("utf-8", "replace"), "FILE")
    list(made.failed_cases())
    for row in _ROWS:
        made.record(row, LogCoverage())
    return "answer"


def story(data: bytes) -> str:
    """What people tell, in their own words."""
    RuleBase.shipped().suggest(data.decode("utf-8", "replace"))
    return "answer"


def http(data: bytes) -> str:
    """The bytes of a connection, which come in two parts, and are followed by its end; the status of each answer."""
    loop, connect = _service()
    faults: list[str] = []
    loop.set_exception_handler(lambda _, context: faults.append(str(context.get("exception") or context["message"])))
    sent: list[bytes] = []

    async def talk() -> None:
        protocol = connect(sent)
        half = len(data) // 2
        for part in (data[:half], data[half:]):
            if part:
                protocol.data_received(part)
            while len(asyncio.all_tasks()) > 1 and not protocol._in_body:  # a request is complete, and its answer is not
                await asyncio.sleep(0.001)
        protocol.connection_lost(None)
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0.001)

    loop.run_until_complete(talk())
    if faults:
        raise Failure(faults[0])
    answer = b"".join(sent)
    statuses = re.findall(rb"^HTTP/1\.1 (\d+)", answer, re.MULTILINE)
    if (answer and not answer.startswith(b"HTTP/1.1 ")) or any(status.startswith(b"5") for status in statuses):
        raise Failure(f"the answer {answer[:80]!r}")
    return " ".join(["answer", *(status.decode() for status in statuses)])


@cache
def _service() -> tuple[asyncio.AbstractEventLoop, Callable[[list[bytes]], LimitedProtocol]]:
    """A loop, and what opens a connection whose answers go to a list."""
    loop = asyncio.new_event_loop()
    config = ServiceConfig(Settings(access_log=False), load_served)

    async def load() -> None:
        config.load()

    loop.run_until_complete(load())

    def connect(sent: list[bytes]) -> LimitedProtocol:
        made = LimitedProtocol(config, ServerState(), {}, loop)
        made.connection_made(_Wire(sent))
        return made

    return loop, connect


class _Wire(asyncio.Transport):
    """The other end of a connection, which reads all at once."""

    def __init__(self, sent: list[bytes]) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 8000)})
        self._sent = sent
        self._closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._sent.append(bytes(data))

    def writelines(self, list_of_data: Any) -> None:
        for data in list_of_data:
            self.write(data)

    def close(self) -> None:
        self._closed = True

    abort = close

    def is_closing(self) -> bool:
        return self._closed

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass


DOORS: dict[str, Door] = {each.__name__: each for each in (record, pack, expression, mapping, story, http)}

_PLAIN = {
    "record": b'[{"kind": "late_arrival"}]',
    "pack": b"schema: 1\npack: x\n",
    "expression": b"a.n",
    "mapping": b"map: 1\n",
    "story": b"I was late.",
    "http": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


def warm(target: str) -> None:
    """Load what the first input of a door would have to wait for."""
    with suppress(MisstepError):
        DOORS[target](_PLAIN[target])
