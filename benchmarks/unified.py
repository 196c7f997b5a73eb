"""Unify a city of millions of people: records and models of six departments in full, then a night in which 1 % of the rows change.

    python -m benchmarks.unified                              # 5 million people, at 1/8, 1/4, 1/2 and 1 of them: 1, 2, 4 and 8 times 625,000
    python -m benchmarks.unified --people 80000 --sizes 1,2   # smaller

Rows are written straight into a lake of its own, so that only what is measured takes time. Each step is a process of its own, whose greatest resident
set the kernel tells; `computed` is the share of the people whose rows were computed anew. At the end a full rebuild must find every row as the increment
left it, or the command fails.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.steps import measured, workplace
from contracts.identifiers.resident_id import widen_sql
from contracts.quoting import ident
from pipeline.models.run import run_models
from pipeline.models.runs import FULL, UNCHANGED, ModelRun
from pipeline.records.step import sync_records
from pipeline.workplace import Workplace
from warehouse.lake import commit, open_lake
from warehouse.tables import ensure_platform, ensure_table

DEPARTMENTS = ("police", "insurance", "education", "health", "housing", "disabled")
_FIELDS = ("name", "gender", "division_code", "address", "phone")
FIRST = datetime(2020, 5, 3, 18, tzinfo=UTC)
# how many of a hundred rows change in the second night
_CHANGED = 1

_CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: {id}.person
name: person
version: 1.0.0
status: active
domain: {id}
team: {{name: data office, members: [{{username: someone, role: owner}}]}}
servers: [{{server: {id}_system, type: custom}}]
slaProperties: [{{property: frequency, value: 1, unit: d}}, {{property: latency, value: 12, unit: h}}]
customProperties:
  - {{property: loadMode, value: merge}}
  - {{property: shareType, value: unconditional}}
  - {{property: resourceCode, value: "30610{code}001/1"}}
  - {{property: format, value: 数据库}}
  - {{property: shareWay, value: database}}
schema:
  - name: person
    businessName: person
    description: One row a person.
    properties:
      - {{name: number, logicalType: string, primaryKey: true}}
      - {{name: id_no, logicalType: string, semanticType: resident_id}}
      - {{name: name, logicalType: string}}
      - {{name: gender, logicalType: string}}
      - {{name: division_code, logicalType: string}}
      - {{name: address, logicalType: string}}
      - {{name: phone, logicalType: string}}
"""


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--people", type=int, default=5_000_000, help="people of the largest size")
    words.add_argument("--sizes", default="1,2,4,8", help="in shares of the largest of these")
    words.add_argument(
        "--home", type=Path, default=Path("var/benchmarks/unified"), help="folder of the lake; removed before and after"
    )
    words.add_argument("--step", help=argparse.SUPPRESS)
    told = words.parse_args()
    if told.step:
        print(json.dumps(_STEPS[told.step](workplace(told.home), told.people)))
        return
    sizes = [int(text) for text in told.sizes.split(",")]
    heading = ("people", "rows", "step", "seconds", "cpu", "peak MiB", "written", "computed")
    print("| " + " | ".join(heading) + " |\n|" + "---:|" * len(heading), flush=True)
    for size in sizes:
        people = told.people * size // max(sizes)
        shutil.rmtree(told.home, ignore_errors=True)
        _write_city(told.home / "city")
        for step in _STEPS:
            done = measured("benchmarks.unified", told.home, people, step)
            row = (
                f"{people:,}",
                f"{people * len(DEPARTMENTS):,}",
                step,
                *(done[name] for name in ("seconds", "cpu", "peak", "written", "computed")),
            )
            print("| " + " | ".join(map(str, row)) + " |", flush=True)
        shutil.rmtree(told.home, ignore_errors=True)


def _make(place: Workplace, people: int) -> dict[str, object]:
    """Every department's table, each with its own spelling of one address in twenty."""
    return _timed(lambda: sum(_rows(place, n, id, people, FIRST, changed=False) for n, id in enumerate(DEPARTMENTS)))


def _change(place: Workplace, people: int) -> dict[str, object]:
    """The night after: the same hundredth of the people has a new telephone number, and tells every department."""
    later = FIRST + timedelta(days=1)
    return _timed(lambda: sum(_rows(place, n, id, people, later, changed=True) for n, id in enumerate(DEPARTMENTS)))


def _records(place: Workplace, people: int) -> dict[str, object]:
    return _timed(lambda: sum(sync_records(place, settled=True).values()))


def _models(place: Workplace, people: int, *, full: bool = False) -> dict[str, object]:
    """`computed` is the share of the people whose rows were computed, in the model that computed most."""
    runs: list[ModelRun] = []

    def work() -> int:
        runs.extend(run_models(place, FIRST + timedelta(days=2), full=full))
        return sum(run.inserted + run.deleted for run in runs)

    done = _timed(work)
    of_each = [{FULL: people, UNCHANGED: 0}.get(run.kind, run.changed or 0) for run in runs]
    return {**done, "computed": f"{max(of_each) / people:.2%}"}


def _again(place: Workplace, people: int) -> dict[str, object]:
    done = _models(place, people, full=True)
    if done["written"] != "0":
        raise SystemExit(f"a full rebuild finds {done['written']} rows that the increment left otherwise")
    return done


_STEPS = {
    "make the rows": _make, "records in full": _records, "models in full": _models, "change 1 %": _change,
    "records of 1 %": lambda place, people: _records(place, people), "models of 1 %": lambda place, people: _models(place, people),
    "models in full again": _again,
}  # fmt: skip


def _timed(work: Callable[[], int]) -> dict[str, object]:
    start, cpu = time.perf_counter(), time.process_time()
    written = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {
        "seconds": round(time.perf_counter() - start, 1),
        "cpu": round(time.process_time() - cpu, 1),
        "peak": peak,
        "written": f"{written:,}",
        "computed": "",
    }


def _rows(place: Workplace, number: int, department: str, people: int, start: datetime, *, changed: bool) -> int:
    about = place.city.resource(f"{department}.person")
    table = ident("lake", department, "person")
    connection = open_lake(place.settings, timezone="Asia/Shanghai")
    old_id = "'370202' || strftime(DATE '1920-01-01' + CAST((i // 10) % 28000 AS INTEGER), '%y%m%d') || lpad(CAST((i // 280000) * 10 + i % 10 AS VARCHAR), 3, '0')"
    which = f"i % 100 < {_CHANGED}" if changed else "true"
    values = f"""
        SELECT '{department}' || lpad(CAST(i AS VARCHAR), 9, '0') AS number, {widen_sql("old")} AS id_no,
            '王李张刘陈杨黄赵'[1 + i % 8] || '伟芳娜敏静秀丽强磊洋'[1 + (i // 8) % 10] || '国文红军平华明霞'[1 + (i // 80) % 8] AS name,
            CAST(1 + i % 2 AS VARCHAR) AS gender, CAST(370202 + i % 3 AS VARCHAR) AS division_code,
            CASE WHEN hash(i, {number}) % 20 = 0 THEN '青岛市' ELSE '' END || '市南区香港中路' || (i % 900) || '号' || (i % 30) || '号楼' || (i % 1700) || '户' AS address,
            '13' || lpad(CAST(hash(i{", 2" if changed else ""}) % 1000000000 AS VARCHAR), 9, '0') AS phone,
            TIMESTAMPTZ '{start.isoformat()}' AS _interval_start, 'run' AS _run_id
        FROM (SELECT i, {old_id} AS old FROM range({people}) AS t(i) WHERE {which})"""

    def work() -> int:
        ensure_platform(connection)
        ensure_table(connection, about)
        if changed:
            connection.execute(f"DELETE FROM {table} WHERE CAST(substr(number, -9) AS BIGINT) % 100 < {_CHANGED}")
        row = connection.execute(f"INSERT INTO {table} BY NAME {values}").fetchone()
        return int(row[0]) if row else 0

    try:
        return commit(connection, place.settings, work, f"{department}.person")
    finally:
        connection.close()


def _write_city(folder: Path) -> None:
    (folder / "contracts").mkdir(parents=True)
    (folder / "city.yaml").write_text(
        "id: bench\nname: {en: Bench, zh: 测试市}\ntimezone: Asia/Shanghai\nschedule: '0 2 * * *'\nstart: 2020-05-04\n",
        encoding="utf-8",
    )
    people = "".join(f"- {{id: {d}, name: {d}, credit_code: x, contact: {d}.data}}\n" for d in DEPARTMENTS)
    (folder / "departments.yaml").write_text(people, encoding="utf-8")
    systems = "".join(
        f"- {{id: {d}_system, department: {d}, name: {d}, connector: database, connection: {{url: x}}}}\n"
        for d in DEPARTMENTS
    )
    (folder / "systems.yaml").write_text(systems, encoding="utf-8")
    for n, department in enumerate(DEPARTMENTS):
        path = folder / "contracts" / department / "person.yaml"
        path.parent.mkdir()
        path.write_text(_CONTRACT.format(id=department, code=n), encoding="utf-8")
    (folder / "code_lists").mkdir()
    (folder / "code_lists" / "divisions.csv").write_text(
        "code,name,valid_from,valid_to,successor\n370000,山东省,,,\n370200,青岛市,,,\n370202,市南区,,,\n",
        encoding="utf-8",
    )
    compares = {"address": ", compare: address", "phone": ", compare: text", "name": ", compare: text"}
    attributes = "".join(
        f"      {f}: {{from: [{', '.join(f'{d}.person.{f}' for d in DEPARTMENTS)}]{compares.get(f, '')}}}\n"
        for f in _FIELDS
    )
    feeds = ", ".join(f"{d}.person: id_no" for d in DEPARTMENTS)
    (folder / "unified.yaml").write_text(
        'division: {code_list: divisions, home: "370200"}\nentities:\n  person:\n    label: {zh: 自然人, en: Person}\n    key: resident_id\n'
        f"    resources: {{{feeds}}}\n    attributes:\n{attributes}", encoding="utf-8",
    )  # fmt: skip


if __name__ == "__main__":
    main()
