"""Kinds are found by the words that people use."""

from __future__ import annotations

import pytest
from tests.inline import load_text

from misstep import RuleBase
from misstep.language.facts import GIVEN_ROLES, Kind
from misstep.service.page.catalogue import MOST_FOUND, Catalogue

BASE = RuleBase.shipped()
CATALOGUE = Catalogue(BASE)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("I was late", "late_arrival"),
        ("arrived ten minutes LATE!!", "late_arrival"),
        ("called him by the wrong name", "wrong_name"),
        ("forgot her name", "wrong_name"),
        ("stupid joke nobody laughed", "bad_joke"),
        ("they did not laugh at my joke", "bad_joke"),
        ("my phone rang", "phone_rang"),
        ("cried", "crying"),
        ("I lied about my degree", "dishonesty"),
        ("spilled coffee", "spill"),
        ("went blank", "blanked_on_question"),
        ("talked about my salary", "salary_misstep"),
        ("didn't ask any questions", "no_questions_asked"),
        ("badmouthed my boss", "badmouthing_employer"),
        ("typos in my application", "typo_in_application"),
        ("drunk", "intoxication"),
        ("they were cold at the end", "cold_close"),
        ("warm goodbye", "warm_close"),
        ("second interview invited", "next_step_offered"),
        ("recommended by a friend", "referral"),
        ("swore", "swearing"),
        ("wrong clothes", "inappropriate_dress"),
        ("weak handshake", "poor_handshake"),
        ("rude to the receptionist", "rude_to_staff"),
        ("camera was off", "camera_off"),
        ("my fone rang", "phone_rang"),
        ("wrng name", "wrong_name"),
        ("hanshake", "poor_handshake"),
    ],
)
def test_plain_words_find_the_kind(words: str, kind: str) -> None:
    assert kind in [found.name for found in CATALOGUE.search(words)][:3]


@pytest.mark.parametrize("kind", [kind for kind in BASE.kinds.values() if kind.role != "derived"], ids=lambda kind: kind.name)
def test_every_kind_is_found_by_its_title_and_its_name(kind: Kind) -> None:
    assert kind.name in [found.name for found in CATALOGUE.search(kind.title)]
    assert kind.name in [found.name for found in CATALOGUE.search(kind.name)]


@pytest.mark.parametrize("words", ["", "   ", "I was the", "qqqq", "?!", "\u0000", "x" * 10_000])
def test_words_that_say_nothing_find_nothing(words: str) -> None:
    assert CATALOGUE.search(words) == []


def test_what_is_concluded_cannot_be_said_and_not_too_much_is_found() -> None:
    assert all(kind.role != "derived" for kind in CATALOGUE.search("comes across as careless many slips"))
    assert (
        len(CATALOGUE.search("I was late, swore, cried, lied, flirted, spilled coffee, yawned, and my phone rang")) == MOST_FOUND
    )


def test_topics_hold_every_kind_once() -> None:
    for role in GIVEN_ROLES:
        kinds = [kind.name for topic in CATALOGUE.topics(role) for kind in topic.kinds]
        assert sorted(kinds) == sorted(kind.name for kind in BASE.kinds.values() if kind.role == role)
    assert CATALOGUE.topics("derived") == []


def test_the_words_of_rules_find_what_they_are_about() -> None:
    rulebase = load_text(
        "schema: 1\npack: p\nkinds: {slip: {role: mistake, title: Slip, concern: manners}}\n"
        "rules: {r: {when: [slip], then: {severity: 1}, because: a banana skin}}\n"
    )
    assert [kind.name for kind in Catalogue(rulebase).search("bananas")] == ["slip"]
