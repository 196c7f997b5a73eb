"""What the city knows of one firm: its row of `mart.firm`, who said what, its licences, and what it is owed."""

from __future__ import annotations

import sys

import duckdb

FIRM = "SELECT * FROM mart.firm WHERE credit_code = $code"
SAID = """
SELECT h.attribute, h.value, h.source, h.valid_from
FROM mart.firm_code AS c JOIN unified.legal_entity_history AS h ON h.entity_id = c.firm_id
WHERE c.credit_code = $code AND h.valid_to IS NULL ORDER BY h.attribute"""
LICENCES = """
SELECT l.kind_name, l.state, l.valid_from, l.valid_to, l.electronic
FROM mart.firm_code AS c JOIN mart.licence AS l ON l.firm_id = c.firm_id
WHERE c.credit_code = $code ORDER BY l.kind_name, l.valid_from"""
OWED = """
SELECT origin, department_id, due_on, owed, age, hidden FROM mart.debt WHERE credit_code = $code ORDER BY due_on"""


def main(connection: duckdb.DuckDBPyConnection, code: str) -> dict[str, list[tuple[object, ...]]]:
    """Rows by question; all empty where no department knows the code."""
    questions = {"firm": FIRM, "said": SAID, "licences": LICENCES, "owed": OWED}
    return {name: connection.execute(sql, {"code": code}).fetchall() for name, sql in questions.items()}


if __name__ == "__main__":
    import warehouse

    for name, rows in main(warehouse.connect(), sys.argv[1]).items():
        print(name)
        for row in rows:
            print("  ", *row)
