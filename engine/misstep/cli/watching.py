"""Run a command again whenever a file of the rules changes: the option ``--watch``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial, wraps
from pathlib import Path

import click

from misstep.cli.group import print_error
from misstep.errors import InstallationError, MisstepError, UsageError, printable

DEBOUNCE_MS, STEP_MS, POLL_MS = 200, 50, 200  # files that are saved one after the other lead to one run


def watchable(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command on ``paths`` the option ``--watch``."""

    @click.option("--watch", is_flag=True, help="Run again when a file of PATH changes, until Ctrl-C (extra misstep[serve]).")
    @wraps(command)
    def watched(paths: tuple[Path, ...], watch: bool, **options: object) -> int:
        run = partial(command, paths, **options)
        return _run_on_change(paths, run) if watch else run()

    return watched


def _run_on_change(paths: Sequence[Path], run: Callable[[], int]) -> int:
    """Run, and again after each change, until KeyboardInterrupt. Raises UsageError where a path is not there at the start,
    InstallationError without watchfiles."""
    try:
        from watchfiles import watch
    except ImportError:
        raise InstallationError("--watch needs watchfiles: pip install 'misstep[serve]'") from None
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder")
    folders = {path if path.is_dir() else path.absolute().parent for path in paths}  # a file that is replaced is a new file
    changes = watch(
        *folders,
        watch_filter=lambda _, file: is_of_rules(Path(file), paths),
        debounce=DEBOUNCE_MS,
        step=STEP_MS,
        rust_timeout=POLL_MS,
        yield_on_timeout=True,
    )
    next(changes)  # from here on the files are watched, so a change during the first run is not lost
    _run_once(run)
    for changed in changes:
        if changed:
            names = sorted({Path(file).name for _, file in changed})
            print(f"misstep: {printable(', '.join(names))} changed", file=sys.stderr)
            _run_once(run)
    return 0


def is_of_rules(file: Path, paths: Iterable[Path]) -> bool:
    """Whether a changed file may be read where the packs at the paths are: a pack, or a table beside or below one."""
    for path in map(Path.resolve, paths):
        folder = path if path.is_dir() else path.parent
        suffixes = (".yaml", ".yml", ".csv") if path.is_dir() else (".csv",)
        if (file == path and file != folder) or (file.suffix in suffixes and file.is_relative_to(folder)):
            return True
    return False


def _run_once(run: Callable[[], int]) -> None:
    """One run; what stops it is said, and watching goes on."""
    try:
        run()
    except MisstepError as error:
        print_error(error)
    except OSError as error:  # a file was there and is not, or cannot be read
        print(f"misstep: {printable(str(error.filename))}: {error.strerror}", file=sys.stderr)
    sys.stdout.flush()
