"""Draw the confusion matrix of an agreement, as SVG or PNG.

The chart is Vega-Lite, plain data; vl-convert (extra ``misstep[report]``) draws it, without a browser and without a network.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from misstep.analysis.calibration.agreement import Agreement
from misstep.errors import InstallationError, UsageError, printable

LIBRARY = "vl_convert"
ENDINGS = (".svg", ".png")
CELL = 62  # of a band, in pixels: three digits and a word such as "moderate" have room
DARK = 0.75  # share of the greatest count from which a cell is so dark that its number is white


def refuse_picture(file: Path) -> None:
    """Raise UsageError if the file has no ending of a picture or no folder, InstallationError if vl-convert is missing."""
    if file.suffix.lower() not in ENDINGS:
        raise UsageError(f"{printable(str(file))}: a picture is called *.svg or *.png")
    if not file.absolute().parent.is_dir():
        raise UsageError(f"{printable(str(file))}: no such folder")
    if find_spec(LIBRARY) is None:
        raise InstallationError("pictures need vl-convert-python: pip install 'misstep[report]'")


def write_picture(agreement: Agreement, file: Path) -> None:
    """Draw the confusion matrix into a file, whole or not at all. Raises what ``refuse_picture`` does, and OSError."""
    refuse_picture(file)
    data = to_svg(agreement).encode() if file.suffix.lower() == ".svg" else to_png(agreement)
    handle, name = tempfile.mkstemp(dir=file.absolute().parent, prefix=".misstep-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(name).chmod(0o644)  # a temporary file is its owner's only
        Path(name).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def to_svg(agreement: Agreement) -> str:
    """The confusion matrix as SVG."""
    import vl_convert  # 88 MB, which only a picture needs

    return str(vl_convert.vegalite_to_svg(matrix_chart(agreement), allowed_base_urls=[]))


def to_png(agreement: Agreement) -> bytes:
    """The confusion matrix as PNG, at twice its size for sharp screens."""
    import vl_convert  # as above

    return bytes(vl_convert.vegalite_to_png(matrix_chart(agreement), scale=2, allowed_base_urls=[]))


def matrix_chart(agreement: Agreement) -> dict[str, Any]:
    """The confusion matrix as a chart of Vega-Lite: a cell for each pair of bands, the darker the more cases."""
    bands = [band.replace("_", " ") for band in agreement.bands]
    most = max(map(max, agreement.matrix))
    cells = [
        {"expert": bands[i], "ours": bands[j], "cases": count, "shown": str(count or ""), "dark": count > DARK * most}
        for i, counts in enumerate(agreement.matrix) for j, count in enumerate(counts)
    ]  # fmt: skip
    exact, near = agreement.figures.exact.value or 0.0, agreement.figures.within_one.value or 0.0
    axis = {
        "labelAngle": 0, "labelFontSize": 13, "labelPadding": 8, "titleFontSize": 14, "titlePadding": 12,
        "ticks": False, "domain": False,
    }  # fmt: skip
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": "white",
        "padding": 12,
        "title": {
            "text": f"How bad was it? {agreement.figures.cases} cases, experts against {agreement.rulebase}",
            "subtitle": f"The same band (framed) in {exact:.0%} of the cases, at most one band apart in {near:.0%}",
            "anchor": "start", "fontSize": 16, "subtitleFontSize": 13, "offset": 14,
        },
        "width": CELL * 1.5 * len(bands),
        "height": CELL * len(bands),
        "data": {"values": cells},
        "encoding": {
            "x": {"field": "ours", "type": "nominal", "sort": bands, "title": f"band of {agreement.rulebase}", "axis": axis},
            "y": {"field": "expert", "type": "nominal", "sort": bands, "title": "band of the expert", "axis": axis},
        },
        "layer": [
            {
                "mark": {"type": "rect", "stroke": "#bbbbbb", "strokeWidth": 1},
                "encoding": {
                    "color": {
                        "field": "cases", "type": "quantitative", "legend": None,
                        "scale": {"domain": [0, most or 1], "range": ["#ffffff", "#1d3f66"], "interpolate": "rgb"},
                    }
                },
            },
            {
                "transform": [{"filter": "datum.expert === datum.ours"}],
                "mark": {"type": "rect", "filled": False, "stroke": "#111111", "strokeWidth": 3},
            },
            {
                "mark": {"type": "text", "fontSize": 17},
                "encoding": {
                    "text": {"field": "shown"},
                    "color": {"condition": {"test": "datum.dark", "value": "white"}, "value": "#111111"},
                },
            },
        ],
        "config": {"font": "DejaVu Sans, Helvetica, Arial, sans-serif", "view": {"stroke": None}},
    }  # fmt: skip
