"""The page of a report: whole, harmless whatever stands in the results, and readable without eyes, colours or a network."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import duckdb
import pytest
from tests.batch.scored import INTERVIEWS, write
from tests.batch.test_figures import rows, write_rows
from tests.conftest import Golden

from misstep.analysis.calibration import picture
from misstep.api import RuleBase
from misstep.batch.parts import Logged, Reject
from misstep.batch.report import pictures
from misstep.batch.report.comparing_panels import ComparingPanels
from misstep.batch.report.figures import Distribution, ValueGroup
from misstep.batch.report.log_panels import LogPanels
from misstep.batch.report.report_page import to_html, write_report
from misstep.batch.report.report_parts import NumberColumn, NumberTable
from misstep.batch.report.summing import measure
from misstep.batch.results import read_scores
from misstep.batch.run import score
from misstep.errors import InstallationError, Location, Problem, UsageError, printable
from misstep.layout.wording import percent

EXPECTED = Path(__file__).parents[2] / "fixtures" / "expected" / "report"
LOADING = {"script", "link", "img", "iframe", "object", "embed", "form", "base", "use", "image", "foreignobject"}
CSV = "data:text/csv;charset=utf-8;base64,"
VOID = {"meta", "br", "path", "rect", "line"}
HOSTILE = "<script>alert(1)</script>\" onload='x' {{ 7*7 }} {% raw %} =1+1 &amp; \x1b[31m\u202e</svg></style>"


class Page(HTMLParser):
    """Elements of a page in their order, each with its attributes and all text in it; what is not closed is an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        text: list[str] = []
        self.found.append((tag, dict(attrs), text))
        if tag not in VOID:
            self._open.append((tag, text))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), []))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for _, text in self._open:
            text.append(data)

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(attributes, "".join(text)) for name, attributes, text in self.found if name == tag]


def sketch(chart: pictures.Chart, alternative: str, form: str) -> str:
    """Instead of a drawing, which is another with every version of what draws it."""
    assert chart["layer"]
    svg = Xml.Element("svg", {"class": form, "role": "img", "aria-label": alternative})
    return Xml.tostring(svg, "unicode")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page with its pictures."""
    return to_html(measure([write(tmp_path_factory.mktemp("results") / "scores.parquet")]))


INCIDENTS = RuleBase.load(Path(__file__).parents[2] / "fixtures" / "incidents" / "rules")
"""Rules that change seldom: the page of the shipped ones would be another with every one of theirs."""


def incidents() -> list[Logged | Reject]:
    """Outages of teams; one without any, one that nobody could read."""
    wrong = Reject("logs.jsonl", 90, (Problem(Location("logs.jsonl", 90, 7, "/facts/0/kind"), "there is no such kind"),))
    durations = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89)
    facts = [[{"kind": "outage", "minutes": minutes, "services": 1 + minutes % 3}] for minutes in durations]
    records = [json.dumps(record).encode() for record in [*facts * 8, []]]
    return [wrong] + [
        Logged(row, record, f"day-{row}", (("Payments", "Search")[row % 5 > 1], f"2025-{1 + row % 3:02}"))
        for row, record in enumerate(records, start=1)
    ]


def test_the_whole_page(tmp_path: Path, golden: Golden) -> None:
    scores = write(tmp_path / "scores.parquet", incidents(), rulebase=INCIDENTS)
    golden(EXPECTED / "incidents.html", to_html(measure([scores]), sketch))


def test_the_page_of_nothing(tmp_path: Path, golden: Golden) -> None:
    scores = write(tmp_path / "scores.jsonl", [], rulebase=INCIDENTS)
    golden(EXPECTED / "nothing.html", to_html(measure([scores]), sketch))


def test_the_charts(golden: Golden) -> None:
    groups = [
        ValueGroup("Sales", 40, 28.0, 30.0, (26.0, 34.0), 10, 0.25, 0.14, 0.4, 1.5),
        ValueGroup(None, 5, 9.0, 10.0, None, 0, 0.0, 0.0, 0.43, 1.0),
    ]
    dates = [replace(groups[0], value="2025-01"), replace(groups[1], value="2025-02"), replace(groups[0], value="2025-03")]
    damage = Distribution((4, *[0] * 99, 2, *[1] * 100, *[0] * 799, 3))
    charts = {
        "strip": pictures.strip_chart([("mild", 1), ("middling", 0), ("grave", 3)]),
        "distribution": pictures.distribution_chart(damage),
        "bars": pictures.bar_chart([("one", 4.0, "80%"), ("two", 1.0, "20%")]),
        "groups, wide": pictures.group_chart(groups, 27.8, 0.22, "grave"),
        "groups, narrow": pictures.group_chart(groups, 27.8, 0.22, "grave", pictures.NARROW),
        "trend": pictures.curve_chart(
            pictures.trend_points(dates), pictures.trend_ticks(dates, 2), "mean damage", since=(1.0, "2025-03")
        ),
        "calibration": pictures.curve_chart(
            [pictures.CurvePoint(0.1, 20.0, (10.0, 30.0)), pictures.CurvePoint(0.9, 70.0, None)], [(0.0, "0")], "%", whole=True
        ),
    }
    golden(EXPECTED / "charts.txt", json.dumps(charts, indent=1) + "\n")


def test_pictures_hold_what_is_in_the_chart_and_nothing_else() -> None:
    svg = pictures.draw(pictures.bar_chart([(HOSTILE, 4.0, "80%"), ("two & three", 1.0, "20%")]), "a & <b>", "small")
    root = Xml.fromstring(svg)
    texts = [element.text for element in root.iter("text")]
    assert texts[1:] == ["two & three", "80%", "20%"]
    assert (texts[0] or "").startswith("<script>alert(1)</script>")
    assert {element.tag for element in root.iter()} == {"svg", "g", "path", "text"}
    assert root.get("aria-label") == "a & <b>"
    assert (root.get("role"), root.get("class")) == ("img", "small")
    names = {name for element in root.iter() for name in element.attrib}
    assert not names & {"style", "href", "onload"}
    assert [e.get("fill") for e in root.iter("path") if e.get("fill") == pictures.ACCENT] == [pictures.ACCENT] * 2


def test_a_page_that_is_drawn_has_the_numbers_in_its_pictures(page: str) -> None:
    drawn = {"".join(text) for name, _, text in Page(page).found if name == "text"}
    assert {"Engineering", "Sales", "(not given)", "2025-01", "Arrived late"} <= drawn
    assert any(text.startswith("mean damage, ") for text in drawn)
    assert any(text.startswith("serious or fatal, ") for text in drawn)


def test_nothing_is_fetched_or_run(page: str) -> None:
    found = Page(page)
    assert not {name for name, _, _ in found.found} & LOADING
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "url(" not in page
    assert "@import" not in page
    attributes = [(name, value) for _, given, _ in found.found for name, value in given.items()]
    assert not [name for name, _ in attributes if name.startswith("on") or name in ("style", "src")]
    assert all((value or "").startswith(("#", CSV)) for name, value in attributes if name == "href")
    policy = next(m["content"] for m, _ in found.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    ((_, style),) = found.all("style")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_it_can_be_read_aloud(page: str) -> None:
    found = Page(page)
    assert found.all("html")[0][0]["lang"] == "en"
    assert found.all("title")[0][1] == "Interview report: 42 interviews"
    levels = [int(name[1]) for name, _, _ in found.found if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    ids = [given["id"] for _, given, _ in found.found if "id" in given]
    assert len(ids) == len(set(ids))
    assert all((given["href"] or "")[1:] in ids for given, _ in found.all("a") if "download" not in given)
    assert all(given["aria-labelledby"] in ids for given, _ in found.all("section"))
    pictured = found.all("svg")
    assert len(pictured) == 1 + 1 + 2 + 2 + 3 + 2 * 2
    links = [text for given, text in found.all("a") if "download" in given]
    assert len(links) == len(set(links)) == len(found.all("table"))  # each can be downloaded, and is named
    assert all(given["role"] == "img" and len(given["aria-label"] or "") > 40 for given, _ in pictured)
    assert len(found.all("table")) == len(found.all("caption")) == len(found.all("thead"))
    assert {given.get("scope") for given, _ in found.all("th")} == {"col", "row"}
    scrolled = [given for given, _ in found.all("div") if given.get("class") == "scroll"]
    assert all(given["tabindex"] == "0" and given["aria-label"] for given in scrolled)
    assert len(found.all("figure")) <= len(found.all("details"))  # each has its numbers
    assert len(found.all("summary")) == len({text for _, text in found.all("summary")})  # told apart when read by themselves


def test_steps_are_shown_as_what_they_are(page: str) -> None:
    """Occasions by their titles; the verdicts with a word on the one that no mistake has; no names of the rules' own."""
    shown = "".join(text for _, text in Page(page).all("main"))
    assert "The first step is “One message” in" in shown
    assert "One message: " in shown.partition("first thing to do")[2]
    assert "“nothing to send” instead: something is called for, and nothing can or should be done towards the employer" in shown
    assert {"let go", "prepare", "follow up", "act today", "act now"} <= {text for _, text in Page(page).all("th")}
    assert not re.search(r"act_today|nothing_to_send|in_the_room|before_next_time", shown)


def hostile() -> list[Logged | Reject]:
    facts: list[dict[str, Any]] = [{"kind": "late_arrival", "minutes": 12, "reason": HOSTILE}]
    record = json.dumps({"id": HOSTILE.replace("\x1b", "").replace("\u202e", ""), "facts": facts}).encode()
    reject = Reject(HOSTILE, 2, (Problem(Location(HOSTILE, 2), HOSTILE),))
    return [Logged(row, record, HOSTILE, (HOSTILE,)) for row in range(1, 4)] + [reject]


def test_whatever_stands_in_the_results_is_text(tmp_path: Path) -> None:
    html = to_html(measure([write(tmp_path / "scores.parquet", hostile(), keep=[HOSTILE])]))
    found = Page(html)
    assert not found.all("script")
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert html.count("</style>") == 1
    assert "49" not in "".join(text for _, text in found.all("h2"))
    shown = "".join(text for _, text in found.all("body"))
    assert shown.count(printable(HOSTILE)) >= 5
    assert not [name for _, given, _ in found.found for name in given if name.startswith("on")]
    test_nothing_is_fetched_or_run(html)


def test_a_column_of_very_many_values_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("misstep.batch.report.summing.VALUES", 1)
    html = to_html(measure([write(tmp_path / "scores.parquet")]), sketch)
    assert html.count("Too many different values to compare them.") == 2


def test_rules_that_did_not_fire_and_places_are_listed(page: str, tmp_path: Path) -> None:
    figures = measure([write(tmp_path / "scores.parquet")])
    assert f"{len(figures.silent)} of {len(RuleBase.shipped().rules)} rules had nothing to say" in page
    assert all(f'<th scope="row">{rule}</th>' in page for rule, _ in figures.silent[:200])
    assert '<th scope="row">logs.jsonl</th><td class="number">89</td>' in page
    assert "logs.jsonl:90:7: /facts/0/kind: there is no such kind" in page


def downloads(html: str) -> dict[str, list[dict[str, str]]]:
    """The tables that a page offers, by the names of their files."""
    links = [given for given, _ in Page(html).all("a") if "download" in given]
    return {
        given["download"] or "": list(
            csv.DictReader(io.StringIO(base64.b64decode((given["href"] or "").removeprefix(CSV)).decode(), newline=""))
        )
        for given in links
    }


def test_those_whom_a_step_helps_can_be_exported(tmp_path: Path) -> None:
    scores = write(tmp_path / "scores.parquet")
    lines = downloads(to_html(measure([scores]), sketch))["where-a-step-still-helps.csv"]
    asked = duckdb.sql(
        "SELECT id, file, row, verdict, damage, round(damage - damage_after, 1), due_hours"
        f" FROM read_parquet('{scores.path}') WHERE acts AND damage_after < damage"
        f" ORDER BY list_position({list(scores.summary.verdicts)}, verdict) DESC, round(damage - damage_after, 1) DESC, file, row"
    )
    assert asked is not None
    found = [
        (r["interview"], r["file"], int(r["row"]), r["verdict"], float(r["damage"]), float(r["relief"]), r["due, hours"])
        for r in lines
    ]
    assert found == [(*row[:-1], "" if row[-1] is None else str(row[-1])) for row in asked.fetchall()]
    assert len(found) > 5
    assert len({row[-1] for row in found}) > 1
    helped = measure([scores]).helped
    assert (helped.count, helped.within_day) == (len(found), sum(0 <= float(due or "inf") <= 24 for *_, due in found))


def test_every_table_can_be_downloaded_as_numbers(page: str, tmp_path: Path) -> None:
    scores = write(tmp_path / "scores.parquet")
    found = downloads(page)
    shares = "count(*), round(count(*) / sum(count(*)) OVER (), 6)"
    asked = duckdb.sql(f"SELECT band, {shares} FROM read_parquet('{scores.path}') GROUP BY band").fetchall()  # type: ignore[union-attr]
    bands = {r["band"]: (int(r["interviews"]), float(r["share"])) for r in found["interviews-by-band-mildest-first.csv"]}
    assert {band: value for band, value in bands.items() if value[0]} == {band: tuple(value) for band, *value in asked}
    asked = duckdb.sql(
        "SELECT coalesce(team, '(not given)'), count(*), quantile_disc(damage, 0.5), round(avg(damage), 6),"
        f" round(avg(mistakes), 6) FROM read_parquet('{scores.path}') GROUP BY ALL"
    ).fetchall()  # type: ignore[union-attr]
    teams = {
        (r["team"], int(r["interviews"]), *(float(r[name]) for name in ("median damage", "mean", "mistakes each")))
        for r in found["interviews-by-team-from-and-to-95-intervals.csv"]
    }
    assert teams == set(asked)


def test_a_long_table_says_what_it_leaves_out() -> None:
    columns = (NumberColumn("name", "text"), NumberColumn("n"))
    table = NumberTable("<All> names, 'Größe'", columns, [(f"n{i}", 1000 * i) for i in range(1200)], total=1500)
    assert (len(table.lines), table.more, table.offer) == (200, 1300, "The first 1,000 as CSV")
    assert table.lines[1] == ["n1", "1,000"]
    assert base64.b64decode(table.link.removeprefix(CSV)).decode().splitlines()[:3] == ["name,n", "n0,0", "n1,1000"]
    assert len(base64.b64decode(table.link.removeprefix(CSV)).decode().splitlines()) == 1001
    assert table.file == "all-names-gr-sse.csv"
    assert NumberTable("«»", columns, []).file == "numbers.csv"


def test_small_groups_are_pale(tmp_path: Path) -> None:
    found = Page(to_html(measure([write_rows(tmp_path / "scores.parquet", rows(70))], ["team"]), sketch))
    (grouping,) = measure([write_rows(tmp_path / "scores.parquet", rows(70))], ["team"]).groupings
    few = {group.value or "(not given)" for group in grouping.groups if group.interviews < 30}
    assert few
    pale = [text for given, text in found.all("tr") if given.get("class") == "pale"]
    assert {next(name for name in few if text.startswith(name)) for text in pale} == few


def test_how_often_rules_fired_is_told(tmp_path: Path) -> None:
    scores = write(tmp_path / "scores.parquet")
    found = LogPanels(measure([scores]), sketch).rules()[0].tables[0]
    assert [(row[0], row[2], row[3]) for row in found.rows] == [
        (rule, count, count / len(scores)) for rule, count in sorted(scores.summary.fired.items(), key=_most)
    ]
    assert found.more == max(0, len(scores.summary.fired) - 200)


def _most(fired: tuple[str, int]) -> tuple[int, str]:
    return (-fired[1], fired[0])


def test_a_title_and_a_date_are_told(tmp_path: Path) -> None:
    scores = write(tmp_path / "scores.parquet")
    found = Page(to_html(measure([scores]), sketch, title="Q3 <review>", made="2026-11-29"))
    assert found.all("h1")[0][1] == "Q3 <review>"
    assert found.all("title")[0][1] == "Q3 <review>: 42 interviews"
    assert "2026-11-29" in found.all("footer")[0][1]
    assert "it is no means of selection" in found.all("header")[0][1]


def test_what_a_baseline_changes_is_told(tmp_path: Path) -> None:
    log, acme = tmp_path / "log.jsonl", Path(__file__).parents[2] / "fixtures" / "packs" / "acme"
    log.write_bytes(
        b"".join(json.dumps(json.loads(file.read_bytes())).encode() + b"\n" for file in sorted(INTERVIEWS.glob("*.json")))
    )
    outcome = score(log, tmp_path / "scores.parquet", baseline=RuleBase.load(acme), workers=1)
    told = ComparingPanels(measure([read_scores(tmp_path / "scores.parquet")]), sketch).baseline()
    comparison = outcome.comparison
    assert told is not None
    assert comparison is not None
    changes, matrix, responsible = told.tables
    assert {row[0]: row[1] for row in changes.rows} == {
        what: comparison.changes[what] for what in ("band", "verdict", "first_action", "outlook", "damage")
    }
    assert [list(row[1:]) for row in matrix.rows] == comparison.matrix
    assert {row[0]: row[1] for row in responsible.rows} == comparison.responsible
    assert f"{comparison.changed} of {comparison.compared} interviews would have another band, verdict" in told.text
    beside = tmp_path / "scores.baseline.json"
    beside.write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="is not a comparison with a baseline"):
        measure([read_scores(tmp_path / "scores.parquet")])


def test_an_export_holds_no_formula(tmp_path: Path) -> None:
    record = json.dumps({"facts": [{"kind": "late_arrival", "minutes": 12}]}).encode()
    html = to_html(measure([write(tmp_path / "scores.parquet", [Logged(1, record, "=1+1", (None, None))])]), sketch)
    assert [row["interview"] for row in downloads(html)["where-a-step-still-helps.csv"]] == ["'=1+1"]
    assert all(
        not cell.startswith(("=", "+", "@")) for table in downloads(html).values() for row in table for cell in row.values()
    )


def test_ties_are_told(tmp_path: Path) -> None:
    made = [{**row, "damage": 100.0 if i < 18 else 5.0} for i, row in enumerate(rows(60))]
    scores = write_rows(tmp_path / "scores.parquet", made)
    assert measure([scores]).tied == (10, 18, 100.0)
    assert "10 of 18 that came to 100.0: which of them are shown" in to_html(measure([scores]), sketch)
    few = write_rows(tmp_path / "few.parquet", made[12:])
    assert "which of them are shown" in to_html(measure([few]), sketch)
    assert "which of them are shown" not in to_html(measure([write_rows(tmp_path / "ten.parquet", made[:10])]), sketch)


@pytest.mark.parametrize(
    ("count", "of", "told"),
    [
        (0, 0, "0%"),
        (0, 3, "0%"),
        (3, 3, "100%"),
        (1, 3, "33%"),
        (1, 300, "0.3%"),
        (1, 9999, "under 0.1%"),
        (999, 1000, "over 99%"),
    ],
)
def test_shares_are_never_said_to_be_none_or_all(count: int, of: int, told: str) -> None:
    assert percent(count, of) == told


def test_it_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = write(tmp_path / "scores.parquet")
    page = tmp_path / "report.html"
    write_report([scores], page)
    before = page.read_bytes()
    with pytest.raises(UsageError, match="is there already; give --overwrite to replace it, or choose another name"):
        write_report([scores], page)
    monkeypatch.setattr("misstep.batch.report.report_page.to_html", lambda figures, **more: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_report([scores], page, overwrite=True)
    assert page.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["report.html", "scores.parquet", "scores.parquet.summary.json"]


def test_without_what_draws_there_is_a_word_about_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = write(tmp_path / "scores.parquet")
    monkeypatch.setattr(picture, "LIBRARY", "no_such_library")
    with pytest.raises(InstallationError, match=r"pictures need vl-convert-python: pip install 'misstep\[report\]'"):
        write_report([scores], tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()
