"""A JSON document in; parts in the spool out: the records of a list, of a list in an object, or that stand one after another.

It is never in memory as a whole. A record ends where its brackets are closed, so that one that is wrong inside costs no other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple, Protocol

from misstep.batch.inputs.kept import fault_of, take_out
from misstep.batch.inputs.sources import InputSource
from misstep.batch.inputs.spool import Spool, fault_part, plan_rows
from misstep.batch.inputs.streams import CHUNK, Stream
from misstep.batch.parts import Logged, Part, Reading, Reject, SourceRemark, reject
from misstep.errors import too_long

_KEY = re.compile(r'\s*,?\s*("(?:[^"\\]|\\.)*")\s*:\s*')
_LIST_OF_RECORDS = re.compile(r"\[\s*[\[{\]]")
_OF_RECORDS = re.compile(r'"(facts|kind)"\s*:')
_NEXT_DOCUMENT = re.compile(rb"\}\s*[\[{]")
_SIGN = re.compile(rb'["{}\[\],]')
_QUOTED = re.compile(rb'(?:[^"\\]|\\.)*', re.DOTALL)


class Listed(NamedTuple):
    """Where the records of a document stand. ``start``: the byte after the bracket that opens their list, 0 if they stand in
    none; ``key``: of the list in its object."""

    start: int = 0
    key: str = ""

    def remarks(self, name: str) -> list[SourceRemark]:
        """Which list the records of a document of this name are in, if it is one of an object."""
        return [SourceRemark(name, f"the records are those of the list '{self.key[:60]}'")] if self.key else []


def find_list(head: bytes) -> Listed:
    """Where the records of a document are that begins with some bytes."""
    text = head.decode("utf-8", "surrogateescape")
    begin = len(text) - len(text.lstrip("\ufeff \t\r\n"))
    found = Listed()
    if text[begin : begin + 1] == "[":
        return Listed(_bytes(text[: begin + 1]))
    decoder = json.JSONDecoder()
    at = begin + 1 if text[begin : begin + 1] == "{" else len(text)
    while key := _KEY.match(text, at):
        name = key[1][1:-1]
        if name in ("facts", "kind"):
            return Listed()
        if not found.key and _LIST_OF_RECORDS.match(text, key.end()) and _first_key(text, key.end()) != "kind":
            found = Listed(_bytes(text[: key.end() + 1]), name)
        try:
            at = decoder.raw_decode(text, key.end())[1]
        except (ValueError, RecursionError):  # cut off, or wrong
            break
    return found


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))


def _first_key(text: str, at: int) -> str:
    """What stands first in a list: ``facts`` of a record, or the ``kind`` of a fact."""
    found = _OF_RECORDS.search(text, at)
    return found[1] if found else ""


def is_document(head: bytes) -> bool:
    """Whether what is called JSON lines is one document: a list of whole records, or a value of several lines. A line may be a
    bare list of facts."""
    line, end, others = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return line.strip() in (b"[", b"{", b"[{") if end else line[:1] == b"[" and b'"facts"' in line
    if isinstance(value, dict):
        return bool(find_list(line).key) and not others.strip()
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and "facts" in value[0]


def plan_json(source: InputSource, stream: Stream, reading: Reading, spool: Spool) -> Iterator[Part]:
    """The parts of a document."""
    listed = find_list(stream.head)
    spool.remarks += listed.remarks(source.name)
    values = JsonValues(stream.buffered, reading.limits.record_bytes, listed.start)
    for part in plan_rows(source, _records(source, values, reading), reading, spool):
        yield replace(part, share=stream.share)
    fault = stream.fault or (values.fault if listed.start else "")
    if fault:
        yield fault_part(spool, source, values.count + 1, fault)


def _records(source: InputSource, values: JsonValues, reading: Reading) -> Iterator[Logged | Reject]:
    for value in values:
        if value is None:
            yield reject(source.name, values.count, too_long(reading.limits.record_bytes))
        else:
            text, kept = take_out(value, reading.keep, reading.ignore)
            fault = fault_of(reading.keep, kept)
            yield reject(source.name, values.count, fault) if fault else Logged(values.count, text, None, kept)


class _ByteReader(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def read1(self, size: int, /) -> bytes: ...


class JsonValues:
    """The values of a list, or values that stand one after another, as JSON; None for one of more than ``most`` bytes.

    ``start``: the byte after the bracket that opens the list, or 0; ``count``: how many there were; ``fault``: why their list
    is not all of the document, if it is not.
    """

    def __init__(self, stream: _ByteReader, most: int, start: int) -> None:
        self._stream = stream
        self._most = most
        self._listed = bool(start)
        self._value = bytearray()
        self._long = False
        self.count = 0
        self.fault = "the list is not closed: the file is truncated"
        stream.read(start)

    def __iter__(self) -> Iterator[bytes | None]:
        depth, quoted = 0, False
        data = self._stream.read1(CHUNK)
        while data:
            at = begin = 0  # of the value, or what is there of it
            while at < len(data):
                if quoted:
                    inside = _QUOTED.match(data, at)
                    end = inside.end() if inside else at
                    quoted = data[end : end + 1] != b'"'
                    if quoted:  # goes on, perhaps behind a backslash
                        at = end
                        break
                    at = end + 1
                    continue
                sign = _SIGN.search(data, at)
                at = sign.end() if sign else len(data)
                match sign and sign[0]:
                    case b'"':
                        quoted = True
                    case b"{" | b"[":
                        depth += 1
                    case b"}" | b"]":
                        depth -= 1
                        if depth < 0 and self._listed:
                            self._take(data[begin : at - 1])
                            yield from self._ended()
                            rest = data[at:] + self._stream.read(CHUNK)
                            another = _NEXT_DOCUMENT.search(rest) or rest.lstrip()[:1] in (b"[", b"{")
                            self.fault = "another document follows, which is not read" if another else ""
                            return
                        if depth <= 0 and not self._listed:
                            depth = 0
                            self._take(data[begin:at])
                            begin = at
                            yield from self._ended()
                    case b"," if depth == 0:
                        self._take(data[begin : at - 1])
                        begin = at
                        yield from self._ended()
            self._take(data[begin:at])
            more = self._stream.read1(CHUNK)
            data = data[at:] + more if more else b""
        yield from self._ended()

    def _take(self, data: bytes) -> None:
        """A piece of a value."""
        if len(self._value) <= self._most:
            self._value += data
        self._long = self._long or len(self._value.strip()) > self._most

    def _ended(self) -> Iterator[bytes | None]:
        value, long = bytes(self._value.strip(b"\xef\xbb\xbf \t\r\n")), self._long
        self._value.clear()
        self._long = False
        if value:
            self.count += 1
            yield None if long else value
