"""Kinds, fields and values in; what people read for them out."""

from __future__ import annotations

from typing import Any

from misstep.findings.words import shown_word
from misstep.model.facts import Field

NOT_SAID = "not said"
LONGEST_LABEL = 70  # characters: a longer help stands below its label


def sentence(text: str) -> str:
    """Text with a capital letter at its start; the rest is left as the pack has it."""
    return text[:1].upper() + text[1:]


def small(text: str) -> str:
    """Text as it goes on inside of a sentence."""
    return text[:1].lower() + text[1:]


def label_of(field: Field) -> str:
    """What stands above a field: its help where that is one short phrase, for people say it so, else its name."""
    if field.help and len(field.help) <= LONGEST_LABEL and not set(field.help) & set(":;"):
        return sentence(field.help)
    return sentence(field.name.replace("_", " "))


def hint_of(field: Field) -> str:
    """What stands below the label: the help where it is no label, and what holds where nothing is said."""
    parts = [] if label_of(field) == sentence(field.help) else [sentence(field.help)]
    if field.type in ("integer", "number") and field.default is not None:
        parts.append(f"Left empty, it counts as {field.default:g}")
    return ". ".join(part.rstrip(".") for part in parts if part) + ("." if any(parts) else "")


def word_of(value: Any) -> str:
    """A value as people say it."""
    if value is None:
        return NOT_SAID
    return "not known" if value == "unknown" else shown_word(value)
