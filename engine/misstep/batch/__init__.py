"""Logged interviews by the million in; tables of their scores, and reports about them, out."""

from importlib.util import find_spec

from misstep.errors import InstallationError

if find_spec("pyarrow") is None:  # here, so that the error is the same for every module
    raise InstallationError("tables of scores need pyarrow: pip install 'misstep[batch]'")
