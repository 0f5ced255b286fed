"""``misstep kinds``, ``rule``, ``schema`` and ``completion``: what there is to know of a rule base and of the command."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from misstep.cli.group import OK, cli, load, rules_option, width
from misstep.errors import UsageError, printable, suggest

if TYPE_CHECKING:
    from misstep.api import RuleBase
    from misstep.language.facts import Field, Kind


@cli.command()
@click.argument("kind", required=False)
@rules_option
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def kinds(kind: str | None, rules: tuple[Path, ...], output: str) -> int:
    """List the kinds of facts, or show one KIND."""
    rulebase = load(rules)
    known = rulebase.kinds
    if kind is not None and kind not in known:
        raise UsageError(f"there is no kind '{kind}'" + suggest(kind, known, "; `misstep kinds` lists them"))
    chosen = [known[kind]] if kind else list(known.values())
    if output == "json":
        from misstep.tools.lookup import kind_data  # needs the YAML parser, as the text does not

        print(json.dumps([kind_data(k) for k in chosen], ensure_ascii=False, indent=1))
    elif kind:
        _show_kind(known[kind], rulebase)
    else:
        _list_kinds(chosen, sys.stdout)
    return OK


def _list_kinds(chosen: list[Kind], stream: IO[str]) -> None:
    width = max(len(k.name) for k in chosen)
    for role in ("mistake", "signal", "strength", "setting", "derived"):
        of_role = [k for k in chosen if k.role == role]
        for topic in sorted({k.topic for k in of_role}):
            print(f"{role}: {topic.replace('-', ' ')}", file=stream)
            for k in sorted((k for k in of_role if k.topic == topic), key=lambda k: k.name):
                print(f"  {k.name:{width}}  {k.title}", file=stream)


def _show_kind(kind: Kind, rulebase: RuleBase) -> None:
    concern = f", read as {kind.concern}" if kind.concern else ""
    print(f"{kind.name}: {kind.title} ({kind.role}{concern})")
    if kind.help:
        _print_wrapped(kind.help)
    shared = {field.name for field in rulebase.program.roles.get(kind.role, ())}
    own = [field for field in kind.fields if field.name not in shared]
    _show_fields("fields:", own)
    _show_fields(f"fields of every {kind.role}:", [field for field in kind.fields if field.name in shared])
    about = [r for r in rulebase.rules.values() if any(p.kinds == (kind.name,) for p in r.patterns)]
    if kind.role == "setting" and about:
        _print_wrapped(f"rules: {', '.join(rule.id for rule in about)}")
    elif about:
        print("rules:")
        for rule in about:
            print(f"  {rule.id}" + (f": {rule.title}" if rule.title else ""))


def _show_fields(title: str, fields: list[Field]) -> None:
    if fields:
        print(title)
    for field in fields:
        _print_wrapped(f"{field.name}: {_field_text(field)}", "  ")
        for value, text in field.words:
            _print_wrapped(f"{_word(value)}: {text}", "      ")


def _print_wrapped(text: str, indent: str = "") -> None:
    """In the width of the terminal; what goes on is indented."""
    import textwrap

    print(textwrap.fill(text, width(), initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False))


def _word(value: object) -> str:
    """A value as records write it."""
    return json.dumps(value).strip('"')


def _field_text(field: Field) -> str:
    listed = field.type == "enum" and field.words  # one to a line, below
    expected = ("one of these" + ", or left out if unknown" * field.unknown) if listed else field.expected()
    text = "; ".join(part for part in (field.asks, expected) if part)
    if field.default is not None:
        shown = ", ".join(field.default) if isinstance(field.default, tuple) else _word(field.default)
        text += f"; {shown} if not given"
    return text


@cli.command()
@click.argument("rule_id", metavar="ID")
@rules_option
@click.option("--python", is_flag=True, help="Show the function that the rule was compiled to.")
def rule(rule_id: str, rules: tuple[Path, ...], python: bool) -> int:
    """Show a rule: where it stands, and on what.

    With what it says, the sources it rests on, and the cases that prove it.
    """
    from misstep.assessment.text import citation
    from misstep.limits import Limits
    from misstep.rulebase.link import load_program
    from misstep.rulebase.shipped import shipped_rules
    from misstep.tools.lookup import known_rule, rule_page

    if python:
        rulebase = load(rules)
        known_rule(rule_id, rulebase.rules)
        print(rulebase.rule_source(rule_id), end="")
        return OK
    program, merged = load_program(rules or (shipped_rules(),), Limits())
    known_rule(rule_id, program.rules)
    page = rule_page(merged, rule_id)
    print(f"{rule_id}  ({page.location})")
    for text in (page.title, page.help, page.text):
        if text:
            print(text)
    for name in page.sources:
        print(f"{name}: {printable(citation(program.sources[name]))}")
    for name in page.cases:
        print(f"fires in the case: {name}")
    return OK


@cli.command()
@click.argument("what", type=click.Choice(["pack", "record", "assessment", "cases"]))
@rules_option
def schema(what: str, rules: tuple[Path, ...]) -> int:
    """Print a JSON Schema: of packs, records, assessments, judged cases.

    \b
    Editors complete and check packs that begin with
    # yaml-language-server: $schema=pack.schema.json
    """
    if what == "pack":
        from misstep.rulebase.schema import PackDoc

        data = PackDoc.model_json_schema()
    elif what == "assessment":
        from misstep.assessment.result import Assessment

        data = Assessment.json_schema()
    else:
        rulebase = load(rules)
        data = rulebase.case_schema() if what == "cases" else rulebase.record_schema()
    print(json.dumps(data, ensure_ascii=False, indent=1))
    return OK


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print the completion script of a shell.

    \b
    eval "$(misstep completion bash)"
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    print(found(cli, {}, "misstep", "_MISSTEP_COMPLETE").source())
    return OK
