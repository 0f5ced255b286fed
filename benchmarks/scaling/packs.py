"""A number of rules in; packs of so many out, as somebody might write them, and the record on which always the same rules fire.

The first rules are the same in every size: twenty that fire on ``RECORD``, and some that do not. What comes after them never
fires on it: a larger rule base says more about other things, and does not say the same thing more often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

import yaml

KINDS = 12  # of mistakes that every rule base speaks of
HAPPENED = 4  # of them are in the record
SAID = 5000  # a number that a mistake of the record has; the rules ask for others
A_FILE = 500  # rules
A_TOPIC = 10  # rules that a further kind has

RECORD: list[dict[str, Any]] = [
    {"id": f"f{k}", "kind": f"m{k}", "x": SAID - k, "tag": "w0", "about": "the project"} for k in range(HAPPENED)
] + [{"kind": "interview", "stage": "s0", "panel": 3}]

Rule = dict[str, Any]
Breadth = Literal["same kinds", "more kinds"]


def write_packs(folder: Path, count: int, shapes: Iterable[str] = (), breadth: Breadth = "same kinds") -> Path:
    """A folder of packs with so many rules. After the first hundred they are of the given shapes (of all, where none is given),
    about the kinds that are there already or about kinds of their own, ten rules for each."""
    rules = [*_firing(), *(_rule(n, tuple(shapes), breadth) for n in range(count - len(_firing())))][:count]
    kinds = {_kind(n, breadth) for n in range(count)} | {f"m{k}" for k in range(KINDS)}
    folder.mkdir()
    _write(folder / "kinds.yaml", {"roles": _ROLES, "kinds": {**_setting(), **{k: _mistake(k) for k in sorted(kinds)}}})
    _write(folder / "actions.yaml", {"actions": {f"step_{k}": {"title": f"Repair {k}"} for k in range(KINDS)}})
    for first in range(0, len(rules), A_FILE):
        some = {f"r{i}": rule for i, rule in enumerate(rules[first : first + A_FILE], first)}
        _write(folder / f"rules-{first}.yaml", {"rules": some})
    return folder


_ROLES = {
    "mistake": {
        "fields": {
            "x": {"type": "integer", "min": 0, "max": 100_000},
            "tag": {"type": "enum", "values": [f"w{i}" for i in range(50)]},
            "about": {"type": "text", "default": ""},
        }
    }
}


def _mistake(name: str) -> dict[str, Any]:
    return {"role": "mistake", "title": f"Did {name}", "concern": "manners"}


def _setting() -> dict[str, Any]:
    stage = {"type": "enum", "values": [f"s{i}" for i in range(8)], "default": "s0"}
    panel = {"type": "integer", "min": 1, "max": 20, "default": 3}
    fields = {"stage": stage, "panel": panel}
    return {"interview": {"role": "setting", "title": "The interview", "assumed": "it was as usual", "fields": fields}}


def _write(file: Path, pack: dict[str, Any]) -> None:
    whole = {"schema": 1, "pack": file.stem, **pack}
    file.write_text(yaml.dump(whole, Dumper=yaml.CSafeDumper, sort_keys=False, width=1000), encoding="utf-8")


def _firing() -> list[Rule]:
    """The rules that fire on the record: of every shape one for each of its mistakes."""
    rules: list[Rule] = []
    for k in range(HAPPENED):
        m, other = f"m{k}", f"m{(k + 1) % HAPPENED}"
        rules += [
            _of(m, f"{m}.x >= 1000", {"severity": 2}),
            _of(m, f"{m}.tag in ('w0', 'w49')", {"severity": 0.5}),
            _with_setting(m, None, "interview.panel >= 2", {"noticed": 1}),
            _pair(m, other, f"{m}.about == {other}.about", {"urgency": {"for": m, "add": 1}}),
            _finding(m, "f.severity >= 1", f"step_{k}"),
        ]
    return rules


def _kind(n: int, breadth: str) -> str:
    further = n - 100
    return f"m{n % KINDS}" if breadth == "same kinds" or further < 0 else f"m{KINDS + further // A_TOPIC}"


def _rule(n: int, shapes: tuple[str, ...], breadth: str) -> Rule:
    """The n-th rule that does not fire on the record."""
    of = shapes if shapes and n >= 100 else tuple(SHAPES)
    return SHAPES[of[n % len(of)]](n // len(of), _kind(n, breadth))


def _threshold(n: int, m: str) -> Rule:
    """A least or a greatest number: on either side of that of the record, further and further from it."""
    return _of(m, f"{m}.x >= {SAID + 1 + n}" if n % 2 else f"{m}.x <= {max(0, SAID - HAPPENED - n)}", {"severity": 1})


def _band(n: int, m: str) -> Rule:
    """From one number to another: below that of the record, then above it."""
    low = 6 * n if 6 * n < SAID - 20 else 6 * n + 40
    return _of(m, f"{m}.x >= {low} and {m}.x < {low + 6}", {"severity": 0.5})


def _word(n: int, m: str) -> Rule:
    return _of(m, f"{m}.tag == 'w{1 + n % 48}'" if n % 2 else f"{m}.tag in ('w{1 + n % 47}', 'w48')", {"severity": 1})


def _setting_and(n: int, m: str) -> Rule:
    """A mistake in one sort of interview; every other one says more about the mistake."""
    own = f"{m}.x >= {SAID + 1 + n}" if n % 2 else None
    return _with_setting(m, own, f"interview.stage == 's{1 + n % 7}'", {"noticed": 1})


def _two_mistakes(n: int, m: str) -> Rule:
    """Two mistakes about the same thing: of one sort, or one much worse than the other."""
    other = f"m{(int(m[1:]) + 1 + n % (KINDS - 1)) % KINDS}"
    more = f"{m}.tag == 'w{1 + n % 48}'" if n % 2 else f"{m}.x > {other}.x + {HAPPENED + n}"
    return _pair(m, other, f"{m}.about == {other}.about and {more}", {"urgency": {"for": m, "add": 1}})


def _advice(n: int, m: str) -> Rule:
    return _finding(m, f"f.severity >= {5 + n % 50 / 10}", f"step_{n % KINDS}")


SHAPES: dict[str, Callable[[int, str], Rule]] = {
    "threshold": _threshold,
    "band": _band,
    "word": _word,
    "setting": _setting_and,
    "two mistakes": _two_mistakes,
    "advice": _advice,
}
"""What the rules that do not fire look like."""


def _of(m: str, where: str, then: Rule) -> Rule:
    return {"when": [{"fact": m, "where": where}], "then": then, "because": f"{{{m}.x}} times"}


def _with_setting(m: str, own: str | None, where: str, then: Rule) -> Rule:
    one = {"fact": m, "where": own} if own else m
    return {"when": [one, {"fact": "interview", "where": where}], "then": then, "because": "in such an interview"}


def _pair(m: str, other: str, where: str, then: Rule) -> Rule:
    return {"when": [m, other], "where": where, "then": then, "because": "about the same thing"}


def _finding(m: str, where: str, action: str) -> Rule:
    when = [{"fact": "finding", "of": m, "as": "f", "where": where}]
    return {"when": when, "then": {"recommend": {"action": action, "for": "f"}}, "because": "that counts"}


# -- joins


def write_join(folder: Path, patterns: int, equal: bool) -> Path:
    """A folder with one rule that joins two or three facts, by equal fields or by a condition that has to be tried on each."""
    names = ["left", "right"] if patterns == 2 else ["left", "right", "third"]
    if equal:
        where = " and ".join(f"left.about == {name}.about" for name in names[1:])
    else:
        where = "left.x < right.x and right.x < left.x + 2" if patterns == 2 else "left.x + 1000 * right.x == third.x"
    kinds = {name: _joined_kind(name) for name in names}
    rule = {"when": names, "where": where, "then": {"severity": 1}, "because": "they belong together"}
    folder.mkdir()
    _write(folder / "join.yaml", {"kinds": kinds, "rules": {"join": rule}})
    return folder


def _joined_kind(name: str) -> dict[str, Any]:
    fields = {"x": {"type": "integer", "min": 0, "max": 10_000_000}, "about": {"type": "text"}}
    role = {"role": "mistake", "concern": "manners"} if name == "left" else {"role": "signal"}
    return {**role, "title": f"The {name} one", "fields": fields}


def joined(patterns: int, count: int) -> list[dict[str, Any]]:
    """So many facts of each kind; whatever the condition, every left one has one match."""
    facts: list[dict[str, Any]] = []
    for i in range(count):
        numbers = {"left": i, "right": i + 1} if patterns == 2 else {"left": i, "right": i, "third": 1001 * i}
        facts += [{"kind": kind, "x": x, "about": f"thing {i}"} for kind, x in numbers.items()]
    return facts
