"""Every limit of what users give: of rule bases, records, logs and so on; docs/all-limits.md is made from here.

``limit`` says of each what it bounds, and at which door. Those of ``Limits`` can be raised, and so can those of the service, in
its ``Settings``; those of ``FIXED`` are the same for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

T = TypeVar("T", int, float)

LIMIT = "limit"
"""The key of a ``LimitNote`` in the metadata of a field."""
RECORDS, PACKS, LOGS, TEXTS = "Records", "Packs", "Logs", "Texts in people's own words"
PAGE, ASSISTANTS = "The page for people", "Assistants"


class LimitNote(NamedTuple):
    """What a limit bounds, and where that is given."""

    bounds: str
    door: str


def limit(value: T, bounds: str, door: str) -> T:
    """A field of a dataclass that holds a limit."""
    return field(default=value, metadata={LIMIT: LimitNote(bounds, door)})


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of rule bases and records; all can be raised."""

    pack_bytes: int = limit(1_000_000, "bytes of a pack, of a file of words, and of the CSV file of a table", PACKS)
    packs: int = limit(500, "files of a rule base", PACKS)
    rules: int = limit(5_000, "rules of a rule base, rows of tables included", PACKS)
    patterns: int = limit(8, "patterns of a rule", PACKS)
    record_bytes: int = limit(1_000_000, "bytes of a record: a file, a line, a row or a cell", RECORDS)
    facts: int = limit(1_000, "facts of a record, also of one that grows in a session", RECORDS)
    work: int = limit(1_000_000, "facts looked at while rules are run on one record", RECORDS)
    derived: int = limit(10_000, "facts derived from one record", RECORDS)
    alternatives: int = limit(20_000, "facts assessed in all where changes of a record are tried", RECORDS)
    certainty: int = limit(50_000, "facts assessed in all where answers to open fields are tried", RECORDS)
    story: int = limit(100_000, "characters of a text that is read for facts, also of a note in a log", TEXTS)
    engine_seconds: float = limit(10.0, "seconds for each of the three answers of the engine `durable` about a record", RECORDS)
    problems: int = limit(20, "problems told of one record or rule base; the others are counted", RECORDS)


@dataclass(frozen=True, slots=True)
class FixedLimits:
    """Limits that cannot be raised."""

    text: int = limit(10_000, "characters of a text of a fact", RECORDS)
    id: int = limit(200, "characters of the id of a record or a fact", RECORDS)
    number: int = limit(2**53, "size of a number", RECORDS)
    digits: int = limit(20, "digits of a whole number in JSON", RECORDS)
    depth: int = limit(16, "levels of nesting; the same of packs", RECORDS)
    values: int = limit(200_000, "values of a file of YAML; the same of packs", RECORDS)
    document_bytes: int = limit(1_000_000, "bytes of a mapping, and of a text with its JSON around it", TEXTS)
    story_bytes: int = limit(1_000_000, "bytes that `misstep suggest` reads", TEXTS)
    name: int = limit(80, "characters of the name of a kind, field or action", PACKS)
    identifier: int = limit(120, "characters of the id of a rule, source or pack", PACKS)
    short_text: int = limit(500, "characters of a title, and of other short texts", PACKS)
    prose: int = limit(4_000, "characters of a reason, help or letter, of the story of a case, and of an example of words", PACKS)
    url: int = limit(1_000, "characters of a URL", PACKS)
    expression: int = limit(1_000, "characters of a condition, or of another expression", PACKS)
    expression_depth: int = limit(32, "levels of nesting of an expression", PACKS)
    ordered_words: int = limit(20, "words of a field that is compared by their order", PACKS)
    template_depth: int = limit(16, "levels of nesting of a template", PACKS)
    constant_text: int = limit(1_000, "characters of a constant", PACKS)
    constant_items: int = limit(10_000, "items of a constant list", PACKS)
    groups: int = limit(4, "values by which an aggregate is formed anew", PACKS)
    cited: int = limit(100, "sources of a rule, table or usual answer", PACKS)
    table_columns: int = limit(50, "inputs of a table, and outputs", PACKS)
    cell: int = limit(500, "characters of a cell of a table; the same of words in a mapping", PACKS)
    file_name: int = limit(200, "characters of the name of a CSV file", PACKS)
    items: int = limit(1_000, "constants, promises, disabled rules of a pack, statements of a source, wordings of a kind", PACKS)
    wording: int = limit(200, "characters of a wording", PACKS)
    choices: int = limit(200, "wordings that the choices of one may stand for", PACKS)
    page_items: int = limit(20, "examples, and places to get help, that the page for people shows", PACKS)
    mapped_columns: int = limit(10_000, "columns of a mapping", LOGS)
    part_bytes: int = limit(4_000_000, "bytes of a part of a log, which one worker holds at a time", LOGS)
    part_rows: int = limit(10_000, "rows of such a part; up to twice as many of a row group of Parquet", LOGS)
    free_bytes: int = limit(100_000_000, "bytes that a packed input (gzip, zstd, Parquet, xlsx) unpacks to, if it is small", LOGS)
    ratio: int = limit(1_000, "times its own size that a packed input unpacks to, where that is more", LOGS)
    free_values: int = limit(1_000_000, "rows, or facts in lists, of Parquet; as many as bytes, where these are more", LOGS)
    free_cells: int = limit(10_000_000, "cells of a workbook, empty ones included, if it is small", LOGS)
    cells_per_byte: int = limit(10, "cells for each byte of a workbook, where that is more", LOGS)
    message_bytes: int = limit(8_000_000, "bytes of a message: a pack as JSON, with every sign escaped", ASSISTANTS)
    page_facts: int = limit(100, "facts", PAGE)
    page_tried: int = limit(20, "facts where answers to open questions are tried", PAGE)
    page_read: int = limit(6, "facts that one story is read for", PAGE)
    form_fields: int = limit(100_000, "fields of a form that is posted", PAGE)


FIXED = FixedLimits()
