"""Read the records of a file or of standard input one by one, as JSON, JSON lines or YAML."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, TypeVar

from misstep.errors import Location, MisstepError, Problem, RecordError, UsageError, printable, too_long
from misstep.files import shown_name
from misstep.limits import Limits
from misstep.rulebase.documents import Document, read_json, read_text, read_yaml

T = TypeVar("T")

FORMATS = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".yaml": "yaml", ".yml": "yaml"}


def read_documents(file: Path, input_format: str | None) -> Iterator[Document | MisstepError]:
    """The records of the input; a broken line of JSON lines is an error among them, the rest goes on."""
    name = "<stdin>" if str(file) == "-" else shown_name(str(file))
    most = Limits().record_bytes
    with sys.stdin.buffer if name == "<stdin>" else file.open("rb") as stream:
        form = input_format or FORMATS.get(file.suffix.lower())
        data = b"" if form == "jsonl" else stream.read(most + 1)
        if form is None:
            form = _looks_like(data)
        if form == "jsonl":
            yield from _lines(_split(data, stream, most), name, most)
            return
        if len(data) > most:
            raise _too_large(Location(name), most)
        text = read_text(data, name)
        if not text.strip():
            raise RecordError([Problem(Location(name), "is empty; a record is {facts: [...]} or a list of facts")])
        yield read_yaml(text, name, RecordError, most) if form == "yaml" else read_json(text, name, most=most)


def answer_for(document: Document | MisstepError, answer: Callable[[Any], T]) -> T:
    """The answer to the record of a document. Raises the error of a broken one, and RecordError with its place in the file."""
    if isinstance(document, MisstepError):
        raise document
    try:
        return answer(document.data)
    except RecordError as error:
        raise document.place(error) from None


def check_is_file(file: Path) -> None:
    """Raise UsageError where a path is not a file."""
    if file.is_dir():
        raise UsageError(f"{printable(str(file))}: is a folder; give a file")
    if not file.exists():
        raise UsageError(f"{printable(str(file))}: no such file")


def _too_large(place: Location, most: int) -> RecordError:
    return RecordError([Problem(place, too_long(most))])


def _looks_like(data: bytes) -> str:
    """JSON lines begin with a line that is an object or a list by itself, and have another."""
    first, _, rest = data.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    if first[:1] not in (b"{", b"["):
        return "yaml"
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return "json"
    return "jsonl" if rest.strip() else "json"


def _split(data: bytes, stream: IO[bytes], most: int) -> Iterator[bytes]:
    """The lines of the bytes read so far and of the rest of a stream; a line that is too long is cut."""
    head = io.BytesIO(data)
    while line := head.readline() or stream.readline(most + 2):
        if not line.endswith(b"\n"):
            line += stream.readline(max(0, most + 2 - len(line)))
        yield line
        while line and not line.endswith(b"\n"):
            line = stream.readline(most)


def _lines(lines: Iterable[bytes], name: str, most: int) -> Iterator[Document | MisstepError]:
    for number, data in enumerate(lines, start=1):
        if not data.strip():
            continue
        try:
            if len(data.rstrip(b"\r\n")) > most:
                raise _too_large(Location(name, number), most)
            yield read_json(read_text(data, name, number).rstrip("\r\n"), name, number, most=most)
        except MisstepError as error:
            yield error
