"""Errors as problem details (RFC 9457), in one format for all routes. They contain places, never values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response

from misstep.errors import MAX_LENGTH, BudgetError, Problem, RecordError, printable
from misstep.limits import Limits
from misstep.service.config import RETRY_SECONDS

MEDIA_TYPE = "application/problem+json"
MOST = Limits().problems  # errors listed in one answer
ProblemDetails = dict[str, Any]
"""The members of a problem, as JSON."""


HTTP_WORDS = {
    "`misstep kinds` lists them": "GET /kinds lists them",
    "`misstep kinds KIND` lists the rules about a kind": "GET /kinds/{kind} lists the rules about a kind",
    "must be a mapping: {kind: ..., and its fields}": 'must be an object: {"kind": ..., and its fields}',
    "a record is {facts: [...]} or a list of facts": 'a record is {"facts": [...]} or an array of facts',
    "must be a record {facts: [...]} or a list of facts": 'must be a record {"facts": [...]} or an array of facts',
    "must be a list of facts": "must be an array of facts",
    "raise Limits.certainty": "send fewer of them",
    "raise Limits.work": "send fewer facts",
}
"""Words of the library about itself and the command line, and those for a caller over HTTP."""


def in_http_words(message: str) -> str:
    """A message of the library for a caller over HTTP."""
    for words, instead in HTTP_WORDS.items():
        if words in message:
            return message.replace(words, instead)
    return message


class ProblemType(NamedTuple):
    """Status and title of all problems with one code."""

    status: int
    title: str


PROBLEM_TYPES = {
    "record": ProblemType(422, "Invalid record"),
    "budget": ProblemType(422, "Record exceeds the work limit"),
    "request": ProblemType(400, "Malformed HTTP request"),
    "query": ProblemType(400, "Invalid query"),
    "host": ProblemType(400, "Host not allowed"),
    "origin": ProblemType(403, "Cross-site request not allowed"),
    "not_found": ProblemType(404, "Not found"),
    "method": ProblemType(405, "Method not allowed"),
    "not_acceptable": ProblemType(406, "Not acceptable"),
    "timeout": ProblemType(408, "Request timeout"),
    "too_large": ProblemType(413, "Request too large"),
    "media_type": ProblemType(415, "Unsupported media type"),
    "headers": ProblemType(431, "Request headers too large"),
    "internal": ProblemType(500, "Internal server error"),
    "busy": ProblemType(503, "Server busy"),
}
"""By code. The first two are errors of the library."""

_OF_STARLETTE = {
    404: ("not_found", "there is no such path; GET /openapi.json lists those that there are"),
    405: ("method", "the path has other methods; see the header 'allow'"),
}
"""Code and detail of the errors that Starlette raises, by status."""


class Rejected(HTTPException):
    """A request that is not carried out, with the code of its problem."""

    def __init__(self, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        retry = {"retry-after": RETRY_SECONDS} if code == "busy" else None
        super().__init__(PROBLEM_TYPES[code].status, detail, headers or retry)
        self.code = code


def problem(code: str, detail: str, **more: object) -> ProblemDetails:
    """The members of a problem."""
    status, title = PROBLEM_TYPES[code]
    detail = printable(detail)[:MAX_LENGTH]
    return {"type": f"urn:misstep:problem:{code}", "title": title, "status": status, "detail": detail, "code": code, **more}


def record_problem(error: RecordError, lines: bool = True) -> ProblemDetails:
    """The problem of an invalid record, with the place of each error; ``lines``: with line numbers."""
    listed = error.problems[:MOST]
    omitted = error.omitted + len(error.problems) - len(listed)
    count = len(listed) + omitted
    pointer, message = listed[0].location.pointer, in_http_words(listed[0].message)
    detail = (f"{pointer}: " if pointer else "") + message + (f" (and {count - 1} more)" if count > 1 else "")
    more = {"omitted": omitted} if omitted else {}
    code = "budget" if isinstance(error, BudgetError) else "record"
    return problem(code, detail, errors=[_place(each, lines) for each in listed], **more)


def _place(each: Problem, lines: bool) -> dict[str, object]:
    location = each.location
    numbers = {"line": location.line if lines else 0, "column": location.column}
    known = {name: number for name, number in numbers.items() if number}
    return {"pointer": location.pointer, "detail": printable(in_http_words(each.message))[:MAX_LENGTH], **known}


def problem_response(members: ProblemDetails, headers: Mapping[str, str] | None = None) -> Response:
    """A problem as the answer to a request."""
    return Response(orjson.dumps(members), members["status"], {"cache-control": "no-store", **(headers or {})}, MEDIA_TYPE)


def rejection_response(error: HTTPException) -> Response:
    """The answer to a request that was rejected by the service or by Starlette."""
    if isinstance(error, Rejected):
        code, detail = error.code, error.detail
    else:
        code, detail = _OF_STARLETTE.get(error.status_code, ("request", "the request cannot be read"))
    return problem_response(problem(code, detail), error.headers)
