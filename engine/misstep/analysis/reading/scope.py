"""The sentences of a text in scope: what is denied, said of others, or was on another day or not at all."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache

from misstep.analysis.reading.english import (
    ARTICLES,
    CLAUSE_STARTS,
    DETERMINERS,
    FIRST,
    NEGATORS,
    NUMBERS,
    OTHERS,
    PERSONS,
    THIRD,
    stem,
)
from misstep.analysis.reading.scope_words import (
    ADJECTIVES,
    AFTER_NOT,
    ANOTHER_DAY,
    ANY,
    AUXILIARIES,
    AWAY,
    AWAY_BEFORE_BUT,
    AWAY_PHRASES,
    BE,
    BEFORE_A_PERSON,
    BESIDE_ANOTHER,
    COMFORTS,
    CONFIRMING,
    EMPTY_SUBJECTS,
    EXPECTED,
    FEARED,
    FEARS,
    FILLERS,
    FIRST_AS_OBJECT,
    LAST_DENIED,
    MIGHT,
    NOT_YET,
    NOTICED,
    OF_A_PERSON,
    OF_OTHERS,
    OTHER_PERSON,
    OUTSIDERS,
    QUESTIONS,
    RELATIVES,
    RESTRAINTS,
    SAID_WITH_SHOULD,
    SELF,
    SKIPPED,
    SPEECH,
    THE_MEETING,
    THEIRS,
    TURNS,
    WISHES,
)
from misstep.analysis.reading.tokens import NUMBER, Token, joined, split

_ENDS_AWAY = ("but", "and", "because", "until", "when")
_REACH_OF_ASKED = 5
_AGAIN = 5
"""How many words on something is denied behind an "or", or behind an "I" that stands after its verb."""


def sentences(text: str, corrected: Callable[[str], str] = str) -> list[list[Token]]:
    """The sentences of a text, in scope. ``corrected``: a word as it is meant, where it is misspelt. In a text that says "I",
    "he" and "she" are others."""
    found = list(split(text))
    mine = tells_of_self(found)
    note = not mine and is_note(found)
    for sentence in found:
        _set_stems(sentence, corrected)
        _mark_others(sentence, mine, note)
        _mark_denied(sentence)
    for n, sentence in enumerate(found):
        _mark_away(sentence, found[n + 1] if n + 1 < len(found) else [])
    _mark_taken_back(found)
    _mark_confirmed(found)
    return found


def wording_tokens(wording: str) -> list[Token]:
    """The tokens of a wording of a pack, in scope. Somebody tells of themselves, so "he" and "she" are others. There are many
    tens of thousands, so each of their words is split once."""
    found = [Token(word, word, 0, 0, possessive=owns) for each in wording.split() for word, owns in _split_word(each)]
    if not found:
        return []
    found[0].clause = True
    found = joined(found)
    _set_stems(found)
    _mark_others(found, mine=True, note=False)
    _mark_denied(found)
    return found


@lru_cache(maxsize=50_000)
def _split_word(word: str) -> tuple[tuple[str, bool], ...]:
    """The words that one with an apostrophe or a hyphen is, and whether each has an "'s"."""
    return tuple((token.word, token.possessive) for sentence in split(word) for token in sentence)


def _set_stems(sentence: list[Token], corrected: Callable[[str], str] = str) -> None:
    for token in sentence:
        token.stem = NUMBER if token.word in NUMBERS or token.word[0].isdecimal() else stem(corrected(token.word))


def is_note(found: list[list[Token]]) -> bool:
    """Whether a text is a note of a candidate, in which others may well tell what the candidate did."""
    return not tells_of_self(found) and any(
        token.word in SELF and not _is_another(sentence, i) for sentence in found for i, token in enumerate(sentence)
    )


def tells_of_self(found: list[list[Token]]) -> bool:
    """Whether somebody tells of themselves, and not a note of a candidate."""
    return any(token.word in FIRST for sentence in found for token in sentence)


def _mark_others(sentence: list[Token], mine: bool, note: bool) -> None:
    """Mark what is said of the other side. A clause without a subject has that of the one before it, and what
    somebody says is theirs, whoever it is about."""
    fresh, subject, speaks = True, False, False
    their_own = _tells_of_their_own(sentence)
    head = -2  # the place of the noun that is the subject, where that is somebody else
    for i, token in enumerate(sentence):
        word = token.word
        before, following = sentence[i - 1].word if i else "", sentence[i + 1].word if i + 1 < len(sentence) else ""
        if token.clause and i:
            fresh, speaks = fresh or word in CLAUSE_STARTS or _is_subject(word), False
        if word in CLAUSE_STARTS:
            speaks = speaks and word not in ("and", "but", "so", "then")
            fresh = word not in ("and", "or") or _is_subject(following)
            if word == "who" and i and not token.clause:  # it was the chair who, it was not me who
                not_me = before == "me" and "not" in [each.word for each in sentence[max(0, i - 3) : i]]
                if not_me or before in ("them", "him", "her") or _is_noun_of_other(sentence[i - 1], mine):
                    subject, fresh = True, False
            continue
        if word in SELF and not mine and _is_another(sentence, i):
            subject, fresh = True, False
        elif word == "i" or (word in SELF and not mine):
            if head != i - 1:  # a man I know
                subject, fresh = False, False
        elif word in THIRD and not speaks and _is_other(token, following, mine, note):
            subject, fresh = True, False
        elif (fresh or _is_thought_of_other(sentence, i)) and not _comes_before_subject(word, before, following):
            if not speaks and (
                _is_other(token, following, mine, note, their_own) or _ends_in_other(sentence, i, mine, their_own)
            ):
                subject, head = True, i
            else:
                subject = subject and (word not in FIRST or word in FIRST_AS_OBJECT) and not token.clause
            fresh = False
        speaks = speaks or (not subject and token.stem in _SPEECH_STEMS)
        token.other = subject


def _is_thought_of_other(sentence: list[Token], at: int) -> bool:
    """Whether a clause about somebody else begins behind what one thinks or sees, without a "that": "I think one of them was"."""
    start = at
    while start and sentence[start - 1].word in SKIPPED:
        start -= 1
    if start == at or not start or sentence[start - 1].stem not in _NOTICE_STEMS or not _is_noun_of_other(sentence[at], True):
        return False
    following = itertools.takewhile(lambda token: not token.starts_clause, sentence[at + 1 : at + 1 + _REACH_OF_ASKED])
    return any(token.word in BE or token.word in AUXILIARIES for token in following)


def _is_another(sentence: list[Token], at: int) -> bool:
    """Whether a candidate is not the one whom a text is about: "another candidate", "the applicant before"."""
    return any(token.word in BESIDE_ANOTHER for token in (*sentence[max(0, at - 1) : at], *sentence[at + 1 : at + 2]))


def _is_subject(word: str) -> bool:
    return word in DETERMINERS or word in FIRST or word in THIRD or stem(word) in _NOUNS_OF_OTHERS


def _comes_before_subject(word: str, before: str, following: str) -> bool:
    """Whether a word at the start of a clause is not its subject yet: "two of the panel", "it was the", "the young"."""
    return (
        word in SKIPPED
        or word in ADJECTIVES
        or (following == "of" and word not in OUTSIDERS)  # a friend of mine
        or word in EMPTY_SUBJECTS
        or (word in BE and before in EMPTY_SUBJECTS)
    )


def _is_noun_of_other(token: Token, mine: bool, their_own: bool = False) -> bool:
    base = token.stem
    if token.word in THE_MEETING:
        return False
    if base in _OUTSIDER_STEMS:
        return not token.possessive
    return (
        base in _OTHER_STEMS
        or (mine and (base in _PERSON_STEMS or token.word in SELF))
        or (their_own and base in _RELATIVE_STEMS)
    )


def _tells_of_their_own(sentence: list[Token]) -> bool:
    """Whether a sentence tells of an interview of somebody else, or of their papers: "at her interview"."""
    stems = [token.stem for token in sentence]
    owned = [stems[i + 1 : i + 3] for i, token in enumerate(sentence) if token.word in THEIRS]
    return any(not _OF_A_PERSON_STEMS.isdisjoint(each) for each in owned)


def _is_other(token: Token, following: str, mine: bool, note: bool, their_own: bool = False) -> bool:
    """Whether the first word of a clause is of the other side."""
    if token.word in THEIRS:
        return (mine or (token.word == "their" and not note)) and following != "name"
    return _is_noun_of_other(token, mine, their_own) or (token.word in THIRD and (mine or token.word == "they"))


def _ends_in_other(sentence: list[Token], at: int, mine: bool, their_own: bool) -> bool:
    """Whether a clause begins with one of them, with one who is "interviewing", or with a name of the other side of two words:
    the ward manager, my interviewer. A manager of a shop, with "a", is rather the one whom a note is about."""
    before, word = sentence[at - 1].word if at else "", sentence[at].word
    if [token.word for token in sentence[at + 1 : at + 2]] == ["interviewing"]:
        return True
    if before == "of" and word in ("them", "theirs"):
        return True
    noun = at + 1
    while noun < len(sentence) and sentence[noun].word in ADJECTIVES:
        noun += 1
    named = noun < len(sentence) and not sentence[noun].clause and _is_noun_of_other(sentence[noun], mine, their_own)
    return named and (before == "the" or word in ("my", "our"))


def _mark_denied(sentence: list[Token]) -> None:
    reach, denier = 0, len(sentence)
    habit = _tells_a_habit(sentence)
    for i, token in enumerate(sentence):
        word = token.word
        before = sentence[i - 1].word if i else ""
        if word == "until":  # not nervous until I walked in
            for each in sentence[denier:i]:
                each.denied = False
        if reach and before in ANY and word in ("i", "that"):  # nothing I left out, never anything that was not true
            reach = _AGAIN
        elif (token.clause and i) or (word in CLAUSE_STARTS and word != "or") or (word == "i" and before not in AUXILIARIES):
            reach = 0
        elif reach and (word == "or" or (before in AUXILIARIES and word == "i")):
            reach = _AGAIN
        if word in NEGATORS:
            following = sentence[i + 1].word if i + 1 < len(sentence) else ""
            regretted = following == "have" and before in ("should", "would")  # what should not have been has been
            twice = word == "not" and reach  # never not
            besides = [each.word for each in sentence[i + 1 : i + 3]] == ["to", "mention"]
            told = following in AFTER_NOT or before == "why" or regretted or twice or besides or (habit and i < habit)
            reach, denier = 0 if told else NEGATORS[word], i
            continue
        if (word == "have" and before == "should") or (word in ("had", "d") and i > 1 and sentence[i - 2].word in WISHES):
            reach = _AGAIN  # what should have been, or is wished to have been, has not
            continue
        if reach:
            token.denied = True
            reach = 0 if word in LAST_DENIED or token.stem in _LAST_STEMS else reach - 1
    _mark_not_done(sentence)


def _tells_a_habit(sentence: list[Token]) -> int:
    """Where a sentence turns from what one never does to what one did, else 0: "I never swear, but it slipped out"."""
    words = [token.word for token in sentence]
    if words[:2] == ["i", "never"] or {"usually", "normally"}.intersection(words[:4]):
        return next((i for i, token in enumerate(sentence) if token.word == "but" and i), 0)
    return 0


def _mark_not_done(sentence: list[Token]) -> None:
    """Mark as denied what a clause of three words at the end says was not done: "I meant to bring them, but I didn't"."""
    end = len(sentence) - 3
    if end < 1 or sentence[end].word != "i":
        return
    last = {token.word for token in sentence[end + 1 :]}
    if last.isdisjoint(AUXILIARIES) or last.isdisjoint(("not", "never")):
        return
    start = next((i for i in reversed(range(end)) if sentence[i].word == "i"), end)
    if not any(token.denied for token in sentence[start:end]):
        for token in sentence[start + 1 : end]:
            token.denied = token.word not in CLAUSE_STARTS


def _mark_away(sentence: list[Token], following: list[Token]) -> None:
    """Mark what was on another day, or not at all, or is not the writer's. ``following``: the next sentence."""
    words = [token.word for token in sentence]
    if sentence[-1].asks and (words[:2] == ["what", "if"] or (words[0] in QUESTIONS and FIRST.isdisjoint(words))):
        _set_away(sentence)
        return
    found = _phrases_in(sentence)
    away = [i for i in found["away"] if i not in found["comfort"] and not _is_asked(sentence, i)]
    away += [i for i in found["other person"] if not _stands_aside(sentence, i)]
    turned = [*words, *[token.word for token in following[:1]]]
    away += [i for i in found["before but"] if not TURNS.isdisjoint(turned[i:])]
    away += [n for i in found["restraint"] if not sentence[i].denied for n in (_clause_before(sentence, i), i)]
    for i, token in enumerate(sentence):
        if (
            (token.word in AWAY and not _tells_an_amount(sentence, i))
            or (token.word == "if" and (i == 0 or sentence[-1].asks))
            or (token.stem in _FEAR_STEMS and not token.denied and _names_what_is_feared(sentence, i, FEARED))
            or (token.word in EXPECTED and _names_what_is_feared(sentence, i, frozenset()))
            or (token.word in NOT_YET and i and words[i - 1] == "i" and SAID_WITH_SHOULD.isdisjoint(words[i + 1 : i + 2]))
            or (token.stem == _THINK and _is_only_thought_of(sentence, i))
        ):
            away.append(i)
    for at in away:
        start = at
        while start and not sentence[start].clause and words[start] not in _ENDS_AWAY:
            start -= 1
        ends = (*_ENDS_AWAY, "that") if "so" in words[start:at] else _ENDS_AWAY  # so afraid of it that
        goes_on = at in found["another day"] and "i" not in words[start:at]  # at my last interview, I
        _set_away(sentence[start : _end_of_away(sentence, at, ends, goes_on)])
    for at in found["of others"]:
        _set_away(sentence[:at])
    last = sentence[-2] if words[-1] == "own" and len(words) > 1 else sentence[-1]
    if last.possessive and last.stem in _NOUNS_OF_OTHERS:  # the phone was the chairman's
        _set_away(sentence[:-1])


def _end_of_away(sentence: list[Token], at: int, ends: tuple[str, ...], goes_on: bool) -> int:
    """The place before which the clause ends that a phrase stands in; with ``goes_on`` the next one. "And be" goes on with it,
    and what is said with an "if" ends where "I would" begins."""
    words = [token.word for token in sentence]
    first = at + 2 if words[at] == "if" else len(sentence)
    for end in range(at + 1, len(sentence)):
        if sentence[end].clause and at:
            if not goes_on:
                return end
            goes_on = False
        elif (words[end] in ends and words[end + 1 : end + 2] != ["be"]) or (end >= first and words[end : end + 2] in _I_WOULD):
            return end
    return len(sentence)


def _phrases_in(sentence: list[Token]) -> dict[str, list[int]]:
    """Where phrases of each sort begin in a sentence; fillers may stand between their words."""
    row = [(i, _ONE_AS_ANOTHER.get(token.word) or token.stem) for i, token in enumerate(sentence) if token.word not in FILLERS]
    bases = [base for _, base in row]
    found: dict[str, list[int]] = {sort: [] for sort in _SORTS}
    for n, (i, base) in enumerate(row):
        for sort, phrase in _PHRASES.get(base, ()):
            if bases[n : n + len(phrase)] == phrase and (base not in _THEIRS or _stands_alone(sentence, i)):
                found[sort].append(i)
    return found


def _stands_aside(sentence: list[Token], at: int) -> bool:
    """Whether a person is not the one that a clause is about: "as the next candidate came in"."""
    before = [token.word for token in sentence[max(0, at - 2) : at] if token.word not in ARTICLES]
    return not BEFORE_A_PERSON.isdisjoint(before[-1:])


def _stands_alone(sentence: list[Token], at: int) -> bool:
    """Whether "theirs" ends what is said of something, and is not the subject: "it was theirs", not "hers does the same"."""
    return at == 0 or at + 1 == len(sentence) or sentence[at + 1].clause or sentence[at + 1].word in ("not", "that")


def _tells_an_amount(sentence: list[Token], at: int) -> bool:
    """Whether "nearly" or "almost" is said of an amount: "nearly half an hour late" is late."""
    return any(
        token.stem == NUMBER or token.word in ("half", "an", "a", "all", "every", "always") for token in sentence[at + 1 : at + 2]
    )


def _set_away(tokens: Iterable[Token]) -> None:
    for token in tokens:
        token.away = True


def _mark_taken_back(found: list[list[Token]]) -> None:
    """Mark a sentence that a later one takes back: "Was I late? I was not." and "A dog barked. Theirs, not mine." """
    for n, sentence in enumerate(found):
        words = [token.word for token in sentence[:3]]
        ends = len(sentence) < 4 or sentence[3].clause
        if ends and words[:1] == ["i"] and words[2:] == ["not"] and words[1] in AUXILIARIES:
            meant = {("i", words[1]), (words[1], "i")}
            for before in found[max(0, n - 2) : n]:
                if not meant.isdisjoint(itertools.pairwise([token.word for token in before])):
                    _set_away(before)
        elif n and words[0] in _THEY_OR_IT and _phrases_in(sentence)["of others"]:
            _set_away(found[n - 1])


def _mark_confirmed(found: list[list[Token]]) -> None:
    """Mark as told what is confirmed: "I dreaded going blank, and sure enough I did", "They say never to shout. Well, I did." """
    for n, sentence in enumerate(found):
        for i, token in enumerate(sentence[1:], start=1):
            ends = i + 1 == len(sentence) or sentence[i + 1].clause
            if ends and sentence[i - 1].word == "i" and token.word in CONFIRMING:
                before = [each.word for each in sentence[max(0, i - 3) : i - 1]]
                if before == ["sure", "enough"]:
                    meant = sentence[:i]
                elif n and before in (["well"], []) and not sentence[-1].asks and not found[n - 1][-1].asks:
                    meant = found[n - 1]
                else:
                    continue
                for each in meant:
                    each.away = each.denied = each.other = False


def _clause_before(sentence: list[Token], at: int) -> int:
    """A place in the clause before that of a place; the place itself where it stands in the first."""
    while at and not sentence[at].clause and sentence[at].word not in _ENDS_AWAY:
        at -= 1
    return max(0, at - 1)


def _is_asked(sentence: list[Token], at: int) -> bool:
    """Whether a phrase stands in what others asked: "they asked if I plan to have children" was asked, whatever I plan."""
    return any(token.stem == _ASK and token.other for token in sentence[max(0, at - _REACH_OF_ASKED) : at])


def _is_only_thought_of(sentence: list[Token], at: int) -> bool:
    """Whether a thought is one of doing something: "I thought about leaving"."""
    of, verb = [token.word for token in sentence[at + 1 : at + 3]] if at + 2 < len(sentence) else ("", "")
    return of in ("of", "about") and verb.endswith("ing")


def _names_what_is_feared(sentence: list[Token], fear: int, feared: frozenset[str]) -> bool:
    for i, token in enumerate(sentence[fear + 1 : fear + 1 + _AGAIN]):
        if token.clause or token.word in _ENDS_AWAY:
            return False
        if token.word in MIGHT or (token.word in feared and i < 2):
            return True
    return False


_NOTICE_STEMS = frozenset(map(stem, NOTICED))
_ASK, _THINK = stem("ask"), stem("think")
_OTHER_STEMS = frozenset(map(stem, OTHERS))
_OUTSIDER_STEMS = frozenset(map(stem, OUTSIDERS))
_RELATIVE_STEMS = frozenset(map(stem, RELATIVES))
_PERSON_STEMS = frozenset(map(stem, PERSONS))
_OF_A_PERSON_STEMS = frozenset(map(stem, OF_A_PERSON))
_NOUNS_OF_OTHERS = _OTHER_STEMS | _OUTSIDER_STEMS | _PERSON_STEMS
_SPEECH_STEMS = frozenset(map(stem, SPEECH))
_LAST_STEMS = frozenset(map(stem, LAST_DENIED))
_FEAR_STEMS = frozenset(map(stem, FEARS))
_I_WOULD = [["i", would] for would in ("would", "d")]
_THEIRS = ("theirs", "hers")
_THEY_OR_IT = (*_THEIRS, "it", "that", "they")
_ONE_AS_ANOTHER = {**dict.fromkeys(BE, "be"), **{word: word for word in _THEIRS}, "d": "would"}
"""Words that stand for another in phrases; the stems of "theirs" and "hers" are those of other words."""
_SORTS = {
    "away": (*AWAY_PHRASES, *ANOTHER_DAY),
    "another day": ANOTHER_DAY,
    "other person": OTHER_PERSON,
    "before but": AWAY_BEFORE_BUT,
    "restraint": RESTRAINTS,
    "of others": OF_OTHERS,
    "comfort": COMFORTS,
}
_PHRASES: dict[str, list[tuple[str, list[str]]]] = defaultdict(list)
"""The phrases of each sort by the first of their stems."""
for _sort, _phrases in _SORTS.items():
    for _phrase in _phrases:
        _bases = [_ONE_AS_ANOTHER.get(word) or stem(word) for word in _phrase]
        _PHRASES[_bases[0]].append((_sort, _bases))
