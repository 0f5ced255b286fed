"""What a table of a pack means, said as plainly as it can be: each row is tried on the values, one cell after the other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

Rows = dict[str, tuple[dict[str, Any], int]]
"""By the ids of rules: the table that the rule is a row of, and the place of the row from 0."""


def takes(cell: Any, value: Any) -> bool:
    """Whether a cell takes a value; None is an unknown one."""
    if cell == "-":
        return True
    choices = cell if isinstance(cell, list) else cell.split(" | ") if isinstance(cell, str) else [cell]
    return any(_is(choice, value) for choice in choices)


def _is(choice: Any, value: Any) -> bool:
    if value is None:
        return bool(choice == "unknown")
    if isinstance(value, bool):
        return bool(str(choice).lower() == str(value).lower())
    if isinstance(value, str):
        return bool(choice == value)
    match str(choice).replace("..", " .. ").split():
        case ["unknown"]:
            return False
        case ["<", high]:
            return bool(value < float(high))
        case [">=", low]:
            return bool(value >= float(low))
        case [low, "..", high]:
            return bool(float(low) <= value) and (value < float(high[1:]) if high[0] == "<" else value <= float(high))
        case [number]:
            return bool(value == float(number))
    raise NotImplementedError(choice)


def hits(table: dict[str, Any], values: Sequence[Any]) -> list[int]:
    """The places of the rows that hold where the inputs have these values."""
    found = [i for i, row in enumerate(table["rows"]) if all(map(takes, row, values))]
    return found[:1] if table["hit"] == "first" else found


def without_cells(text: str) -> tuple[str, Rows]:
    """A pack (JSON) with a rule for each row of its tables that asks for no input, and what each of these rules is."""
    pack = json.loads(text)
    rows: Rows = {}
    for name, table in pack.pop("tables", {}).items():
        for i, row in enumerate(table["rows"]):
            rule = {key: table[key] for key in ("when", "unless", "where") if key in table}
            (output,) = table["outputs"]
            rule["then"] = json.loads(json.dumps(table["then"]).replace(f'"{{{output}}}"', json.dumps(row[-1])))
            pack["rules"][f"{name}.{i + 1}"] = rule
            rows[f"{name}.{i + 1}"] = (table, i)
    return json.dumps(pack), rows
