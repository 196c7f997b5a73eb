"""A city for measuring linking at size: everybody known by identifier to two departments, one person in twenty also by a card that asks for none.

Surnames are about as frequent as in China (王 7.1 %, 李 7.0 %, the first ten 42 %), given names have a long tail, so namesakes become frequent as the
city grows; years of birth follow a pyramid with the booms of 1963 and 1987. Three people share a household: its address, mostly its surname, sometimes
its telephone; two households in a hundred have twins. Streets grow with the city. All of it follows from the number of people alone.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from contracts.identifiers.resident_id import widen_sql
from contracts.quoting import ident, literal
from pipeline.workplace import Workplace
from warehouse.lake import commit, open_lake
from warehouse.tables import ensure_platform, ensure_table

DEPARTMENTS = {"police": "resident", "insurance": "member", "library": "card"}
_SLOTS = 4096
_SHARES = (7.1, 7.0, 6.7, 5.4, 4.5, 3.1, 2.2, 2.1, 2.1, 1.9)
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫雷龙黎史"
    "陶贺毛段郝顾龚邵万覃武钱戴严莫孔向常汤迟矫綦解逄臧隋曲宫辛丛初柳鞠单牟战盖栾"
)
_GIVEN = (
    "伟芳秀英娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉玲红华国建志海玉春梅燕慧婷雪莉倩颖琳浩俊立德永思瑞景东学振家一淑晓雨欣梓诗佳美若龙飞鹏波斌健亮峰宇凯晨阳帅旭坤宏光新"
    "生林荣福祥庆忠义成胜兴山云凤珍珠琴萍洁莹璐瑶琪萱怡涵博轩泽昊睿航子语嘉悦彤宁安乐心月冰清竹松柏青蓝天星辰启程远达通和顺"
)
_TRADITIONAL = (
    "张刘陈杨黄赵吴马郑谢许韩邓冯肖苏吕卢钟陆伟丽军杰兰刚红国华",
    "張劉陳楊黃趙吳馬鄭謝許韓鄧馮肖蘇呂盧鐘陸偉麗軍傑蘭剛紅國華",
)
_BY_EAR = ("伟静明芳丽志海文玉张王李宇婷", "玮婧铭方莉智亥雯钰章汪黎雨亭")
_ELSEWHERE = "lag(address, 40, address) OVER (ORDER BY i)"
_DISTRICTS = {"370202": "市南区", "370203": "市北区", "370212": "崂山区", "370213": "李沧区"}

_CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: {department}.{name}
name: {name}
version: 1.0.0
status: active
domain: {department}
team: {{name: data office, members: [{{username: someone, role: owner}}]}}
servers: [{{server: {department}_system, type: custom}}]
slaProperties: [{{property: frequency, value: 1, unit: d}}, {{property: latency, value: 12, unit: h}}]
customProperties:
  - {{property: loadMode, value: merge}}
  - {{property: shareType, value: unconditional}}
  - {{property: resourceCode, value: "30610{number}001/1"}}
  - {{property: format, value: 数据库}}
  - {{property: shareWay, value: database}}
schema:
  - name: {name}
    businessName: {name}
    description: One row a person.
    properties:
      - {{name: number, logicalType: string, primaryKey: true}}
{identifier}      - {{name: name, logicalType: string}}
      - {{name: gender, logicalType: string}}
      - {{name: birth_date, logicalType: string}}
      - {{name: phone, logicalType: string}}
      - {{name: address, logicalType: string}}
      - {{name: division_code, logicalType: string}}
"""
_FIELDS = {"name": "name", "birth_date": "date", "phone": "phone", "address": "address", "division_code": "division", "gender": "gender"}  # fmt: skip


def write_city(folder: Path) -> None:
    """The city folder: three departments, and the `link:` section of a real one."""
    (folder / "contracts").mkdir(parents=True)
    (folder / "code_lists").mkdir()
    texts = {
        "city.yaml": "id: bench\nname: {en: Bench, zh: 测试市}\ntimezone: Asia/Shanghai\nschedule: '0 2 * * *'\nstart: 2020-05-04\n",
        "departments.yaml": "".join(
            f"- {{id: {d}, name: {d}, credit_code: x, contact: {d}.data}}\n" for d in DEPARTMENTS
        ),
        "systems.yaml": "".join(
            f"- {{id: {d}_system, department: {d}, name: {d}, connector: database, connection: {{url: x}}}}\n"
            for d in DEPARTMENTS
        ),
        "unified.yaml": _unified(),
        "code_lists/divisions.csv": "code,name,valid_from,valid_to,successor\n370000,山东省,,,\n370200,青岛市,,,\n"
        + "".join(f"{code},{name},,,\n" for code, name in _DISTRICTS.items()),
    }
    for number, (department, name) in enumerate(DEPARTMENTS.items()):
        (folder / "contracts" / department).mkdir()
        by = (
            "" if department == "library" else "      - {name: id_no, logicalType: string, semanticType: resident_id}\n"
        )
        texts[f"contracts/{department}/{name}.yaml"] = _CONTRACT.format(
            department=department, name=name, number=number, identifier=by
        )
    for path, text in texts.items():
        (folder / path).write_text(text, encoding="utf-8")


def make_people(path: Path, people: int) -> None:
    """Write everybody as one Parquet file: `i`, `id_no`, `name`, `gender`, `birth_date`, `phone`, `address` (with the district), `division_code`."""
    connection = duckdb.connect()
    connection.execute("SET memory_limit = '1GiB'; SET threads = 2")
    connection.execute(f"SET temp_directory = {literal(path.parent / 'spill')}")
    rest = [1 / (n + 15) for n in range(len(_SURNAMES) - len(_SHARES))]
    tail = [share * (100 - sum(_SHARES)) / sum(rest) for share in rest]
    _slots(connection, "surname", dict(zip(_SURNAMES, (*_SHARES, *tail), strict=True)))
    _slots(connection, "given", {c: (n + 3) ** -0.7 for n, c in enumerate(_GIVEN)})
    booms = ((1963, 6, 1.0), (1987, 5, 0.9), (1950, 12, 0.4))
    weights = {str(y): 0.1 + sum(w * math.exp(-(((y - at) / wide) ** 2)) for at, wide, w in booms) for y in range(1930, 2000)}  # fmt: skip
    _slots(connection, "year", weights)
    streets = max(100, people // 400)
    districts = " ".join(f"WHEN {n} THEN {literal(name)}" for n, name in enumerate(_DISTRICTS.values()))
    codes = " ".join(f"WHEN {n} THEN {literal(code)}" for n, code in enumerate(_DISTRICTS))
    sign = f"substr({literal(_GIVEN)}, 1 + {{}} % {len(_GIVEN)}, 1)"
    street = f"concat({sign.format('s')}, {sign.format(f'(s // {len(_GIVEN)} * 7 + s + 37)')}, CASE s % 3 WHEN 0 THEN '路' WHEN 1 THEN '街' ELSE '东路' END)"
    born = "make_date(CAST(y.sign AS INTEGER), 1, 1) + CAST(hash(b * 1000 + 4) % 365 AS INTEGER)"
    # a household's third is its second's twin in two of a hundred
    rows = f"""
        SELECT i, i // 3 AS h, CASE WHEN i % 3 = 2 AND hash((i // 3) * 1000 + 9) % 100 < 2 THEN i - 1 ELSE i END AS b,
            CASE WHEN i % 3 = 1 AND hash((i // 3) * 1000 + 9) % 100 >= 2 THEN hash(i * 1000 + 1) ELSE hash((i // 3) * 1000 + 1) END % {_SLOTS} AS of_surname,
            CAST(hash((i // 3) * 1000 + 5) % {streets} AS BIGINT) AS s FROM range({people}) AS t(i)"""
    connection.execute(f"""
        COPY (
            WITH born AS (
                SELECT p.*, n.sign AS surname, g.sign || CASE WHEN hash(i * 1000 + 3) % 100 < 14 THEN '' ELSE f.sign END AS given, {born} AS birth
                FROM ({rows}) AS p JOIN surname AS n ON n.slot = p.of_surname JOIN given AS g ON g.slot = hash(i * 1000 + 2) % {_SLOTS}
                JOIN given AS f ON f.slot = hash(i * 1000 + 8) % {_SLOTS} JOIN year AS y ON y.slot = hash(b * 1000 + 6) % {_SLOTS}),
            numbered AS (SELECT *, row_number() OVER (PARTITION BY birth ORDER BY i) AS turn FROM born),
            old AS (SELECT *, CAST(370202 + turn // 1000 AS VARCHAR) || strftime(birth, '%y%m%d') || lpad(CAST(turn % 1000 AS VARCHAR), 3, '0') AS old FROM numbered)
            SELECT i, {widen_sql("old")} AS id_no, surname || given AS name, CAST(1 + hash(i * 1000 + 7) % 2 AS VARCHAR) AS gender, strftime(birth, '%Y-%m-%d') AS birth_date,
                {phone_sql("i", "h")} AS phone,
                CASE s % 4 {districts} END || {street} || (1 + hash(h * 1000 + 11) % 300) || '号' || (1 + hash(h * 1000 + 12) % 9) || '号楼' || (1 + hash(h * 1000 + 13) % 4) || '单元'
                    || ((1 + hash(h * 1000 + 14) % 18) * 100 + 1 + hash(h * 1000 + 15) % 4) || '户' AS address,
                CASE s % 4 {codes} END AS division_code
            FROM old ORDER BY i
        ) TO {literal(path)} (FORMAT parquet)""")
    connection.close()


def phone_sql(person: str, household: str, moved: int = 0) -> str:
    """SQL of a telephone number: in one case of ten the household's; another `moved` is another number."""
    of = f"CASE WHEN hash({person} * 1000 + 21) % 10 = 0 AND {moved} = 0 THEN hash({household} * 1000 + 22) ELSE hash({person} * 1000 + {900 + moved}) END"
    return f"'1' || CAST(3000000000 + ({of}) % 6900000000 AS VARCHAR)"


def load_night(place: Workplace, people: Path, start: datetime, night: int) -> int:
    """Write what the departments deliver: all of it in night 0; in night 1 a hundredth of the people with a new telephone, a hundredth of the
    cards that moved, and as many new ones. Returns the rows."""
    return sum(_load(place, department, people, start, night) for department in DEPARTMENTS)


def truth_sql(people: Path) -> str:
    """SELECT `record_key`, `owner`: whose the cards are, by identifier; those of strangers by a name of their own."""
    return f"SELECT number AS record_key, coalesce(id_no, 'stranger ' || number) AS owner FROM ({_cards(people, 1)})"


def _load(place: Workplace, department: str, people: Path, start: datetime, night: int) -> int:
    about = place.city.resource(f"{department}.{DEPARTMENTS[department]}")
    table = ident("lake", department, DEPARTMENTS[department])
    connection = open_lake(place.settings, timezone="Asia/Shanghai")
    stamp = f"TIMESTAMPTZ '{(start + timedelta(days=night)).isoformat()}' AS _interval_start, 'run' AS _run_id"
    if department == "library":
        values = f"SELECT * EXCLUDE (i, id_no, changed), {stamp} FROM ({_cards(people, night)}) WHERE {'changed' if night else 'true'}"
    else:
        share = 100 if department == "police" else 85
        phone = (
            f"CASE WHEN hash(i * 1000 + 31) % 100 < {1 if night else 0} THEN {phone_sql('i', 'i', 1)} ELSE phone END"
        )
        values = f"""
            SELECT '{department}' || lpad(CAST(i AS VARCHAR), 9, '0') AS number, id_no, name, gender, birth_date,
                CASE WHEN hash(i * 1000 + {32 + share}) % 100 < 80 THEN {phone} END AS phone,
                CASE WHEN hash(i * 1000 + {233 + share}) % 20 = 0 THEN '青岛市' ELSE '' END || address AS address, division_code, {stamp}
            FROM {literal(people)} WHERE hash(i * 1000 + {434 + share}) % 100 < {share} AND {"hash(i * 1000 + 31) % 100 < 1" if night else "true"}"""
    connection.execute(f"CREATE TEMP TABLE given AS {values}")

    def work() -> int:
        ensure_platform(connection)
        ensure_table(connection, about)
        if night:
            connection.execute(f"DELETE FROM {table} WHERE number IN (SELECT number FROM given)")
        row = connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM given").fetchone()
        return int(row[0]) if row else 0

    try:
        return commit(connection, place.settings, work, about.id)
    finally:
        connection.close()


def _cards(people: Path, night: int) -> str:
    """SELECT of the cards as of a night: one person in twenty has one, and one card in ten belongs to somebody from elsewhere."""
    name = _lot(
        42, "name",
        (8, f"translate(name, '{_TRADITIONAL[0]}', '{_TRADITIONAL[1]}')"), (3, f"translate(name, '{_BY_EAR[0]}', '{_BY_EAR[1]}')"),
        (2, "substr(name, 1, 1) || ' ' || substr(name, 2)"),
    )  # fmt: skip
    turned = "substr(birth_date, 1, 5) || substr(birth_date, 9, 2) || '-' || substr(birth_date, 6, 2)"
    born = _lot(
        43, "birth_date",
        (3, "strftime(CAST(birth_date AS DATE) + 1, '%Y-%m-%d')"), (1, turned), (3, "substr(birth_date, 1, 4)"), (8, "NULL"), (20, "replace(birth_date, '-', '')"),
    )  # fmt: skip
    phone = _lot(
        44, "phone",
        (10, phone_sql("i", "i", 2)), (15, "NULL"), (5, "'+86 ' || phone"), (5, "translate(phone, '0123456789', '０１２３４５６７８９')"),
    )  # fmt: skip
    address = _lot(
        45, "address",
        (30, "'山东省青岛市' || address"), (20, "substr(address, 4)"), (10, "NULL"), (10, "regexp_extract(address, '^[^号]*号')"), (15, _ELSEWHERE),
    )  # fmt: skip
    moves, new = (f"hash(i * 1000 + 56) % 100 = {n}" for n in (0, 1))
    stranger = "hash(i * 1000 + 41) % 100 < 10"
    if night:
        phone = f"CASE WHEN {moves} THEN {phone_sql('i', 'i', 4)} ELSE {phone} END"
        address = f"CASE WHEN {moves} THEN {_ELSEWHERE} ELSE {address} END"
    return f"""
        WITH holder AS (SELECT * FROM {literal(people)} WHERE hash(i * 1000 + 40) % 20 = 0),
        whose AS (
            SELECT i, id_no, name, gender, birth_date, phone, address, division_code FROM holder WHERE NOT {stranger}
            UNION ALL
            SELECT i, NULL, lag(name, 7, name) OVER w, gender, lag(birth_date, 3, birth_date) OVER w, {phone_sql("i", "i", 3)},
                lag(address, 11, address) OVER w, lag(division_code, 11, division_code) OVER w FROM holder WHERE {stranger} WINDOW w AS (ORDER BY i))
        SELECT i, id_no, 'card' || lpad(CAST(i AS VARCHAR), 9, '0') AS number, {name} AS name, gender, {born} AS birth_date, {phone} AS phone,
            {address} AS address, division_code, {moves} OR {new} AS changed
        FROM whose WHERE {"true" if night else f"NOT {new}"}"""


def _lot(salt: int, otherwise: str, *cases: tuple[int, str]) -> str:
    """SQL that is each case for so many of a hundred people."""
    until, whens = 0, []
    for share, sql in cases:
        until += share
        whens.append(f"WHEN hash(i * 1000 + {salt}) % 100 < {until} THEN {sql}")
    return f"CASE {' '.join(whens)} ELSE {otherwise} END"


def _slots(connection: duckdb.DuckDBPyConnection, name: str, weights: dict[str, float]) -> None:
    """A table of slots, so that a hash picks each sign as often as its weight says."""
    whole, until = sum(weights.values()), 0.0
    signs: list[str] = []
    for sign, weight in weights.items():
        until += weight
        signs += [sign] * (round(until / whole * _SLOTS) - len(signs))
    connection.register("given_slots", pa.table({"slot": list(range(_SLOTS)), "sign": signs}))
    connection.execute(f"CREATE TABLE {name} AS SELECT * FROM given_slots")
    connection.unregister("given_slots")


def _unified() -> str:
    every = [f"{d}.{name}" for d, name in DEPARTMENTS.items()]
    attributes = "".join(f"      {f}: {{from: [{', '.join(f'{r}.{f}' for r in every)}]}}\n" for f in _FIELDS)
    compared = ", ".join(f"{name}: {kind}" for name, kind in _FIELDS.items())
    return (
        'division: {code_list: divisions, home: "370200"}\nentities:\n  person:\n    label: {zh: 自然人, en: Person}\n    key: resident_id\n'
        "    resources: {police.resident: id_no, insurance.member: id_no, library.card: null}\n"
        f"    link:\n      compare: {{{compared}}}\n    attributes:\n{attributes}"
    )
