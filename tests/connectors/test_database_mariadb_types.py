"""MariaDB's types: each value reaches Arrow exactly, or as the text the server writes – the same on both paths."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from connectors.databases.mysql import quoted
from tests.connectors.reading import by_path
from tests.mariadb import MariaDb

UTC = dt.UTC
BIG = "1" * 35 + "." + "1" * 30
# name → column type, Arrow type, and (SQL literal, value)
CASES: dict[str, tuple[str, str, list[tuple[str, Any]]]] = {
    "tinyint(1)": ("tinyint(1)", "int64", [("2", 2), ("-128", -128)]),
    "int unsigned": ("int unsigned", "uint64", [("4294967295", 4294967295)]),
    "bigint": ("bigint", "int64", [("-9223372036854775808", -(2**63)), ("9223372036854775807", 2**63 - 1)]),
    "bigint unsigned": ("bigint unsigned", "uint64", [("18446744073709551615", 2**64 - 1)]),
    "float": ("float", "float", [("0.1", 0.10000000149011612), ("16777216", 16777216.0)]),
    "double": ("double", "double", [("0.1", 0.1), ("1.7976931348623157e308", 1.7976931348623157e308), ("5e-324", 5e-324)]),
    "decimal(38,10)": ("decimal(38,10)", "decimal128(38, 10)", [("-1234567890123456789012345678.0000000001", Decimal("-1234567890123456789012345678.0000000001"))]),
    "decimal(65,30)": ("decimal(65,30)", "string", [(BIG, BIG)]),
    "text": ("text", "string", [("''", ""), ("'人😀'", "人😀"), ("'a\\0b'", "a\0b"), ("'line\\n\"\\\\N'", 'line\n"\\N')]),
    "varchar": ("varchar(20)", "string", [("'ab '", "ab ")]),
    "latin1": ("varchar(20) character set latin1", "string", [("'é'", "é")]),
    "char(5)": ("char(5)", "string", [("'ab'", "ab")]),
    "binary(3)": ("binary(3)", "binary", [("'a'", b"a\0\0")]),
    "varbinary": ("varbinary(9)", "binary", [("x'00ff'", b"\x00\xff"), ("''", b"")]),
    "blob": ("blob", "binary", [("x'00ff'", b"\x00\xff")]),
    "date": ("date", "date32[day]", [("'0001-01-01'", dt.date(1, 1, 1)), ("'1969-12-31'", dt.date(1969, 12, 31)), ("'9999-12-31'", dt.date(9999, 12, 31))]),
    "zero date": ("date", "string", [("'0000-00-00'", "0000-00-00"), ("'2020-00-15'", "2020-00-15"), ("'2020-05-04'", "2020-05-04")]),
    "datetime": ("datetime", "timestamp[us]", [("'1969-12-31 23:59:59'", dt.datetime(1969, 12, 31, 23, 59, 59)), ("'0001-01-01'", dt.datetime(1, 1, 1))]),
    "datetime(6)": ("datetime(6)", "timestamp[us]", [("'9999-12-31 23:59:59.999999'", dt.datetime(9999, 12, 31, 23, 59, 59, 999999))]),
    "zero datetime": ("datetime", "string", [("'0000-00-00'", "0000-00-00 00:00:00"), ("'2020-02-00 01:02:03'", "2020-02-00 01:02:03")]),
    "timestamp": ("timestamp(6) null", "timestamp[us, tz=UTC]", [("'2020-05-04 08:00:00.000001'", dt.datetime(2020, 5, 4, 0, 0, 0, 1, UTC))]),
    "zero timestamp": ("timestamp null", "string", [("'0000-00-00'", "0000-00-00 00:00:00")]),
    "time": ("time(3)", "string", [("'-838:59:59'", "-838:59:59.000"), ("'01:02:03.5'", "01:02:03.500")]),
    "year": ("year", "int64", [("2020", 2020), ("0000", 0)]),
    "bit(5)": ("bit(5)", "string", [("b'101'", "00101")]),
    "bit(1)": ("bit(1)", "string", [("b'1'", "1"), ("b'0'", "0")]),
    "enum": ("enum('a','乙')", "string", [("'乙'", "乙")]),
    "set": ("set('x','y')", "string", [("'x,y'", "x,y"), ("''", "")]),
    "json": ("json", "string", [("'{\"a\": 1.10,  \"n\": 12345678901234567890.123}'", '{"a": 1.10,  "n": 12345678901234567890.123}')]),
    "uuid": ("uuid", "string", [("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")]),
    "inet6": ("inet6", "string", [("'2001:db8::ff'", "2001:db8::ff")]),
    "point": ("point", "string", [("point(120.25, 36)", "SRID=0;POINT(120.25 36)")]),
}  # fmt: skip


@pytest.fixture(scope="module")
def tables(mariadb: MariaDb) -> dict[str, pa.Table]:
    url = mariadb.database("types")
    with mariadb.connect("types") as connection, connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+08:00'")
        columns = ", ".join(f"{quoted(name)} {type}" for name, (type, _, _) in CASES.items())
        cursor.execute(f"CREATE TABLE things (n int, {columns}) CHARACTER SET utf8mb4")
        for n in range(5):
            values = [values[n][0] if n < len(values) else "NULL" for _, _, values in CASES.values()]
            cursor.execute(f"INSERT INTO things VALUES ({n}, {', '.join(values)})")
    return by_path(url)


@pytest.mark.parametrize("path", ["columnar", "generic"])
@pytest.mark.parametrize("name", CASES)
def test_a_mariadb_value_arrives_as_it_is(name: str, path: str, tables: dict[str, pa.Table]) -> None:
    _, type, values = CASES[name]
    column = tables[path][name]
    assert str(column.type) == type
    assert column.to_pylist() == [value for _, value in values] + [None] * (5 - len(values))


def test_both_paths_of_mariadb_give_one_table(tables: dict[str, pa.Table]) -> None:
    assert tables["columnar"].equals(tables["generic"])
