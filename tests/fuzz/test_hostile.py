"""What is known to be hostile ends as fixtures/hostile/expected.yaml says, and what is made of it blindly ends well too."""

from __future__ import annotations

from random import Random

import pytest
import yaml
from tests.fuzz.__main__ import FIXTURES, NAMES, changed, seeds
from tests.fuzz.targets import DOORS, Failure, end_of, warm

pytestmark = pytest.mark.slow

HOSTILE = FIXTURES / "hostile"
EXPECTED: dict[str, dict[str, str]] = yaml.safe_load((HOSTILE / "expected.yaml").read_text(encoding="utf-8"))


def test_every_door_and_every_file_has_its_end() -> None:
    assert tuple(DOORS) == NAMES == tuple(EXPECTED)
    for target, ends in EXPECTED.items():
        assert sorted(file.name for file in (HOSTILE / target).iterdir()) == sorted(ends)


@pytest.mark.parametrize("target", NAMES)
def test_hostile_input_ends_as_it_must(target: str) -> None:
    warm(target)
    ends = {name: end_of(DOORS[target], (HOSTILE / target / name).read_bytes()) for name in EXPECTED[target]}
    wrong = {name: end for name, end in ends.items() if not _is(end, EXPECTED[target][name])}
    assert not wrong


def _is(end: str, expected: str) -> bool:
    """What an error says behind its beginning may change."""
    return end == expected if expected.startswith("answer") else end.startswith(expected)


@pytest.mark.parametrize("target", NAMES)
def test_changed_input_ends_well(target: str) -> None:
    warm(target)
    dice, known = Random(1), seeds(target)
    for _ in range(20):
        end_of(DOORS[target], changed(target, known, dice))


def test_a_failure_is_told() -> None:
    def fails(data: bytes) -> str:
        raise ValueError("no")

    with pytest.raises(Failure, match="ValueError: no"):
        end_of(fails, b"")
