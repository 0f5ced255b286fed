"""The page in a real browser: typed in by keyboard alone, shared, printed, on a phone, without JavaScript, for everybody."""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Locator, Page, Request, expect
from tests.page.serving import ROOT, served
from tests.page.visiting import DESKTOP, PHONE, Open, held, press, reach, visiting

from misstep import assess

pytestmark = pytest.mark.once  # nothing here depends on the version of Python

SEED = json.loads((ROOT / "fixtures" / "interviews" / "seed.json").read_bytes())
ANSWER = assess(SEED)


@pytest.fixture(scope="module")
def typed(browser: Browser, url: str) -> Iterator[tuple[Page, list[Request]]]:
    """The page after the seed story was typed by keyboard, which takes seconds, and its requests."""
    requests: list[Request] = []
    with visiting(browser, url) as opened:
        page = opened()
        page.on("request", lambda request: requests.append(request))
        tell_by_keyboard(page)
        yield page, requests


def field(page: Page, card: str, label: str) -> Locator:
    return page.get_by_role("group", name=card, exact=True).get_by_label(label, exact=True)


def item(page: Page, card: str) -> Locator:
    """What opens a card, among what was said."""
    held = page.get_by_role("group", name=card, exact=True, include_hidden=True)
    return page.locator("details[id^='item.']").filter(has=held).locator("summary").first


def open_card(page: Page, card: str) -> None:
    item(page, card).click()
    expect(page.get_by_role("group", name=card, exact=True)).to_be_visible()


def say_more(page: Page, card: str) -> None:
    reach(page, page.get_by_role("group", name=card, exact=True).locator("summary"))
    press(page, "Enter")


def search(page: Page, words: str, title: str) -> None:
    """Find a kind by plain words and take the first."""
    reach(page, page.locator("#q"))
    page.keyboard.type(words)
    expect(page.locator("#found .find").first).to_contain_text(title)
    press(page, "Enter")
    expect(page.get_by_role("group", name=title, exact=True)).to_be_visible()
    expect(page.locator("#found .find")).to_have_count(0)


def tell_by_keyboard(page: Page) -> None:
    """The seed story, with nothing but the keyboard."""
    search(page, "I was late", "Arrived late")
    expect(field(page, "Arrived late", "How late")).to_be_focused()
    page.keyboard.type("12")
    reach(page, field(page, "Whether they knew before the start", "Not said"))
    press(page, "ArrowRight", "ArrowRight")
    expect(field(page, "Whether they knew before the start", "Nobody had told them before the start")).to_be_checked()
    say_more(page, "Arrived late")
    choose(page, "Arrived late", "How they took it", "They looked annoyed")

    search(page, "called her by the wrong name", "Got a name wrong")
    say_more(page, "Got a name wrong")
    reach(page, field(page, "Got a name wrong", "How often"))
    page.keyboard.type("2")
    choose(page, "Got a name wrong", "What you did about it there and then", "You put it right")

    search(page, "a joke fell flat", "Told a joke that did not go down well")
    choose(page, "Told a joke that did not go down well", "What it was about", "About yourself")
    say_more(page, "Told a joke that did not go down well")
    choose(page, "Told a joke that did not go down well", "How they took it", "Nothing was to be seen")

    reach(page, page.locator("#browse-signal summary"))
    press(page, "Enter")
    reach(page, page.get_by_role("button", name="They spoke of it themselves", exact=True))
    press(page, "Enter")
    choose(page, "They spoke of it themselves", "About", "Arrived late")

    reach(page, item(page, "The interview"), "Shift+Tab")
    press(page, "Enter")
    reach(page, field(page, "The interview", "How long ago it was"))
    page.keyboard.type("3")
    choose(page, "The interview", "Which conversation it was", "The first interview")
    say_more(page, "The interview")
    choose(page, "The interview", "How you met", "Face to face")


def choose(page: Page, card: str, label: str, word: str) -> None:
    chosen = field(page, card, label)
    reach(page, chosen)
    page.keyboard.type(word)
    expect(chosen.locator("option:checked")).to_have_text(word)


def expect_seed(page: Page) -> None:
    """The answer to the seed story, as ``assess`` gives it."""
    answer = page.locator("#answer")
    expect(answer.locator(".verdict h2")).to_have_text(ANSWER.headline)
    expect(answer.locator(".figure")).to_have_text([f"{ANSWER.damage:.0f}", f"{ANSWER.damage_after:.0f}"])
    expect(answer.locator(".plan h3")).to_have_text([step.title for step in ANSWER.steps])
    expect(answer.locator(".parts b")).to_have_text([f"{action.title}." for action in ANSWER.actions])
    expect(answer.locator(".verdict .word")).to_have_text([re.compile(re.escape(finding.word)) for finding in ANSWER.findings])
    expect(answer.locator(".costs .cost b")).to_have_text([f"{finding.damage:.1f}" for finding in ANSWER.findings])
    avoided = ["Dwelling on it", "Acting as if nothing had happened"]  # nobody had a joke in mind
    expect(answer.locator(".avoid b")).to_have_text(avoided)
    assert ANSWER.draft is not None
    assert answer.locator("#draft-1").text_content() == ANSWER.draft


def told(page: Page) -> list[dict[str, Any]]:
    """The facts that the page holds, less the ids that it gave."""
    facts = held(page)["facts"]
    return sorted(({k: v for k, v in fact.items() if k != "id"} for fact in facts), key=lambda fact: str(fact["kind"]))


def test_the_seed_story_is_typed_in_by_keyboard_alone_and_answered_as_it_is_typed(
    typed: tuple[Page, list[Request]],
) -> None:
    page, _ = typed
    expect_seed(page)
    expect(page.get_by_role("status")).to_contain_text(f"{ANSWER.headline} Damage 72 of 100, 58 with the plan.")
    expect(page).to_have_title(re.compile("Act now"))
    assert assess(held(page)).damage == ANSWER.damage
    changes = page.locator("#answer .changes li")
    expect(changes.first).to_contain_text("Arrived late: how late: 9 minutes instead of 12 minutes")
    reach(page, changes.first.get_by_role("link"))
    press(page, "Enter")
    expect(page.locator("#facts\\.1\\.minutes, #facts\\.0\\.minutes").first).to_be_in_viewport()


@contextlib.contextmanager
def kept(page: Page) -> Iterator[list[str]]:
    """What the page puts on the clipboard meanwhile."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    found: list[str] = []
    yield found
    found.append(page.evaluate("navigator.clipboard.readText()"))


def share(page: Page) -> str:
    with kept(page) as clipboard:
        page.get_by_role("button", name="Copy a link").click()
        expect(page.get_by_role("status")).to_contain_text("The link is copied")
    assert clipboard[0] == page.url == page.get_by_label("The link").input_value()
    return clipboard[0]


def encoded(record: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(record).encode()).decode().rstrip("=")


def seeded(visit: Open, **options: Any) -> Page:
    """The page with the seed story, opened by a link."""
    page = visit("#case=" + encoded(SEED), **options)
    expect_seed(page)
    return page


def test_a_link_opened_in_another_browser_gives_the_same_answer(visit: Open, typed: tuple[Page, list[Request]]) -> None:
    first, _ = typed
    expect_seed(first)
    link = share(first)
    address, _, fragment = link.partition("#")
    second = visit("#" + fragment, address)
    expect_seed(second)
    assert second.locator("#answer").inner_html() == first.locator("#answer").inner_html().replace(
        '<input id="link" type="text" readonly="">', '<input id="link" type="text" readonly="" hidden="">'
    )
    open_card(second, "Arrived late")
    field(second, "Arrived late", "How late").fill("40")
    expect(second.locator(".figure").first).not_to_have_text("72")
    assert second.url != link  # the address keeps up with what is said


def test_a_link_holds_what_was_typed_last(visit: Open) -> None:
    page = seeded(visit)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(  # before the page has had the time to ask for the answer to it
        """() => { const minutes = document.getElementById("facts.1.minutes");
        minutes.value = "55"; minutes.dispatchEvent(new Event("input", { bubbles: true }));
        document.getElementById("share").click(); }"""
    )
    expect(page.get_by_role("status")).to_contain_text("The link is copied")
    form = parse_qs(base64.urlsafe_b64decode(page.url.partition("#form=")[2] + "==").decode())
    assert form["facts.1.minutes"] == ["55"]


def test_no_case_is_sent_as_part_of_an_address(typed: tuple[Page, list[Request]]) -> None:
    page, requests = typed
    share(page)
    assert requests
    address = page.url.partition("#")[0]
    assert {request.url for request in requests} <= {address, f"{address}page/icon.svg"}


@pytest.mark.parametrize(
    "fragment", ["#case=", "#case=%%%", "#form=%%%", "#case=bm90IGpzb24", "#case=e30", "#case=W3sia2luZCI6ICJub25lIn1d"]
)
def test_a_link_that_holds_no_case_says_so(visit: Open, fragment: str) -> None:
    page = visit(fragment)
    expect(page.get_by_role("heading", name="Something needs a look")).to_be_visible()
    page.locator("#q").fill("late")
    expect(page.locator("#found .find").first).to_contain_text("Arrived late")


def test_the_same_without_javascript(visit: Open) -> None:
    page = visit(java_script_enabled=False)
    for words, title in (("I was late", "Arrived late"), ("wrong name", "Got a name wrong"), ("joke", "Told a joke")):
        page.locator("#q").fill(words)
        page.get_by_role("button", name="Find").click()
        page.locator("#found").get_by_role("button", name=title).first.click()
    expect(page.get_by_role("button", name="Copy a link")).to_be_hidden()
    open_card(page, "Arrived late")
    field(page, "Arrived late", "How late").fill("soon")
    keep(page, "Arrived late")
    wrong = field(page, "Arrived late", "How late")
    expect(wrong).to_have_value("soon")
    expect(wrong).to_have_accessible_description(re.compile("Must be a whole number from 1 to 1440"))
    expect(page.locator(".verdict")).to_be_visible()  # of the rest
    wrong.fill("12 min")
    field(page, "Whether they knew before the start", "Nobody had told them before the start").check(force=True)
    page.get_by_role("group", name="Arrived late", exact=True).locator("summary").click()
    field(page, "Arrived late", "How they took it").select_option("They looked annoyed")
    open_card(page, "Got a name wrong")
    page.get_by_role("group", name="Got a name wrong", exact=True).locator("summary").click()
    field(page, "Got a name wrong", "How often").fill("2")
    field(page, "Got a name wrong", "What you did about it there and then").select_option("You put it right")
    joke = "Told a joke that did not go down well"
    open_card(page, joke)
    field(page, joke, "What it was about").select_option("About yourself")
    page.get_by_role("group", name=joke, exact=True).locator("summary").click()
    field(page, joke, "How they took it").select_option("Nothing was to be seen")
    page.locator("#browse-signal summary").click()
    page.get_by_role("button", name="They spoke of it themselves", exact=True).click()
    field(page, "They spoke of it themselves", "About").select_option("Arrived late")
    open_card(page, "The interview")
    field(page, "The interview", "How long ago it was").fill("3")
    field(page, "The interview", "Which conversation it was").select_option("The first interview")
    page.get_by_role("group", name="The interview", exact=True).locator("summary").click()
    field(page, "The interview", "How you met").select_option("Face to face")
    keep(page, "The interview")
    expect_seed(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the answer").click()
    assert json.loads(Path(download.value.path()).read_bytes())["damage"] == ANSWER.damage
    open_card(page, "Arrived late")
    page.get_by_role("button", name="Remove Arrived late").click()
    expect(page.locator(".costs h3")).to_have_text(["Got a name wrong", joke])


def keep(page: Page, card: str) -> None:
    page.get_by_role("group", name=card, exact=True).get_by_role("button", name="Keep the change").click()


def test_what_was_said_and_the_answer_can_be_kept_as_files(visit: Open, tmp_path: Path) -> None:
    page = seeded(visit)
    files = {}
    for name, button in (("assessment.json", "Download the answer"), ("interview.json", "Download what you said")):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        assert download.value.suggested_filename == name
        files[name] = json.loads(Path(download.value.path()).read_bytes())
    assert (
        assess(files["interview.json"]).to_json()
        == json.dumps(files["assessment.json"], separators=(",", ":"), ensure_ascii=False).encode()
    )
    assert files["assessment.json"]["damage"] == ANSWER.damage
    expect_seed(page)


def test_the_message_can_be_copied(visit: Open) -> None:
    page = seeded(visit)
    with kept(page) as clipboard:
        page.get_by_role("button", name="Copy the words of step 1").click()
        expect(page.get_by_role("status")).to_have_text("Copied.")
        expect(page.locator(".note")).to_be_in_viewport()
        assert Axe().run(page).violations_count == 0
    assert clipboard == [ANSWER.draft]


def test_each_message_has_a_button_of_its_own(visit: Open) -> None:
    """With words to say and a letter on the page, those that were asked for are copied, without a subject."""
    record = [{"kind": "interview", "moment": "during"}, {"kind": "missing_materials"}]
    page = visit("#case=" + encoded(record))
    expect(page.locator(".letter")).to_have_count(2)
    for step in assess(record).steps:
        assert step.message is not None
        with kept(page) as clipboard:
            page.get_by_role("button", name=f"Copy the words of step {step.rank}").click()
            expect(page.get_by_role("status")).to_have_text("Copied.")
        assert clipboard == [step.message.body]
    expect(page.locator(".subject")).to_have_text([f"Subject: {step.message.subject}" for step in assess(record).steps
                                                   if step.message and step.message.subject])  # fmt: skip


def test_where_nothing_can_be_put_on_the_clipboard_it_is_selected(visit: Open) -> None:
    page = seeded(visit)
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not here')); }")
    page.get_by_role("button", name="Copy the words of step 1").click()
    expect(page.locator(".note")).to_have_text("The message is selected. Copy it from there.")
    assert page.evaluate("getSelection().toString()") == ANSWER.draft
    page.get_by_role("button", name="Copy a link").click()
    expect(page.locator(".note")).to_contain_text("Here is the link.")
    link = page.get_by_label("The link")
    assert link.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)") == page.url


def test_a_wrong_value_is_told_beside_its_field_and_stays_there(visit: Open) -> None:
    page = seeded(visit)
    open_card(page, "Arrived late")
    minutes = field(page, "Arrived late", "How late")
    for wrong in ("soon", "0", "1441", "1.5", "12 miles"):
        minutes.fill(wrong)
        expect(minutes).to_have_accessible_description(re.compile(r"Must be a whole number from 1 to 1440 \(minutes\)\."))
        expect(minutes).to_have_attribute("aria-invalid", "true")
        expect(minutes).to_have_value(wrong)
        expect(minutes).to_be_focused()
        expect(page.locator(".verdict")).to_be_visible()  # the answer to the rest
    page.get_by_role("link", name="Arrived late, how late").click()
    minutes.fill("12 min")
    expect_seed(page)
    expect(minutes).not_to_have_attribute("aria-invalid", "true")


def test_what_is_open_stays_open_while_the_answer_changes(visit: Open) -> None:
    page = seeded(visit)
    why = page.locator("#why-1")
    why.locator("summary").click()
    expect(why).to_contain_text("12 minutes late")
    open_card(page, "Arrived late")
    field(page, "Arrived late", "How late").fill("25")
    expect(why).to_contain_text("25 minutes late")
    why.get_by_role("link").first.click()
    expect(page.locator("#all-sources")).to_have_attribute("open", "")


def test_removing_a_fact_takes_it_out_of_the_answer(visit: Open) -> None:
    page = seeded(visit)
    open_card(page, "Arrived late")
    page.get_by_role("button", name="Remove Arrived late").click()
    expect(page.locator(".costs h3").first).to_have_text("Got a name wrong")
    expect(page.get_by_role("heading", name="What you said")).to_be_focused()
    assert [fact["kind"] for fact in told(page)] == ["bad_joke", "interview", "they_brought_it_up", "wrong_name"]
    page.get_by_role("button", name="Put back what was removed").click()
    expect_seed(page)


def test_nothing_is_lost_while_the_service_is_away(visit: Open, browser: Browser) -> None:
    page = seeded(visit)
    open_card(page, "Arrived late")
    page.route("**/*", lambda route: route.fulfill(status=503, body="busy"))
    minutes = field(page, "Arrived late", "How late")
    minutes.fill("40")
    expect(page.get_by_role("status")).to_contain_text("What you typed is still here")
    expect(minutes).to_have_value("40")
    page.unroute("**/*")
    minutes.fill("12")
    expect_seed(page)


def test_what_is_typed_while_a_card_is_on_its_way_is_not_lost(visit: Open) -> None:
    page = seeded(visit)
    open_card(page, "Arrived late")
    page.evaluate(
        """() => { [...document.querySelectorAll("button.chip")].find(chip => chip.textContent === "A cold goodbye").click();
        document.getElementById("facts.1.minutes").value = "33"; }"""
    )
    expect(page.get_by_role("group", name="A cold goodbye", exact=True)).to_be_visible()
    expect(field(page, "Arrived late", "How late")).to_have_value("33")
    assert 33 in [fact.get("minutes") for fact in told(page)]


# -- for everybody


def settle(page: Page, state: str) -> None:
    match state:
        case "found":
            page.locator("#q").fill("late")
            expect(page.locator("#found .find").first).to_be_visible()
        case "nothing" | "read" | "asked":
            page.locator("#text").fill(
                "qwertz" if state == "nothing" else "I was twelve minutes late, and I swore. They laughed."
            )
            page.get_by_role("button", name="Go on", exact=True).click()
            expect(page.locator("#text-none" if state == "nothing" else "#read")).to_be_visible()
            if state == "asked":
                page.get_by_role("button", name="Go on with what is ticked").click()
                expect(page.locator("#question-head")).to_be_focused()
        case "wrong":
            open_card(page, "Arrived late")
            field(page, "Arrived late", "How late").fill("soon")
            expect(page.get_by_role("heading", name="Something needs a look")).to_be_visible()
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
@pytest.mark.parametrize("state", ["empty", "found", "nothing", "read", "answered", "asked", "wrong"])
def test_axe_finds_nothing(visit: Open, state: str, look: str) -> None:
    options = {"viewport": PHONE if look == "phone" else DESKTOP, "color_scheme": "dark" if look == "dark" else "light"}
    page = seeded(visit, **options) if state in ("answered", "wrong") else visit(**options)
    settle(page, state)
    result = Axe().run(page)
    assert result.response["passes"]
    assert result.violations_count == 0, result.generate_report()


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_runs_out_of_a_small_screen(visit: Open, width: int) -> None:
    page = seeded(visit, viewport={"width": width, "height": 844}, has_touch=True)
    settle(page, "answered")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    small = page.evaluate(
        "[...document.querySelectorAll('button, select, summary, input:not([type=hidden])')].filter(e => e.checkVisibility())"
        ".map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height])"
        ".filter(([, height]) => height > 1 && height < 24)"
    )
    assert small == []


def test_on_a_phone_the_answer_is_one_touch_away(visit: Open) -> None:
    page = seeded(visit, viewport=PHONE, has_touch=True)
    jump = page.locator(".jump")
    expect(jump).to_contain_text("Act now. 72 of 100")
    expect(page.locator(".verdict h2")).not_to_be_in_viewport()
    jump.get_by_role("link", name="Act now").tap()
    expect(page.locator(".verdict h2")).to_be_in_viewport()
    expect(jump).to_be_hidden()


def test_text_may_be_twice_as_large(visit: Open) -> None:
    page = seeded(visit, viewport={"width": 640, "height": 450})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640


def test_on_paper_there_is_the_answer_and_what_was_said(visit: Open) -> None:
    page = seeded(visit)
    page.emulate_media(media="print")
    expect(page.locator("#question")).to_be_hidden()
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.locator("#said")).to_contain_text("How late: 12 minutes")
    expect(page.locator("#said")).to_contain_text("About: Arrived late")
    for heading in (
        "What to do, in this order",
        "What each mistake costs",
        "What weighed most",
    ):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))
    assert 1 <= pages <= 3


# -- what is typed is text, and rules of one's own

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus=alert(1) autofocus='",
    "</textarea></title><svg onload=alert(1)>",
    "{{ 7 * 7 }} {% for x in y %} ${7*7} #{7*7}",
    "javascript:alert(1)",
    "&lt;b&gt; &#60;script&#62;",
    "<!-- --!> <![CDATA[ ]]>",
]
MORE = [
    "<ScRiPt >alert(1)</sCrIpT>", "<scr<script>ipt>alert(1)</script>", "<img src=x onerror=alert(1)//", "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>", "<body onload=alert(1)>", "<a href=javascript:alert(1)>x</a>",
    "<details open ontoggle=alert(1)>", "<input autofocus onfocus=alert(1)>", "<form action=https://example.org><button>x",
    "<base href=https://example.org/>", "<link rel=stylesheet href=https://example.org/x.css>", "<style>*{display:none}</style>",
    "<meta http-equiv=refresh content='0;url=https://example.org'>", "<math><mtext></mtext><script>alert(1)</script></math>",
    "</option></select><script>alert(1)</script>", "</p></li></ul></main><h1>gone</h1>", "--><script>alert(1)</script>",
    "\" autofocus onfocus=\"alert(1)", "`${alert(1)}`", r"\u003cscript\u003ealert(1)\u003c/script\u003e",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "<plaintext>", "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>", "{{constructor.constructor('alert(1)')()}}",
    "\u202eevil\u202c", "\u2028alert(1)\u2029", "=HYPERLINK(1)", "]]>", "<?xml version='1.0'?>", "&amp;&quot;&#39;", "\\\"><b>",
]  # fmt: skip


def test_nothing_in_a_link_runs_or_changes_the_page(visit: Open) -> None:
    """Texts and ids of facts, all at once, from somebody else's link."""
    texts = [*HOSTILE, *MORE]
    facts = [{"kind": "late_arrival", "id": text, "reason": text} for text in texts]
    facts += [{"kind": "they_brought_it_up", "id": f"s{i}", "about": text} for i, text in enumerate(texts)]
    page = visit("#case=" + encoded({"facts": facts}))
    dialogs: list[Dialog] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog))
    expect(page.locator(".verdict")).to_be_visible()
    reasons = page.locator("#said input[name$='.reason']")
    assert reasons.evaluate_all("inputs => inputs.map(input => input.value)") == texts
    assert page.locator("#said select[name$='.about']").evaluate_all("them => them.map(one => one.value)") == texts
    assert page.locator("main script, main img, main iframe, main style, main base, main link, main meta, main math").count() == 0
    assert page.evaluate("document.querySelectorAll('script').length") == 1
    assert page.locator("h1").all_text_contents() == ["After a bad day"]
    assert dialogs == []


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_typed_is_shown_as_it_was_typed(visit: Open, text: str) -> None:
    page = visit()
    dialogs: list[Dialog] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog))
    page.locator("#q").fill("late")
    page.locator("#found .find").first.click()
    page.get_by_role("group", name="Arrived late", exact=True).locator("summary").click()
    field(page, "Arrived late", "What led to it").fill(text)
    page.locator("#q").fill(text)
    page.locator("#browse-signal summary").click()
    page.get_by_role("button", name="A cold goodbye", exact=True).click()  # the whole story is made anew
    expect(page.get_by_role("group", name="A cold goodbye", exact=True)).to_be_visible()
    expect(field(page, "Arrived late", "What led to it")).to_have_value(text)
    page.emulate_media(media="print")
    expect(page.locator("#said")).to_contain_text(f"What led to it: {text}")
    assert page.locator("#answer script, #answer img, #said script, #said img").count() == 0
    assert dialogs == []


def test_kinds_of_ones_own_are_on_the_page_by_themselves(visit: Open, tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pack = re.search(r"```yaml\n(# badge\.yaml\n.*?)```", readme, re.DOTALL)
    assert pack is not None
    file = tmp_path / "badge.yaml"
    file.write_text(pack[1], encoding="utf-8")
    with served("--rules", file) as address:
        page = visit(address=address)
        page.locator("#q").fill("had someone's badge on")
        expect(page.locator("#found .find").first).to_contain_text("Wore another visitor's badge")
        press(page, "Enter")
        field(page, "Wore another visitor's badge", "Hours").fill("4")
        expect(page.locator(".costs")).to_contain_text("wore another visitor's badge for 4 hours", ignore_case=True)


def test_a_button_that_is_held_down_while_an_answer_comes_is_pressed(visit: Open) -> None:
    page = visit()
    words = page.get_by_label("Search by words")
    words.fill("wrote no note")
    button = page.locator("#found .find").filter(has_text="thank-you note").first
    button.hover()
    with page.expect_response("**/"):
        words.evaluate("input => { input.value = 'no note'; input.dispatchEvent(new Event('input', { bubbles: true })) }")
        page.mouse.down()
    page.wait_for_timeout(300)  # the answer would have taken the place of the button by now
    page.mouse.up()
    expect(page.get_by_role("group", name="Sent no thank-you note", exact=True)).to_be_attached()


def test_a_rule_base_about_something_else_has_the_same_page(visit: Open) -> None:
    with served("--rules", ROOT / "fixtures" / "incidents" / "rules") as address:
        page = visit(address=address)
        page.get_by_role("button", name="Outage").click()
        field(page, "Outage", "Minutes").fill("45")
        expect(page.locator(".verdict h2")).to_have_text("Post a status update, now.")
        page.get_by_role("button", name="Data loss").click()
        rows = field(page, "Data loss", "Rows (needed)")
        expect(rows).to_have_accessible_description(re.compile("Is missing"))
        rows.fill("20")
        expect(page.locator(".costs h3")).to_have_text(["Outage", "Data loss", "All of it together"])
        assert Axe().run(page).violations_count == 0
