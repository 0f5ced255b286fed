"""What durable-rules needs that is not on this machine, in one line, with the commands that bring it.

It has no wheel: pip builds it, and where that fails shows the whole log of the build. So it is said before pip is asked.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

LIBRARY = "durable_rules_engine"
EXTRA = "pip install 'misstep[durable]'"
COMPILER = "xcode-select --install" if sys.platform == "darwin" else "apt-get install gcc libc6-dev python3-dev"
"""What brings the compiler and the headers of Python: on macOS, and on Debian."""


def missing_library() -> str:
    """Why durable-rules is missing, and the command that installs it; empty if it is installed."""
    if find_spec(LIBRARY) is not None:
        return ""
    missing = missing_to_build()
    return f"{missing}, then {EXTRA}" if missing else f"the engine 'durable' needs durable-rules: {EXTRA}"


def missing_to_build() -> str:
    """What is missing to build durable-rules, and the command that installs it; empty if nothing is."""
    lacks = [] if _compiler() else ["no C compiler"]
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        lacks.append("no headers of Python")
    if not lacks:
        return ""
    there = "there is " + " and ".join(lacks) + " on this machine"
    return f"the engine 'durable' needs durable-rules, which is built by a C compiler, and {there}: {COMPILER}"


def _compiler() -> str | None:
    """The command that an extension is built by, which CC or Python itself names."""
    named = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    return shutil.which(named[0]) if named else None
