"""What is learnt from words of packs, kept as JSON in the user's cache: learning takes most of the time of a first reading."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import snowballstemmer

from misstep.analysis.reading.wordings import Learnt, Lesson, TaughtPattern, WordIndex, WordPattern, lessons_of
from misstep.language.program import Program
from misstep.language.words import Words
from misstep.limits import Limits
from misstep.rulebase.cache import kept
from misstep.rulebase.program_json import dump_program, dump_words, read_words, shipped_program
from misstep.rulebase.shipped import shipped_word_files

_CODE = (*sorted(Path(__file__).parent.glob("*.py")), Path(snowballstemmer.__file__).with_name("english_stemmer.py"))


def shipped_index() -> WordIndex:
    """The index of the words of the shipped rules."""
    program = shipped_program()

    def learn() -> bytes:
        words = _shipped_words()
        return zlib.compress(dump_words(words) + b"\n" + _dump(WordIndex(program, words, known=_shipped_lessons()).learnt), 1)

    def read(text: bytes) -> WordIndex:
        words, _, learnt = zlib.decompress(text).partition(b"\n")
        return WordIndex(program, read_words(words), _read(learnt))

    return kept("index", learn, read, also=(*_CODE, *shipped_word_files()))


def _shipped_words() -> Words:
    # this needs pydantic's models of packs and the YAML parser
    from misstep.rulebase.link_words import link_words, shipped_word_sources

    return link_words(shipped_program(), shipped_word_sources(), Limits())


def _shipped_lessons() -> dict[str, Lesson]:
    """What the words of each shipped kind teach: rules that extend the shipped ones learn but their own."""

    def learn() -> bytes:
        taught = dict(lessons_of(shipped_program(), _shipped_words(), {}))
        return zlib.compress(orjson.dumps(taught, default=tuple), 1)

    def read(text: bytes) -> dict[str, Lesson]:
        return {
            key: Lesson(lines, counts, _taught(patterns), _taught(against), spelled)
            for key, (lines, counts, patterns, against, spelled) in orjson.loads(zlib.decompress(text)).items()
        }

    return kept("lessons", learn, read, also=(*_CODE, *shipped_word_files()))


def _taught(plain: list[list[Any]]) -> list[TaughtPattern]:
    return [(wording, tuple(names), tuple(others), own, tight) for wording, names, others, own, tight in plain]


def index_of(program: Program, words: Words) -> WordIndex:
    """The index of the words of any rules."""

    def learn() -> bytes:
        extends_shipped = shipped_program().kinds.keys() <= program.kinds.keys()
        known = _shipped_lessons() if extends_shipped else {}
        return zlib.compress(_dump(WordIndex(program, words, known=known).learnt), 1)

    def read(text: bytes) -> WordIndex:
        return WordIndex(program, words, _read(zlib.decompress(text)))

    return kept("index", learn, read, also=_CODE, content=dump_program(program) + dump_words(words))


def _dump(learnt: Learnt) -> bytes:
    plain = {**learnt._asdict(), "spelled": sorted(learnt.spelled), "stems": sorted(learnt.stems)}
    return orjson.dumps(plain, default=tuple)


def _read(text: bytes) -> Learnt:
    found = orjson.loads(text)
    return Learnt(
        found["weights"],
        _KeptPatterns(found["patterns"]),
        _KeptPatterns(found["against"]),
        frozenset(found["spelled"]),
        frozenset(found["stems"]),
    )


class _KeptPatterns(Mapping[str, list[WordPattern]]):
    """Patterns of which those of a word are made when a text first has it: most words of packs are in no text of a process."""

    def __init__(self, plain: dict[str, list[list[Any]]]) -> None:
        self._plain = plain
        self._made: dict[str, list[WordPattern]] = {}

    def __getitem__(self, word: str) -> list[WordPattern]:
        made = self._made.get(word)
        if made is None:
            made = self._made[word] = [
                WordPattern(owner, wording, tuple(names), tuple(others), own, tight, weight)
                for owner, wording, names, others, own, tight, weight in self._plain[word]
            ]
        return made

    def __contains__(self, word: object) -> bool:
        return word in self._plain

    def __iter__(self) -> Iterator[str]:
        return iter(self._plain)

    def __len__(self) -> int:
        return len(self._plain)
