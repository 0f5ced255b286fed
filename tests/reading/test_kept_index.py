"""What is learnt from words is kept between processes; a cache that is not as it should be only costs time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from tests.reading.conftest import OWN, OWN_WORDS

from misstep import Limits, RuleBase
from misstep.analysis.reading import kept_index
from misstep.analysis.reading.kept_index import shipped_index
from misstep.analysis.reading.reader import StoryReader
from misstep.analysis.reading.wordings import WordIndex
from misstep.rulebase import cache
from misstep.rulebase.link_words import link_words, shipped_word_sources

Load = Callable[[Mapping[str, str]], RuleBase]
STORY = (
    "I was twelve minutes late because the bus broke down, and I called the hiring manager Tim, which is not his name. "
    "They laughed. I didn't swear. She walked me to the lift, and I wrote to say sorry the same evening."
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(cache.CACHE, str(tmp_path / "kept"))
    cache.forget_packs()
    yield tmp_path / "kept"
    cache.forget_packs()


def test_what_is_kept_is_what_is_learnt(folder: Path) -> None:
    program = RuleBase.shipped().program
    learnt = WordIndex(program, link_words(program, shipped_word_sources(), Limits()))
    for kept in (shipped_index(), shipped_index()):
        assert kept.words == learnt.words
        assert (kept.spelled, kept.stems) == (learnt.spelled, learnt.stems)
        assert {name: list(map(tuple, held)) for name, held in kept.weights.items()} == learnt.weights
        for there, here in ((kept.patterns, learnt.patterns), (kept.against, learnt.against)):
            assert dict(there) == here
            assert "unheard" not in there
            assert len(there) == len(here)
        assert StoryReader(kept).suggest(STORY, 1000) == StoryReader(learnt).suggest(STORY, 1000)
    (file,) = folder.glob("misstep-index-*")
    assert file.stat().st_mode & 0o777 == 0o600


def test_it_is_learnt_once(few_words: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped_index()
    monkeypatch.setattr(kept_index, "dump_words", None)  # nothing can be learnt any more
    assert shipped_index().patterns
    monkeypatch.setenv(cache.CACHE, "off")
    with pytest.raises(TypeError):
        shipped_index()


def test_other_words_are_learnt_anew(few_words: Path, folder: Path) -> None:
    shipped_index()
    few_words.write_text(few_words.read_text("utf-8").replace("cockcrow", "dawn"), "utf-8")
    cache.forget_packs()  # as in another process
    assert StoryReader(shipped_index()).suggest("I came at dawn.", 1000)[0].kind == "late_arrival"
    assert len([*folder.glob("misstep-index-*")]) == 2


def test_a_torn_one_is_learnt_anew(few_words: Path, folder: Path) -> None:
    shipped_index()
    (file,) = folder.glob("misstep-index-*")
    whole = file.read_bytes()
    file.write_bytes(whole[:-100])
    assert StoryReader(shipped_index()).suggest(STORY, 1000)
    assert file.read_bytes() == whole


def test_those_of_packs_of_ones_own_are_learnt_once(few_words: Path, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "The red lanyard was gone."
    told = {"own.yaml": OWN, "words/own.yaml": OWN_WORDS}
    found = load(told).suggest(text)
    assert found[0].kind == "lost_badge"
    learnt: list[object] = []
    monkeypatch.setattr(WordIndex, "_learn", lambda *_: learnt.append(1))
    assert load(told).suggest(text) == found
    assert not learnt
    with pytest.raises(TypeError):  # nothing can be learnt any more
        load(told | {"words/own.yaml": OWN_WORDS.replace("lanyard", "ribbon")}).suggest(text)
    assert learnt
