from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.needs import find_chromium, require
from tests.page.serving import served


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The page with the shipped rules."""
    with served() as address:
        yield address


@pytest.fixture(scope="module")  # as long as it is there, an event loop runs in this thread, which other tests do not expect
def browser() -> Iterator[Browser]:
    """The Chromium of this system."""
    require("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield chromium
        chromium.close()
