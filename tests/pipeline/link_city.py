"""A small city of people for the tests of linking: a register with identifiers, and cards without, with errors whose truth is known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import duckdb
import pyarrow as pa

from contracts.catalogue import load_city
from contracts.quoting import literal
from contracts.settings import Settings
from pipeline.link.step import link_entity
from pipeline.workplace import Workplace
from transforms.link.rules import LinkRules, read_link_rules
from warehouse.lake import commit, open_lake

_CITY = """
id: linkville
name: {en: Linkville, zh: 归并市}
timezone: Asia/Shanghai
schedule: "0 2 * * *"
start: 2020-05-04
"""
_UNIFIED = """
entities:
  person:
    label: {en: Person, zh: 自然人}
    key: resident_id
    resources: {police.resident: resident_id, library.card: null}
    attributes:
      name: {from: [police.resident.name, library.card.name]}
      gender: {from: [police.resident.gender, library.card.gender]}
      birth_date: {from: [police.resident.birth_date, library.card.birth_date]}
      phone: {from: [police.resident.phone, library.card.phone]}
      address: {from: [police.resident.address, library.card.address]}
      division_code: {from: [police.resident.division_code, library.card.division_code]}
    link:
      compare: {name: name, birth_date: date, phone: phone, address: address, division_code: division, gender: gender}
"""
_DIVISIONS = """code,name,valid_from,valid_to,successor
370000,山东省,1981-01-01,,
370200,青岛市,1981-01-01,,
370202,市南区,1983-01-01,,
370203,市北区,1983-01-01,,
370205,四方区,1983-01-01,2012-01-01,370203
370212,崂山区,1988-01-01,,
"""
_SURNAMES = "王李张刘陈杨赵孙周于徐姜吴宋高马朱林郭崔曲胡韩迟邵"
_GIVEN = "伟强磊军勇涛明超杰鹏辉波斌刚健亮峰浩宇凯芳娜敏静丽艳娟霞秀玲红梅燕慧婷雪莉倩颖琳志海文子浩俊立玉德国永思瑞景东学振家一桂淑晓雨欣梓诗佳美若春"
_STREETS = [
    "香港中路",
    "山东路",
    "南京路",
    "延安三路",
    "江西路",
    "宁夏路",
    "台东一路",
    "威海路",
    "辽阳西路",
    "重庆南路",
    "九水路",
    "振华路",
    "书院路",
    "金水路",
    "海尔路",
    "松岭路",
    "秦岭路",
    "正阳路",
]
_DISTRICTS = {"370202": "市南区", "370203": "市北区", "370212": "崂山区"}
# characters that sound alike
_ALIKE = {
    "伟": "玮",
    "静": "婧",
    "明": "铭",
    "芳": "方",
    "丽": "莉",
    "志": "智",
    "海": "亥",
    "文": "雯",
    "玉": "钰",
    "张": "章",
    "王": "汪",
    "李": "黎",
    "宇": "雨",
}
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True)
class Person:
    """A record's attributes; `id` is a resident id, empty where the record has none."""

    id: str
    name: str
    gender: str
    birth_date: date
    phone: str | None
    address: str | None
    division_code: str | None


class LinkCity:
    """A lake that holds `unified.person_record`, written by hand as the step `records` would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        city = folder / "city"
        (city / "code_lists").mkdir(parents=True, exist_ok=True)
        (city / "city.yaml").write_text(_CITY, encoding="utf-8")
        for name in ("departments.yaml", "systems.yaml"):
            (city / name).write_text("[]\n", encoding="utf-8")
        (city / "unified.yaml").write_text(_UNIFIED, encoding="utf-8")
        (city / "code_lists" / "divisions.csv").write_text(_DIVISIONS, encoding="utf-8")
        self.environment = {
            "LANDBRIDGE_HOME": str(folder / "home"),
            "LANDBRIDGE_CITY": str(city),
            "LANDBRIDGE_MEMORY": "512MiB",
        }
        settings = Settings.from_environment(self.environment)
        self.place = Workplace(settings, load_city(settings.city))
        self.rules: LinkRules = read_link_rules(self.place.city)[0]
        self.connection = self.open()
        if not self._has("person_record"):
            self._execute(
                "CREATE SCHEMA IF NOT EXISTS lake.unified",
                "CREATE TABLE lake.unified.person_record (record_id VARCHAR, own_id VARCHAR, entity_id VARCHAR, resource VARCHAR, record_key VARCHAR, "
                "resident_id VARCHAR, name VARCHAR, gender VARCHAR, birth_date DATE, phone VARCHAR, address VARCHAR, division_code VARCHAR, "
                "valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ, from_snapshot BIGINT, to_snapshot BIGINT)",
            )

    def open(self) -> duckdb.DuckDBPyConnection:
        return open_lake(self.place.settings, timezone="Asia/Shanghai")

    def add(self, rows: Iterable[tuple[str, str, Person]]) -> None:
        """Records of (resource, key, person), in force since the first night."""
        columns = [
            "record_id",
            "own_id",
            "resource",
            "record_key",
            "resident_id",
            "name",
            "gender",
            "birth_date",
            "phone",
            "address",
            "division_code",
        ]
        found: list[tuple[object, ...]] = []
        for resource, key, p in rows:
            record_id = record(resource, key)
            own_id = person(p.id) if p.id else record_id
            found.append(
                (
                    record_id,
                    own_id,
                    resource,
                    key,
                    p.id or None,
                    p.name,
                    p.gender,
                    p.birth_date,
                    p.phone,
                    p.address,
                    p.division_code,
                )
            )
        self.connection.register(
            "given", pa.table(dict(zip(columns, map(list, zip(*found, strict=True)), strict=True)))
        )
        alias = "LEFT JOIN lake.unified.person_alias AS a USING (own_id)" if self._has("person_alias") else ""
        entity = "coalesce(a.entity_id, g.own_id)" if alias else "g.own_id"
        self._execute(
            f"INSERT INTO lake.unified.person_record BY NAME SELECT g.*, {entity} AS entity_id, TIMESTAMPTZ '2020-05-04 02:00:00+08' AS valid_from, "
            f"1 AS from_snapshot FROM given AS g {alias}"
        )

    def close_records(self, resource: str, keys: Iterable[str]) -> None:
        """End what a resource says under these keys."""
        ids = ", ".join(literal(record(resource, key)) for key in keys)
        self._execute(
            f"UPDATE lake.unified.person_record SET valid_to = TIMESTAMPTZ '2020-05-05 02:00:00+08', to_snapshot = 2 WHERE valid_to IS NULL AND record_id IN ({ids})"
        )

    def link(self, rules: LinkRules | None = None, *, retrain: bool = False) -> int | None:
        return link_entity(self.connection, self.place, rules or self.rules, retrain=retrain)

    def alias(self) -> dict[str, str]:
        """Own id → entity."""
        return dict(self.connection.execute("SELECT own_id, entity_id FROM lake.unified.person_alias").fetchall())

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        """All rows of all tables that linking writes, sorted."""
        tables = ("person_alias", "person_pair", "person_comparable", "link_model", "link_frequency")
        found = {t: self.connection.execute(f"SELECT * FROM lake.unified.{t} ORDER BY ALL").fetchall() for t in tables}
        found["record"] = self.connection.execute(
            "SELECT record_id, own_id, entity_id FROM lake.unified.person_record ORDER BY ALL"
        ).fetchall()
        return found

    def forget(self) -> None:
        """Drop all that can be computed again, and leave the stored facts: records, models and judgements."""
        self._execute(
            *(f"DROP TABLE lake.unified.person_{t}" for t in ("alias", "pair", "comparable")),
            "DELETE FROM lake.ops.link_state", "UPDATE lake.unified.person_record SET entity_id = own_id",
        )  # fmt: skip

    def snapshots(self) -> int:
        row = self.connection.execute("SELECT count(*) FROM lake.snapshots()").fetchone()
        assert row is not None
        return int(row[0])

    def _has(self, table: str) -> bool:
        sql = "SELECT 1 FROM information_schema.columns WHERE table_catalog = 'lake' AND table_name = ? LIMIT 1"
        return self.connection.execute(sql, [table]).fetchone() is not None

    def _execute(self, *statements: str) -> None:
        def work() -> None:
            for statement in statements:
                self.connection.execute(statement)

        commit(self.connection, self.place.settings, work)


def person(id: str) -> str:
    return hashlib.md5(f"person|{id}".encode()).hexdigest()


def record(resource: str, key: str) -> str:
    return hashlib.md5(f"person|{resource}|{key}".encode()).hexdigest()


def residents(count: int, seed: int = 1) -> list[Person]:
    """A register: families at one address with one surname, twins among them, many of one name."""
    rng = Random(seed)
    found: list[Person] = []
    while len(found) < count:
        division = rng.choice(list(_DISTRICTS))
        home = f"{_DISTRICTS[division]}{rng.choice(_STREETS)}{rng.randint(1, 300)}号{rng.randint(1, 9)}号楼{rng.randint(1, 4)}单元{rng.randint(1, 18) * 100 + rng.randint(1, 4)}户"
        surname, household_phone = rng.choice(_SURNAMES), _phone(rng)
        for _ in range(rng.choice((1, 2, 2, 3))):
            born = (
                found[-1].birth_date
                if found and found[-1].address == home and rng.random() < 0.1
                else date(1935, 1, 1) + timedelta(rng.randint(0, 30000))
            )
            given = "".join(rng.choice(_GIVEN) for _ in range(rng.choice((1, 2, 2))))
            phone = household_phone if rng.random() < 0.1 else _phone(rng)
            found.append(Person(f"{len(found):018}", surname + given, rng.choice("12"), born, phone, home, division))
    return found[:count]


def cards(
    people: list[Person], share: float = 0.4, strangers: float = 0.1, seed: int = 2
) -> list[tuple[str, Person, str | None]]:
    """Cards (key, record without id, the holder's id or None) of some of the people and of strangers, each with its small errors."""
    rng = Random(seed)
    found: list[tuple[str, Person, str | None]] = []
    for p in people:
        if rng.random() < share:
            found.append((f"card{len(found)}", _worn(p, rng), p.id))
    for p in residents(round(len(found) * strangers), seed=seed + 100):
        found.append((f"card{len(found)}", _worn(p, rng), None))
    return found


def register(city: LinkCity, people: list[Person], held: list[tuple[str, Person, str | None]]) -> None:
    city.add([("police.resident", p.id, p) for p in people])
    city.add([("library.card", key, card) for key, card, _ in held])


def _worn(p: Person, rng: Random) -> Person:
    card = replace(p, id="")
    if rng.random() < 0.12:  # typed by ear
        card = replace(card, name="".join(_ALIKE.get(c, c) for c in card.name))
    if rng.random() < 0.1 and p.phone:
        card = replace(
            card, phone=rng.choice((_phone(rng), f"+86 {p.phone[:3]} {p.phone[3:]}", p.phone.translate(_WIDE), None))
        )
    if rng.random() < 0.06:
        card = replace(
            card,
            birth_date=rng.choice(
                (
                    p.birth_date.replace(day=min(28, p.birth_date.day + 1)),
                    p.birth_date.replace(year=p.birth_date.year + 1, day=1),
                )
            ),
        )
    if p.address and rng.random() < 0.3:
        card = replace(
            card,
            address=rng.choice(
                (
                    f"山东省青岛市{p.address}",
                    p.address[3:],
                    f"{p.address[3:].split('号')[0]}号",
                    "市南区山东路7号2号楼101户",
                )
            ),
        )
    return card


def _phone(rng: Random) -> str:
    return f"13{rng.randint(0, 999_999_999):09}"
