"""PostgreSQL's types: each value reaches Arrow exactly, or as the text PostgreSQL writes – the same on both paths."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from contracts.quoting import ident
from tests.connectors.reading import by_path
from tests.postgres import Postgres

UTC = dt.UTC
BIG = "1" * 40 + "." + "1" * 20
# name → column type, Arrow type, and (SQL literal, value)
CASES: dict[str, tuple[str, str, list[tuple[str, Any]]]] = {
    "smallint": ("smallint", "int64", [("-32768", -32768), ("32767", 32767)]),
    "bigint": ("bigint", "int64", [("-9223372036854775808", -(2**63)), ("9223372036854775807", 2**63 - 1)]),
    "boolean": ("boolean", "bool", [("true", True), ("false", False)]),
    "real": ("real", "float", [("0.1", 0.10000000149011612), ("'-Infinity'", float("-inf"))]),
    "double": ("double precision", "double", [("0.1", 0.1), ("'Infinity'", float("inf")), ("5e-324", 5e-324)]),
    "numeric(38,10)": ("numeric(38,10)", "decimal128(38, 10)", [("-1234567890123456789012345678.0000000001", Decimal("-1234567890123456789012345678.0000000001")), ("0.1", Decimal("0.1000000000"))]),
    "numeric with NaN": ("numeric(5,2)", "string", [("'NaN'", "NaN"), ("1.5", "1.50")]),
    "numeric": ("numeric", "string", [(BIG, BIG), ("'NaN'", "NaN"), ("'Infinity'", "Infinity"), ("1e-20", "0.00000000000000000001")]),
    "numeric(60,20)": ("numeric(60,20)", "string", [(BIG, BIG)]),
    "text": ("text", "string", [("''", ""), ("E'line\\n\\\\N\\t\"quo\"te'", 'line\n\\N\t"quo"te'), ("'人😀'", "人😀")]),
    "varchar": ("varchar(20)", "string", [("'ab '", "ab ")]),
    "char(5)": ("char(5)", "string", [("'ab'", "ab   ")]),
    "bytea": ("bytea", "binary", [("'\\x00ff'", b"\x00\xff"), ("''", b"")]),
    "date": ("date", "date32[day]", [("'0001-01-01'", dt.date(1, 1, 1)), ("'1969-12-31'", dt.date(1969, 12, 31)), ("'9999-12-31'", dt.date(9999, 12, 31))]),
    "date with infinity": ("date", "string", [("'infinity'", "infinity"), ("'2020-05-04'", "2020-05-04")]),
    "date before Christ": ("date", "string", [("'0044-03-15 BC'", "0044-03-15 BC")]),
    "timestamp": ("timestamp", "timestamp[us]", [("'1969-12-31 23:59:59.999999'", dt.datetime(1969, 12, 31, 23, 59, 59, 999999)), ("'9999-12-31 23:59:59.999999'", dt.datetime(9999, 12, 31, 23, 59, 59, 999999)), ("'0001-01-01'", dt.datetime(1, 1, 1))]),
    "timestamp with infinity": ("timestamp", "string", [("'-infinity'", "-infinity"), ("'2020-05-04 01:02:03.5'", "2020-05-04 01:02:03.5")]),
    "timestamptz": ("timestamptz", "timestamp[us, tz=UTC]", [("'2020-05-04 08:00:00.000001+08'", dt.datetime(2020, 5, 4, 0, 0, 0, 1, UTC)), ("'1901-01-01 00:00:00+08:05:43'", dt.datetime(1900, 12, 31, 15, 54, 17, 0, UTC))]),
    "timestamptz with year 10000": ("timestamptz", "string", [("'10000-01-01 00:00+00'", "10000-01-01 00:00:00+00")]),
    "time": ("time", "string", [("'24:00:00'", "24:00:00"), ("'01:02:03.000004'", "01:02:03.000004")]),
    "timetz": ("timetz", "string", [("'01:02:03+08'", "01:02:03+08")]),
    "interval": ("interval", "string", [("'1 year 2 mons 3 days 04:05:06.7'", "1 year 2 mons 3 days 04:05:06.7")]),
    "json": ("json", "string", [("'{\"a\": 1.10,  \"a\": 2}'", '{"a": 1.10,  "a": 2}')]),
    "jsonb": ("jsonb", "string", [("'{\"a\":1.10,\"n\":12345678901234567890.123}'", '{"a": 1.10, "n": 12345678901234567890.123}'), ("'null'", "null")]),
    "uuid": ("uuid", "string", [("'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")]),
    "inet": ("inet", "string", [("'10.0.0.1/8'", "10.0.0.1/8")]),
    "array": ("text[]", "string", [("array['a,b', null, '\"']", '{"a,b",NULL,"\\""}')]),
    "array of numbers": ("int[][]", "string", [("'{{1,2},{3,4}}'", "{{1,2},{3,4}}")]),
    "bit": ("bit(5)", "string", [("B'00101'", "00101")]),
    "enum": ("mood", "string", [("'so 好'", "so 好")]),
    "point": ("point", "string", [("'(1.5,2)'", "(1.5,2)")]),
    "range": ("int4range", "string", [("'[1,5)'", "[1,5)")]),
    "domain": ("code", "string", [("'007'", "007")]),
    "oid": ("oid", "string", [("4294967295", "4294967295")]),
}  # fmt: skip


@pytest.fixture(scope="module")
def tables(postgres: Postgres) -> dict[str, pa.Table]:
    url = postgres.url("types")
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE TYPE mood AS ENUM ('so 好'); CREATE DOMAIN code AS varchar(3)")
        columns = ", ".join(f"{ident(name)} {type}" for name, (type, _, _) in CASES.items())
        connection.execute(f"CREATE TABLE things (n int, {columns})")
        for n in range(4):
            values = [values[n][0] if n < len(values) else "NULL" for _, _, values in CASES.values()]
            connection.execute(f"INSERT INTO things VALUES ({n}, {', '.join(values)})")
    return by_path(url)


@pytest.mark.parametrize("path", ["columnar", "generic"])
@pytest.mark.parametrize("name", CASES)
def test_a_postgres_value_arrives_as_it_is(name: str, path: str, tables: dict[str, pa.Table]) -> None:
    _, type, values = CASES[name]
    column = tables[path][name]
    assert str(column.type) == type
    assert column.to_pylist() == [value for _, value in values] + [None] * (4 - len(values))


def test_both_paths_of_postgres_give_one_table(tables: dict[str, pa.Table]) -> None:
    assert tables["columnar"].equals(tables["generic"])
