"""Inputs of any format in; parts, and the logged interviews of a part, out: ``plan_parts`` and ``read_part``.

An input is one of these:

- a file of JSON lines (``*.jsonl``, ``*.ndjson``), JSON (``*.json``), Parquet (``*.parquet``, ``*.pq``), CSV (``*.csv``,
  ``*.tsv``) or a workbook (``*.xlsx``); JSON and CSV may be packed (``*.gz``, ``*.zst``);
- a folder, of which every such file is read, also in folders below; hidden ones and those that begin with ``_`` are not;
- a pattern, ``logs/**/2026-*.jsonl``;
- ``-``: standard input; also a pipe, ``<(zcat ...)``;
- a table of a database, or the result of a query: see databases.py for their URLs.

The format follows from the name, unless one is given for all.
"""

from misstep.batch.databases import shown_input
from misstep.batch.inputs.plan import plan_parts, read_part, rows_of
from misstep.batch.parts import Reading

__all__ = ["Reading", "plan_parts", "read_part", "rows_of", "shown_input"]
