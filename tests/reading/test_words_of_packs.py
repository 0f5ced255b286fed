"""Packs declare words; those of a user are found, and faults are told with their place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import pytest
import yaml
from tests.reading.conftest import OWN, OWN_WORDS

from misstep import RuleBase, RuleError
from misstep.language.facts import GIVEN_ROLES
from misstep.limits import Limits
from misstep.rulebase.link_words import link_words, shipped_word_sources

Load = Callable[[Mapping[str, str]], RuleBase]
TEXT = "The red lanyard was gone and I could not find my badge two hours later."


def test_a_kind_of_ones_own_is_found_by_its_words(load: Load) -> None:
    found = load({"own.yaml": OWN, "words/own.yaml": OWN_WORDS}).suggest(TEXT)[0]
    assert (found.kind, found.role) == ("lost_badge", "mistake")
    assert found.fields == {"colour": "red", "hours": 2.0}
    assert found.fact == {"kind": "lost_badge", "colour": "red", "hours": 2.0}
    assert "badge" in [TEXT[start:end] for start, end in found.spans]


@pytest.mark.usefixtures("few_words")
def test_words_may_stand_in_the_pack_itself(load: Load) -> None:
    words = OWN_WORDS[OWN_WORDS.index("words:") :]
    assert load({"own.yaml": OWN + words}).suggest(TEXT)[0].kind == "lost_badge"


@pytest.mark.usefixtures("few_words")
def test_a_kind_without_words_is_found_by_its_title(load: Load) -> None:
    assert load({"own.yaml": OWN}).suggest("lost badge")[0].kind == "lost_badge"


@pytest.mark.usefixtures("few_words")
def test_words_add_to_those_of_the_shipped_packs_unless_they_replace_them(load: Load) -> None:
    more = "schema: 1\npack: more\nextends: misstep\nwords: {{late_arrival: {{{}says: [came at dusk]}}}}\n"
    for replaces, says in (("", ("came at cockcrow", "came at dusk")), ("replace: true, ", ("came at dusk",))):
        rulebase = load({"more.yaml": more.format(replaces)})
        assert rulebase.words.kinds["late_arrival"].says == says
        for word in says:
            assert rulebase.suggest(f"I {word}.")[0].kind == "late_arrival"


@pytest.mark.usefixtures("few_words")
def test_what_speaks_against_a_field_takes_its_numbers_too(load: Load) -> None:
    more = "schema: 1\npack: more\nextends: misstep\nwords: {late_arrival: {fields: {minutes: {AGAINST}}}}\n"
    for against, text, read in (
        ("near: [late by]", "I arrived late by ten minutes of apologies.", 10),
        ("near: [late by], against: [minutes of apologies]", "I arrived late by ten minutes.", 10),
        ("near: [late by], against: [minutes of apologies]", "I arrived late by ten minutes of apologies.", None),
    ):
        found = load({"more.yaml": more.replace("AGAINST", against)}).suggest(text)[0]
        assert (found.kind, found.fields.get("minutes")) == ("late_arrival", read)


@pytest.mark.usefixtures("few_words")
def test_words_take_no_part_in_answers(load: Load) -> None:
    assert load({"own.yaml": OWN}).digest == load({"own.yaml": OWN, "words/own.yaml": OWN_WORDS}).digest


@pytest.mark.usefixtures("few_words")
def test_files_of_words_are_parsed_only_when_they_are_asked_for(load: Load) -> None:
    rulebase = load({"own.yaml": OWN, "words/own.yaml": "schema: 1\npack: [\n"})
    assert rulebase.assess([{"kind": "lost_badge"}]).findings
    with pytest.raises(RuleError, match=r"words/own\.yaml:\d+:\d+: not valid YAML"):
        rulebase.suggest("I was late.")


FAULTS = {
    "  lost_bage: {says: [a]}": r"there is no kind or role 'lost_bage'; did you mean 'lost_badge'\?",
    "  afterwards: {says: [a]}": "'afterwards' is concluded by rules, so nobody tells of it",
    "  mistake: {says: [a]}": "a role has words for its fields alone",
    "  lost_badge: {say: [a]}": r"unknown key 'say'; did you mean 'says'\?",
    "  lost_badge: {says: [12]}": "an item of `says` must be text; put it in quotes",
    "  lost_badge: {says: ['<bage>']}": r"there is no term 'bage'; did you mean 'badge'\?",
    "  lost_badge: {says: ['a| b']}": r"a choice is empty: `a\|b` has words on both sides of the bar",
    "  lost_badge: {says: ['a|b|c|d|e|f|g|h a|b|c|d|e|f|g|h a|b|c|d']}": "stands for 256 wordings; at most 200 are taken",
    "  lost_badge: {instead_of: [late_arival]}": r"there is no kind 'late_arival'; did you mean 'late_arrival'\?",
    "  lost_badge: {fields: {color: {says: {red: [a]}}}}": r"lost_badge has no field 'color'; did you mean 'colour'\?",
    "  lost_badge: {fields: {colour: {says: {rde: [a]}}}}": r"'rde' is no value of the field: .*; did you mean 'red'\?",
    "  lost_badge: {fields: {colour: {near: [a]}}}": "`near` and `counts` are for numbers",
    "  lost_badge: {fields: {hours: {says: {-1: [a]}}}}": "'-1' is no value of the field: it must be a number of at least 0",
}


@pytest.mark.usefixtures("few_words")
@pytest.mark.parametrize("words", list(FAULTS))
def test_a_fault_is_told_with_its_place(load: Load, words: str) -> None:
    text = f"schema: 1\npack: own-words\nterms: {{badge: [badge]}}\nwords:\n{words}\n"
    with pytest.raises(RuleError) as error:
        load({"own.yaml": OWN, "words/own.yaml": text}).suggest("")
    assert re.search(r"words/own\.yaml:5:\d+: " + FAULTS[words], str(error.value)), str(error.value)


@pytest.mark.usefixtures("few_words")
def test_a_file_of_words_holds_nothing_else(load: Load) -> None:
    with pytest.raises(RuleError, match="holds `words` and `terms` alone; move `kinds` to a pack outside of it"):
        load({"own.yaml": OWN, "words/more.yaml": OWN.replace("pack: own", "pack: more")}).suggest("")


def test_all_shipped_kinds_that_can_be_told_have_words() -> None:
    program = RuleBase.shipped().program
    words = link_words(program, shipped_word_sources(), Limits())
    told = {name for name, kind in program.kinds.items() if kind.role in GIVEN_ROLES}
    assert told == set(words.kinds) - set(program.roles)
    assert [name for name in told if not words.kinds[name].says and not words.kinds[name].fields] == []


def test_no_sentence_of_an_unseen_story_or_a_denial_stands_in_the_packs() -> None:
    from benchmarks.words import read_sets

    words = link_words(RuleBase.shipped().program, shipped_word_sources(), Limits())
    sets = read_sets()
    names = ("denials", "unseen denials", "unseen stories", "unseen besides")
    tested = [told.text for name in names for told in sets[name]]
    assert not _sentences(tested) & _sentences([example for kind in words.kinds.values() for example in kind.examples])


def _sentences(texts: Iterable[str]) -> set[str]:
    """Their sentences, but for short ones, which anybody may say."""
    found = {sentence.strip() for text in texts for sentence in re.split(r"(?<=[.!?]) ", text)}
    return {sentence for sentence in found if len(sentence.split()) > 4}


def test_examples_from_stories_can_be_left_out_where_these_are_measured() -> None:
    from benchmarks.words import EXAMPLES, read_sets

    sets = read_sets()
    known = "\n".join(told.text for name in ("stories", "besides") for told in sets[name])
    words = yaml.safe_load(EXAMPLES.read_text("utf-8"))["words"]
    assert [text for kind in words.values() for text in kind["examples"] if text not in known] == []
