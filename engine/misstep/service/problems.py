"""Errors in; problem details out (RFC 9457), the same for every error. They name places, never values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response

from misstep.errors import MAX_LENGTH, BudgetError, MisstepError, Problem, RecordError, printable
from misstep.limits import Limits

MEDIA_TYPE = "application/problem+json"
MOST = Limits().problems  # problems that one answer tells


class Sort(NamedTuple):
    """A sort of problem: its status, and its title, which is the same every time."""

    status: int
    title: str


SORTS: dict[str, Sort] = {
    "record": Sort(422, "The record is wrong"),
    "budget": Sort(422, "The record asks for too much work"),
    "caller": Sort(422, "The request makes no sense"),
    "request": Sort(400, "The request is not HTTP as it should be"),
    "host": Sort(400, "The request is for another host"),
    "origin": Sort(403, "The request comes from a page elsewhere"),
    "not_found": Sort(404, "There is no such thing"),
    "method": Sort(405, "This cannot be done here"),
    "timeout": Sort(408, "The request took too long"),
    "too_large": Sort(413, "The request is too large"),
    "media_type": Sort(415, "The content is of another type than is taken here"),
    "headers": Sort(431, "The headers are too large"),
    "internal": Sort(500, "Something is wrong with the service"),
    "busy": Sort(503, "There is too much to do just now"),
}
"""By code. The first three are those of the library, named as its errors are."""

_LIBRARY: tuple[tuple[type[MisstepError], str], ...] = (
    (BudgetError, "budget"),
    (RecordError, "record"),
    (MisstepError, "caller"),
)
_STATUS = {404: "not_found", 405: "method"}
AGAIN_SECONDS = b"1"  # a queue of requests that take fractions of a millisecond is gone by then


class Refused(HTTPException):
    """A request that is not done, with the code of the problem."""

    def __init__(self, code: str, detail: str) -> None:
        headers = {"retry-after": AGAIN_SECONDS.decode()} if code == "busy" else None
        super().__init__(SORTS[code].status, detail, headers)
        self.code = code


def problem(code: str, detail: str, **more: Any) -> dict[str, Any]:
    """The members of a problem."""
    sort = SORTS[code]
    return {
        "type": f"urn:misstep:problem:{code}", "title": sort.title, "status": sort.status,
        "detail": printable(detail)[:MAX_LENGTH], "code": code, **more,
    }  # fmt: skip


def problem_of(error: MisstepError) -> dict[str, Any]:
    """The problem of what the library refuses: every place with what is wrong there."""
    code = next(code for cls, code in _LIBRARY if isinstance(error, cls))
    told = error.problems[:MOST]
    omitted = error.omitted + len(error.problems) - len(told)
    errors = [_place(each) for each in told]
    count = len(told) + omitted
    detail = _told(told[0]) + (f" (and {count - 1} more)" if count > 1 else "")
    return problem(code, detail, errors=errors, **({"omitted": omitted} if omitted else {}))


def _told(each: Problem) -> str:
    pointer = each.location.pointer
    return f"{pointer}: {each.message}" if pointer else each.message


def _place(each: Problem) -> dict[str, Any]:
    place: dict[str, Any] = {"pointer": each.location.pointer, "detail": printable(each.message)[:MAX_LENGTH]}
    if each.location.line:
        place["line"] = each.location.line
    if each.location.column:
        place["column"] = each.location.column
    return place


def respond(members: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """A problem as the answer to a request."""
    return Response(orjson.dumps(members), members["status"], {"cache-control": "no-store", **(headers or {})}, MEDIA_TYPE)


def of_http(error: HTTPException) -> Response:
    """The answer to a request that is refused, by us or by the framework."""
    if isinstance(error, Refused):
        return respond(problem(error.code, error.detail), error.headers)
    code = _STATUS.get(error.status_code, "request")
    detail = {"not_found": "there is nothing under this address", "method": "this address takes other methods"}.get(code, "")
    return respond(problem(code, detail or "the request cannot be read"), error.headers)
