"""``misstep assess``: every form of input and output, good and bad."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.conftest import without_digests
from tests.end_to_end.command import INCIDENTS, INTERVIEWS, MISSTEP, Command, Run, environment

from misstep import BudgetError, RuleBase
from misstep.limits import Limits

SEED = INTERVIEWS / "seed.json"
RULES = ("--rules", INCIDENTS / "rules")  # small, so that a test takes half the time
OUTAGE = '{"id": "a", "facts": [{"id": "o", "kind": "outage", "minutes": 30}]}'
TOO_LARGE = '["' + "x" * Limits().record_bytes + '"]'


@pytest.fixture(scope="module")
def incidents() -> RuleBase:
    return RuleBase.load(INCIDENTS / "rules")


# -- what comes out


def test_json_is_the_bytes_of_the_api(misstep: Command) -> None:
    expected = RuleBase.shipped().assess(json.loads(SEED.read_bytes())).to_json()
    run = misstep("assess", SEED, "-o", "json")
    assert run.raw == expected + b"\n"
    assert (run.code, run.err) == (0, "")


def test_text_is_what_comes_without_options(misstep: Command) -> None:
    run = misstep("assess", SEED, env={"COLUMNS": "80"})
    assert (run.code, run.err) == (0, "")
    assert without_digests(run.out) == (INTERVIEWS.parent / "expected" / "seed.txt").read_text()


def test_full_text_and_markdown_are_as_on_file(misstep: Command) -> None:
    expected = INTERVIEWS.parent / "expected"
    assert without_digests(misstep("assess", SEED, "--full").out) == (expected / "seed.full.txt").read_text()
    assert without_digests(misstep.inside("assess", SEED, "-o", "markdown").out) == (expected / "seed.md").read_text()


@pytest.mark.parametrize("columns", [20, 79, 300])
def test_text_keeps_to_the_terminal(misstep: Command, columns: int) -> None:
    run = misstep("assess", INCIDENTS / "checkout-down.json", *RULES, "--full", env={"COLUMNS": str(columns)})
    assert max(map(len, run.out.splitlines())) <= max(60, min(100, columns))
    assert "Post a status update" in run.out


@dataclass(frozen=True)
class Form:
    """One way to hand in one and the same record."""

    name: str
    text: str
    options: tuple[str, ...] = ()


FORMS = {
    "JSON": Form("record.json", OUTAGE),
    "JSON on many lines": Form("pretty.json", json.dumps(json.loads(OUTAGE), indent=2)),
    "JSON with a byte order mark": Form("marked.json", "\ufeff" + OUTAGE),
    "YAML": Form("record.yaml", "id: a\nfacts:\n  - {id: o, kind: outage, minutes: 30}\n"),
    "YAML on one line": Form("record.yml", "{id: a, facts: [{id: o, kind: outage, minutes: 30}]}"),
    "YAML, shouted": Form("record.YAML", "id: a\nfacts: [{id: o, kind: outage, minutes: 30}]\n"),
    "JSON lines": Form("record.jsonl", OUTAGE + "\n"),
    "JSON lines of Windows": Form("record.ndjson", "\r\n\r\n" + OUTAGE),
    "JSON called so": Form("record.txt", OUTAGE, ("--input", "json")),
    "YAML that is called JSON": Form("r.json", "facts: [{id: o, kind: outage, minutes: 30}]\nid: a", ("--input", "yaml")),
    "JSON by its look": Form("record", OUTAGE),
    "YAML by its look": Form("record", "id: a\nfacts:\n- id: o\n  kind: outage\n  minutes: 30"),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_input_gives_the_same_answer(misstep: Command, incidents: RuleBase, name: str) -> None:
    form = FORMS[name]
    run = misstep.inside("assess", misstep.write(form.name, form.text), *RULES, "-o", "json", *form.options)
    assert (run.code, run.err) == (0, "")
    assert run.raw == incidents.assess(json.loads(OUTAGE)).to_json() + b"\n"


SNIFFED = {
    "a record": (OUTAGE, 1),
    "a record on many lines": (json.dumps(json.loads(OUTAGE), indent=2), 1),
    "a list of facts": ('[{"kind": "outage"}]', 1),
    "a list of facts on many lines": ('[\n{"kind": "outage"}\n]', 1),
    "JSON lines": (f"{OUTAGE}\n{OUTAGE}\n\n{OUTAGE}", 3),
    "JSON lines that are lists": ('[{"kind": "outage"}]\n[]\n', 2),
    "YAML": ("facts:\n  - kind: outage\n", 1),
    "YAML that begins with a comment": ("# mine\nfacts: []\n", 1),
    "JSON lines beyond what is read at once": (f"{OUTAGE}{' ' * 10_000}\n" * 150, 150),
}


@pytest.mark.parametrize("name", SNIFFED)
def test_standard_input_is_taken_for_what_it_looks_like(misstep: Command, name: str) -> None:
    text, count = SNIFFED[name]
    run = misstep.inside("assess", "-", *RULES, "-o", "json", stdin=text.encode())
    assert (run.code, run.err) == (0, "")
    assert run.out.count("\n") == count


def test_several_records_as_text_stand_apart(misstep: Command) -> None:
    run = misstep.inside("assess", "-", *RULES, stdin=f"{OUTAGE}\n{OUTAGE}".encode())
    assert run.out.count("Assessment of a\n") == 2
    assert "\n\nAssessment of a\n" in run.out


# -- --fail-level


@pytest.mark.parametrize(("level", "code"), [("cosmetic", 1), ("degraded", 1), ("broken", 1), ("catastrophic", 0)])
def test_fail_level_is_an_exit_code(misstep: Command, level: str, code: int) -> None:
    run = misstep.inside("assess", "-", *RULES, "--fail-level", level, stdin=OUTAGE.encode())
    assert (run.code, run.err) == (code, "")
    assert "Damage" in run.out


def test_no_mistake_is_below_every_fail_level(misstep: Command) -> None:
    assert misstep.inside("assess", "-", *RULES, "--fail-level", "cosmetic", stdin=b"[]").code == 0


def test_one_bad_record_among_many_decides_the_fail_level(misstep: Command) -> None:
    lines = f"[]\n{OUTAGE}\n[]\n"
    assert misstep.inside("assess", "-", *RULES, "--fail-level", "broken", stdin=lines.encode()).code == 1


# -- color


def screen(misstep: Command, *arguments: str | Path, **env: str) -> str:
    """What stands on a terminal after the command."""
    ours, theirs = pty.openpty()
    command = [*MISSTEP, "assess", str(INCIDENTS / "checkout-down.json"), *map(str, RULES), *map(str, arguments)]
    with subprocess.Popen(command, stdout=theirs, cwd=misstep.folder, env=environment(env)):
        os.close(theirs)
        shown = b""
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not chunk:
                break
            shown += chunk
    os.close(ours)
    return shown.decode()


def test_a_terminal_has_colors_unless_it_is_asked_not_to(misstep: Command) -> None:
    assert "\x1b[" in screen(misstep, TERM="xterm")
    assert "\x1b[" not in screen(misstep, TERM="xterm", NO_COLOR="1")
    assert "\x1b[" not in screen(misstep, "--color", "never", TERM="xterm")


def test_color_always_and_never_are_obeyed_in_a_pipe(misstep: Command) -> None:
    plain = misstep("assess", INCIDENTS / "checkout-down.json", *RULES)
    colored = misstep("assess", INCIDENTS / "checkout-down.json", *RULES, "--color", "always", env={"NO_COLOR": "1"})
    assert "\x1b" not in plain.out
    assert "\x1b[1;31m" in colored.out or "\x1b[31m" in colored.out
    assert [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", colored.out).splitlines()] == plain.out.splitlines()


# -- bad input: the place, what is wrong, and exit code 2


@dataclass(frozen=True)
class Bad:
    """A file that cannot be assessed, and all that is said about it."""

    name: str
    content: str | bytes
    says: list[str]


BAD = {
    "broken JSON": Bad("f.json", '[{"kind": "outage",\n "minutes": 5', ["f.json:2:14: not valid JSON: Expecting ',' delimiter"]),
    "broken YAML": Bad(
        "f.yaml", "facts:\n  - {kind: outage\n",
        ["f.yaml:2:5: not valid YAML: this { is not closed: } is missing"],
    ),
    "key twice in JSON": Bad("f.json", '{"facts": []}\n'.replace("[]", '[{"kind": "outage",\n"services": 1,\n"services": 2}]'),
                             ["f.json:3:1: /facts/0/services: the key 'services' stands twice in one object"]),
    "key twice in YAML": Bad("f.yaml", "facts: []\nid: a\nid: b\n",
                             ["f.yaml:3:1: /id: the key 'id' stands twice; first in line 2"]),
    "NaN": Bad("f.json", '[\n{"kind": "tested_backup",\n"age_hours": NaN}]',
               ["f.json:3:14: /facts/0/age_hours: NaN is not a number; leave the field out if it is unknown"]),
    "infinity": Bad("f.json", '[{"kind": "tested_backup", "age_hours": -Infinity}]',
                    ["f.json:1:41: /facts/0/age_hours: -Infinity is not a number; leave the field out if it is unknown"]),
    "a number beyond all numbers": Bad("f.json", '[{"kind": "tested_backup", "age_hours": 1e999}]',
                                       ["f.json:1:41: /facts/0/age_hours: a number too large for a decimal"]),
    "deep JSON": Bad("f.json", "[" * 100_000, [f"f.json:1:17: /facts{'/0' * 16}: nested more than 16 levels deep"]),
    "deep YAML": Bad("f.yaml", "[" * 100_000, ["f.yaml:1:17: nested more than 16 levels deep"]),
    "alias": Bad("f.yaml", "facts: &a [*a]", ["f.yaml:1:8: anchors (&name) are not taken; write the value out"]),
    "tag": Bad("f.yaml", "facts: !!python/object/apply:os.system [ls]", ["f.yaml:1:8: tags (!name) are not taken"]),
    "not UTF-8": Bad("f.json", b'{"id":\n"\xff"}', ["f.json:2:2: not UTF-8 text"]),
    "UTF-16": Bad("f.yaml", "facts: []".encode("utf-16"), ["f.yaml:1:1: not UTF-8 text"]),
    "empty": Bad("f.json", "", ["f.json: is empty; a record is {facts: [...]} or a list of facts"]),
    "blank": Bad("f.yaml", " \n\n", ["f.yaml: is empty; a record is {facts: [...]} or a list of facts"]),
    "too large": Bad("f.json", TOO_LARGE, ["f.json: has more than 1000000 bytes, the most that a record may have"]),
    "a word": Bad("f.yaml", "late", ["f.yaml:1:1: must be a record {facts: [...]} or a list of facts"]),
    "one fact": Bad("f.json", '{"kind": "outage"}',
                    ["f.json:1:1: this is one fact; a record is {facts: [...]} or a list of facts"]),
    "no facts": Bad("f.json", '{"id": "x"}', ["f.json:1:1: /facts: is missing"]),
    "facts that are none": Bad("f.json", '{"facts": 5}', ["f.json:1:2: /facts: must be a list of facts"]),
    "kinds and fields": Bad(
        "f.yaml",
        "facts:\n  - {kind: outag}\n  - {kind: outage, minuts: 4, services: true}\n  - kind: data_loss\n  - {minutes: 4}\n",
        [
            "f.yaml:2:12: /facts/0/kind: there is no such kind; did you mean 'outage'?",
            "f.yaml:3:31: /facts/1/services: must be a whole number from 1 to 500",
            "f.yaml:3:20: /facts/1/minuts: there is no such field in outage; did you mean 'minutes'?",
            "f.yaml:4:5: /facts/2/rows: is missing; it must be a whole number of at least 1",
            "f.yaml:5:5: /facts/3/kind: every fact needs a kind, which is text",
        ],
    ),
    "ids": Bad("f.json", '[{"kind": "outage", "id": "a"},\n{"kind": "outage", "id": "a"}]',
               ["f.json:2:27: /facts/1/id: another fact has the same id; ids must differ"]),
    "unknown key of the record": Bad("f.json", '{"facts": [], "fact": []}',
                                     ["f.json:1:15: /fact: there is no such field; did you mean 'facts'?"]),
    "wrong form": Bad("f.json", "facts: []", ["f.json:1:1: not valid JSON: Expecting value"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_with_its_place(misstep: Command, name: str) -> None:
    bad = BAD[name]
    misstep.write(bad.name, bad.content)
    run = misstep.inside("assess", bad.name, *RULES)
    assert run.err.splitlines() == [f"misstep: {line}" for line in bad.says]
    assert (run.code, run.out) == (2, "")


def test_what_is_no_file_is_refused(misstep: Command) -> None:
    (misstep.folder / "folder").mkdir()
    assert misstep.inside("assess", "folder") == Run(2, b"", "misstep: folder: is a folder; give a file\n")
    assert misstep("assess", "nowhere.json") == Run(2, b"", "misstep: nowhere.json: no such file\n")
    assert misstep.inside("assess", "bad\x1b[31m\nname.json").err == "misstep: bad\\x1b[31m\\nname.json: no such file\n"


def test_bad_standard_input_is_called_so(misstep: Command) -> None:
    assert misstep("assess", "-", *RULES, stdin=b"[{]").err == (
        "misstep: <stdin>:1:3: not valid JSON: Expecting property name enclosed in double quotes\n"
    )
    assert misstep.inside("assess", "-", *RULES, stdin=b"").err == (
        "misstep: <stdin>: is empty; a record is {facts: [...]} or a list of facts\n"
    )


def test_bad_lines_do_not_keep_the_good_ones_from_being_assessed(misstep: Command, incidents: RuleBase) -> None:
    lines = [
        OUTAGE, '{"facts": [', '{"facts": [{"kind": "outag"}]}', "", TOO_LARGE, '{"id": "\xff"}', '{"facts": [], "facts": []}',
        OUTAGE,
    ]  # fmt: skip
    misstep.write("many.jsonl", "\n".join(lines).encode("latin-1"))
    run = misstep("assess", "many.jsonl", *RULES, "-o", "json", "--fail-level", "cosmetic")
    assert run.raw == (incidents.assess(json.loads(OUTAGE)).to_json() + b"\n") * 2
    assert run.err.splitlines() == [
        "misstep: many.jsonl:2:12: not valid JSON: Expecting value",
        "misstep: many.jsonl:3:22: /facts/0/kind: there is no such kind; did you mean 'outage'?",
        "misstep: many.jsonl:5: has more than 1000000 bytes, the most that a record may have",
        "misstep: many.jsonl:6:9: not UTF-8 text",
        "misstep: many.jsonl:7:15: /facts: the key 'facts' stands twice in one object",
    ]
    assert run.code == 2


USAGE = {
    "no file": ((), "Missing argument 'FILE'"),
    "two files": (("a", "b"), "Got unexpected extra argument (b)"),
    "unknown option": (("a", "--outpt", "json"), "No such option '--outpt'"),
    "unknown output": (("a", "-o", "html"), "'html' is not one of 'text', 'json', 'markdown'"),
    "unknown input": (("a", "--input", "xml"), "'xml' is not one of 'json', 'jsonl', 'yaml'"),
    "unknown color": (("a", "--color", "red"), "'red' is not one of 'auto', 'always', 'never'"),
    "no rules there": (("-", "--rules", "nowhere"), "misstep: nowhere: no such file or folder"),
    "unknown band": (
        ("-", *RULES, "--fail-level", "brokn"),
        "misstep: --fail-level: unknown band 'brokn'; did you mean 'broken'?",
    ),
    "a band of another rule base": (
        ("-", *RULES, "--fail-level", "fatal"),
        "misstep: --fail-level: unknown band 'fatal'; it is one of cosmetic, degraded, broken, catastrophic",
    ),
}


@pytest.mark.parametrize("name", USAGE)
def test_wrong_usage_is_explained(misstep: Command, name: str) -> None:
    arguments, says = USAGE[name]
    misstep.write("a", "[]")
    run = misstep.inside("assess", *arguments)
    assert says in run.err
    assert (run.code, run.out) == (2, "")


def test_bad_rules_are_shown_with_their_place(misstep: Command) -> None:
    misstep.write("pack.yaml", "schema: 1\npack: mine\nextends: misstep\ndisable: [late-arival]\n")
    run = misstep("assess", SEED, "--rules", "pack.yaml")
    assert run.code == 2
    assert run.err.startswith("misstep: pack.yaml:4:11: ")
    assert "did you mean 'late-arrival'?" in run.err


# -- text from facts is data

HOSTILE = "a\x1b[31m\x9b1m\r\nb\u202e<script>x</script>|`c`[d](http://e)[bold]f[/bold] {late.minutes}"


@pytest.mark.parametrize("output", ["text", "markdown"])
def test_hostile_ids_are_shown_harmlessly(misstep: Command, output: str) -> None:
    text = json.dumps({"id": HOSTILE, "facts": [{"id": HOSTILE + "2", "kind": "outage", "minutes": 30}]})
    run = misstep("assess", "-", *RULES, "-o", output, stdin=text.encode())
    assert run.code == 0
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", run.out)
    if output == "markdown":
        assert not re.search(r"(?<!\\)(<script|\||`c|\[d\])", re.sub(r"(?m)^\| .* \|$", "", run.out))
        row = next(line for line in run.out.splitlines() if "Outage" in line)
        assert len(re.findall(r"(?<!\\)\|", row)) == 6
    else:
        assert "\\x1b[31m\\x9b1m\\r\\nb\\u202e<script>x</script>|`c`[d](http://e)[bold]f[/bold] {late.minutes}" in re.sub(
            r"\n *", "", run.out
        ).replace("[bold]f[/bold]{", "[bold]f[/bold] {")


def test_values_of_facts_are_not_echoed_in_errors(misstep: Command) -> None:
    secret = "Marjorie-7431"
    text = json.dumps([{"kind": "outage", "minutes": secret}, {"kind": "tested_backup", "age_hours": secret}])
    run = misstep("assess", "-", *RULES, stdin=text.encode())
    assert run.code == 2
    assert secret not in run.err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_any_encoding_of_the_terminal_will_do(misstep: Command, encoding: str) -> None:
    record = json.dumps({"id": "Zoë 名", "facts": []}).encode()
    env = {"PYTHONIOENCODING": encoding}
    text = misstep("assess", "-", *RULES, stdin=record, env=env)
    data = misstep("assess", "-", *RULES, "-o", "json", stdin=record, env=env)
    assert (text.code, data.code) == (0, 0)
    assert b"\\u540d" in text.raw
    assert json.loads(data.raw)["id"] == "Zoë 名"


# -- a reader that goes away


@pytest.mark.parametrize("output", ["json", "text"])
def test_nobody_complains_when_the_reader_has_gone(misstep: Command, output: str) -> None:
    misstep.write("many.jsonl", f"{OUTAGE}\n" * 3_000)
    command = [*MISSTEP, "assess", "many.jsonl", *map(str, RULES), "-o", output]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=misstep.folder, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


# -- how certain it is


def test_how_certain_it_is_stands_below_the_answer_and_nothing_else_changes(misstep: Command) -> None:
    plain, certain = (misstep.inside("assess", SEED, *more).out for more in ((), ("--certainty",)))
    added = [line for line in certain.splitlines() if line not in plain.splitlines()]
    assert " ".join(added).startswith("Depending on what you have not said, the damage is between ")
    assert " of 100. It depends most on: " in " ".join(added)
    assert [line for line in certain.splitlines() if line not in added] == plain.splitlines()
    markdown = misstep.inside("assess", SEED, "--certainty", "-o", "markdown").out
    assert "Depending on what you have not said" in markdown
    assert len(markdown.splitlines()) == len(misstep.inside("assess", SEED, "-o", "markdown").out.splitlines()) + 2


def test_how_certain_it_is_is_the_last_member_of_json(misstep: Command, incidents: RuleBase) -> None:
    run = misstep("assess", "-", *RULES, "--certainty", "-o", "json", stdin=OUTAGE.encode())
    assert (run.code, run.err) == (0, "")
    told = json.loads(run.raw)
    assert json.dumps(told.pop("certainty")) == json.dumps(json.loads(incidents.certainty(json.loads(OUTAGE)).to_json()))
    assert told == json.loads(incidents.assess(json.loads(OUTAGE)).to_json())


def test_where_there_is_no_saying_the_assessment_is_there_all_the_same(
    misstep: Command, incidents: RuleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise BudgetError("too large for that")

    monkeypatch.setattr(RuleBase, "certainty", refuse)
    run = misstep.inside("assess", "-", *RULES, "--certainty", "-o", "json", stdin=OUTAGE.encode())
    assert (run.code, run.err) == (2, "misstep: too large for that\n")
    assert json.loads(run.raw) == json.loads(incidents.assess(json.loads(OUTAGE)).to_json())
