"""What a rule matches: language.yaml."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.inline import load_text

TABLE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "language.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", TABLE["cases"])
def test_a_rule_matches(name: str) -> None:
    case = TABLE["cases"][name]
    keys = ("when", "unless", "where", "inputs", "outputs", "hit", "gaps", "rows")
    rule: dict[str, Any] = {key: case[key] for key in keys if key in case}
    rule |= {"then": {"recommend": "act"}, "because": case.get("show", "no values")}
    pack = {
        "schema": 1,
        "pack": "language",
        "constants": TABLE["constants"],
        "roles": TABLE["roles"],
        "kinds": TABLE["kinds"],
        "tables" if "rows" in case else "rules": {"rule": rule},
        "actions": {"act": {"title": "Act"}},
    }
    facts = [{"id": id_, **fact} for id_, fact in case["facts"].items()]
    for record in (facts, facts[::-1]):
        result = load_text(json.dumps(pack)).assess(record)
        reasons = [reason for action in result.actions for reason in action.because]
        matches = [[*reason.facts, *([reason.text] if "show" in case else [])] for reason in reasons]
        assert sorted(matches) == sorted(case["matches"])
