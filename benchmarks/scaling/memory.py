"""How much memory a process holds, in MiB, as Linux tells it."""

from __future__ import annotations

from pathlib import Path

STATUS = Path("/proc/self/status")


def resident() -> float:
    """What is held now."""
    return _read(STATUS, "VmRSS:")


def peak() -> float:
    """The most that was ever held. Not ``ru_maxrss``, which begins with what the parent held when it started this process."""
    return _read(STATUS, "VmHWM:")


def resident_of(process: int) -> float:
    """What another process holds now."""
    return _read(Path(f"/proc/{process}/status"), "VmRSS:")


def _read(file: Path, name: str) -> float:
    line = next(line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024
