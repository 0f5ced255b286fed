"""What is said of an agreement: the same in text and Markdown, in the width there is, and nothing of it obeyed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.analysis.calibration.judged import BASE, case, outage

from misstep.analysis.calibration.agreement import Agreement
from misstep.analysis.calibration.agreement_report import to_markdown, to_text

EVIL = "\x1b[31m[bold]x[/bold] <b>|`*_"

SHRUG = {
    "act": "let_it_go", "noticed": "hidden", "recommended": ["sleep_on_it"], "confidence": 3, "gist": "Shrug."
}  # fmt: skip


def agreement(**more: Any) -> Agreement:
    cases = [
        {**case(outage(240), "cosmetic", "drill", **{**SHRUG, **more}),
         "situation": "The shop was down for four hours."},
        case(outage(0), "cosmetic", "letter", confidence=1),
    ]  # fmt: skip
    return BASE.calibrate(cases)


def test_everything_is_said() -> None:
    found = agreement(recommended=["roll_back", "call_the_press"], against=["status_update"])
    text = to_text(found)
    assert text.startswith("Agreement of incidents 0.3.0 with experts\n2 judged cases.\n")
    for part in (
        r"\n  same band of severity +2 +0\.500 +0\.095 to 0\.905 +1\.000\n",
        r"\n  at most one too mild \(safe\) +2 +1\.000 +0\.342 to 1\.000 +1\.000\n",
        r"\n  act, or let it rest +1 +0\.000 +0\.000 to 0\.793 +0\.000\n",
        r"\n    of those who say act +0 +- *\n",
        r"\n    of those who say rest +1 +0\.000 +0\.000 to 0\.793 +0\.000\n",
        r"\n  mean error \(bands, \+ harsher\) +2 +\+1\.\d00",
        r"\n  level of notice +1 +0\.000 +0\.000 to 0\.793 +1\.000\n",
        r"\nBy what the verdict rests on\n",
        r"\n  drill +1 +0\.000 +0\.000 +1\.000 +\+3\.000 +- +0\.000 +0\.000 +1\.000\n",
        r"\n  letter +1 +1\.000 +1\.000 +1\.000 +\+0\.000 +- +- +- +-\n",
        r"\n  cosmetic +\[1\] +\. +\. +1 +2\n",
        r"\n +act +let it rest\n  act +\[0\] +\.\n  let it rest +1 +\[0\]\n",
        r"\n  1\. outage-240 \(/0; drill, confidence 3\)\n     The shop was down for four hours\.\n",
        r"\n     Expert: cosmetic, hidden, let it rest\. Shrug\.\n",
        r"\n     misstep: catastrophic \(damage [\d.]+\), visible, act, all hands; 3 bands too harsh\.\n",
        r"\n     outage\.minutes: \+9 severity, \+25 noticed; 240 minutes without an answer\n",
        r"Not in the plan, though recommended: roll_back \(no rule that fires recommends it\);",
        r"call_the_press \(these rules\s+have no such action\)",
        r"In the plan, though advised against: status_update \(recommended by say-so\)\.",
        r"\nRules: incidents 0\.3\.0, sha256:[0-9a-f]{12}\n$",
    ):
        assert re.search(part, text), part


def test_a_choice_is_said() -> None:
    cases = [case(outage(5), "broken", basis, confidence=n) for basis, n in (("first_hand", 1), ("letter", 2), ("x", 3))]
    found = BASE.calibrate([*cases, {}], bases=["first_hand", "letter"], min_confidence=2)
    said = "1 of 3 judged cases: basis first hand or letter, confidence at least 2. Others could not be read and are left out."
    assert said in to_text(found, width=200)
    assert said in to_markdown(found)


def test_markdown_says_the_same_as_text() -> None:
    found = agreement(recommended=["roll_back"])
    plain = re.sub(r"[*|#`]|-{3,}:?", " ", to_markdown(found).replace("\\", ""))
    for word in re.findall(r"[\w.-]{3,}", to_text(found, width=300)):
        assert word.rstrip(".") in plain, word


def test_markdown_tables_have_as_many_cells_in_every_row() -> None:
    tables = re.findall(r"(?:^\|.*\n)+", to_markdown(agreement()), re.MULTILINE)
    assert len(tables) == 5
    for table in tables:
        assert len({row.count("|") for row in table.splitlines()}) == 1


def test_several_sets_are_told_apart_in_both_forms(tmp_path: Path) -> None:
    files = [tmp_path / "old.jsonl", tmp_path / "new.jsonl"]
    for file, minutes in zip(files, (0, 240), strict=True):
        file.write_text(json.dumps(case(outage(minutes), "cosmetic", act="act")) + "\n", encoding="utf-8")
    found = BASE.calibrate(*files)
    rows = r"\nBy set\n.*\n  same band of severity\n    new +1 +0\.000 +0\.000 to 0\.793 +1\.000\n    old +1 +1\.000 +"
    assert re.search(rows, to_text(found))
    assert re.search(r"\n## By set\n\n.*\n.*\n\| same band of severity \|.*\n\| +new \| 1 \| 0\.000 \|", to_markdown(found))
    assert "By set" not in to_text(BASE.calibrate(files[0])) + to_markdown(BASE.calibrate(files[0]))
    told = re.sub(r"[*|#`]|-{3,}:?", " ", to_markdown(found).replace("\\", ""))
    for word in re.findall(r"[\w.-]{3,}", to_text(found, width=300)):
        assert word.rstrip(".") in told, word


def test_figures_alone_name_no_case() -> None:
    """Cases that are for scoring alone can be scored without a look at them."""
    record = {**outage(240), "id": "the-shop"}
    kept = {"situation": "The whole shop.", "source": {"title": "A letter"}}
    found = BASE.calibrate([{**case(record, "cosmetic", act="act", recommended=["roll_back"], gist="Woe."), **kept}], worst=0)
    for text in (to_text(found), to_markdown(found)):
        assert [word for word in ("the-shop", "whole shop", "A letter", "Woe", "/0", "roll_back") if word in text] == []


def test_where_nobody_differs_there_is_no_list() -> None:
    found = BASE.calibrate([case(outage(0), "cosmetic")])
    assert "disagreement" not in to_text(found) + to_markdown(found)
    assert "let it rest:" not in to_text(found) + to_markdown(found)  # nor a table of what nobody said


@pytest.mark.parametrize("width", [60, 80, 100])
def test_text_keeps_to_its_width(width: int) -> None:
    assert max(map(len, to_text(agreement(recommended=["roll_back"]), width).splitlines())) <= width


def test_colors_change_nothing_but_colors() -> None:
    found = agreement()
    colored = to_text(found, color=True)
    assert "\x1b[1m" in colored
    plain = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    assert [line.rstrip() for line in plain.splitlines()] == to_text(found).splitlines()


def test_text_of_cases_is_shown_and_not_obeyed() -> None:
    evil = {**case({"id": EVIL, "facts": outage(240)["facts"]}, "cosmetic", EVIL, gist=EVIL), "situation": EVIL}
    found = BASE.calibrate([evil, case(outage(0), "broken")])
    text, markdown = to_text(found), to_markdown(found)
    assert "\x1b" not in text + markdown
    assert "[bold]x[/bold]" in text
    assert "<b>" not in markdown
