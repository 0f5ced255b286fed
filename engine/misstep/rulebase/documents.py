"""Parse YAML or JSON text to plain data, and find the line and column of any part of it.

YAML is read from the events of libyaml's parser: no tags, no anchors, no merge keys, and size, depth and
number of nodes are limited before a tree exists. Data that passes needs no positions, so they are looked up
only for an error, by reading the text once more (``Document.locate``).
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, NamedTuple, NoReturn

import yaml

from misstep.errors import Location, MisstepError, Problem, RecordError, RuleError, from_pointer, hidden_signs, to_pointer
from misstep.limits import FIXED
from misstep.rulebase.json_places import JsonPart, json_parts
from misstep.rulebase.yaml_faults import QuotedText, YamlFault, explain_fault

MAX_BYTES = FIXED.document_bytes
MAX_DEPTH = FIXED.depth
MAX_NODES = FIXED.values
MOST_HIDDEN = 20  # signs of a file that are told

Path = tuple[str | int, ...]

_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_JSON_NUMBER = re.compile(r"-?(?:NaN|Infinity|[0-9]++(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]++)?+)")  # as much as json reads
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)  # a string may be open to the end: no rescans
_HINTS = {
    "mapping values are not allowed in this context": "; a text with ': ' in it stands in quotes",
    "found character that cannot start any token": "; indent with spaces, and put a text that begins with @ or ` in quotes",
}
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


_Event = Any
"""An event of libyaml's parser, or a mark of it; their stubs say too little."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text, lines and columns from 1; ``exact``: an offset into the scalar is an offset in the line."""

    line: int
    column: int
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """Parsed text of one file. ``fault`` is the class of errors about it."""

    file: str
    text: str
    data: Any
    fault: type[MisstepError]
    first_line: int = 1
    is_json: bool = False
    _marks: list[dict[Path, Mark] | None] = field(default_factory=list, init=False, repr=False, compare=False)

    def locate(self, path: Sequence[str | int], offset: int | None = None) -> Location:
        """The location of a part of the data; of a missing part, the location of its nearest parent."""
        if not self._marks:  # read once more on the first error, not on every one
            self._marks.append(self._read_marks())
        marks = self._marks[0]
        if marks is None:
            return Location(self.file, self.first_line if self.first_line > 1 else 0)
        steps = tuple(path)
        while steps not in marks and steps:
            steps, offset = steps[:-1], None
        mark = marks.get(steps, Mark(1, 1))
        column = mark.column + offset if offset is not None and mark.exact else mark.column
        return Location(self.file, mark.line + self.first_line - 1, column)

    def _read_marks(self) -> dict[Path, Mark] | None:
        """The place of every part; None where the text cannot be read once more."""
        marks: dict[Path, Mark] = {}
        if self.is_json:
            lines = _Lines(self.text)
            for part in json_parts(self.text):
                text = part.token.startswith('"')
                exact = text and "\\" not in part.token
                line, column = lines.place(part.start if text else part.named)
                marks.setdefault(part.path, Mark(line, column + exact, exact))
            return marks
        try:
            _YamlBuilder(self, marks, []).build()
        except MisstepError:
            return None
        return marks

    def place_of(self, part: JsonPart) -> Location:
        """Where a part of this JSON stands. The facts of a record may be all of it."""
        line, column = _Lines(self.text).place(part.start)
        bare = self.fault is RecordError and self.text.lstrip()[:1] == "["
        return Location(self.file, line + self.first_line - 1, column, to_pointer(["facts", *part.path] if bare else part.path))

    def excerpt(self, path: Sequence[str | int]) -> str:
        """The lines of a mapping in block style, from its key on to the last line indented under it."""
        lines = self.text.splitlines()
        start = self.locate(path).line - self.first_line
        indent = len(lines[start]) - len(lines[start].lstrip())
        end = start + 1
        while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > indent):
            end += 1
        return "\n".join(line[indent:] for line in lines[start:end]).rstrip()

    def place(self, error: RecordError) -> RecordError:
        """The problems of a record that was read from this text, with their lines and columns."""
        pointers = [problem.location.pointer for problem in error.problems]
        places = [replace(self.locate(from_pointer(pointer, self.data)), pointer=pointer) for pointer in pointers]
        problems = [replace(problem, location=place) for problem, place in zip(error.problems, places, strict=True)]
        return RecordError(problems, error.omitted)


def refuse_hidden(text: str, file: str) -> None:
    """Raise RuleError about signs in what a rule author writes that are not seen, and make the rest of it look otherwise."""
    lines = _Lines(text)
    problems = [Problem(Location(file, *lines.place(at)), _hidden(sign)) for at, sign in islice(hidden_signs(text), MOST_HIDDEN)]
    if problems:
        raise RuleError(problems)


def _hidden(sign: str) -> str:
    return f"{sign} is not seen, and can make what is around it look otherwise; take it out"


class _Lines:
    """The lines of a text; places are asked for in their order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line, self._start, self._at = 1, 0, 0  # the line of the last place, where it begins, and the place

    def place(self, offset: int) -> tuple[int, int]:
        """The line and the column of an offset, from 1."""
        ended = self._text.count("\n", self._at, offset)
        if ended:
            self._line, self._start = self._line + ended, self._text.rindex("\n", self._at, offset) + 1
        self._at = offset
        return self._line, offset - self._start + 1


def read_text(data: bytes, file: str, line: int = 1, fault: type[MisstepError] = RecordError) -> str:
    """UTF-8 as text, without a mark before it. Raises ``fault`` with the place of what is none."""
    try:
        return data.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        before = data.removeprefix(BOM_UTF8)[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode()) + 1
        raise fault([Problem(Location(file, before.count(b"\n") + line, column), "not UTF-8 text")]) from None


def read_yaml(
    text: str,
    file: str,
    fault: type[MisstepError] = RuleError,
    most: int = MAX_BYTES,
    duplicates: list[Problem] | None = None,
) -> Document:
    """Parse one YAML document (docs/rule-packs.md lists the parts of YAML that are supported).

    Raises ``fault`` with file, line and column. Duplicate keys go to ``duplicates``, if it is given, and the first
    of them holds: there may be more to say about the rest.
    """
    document = _sized(text, file, fault, most)
    if fault is RuleError:  # a record may hold what people wrote
        refuse_hidden(text, file)
    return Document(file, text, _YamlBuilder(document, None, duplicates).build(), fault)


_PYTHON = re.compile(r"\s*\[?\s*\{\s*'")


def read_json(text: str, file: str, line: int = 1, fault: type[MisstepError] = RecordError, most: int = MAX_BYTES) -> Document:
    """Parse one JSON value strictly: no duplicate keys, no NaN, no huge numbers, limited depth.

    ``line`` is the line of the file that the text begins on.
    """
    document = replace(_sized(text, file, fault, most), first_line=line, is_json=True)
    if _depth(text) > MAX_DEPTH:
        deep = (part for part in json_parts(text) if len(part.path) >= MAX_DEPTH and part.token in "[{")
        place = next(map(document.place_of, deep), Location(file, line))
        raise fault([Problem(place, f"nested more than {MAX_DEPTH} levels deep")])
    try:
        data = json.loads(
            text, object_pairs_hook=_unique_keys, parse_constant=_no_constant, parse_int=_parse_int, parse_float=_finite
        )
    except json.JSONDecodeError as error:
        place = Location(file, line + error.lineno - 1, error.colno)
        python = "; it looks like Python's repr, where json.dumps writes JSON" if _PYTHON.match(text) else ""
        raise fault([Problem(place, f"not valid JSON: {error.msg}{python}")]) from None
    except _JsonFault as error:
        raise fault([_first_fault(document) or Problem(Location(file, line), str(error))]) from None
    return replace(document, data=data)


def _first_fault(document: Document) -> Problem | None:
    """The first key that stands twice, or number that is none; the json module does not say where its hooks were called, so the
    text is read once more, for the error only."""
    for part in json_parts(document.text):
        try:
            if part.twice:
                raise _twice(str(part.path[-1]))
            number = _JSON_NUMBER.match(part.token)
            if number is not None:
                (_no_constant if number[0].lstrip("-")[0] in "NI" else _parse_number)(number[0])
        except _JsonFault as error:
            return Problem(document.place_of(part), str(error))
    return None


def _sized(text: str, file: str, fault: type[MisstepError], most: int) -> Document:
    size = len(text)
    if not text.isascii():  # piece by piece: a text that is too large is not copied first
        size = sum(len(text[at : at + 65_536].encode("utf-8", "surrogatepass")) for at in range(0, size, 65_536))
    if size > most:
        raise fault([Problem(Location(file), f"has {size} bytes; at most {most} are taken")])
    return Document(file, text, None, fault)


class _JsonFault(Exception):
    pass


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    data = dict(pairs)
    if len(data) < len(pairs):
        (twice, _), *_ = Counter(key for key, _ in pairs).most_common(1)
        raise _twice(twice)
    return data


def _twice(key: str) -> _JsonFault:
    return _JsonFault(f"the key '{key[:60]}' stands twice in one object")


def _no_constant(name: str) -> NoReturn:
    raise _JsonFault(f"{name} is not a number; leave the field out if it is unknown")


def _parse_int(digits: str) -> int:
    if len(digits) > FIXED.digits:
        raise _JsonFault(f"a number of more than {FIXED.digits} digits")
    return int(digits)


def _parse_number(digits: str) -> float:
    return _parse_int(digits) if _WHOLE.fullmatch(digits) else _finite(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise _JsonFault("a number too large for a decimal")
    return number


def _depth(text: str) -> int:
    """Deepest nesting of brackets outside of strings; the json module itself would run out of stack."""
    depth = deepest = 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token in "]}":
            depth -= 1
    return deepest


class _YamlBuilder:
    """Builds plain data from parser events; fills ``marks``, if given, with the location of every path."""

    def __init__(self, document: Document, marks: dict[Path, Mark] | None, duplicates: list[Problem] | None = None) -> None:
        self.document = document
        self.marks = marks
        self.duplicates = duplicates
        self.nodes = 0
        self.next: Callable[[], _Event] = lambda: None

    def build(self) -> object:
        try:
            self.next = yaml.CSafeLoader(self.document.text).get_event
            self.next()  # stream start
            start = self.next()
            if isinstance(start, yaml.StreamEndEvent):
                return None
            value = self._value(self.next(), (), 0)
            self.next()  # document end
            after = self.next()
            if not isinstance(after, yaml.StreamEndEvent):
                raise self._error(after, "a second document; one file holds one")
            return value
        except yaml.MarkedYAMLError as error:
            if error.problem == "exceeded maximum nesting depth":
                return self._build_up_to(error.problem_mark)
            raise self.document.fault([self._explained(error)]) from None
        except yaml.reader.ReaderError as error:
            before = self.document.text.encode()[: error.position].decode(errors="replace")  # libyaml counts bytes
            place = Location(self.document.file, before.count("\n") + 1, len(before) - before.rfind("\n"))
            raise self.document.fault([Problem(place, f"not valid YAML: {error.reason}")]) from None
        except (yaml.YAMLError, UnicodeError):
            raise self.document.fault([Problem(self._place(None), "not valid YAML: not readable as UTF-8 text")]) from None

    def _explained(self, error: yaml.MarkedYAMLError) -> Problem:
        """The problem of a text that is no YAML, where it began."""
        what = ", ".join(filter(None, (error.context, error.problem))) + _HINTS.get(error.problem or "", "")
        mark: _Event = error.problem_mark or error.context_mark
        if mark is None:
            return Problem(self._place(None), f"not valid YAML: {what}")
        began: _Event = error.context_mark
        fault = YamlFault(
            error.context or "", (began.line, began.column) if began else None, error.problem or "", (mark.line, mark.column)
        )
        found = explain_fault(self.document.text, fault, lambda: _quoted_texts(self.document.text))
        return Problem(self._place(found), f"not valid YAML: {found.message or what}")

    def _build_up_to(self, mark: _Event) -> object:
        """Build from the text before a place: libyaml 0.2.6 and later looks ahead so far that it gives up at a thousand
        levels before it has told of the first, where older ones leave it to us to count."""
        before = self.document.text.split("\n")[: mark.line + 1]
        before[-1] = before[-1][: mark.column]
        document = self.document
        cut = Document(document.file, "\n".join(before), None, document.fault, document.first_line)
        return _YamlBuilder(cut, self.marks, self.duplicates).build()

    def _place(self, mark: _Event) -> Location:
        if mark is None:
            return Location(self.document.file)
        lines = self.document.text.split("\n")
        if mark.line < len(lines):
            return Location(self.document.file, mark.line + 1, mark.column + 1)
        return Location(self.document.file, len(lines), len(lines[-1]) + 1)  # libyaml ends a text with a line of its own

    def _problem(self, event: _Event, message: str, path: Path | None = None) -> Problem:
        """A problem at an event; of a record also with the pointer of a path."""
        mark = event.start_mark
        pointer = to_pointer(path) if path is not None and self.document.fault is RecordError else ""
        if pointer and isinstance(path and path[0], int):
            pointer = f"/facts{pointer}"
        return Problem(Location(self.document.file, mark.line + 1, mark.column + 1, pointer), message)

    def _error(self, event: _Event, message: str, path: Path | None = None) -> MisstepError:
        return self.document.fault([self._problem(event, message, path)])

    def _value(self, event: _Event, path: Path, depth: int) -> object:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self._error(event, f"more than {MAX_NODES} values in one file")
        shape = type(event)
        if shape is yaml.AliasEvent:
            raise self._error(event, "aliases (*name) are not taken; write the value out")
        if event.anchor is not None:
            raise self._error(event, "anchors (&name) are not taken; write the value out")
        if event.tag is not None:
            raise self._error(event, "tags (!name) are not taken")
        if self.marks is not None:
            self.marks[path] = _mark(event)
        if shape is yaml.ScalarEvent:
            self._refuse_hidden(event)
            return read_scalar(event.value) if event.implicit[0] else event.value
        if depth >= MAX_DEPTH:
            raise self._error(event, f"nested more than {MAX_DEPTH} levels deep")
        return self._sequence(path, depth) if shape is yaml.SequenceStartEvent else self._mapping(path, depth)

    def _sequence(self, path: Path, depth: int) -> list[object]:
        items: list[object] = []
        cut: _Event = None
        while type(event := self.next()) is not yaml.SequenceEndEvent:
            cut = self._refuse_cut(cut, event)
            items.append(self._value(event, (*path, len(items)), depth + 1))
        return items

    def _mapping(self, path: Path, depth: int) -> dict[str, object]:
        data: dict[str, object] = {}
        lines: dict[str, _Event] = {}
        cut: _Event = None
        while type(event := self.next()) is not yaml.MappingEndEvent:
            self._refuse_cut(cut, event)
            if type(event) is not yaml.ScalarEvent:
                raise self._error(event, "a key must be a word")
            if event.anchor is not None or event.tag is not None:
                raise self._error(event, "anchors and tags are not taken")
            key: str = event.value
            self._refuse_hidden(event)
            if key == "<<" and event.implicit[0]:
                raise self._error(event, "merge keys (<<) are not taken; write the keys out")
            if key in data:
                told = f"the key '{key[:60]}' stands twice; first in line {lines[key].line + 1}"
                twice = self._problem(event, told, (*path, key))
                if self.duplicates is None:
                    raise self.document.fault([twice])
                self.duplicates.append(twice)
                marks, self.marks = self.marks, None
                self._value(self.next(), path, depth + 1)
                self.marks = marks
                continue
            lines[key] = event.start_mark
            here = (*path, key)
            value = self.next()
            cut = self._refuse_cut(cut, value)
            data[key] = self._value(value, here, depth + 1)
            if self.marks is not None and not isinstance(data[key], str):
                start = lines[key]  # of anything but text, the key is the better place to point at
                self.marks[here] = Mark(start.line + 1, start.column + 1)
        return data

    def _refuse_hidden(self, event: _Event) -> None:
        """Refuse signs that are not seen, and that escapes stand for, in all but records."""
        if event.value.isprintable() or self.document.fault is not RuleError:
            return
        for _, sign in hidden_signs(event.value):
            raise self._error(event, _hidden(sign))

    def _refuse_cut(self, cut: _Event, event: _Event) -> _Event:
        """Refuse an expression that commas cut into pieces. ``cut``: a piece whose bracket is not closed, or None; the event is a
        later piece, or the first one."""
        if type(event) is not yaml.ScalarEvent or not event.implicit[0]:
            return cut
        opened = event.value.count("(") - event.value.count(")")
        if cut is not None and opened < 0:
            raise self._error(cut, "an expression with a comma stands in quotes inside of { } and [ ]")
        return event if cut is None and opened > 0 else cut


class TextSpan(NamedTuple):
    """Where a value of a YAML text begins and ends, as offsets; ``flow``: it is written in brackets."""

    start: int
    end: int
    flow: bool


def find_spans(text: str) -> dict[Path, TextSpan]:
    """The place of every value in a text that ``read_yaml`` takes."""
    loader: _Event = yaml.CSafeLoader(text)
    starts = [0, *(match.end() for match in re.finditer("\n", text)), len(text)]  # libyaml ends a text with a line of its own
    spans: dict[Path, TextSpan] = {}

    def read(event: _Event, path: Path) -> None:
        start = end = event
        if isinstance(event, yaml.SequenceStartEvent):
            place = 0
            while type(end := loader.get_event()) is not yaml.SequenceEndEvent:
                read(end, (*path, place))
                place += 1
        elif isinstance(event, yaml.MappingStartEvent):
            while type(end := loader.get_event()) is not yaml.MappingEndEvent:
                read(loader.get_event(), (*path, end.value))
        flow = bool(getattr(start, "flow_style", False))
        first, last = (starts[mark.line] + mark.column for mark in (start.start_mark, end.end_mark))
        spans[path] = TextSpan(first, last, flow)

    for _ in ("stream", "document"):
        loader.get_event()
    read(loader.get_event(), ())
    return spans


def _quoted_texts(text: str) -> list[QuotedText]:
    """The texts in quotes that go over several lines, up to where the text is no YAML any more."""
    found = []
    loader: _Event = yaml.CSafeLoader(text)
    with suppress(yaml.YAMLError):
        while (token := loader.get_token()) is not None:
            start, end = token.start_mark, token.end_mark
            if isinstance(token, yaml.ScalarToken) and token.style in ("'", '"') and start.line < end.line:
                lines = text.split("\n")[start.line : end.line + 1]
                found.append(QuotedText(start.line, start.column, end.line, "\n".join(lines)))
    return found


def _mark(event: _Event) -> Mark:
    start, end = event.start_mark, event.end_mark
    style = getattr(event, "style", None)
    exact = isinstance(event, yaml.ScalarEvent) and start.line == end.line and style not in ("|", ">")
    if exact:
        quotes = 2 if style in ("'", '"') else 0
        exact = end.column - start.column == len(event.value) + quotes  # no escapes inside
    shift = 1 if exact and style in ("'", '"') else 0
    return Mark(start.line + 1, start.column + 1 + shift, exact)


def read_scalar(text: str) -> bool | int | float | str | None:
    """What an unquoted scalar of YAML is."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) <= 20 and _WHOLE.fullmatch(text):
        return int(text)
    if len(text) <= 40 and _DECIMAL.fullmatch(text):
        number = float(text)
        return number if number - number == 0.0 else text
    return text
