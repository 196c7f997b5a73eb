"""A small city with three models over two resources whose rows a test writes itself, on a real lake."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipeline.models.run import city_models, run_models
from pipeline.models.runs import ModelRun
from tests.small_city import SmallCity
from warehouse.lake import commit, open_lake
from warehouse.tables import ensure_platform, ensure_table

AS_OF = datetime(2020, 5, 5, 2, tzinfo=UTC)

# people of one name, with the taxpayer whose number is that name
NAMESAKE = """/*---
name: mart.namesake
label: {en: Namesakes, zh: 同名}
description: {en: One row a name., zh: 每个姓名一行。}
key: [name]
increment: name
inputs:
  police.resident: {by: name}
  tax.taxpayer: {by: tax_no}
columns:
  name: {type: VARCHAR, en: Name, zh: 姓名}
  people: {type: BIGINT, en: People, zh: 人数}
  oldest: {type: BIGINT, en: Age of the oldest, zh: 最大年龄}
  amount: {type: "DECIMAL(18,2)", en: Tax, zh: 税额}
---*/
SELECT r.name, count(*) AS people, max(r.age) AS oldest, max(t.amount) AS amount
FROM police.resident AS r LEFT JOIN tax.taxpayer AS t ON t.tax_no = r.name
WHERE r.name IS NOT NULL
GROUP BY r.name
"""

# its key is not its increment, and its increment may be NULL
PERSON = """/*---
name: mart.person
label: {en: Persons, zh: 自然人}
description: {en: One row a person., zh: 每人一行。}
key: [person_no]
increment: name
inputs:
  police.resident: {by: name}
columns:
  person_no: {type: VARCHAR, en: Number, zh: 编号}
  name: {type: VARCHAR, en: Name, zh: 姓名}
  of_name: {type: BIGINT, en: Place among those of the name, zh: 同名序号}
---*/
SELECT person_no, name, row_number() OVER (PARTITION BY name ORDER BY age NULLS FIRST, person_no) AS of_name
FROM police.resident
"""

# reads a model, and is rebuilt as a whole
TOTAL = """/*---
name: mart.total
label: {en: Totals, zh: 合计}
description: {en: One row., zh: 一行。}
key: [what]
inputs:
  mart.namesake: {}
columns:
  what: {type: VARCHAR, en: What, zh: 项目}
  names: {type: BIGINT, en: Names, zh: 姓名数}
  people: {type: BIGINT, en: People, zh: 人数}
---*/
SELECT 'all' AS what, count(*) AS names, CAST(sum(people) AS BIGINT) AS people FROM mart.namesake
"""


class ModelCity(SmallCity):
    """The city; its tables are written without a load, so that a night costs milliseconds."""

    def __init__(
        self,
        root: Path,
        environment: dict[str, str] | None = None,
        ensure: tuple[str, ...] = ("police.resident", "tax.taxpayer"),
    ) -> None:
        super().__init__(root, environment or {})
        self._opened: duckdb.DuckDBPyConnection | None = None
        self.write_models(namesake=NAMESAKE, person=PERSON, total=TOTAL)
        self.night([], ensure=ensure)

    def copied_to(self, root: Path) -> ModelCity:
        """The same city and lake in another folder, which is quicker than making both anew."""
        self.close()
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        with sqlite3.connect(root / "var" / "lake" / "catalogue.sqlite") as catalogue:
            catalogue.execute(
                "UPDATE ducklake_metadata SET value = ? WHERE key = 'data_path'", [f"{root / 'var' / 'lake' / 'data'}/"]
            )
        catalogue.close()
        copy = object.__new__(ModelCity)
        copy._opened = None
        copy.root = root
        copy.environment = {name: value.replace(str(self.root), str(root)) for name, value in self.environment.items()}
        return copy

    def fill(self, people: int) -> None:
        """So many residents of twenty, two of each name."""
        said = f"SELECT i::VARCHAR, 'name ' || (i // 2), 20 FROM range({people}) AS r(i)"
        self.night([f"INSERT INTO police.resident (person_no, name, age) {said}"])

    def write_models(self, **files: str) -> None:
        folder = self.root / "city" / "models" / "mart"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / f"{name}.sql").write_text(text, encoding="utf-8")

    def night(self, statements: list[str], ensure: tuple[str, ...] = ()) -> None:
        """Change the resources' tables in one commit."""
        place, connection = self.place, self.connection

        def work() -> None:
            if ensure:
                ensure_platform(connection)
            for name in ensure:
                ensure_table(connection, place.city.resource(name))
            for statement in statements:
                connection.execute(statement)

        commit(connection, place.settings, work, "night")

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The lake, opened once: opening it costs more than what the tests do with it."""
        if self._opened is None:
            self._opened = open_lake(self.place.settings, timezone="Asia/Shanghai")
        return self._opened

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
        self._opened = None

    def query(self, sql: str) -> list[tuple[object, ...]]:
        return self.connection.execute(sql).fetchall()

    def merge_files(self) -> None:
        """What maintenance does with files: rows held in the catalogue become files, small files one."""
        self._call("ducklake_flush_inlined_data('lake')", "ducklake_merge_adjacent_files('lake')")

    def expire_all_but_the_newest(self) -> None:
        self._call("ducklake_expire_snapshots('lake', older_than => now() + INTERVAL 1 DAY)")

    def _call(self, *calls: str) -> None:
        for call in calls:
            self.connection.execute(f"CALL {call}").fetchall()

    def models(self, as_of: datetime = AS_OF, **how: Any) -> dict[str, ModelRun]:
        return {run.model: run for run in run_models(self.place, as_of, **how)}

    def kinds(self, as_of: datetime = AS_OF, **how: Any) -> dict[str, str]:
        return {name.partition(".")[2]: run.kind for name, run in self.models(as_of, **how).items()}

    def tables(self) -> Mapping[str, list[tuple[object, ...]]]:
        return self._asked({name: f"SELECT * FROM mart.{name}" for name in ("namesake", "person", "total")})

    def told(self) -> Mapping[str, list[tuple[object, ...]]]:
        """What the models' SELECTs give over the resources as they are now."""
        below = f"FROM ({_NAMESAKE_SQL})"
        return self._asked({m.table: m.sql.replace("FROM mart.namesake", below) for m in city_models(self.place.city)})

    def _asked(self, queries: Mapping[str, str]) -> Mapping[str, list[tuple[object, ...]]]:
        return {name: sorted(self.query(sql), key=repr) for name, sql in queries.items()}


_NAMESAKE_SQL = NAMESAKE.partition("---*/")[2]
