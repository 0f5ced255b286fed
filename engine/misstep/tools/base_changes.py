"""What two rule bases declare otherwise, and which version the new one should have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, get_args

import orjson

from misstep.errors import listing
from misstep.language.facts import Field
from misstep.rulebase.normal_form import form_of
from misstep.rulebase.tables import RowEntry
from misstep.tools.two_bases import LoadedBase

ChangeSection = Literal["scale", "kinds", "fields", "tables", "rules", "actions", "constants", "sources"]
SECTIONS: tuple[ChangeSection, ...] = get_args(ChangeSection)
VersionLevel = Literal["major", "minor", "patch", "none"]
_MEASURES = ("concerns", "harms", "mends", "severity", "noticed", "urgency", "overall", "verdicts", "outlooks")
"""The sections of a scale by which all that is scored is measured."""
_DECIDING = ("when", "unless", "where", "inputs", "outputs", "hit", "then")
"""What of a table decides answers, besides its rows."""


@dataclass(frozen=True, slots=True)
class BaseChange:
    """Something that is declared otherwise. ``old``, ``new``: as it stands in the packs, empty where it does not; ``words``: it
    decides nothing; ``breaks``: why what fitted the old rule base may not fit the new one."""

    section: ChangeSection
    name: str
    old: str
    new: str
    words: bool = False
    breaks: str = ""

    @property
    def change(self) -> Literal["added", "removed", "changed"]:
        """What happened to it."""
        return "changed" if self.old and self.new else "added" if self.new else "removed"


class _Declared(NamedTuple):
    """A declaration: its text, its data, and what of it decides answers."""

    text: str
    raw: object
    form: object


def find_changes(old: LoadedBase, new: LoadedBase) -> tuple[BaseChange, ...]:
    """All that is declared otherwise, section by section, by name."""
    return tuple(change for section in SECTIONS for change in _changes(section, old, new))


def _changes(section: ChangeSection, old: LoadedBase, new: LoadedBase) -> Iterator[BaseChange]:
    before, after = dict(_declared(section, old, new)), dict(_declared(section, new, old))
    renamed = _renamed(before, after) if section == "rules" else {}
    for name in sorted(before.keys() | after.keys() - {*renamed.values()}):
        now = renamed.get(name, name)
        one, other = before.get(name), after.get(now)
        if one is None or other is None or now != name or one[1:] != other[1:]:
            words = section == "sources" or (one is not None and other is not None and one.form == other.form)
            text, text_now = ("" if each is None else each.text for each in (one, other))
            called = name if now == name else f"{name} -> {now}"
            yield BaseChange(section, called, text, text_now, words, _breaks(section, name, old, new))


def _renamed(before: Mapping[str, _Declared], after: Mapping[str, _Declared]) -> dict[str, str]:
    """The new names of what is there under another one, by the old names."""
    added = {after[name].form: name for name in sorted(after.keys() - before.keys(), reverse=True)}
    gone = {name: added.pop(before[name].form, "") for name in sorted(before.keys() - after.keys())}
    return {name: now for name, now in gone.items() if now}


def _declared(section: ChangeSection, base: LoadedBase, other: LoadedBase) -> Iterator[tuple[str, _Declared]]:
    """The declarations of a section by their names."""
    program, merged = base.program, base.merged
    if section == "fields":
        for owner, entry in (*merged.roles.items(), *merged.kinds.items()):
            raw = entry.raw.get("fields", {})
            for name in raw:
                yield f"{owner}.{name}", _Declared(_flow(name, raw[name]), raw[name], form_of(_field(base, owner, name)))
        return
    forms = base.rule_forms(other) if section == "rules" else {}
    for name, entry in getattr(merged, section).items():
        raw = entry.raw
        match section:
            case "kinds":
                raw = {key: value for key, value in raw.items() if key != "fields"}
                yield name, _Declared(_flow(name, raw), raw, form_of(replace(program.kinds[name], fields=())))
            case "tables":  # without their rows, which are rules
                raw = {key: value for key, value in raw.items() if key not in ("rows", "csv")}
                yield name, _Declared(_flow(name, raw), raw, repr([raw.get(key) for key in _DECIDING]))
            case "rules":
                yield name, _Declared(entry.text, raw, repr(raw) if isinstance(entry, RowEntry) else forms[name])
            case "actions":
                yield name, _Declared(entry.text, raw, base.form.actions[name])
            case "scale":
                decides = {"plan": base.form.plans, "message": base.form.parts}
                yield name, _Declared(_flow(name, raw), raw, repr(raw) if name in _MEASURES else decides.get(name, ""))
            case "constants":
                yield name, _Declared(_flow(name, raw), raw, repr(merged.named.nodes[name]))
            case _:
                yield name, _Declared(entry.text, raw, "")


def _flow(name: str, raw: object) -> str:
    """A declaration in one line."""
    return f"{name}: {orjson.dumps(raw).decode()}"


def _field(base: LoadedBase, owner: str, name: str) -> Field | None:
    """A field of a kind or role."""
    kind = base.program.kinds.get(owner)
    fields = kind.fields if kind is not None else base.program.roles.get(owner, ())
    return next((field for field in fields if field.name == name), None)


def _breaks(section: ChangeSection, name: str, old: LoadedBase, new: LoadedBase) -> str:
    """Why what fitted the old rule base may not fit the new one; empty where it does."""
    if section == "scale":
        return f"the scale has another `{name}`" if name in _MEASURES else ""
    if section == "fields":
        return _breaks_field(name, old, new)
    if section != "kinds" or name not in old.program.kinds or old.program.kinds[name].role == "derived":
        return ""
    role, now = old.program.kinds[name].role, new.program.kinds.get(name)
    if now is None:
        return "" if any(name in kind.was for kind in new.program.kinds.values()) else f"the kind {name} is removed"
    return "" if now.role == role else f"the kind {name} is a {now.role} now"


def _breaks_field(place: str, old: LoadedBase, new: LoadedBase) -> str:
    owner, _, name = place.partition(".")
    one, other = _field(old, owner, name), _field(new, owner, name)
    kind = new.program.kinds.get(owner)
    if (kind is not None and kind.role == "derived") or not all(_owns(base, owner) for base in (old, new)):
        return ""  # rules alone give it, or it came or went with its kind
    if one is None:
        return f"the field {place} must be given" if other is not None and other.required else ""
    if other is None:
        fields = kind.fields if kind is not None else new.program.roles[owner]
        return "" if any(name in field.was for field in fields) else f"the field {place} is removed"
    return f"the field {place} takes less" if narrows(one, other) else ""


def _owns(base: LoadedBase, owner: str) -> bool:
    return owner in base.program.kinds or owner in base.program.roles


def narrows(old: Field, new: Field) -> bool:
    """Whether there is something that a field took and takes no more."""
    if new.required and not old.required:
        return True
    if old.type != new.type and (old.type, new.type) != ("integer", "number"):
        return True
    if old.is_number:
        return new.range[0] > old.range[0] or new.range[1] < old.range[1]
    return not set(old.values) <= set(new.values)


class NextVersion(NamedTuple):
    """The version that a new rule base should have, and the reasons. ``level``: none where nothing is declared otherwise."""

    old: str
    level: VersionLevel
    version: str
    reasons: tuple[str, ...]


def next_version(old: str, changes: Iterable[BaseChange], answers_differ: bool | None) -> NextVersion:
    """The version after an old one. ``answers_differ``: whether some do; None: that is not known."""
    changes = [*changes]
    if breaking := [each.breaks for each in changes if each.breaks]:
        return _version(old, "major", breaking)
    added = [each for each in changes if each.change == "added" and (each.section != "rules" or answers_differ is not False)]
    acting = [each for each in changes if not each.words]
    reasons = [f"{section} are added: {names}" for section, names in _named(added)]
    if answers_differ:
        reasons.insert(0, "answers change")
    elif answers_differ is None and acting and not reasons:
        reasons.append("what rules do is changed, and it is not proved that no answer is")
    if reasons:
        return _version(old, "minor", reasons)
    if changes:
        return _version(old, "patch", ["words, names of rules and order alone are changed"])
    return NextVersion(old, "none", old, ("nothing is declared otherwise",))


def _named(changes: Iterable[BaseChange]) -> Iterator[tuple[str, str]]:
    changes = [*changes]
    for section in SECTIONS:
        if names := [each.name for each in changes if each.section == section]:
            yield section, listing(names, 5)


def _version(old: str, level: VersionLevel, reasons: Iterable[str]) -> NextVersion:
    parts = [int(part) for part in old.split(".")]
    major, minor, patch = (*parts, 0, 0)[:3]
    versions = {"major": (major + 1, 0, 0), "minor": (major, minor + 1, 0), "patch": (major, minor, patch + 1)}
    return NextVersion(old, level, ".".join(map(str, versions[level])), tuple(reasons))
