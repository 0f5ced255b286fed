"""Mappings: the columns of a log in, facts out."""

from misstep.batch.mapping.mapping import MappedRow, RowMapping
from misstep.batch.mapping.mapping_coverage import Coverage

__all__ = ["Coverage", "MappedRow", "RowMapping"]
