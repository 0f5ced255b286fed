"""The words of a rule base made ready for matching: how much each word tells of each kind, and wordings as patterns of stems."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import islice, product
from typing import NamedTuple

from misstep.analysis.reading.english import ARTICLES, FIRST, NEGATORS, STOP, STOP_IN_PATTERN, stem
from misstep.analysis.reading.scope import sentences, wording_tokens
from misstep.analysis.reading.tokens import Token
from misstep.language.facts import GIVEN_ROLES, Kind
from misstep.language.program import Program, Rule
from misstep.language.words import KindWords, Words

MOST_VARIANTS = 24  # of the choices of one wording, as patterns
MOST_READ = 8  # and as sentences, where many would drown the other wordings
SAID_OF_OTHERS, IN_A_NOTE, ON_ANOTHER_DAY = 0.15, 0.6, 0.1
"""How much a word counts that is said of somebody else; that is so in a note about a candidate, where others often tell what the
candidate did; and that is said of another day."""
_SATURATION = 1.5  # of BM25: the tenth wording with a word tells little more than the third
_FEWEST = 50
"""A rule base of fewer kinds is read as if it had as many: a word that its one kind has tells much of it all the same."""
_SHARE = 2
"""How many times an even share of the lines with a word a kind must have for the word to tell of it."""
_FEWEST_LINES = 30
"""A kind of fewer lines is read as if it had as many: others have hundreds."""
STOP_STEMS = frozenset(map(stem, STOP))
_STOP_IN_PATTERN = frozenset(map(stem, STOP_IN_PATTERN))
_NOTHING = KindWords()


class WordPattern(NamedTuple):
    """A wording as stems in their order. ``owner``: the place of its kind; ``others``: which words are said of somebody else;
    ``own``: it says "I"; ``tight``: at most one word stands between two of its own; ``weight``: how much it tells."""

    owner: int
    wording: str
    names: tuple[str, ...]
    others: tuple[bool, ...]
    own: bool
    tight: bool
    weight: float = 1.0


PatternsByWord = Mapping[str, list[WordPattern]]
"""Patterns by one of their words, which a text must have."""


class Learnt(NamedTuple):
    """What an index learns from the words of a rule base, which takes most of its time. ``weights``: how much each feature tells
    of kinds, by their places; ``patterns`` and ``against``: wordings of kinds, and those that speak against them; ``spelled`` and
    ``stems``: the words in all of it."""

    weights: dict[str, list[tuple[int, float]]]
    patterns: PatternsByWord
    against: PatternsByWord
    spelled: frozenset[str]
    stems: frozenset[str]


TaughtPattern = tuple[str, tuple[str, ...], tuple[bool, ...], bool, bool]
"""A pattern without its owner and its weight, which depend on the other kinds."""


class Lesson(NamedTuple):
    """What the words of one kind teach, whatever other kinds there are. ``lines``: how many were read; ``counts``: in how many of
    them each feature is; ``patterns`` and ``against``: its wordings, and those that speak against it; ``spelled``: the words in
    the lines."""

    lines: int
    counts: dict[str, int]
    patterns: list[TaughtPattern]
    against: list[TaughtPattern]
    spelled: list[str]


_NO_LESSONS: Mapping[str, Lesson] = {}


class Terms:
    """The terms that each stem is one of."""

    def __init__(self, terms: dict[str, tuple[str, ...]]) -> None:
        found: dict[str, set[str]] = defaultdict(set)
        for name, words in terms.items():
            for word in words:
                read = sentences(word)
                if len(read) == 1 and len(read[0]) == 1:
                    found[read[0][0].stem].add(f"<{name}>")
        self._of = {base: tuple(sorted(names)) for base, names in found.items()}

    def of(self, base: str) -> tuple[str, ...]:
        """The terms of a stem."""
        return self._of.get(base, ())

    def __iter__(self) -> Iterator[str]:
        return iter(self._of)


def features(sentence: list[Token], terms: Terms, of_others: float = SAID_OF_OTHERS) -> dict[str, float]:
    """The features of a sentence and how much each counts: words, terms, and pairs of words that stand close together."""
    found: dict[str, float] = {}
    row: list[tuple[tuple[str, ...], float]] = []
    for token in sentence:
        base = token.stem
        if base in STOP_STEMS:
            continue
        names = (base, *terms.of(base))
        if token.denied:
            names = tuple(["~" + name for name in names])
        share = ON_ANOTHER_DAY if token.away else of_others if token.other else 1.0
        row.append((names, share))
        for name in names:
            if share > found.get(name, 0.0):
                found[name] = share
    for i, (names, share) in enumerate(row):
        for following, other in row[i + 1 : i + 3]:
            least = share if share < other else other
            for a in names:
                for b in following:
                    if a[0] != "<" or b[0] != "<":
                        pair = a + " " + b
                        if least > found.get(pair, 0.0):
                            found[pair] = least
    return found


def variants(wording: str) -> Iterator[str]:
    """The wordings that one with choices stands for: ``sent rude|angry note`` for two."""
    if "|" not in wording:
        return iter((wording,))
    return map(" ".join, islice(product(*(part.split("|") for part in wording.split())), MOST_VARIANTS))


def to_pattern(owner: int, wording: str, tokens: list[Token]) -> WordPattern | None:
    """The pattern of a wording; None if it has no word."""
    denied = any(token.denied for token in tokens if token.stem not in _STOP_IN_PATTERN)
    told = [token for token in tokens if token.word not in NEGATORS or not denied]  # what is denied is marked; else "no" counts
    content = [token for token in told if token.stem not in _STOP_IN_PATTERN]
    if len(content) < 2:  # "late with" is more than "late", and "do I have the job" is more than "job"
        content = [token for token in told if token.word not in ARTICLES]
    chosen = content or tokens
    if not chosen:
        return None
    return WordPattern(
        owner,
        wording,
        tuple(token.name for token in chosen),
        tuple(token.other for token in chosen),
        any(token.word in FIRST for token in tokens),
        len(content) < 2 or any(token.stem in _STOP_IN_PATTERN for token in content),
    )


def to_patterns(owner: int, wordings: Iterable[str]) -> Iterator[WordPattern]:
    """The patterns of wordings, one for each of their choices."""
    for wording in wordings:
        for variant in variants(wording):
            tokens = wording_tokens(variant)
            pattern = to_pattern(owner, wording, tokens)
            if pattern is not None:
                yield pattern


class WordIndex:
    """All that is matched with a text.

    ``kinds``: the kinds that can be told, in the order that owners count in; ``words``: theirs; ``own_fields``: the names of the
    fields that are of a kind alone, and not of its role; ``of_both``: the places of those that what the other side does tells as
    well, signals and strengths: "they nodded"; ``by_fields``: the places of settings that are told by their fields alone;
    ``learnt``: what matches; where it is not given, it is learnt now, of lessons that are ``known`` and others."""

    def __init__(
        self, program: Program, words: Words, learnt: Learnt | None = None, known: Mapping[str, Lesson] = _NO_LESSONS
    ) -> None:
        self.kinds = _told_kinds(program)
        self.words = [words.kinds.get(kind.name, _NOTHING) for kind in self.kinds]
        self.of_both = frozenset(i for i, kind in enumerate(self.kinds) if kind.role in ("signal", "strength"))
        self.own_fields = [frozenset(field.name for field in program.own_fields(kind)) for kind in self.kinds]
        self.role_words = {role: words.kinds[role] for role in program.roles if role in words.kinds}
        self.terms = Terms(words.terms)
        place = {kind.name: i for i, kind in enumerate(self.kinds)}
        self.instead_of = [frozenset(place[other] for other in told.instead_of if other in place) for told in self.words]
        self.by_fields = frozenset(
            i for i, (kind, told) in enumerate(zip(self.kinds, self.words, strict=True)) if _is_by_fields(kind, told)
        )
        self.learnt = self._learn(lesson for _, lesson in lessons_of(program, words, known)) if learnt is None else learnt
        self.weights, self.patterns, self.against, self.spelled, self.stems = self.learnt

    def _learn(self, lessons: Iterable[Lesson]) -> Learnt:
        spelled: set[str] = set()
        counts: dict[str, Counter[int]] = defaultdict(Counter)
        patterns: list[WordPattern] = []
        against: list[WordPattern] = []
        for i, lesson in enumerate(lessons):
            each = max(1, round(_FEWEST_LINES / max(1, lesson.lines)))
            for name, lines in lesson.counts.items():
                counts[name][i] += lines * each
            patterns += (WordPattern(i, *pattern) for pattern in lesson.patterns)
            against += (WordPattern(i, *pattern) for pattern in lesson.against)
            spelled.update(lesson.spelled)
        many = max(len(self.kinds), _FEWEST)
        return Learnt(
            _weights(counts, many),
            _by_rarest(patterns, many),
            _by_rarest(against, _FEWEST),
            frozenset(spelled),
            frozenset(name.lstrip("~") for name in counts if " " not in name and "<" not in name) | STOP_STEMS,
        )


def lessons_of(program: Program, words: Words, known: Mapping[str, Lesson]) -> Iterator[tuple[str, Lesson]]:
    """What the words of each kind teach, by keys of what it comes from, in the order of the kinds: as known, or learnt now."""
    of_rules = _words_of_rules(program.rules.values())
    terms = Terms(words.terms)
    of_terms = sorted(words.terms.items())
    for kind in _told_kinds(program):
        told = words.kinds.get(kind.name, _NOTHING)
        more: list[str] = []
        if told is _NOTHING:
            own = (text for field in program.own_fields(kind) for _, text in field.words)
            more = [kind.help, *own, *of_rules.get(kind.name, ())]
        title = None if _is_by_fields(kind, told) else kind.title
        texts = (title, kind.name, told.says, told.examples, told.against, more, of_terms)
        key = sha256(repr(texts).encode()).hexdigest()
        yield key, known.get(key) or _lesson(kind, told, terms, more)


def _told_kinds(program: Program) -> list[Kind]:
    """The kinds that can be told, in the order that owners count in."""
    return [kind for kind in program.kinds.values() if kind.role in GIVEN_ROLES]


def _lesson(kind: Kind, told: KindWords, terms: Terms, more: Iterable[str]) -> Lesson:
    """What the words of a kind teach. ``more``: lines besides."""
    against = [pattern[1:6] for pattern in to_patterns(0, told.against)]
    if _is_by_fields(kind, told):
        return Lesson(0, {}, [], against, [])
    lines = dict.fromkeys((kind.title, kind.name.replace("_", " "), *told.examples, *more))
    read = [[token for sentence in sentences(line) for token in sentence] for line in lines]
    patterns: list[WordPattern] = []
    for wording in told.says:
        for n, variant in enumerate(variants(wording)):
            tokens = wording_tokens(variant)
            pattern = to_pattern(0, wording, tokens)
            if pattern is not None:
                patterns.append(pattern)
            if n < MOST_READ:
                read.append(tokens)
    patterns += to_patterns(0, (kind.title,))
    counts = Counter(name for tokens in read for name in features(tokens, terms))
    spelled = {token.word for tokens in read for token in tokens}
    return Lesson(len(read), dict(counts), [pattern[1:6] for pattern in patterns], against, sorted(spelled))


def _is_by_fields(kind: Kind, told: KindWords) -> bool:
    """Whether a setting is told by its fields alone."""
    return kind.role == "setting" and bool(told.fields) and not told.says


def _weights(counts: dict[str, Counter[int]], many: int) -> dict[str, list[tuple[int, float]]]:
    """The weight of each feature for each of so many kinds, as BM25 has it: a feature tells the less, the more kinds have it. How
    many these are is the exponential of the entropy of its lines over them: one line of another kind is hardly one more. A pair
    of words in one line alone tells no more than the words."""
    weights = {}
    for name, held in counts.items():
        total = sum(held.values())
        if total == 1 and " " in name:
            continue
        kinds = math.exp(-sum(n / total * math.log(n / total) for n in held.values())) if len(held) > 1 else 1.0
        rare = math.log(1 + (many - kinds + 0.5) / (kinds + 0.5))
        told = [(i, n) for i, n in held.items() if n * many >= _SHARE * total]
        if told:
            weights[name] = [(i, rare * n * (_SATURATION + 1) / (n + _SATURATION)) for i, n in told]
    return weights


def by_first(patterns: Iterable[WordPattern]) -> PatternsByWord:
    """Patterns by the first of their words."""
    found: dict[str, list[WordPattern]] = defaultdict(list)
    for pattern in patterns:
        found[pattern.names[0]].append(pattern)
    return dict(found)


def _by_rarest(patterns: Iterable[WordPattern], many: int) -> PatternsByWord:
    """Patterns by the rarest of their words, with their weights: a word tells the less, the more kinds have it in a pattern."""
    unique: dict[tuple[int, tuple[str, ...], tuple[bool, ...]], WordPattern] = {}
    for pattern in patterns:
        unique.setdefault((pattern.owner, pattern.names, pattern.others), pattern)
    holders: dict[str, set[int]] = defaultdict(set)
    for pattern in unique.values():
        for name in pattern.names:
            holders[name].add(pattern.owner)
    tells = {name: math.log(many / len(held)) + 0.3 for name, held in holders.items()}
    found: dict[str, list[WordPattern]] = defaultdict(list)
    for pattern in unique.values():
        rarest = max(pattern.names, key=lambda name: tells[name])
        found[rarest].append(pattern._replace(weight=sum(tells[name] for name in pattern.names)))
    return dict(found)


def _words_of_rules(rules: Iterable[Rule]) -> dict[str, list[str]]:
    """The texts of rules about one kind, by kind."""
    of_rules: dict[str, list[str]] = {}
    for rule in rules:
        kinds = {kind for pattern in rule.patterns for kind in pattern.kinds}
        if len(kinds) == 1:
            said = " ".join(part for part in rule.because.parts if isinstance(part, str))
            of_rules.setdefault(kinds.pop(), []).append(f"{rule.title} {said}")
    return of_rules
