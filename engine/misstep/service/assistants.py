"""``misstep mcp``: a door for assistants that speak the Model Context Protocol (extra ``misstep[mcp]``).

An assistant asks a person what happened and puts it into facts; the verdict is that of the engine. Facts are checked as at every
door: a kind, field or value that does not exist is an error with a hint, so nothing is assessed that nobody can have said.
"""

from __future__ import annotations

import dataclasses
import io
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from misstep import __version__
from misstep.api import RuleBase
from misstep.assessment.text import to_text
from misstep.errors import MisstepError, Problem, unknown
from misstep.language.facts import GIVEN_ROLES
from misstep.limits import FIXED, Limits
from misstep.rulebase.link import load_program
from misstep.rulebase.link_words import lazy_words
from misstep.rulebase.shipped import shipped_rules
from misstep.tools.lints.lint_table import check_packs
from misstep.tools.lookup import kind_with_rules, rule_page
from misstep.tools.ruletest import run_cases

GUIDE = """\
misstep assesses what went wrong in a job interview: how bad it was, whether anybody noticed, and what to do about it.

1. Ask the person how the day went, in their own words. Then call `suggest` with these words, or `kinds`, to find what fits, and
   `kinds` with a name for its fields. What `suggest` finds is a question to the person, not a fact.
2. Put into facts only what the person has said. Never add a fact, guess a value or choose the likelier of two: leave a field
   out that was not spoken of. `assess` names under `ask` the open questions that would change the answer most; ask them, a few
   at a time, and assess again. "I do not know" is an answer: the field stays out.
3. The verdict is always the engine's. Give damage, verdict, steps and letters as they are; do not soften, sharpen or replace
   them, and never give a verdict of your own where `assess` refuses the facts. What it assumed is in its notes: say so.
4. Blanks in a letter, `[...]`, are for the person to fill in.
5. `explain` gives the reasons and sources of an answer, `rule` a rule as written. `check` and `test` are for those who write
   packs.
"""
MOST_QUESTIONS = 5
MAX_MESSAGE = FIXED.message_bytes
SaidFacts = list[dict[str, Any]]
_READING = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)


def make_server(rules: Sequence[Path] = ()) -> MCPServer:
    """The server with these rules, else the shipped ones. Raises RuleError, UsageError."""
    limits = Limits()
    program, merged = load_program(rules or (shipped_rules(),), limits)
    rulebase = RuleBase(program, limits, lazy_words(program, merged, limits))
    server = MCPServer("misstep", instructions=GUIDE, version=__version__, log_level="WARNING")

    @server.tool(annotations=_READING)
    def assess(facts: SaidFacts) -> dict[str, Any]:
        """Assess one interview. Each fact has a `kind` and the fields of that kind that the person spoke of, and nothing else.

        The answer has `text`, to be given to the person as it is, the scores, findings and steps, and `ask`: what was left open
        and would change the answer most.
        """
        with _tool_errors():
            assessment = rulebase.assess(facts)
            answer = orjson.loads(rulebase.assess_json(orjson.dumps(facts), detail="findings"))
            return {
                "text": to_text(assessment, program.scale),
                **answer,
                "ask": list(map(dataclasses.asdict, rulebase.questions(facts).questions[:MOST_QUESTIONS])),
            }

    @server.tool(annotations=_READING)
    def explain(facts: SaidFacts) -> dict[str, Any]:
        """What led to an assessment: the rules behind every score, action and concluded fact, decisive reasons first, with what
        they matched, counted and found missing, and the sources."""
        with _tool_errors():
            explained: dict[str, Any] = orjson.loads(rulebase.explain(facts).to_json())
        return explained

    @server.tool(annotations=_READING)
    def suggest(text: str) -> dict[str, Any]:
        """The facts that a text may tell of, slips first: to be confirmed by the person, one by one, before they are assessed."""
        with _tool_errors():
            return {"suggestions": list(map(dataclasses.asdict, rulebase.suggest(text)))}

    @server.tool(annotations=_READING)
    def kinds(kind: str = "") -> dict[str, Any]:
        """The kinds of facts that can be said, or, with `kind`, one of them with its fields and the words for each value."""
        known = {name: each for name, each in program.kinds.items() if each.role in GIVEN_ROLES}
        if not kind:
            return {"kinds": [{"kind": name, "role": k.role, "title": k.title, "help": k.help} for name, k in known.items()]}
        if kind not in known:
            raise ToolError(unknown("kind", kind, known, "; the tool kinds lists them"))
        return kind_with_rules(program, known[kind])

    @server.tool(annotations=_READING)
    def rule(rule: str) -> dict[str, Any]:
        """A rule as written in its pack, with its sources and the cases in which it fires."""
        with _tool_errors():
            page = rule_page(program, merged, rule)
        return dataclasses.asdict(dataclasses.replace(page, file=Path(page.file).name))

    @server.tool(annotations=_READING)
    def check(pack: str) -> dict[str, Any]:
        """Check a rule pack, given as YAML: every mistake with its line and column, or remarks on what is unusual."""
        limits = Limits()
        with _pack_file(pack) as file:
            try:
                checked = check_packs([file], limits)
            except MisstepError as error:
                return {"valid": False, "problems": list(map(_without_folder, error.problems)), "remarks": []}
            problems, remarks = ([_without_folder(told.problem) for told in each] for each in (checked.errors, checked.remarks))
            return {"valid": not problems, "problems": problems, "remarks": remarks}

    @server.tool(annotations=_READING)
    def test(pack: str) -> dict[str, Any]:
        """Run the cases of a rule pack, given as YAML: those that failed, with what was expected and what came."""
        with _pack_file(pack) as file:
            try:
                report = run_cases([file])
            except MisstepError as error:
                raise ToolError("\n".join(map(_without_folder, error.problems))) from None
        failed = [
            {
                "case": o.id,
                "failures": [{"what": what, "expected": expected, "got": got} for what, expected, got, _ in o.failures],
            }
            for o in report.outcomes
            if not o.passed
        ]
        return {
            "cases": len(report.outcomes),
            "failed": failed,
            "never_fired": report.never_fired,
        }

    return server


def serve(server: MCPServer) -> None:
    """Answer on standard input and output, until the input ends. Raises OSError where one of them fails."""
    given = sys.stdin  # it would be closed with its last reference
    sys.stdin = io.TextIOWrapper(BoundedLines(given.buffer), "utf-8")
    try:
        server.run()
    except ExceptionGroup as group:  # of the tasks that read and write
        error: Exception = group
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        raise error from None


class BoundedLines(io.BufferedIOBase):
    """The bytes of a stream without the rest of lines that are too long: a message is a line, and is held as a whole."""

    def __init__(self, stream: BinaryIO, most: int = MAX_MESSAGE) -> None:
        self._stream, self._most = stream, most
        self._size = 0  # of the line so far

    def readable(self) -> bool:
        """It is read by ``io.TextIOWrapper``."""
        return True

    def read1(self, size: int = -1) -> bytes:
        """Some bytes of a line; none at the end."""
        while data := self._stream.readline(size if size > 0 else io.DEFAULT_BUFFER_SIZE):
            self._size += len(data)
            beyond, ended = self._size > self._most, data.endswith(b"\n")
            if ended:
                self._size = 0
            if not beyond:
                return data
            if ended:
                sys.stderr.write(f"misstep: a message has more than {self._most} bytes, the most that are taken\n")
                return b"\n"
        return b""


@contextmanager
def _tool_errors() -> Iterator[None]:
    """Raise errors of the library as those of a tool: the assistant reads them, and mends its facts or asks again."""
    try:
        yield
    except MisstepError as error:
        raise ToolError(str(error).replace("`misstep kinds` lists them", "the tool kinds lists them")) from None


@contextmanager
def _pack_file(text: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="misstep-") as folder:
        file = Path(folder) / "pack.yaml"
        file.write_text(text, "utf-8")
        yield file


def _without_folder(problem: Problem) -> str:
    place = dataclasses.replace(problem.location, file=Path(problem.location.file).name)
    return str(dataclasses.replace(problem, location=place))
