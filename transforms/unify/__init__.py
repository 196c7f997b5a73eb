"""One row a person or firm from the records of many departments, joined by exact identifiers: a declared source per attribute, no guessing."""

from transforms.unify.entities import Statement, build_sql
from transforms.unify.mappings import Mappings, check_mappings, read_mappings

__all__ = ["Mappings", "Statement", "build_sql", "check_mappings", "read_mappings"]
