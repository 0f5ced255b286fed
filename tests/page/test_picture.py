"""The picture in the documents can be taken again by its command."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.page.picture import draw

pytestmark = [pytest.mark.once, pytest.mark.needs("chromium")]  # nothing here depends on the version of Python


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    draw(picture)
    head = picture.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    assert (int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) == (1654, 916)
