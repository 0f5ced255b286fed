from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.command import Command


@pytest.fixture
def misstep(tmp_path: Path) -> Command:
    return Command(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """For the runs that the tests of one module look at together."""
    return Command(tmp_path_factory.mktemp("shared"))
