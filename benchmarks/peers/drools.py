"""The mini rule base on Drools, in Java throughout (Drools.java): nothing crosses into Python while it is timed.

The package drools-jpy carries the whole of Drools in a jar; Java compiles the program as it starts.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.peers.interviews import Answer, Interview, make_interviews

PROGRAM = Path(__file__).with_name("Drools.java")
WARM_UP = 300
"""So many passes over all interviews before it is timed: Java compiles what runs often, and is ten times slower until then."""


class Drools:
    """The Java program, running."""

    def __init__(self, java: str) -> None:
        self._process = subprocess.Popen(
            [java, "-XX:+UseSerialGC", "-cp", str(_jar()), str(PROGRAM)], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._warm = False

    def answers(self, interviews: Sequence[Interview]) -> list[Answer]:
        answers: list[Answer] = self._ask(interviews, 1)["answers"]
        return answers

    def seconds(self, interviews: Sequence[Interview], passes: int) -> float:
        if not self._warm:
            self._warm = True
            self._ask(make_interviews(), WARM_UP)
        return float(self._ask(interviews, passes)["seconds"])

    def _ask(self, interviews: Sequence[Interview], passes: int) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"passes": passes, "interviews": interviews}), file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def missing() -> str:
    """Why it cannot run here; empty where it can."""
    return "" if shutil.which("java") and shutil.which("javac") else "no Java development kit here"


def load() -> Drools:
    """Start the program."""
    java = shutil.which("java")
    assert java is not None
    return Drools(java)


def _jar() -> Path:
    """The jar, without importing the package: that would start a Java machine in this process."""
    spec = find_spec("drools")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    (jar,) = Path(spec.submodule_search_locations[0], "jars").glob("*.jar")
    return jar
