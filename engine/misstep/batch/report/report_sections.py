"""Figures in; the sections of a report, in their order, out."""

from __future__ import annotations

from misstep.batch.report.comparing_panels import ComparingPanels
from misstep.batch.report.figures import LogFigures
from misstep.batch.report.log_panels import LogPanels
from misstep.batch.report.panel_maker import Draw
from misstep.batch.report.quality_panels import QualityPanels
from misstep.batch.report.report_parts import ReportSection


def report_sections(figures: LogFigures, draw: Draw) -> list[ReportSection]:
    """All sections that have anything to tell."""
    log, comparing, words = LogPanels(figures, draw), ComparingPanels(figures, draw), figures.summary.words
    some = figures.interviews > 0
    groupings = figures.groupings if some else ()
    outcome = figures.outcome if some else None
    overview = (
        *([comparing.differences()] if groupings or outcome else []),
        *([log.bands()] if some else []),
        *([log.distribution()] if figures.damage.some.interviews else []),
        *([log.verdicts()] if some else []),
        *filter(None, [comparing.baseline()]),
    )
    worst = f"The worst {words.record if len(figures.worst) == 1 else words.records}"
    sections = (
        ReportSection("overview", "Overview", overview, log.headline()),
        ReportSection("mistakes", words.mistakes.capitalize(), log.mistakes(), paired=True),
        ReportSection("actions", "Steps and actions", log.plans(), paired=True),
        *(
            ReportSection(f"by-{place}", f"By {grouping.column}", (comparing.grouping(grouping),))
            for place, grouping in enumerate(groupings, start=1)
        ),
        *([ReportSection("outcome", f"Damage and {outcome.column}", (comparing.outcome(outcome),))] if outcome else []),
        ReportSection("helped", "Where a step still helps", log.helped()),
        ReportSection("worst", worst, log.worst()),
        ReportSection("rules", "What the rules said", log.rules() if some else (), paired=True),
        ReportSection(
            "quality", "Quality of the log", QualityPanels(figures, draw).quality() if some or figures.summary.rejects else ()
        ),
    )
    return [section for section in sections if section.panels or section.tiles]
