"""All laws, in one table: importing this module declares them."""

from __future__ import annotations

from tests.laws import answers, bases, doors, plans
from tests.laws.law import LAWS

__all__ = ["LAWS", "answers", "bases", "doors", "plans", "sentences"]


def sentences() -> dict[str, str]:
    """What each law says, by its name."""
    return {name: law.says for name, law in LAWS.items()}
