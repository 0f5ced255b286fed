"""Fields of which the worse takes a repair away have a rule that says why. The laws of plans are in tests/laws."""

from __future__ import annotations

import pytest
from tests.rulebase.drawn import BASE, KINDS
from tests.rulebase.plan_changes import EXCEPTIONS

pytestmark = pytest.mark.once  # what rules say does not depend on the version of Python


@pytest.mark.parametrize(("place", "rule"), EXCEPTIONS.items(), ids=lambda what: str(what))
def test_every_exception_is_explained_in_its_pack(place: tuple[str, str], rule: str) -> None:
    kind, field = place
    assert KINDS[kind].by_name[field].worse is not None
    assert BASE.rules[rule].help
