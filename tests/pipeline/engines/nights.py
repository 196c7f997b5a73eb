"""Statements of nights: of one table with every kind of file and change, and of the small city's resources."""

from __future__ import annotations

PERSON = "police.person"

FIRST = [
    f"CREATE TABLE {PERSON} (no BIGINT, name VARCHAR, born DATE, paid DECIMAL(10,2), seen TIMESTAMPTZ, level INTEGER)",
    f"INSERT INTO {PERSON} SELECT i, '市民' || i, DATE '1950-01-01' + CAST(i AS INTEGER), i / 7, "
    f"TIMESTAMPTZ '2020-05-04 02:00:00+08' + to_minutes(i), i % 3 FROM range(4000) AS r (i)",
]
SECOND = [
    f"DELETE FROM {PERSON} WHERE no % 20 = 0",
    f"UPDATE {PERSON} SET name = '改名' || no, paid = NULL WHERE no % 25 = 1",
    f"ALTER TABLE {PERSON} ADD COLUMN extra VARCHAR",
    f"INSERT INTO {PERSON} SELECT 10000 + i, '新', NULL, 0, NULL, 9, '后加' || i FROM range(300) AS r (i)",
    f"DELETE FROM {PERSON} WHERE no IN (7, 10007)",
]
THIRD = [
    f"ALTER TABLE {PERSON} RENAME COLUMN name TO label",
    f"ALTER TABLE {PERSON} ALTER COLUMN level SET DATA TYPE BIGINT",
    f"INSERT INTO {PERSON} VALUES (20000, '夜里', DATE '2020-05-05', 1.5, NULL, 5000000000, NULL), (20001, '再删', NULL, NULL, NULL, 0, '')",
    f"DELETE FROM {PERSON} WHERE no = 20001",
    f"ALTER TABLE {PERSON} ADD COLUMN name VARCHAR",
    f"INSERT INTO {PERSON} SELECT 30000 + i, '又', NULL, 0, NULL, 9, NULL, '名' FROM range(200) AS r (i)",
    f"DELETE FROM {PERSON} WHERE no BETWEEN 30010 AND 30040",
    f"INSERT INTO {PERSON} SELECT 40000 + i, '整', NULL, 0, NULL, 9, NULL, '名' FROM range(200) AS r (i)",
]


CITY_NIGHTS = [
    [
        "INSERT INTO police.resident SELECT CAST(i AS VARCHAR), '名' || i % 40, i % 90, 'ok', TIMESTAMPTZ '2020-05-04 00:00:00+08', NULL, 'r' FROM range(400) AS r (i)",
        "INSERT INTO tax.taxpayer SELECT '名' || i, i * 1.5, NULL, 'r' FROM range(20) AS r (i)",
    ],
    [
        "UPDATE police.resident SET age = age + 1 WHERE person_no IN ('3', '43')",
        "DELETE FROM tax.taxpayer WHERE tax_no = '名5'",
    ],
]
