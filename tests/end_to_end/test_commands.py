"""Every command but ``assess``: what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from pathlib import Path

import jsonschema
import pytest
from tests.conftest import Golden
from tests.end_to_end.command import FIXTURES, INCIDENTS, INTERVIEWS, MISSTEP, ROOT, Command, environment
from tests.needs import found

from misstep import RuleBase, __version__
from misstep.cli.version import read_extras

HERE = Path(__file__).parent
RULES = ("--rules", INCIDENTS / "rules")
SEED = INTERVIEWS / "seed.json"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMMANDS = [
    "ask", "assess", "calibrate", "check", "completion", "diff", "docs", "evidence", "explain", "kinds", "map", "mcp", "new",
    "profile", "prove", "rule", "report", "same", "sample", "schema", "score", "serve", "suggest", "test",
]  # fmt: skip

PACK = """\
schema: 1
pack: mine
extends: misstep
kinds:
  sneeze: {role: mistake, title: Sneezed, concern: manners, fields: {}}
rules:
  sneeze:
    when: [sneeze]
    then: {severity: 2, noticed: 3}
    because: a sneeze was heard
cases:
  one sneeze:
    facts: [{kind: sneeze}]
    expect: {fires: [sneeze], findings: {sneeze: {severity: 2}}}
"""
BROKEN = PACK.replace("severity: 2, noticed", "severty: 2, noticed").replace("when: [sneeze]", "when: [snooze]")
FAILING = PACK.replace("severity: 2}", "severity: 3..4}").replace("fires: [sneeze]", "fires: [late-arrival], quiet: [sneeze]")


# -- help


def test_help_is_as_on_file(misstep: Command, golden: Golden) -> None:
    pages = [misstep.inside("--help")] + [misstep.inside(command, "-h") for command in COMMANDS]
    pages.insert(1 + COMMANDS.index("docs") + 1, misstep.inside("docs", "build", "-h"))
    assert [page.code for page in pages] == [0] * len(pages)
    golden(HERE / "help.txt", f"\n{'-' * 80}\n".join(page.out for page in pages))


def test_help_lists_every_command_and_exit_code(misstep: Command) -> None:
    run = misstep("--help")
    assert (run.code, run.err) == (0, "")
    assert all(f"\n  {command} " in run.out for command in COMMANDS)
    assert "Exit codes: 0 done" in run.out


def test_a_command_alone_shows_what_there_is(misstep: Command) -> None:
    run = misstep()
    assert run.code == 2
    assert "Usage: misstep" in run.err + run.out


def test_a_misspelt_command_is_guessed(misstep: Command) -> None:
    run = misstep("asess", SEED)
    assert (run.code, run.out) == (2, "")
    assert "No such command 'asess'" in run.err


def test_version(misstep: Command) -> None:
    run = misstep("--version")
    assert (run.code, run.err) == (0, "")
    version, engine, extras = run.out.splitlines()
    assert version == f"misstep {__version__}"
    assert engine == ("engine: core" if found("core") else "engine: python")
    assert extras.startswith("extras: ")
    told = dict(extra.split(" ") for extra in extras.removeprefix("extras: ").split(", "))
    assert set(told) == set(PROJECT["optional-dependencies"])
    assert told["batch"] == told["serve"] == "yes"  # of the group test
    assert {name: told[name] for name in ("durable", "core")} == {
        name: "yes" if found(name) else "no" for name in ("durable", "core")
    }


def test_an_extra_is_there_when_all_that_it_needs_is() -> None:
    extras = ["whole", "half", "empty", "gone"]
    requirements = [
        "click>=8.1", "click>=8.1; extra == 'whole'", 'pytest[x]<99,>=1 ; extra == "whole"', "click; extra == 'half'",
        "no-such-package>=1; extra == 'half'", "no-such-package>=1; (sys_platform != 'win32') and extra == 'whole'",
        "no-such-package; extra == 'gone'",
    ]  # fmt: skip
    assert read_extras(extras, requirements) == {"whole": True, "half": False, "empty": True, "gone": False}


def test_the_readme_names_every_extra_on_its_first_screen() -> None:
    first = (ROOT / "README.md").read_text(encoding="utf-8").partition("The story: ")[0]
    assert [extra for extra in PROJECT["optional-dependencies"] if f"`{extra}`" not in first] == []


# -- check


def test_check_counts_what_is_right(misstep: Command) -> None:
    misstep.write("mine.yaml", PACK)
    run = misstep("check", "mine.yaml")
    assert (run.code, run.err) == (0, "")
    rulebase = RuleBase.shipped()
    assert f"{len(rulebase.kinds) + 1} kinds, {len(rulebase.rules) + 1} rules" in run.out
    assert run.out.endswith("no mistakes found\n")
    assert misstep.inside("check", "mine.yaml", "-o", "json").out == "[]\n"


def test_check_shows_every_mistake_with_its_place(misstep: Command) -> None:
    misstep.write("mine.yaml", BROKEN.replace("fields: {}}", "fields: {}, rle: x}"))
    run = misstep("check", "mine.yaml")
    assert (run.code, run.out) == (2, "")
    lines = run.err.splitlines()
    assert len(lines) >= 2
    assert all(line.startswith("misstep: mine.yaml:") for line in lines)
    assert any("did you mean 'severity'?" in line for line in lines)


def test_check_as_json_has_the_same_mistakes(misstep: Command) -> None:
    misstep.write("mine.yaml", PACK.replace("when: [sneeze]", "when: [snooze]"))
    run = misstep.inside("check", "mine.yaml", "-o", "json")
    assert (run.code, run.err) == (2, "")
    first = json.loads(run.out)[0]
    assert (first["level"], first["file"], first["line"], first["rule"]) == ("error", "mine.yaml", 8, "sneeze")
    assert "did you mean 'sneeze'?" in first["message"]
    assert first["column"] > 0


def test_check_looks_into_cases(misstep: Command) -> None:
    misstep.write("mine.yaml", PACK.replace("fires: [", "fires: [sneze, "))
    run = misstep.inside("check", "mine.yaml")
    assert (run.code, run.out) == (2, "")
    assert "unknown rule 'sneze'; did you mean 'sneeze'?" in run.err


def test_check_remarks_what_deserves_a_second_look(misstep: Command) -> None:
    misstep.write("mine.yaml", f"{PACK}\nactions:\n  idle: {{title: Nobody says so}}\n")
    run = misstep("check", "mine.yaml")
    assert (run.code, run.err) == (0, "")
    first, last = run.out.splitlines()
    place, message = "mine.yaml:", "no rule recommends the action 'idle', so it is in no plan"
    assert first.startswith(f"remark: {place}")
    assert first.endswith(f": {message} [idle-action]")
    assert last.endswith("no mistakes found, 1 remark")
    assert misstep.inside("check", "mine.yaml", "--strict").code == 1
    run = misstep.inside("check", "mine.yaml", "--strict", "--ignore", "idle-action")
    assert (run.code, "remark" in run.out) == (0, False)
    run = misstep.inside("check", "mine.yaml", "-o", "json")
    assert (run.code, run.err) == (0, "")
    (remark,) = json.loads(run.out)
    assert (remark["level"], remark["file"], remark["rule"], remark["message"]) == ("remark", "mine.yaml", "", message)
    assert remark["code"] == "idle-action"
    run = misstep.inside("check", "mine.yaml", "-o", "github")
    assert run.out == f"::warning file=mine.yaml,line={remark['line']},col=3,title=misstep idle-action::{message}\n"


def test_check_runs_the_lints_that_are_chosen(misstep: Command) -> None:
    misstep.write("mine.yaml", f"{PACK}\nactions:\n  idle: {{title: Nobody says so}}\nconstants: {{spare: 1}}\n")
    lints = {code: misstep.inside("check", "mine.yaml", "--select", code).out for code in ("idle-action", "idle-constant")}
    assert ["'idle'" in out for out in lints.values()] == [True, False]
    assert ["'spare'" in out for out in lints.values()] == [False, True]
    run = misstep.inside("check", "mine.yaml", "--ignore", "idle-acton")
    assert (run.code, run.err) == (2, "misstep: unknown lint 'idle-acton'; did you mean 'idle-action'?\n")


def test_check_takes_paths_one_by_one(misstep: Command) -> None:
    other = PACK.replace("when: [sneeze]", "when: [snooze]")
    misstep.write("mine.yaml", PACK)
    misstep.write("same.yaml", PACK)
    misstep.write("other.yaml", other)
    run = misstep.inside("check", "mine.yaml", "other.yaml", "same.yaml")
    assert (run.code, run.out.count("no mistakes found")) == (2, 2)
    assert [line.startswith("misstep: other.yaml:8:") for line in run.err.splitlines()] == [True]
    run = misstep.inside("check", "--together", "mine.yaml", "same.yaml")
    assert (run.code, run.out) == (2, "")
    assert "stands in mine.yaml" in run.err


def test_check_tells_mistakes_to_a_workflow(misstep: Command) -> None:
    misstep.write("a,b.yaml", PACK.replace("when: [sneeze]", "when: [snooze]"))
    run = misstep.inside("check", "a,b.yaml", "-o", "github")
    assert (run.code, run.err) == (2, "")
    assert run.out.startswith("::error file=a%2Cb.yaml,line=8,col=")
    assert "::sneeze: unknown kind 'snooze'" in run.out


def test_check_of_nothing_is_refused(misstep: Command) -> None:
    assert misstep.inside("check", "nowhere").err == "misstep: nowhere: no such file or folder\n"
    (misstep.folder / "empty").mkdir()
    assert misstep.inside("check", "empty").code == 2
    assert misstep.inside("check").code == 2


def test_check_says_of_a_file_that_is_no_pack_what_it_lacks(misstep: Command) -> None:
    misstep.write("facts.yaml", "facts: [{kind: late_arrival}]\n")
    run = misstep.inside("check", "facts.yaml")
    assert run.code == 2
    assert "facts.yaml:1:1:" in run.err
    assert "schema" in run.err


# -- test


def test_cases_that_hold(misstep: Command) -> None:
    misstep.write("mine.yaml", PACK)
    run = misstep("test", "mine.yaml")
    assert (run.code, run.out, run.err) == (0, "1 case passed, 0 failed\n", "")


def test_a_case_that_fails_shows_what_was_expected_and_what_came(misstep: Command) -> None:
    misstep.write("mine.yaml", FAILING)
    run = misstep("test", "mine.yaml")
    assert (run.code, run.err) == (1, "")
    assert run.out.startswith("FAILED mine/one sneeze (mine.yaml:12:3)\n")
    assert "  fires\n    exp: late-arrival\n    got: quiet; fired: " in run.out
    assert "  quiet\n    exp: sneeze\n    got: fired\n" in run.out
    assert "  findings.sneeze.severity\n    exp: 3..4\n    got: 2\n" in run.out
    assert run.out.endswith("0 cases passed, 1 failed\n")


def test_a_case_that_fails_as_json(misstep: Command) -> None:
    misstep.write("mine.yaml", FAILING)
    run = misstep.inside("test", "mine.yaml", "--output", "json")
    data = json.loads(run.out)
    assert run.code == 1
    assert data["cases"] == 1
    assert data["failed"][0]["case"] == "mine/one sneeze"
    assert {"what": "findings.sneeze.severity", "exp": "3..4", "got": "2"} in data["failed"][0]["failures"]
    assert data["never_fired"] == []


def test_a_case_with_a_bad_fact_fails_and_says_why(misstep: Command) -> None:
    misstep.write("mine.yaml", PACK.replace("facts: [{kind: sneeze}]", "facts: [{kind: sneeze, loudness: 4}]"))
    run = misstep.inside("test", "mine.yaml")
    assert run.code != 0
    assert "loudness" in run.out + run.err


def test_coverage_names_rules_that_no_case_proves(misstep: Command) -> None:
    misstep.write("mine.yaml", PACK)
    assert misstep.inside("test", "mine.yaml").code == 0
    run = misstep.inside("test", "--coverage", "mine.yaml")
    assert (run.code, run.out) == (0, "1 case passed, 0 failed\n1 of 1 rule fired\n0 of 0 conditions seen true and false\n")
    assert misstep.inside("test", "--coverage", INCIDENTS / "rules").code == 0


def test_one_case_is_chosen_by_words_of_its_name_and_shown_whole(misstep: Command) -> None:
    misstep.write("mine.yaml", PACK + "  two: {facts: [{kind: sneeze}], expect: {acts: true}}\n")
    run = misstep.inside("test", "mine.yaml", "-k", "ONE SN", "--show")
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("mine/one sneeze (mine.yaml:12:3)\n\n")
    assert "a sneeze was heard (sneeze)" in run.out
    assert run.out.endswith("1 case passed, 0 failed\n")
    assert misstep.inside("test", "mine.yaml", "-k", "tow").err == "misstep: no case is called 'tow'\n"


def test_what_fails_is_shown_and_rewritten_and_told_to_a_build_server(misstep: Command) -> None:
    file = misstep.write("mine.yaml", FAILING)
    run = misstep.inside("test", "mine.yaml", "--update", "--junit", "outcomes.xml")
    assert (run.code, run.err) == (0, "")
    assert "  findings.sneeze.severity\n    exp: 3..4\n    got: 2\n" in run.out
    assert "+    expect: {fires: [], quiet: [], findings: {sneeze: {severity: 2}}}\n" in run.out
    assert run.out.endswith("3 expectations rewritten in mine.yaml\n")
    assert "{fires: [], quiet: [], findings: {sneeze: {severity: 2}}}" in file.read_text("utf-8")
    assert b'failures="1"' in (file.parent / "outcomes.xml").read_bytes()


def test_changes_that_no_case_notices_are_told_with_facts(misstep: Command) -> None:
    misstep.write("mine.yaml", PACK.replace("extends: misstep", "extends: scale"))
    run = misstep.inside("test", "mine.yaml", "--mutate", "-o", "json")
    data = json.loads(run.out)
    assert (run.code, run.err) == (0, "")
    assert (data["made"], data["judged"], data["score"]) == (6, 6, data["noticed"] / data["matter"])
    noticed = {each["change"]: each["noticed_by"] for each in data["mutants"] if each["matters"]}
    assert noticed["`severity` taken out"] == ["mine/one sneeze"]
    text = misstep.inside("test", "mine.yaml", "--mutate").out
    assert text.endswith(f"{data['noticed']} of {data['matter']} that matter are noticed by a case: 50%\n")
    assert "SURVIVED mine.yaml:9:25: sneeze#6: `noticed` taken out\n  facts that tell: [{kind: sneeze}]\n" in text


def test_packs_with_mistakes_are_not_tested(misstep: Command) -> None:
    misstep.write("mine.yaml", BROKEN)
    run = misstep.inside("test", "mine.yaml")
    assert (run.code, run.out) == (2, "")
    assert "mine.yaml:9:" in run.err


# -- kinds, rule


def test_kinds_are_listed_by_role_and_topic(misstep: Command) -> None:
    run = misstep("kinds")
    assert (run.code, run.err) == (0, "")
    assert all(f"\n  {kind} " in f"\n{run.out}" for kind in RuleBase.shipped().kinds)
    assert run.out.index("mistake: punctuality") < run.out.index("signal: interview") < run.out.index("derived: ")


def test_a_kind_is_shown_with_its_fields_and_rules(misstep: Command) -> None:
    run = misstep.inside("kinds", "late_arrival")
    assert run.out.startswith("late_arrival: Arrived late (mistake, read as manners)\n")
    shown = " ".join(run.out.split())
    assert "minutes: How late; minutes after the agreed time; a whole number from 1 to 1440 (minutes); 10 if not given" in shown
    assert "\n      true: You told them before the start.\n" in run.out
    assert "reaction: How they took it; As far as you could see; one of these; unknown if not given" in shown
    assert "\n      none_seen: Nothing was to be seen.\n" in run.out
    assert run.out.index("\nfields:\n") < run.out.index("\nfields of every mistake:\n") < run.out.index("\nrules:\n")
    assert "\n  late-arrival: The later, the worse\n" in run.out


@pytest.mark.parametrize(
    ("declared", "shown"),
    [
        ('title: How late, help: "In minutes."', "minutes: How late; In minutes; a number"),
        ('title: How late, help: "how late."', "minutes: How late; a number"),
        ("title: How late", "minutes: How late; a number"),
        ("help: how late", "minutes: how late; a number"),
    ],
)
def test_the_help_of_a_field_is_shown_where_it_says_more_than_its_title(misstep: Command, declared: str, shown: str) -> None:
    kind = f"late: {{role: mistake, title: Late, fields: {{minutes: {{type: 'number?', {declared}}}}}}}"
    misstep.write("pack.yaml", f"schema: 1\npack: mine\nkinds:\n  {kind}\n")
    assert f"\n  {shown}, or left out if unknown\n" in misstep.inside("kinds", "late", "--rules", "pack.yaml").out
    assert misstep.inside("docs", "build", "pack.yaml", "--format", "markdown", "-o", "pages").code == 0
    what = shown.removeprefix("minutes: ").removesuffix("; a number")
    assert f"| `minutes` | {what} |" in (misstep.folder / "pages" / "kinds" / "late.md").read_text(encoding="utf-8")


def test_kinds_as_json_are_all_there_is_to_know(misstep: Command) -> None:
    data = json.loads(misstep.inside("kinds", "-o", "json", *RULES).out)
    assert {kind["kind"] for kind in data} == set(RuleBase.load(INCIDENTS / "rules").kinds)
    assert json.loads(misstep.inside("kinds", "outage", "-o", "json", *RULES).out) == [k for k in data if k["kind"] == "outage"]


def test_kinds_of_other_rules(misstep: Command) -> None:
    run = misstep.inside("kinds", *RULES)
    assert "mistake: triage\n  data_loss " in run.out
    assert "late_arrival" not in run.out


def test_an_unknown_kind_is_guessed(misstep: Command) -> None:
    assert misstep.inside("kinds", "outge", *RULES).err == "misstep: unknown kind 'outge'; did you mean 'outage'?\n"
    assert misstep.inside("kinds", "xyz", *RULES).err == "misstep: unknown kind 'xyz'; `misstep kinds` lists them\n"


def test_a_rule_is_shown_as_it_stands_in_its_pack(misstep: Command) -> None:
    run = misstep("rule", "late-arrival")
    assert (run.code, run.err) == (0, "")
    first, _, rest = run.out.partition("\n")
    place, line, _ = first.removeprefix("late-arrival  (").removesuffix(")").split(":")
    assert Path(place).read_text(encoding="utf-8").splitlines()[int(line) - 1] == "  late-arrival:"
    assert "\n  when: [late_arrival]\n" in rest
    assert "\nvault-2008: " in rest
    assert "<https://" in rest
    assert "\nfires in the case: twelve minutes late, nobody told\n" in rest


def test_a_rule_that_was_replaced_is_shown_as_it_is_now(misstep: Command) -> None:
    run = misstep.inside("rule", "late-arrival", "--rules", FIXTURES / "packs" / "acme")
    assert "acme.yaml:" in run.out
    assert "The gate takes ten minutes" in run.out


def test_a_rule_as_python(misstep: Command) -> None:
    run = misstep.inside("rule", "outage.minutes", "--python", *RULES)
    assert run.code == 0
    compile(run.out, "rule", "exec")
    assert run.out.startswith("def ")


@pytest.mark.parametrize("options", [(), ("--python",)])
def test_an_unknown_rule_is_guessed(misstep: Command, options: tuple[str, ...]) -> None:
    run = misstep.inside("rule", "outage.minute", *RULES, *options)
    assert run.err == "misstep: unknown rule 'outage.minute'; did you mean 'outage.minutes'?\n"
    assert run.code == 2
    assert misstep.inside("rule", "xyz", *RULES).err == (
        "misstep: unknown rule 'xyz'; `misstep kinds KIND` lists the rules about a kind\n"
    )


# -- schema


def test_schema_of_records_takes_the_fixtures_and_refuses_the_rest(misstep: Command) -> None:
    schema = json.loads(misstep("schema", "record").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(SEED.read_bytes()), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"facts": [{"kind": "outage"}]}, schema)
    own = json.loads(misstep.inside("schema", "record", *RULES).out)
    jsonschema.validate({"facts": [{"kind": "outage"}]}, own)


def test_schema_of_assessments_takes_every_golden_file(misstep: Command) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(misstep.inside("schema", "assessment").out))
    for file in (FIXTURES / "expected").rglob("*.json"):
        validator.validate(json.loads(file.read_bytes()))


def test_schema_of_packs_takes_the_examples(misstep: Command) -> None:
    from misstep.rulebase.documents import read_yaml

    schema = json.loads(misstep.inside("schema", "pack").out)
    validator = jsonschema.Draft202012Validator(schema)
    files = [*(ROOT / "rules").rglob("*.yaml"), *(INCIDENTS / "rules").iterdir(), *(FIXTURES / "packs").rglob("*.yaml")]
    for file in files:
        validator.validate(read_yaml(file.read_text(encoding="utf-8"), file.name).data)
    assert not validator.is_valid({"schema": 1, "pack": "x", "ruls": {}})


def test_schema_of_something_else_is_refused(misstep: Command) -> None:
    assert misstep.inside("schema", "rule").code == 2


# -- completion


def bash(script: str, folder: Path, **env: str) -> str:
    python = " ".join(MISSTEP)
    script = f'misstep() {{ {python} "$@"; }}; {script}'
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, cwd=folder, env=environment(env), check=True, timeout=60
    )
    assert done.stderr == ""
    return done.stdout


def test_bash_takes_the_completion(tmp_path: Path) -> None:
    assert "misstep" in bash('eval "$(misstep completion bash)"; complete -p misstep', tmp_path)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("misstep asse", "plain,assess\n"),
        ("misstep schema re", "plain,record\n"),
        ("misstep assess --fa", "plain,--fail-level\n"),
    ],
)
def test_commands_and_options_are_completed(tmp_path: Path, words: str, offered: str) -> None:
    env = {"_MISSTEP_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    assert bash("misstep", tmp_path, **env) == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_a_completion_too(misstep: Command, shell: str) -> None:
    run = misstep.inside("completion", shell)
    assert run.code == 0
    assert "_MISSTEP_COMPLETE" in run.out


def test_no_other_shell_is_known(misstep: Command) -> None:
    assert misstep.inside("completion", "tcsh").code == 2


# -- whatever the command


@pytest.mark.parametrize("command", ["kinds", "schema", "rule"])
def test_nobody_complains_when_the_reader_has_gone(tmp_path: Path, command: str) -> None:
    arguments = {"kinds": ["-o", "json"], "schema": ["record"], "rule": ["late-arrival"]}[command]
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [*MISSTEP, command, *arguments], stdout=closed, stderr=subprocess.PIPE, cwd=tmp_path, env=environment(), check=False
        )
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(
    ("command", "place"),
    [
        (["check", ""], "'PATH...': "),
        (["assess", ""], "'FILE': "),
        (["kinds", "--rules", ""], "'--rules': "),
        (["calibrate", ""], "'CASES...': "),
        (["map", "check", ""], "'FILE': "),
        (["map", "init", ""], ""),
        (["score", "", "-o", "a.jsonl"], ""),
        (["score", SEED, "-o", ""], ""),
        (["score", SEED, "-o", "a.jsonl", "--report", ""], "'--report': "),
    ],
)
def test_an_empty_name_is_not_the_working_folder(misstep: Command, command: list[str], place: str) -> None:
    misstep.write("pack.yaml", PACK)
    run = misstep(*command)
    assert (run.code, run.out, run.err) == (2, "", f"misstep: {place}an empty name is no file or folder\n")


def test_a_device_is_no_pack(misstep: Command) -> None:
    run = misstep("check", "/dev/null")
    assert (run.code, run.out, run.err) == (2, "", "misstep: /dev/null: is neither a file nor a folder\n")


CLOSED = {
    "stdin": "misstep: <stdin>: is closed; give a file or a pipe: < FILE\n",
    "stdout": "misstep: <stdout>: is closed; > /dev/null discards what is printed\n",
}
FULL = "misstep: {}: No space left on device\n"


@pytest.mark.parametrize(
    ("closing", "command", "code", "out", "err"),
    [
        ("<&-", "kinds -o json", 0, True, ""),
        *(("<&-", command, 2, False, CLOSED["stdin"]) for command in ("assess -", "score - -o a.jsonl", "suggest -", "mcp")),
        *((">&-", command, 2, False, CLOSED["stdout"]) for command in ("kinds", "--version", "--help", "assess {} -o json")),
        (">&-", "score {} -o -", 2, False, CLOSED["stdout"]),
        ("2>&-", "score {} -o -", 0, True, ""),  # what would be told is discarded
        ("2>&-", "assess missing.json", 2, False, ""),
        ("2>&-", "score missing.jsonl -o a.jsonl", 2, False, ""),
        ("<&- >&- 2>&-", "kinds", 2, False, ""),
        ("2>/dev/full", "assess missing.json", 2, False, ""),
        *(
            (">/dev/full", command, 2, False, FULL.format("<stdout>"))
            for command in ("kinds", "--version", "assess {}", "sample 500")
        ),
        (">/dev/full", "score {} -o -", 2, False, FULL.format("<stdout>")),
        ("", "sample 500 -o /dev/full", 2, False, FULL.format("/dev/full")),
    ],
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_stream_that_is_closed_or_full_is_told_in_a_line(
    tmp_path: Path, closing: str, command: str, code: int, out: bool, err: str, unbuffered: str
) -> None:
    line = f'"$@" {command.format(SEED)} {closing}'
    shell = ["bash", "-c", line, "bash", *MISSTEP]
    env = environment() | {"PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(shell, capture_output=True, cwd=tmp_path, env=env, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode, bool(done.stdout), done.stderr.decode()) == (code, out, err)


def test_no_file_takes_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    """A library that writes to standard error by its number would write into that file."""
    script = tmp_path / "numbers.py"
    script.write_text("from misstep.cli.standard_streams import open_streams\nopen_streams()\nprint(open(__file__).fileno())\n")
    line = ["bash", "-c", '"$@" <&- 2>&-', "bash", MISSTEP[0], str(script)]
    assert int(subprocess.run(line, capture_output=True, env=environment(), check=True).stdout) > 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("score", "log.csv", "-o", "out.csv", "--from-notes", "note", "--notes-score"),
        ("diff", "misstep", "misstep", "--fail-above"),
        ("serve", "--request-seconds"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_what_is_no_number_is_within_no_bounds(misstep: Command, arguments: tuple[str, ...]) -> None:
    misstep.write("log.csv", "id,note\na,I was late\n")
    run = misstep.inside(*arguments, "nan")
    assert run.code == 2
    assert f"Invalid value for '{arguments[-1]}': nan is not a number." in run.err
    assert not (misstep.folder / "out.csv").exists()
