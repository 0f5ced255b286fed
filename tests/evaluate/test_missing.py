"""Where durable-rules is missing, one line says so, with what it is built by and the commands that bring it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from tests.end_to_end.command import INTERVIEWS, Command, environment
from tests.inline import load_text

from misstep import EngineError, InstallationError, MisstepError
from misstep.evaluate.durable import missing
from misstep.evaluate.durable.engine import DurableEngine

PACK = """
schema: 1
pack: p
kinds: {slip: {role: mistake, title: x, concern: manners, fields: {}}}
rules: {one: {when: [slip], then: {severity: 1}, because: x}}
"""
BUILT = "the engine 'durable' needs durable-rules, which is built by a C compiler, and there is "
BRINGS = "apt-get install gcc libc6-dev python3-dev"


@pytest.fixture(autouse=True)
def _no_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There is a compiler and there are the headers of Python, and no durable-rules."""
    monkeypatch.setitem(sys.modules, missing.LIBRARY, None)
    monkeypatch.setenv("CC", f"{sys.executable} -E")
    (tmp_path / "Python.h").touch()
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(missing, "COMPILER", BRINGS)


def said() -> str:
    with pytest.raises(InstallationError) as caught:
        DurableEngine(load_text(PACK).program)
    return str(caught.value)


def test_it_is_said_to_be_missing() -> None:
    assert said() == "the engine 'durable' needs durable-rules: pip install 'misstep[durable]'"
    assert missing.missing_to_build() == ""


def test_without_a_compiler_that_is_said_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler -pthread")
    assert said() == f"{BUILT}no C compiler on this machine: {BRINGS}, then pip install 'misstep[durable]'"


def test_without_the_headers_of_python_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "Python.h").unlink()
    assert said() == f"{BUILT}no headers of Python on this machine: {BRINGS}, then pip install 'misstep[durable]'"
    monkeypatch.setenv("CC", "no-such-compiler")
    assert missing.missing_to_build() == f"{BUILT}no C compiler and no headers of Python on this machine: {BRINGS}"


def test_the_compiler_is_the_one_that_python_was_built_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CC")
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: "no-such-compiler -pthread")
    assert "no C compiler" in missing.missing_to_build()
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: f"{sys.executable} -pthread")
    assert missing.missing_to_build() == ""


@pytest.mark.parametrize(("compiler", "code"), [("no-such-compiler", 1), (sys.executable, 0)])
def test_it_is_said_before_pip_is_asked(compiler: str, code: int, tmp_path: Path) -> None:
    """The command of the README, where nothing is installed."""
    (tmp_path / "sitecustomize.py").write_text(
        f"import sys, sysconfig\nsys.modules['{missing.LIBRARY}'] = None\nsysconfig.get_path = lambda name: {str(tmp_path)!r}\n",
        encoding="utf-8",
    )
    env = environment({"CC": compiler})
    env["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{env['PYTHONPATH']}"
    command = [sys.executable, "-m", "misstep.evaluate.durable"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.count("\n") == code
    assert done.stderr.startswith(f"{BUILT}no C compiler on this machine: " if code else "")


def test_the_command_line_says_it_in_a_line(tmp_path: Path) -> None:
    run = Command(tmp_path).inside("assess", INTERVIEWS / "seed.json", "--engine", "durable")
    assert (run.code, run.out, run.err) == (2, "", f"misstep: {said()}\n")


def test_all_its_errors_are_of_misstep() -> None:
    assert issubclass(EngineError, MisstepError)
    assert issubclass(InstallationError, MisstepError)
