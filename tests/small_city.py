"""A city of three departments, small enough to write down: what the scenario tests tell their stories with.

`police.resident` is a database read by watermark with a day of look-back, `civil.marriage` a file a day, `tax.taxpayer` one file that is
replaced whole.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from contracts.interval import Interval, interval_starting_on
from contracts.origin import Origin
from contracts.settings import Settings
from pipeline.night import run_resource
from pipeline.workplace import Workplace
from warehouse.content_hash import content_hashes
from warehouse.lake import open_lake
from warehouse.runs import RunRecord

ROOT = Path(__file__).resolve().parent.parent


_CITY = """
id: testville
name: {en: Testville, zh: 试验市}
timezone: Asia/Shanghai
schedule: "0 2 * * *"
start: 2020-05-04
"""

_DEPARTMENTS = """
- {id: police, name: {en: Police, zh: 公安局}, credit_code: "11370200MB2850138T", contact: police.data}
- {id: civil, name: {en: Civil affairs, zh: 民政局}, credit_code: "11370200MB2850139N", contact: civil.data}
- {id: tax, name: {en: Taxation, zh: 税务局}, credit_code: "11370200MB285014XK", contact: tax.data}
"""

_SYSTEMS = """
- {id: population, department: police, name: {en: Population database, zh: 人口库}, connector: database,
   connection: {url: "sqlite:///${LANDBRIDGE_SOURCES}/population.sqlite"}}
- {id: registry_files, department: civil, name: {en: Registry drop folder, zh: 登记交换目录}, connector: csv_files,
   connection: {root: "${LANDBRIDGE_SOURCES}/civil"}}
- {id: tax_files, department: tax, name: {en: Tax drop folder, zh: 税务交换目录}, connector: csv_files,
   connection: {root: "${LANDBRIDGE_SOURCES}/tax"}}
"""

_HEAD = """
apiVersion: v3.1.0
kind: DataContract
id: {department}.{name}
name: {label}
version: 1.0.0
status: active
domain: {department}
team: {{name: data office, members: [{{username: {department}.owner, role: owner}}]}}
servers: [{{server: {system}, type: custom}}]
slaProperties: [{{property: frequency, value: 1, unit: d}}, {{property: latency, value: 12, unit: h}}]
customProperties:
  - {{property: shareType, value: unconditional}}
  - {{property: resourceCode, value: "{code}"}}
  - {{property: format, value: 电子文件}}
  - {{property: shareWay, value: file}}
"""

_RESIDENT = (
    _HEAD.format(
        department="police", name="resident", label="户籍人口 Residents", system="population", code="30610001/1"
    )
    + """
  - {property: loadMode, value: merge}
  - {property: watermark, value: {column: updated_at, lookbackHours: 24}}
  - {property: deletions, value: {mode: tombstone, column: status, values: [cancelled]}}
  - {property: quarantineLimit, value: 0.5}
schema:
  - name: resident
    physicalName: residents
    businessName: 户籍人口信息
    description: One row a person.
    properties:
      - {name: person_no, physicalName: 编号, logicalType: string, primaryKey: true}
      - {name: name, physicalName: 姓名, logicalType: string, required: true}
      - {name: age, physicalName: 年龄, logicalType: integer, logicalTypeOptions: {minimum: 0, maximum: 130}}
      - {name: status, logicalType: string}
      - {name: updated_at, logicalType: timestamp, required: true}
"""
)

_MARRIAGE = (
    _HEAD.format(
        department="civil", name="marriage", label="婚姻登记 Marriages", system="registry_files", code="30610002/1"
    )
    + """
  - {property: loadMode, value: append}
  - {property: source, value: {encoding: gb18030}}
  - {property: quarantineLimit, value: 0.5}
schema:
  - name: marriage
    physicalName: marriage_{date}.csv
    businessName: 婚姻登记信息
    description: One row a registration.
    properties:
      - {name: certificate_no, physicalName: 证件字号, logicalType: string, primaryKey: true}
      - {name: registered_on, physicalName: 登记日期, logicalType: date, required: true}
"""
)

_TAXPAYER = (
    _HEAD.format(department="tax", name="taxpayer", label="纳税人 Taxpayers", system="tax_files", code="30610003/1")
    + """
  - {property: loadMode, value: snapshot}
  - {property: quarantineLimit, value: 0.25}
  - {property: expectedRows, value: {min: 2}}
schema:
  - name: taxpayer
    physicalName: taxpayers.csv
    businessName: 纳税人信息
    description: One row a taxpayer.
    properties:
      - {name: tax_no, logicalType: string, primaryKey: true}
      - {name: amount, logicalType: number, physicalType: "decimal(18,2)", logicalTypeOptions: {minimum: 0}}
"""
)

_FILES = {
    "city.yaml": _CITY,
    "departments.yaml": _DEPARTMENTS,
    "systems.yaml": _SYSTEMS,
    "contracts/police/resident.yaml": _RESIDENT,
    "contracts/civil/marriage.yaml": _MARRIAGE,
    "contracts/tax/taxpayer.yaml": _TAXPAYER,
}


def night(number: int) -> date:
    """The day on which the city's n-th interval starts."""
    return date(2020, 5, 3) + timedelta(days=number)


@dataclass
class SmallCity:
    """The city's folder, its sources and its lake below one temporary folder."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, text in _FILES.items():
            path = self.root / "city" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.sources.mkdir(parents=True)
        self.environment = {
            "LANDBRIDGE_HOME": str(self.root / "var"),
            "LANDBRIDGE_CITY": str(self.root / "city"),
            "LANDBRIDGE_SOURCES": str(self.sources),
            # a second one costs more than it does, with so few rows
            "LANDBRIDGE_THREADS": "1",
            **self.environment,
        }
        self.residents([])

    @property
    def sources(self) -> Path:
        return self.root / "sources"

    def edit(self, file: str, old: str, new: str) -> None:
        """Change one place of one of the city's files."""
        path = self.root / "city" / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def residents(self, rows: Sequence[tuple[str | None, str | None, object, str, str]]) -> None:
        """Replace the population database: person_no, name, age, status, updated_at (local time)."""
        with sqlite3.connect(self.sources / "population.sqlite") as database:
            database.execute("DROP TABLE IF EXISTS residents")
            database.execute("CREATE TABLE residents (编号 TEXT, 姓名 TEXT, 年龄 TEXT, status TEXT, updated_at TEXT)")
            database.executemany("INSERT INTO residents VALUES (?, ?, ?, ?, ?)", rows)
        database.close()

    def marriages(self, number: int, rows: Sequence[tuple[str, str]]) -> None:
        """Write the registry's file of the n-th night, in GB18030 as its contract says."""
        lines = ["证件字号,登记日期", *(",".join(row) for row in rows)]
        path = self.sources / "civil" / f"marriage_{night(number):%Y%m%d}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes("\r\n".join([*lines, ""]).encode("gb18030"))

    def taxpayers(self, rows: Mapping[str, str]) -> None:
        """Replace the tax bureau's one file."""
        path = self.sources / "tax" / "taxpayers.csv"
        path.parent.mkdir(exist_ok=True)
        lines = ["tax_no,amount", *(f"{no},{amount}" for no, amount in rows.items())]
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")

    @property
    def place(self) -> Workplace:
        from contracts.catalogue import load_city

        return Workplace(Settings.from_environment(self.environment), load_city(self.root / "city"))

    def interval(self, number: int) -> Interval:
        return interval_starting_on(night(number), "0 2 * * *", self.place.city.timezone)

    def run(self, resource: str, number: int, origin: Origin = "auto") -> RunRecord:
        """One resource's n-th night, ten minutes after its interval ended."""
        place, interval = self.place, self.interval(number)
        observed = interval.end.astimezone(UTC) + timedelta(minutes=10)
        return run_resource(place, place.city.resource(resource), interval, observed, origin)

    def command(self, *words: str, observed: int) -> subprocess.Popen[str]:
        """`landbridge …` in a process of its own, at the clock of the n-th night."""
        clock = self.interval(observed).end + timedelta(minutes=10)
        return subprocess.Popen(
            [sys.executable, "-c", "from cli.main import main; main()", *words],
            cwd=ROOT,
            env={**os.environ, **self.environment, "LANDBRIDGE_CLOCK": clock.isoformat()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def lake(self) -> duckdb.DuckDBPyConnection:
        """The lake, read-only; the caller closes it."""
        return open_lake(self.place.settings, read_only=True, timezone="Asia/Shanghai")

    def query(self, sql: str) -> list[tuple[object, ...]]:
        connection = self.lake()
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def hashes(self) -> dict[str, tuple[int, str]]:
        """Rows and content hash of every table but the run records."""
        connection = self.lake()
        try:
            return content_hashes(connection)
        finally:
            connection.close()


def local(number: int, clock: str = "12:00:00") -> str:
    """A time inside the n-th night's interval, as the population database writes it."""
    return datetime.combine(night(number), datetime.min.time()).strftime(f"%Y-%m-%d {clock}")
