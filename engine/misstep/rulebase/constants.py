"""Link the constants of packs: values by name, which stand in expressions as if they were written there."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from misstep.language.expression import Arithmetic, Call, Constants, Expression, Literal, Negative
from misstep.language.facts import LARGEST
from misstep.language.functions import FUNCTIONS
from misstep.language.operators import ARITHMETIC
from misstep.rulebase import schema
from misstep.rulebase.expressions import NOTHING, BrokenConstant, ExpressionError, NamedConstants, Scope, check_value
from misstep.rulebase.packs import Merged, PackEntry

MOST_NAMES = 4  # of a cycle that are named in its message
REFUSED = frozenset(("true", "false", "known", "curve", *FUNCTIONS))
_NAME_OR_TEXT = re.compile(r"'[^']*'|\"[^\"]*\"|([a-z][a-z0-9_]*)")


def link_constants(merged: Merged) -> None:
    """Fill ``merged.named``; faults are reported."""
    named = merged.named
    named.broken = {name for section, name in merged.broken if section == "constants"} | merged.constants.keys()
    for name in _in_order(merged):
        if (node := _linked(merged.constants[name], named)) is not None:
            named.nodes[name] = node
            named.broken.discard(name)


def _in_order(merged: Merged) -> Iterator[str]:
    """The names so that one comes after all that it is computed from; a cycle is reported, and left out with what needs it."""
    needs = {name: _names_in(entry.doc.expression or "") & merged.constants.keys() for name, entry in merged.constants.items()}
    sorter = TopologicalSorter({name: sorted(found) for name, found in needs.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1][:0:-1]
        start = cycle.index(min(cycle))
        around = [f"'{name}'" for name in (*cycle[start:], *cycle[: start + 1])]
        if len(around) > MOST_NAMES + 1:
            around[MOST_NAMES:-1] = ["..."]
        merged.constants[cycle[start]].report(f"{' is computed from '.join(around)}; one of them needs a value", "expression")
    while ready := sorter.get_ready():
        yield from sorted(ready)
        sorter.done(*ready)


def _names_in(text: str) -> set[str]:
    return {name for name in _NAME_OR_TEXT.findall(text) if name}


def _linked(entry: PackEntry[schema.ConstantDoc], named: NamedConstants) -> Literal | Constants | None:
    """A constant as it is put into expressions; None with the fault reported."""
    name, doc = str(entry.path[-1]), entry.doc
    if keyword.iskeyword(name) or name in REFUSED:
        entry.report(f"'{name}' is a word of the expression language; choose another name")
    elif (doc.value is None) == (doc.expression is None):
        entry.report("a constant has a `value`, or an `expression` that computes it")
    elif doc.expression is not None:
        return _computed(entry, doc.expression, named)
    elif not isinstance(doc.value, list):
        assert doc.value is not None
        return Literal(doc.value)
    elif len({isinstance(word, str) for word in doc.value}) > 1:
        entry.report("the words of a list are all texts, or all numbers", "value")
    else:
        return Constants(tuple(doc.value))
    return None


def _computed(entry: PackEntry[schema.ConstantDoc], text: str, named: NamedConstants) -> Literal | None:
    try:
        node, type_ = check_value(text, Scope({}, constants=named), NOTHING)
        if not type_.is_number:
            raise ExpressionError(f"a constant is computed as a number; this is {type_}")
        value = _number(node)
        if abs(value) > LARGEST:
            raise ExpressionError(f"a number is at most {LARGEST}; this is {value:g}")
        return Literal(value)
    except BrokenConstant:
        pass
    except ExpressionError as error:
        entry.report(str(error), "expression", offset=error.offset)
    return None


def _number(node: Expression) -> Any:
    """What an expression without names comes to. Raises ExpressionError for what only conditions need."""
    match node:
        case Literal(value):
            return value
        case Negative(operand):
            return 0 - _number(operand)  # 0 - 0.0 is no -0.0
        case Arithmetic(operator, left, right, whole):
            result = ARITHMETIC[operator].run(_number(left), _number(right))
            return int(result) if whole else result
        case Call(function, arguments):
            return FUNCTIONS[function].run(*map(_number, arguments))
        case _:
            raise ExpressionError("a constant is computed by + - * / and functions alone")
