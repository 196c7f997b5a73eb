"""What the records said of a firm on a day, beside what they say now. A row stands here where they differ, or where nothing was known then."""

from __future__ import annotations

import sys
from datetime import date

import duckdb

SQL = """
WITH facts AS (
  SELECT h.attribute, h.value, h.source, h.valid_from, h.valid_to
  FROM mart.firm_code AS c JOIN unified.legal_entity_history AS h ON h.entity_id = c.firm_id
  WHERE c.credit_code = $code),
then_said AS (
  SELECT attribute, value, source FROM facts
  WHERE valid_from < CAST($day AS DATE) + INTERVAL 1 DAY AND (valid_to IS NULL OR valid_to >= CAST($day AS DATE) + INTERVAL 1 DAY)),
now_said AS (SELECT attribute, value, source FROM facts WHERE valid_to IS NULL)
SELECT coalesce(n.attribute, t.attribute) AS attribute, t.value AS then_value, t.source AS then_source, n.value AS now_value, n.source AS now_source
FROM now_said AS n FULL JOIN then_said AS t ON t.attribute = n.attribute
WHERE t.value IS DISTINCT FROM n.value ORDER BY 1"""


def main(connection: duckdb.DuckDBPyConnection, code: str, day: date) -> list[tuple[object, ...]]:
    """Attribute, value and source then, value and source now."""
    return connection.execute(SQL, {"code": code, "day": day}).fetchall()


if __name__ == "__main__":
    import warehouse

    for row in main(warehouse.connect(), sys.argv[1], date.fromisoformat(sys.argv[2])):
        print(*row, sep=" | ")
