"""A city with one resource of every class of field, and grants recorded straight into its ledger: what the tests of deliveries tell their stories with."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pyarrow.parquet
import yaml

from contracts.quoting import ident
from sharing.delivery.deliver import deliver
from sharing.delivery.dispose import Outcome
from sharing.delivery.night import Night, night
from sharing.delivery.ways import Way, read_ways
from sharing.delivery.work import Work
from sharing.ledger.events import Event
from sharing.ledger.store import entries, record
from tests.postgres import Postgres
from tests.sharing.rate_city import ZONE, RateCity

RESOURCE = "police.person"
SECRET = "a secret of the tests, longer than 32 bytes"

_FIELDS = """
      - {name: resident_id, logicalType: string, semanticType: resident_id, classification: sensitive}
      - {name: phone, logicalType: string, semanticType: phone, classification: sensitive}
      - {name: address, logicalType: string, classification: sensitive}
      - {name: birth_date, logicalType: date, classification: sensitive}
      - {name: reserve, logicalType: number, physicalType: "decimal(12,2)", classification: important}
      - {name: note, logicalType: string, classification: internal}
      - {name: amount, logicalType: number, physicalType: "decimal(12,2)", classification: internal}
      - {name: seen_at, logicalType: timestamp, classification: public}
      - {name: division_code, logicalType: string, semanticType: division_code, classification: public}
"""
WAYS = ("parquet", "csv", "excel", "table", "view")
SUFFIXES = {"parquet": "parquet", "csv": "csv", "excel": "xlsx"}
ALL = ("number", "name", "nickname", "resident_id", "phone", "address", "birth_date", "reserve", "note", "amount", "seen_at", "division_code")  # fmt: skip


_DATABASES = count(1)


class DeliveryCity(RateCity):
    """A RateCity with `police.person`, loaded in the first night, and a clock at ten past two after night `night_number`."""

    night_number = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.destinations: dict[str, dict[str, Any]] = {}
        self.contract(RESOURCE, more=_FIELDS)
        self.edit_contract("{name: name, logicalType: string, required: true}", "{name: name, logicalType: string, semanticType: person_name, classification: sensitive}")  # fmt: skip
        self.load(RESOURCE, 1, self.persons())

    def persons(self, **changes: Any) -> list[dict[str, Any]]:
        """Four persons of two divisions and of none; nickname is unclassified. Every value is told apart by its beginning."""
        rows = [
            {
                "number": f"KEY-{n}", "name": ("欧阳娜娜", "张三", "Maximilian", "阿卜杜拉·买买提")[n], "nickname": f"canary-nickname-{n}",
                "resident_id": f"37020219870613123{n}", "phone": f"1387654321{n}", "address": f"青岛市市南区香港中路{n + 7}号canary户",
                "birth_date": "1987-06-13", "reserve": f"98765432{n}.5", "note": ("=1+1", "-5", "plain", None)[n], "amount": f"-{n}.50",
                "seen_at": "2020-05-01 08:00:00", "division_code": ("370202", "370211", "370202", None)[n],
            }
            for n in range(4)
        ]  # fmt: skip
        return [{**row, **changes} for row in rows]

    def edit_contract(self, old: str, new: str) -> None:
        path = self.folder / "contracts" / "police" / "person.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    @property
    def now(self) -> datetime:
        return self.as_of(self.night_number)

    def work(self) -> Work:
        """A step done now, for the newest night."""
        return Work(self.connection, self.settings, self.city, read_ways(self.folder), self.now, self.now)

    def event(self, kind: str, line: str, days: int, actor: str = "police", **payload: Any) -> Event:
        """Something that happened `days` before now."""
        return Event(kind, line, f"R-{line}", self.now - timedelta(days=days), actor, "", payload)

    def say(self, kind: str, *lines: str, days: int = 0, actor: str = "police", **payload: Any) -> None:
        """Record an event of each line, of L1 where none is named, `days` before now."""
        told = [self.event(kind, line, days, actor, **payload) for line in lines or ("L1",)]
        record(self.connection, self.settings, lambda: told, self.now)

    def granted(
        self, line: str = "L1", fields: Iterable[str] = ("number", "name", "division_code"), **terms: Any
    ) -> None:
        """Record a request and its grant."""
        self.granted_all({line: {"fields": fields, **terms}})

    def granted_all(self, lines: dict[str, dict[str, Any]]) -> None:
        """Record requests and their grants in one commit: line → fields, and row_scope, requester, valid_to, unmasked, resource."""
        told = []
        for line, terms in lines.items():
            asked = {"fields": sorted(terms["fields"]), "row_scope": terms.get("row_scope", "")}
            requester = terms.get("requester", "civil")
            submitted = {
                "requester": requester,
                "provider": "police",
                "resource": terms.get("resource", RESOURCE),
                "purpose": f"matter of {line}",
            }
            period = {"valid_from": "2020-04-01", "valid_to": terms.get("valid_to", "2021-05-01")}
            told.append(self.event("submitted", line, 30, requester, **submitted, **asked))
            told.append(self.event("granted", line, 20, **asked, **period, unmasked=sorted(terms.get("unmasked", ()))))
        record(self.connection, self.settings, lambda: told, self.now)

    def with_database(self, postgres: Postgres, requester: str = "civil") -> str:
        """A database of the requester's own with a writer that is no superuser and a reader; returns its destination's id."""
        name = f"town{next(_DATABASES)}"
        with psycopg.connect(postgres.database(name), autocommit=True) as session:
            for role in ("writer", "reader"):
                session.execute(f"CREATE ROLE {name}_{role} LOGIN".encode())
            session.execute(f"GRANT CREATE ON DATABASE {name} TO {name}_writer".encode())
        address = f"127.0.0.1:{postgres.port}/{name}"
        reader = {"role": f"{name}_reader", "url": f"postgresql://{name}_reader@{address}"}
        self.destinations[f"{requester}_database"] = {
            "requester": requester, "url": f"postgresql://{name}_writer@{address}", "schema": "from_landbridge", "reader": reader,
        }  # fmt: skip
        self.ask_for()
        return f"{requester}_database"

    def ask_for(self, *rules: dict[str, Any], **more: Any) -> None:
        """Write deliveries.yaml."""
        told = {"destinations": self.destinations, "deliveries": list(rules), **more}
        (self.folder / "deliveries.yaml").write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")

    def every_way(
        self, postgres: Postgres, fields: Iterable[str] = ALL, then: Iterable[str] = ("",), **terms: Any
    ) -> None:
        """A line a way, named after it and each word of `then`, granted the same and asked for in deliveries.yaml."""
        destination = self.with_database(postgres)
        lines = {way + word: way for word in then for way in WAYS}
        self.granted_all({line: {"fields": list(fields), **terms} for line in lines})
        tables = {"table": {"destination": destination}}
        self.ask_for(*({"line": line, "way": way, **tables.get(way, {})} for line, way in lines.items()))

    def run(self, night_number: int | None = None) -> Night:
        """The deliveries of a night, by default the newest."""
        self.night_number = night_number or self.night_number
        return night(self.connection, self.settings, self.city, self.now, self.now)

    def session(self, requester: str = "civil", who: str = "reader") -> psycopg.Connection[Any]:
        """The requester's database, as its reader, as our `writer` or as its owner."""
        destination = self.destinations[f"{requester}_database"]
        url = destination["reader"]["url"] if who == "reader" else destination["url"]
        return psycopg.connect(url.replace(f"{url.rpartition('/')[2]}_writer", "landbridge") if who == "owner" else url)

    def found(self, way: str, line: str = "", requester: str = "civil") -> list[dict[str, str | None]] | None:
        """What the requester finds behind a door, every value as text, sorted; None where there is nothing."""
        line = line or way
        if way == "table":
            with self.session(requester) as session:
                cursor = session.cursor()
                if cursor.execute("SELECT to_regclass(%s)", [ident("from_landbridge", line)]).fetchone() == (None,):
                    return None
                rows = cursor.execute(f"SELECT * FROM {ident('from_landbridge', line)}".encode()).fetchall()
                names = [column.name for column in cursor.description or ()]
        elif way == "view":
            view = ident("lake", f"shared_{requester}", line)
            if not self.connection.execute(
                "SELECT 1 FROM duckdb_views() WHERE schema_name = ? AND view_name = ?", [f"shared_{requester}", line]
            ).fetchall():
                return None
            rows = self.connection.execute(f"SELECT * FROM {view}").fetchall()
            names = [column[0] for column in self.connection.description or ()]
        else:
            path = self.file(line, f"data.{SUFFIXES[way]}", requester)
            if not path.exists():
                return None
            if way == "parquet":
                table = pyarrow.parquet.read_table(path)
                names, rows = table.column_names, [tuple(row.values()) for row in table.to_pylist()]
            elif way == "csv":
                with path.open(encoding="utf-8", newline="") as file:
                    names, *rows = csv.reader(file)  # type: ignore[assignment]
                rows = [tuple(value or None for value in row) for row in rows]
            else:
                book = openpyxl.load_workbook(path, read_only=True)
                header, *rows = book["data"].iter_rows(values_only=True)
                names = [str(name) for name in header]
                rows = [(*row, *[None] * (len(names) - len(row))) for row in rows]
                book.close()
        told = [dict(zip(names, (None if v is None else str(v) for v in row), strict=True)) for row in rows]
        return sorted(told, key=str)

    def deliver(self, line: str = "L1", way: str = "parquet") -> Outcome:
        return deliver(self.work(), line, Way.parse(way))

    def file(self, line: str = "L1", name: str = "data.parquet", requester: str = "civil") -> Path:
        return self.settings.home / "deliveries" / requester / line / name

    def rows(self, line: str = "L1", requester: str = "civil") -> list[dict[str, Any]]:
        """What the requester finds in the Parquet file."""
        return pyarrow.parquet.read_table(self.file(line, requester=requester)).to_pylist()  # type: ignore[no-any-return]

    def told(self, kind: str, line: str = "L1") -> list[dict[str, Any]]:
        """The payloads of the line's events of a kind, in the ledger's order."""
        return [json.loads(e.payload) for e in entries(self.connection, "kind = ? AND line_id = ?", [kind, line])]


__all__ = ["ALL", "RESOURCE", "SECRET", "SUFFIXES", "WAYS", "ZONE", "DeliveryCity"]
