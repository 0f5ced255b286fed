"""Promises, declared in ``TOPIC.yaml`` beside this file: the commands that prove them, what they said last, and the page of it.

A command exits with 0 where its promise holds, and says how far it looked in its last line ``figure: ...``.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, RootModel, model_validator

from misstep import __version__

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FIGURES = HERE / "figures.json"
PAGE = ROOT / "docs" / "promises.md"

Profile = Literal["short", "nightly", "release"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
"""From the cheapest to the most thorough."""


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TestedPromise(_Declared):
    """A sentence, what its proof does not reach, the figure aimed at, and a command for each profile that has one of its own."""

    __test__ = False

    promise: str
    limits: str
    asked: str | None = None
    short: str | None = None
    nightly: str | None = None
    release: str | None = None

    @cached_property
    def commands(self) -> dict[Profile, str]:
        return {profile: command for profile in PROFILES if (command := getattr(self, profile))}

    def profile(self, wanted: Profile) -> Profile | None:
        """The profile whose command stands for the one that is wanted: itself, or the next shorter one."""
        return next((p for p in PROFILES[PROFILES.index(wanted) :: -1] if p in self.commands), None)

    @model_validator(mode="after")
    def _has_a_command(self) -> TestedPromise:
        if not self.commands:
            raise ValueError("a promise without a command")
        return self


class Topic(_Declared):
    """What a file declares: a heading, and its promises by id."""

    topic: str
    promises: dict[str, TestedPromise]


class Figure(_Declared):
    """What a command said when it was last run: its figure, or why it failed."""

    held: bool
    figure: str
    command: str
    date: str
    version: str
    seconds: float


class Figures(RootModel[dict[str, dict[Profile, Figure]]]):
    """The last figure of every promise, by id and profile."""


def read_topics(folder: Path = HERE) -> list[Topic]:
    """The topics of all files of a folder, by name of file; ValueError where two promises have one id."""
    topics = [Topic.model_validate(yaml.safe_load(file.read_text("utf-8"))) for file in sorted(folder.glob("*.yaml"))]
    ids = [name for topic in topics for name in topic.promises]
    if doubled := sorted({name for name in ids if ids.count(name) > 1}):
        raise ValueError(f"declared twice: {', '.join(doubled)}")
    return topics


def read_figures(file: Path = FIGURES) -> Figures:
    return Figures.model_validate_json(file.read_bytes()) if file.exists() else Figures({})


def write_figures(figures: Figures, file: Path = FIGURES) -> None:
    ordered = Figures({name: figures.root[name] for name in sorted(figures.root)})
    file.write_text(ordered.model_dump_json(indent=1) + "\n", encoding="utf-8")


# -- running

_COUNTED = re.compile(r"\b\d+ (?:passed|failed|errors?|skipped)\b")


def run_command(command: str) -> Figure:
    """Run a command from the root of the checkout, with this Python; what it printed goes to stderr where it failed."""
    paths = [str(ROOT / "engine"), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    line = re.sub(r"(?<!\S)python(?= -[cm] )", lambda _: shlex.quote(sys.executable), command)
    began = time.monotonic()
    done = subprocess.run(line, shell=True, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    held, figure = judge(done.returncode, done.stdout)
    if not held:
        print(done.stdout[-4_000:], file=sys.stderr)
    return Figure(
        held=held,
        figure=figure,
        command=command,
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        version=__version__,
        seconds=round(time.monotonic() - began, 1),
    )


def judge(code: int, printed: str) -> tuple[bool, str]:
    """Whether a command held that exited with a code, and its figure. One that looked at nothing did not hold."""
    said = [line.removeprefix("figure: ").strip() for line in printed.splitlines() if line.startswith("figure: ")]
    last = next((line for line in reversed(printed.splitlines()) if _COUNTED.search(line)), "")
    counted = ", ".join(_COUNTED.findall(last)).replace("skipped", "left out")
    figure = said[-1] if said else counted
    if code:
        return False, figure or f"exit code {code}"
    if not said and "passed" not in counted:
        return False, figure or "no figure"
    return True, figure


# -- the page

_HEAD = """\
# What misstep promises, and what proves it

Every promise with its limits, the commands that prove it, and what they said when they were last run. What a proof does not reach
stands beside it; a command that failed is here with its failure, and one that was never run says so. What a pack promises of its
own answers is another matter: [promises of packs](promises-of-rules.md).

`python -m tests.promises PROFILE`, in a checkout with the packages of the tests, runs all of them, or those named after the
profile: `short` takes minutes, `nightly` hours, `release` a day. Where a profile has no command, that of the next shorter one
stands for it. All that the short profile proves, `.ci/run` proves too, most of it as tests.
"""


_LAWS = """\
What [laws](#laws) puts to the test, on records and rule bases that are drawn by number: facts of every kind, and numbers at, just
below and just above every one at which a rule turns. Each law has a fault of its own, a changed scale, rule or function, that it
must find: one that cannot fail is none."""


def page_of(topics: list[Topic], figures: Figures, laws: dict[str, str]) -> str:
    """The page, in Markdown: all promises at a glance, each with its commands, and the laws by name."""
    lines = [_HEAD, "| promise | asked | last figure |", "| --- | --- | --- |"]
    for topic in topics:
        for name, promise in topic.promises.items():
            last = figures.root.get(name, {})
            lines.append(f"| [{name}](#{name}): {promise.promise} | {promise.asked or '-'} | {_at_a_glance(promise, last)} |")
    for topic in topics:
        lines += ["", f"## {topic.topic}"]
        for name, promise in topic.promises.items():
            lines += _section(name, promise, figures.root.get(name, {}))
    lines += ["", "## The laws", "", _LAWS, "", "| law | what holds |", "| --- | --- |"]
    lines += [f"| {name} | {says} |" for name, says in laws.items()]
    return "\n".join(lines) + "\n"


def _section(name: str, promise: TestedPromise, last: dict[Profile, Figure]) -> Iterator[str]:
    yield from ("", f"### {name}", "", promise.promise, "", f"Not reached: {promise.limits}", "")
    if promise.asked:
        yield from (f"Asked: {promise.asked}", "")
    yield from ("| profile | command | last run |", "| --- | --- | --- |")
    for profile, command in promise.commands.items():
        shown = command.replace("|", "\\|")
        yield f"| {profile} | `{shown}` | {_last_run(command, last.get(profile))} |"


def _last_run(command: str, figure: Figure | None) -> str:
    """What is known of a command. A figure of another command is none of this one."""
    if figure is None or figure.command != command:
        return "never run"
    when = f"{figure.date}, {figure.version}, {figure.seconds:,g} s"
    return f"{figure.figure} ({when})" if figure.held else f"**failed on {figure.date}**: {figure.figure} ({when})"


def _at_a_glance(promise: TestedPromise, last: dict[Profile, Figure]) -> str:
    """Every failure, and the figure of the most thorough profile that was run and held."""
    known = {p: last[p] for p, command in promise.commands.items() if p in last and last[p].command == command}
    told = [f"**failed on {f.date}** ({p}): {f.figure}" for p, f in known.items() if not f.held]
    held = [f"{f.figure} ({p}, {f.date})" for p, f in known.items() if f.held]
    return "; ".join([*told, *held[-1:]]) or "never run"
