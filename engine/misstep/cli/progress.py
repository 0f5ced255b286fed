"""How far a run is in; a bar or lines of JSON on standard error out, or nothing."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, get_args

from misstep.batch.run import Progress

Style = Literal["auto", "bar", "json", "none"]
STYLES: tuple[Style, ...] = get_args(Style)
Show = Callable[[Progress], None]

EVERY = 1.0  # seconds between two lines of JSON


@contextmanager
def shown(style: Style) -> Iterator[Show]:
    """What is told of a run's progress; auto: a bar on a terminal, else nothing."""
    if style == "auto":
        style = "bar" if sys.stderr.isatty() else "none"
    if style == "bar":
        with _bar() as show:
            yield show
    elif style == "json":
        yield _lines()
    else:
        yield lambda progress: None


@contextmanager
def _bar() -> Iterator[Show]:
    from rich import progress as rich
    from rich.console import Console

    began = time.monotonic()
    with rich.Progress(
        rich.BarColumn(),
        rich.TaskProgressColumn(),
        rich.TextColumn("{task.fields[interviews]:,} interviews, {task.fields[rate]:,.0f} a second{task.fields[wrong]}"),
        rich.TimeElapsedColumn(),
        rich.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("", total=None, interviews=0, rate=0.0, wrong="")

        def show(progress: Progress) -> None:
            bar.update(
                task,
                total=None if progress.share is None else 1.0,
                completed=progress.share or 0.0,
                interviews=progress.interviews,
                rate=progress.scored / max(time.monotonic() - began, 1e-9),
                wrong=f", {progress.rejects:,} rejected" if progress.rejects else "",
            )

        yield show


def _lines() -> Show:
    began = time.monotonic()
    last = -EVERY

    def show(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic() - began
        if now - last >= EVERY or progress.share == 1.0:
            last = now
            told = {
                "interviews": progress.interviews,
                "rejects": progress.rejects,
                "share": progress.share,
                "seconds": round(now, 3),
            }
            print(json.dumps(told), file=sys.stderr, flush=True)

    return show
