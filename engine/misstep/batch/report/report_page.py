"""Lay out the figures of a log as one HTML file: no script, nothing to fetch, pictures drawn inside.

Text from facts, ids and files is data: the template escapes it and its control characters.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from misstep.analysis.calibration.picture import require_vl_convert
from misstep.batch.report import pictures
from misstep.batch.report.figures import LogFigures
from misstep.batch.report.outcomes import OutcomeChoice
from misstep.batch.report.panel_maker import Draw
from misstep.batch.report.report_sections import report_sections
from misstep.batch.report.summing import measure
from misstep.batch.results import Scores
from misstep.batch.summary import notes_text
from misstep.errors import UsageError, printable
from misstep.files import refuse_existing, whole_file


def write_report(
    results: Sequence[Scores],
    file: str | Path,
    by: Sequence[str] | None = None,
    overwrite: bool = False,
    title: str = "",
    outcome: OutcomeChoice | None = None,
) -> None:
    """Write the report of results, atomically. ``by``: columns to group by; all that were kept, if None. ``title``: its heading;
    ``outcome``: the column with what became of each.

    Raises the errors of ``measure`` and ``check_report_file``, and OSError.
    """
    check_report_file(Path(file), overwrite)
    page = to_html(measure(results, by, outcome), title=title, made=date.today().isoformat())
    with whole_file(Path(file)) as stream:
        stream.write(page.encode())


def check_report_file(file: Path, overwrite: bool = False) -> None:
    """Raise UsageError if a report cannot be written there, InstallationError if vl-convert is missing."""
    name = printable(str(file))
    if not file.absolute().parent.is_dir():
        raise UsageError(f"{name}: no such folder")
    if file.is_dir():
        raise UsageError(f"{name}: is a folder; give a file")
    refuse_existing(file, overwrite)
    require_vl_convert()


def to_html(figures: LogFigures, draw: Draw = pictures.draw, title: str = "", made: str = "") -> str:
    """The report as a page; ``draw`` makes its pictures; ``title``: its heading, if not the usual one; ``made``: its date."""
    style = _templates().get_template("page.css").render(colors=pictures.band_colors(len(figures.bands)), **_COLORS)
    return (
        _templates()
        .get_template("page.html")
        .render(
            sections=report_sections(figures, draw),
            summary=figures.summary,
            words=figures.summary.words,
            notes=notes_text(figures.summary.notes) if figures.summary.notes else "",
            title=title,
            made=made,
            style=Markup(style),  # noqa: S704 - nothing in it comes from outside
            style_hash=b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        )
    )


_COLORS = {name: getattr(pictures, name.upper()) for name in ("ink", "muted", "line", "accent", "soft")}


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
