"""Tables: what their rows take is found out rightly and in bounded time, and their CSV files are part of the rule base."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.inline import load_text

from misstep import RuleBase
from misstep.errors import RuleError
from misstep.language.program import Program
from misstep.limits import Limits
from misstep.rulebase.coverage import Box, Coverage, TooMuch, bits
from misstep.rulebase.link import load_program

Write = Callable[[Mapping[str, str]], Path]

PACK = """
schema: 1
pack: heat
extends: scale
kinds:
  burn:
    {role: mistake, title: Burn, concern: manners, fields: {degree: {type: integer, min: 0, max: 1000}, dark: {type: boolean}}}
tables:
  heat:
    when: [{fact: burn, as: b}]
    inputs: [b.degree, b.dark]
    outputs: [points, why]
    hit: first
    csv: heat.csv
    then: {severity: "{points}"}
    because: "{why}: {b.degree}"
    title: How hot it was
"""
SHEET = 'points,degree,dark,why\n1,< 5,-,cool\n2,-,true,"dark, then"\n,> 900,-,\n3,-,-,bright\n'
OVER = "schema: 1\npack: over\n"


def program(*paths: str, limits: Limits | None = None) -> Program:
    return load_program(paths, limits or Limits())[0]


def severities(*paths: str) -> list[float]:
    base = RuleBase.load(*paths)
    records = [[{"kind": "burn", "degree": d, "dark": dark}] for d, dark in ((4, True), (5, True), (901, False), (900, False))]
    return [base.assess(record).findings[0].severity for record in records]


# -- what rows say

ON_ROW = """
schema: 1
pack: p
extends: scale
constants: {limit: 5}
kinds:
  burn: {role: mistake, title: Burn, concern: manners, fields: {degree: {type: integer}, place: {type: text}}}
  bill: {role: signal, title: Bill, fields: {team: {type: text}}}
tables:
  t:
    when: [burn, {count: bill, by: {team: team}, as: bills}]
    inputs: [burn.degree]
    outputs: [points, word]
    then: {severity: "2 * {points} if burn.place == '{word}' else -{points}", note: "{points} for {team}"}
    because: "{bills} of {team}, {limit} is the limit: {points}"
    rows: [["<= 5", 3 - 1, a mill], ["> 5", limit - 8, a mill]]
"""


def test_a_whole_number_of_a_row_is_one_in_a_derived_fact() -> None:
    kinds = "{m: {role: mistake, title: M, concern: manners}, d: {role: derived, title: D, fields: {n: {type: integer}}}}"
    table = "{when: [m], inputs: [m.concern], outputs: [n], rows: [[-, 500]], then: {severity: 1, derive: {kind: d, n: '{n}'}}}"
    base = load_text(f"schema: 1\npack: p\nextends: scale\nkinds: {kinds}\ntables: {{t: {table}}}\n")
    assert base.assess([{"kind": "m"}]).derived[0].values == {"n": 500}


def test_a_cell_is_a_value_of_its_own_in_an_expression() -> None:
    base = load_text(ON_ROW)
    for degree, amounts in ((5, (4, -2)), (6, (-6, 3))):
        for place, amount in zip(("a mill", "here"), amounts, strict=True):
            burn: dict[str, Any] = {"kind": "burn", "degree": degree, "place": place}
            result = base.assess([burn, {"kind": "bill", "team": "red"}])
            assert [reason.amount for reason in result.findings[0].because] == [amount]


def test_texts_of_a_table_show_keys_and_constants_beside_what_rows_say() -> None:
    burn: dict[str, Any] = {"kind": "burn", "degree": 5, "place": ""}
    result = load_text(ON_ROW).assess([burn, {"kind": "bill", "team": "red"}])
    assert result.findings[0].because[0].text == "1 of red, 5 is the limit: 3 - 1"
    assert result.notes == ("3 - 1 for red",)


def test_bands_in_a_row_are_told_apart_from_their_neighbour_alone(write: Write) -> None:
    rows = "".join(f"<= {degree},-,{degree % 8},\n" for degree in range(300))
    folder = write({"heat.yaml": PACK, "heat.csv": f"degree,dark,points,why\n{rows}-,-,9,\n"})
    linked = program(str(folder))
    assert {len(rule.conditions) for rule in linked.rules.values()} == {1, 2}
    base = RuleBase.load(folder)
    for degree, points in ((0, 0), (7, 7), (8, 0), (299, 3), (300, 9)):
        assert base.assess([{"kind": "burn", "degree": degree, "dark": True}]).findings[0].severity == points


# -- sheets


def test_a_sheet_gives_a_rule_for_each_row_that_concludes_something(write: Write) -> None:
    write({"heat.yaml": PACK, "heat.csv": SHEET})
    assert list(program("heat.yaml").rules) == ["heat.1", "heat.2", "heat.4"]
    assert severities("heat.yaml") == [1, 2, 0, 3]
    got = RuleBase.load("heat.yaml").assess([{"kind": "burn", "degree": 5, "dark": True}])
    assert [reason.text for reason in got.findings[0].because] == ["dark, then: 5"]


@pytest.mark.parametrize(
    "same",
    [
        "\ufeff" + SHEET,
        SHEET.replace("\n", "\r\n"),
        SHEET.replace("\n", "\r"),
        SHEET.rstrip("\n"),
        SHEET + "\n,,,\n\n",
        SHEET.replace("points,", "\"points\" , "),
        SHEET.replace("\n", ",,\n"),
        "degree,dark,points,why\n< 5,-,1,cool\n-,true,2,\"dark, then\"\n> 900,-,,\n-,-,3,bright\n",
    ],
    ids=["a mark", "CRLF", "CR", "no last line end", "empty lines", "quotes", "empty columns", "other columns"],
)  # fmt: skip
def test_how_a_sheet_is_written_means_nothing(write: Write, same: str) -> None:
    write({"heat.yaml": PACK, "heat.csv": SHEET, "sub/heat.yaml": PACK, "sub/heat.csv": same})
    assert program("sub/heat.yaml").digest == program("heat.yaml").digest
    assert severities("sub/heat.yaml") == severities("heat.yaml")


@pytest.mark.parametrize(
    ("old", "new"),
    [("< 5", "<= 5"), ("\n1,", "\n1.5,"), ("bright", "light"), ("\n,> 900,-,\n", "\n"), ("points,degree", "degree,points")],
)
def test_the_digest_tells_sheets_apart(write: Write, old: str, new: str) -> None:
    changed = SHEET.replace(old, new)
    if new == "degree,points":
        changed = "degree,points,dark,why\n5,1,-,cool\n-,3,-,bright\n"
    write({"heat.yaml": PACK, "heat.csv": SHEET, "sub/heat.yaml": PACK, "sub/heat.csv": changed})
    assert program("sub/heat.yaml").digest != program("heat.yaml").digest


def test_the_digest_minds_rows_that_are_turned_off(write: Write) -> None:
    """They still take their cases from the rows behind them."""
    over = OVER + "disable: [heat.1]\n"
    changed = {"sub/heat.yaml": PACK, "sub/heat.csv": SHEET.replace("< 5", "< 9")}
    write({"heat.yaml": PACK, "heat.csv": SHEET, "over.yaml": over} | changed)
    assert program("heat.yaml", "over.yaml").digest != program("sub/heat.yaml", "over.yaml").digest


def test_a_sheet_has_a_size_and_a_number_of_rows(write: Write) -> None:
    write({"heat.yaml": PACK, "heat.csv": SHEET + "3,-,-," + "x" * 501 + "\n"})
    with pytest.raises(RuleError, match=r"^heat\.csv:6:7: heat: a cell is a text of at most 500 characters$"):
        program("heat.yaml")
    Path("heat.csv").write_text(SHEET + "\n" * 1000, "utf-8")
    size = Path("heat.csv").stat().st_size
    assert program("heat.yaml", limits=Limits(pack_bytes=size, rules=4)).rules
    with pytest.raises(RuleError, match=rf"^heat\.csv: more than {size - 1} bytes; split the table$"):
        program("heat.yaml", limits=Limits(pack_bytes=size - 1))
    with pytest.raises(RuleError, match=r"^heat\.csv:5:1: more than 3 rows, the most rules of a rule base$"):
        program("heat.yaml", limits=Limits(rules=3))


def test_a_table_in_a_pack_has_a_number_of_rows_too(write: Write) -> None:
    rows = PACK.replace("csv: heat.csv", "rows: [[1, -, 1, x], [2, -, 2, x], [-, -, 1, x]]")
    write({"heat.yaml": rows})
    assert program("heat.yaml", limits=Limits(rules=3)).rules
    with pytest.raises(RuleError, match=r"^heat\.yaml:14:5: heat: more than 2 rows, the most rules of a rule base$"):
        program("heat.yaml", limits=Limits(rules=2))


def test_a_sheet_that_is_no_text_is_refused_at_its_place(write: Write) -> None:
    write({"heat.yaml": PACK})
    Path("heat.csv").write_bytes(SHEET.encode() + b"1,5,-,\xff\n")
    with pytest.raises(RuleError, match=r"^heat\.csv:6:7: not UTF-8 text$"):
        program("heat.yaml")
    Path("heat.csv").write_bytes(b"\xff\xfe\x00\x00" * 100)
    with pytest.raises(RuleError, match=r"^heat\.csv:1:1: not UTF-8 text$"):
        program("heat.yaml")


def test_a_link_that_leads_out_of_the_folder_is_not_followed(write: Write) -> None:
    folder = write({"heat.yaml": PACK, "in/heat.yaml": PACK, "in/other.csv": SHEET, "secret.csv": SHEET})
    link = folder / "in" / "heat.csv"
    link.symlink_to(folder / "secret.csv")
    with pytest.raises(
        RuleError, match=r"^in/heat\.yaml:14:10: heat: 'heat\.csv' is a link that leads out of the folder of the pack$"
    ):
        program("in/heat.yaml")
    link.unlink()
    link.symlink_to("other.csv")  # as in a folder that Kubernetes makes of a ConfigMap
    assert program("in/heat.yaml").rules
    link.unlink()
    link.symlink_to(link)
    with pytest.raises(RuleError, match=r"^in/heat\.yaml:14:10: heat: there is no file 'heat\.csv' in the folder of the pack$"):
        program("in/heat.yaml")
    name = "x" * 190 + "ü" * 6 + ".csv"
    Path("heat.yaml").write_text(PACK.replace("heat.csv", name.replace("x", "ü")), "utf-8")
    with pytest.raises(RuleError, match=r"^heat\.yaml:14:10: heat: 'ü+\.csv' cannot be read: File name too long$"):
        program("heat.yaml")


# -- packs on top


def test_a_later_pack_replaces_or_turns_off_one_row(write: Write) -> None:
    """The other rows stay as they are: a row that is turned off still takes its cases."""
    rule = "{when: [burn], where: burn.degree < 5, then: {severity: 7}, replace: true}"
    write({
        "heat.yaml": PACK,
        "heat.csv": SHEET,
        "off.yaml": OVER + "disable: [heat.1]\n",
        "new.yaml": OVER + f"rules: {{heat.1: {rule}}}\n",
    })  # fmt: skip
    assert severities("heat.yaml", "off.yaml") == [0, 2, 0, 3]
    assert severities("heat.yaml", "new.yaml") == [7, 2, 0, 3]


def test_a_later_pack_replaces_or_turns_off_a_whole_table(write: Write) -> None:
    table = "{when: [burn], inputs: [burn.dark], then: {severity: 5}, gaps: allowed, rows: [[true]], replace: true}"
    case = "cases: {quiet: {facts: [], expect: {quiet: [heat.1]}}}\n"
    write({
        "heat.yaml": PACK + case,
        "heat.csv": SHEET,
        "off.yaml": OVER + "disable: [heat]\nrules: {one: {when: [burn], then: {severity: 1}}}\n",
        "new.yaml": OVER + f"tables: {{heat: {table}}}\n",
    })  # fmt: skip
    assert list(program("heat.yaml", "off.yaml").rules) == ["one"]
    assert severities("heat.yaml", "off.yaml") == [1, 1, 1, 1]
    assert list(program("heat.yaml", "new.yaml").rules) == ["heat.1"]
    assert severities("heat.yaml", "new.yaml") == [5, 5, 0, 0]


# -- what the rows take


@st.composite
def boxes(draw: st.DrawFn) -> tuple[list[Box], Box]:
    """Rows of a table, and its space; a part of a column may be none that there is."""
    space = tuple(draw(st.integers(1, 7)) for _ in range(draw(st.integers(1, 4))))
    masks = [st.sampled_from([m for m in range(1, 8) if m & whole == m]) for whole in space]
    return draw(st.lists(st.tuples(*masks), min_size=1, max_size=8)), space


def combinations(box: Box) -> set[tuple[int, ...]]:
    return set(itertools.product(*(bits(parts) for parts in box)))


@given(boxes())
def test_gaps_and_overlaps_are_those_of_all_combinations(table: tuple[list[Box], Box]) -> None:
    rows, space = table
    taken = [combinations(row) for row in rows]
    coverage = Coverage(rows, space)
    for i, own in enumerate(taken):
        assert set(bits(coverage.overlapping(i))) == {j for j, other in enumerate(taken) if own & other}
    every, whole = (1 << len(rows)) - 1, combinations(space)
    gap = coverage.gap(every, space)
    assert (gap is None) == (set().union(*taken) == whole)
    assert gap is None or tuple(gap) in whole.difference(*taken)
    for i, own in enumerate(taken):
        before = coverage.gap((1 << i) - 1, rows[i])
        assert (before is None) == own.issubset(set().union(*taken[:i]))
    if all(a.isdisjoint(b) for a, b in itertools.combinations(taken, 2)):
        assert coverage.gap(every, space, apart=True) == gap


def test_rows_that_do_not_overlap_are_judged_by_their_sizes() -> None:
    """Of sixty columns of two values, where no search would end: each row asks for one value more than the one before it."""
    width = 60
    rows = [(*(1 for _ in range(i)), 2, *(3 for _ in range(width - i - 1))) for i in range(width)]
    space = (3,) * width
    assert Coverage(rows, space).gap((1 << width) - 1, space, apart=True) == [0] * width
    assert Coverage([*rows, (1,) * width], space).gap((2 << width) - 1, space, apart=True) is None


def test_what_takes_too_many_steps_is_given_up() -> None:
    """Rows on pairs of columns that are far from each other; only the last pair takes everything."""
    pairs = [(first, first + 20, own, other) for first in range(20) for own, other in ((1, 1), (2, 2))]
    pairs += [(19, 39, 1, 2), (19, 39, 2, 1)]
    rows = [tuple({first: own, second: other}.get(i, 3) for i in range(40)) for first, second, own, other in pairs]
    every, space = (1 << len(rows)) - 1, (3,) * 40
    with pytest.raises(TooMuch):
        Coverage(rows, space, 10_000).gap(every, space)
    assert Coverage(rows[-4:], space, 10_000).gap(15, space) is None


def test_a_table_that_asks_for_too_much_is_refused(write: Write) -> None:
    rows = "".join(f"1,>= {999 - i % 999},-,x\n" for i in range(4000))
    write({"heat.yaml": PACK, "heat.csv": SHEET.partition("\n")[0] + "\n" + rows})
    with pytest.raises(RuleError, match=re.escape("heat: there are too many rows and values to find out")):
        program("heat.yaml")


def test_as_many_rows_as_rules_load(write: Write) -> None:
    rows = "".join(f"1,{i // 2},{i % 2 == 0},x\n" for i in range(5000))
    pack = PACK.replace("hit: first", "hit: unique").replace("max: 1000", "max: 2499")
    write({"heat.yaml": pack, "heat.csv": SHEET.partition("\n")[0] + "\n" + rows})
    assert len(program("heat.yaml").rules) == 5000
