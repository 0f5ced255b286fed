"""The progress of a run on standard error: a bar, lines of JSON, or nothing."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from misstep.batch.run import Progress

Style = Literal["auto", "bar", "json", "none"]
Show = Callable[[Progress], None]

EVERY = 1.0  # seconds between two lines of JSON


@contextmanager
def show_progress(style: Style) -> Iterator[Show]:
    """A function that shows the progress; auto: a bar on a terminal, else nothing."""
    began = time.monotonic()
    if style == "bar" or (style == "auto" and sys.stderr.isatty()):
        with _bar(began) as show:
            yield show
    elif style == "json":
        with _lines(began) as show:
            yield show
    else:
        yield lambda progress: None


@contextmanager
def _bar(began: float) -> Iterator[Show]:
    from rich import progress as rich
    from rich.console import Console

    with rich.Progress(
        rich.BarColumn(),
        rich.TaskProgressColumn(),
        rich.TextColumn("{task.fields[interviews]:,} interviews, {task.fields[rate]:,.0f} a second{task.fields[rejects]}"),
        rich.TimeElapsedColumn(),
        rich.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("", total=None, interviews=0, rate=0.0, rejects="")

        def show(progress: Progress) -> None:
            bar.update(
                task,
                total=None if progress.share is None else 1.0,
                completed=progress.share or 0.0,
                interviews=progress.interviews,
                rate=progress.scored / max(time.monotonic() - began, 1e-9),
                rejects=f", {progress.rejects:,} rejected" if progress.rejects else "",
            )

        yield show


@contextmanager
def _lines(began: float) -> Iterator[Show]:
    """A line a second with what is done, whether a part was done meanwhile or not, and one at the end."""
    latest = Progress(0, 0, 0, None)
    ended = threading.Event()

    def tell() -> None:
        shown = {name: getattr(latest, name) for name in ("interviews", "rejects", "share")}
        print(json.dumps(shown | {"seconds": round(time.monotonic() - began, 3)}), file=sys.stderr, flush=True)

    def tell_on() -> None:
        while not ended.wait(EVERY):
            tell()

    def show(progress: Progress) -> None:
        nonlocal latest
        latest = progress

    teller = threading.Thread(target=tell_on, daemon=True)
    teller.start()
    try:
        yield show
    finally:
        ended.set()
        teller.join()
        tell()
