"""Mappings: the columns of a log in, facts out."""

from misstep.batch.mapping.mapping_coverage import LogCoverage
from misstep.batch.mapping.row_mapping import MappedRow, RowMapping

__all__ = ["LogCoverage", "MappedRow", "RowMapping"]
