"""A city whose people are known to the police, to a school and to a library that asks for no identity number; firms by code or by an older number."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipeline.models.run import run_models
from pipeline.records.step import sync_records
from pipeline.workplace import Workplace
from tests.sharing.rate_city import ZONE, RateCity
from warehouse.lake import open_lake

ANNA, BERT = "130503196704010016", "11010519491231002X"
ANNA_OF_OLD = "130503670401001"
FIRM, FIRM_OF_OLD = "91370203718038331M", "110108000000016"

_ID = "      - {name: id_no, logicalType: string, semanticType: resident_id}\n"
_CODE = "      - {name: code, logicalType: string, semanticType: credit_code}\n"
_OLD = "      - {name: old_no, logicalType: string}\n"
_PEOPLE = """
entities:
  person:
    key: resident_id
    resources: {police.resident: id_no, civil.student: id_no, civil.card: }
    attributes:
      name: {from: [police.resident.name, civil.student.name, civil.card.name], compare: text}
      nickname: {from: [civil.student.nickname, police.resident.nickname]}
"""
_FIRMS = """
  firm:
    key: credit_code
    old_key: registration_no
    resources: {tax.taxpayer: code, tax.crosswalk: {key: code, old_key: old_no}, civil.place: {key: old_no, old_key: old_no}}
    attributes:
      name: {from: [tax.taxpayer.name, civil.place.name]}
"""


class UnifiedCity(RateCity):
    """`say` loads a night; `unify` brings records and models up to date and returns what the models' runs inserted and deleted."""

    def __init__(self, root: Path, *, firms: bool = False) -> None:
        super().__init__(root)
        for id, more in (("police.resident", _ID), ("civil.student", _ID), ("civil.card", "")):
            self.contract(id, more=more)
        if firms:
            for id, more in (("tax.taxpayer", _CODE), ("tax.crosswalk", _CODE + _OLD), ("civil.place", _OLD)):
                self.contract(id, more=more)
        (self.folder / "unified.yaml").write_text(_PEOPLE + (_FIRMS if firms else ""), encoding="utf-8")
        (self.folder / "calendar.csv").unlink()
        self.connection.close()

    @property
    def place(self) -> Workplace:
        return Workplace(self.settings, self.city)

    def say(self, id: str, night: int, *rows: tuple[str, str, str | None], attempt: int = 1, **columns: str) -> None:
        """Load rows of number, name and nickname or, with `of`, what stands in that column instead of the nickname."""
        told = []
        for number, name, more in rows:
            told.append({"number": number, "name": name, columns.get("of", "nickname"): more})
        self.load_rows(id, night, told, attempt)

    def load_rows(
        self, id: str, night: int, rows: list[dict[str, Any]], attempt: int = 1, also: dict[str, list[dict[str, Any]]] | None = None,
    ) -> None:  # fmt: skip
        self.connection = self.open()
        try:
            for resource, told in {id: rows, **(also or {})}.items():
                self.load(resource, night, told, attempt=attempt)
        finally:
            self.connection.close()

    def sync(self) -> dict[str, int]:
        return sync_records(self.place, settled=True)

    def unify(self, night: int, *, full: bool = False) -> dict[str, tuple[int, int]]:
        self.sync()
        done = run_models(self.place, self.as_of(night), full=full)
        return {run.model: (run.inserted, run.deleted) for run in done if run.inserted or run.deleted}

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        connection = open_lake(self.settings, read_only=True, timezone=ZONE.key)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def write(self, *statements: str) -> None:
        connection: duckdb.DuckDBPyConnection = self.open()
        try:
            for statement in statements:
                connection.execute(statement)
        finally:
            connection.close()

    def records(self, entity: str = "person") -> list[tuple[Any, ...]]:
        """Versions of records without the snapshots they were read from."""
        columns = "resource, record_key, entity_id, own_id, name, valid_from, valid_to"
        return self.query(f"SELECT {columns} FROM unified.{entity}_record ORDER BY ALL")

    def known_on(self, instant: datetime) -> dict[tuple[str, str], str]:
        """(entity, attribute) → what the unified record said at an instant."""
        found = self.query(
            f"SELECT entity_id, attribute, value FROM unified.person_history WHERE valid_from <= TIMESTAMPTZ '{instant.isoformat()}' "
            f"AND (valid_to IS NULL OR valid_to > TIMESTAMPTZ '{instant.isoformat()}')"
        )
        return {(entity, attribute): value for entity, attribute, value in found}

    def said(self) -> dict[tuple[str, str], str]:
        """The same of the unified record as it stands."""
        found = self.query("SELECT person_id, name, nickname FROM unified.person")
        told = {
            (id, attribute): value
            for id, *values in found
            for attribute, value in zip(("name", "nickname"), values, strict=True)
        }
        return {key: value for key, value in told.items() if value is not None}
