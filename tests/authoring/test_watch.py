"""``--watch``: a change of the rules runs the command again, whatever the change does, and Ctrl-C ends it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from queue import Queue
from unittest import mock

import pytest
from tests.end_to_end.command import MISSTEP, Command, environment

from misstep.cli.watching import is_of_rules
from misstep.tools.skeletons import new_base

PATIENCE = 60  # seconds; a busy machine takes some


class Watched:
    """A command that watches, and the lines that it prints on both streams."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [*MISSTEP, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder, env=environment()
        )
        self._lines: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(line)

    def line(self) -> str:
        return self._lines.get(timeout=PATIENCE)

    def stop(self) -> int:
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(PATIENCE)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()


@pytest.fixture
def base(tmp_path: Path) -> Path:
    file = tmp_path / "bakery.yaml"
    file.write_text(new_base("bakery"), encoding="utf-8")
    return file


@pytest.mark.once
@pytest.mark.slow
def test_a_change_runs_the_cases_again_until_ctrl_c(base: Path) -> None:
    right = base.read_text(encoding="utf-8")
    watched = Watched(base.parent, "test", "--watch", "bakery.yaml")
    try:
        assert watched.line() == "2 cases passed, 0 failed\n"
        base.with_name("notes.txt").write_text("no rule", encoding="utf-8")
        for text, told in (
            (right.replace("band: medium", "band: low"), "FAILED bakery/fault fires (bakery.yaml:27:3)\n"),
            (right.replace("when: [fault]", "when: [fualt]"), "misstep: bakery.yaml:19:12: fault: unknown kind 'fualt'"),
            ("\0", "misstep: bakery.yaml:1:1: "),
            (right, "2 cases passed, 0 failed\n"),
        ):
            new = base.with_name("new.tmp")  # as editors save: the new file takes the place of the old one
            new.write_text(text, encoding="utf-8")
            new.replace(base)
            while (line := watched.line()) != "misstep: bakery.yaml changed\n":
                assert "notes.txt" not in line
            assert watched.line().startswith(told)
        assert watched.stop() == 130
        assert [watched.line(), watched.line()] == ["\n", "misstep: stopped\n"]
    finally:
        watched.kill()


def test_what_is_not_there_is_not_watched(misstep: Command) -> None:
    run = misstep.inside("check", "--watch", "nowhere")
    assert (run.code, run.out, run.err) == (2, "", "misstep: nowhere: no such file or folder\n")


def test_watchfiles_is_named_where_it_is_missing(misstep: Command) -> None:
    with mock.patch.dict(sys.modules, {"watchfiles": None}):
        run = misstep.inside("check", "--watch", "nowhere")
    assert (run.code, run.out, run.err) == (2, "", "misstep: --watch needs watchfiles: pip install 'misstep[serve]'\n")


def test_only_files_of_the_rules_count(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    pack = tmp_path / "pack.yaml"
    pack.touch()
    paths = [tmp_path / "rules", pack]
    of_rules = ["rules/new.yaml", "rules/words/w.yml", "rules/table.csv", "pack.yaml", "table.csv"]
    others = ["other.yaml", "rules/.pack.yaml.swp", "rules/notes.md", "rules"]
    assert [name for name in [*of_rules, *others] if is_of_rules(tmp_path / name, paths)] == of_rules
