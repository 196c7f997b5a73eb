"""Who took unmasked data out of the lake, written to the lake before the file is there: whoever may not write to the lake takes none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.errors import ConfigurationError
from contracts.quoting import ident, literal
from pipeline.workplace import Workplace
from warehouse.lake import LAKE, commit, open_lake, table_exists

EXPORTS = ident(LAKE, "ops", "exports")
_COLUMNS = {
    "exported_at": ("TIMESTAMP WITH TIME ZONE", "导出时间 when"),
    "person": ("VARCHAR", "导出人 who took it"),
    "purpose": ("VARCHAR", "用途 what for"),
    "tables": ("VARCHAR", "读取的表 tables it was read from, separated by semicolons"),
    "query_sha256": ("VARCHAR", "查询摘要 SHA-256 of the query"),
    "rows": ("BIGINT", "行数 rows"),
    "file": ("VARCHAR", "文件名 name of the file"),
}
_COMMENT = "未脱敏导出记录 one row an export of unmasked data"


@dataclass(frozen=True)
class Taker:
    """Who takes unmasked data, and what for."""

    person: str
    purpose: str

    def check(self) -> None:
        """Raise ConfigurationError unless both are told."""
        if not self.person.strip() or not self.purpose.strip():
            raise ConfigurationError(
                "unmasked data leaves only with a name and a purpose", remedy="--unmasked --person NAME --purpose TEXT"
            )


def record_export(
    place: Workplace, taker: Taker, tables: Sequence[str], query: str, rows: int, file: str, exported_at: datetime
) -> None:
    """Append the record in one commit. ConfigurationError where the lake may only be read."""
    connection = open_lake(place.settings, timezone=place.city.timezone.key)

    def work() -> None:
        if not table_exists(connection, "ops", "exports"):
            listed = ", ".join(f"{ident(name)} {type}" for name, (type, _) in _COLUMNS.items())
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(LAKE, 'ops')}")
            connection.execute(f"CREATE TABLE {EXPORTS} ({listed})")
            connection.execute(f"COMMENT ON TABLE {EXPORTS} IS {literal(_COMMENT)}")
            for name, (_, text) in _COLUMNS.items():
                connection.execute(f"COMMENT ON COLUMN {EXPORTS}.{ident(name)} IS {literal(text)}")
        digest = hashlib.sha256(query.encode()).hexdigest()
        connection.execute(
            f"INSERT INTO {EXPORTS} VALUES (?, ?, ?, ?, ?, ?, ?)",
            [exported_at, taker.person, taker.purpose, ";".join(tables), digest, rows, file],
        )

    try:
        commit(connection, place.settings, work, f"export by {json.dumps(taker.person, ensure_ascii=False)}")
    finally:
        connection.close()
