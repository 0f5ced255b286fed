from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from tests.needs import find_chromium, require
from tests.page.serving import served
from tests.page.visiting import Open, visiting


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The page with the shipped rules."""
    with served() as address:
        yield address


@pytest.fixture(scope="module")  # as long as it is there, an event loop runs in this thread, which other tests do not expect
def browser() -> Iterator[Browser]:
    """The Chromium of this system."""
    require("chromium")
    expect.set_options(timeout=20_000)  # where other work shares the processors, an answer takes seconds
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser, url: str) -> Iterator[Open]:
    """Opens the page with the shipped rules in a browser of its own, and watches what it asks for."""
    with visiting(browser, url) as opened:
        yield opened
