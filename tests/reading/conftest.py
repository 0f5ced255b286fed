"""A rule base of two kinds that a user adds, with words in the pack and beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from misstep import RuleBase
from misstep.analysis.reading import kept_index
from misstep.rulebase import load as load_module

OWN = """
schema: 1
pack: own
extends: misstep
kinds:
  lost_badge:
    role: mistake
    title: Lost the badge
    concern: manners
    fields:
      colour: {type: "enum?", values: [red, green]}
      hours: {type: "number?", unit: hours, min: 0}
"""

OWN_WORDS = """
schema: 1
pack: own-words
words:
  lost_badge:
    says: [lost the badge, could not find my <badge>, badge was gone]
    examples: ["The badge they gave me at the gate had vanished."]
    fields:
      colour: {says: {red: [red], green: [green]}}
      hours: {near: [later, after]}
terms:
  badge: [badge, lanyard]
"""


@pytest.fixture
def load(tmp_path: Path) -> Callable[[Mapping[str, str]], RuleBase]:
    """Load the files of a folder, given by their names."""

    def loaded(files: Mapping[str, str]) -> RuleBase:
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return RuleBase.load(tmp_path)

    return loaded


@pytest.fixture
def few_words(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped words are those of one file, which are learnt in no time."""
    file = tmp_path_factory.mktemp("shipped") / "words.yaml"
    file.write_text("schema: 1\npack: words\nwords: {late_arrival: {says: [came at cockcrow]}}\n", "utf-8")
    for module in (kept_index, load_module):
        monkeypatch.setattr(module, "shipped_word_files", lambda: [file])
    return file
