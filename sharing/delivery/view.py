"""A delivery as a view in the lake's schema `shared_<requester>`: for analysts inside the bureau, who see the whole lake anyway.

A view masks and cuts, but it isolates nobody: whoever opens the lake's files can read the tables below it. It holds no key, so what would be a
pseudonym is withheld.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

import duckdb

from contracts.errors import SourceUnavailable
from contracts.quoting import ident, literal
from sharing.delivery.doors import Found, Removed, Staged, telling_no_values
from sharing.delivery.files import open_new
from sharing.delivery.grants import Grant
from sharing.delivery.names import safe_name
from sharing.delivery.projection import Projection
from sharing.delivery.work import Work
from warehouse.lake import LAKE, commit, table_exists


class ViewDoor:
    """One view of a line, pinned to the snapshot that was delivered."""

    may_key = False

    def __init__(self, work: Work, grant: Grant) -> None:
        self.work, self.grant = work, grant
        self.schema, self.name = f"shared_{safe_name(grant.requester)}", safe_name(grant.line_id)
        self.view = ident(LAKE, self.schema, self.name)
        self.where = f"line {grant.line_id}"
        self._sql = ""

    def stage(self, projection: Projection) -> Staged:
        self._sql = projection.sql(ordered=False)
        with telling_no_values(self.where):
            found = _read(self.work.connection, f"({self._sql})")
        return Staged(found.rows, found.sha256)

    def publish(self) -> None:
        connection = self.work.connection

        def work() -> None:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(LAKE, self.schema)}")
            connection.execute(f"CREATE OR REPLACE VIEW {self.view} AS {self._sql}")
            about = f"共享视图 {self.grant.request_id} {self.grant.line_id}, valid to {self.grant.valid_to}"
            connection.execute(f"COMMENT ON VIEW {self.view} IS {literal(about)}")

        commit(connection, self.work.settings, work, f"deliver {safe_name(self.grant.line_id)}")

    def discard(self) -> None:
        self._sql = ""

    def is_there(self) -> bool:
        return table_exists(self.work.connection, self.schema, self.name)

    def find(self) -> Found:
        if not self.is_there():
            raise SourceUnavailable("there is no such view", where=self.where)
        with telling_no_values(self.where):
            return _read(self.work.connection, self.view)

    def copy_to(self, target: Path) -> None:
        """As Parquet, in an order that tells nothing of the lake's own."""
        open_new(target).close()
        with telling_no_values(self.where):
            self.work.connection.execute(
                f"COPY (SELECT * FROM {self.view} ORDER BY ALL) TO {literal(target)} (FORMAT parquet)"
            )

    def remove(self) -> Removed:
        if not self.is_there():
            return Removed((), "", True)
        sha256 = ""
        with suppress(duckdb.Error):  # a view that can no longer be read has to go all the same
            sha256 = _read(self.work.connection, self.view).sha256
        drop = f"DROP VIEW IF EXISTS {self.view}"
        commit(self.work.connection, self.work.settings, lambda: self.work.connection.execute(drop), "dispose")
        return Removed((f"{self.schema}.{self.name}",), sha256, not self.is_there())


def _read(connection: duckdb.DuckDBPyConnection, relation: str) -> Found:
    """Columns, rows and a digest that every row enters, whatever their order."""
    columns = tuple(row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall())
    halves = ", ".join(f"coalesce(sum(md5_number_{half}(CAST(t AS VARCHAR))), 0)" for half in ("lower", "upper"))
    row = connection.execute(f"SELECT count(*), {halves} FROM (SELECT * FROM {relation}) AS t").fetchone()
    rows, first, second = row if row else (0, 0, 0)
    told = f"{','.join(columns)}\n{rows}\n{first}\n{second}"
    return Found(columns, int(rows), hashlib.sha256(told.encode()).hexdigest())
