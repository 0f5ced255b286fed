"""``misstep kinds``, ``rule``, ``schema`` and ``completion``: look up parts of a rule base and of the command."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from misstep.cli.group import cli, load_rules, output_option, print_json, rules_option, terminal_width
from misstep.errors import UsageError, did_you_mean, printable

if TYPE_CHECKING:
    from misstep.api import RuleBase
    from misstep.language.facts import Field, Kind


@cli.command()
@click.argument("kind", required=False)
@rules_option
@output_option("text", "json")
def kinds(kind: str | None, rules: tuple[Path, ...], output: str) -> None:
    """List the kinds of facts, or show one KIND."""
    rulebase = load_rules(rules)
    known = rulebase.kinds
    if kind is not None and kind not in known:
        from misstep.language.facts import renamings

        hint = did_you_mean(kind, known, "; `misstep kinds` lists them", renamings(known.values()))
        raise UsageError(f"unknown kind '{kind}'{hint}")
    chosen = [known[kind]] if kind else list(known.values())
    if output == "json":
        from misstep.tools.lookup import kind_data  # needs the YAML parser; the text does not

        print_json([kind_data(k) for k in chosen])
    elif kind:
        _show_kind(known[kind], rulebase)
    else:
        _list_kinds(chosen)


def _list_kinds(chosen: list[Kind]) -> None:
    from misstep.language.facts import ROLES

    width = max(len(k.name) for k in chosen)
    for role in ROLES:
        of_role = [k for k in chosen if k.role == role]
        for topic in sorted({k.topic for k in of_role}):
            print(f"{role}: {topic.replace('-', ' ')}")
            for k in sorted((k for k in of_role if k.topic == topic), key=lambda k: k.name):
                print(f"  {k.name:{width}}  {k.title}")


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
    """Print text in the width of the terminal, with further lines indented."""
    print(textwrap.fill(text, terminal_width(), initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False))


def _word(value: object) -> str:
    """A value as in a record."""
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
@click.option("--python", is_flag=True, help="Show the Python function that the rule is compiled to.")
def rule(rule_id: str, rules: tuple[Path, ...], python: bool) -> None:
    """Show a rule as a sentence, as a part of the sums in its first case, and as it stands in its pack, with its sources."""
    from misstep.assessment.statement import source_details
    from misstep.limits import Limits
    from misstep.rulebase.link import load_program
    from misstep.rulebase.shipped import shipped_rules
    from misstep.tools.docs.rule_text import rule_text
    from misstep.tools.lookup import require_rule, rule_page
    from misstep.tools.rule_evidence import STANDINGS, standing_of

    if python:
        rulebase = load_rules(rules)
        require_rule(rule_id, rulebase.rules)
        print(rulebase.rule_source(rule_id), end="")
        return
    program, merged = load_program(rules or (shipped_rules(),), Limits())
    page = rule_page(program, merged, rule_id)
    print(f"{rule_id}  ({page.file}:{page.line}:{page.column})")
    for text in (page.title, page.help):
        if text:
            print(text)
    told = rule_text(page, program, merged)
    _print_wrapped(printable(told.sentence))
    print(page.text)
    print(STANDINGS[standing_of(program.rules[rule_id], program)])
    for source in page.sources:
        print(f"{source.id}: {printable(source.title + source_details(source) + (f' <{source.url}>' if source.url else ''))}")
    for name in page.cases:
        print(f"fires in the case: {name}")
        for line in told.sums if name == told.case else ():
            _print_wrapped(printable(line), "  ")


@cli.command()
@click.argument("what", type=click.Choice(["pack", "record", "assessment", "cases"]))
@rules_option
def schema(what: str, rules: tuple[Path, ...]) -> None:
    """Print the JSON Schema of packs, records, assessments or judged cases.

    That of packs explains every key; with --rules it completes the names of a rule base.

    \b
    Editors complete and check packs that start with
    # yaml-language-server: $schema=pack.schema.json
    """
    if what == "pack":
        from misstep.tools.pack_schema import pack_schema

        data = pack_schema(load_rules(rules).program if rules else None)
    elif what == "assessment":
        from misstep.assessment.result import Assessment

        data = Assessment.json_schema()
    else:
        rulebase = load_rules(rules)
        data = rulebase.case_schema() if what == "cases" else rulebase.record_schema()
    print_json(data)


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    eval "$(misstep completion bash)"
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    print(found(cli, {}, "misstep", "_MISSTEP_COMPLETE").source())
