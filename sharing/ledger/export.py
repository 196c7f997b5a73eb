"""An export of the ledger: a file that outsiders verify without a lake, one canonical entry a line, and a folder of anchors beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from contracts.errors import ConfigurationError
from sharing.ledger.chain import Head
from sharing.ledger.store import EVENTS, head_of, ledger_exists
from sharing.ledger.texts import line_sql, told_sql

_BATCH = 20_000


def anchors_beside(path: Path) -> Path:
    """The folder in which the anchors of an export lie."""
    return path.with_name(f"{path.name}.anchors")


def export(connection: duckdb.DuckDBPyConnection, anchors: Path, path: Path) -> Head:
    """Write every entry in the order of the chain, and copy the anchors beside it; returns the head that was written.

    The file appears when it is whole. Raises ConfigurationError where nothing was ever recorded.
    """
    if not ledger_exists(connection):
        raise ConfigurationError("nothing was ever recorded", remedy="an export needs a ledger: docs/ledger.md")
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}~")
    connection.execute("BEGIN TRANSACTION")
    try:
        head = head_of(connection)
        written = connection.execute(f"SELECT coalesce({line_sql()}, '') FROM ({told_sql(EVENTS)}) ORDER BY number")
        with scratch.open("w", encoding="utf-8", newline="\n") as file:
            while rows := written.fetchmany(_BATCH):
                file.writelines(f"{line}\n" for (line,) in rows)
    finally:
        connection.execute("ROLLBACK")
    scratch.replace(path)
    _copy_anchors(anchors, anchors_beside(path))
    return head


def _copy_anchors(source: Path, target: Path) -> None:
    """Replace the copies that an earlier export left: they are copies, the anchors themselves stay."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for path in sorted(source.glob("*.json")):
        shutil.copyfile(path, target / path.name)
