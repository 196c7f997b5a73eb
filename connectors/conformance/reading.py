"""What a kind states for the conformance suite, and how the suite reads its source: as the platform opens it, with every secret watched."""

from __future__ import annotations

import traceback
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa

from connectors.conformance.source import NIGHT, Stated, resource_of
from connectors.protocol import MALFORMED, Connector
from connectors.settings import problems
from contracts.errors import ConfigurationError, LandbridgeError, SourceBroken
from contracts.interval import Interval


@dataclass(frozen=True)
class Raised:
    errors: list[LandbridgeError] = field(default_factory=list)


class SourceOfAKind:
    """The attributes and methods of a suite that a kind fills in, and readings of what it wrote."""

    connector: ClassVar[type[Connector]]
    null: ClassVar[str | None] = None
    empty: ClassVar[str | None] = ""
    impossible_names: ClassVar[Collection[str]] = ()
    impossible_values: ClassVar[Collection[str]] = ()
    types: ClassVar[Mapping[str, pa.DataType] | None] = None
    lists_itself: ClassVar[bool] = True
    rows: ClassVar[int] = 1_000_000
    is_bounded: ClassVar[bool] = True

    folder: Path

    def write(self, table: pa.Table) -> Stated:
        """Make the source hold this table and nothing else, and say how systems.yaml and the contract would name it.

        Columns are texts, but for TYPED, for times of a watermark and for whole numbers where `types` is not None.
        """
        raise NotImplementedError

    def cut(self, table: pa.Table) -> Stated:
        """The same, but the source breaks off in the middle of it: a file cut short, a connection that ends."""
        raise NotImplementedError

    def nowhere(self) -> Stated:
        """A source as it could be, which is not there."""
        raise NotImplementedError

    def opened(self, stated: Stated, environ: Mapping[str, str] | None = None) -> Connector:
        """The connector, as the platform opens it."""
        if found := problems(stated.connection, self.connector.CONNECTION_SETTINGS, "connection"):
            raise ConfigurationError("; ".join(found))
        return self.connector.open(stated.connection, {**self.environ(), **stated.environ, **(environ or {})})

    def batches(
        self, stated: Stated, columns: Sequence[str], environ: Mapping[str, str] | None = None, interval: Interval | None = NIGHT, **more: Any
    ) -> list[pa.RecordBatch]:  # fmt: skip
        return list(
            self.opened(stated, environ).read(resource_of(self.connector.kind, stated, columns, **more), interval)
        )

    def read(self, table: pa.Table) -> pa.Table:
        """The table written and read; no line of it may be malformed."""
        return self.records(self.write(table), table.column_names)

    def comes_back(self, table: pa.Table) -> None:
        wanted = [tuple(self.lawful(value) for value in row.values()) for row in table.to_pylist()]
        got = self.read(table).select(table.column_names)
        assert in_order(got) == sorted(wanted, key=repr)

    def lawful(self, value: str | None) -> str | None:
        return self.null if value is None else self.empty if value == "" else value

    def columns_now(self, table: pa.Table, promised: Sequence[str]) -> set[str] | None:
        """The source's columns where the contract promises others, for the check against it; None where the connector itself tells."""
        try:
            return set(self.records(self.write(table), promised, keys=tuple(promised)).column_names)
        except SourceBroken:
            return None

    @contextmanager
    def told(self, stated: Stated, *kinds: type[LandbridgeError]) -> Iterator[Raised]:
        """One of the errors is raised, and neither it nor its causes show a secret."""
        raised = Raised()
        try:
            yield raised
        except kinds as error:
            shown = "".join(traceback.format_exception(error)) + repr(error.args)
            assert [n for n in stated.secrets if stated.environ[n] in shown] == [], "an error shows a secret"
            assert error.what, "an error says what happened"
            raised.errors.append(error)
        assert raised.errors, f"it ended without a word, in place of {' or '.join(k.__name__ for k in kinds)}"

    def records(
        self, stated: Stated, columns: Sequence[str], interval: Interval | None = NIGHT, **more: Any
    ) -> pa.Table:
        table = pa.Table.from_batches(self.batches(stated, columns, None, interval, **more))
        if MALFORMED in table.column_names:
            assert table[MALFORMED].null_count == len(table), "no line is malformed"
            table = table.drop_columns(MALFORMED)
        return table

    def environ(self) -> dict[str, str]:
        return {"LANDBRIDGE_HOME": str(self.folder / "var")}


def in_order(table: pa.Table) -> list[tuple[Any, ...]]:
    return sorted((tuple(row.values()) for row in table.to_pylist()), key=repr)
