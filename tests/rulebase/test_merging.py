"""Many files, one rule base: the order of files means nothing, and what takes whose place is said, not guessed."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from tests.inline import linked_shipped

from misstep.errors import RuleError, UsageError
from misstep.language.program import Program
from misstep.limits import Limits
from misstep.rulebase.link import load_program
from misstep.rulebase.shipped import shipped_rules

Write = Callable[[Mapping[str, str]], Path]

KINDS = "schema: 1\npack: kinds\nkinds: {late: {role: mistake, title: Late, concern: manners, fields: {m: {type: integer}}}}\n"
RULES = "schema: 1\npack: rules\nrules: {r: {when: [late], then: {severity: 1}}, s: {when: [late], then: {noticed: 1}}}\n"
OTHER = "schema: 1\npack: other\nrules: {t: {when: [late], then: {severity: late.m}}}\nactions: {sorry: {title: Sorry}}\n"
HARSH = "schema: 1\npack: harsh\nrules: {r: {when: [late], then: {severity: 9}, replace: true}}\n"
PACKS = {"kinds.yaml": KINDS, "rules.yaml": RULES, "other.yaml": OTHER}


def program(*paths: str | Path, limits: Limits | None = None) -> Program:
    return load_program(paths, limits or Limits())[0]


def amount(of: Program, rule: str) -> Any:
    (effect,) = of.rules[rule].effects
    return getattr(effect, "amount")  # noqa: B009 - one kind of effect of several


# -- order


def test_the_order_of_paths_changes_nothing(write: Write) -> None:
    folder = write(PACKS)
    programs = [program(*(folder / name for name in order)) for order in itertools.permutations(PACKS)]
    assert len({p.digest for p in programs}) == 1
    assert len({(*p.rules, *p.kinds, *p.actions) for p in programs}) == 1


def test_the_names_of_files_and_folders_change_nothing(write: Write) -> None:
    folder = write({f"{i}/{name}": text for i, names in enumerate(itertools.permutations("abc")) for name, text in (
        (f"{n}.yml", t) for n, t in zip(names, PACKS.values(), strict=True))})  # fmt: skip
    assert len({program(folder / str(i)).digest for i in range(6)}) == 1


def test_the_order_of_declarations_and_the_spelling_of_the_yaml_change_nothing(write: Write) -> None:
    folder = write({
        "a.yaml": KINDS + RULES.split("\n", 2)[2],
        "b.yaml": (
            "# turned around\nrules:\n  s:\n    then: {noticed: 1}\n    when:\n    - late\n"
            "  'r': {then: {\"severity\": 1}, when: [late]}\n"
            "kinds: {late: {fields: {m: {type: 'integer'}}, concern: manners, title: Late, role: mistake}}\n"
            "pack: kinds\nschema: 1\n"
        ),
    })  # fmt: skip
    assert program(folder / "a.yaml").digest == program(folder / "b.yaml").digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("severity: 1", "severity: 2"),
        ("{late: {role", "{lat: {role"),
        ("title: Late", "title: Too late"),
        ("pack: kinds", "pack: words"),
        ("type: integer", "type: number"),
    ],
)
def test_the_digest_tells_rule_bases_apart(write: Write, old: str, new: str) -> None:
    text = KINDS + RULES.split("\n", 2)[2]
    changed = text.replace(old, new).replace("[late]", "[lat]" if "{lat:" in new else "[late]")
    folder = write({"a.yaml": text, "b.yaml": changed})
    assert program(folder / "a.yaml").digest != program(folder / "b.yaml").digest


def test_a_file_named_twice_counts_once(write: Write) -> None:
    folder = write(PACKS)
    assert program(folder, folder / "kinds.yaml", folder).digest == program(folder).digest


# -- taking the place of another declaration


def test_a_replacement_counts_wherever_it_stands(write: Write) -> None:
    folder = write({**PACKS, "harsh.yaml": HARSH})
    for paths in ([folder], [folder / "harsh.yaml", folder], [folder, folder / "harsh.yaml"]):
        assert amount(program(*paths), "r").value == 9
        assert program(*paths).rules["r"].pack == "harsh"


def test_of_several_replacements_that_of_the_later_path_counts(write: Write) -> None:
    softer = HARSH.replace("harsh", "soft").replace("9", "0.5")
    folder = write({**{f"base/{name}": text for name, text in PACKS.items()}, "harsh.yaml": HARSH, "soft.yaml": softer})
    assert amount(program(folder / "base", folder / "harsh.yaml", folder / "soft.yaml"), "r").value == 0.5
    assert amount(program(folder / "soft.yaml", folder / "harsh.yaml", folder / "base"), "r").value == 9


@pytest.mark.parametrize(
    ("section", "text", "check"),
    [
        ("kinds", "late: {role: mistake, title: Tardy, concern: manners, fields: {m: {type: integer}}, replace: true}",
         lambda p: p.kinds["late"].title == "Tardy"),
        ("actions", "sorry: {title: Apologise, replace: true}", lambda p: p.actions["sorry"].title == "Apologise"),
        ("scale", "plan: {max_actions: 1, max_relief: 0.5, replace: true}", lambda p: p.scale.max_actions == 1),
        ("sources", "poll: {title: Another poll, kind: study, replace: true}", lambda p: p.sources["poll"].kind == "study"),
        ("roles", "mistake: {fields: {times: {type: integer, default: 2}}, replace: true}",
         lambda p: p.roles["mistake"][0].default == 2),
    ],
    ids=["kinds", "actions", "scale", "sources", "roles"],
)  # fmt: skip
def test_everything_can_be_replaced(write: Write, section: str, text: str, check: Callable[[Program], bool]) -> None:
    folder = write({
        **PACKS,
        "sources.yaml": "schema: 1\npack: sources\nextends: scale\nsources: {poll: {title: A poll, kind: survey}}\n"
        "roles: {mistake: {fields: {times: {type: integer, default: 1}}}}\n",
        "mine.yaml": f"schema: 1\npack: mine\n{section}:\n  {text}\n",
    })  # fmt: skip
    assert check(program(folder))


def test_a_rule_that_is_switched_off_is_gone(write: Write) -> None:
    folder = write({**PACKS, "off.yaml": "schema: 1\npack: off\ndisable: [r, t]\n"})
    assert set(program(folder).rules) == {"s"}


def test_a_rule_that_is_switched_off_may_hold_what_no_longer_makes_sense(write: Write) -> None:
    folder = write({"a.yaml": KINDS + "rules: {r: {when: [spill], then: {severity: 1}}}\ndisable: [r]\n"})
    assert program(folder).rules == {}


def test_the_name_and_version_are_those_of_the_last_layer_that_has_any(write: Write) -> None:
    named = "schema: 1\npack: {0}\nrulebase: {{name: {0}, version: 1.2.0}}\n"
    folder = write({**PACKS, "one/a.yaml": named.format("one"), "two/a.yaml": named.format("two")})
    rest = [folder / name for name in PACKS]
    assert program(*rest, folder / "one", folder / "two").name == "two"
    assert program(folder / "two", folder / "one", *rest).name == "one"
    assert (program(*rest).name, program(*rest).version) == ("unnamed", "0")


WAYS = """\
schema: 1
pack: {0}
extends: scale
kinds:
  {1}: {{role: derived, title: W, fields: {{channel: {{type: enum, values: [{2}]}}, occasion: {{type: enum, values: [now]}}}}}}
scale:
  plan: {{replace: true, max_actions: 5, max_relief: 0.5, occasions: {{now: {{title: Now}}}}, private: now, ways: {1}}}
"""
CALLS = """\
  message: {replace: true, channels: [note], spoken: {call: Hello}, max_words: 50}
actions: {ring: {title: Ring, reach: plain, channel: call}}
"""


def test_a_later_layer_may_close_a_channel_for_good(write: Write) -> None:
    early, late = WAYS.format("early", "way", "note, call") + CALLS, WAYS.format("late", "path", "note")
    folder = write({"early.yaml": early, "late.yaml": late})
    assert program(folder / "early.yaml", folder / "late.yaml").actions["ring"].channels == ("call",)


# -- shipped packs


def test_a_pack_without_a_scale_gets_the_shipped_one(write: Write) -> None:
    folder = write(PACKS)
    assert asdict(program(folder).scale) == asdict(program(shipped_rules() / "scale.yaml").scale)
    assert set(program(folder).kinds) == {"late"}


@pytest.mark.parametrize("extends", ["misstep", "[misstep]", "[scale, misstep, misstep]"])
def test_extending_misstep_is_to_have_all_of_it(write: Write, extends: str) -> None:
    folder = write({"mine.yaml": f"schema: 1\npack: mine\nextends: {extends}\n"})
    mine, (shipped, _) = program(folder), linked_shipped()
    assert (mine.digest, mine.name, list(mine.rules)) == (shipped.digest, shipped.name, list(shipped.rules))


def test_extending_the_shipped_packs_from_among_them_changes_nothing(write: Write) -> None:
    folder = write({"mine.yaml": "schema: 1\npack: mine\nextends: misstep\n"})
    assert program(shipped_rules(), folder).digest == program(folder).digest


def test_a_shipped_rule_can_be_replaced_and_switched_off(write: Write) -> None:
    folder = write({
        "mine.yaml": "schema: 1\npack: mine\nextends: misstep\ndisable: [late-arrival.nobody-told]\n"
        "rules: {late-arrival: {when: [late_arrival], then: {severity: 9}, replace: true}}\n"
    })  # fmt: skip
    mine = program(folder)
    assert amount(mine, "late-arrival").value == 9
    assert "late-arrival.nobody-told" not in mine.rules
    assert mine.digest != linked_shipped()[0].digest


def test_cases_that_are_passed_over_change_nothing_else() -> None:
    _, with_cases = linked_shipped()
    _, without = load_program([shipped_rules()], Limits(), cases=False)
    assert with_cases.digest() == without.digest()
    assert any(pack.doc.cases for pack in with_cases.packs)
    assert not any(pack.doc.cases for pack in without.packs)
    rule = with_cases.rules["late-arrival"]
    assert rule.pack.document.locate(rule.path) == without.rules["late-arrival"].pack.document.locate(rule.path)


# -- paths


def test_a_folder_counts_with_its_sub_folders_and_nothing_but_yaml(write: Write) -> None:
    folder = write({"a/kinds.yaml": KINDS, "a/b/c/rules.yml": RULES, "a/README.md": "no pack", "a/x.yaml.bak": "["})
    assert set(program(folder).rules) == {"r", "s"}


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        ([], "no rule packs were named; give files or folders"),
        ([""], "an empty path of a rule pack"),
        (["nowhere"], "nowhere: no such file or folder"),
        (["kinds.yaml", "nowhere.yaml"], "nowhere.yaml: no such file or folder"),
        (["kinds.yaml\x00"], "kinds.yaml\\x00: no such file or folder"),
        (["empty"], "empty: there is no *.yaml file in this folder"),
        (["pipe.yaml"], "pipe.yaml: is neither a file nor a folder"),
    ],
)
def test_a_path_that_leads_to_no_pack_is_the_callers_fault(write: Write, paths: list[str], says: str) -> None:
    folder = write({**PACKS, "empty/README.md": ""})
    os.mkfifo(folder / "pipe.yaml")
    with pytest.raises(UsageError) as caught:
        load_program(paths, Limits())
    assert str(caught.value) == says


def test_a_link_out_of_the_folder_is_refused(write: Write) -> None:
    folder = write({"in/kinds.yaml": KINDS, "out/rules.yaml": RULES})
    (folder / "in" / "link.yaml").symlink_to(folder / "out" / "rules.yaml")
    with pytest.raises(RuleError) as caught:
        program("in")
    assert str(caught.value) == "in/link.yaml: a link that leads out of the folder"


def test_a_link_inside_of_the_folder_is_the_file_itself(write: Write) -> None:
    folder = write(PACKS)
    (folder / "again.yaml").symlink_to("rules.yaml")
    assert program(folder).digest == program(*(folder / name for name in PACKS)).digest


def test_a_folder_behind_a_link_is_not_entered(write: Write) -> None:
    folder = write({"in/kinds.yaml": KINDS, "out/rules.yaml": RULES})
    (folder / "in" / "more").symlink_to(folder / "out", target_is_directory=True)
    (folder / "in" / "self").symlink_to(folder / "in", target_is_directory=True)
    assert program("in").rules == {}


def test_a_link_to_nothing_is_said_and_not_passed_over(write: Write) -> None:
    folder = write(PACKS)
    (folder / "gone.yaml").symlink_to(folder / "nothing.yaml")
    with pytest.raises(RuleError) as caught:
        program(".")
    assert str(caught.value) == "gone.yaml: cannot be read: No such file or directory"


def test_a_folder_given_through_a_link_is_taken(write: Write) -> None:
    folder = write({f"real/{name}": text for name, text in PACKS.items()})
    (folder / "link").symlink_to(folder / "real", target_is_directory=True)
    assert program("link").digest == program("real").digest


# -- bytes and limits


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"schema: 1\ntitle: \xff\n", "p.yaml:2:8: not UTF-8 text"),
        ("schema: 1\ntitle: größer ".encode() + b"\xe4\n", "p.yaml:2:15: not UTF-8 text"),
        ("schema: 1".encode("utf-16"), "p.yaml:1:1: not UTF-8 text"),
        (
            b"schema: 1\npack: p\x00",
            "p.yaml:2:8: U+0000 is not seen, and can make what is around it look otherwise; take it out",
        ),
        (b"\x01", "p.yaml:1:1: U+0001 is not seen, and can make what is around it look otherwise; take it out"),
    ],
)
def test_bytes_that_are_no_text_are_refused_at_their_place(write: Write, data: bytes, says: str) -> None:
    (write({}) / "p.yaml").write_bytes(data)
    with pytest.raises(RuleError) as caught:
        program("p.yaml")
    assert str(caught.value) == says


def test_a_byte_order_mark_means_nothing(write: Write) -> None:
    folder = write({"a.yaml": KINDS, "b.yaml": "\ufeff" + KINDS})
    assert program(folder / "a.yaml").digest == program(folder / "b.yaml").digest
    (folder / "c.yaml").write_bytes(b"\xef\xbb\xbfschema: \xff")
    with pytest.raises(RuleError, match=r"c\.yaml:1:9: not UTF-8 text$"):
        program("c.yaml")


def test_a_pack_has_a_size_and_a_rule_base_a_number_of_packs_and_rules(write: Write) -> None:
    folder = write(PACKS)
    size = len(KINDS)
    assert program(folder / "kinds.yaml", limits=Limits(pack_bytes=size)).kinds
    with pytest.raises(RuleError, match=rf"kinds\.yaml: more than {size - 1} bytes; split the pack$"):
        program(folder / "kinds.yaml", limits=Limits(pack_bytes=size - 1))
    assert program(folder, limits=Limits(packs=3, rules=3)).rules
    with pytest.raises(UsageError, match=r": more than 2 packs$"):
        program(folder, limits=Limits(packs=2))
    with pytest.raises(RuleError, match=r"the rule base has 3 rules; the limit is 2$"):
        program(folder, limits=Limits(rules=2))


def test_as_many_problems_as_the_limits_say_are_told_and_the_rest_counted(write: Write) -> None:
    names = ", ".join(f"x{i}" for i in range(30))
    folder = write({"p.yaml": KINDS + f"disable: [{names}]\n"})
    with pytest.raises(RuleError) as caught:
        program(folder, limits=Limits(problems=4))
    assert (len(caught.value.problems), caught.value.omitted) == (4, 26)
    assert str(caught.value).endswith("\n... and 26 more")
