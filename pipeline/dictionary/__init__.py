"""The data dictionary: every table and column of the lake in both languages, told by contracts, mappings and models alone."""

from pipeline.dictionary.describe import describe_city, described
from pipeline.dictionary.entries import ColumnEntry, TableEntry

__all__ = ["ColumnEntry", "TableEntry", "describe_city", "described"]
