"""Stories told to the page in a real browser, by keyboard alone: pasted, confirmed, asked about, answered, and never lost."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from tests.page.serving import ROOT, served
from tests.page.test_story import LATE, story_of
from tests.page.visiting import PHONE, Open, held, press, reach

from misstep import RuleBase, assess

pytestmark = pytest.mark.once  # nothing here depends on the version of Python

BASE = RuleBase.shipped()
STORIES = sorted((ROOT / "fixtures" / "stories").glob("*.yaml"))
BOTH = pytest.mark.parametrize("javascript", [True, False], ids=["live", "plain"])


def button(page: Page, name: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("button", name=name, exact=isinstance(name, str))


def tell(page: Page, text: str) -> None:
    reach(page, page.locator("#text"))
    page.keyboard.insert_text(text)
    reach(page, button(page, "Go on"))
    press(page, "Enter")
    expect(page.get_by_role("heading", name="Is this what happened?")).to_be_focused()


def confirm(page: Page, kinds: set[str]) -> None:
    """Tick what is true, untick what is not, and go on."""
    for box in page.locator(".tick input").all():
        place = (box.get_attribute("name") or "").removeprefix("keep.")
        true = page.locator(f"[name='facts.{place}.kind']").input_value() in kinds
        if box.is_checked() != true:
            reach(page, box)
            press(page, "Space")
    reach(page, button(page, "Go on with what is ticked"))
    press(page, "Enter")
    expect(page.locator("#read")).to_have_count(0)


def add(page: Page, kind: str) -> None:
    """Find a kind by its title, and add it."""
    title = BASE.kinds[kind].title
    reach(page, page.locator("#q"))
    page.keyboard.insert_text(title)
    found = page.locator("#found .find").first
    if page.evaluate("document.documentElement.classList.contains('live')"):
        expect(found).to_contain_text(title)
        press(page, "Enter")
    else:
        press(page, "Enter")
        reach(page, found)
        press(page, "Enter")
    expect(page.get_by_role("group", name=title, exact=True)).to_be_visible()
    expect(page.locator("#found .find")).to_have_count(0)


def question(page: Page) -> str:
    return page.locator("[name=question]").input_value()


def answer(page: Page) -> str:
    """Answer a question by its first choice, or leave it if a number is asked for; and the question."""
    asked = question(page)
    choice = page.locator("#question .choices button").first
    reach(page, choice if choice.count() else button(page, "I do not know"))
    press(page, "Enter")
    expect(page.locator(f"[name=question][value='{asked}']")).to_have_count(0)
    expect(page.locator("#question-head")).to_be_focused()
    return asked


@BOTH
@pytest.mark.parametrize("file", STORIES, ids=lambda file: file.stem)
def test_a_story_is_pasted_confirmed_and_answered(visit: Open, file: Path, javascript: bool) -> None:
    text, facts = story_of(file)
    kinds = {fact["kind"] for fact in facts} - {"interview"}
    page = visit(java_script_enabled=javascript)
    tell(page, text)
    assert held(page)["facts"] == []
    confirm(page, kinds | {"interview"})
    for kind in sorted(kinds - {fact["kind"] for fact in held(page)["facts"]}):
        add(page, kind)
    record = held(page)
    assert {fact["kind"] for fact in record["facts"]} - {"interview"} == kinds
    expect(page.locator(".verdict h2")).to_have_text(assess(record).headline)
    if page.locator("[name=question]").count():
        answer(page)
    record = held(page)
    expect(page.locator(".verdict h2")).to_have_text(assess(record).headline)
    page.reload()
    expect(page.locator(".verdict h2")).to_have_text(assess(record).headline)
    assert held(page) == record


def at_question(visit: Open, **options: Any) -> Page:
    page = visit(**options)
    tell(page, LATE)
    confirm(page, {"late_arrival", "phone_rang"})
    expect(page.locator("#question-head")).to_be_focused()
    return page


@BOTH
def test_the_button_back_asks_again_and_keeps_the_answer(visit: Open, javascript: bool) -> None:
    page = at_question(visit, java_script_enabled=javascript)
    first, second = answer(page), answer(page)
    record = held(page)
    for asked in (second, first):
        reach(page, button(page, re.compile("^Back")))
        press(page, "Enter")
        expect(page.locator(f"[name=question][value='{asked}']")).to_have_count(1)
    assert held(page) == record
    expect(page.locator("[aria-pressed=true]")).to_have_count(1)
    page.reload()
    expect(page.locator(f"[name=question][value='{first}']")).to_have_count(1)
    assert held(page) == record


def test_back_and_forward_of_the_browser_lose_nothing(visit: Open) -> None:
    page = at_question(visit)
    first = answer(page)
    second = question(page)
    after = held(page)
    page.go_back()
    expect(page.locator(f"[name=question][value='{first}']")).to_have_count(1)
    assert {fact["kind"] for fact in held(page)["facts"]} == {"late_arrival", "phone_rang"}
    page.go_back()
    expect(page.locator("#read")).to_be_visible()
    expect(page.locator("#text")).to_have_value(LATE)
    page.go_back()
    expect(page.get_by_role("heading", name="Tell it as you would tell a friend")).to_be_visible()
    expect(page.locator("#text")).to_have_value(LATE)
    for _ in range(3):
        page.go_forward()
    expect(page.locator(f"[name=question][value='{second}']")).to_have_count(1)
    assert held(page) == after


def test_what_was_typed_and_not_sent_is_there_after_a_reload(visit: Open) -> None:
    page = visit()
    reach(page, page.locator("#text"))
    page.keyboard.type("I was late & <b>ashamed</b>, 100 %")
    expect(page).to_have_url(re.compile("#form="))
    page.reload()
    expect(page.locator("#text")).to_have_value("I was late & <b>ashamed</b>, 100 %")


def test_the_story_is_never_part_of_what_is_asked_for(visit: Open) -> None:
    addresses: list[str] = []
    page = visit()
    page.on("request", lambda request: addresses.append(request.url))
    tell(page, LATE)
    confirm(page, {"late_arrival", "phone_rang"})
    answer(page)
    page.reload()
    expect(page.locator("#question-head")).to_be_visible()
    fragment = page.url.partition("#form=")[2]
    assert b"twelve+minutes" in base64.urlsafe_b64decode(fragment + "=" * (-len(fragment) % 4))
    root = page.url.partition("#")[0]
    assert {address.partition("#")[0] for address in addresses} <= {
        root, *(f"{root}page/{name}" for name in ("page.js", "page.css", "icon.svg", "interview.json"))
    }  # fmt: skip


def test_a_slow_answer_is_waited_for_with_a_sign(visit: Open) -> None:
    page = visit()
    held_back: list[Route] = []
    page.route(re.compile(r"/$"), lambda route: held_back.append(route))
    page.locator("#text").fill(LATE)
    button(page, "Go on").click()
    expect(page.locator("#wait")).to_be_visible()
    expect(page.locator("#case")).to_have_attribute("aria-busy", "true")
    held_back[0].continue_()
    expect(page.locator("#read")).to_be_visible()
    expect(page.locator("#wait")).to_be_hidden()


def test_blanks_are_filled_while_they_are_typed(visit: Open) -> None:
    page = at_question(visit)
    blank = page.get_by_label("Your name")
    reach(page, blank)
    page.keyboard.type("Kim <b>")
    press(page, "Enter")  # which does not press anything
    expect(page.locator("#draft-1")).to_contain_text("Kim <b>")
    expect(blank).to_be_focused()
    expect(page).to_have_url(re.compile("#form="))
    page.wait_for_timeout(300)
    page.reload()
    expect(page.locator("#draft-1")).to_contain_text("Kim <b>")
    blank.fill("")
    expect(page.locator("#draft-1")).to_contain_text("[your name]")


@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 900}], ids=["phone", "desk"])
def test_the_message_is_one_step_away(visit: Open, size: dict[str, int]) -> None:
    page = at_question(visit, viewport=size)
    message = page.locator("#draft-1")
    jump = page.locator(".jump").get_by_role("link", name="The message")
    expect(message).not_to_be_in_viewport()
    expect(jump).to_be_in_viewport()
    box = jump.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(message).to_be_in_viewport()
    page.evaluate("scrollTo(0, 0)")
    page.locator("#question-head").focus()
    reach(page, page.get_by_role("link", name="To the message"))
    press(page, "Enter")
    expect(message).to_be_in_viewport()


def test_an_example_is_tried(visit: Open) -> None:
    page = visit()
    example = BASE.program.scale.words.page.examples[0]
    reach(page, page.get_by_text(example.title, exact=True))
    press(page, "Enter")
    reach(page, button(page, re.compile("Try it with this story")).first)
    press(page, "Enter")
    expect(page.locator("#read")).to_contain_text("Arrived late")
    expect(page.locator("#text")).to_have_value(example.story)


def test_a_kind_of_an_own_pack_is_understood(visit: Open, tmp_path: Path) -> None:
    file = tmp_path / "badge.yaml"
    file.write_text(
        "schema: 1\npack: own\nextends: misstep\n"
        "kinds: {badge: {role: mistake, title: Wore a badge of another, concern: manners}}\n"
        "rules: {badge: {when: [badge], then: {severity: 3, noticed: 3}, because: a badge}}\n"
        "words: {badge: {says: [wore badge, badge on], examples: [I wore the badge of somebody else.]}}\n"
    )
    with served("--rules", file) as address:
        page = visit(address=address)
        tell(page, "I wore the badge of another visitor all day.")
        confirm(page, {"badge"})
        expect(page.locator(".costs h3").first).to_have_text("Wore a badge of another")
