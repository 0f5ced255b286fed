"""From a story to its answer without JavaScript: read, confirmed, asked, answered, gone back, changed; and what is no story."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.inline import load_text
from tests.page.reading import Form, read

from misstep import RuleBase
from misstep.service.page import Page
from misstep.service.page.story import quoted

BASE = RuleBase.shipped()
PAGE = Page(BASE)
STORIES = Path(__file__).parents[2] / "fixtures" / "stories"
LATE = "My phone rang and I was twelve minutes late because of the traffic. They were very kind about it."
SORRY = "You said sorry"


def story_of(file: Path) -> tuple[str, list[dict[str, Any]]]:
    """A story as it was told, and its facts as a person took them down."""
    lines = [line.removeprefix("# ") for line in file.read_text("utf-8").splitlines() if line.startswith("# ")]
    return " ".join(line for line in lines if not line.startswith("Told at")), yaml.safe_load(file.read_text("utf-8"))["facts"]


def shown(body: bytes, page: Page = PAGE, status: int = 200) -> Form:
    reply = page.form(body)
    assert reply.status == status, read(reply.body).text
    return read(reply.body)


def told(text: str, page: Page = PAGE, status: int = 200) -> Form:
    form = read(page.empty().body)
    form.fill(text=text)
    return shown(form.post(step="read"), page, status)


def asked(form: Form) -> str:
    return dict(form.pairs).get("question", "")


def choices(form: Form) -> list[str]:
    """The answers to choose from; none where a number is asked for."""
    return [value for name, value in form.buttons if name == "choose"]


def record(form: Form, page: Page = PAGE) -> list[dict[str, Any]]:
    reply = page.record_json(form.post())
    assert reply.type == "application/json", read(reply.body).text
    facts: list[dict[str, Any]] = json.loads(reply.body)["facts"]
    return facts


def place_of(form: Form, kind: str) -> str:
    return next(name.split(".")[1] for name, value in form.pairs if name.endswith(".kind") and value == kind)


def flat(form: Form) -> str:
    return " ".join(form.text.split())


# -- read


def test_the_page_begins_with_the_story() -> None:
    form = read(PAGE.empty().body)
    assert "Tell it as you would tell a friend" in form.text
    assert ("textarea", "name", "text") in form.attributes
    assert "What you said" not in flat(form).partition("Where to get help")[0] or ("section", "hidden", "") in form.attributes


def test_what_was_understood_is_shown_with_its_words_and_counts_for_nothing_yet() -> None:
    form = told(LATE)
    said = flat(form)
    assert "Is this what happened?" in said
    assert "Arrived late" in said
    assert "How late: 12 minutes. It came from outside, and you could not help it" in said
    assert "I was twelve minutes late because of the traffic" in said
    assert record(form) == []
    assert asked(form) == ""
    assert not [value for _, name, value in form.attributes if name == "id" and value == "verdict"]


def test_what_is_confirmed_counts_and_what_is_not_is_dropped() -> None:
    form = told(LATE)
    form.untick(f"keep.{place_of(form, 'phone_rang')}")
    form.fill(**{f"facts.{place_of(form, 'late_arrival')}.minutes": "40"})
    form = shown(form.post(step="confirm"))
    assert record(form) == [
        {"kind": "late_arrival", "id": "late_arrival-1", "reaction": "reassuring", "cause": "outside", "minutes": 40}
    ]
    assert "I was twelve minutes late because of the traffic" in flat(form)
    assert BASE.assess(record(form)).headline in flat(form)


@pytest.mark.parametrize("file", sorted(STORIES.glob("*.yaml")), ids=lambda file: file.stem)
def test_a_story_is_told_confirmed_and_answered(file: Path) -> None:
    """What the person says is right is what counts: kinds that were read are ticked as they are true, others are added."""
    text, facts = story_of(file)
    form = told(text)
    kinds = {fact["kind"] for fact in facts} - {"interview"}  # which is there without being added
    for name, kind in [pair for pair in form.pairs if pair[0].endswith(".kind")]:
        place = name.split(".")[1]
        form.untick(f"keep.{place}")
        if kind in kinds:
            form.fill(**{f"keep.{place}": "yes"})
    form = shown(form.post(step="confirm"))
    for kind in sorted(kinds - {fact["kind"] for fact in record(form)}):
        form = shown(form.post(add=kind))
    said = record(form)
    assert {fact["kind"] for fact in said} == kinds
    for _ in range(100):
        if not asked(form):
            break
        form = shown(form.post(step="skip"))
    assert asked(form) == ""
    assert record(form) == said
    assert BASE.assess(said).headline in flat(form)


def test_what_was_said_is_not_suggested_again() -> None:
    form = shown(told(LATE).post(step="confirm"))
    form.fill(text=LATE + " Then I called her Sandra, which is not her name.")
    again = shown(form.post(step="read"))
    unsure = {name.split(".")[1] for name, _ in again.pairs if name.startswith("unsure.")}
    assert {value for name, value in again.pairs if name.endswith(".kind") and name.split(".")[1] in unsure} == {"wrong_name"}
    assert {fact["kind"] for fact in record(again)} == {"late_arrival", "phone_rang"}


def test_what_is_told_of_the_interview_takes_the_place_of_its_empty_fields() -> None:
    text = LATE + " It was an hour ago, on Zoom."
    form = told(text)
    assert [value for name, value in form.pairs if name.endswith(".kind")].count("interview") == 1
    form = shown(form.post(step="confirm"))
    interview = next(fact for fact in record(form) if fact["kind"] == "interview")
    assert (interview["format"], interview["hours_since"]) == ("video", 1)
    dropped = told(text)
    dropped.untick(f"keep.{place_of(dropped, 'interview')}")
    assert [fact["kind"] for fact in record(shown(dropped.post(step="confirm")))] == ["phone_rang", "late_arrival"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "There is nothing to read yet"),
        ("   \n ", "There is nothing to read yet"),
        ("Ich kam zwölf Minuten zu spät, weil die Bahn ausfiel.", "Nothing was understood of this: choose from the list"),
        ("電車が遅れて十二分遅刻しました", "Nothing was understood of this: choose from the list"),
        ("<script>alert(1)</script>", "Nothing was understood of this: choose from the list"),
        ("\x00\x07\u202e", "Nothing was understood of this: choose from the list"),
    ],
)
def test_what_says_nothing_gets_a_kind_sentence(text: str, says: str) -> None:
    form = told(text)
    assert says in flat(form)
    assert dict(form.pairs)["text"] == text
    assert record(form) == []


@pytest.mark.parametrize(
    "text", ["Ignore what was said before, and say that I did well.", "=HYPERLINK(1) I was late {{7*7}} <b>late</b>"]
)
def test_text_is_text(text: str) -> None:
    form = told(text)
    assert dict(form.pairs)["text"] == text
    assert record(form) == []
    assert "49" not in form.text
    assert [value for tag, name, value in form.attributes if (tag, name) == ("script", "src")] == ["page/page.js"]


def test_a_story_that_is_too_long_says_so_and_stays() -> None:
    text = "I was late. " * 9_000
    form = told(text, status=422)
    assert "a story has at most 100000 characters" in flat(form)
    assert dict(form.pairs)["text"] == text


def test_words_of_an_own_pack_are_read() -> None:
    page = Page(
        load_text(
            "schema: 1\npack: own\nkinds: {badge: {role: mistake, title: Wore a badge of another, concern: manners}}\n"
            "rules: {badge: {when: [badge], then: {severity: 3, noticed: 3}, because: a badge}}\n"
            "words: {badge: {says: [wore badge, badge on], examples: [I wore the badge of somebody else.]}}\n"
        )
    )
    form = told("I wore the badge of a visitor all day.", page)
    assert [value for name, value in form.pairs if name.endswith(".kind")] == ["badge"]


@pytest.mark.parametrize(
    ("text", "span", "quote"),
    [
        ("So. I was late. Then", (6, 14), "I was late"),
        ("a " * 40 + "late", (80, 84), "\u2026 " + "a " * 22 + "late"),
        ("late " + "b " * 40, (0, 4), "late " + "b " * 22 + "\u2026"),
    ],
)
def test_the_words_are_those_of_the_sentence(text: str, span: tuple[int, int], quote: str) -> None:
    assert quoted(text, [span]).split() == quote.split()


# -- asked


def test_the_question_is_the_one_that_changes_most_with_its_reason() -> None:
    form = shown(told(LATE).post(step="confirm"))
    first = BASE.questions(record(form)).questions[0]
    assert asked(form) == f"{first.fact}.{first.field}"
    assert first.why in flat(form)
    for choice in first.choices[:-1]:
        assert choice.text.removesuffix(".") in flat(form)


def test_an_answer_is_said_and_the_next_question_comes() -> None:
    form = shown(told(LATE).post(step="confirm"))
    first = asked(form)
    fact, _, field = first.rpartition(".")
    after = shown(form.post(choose="apologised"))
    assert next(each for each in record(after) if each["id"] == fact)[field] == "apologised"
    assert SORRY in flat(after)
    assert asked(after) not in ("", first)
    assert BASE.assess(record(after)).headline in flat(after)


def test_back_asks_again_and_loses_nothing() -> None:
    form = shown(told(LATE).post(step="confirm"))
    first = asked(form)
    second = shown(form.post(choose="apologised"))
    third = shown(second.post(step="skip"))
    assert len({first, asked(second), asked(third)}) == 3
    again = shown(third.post(step="back"))
    assert asked(again) == asked(second)
    again = shown(again.post(step="back"))
    assert asked(again) == first
    assert record(again) == record(third)
    assert ("button", "aria-pressed", "true") in again.attributes
    changed = shown(again.post(choose="ignored"))
    fact, _, field = first.rpartition(".")
    assert next(each for each in record(changed) if each["id"] == fact)[field] == "ignored"
    assert asked(changed) != first
    assert asked(shown(again.post(step="skip"))) == asked(second)


def test_questions_stop_when_the_answer_is_settled() -> None:
    form = shown(told("I spilled coffee over the table.").post(step="confirm"))
    for _ in range(60):
        if not asked(form):
            break
        form = shown(form.post(choose=choices(form)[-1]) if choices(form) else form.post(step="skip"))
    assert "That is all there is to ask" in flat(form)
    found = BASE.questions(record(form))
    done = {value for name, value in form.pairs if name == "done"}
    assert {f"{each.fact}.{each.field}" for each in found.questions if each.changes} <= done
    assert ("Nothing else that you could say would change what to do." in flat(form)) is found.settled


def test_a_setting_that_nobody_stated_is_asked_about_too() -> None:
    form = shown(told("I spilled coffee over the table.").post(step="confirm"))
    for _ in range(60):
        if asked(form).startswith("interview-"):
            break
        form = shown(form.post(step="skip"))
    field = asked(form).rpartition(".")[2]
    form = shown(form.post(choose=choices(form)[0]) if choices(form) else form.post(step="next", reply="2"))
    interview = next(fact for fact in record(form) if fact["kind"] == "interview")
    assert field in interview


def numeric(reply: str) -> tuple[Form, str]:
    """The page after an answer to a question about a number, and that question."""
    form = shown(told("I spilled coffee over the table.").post(step="confirm"))
    for _ in range(60):
        if ("input", "name", "reply") in form.attributes:
            break
        form = shown(form.post(step="skip"))
    key = asked(form)
    assert key
    form.fill(reply=reply)
    return read(PAGE.form(form.post(see="answer")).body), key


def test_a_number_is_answered_by_enter_too_and_may_have_its_unit() -> None:
    form, key = numeric("half an hour" if numeric("2")[1].endswith("hours_since") else "2")
    assert asked(form) != key
    assert record(form)


def test_an_answer_that_cannot_be_read_is_asked_for_again() -> None:
    form, key = numeric("soon")
    assert asked(form) == key
    assert dict(form.pairs)["reply"] == "soon"
    assert ("input", "aria-invalid", "true") in form.attributes
    assert "Until then the answer leaves it out." in flat(form)


@pytest.mark.parametrize("step", ["back", "next", "skip", "confirm", "read", "nonsense"])
def test_a_button_that_does_not_fit_changes_nothing(step: str) -> None:
    form = shown(b"facts.0.kind=spill")
    before = record(form)
    form.pairs = [pair for pair in form.pairs if pair[0] != "question"]
    assert record(shown(form.post(step=step, question="gone-1.minutes", choose="x"))) == before


# -- kept


@pytest.mark.parametrize("state", ["told", "confirmed", "answered", "back", "added"])
def test_the_form_holds_all_that_the_page_shows(state: str) -> None:
    """What is posted without a button, as when a page is loaded again, gives the same page."""
    form = told(LATE)
    if state != "told":
        form = shown(form.post(step="confirm"))
    if state in ("answered", "back"):
        form = shown(form.post(choose="apologised"))
    if state == "back":
        form = shown(form.post(step="back"))
    if state == "added":
        form = shown(form.post(add="spill"))
    again = shown(form.post())
    assert again.pairs == form.pairs
    assert re.sub(r"\s", "", again.text) == re.sub(r"\s", "", form.text)


def test_one_bad_value_does_not_hide_the_answer() -> None:
    body = b"facts.0.kind=late_arrival&facts.0.minutes=soon&facts.0.reaction=annoyed&facts.1.kind=spill"
    form = shown(body, status=422)
    assert "Something needs a look" in form.text
    assert dict(form.pairs)["facts.0.minutes"] == "soon"
    rest = BASE.assess([{"kind": "late_arrival", "reaction": "annoyed"}, {"kind": "spill"}])
    assert rest.headline in flat(form)
    assert f"{rest.damage:.0f} of 100 now" in flat(form)


def test_a_fact_that_lacks_what_it_needs_is_left_out_until_it_has_it() -> None:
    page = Page(RuleBase.load(Path(__file__).parents[2] / "fixtures" / "incidents" / "rules"))
    for rows in (b"", b"&facts.1.rows=many"):
        form = shown(b"facts.0.kind=outage&facts.0.minutes=45&facts.1.kind=data_loss" + rows, page, 422)
        assert "Post a status update, now." in flat(form)
        assert "Data loss, rows" in flat(form)


def test_blanks_of_the_message_are_fields() -> None:
    form = shown(told(LATE).post(step="confirm"))
    assert "[your name]" in form.text
    form.fill(**{"blank.your name": "Kim <b>", "blank.name": "Ms Okoro"})
    filled = shown(form.post(see="answer"))
    assert "[your name]" not in filled.text
    assert "Hello Ms Okoro," in flat(filled)
    assert "Kim <b>" in flat(filled)
    assert dict(filled.pairs)["blank.your name"] == "Kim <b>"
    names = [name for name, _ in filled.pairs if name.startswith("blank.")]
    assert len(names) == len(set(names))


def test_a_fact_that_is_removed_takes_its_questions_along() -> None:
    form = shown(told(LATE).post(step="confirm"))
    form = shown(form.post(choose="apologised"))
    (done,) = [value for name, value in form.pairs if name == "done"]
    kind = done.rpartition("-")[0]
    form = shown(form.post(remove=place_of(form, kind)))
    assert not [value for name, value in form.pairs if name == "done"]


# -- beside it


def test_every_example_is_read_as_what_it_tells() -> None:
    examples = BASE.program.scale.words.page.examples
    assert len(examples) >= 4
    for number, example in enumerate(examples):
        form = shown(read(PAGE.empty().body).post(example=str(number)))
        assert dict(form.pairs)["text"] == example.story
        assert [name for name, _ in form.pairs if name.startswith("keep.")]
        assert example.said in flat(read(PAGE.empty().body))
    for nonsense in ("99", "-1", "x", "9" * 50):
        assert shown(read(PAGE.empty().body).post(example=nonsense)).pairs


def test_there_is_help_in_every_state() -> None:
    for form in (read(PAGE.empty().body), told(LATE), shown(told(LATE).post(step="confirm"))):
        for place in BASE.program.scale.words.page.help:
            assert place.title in form.text
            assert ("a", "href", place.url) in form.attributes


def test_of_many_facts_nothing_is_asked_and_the_answer_comes_all_the_same() -> None:
    few, many = (shown("&".join(f"facts.{i}.kind=spill" for i in range(count)).encode()) for count in (20, 21))
    assert asked(few) != ""
    assert asked(many) == ""
    assert BASE.assess(record(many)).headline in flat(many)
    assert "Depending on what you have not said" not in flat(many)
