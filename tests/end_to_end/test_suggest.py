"""``misstep suggest``: a story as an argument, a file or standard input."""

from __future__ import annotations

import json

import pytest
from tests.end_to_end.command import Command

import misstep as library

TEXT = "My phone rang and I was twelve minutes late. They laughed."


def test_a_story_is_read_from_an_argument_a_file_and_standard_input(misstep: Command) -> None:
    file = misstep.write("story.txt", TEXT)
    told = misstep.inside("suggest", TEXT)
    assert told.code == 0
    assert told.out == misstep.inside("suggest", file).out == misstep.inside("suggest", "-", stdin=TEXT.encode()).out
    lines = told.out.splitlines()
    assert lines[0].endswith('phone_rang: The phone rang, from "phone rang"')
    assert lines[2].endswith('late_arrival: Arrived late, from "twelve minutes late"')
    assert lines[3] == "      reaction: amused, minutes: 12"


def test_json_has_all_suggestions(misstep: Command) -> None:
    told = json.loads(misstep.inside("suggest", TEXT, "-o", "json").out)
    assert told == json.loads(library.RuleBase.shipped().suggest_json(json.dumps({"text": TEXT})))


@pytest.mark.parametrize("text", ["", "hola que tal", "12 34"])
def test_where_nothing_is_understood_that_is_said(misstep: Command, text: str) -> None:
    for run in (misstep.inside("suggest", "-", stdin=text.encode()), misstep.inside("suggest", text)):
        assert (run.code, run.out) == (
            0,
            "nothing was understood; tell in English what went wrong, or look through `misstep kinds`\n",
        )


@pytest.mark.parametrize(
    ("stdin", "said"),
    [
        (b"I was late \xff", "not UTF-8 text"),
        (b"late " * 30_000, "a story has at most 100000 characters"),
        (b"late " * 300_000, "has more than 1000000 bytes"),
    ],
)
def test_what_cannot_be_read_is_refused(misstep: Command, stdin: bytes, said: str) -> None:
    run = misstep.inside("suggest", "-", stdin=stdin)
    assert (run.code, run.out) == (2, "")
    assert said in run.err
    assert "late" not in run.err


def test_a_folder_is_refused(misstep: Command) -> None:
    run = misstep.inside("suggest", misstep.folder)
    assert run.code == 2
    assert "is a folder" in run.err


def test_control_characters_do_not_reach_the_terminal(misstep: Command) -> None:
    assert "\x1b" not in misstep.inside("suggest", "I sw\x1b[31more, and my ph\x1bone rang").out


def test_own_rules_are_read_with_their_own_words(misstep: Command) -> None:
    pack = misstep.write(
        "own.yaml",
        "schema: 1\npack: own\nextends: misstep\n"
        "kinds: {lost_badge: {role: mistake, title: Lost the badge, concern: manners}}\n"
        "words: {lost_badge: {says: [badge was gone]}}\n",
    )
    assert "lost_badge" in misstep.inside("suggest", "My badge was gone.", "--rules", pack).out
