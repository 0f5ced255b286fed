"""The server for assistants, asked by a client of the same library: the engine's answers, and nothing that nobody said."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.server.mcpserver import MCPServer
from mcp.types import CallToolResult, TextContent
from tests.end_to_end.command import MISSTEP, environment

from misstep import RuleBase, assess, questions
from misstep.assessment.text import to_text
from misstep.service.assistants import GUIDE, BoundedLines, make_server

FACTS: list[Any] = [{"kind": "late_arrival", "minutes": 12}, {"kind": "phone_rang"}]
PACK = """\
schema: 1
pack: own
extends: misstep
kinds: {slipped: {role: mistake, title: Slipped, concern: manners}}
rules: {slip: {when: [slipped], then: {severity: 3, noticed: 3}, because: slipped}}
cases:
  one: {facts: [{kind: slipped}], expect: {fires: [slip], verdict: act_now}}
"""


@pytest.fixture(scope="module")
def server() -> MCPServer:
    return make_server()


def ask(server: Any, use: Callable[[Client], Awaitable[Any]]) -> Any:
    async def connected() -> Any:
        async with Client(server) as client:
            return await use(client)

    return asyncio.run(connected())


def call(server: Any, tool: str, **arguments: Any) -> dict[str, Any]:
    """What a tool gives."""
    result: CallToolResult = ask(server, lambda client: client.call_tool(tool, arguments))
    assert not result.is_error, result
    assert result.structured_content is not None
    return dict(result.structured_content)


def refused(server: Any, tool: str, **arguments: Any) -> str:
    """What a tool says is wrong."""
    result: CallToolResult = ask(server, lambda client: client.call_tool(tool, arguments))
    assert result.is_error, result
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def test_the_guide_forbids_what_an_assistant_must_not_do(server: MCPServer) -> None:
    async def look(client: Client) -> Any:
        return client.instructions, {tool.name for tool in (await client.list_tools()).tools}

    instructions, tools = ask(server, look)
    assert instructions == GUIDE
    assert tools == {"assess", "explain", "suggest", "kinds", "rule", "check", "test"}
    for words in ("Ask the person how the day went", "Never add a fact", "The verdict is always the engine's"):
        assert words in GUIDE


def test_an_assessment_is_the_engines(server: MCPServer) -> None:
    answer = call(server, "assess", facts=FACTS)
    whole = assess(FACTS)
    assert answer["text"] == to_text(whole, RuleBase.shipped().program.scale)
    assert (answer["damage"], answer["verdict"], answer["band"]) == (whole.damage, whole.verdict, whole.band)
    assert [each["fact"] for each in answer["findings"]] == [finding.fact for finding in whole.findings]
    asked = [(each["pointer"], each["text"], each["why"]) for each in answer["ask"]]
    assert asked == [(each.pointer, each.text, each.why) for each in questions(FACTS).questions[:5]]
    assert all(each["choices"] for each in answer["ask"])


def test_a_story_is_read_as_by_the_library(server: MCPServer) -> None:
    found = call(server, "suggest", text="My phone rang and I was twelve minutes late.")["suggestions"]
    expected = RuleBase.shipped().suggest("My phone rang and I was twelve minutes late.")
    assert [(each["kind"], each["fields"], each["score"]) for each in found] == [(s.kind, s.fields, s.score) for s in expected]
    assert call(server, "suggest", text="") == {"suggestions": []}
    assert "100000 characters" in refused(server, "suggest", text="x" * 100_001).replace(",", "")


def test_an_explanation_is_the_librarys(server: MCPServer) -> None:
    answer = call(server, "explain", facts=FACTS)
    assert answer == json.loads(RuleBase.shipped().explain(FACTS).to_json())
    assert answer["sources"] == json.loads(assess(FACTS).to_json())["sources"]
    reason = answer["findings"][0]["because"][0]
    page = call(server, "rule", rule=reason["rule"])
    assert page["rule"] == reason["rule"]
    assert "/" not in page["file"]


@pytest.mark.parametrize("tool", ["assess", "explain"])
@pytest.mark.parametrize(
    ("fact", "said"),
    [
        ({"kind": "late_arival"}, "/facts/0/kind: there is no such kind; did you mean 'late_arrival'?"),
        ({"kind": "was_rude_i_guess"}, "there is no such kind; the tool kinds lists them"),
        ({"kind": "late_arrival", "minuts": 12}, "there is no such field in late_arrival; did you mean 'minutes'?"),
        ({"kind": "late_arrival", "minutes": "about ten"}, "must be a whole number"),
        ({"kind": "late_arrival", "reaction": "furious"}, "must be one of unknown, none_seen"),
        ({"minutes": 12}, "every fact needs a kind"),
    ],
)
def test_what_nobody_can_have_said_is_refused(server: MCPServer, tool: str, fact: dict[str, Any], said: str) -> None:
    assert said in refused(server, tool, facts=[fact])


def test_kinds_can_be_looked_up(server: MCPServer) -> None:
    listed = call(server, "kinds")["kinds"]
    assert {each["kind"] for each in listed} < RuleBase.shipped().kinds.keys()
    assert "derived" not in {each["role"] for each in listed}
    late = call(server, "kinds", kind="late_arrival")
    assert "minutes" in {field["name"] for field in late["fields"]}
    assert "did you mean 'late_arrival'" in refused(server, "kinds", kind="late_arival")
    assert "did you mean 'late-arrival'" in refused(server, "rule", rule="late-arival")


def test_packs_can_be_checked_and_tested(server: MCPServer) -> None:
    assert call(server, "check", pack=PACK)["valid"] is True
    wrong = call(server, "check", pack=PACK.replace("[slipped]", "[sliped]"))
    assert wrong["valid"] is False
    assert "pack.yaml:5:23: slip: unknown kind 'sliped'; did you mean 'slipped'?" in wrong["problems"]
    outcome = call(server, "test", pack=PACK)
    assert outcome["cases"] == 1
    assert [each["failures"][0]["what"] for each in outcome["failed"]] == ["verdict"]
    assert refused(server, "test", pack="schema: [").startswith("Error executing tool test: pack.yaml:")


def test_a_message_without_end_is_not_held(capsys: pytest.CaptureFixture[str]) -> None:
    sent = b"one\n" + b"x" * 100_000 + b"\ntwo\n" + b"y" * 100_000
    bounded: Any = BoundedLines(io.BytesIO(sent), most=10_000)
    lines = list(io.TextIOWrapper(bounded, "utf-8"))
    assert [line[:3].strip() for line in lines] == ["one", "xxx", "two", "yyy"]
    assert max(map(len, lines)) <= 10_001
    assert capsys.readouterr().err == "misstep: a message has more than 10000 bytes, the most that are taken\n"


def test_the_command_speaks_on_standard_input_and_output(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(PACK, "utf-8")
    options = ["mcp", "--rules", str(tmp_path / "own.yaml")]
    parameters = StdioServerParameters(command=MISSTEP[0], args=[*MISSTEP[1:], *options], env=environment())
    answer = call(stdio_client(parameters), "assess", facts=[{"kind": "slipped"}])
    assert answer["findings"][0]["title"] == "Slipped"


def test_without_its_package_the_command_says_what_to_install(tmp_path: Path) -> None:
    program = "import sys; sys.modules['mcp'] = None; from misstep.cli import main; main(['mcp'])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, env=environment(), check=False
    )
    assert (done.returncode, done.stderr) == (2, "misstep: mcp is not installed: pip install 'misstep[mcp]'\n")
