"""A database that drops its connections in the middle of a run: one error in one line, and the same call does what is left."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
from tests.batch.databases import connect, tables_of
from tests.evaluate.packs import LONG

import misstep
from misstep import MisstepError
from misstep.batch import run
from misstep.tools.sample import sample_records

pytestmark = [pytest.mark.once, pytest.mark.needs("postgresql")]  # nothing here depends on the version of Python

DROPS = 500 if LONG else 10
DROP = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"


@contextmanager
def dropped_after(address: str, seconds: float) -> Iterator[threading.Event]:
    """Every connection is dropped after some seconds; the event says whether there was one."""
    met = threading.Event()
    with connect(address) as connection, connection.cursor() as cursor:

        def drop() -> None:
            cursor.execute(DROP)
            if cursor.fetchall():
                met.set()

        timer = threading.Timer(seconds, drop)
        timer.start()
        yield met
        timer.join()


def test_what_is_left_is_done_by_the_same_call(tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PART_BYTES", 7_000)
    monkeypatch.chdir(tmp_path)
    log, output = tmp_path / "log.jsonl", f"{postgresql}?table=dropped"
    records = sample_records(misstep.RuleBase.shipped(), 60, 5)
    log.write_bytes(b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records))

    def score() -> None:
        run.score(log, output, tables=["findings", "actions"], workers=1, overwrite=True)

    score()
    expected = tables_of(postgresql, "dropped")
    chance, drops, errors = random.Random(3), 0, []
    while drops < DROPS:
        with dropped_after(postgresql, chance.uniform(0.0, 0.4)) as met:
            try:
                score()
            except MisstepError as error:
                errors.append(str(error))
        drops += met.is_set()
        if met.is_set():
            score()
            assert tables_of(postgresql, "dropped") == expected
    assert errors
    for said in errors:
        assert "\n" not in said
        assert re.search(r"\?table=dropped: cannot be (reached|written): [a-z ]+$", said), said
        assert "secret" not in said
