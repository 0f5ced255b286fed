"""Services to ask: one as it is, one with narrow limits, and one in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.service.running import Service, running

from misstep.service.rules import Served, load_served
from misstep.service.settings import Settings


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    with running() as service:
        service.wait_for("Application startup complete.")
        yield service


@pytest.fixture(scope="session")
def served() -> Served:
    return load_served(Settings())
