"""Link the actions of packs: channels, occasions, parts of the message, and which action excludes which."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from misstep.errors import abridged, listing
from misstep.language.facts import Kind
from misstep.language.program import REPAIRS, Action
from misstep.language.scale import Scale
from misstep.rulebase import schema
from misstep.rulebase.messages import MessageChecker
from misstep.rulebase.packs import Merged, PackEntry

WAY_FIELDS = ("channel", "occasion")
PRIVATE = "private"
"""The channel of actions that the person does alone."""


def link_actions(merged: Merged, scale: Scale, messages: MessageChecker) -> dict[str, Action]:
    """The actions by id; faults are reported."""
    actions = {name: _action(name, entry, merged, scale, messages) for name, entry in merged.actions.items()}
    _refuse_cycles(actions, merged)
    return actions


def check_ways(merged: Merged, kinds: Mapping[str, Kind], scale: Scale) -> None:
    """The kind that says which channels are open must be derived, with a channel and one of the occasions as its words; there are
    no channels but its own. Faults are reported."""
    if not scale.ways:
        return
    entry = merged.scale["plan"]
    kind = kinds.get(scale.ways)
    if kind is None or kind.role != "derived":
        if ("kinds", scale.ways) not in merged.broken:
            entry.report(f"'{scale.ways}' is not a derived kind", "ways")
        return
    if not scale.private:
        entry.report("`ways` needs `private`: the occasion of actions that nobody else hears of", "ways")
    for name in WAY_FIELDS:
        field = kind.by_name.get(name)
        if field is None or field.type != "enum" or field.unknown:
            entry.report(f"'{scale.ways}' needs a field '{name}' of the type enum", "ways")
        elif name == "channel":
            _refuse_unknown_channels(merged, scale.ways, field.values)
        elif not set(field.values) <= scale.occasions.keys():
            odd = listing(set(field.values) - scale.occasions.keys())
            entry.report(f"'{scale.ways}' names occasions that `occasions` does not: {odd}", "ways")


def _refuse_unknown_channels(merged: Merged, ways: str, channels: tuple[str, ...]) -> None:
    """Who declares other ways in a later layer may leave channels behind that are never open: that is no mistake of theirs."""
    layer = max(merged.scale["plan"].pack.layer, merged.kinds[ways].pack.layer)
    for entry in merged.actions.values():
        if entry.pack.layer >= layer:
            own = (*channels, PRIVATE) if entry.doc.reach == "private" else channels
            listed = isinstance(entry.doc.channel, list)
            for i, word in enumerate(_channels(entry.doc)):
                entry.knows("channel", word, own, "channel", *([i] if listed else []))
    message = merged.scale.get("message")
    if message is not None and message.pack.layer >= layer:
        for i, word in enumerate(message.doc.channels):
            message.knows("channel", word, channels, "channels", i)
        for word in message.doc.spoken:
            message.knows("channel", word, channels, "spoken", word)


def _channels(doc: schema.ActionDoc) -> tuple[str, ...]:
    if doc.channel is None:
        return (PRIVATE,) if doc.reach == "private" else ()
    return (doc.channel,) if isinstance(doc.channel, str) else tuple(doc.channel)


def _action(name: str, entry: PackEntry[schema.ActionDoc], merged: Merged, scale: Scale, messages: MessageChecker) -> Action:
    doc = entry.doc
    parts = [part.name for part in scale.message_parts]
    if doc.says and "message" not in merged.scale:
        entry.report("the scale lacks `message`; declare it under scale:, or leave this out", "says")
    elif doc.part is not None:
        entry.knows("part of the message", doc.part, parts, "part")
    if doc.occasion is not None:
        there = None if scale.occasions else "; the scale's plan has no occasions"
        entry.knows("occasion", doc.occasion, scale.occasions, "occasion", otherwise=there)
    if doc.next_time and doc.reach == REPAIRS:
        text = "an action that `repairs` deals with this chance, so it cannot be for the next one alone: `next_time: true`"
        entry.report(text, "next_time")
    channels = _channels(doc)
    messages.check_action(entry, channels)
    return Action(
        id=name,
        title=doc.title,
        reach=doc.reach,
        channels=channels,
        occasion=doc.occasion or (scale.private if doc.reach == "private" and PRIVATE in channels else ""),
        leads=doc.leads,
        excludes=_excluded(name, entry, merged),
        effort_minutes=doc.effort_minutes,
        due_hours=doc.due_hours,
        group=doc.group or "",
        relief=doc.relief.severity if doc.relief else 0.0,
        text=doc.text,
        clause=doc.clause or doc.title[:1].lower() + doc.title[1:],
        says=doc.says,
        part=doc.part or "",
        next_time=doc.next_time,
    )


def _excluded(name: str, entry: PackEntry[schema.ActionDoc], merged: Merged) -> tuple[str, ...]:
    """The ids of the actions that one excludes, by name or by reach."""
    excluded: dict[str, None] = {}
    for i, item in enumerate(entry.doc.excludes):
        if isinstance(item, schema.ExcludedDoc):
            excluded.update(
                dict.fromkeys(other for other, e in merged.actions.items() if e.doc.reach == item.reach and other != name)
            )
        elif item == name:
            entry.report("an action cannot exclude itself", "excludes", i)
        elif merged.declares("actions", item, entry, "excludes", i):
            excluded[item] = None
    return tuple(name for name in excluded if name in merged.actions)


def _refuse_cycles(actions: Mapping[str, Action], merged: Merged) -> None:
    """Report actions that exclude each other: if both are recommended, neither could be done."""
    try:
        TopologicalSorter({action.id: action.excludes for action in actions.values()}).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        what = " is excluded by ".join(abridged([f"'{name}'" for name in cycle]))
        merged.actions[cycle[0]].report(f"{what}; leave one of them out, so that one wins", "excludes")
