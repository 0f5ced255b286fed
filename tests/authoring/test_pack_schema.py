"""The schema of packs explains every key, with an example that it takes, and completes the names of a rule base.

A language server for YAML, the one in the editors, is asked for what an author sees.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.end_to_end.command import FIXTURES, INCIDENTS, ROOT, Command
from tests.needs import YAML_SERVER

from misstep import RuleBase
from misstep.rulebase.documents import read_yaml
from misstep.tools.key_help import HELP
from misstep.tools.pack_schema import pack_schema

Node = dict[str, Any]


@pytest.fixture(scope="module")
def plain() -> Node:
    return pack_schema()


@pytest.fixture(scope="module")
def named() -> Node:
    return pack_schema(RuleBase.load(INCIDENTS / "rules").program)


def keys(data: Node) -> Iterator[tuple[str, str, Node]]:
    """Each model of the schema with each of its keys."""
    for name, node in (("PackDoc", data), *data["$defs"].items()):
        for key, below in node.get("properties", {}).items():
            yield name, key, below


def test_every_node_has_a_description_and_every_key_an_example(plain: Node) -> None:
    assert [name for name, node in plain["$defs"].items() if not node.get("description")] == []
    assert plain["description"]
    told = [*keys(plain)]
    assert len(told) > 250
    assert [(name, key) for name, key, node in told if not node.get("description")] == []
    assert [(name, key) for name, key, node in told if not node.get("examples") and key != "scale"] == []


def test_examples_are_what_the_schema_takes(plain: Node) -> None:
    for name, key, node in keys(plain):
        validator = jsonschema.Draft202012Validator({**node, "$defs": plain["$defs"]})
        for example in node.get("examples", ()):
            errors = [error.message for error in validator.iter_errors(example)]
            assert (name, key, errors) == (name, key, [])


def test_nothing_is_told_of_keys_that_are_not_there() -> None:
    for model, told in HELP.items():
        known = {field.alias or name for name, field in model.model_fields.items()}
        assert told.keys() - known == {""} & told.keys()


def test_packs_are_taken_with_the_names_of_a_rule_base_too(named: Node) -> None:
    validator = jsonschema.Draft202012Validator(named)
    files = [*(ROOT / "rules").glob("p*.yaml"), *(INCIDENTS / "rules").iterdir(), *(FIXTURES / "packs").rglob("*.yaml")]
    for file in files:
        validator.validate(read_yaml(file.read_text(encoding="utf-8"), file.name).data)
    assert not validator.is_valid({"schema": 1, "pack": "x", "rules": {"a": {"when": ["outage"], "than": {}}}})


def test_names_of_the_rule_base_complete_what_names_them(named: Node) -> None:
    program = RuleBase.load(INCIDENTS / "rules").program
    defs = named["$defs"]

    def offered(model: str, key: str) -> set[str]:
        return set(enums(defs[model]["properties"][key]))

    assert {"outage", "mistake", "finding"} <= offered("RuleDoc", "when") == offered("PatternDoc", "exists")
    assert offered("ThenDoc", "recommend") == offered("ExpectActionsDoc", "first") == set(program.actions)
    assert offered("RuleDoc", "sources") == set(program.sources)
    assert offered("ExpectDoc", "fires") == set(program.rules)
    assert offered("ExpectDoc", "band") == set(program.scale.severity.words)
    assert offered("KindDoc", "concern") == set(program.scale.concerns)
    assert set(defs["ExpectDoc"]["properties"]["findings"]["properties"]) == program.mistakes
    fact = {**defs["Fact"], "$defs": defs}
    outage = next(each["then"] for each in fact["allOf"] if each["if"]["properties"]["kind"].get("const") == "outage")
    assert set(outage["properties"]) == {field.name for field in program.own_fields(program.kinds["outage"])}


def enums(node: Any) -> Iterator[str]:
    """The words that a node offers, without those of other models."""
    if isinstance(node, dict):
        yield from node.get("enum", ())
        for key, below in node.items():
            if key != "enum":
                yield from enums(below)
    elif isinstance(node, list):
        for below in node:
            yield from enums(below)


def test_rules_that_cannot_be_read_give_no_schema(misstep: Command) -> None:
    misstep.write("broken.yaml", "schema: 1\npack: broken\nkindz: {}\n")
    run = misstep.inside("schema", "pack", "--rules", "broken.yaml")
    assert (run.code, run.out, run.err) == (2, "", "misstep: broken.yaml:3:1: unknown key 'kindz'; did you mean 'kinds'?\n")


# -- in an editor


class Editor:
    """A client of the language server, with one file open."""

    def __init__(self, folder: Path, text: str) -> None:
        server = [str(YAML_SERVER / ".bin" / "yaml-language-server"), "--stdio"]
        self._process = subprocess.Popen(server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)
        self._id = 0
        self.uri = (folder / "pack.yaml").as_uri()
        self.text = text
        self.diagnostics: list[Node] = []
        self.ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}})
        self._send({"method": "initialized", "params": {}})
        document = {"uri": self.uri, "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})

    def _send(self, message: Node) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> Node:
        assert self._process.stdout is not None
        length = 0
        while (line := self._process.stdout.readline().strip()) or not length:
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        message: Node = json.loads(self._process.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:  # the server asks for the settings of the editor
            asked = message["params"].get("items", []) if isinstance(message.get("params"), dict) else []
            self._send({"id": message["id"], "result": [{} for _ in asked]})
        return message

    def ask(self, method: str, params: Node) -> Any:
        self._id += 1
        self._send({"id": self._id, "method": method, "params": params})
        while (message := self._receive()).get("id") != self._id or "method" in message:
            pass
        return message["result"]

    def at(self, word: str, behind: bool = False) -> Node:
        """The place of a word of the text, or right behind it."""
        offset = self.text.index(word) + (len(word) if behind else 1)
        before = self.text[:offset]
        place = {"line": before.count("\n"), "character": offset - before.rfind("\n") - 1}
        return {"textDocument": {"uri": self.uri}, "position": place}

    def hover(self, word: str) -> str:
        return str(self.ask("textDocument/hover", self.at(word))["contents"]["value"])

    def complete(self, word: str) -> list[str]:
        found = self.ask("textDocument/completion", self.at(word, behind=True))
        return [item["label"] for item in (found["items"] if isinstance(found, dict) else found)]

    def diagnose(self) -> list[Node]:
        while not self.diagnostics:
            self._receive()
        return self.diagnostics

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


PACK = """\
# yaml-language-server: $schema=pack.schema.json
schema: 1
pack: mine
rules:
  down:
    when: [outage]
    then: {severity: 4, recommend: }
    becaus: it is down
cases:
  long:
    facts:
      - kind: outage
        minu:
    expect: {band: }
"""


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.needs("yaml_server")
def test_an_editor_explains_completes_and_marks(tmp_path: Path, named: Node) -> None:
    (tmp_path / "pack.schema.json").write_text(json.dumps(named), encoding="utf-8")
    editor = Editor(tmp_path, PACK)
    try:
        assert editor.hover("severity").startswith("Adds to the severity of the mistake")
        assert "Patterns that must all match" in editor.hover("when")
        assert {"roll_back", "post_mortem"} <= set(editor.complete("recommend: "))
        assert {"cosmetic"} <= set(editor.complete("band: "))
        assert "minutes" in editor.complete("minu")
        told = {each["range"]["start"]["line"]: each["message"] for each in editor.diagnose()}
        assert told == {7: "Property becaus is not allowed."}
    finally:
        editor.close()
