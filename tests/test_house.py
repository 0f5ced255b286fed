"""The package keeps its shape: few rooms, one meaning for a name, and a layout that the formatter keeps."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from tests.house import House, Module, read_house
from tests.mutants.__main__ import MODULES, PACKAGE, ROOT

pytestmark = pytest.mark.once

MOST_ROOMS = 14
MOST_ANY = 239  # half of what the package used when it was half as large


@pytest.fixture(scope="module")
def house() -> House:
    return read_house()


def test_the_package_has_few_rooms(house: House) -> None:
    assert 0 < len(house.rooms) <= MOST_ROOMS, house.rooms


def test_values_have_types(house: House) -> None:
    assert 0 < sum(module.any_uses for module in house.modules) <= MOST_ANY


def test_a_public_type_name_stands_in_one_module(house: House) -> None:
    assert house.doubled_types == {}


def test_a_module_name_stands_in_one_folder(house: House) -> None:
    assert house.doubled_modules == {}


def test_the_formatter_lays_out_everything(house: House) -> None:
    assert [f"{module.path}:{line}" for module in house.modules for line in module.skips] == []


def test_what_is_changed_for_mutants_is_there() -> None:
    assert [name for name in MODULES if not (ROOT / PACKAGE / name).is_file()] == []


# -- the measure itself


def module(path: str, text: str = "") -> Module:
    return Module(PurePosixPath(path), text)


def test_statements_are_counted_without_docstrings() -> None:
    counted = module(
        "a.py", '"""Text."""\nimport b\n\n\ndef c(x: int) -> int:\n    """Text."""\n    if x:\n        return 1\n    return 2\n'
    )
    assert counted.statements == 5


def test_uses_of_any_are_counted() -> None:
    assert module("a.py", "from typing import Any\nx: Any = 1\ny: dict[str, Any] = {}\n").any_uses == 2


def test_public_types_are_classes_and_aliases() -> None:
    text = "class One: ...\nclass _Two: ...\nThree = dict[str, int]\nFOUR = 4\nFive: TypeAlias = int\nsix = Three\n"
    assert list(module("a.py", text).types) == ["One", "Three", "Five"]


def test_doubled_names_are_found() -> None:
    house = House(
        (module("a/one.py", "class X: ..."), module("b/two.py", "class X: ..."), module("b/one.py"), module("cli/one.py"))
    )
    assert house.rooms == ["a", "b", "cli"]
    assert house.doubled_types == {"X": ["a/one.py", "b/two.py"]}
    assert house.doubled_modules == {"one": ["a/one.py", "b/one.py"]}


def test_a_package_and_a_module_of_one_name_are_found() -> None:
    house = House((module("a/page/__init__.py"), module("b/page.py"), module("a/__init__.py"), module("cli/page.py")))
    assert house.doubled_modules == {"page": ["a/page", "b/page.py"]}
