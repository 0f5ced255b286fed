"""Golden files, compared whole but for digests, and rewritten by ``pytest --update-golden``; and a cache of the tests' own."""

from __future__ import annotations

import difflib
import gc
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tests import needs

settings.register_profile("misstep", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # time is not judged here
settings.load_profile("misstep")

Golden = Callable[[Path, str], None]
_DIGEST = re.compile(r"\bsha256:[0-9a-f]{12,64}\b")


def without_digests(text: str) -> str:
    """A text in which no digest of rules stands: each changes with every word of the rules, and says nothing of the rest."""
    return _DIGEST.sub("sha256:...", text)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files that differ, and show how")


def pytest_configure(config: pytest.Config) -> None:
    needs.register(config)
    # To look for garbage among the rule bases of other tests took a tenth of the time.
    gc.set_threshold(100_000, 50, 100)
    if not hasattr(config, "workerinput"):  # the workers share the folder of the process that began them
        folder = tempfile.TemporaryDirectory(prefix="misstep-tests-")
        os.environ["MISSTEP_CACHE"] = folder.name  # nothing is left in the home of whoever runs the tests
        config.add_cleanup(folder.cleanup)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with a golden file."""
    update = request.config.getoption("--update-golden")
    terminal = request.config.pluginmanager.get_plugin("terminalreporter")

    def compare(file: Path, got: str) -> None:
        got = without_digests(got)
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        if update and got != before:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(got, encoding="utf-8")
            if terminal is not None:
                diff = difflib.unified_diff(before.splitlines(), got.splitlines(), str(file), "now", lineterm="", n=1)
                terminal.write_line("\n" + "\n".join(diff))
        else:
            assert got == before, f"{file} differs; if that is meant: pytest --update-golden"

    return compare
