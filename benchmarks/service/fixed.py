"""The service with everything but the assessment: the same answer of so many bytes every time.

python -m benchmarks.service.fixed BYTES
"""

from __future__ import annotations

import dataclasses
import sys
from functools import partial
from typing import Any, cast

from misstep import RuleBase
from misstep.service.config import Settings
from misstep.service.served import ServedRules, load_served
from misstep.service.server import serve


class Fixed:
    """A rule base, but for its assessments."""

    def __init__(self, rulebase: RuleBase, size: int) -> None:
        self._rulebase, self._answer = rulebase, b"x" * size

    def assess_json(self, _: bytes, **_asked: object) -> bytes:
        return self._answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rulebase, name)


def load(size: int, settings: Settings) -> ServedRules:
    served = load_served(settings)
    return dataclasses.replace(served, rulebase=cast(RuleBase, Fixed(served.rulebase, size)))


if __name__ == "__main__":
    serve(Settings(port=0), partial(load, int(sys.argv[1])))
