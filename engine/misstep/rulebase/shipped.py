"""Find the folder of the shipped rule packs."""

from __future__ import annotations

from pathlib import Path

from misstep.errors import InstallationError

WORDS = "words"  # the folder, beside packs, of files that hold only words


def shipped_rules() -> Path:
    """The folder of the shipped packs: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "rules").is_dir() and package.parent.name == "engine":
        return checkout / "rules"
    if (package / "rules").is_dir():
        return package / "rules"
    raise InstallationError(f"the shipped rules are missing: there is no folder {package / 'rules'}; install misstep anew")


def shipped_word_files() -> list[Path]:
    """The files of words of the shipped packs."""
    return sorted((shipped_rules().resolve() / WORDS).glob("*.yaml"))
