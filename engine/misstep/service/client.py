"""Clients of a misstep service, with the types and errors of the library. They need the extra ``misstep[client]``.

>>> with Client("http://127.0.0.1:8000") as client:
...     client.assess([{"kind": "late_arrival", "minutes": 12}]).verdict
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import httpx

from misstep.analysis.questions import Questions
from misstep.assessment.records import RecordLike, plain_record
from misstep.assessment.result import SCHEMA, Assessment
from misstep.errors import BudgetError, EngineError, Location, MisstepError, Problem, RecordError, UsageError

SECONDS = 15.0  # the timeout of the service itself is 10 seconds
_ERRORS: dict[str, type[MisstepError]] = {"record": RecordError, "budget": BudgetError, "too_large": RecordError}
_FILE = "<record>"  # as assess_json calls it
_HEADERS = {"content-type": "application/json"}


class Client:
    """A client of one service, with ``assess`` and ``questions`` of the library. Share one between threads: it keeps its
    connections."""

    def __init__(self, url: str, *, timeout: float = SECONDS, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(base_url=_parse_url(url), timeout=timeout, transport=transport)

    def assess(self, facts: RecordLike) -> Assessment:
        """Assess one interview, as ``misstep.assess``.

        Raises RecordError for an invalid record, BudgetError if it needs too much work, UsageError if the client is closed or the
        address is not that of a misstep service, EngineError if there is no answer: a later attempt may succeed.
        """
        content = _to_json(facts)
        with _translated_errors(self._http):
            response = self._http.post("assess", content=content, headers=_HEADERS)
        return _parse(response)

    def questions(self, facts: RecordLike) -> Questions:
        """The questions about one interview, as ``misstep.questions``. Raises as ``assess``."""
        content = _to_json(facts)
        with _translated_errors(self._http):
            response = self._http.post("questions", content=content, headers=_HEADERS)
        return _parse_questions(response)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient:
    """The same client for asyncio."""

    def __init__(self, url: str, *, timeout: float = SECONDS, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(base_url=_parse_url(url), timeout=timeout, transport=transport)

    async def assess(self, facts: RecordLike) -> Assessment:
        """As ``Client.assess``."""
        content = _to_json(facts)
        with _translated_errors(self._http):
            response = await self._http.post("assess", content=content, headers=_HEADERS)
        return _parse(response)

    async def questions(self, facts: RecordLike) -> Questions:
        """As ``Client.questions``."""
        content = _to_json(facts)
        with _translated_errors(self._http):
            response = await self._http.post("questions", content=content, headers=_HEADERS)
        return _parse_questions(response)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _parse_url(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise UsageError("invalid address of a service; a valid one is such as http://127.0.0.1:8000")
    return parsed


@contextmanager
def _translated_errors(http: httpx.Client | httpx.AsyncClient) -> Iterator[None]:
    """Raise errors of httpx as errors of the library."""
    if http.is_closed:
        raise UsageError("the client is closed; open a new one")
    try:
        yield
    except httpx.HTTPError as error:
        raise EngineError(f"no answer from the service ({type(error).__name__}); try again") from error


def _to_json(facts: RecordLike) -> bytes:
    """The record as JSON. Raises RecordError, like the library, for data that JSON cannot represent."""
    try:
        return json.dumps(plain_record(facts), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise RecordError("has a value that is not text, a number, a list or a mapping") from None


def _parse(response: httpx.Response) -> Assessment:
    if response.status_code != httpx.codes.OK:
        raise _error(response)
    try:
        return Assessment.from_json(response.content)
    except ValueError:
        raise _unreadable(response) from None


def _parse_questions(response: httpx.Response) -> Questions:
    if response.status_code != httpx.codes.OK:
        raise _error(response)
    try:
        return Questions.from_json(response.content)
    except ValueError:
        raise _not_misstep(response) from None


def _unreadable(response: httpx.Response) -> UsageError:
    """The error for an answer that is not an assessment, or one of another schema version."""
    try:
        schema = response.json()["schema"]
    except (ValueError, KeyError, TypeError):
        schema = None
    if type(schema) is int and schema != SCHEMA:
        return UsageError(
            f"{response.url}: a service of another version of misstep; its assessments have schema {schema}, here {SCHEMA};"
            " use the same version at both ends"
        )
    return _not_misstep(response)


def _error(response: httpx.Response) -> MisstepError:
    """The error of a problem answer."""
    try:
        problem = response.json()
        code, detail, omitted = problem["code"], str(problem["detail"]), int(problem.get("omitted", 0))
        places = [
            Problem(
                Location(_FILE if "line" in each else "", each.get("line", 0), each.get("column", 0), each["pointer"]),
                each["detail"],
            )
            for each in problem.get("errors", ())
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return _not_misstep(response)
    error = _ERRORS.get(code, EngineError if response.is_server_error else UsageError)
    return error(places or detail, omitted)


def _not_misstep(response: httpx.Response) -> UsageError:
    return UsageError(f"{response.url}: is not a misstep service (status {response.status_code}); check the address")
