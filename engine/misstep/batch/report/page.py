"""Figures in; one HTML file out that needs nothing else: no script, nothing to fetch, pictures drawn inside.

Text from facts, ids and files is data: the template escapes it, and its control characters are spelled out.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from misstep.batch.report import panels, pictures
from misstep.batch.report.figures import Figures, measure
from misstep.batch.report.panels import Draw
from misstep.batch.results import Scores
from misstep.errors import UsageError, printable
from misstep.files import whole_file

REJECTS = 10  # shown; the file of rejects has all


def write_report(results: Sequence[Scores], file: str | Path, by: Sequence[str] | None = None, overwrite: bool = False) -> None:
    """Write the report of results, whole or not at all. ``by``: columns to group by; all that were kept, if None.

    Raises what ``measure`` and ``refuse_report`` do, and OSError.
    """
    refuse_report(Path(file), overwrite)
    page = to_html(measure(results, by))
    with whole_file(Path(file)) as stream:
        stream.write(page.encode())


def refuse_report(file: Path, overwrite: bool = False) -> None:
    """Raise UsageError where a report cannot be written there, InstallationError where nothing can draw its pictures."""
    name = printable(str(file))
    if not file.absolute().parent.is_dir():
        raise UsageError(f"{name}: no such folder")
    if file.is_dir():
        raise UsageError(f"{name}: is a folder; give a file")
    if file.exists() and not overwrite:
        raise UsageError(f"{name}: is there already; give --overwrite to replace it, or choose another name")
    pictures.refuse_pictures()


def to_html(figures: Figures, draw: Draw = pictures.draw) -> str:
    """The report as a page; ``draw`` makes its pictures."""
    style = _templates().get_template("page.css").render(colors=pictures.band_colors(len(figures.bands)), **_COLORS)
    some = figures.interviews > 0
    return _templates().get_template("page.html").render(
        figures=figures,
        summary=figures.summary,
        rejects=REJECTS,
        style=Markup(style),  # noqa: S704 - nothing in it comes from outside
        style_hash=b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        headline=panels.headline(figures),
        bands=panels.bands(figures, draw) if some else None,
        verdicts=panels.verdicts(figures, draw) if some else None,
        distribution=panels.distribution(figures, draw) if figures.damage.some.interviews else None,
        mistakes=[panels.commonest(figures, draw), panels.costliest(figures, draw)] if figures.mistakes else [],
        plans=_plans(figures, draw),
        groupings=[panels.grouping(grouping, figures, draw) for grouping in figures.groupings] if some else [],
    )  # fmt: skip


def _plans(figures: Figures, draw: panels.Draw) -> list[panels.Panel]:
    shown = [panels.occasions] if figures.occasions else []
    return [panel(figures, draw) for panel in (*shown, *([panels.actions, panels.first_actions] if figures.actions else []))]


_COLORS = {name: getattr(pictures, name.upper()) for name in ("ink", "muted", "line", "accent", "soft")}


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(printable=printable, word=panels.word, many=panels.many)
    return environment
