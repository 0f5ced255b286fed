"""What the head of a request asks for: query parameters, and the media type and the coding of body and answer."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from misstep.errors import did_you_mean, listing
from misstep.service.config import HEADERS, QUERY
from misstep.service.problems import Rejected

PIECE = 65_536  # bytes that are unpacked at a time
MOST_NAME = 60  # characters of a name that an error repeats
_ANYTHING = (b"", b"*/*")
Headers = dict[bytes, bytes]
"""The headers of a request by name; of several with one name the last."""


class Negotiated:
    """A route that refuses unknown query parameters, and requests that do not accept its media types.

    ``query``: the values of each parameter, the default first. Those of the request are in the scope, under ``QUERY``.
    """

    def __init__(self, app: ASGIApp, *offered: str, query: Mapping[str, tuple[str, ...]]) -> None:
        self._app = app
        self._query = query
        self._offered = offered
        self._exactly = (*_ANYTHING, offered[0].encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["query_string"]:
            scope[QUERY] = parse_query(scope["query_string"], self._query)
        headers = scope[HEADERS]
        if headers.get(b"accept", b"") not in self._exactly:
            choose_type(headers, *self._offered)
        await self._app(scope, receive, send)


def parse_query(query: bytes, known: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The parameters of a query. Raises Rejected if one is not known, is given twice or has an unknown value."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):  # the head has a limit
        if name not in known:
            shown = f" '{name}'" if name.isidentifier() and len(name) <= MOST_NAME else ""
            there = f"; there is {listing(known)}" if known else "; this path has none"
            raise Rejected("query", f"unknown query parameter{shown}" + did_you_mean(name, known, there))
        if value not in known[name]:
            must = f"the query parameter '{name}' must be one of {', '.join(known[name])}"
            raise Rejected("query", must + did_you_mean(value, known[name]))
        if name in found:
            raise Rejected("query", f"the query parameter '{name}' is given twice")
        found[name] = value
    return found


def choose_type(headers: Headers, *offered: str) -> str:
    """The first of the offered media types that the request accepts. Raises Rejected if it accepts none."""
    ranges = dict(_weighted(headers.get(b"accept", b"")))
    for media_type in offered if ranges else offered[:1]:
        names = (media_type, media_type.partition("/")[0] + "/*", "*/*")
        if not ranges or next((ranges[name] for name in names if name in ranges), 0) > 0:
            return media_type
    raise Rejected("not_acceptable", f"the answer is {' or '.join(offered)}; the header 'accept' allows neither that nor */*")


def takes_gzip(headers: Headers) -> bool:
    """Whether the answer may be compressed by gzip."""
    codings = dict(_weighted(headers.get(b"accept-encoding", b"")))
    return codings.get("gzip", codings.get("*", 0)) > 0


def _weighted(header: bytes) -> Iterator[tuple[str, float]]:
    """The items of a list with weights (RFC 9110, 12.4.2); what cannot be read has weight 0."""
    for item in header.decode("latin-1").lower().split(","):
        name, *parameters = [part.strip() for part in item.split(";")]
        weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        if name:
            yield name, float(weight) if weight.replace(".", "", 1).isascii() and weight.replace(".", "", 1).isdigit() else 0


def require_type(headers: Headers, *accepted: str) -> bool:
    """Whether the body is compressed by gzip. Raises Rejected if it has another coding, or a media type that is not accepted.

    Pages of other sites cannot post the accepted ones without permission.
    """
    found = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if found not in accepted:
        detail = f"the header 'content-type' must be {' or '.join(accepted)}"
        raise Rejected("media_type", detail, {"accept": ", ".join(accepted)})
    coding = headers.get(b"content-encoding", b"").strip().lower()
    if coding not in (b"", b"identity", b"gzip"):
        detail = "the header 'content-encoding' must be gzip, or absent for a body that is not compressed"
        raise Rejected("media_type", detail, {"accept-encoding": "gzip, identity"})
    return coding == b"gzip"


async def body_parts(receive: Receive, gzip: bool, most: int) -> AsyncIterator[tuple[bytes, bool]]:
    """The parts of a body as they come, unpacked, each with whether more follows. Raises Rejected if the body has more than so
    many bytes unpacked, or is not gzip; the server limits what is not compressed."""
    unpacked = _Gzip(most) if gzip else None
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        more = message.get("more_body", False)
        part = message.get("body", b"")
        if unpacked is None:
            yield part, more
        else:
            for piece in unpacked.take(part):
                yield piece, True
            if not more:
                unpacked.close()
            yield b"", more


async def read_body(receive: Receive, gzip: bool = False, most: int = 0) -> bytes:
    """The whole body of a request, unpacked. Raises as ``body_parts``."""
    if not gzip:  # without another generator: this is the hot path
        parts = []
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                return parts[0] if len(parts) == 1 else b"".join(parts)
    return b"".join([part async for part, _ in body_parts(receive, gzip, most)])


class _Gzip:
    """Unpacks gzip, of one member or several, in pieces of a bounded size: a small body may unpack to gigabytes."""

    def __init__(self, most: int) -> None:
        self._most = self._left = most
        self._member = zlib.decompressobj(31)

    def take(self, packed: bytes) -> Iterator[bytes]:
        """Unpack a part of the body."""
        while packed:
            if self._member.eof:
                self._member = zlib.decompressobj(31)
            try:
                piece = self._member.decompress(packed, PIECE)
            except zlib.error:
                raise Rejected("request", "the body is not valid gzip, though 'content-encoding' says so") from None
            self._left -= len(piece)
            if self._left < 0:
                raise Rejected("too_large", f"the body is larger than the limit of {self._most} bytes when it is unpacked")
            packed = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            if piece:
                yield piece

    def close(self) -> None:
        """Raise Rejected unless the last member is complete."""
        if not self._member.eof:
            raise Rejected("request", "the body ends before its gzip does")
