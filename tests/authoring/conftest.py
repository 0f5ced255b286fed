from __future__ import annotations

from pathlib import Path

import pytest
from tests.end_to_end.command import Command


@pytest.fixture
def misstep(tmp_path: Path) -> Command:
    return Command(tmp_path)
