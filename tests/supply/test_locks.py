"""The lock files hold what pyproject.toml asks for, on every Python; each kind of fault is told."""

from __future__ import annotations

import pytest
from tests.locks import PYTHONS, check, find_faults

pytestmark = pytest.mark.once

LOCK = f"""\
# a comment
click==8.2 \\
    --hash=sha256:{"0" * 64} \\
    --hash=sha256:{"1" * 64}
numpy==1.5 ; python_full_version < '3.12' \\
    --hash=sha256:{"2" * 64}
numpy==2.5 ; python_full_version >= '3.12' \\
    --hash=sha256:{"3" * 64}
"""


def test_the_lock_files_hold_what_is_asked_for() -> None:
    assert check() == []


def test_what_is_locked_has_no_fault() -> None:
    assert find_faults(["click>=8", "NumPy>=1.5", "colorama; sys_platform == 'win32'"], LOCK) == []


@pytest.mark.parametrize(
    ("asked", "lock", "faults"),
    [
        ("rich>=13", LOCK, [f"Python {python}: asked for is rich>=13, locked nothing: run poe lock" for python in PYTHONS]),
        ("numpy>=2", LOCK, ["Python 3.11: asked for is numpy>=2, locked 1.5: run poe lock"]),
        ("numpy; python_version >= '3.13'", LOCK.replace(" >= '3.12'", " < '3.13'"), [
            'Python 3.13: asked for is numpy; python_version >= "3.13", locked nothing: run poe lock'
        ]),
        ("click", LOCK.replace("==8.2", ">=8.2"), ["click>=8.2: the version is not pinned by =="]),
        ("click", "click==8.2\n", ["click==8.2: no hash"]),
    ],
    ids=["absent", "too old", "of one Python", "not exact", "without a hash"],
)  # fmt: skip
def test_a_fault_is_told(asked: str, lock: str, faults: list[str]) -> None:
    assert find_faults([asked], lock) == faults
