"""The command ``misstep``. Only this module prints.

Exit codes: 0 done; 1 findings at or above ``--fail-level``, or a case that failed; 2 bad input, rules or usage;
130 stopped from the keyboard; 141 whoever read the output has gone.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from misstep.errors import CallerError, EngineError, MisstepError, Problem, RecordError, listing, printable, suggest

if TYPE_CHECKING:
    from misstep.api import EngineName, RuleBase
    from misstep.docs import Form
    from misstep.model.facts import Field, Kind
    from misstep.model.result import Assessment

OK, FOUND, BAD, STOPPED, UNREAD = 0, 1, 2, 130, 141

rules_option = click.option(
    "--rules", "rules", multiple=True, type=click.Path(path_type=Path), metavar="PATH",
    help="Pack or folder of packs to use instead of the shipped rules; may be repeated. "
    "A pack that begins with `extends: misstep` adds to the shipped ones.",
)  # fmt: skip

engine_option = click.option(
    "--engine", default="compiled", show_default=True, metavar="NAME",
    help="compiled, or durable for durable-rules (extra misstep[durable]); the answers are the same.",
)  # fmt: skip


class Commands(click.Group):
    """The commands; that nobody reads the output any more is no error of theirs, as click would have it."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; its exit code comes back."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return UNREAD


def show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """What ``--version`` prints; looked up only then, for it takes as long as an assessment."""
    if not wanted:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        print(f"misstep {version('misstep')}")
    except PackageNotFoundError:
        print("misstep, run from a source tree without installation")
    ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=show_version, help="Show the version and exit."
)
def cli() -> None:
    """Says how bad a mistake in a job interview was, whether anybody noticed, and what to do about it.

    \b
    Exit codes: 0 done
                1 findings at or above --fail-level, or a case of `misstep test` failed
                2 bad input, bad rules or bad usage
    """


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the process ends with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal or file of another encoding than UTF-8
            stream.reconfigure(errors="backslashreplace")
    try:
        code = cli.main(arguments, prog_name="misstep", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        code = BAD
    except (click.Abort, KeyboardInterrupt):
        print("misstep: stopped", file=sys.stderr)
        code = STOPPED
    except MisstepError as error:
        complain(error)
        code = BAD
    except BrokenPipeError:
        code = UNREAD
    except OSError as error:
        print(f"misstep: {printable(str(error.filename or ''))}: {error.strerror}", file=sys.stderr)
        code = BAD
    except Exception as error:
        if os.environ.get("MISSTEP_DEBUG"):
            raise
        print(f"misstep: internal error ({type(error).__name__}); MISSTEP_DEBUG=1 shows where", file=sys.stderr)
        code = BAD
    if code == UNREAD:  # also for what Python still flushes at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code if isinstance(code, int) else OK)


def complain(error: MisstepError) -> None:
    """Every problem, a line each, on standard error."""
    for line in str(error).splitlines():
        print(f"misstep: {line}", file=sys.stderr)


def load(rules: tuple[Path, ...]) -> RuleBase:
    """The rule base of ``--rules``."""
    from misstep.api import RuleBase

    return RuleBase.load(*rules) if rules else RuleBase.shipped()


# -- assess


@cli.command()
@click.argument("file", type=click.Path(allow_dash=True, path_type=Path))
@rules_option
@click.option("-o", "--output", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True,
              help="Text to read; JSON, a line for each record; or Markdown with everything.")  # fmt: skip
@click.option("--input", "input_format", type=click.Choice(["json", "jsonl", "yaml"]),
              help="Form of the input; else by the ending of the file, or by the look of standard input.")  # fmt: skip
@click.option("--fail-level", metavar="BAND", help="Exit with 1 if a finding is of this severity band or worse, say `serious`.")
@engine_option
@click.option("--full", is_flag=True, help="Text with the ids of rules, and figures and addresses of sources.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True,
              help="Colors; auto: on a terminal, unless NO_COLOR is set.")  # fmt: skip
def assess(
    file: Path,
    rules: tuple[Path, ...],
    output: str,
    input_format: str | None,
    fail_level: str | None,
    engine: EngineName,
    full: bool,
    color: str,
) -> int:
    """Assess the interviews in FILE, or - for standard input.

    FILE is one record as JSON or YAML, or JSON lines with a record each.

    \b
    misstep assess interview.yaml
    misstep assess interviews.jsonl --output json --fail-level serious
    echo '[{"kind": "late_arrival", "minutes": 12}]' | misstep assess -
    """
    from misstep.inputs import read_documents, refuse_missing

    if str(file) != "-":
        refuse_missing(file)  # before the rules are loaded, which takes longer
    rulebase = load(rules)
    bands = rulebase.program.scale.severity.words
    if fail_level is not None and fail_level not in bands:
        hint = suggest(fail_level, bands, f"; it is one of {', '.join(bands)}")
        raise CallerError(f"--fail-level: unknown band '{fail_level}'{hint}")
    write = _writer(output, color, full)
    code, count = OK, 0
    for document in read_documents(file, input_format):
        count += 1
        if isinstance(document, MisstepError):
            complain(document)
            code = BAD
            continue
        try:
            assessment = rulebase.assess(document.data, engine)
        except RecordError as error:
            complain(document.place(error))
            code = BAD
            continue
        except EngineError as error:
            complain(error)
            code = BAD
            continue
        write(assessment, count)
        if fail_level is not None and code == OK:
            worst = max((bands.index(f.severity_band) for f in assessment.findings), default=-1)
            code = FOUND if worst >= bands.index(fail_level) else OK
    return code


def _writer(output: str, color: str, full: bool) -> Callable[[Assessment, int], None]:
    if output == "json":
        sys.stdout.flush()
        return lambda assessment, count: _write_bytes(assessment.to_json() + b"\n")
    from misstep.report import to_markdown, to_text

    if output == "markdown":
        return lambda assessment, count: print(("\n" if count > 1 else "") + to_markdown(assessment), end="")
    colored, width = _colored(color), _width()
    return lambda assessment, count: print(("\n" if count > 1 else "") + to_text(assessment, width, colored, full), end="")


def _write_bytes(data: bytes) -> None:
    """JSON is UTF-8, whatever the terminal's encoding is."""
    sys.stdout.buffer.write(data)


def _colored(color: str) -> bool:
    return color == "always" or (color == "auto" and sys.stdout.isatty() and not os.environ.get("NO_COLOR"))


def _width() -> int:
    return max(60, min(100, _columns()))


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size((100, 24)).columns


# -- calibrate


@cli.command()
@click.argument("cases", type=click.Path(allow_dash=True, path_type=Path), metavar="CASES")
@rules_option
@click.option("-o", "--output", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True,
              help="Text to read; JSON with every case; or Markdown.")  # fmt: skip
@click.option("--basis", "bases", multiple=True, metavar="WORD",
              help="Only cases whose verdict rests on this; may be repeated.")  # fmt: skip
@click.option("--min-confidence", type=click.IntRange(min=1), metavar="N",
              help="Only cases of this confidence or more.")  # fmt: skip
@click.option("--worst", type=click.IntRange(min=0), default=5, show_default=True, metavar="N",
              help="How many of the worst disagreements to tell.")  # fmt: skip
@click.option("--picture", type=click.Path(path_type=Path), metavar="FILE",
              help="Draw the table of bands into FILE, *.svg or *.png (extra misstep[report]).")  # fmt: skip
@engine_option
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True,
              help="Colors; auto: on a terminal, unless NO_COLOR is set.")  # fmt: skip
def calibrate(
    cases: Path,
    rules: tuple[Path, ...],
    output: str,
    bases: tuple[str, ...],
    min_confidence: int | None,
    worst: int,
    picture: Path | None,
    engine: EngineName,
    color: str,
) -> int:
    """Measure how far rules agree with experts.

    CASES, or - for standard input, has a line of JSON for each case that an expert judged:
    {"record": ..., "expert": {"severity": ..., ...}, ...}; `misstep schema cases` says the rest. Cases that are wrong are told,
    the others are measured.

    \b
    misstep calibrate judged.jsonl --basis letter --min-confidence 2
    misstep calibrate judged.jsonl --rules my-rules/ --worst 10 --picture bands.svg
    """
    from misstep.calibration.picture import refuse_picture, write_picture
    from misstep.inputs import refuse_missing

    if picture is not None:
        refuse_picture(picture)
    if str(cases) != "-":
        refuse_missing(cases)
    agreement = load(rules).calibrate(cases, bases=bases, min_confidence=min_confidence, worst=worst, engine=engine)
    for problem in (*agreement.problems, *agreement.remarks):
        print(f"misstep: {problem}", file=sys.stderr)
    if output == "json":
        sys.stdout.flush()
        _write_bytes(agreement.to_json() + b"\n")
    else:
        from misstep.calibration.report import to_markdown, to_text

        print(to_markdown(agreement) if output == "markdown" else to_text(agreement, _width(), _colored(color)), end="")
    if picture is not None:
        write_picture(agreement, picture)
    return BAD if agreement.problems else OK


# -- sample


@cli.command()
@click.argument("count", type=click.IntRange(min=1), metavar="N")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed gives other records.")
@rules_option
@click.option("--columns", default="", metavar="NAMES",
              help="Columns to group by, separated by commas: team, month.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(allow_dash=True, path_type=Path), default="-", metavar="FILE",
              help="Write to FILE, whole or not at all, instead of standard output.")  # fmt: skip
def sample(count: int, seed: int, rules: tuple[Path, ...], columns: str, output: Path) -> int:
    """Make up a log of N interviews, as JSON lines, to try things out.

    What is in it follows the kinds of the rule base; how often anything comes up is made up too. The same N, seed and rules
    always give the same log.

    \b
    misstep sample 1000 -o log.jsonl
    misstep sample 20 --seed 7 --rules my-rules/ | misstep assess - --rules my-rules/
    """
    import orjson

    from misstep.files import whole_file
    from misstep.sample import sample_records

    wanted = list(dict.fromkeys(name.strip() for name in columns.split(","))) if columns else []
    records = sample_records(load(rules), count, seed, wanted)
    lines = (orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records)
    if str(output) == "-":
        sys.stdout.flush()
        sys.stdout.buffer.writelines(lines)
    else:
        with whole_file(output) as stream:
            stream.writelines(lines)
    return OK


# -- report


@cli.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RESULTS...")
@click.option("-o", "--output", type=click.Path(path_type=Path), default="report.html", show_default=True, metavar="FILE",
              help="Where the page goes.")  # fmt: skip
@click.option("--by", multiple=True, metavar="COLUMN",
              help="Compare interviews by this column; may be repeated. Otherwise by all that were kept.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace FILE if it is there.")
def report(results: tuple[Path, ...], output: Path, by: tuple[str, ...], overwrite: bool) -> int:
    """Make a page about scored interviews.

    RESULTS are files that `misstep score` wrote, all with the same rules. The page is one file of HTML, which needs nothing
    else: open it in a browser, print it, or send it to somebody.

    \b
    misstep report scores.parquet --by team --by month
    """
    from misstep.batch.report.page import refuse_report, write_report
    from misstep.batch.results import read_scores

    refuse_report(output, overwrite)
    write_report([read_scores(file) for file in results], output, by or None, overwrite)
    return OK


# -- rule packs


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def check(paths: tuple[Path, ...], output: str) -> int:
    """Check rule packs, files or folders.

    Shows every mistake with its file, line and column.
    """
    from misstep.api import RuleBase
    from misstep.errors import RuleError
    from misstep.limits import Limits

    try:
        rulebase = RuleBase.load(*paths, limits=Limits(problems=1000))
    except RuleError as error:
        if output == "json":
            print(json.dumps([_problem(p) for p in error.problems], ensure_ascii=False, indent=1))
        else:
            complain(error)
        return BAD
    if output == "json":
        print("[]")
    else:
        program = rulebase.program
        print(
            f"{program.name} {program.version}: {len(program.kinds)} kinds, {len(program.rules)} rules, "
            f"{len(program.actions)} actions, {len(program.sources)} sources; no mistakes found"
        )
    return OK


def _problem(problem: Problem) -> dict[str, Any]:
    place = problem.location
    return {
        "file": place.file, "line": place.line, "column": place.column, "rule": problem.subject, "message": problem.message
    }  # fmt: skip


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--coverage", is_flag=True, help="Also fail for rules without a firing and a quiet case.")
@engine_option
def test(paths: tuple[Path, ...], output: str, coverage: bool, engine: EngineName) -> int:
    """Run the cases of rule packs, files or folders."""
    from misstep.ruletest import run_cases

    report = run_cases(paths, engine=engine)
    failed = [outcome for outcome in report.outcomes if not outcome.passed]
    if output == "json":
        print(json.dumps({
            "cases": len(report.outcomes),
            "failed": [
                {"case": o.id, "file": o.location.file, "line": o.location.line,
                 "failures": [{"what": w, "exp": e, "got": g} for w, e, g in o.failures]} for o in failed
            ],
            "never_fired": report.never_fired,
            "never_quiet": report.never_quiet,
        }, ensure_ascii=False, indent=1))  # fmt: skip
    else:
        for outcome in failed:
            print(f"FAILED {printable(outcome.id)} ({outcome.location})")
            for what, expected, got in outcome.failures:
                print(f"  {printable(what)}\n    exp: {printable(expected)}\n    got: {printable(got)}")
        for rule in report.never_fired if coverage else ():
            print(f"UNTESTED {rule}: no case says that it fires")
        for rule in report.never_quiet if coverage else ():
            print(f"UNTESTED {rule}: no case says that it stays quiet")
        passed = len(report.outcomes) - len(failed)
        print(f"{passed} case{'' if passed == 1 else 's'} passed, {len(failed)} failed")
    untested = coverage and (report.never_fired or report.never_quiet)
    return FOUND if failed or untested else OK


@cli.group()
def docs() -> None:
    """Make pages from rule packs."""


@docs.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FOLDER", help="Where the pages go.")
@click.option("--format", "form", type=click.Choice(["html", "markdown"]), default="html", show_default=True,
              help="A web site, which needs the extra misstep[docs]; or its pages as Markdown.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace FOLDER even if this command did not make it.")
def build(paths: tuple[Path, ...], output: Path, form: Form, overwrite: bool) -> int:
    """Write pages about every kind, rule, action and source of the packs at PATH, files or folders.

    Without PATH they are about the shipped rules. The examples on them are the cases of the packs, run: a case that does not
    hold is an error. FOLDER appears whole or not at all.

    \b
    misstep docs build my-rules/ --output site
    """
    from misstep.docs import build_docs

    built = build_docs(paths, output, form, overwrite)
    print(f"{printable(str(built.first))}: {built.pages} pages, {built.examples} examples run")
    return OK


# -- looking things up


@cli.command()
@click.argument("kind", required=False)
@rules_option
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def kinds(kind: str | None, rules: tuple[Path, ...], output: str) -> int:
    """List the kinds of facts, or show one KIND."""
    rulebase = load(rules)
    known = rulebase.kinds
    if kind is not None and kind not in known:
        raise CallerError(f"there is no kind '{kind}'" + suggest(kind, known, "; `misstep kinds` lists them"))
    chosen = [known[kind]] if kind else list(known.values())
    if output == "json":
        print(json.dumps([_kind_data(k) for k in chosen], ensure_ascii=False, indent=1))
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


def _print_wrapped(text: str, indent: str = "") -> None:
    """In the width of the terminal; what goes on is indented."""
    import textwrap

    print(textwrap.fill(text, _width(), initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False))


def _field_text(field: Field) -> str:
    text = (f"{field.help}; " if field.help else "") + field.expected()
    if field.default is not None:
        shown = ", ".join(field.default) if isinstance(field.default, tuple) else json.dumps(field.default).strip('"')
        text += f"; {shown} if not given"
    return text


def _kind_data(kind: Kind) -> dict[str, Any]:
    return {
        "kind": kind.name, "role": kind.role, "title": kind.title, "topic": kind.topic, "concern": kind.concern,
        "help": kind.help,
        "fields": [
            {"name": f.name, "type": f.type, "unknown": f.unknown, "required": f.required, "default": f.default,
             "values": f.values, "min": f.minimum, "max": f.maximum, "unit": f.unit, "help": f.help} for f in kind.fields
        ],
    }  # fmt: skip


@cli.command()
@click.argument("rule_id", metavar="ID")
@rules_option
@click.option("--python", is_flag=True, help="Show the function that the rule was compiled to.")
def rule(rule_id: str, rules: tuple[Path, ...], python: bool) -> int:
    """Show a rule: where it stands, and on what.

    With what it says, the sources it rests on, and the cases that prove it.
    """
    from misstep.limits import Limits
    from misstep.report import citation
    from misstep.rulebase.link import load_program
    from misstep.rulebase.shipped import shipped_rules

    if python:
        rulebase = load(rules)
        _known_rule(rule_id, rulebase.rules)
        print(rulebase.rule_source(rule_id), end="")
        return OK
    program, merged = load_program(rules or (shipped_rules(),), Limits())
    _known_rule(rule_id, program.rules)
    entry = merged.rules[rule_id]
    print(f"{rule_id}  ({entry.pack.document.locate(entry.path)})")
    if entry.doc.title:
        print(entry.doc.title)
    if entry.doc.help:
        print(entry.doc.help)
    print(entry.pack.document.excerpt(entry.path))
    for name in entry.doc.sources:
        print(f"{name}: {printable(citation(program.sources[name]))}")
    cases = [name for name, case in entry.pack.doc.cases.items() if rule_id in case.expect.fires]
    for name in cases:
        print(f"fires in the case: {name}")
    return OK


def _known_rule(rule_id: str, known: Iterable[str]) -> None:
    known = list(known)
    if rule_id not in known:
        near = [name for name in known if name.split(".")[0] == rule_id.split(".")[0]]
        otherwise = f"there are {listing(near)}" if near else "`misstep kinds KIND` lists those about a kind"
        hint = suggest(rule_id, known, f"; {otherwise}")
        raise CallerError(f"there is no rule '{rule_id}'{hint}")


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
        from misstep.model.result import Assessment

        data = Assessment.model_json_schema(mode="serialization")
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
