"""The draft: what its templates say, what they cannot, and the laws that every draft keeps to."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.evaluate.packs import records_of
from tests.inline import load_text

from misstep import Assessment, RuleBase
from misstep.errors import JOINERS, RuleError
from misstep.language.scale import QUOTED_LENGTH, QUOTED_WORDS

BASE = RuleBase.shipped()
LAWS = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

PACK = """
schema: 1
pack: drafts
extends: scale
roles:
  mistake: {{fields: {{times: {{type: integer, min: 1, default: 1}}, cause: {{type: "enum?", values: [out_side, own]}}}}}}
kinds:
  slip:
    role: mistake
    title: Slip
    concern: manners
    said: {naming}
    fields: {{bad: {{type: number, default: 4}}, seen: {{type: boolean, default: true}}, what: {{type: text, default: ""}}}}
  trip: {{role: mistake, title: Trip, concern: integrity}}
  asset:
    role: strength
    title: Asset
    fields: {{what: {{type: text}}, size: {{type: "number?"}}, tags: {{type: set, values: [a_b, c], default: []}}}}
  talk: {{role: setting, title: Talk, fields: {{host: {{type: "text?"}}, sure: {{type: "boolean?"}}}}}}
rules:
  slip: {{when: [slip], then: {{severity: slip.bad, noticed: "6 if slip.seen else -6"}}}}
  trip: {{when: [trip], then: {{severity: 5, noticed: 6}}}}
  act: {{when: [{{fact: finding, as: f}}], then: {{recommend: {{action: act, for: f}}}}}}
actions:
  act: {{title: Act, channel: message, part: first, says: {says}}}
scale:
  message: {{replace: true, channels: [message], max_words: {most}, parts: {parts}, opening: {opening}, closing: Bye}}
"""


def base(says: str, naming: str = '"slipping"', parts: str = "[first]", opening: str = "Hello", most: int = 100) -> RuleBase:
    return load_text(PACK.format(says=json.dumps(says), naming=naming, parts=parts, opening=opening, most=most))


def said(says: str, *facts: dict[str, Any], **more: Any) -> str | None:
    """What stands between opening and closing."""
    draft = base(says, **more).assess([*facts]).draft
    return None if draft is None else draft.removeprefix("Hello\n\n").removesuffix("\n\nBye")


SLIP: dict[str, Any] = {"kind": "slip", "id": "s"}


# -- what templates say


@pytest.mark.parametrize(
    ("says", "facts", "text"),
    [
        ("Plain words.", [SLIP], "Plain words."),
        ("{{ said }}", [SLIP], "slipping"),
        ("{{ said | capitalize }}", [SLIP], "Slipping"),
        ("{{ said }}", [{"kind": "trip"}], "[what happened]"),
        ("{{ said }}", [{"kind": "trip"}, SLIP], "slipping"),
        ("{{ said }}", [SLIP, {"kind": "slip"}], "slipping"),
        ("{{ mistake.times }} {{ mistake.kind }} {{ mistake.concern }}", [{**SLIP, "times": 3}], "3 slip manners"),
        ("{{ mistake.kind }}", [SLIP, {"kind": "trip"}], "trip"),
        ("{{ mistake.cause }}", [SLIP], "[cause]"),
        ("{{ mistake.cause }}", [{**SLIP, "cause": "out_side"}], "out side"),
        ("{{ mistake.cause | upper }}", [{**SLIP, "cause": "out_side"}], "OUT SIDE"),
        ("{{ mistake.cause or 'nothing' }}", [SLIP], "nothing"),
        ("{% if mistake.cause == 'out_side' %}a{% elif mistake.cause %}b{% else %}c{% endif %}", [SLIP], "c"),
        ("{% if mistake.cause == 'out_side' %}a{% else %}c{% endif %}", [{**SLIP, "cause": "out_side"}], "a"),
        ("{{ 'many' if mistake.times > 1 else 'one' }}", [SLIP], "one"),
        ("{{ slip.bad }} {{ slip.bad | round }} {{ slip.seen }}", [{**SLIP, "bad": 4.25, "seen": True}], "4.25 4 yes"),
        ("{{ slip.bad }} {{ slip.seen }} {{ mistake.times }}", [SLIP], "[bad] [seen] [times]"),
        ("{{ 'again' if plan.act else '' }}", [SLIP], "again"),
        ("{% if trip %}t{% endif %}{% if slip %}s{% endif %}", [SLIP], "s"),
        ("{{ slip.what }}", [SLIP], "[what]"),
        ("{{ trip.times }}", [SLIP], "[times]"),
        ("{{ asset.what }} {{ asset.size }}", [SLIP], "[what] [size]"),
        ("{{ asset.what }} {{ asset.tags }}", [SLIP, {"kind": "asset", "what": "X.", "tags": ["c", "a_b"]}], "X a b, c"),
        ("{% if 'c' in asset.tags %}c{% else %}none{% endif %}", [SLIP], "none"),
        ("{% if asset.size > 3 %}big{% else %}small{% endif %}", [SLIP], "small"),
        ("{% if 3 < asset.size %}big{% else %}small{% endif %}", [SLIP, {"kind": "asset", "what": "x", "size": 4}], "big"),
        ("{% if asset and not talk %}alone{% endif %}", [SLIP, {"kind": "asset", "what": "x"}], "alone"),
        ("{{ talk.host }} {{ talk.sure }}", [SLIP, {"kind": "talk", "host": "Ann"}], "Ann [sure]"),
        ("{{ outlook }}", [SLIP], "open"),
        ("{# a remark #}A\n  b.   {% if talk %}x{% endif %}  C?", [SLIP], "A b. C?"),
        ("{{ 'own' if mistake.cause in ['own', 'out_side'] else 'other' }}", [{**SLIP, "cause": "own"}], "own"),
    ],
)
def test_a_template_says(says: str, facts: list[dict[str, Any]], text: str) -> None:
    assert said(says, *facts) == text


def test_of_two_facts_the_one_that_says_most_is_spoken_of() -> None:
    full, bare = {"kind": "asset", "what": "z", "size": 1}, {"kind": "asset", "what": "a"}
    assert said("{{ asset.what }}", SLIP, bare, full) == said("{{ asset.what }}", SLIP, full, bare) == "z"
    assert said("{{ asset.what }}", SLIP, bare, {**bare, "what": "b"}) == "a"


def test_the_worst_two_mistakes_are_named() -> None:
    facts = [{"kind": "slip", "bad": bad, "what": f"w{bad}"} for bad in (2, 7, 5)]
    assert said("{{ said }}.", *facts, naming='"doing {{ what }}"') == "doing w7 and doing w5."


# -- what nobody noticed


def test_what_was_noticed_is_spoken_of_first_and_the_rest_only_by_itself() -> None:
    unseen = {**SLIP, "seen": False}
    assert said("Sorry for {{ said }}.", unseen) == "Sorry for slipping."  # the plan decides what is raised
    assert said("Thank you.", unseen) == "Thank you."
    assert said("{{ said }}", {**unseen, "what": "a"}, {"kind": "slip", "what": "b"}, naming='"{{ what }}"') == "b"


# -- parts


def test_a_part_has_words_of_its_own_where_no_action_has_any() -> None:
    parts = (
        '[{part: zero, says: "0 {{ outlook }}."}, {part: first, says: "1."}, {part: last, says: "{% if asset %}2.{% endif %}"}]'
    )
    assert said("Words.", SLIP, parts=parts) == "0 open.\n\nWords."
    assert said("{% if asset %}Words.{% endif %}", SLIP, parts=parts) == "0 open.\n\n1."
    assert said("Words.", SLIP, {"kind": "asset", "what": "x"}, parts=parts) == "0 open.\n\nWords.\n\n2."
    assert said("Words.", parts=parts) is None


def test_a_part_has_so_many_sentences_and_may_not_be_the_last() -> None:
    says = "One {{ slip.what }}. Two! Three? Four."
    told = {**SLIP, "what": "a. b. c"}
    assert said(says, told, parts="[{part: first, sentences: 2}]") == "One a. b. c. Two!"
    assert said(says, told, parts="[{part: first, last: false}]") is None
    parts = "[{part: first, sentences: 1, last: false}, {part: x, says: \"{{ asset.what if asset else '' }}\"}]"
    assert said(says, told, parts=parts) is None
    assert said(says, told, {"kind": "asset", "what": "x"}, parts=parts) == "One a. b. c.\n\nx"


@pytest.mark.parametrize(
    ("most", "text"),
    [
        (14, "A a. B b.\n\nC c. D d.\n\nE e e e."),
        (13, "A a. B b.\n\nC c.\n\nE e e e."),
        (12, "A a. B b.\n\nC c.\n\nE e e e."),
        (11, "A a.\n\nC c.\n\nE e e e."),
        (10, "A a.\n\nC c.\n\nE e e e."),
        (9, "A a.\n\nC c."),
        (8, "A a.\n\nC c."),
        (6, "A a.\n\nC c."),
    ],
)
def test_what_is_too_long_loses_whole_sentences(most: int, text: str) -> None:
    parts = '[{part: first, last: false}, {part: c, says: "C c. D d."}, {part: e, says: "E e e e."}]'
    assert said("A a. B b.", SLIP, parts=parts, most=most) == text


def test_the_last_sentences_left_never_end_on_what_may_not_be_last() -> None:
    parts = '[{part: first, last: false}, {part: c, says: "C {{ asset.what }}."}]'
    asset = {"kind": "asset", "what": " ".join("w" * QUOTED_WORDS)}
    assert said("A a a.", SLIP, asset, parts=parts, most=QUOTED_WORDS + 4) == f"C {asset['what']}."


def test_opening_and_closing_are_templates() -> None:
    opening = "\"Hello {{ talk.host or 'all' }},\\n{% if asset %}again{% endif %}\""
    assert base("x", opening=opening).assess([SLIP]).draft == "Hello all,\n\nx\n\nBye"
    talk = {"kind": "talk", "host": "Ann"}
    draft = base("x", opening=opening).assess([SLIP, talk, {"kind": "asset", "what": "x"}]).draft
    assert draft == "Hello Ann,\nagain\n\nx\n\nBye"


# -- text of facts is a value, whatever it holds

EVIL = [
    "{{ 70007 * 70007 }}",
    "{% for x in range(9) %}x{% endfor %}",
    "{{ ''.__class__.__mro__ }}",
    "{# gone #}",
    "{{ said }}{{ mistake.id }}",
    "a\nb\r\n\n\tc",
    "\x1b[31mred\x07\x00",
    "stop. Go on! And on? So. It. Ends.",
    "\x1e\x1f\u2028\u202e",
    "w " * 4000,
    "x" * 9000,
    ".",
    "  ",
    "[name]",
    "'\"\\",
]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ 7*7 }} {% x %} {# y #}", "{{ 7*7 }} {% x %} {# y #}"),
        ("{{ ''.__class__ }}", "{{ ''.__class__ }}"),
        ("a\nb\x1b[31m\x00", r"a\nb\x1b[31m\x00"),
        ("  ended.  ", "ended"),
        ("...", "[what]"),
        ("w " * 4000, "w " * (QUOTED_WORDS - 1) + "w…"),
        ("x" * 9000, "x" * QUOTED_LENGTH + "…"),
        ("y " + "x" * 9000, "y…"),
        ("word " * 10 + "x" * 9000, "word " * 9 + "word…"),
    ],
)
def test_a_text_of_a_fact_is_quoted(text: str, shown: str) -> None:
    assert said("{{ slip.what }}", {**SLIP, "what": text}) == shown
    assert said("{{ said }}", {**SLIP, "what": text}, naming='"{{ what }}"') == shown


def texts(characters: st.SearchStrategy[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Records of the shipped kinds, their texts drawn from others than usual."""
    return st.tuples(records_of(BASE.kinds, 1, 7), st.lists(characters, min_size=1, max_size=8)).map(_with_texts)


def _with_texts(drawn: tuple[list[dict[str, Any]], list[str]]) -> list[dict[str, Any]]:
    record, words = copy.deepcopy(drawn[0]), drawn[1]
    fields = [(fact, f) for fact in record for f in BASE.kinds[fact["kind"]].fields if f.type == "text"]
    for i, (fact, field) in enumerate(fields):
        if field.name not in ("about", "against"):
            fact[field.name] = words[i % len(words)]
    return record


@LAWS
@given(record=texts(st.sampled_from(EVIL) | st.text(max_size=60)))
def test_a_draft_is_short_and_shows_what_facts_say_as_it_is(record: list[dict[str, Any]]) -> None:
    draft = BASE.assess(record).draft
    if draft is not None:
        assert len(draft.split()) <= BASE.program.scale.message_max_words
        assert "4900980049" not in draft
        assert re.sub(f"[\n{JOINERS}]", "", draft).isprintable()
        assert "\n\n\n" not in draft


def apology_of(draft: str) -> tuple[list[str], list[str]]:
    """The paragraphs between opening and closing that apologise, and all of them."""
    _, *paragraphs, _ = draft.split("\n\n")
    return [p for p in paragraphs if re.search(r"\b(sorry|apolog|forgive|regret)", p.lower())], paragraphs


@LAWS
@given(record=texts(st.text("abcdef xyz", max_size=300)))
@example(record=[{"kind": "late_arrival", "minutes": 40, "reaction": "annoyed"}])
@example(record=[{"kind": "no_show"}, {"kind": "rude_to_staff", "reaction": "offended"}])
@example(record=[{"kind": "dishonesty", "discovered": True}])
@example(record=[{"kind": "inconsistent_answers"}, {"kind": "wrong_technical_answer", "promised": True}])
@example(record=[{"kind": "inconsistent_answers"}, {"kind": "wrong_document"}])
@example(record=[{"kind": "argued_with_interviewer"}, {"kind": "late_arrival", "minutes": 1, "still_on_the_way": True}])
def test_an_apology_is_first_and_short_and_never_the_last_word(record: list[dict[str, Any]]) -> None:
    result = BASE.assess(record)
    draft = next((step.message.body for step in result.steps if step.message and step.message.subject), None)
    if draft is not None:  # a letter: what is said aloud has neither opening nor closing
        apologies, paragraphs = apology_of(draft)
        assert len(apologies) <= 1
        news = any(BASE.actions[action.action].part == "news" for action in result.actions)
        for apology in apologies:
            if apology.startswith("I am sorry"):
                assert apology == paragraphs[1 if news else 0]  # only what they wait to hear comes before it
                assert len(re.findall(r"[.!?](?= |$)", apology)) <= 2
            else:  # an untruth that is put right ends on one sentence of regret
                assert re.search(r"[.\]] I am sorry (that I did not say it as it was|for the confusion)\.$", apology)
            assert len(paragraphs) > 1
        assert "forgive" not in draft.lower()


def test_an_apology_is_met_by_the_law() -> None:
    draft = BASE.assess([{"kind": "late_arrival", "minutes": 40, "reaction": "annoyed"}]).draft
    assert draft is not None
    assert apology_of(draft)[0] != []


NAMINGS = {name: kind.said for name, kind in BASE.kinds.items() if kind.said and "{" not in kind.said}


@LAWS
@given(record=texts(st.text("abcdef xyz", max_size=20)))
def test_nothing_is_said_of_what_nobody_noticed(record: list[dict[str, Any]]) -> None:
    result = BASE.assess(record)
    noticed = {NAMINGS.get(f.kind) for f in result.findings if f.noticed_level != "unnoticed"}
    for finding in result.findings:
        naming = NAMINGS.get(finding.kind)
        if naming is not None and naming not in noticed:
            assert naming not in (result.draft or "")


@LAWS
@given(record=texts(st.text("abcdef xyz", max_size=20)))
def test_an_apology_is_for_what_its_action_is_for(record: list[dict[str, Any]]) -> None:
    result = BASE.assess(record)
    _, *paragraphs = (result.draft or "").split("\n\n")
    apologies = [a for a in result.actions if BASE.actions[a.action].group == "apology"]
    apologised = {t for a in apologies for t in a.targets or [f.fact for f in result.findings]}
    meant = {NAMINGS.get(f.kind) for f in result.findings if f.fact in apologised}
    for finding in result.findings:
        naming = NAMINGS.get(finding.kind)
        if naming is not None and naming not in meant:
            assert not any(f"sorry for {naming}" in p for p in paragraphs)


FULL: list[dict[str, Any]] = [
    {"kind": "interview", "hours_since": 3, "interviewer": "Ms Okafor"},
    {
        "kind": "late_arrival",
        "minutes": 25,
        "notified": False,
        "reaction": "annoyed",
        "cause": "outside",
        "reason": "the motorway was closed after an accident",
    },
    {"kind": "strong_fit", "need": "somebody who keeps a warehouse running at Christmas"},
    {"kind": "qualification", "what": "I ran three Christmas seasons at a parcel hub", "result": "without one missed truck"},
]
TO_SEND = """\
Hello Ms Okafor,

I am sorry for arriving late, and for the trouble it gave you.

What happened: the motorway was closed after an accident.

You need somebody who keeps a warehouse running at Christmas. What I bring, in a line: I ran three Christmas seasons at a \
parcel hub, without one missed truck.

Thank you for your time; I would be glad to take the next step whenever it suits you.

Kind regards
[your name]"""


def test_where_the_record_says_it_all_the_message_can_be_sent() -> None:
    assert BASE.assess(FULL).draft == TO_SEND
    heard = [*FULL[:2], {"kind": "strong_answer", "topic": "the night shift", "result": "no more sick notes"}]
    assert "What I told you about the night shift shows best how I work: no more sick notes." in (BASE.assess(heard).draft or "")


# -- a template that loads cannot fail

PIECES = st.sampled_from(
    [
        "{{ ", " }}", "{% if ", " %}", "{% endif %}", "{% else %}", "{% elif ", "said", "mistake.times", "mistake.cause",
        "asset.size", "asset.tags", "talk.host", "outlook", "slip.bad", "slip", " and ", " or ", " not ", " in ", " == ", " < ",
        "'own'", "'c'", "3", " | upper", " | round", " if ", " else ", "(", ")", "['own']", ". ", "words ", "\n", "{#", "#}",
        "{%- ", " -%}", "1.5", "true",
    ]
)  # fmt: skip
WHOLE = st.sampled_from(
    [
        "{{ asset.size | round }}", "{{ asset.size or mistake.times }}", "{{ (talk.host or said) | upper }}", "{{ not asset }}",
        "{% if asset.size < 3 and asset.size > 1 %}a{% elif 'c' in asset.tags %}b{% endif %}", "{{ slip.bad == asset.size }}",
        "{% if mistake.cause in ['own'] or outlook == 'open' %}c. {% endif %}", "{{ 2 if talk.sure else asset.tags }}",
        "{{ mistake.kind | capitalize | lower }}", "{{ asset.what if asset else 'x' }}", "{{ trip.times >= 2 }}",
    ]
)  # fmt: skip
RECORDS: list[list[dict[str, Any]]] = [
    [SLIP],
    [{**SLIP, "seen": False, "cause": "own", "what": "{{ 7 }}. x"}],
    [SLIP, {"kind": "trip", "times": 4}, {"kind": "asset", "what": "w " * 99, "size": 0, "tags": ["c"]}],
    [{"kind": "trip"}, {"kind": "talk", "host": "x\n" * 50, "sure": False}, {"kind": "asset", "what": "", "size": 2.5}],
]


@settings(max_examples=200, deadline=None)
@given(
    says=st.one_of(
        st.lists(PIECES, max_size=14).map("".join),
        st.lists(WHOLE | PIECES.filter(str.isalpha), max_size=4).map(" ".join),
        st.text("{}%# |()'.sadi \n", max_size=20),
    )
)
def test_any_template_is_refused_or_says_something_of_every_record(says: str) -> None:
    try:
        rulebase = base(says, most=90)
    except RuleError:
        return
    for record in RECORDS:
        assert len((rulebase.assess(record).draft or "").split()) <= 90


@pytest.mark.parametrize(
    "says", ["{{ " + "(" * 1500 + ")" * 1500 + " }}", "{% if said %}" * 200, "{{ " + "not " * 900 + "said }}"]
)
def test_a_template_that_is_nested_without_end_is_refused(says: str) -> None:
    with pytest.raises(RuleError):
        base(says)


# -- whoever only wants the scores does without the template engine


def test_the_template_engine_is_imported_only_where_something_is_said() -> None:
    code = (
        "import sys; from misstep import assess; a = assess([{'kind': 'late_arrival'}], 'python'); a.damage; "
        "a.verdict; print('jinja2' in sys.modules); a.headline; print('jinja2' in sys.modules)"
    )
    BASE.assess([])  # the rules are in the cache by now
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_all_that_comes_late_is_in_its_place() -> None:
    record = [{"kind": "late_arrival"}]
    late = BASE.assess(record)
    assert late.findings
    assert list(late.to_dict()) == [field.name for field in fields(Assessment)]
    assert late.to_json() == BASE.assess(record).to_json()
