"""What tests of logs share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.batch.server import running_server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a database of PostgreSQL."""
    with running_server() as address:
        yield address
