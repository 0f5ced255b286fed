from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.page.serving import served

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The page with the shipped rules."""
    with served() as address:
        yield address


@pytest.fixture(scope="module")  # as long as it is there, an event loop runs in this thread, which other tests do not expect
def browser() -> Iterator[Browser]:
    """Debian's Chromium. A page that was never opened in a browser is not tested, so there is no going without."""
    assert CHROMIUM.exists(), f"{CHROMIUM} is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()
