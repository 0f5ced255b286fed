"""The linked shipped rules are kept between processes; a cache that is not as it should be only costs time."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from misstep import Limits, RuleBase
from misstep.language.program import Program
from misstep.rulebase import cache, link, program_json
from misstep.rulebase.packs import Merged
from misstep.rulebase.program_json import dump_program, read_program, shipped_program
from misstep.rulebase.shipped import shipped_rules

pytestmark = pytest.mark.slow

INTERVIEWS = sorted((Path(__file__).parents[2] / "fixtures" / "interviews").glob("*.json"))


@pytest.fixture(autouse=True)
def fingerprint() -> Iterator[None]:
    """Of this test alone."""
    cache.forget_packs()
    yield
    cache.forget_packs()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache.CACHE, str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture(scope="module")
def shipped() -> tuple[Program, Merged]:
    return link.load_program([shipped_rules()], Limits(), cases=False)


@pytest.fixture
def linked(shipped: tuple[Program, Merged], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts how often the packs are linked, and gives what they are linked to, for that takes half a second each time."""
    calls: list[int] = []

    def counting(paths: Sequence[Path], limits: Limits, cases: bool = True) -> tuple[Program, Merged]:
        assert (paths, limits, cases) == ([shipped_rules()], Limits(), False)
        calls.append(1)
        return shipped

    monkeypatch.setattr(link, "load_program", counting)
    return calls


def test_a_program_survives_the_cache_whole(shipped: tuple[Program, Merged]) -> None:
    program, _ = shipped
    again = read_program(dump_program(program))
    assert dump_program(again) == dump_program(program)
    fresh, kept = RuleBase(program), RuleBase(again)
    assert INTERVIEWS
    for file in INTERVIEWS:
        record = json.loads(file.read_text("utf-8"))
        assert kept.assess(record).to_json() == fresh.assess(record).to_json()


def test_the_packs_are_linked_once(folder: Path, linked: list[int]) -> None:
    first, second = shipped_program(), shipped_program()
    assert len(linked) == 1
    assert second.digest == first.digest
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_code_of_the_same_size_and_time_is_other_code(
    folder: Path, linked: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reproducible builds set the times of files."""
    package = tmp_path / "misstep"
    for part in (".", "rulebase", "language"):
        (package / part).mkdir(exist_ok=True)
    monkeypatch.setattr(cache, "__file__", str(package / "rulebase" / "cache.py"))
    code = package / "language" / "program.py"
    code.write_text("A = 1\n", "utf-8")
    shipped_program()
    status = code.stat()
    code.write_text("A = 2\n", "utf-8")
    cache.forget_packs()  # as in another process
    os.utime(code, ns=(status.st_atime_ns, status.st_mtime_ns))
    shipped_program()
    assert len(linked) == 2
    shipped_program()
    assert len(linked) == 2


def _torn(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def _changed(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"late_arrival", b"gate_arrival"))


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _of_another_shape(file: Path) -> None:
    import hashlib

    text = b'{"shared": [], "rules": 3}'
    file.write_bytes(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)


def _for_others_to_write(file: Path) -> None:
    file.chmod(0o666)


@pytest.mark.parametrize("spoil", [_torn, _changed, _empty, _of_another_shape, _for_others_to_write])
def test_a_spoiled_cache_is_made_anew(folder: Path, linked: list[int], spoil: Callable[[Path], None]) -> None:
    wanted = dump_program(shipped_program())
    (file,) = folder.iterdir()
    spoil(file)
    assert dump_program(shipped_program()) == wanted
    assert len(linked) == 2
    assert dump_program(shipped_program()) == wanted
    assert len(linked) == 2


def test_where_nothing_can_be_written_the_rules_load_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    monkeypatch.setenv(cache.CACHE, str(tmp_path / "file"))
    assert shipped_program().rules
    assert (tmp_path / "file").read_text("utf-8") == "in the way"


def test_the_cache_can_be_turned_off(tmp_path: Path, linked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.CACHE, "off")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    shipped_program()
    shipped_program()
    assert len(linked) == 2
    assert list(tmp_path.iterdir()) == []


def test_other_packs_are_another_program(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shipped_program()
    rules = tmp_path / "rules"
    rules.mkdir()
    for pack in shipped_rules().glob("*.yaml"):
        (rules / pack.name).write_text(pack.read_text("utf-8").replace("version: 0.1.0", "version: 0.1.1"), "utf-8")
    for module in (cache, program_json):
        monkeypatch.setattr(module, "shipped_rules", lambda: rules)
    cache.forget_packs()  # as in another process
    after = shipped_program()
    assert (before.version, after.version) == ("0.1.0", "0.1.1")
    assert len([*folder.iterdir()]) == 2  # two installations may stand beside each other


def test_those_not_used_for_longest_are_deleted(folder: Path) -> None:
    for number in range(cache.KEPT_FILES):
        cache.kept("rules", lambda: b"made", bytes, content=b"%d" % number)
    files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)
    for age, file in enumerate(reversed(files)):
        os.utime(file, (1_000_000 - age, 1_000_000 - age))
    other = folder / "misstep-index-other.json"
    other.write_bytes(b"")
    os.utime(other, (0, 0))

    def never() -> bytes:
        raise AssertionError

    assert cache.kept("rules", never, bytes, content=b"0") == b"made"  # the oldest is used
    cache.kept("rules", lambda: b"made", bytes, content=b"new")
    left = [*folder.iterdir()]
    assert len(left) == cache.KEPT_FILES + 1
    assert files[0] in left
    assert files[1] not in left
    assert other in left
