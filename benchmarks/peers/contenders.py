"""Who takes part: by key, how it is called in the table, where it is loaded, and why it may be missing."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.peers import ours
from benchmarks.peers.loaded import Loaded


@dataclass(frozen=True)
class Contender:
    """``module`` and ``function`` load it; ``package`` must be there for that, and ``missing`` may know of more reasons.

    ``cannot``: what it cannot say of the mini rule base, or leaves to the code around it.
    """

    key: str
    title: str
    module: str
    function: str = "load"
    package: str = ""
    missing: Callable[[], str] = lambda: ""
    cannot: str = ""

    def absent(self) -> str:
        """Why it cannot run here; empty where it can."""
        if self.package and importlib.util.find_spec(self.package) is None:
            return "not installed"
        return self.missing()

    def load(self) -> Loaded:
        """Load its rules."""
        module = importlib.import_module(f"benchmarks.peers.{self.module}")
        loaded: Loaded = getattr(module, self.function)()
        return loaded


CONTENDERS = {
    contender.key: contender
    for contender in (
        Contender("hand", "hand-written Python", "by_hand", cannot="no rules, no reasons"),
        Contender("ours-conclusions", "misstep: checked facts to conclusions", "ours", "load_conclusions"),
        Contender("ours-answers", "misstep: dictionaries to totals and actions", "ours", "load_answers"),
        Contender("ours-assess", "misstep: assess, with reasons and plan", "ours", "load_assess"),
        Contender("ours-json", "misstep: assess_json, bytes to bytes", "ours", "load_json", missing=ours.without_json),
        Contender(
            "ours-durable", "misstep: assess on durable-rules", "ours", "load_durable",
            package="durable", missing=ours.without_durable,
        ),
    )
}  # fmt: skip
