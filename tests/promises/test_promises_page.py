"""The page of promises is what declarations and figures make of it, and hides nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.laws.table import sentences
from tests.promises import page
from tests.promises.page import (
    PAGE,
    PROFILES,
    Figure,
    Figures,
    TestedPromise,
    Topic,
    judge,
    page_of,
    read_figures,
    read_topics,
    run_command,
    write_figures,
)

pytestmark = pytest.mark.once

TOPICS = [Topic(topic="A topic", promises={"it-holds": TestedPromise(promise="It holds.", limits="All else.", asked="9 cases",
                                                                     short="python a", nightly="python b | c")})]  # fmt: skip
HELD = Figure(held=True, figure="3 cases", command="python a", date="2026-01-02", version="0.1.0", seconds=1.5)


def page_with(**figures: Figure) -> str:
    return page_of(
        TOPICS,
        Figures({"it-holds": {profile: figures[profile] for profile in PROFILES if profile in figures}}),
        {"a law": "It says."},
    )


def test_the_page_follows_from_declarations_and_figures() -> None:
    assert PAGE.read_text("utf-8") == page_of(read_topics(), read_figures(), sentences()), (
        "python -m tests.promises writes it anew"
    )


def test_every_figure_is_one_of_a_promise_that_there_is() -> None:
    promises = {name: promise for topic in read_topics() for name, promise in topic.promises.items()}
    assert {(name, profile) for name, last in read_figures().root.items() for profile in last} <= {
        (name, profile) for name, promise in promises.items() for profile in promise.commands
    }


def test_every_law_stands_on_the_page() -> None:
    assert page_with().endswith("| law | what holds |\n| --- | --- |\n| a law | It says. |\n")


def test_what_was_never_run_says_so() -> None:
    assert "| [it-holds](#it-holds): It holds. | 9 cases | never run |" in page_with()
    assert page_with(short=HELD).count("| never run |") == 1
    other = HELD.model_copy(update={"command": "python before"})
    assert "3 cases" not in page_with(short=other), "a figure of another command proves nothing"


def test_a_figure_stands_beside_what_was_asked_with_its_date() -> None:
    text = page_with(short=HELD)
    assert "| 9 cases | 3 cases (short, 2026-01-02) |" in text
    assert "| short | `python a` | 3 cases (2026-01-02, 0.1.0, 1.5 s) |" in text
    assert "`python b \\| c`" in text


def test_a_failure_is_never_hidden_by_another_run_that_held() -> None:
    failed = HELD.model_copy(update={"held": False, "figure": "1 failed", "command": "python b | c"})
    text = page_with(short=HELD, nightly=failed)
    assert "**failed on 2026-01-02** (nightly): 1 failed; 3 cases (short, 2026-01-02)" in text
    assert "| **failed on 2026-01-02**: 1 failed (2026-01-02, 0.1.0, 1.5 s) |" in text


@pytest.mark.parametrize(
    ("code", "printed", "told"),
    [
        (0, "figure: 1\nfigure: 20 programs, 0 differ\n", (True, "20 programs, 0 differ")),
        (0, "...\n12 passed, 3 skipped in 0.21s\n", (True, "12 passed, 3 left out")),
        (0, "all well\n", (False, "no figure")),
        (0, "4 skipped in 0.1s\n", (False, "4 left out")),
        (1, "2 failed, 12 passed in 3.2s\n", (False, "2 failed, 12 passed")),
        (3, "", (False, "exit code 3")),
        (1, "figure: 20 programs, 1 differs\n", (False, "20 programs, 1 differs")),
    ],
)
def test_what_a_command_said_is_judged(code: int, printed: str, told: tuple[bool, str]) -> None:
    assert judge(code, printed) == told


def test_commands_run_from_the_root_with_this_python(capfd: pytest.CaptureFixture[str]) -> None:
    figure = run_command("""python -c "import os, misstep; print('figure:', os.path.exists('rules/scale.yaml'))" """)
    assert (figure.held, figure.figure) == (True, "True")
    assert not run_command("python -c 'print(1); raise SystemExit(4)'").held
    assert capfd.readouterr().err == "1\n\n"


def test_a_shorter_profile_stands_for_one_that_is_left_out() -> None:
    promise = TestedPromise(promise="x", limits="x", nightly="python b")
    assert [promise.profile(profile) for profile in PROFILES] == [None, "nightly", "nightly"]
    with pytest.raises(ValidationError, match="without a command"):
        TestedPromise(promise="x", limits="x")


def test_an_id_stands_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("topic: T\npromises: {x: {promise: p, limits: l, short: python}}\n", "utf-8")
    with pytest.raises(ValueError, match="declared twice: x"):
        read_topics(tmp_path)


def test_figures_are_kept_in_order(tmp_path: Path) -> None:
    figures = Figures({"b": {"short": HELD}, "a": {"nightly": HELD}})
    write_figures(figures, tmp_path / "figures.json")
    assert [*read_figures(tmp_path / "figures.json").root] == ["a", "b"]
    assert read_figures(tmp_path / "none.json") == Figures({})
    assert page.FIGURES.parent == page.HERE
