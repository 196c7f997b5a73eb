"""Masked views: the lake's tables under their own names, each column as its classification lets it be seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb

from contracts.errors import ConfigurationError
from contracts.mistakes import did_you_mean
from contracts.quoting import ident
from pipeline.dictionary.entries import ColumnEntry, TableEntry
from sharing.delivery.masks import MASKS, PSEUDONYM, WITHHELD
from sharing.delivery.pseudonym import pseudonym_sql
from warehouse.lake import LAKE, tables_of

VIEWS = "shown"
"""Catalogue of the views, in memory; in use, so that `schema.table` means the view."""

_OPEN = {
    "ops": ("runs", "quality_results", "reconciliations", "catalogue", "model_runs"),
    "sharing": ("rates", "scorecard"),
}
"""Tables of the platform that tell of no person."""


def make_views(
    connection: duckdb.DuckDBPyConnection, entries: Mapping[str, TableEntry], wanted: Iterable[str], snapshot: int | None, *, masked: bool = True, keyed: bool
) -> list[ColumnEntry]:  # fmt: skip
    """Make a view of each table wanted and return the columns that are masked in them; `snapshot` is the lake's version, None for the newest.

    Without a key (`keyed`) a pseudonym is withheld. Raises ConfigurationError for a table that is not there, or that nobody may export.
    """
    held = {f"{schema}.{table}" for schema, table in tables_of(connection)}
    connection.execute(f"ATTACH IF NOT EXISTS ':memory:' AS {VIEWS}")
    hidden: list[ColumnEntry] = []
    for name in sorted(wanted):
        _check(name, held, entries, masked=masked)
        schema, table = name.split(".", 1)
        source = ident(LAKE, schema, table) + (f" AT (VERSION => {snapshot})" if snapshot is not None else "")
        try:
            present = {row[0]: row[1] for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
        except duckdb.Error:
            raise ConfigurationError(f"{name} was not there at that time", remedy="a later --as-of") from None
        shown = {column: ident(column) for column in present}
        if masked and (entry := entries.get(name)):
            for column, type in present.items():
                about = entry.column(column)
                if about is None or about.mask:
                    shown[column] = shown_sql(column, type, about, keyed=keyed)
                if about is not None and about.mask:
                    hidden.append(about)
        listed = ", ".join(f"{sql} AS {ident(column)}" for column, sql in shown.items())
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(VIEWS, schema)}")
        connection.execute(f"CREATE OR REPLACE VIEW {ident(VIEWS, schema, table)} AS SELECT {listed} FROM {source}")
    connection.execute(f"USE {VIEWS}")
    return hidden


def shown_sql(column: str, type: str, about: ColumnEntry | None, *, keyed: bool) -> str:
    """SQL of a column as it is shown; one of which no contract knows is withheld."""
    mask = about.mask if about else None
    kind = mask.kind if mask else WITHHELD
    if kind == PSEUDONYM and keyed and mask:
        return pseudonym_sql(f"CAST({ident(column)} AS VARCHAR)", mask.domain)
    if kind in MASKS:
        return MASKS[kind](ident(column))
    return f"CAST(NULL AS {'VARCHAR' if kind == PSEUDONYM else type})"


def exportable(name: str, entries: Mapping[str, TableEntry]) -> bool:
    """Whether a table may leave masked: one the dictionary describes, or one of the platform that tells of no person."""
    schema, _, table = name.partition(".")
    return name in entries or table in _OPEN.get(schema, ()) or (schema == "sharing" and table.startswith("mart_"))


def _check(name: str, held: set[str], entries: Mapping[str, TableEntry], *, masked: bool) -> None:
    if name not in held:
        raise ConfigurationError(f"the lake has no table {name}", remedy=did_you_mean(name, held))
    if masked and not exportable(name, entries):
        raise ConfigurationError(
            f"{name} is described by no contract or model, so nobody knows what to mask in it",
            remedy="--unmasked, by whoever may write to the lake",
        )
