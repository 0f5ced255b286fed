"""Opens the page in Chromium, goes about it by keyboard, and reads what it holds."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
Open = Callable[..., Page]


@contextlib.contextmanager
def visiting(browser: Browser, url: str) -> Iterator[Open]:
    """Opens the page in a browser of its own. Whatever happens, nothing else is asked for and nothing is complained about."""
    contexts: list[BrowserContext] = []
    asked: list[str] = []
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not re.search("status of (422|503)", message.text):
            complaints.append(message.text)

    def opened(fragment: str = "", address: str = url, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": DESKTOP, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address + fragment)
        return page

    yield opened
    for context in contexts:
        assert not context.cookies()
        for page in context.pages:
            if page.evaluate("navigator.userAgent") and page.url.startswith("http"):
                assert page.evaluate("localStorage.length + sessionStorage.length") == 0
        context.close()
    assert all(re.match(r"(blob:)?http://127\.0\.0\.1:\d+/", address) for address in asked), asked
    assert complaints == []


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def reach(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Go on with the Tab key until an element has the focus, which is then to be seen."""
    for _ in range(120):
        if wanted.evaluate("element => element === document.activeElement"):
            expect(wanted).to_be_in_viewport()
            return
        press(page, key)
    raise AssertionError(f"{wanted} cannot be reached by keyboard")


def held(page: Page) -> dict[str, Any]:
    """The record that the page holds."""
    form = page.evaluate("new URLSearchParams(new FormData(document.getElementById('case'))).toString()")
    address = page.url.partition("#")[0] + "page/interview.json"
    reply = page.request.post(address, data=form, headers={"content-type": "application/x-www-form-urlencoded"})
    record: dict[str, Any] = reply.json()
    return record
