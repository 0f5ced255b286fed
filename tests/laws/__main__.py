"""Put all laws, or some, to the test so many times each.

    python -m tests.laws 10000
    python -m tests.laws 10000 order of facts

exits with 1 where one is broken, with the smallest record that was found. A law that its fault does not break fails too.
"""

from __future__ import annotations

import json
import sys

import pytest
from tests.laws.law import Law, look_for_a_counterexample, smallest
from tests.laws.table import LAWS
from tests.rulebase.drawn import BASE

MOST_FOR_A_FAULT = 1_000


def main(times: int, *name: str) -> int:
    chosen = [law for law in LAWS.values() if " ".join(name) in law.name]
    broken = [law.name for law in chosen if not holds(law, times)]
    print(f"figure: {len(chosen)} laws, each put to the test {times:,} times and shown to bite by a fault, {len(broken)} broken")
    return 1 if broken or not chosen else 0


def holds(law: Law, times: int) -> bool:
    """Whether a law holds so often, and is broken by its fault."""
    looked = look_for_a_counterexample(law, BASE, times, seed=10_000)
    with pytest.MonkeyPatch.context() as patch:
        bitten = look_for_a_counterexample(law, law.breaks(patch), MOST_FOR_A_FAULT)
    print(f"{law.name}: {looked.times:,} times; its fault was found after {bitten.times:,}", flush=True)
    if looked.broken:
        print(f"  BROKEN: {looked.what}: {json.dumps(smallest(law, BASE, [*looked.record], looked.number))}")
    if not bitten.broken:
        print("  BITES NOT")
    if looked.times < times:
        print("  TOO SELDOM")
    return not looked.broken and looked.times >= times and bitten.broken


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
