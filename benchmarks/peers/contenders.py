"""Who takes part: by key, how it is called in the table, where it is loaded, and why it may be missing."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from benchmarks.peers import drools
from benchmarks.peers.loaded import Loaded


@dataclass(frozen=True)
class Contender:
    """``module`` and ``function`` load it; ``package`` of ``distribution`` must be there for that, and ``missing`` may know of
    more reasons.

    ``note``: what is in its time; of the mini rule base, what it cannot say or leaves to the code around it.
    """

    key: str
    title: str
    module: str
    function: str = "load"
    package: str = ""
    distribution: str = ""
    missing: Callable[[], str] = lambda: ""
    note: str = ""

    @property
    def ours(self) -> bool:
        """Whether it is misstep."""
        return self.module == "ours"

    def absent(self) -> str:
        """Why it cannot run here; empty where it can."""
        if self.package and importlib.util.find_spec(self.package) is None:
            return f"not installed: {self.distribution}"
        return self.missing()

    def named(self) -> str:
        """Its title, with the version where it is installed."""
        there = self.distribution and not self.absent()
        return self.title.replace(" VERSION", f" {version(self.distribution)}" if there else "")

    def load(self) -> Loaded:
        """Load its rules."""
        module = importlib.import_module(f"benchmarks.peers.{self.module}")
        loaded: Loaded = getattr(module, self.function)()
        return loaded


CONTENDERS = {
    contender.key: contender
    for contender in (
        Contender(
            "hand", "hand-written Python", "by_hand",
            note="unchecked dictionaries to totals and actions; no rules, no reasons. Against itself: the noise of the method",
        ),
        Contender(
            "ours-conclusions", "misstep: checked facts to conclusions", "ours", "load_conclusions",
            note="every conclusion with its rule and its facts (provenance); checking the record is not in it",
        ),
        Contender(
            "ours-answers", "misstep: dictionaries to totals and actions", "ours", "load_answers",
            note="the record is checked, conclusions have their provenance, the answer is read out of them",
        ),
        Contender(
            "ours-assess", "misstep: assess", "ours", "load_assess",
            note="dictionaries to an Assessment: checked, scored, with plan; reasons are put into words when they are read",
        ),
        Contender(
            "ours-json", "misstep: assess_json", "ours", "load_json",
            note="bytes to bytes: reading, checking, and all reasons and the plan put into words and written",
        ),
        Contender(
            "ours-core", "misstep: assess in the core", "ours", "load_core", package="misstep_core", distribution="misstep-core",
            note="the same answer, all of it in words; each part of it is parsed when it is read",
        ),
        Contender(
            "ours-core-json", "misstep: assess_json in the core", "ours", "load_core_json",
            package="misstep_core", distribution="misstep-core",
            note="the same bytes",
        ),
        Contender(
            "ours-durable", "misstep: assess on durable-rules", "ours", "load_durable",
            package="durable_rules_engine", distribution="durable-rules",
            note="the same Assessment; durable-rules finds the matches, in a process of its own",
        ),
        Contender(
            "durable", "durable-rules VERSION, used directly", "durable",
            package="durable_rules_engine", distribution="durable-rules",
            note="sums are added up in Python, findings go in as a second batch; no provenance",
        ),
        Contender(
            "clips", "CLIPS (clipspy VERSION)", "clips", package="clips", distribution="clipspy",
            note="all is said in its rules; a new Environment every 200 interviews, since one that is kept grows; no provenance",
        ),
        Contender(
            "zen", "ZEN (zen-engine VERSION)", "zen", package="zen", distribution="zen-engine",
            note="tables and expressions without facts or joins: a rule of two mistakes is a count; no provenance",
        ),
        Contender(
            "experta", "experta VERSION", "experta", package="experta", distribution="experta",
            note="sums are added up in Python by what its rules do; no provenance",
        ),
        Contender(
            "drools", "Drools in Java (drools-jpy VERSION)", "drools",
            package="drools", distribution="drools-jpy", missing=drools.missing,
            note="Java objects to Java objects on a warm JVM, without the way from Python and back; sums in Java; no provenance",
        ),
    )
}  # fmt: skip
