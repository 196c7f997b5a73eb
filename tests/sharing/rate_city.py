"""A city with a request register and a lake filled by real commits: what the tests of the rate tell their stories with.

Night n covers [2020-05-0(3+n) 02:00, next day 02:00) in Asia/Shanghai and is judged ten minutes after its end.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from contracts.catalogue import City, load_city
from contracts.interval import Interval
from contracts.model import Resource
from contracts.quoting import ident, literal
from contracts.settings import Settings
from contracts.types import lake_type
from sharing.published import next_known_at, write
from sharing.rate import RateResult, compute
from sharing.register import register_load
from sharing.register_import import import_register
from warehouse.commit import Load, QualityResult, commit_load
from warehouse.engine import open_engine
from warehouse.lake import commit, open_lake

ZONE = ZoneInfo("Asia/Shanghai")
QINGDAO = Path(__file__).resolve().parents[2] / "cities" / "qingdao"
REGISTER = "big_data.share_request_register"

_DEPARTMENTS = ("big_data", "police", "tax", "civil", "idle")
_CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: {id}
name: {name}
version: 1.0.0
status: active
domain: {department}
team: {{name: data office, members: [{{username: someone, role: owner}}]}}
servers: [{{server: {department}_system, type: custom}}]
slaProperties: [{{property: frequency, value: {cycle}, unit: d}}, {{property: latency, value: 12, unit: h}}]
customProperties:
  - {{property: loadMode, value: snapshot}}
  - {{property: shareType, value: {share_type}}}
  - {{property: shareCondition, value: for handling matters}}
  - {{property: resourceCode, value: "306100{code:02d}/1"}}
  - {{property: format, value: 数据库}}
  - {{property: shareWay, value: database}}
  - {{property: quarantineLimit, value: 0.1}}
schema:
  - name: {name}
    businessName: {name}
    description: One row each.
    properties:
      - {{name: number, logicalType: string, primaryKey: true}}
      - {{name: name, logicalType: string, required: true}}
      - {{name: nickname, logicalType: string}}
{more}"""
_DIVISION = "      - {name: division_code, logicalType: string, semanticType: division_code}\n"


_BROKEN = "contracts/police/broken.yaml"


@dataclass
class RateCity:
    """The city's folder and lake below one temporary folder; `lines` is the register as it will next be loaded.

    `in_memory` keeps the lake's catalogue in this process: for stories that no other connection looks at.
    """

    root: Path
    lines: dict[str, dict[str, Any]] = field(default_factory=dict)
    read: tuple[object, City] | None = None
    in_memory: bool = False

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        (self.folder / "city.yaml").write_text(
            "id: testville\nname: {en: Testville, zh: 试验市}\ntimezone: Asia/Shanghai\nschedule: '0 2 * * *'\nstart: 2020-05-04\n"
        )
        (self.folder / "departments.yaml").write_text(
            "".join(f"- {{id: {d}, name: {d}, credit_code: x, contact: {d}.data}}\n" for d in _DEPARTMENTS)
        )
        systems = {f"{d}_system": d for d in _DEPARTMENTS} | {"big_data_registers": "big_data"}
        (self.folder / "systems.yaml").write_text(
            "".join(
                f"- {{id: {s}, department: {d}, name: {s}, connector: database, connection: {{url: x}}}}\n"
                for s, d in systems.items()
            )
        )
        for name in ("calendar.csv", "policy.yaml"):
            shutil.copy(QINGDAO / name, self.folder / name)
        register = self.folder / "contracts" / "big_data" / "share_request_register.yaml"
        register.parent.mkdir(parents=True)
        shutil.copy(QINGDAO / "contracts" / "big_data" / register.name, register)
        self.contract("police.resident", division=True)
        self.contract("tax.taxpayer", share_type="unconditional")
        settings = Settings.from_environment(
            {"LANDBRIDGE_HOME": str(self.root / "var"), "LANDBRIDGE_MEMORY": "512MiB", "LANDBRIDGE_THREADS": "1"}
        )
        self.settings = settings
        self.connection = self.open()

    def open(self) -> duckdb.DuckDBPyConnection:
        """The lake opened; what is in memory only can be opened once."""
        return _lake_in_memory(self.settings) if self.in_memory else open_lake(self.settings, timezone=ZONE.key)

    @property
    def folder(self) -> Path:
        return self.root / "city"

    @property
    def city(self) -> City:
        """The city as its files are now; read again only when one of them changed."""
        stamp = tuple(sorted((path, path.stat().st_mtime_ns) for path in self.folder.rglob("*.yaml")))
        if self.read is None or self.read[0] != stamp:
            self.read = (stamp, load_city(self.folder))
            assert {mistake.file for mistake in self.read[1].mistakes} <= {_BROKEN}, self.read[1].mistakes
        return self.read[1]

    def contract(
        self, id: str, *, division: bool = False, share_type: str = "conditional", more: str = "", cycle: int = 1
    ) -> None:
        """Write a contract with number (key), name (required), nickname and, where asked, division_code."""
        department, _, name = id.partition(".")
        path = self.folder / "contracts" / department / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        code = len(list((self.folder / "contracts").rglob("*.yaml")))
        text = _CONTRACT.format(
            id=id, department=department, name=name, share_type=share_type, code=code, cycle=cycle, more=(_DIVISION if division else "") + more
        )  # fmt: skip
        path.write_text(text, encoding="utf-8")

    def broken_contract(self) -> None:
        """A contract that cannot be read: police.broken."""
        (self.folder / _BROKEN).write_text("- no contract\n", encoding="utf-8")

    def line(self, line_id: str, **changes: Any) -> None:
        """Put a line into the register: one that holds as of every night from the first on, but for the changes."""
        known = self.lines.get(line_id) or {
            "line_id": line_id, "request_id": f"R-{line_id}", "requester": "civil", "provider": "police", "resource": "police.resident",
            "purpose": f"matter {line_id}", "fields": "number;name", "row_scope": "", "share_type": "conditional",
            "submitted_at": "2020-01-06 09:00:00", "received_at": "2020-01-06 10:00:00", "answered_at": "2020-01-09 10:00:00",
            "answer": "consented", "granted_fields": "name;number", "granted_rows": "", "granted_from": "2020-01-09",
            "granted_to": "2021-01-08", "delivered_at": "2020-01-15 10:00:00", "delivered_fields": "name;number", "delivered_rows": "",
            "marked_satisfied_at": "2020-01-15 10:00:00", "last_probe_at": "2020-05-04 08:00:00", "last_probe_ok": True,
            "last_read_at": "2020-05-04 09:00:00", "updated_at": "2020-05-04 08:00:00",
        }  # fmt: skip
        self.lines[line_id] = known | changes

    def undelivered(self, line_id: str, **changes: Any) -> None:
        """Put a line into the register that was submitted and received, but for the changes."""
        nothing = dict.fromkeys(
            ("answered_at", "answer", "granted_fields", "granted_rows", "granted_from", "granted_to", "delivered_at", "delivered_fields",
             "delivered_rows", "marked_satisfied_at", "last_probe_at", "last_probe_ok", "last_read_at")
        )  # fmt: skip
        self.line(line_id, **(nothing | changes))

    def probe(self, night: int) -> None:
        """A successful read probe of every delivered line that was probed before, on the morning inside the night's interval."""
        for known in self.lines.values():
            if known.get("last_probe_at"):
                known["last_probe_at"] = f"2020-05-0{3 + night} 08:00:00"

    def load_register(self, night: int) -> None:
        """Load the register as it is now, and import it into the ledger."""
        self.load(REGISTER, night, list(self.lines.values()))
        at = self.as_of(night)
        loaded = register_load(self.connection, self.city.resource(REGISTER), at.isoformat(), None)
        commit(self.connection, self.settings, lambda: import_register(self.connection, self.city, loaded, at))

    def load(
        self, id: str, night: int, rows: list[dict[str, Any]] | None = None, *, failing: int = 0, held: str = "",
        quality: tuple[QualityResult, ...] = (), attempt: int = 1, late: timedelta = timedelta(),
        rule: str = "some.rule",
    ) -> None:  # fmt: skip
        """Commit a load for the night's interval as the pipeline would; the last `failing` rows go to the quarantine."""
        resource, interval = self.city.resource(id), self.interval(night)
        rows = rows if rows is not None else self.people(20)
        place = self.root / "staged"
        place.mkdir(exist_ok=True)
        standardised, verdict = place / "standardised.parquet", place / "verdict.parquet"
        self._stage(resource, rows, standardised)
        first_failing = len(rows) - failing + 1
        self.connection.execute(
            f"COPY (SELECT _row, [{literal(rule)}] AS errors, [] :: VARCHAR[] AS warnings FROM read_parquet({literal(standardised)}) "
            f"WHERE _row >= {first_failing}) TO {literal(verdict)} (FORMAT parquet)"
        )
        finished = interval.end + timedelta(minutes=10) + late
        commit_load(
            self.connection, self.settings,
            Load(
                resource=resource, interval=interval, run_id=f"{id.replace('.', '_')}_{night}_{attempt}", landing=standardised,
                standardised=standardised, verdict=verdict, keys=None, quality=quality, warnings=0, outside=0, held_because=held, message="",
                landing_name="", landing_sha256="", started_at=finished, finished_at=finished,
            ),
        )  # fmt: skip

    def people(self, count: int, **changes: Any) -> list[dict[str, Any]]:
        return [
            {
                "number": str(n),
                "name": f"n{n}",
                "nickname": "x",
                "division_code": "370202" if n % 2 else "370211",
                **changes,
            }
            for n in range(count)
        ]

    def forget(self) -> None:
        """Back to the first night's load of police.resident, with nothing asked and nothing recorded: for the next story of the same city."""
        self.lines.clear()
        department, name = REGISTER.split(".")
        sql = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = 'lake'"
        found = self.connection.execute(sql).fetchall()
        gone = [t for t in found if t[0] == "sharing" or t == (department, name)]
        later = f"resource <> 'resident' OR interval_end > TIMESTAMPTZ {literal(str(self.as_of(1)))}"
        forget = [
            *(f"DROP TABLE {ident('lake', *table)}" for table in gone),
            f"DELETE FROM lake.ops.runs WHERE {later}",
        ]
        commit(self.connection, self.settings, lambda: [self.connection.execute(statement) for statement in forget])

    def judge(self, night: int) -> RateResult:
        """Compute the night's rate by all that is known and publish it."""
        known_at = next_known_at(self.connection, self.as_of(night), self.as_of(night))
        result = compute(self.connection, self.city, self.as_of(night), known_at)
        commit(self.connection, self.settings, lambda: write(self.connection, result))
        return result

    def interval(self, night: int) -> Interval:
        start = datetime(2020, 5, 3, 2, tzinfo=ZONE) + timedelta(days=night)
        return Interval(start, start + timedelta(days=1))

    def as_of(self, night: int) -> datetime:
        return self.interval(night).end + timedelta(minutes=10)

    def _stage(self, resource: Resource, rows: list[dict[str, Any]], target: Path) -> None:
        names = [f.name for f in resource.fields]
        texts = {name: [None if row.get(name) is None else str(row[name]) for row in rows] for name in names}
        self.connection.register("staged", pa.table(texts, schema=pa.schema([(name, pa.string()) for name in names])))
        columns = ", ".join(f"CAST({ident(f.name)} AS {lake_type(f)}) AS {ident(f.name)}" for f in resource.fields)
        self.connection.execute(
            f"COPY (SELECT row_number() OVER () AS _row, {columns}, CAST(NULL AS VARCHAR[]) AS _uncastable FROM staged) "
            f"TO {literal(target)} (FORMAT parquet)"
        )
        self.connection.unregister("staged")


def _lake_in_memory(settings: Settings) -> duckdb.DuckDBPyConnection:
    """A lake like any other but for its catalogue, which this process alone holds: half the time of one in SQLite."""
    connection = open_engine(settings, ZONE.key, ["ducklake"])
    Path(settings.catalogue.partition(":")[2]).parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"ATTACH 'ducklake:duckdb::memory:' AS lake (DATA_PATH {literal(settings.lake_files)})")
    connection.execute("USE lake")
    return connection


def reasons(result: RateResult) -> dict[str, list[str]]:
    """Line → why it does not hold, for the lines that do not."""
    return {row["line_id"]: row["reasons"] for row in result.verdicts.to_pylist() if row["valid"] and not row["holds"]}


def verdict(result: RateResult, line_id: str) -> dict[str, Any]:
    return next(row for row in result.verdicts.to_pylist() if row["line_id"] == line_id)
