"""A rule base of a garage, with rules to choose among: plain ones, which look at one fact beside settings, and joined ones."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import indent

GARAGE = """\
schema: 1
pack: garage
kinds:
  dent:
    role: mistake
    title: Dent
    fields:
      mm: {type: integer, min: 0, max: 40, default: 1, worse: higher}
      width: {type: number, min: 0, max: 100, default: 1, worse: higher}
      hue: {type: enum, values: [red, blue, unknown], default: unknown}
      seen: {type: "boolean?", worse: true}
      note: {type: "text?"}
      tool: {type: "text?"}
  scratch: {role: mistake, title: Scratch, fields: {mm: {type: integer, min: 0, max: 40, default: 1, worse: higher}}}
  wash: {role: strength, title: Washed, fields: {parts: {type: set, values: [roof, door], default: []}}}
  shop:
    role: setting
    title: Shop
    fields: {size: {type: integer, min: 1, max: 9, default: 3}, open: {type: boolean, default: true}}
  dear: {role: derived, title: Dear, fields: {cost: {type: number}}}
  busy: {role: derived, title: Busy, fields: {}}
actions:
  polish: {title: Polish, reach: repairs, channel: hand}
scale:
  severity: {bands: {low: 0, mid: 3, high: 6}}
  verdicts: {order: [wait, act], table: {low: wait, mid: wait, high: act}}
"""
NEEDED = "needed: {when: [{fact: shop, where: size == 9}], then: {derive: [{kind: busy}, {kind: dear, cost: 10}]}}"
"""Derives what other rules read, so that each may be left out."""
PLAIN = [
    "r1: {when: [dent], then: {severity: dent.mm / 8}}",
    "r2: {when: [{fact: dent, where: mm > 20}], then: {severity: 3}}",
    "r3: {when: [{fact: dent, where: hue == 'red' and seen}], then: {severity: 2}}",
    "r4: {when: [{fact: dent, where: width >= 50.5}], then: {severity: 1, derive: {kind: dear, cost: 10}}}",
    "r5: {when: [{fact: dent, where: width < 20}], then: {severity: 1}}",
    "r6: {when: [{fact: shop, where: size > 6}], then: {derive: {kind: busy}}}",
    "r7: {when: [{fact: mistake, as: m}, busy], then: {severity: {for: m, add: 2}}}",
    "r8: {when: [{fact: dent, where: mm == 17}], then: {relief: {for: dent, add: 2}}}",
    "ra: {when: [{fact: dent, where: 'mm in (13, 26)'}], then: {severity: 1.5}}",
    "rb: {when: [{fact: dent, where: \"tool in ('old', 'x')\"}], then: {severity: 0.5}}",
    "r9: {when: [{fact: finding, as: f, where: severity > 5}], then: {recommend: {action: polish, for: f}}}",
    "r0: {when: [{fact: scratch, as: s, where: mm > 4}, {fact: shop, where: open}], then: {severity: {for: s, add: s.mm / 10}}}",
]
JOINED = [
    "j1: {when: [dent, wash], then: {relief: {for: dent, add: 1}}}",
    "j2: {when: [dent, {count: scratch, as: n}], then: {severity: {for: dent, add: n - 1}}}",
    "j3: {when: [scratch], unless: [{fact: dent, where: mm > 30}], then: {severity: {for: scratch, add: 2}}}",
    "j4: {when: [{sum: dear, of: cost, as: all}, scratch], then: {severity: {for: scratch, add: all / 20}}}",
]


def garage(rules: Sequence[str], promises: Sequence[str] = ()) -> str:
    """The garage with some rules and promises."""
    parts = {"rules": [NEEDED, *rules], "promises": promises}
    return GARAGE + "".join(f"{key}:\n{indent(chr(10).join(lines), '  ')}\n" for key, lines in parts.items() if lines)
