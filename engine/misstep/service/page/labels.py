"""Labels of fields and values for people."""

from __future__ import annotations

from misstep.assessment.phrases import name_of, shown_word
from misstep.language.facts import UNSAID, Field
from misstep.layout.wording import capitalized

NOT_SAID = "not said"
_SYMBOL = 3  # letters: a longer unit is a word, and has a plural


def label_of(field: Field) -> str:
    """The label above a field."""
    return capitalized(name_of(field))


def hint_of(field: Field) -> str:
    """The hint below a label: the help, if it adds to label and choices, and the default."""
    told = capitalized(field.help)
    spoken = field.type == "boolean" and field.words  # its choices say the same
    parts = [] if spoken or label_of(field) == told else [told]
    if field.is_number and field.default is not None:
        parts.append(f"Left empty, it counts as {field.default:g}")
    return ". ".join(part.rstrip(".") for part in parts if part) + ("." if any(parts) else "")


def value_text(value: object) -> str:
    """A word of the rule base in prose; unknown values are "not said"."""
    return NOT_SAID if value is None or value == UNSAID else shown_word(value)


def choice_text(field: Field, value: object) -> str:
    """A value of a field as a choice: its sentence, else its word."""
    text = dict(field.words).get(value) if isinstance(value, str | bool) else None
    return capitalized(value_text(value)) if text is None else text.removesuffix(".")


def answer_text(field: Field, value: object) -> str:
    """A value of a field as it is read back: text as it was typed, a number with its unit, several of a set one after another."""
    if field.type == "text":
        return str(value)
    if isinstance(value, list | tuple):
        return "; ".join(choice_text(field, each) for each in value) if value else "none"
    if field.is_number and field.unit and not isinstance(value, str):
        one = value == 1 and len(field.unit) > _SYMBOL
        return f"{choice_text(field, value)} {field.unit.removesuffix('s') if one else field.unit}"
    return choice_text(field, value)
