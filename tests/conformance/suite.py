"""The conformance suite, read from ``fixtures/conformance``: every test as what an implementation is given, and what is expected.

README.md there has the format. A test is given as one object of JSON: its name, the layers of packs, and perhaps a record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "fixtures" / "conformance"
TABLE = ("inputs", "outputs", "hit", "gaps", "rows")

Json = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """A test: what is given and what is expected."""

    name: str
    given: Json
    expected: Json

    @property
    def part(self) -> str:
        """The part of the suite that it belongs to: answers, cases, errors, matches or records."""
        return self.name.partition("/")[0]

    def turned(self) -> Json | None:
        """The same with the facts in the opposite order, which changes no answer; None where there is nothing to turn."""
        record = self.given.get("record")
        if "answer" not in self.expected or record is None or len(record["facts"]) < 2:
            return None
        return {**self.given, "name": f"{self.name} (turned)", "record": {**record, "facts": record["facts"][::-1]}}


@cache
def suite() -> tuple[Trial, ...]:
    """All tests, by their names."""
    found = (*_matches(), *_errors(), *_expressions(), *_answers())
    names = [trial.name for trial in found]
    assert len({*names}) == len(names), "a name stands twice"
    return found


@cache
def about() -> Json:
    """What suite.yaml says: the version of the suite, the number of the language, and the kinds of errors."""
    content: Json = _read("suite.yaml")
    return content


@cache
def schema() -> Json:
    """The JSON Schema of the files, of what is given and of what is answered."""
    content: Json = json.loads((FOLDER / "suite.schema.json").read_text(encoding="utf-8"))
    return content


def _read(name: str) -> Any:
    return yaml.load((FOLDER / name).read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _pack(content: Json) -> str:
    return json.dumps({"schema": 1, "pack": "p", **content}, ensure_ascii=False)


def _given(name: str, *layers: Json, **more: Any) -> Json:
    return {"name": name, "layers": list(layers), **more}


# -- matches.yaml


def _matches() -> Iterator[Trial]:
    table = _read("matches.yaml")
    base = {key: table[key] for key in ("constants", "roles", "kinds")}
    for title, case in table["cases"].items():
        rule = {key: case[key] for key in ("when", "unless", "where", *TABLE) if key in case}
        rule |= {"then": {"recommend": "act"}, "because": case.get("show", "no values")}
        pack = {**base, "actions": {"act": {"title": "Act"}}, "tables" if "rows" in case else "rules": {"rule": rule}}
        facts = [{"id": name, **fact} for name, fact in case["facts"].items()]
        name = f"matches/{title}"
        yield Trial(name, _given(name, {"pack.yaml": _pack(pack)}, record={"facts": facts}), {"answer": _matching(case)})


def _matching(case: Json) -> Json:
    """What an answer has where a rule, which recommends ``act``, has these matches."""
    if not case["matches"]:
        return {"recommended": []}
    matches = [{"facts": m[:-1], "text": m[-1]} if "show" in case else {"facts": m} for m in case["matches"]]
    matches.sort(key=lambda match: (match["facts"], match.get("text", "")))
    return {"recommended": [{"action": "act", "matches": matches}]}


# -- errors


def _errors() -> Iterator[Trial]:
    words = (FOLDER / "words.yaml").read_text(encoding="utf-8")
    for file in sorted((FOLDER / "errors").glob("*.yaml")):
        if file.stem == "expressions":
            continue
        for title, case in _read(f"errors/{file.name}").items():
            files = dict(case["files"]) if "files" in case else {"pack.yaml": case["pack"]}
            if case.get("words"):
                files["words.yaml"] = words
            expected: Json = {"errors": [_error(error) for error in case["errors"]]}
            if "omitted" in case:
                expected["omitted"] = case["omitted"]
            name = f"errors/{file.stem}/{title}"
            yield Trial(name, _given(name, files), expected)


def _error(error: Json) -> Json:
    """An error as it is compared: its place, as numbers, and its kind."""
    file, _, place = error["at"].partition(":")
    line, _, column = place.partition(":")
    return {"file": file, "line": int(line or 0), "column": int(column or 0), "kind": error["kind"]}


def _expressions() -> Iterator[Trial]:
    table = _read("errors/expressions.yaml")
    lines = table["pack"].split("\n")
    row, before = next((i, line.index("EXPRESSION")) for i, line in enumerate(lines) if "EXPRESSION" in line)
    for case in table["expressions"]:
        text = case["text"]
        quote = '"' if not {'"', "\\"} & {*text} else "'" if "'" not in text else ""
        pack = table["pack"].replace("EXPRESSION", f"{quote}{text}{quote}")
        at = {"file": "pack.yaml", "line": row + 1, "column": before + len(quote) + case["at"] + 1, "kind": case["kind"]}
        name = f"errors/expressions/{text[:60]}"
        yield Trial(name, _given(name, {"pack.yaml": pack}), {"errors": [at]})


# -- answers, cases and records


def _answers() -> Iterator[Trial]:
    for part in ("answers", "cases", "records"):
        for file in sorted((FOLDER / part).glob("*.yaml")):
            for group, content in _read(f"{part}/{file.name}").items():
                for title, case in content["tests"].items():
                    yield _answer(f"{part}/{file.stem}/{group}/{title}", content, case)


def _answer(name: str, group: Json, case: Json) -> Trial:
    packs = [*group["packs"], *case.get("packs", [])]
    layers = [{f"{i}.yaml": pack if isinstance(pack, str) else _pack({"pack": f"p{i}", **pack})} for i, pack in enumerate(packs)]
    for layer in layers[:1]:
        layer |= group.get("files", {})
    more = {}
    if "facts" in case:
        more["record"] = {"facts": case["facts"]}
    if "record" in case:
        more["record"] = case["record"]
    if "cases" in case:
        return Trial(name, _given(name, *layers, cases=True), {"cases": case["cases"]})
    if "errors" in case:
        return Trial(name, _given(name, *layers, **more), {"errors": case["errors"]})
    return Trial(name, _given(name, *layers, **more), {"answer": filled(case["answer"], "answer")})


def filled(value: Any, part: str) -> Any:
    """A part of an answer with the defaults of the schema where it says nothing."""
    return _filled(value, schema()["$defs"][part])


def _filled(value: Any, shape: Json) -> Any:
    shape = schema()["$defs"][shape["$ref"].rpartition("/")[2]] if "$ref" in shape else shape
    if isinstance(value, list) and "items" in shape:
        return [_filled(each, shape["items"]) for each in value]
    if isinstance(value, dict) and "properties" in shape:
        properties = shape["properties"]
        missing = {name: of["default"] for name, of in properties.items() if "default" in of and name not in value}
        return {**{name: _filled(each, properties.get(name, {})) for name, each in value.items()}, **missing}
    return value
