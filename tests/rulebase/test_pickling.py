"""A rule base in a pickle: the same rules elsewhere, whatever has become of their packs."""

from __future__ import annotations

import json
import pickle
import zlib
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from misstep import InstallationError, Limits, RecordError, RuleBase
from misstep.api import _restore

ROOT = Path(__file__).parents[2]
RECORDS: list[Any] = [json.loads(file.read_bytes()) for file in sorted((ROOT / "fixtures" / "interviews").glob("*.json"))[:5]]


@pytest.fixture(params=["shipped", "files"])
def rulebase(request: pytest.FixtureRequest, tmp_path: Path) -> RuleBase:
    """The shipped rule base, and one of files that are gone by now."""
    if request.param == "shipped":
        return RuleBase.shipped()
    slip = "{own_slip: {role: mistake, title: Own slip, concern: manners, fields: {}}}"
    own = f"schema: 1\npack: own\nextends: misstep\nkinds: {slip}\n"
    (tmp_path / "own.yaml").write_text(own, "utf-8")
    loaded = RuleBase.load(tmp_path, limits=Limits(facts=3))
    (tmp_path / "own.yaml").unlink()
    return loaded


def test_what_comes_out_of_a_pickle_answers_alike(rulebase: RuleBase) -> None:
    _restore.cache_clear()
    again = pickle.loads(pickle.dumps(rulebase))
    assert (again.digest, again.limits, again.kinds.keys()) == (rulebase.digest, rulebase.limits, rulebase.kinds.keys())
    for record in RECORDS:
        facts = record["facts"][: rulebase.limits.facts]
        assert again.assess(facts).to_json() == rulebase.assess(facts).to_json()
    assert again.suggest("I was twelve minutes late.") == rulebase.suggest("I was twelve minutes late.") != []
    with pytest.raises(RecordError, match="at most"):
        again.assess([{"kind": "rambling"}] * (rulebase.limits.facts + 1))
    assert pickle.loads(pickle.dumps(rulebase)) is again, "restored once in a process"


@pytest.mark.slow
@pytest.mark.parametrize("start", ["spawn", "forkserver"])
def test_a_pool_of_processes_assesses_with_it(rulebase: RuleBase, start: str) -> None:
    records = [record["facts"][:3] for record in RECORDS]
    with ProcessPoolExecutor(1, get_context(start)) as pool:
        assert list(pool.map(rulebase.assess, records)) == [rulebase.assess(record) for record in records]
        with pytest.raises(RecordError, match="did you mean 'late_arrival'"):
            pool.submit(rulebase.assess, [{"kind": "late_arival"}]).result()


@pytest.mark.parametrize("packed", [b"", zlib.compress(b'{"whole": {"Programme": []}, "shared": []}'), zlib.compress(b"[]")])
def test_a_pickle_of_another_version_says_so(packed: bytes) -> None:
    with pytest.raises(InstallationError, match="pickled by another version of misstep; use the same version at both ends"):
        _restore("sha256:0123456789abcdef", packed, Limits())
