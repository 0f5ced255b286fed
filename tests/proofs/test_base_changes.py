"""What two rule bases declare otherwise, and the version that comes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from misstep.tools.base_changes import BaseChange, find_changes, next_version
from misstep.tools.proofs.same import find_sameness
from misstep.tools.two_bases import load_base

OLD = """\
schema: 1
pack: shop
rulebase: {name: shop, version: "1.4"}
constants: {much: 5}
roles:
  mistake: {fields: {times: {type: integer, min: 1, max: 9, default: 1}}}
kinds:
  dent:
    role: mistake
    title: Dent
    fields: {mm: {type: integer, min: 0, max: 40, default: 1}, hue: {type: enum, values: [red, blue], default: red}}
  rust: {role: mistake, title: Rust, fields: {}}
  wash: {role: setting, title: Wash, fields: {}}
  seen: {role: derived, title: Seen, fields: {what: {type: text}}}
rules:
  deep: {when: [{fact: dent, where: mm > much}], then: {severity: 3, derive: {kind: seen, what: deep}}, sources: [book]}
  rust: {when: [rust], then: {severity: 2, recommend: polish}, because: rust}
  seen: {when: [seen, {fact: rust, as: r}], then: {severity: {for: r, add: 1}}, because: seen}
actions: {polish: {title: Polish, reach: repairs, channel: hand}}
sources: {book: {title: A book, kind: expert}}
scale:
  severity: {bands: {low: 0, high: 4}}
  verdicts: {order: [wait, act], table: {low: wait, high: act}}
  plan: {max_actions: 4}
"""


WORDS_ALONE = "words, names of rules and order alone are changed"
UNPROVED = "what rules do is changed, and it is not proved that no answer is"


def changes(folder: Path, *replaced: tuple[str, str], more: str = "") -> tuple[tuple[BaseChange, ...], str, str]:
    """The changes by which texts of the pack are replaced, with the level and version that come of it, and the first reason."""
    text = OLD
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    (folder / "old.yaml").write_text(OLD, encoding="utf-8")
    (folder / "new.yaml").write_text(text + more, encoding="utf-8")
    one, other = load_base(folder / "old.yaml"), load_base(folder / "new.yaml")
    found = find_changes(one, other)
    version = next_version(one.program.version, found, find_sameness(one, other, budget=500).differs)
    return found, f"{version.level} {version.version}", version.reasons[0]


@pytest.mark.parametrize(
    ("old", "new", "told", "version", "reason"),
    [
        ("max: 40", "max: 30", "fields changed dent.mm", "major 2.0.0", "the field dent.mm takes less"),
        ("max: 40", "max: 50", "fields changed dent.mm", "minor 1.5.0", "answers change"),
        ("max: 9", "max: 8", "fields changed mistake.times", "major 2.0.0", "the field mistake.times takes less"),
        ("[red, blue]", "[red, green]", "fields changed dent.hue", "major 2.0.0", "the field dent.hue takes less"),
        ("hue: {", "tint: {was: hue, ", "fields removed dent.hue, fields added dent.tint", "minor 1.5.0", "answers change"),
        ("hue: {type: enum, values: [red, blue], default: red}", "tint: {type: text}",
         "fields removed dent.hue, fields added dent.tint", "major 2.0.0", "the field dent.hue is removed"),
        ("fields: {}}\n  wash", "fields: {deep: {type: boolean}}}\n  wash", "fields added rust.deep", "major 2.0.0",
         "the field rust.deep must be given"),
        ("  wash: {role: setting, title: Wash, fields: {}}\n", "", "kinds removed wash", "major 2.0.0",
         "the kind wash is removed"),
        ("  wash: {", "  washed: {was: wash, ", "kinds removed wash, kinds added washed", "minor 1.5.0", "answers change"),
        ("wash: {role: setting", "wash: {role: strength", "kinds changed wash", "major 2.0.0", "the kind wash is a strength now"),
        ("title: Wash", "title: A wash", "kinds changed wash (words)", "patch 1.4.1", WORDS_ALONE),
        ("high: 4", "high: 5", "scale changed severity", "major 2.0.0", "the scale has another `severity`"),
        ("max_actions: 4", "max_actions: 3", "scale changed plan", "minor 1.5.0",
         UNPROVED),
        ("much: 5", "much: 6", "rules changed deep, constants changed much", "minor 1.5.0", "answers change"),
        ("mm > much", "mm >= 6", "rules changed deep", "patch 1.4.1", WORDS_ALONE),
        ("  deep:", "  deeper:", "rules changed deep -> deeper (words)", "patch 1.4.1",
         WORDS_ALONE),
        ("channel: hand", "channel: [hand, phone]", "actions changed polish", "minor 1.5.0",
         UNPROVED),
        ("title: A book", "title: Another book", "sources changed book (words)", "patch 1.4.1",
         WORDS_ALONE),
        ("  rust: {when", "  # rusty\n  rust: {when", "", "none 1.4", "nothing is declared otherwise"),
    ],
)  # fmt: skip
def test_every_change_is_told_with_the_version_that_it_asks_for(
    old: str, new: str, told: str, version: str, reason: str, tmp_path: Path
) -> None:
    found, *rest = changes(tmp_path, (old, new))
    assert ", ".join(f"{c.section} {c.change} {c.name}" + " (words)" * (c.words and c.change == "changed") for c in found) == told
    assert rest == [version, reason]


def test_a_rule_that_is_split_is_no_addition(tmp_path: Path) -> None:
    split = ("then: {severity: 3, derive", "then: {severity: 1, derive")
    second = (
        "  rust: {when",
        "  deep.too: {when: [{fact: dent, where: mm > 5}], then: {severity: 2}, because: deep}\n  rust: {when",
    )
    found, version, _ = changes(tmp_path, split, second)
    assert [(each.change, each.name) for each in found] == [("changed", "deep"), ("added", "deep.too")]
    assert version == "patch 1.4.1"


def test_what_is_added_is_named(tmp_path: Path) -> None:
    second = (
        "  rust: {when",
        "  hue: {when: [{fact: dent, where: hue == 'blue'}], then: {severity: 2}, because: blue}\n  rust: {when",
    )
    found, version, _ = changes(tmp_path, second)
    assert (found[0].old, found[0].new.splitlines()[0][:12], version) == ("", "hue: {when: ", "minor 1.5.0")


SOON = "  urgency: {levels: {calm: 0, soon: 5}}\n  plan"
TABLE = """
tables:
  sizes:
    when: [dent]
    inputs: [dent.mm]
    outputs: [points]
    rows: [[0..9, 1], [10..19, 2], [20..40, 3]]
    then: {severity: "{points}"}
"""


def test_a_table_is_told_apart_from_its_rows(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("old.yaml", "cell.yaml", "head.yaml")]
    cell, head = TABLE.replace("19, 2]", "19, 4]"), TABLE.replace('severity: "{points}"', 'urgency: "{points}"')
    for file, table in zip(files, (TABLE, cell, head), strict=True):
        file.write_text(OLD.replace("  plan", SOON) + table, encoding="utf-8")
    old, *others = map(load_base, files)
    told = [[f"{each.section} {each.name}" for each in find_changes(old, other)] for other in others]
    assert told == [["rules sizes.2"], ["tables sizes"]]


def test_rules_about_a_role_stay_as_they_are_where_a_kind_is_added(tmp_path: Path) -> None:
    every = ("  rust: {when", "  each: {when: [mistake], then: {urgency: 1}}\n  rust: {when")
    (tmp_path / "old.yaml").write_text(OLD.replace(*every).replace("  plan", SOON), encoding="utf-8")
    more = ("  seen: {role", "  hole: {role: mistake, title: Hole, fields: {}}\n  seen: {role")
    (tmp_path / "new.yaml").write_text(OLD.replace(*every).replace("  plan", SOON).replace(*more), encoding="utf-8")
    found = find_changes(load_base(tmp_path / "old.yaml"), load_base(tmp_path / "new.yaml"))
    assert [(each.section, each.change, each.name) for each in found] == [("kinds", "added", "hole")]
