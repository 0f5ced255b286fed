"""Check the templates of kinds, actions and the scale, and the length of the messages that they make."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from operator import itemgetter

from misstep.language.facts import GIVEN_ROLES, Field, Kind
from misstep.language.functions import Type
from misstep.language.program import OUTLOOK
from misstep.language.scale import MISTAKE, NAMED_MISTAKES, PLAN, REPAIR, SAID, STEP, STEP_FIELDS, VERDICT, WRONG, Scale
from misstep.rulebase import schema
from misstep.rulebase.kinds import fact_types, field_type
from misstep.rulebase.packs import Entry, Merged
from misstep.rulebase.templates import Names, TemplateError, check_template

MAX_NAMING, MAX_REPAIR, MAX_WORD = 40, 60, 80  # words for one mistake


class MessageChecker:
    """Checks the templates of messages. Those of kinds are checked at once, as the others contain them. Faults are reported."""

    def __init__(self, merged: Merged, kinds: dict[str, Kind], roles: Mapping[str, tuple[Field, ...]], scale: Scale) -> None:
        self.merged, self.problems, self.scale = merged, merged.problems, scale
        self.broken = frozenset(name for section, name in merged.broken if section in ("kinds", "roles"))
        self.longest: dict[str, int] = {}
        said = [self._of_kind(merged.kinds[name], kind, SAID, MAX_NAMING) for name, kind in kinds.items()]
        repair = [self._of_kind(merged.kinds[name], kind, REPAIR, MAX_REPAIR) for name, kind in kinds.items()]
        for name, kind in kinds.items():
            self._of_kind(merged.kinds[name], kind, "word", MAX_WORD)
        self.longest[SAID] = NAMED_MISTAKES * max(said, default=0) + 2  # "and" between them; or a placeholder
        self.longest[REPAIR] = NAMED_MISTAKES * max(repair, default=0)
        self.names: dict[str, Type | Mapping[str, Type]] = {
            OUTLOOK: Type("enum", scale.outlooks),
            PLAN: dict.fromkeys((*merged.actions, *(n for section, n in merged.broken if section == "actions")), Type("boolean")),
        }
        for name, kind in kinds.items():
            if kind.role in GIVEN_ROLES and kind.role != "mistake":
                self.names[name] = {f.name: field_type(f) for f in kind.fields}
        mistakes = [kind for kind in kinds.values() if kind.role == "mistake"]
        worst = fact_types(mistakes, roles.get("mistake", ()), scale, merged.broken)
        worst.pop("id", None)  # an id is for records, not for readers
        by_kind = {kind.name: {f.name: field_type(f) for f in kind.fields} for kind in mistakes}
        self.around: Names = {**self.names, **by_kind, MISTAKE: worst}
        self.about: Names = {**self.around, SAID: Type("text"), REPAIR: Type("text")}
        channels = kinds[scale.ways].by_name.get("channel") if scale.ways in kinds else None
        step = dict.fromkeys(STEP_FIELDS, Type("text"))
        step["occasion"] = Type("enum", tuple(scale.occasions)) if scale.occasions else Type("text")
        step["channel"] = Type("enum", channels.values) if channels is not None and channels.type == "enum" else Type("text")
        self.head: Names = {
            **self.around,
            WRONG: Type("boolean"),
            VERDICT: Type("enum", (*scale.verdicts, *([scale.unable] if scale.unable else []))),
            STEP: step,
        }
        self.frames: dict[str, tuple[str, int]] = {}

    def _of_kind(self, entry: Entry[schema.KindDoc], kind: Kind, key: str, most: int) -> int:
        """How many words one of the templates of a kind can be."""
        text: str = getattr(kind, key)
        if not text:
            return 0
        if kind.role != "mistake":
            entry.report(f"`{key}` is for mistakes", key)
            return 0
        words = self._check(entry, text, {f.name: field_type(f) for f in kind.fields}, key)
        if words > most:
            entry.report(f"this can be {words} words; at most {most} are taken", key)
        return min(words, most)

    def check_scale(self) -> None:
        """Check the opening, the closing, and the parts that have words of their own."""
        entry = self.merged.scale["message"]
        written = sum(
            self._check(entry, text, self.around, key)
            for key, text in (("opening", self.scale.message_opening), ("closing", self.scale.message_closing))
        )
        self._check(entry, self.scale.message_subject, self.around, "subject")
        for channel, text in self.scale.message_spoken.items():
            self.frames[channel] = f"with its opening for '{channel}'", self._check(entry, text, self.around, "spoken", channel)
        self.frames.update(dict.fromkeys(self.scale.message_channels, ("with opening and closing", written)))
        self._check(self.merged.scale["plan"], self.scale.headline, self.head, "headline")
        for i, part in enumerate(self.scale.message_parts):
            if part.says:
                self._fit(entry, self._check(entry, part.says, self.around, "parts", i, "says"), (), "parts", i, "says")

    def check_action(self, entry: Entry[schema.ActionDoc], channels: Collection[str]) -> None:
        """Check the words of an action: alone they must fit into a message over its channels, or over any channel."""
        self._fit(entry, self._check(entry, entry.doc.says, self.about, "says"), channels, "says")

    def _check(self, entry: Entry[schema.Doc], text: str, names: Names, *path: str | int) -> int:
        """How many words a template can be; 0 with the problem noted."""
        try:
            return check_template(text, names, self.longest, self.broken)
        except TemplateError as error:
            entry.report(str(error), *path, offset=error.offset)
            return 0

    def _fit(self, entry: Entry[schema.Doc], words: int, channels: Collection[str], *path: str | int) -> None:
        frames = [frame for channel, frame in self.frames.items() if channel in channels] or self.frames.values()
        frame, around = max(frames, key=itemgetter(1), default=("by itself", 0))
        if around + words > self.scale.message_max_words:
            what = f"{frame} this can be {around + words} words; a message has at most {self.scale.message_max_words}"
            entry.report(what, *path)
