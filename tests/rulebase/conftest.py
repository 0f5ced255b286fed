"""Packs from text, and what the loader says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from misstep.errors import RuleError
from misstep.language.program import Program
from misstep.limits import Limits
from misstep.rulebase.case_names import refuse_unknown_names
from misstep.rulebase.link import load_program
from misstep.rulebase.link_promises import link_promises

Write = Callable[[Mapping[str, str]], Path]
Complaint = Callable[[Mapping[str, str]], str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write files into a fresh folder and go there, so that locations hold the bare names of the files."""

    def write(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return write


@pytest.fixture
def complaint(write: Write) -> Complaint:
    """All that the error over a folder of packs, their cases and promises says."""

    def check() -> None:
        program, merged = load_program(["."], Limits())
        refuse_unknown_names(program, merged, Limits())
        link_promises(program, merged, Limits())

    def complaint(files: Mapping[str, str]) -> str:
        write(files)
        with pytest.raises(RuleError) as caught:
            check()
        return str(caught.value)

    return complaint


@pytest.fixture
def load(write: Write) -> Callable[..., Program]:
    """The program of packs given as text, one folder, one layer."""

    def load(*packs: str) -> Program:
        folder = write({f"{i}.yaml": text for i, text in enumerate(packs)})
        return load_program([folder], Limits())[0]

    return load
