"""Make the charts of a report as Vega-Lite, and draw them as SVG.

All places are given, so a chart is the same with any fonts. The style sheet of the page knows the few colors by their
values, and changes them in dark mode.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any
from xml.etree import ElementTree as Xml

from misstep.batch.report.figures import Distribution, ValueGroup
from misstep.errors import printable

WIDE, NARROW = 920, 340  # pixels; a page shows what fits
INK, MUTED, LINE, ACCENT, SOFT = "#1f2a33", "#5a6670", "#e3e8ec", "#2f6f8f", "#a9c8d8"
BANDS = ("#bcd3dd", "#8fb4c4", "#f0c36d", "#df8b4a", "#b5403f")  # mildest first; told apart also without red and green
BIN = 5  # points of damage
LABEL = 60  # characters: no picture has room for more

Chart = dict[str, Any]


def band_colors(count: int) -> list[str]:
    """A colour for each band, mildest first, of as many as there are."""
    last = len(BANDS) - 1
    return [BANDS[round(i * last / (count - 1))] if count > 1 else BANDS[0] for i in range(count)]


def strip_chart(bands: Sequence[tuple[str, int]], width: int = WIDE, height: int = 30) -> Chart:
    """All interviews as one bar, parted by band."""
    ends = [0, *accumulate(count for _, count in bands)]
    pixel = width / (ends[-1] or 1)
    parts = [
        {"x": pixel * start, "x2": pixel * end, "color": color}
        for start, end, color in zip(ends, ends[1:], band_colors(len(bands)), strict=False)
        if start < end
    ]
    color = {"field": "color", "type": "nominal", "scale": None, "legend": None}
    return _chart(width, height, [_layer(parts, {"type": "rect"}, x=_pixels("x", width), x2={"field": "x2"}, color=color)])


def distribution_chart(damage: Distribution, width: int = WIDE, height: int = 220) -> Chart:
    """How many interviews came to how much damage, a bar for every five points; those without any are left out, as they would
    make dwarfs of the others."""
    some = damage.some
    bins, base, top, gap = some.bins(BIN), height - 26, 24, 3
    bar, pixel = width / len(bins), (base - top) / (max(some.bins(BIN)) or 1)
    bars = [
        {"x": bar * i + gap / 2, "x2": bar * (i + 1) - gap / 2, "y": base - pixel * count, "y2": base}
        for i, count in enumerate(bins)
    ]
    middle = some.quantile(0.5)
    half = width * middle / 100
    beside = {"align": "right", "dx": -6} if half > width / 2 else {"align": "left", "dx": 6}
    ticks = [(points, "left" if not points else "right" if points == 100 else "center") for points in range(0, 101, 20)]
    x, x2, y, y2 = _pixels("x", width), {"field": "x2"}, _pixels("y", height), {"field": "y2"}
    dashed = {"type": "rule", "color": INK, "strokeWidth": 1, "strokeDash": [3, 3]}
    return _chart(
        width,
        height,
        [
            _layer(bars, {"type": "rect", "color": ACCENT}, x=x, x2=x2, y=y, y2=y2),
            _layer([{"x": 0, "x2": width, "y": base}], {"type": "rule", "color": MUTED, "strokeWidth": 1}, x=x, x2=x2, y=y),
            _layer([{"x": half, "y": 2, "y2": base}], dashed, x=x, y=y, y2=y2),
            _text([(half, 9, f"half of them: up to {middle:.1f}")], width, height, {"fontSize": 13, "color": INK, **beside}),
            *(
                _text(
                    [(width * points / 100, height - 10, str(points))],
                    width,
                    height,
                    {"align": align, "fontSize": 12, "color": MUTED},
                )
                for points, align in ticks
            ),
        ],
    )


def bar_chart(rows: Sequence[tuple[str, float, str]], width: int = NARROW, step: int = 40) -> Chart:
    """A bar for each row of label, value and value in words. The longest is as wide as the chart, so no ground behind the bars
    can be taken for a whole."""
    height, most = step * len(rows), max((value for _, value, _ in rows), default=0) or 1
    bars = [{"x": 0, "x2": width * value / most, "y": step * i + 24, "y2": step * i + 33} for i, (_, value, _) in enumerate(rows)]
    labels = [(0.0, step * i + 13, _label(label)) for i, (label, _, _) in enumerate(rows)]
    values = [(width, step * i + 13, shown) for i, (_, _, shown) in enumerate(rows)]
    return _chart(
        width,
        height,
        [
            _layer(
                bars,
                {"type": "rect", "color": ACCENT, "cornerRadius": 2},
                x=_pixels("x", width),
                x2={"field": "x2"},
                y=_pixels("y", height),
                y2={"field": "y2"},
            ),
            _text(labels, width, height, {"align": "left", "fontSize": 13, "color": INK, "limit": width - 72}),
            _text(values, width, height, {"align": "right", "fontSize": 12, "color": MUTED}),
        ],
    )


def group_chart(groups: Sequence[ValueGroup], mean: float, share: float, severe: str, width: int = WIDE) -> Chart:
    """Groups of interviews, a row each: mean damage, and the share that is severe, as points with their intervals; pale where
    there are few. ``mean`` and ``share`` of all interviews are marked by a line. In a narrow chart the names stand above."""
    above = width < WIDE
    left, step, gap = (0, 54, 28) if above else (250, 40, 28)
    panel = (width - left - gap) / 2
    second, room = left + panel + gap, panel - 52  # beside a point there is room for its number
    height = 26 + step * len(groups)
    places = [(g, 46 + step * i + (22 if above else 0)) for i, g in enumerate(groups)]
    lines = 24 if above else 0  # so far above its points stands the name of a row
    means = _Range.of([mean, *(value for g in groups for value in (g.mean, *(g.interval or ())))])
    shares = _Range.of([100 * value for value in (share, *(end for g in groups for end in (g.low, g.high)))])

    def damage(value: float) -> float:
        return left + room * means.part(value)

    def severity(value: float) -> float:
        return second + room * shares.part(100 * value)

    def written(mark: Chart, x: float, texts: Sequence[str], up: int = 0) -> Chart:
        found = [(x, y - up, text) for (_, y), text in zip(places, texts, strict=True)]
        return _text(found, width, height, {"fontSize": 13, "color": INK, **mark})

    x, x2, top, bottom = _pixels("x", width), {"field": "x2"}, _pixels("y", height), {"field": "y2"}
    color = {"field": "color", "type": "nominal", "scale": None, "legend": None}
    everywhere = [{"x": x, "y": y - 10, "y2": y + 10} for _, y in places for x in (damage(mean), severity(share))]
    spans = [{"x": damage(g.interval[0]), "x2": damage(g.interval[1]), "y": y} for g, y in places if g.interval]
    spans += [{"x": severity(g.low), "x2": severity(g.high), "y": y} for g, y in places if g.interval]
    points = [
        {"x": x, "y": y, "color": ACCENT if g.interval else SOFT} for g, y in places for x in (damage(g.mean), severity(g.share))
    ]
    names, small = {"align": "left", "fontSize": 14, "limit": (left or width) - 76}, {"fontSize": 12, "color": MUTED}
    heads = [(left, 10, f"mean damage, {means}"), (second, 10, f"{severe}, {shares}%")]
    return _chart(
        width,
        height,
        [
            _layer(everywhere, {"type": "rule", "color": MUTED, "strokeWidth": 1, "strokeDash": [2, 3]}, x=x, y=top, y2=bottom),
            _layer(spans, {"type": "rule", "color": SOFT, "strokeWidth": 5, "strokeCap": "round"}, x=x, x2=x2, y=top),
            _layer(points, {"type": "circle", "opacity": 1, "size": 70}, x=x, y=top, color=color),
            _text(heads, width, height, {"align": "left", "fontSize": 11 if above else 12, "color": MUTED}),
            written(names, 0, [_label("(not given)" if g.value is None else g.value) for g in groups], lines),
            written({"align": "right", **small}, left - 24 if left else width, [f"{g.interviews:,}" for g in groups], lines),
            written({"align": "right"}, left + panel, [f"{g.mean:.1f}" for g in groups]),
            written({"align": "right"}, second + panel, [f"{g.share:.0%}" for g in groups]),
        ],
    )


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A point of a curve: how far to the right it is, from 0 to 1; its value; where that may well lie, None of few records."""

    right: float
    value: float
    interval: tuple[float, float] | None


def trend_points(groups: Sequence[ValueGroup]) -> list[CurvePoint]:
    """Mean damage by date. All groups have one."""
    days = [_day_number(g.value or "") for g in groups]
    reach = (days[-1] - days[0]) or 1
    return [CurvePoint((day - days[0]) / reach, g.mean, g.interval) for day, g in zip(days, groups, strict=True)]


def trend_ticks(groups: Sequence[ValueGroup], most: int) -> list[tuple[float, str]]:
    """Dates to name under a curve, as far from each other as the ``most`` of them would be."""
    found: list[tuple[float, str]] = []
    for point, group in zip(trend_points(groups), groups, strict=True):
        if not found or point.right - found[-1][0] >= 1 / most:
            found.append((point.right, group.value or ""))
    return found


def curve_chart(
    points: Sequence[CurvePoint],
    ticks: Sequence[tuple[float, str]],
    title: str,
    *,
    since: tuple[float, str] | None = None,
    whole: bool = False,
    width: int = WIDE,
    height: int = 260,
) -> Chart:
    """A line in the band of its intervals; pale points beside it are of few records. ``ticks``: places to the right, and their
    names; ``title``: what the values are; ``since``: the place and name of a step; ``whole``: from 0 to 100, with a diagonal on
    which both are equal, else as far as it goes."""
    left, base, top = 34, height - 26, 34
    span = _Range(0, 100) if whole else _Range.of([end for p in points for end in (p.value, *(p.interval or ()))])

    def across(right: float) -> float:
        return left + (width - left - 8) * right

    def high(value: float) -> float:
        return base - (base - top) * span.part(value)

    sure = [(p, p.interval) for p in points if p.interval]
    line = [{"x": across(p.right), "y": high(p.value), "low": high(low), "high": high(up)} for p, (low, up) in sure]
    few = [{"x": across(p.right), "y": high(p.value)} for p in points if not p.interval]
    grid = [(value, high(value)) for value in span.ticks()]
    x, x2, y, y2 = _pixels("x", width), {"field": "x2"}, _pixels("y", height), {"field": "y2"}
    band = {"y": {**_pixels("y", height), "field": "low"}, "y2": {"field": "high"}}
    small, dashed = {"fontSize": 12, "color": MUTED}, {"type": "rule", "color": INK, "strokeWidth": 1, "strokeDash": [3, 3]}
    layers = [
        _layer([{"x": left, "x2": width, "y": at} for _, at in grid], {"type": "rule", "color": LINE}, x=x, x2=x2, y=y),
        _layer(line, {"type": "area", "color": SOFT, "opacity": 1}, x=x, **band),
        _layer(line, {"type": "line", "color": ACCENT, "strokeWidth": 2}, x=x, y=y),
        _layer(line, {"type": "circle", "color": ACCENT, "opacity": 1, "size": 30}, x=x, y=y),
        _layer(few, {"type": "circle", "color": SOFT, "opacity": 1, "size": 30}, x=x, y=y),
        _text([(left - 6, at, f"{value:g}") for value, at in grid], width, height, {"align": "right", **small}),
        _text([(0, 8, title)], width, height, {"align": "left", **small}),
    ]
    if whole:
        ends = [{"x": across(0), "x2": across(1), "y": high(0), "y2": high(100)}]
        layers.append(_layer(ends, {**dashed, "color": MUTED}, x=x, x2=x2, y=y, y2=y2))
    if since is not None:
        at = across(since[0])
        align = "right" if at > width / 2 else "left"
        layers.append(_layer([{"x": at, "y": top, "y2": base}], dashed, x=x, y=y, y2=y2))
        layers.append(_text([(at, top - 9, f"since {since[1]}")], width, height, {"fontSize": 13, "color": INK, "align": align}))
    for right, name in ticks:
        align = "left" if right < 0.05 else "right" if right > 0.95 else "center"
        layers.append(_text([(across(right), height - 8, name)], width, height, {"align": align, **small}))
    return _chart(width, height, layers)


def draw(chart: Chart, alternative: str, form: str) -> str:
    """A chart as SVG to stand in a page, with its text alternative; ``form``: its class.

    The drawing is parsed, and only the elements and attributes of our pictures are kept: no link, no script, no style.
    """
    import vl_convert  # 88 MB, which only a picture needs

    root = Xml.fromstring(vl_convert.vegalite_to_svg(chart, allowed_base_urls=[]))  # noqa: S314 - no document from outside
    picture = _plain(root)
    assert picture is not None
    for name in ("width", "height"):
        picture.attrib.pop(name, None)
    picture.attrib.update({"class": form, "role": "img", "aria-label": printable(alternative), "focusable": "false"})
    if form == "strip":
        picture.set("preserveAspectRatio", "none")
    return Xml.tostring(picture, "unicode")


_SVG = "{http://www.w3.org/2000/svg}"
_ELEMENTS = {"svg", "g", "path", "rect", "line", "text"}
_ATTRIBUTES = {
    "viewBox",
    "width",
    "height",
    "transform",
    "d",
    "x",
    "y",
    "x1",
    "x2",
    "y1",
    "y2",
    "fill",
    "fill-opacity",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "stroke-linecap",
    "opacity",
    "text-anchor",
    "font-size",
    "font-weight",
}


def _plain(element: Xml.Element) -> Xml.Element | None:
    name = element.tag.removeprefix(_SVG)
    if name not in _ELEMENTS:
        return None
    kept = {key: value for key, value in element.attrib.items() if key in _ATTRIBUTES}
    plain = Xml.Element(name, {key: _LONG_NUMBER.sub(_rounded, value) for key, value in kept.items()})
    if name == "text":
        plain.text = "".join(element.itertext())
        return plain
    plain.extend([child for child in map(_plain, element) if child is not None])
    return None if name == "g" and not len(plain) else plain


_LONG_NUMBER = re.compile(r"\d+\.\d{3,}(?:e-\d+)?")


def _rounded(number: re.Match[str]) -> str:
    """A hundredth of a pixel is nothing to see."""
    return f"{float(number[0]):.2f}"


def _chart(width: int, height: float, layers: list[Chart]) -> Chart:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": width,
        "height": height,
        "padding": 0,
        "background": None,
        "autosize": {"type": "none"},
        "layer": layers,
        "config": {"font": "Helvetica, Arial, sans-serif", "view": {"stroke": None}, "aria": False},
    }


def _layer(data: Sequence[Chart], mark: Chart, **encoding: Chart) -> Chart:
    return {"data": {"values": list(data)}, "mark": mark, "encoding": encoding}


def _text(places: Sequence[tuple[float, float, str]], width: float, height: float, mark: Chart) -> Chart:
    data = [{"x": x, "y": y, "text": text} for x, y, text in places]
    return _layer(
        data,
        {"type": "text", "baseline": "middle", **mark},
        x=_pixels("x", width),
        y=_pixels("y", height),
        text={"field": "text", "type": "nominal"},
    )


def _pixels(name: str, reach: float) -> Chart:
    """A place in pixels, from the left or from the top down."""
    scale = {"domain": [0, reach], "range": [0, reach], "nice": False, "zero": False}
    return {"field": name, "type": "quantitative", "axis": None, "scale": scale}


@dataclass(frozen=True, slots=True)
class _Range:
    """The part of 0 to 100 that a picture shows, in whole fives or tens."""

    low: int
    high: int

    @classmethod
    def of(cls, values: Sequence[float]) -> _Range:
        """The range that holds all values."""
        return cls(int(max(0.0, min(values)) // 5 * 5), int(-(-min(100.0, max(values)) // 5) * 5) or 5)

    def part(self, value: float) -> float:
        """The place of a value in it, from 0 to 1."""
        return (value - self.low) / ((self.high - self.low) or 1)

    def ticks(self) -> range:
        """Some of its values, in whole fives, tens or twenties."""
        step = next((step for step in (5, 10) if self.high - self.low <= 5 * step), 20)
        return range(-(-self.low // step) * step, self.high + 1, step)

    def __str__(self) -> str:
        return f"{self.low} to {self.high}"


def _day_number(value: str) -> int:
    """Of a day, or of the first of a month."""
    return date.fromisoformat(value if value.count("-") == 2 else f"{value}-01").toordinal()


def _label(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= LABEL else f"{shown[: LABEL - 1]}…"
