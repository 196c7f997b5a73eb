"""Divisions as codes that live in time: each with the years in which it was valid, the code that holds its ground today, and what it belongs to."""

from __future__ import annotations

from contracts.model import Label
from transforms.models.model import Column, Input, Model
from transforms.unify.mappings import Divisions
from transforms.unify.records import SCHEMA

NAME = f"{SCHEMA}.division"
# no code of GB/T 2260 was replaced more often; a longer chain ends at its fifth successor
_HOPS = 6
COLUMNS = (
    Column("code", "VARCHAR", Label("Code of GB/T 2260", "行政区划代码")),
    Column("name", "VARCHAR", Label("Name", "名称")),
    Column("level", "VARCHAR", Label("province, city or county", "层级")),
    Column("parent_code", "VARCHAR", Label("Code of the division it lies in, empty for a province", "上级代码")),
    Column("province_name", "VARCHAR", Label("Name of the province", "省级名称")),
    Column("city_name", "VARCHAR", Label("Name of the city, empty for a province", "地级名称")),
    Column("valid_from", "DATE", Label("First day on which the code was valid in any meaning", "启用日期")),
    Column("valid_to", "DATE", Label("Day from which it was valid no longer, empty while it is", "停用日期")),
    Column("successor", "VARCHAR", Label("Codes that took its place, parted by semicolons", "后继代码")),
    Column("current_code", "VARCHAR", Label("The valid code that holds its ground; empty where it was parted among several", "现行代码")),
    Column("current_name", "VARCHAR", Label("Name of that code", "现行名称")),
    Column("is_home", "BOOLEAN", Label("Whether it lies in the city itself", "是否本市")),
)  # fmt: skip


def division_model(divisions: Divisions) -> Model:
    """`unified.division`: every code of any year."""
    source = f"reference.{divisions.code_list}"
    joins = "\n".join(
        f"LEFT JOIN codes AS s{n} ON s{n}.code = s{n - 1}.successor AND s{n - 1}.valid_to IS NOT NULL"
        for n in range(1, _HOPS)
    )
    steps = ", ".join(f"s{n}.code" for n in reversed(range(1, _HOPS)))
    last = f"COALESCE({steps}, s0.code)"
    sql = f"""WITH meanings AS (
    SELECT d.code, d.name, d.valid_to, d.successor, MIN(d.valid_from) OVER (PARTITION BY d.code) AS valid_from,
        ROW_NUMBER() OVER (PARTITION BY d.code ORDER BY d.valid_from DESC NULLS LAST, d.name) AS place
    FROM {source} AS d
    WHERE d.code IS NOT NULL
),
codes AS (
    SELECT m.code, m.name, m.valid_from, m.valid_to, m.successor FROM meanings AS m WHERE m.place = 1
),
traced AS (
    SELECT s0.code, {last} AS last_code
    FROM codes AS s0
    {joins}
)
SELECT c.code, c.name,
    CASE WHEN SUBSTRING(c.code, 3, 4) = '0000' THEN 'province' WHEN SUBSTRING(c.code, 5, 2) = '00' THEN 'city' ELSE 'county' END AS level,
    CASE WHEN SUBSTRING(c.code, 3, 4) = '0000' THEN NULL WHEN SUBSTRING(c.code, 5, 2) = '00' OR city.code IS NULL THEN province.code ELSE city.code END AS parent_code,
    province.name AS province_name,
    CASE WHEN SUBSTRING(c.code, 3, 4) <> '0000' THEN city.name END AS city_name,
    c.valid_from, c.valid_to, c.successor,
    CASE WHEN now.valid_to IS NULL THEN now.code END AS current_code,
    CASE WHEN now.valid_to IS NULL THEN now.name END AS current_name,
    SUBSTRING(c.code, 1, {len(divisions.prefix)}) = '{divisions.prefix}' AS is_home
FROM codes AS c
JOIN traced AS t ON t.code = c.code
JOIN codes AS now ON now.code = t.last_code
LEFT JOIN codes AS city ON city.code = CONCAT(SUBSTRING(c.code, 1, 4), '00')
LEFT JOIN codes AS province ON province.code = CONCAT(SUBSTRING(c.code, 1, 2), '0000')"""
    return Model(
        NAME, Label("Divisions", "行政区划"),
        Label("One row a code of GB/T 2260 of any year in its newest meaning, with its successor of today; reference tables keep the older meanings.", "各年代行政区划代码一行，取最近含义，并载现行代码；历史含义见代码表。"),
        ("code",), None, (Input(source),), COLUMNS, sql,
    )  # fmt: skip
