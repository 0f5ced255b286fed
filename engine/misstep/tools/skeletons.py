"""Skeletons of what authors write: a rule base or a pack as a whole file; a kind, rule or action as entries to put into one.

Each passes ``misstep check --strict`` and ``misstep test`` as it is, and has a case in which its rule fires, and one in which it
is quiet.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from pathlib import Path
from typing import Literal, NamedTuple

from misstep.errors import UsageError, printable, unknown
from misstep.files import whole_file
from misstep.language.facts import Field, Kind
from misstep.language.program import Program
from misstep.layout.wording import capitalized, name_from_id
from misstep.rulebase.kinds import is_reserved
from misstep.rulebase.schema import NAME
from misstep.rulebase.shipped import shipped_rules

EntrySort = Literal["kind", "rule", "action"]
"""What is put into a pack that is there."""

_BASE = """\
# docs/own-base.md of misstep says what else a scale can have, docs/rule-packs.md has all of the language.
schema: 1
pack: {name}
title: {title}
rulebase: {{name: {name}, version: 0.1.0}}
scale:
  severity: {{bands: {{low: 0, medium: 4, high: 7}}}}      # lower ends, ascending, from 0 to 10
  words: {{record: {{one: case, many: cases}}, mistake: {{one: fault, many: faults}}}}
"""
_KIND = """\
kinds:
  {name}:
    role: mistake
    title: {title}
    help: What counts as one, in a sentence.
{concern}    fields:
      {field}: {{type: integer, min: 1, max: 10, default: 3, worse: higher, title: How large, help: from 1 to 10}}
rules:
  {rule}:
    title: The larger, the worse
    when: [{name}]
    then: {{severity: {name}.{field} * 0.8{more}}}
    because: "its size is {{{name}.{field}}}"{sources}
"""
_ACTION = """\
actions:
  {name}:
    title: {title}
    text: How to do it, in a sentence.
"""
_RULE = """\
rules:
  {rule}:
    title: {title}
    when: [{{fact: {kind}, where: {condition}}}]
    then: {{{effect}}}{remark}
    because: "{reason}"{sources}
"""
_CASES = """\
cases:
  {rule} fires:
    facts: [{fires}]
    expect: {{fires: [{rule}]{more}}}
  {rule} is quiet:
    facts: [{quiet}]
    expect: {{quiet: [{rule}]}}
"""


def new_base(name: str) -> str:
    """The text of a rule base of its own, with the smallest scale. Raises UsageError for a name that it cannot have."""
    _refuse_odd("base", name)
    mend = _ACTION.format(name="mend", title="Mend it")
    told = ", band: medium, actions: {first: mend}"
    kind = _kind("fault", "size", "fault", more=", recommend: mend", told=told, actions=mend)
    return _BASE.format(name=name, title=_title(name)) + kind


def new_pack(name: str, program: Program, extends: str = "") -> str:
    """The text of a pack for a rule base; ``extends``: the shipped packs that it builds on, if it does.

    Raises UsageError for a name that it cannot have or that is taken.
    """
    _refuse_odd("pack", name)
    if extends and (shipped_rules() / f"{name}.yaml").exists():
        raise UsageError(f"there is a shipped pack '{name}'; choose another name")
    head = f"schema: 1\npack: {name}\ntitle: {_title(name)}\n" + f"extends: {extends}\n" * bool(extends)
    return head + new_entries("kind", re.sub("[-.]", "_", name), program)


def new_entries(what: EntrySort, name: str, program: Program, about: str | None = None) -> str:
    """The entries for a pack of a rule base, under the sections that they belong to. ``about``: the mistake that a rule or action
    is about, else the first one that has a field to ask for.

    Raises UsageError for a name that it cannot have or that is taken, and for a kind that is no mistake.
    """
    _refuse_odd(what, name)
    taken: dict[str, Collection[str]] = {"kind": program.kinds, "rule": program.rules, "action": program.actions}
    if name in taken[what]:
        raise UsageError(f"there is {'an' if what == 'action' else 'a'} {what} '{name}' already; choose another name")
    sources = "\n    sources: [practice]" if "practice" in program.sources else ""
    if what == "kind":
        return _kind_in(name, program, sources)
    test = _test_about(about, program)
    rule = name if what == "rule" else _free(f"{test.kind}.{name}".replace("_", "-"), program)
    entries = _RULE.format(
        rule=rule,
        title="What it is about, in a few words",
        kind=test.kind,
        condition=test.condition,
        effect="note: This changes no score yet." if what == "rule" else f"recommend: {name}",
        remark="      # or severity: 1, and what else rule-packs.md has under Effects" if what == "rule" else "",
        reason=f"{name_from_id(test.field)}: {{{test.kind}.{test.field}}}",
        sources=sources,
    )
    action = _ACTION.format(name=name, title=_title(name)) if what == "action" else ""
    return action + entries + _CASES.format(rule=rule, fires=test.fires, quiet=test.quiet, more="")


def write_new(file: Path, text: str) -> None:
    """Write a file that is not there yet, whole or not at all. Raises UsageError where it is, OSError."""
    try:
        file.open("x").close()  # of two at a time one fails
    except FileExistsError:
        raise UsageError(f"{printable(str(file))}: is there already; nothing was written") from None
    try:
        with whole_file(file) as stream:
            stream.write(text.encode())
    except BaseException:
        file.unlink(missing_ok=True)
        raise


# -- names


def _refuse_odd(what: str, name: str) -> None:
    of_words = what in ("kind", "action")
    if not re.fullmatch(NAME if of_words else r"[a-z][a-z0-9_.-]*", name) or len(name) > 80:
        signs = "underscores" if of_words else "- . or _"
        raise UsageError(
            f"'{printable(name)[:60]}' is no name for a {what}: lower-case words with {signs}, at most 80 characters"
        )
    if name in ("true", "false", "null", "known") or (what == "kind" and is_reserved(name)):
        raise UsageError(f"'{name}' has a meaning of its own; choose another name")


def _title(name: str) -> str:
    return capitalized(name_from_id(name).replace(":", ""))


def _free(rule: str, program: Program) -> str:
    return rule if rule not in program.rules else _free(f"{rule}.new", program)


# -- a kind


def _kind_in(name: str, program: Program, sources: str) -> str:
    """A kind with its rule and cases, as a rule base wants it: with a concern, notice and a repair where it has such."""
    scale = program.scale
    shared = {field.name for field in program.roles.get("mistake", ())}
    field = next(word for word in ("size", "amount", "degree", f"{name}_size") if word not in shared)
    more = ", noticed: 2" if "noticed" in scale.scores else ""
    if program.recommended and not scale.concerns:
        more += f", recommend: {min(program.recommended)}"
    concern = f"    concern: {scale.concerns[0]}\n" if scale.concerns else ""
    return _kind(name, field, _free(name.replace("_", "-"), program), concern, more, sources=sources)


def _kind(
    name: str, field: str, rule: str, concern: str = "", more: str = "", told: str = "", actions: str = "", sources: str = ""
) -> str:
    """``more``: effects of its rule; ``told``: what its case expects besides; ``actions``: the section with those of the rule."""
    title = _title(name)
    kind = _KIND.format(name=name, title=title, concern=concern, field=field, rule=rule, more=more, sources=sources)
    return kind + actions + _CASES.format(rule=rule, fires=f"{{kind: {name}, {field}: 5}}", quiet="", more=told)


# -- a condition on a kind that is there


class _Test(NamedTuple):
    """A condition on a field of a kind, a fact that meets it and one that does not, as YAML."""

    kind: str
    field: str
    condition: str
    fires: str
    quiet: str


def _test_about(about: str | None, program: Program) -> _Test:
    mistakes = [kind for kind in program.kinds.values() if kind.role == "mistake"]
    if about is not None:
        if about not in program.kinds:
            raise UsageError(unknown("kind", about, program.kinds, "; `misstep kinds` lists them"))
        mistakes = [kind for kind in mistakes if kind.name == about]
        if not mistakes:
            raise UsageError(f"'{about}' is a {program.kinds[about].role}; a skeleton is about a mistake")
    for kind in mistakes:
        own = program.own_fields(kind)
        for field in (*own, *(field for field in kind.fields if field not in own)):
            if test := _test(kind, field):
                return test
    raise UsageError(f"'{about}' has no field to ask for" if about else "the rule base has no mistake with a field to ask for")


def _test(kind: Kind, field: Field) -> _Test | None:
    """A condition on a field: on the side that is worse, where it says so. None for a text, or where there is one value only."""
    name, worse = field.name, field.worse
    yes: object
    no: object
    if field.is_number:
        low, high = max(field.range[0], -1e6), min(field.range[1], 1e6)
        lower = worse == "lower"
        step = 1 if field.form.whole else 0
        middle = (low + high + (0 if lower else step)) / 2
        if isinstance(field.default, (int, float)) and low < field.default < high:
            middle = field.default
        middle = math.floor(middle) if field.form.whole else middle
        if low >= high:
            return None
        condition, no = (f"{name} <= {_number(middle)}", high) if lower else (f"{name} >= {_number(middle)}", low)
        yes, no = _number(middle), _number(no)
    elif field.form.sort == "truth":
        yes, no = ("false", "true") if worse is False else ("true", "false")
        condition = name if yes == "true" else f"not {name}"
    elif field.values and len(field.answers or field.values) > 1:
        words = field.answers or field.values
        yes = worse if worse in words else words[-1]
        no = next(word for word in words if word != yes)
        condition = f"{name} == '{yes}'" if field.type == "enum" else f"\"'{yes}' in {name}\""
        yes, no = (f'"{yes}"', f'"{no}"') if field.type == "enum" else (f'["{yes}"]', "[]")
    else:
        return None
    given = "".join(f", {f.name}: {_any_value(f)}" for f in kind.fields if f.required and f is not field)
    fires, quiet = (f"{{kind: {kind.name}, {name}: {value}{given}}}" for value in (yes, no))
    return _Test(kind.name, name, condition, fires, quiet)


def _any_value(field: Field) -> str:
    """A value of a field that must be given, as YAML."""
    if field.is_number:
        low, high = field.range
        return _number(min(max(low, 0), high))
    if field.form.sort == "truth":
        return "false"
    return f'"{field.values[0]}"' if field.type == "enum" else "[]" if field.type == "set" else "a text"


def _number(value: float) -> str:
    return f"{int(value)}" if float(value).is_integer() else repr(value)
