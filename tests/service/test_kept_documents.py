"""What the service sends about the shipped rules is made once, and from then on read from the user's cache."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.reading.conftest import few_words  # noqa: F401 - a fixture

from misstep.analysis.reading import kept_index
from misstep.rulebase import cache, program_json
from misstep.rulebase.shipped import shipped_rules
from misstep.service import served
from misstep.service.config import Settings
from misstep.service.served import load_served

pytestmark = pytest.mark.usefixtures("few_words")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(cache.CACHE, str(tmp_path / "kept"))
    cache.forget_packs()
    yield tmp_path / "kept"
    cache.forget_packs()


def test_they_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_served(Settings())
    monkeypatch.setattr(served, "_texts", None)  # nothing can be made any more
    second = load_served(Settings())
    assert (second.tag, second.documents, second.kinds, second.rules) == (first.tag, first.documents, first.kinds, first.rules)
    with pytest.raises(TypeError):
        load_served(Settings(body_bytes=1_000))  # the description tells of the limits


def test_those_of_packs_that_have_changed_are_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As ``misstep serve --reload`` finds them in a checkout."""
    rules = tmp_path / "rules"
    rules.mkdir()
    for pack in shipped_rules().glob("*.yaml"):
        shutil.copy(pack, rules)
    for module in (cache, program_json, served):
        monkeypatch.setattr(module, "shipped_rules", lambda: rules)
    before = load_served(Settings())
    for pack in rules.glob("*.yaml"):
        pack.write_text(pack.read_text("utf-8").replace("version: 0.1.0", "version: 0.1.1"), "utf-8")
    after = load_served(Settings())
    assert ("/0.1.0/" in before.tag, "/0.1.1/" in after.tag) == (True, True)
    assert before.documents["/version"] != after.documents["/version"]


def test_no_request_waits_until_the_words_are_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load_served(Settings())
    monkeypatch.setattr(kept_index, "kept", None)  # nothing can be read or learnt any more
    assert loaded.rulebase.suggest("I came at cockcrow to the interview.")[0].kind == "late_arrival"
