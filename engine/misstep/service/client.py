"""Clients of a misstep service, with the types and errors of the library. They need the extra ``misstep[client]``.

>>> with Client("http://127.0.0.1:8000") as client:
...     client.assess([{"kind": "late_arrival", "minutes": 12}]).verdict

A request changes nothing in the service, so it may be repeated: if there is no answer or the server is busy (502, 503, 504, 429),
it is sent again, up to ``retries`` times, after the time in ``retry-after``, else after 0.2 seconds, 0.4 seconds and so on. A
batch is sent in parts that are repeated each by itself. No call lasts longer than ``timeout``, its repetitions included.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any, Literal, NamedTuple, Self, overload
from urllib.parse import quote

import orjson
from pydantic import TypeAdapter

from misstep.analysis.certainty import Certainty
from misstep.analysis.questions import Questions
from misstep.analysis.reading.reader import Suggestion
from misstep.analysis.reading.suggestions_json import from_data
from misstep.assessment import SCHEMA
from misstep.assessment.records import RecordLike, plain_record
from misstep.assessment.result import Assessment
from misstep.errors import BudgetError, EngineError, InstallationError, Location, MisstepError, Problem, RecordError, UsageError
from misstep.service.config import BATCH_PATH, JSON, JSON_LINES

try:
    import httpx
except ModuleNotFoundError:
    raise InstallationError("the client needs httpx: pip install 'misstep[client]'") from None

SECONDS = 15.0  # the timeout of the service itself is 10 seconds
RETRIES = 2
FIRST_WAIT = 0.2  # seconds
BUSY_STATUSES = (429, 502, 503, 504)
PART_BYTES = 64_000
"""Bytes of a batch in one request. httpx reads no answers while it sends, and a service whose answers are not read stops reading:
so much fits into the buffers between the two."""
_CERTAINTY = TypeAdapter(Certainty)
_ERRORS: dict[str, type[MisstepError]] = {"record": RecordError, "budget": BudgetError, "too_large": RecordError}
_FILE = "<record>"  # as assess_json calls it

LessDetail = Literal["findings", "scores"]
"""How much of an assessment is asked for, if not all of it."""
_Auth = httpx.Auth | tuple[str, str] | None


class Client:
    """A client of one service. Share one between threads: it keeps its connections.

    ``timeout``: seconds for a whole call, and for each part of a batch; ``retries``: how often a request is repeated;
    ``headers``: sent with every request, such as ``{"authorization": "Bearer ..."}``; ``auth``: name and password, or an
    ``httpx.Auth``; ``verify``: whether certificates are checked, or an ``SSLContext`` that checks them.

    All methods raise UsageError if the client is closed or the address is not that of a misstep service, EngineError if there is
    no answer in time: a later attempt may succeed.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = SECONDS,
        retries: int = RETRIES,
        headers: Mapping[str, str] | None = None,
        auth: _Auth = None,
        verify: SSLContext | bool = True,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(base_url=_parse_url(url), headers=headers, auth=auth, verify=verify, transport=transport)
        self._policy = _Policy(timeout, retries)

    def assess(self, facts: RecordLike) -> Assessment:
        """Assess one interview, as ``misstep.assess``. Raises RecordError for an invalid record, BudgetError if it needs too much
        work."""
        return _assessment(self._call(_post("assess", facts)))

    def certainty(self, facts: RecordLike) -> Certainty:
        """How certain the answer to an interview is, as ``misstep.certainty``. Raises as ``assess``."""
        return _certainty(self._call(_post("certainty", facts)))

    @overload
    def assess_batch(self, records: Iterable[RecordLike]) -> Iterator[Assessment | RecordError]: ...
    @overload
    def assess_batch(self, records: Iterable[RecordLike], detail: LessDetail) -> Iterator[dict[str, Any] | RecordError]: ...
    def assess_batch(self, records: Iterable[RecordLike], detail: LessDetail | None = None) -> Iterator[Any]:
        """Assess many interviews, and give for each in turn its assessment, or its RecordError: it is not raised.

        Records are taken as answers are: both may be more than fit into memory. ``detail``: less of each assessment, as data.
        """
        part = _BatchPart()
        for record in records:
            if not part.add(record):
                yield from part.answers(self._call(part.request(detail)), detail)
                part = _BatchPart()
                part.add(record)
        yield from part.answers(self._call(part.request(detail)) if part.lines else None, detail)

    def kinds(self) -> list[dict[str, Any]]:
        """The kinds of facts that a record may have, with their fields and the ids of the rules about them."""
        return _list(self._call(_get("kinds")))

    def kind(self, name: str) -> dict[str, Any]:
        """One kind. Raises UsageError if there is none of this name."""
        return _object(self._call(_get("kinds", name)))

    def rule(self, id: str) -> dict[str, Any]:  # noqa: A002 - as it is called in packs
        """A rule as written in its pack. Raises UsageError if there is none of this id."""
        return _object(self._call(_get("rules", id)))

    def schema(self) -> dict[str, Any]:
        """JSON Schemas: ``{"record": ..., "assessment": ...}``."""
        return _object(self._call(_get("schema")))

    def version(self) -> dict[str, Any]:
        """The versions of misstep and of the rules: ``{"misstep": ..., "rulebase": {...}}``."""
        return _object(self._call(_get("version")))

    def ready(self) -> bool:
        """Whether the service is ready: false if it does not answer."""
        try:
            return _object(self._call(_get("readyz"))).get("status") == "ready"
        except EngineError:
            return False

    def suggest(self, text: str) -> list[Suggestion]:
        """The facts that a text may tell of, as ``misstep.suggest``. Raises as ``assess`` does."""
        return _suggestions(self._call(_text_request(text)))

    def questions(self, facts: RecordLike) -> Questions:
        """The questions about one interview, as ``misstep.questions``. Raises as ``assess``."""
        return _questions(self._call(_post("questions", facts)))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, request: _Request) -> _Answer:
        """The answer to a request, repeated if need be."""
        _require_open(self._http)
        attempts = _Attempts(self._policy)
        while True:
            answer: _Answer | httpx.TransportError
            try:
                answer = self._send(request, attempts)
            except httpx.TransportError as error:
                answer = error
            wait = attempts.wait_after(answer)
            if wait is None:
                return _answered(answer)
            time.sleep(wait)

    def _send(self, request: _Request, attempts: _Attempts) -> _Answer:
        parts = []
        with self._http.stream(**request._asdict(), timeout=attempts.left) as response:
            for part in response.iter_bytes():
                parts.append(part)
                if attempts.left <= 0:
                    raise httpx.ReadTimeout("the answer is not complete in time")
        return _Answer(response.status_code, response.headers, str(response.url), b"".join(parts))


class AsyncClient:
    """The same client for asyncio; share one between tasks. ``async with`` or ``await client.aclose()`` closes it."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float = SECONDS,
        retries: int = RETRIES,
        headers: Mapping[str, str] | None = None,
        auth: _Auth = None,
        verify: SSLContext | bool = True,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(base_url=_parse_url(url), headers=headers, auth=auth, verify=verify, transport=transport)
        self._policy = _Policy(timeout, retries)

    async def assess(self, facts: RecordLike) -> Assessment:
        """As ``Client.assess``."""
        return _assessment(await self._call(_post("assess", facts)))

    async def certainty(self, facts: RecordLike) -> Certainty:
        """As ``Client.certainty``."""
        return _certainty(await self._call(_post("certainty", facts)))

    @overload
    def assess_batch(self, records: _Records) -> AsyncIterator[Assessment | RecordError]: ...
    @overload
    def assess_batch(self, records: _Records, detail: LessDetail) -> AsyncIterator[dict[str, Any] | RecordError]: ...
    async def assess_batch(self, records: _Records, detail: LessDetail | None = None) -> AsyncIterator[Any]:
        """As ``Client.assess_batch``; the records may come from an asynchronous iterator."""
        part = _BatchPart()
        async for record in _each(records):
            if not part.add(record):
                for answer in part.answers(await self._call(part.request(detail)), detail):
                    yield answer
                part = _BatchPart()
                part.add(record)
        for answer in part.answers(await self._call(part.request(detail)) if part.lines else None, detail):
            yield answer

    async def kinds(self) -> list[dict[str, Any]]:
        """As ``Client.kinds``."""
        return _list(await self._call(_get("kinds")))

    async def kind(self, name: str) -> dict[str, Any]:
        """As ``Client.kind``."""
        return _object(await self._call(_get("kinds", name)))

    async def rule(self, id: str) -> dict[str, Any]:  # noqa: A002 - as it is called in packs
        """As ``Client.rule``."""
        return _object(await self._call(_get("rules", id)))

    async def schema(self) -> dict[str, Any]:
        """As ``Client.schema``."""
        return _object(await self._call(_get("schema")))

    async def version(self) -> dict[str, Any]:
        """As ``Client.version``."""
        return _object(await self._call(_get("version")))

    async def ready(self) -> bool:
        """As ``Client.ready``."""
        try:
            return _object(await self._call(_get("readyz"))).get("status") == "ready"
        except EngineError:
            return False

    async def suggest(self, text: str) -> list[Suggestion]:
        """As ``Client.suggest``."""
        return _suggestions(await self._call(_text_request(text)))

    async def questions(self, facts: RecordLike) -> Questions:
        """As ``Client.questions``."""
        return _questions(await self._call(_post("questions", facts)))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _call(self, request: _Request) -> _Answer:
        _require_open(self._http)
        attempts = _Attempts(self._policy)
        while True:
            answer: _Answer | httpx.TransportError
            try:
                async with asyncio.timeout(attempts.left):
                    response = await self._http.request(**request._asdict(), timeout=None)
                answer = _Answer(response.status_code, response.headers, str(response.url), response.content)
            except TimeoutError:
                answer = httpx.ReadTimeout("the answer is not complete in time")
            except httpx.TransportError as error:
                answer = error
            wait = attempts.wait_after(answer)
            if wait is None:
                return _answered(answer)
            await asyncio.sleep(wait)


_Records = Iterable[RecordLike] | AsyncIterable[RecordLike]


async def _each(records: _Records) -> AsyncIterator[RecordLike]:
    if isinstance(records, AsyncIterable):
        async for record in records:
            yield record
    else:
        for record in records:
            yield record


# -- requests


class _Request(NamedTuple):
    """A request, as httpx takes it."""

    method: str
    url: str
    content: bytes | None = None
    headers: dict[str, str] | None = None
    params: dict[str, str] | None = None


class _Answer(NamedTuple):
    """A whole response."""

    status: int
    headers: httpx.Headers
    url: str
    content: bytes

    def json(self) -> Any:
        """The content as data. Raises ValueError."""
        return orjson.loads(self.content)


def _get(path: str, name: str = "") -> _Request:
    return _Request("GET", f"{path}/{quote(name, safe='')}" if name else path)


def _post(path: str, facts: RecordLike) -> _Request:
    return _Request("POST", path, _to_json(facts), {"content-type": JSON})


class _BatchPart:
    """Some records of a batch, to be sent in one request. A record that JSON cannot represent is an error without being sent."""

    def __init__(self) -> None:
        self.lines = bytearray()
        self._records: list[RecordError | None] = []

    def add(self, record: RecordLike) -> bool:
        """Add a record, if there is room for it; there is always room for the first."""
        error, line = None, b""
        try:
            line = _to_json(record) + b"\n"
        except RecordError as found:
            error = found
        if self.lines and len(self.lines) + len(line) > PART_BYTES:
            return False
        self.lines += line
        self._records.append(error)
        return True

    def request(self, detail: LessDetail | None) -> _Request:
        """The request for all records that can be sent."""
        params: dict[str, str] | None = {"detail": detail} if detail else None
        return _Request("POST", BATCH_PATH[1:], bytes(self.lines), {"content-type": JSON_LINES}, params)

    def answers(self, answer: _Answer | None, detail: LessDetail | None) -> Iterator[Any]:
        """The answers to the records in turn; ``answer`` is the one of the service, if anything was sent."""
        sent = self._records.count(None)
        rows = answer.content.splitlines() if answer is not None else []
        if len(rows) != sent:
            raise EngineError("the answer of the service to a batch is not complete; try again")
        given = iter(rows)
        for error in self._records:
            yield error if error is not None else _row(next(given), answer, detail)


def _row(row: bytes, answer: _Answer | None, detail: LessDetail | None) -> Any:
    assert answer is not None
    try:
        data = orjson.loads(row)
        problem = data.get("error")
        if problem is None:
            return data["assessment"] if detail else Assessment.from_dict(data["assessment"])
        found = _of_problem(problem, RecordError)
    except (ValueError, LookupError, TypeError, AttributeError):
        raise _unreadable(answer._replace(content=row)) from None
    if not isinstance(found, RecordError):
        raise found
    return found


# -- repetitions


@dataclass(frozen=True, slots=True)
class _Policy:
    timeout: float
    retries: int


@dataclass
class _Attempts:
    """The attempts at one call."""

    policy: _Policy
    made: int = 0
    end: float = field(init=False)

    def __post_init__(self) -> None:
        self.end = time.monotonic() + self.policy.timeout

    @property
    def left(self) -> float:
        """Seconds that are left, at least a moment: nought is none for httpx."""
        return max(0.0, self.end - time.monotonic())

    def wait_after(self, answer: _Answer | httpx.TransportError) -> float | None:
        """Seconds to wait before the next attempt; None if there is to be none."""
        self.made += 1
        if isinstance(answer, _Answer) and answer.status not in BUSY_STATUSES:
            return None
        wait = FIRST_WAIT * 2 ** (self.made - 1)
        if isinstance(answer, _Answer) and (asked := answer.headers.get("retry-after", "")).isdigit():
            wait = float(asked)
        return wait if self.made <= self.policy.retries and wait < self.left else None


def _require_open(http: httpx.Client | httpx.AsyncClient) -> None:
    if http.is_closed:
        raise UsageError("the client is closed; open a new one")


def _answered(answer: _Answer | httpx.TransportError) -> _Answer:
    """The answer, if it is one. Raises the error of the library that it stands for."""
    if isinstance(answer, httpx.TransportError):
        raise EngineError(f"no answer from the service ({type(answer).__name__}); try again") from answer
    if answer.status != httpx.codes.OK:
        raise _error(answer)
    return answer


# -- answers


def _assessment(answer: _Answer) -> Assessment:
    try:
        return Assessment.from_json(answer.content)
    except ValueError:
        raise _unreadable(answer) from None


def _certainty(answer: _Answer) -> Certainty:
    try:
        return _CERTAINTY.validate_json(answer.content)
    except ValueError:
        raise _not_misstep(answer) from None


def _list(answer: _Answer) -> list[dict[str, Any]]:
    found = _json(answer)
    if not isinstance(found, list):
        raise _not_misstep(answer)
    return found


def _object(answer: _Answer) -> dict[str, Any]:
    found = _json(answer)
    if not isinstance(found, dict):
        raise _not_misstep(answer)
    return found


def _json(answer: _Answer) -> object:
    try:
        return answer.json()
    except ValueError:
        raise _not_misstep(answer) from None


def _parse_url(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise UsageError("invalid address of a service; a valid one is such as http://127.0.0.1:8000")
    return parsed


def _to_json(facts: RecordLike) -> bytes:
    """The record as JSON. Raises RecordError, like the library, for data that JSON cannot represent."""
    try:
        return json.dumps(plain_record(facts), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise RecordError("has a value that is not text, a number, a list or a mapping") from None


def _text_request(text: str) -> _Request:
    if not isinstance(text, str):
        raise RecordError("a story must be text")
    return _Request("POST", "suggest", json.dumps({"text": text}).encode(), {"content-type": JSON})


def _suggestions(answer: _Answer) -> list[Suggestion]:
    try:
        return from_data(answer.json())
    except (ValueError, LookupError, TypeError, AttributeError):
        raise _not_misstep(answer) from None


def _questions(answer: _Answer) -> Questions:
    try:
        return Questions.from_json(answer.content)
    except ValueError:
        raise _not_misstep(answer) from None


# -- errors


def _unreadable(answer: _Answer) -> UsageError:
    """The error for an answer that is not an assessment, or one of another schema version."""
    try:
        data = answer.json()
        schema = data.get("assessment", data)["schema"]
    except (ValueError, LookupError, TypeError, AttributeError):
        schema = None
    if type(schema) is int and schema != SCHEMA:
        return UsageError(
            f"{answer.url}: a service of another version of misstep; its assessments have schema {schema}, here {SCHEMA};"
            " use the same version at both ends"
        )
    return _not_misstep(answer)


def _error(answer: _Answer) -> MisstepError:
    """The error of an answer that is none of 200."""
    busy = answer.status >= httpx.codes.INTERNAL_SERVER_ERROR or answer.status in BUSY_STATUSES
    try:
        return _of_problem(answer.json(), EngineError if busy else UsageError)
    except (ValueError, LookupError, TypeError, AttributeError):
        return _not_ours(answer, busy)


def _of_problem(problem: Any, otherwise: type[MisstepError]) -> MisstepError:
    """The error of a problem; ``otherwise``: of one with another code. Raises LookupError or TypeError if it is no problem."""
    code, detail, omitted = problem["code"], str(problem["detail"]), int(problem.get("omitted", 0))
    places = [
        Problem(
            Location(_FILE if "line" in each else "", each.get("line", 0), each.get("column", 0), each["pointer"]),
            each["detail"],
        )
        for each in problem.get("errors", ())
    ]
    return _ERRORS.get(code, otherwise)(places or detail, omitted)


def _not_ours(answer: _Answer, busy: bool) -> MisstepError:
    """The error of an answer of something between this client and the service."""
    if answer.status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.PROXY_AUTHENTICATION_REQUIRED):
        return UsageError(f"{answer.url}: access is denied (status {answer.status}); check auth= or headers= of the client")
    if location := answer.headers.get("location"):
        return UsageError(f"{answer.url}: has moved to {location}; use that address")
    if busy:
        return EngineError(f"no answer from the service (status {answer.status}); try again")
    return _not_misstep(answer)


def _not_misstep(answer: _Answer) -> UsageError:
    return UsageError(f"{answer.url}: is not a misstep service (status {answer.status}); check the address")
