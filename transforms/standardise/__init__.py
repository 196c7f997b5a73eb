"""From physical to business fields: one SQL projection a resource, built from its contract."""

from transforms.standardise.projection import standardise_sql

__all__ = ["standardise_sql"]
