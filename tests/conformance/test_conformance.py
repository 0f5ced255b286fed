"""The conformance suite holds on every engine of misstep, has every word of the language, and is what its schema says."""

from __future__ import annotations

import json
import sys
from collections import Counter

import pytest
import yaml
from jsonschema import Draft202012Validator
from tests.conformance import plainly, words
from tests.conformance.answering import Loaded, answer, difference, engines, loaded
from tests.conformance.error_kinds import kind_of
from tests.conformance.running import command, compare, own, run
from tests.conformance.suite import FOLDER, Trial, about, schema, suite

from misstep.rulebase.schema import NEWEST

ROOMS = sorted({trial.part for trial in suite()})
INSTALLED = [name for name in engines() if name != "durable"]
FILES = {"matches.yaml": "matches_file", "errors/expressions.yaml": "expressions_file", "errors": "errors_file"}


def differing(trials: list[Trial], *engines: str) -> list[str]:
    asked = [(engine, outcome) for trial in trials for engine in engines for outcome in run([trial], own(engine))]
    return [f"{engine}: {name}: {differs}" for engine, (name, differs) in asked if differs is not None]


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "errors"])
def test_the_engines_answer_as_expected(room: str) -> None:
    assert {*INSTALLED} >= {"python", "oracle"}
    assert differing([trial for trial in suite() if trial.part == room], *INSTALLED) == []


def test_packs_are_refused_as_expected() -> None:
    """Some of them: each is compared whole, with its messages, in test_broken_packs.py."""
    assert differing([trial for trial in suite() if trial.part == "errors"][::4], "python") == []


@pytest.mark.needs("core")
def test_the_core_takes_the_packs_of_the_suite() -> None:
    rules = [loaded(trial.given) for trial in suite() if "answer" in trial.expected]
    assert {base.rulebase.core is not None for base in rules if isinstance(base, Loaded)} == {True}


@pytest.mark.slow
@pytest.mark.needs("durable")
def test_durable_answers_as_expected() -> None:
    answers = [trial for trial in suite() if "answer" in trial.expected]
    assert differing(answers[::25], "durable") == []


def test_another_implementation_takes_part_by_its_input_and_output() -> None:
    chosen = [trial for trial in suite() if trial.part in ("records", "cases")]
    outcomes = [*run(chosen, command(f"{sys.executable} -W ignore -m tests.conformance --answer"))]
    assert [outcome for outcome in outcomes if outcome.differs is not None] == []
    assert len(outcomes) > len(chosen), "facts are turned round, too"


@pytest.mark.parametrize("program", ["print('no JSON')", "print('[]')", "raise SystemExit(3)", "print('{}')"])
def test_a_program_that_does_not_answer_fails_every_test(program: str) -> None:
    chosen = [trial for trial in suite() if trial.part == "records"]
    outcomes = [*run(chosen, command(f'{sys.executable} -c "{program}"'))]
    assert all(outcome.differs for outcome in outcomes)


@pytest.mark.parametrize("room", ROOMS)
def test_an_answer_with_a_part_that_differs_is_told(room: str) -> None:
    trial = next(trial for trial in suite() if trial.part == room)
    assert compare(trial.expected, trial.expected) is None
    for name, value in trial.expected.items():
        other = {**value, **dict.fromkeys(value, "other")} if isinstance(value, dict) else [{**value[0], "kind": "other"}]
        assert compare(trial.expected, {name: other}) is not None


def test_scores_are_those_that_fractions_come_to() -> None:
    computed = 0
    for trial in suite():
        if trial.part in ("answers", "records") and "answer" in trial.expected:
            plain = plainly.scores(trial.given, answer(trial.given, "oracle")["answer"])
            if plain is not None:
                computed += 1
                assert difference(plain, trial.expected["answer"]) is None, trial.name
    assert computed > 100


# -- the suite itself


def test_there_are_five_hundred_tests_and_all_words_of_the_language() -> None:
    assert len(suite()) >= 500
    found = words.count(suite())
    assert {word: found[word] for word in words.words() if found[word] < words.LEAST} == {}


def test_words_of_expressions_are_in_tests_that_are_answered() -> None:
    found = words.count(trial for trial in suite() if "answer" in trial.expected)
    tables = (
        "function ",
        "operator ",
        "expression ",
        "effect ",
        "role ",
        "type ",
        "pattern ",
        "hit ",
        "cell ",
        "template ",
        "reach ",
    )
    assert {word: found[word] for word in words.words() if word.startswith(tables) and found[word] < words.LEAST} == {}


def test_the_suite_is_about_the_language_as_it_is() -> None:
    assert about()["language"] == NEWEST
    assert set(about()["kinds"]) == set(schema()["$defs"]["kind"]["enum"])


def test_every_kind_of_error_is_met() -> None:
    met = Counter(error["kind"] for trial in suite() for error in trial.expected.get("errors", ()))
    assert {kind: met[kind] for kind in about()["kinds"] if met[kind] < words.LEAST} == {}


@pytest.mark.parametrize(
    "file", ["matches.yaml", *sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/*.yaml"))]
)
def test_a_file_has_the_shape_of_the_schema(file: str) -> None:
    shape = FILES.get(file) or FILES.get(file.partition("/")[0], "file")
    validator = Draft202012Validator({**schema(), "$ref": f"#/$defs/{shape}"})
    content = json.loads(json.dumps(yaml.safe_load((FOLDER / file).read_text(encoding="utf-8"))))
    assert [f"{error.json_path}: {error.message}"[:300] for error in validator.iter_errors(content)] == []


def test_what_is_given_has_the_shape_of_the_schema() -> None:
    validator = Draft202012Validator(schema())
    for trial in suite():
        validator.validate({**trial.given, "expected": trial.expected})


def test_the_kinds_of_misstep_are_those_that_are_written_beside_its_messages() -> None:
    for file in sorted((FOLDER / "errors").glob("*.yaml")):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        errors = (
            content["expressions"] if file.stem == "expressions" else [e for case in content.values() for e in case["errors"]]
        )
        assert [error for error in errors if kind_of(error["says"]) != error["kind"]] == []
