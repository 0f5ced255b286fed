"""Errors: all problems in one text, one a line, each with its place; and nothing that a terminal would obey."""

from __future__ import annotations

import copy
import difflib
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from misstep.errors import (
    JOINERS,
    MAX_LENGTH,
    MOST_COMPARED,
    BudgetError,
    InstallationError,
    Location,
    MisstepError,
    Problem,
    RecordError,
    RuleError,
    UsageError,
    did_you_mean,
    from_pointer,
    listing,
    printable,
    to_pointer,
)


@pytest.mark.parametrize(
    ("location", "text"),
    [
        (Location(), ""),
        (Location("f.yaml"), "f.yaml"),
        (Location("f.yaml", 3), "f.yaml:3"),
        (Location("f.yaml", 3, 7), "f.yaml:3:7"),
        (Location(pointer="/facts/0"), "/facts/0"),
        (Location("f.json", 3, 7, "/facts/0"), "f.json:3:7: /facts/0"),
    ],
)
def test_a_place_reads_as_editors_take_it(location: Location, text: str) -> None:
    assert str(location) == text


def test_a_problem_says_where_in_what_and_what() -> None:
    assert str(Problem(Location("f.yaml", 3, 7), "is wrong", "rule-1")) == "f.yaml:3:7: rule-1: is wrong"
    assert str(Problem(Location(), "is wrong")) == "is wrong"


def test_an_error_says_all_its_problems_and_how_many_are_left_out() -> None:
    error = RuleError([Problem(Location("a"), "one"), Problem(Location("b"), "two")], omitted=3)
    assert str(error) == "a: one\nb: two\n... and 3 more"
    assert str(MisstepError("just text")) == "just text"


@pytest.mark.parametrize("leaf", [RuleError, RecordError, BudgetError, UsageError, InstallationError])
def test_every_error_has_the_one_base(leaf: type[MisstepError]) -> None:
    assert issubclass(leaf, MisstepError)
    with pytest.raises(MisstepError):
        raise leaf("x")


def test_a_budget_is_the_records_matter() -> None:
    assert issubclass(BudgetError, RecordError)


@pytest.mark.parametrize("leaf", [RuleError, RecordError, BudgetError, UsageError, InstallationError])
def test_an_error_survives_the_way_between_processes(leaf: type[MisstepError]) -> None:
    error = leaf([Problem(Location("f", 1, 2, "/p"), "m", "s")], 4)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (type(twin), twin.problems, twin.omitted, str(twin)) == (leaf, error.problems, 4, str(error))


def visible(text: str) -> bool:
    """Whether nothing in a text is invisible but the joiners that belong to spelling."""
    return text.translate(dict.fromkeys(map(ord, JOINERS))).isprintable()


@given(text=st.text())
def test_what_is_printed_is_printable_and_says_the_same(text: str) -> None:
    shown = printable(text)
    assert visible(shown)
    assert not text.isprintable() or shown == text


@given(text=st.text(), subject=st.text(), file=st.text())
def test_no_problem_is_an_amplifier_or_breaks_the_line(text: str, subject: str, file: str) -> None:
    line = str(Problem(Location(file, 1, 1), text * 50, subject))
    assert len(line) <= MAX_LENGTH
    assert visible(line)


def test_a_suggestion_is_the_nearest_word_or_what_is_said_otherwise() -> None:
    assert did_you_mean("minuts", ["minutes", "seconds"]) == "; did you mean 'minutes'?"
    assert did_you_mean("xyz", ["minutes", "seconds"]) == ""
    assert did_you_mean("xyz", ["minutes", "seconds"], "; there are two") == "; there are two"
    assert did_you_mean("x" * 100_000, ["x" * 80]) == f"; did you mean '{'x' * 80}'?"


NAMES = st.text("abk_01é", max_size=8)


@given(word=NAMES, known=st.lists(NAMES, max_size=15))
def test_a_suggestion_is_that_of_difflib(word: str, known: list[str]) -> None:
    close = [name for name in difflib.get_close_matches(word, known, n=1, cutoff=0.6) if name]
    assert did_you_mean(word, known) == (f"; did you mean '{close[0]}'?" if close else "")


def test_a_suggestion_among_many_words_compares_few(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0

    class Counting(difflib.SequenceMatcher[str]):
        def ratio(self) -> float:
            nonlocal compared
            compared += 1
            return super().ratio()

    monkeypatch.setattr(difflib, "SequenceMatcher", Counting)
    known = [f"kind_{i:04}" for i in range(1000)]
    for i in range(0, 1000, 10):
        assert did_you_mean(f"kinnd_{i:04}", known) == f"; did you mean 'kind_{i:04}'?"
    assert 100 <= compared <= 100 * MOST_COMPARED


def test_a_listing_is_sorted_and_ends_somewhere() -> None:
    assert listing(["b", "a"]) == "a, b"
    assert listing(map(str, range(9)), most=3) == "0, 1, 2, ..."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("می\u200cخواهم", "می\u200cخواهم"),  # Persian: a non-joiner is part of the spelling
        ("ශ්\u200dරී", "ශ්\u200dරී"),  # Sinhala: so is a joiner
        ("👩\u200d💻", "👩\u200d💻"),
        ("山田\u3000太郎", "山田 太郎"),
        ("Mme\u00a0Curie", "Mme Curie"),
        ("evil\u202etxt", "evil\\u202etxt"),
        ("bell\x07", "bell\\x07"),
        ("line\u2028break", "line\\u2028break"),
    ],
)
def test_names_of_any_script_are_shown_as_they_are_spelled_and_nothing_else_that_is_invisible(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_pointer_escapes_its_steps() -> None:
    assert to_pointer(["facts", 0, "a/b~c"]) == "/facts/0/a~1b~0c"
    assert to_pointer([]) == ""


def test_a_pointer_leads_into_a_record_and_into_a_bare_list_of_facts() -> None:
    facts = [{"a/b~c": 1}]
    assert from_pointer("/facts/0/a~1b~0c", {"facts": facts}) == ["facts", 0, "a/b~c"]
    assert from_pointer("/facts/0/missing/0", facts) == [0, "missing", "0"]
