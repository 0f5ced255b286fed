"""What ``pip install`` of a release gives, outside of a checkout: ``python -m tests.release DIST [EXTRA ...]``.

DIST is a folder with the wheel of misstep, and that of misstep-core where it was built. For misstep alone and for each extra
there is an environment with just that, made by uv with the versions of ``locks/``, in which ``tests/smoke.py`` makes its main
call; an extra that is missing must be said in one line.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.locks import versions
from tests.smoke import EXTRAS

SMOKE = Path(__file__).with_name("smoke.py")
UV = [sys.executable, "-m", "uv", "--quiet"]


def make_environment(folder: Path, requirements: Sequence[str], python: str = sys.executable) -> Path:
    """An environment with what uv installs for these words; its Python. Raises CalledProcessError."""
    subprocess.run([*UV, "venv", "--python", python, str(folder)], check=True)
    inside = folder / "bin" / "python"
    subprocess.run([*UV, "pip", "install", "--python", str(inside), *requirements], check=True)
    return inside


def run_smoke(python: Path, folder: Path, what: str, extra: str) -> bool:
    """Run ``smoke.py`` in a folder of its own, without this checkout on any path; whether it held. Says what did not."""
    folder.mkdir()
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env["MISSTEP_CACHE"] = str(folder / "cache")
    done = subprocess.run(
        [str(python), str(SMOKE), what, extra],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {what} {extra}", flush=True)
    if done.returncode:
        print(done.stdout)
    return done.returncode == 0


def try_extras(dist: Path, extras: Sequence[str], work: Path) -> tuple[int, int]:
    """Try misstep alone, and each of these extras; how many calls there were, and how many failed."""
    (wheel,) = dist.glob("misstep-*.whl")
    constraints = work / "versions.txt"
    constraints.write_text(versions(), encoding="utf-8")
    held: list[bool] = []
    missing_in: dict[tuple[str, ...], Path] = {}
    for number, extra in enumerate(["-", *extras]):
        named = () if extra == "-" else (*EXTRAS[extra].beside, extra)
        what = f"{wheel}[{','.join(named)}]" if named else str(wheel)
        python = make_environment(work / f"e{number}", ["--find-links", str(dist), "--constraint", str(constraints), what])
        if not named or named == ("batch",) or named == ("serve",):
            missing_in[named] = python
        held.append(run_smoke(python, work / f"f{number}", "works", extra))
    for extra in extras:
        if EXTRAS[extra].beside in missing_in:
            held.append(run_smoke(missing_in[EXTRAS[extra].beside], work / f"missing-{extra}", "missing", extra))
    return len(held), held.count(False)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.release", description="Try a release outside of a checkout.")
    parser.add_argument("dist", type=Path, help="the folder with the wheels")
    parser.add_argument("extras", nargs="*", metavar="EXTRA", help="default: all whose wheels are there")
    options = parser.parse_args()
    with_core = any(options.dist.glob("misstep_core-*.whl"))
    extras = options.extras or [name for name in EXTRAS if name != "core" or with_core]
    if not with_core:
        print("NOT TRIED: the extra core, whose wheel is not in", options.dist)
    with tempfile.TemporaryDirectory(prefix="misstep-release-") as work:
        calls, failed = try_extras(options.dist.absolute(), extras, Path(work))
    print(f"figure: {len(extras)} extras, {calls} calls, {failed} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
