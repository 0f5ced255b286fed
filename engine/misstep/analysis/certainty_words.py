"""Describe the certainty of an answer in a few sentences, for the terminal, Markdown and the page."""

from __future__ import annotations

from collections.abc import Mapping

from misstep.analysis.certainty import Certainty
from misstep.assessment.phrases import name_of, whole_percent
from misstep.language.facts import Field, Kind
from misstep.layout.wording import lowered

MOST_NAMED = 3  # fields: more would not help to choose


def certainty_sentences(certainty: Certainty, kinds: Mapping[str, Kind], titles: Mapping[str, str]) -> tuple[str, ...]:
    """The range of damage, the fields that it depends on most, and whether the advice stays. ``titles``: of the mistakes, by the
    id of their fact; they tell fields apart if there are several."""
    if not certainty.draws:
        return ("You have said all that counts here.",)
    sentences = [_range(whole_percent(certainty.low), whole_percent(certainty.high))]
    named = []
    for each in certainty.depends_on[:MOST_NAMED]:
        of = f" ({titles[each.fact]})" if each.fact in titles and len(titles) > 1 else ""
        named.append(f"{_inside(kinds[each.kind].by_name[each.field])}{of}")
    if named:
        sentences.append(f"It depends most on: {'; '.join(named)}.")
    sentences.append(_advice(certainty))
    return tuple(sentences)


def _inside(field: Field) -> str:
    """The name of a field inside a sentence."""
    name = name_of(field).rstrip(".?! ")
    return lowered(name)


def _range(low: str, high: str) -> str:
    if low == high:
        return f"Most answers that you could still give leave the damage {'at ' * low.isdecimal()}{low} of 100."
    open_below, open_above = (not end.isdecimal() for end in (low, high))
    match open_below, open_above:
        case False, False:
            damage = f"is between {low} and {high} of 100"
        case True, False:
            damage = f"is at most {high} of 100"
        case False, True:
            damage = f"is at least {low} of 100"
        case _:
            damage = f"may be anything from {low} to {high} of 100"
    return f"Depending on what you have not said, the damage {damage}."


def _advice(certainty: Certainty) -> str:
    if certainty.settled:
        return "No single answer would change what to do."
    tenths = int(certainty.same * 10 + 0.5)
    share = "fewer than 1" if tenths == 0 else "more than 9" if tenths == 10 else str(tenths)
    return f"In {share} of 10 cases what to do stays the same."
