"""The pages on databases: their tables of types name every case that is tested, and every page says what is tested."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.connectors import test_database_mariadb_types as mariadb
from tests.connectors import test_database_postgres_types as postgres

PAGES = Path("docs/databases")


@pytest.mark.parametrize(
    ("page", "cases"), [("postgresql.md", postgres.CASES), ("mysql.md", mariadb.CASES)], ids=["postgresql", "mysql"]
)
def test_the_table_of_types_names_every_tested_case(page: str, cases: dict[str, tuple[str, str, object]]) -> None:
    rows = [line for line in (PAGES / page).read_text().splitlines() if line.startswith("| ")]
    for name, (_, arrow, _) in cases.items():
        assert any(f"[{name}]`" in row and f"| {arrow} |" in row for row in rows), name


def test_every_page_says_the_driver_the_rights_and_what_is_tested() -> None:
    for page in PAGES.glob("*.md"):
        text = page.read_text()
        assert all(f"\n{word}: " in text for word in ("Driver", "Rights", "Tested")), page
        assert f"databases/{page.name}" in Path("docs/connectors.md").read_text()
