"""The rows of a run in; at its end the table, and where asked for, the files that show it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from benchmarks.peers.contenders import CONTENDERS
from benchmarks.peers.table import Row, Run, render

ROWS = pytest.StashKey[list[Row]]()
FOLDER = Path(__file__).parents[1]
DATA, PICTURE, DOCUMENT = FOLDER / "peers.json", FOLDER / "peers.svg", FOLDER / "README.md"
SHOWN = re.compile(r"(?<=<!-- the table of peers -->\n\n```text\n).*?(?=```\n)", re.DOTALL)
"""The table in the document."""


def finished(config: pytest.Config) -> Run | None:
    """What the run measured; None where it measured none of it."""
    rows = config.stash[ROWS]
    if not any(row.ratio for row in rows):
        return None
    return Run(_machine(config), tuple(rows))


def save(run: Run) -> str:
    """Write the data, the picture and the table in the document; or say why not."""
    lacking = [key for key in CONTENDERS if key not in {row.key for row in run.rows if row.ratio}]
    if lacking:
        return f"not saved: there is no figure of {', '.join(lacking)}"
    from benchmarks.peers.picture import draw  # what it draws with is in the group 'peers' only

    picture, document = draw(run), DOCUMENT.read_text("utf-8")
    DATA.write_text(json.dumps(run.as_data(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    PICTURE.write_text(picture, "utf-8")
    DOCUMENT.write_text(SHOWN.sub(lambda _: render(run), document, count=1), "utf-8")
    return f"saved: {DATA.name}, {PICTURE.name}, and the table in {DOCUMENT.name}"


def _machine(config: pytest.Config) -> str:
    found: Any = config.hook.pytest_benchmark_generate_machine_info(config=config)
    python = f"{found['python_implementation']} {found['python_implementation_version']}"
    return f"{python}, {found['cpu'].get('brand_raw', found['machine'])}, {os.cpu_count()} cores"
