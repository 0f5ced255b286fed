"""A log of made-up interviews in; docs/report.png out, the beginning of the report about it.

``python -m tests.batch.report_picture docs/report.png``: the commands of docs/report.md, and a picture of the page.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright
from tests.end_to_end.command import MISSTEP, environment
from tests.needs import NEEDS, find_chromium

WIDTH, HEIGHT = 1060, 1790
COMMANDS = (
    "sample 5000 --columns team,month -o log.jsonl",
    "score log.jsonl --keep team,month -o scores.parquet",
    "report scores.parquet",
)


def draw(target: Path) -> None:
    """Run the commands, and take the picture."""
    chromium = find_chromium()
    if chromium is None:
        sys.exit(NEEDS["chromium"].reason)
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        for command in COMMANDS:
            subprocess.run([*MISSTEP, *command.split()], cwd=folder, env=environment(), check=True)
        with contextlib.closing(playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])) as browser:
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            page.goto((Path(folder) / "report.html").as_uri())
            page.screenshot(path=target)


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
