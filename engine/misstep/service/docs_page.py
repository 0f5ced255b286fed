"""``GET /docs``: the description of the service as a page to read, without scripts and without requests elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from typing import Any

from misstep.service.shared_schemas import Schema

Description = dict[str, Any]
"""A description in OpenAPI, as data."""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} {version}: HTTP</title>
<link rel="icon" href="page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="page/page.css">
</head>
<body>
<header class="top"><h1>{title} {version}</h1><p>{summary}</p>
<p class="quiet">The same as <a href="openapi.json">OpenAPI 3.1</a>, for programs.</p></header>
<main>
{body}
</main>
</body>
</html>
"""


def docs_page(described: Description) -> bytes:
    """The page of a description."""
    parts = []
    for tag in described["tags"]:
        parts.append(f"<h2>{escape(tag['name'].capitalize())}</h2><p>{escape(tag['description'])}.</p>")
        for path, methods in described["paths"].items():
            for method, operation in methods.items():
                if tag["name"] in operation["tags"]:
                    parts += _operation(f"{method.upper()} {path}", operation)
    parts.append("<h2>Types</h2>")
    for name, schema in sorted(described["components"]["schemas"].items()):
        parts += _schema(name, schema)
    info = {name: escape(described["info"][name]) for name in ("title", "version", "summary")}
    return _PAGE.format(body="\n".join(parts), **info).encode()


def _operation(title: str, operation: Schema) -> Iterable[str]:
    yield f'<h3 id="{escape(operation["operationId"])}"><code>{escape(title)}</code></h3><p>{escape(operation["summary"])}.</p>'
    if text := operation.get("description"):
        yield f"<p>{escape(text)}</p>"
    rows = [
        (each["name"], f"in the {each['in']}", _type(each["schema"]) or escape(each.get("description", "")))
        for each in operation.get("parameters", ())
    ]
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        rows.append(("body", media_type, _type(content["schema"])))
    for status, response in operation["responses"].items():
        for media_type, content in (response.get("content") or {"": {"schema": {}}}).items():
            rows.append((status, media_type, f"{escape(response['description'])}: {_type(content['schema'])}".rstrip(": ")))
    yield _table(rows)
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        for name, example in list(content.get("examples", {}).items())[:1]:
            value = example["value"]
            text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
            yield _folded(f"Example of a body, {media_type}: {name}", f"<pre>{escape(text)}</pre>")


def _schema(name: str, schema: Schema) -> Iterable[str]:
    rows = [
        (
            member,
            "" if member in schema.get("required", ()) else "may be left out",
            f"{_type(each)} {escape(each.get('description', ''))}",
        )
        for member, each in schema.get("properties", {}).items()
    ]
    yield _folded(name, _table(rows) if rows else f"<p>{_type(schema)}</p>", f' id="{escape(name)}"')


def _folded(summary: str, content: str, attributes: str = "") -> str:
    """Something to unfold; content and attributes are HTML."""
    return f"<details{attributes}><summary>{escape(summary)}</summary>{content}</details>"


def _table(rows: Iterable[tuple[str, str, str]]) -> str:
    """A table of name, place and type; the last is HTML."""
    lines = [
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(place)}</td><td>{text}</td></tr>" for name, place, text in rows
    ]
    return f"<table>{''.join(lines)}</table>"


def _type(schema: Schema) -> str:
    """A schema in a few words, as HTML, with links to components."""
    if reference := schema.get("$ref"):
        name = escape(reference.rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "const" in schema:
        return f"<code>{escape(json.dumps(schema['const']))}</code>"
    if "enum" in schema:
        return " | ".join(f"<code>{escape(json.dumps(each))}</code>" for each in schema["enum"])
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(map(_type, choices))
    if schema.get("type") == "array":
        return f"array of {_type(schema.get('items', {})) or 'anything'}"
    limits = [f"{word} {schema[name]:g}" for word, name in (("from", "minimum"), ("to", "maximum")) if name in schema]
    return escape(" ".join([schema.get("type", ""), *limits]))
