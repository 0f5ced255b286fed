"""A rule base of any size of which nothing is to be told: ``python -m tests.lints.clean_base 2000 FOLDER`` writes one.

Each kind of mistake has some twenty rules, of the sorts that real bases have: steps that end where the next begins, increments
that come on top, curves, words, negations, aggregates, derived facts, advice for findings, vetoes, a decision table.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random
from typing import Any

import yaml

RULES_OF_A_KIND = 20
KINDS_OF_A_PACK = 25
HEAD: dict[str, Any] = {
    "schema": 1,
    "pack": "common",
    "extends": "scale",
    "roles": {"mistake": {"fields": {"times": {"type": "integer", "min": 1, "max": 50, "default": 1, "worse": "higher"}}}},
    "kinds": {
        "talk": {
            "role": "setting",
            "title": "The talk",
            "assumed": "The talk is taken for a plain one.",
            "fields": {"minutes": {"type": "integer", "min": 5, "max": 240, "default": 45}},
        },
        "calm": {
            "role": "strength",
            "title": "Calm",
            "fields": {"years": {"type": "integer", "min": 0, "max": 60, "default": 5}},
        },
        "frown": {"role": "signal", "title": "A frown", "fields": {"about": {"type": "text?"}}},
        "trend": {"role": "derived", "title": "A trend", "fields": {"about": {"type": "text"}, "how": {"type": "text"}}},
    },
    "sources": {"shop": {"title": "The shop", "kind": "practice", "year": 2020}},
    "rules": {
        "times": {
            "when": [{"fact": "mistake", "as": "m"}],
            "then": {"severity": "curve(m.times, (1, 0), (50, 2))"},
            "because": "{m.times} times",
        },
    },
    "actions": {
        "own_up": {"title": "Own up", "reach": "repairs", "due_hours": 24, "relief": {"severity": 1}},
        "let_rest": {"title": "Let it rest"},
        "joke": {"title": "Making a joke of it"},
    },
}


def clean_base(rules: int, seed: int = 0) -> dict[str, str]:
    """The packs of a clean base of so many rules or a few more, by the name of the file."""
    random = Random(seed)
    packs: list[dict[str, Any]] = [HEAD]
    for number in range(max(1, rules // RULES_OF_A_KIND)):
        if number % KINDS_OF_A_PACK == 0:
            packs.append({"schema": 1, "pack": f"part-{len(packs)}", "kinds": {}, "rules": {}, "tables": {}, "cases": {}})
        _add_kind(packs[-1], f"slip_{number}", random)
    return {f"{pack['pack']}.yaml": yaml.safe_dump(pack, sort_keys=False, allow_unicode=True) for pack in packs}


def _add_kind(pack: dict[str, Any], name: str, random: Random) -> None:
    low, high = sorted(random.sample(range(3, 90), 2))
    amounts = sorted(random.sample(range(1, 60), 3))
    first, second, third = (amount / 10 for amount in amounts)
    pack["kinds"][name] = {
        "role": "mistake",
        "title": name.replace("_", " ").capitalize(),
        "concern": random.choice(["manners", "competence"]),
        "fields": {
            "size": {"type": "integer", "min": 0, "max": 100, "default": 2, "worse": "higher"},
            "cost": {"type": "number", "min": 0, "max": 500, "default": 0, "worse": "higher"},
            "place": {"type": "enum", "values": ["unknown", "door", "hood", "roof"], "default": "unknown"},
            "told": {"type": "boolean?", "worse": False},
            "open": {"type": "boolean", "default": False},
            "colour": {"type": "enum", "values": ["red", "blue", "green"], "default": "red"},
        },
    }
    rules = {
        "small": _rule([_where(name, f"size < {low}")], {"severity": first, "noticed": 1}),
        "middle": _rule([_where(name, f"{low} <= size < {high}")], {"severity": second, "noticed": 2}),
        "large": _rule([_where(name, f"size >= {high}")], {"severity": third, "noticed": 3}),
        "dear": _rule([_where(name, "cost >= 100")], {"severity": 2}),
        "dearer": _rule([_where(name, "cost >= 200")], {"severity": 1}),
        "cost": _rule([name], {"urgency": f"curve({name}.cost, (0, 0), (100, 1), (400, 3))"}),
        "door": _rule([_where(name, "place == 'door'")], {"noticed": random.choice([0.5, 1, -1])}),
        "elsewhere": _rule([_where(name, "place in ('hood', 'roof')")], {"noticed": -0.5}),
        "told": _rule([_where(name, "told")], {"relief": 1}),
        "untold": _rule([_where(name, "not told")], {"severity": 0.5}),
        "silent": _rule([_where(name, "not known(told) and open")], {"urgency": 0.5}),
        "frowned": _rule([{"fact": name, "as": "s"}, {"exists": "frown", "where": "about == s.id"}], {"noticed": 2}),
        "calm": _rule([name, {"exists": "calm", "where": f"years > {random.randint(1, 9)}"}], {"relief": 0.5}),
        "alone": _rule([_where(name, "size > 5")], {"urgency": 1}, unless=["calm"]),
        "often": _rule([{"count": name, "each": "s", "where": "size > 3", "as": "n"}], {"overall": "n / 10"}, where="n >= 2"),
        "trend": {
            "when": [_where(name, f"size >= {high} and cost > 50")],
            "then": {"derive": {"kind": "trend", "about": f"{name}.id", "how": random.choice(["worse", "stays"])}},
        },
        "long": _rule([name, {"fact": "talk", "where": "minutes > 60"}], {"severity": 0.3}),
        "own-up": _rule(
            [{"fact": "finding", "of": name, "as": "f", "where": "severity_band >= 'minor'"}],
            {"recommend": {"action": "own_up", "for": "f"}},
        ),
        "rest": _rule(
            [{"fact": "finding", "of": name, "as": "f", "where": "noticed < 0.25 and severity < 3"}],
            {"recommend": {"action": "let_rest", "for": "f"}, "veto": {"action": "own_up", "for": "f"}},
        ),
        "no-joke": _rule([_where(name, f"size > {low}")], {"veto": {"action": "joke", "for": name}}),
    }
    pack["rules"].update({f"{name}.{key}": rule for key, rule in rules.items()})
    pack["tables"][f"{name}.table"] = {
        "when": [{"fact": name, "as": "s"}],
        "inputs": ["s.colour", "s.open"],
        "outputs": ["points"],
        "rows": [["red", "-", 0.1], ["blue | green", True, 0.4], ["blue | green", False, 0.2]],
        "then": {"urgency": "{points}"},
        "because": "it is {s.colour}",
    }
    pack["cases"][f"{name} is large"] = {
        "facts": [{"kind": name, "size": 95, "told": False}],
        "expect": {"fires": [f"{name}.large", f"{name}.untold"], "quiet": [f"{name}.small"]},
    }


def _where(kind: str, condition: str) -> dict[str, str]:
    return {"fact": kind, "where": condition}


def _rule(when: list[Any], then: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"when": when, **more, "then": then, "because": "it is so", "sources": ["shop"]}


def main() -> None:
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in clean_base(int(sys.argv[1])).items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
