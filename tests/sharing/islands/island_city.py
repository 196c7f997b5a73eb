"""A city with the registers in which islands are looked for, without any island: each test makes one and repairs it again."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from cities.qingdao.generator.world import CITY_FOLDER
from pipeline.islands import find_islands, given_items
from pipeline.workplace import Workplace
from sharing.islands.read import open_islands
from tests.sharing.rate_city import RateCity

Rows = list[dict[str, Any]]
Found = set[tuple[str, str, str]]

_RULES = """
limits:
  - {duty: answer_conditional, working_days: 10, level: nation, article: some, valid_from: 2016-01-01}
islands:
  projects_from: 2019-02-01
  secret_reasons: [涉密系统]
  cycles: 2
  silent_cycles: 2
  same_item: {agree: 0.8, entities: 30, not_items: [person.name]}
  papers: {身份证: police.resident}
  law: [{kind: same_item, article: 第19条, valid_from: 2020-05-06}]
"""
_ITEMS = """
entities:
  person:
    label: {zh: 自然人, en: Person}
    key: resident_id
    resources: {police.resident: resident_id, civil.aid: resident_id}
    attributes:
      name: {label: {zh: 姓名, en: Name}, from: [police.resident.name, civil.aid.name]}
      phone: {label: {zh: 电话, en: Phone}, from: [police.resident.phone, civil.aid.phone]}
"""
_PERSON = """
      - {name: resident_id, logicalType: string, semanticType: resident_id}
      - {name: phone, logicalType: string, semanticType: phone}
      - {name: updated_at, logicalType: timestamp}
"""
_REGISTERS = ("project_register", "system_register", "paper_holding")


class IslandCity:
    """The rate's city with four registers, residents of the police and aid of civil affairs.

    `rows` is what each resource will next be loaded with; a resident changes every day unless `is_silent`.
    """

    def __init__(self, root: Path, *, in_memory: bool = True, registers: bool = True) -> None:
        self.inner = RateCity(root, in_memory=in_memory)
        self.is_silent = False
        self.loaded: dict[str, tuple[int, Rows]] = {}
        folder = self.inner.folder
        (folder / "policy.yaml").write_text(_RULES, encoding="utf-8")
        (folder / "unified.yaml").write_text(textwrap.dedent(_ITEMS), encoding="utf-8")
        self.inner.contract("police.resident", more=_PERSON.lstrip("\n"))
        self.inner.contract("civil.aid", more=_PERSON.lstrip("\n"))
        watermark = "  - {property: watermark, value: {column: updated_at, lookbackHours: 24}}\nschema:"
        path = folder / "contracts" / "police" / "resident.yaml"
        text = path.read_text(encoding="utf-8").replace("loadMode, value: snapshot", "loadMode, value: merge")
        path.write_text(text.replace("schema:", watermark, 1), encoding="utf-8")
        self.rows: dict[str, Rows] = {
            "police.resident": people(60), "civil.aid": people(50, phone="{n}0"), "tax.taxpayer": self.inner.people(5),
        }  # fmt: skip
        if registers:
            self._registers()

    def _registers(self) -> None:
        """The contracts of the sample city's registers, all of them in one department, with a row of each that is no island."""
        for department, name in (
            ("big_data", "project_register"), ("big_data", "system_register"), ("approval", "service_guide"), ("archives", "paper_holding"),
        ):  # fmt: skip
            text = (CITY_FOLDER / "contracts" / department / f"{name}.yaml").read_text(encoding="utf-8")
            for word in (f"id: {department}.", f"domain: {department}"):
                text = text.replace(word, word.replace(department, "big_data"))
            for server in ("approval_files", "archives_files"):
                text = text.replace(server, "big_data_registers")
            text = text.replace("  - {property: source, value: {sheet: 馆藏台账, headerRow: 2}}\n", "")
            (self.inner.folder / "contracts" / "big_data" / f"{name}.yaml").write_text(text, encoding="utf-8")
        self.rows |= {
            "big_data.project_register": [project()], "big_data.system_register": [],
            "big_data.service_guide": [guide()], "big_data.paper_holding": [holding()],
        }  # fmt: skip
        codes = [r.resource_code for r in self.inner.city.resources.values()]
        self.rows["big_data.system_register"] = [system(catalogue_code=";".join(codes))]

    def night(self, number: int, *, leave_out: tuple[str, ...] = ()) -> Found:
        """Load everything as it stands but what is left out, look for islands, and return what is open: kind, subject, owner."""
        self.load(number, leave_out)
        self.look(number)
        return self.open(number)

    def load(self, number: int, leave_out: tuple[str, ...] = ()) -> None:
        if not self.is_silent:
            self.rows["police.resident"][0]["updated_at"] = f"2020-05-{2 + number:02} 10:00:00"
        for id, rows in self.rows.items():
            loaded_on, loaded = self.loaded.get(id, (0, []))
            # what has not changed is loaded every other night: often enough
            if id not in leave_out and (not loaded_on or rows != loaded or number - loaded_on > 1):
                self.inner.load(id, number, rows)
                self.loaded[id] = number, [dict(row) for row in rows]
        self.inner.line(
            "own",
            requester="tax",
            resource="police.resident",
            fields="number;name",
            updated_at=f"2020-05-{3 + number:02} 08:00:00",
        )
        self.inner.load_register(number)

    def look(self, number: int) -> list[str]:
        nights = [self.inner.as_of(n) for n in range(1, number + 1)]
        return find_islands(self.inner.connection, self.place, nights, nights[-1])

    def open(self, number: int) -> Found:
        day = self.inner.as_of(number).date()
        return {(i.kind, i.subject, i.owner) for i in open_islands(self.inner.connection, day)}

    @property
    def place(self) -> Workplace:
        return Workplace(self.inner.settings, self.inner.city)

    @property
    def items(self) -> list[str]:
        return [item.attribute for item in given_items(self.inner.city)]


def people(count: int, *, phone: str = "1380532{n:04}") -> Rows:
    """So many people, the same whoever holds them but for the phone."""
    return [
        {
            "number": str(n), "name": f"n{n}", "nickname": "x", "resident_id": f"37021119800101{n:04}", "phone": phone.format(n=n),
            "updated_at": "2020-05-03 10:00:00",
        }
        for n in range(count)
    ]  # fmt: skip


def project(**changes: Any) -> dict[str, Any]:
    return {
        "project_no": "XM2019001", "name": "监管项目", "department_id": "tax", "budget": "1.00", "approved_on": "2019-06-01",
        "data_list_on": "2019-05-01", "catalogue_code": "39900001/000002", "catalogued_on": "2019-12-01", "pooled_on": "2019-12-02",
        "accepted_on": "2019-12-31", **changes,
    }  # fmt: skip


def system(**changes: Any) -> dict[str, Any]:
    return {
        "system_no": "XT00001", "name": "业务系统", "department_id": "tax", "level": "市级", "division_code": "370200",
        "built_on": "2015-01-01", "in_scope": "true", "catalogue_code": "39900001/000001", **changes,
    }  # fmt: skip


def guide(**changes: Any) -> dict[str, Any]:
    return {
        "item_code": "SX00001", "name": "事项", "department_id": "civil", "papers": "申请表;近期照片", "windows": "1",
        "any_window": "true", "guide_published_on": "2020-01-01", **changes,
    }  # fmt: skip


def holding(**changes: Any) -> dict[str, Any]:
    return {
        "holding_no": "QZ00001", "department_id": "civil", "series": "婚姻登记", "year_from": "1950", "year_to": "1959", "volumes": "100",
        "digitised_volumes": "40", "counted_on": "2020-05-01", **changes,
    }  # fmt: skip
