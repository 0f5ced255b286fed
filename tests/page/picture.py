"""A story in; docs/page.png out: a question about it on a desk and, in the dark, the answer on a phone.

``.venv/bin/python -m tests.page.picture docs/page.png``
"""

from __future__ import annotations

import base64
import re
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from tests.needs import NEEDS, find_chromium
from tests.page.serving import served

HEIGHT = 860
STORY = (
    "My phone rang, and I was twelve minutes late because the bus broke down. They were kind about it. Then I called her Sandra, "
    "and got her name wrong again at the end. It was two hours ago, on Zoom."
)
_BESIDE = """<style>body {{ margin: 0; padding: 28px; display: flex; gap: 28px; background: #e9e4d8; }}
img {{ border-radius: 14px; display: block; box-shadow: 0 2px 14px #0003; }}</style>{}"""


def draw(target: Path) -> None:
    """Tell the story twice, and take both pictures."""
    chromium = find_chromium()
    if chromium is None:
        sys.exit(NEEDS["chromium"].reason)
    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        desk = _taken(browser, url, 1180, dark=False)
        phone = _taken(browser, url, 390, dark=True)
        page = browser.new_page(viewport={"width": 1180 + 390 + 3 * 28, "height": HEIGHT + 2 * 28})
        page.set_content(_BESIDE.format("".join(f'<img src="data:image/png;base64,{image}">' for image in (desk, phone))))
        page.screenshot(path=target)
        browser.close()


def _taken(browser: Browser, address: str, width: int, dark: bool) -> str:
    page = browser.new_page(viewport={"width": width, "height": HEIGHT}, color_scheme="dark" if dark else "light")
    page.goto(address)
    page.locator("#text").fill(STORY)
    page.get_by_role("button", name="Go on", exact=True).click()
    page.get_by_role("button", name=re.compile("Go on with")).click()
    page.locator(".verdict").wait_for()
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    if dark:
        page.locator(".jump a").first.click()
    return base64.b64encode(page.screenshot()).decode()


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
