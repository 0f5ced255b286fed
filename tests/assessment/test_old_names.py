"""Records that call kinds and fields by their old names are read as those of today, at every door."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.inline import load_text
from tests.page.reading import read

from misstep import RecordError, RuleBase, RuleError, score, score_batch
from misstep.assessment.record_models import Fact, Record
from misstep.service.page import Page
from misstep.tools.docs.book import read_book
from misstep.tools.docs.pages import render

PACK = """\
schema: 1
pack: renamed
extends: scale
roles:
  mistake:
    fields:
      reaction: {type: enum, default: unknown, values: [unknown, calm, annoyed], was: mood}
kinds:
  late_arrival:
    role: mistake
    title: Arrived late
    was: [tardy, late]
    fields:
      minutes: {type: integer, min: 1, max: 600, default: 10, was: [mins, delay]}
      rides: {type: set, values: [bus, train], default: [], was: transport}
      note: {type: "text?"}
  spill:
    role: mistake
    title: Spill
    fields: {mins: {type: integer, default: 1}}
  talk: {role: setting, title: The talk, assumed: It was a talk., was: chat, fields: {host: {type: "text?", was: by}}}
rules:
  late:
    when: [late_arrival]
    then: {severity: "curve(late_arrival.minutes, (1, 0.5), (60, 8))", noticed: 4}
    because: "{late_arrival.minutes} minutes late"
  bus:
    when: [{fact: late_arrival, where: "'bus' in late_arrival.rides"}]
    then: {relief: 1}
  annoyed:
    when: [{fact: mistake, as: m, where: "m.reaction == 'annoyed'"}]
    then: {severity: {for: m, add: 1}}
  spills: {when: [spill], then: {severity: spill.mins}}
"""
BASE = load_text(PACK)
OLD: list[dict[str, Any]] = [
    {"kind": "tardy", "mins": 40, "transport": ["bus"], "mood": "annoyed"},
    {"kind": "late", "id": "again", "delay": 3, "note": "ä"},
    {"kind": "late_arrival", "minutes": 5, "mood": "calm"},
    {"kind": "spill", "mins": 3},
    {"kind": "chat", "by": "Ms Lee"},
]
NEW: list[dict[str, Any]] = [
    {"kind": "late_arrival", "minutes": 40, "rides": ["bus"], "reaction": "annoyed"},
    {"kind": "late_arrival", "id": "again", "minutes": 3, "note": "ä"},
    {"kind": "late_arrival", "minutes": 5, "reaction": "calm"},
    {"kind": "spill", "mins": 3},
    {"kind": "talk", "host": "Ms Lee"},
]
ANSWER = BASE.assess(NEW).to_json()


def _through_a_session(facts: list[dict[str, Any]]) -> bytes:
    with BASE.session() as session:
        for fact in facts:
            session.post(fact)
        return session.assessment().to_json()


DOORS: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "a list": lambda facts: BASE.assess(facts).to_json(),
    "a record": lambda facts: BASE.assess({"facts": tuple(facts)}).to_json(),
    "models": lambda facts: BASE.assess(Record(facts=[Fact(**fact) for fact in facts])).to_json(),
    "JSON": lambda facts: BASE.assess_json(json.dumps(facts)),
    "JSON of bytes": lambda facts: BASE.assess_json(json.dumps({"facts": facts}, ensure_ascii=False).encode()),
    "a session": _through_a_session,
    "certainty": lambda facts: BASE.certainty(facts).to_json(),
    "questions": lambda facts: BASE.questions(facts).to_json(),
}


@pytest.mark.parametrize("door", DOORS.values(), ids=list(DOORS))
def test_old_names_give_the_answer_of_todays(door: Callable[[list[dict[str, Any]]], bytes]) -> None:
    assert b"mood" not in door(NEW)
    assert door(OLD) == door(NEW)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["tardy", "late", "late_arrival"]), st.sampled_from(["mins", "delay", "minutes"]), st.integers(1, 600)
        )
    )
)
def test_any_names_are_those_of_today(facts: list[tuple[str, str, int]]) -> None:
    called = [{"kind": kind, name: value} for kind, name, value in facts]
    assert BASE.assess(called).to_json() == BASE.assess([{"kind": "late_arrival", "minutes": v} for _, _, v in facts]).to_json()


LINES = [json.dumps({"id": "a", "facts": OLD}), json.dumps({"id": "b", "facts": NEW})]


def _write_lines(folder: Path) -> Path:
    (folder / "log.jsonl").write_text("\n".join(LINES), encoding="utf-8")
    return folder / "log.jsonl"


def _write_csv(folder: Path) -> Path:
    with (folder / "log.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "facts"), ("a", json.dumps(OLD)), ("b", json.dumps(NEW))])
    return folder / "log.csv"


def _write_long_csv(folder: Path) -> Path:
    rows = [
        "id,kind,fact,mins,delay,minutes,transport,rides,mood,reaction,by,host,note",
        "a,tardy,,40,,,bus,,annoyed,,,,",
        "a,late,again,,3,,,,,,,,ä",
        "a,late_arrival,,,,5,,,calm,,,,",
        "a,spill,,3,,,,,,,,,",
        "a,chat,,,,,,,,,Ms Lee,,",
        "b,late_arrival,,,,40,,bus,,annoyed,,,",
        "b,late_arrival,again,,,3,,,,,,,ä",
        "b,late_arrival,,,,5,,,,calm,,,",
        "b,spill,,3,,,,,,,,,",
        "b,talk,,,,,,,,,,Ms Lee,",
    ]
    (folder / "log.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder / "log.csv"


def _write_parquet(folder: Path) -> Path:
    pq.write_table(pa.table({"id": ["a", "b"], "facts": [json.dumps(OLD), json.dumps(NEW)]}), folder / "log.parquet")
    return folder / "log.parquet"


def _write_database(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "log.db")) as connection:
        connection.execute("CREATE TABLE log (id TEXT, facts TEXT)")
        connection.executemany("INSERT INTO log VALUES (?, ?)", [("a", json.dumps(OLD)), ("b", json.dumps(NEW))])
        connection.commit()
    return f"sqlite:///{folder / 'log.db'}?table=log"


@pytest.mark.parametrize("write", [_write_lines, _write_csv, _write_long_csv, _write_parquet, _write_database])
def test_logs_with_old_names_are_scored_as_todays(tmp_path: Path, write: Callable[[Path], Path | str]) -> None:
    outcome = score(write(tmp_path), tmp_path / "out.jsonl", rules=BASE, workers=1, assessment=True)
    assert outcome.rejects == 0
    old, new = (json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines())
    assert json.loads(old.pop("assessment")) == {**json.loads(ANSWER), "id": "a"}
    assert {**old, "id": "b", "row": new["row"]} == {name: value for name, value in new.items() if name != "assessment"}
    assert "late_arrival" in (tmp_path / "out.jsonl.summary.json").read_text(encoding="utf-8")
    assert "tardy" not in (tmp_path / "out.jsonl.summary.json").read_text(encoding="utf-8")


def test_columns_of_old_and_new_names_stand_side_by_side() -> None:
    facts = [[{"kind": "late", "mins": 40, "minutes": None}, {"kind": "late", "mins": None, "minutes": 40}]]
    (row,) = score_batch(pa.RecordBatch.from_pydict({"facts": [json.dumps(each) for each in facts]}), BASE).to_pylist()
    assert row["error"] is None
    assert (row["mistakes"], row["damage"]) == (2, BASE.assess([{"kind": "late_arrival", "minutes": 40}] * 2).damage)


# -- the page


def test_a_link_and_an_open_page_with_old_names_go_on() -> None:
    page = Page(BASE)
    old, new = (page.record(json.dumps(facts).encode()) for facts in (OLD, NEW))
    assert (old.status, old.body) == (200, new.body)
    body = read(new.body).post()
    for name, was in (("=late_arrival&", "=tardy&"), (".minutes", ".delay"), (".reaction", ".mood"), (".host", ".by")):
        body = body.replace(name.encode(), was.encode())
    assert page.form(body).body == page.form(read(new.body).post()).body


def test_a_link_with_both_names_says_so_once() -> None:
    reply = Page(BASE).record(b'[{"kind": "tardy", "minutes": 3, "mins": 4}, {"kind": "late", "delay": 0}]')
    text = read(reply.body).text
    assert reply.status == 422
    assert text.count("'minutes' and 'mins' are names of one field") == 1
    assert text.count("must be a whole number from 1 to 600") == 1


# -- errors


@pytest.mark.parametrize(
    ("fact", "says"),
    [
        ({"kind": "late", "mins": 3, "minutes": 3},
         "/facts/0/minutes: 'mins' and 'minutes' are names of one field; only one of them may be given"),
        ({"kind": "late_arrival", "delay": 3, "mins": 4},
         "/facts/0/mins: 'delay' and 'mins' are names of one field; only one of them may be given"),
        ({"kind": "late", "mins": 0}, "/facts/0/mins: must be a whole number from 1 to 600"),
        ({"kind": "late", "transport": ["bus", "cab"]}, "/facts/0/transport/1: must be a list of words from bus, train"),
        ({"kind": "late", "hours": 3},
         "/facts/0/hours: there is no such field in late_arrival; there are reaction, minutes, rides, note"),
        ({"kind": "spill", "delay": 3}, "/facts/0/delay: there is no such field in spill; there are reaction, mins"),
        ({"kind": ["late"], "mins": 3}, "/facts/0/kind: there is no such kind; `misstep kinds` lists them"),
        ({"mins": 3}, "/facts/0/kind: every fact needs a kind, which is text"),
    ],
)  # fmt: skip
def test_errors_are_at_the_name_that_the_record_has(fact: dict[str, Any], says: str) -> None:
    for door in (BASE.assess, lambda facts: BASE.assess_json(json.dumps(facts))):
        with pytest.raises(RecordError) as caught:
            door([fact])
        assert str(caught.value).endswith(says)


def test_a_setting_under_two_names_is_given_twice() -> None:
    with pytest.raises(RecordError, match="'talk' is given more than once"):
        BASE.assess([{"kind": "chat"}, {"kind": "talk"}])


def test_the_schema_of_records_lists_todays_names() -> None:
    text = json.dumps(BASE.record_schema())
    assert '"minutes"' in text
    assert not {"tardy", "mood", "delay"} & set(text.replace('"', " ").split())


# -- packs

WITHOUT = PACK.replace(", was: mood", "").replace("    was: [tardy, late]\n", "")


def test_only_was_makes_old_names_known() -> None:
    with pytest.raises(RecordError, match="there is no such kind"):
        load_text(WITHOUT).assess([{"kind": "tardy"}])


def test_a_later_pack_may_replace_a_kind_with_its_old_names() -> None:
    later = "schema: 1\npack: later\nkinds: {talk: {replace: true, role: setting, title: The interview, assumed: It was one.}}\n"
    with pytest.raises(RecordError, match="there is no such kind"):
        load_text(PACK, later).assess([{"kind": "chat"}])
    kept: RuleBase = load_text(PACK, later.replace("role: setting", "was: chat, role: setting"))
    assert kept.assess([{"kind": "chat"}]).findings == ()


@pytest.mark.parametrize(
    ("later", "says"),
    [
        ("kinds: {late: {role: mistake, title: A}}",
         "1.yaml:3:9: 'late' is the old name of 'late_arrival', so records mean that one; choose another name"),
        ("kinds: {lost: {role: mistake, title: A, fields: {mood: {type: text}}}}",
         "1.yaml:3:50: 'mood' is the old name of the field 'reaction'; choose another name"),
        ("kinds: {lost: {role: mistake, title: A, fields: {x: {type: text, was: mood}}}}",
         "1.yaml:3:71: 'mood' is the old name of 'reaction' already"),
        ("kinds: {tardy: {replace: true, role: mistake, title: A}}",
         "1.yaml:3:9: `replace: true`, but there is no 'tardy' to replace; renamed to 'late_arrival'"),
    ],
)  # fmt: skip
def test_a_later_pack_is_told_of_old_names(later: str, says: str) -> None:
    with pytest.raises(RuleError) as caught:
        load_text(PACK, f"schema: 1\npack: later\n{later}\n")
    assert str(caught.value).partition("/1.yaml")[2] == says.partition("1.yaml")[2]


def test_the_page_of_a_kind_lists_its_old_names(tmp_path: Path) -> None:
    file = tmp_path / "renamed.yaml"
    file.write_text(PACK, encoding="utf-8")
    pages = render(read_book([file]), {})
    listed = ["`tardy`: the kind", "`late`: the kind", "`mood`: `reaction`", "`mins`: `minutes`", "`delay`: `minutes`",
              "`transport`: `rides`"]  # fmt: skip
    assert "Old names that records may still use:\n\n- " + "\n- ".join(listed) + "\n" in pages["kinds/late_arrival.md"]
    assert "`mood`: `reaction`" in pages["kinds/spill.md"]
