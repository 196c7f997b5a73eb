"""A delivery as a table in the requester's own PostgreSQL: staged and swapped in one transaction, readable by the requester's role alone.

What stands in a database of theirs is isolated from everything else in the lake: there is no SQL by which they reach another row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet
from psycopg.conninfo import make_conninfo

from contracts.errors import ConfigurationError, LandbridgeError, SourceUnavailable
from contracts.quoting import ident, literal
from sharing.delivery import postgres
from sharing.delivery.doors import Found, Removed, Staged, telling_no_values
from sharing.delivery.files import open_new
from sharing.delivery.grants import Grant
from sharing.delivery.names import safe_name
from sharing.delivery.projection import Projection
from sharing.delivery.ways import Destination
from sharing.delivery.work import Work

_CONNECT_SECONDS = 15
# PostgreSQL cuts longer names, and then two might be one
_LONGEST_NAME = 63
_STAGING = "~new"
# states of SQL that only a change of rights or of deliveries.yaml cures
_REFUSED = {"42501": "insufficient privilege", "42704": "no such role", "3F000": "no such schema", "28P01": "wrong password", "28000": "no such login"}  # fmt: skip


class TableDoor:
    """One table of a line in the destination's schema, named after the line."""

    may_key = True

    def __init__(self, work: Work, grant: Grant, destination: Destination) -> None:
        self.work, self.grant, self.destination = work, grant, destination
        self.name = safe_name(grant.line_id, _LONGEST_NAME - len(_STAGING))
        self.table = ident(destination.schema, self.name)
        self.staging = ident(destination.schema, self.name + _STAGING)
        self.where = f"line {grant.line_id}, destination {destination.id}"
        self.open: Any = None

    def stage(self, projection: Projection) -> Staged:
        """In a transaction that stays open: until it is published, nobody in the requester's database sees a row, nor after we were killed."""
        self.discard()
        with self._session() as ask:
            self._prepare(ask)
        with self._translated():
            self.open = postgres.connect(self._address())
            with telling_no_values(self.where), projection.keyed(self.work), self.open.cursor() as cursor:
                reader = self.work.connection.execute(projection.sql()).to_arrow_reader(self.work.settings.batch_rows)
                cursor.adbc_ingest(self.name + _STAGING, reader, mode="create", db_schema_name=self.destination.schema)
            found = postgres.read(self._ask, self.staging)
        return Staged(found.rows, found.sha256)

    def publish(self) -> None:
        """The swap keeps views the requester built on the table where its columns are the same, and is refused where they are not."""
        about = f"Landbridge {self.grant.request_id} {self.grant.line_id}, valid to {self.grant.valid_to}"
        with self._translated():
            if postgres.dependents(self._ask, self.table):
                if postgres.columns(self._ask, self.table) != postgres.columns(self._ask, self.staging):
                    raise ConfigurationError(
                        "the requester's views hold on to columns that the delivery no longer has",
                        where=self.where,
                        remedy="the requester drops the views, and builds them anew after the delivery",
                    )
                self._ask(f"TRUNCATE {self.table}")
                self._ask(f"INSERT INTO {self.table} SELECT * FROM {self.staging}")
                self._ask(f"DROP TABLE {self.staging}")
            else:
                self._ask(f"DROP TABLE IF EXISTS {self.table}")
                self._ask(f"ALTER TABLE {self.staging} RENAME TO {ident(self.name)}")
            self._ask(f"REVOKE ALL ON {self.table} FROM PUBLIC")
            self._ask(f"GRANT SELECT ON {self.table} TO {ident(self.destination.role)}")
            self._ask(f"COMMENT ON TABLE {self.table} IS {literal(about)}")
            self.open.commit()
        self.discard()

    def discard(self) -> None:
        if self.open is not None:
            with suppress(Exception):  # a connection that broke has nothing staged any more
                self.open.rollback()
                self.open.close()
            self.open = None

    def is_there(self) -> bool:
        with self._session() as ask:
            return postgres.exists(ask, self.table)

    def find(self) -> Found:
        with self._session(as_reader=True) as ask:
            if not postgres.exists(ask, self.table):
                raise SourceUnavailable("there is no such table", where=self.where)
            return postgres.read(ask, self.table)

    def copy_to(self, target: Path) -> None:
        """As Parquet, read with the requester's role."""
        with (
            self._translated(),
            postgres.connect(self._address(as_reader=True)) as connection,
            open_new(target) as file,
        ):
            cursor = connection.cursor()
            cursor.execute(f"SELECT * FROM {self.table}")
            reader = cursor.fetch_record_batch()
            with pyarrow.parquet.ParquetWriter(file, reader.schema, compression="zstd") as writer:
                for batch in reader:
                    writer.write_batch(batch)
            cursor.close()

    def remove(self) -> Removed:
        """Views that the requester built on the table go with it; copies of theirs are theirs to dispose of."""
        self.discard()
        sha256 = ""
        with suppress(SourceUnavailable), self._session() as ask:  # what can no longer be read has to go all the same
            sha256 = postgres.read(ask, self.table).sha256
        with self._session() as ask:
            what = [self.name, *postgres.dependents(ask, self.table)] if postgres.exists(ask, self.table) else []
            ask(f"DROP TABLE IF EXISTS {self.table} CASCADE")
        with self._session() as ask:
            is_gone = not postgres.exists(ask, self.table)
        return Removed(tuple(what), sha256, is_gone)

    def _prepare(self, ask: postgres.Ask) -> None:
        """The schema is there and the requester's role may use it."""
        schema, role = ident(self.destination.schema), self.destination.role
        if ask(f"SELECT to_regnamespace({literal(schema)})::text") == [(None,)]:
            ask(f"CREATE SCHEMA {schema}")
        if ask(f"SELECT has_schema_privilege({literal(role)}, {literal(self.destination.schema)}, 'USAGE')") != [
            (True,)
        ]:
            ask(f"GRANT USAGE ON SCHEMA {schema} TO {ident(role)}")

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        return postgres.ask(self.open, sql)

    @contextmanager
    def _session(self, *, as_reader: bool = False) -> Iterator[postgres.Ask]:
        """One transaction; a driver's error becomes ours, without addresses and values."""
        with self._translated(), postgres.connect(self._address(as_reader=as_reader)) as connection:
            yield partial(postgres.ask, connection)
            connection.commit()

    def _address(self, *, as_reader: bool = False) -> str:
        writer, reader = self.destination.addresses(self.work.settings.source_environment)
        return make_conninfo(
            reader if as_reader else writer, connect_timeout=_CONNECT_SECONDS, application_name="landbridge"
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except LandbridgeError:
            raise
        except Exception as error:
            if not postgres.is_driver(error):
                raise
            state = str(getattr(error, "sqlstate", None) or "")
            if state in _REFUSED:
                raise ConfigurationError(
                    f"the requester's database refuses: {_REFUSED[state]}", where=self.where,
                    remedy="check the rights of the writer and the reader's role (docs/deliveries.md)",
                ) from None  # fmt: skip
            raise SourceUnavailable(
                f"the requester's database failed: {type(error).__name__} {state}".rstrip(), where=self.where,
                remedy="wait; look at their database and at the address in deliveries.yaml",
            ) from None  # fmt: skip
