"""Batches in a database of the department's zone: a table with a row a batch – number, status, counts – beside the tables that hold the data.

All is read through the resource's own connector. Only the receipt, where one is wanted, needs a right to write, and only to its own table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.exchange.settings import BATCH
from connectors.exchange.zone import Batch, Damage
from connectors.registry import open_connector
from contracts.errors import SchemaDrift, SourceBroken, SourceUnavailable
from contracts.interval import Interval
from contracts.mistakes import did_you_mean
from contracts.model import Field, Resource

_RECEIPT_COLUMNS = ("batch", "resource", "outcome", "rows_stated", "rows_received", "differences", "received_at")


@dataclass(frozen=True)
class TableZone:
    """The database, and what the contract states of its batch table."""

    resource: Resource
    environ: Mapping[str, str] = field(repr=False)

    @property
    def is_dated(self) -> bool:
        return "date" in self._stated

    def batch(self, interval: Interval) -> Batch:
        found = [row for row in self._rows() if self._is_ours(row, interval)]
        complete = [row for row in found if row[self._stated["status"]] in self._complete]
        if not complete:
            what = "the department has not marked the batch complete" if found else "no batch has been delivered"
            raise SourceUnavailable(what, where=self._where, remedy=f"wait, or ask {self.resource.department}")
        if len(complete) > 1 and self.is_dated:
            raise SourceBroken(
                f"{len(complete)} complete batches belong to one interval", where=self._where, remedy="ask the department for one batch an interval"
            )  # fmt: skip
        return self._batch(max(complete, key=lambda row: number_order(row[self._stated["number"]])))

    @contextmanager
    def taking(self, batch: Batch, interval: Interval) -> Iterator[Taken]:
        yield Taken(self, batch, interval)

    def parts(self, batch: Batch, interval: Interval) -> Iterator[tuple[str | None, pa.RecordBatch]]:
        column = self._stated.get("rowsColumn")
        resource = replace(self.resource, watermark=None)
        for rows in open_connector(resource.system, self.environ).read(resource, interval):
            yield None, _of_batch(rows, column, batch.number, self._where) if column else rows
        now = next(
            (
                self._batch(row)
                for row in self._rows()
                if row[self._stated["number"]] == batch.number and self._is_ours(row, interval)
            ),
            None,
        )
        if now != batch:
            raise SourceUnavailable(
                "the batch changed while it was read", where=self._where, remedy="run the interval again"
            )

    def write_receipt(self, batch: Batch, receipt: Mapping[str, Any]) -> str:
        if "receipt" not in self._stated:
            return ""
        import sqlalchemy as sa

        from connectors.databases.database import DatabaseConnector

        url = DatabaseConnector.open(self.resource.system.connection, self.environ).url
        table = sa.table(
            sa.quoted_name(self._stated["receipt"], quote=True), *map(sa.column, _RECEIPT_COLUMNS), schema=self.resource.source.get("schema")
        )  # fmt: skip
        row = {
            "batch": batch.number, "resource": self.resource.physical_name, "outcome": receipt["outcome"], "rows_stated": receipt["rows"]["stated"],
            "rows_received": receipt["rows"]["received"], "differences": "; ".join(receipt["differences"]), "received_at": receipt["received_at"],
        }  # fmt: skip
        engine = sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True)
        try:
            with engine.begin() as connection:
                connection.execute(
                    sa.delete(table).where(table.c.batch == row["batch"], table.c.resource == row["resource"])
                )
                connection.execute(sa.insert(table).values(row))
        except sa.exc.SQLAlchemyError as error:
            return f"{self._where}, table {self._stated['receipt']}: {type(getattr(error, 'orig', None) or error).__name__}"
        finally:
            engine.dispose()
        return ""

    @property
    def _stated(self) -> Mapping[str, Any]:
        stated: Mapping[str, Any] = self.resource.source[BATCH]
        return stated

    @property
    def _complete(self) -> set[str]:
        return {_text(value) for value in self._stated["complete"]}

    @property
    def _where(self) -> str:
        return f"{self.resource.system.id}: {self._stated['table']}"

    def _rows(self) -> Iterator[dict[str, str]]:
        """The batch table's rows, each value as text."""
        words = ("number", "status", "date", "resource", "rows")
        columns = dict.fromkeys(
            [*(self._stated[w] for w in words if w in self._stated), *self._stated.get("controlSums", {}).values()]
        )
        fields = tuple(Field(f"field_{n}", name, name, "", "string") for n, name in enumerate(columns))
        source = {name: value for name, value in self.resource.source.items() if name == "schema"}
        table = replace(
            self.resource,
            physical_name=self._stated["table"],
            source=source,
            fields=fields,
            watermark=None,
            ignored_columns=(),
        )
        for rows in open_connector(table.system, self.environ).read(table, None):
            for name in columns:
                if name not in rows.schema.names:
                    raise SchemaDrift(
                        f"the batch table has no column {name!r}", where=self._where, remedy=did_you_mean(name, rows.schema.names)
                    )  # fmt: skip
            for row in rows.select(list(columns)).to_pylist():
                yield {name: _text(value) for name, value in row.items()}

    def _is_ours(self, row: Mapping[str, str], interval: Interval) -> bool:
        if "resource" in self._stated and row[self._stated["resource"]] != self._stated.get(
            "resourceValue", self.resource.physical_name
        ):
            return False
        # a date, a time, or digits: the first eight are the day
        return not self.is_dated or re.sub(r"\D", "", row[self._stated["date"]])[:8] == interval.start.strftime(
            "%Y%m%d"
        )

    def _batch(self, row: Mapping[str, str]) -> Batch:
        number = row[self._stated["number"]]
        if not number:
            raise SourceBroken("a complete batch has no number", where=self._where, remedy="ask the department")
        rows = self._number(row, self._stated["rows"]) if "rows" in self._stated else None
        if rows is not None and (rows != rows.to_integral_value() or rows < 0):
            raise SourceBroken(
                "the count of rows is no whole number",
                where=f"{self._where}, batch {number}",
                remedy="ask the department",
            )
        sums = {column: self._number(row, theirs) for column, theirs in self._stated.get("controlSums", {}).items()}
        return Batch(number, self._stated["table"], None if rows is None else int(rows), control_sums=sums)

    def _number(self, row: Mapping[str, str], column: str) -> Decimal:
        try:
            number = Decimal(row[column])
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise SourceBroken(
                f"column {column!r} of a complete batch holds no number", where=self._where, remedy="ask the department"
            )
        return number


@dataclass(frozen=True)
class Taken:
    """A batch of rows: no file of it can be damaged."""

    zone: TableZone
    batch: Batch
    interval: Interval
    damaged: tuple[Damage, ...] = ()

    def parts(self) -> Iterator[tuple[str | None, pa.RecordBatch]]:
        return self.zone.parts(self.batch, self.interval)


def number_order(number: str) -> tuple[str, int]:
    """Numbers by what stands before their last digits, and by these: `2020-9` comes before `2020-10`."""
    digits = re.search(r"\d*$", number)
    tail = digits[0] if digits else ""
    return number[: len(number) - len(tail)], int(tail or 0)


def _of_batch(rows: pa.RecordBatch, column: str, number: str, where: str) -> pa.RecordBatch:
    if column not in rows.schema.names:
        raise SchemaDrift(
            f"the table has no column {column!r}, which names the batch", where=where, remedy=did_you_mean(column, rows.schema.names)
        )  # fmt: skip
    values = rows.column(column)
    if pa.types.is_decimal(values.type) or pa.types.is_floating(values.type):
        # 7.00 is batch 7
        wanted = float(number) if re.fullmatch(r"\d{1,15}", number) else None
        return rows.filter(pc.equal(pc.cast(values, pa.float64()), pa.scalar(wanted, pa.float64())))
    return rows.filter(pc.equal(pc.utf8_trim_whitespace(pc.cast(values, pa.string())), number))


def _text(value: Any) -> str:
    """A cell, or a word of the contract, as one and the same text: 1, 1.0 and "1 " are the same flag."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float | Decimal) and value == value // 1:
        value = int(value)
    return "" if value is None else str(value).strip()
