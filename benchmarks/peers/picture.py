"""What one run measured in; a picture of it out, as SVG. It has a ground of its own, so that it can be read on any page."""

from __future__ import annotations

from typing import Any

import altair as alt
import vl_convert
from benchmarks.peers.table import Run, times

MISSTEP, OTHERS, HAND = "misstep", "other engines", "the limit: one function, written by hand"
COLOURS = {MISSTEP: "#0b6e4f", OTHERS: "#b4531a", HAND: "#5a6270"}
INK, FAINT, GROUND = "#1f2328", "#d8dee4", "#ffffff"
TITLE = "One rule base, every engine: how many times longer than a function written by hand"
WIDTH, STEP = 560, 27


def draw(run: Run) -> str:
    """The contenders that were measured, the fastest first, on a scale of tens."""
    rows = [
        {
            "contender": row.title,
            "who": HAND if row.key == "hand" else MISSTEP if row.ours else OTHERS,
            "median": row.ratio.median,
            "lowest": row.ratio.lowest,
            "highest": row.ratio.highest,
            "label": f"{times(row.ratio.median)} × ({row.ratio.seconds * 1e6:,.0f} µs)",
        }
        for row in run.rows
        if row.ratio is not None
    ]
    svg: str = vl_convert.vegalite_to_svg(_chart(rows, run.machine).to_dict())
    return svg + "\n"


def _chart(rows: list[dict[str, Any]], machine: str) -> Any:
    ticks = [10**power for power in range(5)]
    base = alt.Chart(alt.InlineData(rows)).encode(
        y=alt.Y("contender:N", sort=alt.EncodingSortField("median"), title=None, axis=alt.Axis(labelLimit=400, labelPadding=10)),
        color=alt.Color(
            "who:N",
            scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
            legend=alt.Legend(
                title=None, orient="top", direction="horizontal", labelLimit=400, symbolType="circle", symbolOpacity=1
            ),
        ),
    )
    ends = min(row["lowest"] for row in rows) * 0.8, max(row["highest"] for row in rows) * 5  # room for the last label
    scale = alt.Scale(type="log", domain=ends, nice=False)
    axis = alt.Axis(
        values=ticks, format=",d", title="times the hand-written function, median and range of the rounds (log scale)"
    )
    spread = base.mark_rule(strokeWidth=6, opacity=0.25, strokeCap="round").encode(
        x=alt.X("lowest:Q", scale=scale, axis=axis), x2="highest:Q"
    )
    point = base.mark_circle(size=130, opacity=1).encode(x="median:Q")
    label = base.mark_text(align="left", dx=14, fontSize=12).encode(x="highest:Q", text="label:N")
    subtitle = [
        "43 rules, 1,000 interviews, the same answers from all of them; microseconds are for one interview.",
        f"Measured in one run on {machine}.",
    ]
    return (
        (spread + point + label)
        .properties(
            width=WIDTH,
            height=alt.Step(STEP),
            background=GROUND,
            padding=18,
            title=alt.Title(TITLE, subtitle=subtitle, anchor="start", frame="bounds", offset=12),
        )
        .configure(font="Helvetica, Arial, sans-serif")
        .configure_view(stroke=None)
        .configure_title(fontSize=16, subtitleFontSize=12, subtitleColor=COLOURS[HAND], color=INK, subtitlePadding=6)
        .configure_axis(
            labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelColor=INK, titleColor=COLOURS[HAND],
            gridColor=FAINT, domain=False, ticks=False,
        )
        .configure_axisY(grid=False)
        .configure_legend(labelFontSize=12, labelColor=INK)
    )  # fmt: skip
