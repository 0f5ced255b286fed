"""Services to ask: one as it is, one with narrow limits, and one in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.end_to_end.command import Command
from tests.service.running import Service, running

from misstep.service.config import Settings
from misstep.service.served import ServedRules, load_served


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    with running() as service:
        service.wait_for("Application startup complete.")
        yield service


@pytest.fixture
def misstep(tmp_path: Path) -> Command:
    return Command(tmp_path)


@pytest.fixture(scope="session")
def served() -> ServedRules:
    return load_served(Settings())
