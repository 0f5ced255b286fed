"""A file appears whole or not at all."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from misstep.files import discard_torn, whole_file


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_what_was_there_stays_until_the_new_file_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("before", encoding="utf-8")
    with whole_file(file) as stream:
        stream.write(b"after")
        assert file.read_text(encoding="utf-8") == "before"
    assert file.read_text(encoding="utf-8") == "after"
    assert names(tmp_path) == {"log"}


def test_nothing_is_left_of_a_file_that_does_not_become_whole(tmp_path: Path) -> None:
    def half() -> Iterator[bytes]:
        yield b"half"
        raise KeyError

    with pytest.raises(KeyError), whole_file(tmp_path / "log") as stream:
        stream.writelines(half())
    assert names(tmp_path) == set()


@pytest.mark.parametrize("name", ["", "nowhere/log"])
def test_errors_name_the_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError) as caught, whole_file(tmp_path / name):  # noqa: PT011 - which one is told apart by the path
        pass
    assert caught.value.filename == str(tmp_path / name)
    assert names(tmp_path) == set()


def test_an_error_about_another_file_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught, whole_file(tmp_path / "log"):
        (tmp_path / "input").read_bytes()
    assert caught.value.filename == str(tmp_path / "input")


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("log")
    with whole_file(tmp_path / "link") as stream:
        stream.write(b"all")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "log").read_bytes() == b"all"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    with whole_file(pipe) as stream:
        stream.write(b"all")
    reader.join()
    assert read == [b"all"]
    assert pipe.is_fifo()


def test_what_killed_processes_left_is_taken_away_and_nothing_else(tmp_path: Path) -> None:
    torn = tmp_path / f".log[1].{'0a' * 8}.tmp"
    others = [tmp_path / "log[1]", tmp_path / f".log1.{'0a' * 8}.tmp", tmp_path / ".log[1].mine.tmp"]
    for file in (torn, *others):
        file.write_bytes(b"x")
    discard_torn(tmp_path / "log[1]")
    assert names(tmp_path) == {file.name for file in others}
