"""Facts in; assessments of a service elsewhere out, in the library's own types. Needs the extra ``misstep[client]``.

>>> with Client("http://127.0.0.1:8000") as client:
...     client.assess([{"kind": "late_arrival", "minutes": 12}]).verdict
"""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Self

import httpx

from misstep.assessment.records import RecordLike, plain_record
from misstep.assessment.result import SCHEMA, Assessment
from misstep.errors import BudgetError, EngineError, Location, MisstepError, Problem, RecordError, UsageError

SECONDS = 15.0  # the service itself gives up after ten
_ERRORS: dict[str, type[MisstepError]] = {"record": RecordError, "budget": BudgetError, "too_large": RecordError}
_FILE = "<record>"  # as assess_json calls it
_ADDRESS = "is it the address of a service?"
_HEADERS = {"content-type": "application/json"}


class Client:
    """A client of one service; share one between threads, it keeps its connections. Of the library it has ``assess`` alone."""

    def __init__(self, url: str, *, timeout: float = SECONDS, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(base_url=_checked(url), timeout=timeout, transport=transport)

    def assess(self, facts: RecordLike) -> Assessment:
        """Assess one interview: what ``misstep.assess`` takes and gives.

        Raises RecordError where the record is wrong, BudgetError where it asks for too much work, UsageError where the address
        is not that of a service or the client is closed, EngineError where there is no answer: it may help to try again.
        """
        content = _content(facts)
        _refuse_closed(self._http)
        try:
            return _read(self._http.post("assess", content=content, headers=_HEADERS))
        except httpx.HTTPError as error:
            raise _unreached(error) from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class AsyncClient:
    """The same for asyncio."""

    def __init__(self, url: str, *, timeout: float = SECONDS, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(base_url=_checked(url), timeout=timeout, transport=transport)

    async def assess(self, facts: RecordLike) -> Assessment:
        """As ``Client.assess``."""
        content = _content(facts)
        _refuse_closed(self._http)
        try:
            return _read(await self._http.post("assess", content=content, headers=_HEADERS))
        except httpx.HTTPError as error:
            raise _unreached(error) from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()


def _checked(url: str) -> httpx.URL:
    try:
        checked = httpx.URL(url)
    except httpx.InvalidURL:
        checked = httpx.URL()
    if checked.scheme not in ("http", "https") or not checked.host:
        raise UsageError("the address of a service is one such as http://127.0.0.1:8000")
    return checked


def _refuse_closed(http: httpx.Client | httpx.AsyncClient) -> None:
    if http.is_closed:
        raise UsageError("the client is closed; open a new one")


def _content(facts: RecordLike) -> bytes:
    """The record as JSON. What JSON cannot say is refused here, as the library would."""
    try:
        return json.dumps(plain_record(facts), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise RecordError("holds something that is no text, number, list or mapping") from None


def _read(response: httpx.Response) -> Assessment:
    if response.status_code == httpx.codes.OK:
        try:
            return Assessment.from_json(response.content)
        except ValueError:
            raise _not_understood(response) from None
    raise _error(response)


def _not_understood(response: httpx.Response) -> UsageError:
    """An answer that is no assessment, or one in the shape of another version."""
    try:
        schema = response.json()["schema"]
    except (ValueError, KeyError, TypeError):
        schema = None
    if type(schema) is int and schema != SCHEMA:
        return UsageError(
            f"{response.url}: is a service of another version of misstep, whose assessments have schema {schema}, here {SCHEMA};"
            " use the same version at both ends"
        )
    return UsageError(f"{response.url}: answers, but not as misstep does; {_ADDRESS}")


def _error(response: httpx.Response) -> MisstepError:
    try:
        told: Any = response.json()
        code, detail, omitted = told["code"], str(told["detail"]), int(told.get("omitted", 0))
        places = [
            Problem(
                Location(_FILE if "line" in each else "", each.get("line", 0), each.get("column", 0), each["pointer"]),
                each["detail"],
            )
            for each in told.get("errors", ())
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return UsageError(f"{response.url}: answers {response.status_code}, but not as misstep does; {_ADDRESS}")
    error = _ERRORS.get(code, EngineError if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR else UsageError)
    return error(places or detail, omitted)


def _unreached(error: httpx.HTTPError) -> EngineError:
    return EngineError(f"the service gave no answer ({type(error).__name__}); it may help to try again")
