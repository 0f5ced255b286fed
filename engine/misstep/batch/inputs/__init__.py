"""Inputs of any form in; parts, and the logged interviews of a part, out: ``plan_parts`` and ``read_part``.

An input is one of these:

- a file of JSON lines (``*.jsonl``, ``*.ndjson``), Parquet (``*.parquet``, ``*.pq``) or CSV (``*.csv``, ``*.tsv``); JSON lines
  and CSV may be packed (``*.gz``, ``*.zst``);
- a folder, of which every such file is read, also in folders below; hidden ones and those that begin with ``_`` are not;
- a pattern, ``logs/**/2026-*.jsonl``;
- ``-``: standard input; also a pipe, ``<(zcat ...)``;
- a table of a database, or what a query gives: see databases.py for how it is named.

Each can be told apart by its name, or all are of the form that is given.
"""

from misstep.batch.databases import shown_input
from misstep.batch.inputs.plan import plan_parts, read_part
from misstep.batch.parts import Reading

__all__ = ["Reading", "plan_parts", "read_part", "shown_input"]
