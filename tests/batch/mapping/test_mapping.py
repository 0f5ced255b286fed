"""Mappings: what rows become, what is refused, and what is counted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from misstep import RecordError, RuleBase, RuleError
from misstep.batch.mapping.draft import draft_mapping
from misstep.batch.mapping.mapping_coverage import LogCoverage
from misstep.batch.mapping.row_mapping import RowMapping

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[3]
REFUSED = yaml.safe_load((HERE / "refused.yaml").read_text())
SHIPPED = sorted((ROOT / "fixtures" / "mappings").glob("*.yaml"))


def mapping(columns: str, facts: str, more: str = "") -> RowMapping:
    return RowMapping.parse(f"map: 1\ncolumns: {columns}\nfacts: {facts}\n{more}")


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    with pytest.raises(RuleError) as caught:
        RowMapping.parse(REFUSED[name]["mapping"], "map.yaml")
    assert f"{caught.value}\n" == REFUSED[name]["expect"]


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_mappings_of_fixtures_do_what_their_cases_say(file: Path) -> None:
    read = RowMapping.load(file)
    assert read.doc.cases
    assert [*read.failed_cases()] == []
    for case in read.doc.cases.values():
        RuleBase.shipped().assess(read.record(case.row).facts)


@pytest.mark.parametrize(
    ("cell", "minutes"),
    [("12", 12), (12, 12), (12.0, 12), (" 12 min. ", 12), ("1 h 5 min", 65), ("1.5 hours", 90), ("120 sec", 2)],
)
def test_units(cell: object, minutes: int) -> None:
    read = mapping("{late: {type: integer, unit: minutes}}", "{late_arrival: {when: late > 0, minutes: late}}")
    assert read.record({"late": cell}).facts == [{"kind": "late_arrival", "minutes": minutes}]


@pytest.mark.parametrize("cell", ["soon", "12 miles", "90 seconds", "5 min 3", "", "-3", "true", True, [1], {"a": 1}])
def test_what_is_no_amount_is_not_said_and_counted(cell: object) -> None:
    read = mapping("{late: {type: integer, unit: minutes}}", "{late_arrival: {when: known(late), minutes: late}}")
    coverage = LogCoverage()
    assert read.record({"late": cell}, coverage).facts == []
    assert coverage.unmapped.keys() == ({"late"} if cell else set())


def test_a_condition_with_a_column_that_is_not_said_does_not_hold() -> None:
    read = mapping("{late: integer, told: boolean}", "{late_arrival: {when: late > 0 and not told}}")
    rows: list[dict[str, Any]] = [{"late": 3, "told": False}, {"late": 3}, {"told": False}, {"late": 0, "told": False}]
    assert [len(read.record(row).facts) for row in rows] == [1, 0, 0, 0]


def test_fields_that_are_not_said_are_left_out_and_constants_are_given() -> None:
    read = mapping(
        "{who: {values: {boss: interviewer}}, n: integer}", "{wrong_name: {whose: who, times: n + 1, handled: corrected}}"
    )
    assert read.record({}).facts == [{"kind": "wrong_name", "handled": "corrected"}]
    said = {"kind": "wrong_name", "whose": "interviewer", "times": 3, "handled": "corrected"}
    assert read.record({"who": "Boss", "n": "2"}).facts == [said]


def test_columns_within_columns() -> None:
    read = mapping(
        "{step: {columns: {name: text}}, marks: {list: true, columns: {of: text, rating: text}}, "
        "asked: {from: questions, pairs: [q, a], columns: {late: {from: Late?, values: {'yes': true, 'no': false}}}}}",
        "{late_arrival: {when: asked.late}, rambling: {each: marks, when: {marks.of: Answers, marks.rating: ['no', poor]}}}",
        "keep: {step: step.name}\nid: '{step.name}-1'\n",
    )
    row = {
        "step": {"name": "Phone"},
        "marks": [{"of": "Answers", "rating": "no"}, {"of": "Answers", "rating": "yes"}, {"of": "Answers", "rating": "poor"}],
        "questions": [{"q": "Late?", "a": "Yes"}, {"q": "Other", "a": "5"}],
    }
    coverage = LogCoverage()
    made = read.record(row, coverage)
    assert [fact["kind"] for fact in made.facts] == ["late_arrival", "rambling", "rambling"]
    assert (made.id, made.kept) == ("Phone-1", ("Phone",))
    assert coverage.unread == Counter({"asked.Other": 1})
    assert coverage.unmapped == {"marks.rating": Counter({"yes": 1})}
    assert coverage.made == Counter({"late_arrival": 1, "rambling": 2})


def test_nested_columns_may_stand_as_json_and_answers_that_disagree_say_nothing() -> None:
    read = mapping("{asked: {pairs: [q, a], columns: {late: integer}}}", "{late_arrival: {when: asked.late > 0}}")
    assert len(read.record({"asked": '[{"q": "late", "a": 3}]'}).facts) == 1
    assert read.record({"asked": '[{"q": "late", "a": 3}, {"q": "late", "a": 0}]'}).facts == []
    for broken in ("[{", "3", '"x"', '{"q": 1}', None, 7, [[1]], ["x"], ""):
        coverage = LogCoverage()
        assert read.record({"asked": broken}, coverage).facts == []
        assert coverage.unmapped.keys() == ({"asked"} if broken in ("[{", "3", '"x"', '{"q": 1}', 7) else set())


def test_a_number_beyond_what_is_exact_is_unknown() -> None:
    read = mapping(
        "{n: number, w: integer, u: {type: number, unit: weeks}}", "{late_arrival: {when: known(n) or known(w) or known(u)}}"
    )
    for name in ("n", "w", "u"):
        for cell in ("1e999", "9007199254740993.5", "99999999999999999", 1e300):
            coverage = LogCoverage()
            assert read.record({name: cell}, coverage).facts == []
            assert coverage.unmapped.keys() == {name}, cell


def test_a_whole_number_of_a_table_is_the_word_of_it() -> None:
    read = mapping("{rang: {values: {'1': true, '0': false}}}", "{phone_rang: {when: rang}}")
    assert [len(read.record({"rang": cell}).facts) for cell in ("1", "1.0", 1, 1.0, "0.0", 0)] == [1, 1, 1, 1, 0, 0]


def test_a_list_in_a_column_of_text_is_json() -> None:
    read = mapping("{tags: text, late: integer}", "{late_arrival: {when: late > 0}}", "keep: {tags: tags}\n")
    assert read.record({"tags": ["a", {"b": 1}], "late": 1}).kept == ('["a",{"b":1}]',)


def test_nothing_ignored_is_counted() -> None:
    row = {"late": 3, "candidate": "Ada", "team": "x", "inner": {"note": "secret", "rating": "no"}}
    facts, columns = "{late_arrival: {when: late > 0}}", "{late: integer, inner: {columns: {rating: text}}}"
    counted = {}
    for ignore in ("[]", "[candidate, inner.note]", '"*"'):
        coverage = LogCoverage()
        mapping(columns, facts, f"ignore: {ignore}\n").record(row, coverage)
        counted[ignore] = sorted(coverage.unread)
    assert counted == {"[]": ["candidate", "inner.note", "team"], "[candidate, inner.note]": ["team"], '"*"': []}


def test_a_value_that_differs_from_a_word_in_case_is_told_also_where_the_column_is_kept() -> None:
    for more in ("", "keep: {rating: rating}\n"):
        read = mapping("{rating: text}", "{bad_joke: {when: {rating: [Nein]}}, rambling: {when: rating == 'X'}}", more)
        coverage = LogCoverage()
        assert [len(read.record({"rating": cell}, coverage).facts) for cell in ("Nein", " Nein ", "NEIN", "x")] == [1, 1, 0, 0]
        assert coverage.unmapped == {"rating": Counter(["NEIN", "x"])}
        read.record({"rating": "other"}, coverage)
        assert ("other" in coverage.unmapped["rating"]) == (not more)  # a value that is kept means something
        assert read.hint("rating", "x") == "; conditions have 'X', and case matters there, but not to `values` of the column"
        assert read.hint("rating", "Neim") == "; did you mean 'Nein'?"


NAMES = st.text(min_size=0, max_size=6) | st.sampled_from(
    [
        "",
        " ",
        "x" * 300,
        "x" * 3_000,
        "and",
        "true",
        "row",
        "facts",
        "\u202e",
        "\0",
        "\x85",
        "😀",
        "\uffff",
        "a.b",
        "A-b",
        "{a}",
        "'",
        '"',
    ]
)
CELLS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(["yes", "no", "1"]),
    lambda cells: st.lists(cells, max_size=2) | st.dictionaries(NAMES, cells, max_size=2),
    max_leaves=4,
) | st.lists(st.fixed_dictionaries({"question": NAMES, "answer": st.sampled_from(["yes", "no"])}), max_size=2)


@given(st.lists(st.dictionaries(NAMES, CELLS, max_size=4), min_size=1, max_size=4))
@example([{"": "x", "a": "1"}])
@example([{"a": {"": 1}}, {"a": {"😀": 2}}])
def test_a_draft_of_any_log_passes_the_check(rows: list[dict[str, Any]]) -> None:
    rows = [{**row, "minutes": 3} for row in rows]
    assert len(draft_mapping(rows).splitlines()) > 5
    text = draft_mapping(rows).replace(
        "  # late_arrival: {when: tardiness_min > 0, minutes: tardiness_min}", "  late_arrival: {minutes: 3}"
    )
    read = RowMapping.parse(text)
    assert [len(read.record(row).facts) for row in rows] == [1] * len(rows)


@pytest.mark.parametrize("rows", [[], [{}], [{"": 1}], [{"a": {}}]])
def test_of_nothing_there_is_no_draft(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(RecordError, match="no row can be read that has a column to declare"):
        draft_mapping(rows)


def test_a_draft_says_that_it_leaves_columns_out_and_they_are_not_counted() -> None:
    text = draft_mapping([{"": "0", "late": "1"}, {"": "1", "late": "2"}])
    assert "  late: integer\n" in text
    assert text.endswith("# left out: 1 column without a name, or with one that no mapping can write\n")
    coverage = LogCoverage()
    mapping("{late: integer}", "{late_arrival: {minutes: late}}").record({"": "0", "late": "1"}, coverage)
    assert not coverage.unread


def test_a_long_value_is_a_note_and_is_never_shown() -> None:
    read = mapping("{rating: text}", "{rambling: {when: {rating: [poor]}}}")
    coverage = LogCoverage()
    read.record({"rating": "she told us of her divorce at length, which we should not write down"}, coverage)
    assert coverage.unmapped == {"rating": Counter({"(others)": 1})}


def test_a_fact_that_lacks_a_field_is_not_made_and_counted() -> None:
    rules = RuleBase.load(HERE / "kinds.yaml")
    read = RowMapping.parse("map: 1\ncolumns: {n: integer}\nfacts: {spill: {amount: n}}\n", rulebase=rules)
    coverage = LogCoverage()
    assert read.record({}, coverage).facts == []
    assert coverage.unmade == Counter({"spill": 1})


def test_coverage_adds_up_whatever_the_parts() -> None:
    read = mapping("{late: integer}", "{late_arrival: {when: late > 0}}")
    rows: list[dict[str, Any]] = [{"late": 3, "x": 1}, {"late": "soon"}, {"late": 0}, {"late": 4}]
    whole, parts = LogCoverage(), [LogCoverage(), LogCoverage()]
    for i, row in enumerate(rows):
        read.record(row, whole)
        read.record(row, parts[i % 2])
    assert LogCoverage.merged(LogCoverage.from_json(part.to_json()) for part in parts) == whole


def test_a_case_that_is_not_met_is_told_at_its_place() -> None:
    more = "cases: {one: {row: {late: 3}, expect: {facts: [{kind: late_arrival, minutes: 4}]}}}\n"
    read = mapping("{late: integer}", "{late_arrival: {when: late > 0, minutes: late}}", more)
    (problem,) = read.failed_cases()
    made, wanted = '[{"kind":"late_arrival","minutes":3}]', '[{"kind":"late_arrival","minutes":4}]'
    assert str(problem) == f"<mapping>:4:40: one: the row becomes facts {made}, not {wanted}"
