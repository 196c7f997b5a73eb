"""One column through the projection: landed values in, what the lake would hold out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from contracts.model import Field, Resource
from contracts.quoting import literal
from tests.contracts.a_resource import field, resource
from transforms.standardise import standardise_sql

ZONE = "Asia/Shanghai"


def standardise(
    about: Resource, columns: Mapping[str, pa.Array], bounds: tuple[str, str] | None = None
) -> list[dict[str, Any]]:
    """The standardised rows of a landing file with these columns."""
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "landed.parquet"
        pq.write_table(pa.table(dict(columns)), path)
        connection.execute(f"SET TimeZone = '{ZONE}'")
        described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(path)})").fetchall()
        sql = standardise_sql(about, str(path), {row[0]: row[1] for row in described}, bounds)
        rows: list[dict[str, Any]] = connection.execute(f"{sql} ORDER BY _row").to_arrow_table().to_pylist()
        return rows


def values(about: Field, given: Sequence[Any], type: pa.DataType | None = None) -> list[Any]:
    """The field's values; `...` stands for one that cannot be read."""
    rows = standardise(resource(about), {about.physical_name: pa.array(given, type or pa.string())})
    return [... if about.name in (row["_uncastable"] or []) else row[about.name] for row in rows]


def value(given: Any, logical_type: str = "string", type: pa.DataType | None = None, **facts: Any) -> Any:
    return values(field("f", logical_type, **facts), [given], type)[0]
