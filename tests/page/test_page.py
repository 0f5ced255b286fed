"""The page without a browser: what it shows is what ``assess`` says, what it posts is what was said, and nothing breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.evaluate.packs import packs, records_of
from tests.inline import load_text
from tests.page.reading import Form, read

from misstep import Limits, RuleBase
from misstep.analysis.certainty_words import certainty_sentences
from misstep.service.page import FILES, SECURITY_HEADERS, Page, Reply, read_file

BASE = RuleBase.shipped()
PAGE = Page(BASE)
SEED = json.loads((Path(__file__).parents[2] / "fixtures" / "interviews" / "seed.json").read_bytes())
FIXTURES = Path(__file__).parents[2] / "fixtures" / "interviews"
_NAMES_OF_RULES = (*(name for name in BASE.actions if "_" in name), *BASE.program.scale.verdicts[-2:], "nothing_to_send")
UNHURRIED = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def opened(record: Any, page: Page = PAGE) -> Form:
    reply = page.record(json.dumps(record).encode())
    assert reply.status == 200, read(reply.body).text
    return read(reply.body)


def kept(form: Form, page: Page = PAGE) -> Any:
    """The record that the page makes of what it posts."""
    reply = page.record_json(form.post())
    assert reply.type == "application/json", read(reply.body).text
    return json.loads(reply.body)


def named(record: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With ids, and without empty texts: on the page, where nothing is typed nothing is said; nor are boxes that were ticked
    before."""
    return [
        {"id": f"f{i}", **{k: "." if v == "" else v for k, v in fact.items() if not (k == "channels" and v == ["email"])}}
        for i, fact in enumerate(record)
    ]


# A link of before the plan had occasions: the seed story, as the page of 0.1.0 held it.
OLD_LINK = (
    '{"id":"seed","facts":[{"kind":"interview","id":"interview-1","stage":"first","format":"onsite","hours_since":3},'
    '{"id":"late","kind":"late_arrival","minutes":12,"notified":false,"reaction":"annoyed"},'
    '{"id":"name","kind":"wrong_name","times":2,"handled":"corrected"},{"id":"joke","kind":"bad_joke","topic":"self"},'
    '{"id":"said","kind":"they_brought_it_up","about":"late"},'
    '{"id":"lie","kind":"dishonesty","about":"degree","checkable":true}]}'
)


@UNHURRIED
@given(record=records_of(BASE.kinds, 0, 6))
def test_what_is_posted_is_what_was_said(record: list[dict[str, Any]]) -> None:
    """From a record to the page, from the form on it back to a record: another answer never comes of it."""
    record = named(record)
    form = opened(record)
    there, back = BASE.assess(record), BASE.assess(kept(form))
    assert (there.damage, there.damage_after, there.draft) == (back.damage, back.damage_after, back.draft)
    assert there.findings == back.findings
    assert there.actions == back.actions
    assert kept(opened(kept(form))) == kept(form)


@settings(UNHURRIED, max_examples=25)
@given(pack=packs(), data=st.data())
def test_any_rules_have_a_page(pack: str, data: st.DataObject) -> None:
    rulebase = load_text(pack)
    page = Page(rulebase)
    assert page.empty().status == 200
    record = named(data.draw(records_of(rulebase.kinds, 0, 5)))
    again = kept(opened(record, page), page)
    assert rulebase.assess(again).findings == rulebase.assess(record).findings


@UNHURRIED
@given(body=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_no_bytes_break_it(body: bytes) -> None:
    for reply in (PAGE.form(body), PAGE.record(body), PAGE.assessment_json(body), PAGE.record_json(body)):
        assert reply.status in (200, 422)


_WORDS = st.sampled_from(["kind", "id", "facts", "late_arrival", "interview", "minutes", "reaction", "channels", "what", "about"])
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _WORDS, st.text(alphabet=st.characters(codec=None))),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_WORDS, inner, max_size=5)),
    max_leaves=12,
)
_FACTS = st.lists(
    st.fixed_dictionaries({"kind": _WORDS, "id": _JSON, "minutes": _JSON, "reason": _JSON, "channels": _JSON}), max_size=3
)


@UNHURRIED
@given(record=st.one_of(_JSON, _FACTS, st.fixed_dictionaries({"facts": _FACTS, "id": _JSON})))
def test_no_record_breaks_it(record: Any) -> None:
    reply = PAGE.record(json.dumps(record).encode())
    assert reply.status in (200, 422)
    again = PAGE.form(read(reply.body).post())
    assert again.status in (200, 422)


_NAMES = st.sampled_from(["kind", "id", "minutes", "notified", "reaction", "about", "channels", "what", "nothing"])
_VALUES = st.one_of(
    st.sampled_from(["late_arrival", "interview", "they_brought_it_up", "yes", "no", "12", "", "late"]), st.text()
)


@UNHURRIED
@given(
    pairs=st.lists(
        st.one_of(
            st.tuples(st.builds("facts.{}.{}".format, st.integers(0, 3), _NAMES), _VALUES),
            st.tuples(st.sampled_from(["q", "add", "remove", "id", "see", "live", "added"]), _VALUES),
        ),
        max_size=20,
    )
)
def test_no_form_breaks_it(pairs: list[tuple[str, str]]) -> None:
    body = urlencode(pairs, errors="replace").encode()
    for reply in (PAGE.form(body), PAGE.assessment_json(body)):
        assert reply.status in (200, 422)
        if reply.status == 200 and reply.type == "application/json":
            assert "damage" in json.loads(reply.body)


def test_the_answer_on_the_page_is_that_of_assess() -> None:
    text = " ".join(opened(SEED).text.split())
    answer = BASE.assess(SEED)
    for shown in (
        answer.headline, "How bad it was: serious. What it calls for: act now. Outlook: narrow.",
        "72 of 100 now", "58 of 100 once",
        *(finding.word for finding in answer.findings), *(step.title for step in answer.steps),
        *(action.text for action in answer.actions), *(source.title for source in answer.sources),
        "12 minutes late", "severity +3.78, noticed +4, urgency +1.5", "Arrived late: how late : 9 minutes instead of 12 minutes",
    ):  # fmt: skip
        assert shown.replace(" : ", ": ") in text.replace(" : ", ": "), shown


def test_old_links_still_open() -> None:
    form = opened(json.loads(OLD_LINK))
    answer = BASE.assess(json.loads(OLD_LINK))
    assert answer.headline in form.text
    by_id = {fact["id"]: fact for fact in kept(form)["facts"]}
    assert by_id == {fact["id"]: fact for fact in json.loads(OLD_LINK)["facts"]}


@pytest.mark.parametrize("file", sorted(FIXTURES.glob("*.json")), ids=lambda file: file.stem)
def test_every_story_of_before_opens(file: Path) -> None:
    record = json.loads(file.read_bytes())
    answer = BASE.assess(record)
    form = opened(record)
    text = " ".join(form.text.split())
    assert not answer.findings or " ".join(answer.headline.split()) in text
    for name in _NAMES_OF_RULES:
        assert name not in text, name


def test_what_is_typed_is_said_even_where_it_would_be_assumed() -> None:
    """Ten minutes are assumed where nothing is said; whoever types them has said them, and the answer rests on it."""
    form = read(PAGE.form(b"facts.0.kind=late_arrival&facts.0.minutes=10&facts.0.audience=interviewer").body)
    fact = next(fact for fact in kept(form)["facts"] if fact["kind"] == "late_arrival")
    assert (fact["minutes"], fact["audience"]) == (10, "interviewer")
    form = read(PAGE.form(b"facts.0.kind=late_arrival&facts.0.minutes=&facts.0.audience=").body)
    assert kept(form)["facts"] == [{"kind": "late_arrival", "id": "late_arrival-1"}]
    assert not {"10", "interviewer"} & {value for name, value in form.pairs if name.startswith("facts.0.")}


def test_values_are_shown_as_sentences() -> None:
    text = " ".join(opened(SEED).text.split())
    assert "They looked annoyed" in text
    assert "Nobody had told them before the start" in text
    assert "Not known" not in text


def test_what_would_have_been_milder_is_about_the_slips_alone() -> None:
    text = " ".join(opened(SEED).text.split())
    weighed = text.partition("What weighed most")[2].partition("What it rests on")[0]
    assert "Arrived late: how late" in weighed
    for absurd in ("nobody was there", "only a feeling", "had it not happened"):
        assert absurd not in weighed.lower(), absurd
    assert "had it not happened" not in text


def test_what_nobody_planned_is_not_forbidden() -> None:
    """What to leave alone: a few lines, and none about an action that no rule had in mind."""
    avoided = {avoided.title for avoided in BASE.assess(SEED).avoid}
    assert "A small joke about it" in avoided
    text = opened(SEED).text
    assert "Dwelling on it" in text
    assert "A small joke about it" not in text


def test_nothing_that_went_wrong_has_no_answer_yet() -> None:
    form = read(PAGE.empty().body)
    assert "Most slips weigh less than they feel" in form.text
    assert kept(form) == {"facts": []}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'[{"kind": "nonsense"}]', "/facts/0/kind: there is no such kind"),
        (b'[{"kind": "late_arrival", "minuts": 12}]', "there is no such field in late_arrival; did you mean 'minutes'?"),
        (b'[{"kind": "late_arrival", "minutes": 0}]', "Must be a whole number from 1 to 1440 (minutes)."),
        (b'[{"id": "a", "kind": "spill"}, {"id": "a", "kind": "spill"}]', "another fact has the same id; ids must differ"),
        (b'[{"kind": "interview"}, {"kind": "interview"}]', "'interview' is given more than once"),
        (b'{"facts": 3}', "/facts: must be a list of facts"),
        (b"3", "This link does not hold a case that can be read."),
        (json.dumps([{"kind": "spill"}] * 101).encode(), "This page takes at most 100 facts."),
        (b"[" * 100_000, "This link does not hold a case that can be read."),
        (b" " * 1_000_001, "This link does not hold a case that can be read."),
    ],
)
def test_a_link_that_is_wrong_says_what_is_wrong(body: bytes, said: str) -> None:
    reply = PAGE.record(body)
    assert reply.status == 422
    assert said in read(reply.body).text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"\xff", "This is not a form that this page posts."),
        (b"a=%FF", "This is not a form that this page posts."),
        (b"&".join(b"a=1" for _ in range(100_001)), "This is not a form that this page posts."),
        (b"q=" + b"x" * 1_000_000, "This is not a form that this page posts."),
        (urlencode([(f"facts.{i}.kind", "spill") for i in range(102)]).encode(), "This page takes at most 100 facts."),
    ],
)
def test_what_is_no_form_of_the_page_says_so(body: bytes, said: str) -> None:
    for reply in (PAGE.form(body), PAGE.record_json(body)):
        assert reply.status == 422
        assert said in read(reply.body).text


def typed(kind: str, **fields: str) -> list[tuple[str, str]]:
    return [("facts.0.kind", kind), *((f"facts.0.{name}", value) for name, value in fields.items())]


@pytest.mark.parametrize(
    ("kind", "field", "text", "value"),
    [
        ("late_arrival", "minutes", " 12 ", 12),
        ("late_arrival", "minutes", "+12", 12),
        ("late_arrival", "notified", "no", False),
        ("cut_short", "minutes_early", "7", 7),
        ("missed_deadline", "hours_late", "1.5", 1.5),
        ("missed_deadline", "hours_late", "1,5", 1.5),
        ("missed_deadline", "hours_late", "2", 2),
        ("qualification", "what", "  moved forty shops ", "  moved forty shops "),
    ],
)
def test_what_is_typed_is_meant_so(kind: str, field: str, text: str, value: Any) -> None:
    record = json.loads(PAGE.record_json(urlencode(typed(kind, **{field: text})).encode()).body)
    assert record["facts"][0][field] == value


@pytest.mark.parametrize(
    ("kind", "field", "text"),
    [
        ("late_arrival", "minutes", "12.0"), ("late_arrival", "minutes", "1e1"), ("late_arrival", "minutes", "0x1"),
        ("late_arrival", "minutes", "\u0661\u0662"), ("late_arrival", "minutes", "9" * 400),
        ("late_arrival", "notified", "perhaps"), ("late_arrival", "reaction", "furious"),
        ("missed_deadline", "hours_late", "nan"), ("missed_deadline", "hours_late", "-1"),
        ("interview", "channels", "pigeon"), ("qualification", "what", ""), ("late_arrival", "reason", "x" * 10_001),
    ],
)  # fmt: skip
def test_what_means_nothing_is_told_at_its_field_and_stays(kind: str, field: str, text: str) -> None:
    body = urlencode(typed(kind, **{field: text})).encode()
    reply = PAGE.form(body)
    assert reply.status == 422
    form = read(reply.body)
    assert ("p", "id", f"facts.0.{field}.error") in form.attributes
    wrong = form.text.partition("Something needs a look")[2]
    assert wrong.strip()
    if kind != "interview":
        assert text in dict(form.pairs).get(f"facts.0.{field}", text)
    assert PAGE.assessment_json(body).status == 422


def test_half_a_character_is_refused_and_shown_as_what_it_is() -> None:
    reply = PAGE.record(b'[{"kind": "late_arrival", "reason": "\\ud800"}]')
    assert reply.status == 422
    assert "Has half of a surrogate pair, which is no character" in read(reply.body).text


def test_a_kind_that_the_rules_know_no_more_is_told_and_the_rest_stays() -> None:
    reply = PAGE.form(b"facts.0.kind=gone&facts.0.size=7&facts.1.kind=spill")
    assert reply.status == 422
    form = read(reply.body)
    assert "These rules know no 'gone' (any more): it is left out." in form.text
    assert kept(form)["facts"] == [{"kind": "spill", "id": "spill-1"}]


def test_a_setting_is_there_once() -> None:
    form = read(PAGE.form(read(PAGE.empty().body).post(add="thank_you_sent")).body)
    twice = read(PAGE.form(form.post(add="thank_you_sent")).body)
    assert [value for name, value in twice.pairs if name.endswith(".kind")].count("thank_you_sent") == 1


def test_facts_are_added_and_removed_by_buttons() -> None:
    form = read(PAGE.empty().body)
    for _ in range(2):
        form = read(PAGE.form(form.post(add="spill")).body)
    assert {fact["id"] for fact in kept(form)["facts"]} == {"spill-1", "spill-2"}
    assert "Spilled something (2)" in form.text
    places = [name.split(".")[1] for name, value in form.pairs if value == "spill-1"]
    form = read(PAGE.form(form.post(remove=places[0])).body)
    assert [fact["id"] for fact in kept(form)["facts"]] == ["spill-2"]
    for nonsense in ("7", "-1", "x", "9" * 50):
        assert kept(read(PAGE.form(form.post(remove=nonsense)).body)) == kept(form)


def test_what_names_another_fact_is_chosen_from_those_on_the_page() -> None:
    form = opened(SEED)
    assert ("option", "value", "late") in form.attributes
    assert "about" in next(fact for fact in kept(form)["facts"] if fact["kind"] == "they_brought_it_up")
    elsewhere = [{"kind": "they_brought_it_up", "about": "of another time"}, {"kind": "spill"}]
    assert kept(opened(elsewhere))["facts"][0]["about"] == "of another time"


# -- what others write is text

EVIL = """<script>alert(1)</script>"'>&{{7*7}}"""
EVIL_PACK = """\
schema: 1
pack: evil
title: '<script>topic</script>'
kinds:
  slip:
    role: mistake
    title: '{text}'
    help: '{text}'
    concern: manners
    fields:
      word: {type: enum, values: [one, two], default: one, help: '{text}'}
rules:
  slip: {when: [slip], then: {severity: 9, noticed: 9}, because: '{text}', sources: [bad]}
  do: {when: [{fact: finding, as: f}], then: {recommend: {action: act, for: f}}, because: '{text}'}
actions:
  act: {title: '{text}', text: '{text}', channel: message, due_hours: 1, says: '{text}'}
sources:
  bad: {title: '{text}', kind: practice, figure: '{text}', url: 'https://example.org/"onclick=alert(1)//<script>'}
"""


def test_what_packs_say_is_text_too() -> None:
    text = """<script>alert(1)</script>">&"""
    page = Page(load_text(EVIL_PACK.replace("{text}", text)))
    reply = page.record(b'[{"kind": "slip", "word": "two"}]')
    assert reply.status == 200
    assert reply.body.count(b"<script") == 1
    assert b'<script src="page/page.js" defer></script>' in reply.body
    form = read(reply.body)
    assert form.text.count(text) >= 8
    assert not [name for _, name, _ in form.attributes if name.startswith("on")]


def test_ids_and_texts_of_facts_are_text() -> None:
    record = [{"id": EVIL, "kind": "late_arrival", "reason": EVIL}, {"kind": "they_brought_it_up", "about": EVIL}]
    form = opened(record)
    assert kept(form)["facts"] == [{**record[0]}, {**record[1], "id": "they_brought_it_up-1"}]
    assert "49" not in form.text.replace(EVIL, "")
    assert not [name for _, name, _ in form.attributes if name.startswith("on") or name == "style"]


def test_control_characters_are_spelled_out_where_they_are_shown_and_kept_where_they_are_typed() -> None:
    turned = "late\u202edeppots\u0007"
    form = opened([{"kind": "late_arrival", "reason": turned}])
    assert turned not in form.text
    assert r"late\u202edeppots\x07" in form.text
    assert kept(form)["facts"][0]["reason"] == turned


@pytest.mark.parametrize("ask", [PAGE.empty, lambda: PAGE.record(json.dumps(SEED).encode())], ids=["empty", "seed"])
def test_nothing_runs_or_is_styled_inside_of_the_page(ask: Callable[[], Reply]) -> None:
    """What the security policy forbids is not there in the first place, and nothing is fetched from elsewhere."""
    form = read(ask().body)
    assert not [name for _, name, _ in form.attributes if name.startswith("on") or name == "style"]
    assert [value for tag, name, value in form.attributes if tag == "script" and name == "src"] == ["page/page.js"]
    fetched = {value for tag, name, value in form.attributes if tag in ("link", "img", "script") and name in ("href", "src")}
    assert fetched == {f"page/{name}" for name in FILES}
    assert "'unsafe" not in SECURITY_HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize("record", [SEED, [{"kind": "spill"}] * 3, []], ids=["seed", "thrice the same", "nothing"])
def test_every_id_is_there_once(record: Any) -> None:
    ids = [value for _, name, value in opened(record).attributes if name == "id"]
    assert ids
    assert len(ids) == len(set(ids))


def test_its_files_are_small_and_ask_nobody_else() -> None:
    assert len(read_file("page.js")) < 10_000
    for name in FILES:
        assert b"http://" not in read_file(name).replace(b"http://www.w3.org/2000/svg", b"")
        assert b"https://" not in read_file(name)
    assert not {b"localStorage", b"sessionStorage", b"indexedDB", b"document.cookie", b"innerHTML", b"eval("} & {
        word for word in (b"localStorage", b"sessionStorage", b"indexedDB", b"document.cookie", b"innerHTML", b"eval(")
        if word in read_file("page.js")
    }  # fmt: skip


def test_where_the_page_is_full_nothing_is_lost() -> None:
    form = opened([{"kind": "spill"}] * 100)
    assert len(kept(form)["facts"]) == 100
    reply = PAGE.form(form.post(add="spill"))
    assert reply.status == 422
    assert "This page takes at most 100 facts." in read(reply.body).text
    assert kept(read(reply.body)) == kept(form)


def test_limits_are_those_that_it_is_given() -> None:
    small = Page(BASE, Limits(facts=1, record_bytes=300))
    assert small.form(b"q=" + b"x" * 300).status == 422
    assert small.form(b"facts.0.kind=spill&facts.1.kind=spill&facts.2.kind=spill").status == 422
    assert small.form(b"facts.0.kind=spill").status == 200


def test_how_certain_the_answer_is_stands_below_it() -> None:
    record = [{"id": "late", "kind": "late_arrival"}]
    sentences = certainty_sentences(BASE.certainty(record), BASE.kinds, {})
    text = opened(record).text
    assert " ".join(sentences) in text
    assert text.index("of 100 now") < text.index(sentences[0])
    assert "Depending on what you have not said" not in opened([]).text


def test_a_record_too_large_for_it_is_answered_all_the_same() -> None:
    page = Page(RuleBase(BASE.program, Limits(certainty=30)))
    assert "Depending on what you have not said" not in opened([{"id": "late", "kind": "late_arrival"}], page).text
