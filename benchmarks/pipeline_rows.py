"""How long a night takes for one large resource, and how much memory: each step in a process of its own, beside a plain copy by DuckDB.

    python -m benchmarks.pipeline_rows --rows 5000000 [--source csv_files] [--home DIR] [--keep]

The table is like the sample city's: 20 columns of residents and their licences, half a per cent of the rows wrong, 24 rules. What the steps take
is told as a ratio to one `COPY` of the same source file to Parquet, by DuckDB alone with the same threads and memory, in the same run; the ratio
of processor time says what it is worth on a machine that is busy with something else. Ends with 1 where a step needs more memory than the limit, or the accounts are not those of the faults put in.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
from stdnum.cn import uscc

from contracts.identifiers import resident_id
from contracts.quoting import literal

RSS_LIMIT_MIB = 1536
RATIO_WANTED = 4.0
ROWS_BETWEEN_FAULTS = 200
DAY = date(2020, 5, 4)
RESOURCE = "approval.licence"

_CITY = """
id: benchmark
name: {en: Benchmark, zh: 基准}
timezone: Asia/Shanghai
schedule: "0 2 * * *"
start: 2020-05-04
"""
_SYSTEMS = """
- {id: licences, department: approval, name: {en: Licence store, zh: 证照库}, connector: KIND, connection: {root: "${LANDBRIDGE_SOURCES}"}}
"""
_CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: approval.licence
name: 证照 Licences
version: 1.0.0
status: active
domain: approval
team: {name: licences, members: [{username: bench, role: owner}]}
servers: [{server: licences, type: custom}]
slaProperties: [{property: frequency, value: 1, unit: d}]
customProperties:
  - {property: loadMode, value: MODE}
  - {property: quarantineLimit, value: 0.05}
  - {property: expectedRows, value: {min: 1}}
  - {property: shareType, value: unconditional}
  - {property: resourceCode, value: "3061000/1"}
  - {property: format, value: 电子文件}
  - {property: shareWay, value: file}
schema:
  - name: licence
    physicalName: licences.EXTENSION
    businessName: 证照信息
    description: One row a licence.
    properties:
      - {name: licence_no, physicalName: 证照编号, logicalType: string, primaryKey: true, logicalTypeOptions: {maxLength: 20}}
      - {name: resident_id, physicalName: 公民身份号码, logicalType: string, semanticType: resident_id, classification: sensitive}
      - {name: name, physicalName: 姓名, logicalType: string, semanticType: person_name, required: true}
      - {name: gender, physicalName: 性别, logicalType: string, semanticType: gender}
      - {name: birth_date, physicalName: 出生日期, logicalType: date, logicalTypeOptions: {minimum: "1890-01-01"}}
      - {name: phone, physicalName: 电话, logicalType: string, semanticType: phone}
      - {name: address, physicalName: 住址, logicalType: string, logicalTypeOptions: {maxLength: 200}}
      - name: division_code
        physicalName: 行政区划
        logicalType: string
        semanticType: division_code
        quality:
          - type: custom
            engine: greatExpectations
            severity: error
            implementation: {type: expect_column_values_to_be_in_code_list, kwargs: {code_list: divisions}}
      - {name: credit_code, physicalName: 统一社会信用代码, logicalType: string, semanticType: credit_code}
      - {name: firm_name, physicalName: 企业名称, logicalType: string}
      - {name: kind, physicalName: 类型, logicalType: string, logicalTypeOptions: {pattern: "[A-Z][0-9]{2}"}}
      - {name: issued_on, physicalName: 发证日期, logicalType: date, required: true}
      - {name: expires_on, physicalName: 有效期至, logicalType: date}
      - {name: fee, physicalName: 费用, logicalType: number, physicalType: "decimal(12,2)", logicalTypeOptions: {minimum: 0}}
      - {name: area, physicalName: 面积, logicalType: number}
      - {name: staff, physicalName: 人数, logicalType: integer, logicalTypeOptions: {minimum: 0, maximum: 100000}}
      - {name: active, physicalName: 是否有效, logicalType: boolean}
      - {name: status, physicalName: 状态, logicalType: string}
      - {name: updated_at, physicalName: 更新时间, logicalType: timestamp, required: true}
      - {name: remark, physicalName: 备注, logicalType: string}
    quality:
      - type: custom
        engine: greatExpectations
        severity: error
        implementation: {type: expect_column_pair_values_a_to_be_greater_than_b, kwargs: {column_A: expires_on, column_B: issued_on, or_equal: true}}
"""


@dataclass(frozen=True)
class Measured:
    step: str
    seconds: float
    cpu: float
    rss_mib: float


def main() -> int:
    options = _options()
    if options.step:
        _run_step(options.step, options.handed)
        return 0
    home = Path(options.home or tempfile.mkdtemp(prefix="landbridge-benchmark-"))
    try:
        return _measure(home, options.rows, options.source, options.mode)
    finally:
        if not options.keep and not options.home:
            shutil.rmtree(home, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time and memory of one large resource's night")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--source", choices=("parquet_files", "csv_files"), default="parquet_files")
    parser.add_argument("--mode", choices=("merge", "snapshot"), default="snapshot")
    parser.add_argument("--home", help="folder to work in; kept, and a source in it is used again")
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder")
    parser.add_argument("--step", choices=("copy", "extract", "validate", "load"), help=argparse.SUPPRESS)
    parser.add_argument("--handed", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(home: Path, rows: int, kind: str, mode: str) -> int:
    source = home / "sources" / f"licences.{'csv' if kind == 'csv_files' else 'parquet'}"
    if not source.exists():
        _make_source(source, rows)
    _write_city(home / "city", kind, mode, source.suffix[1:])
    environment = {
        **os.environ, "LANDBRIDGE_HOME": str(home / "var"), "LANDBRIDGE_CITY": str(home / "city"), "LANDBRIDGE_SOURCES": str(source.parent),
    }  # fmt: skip
    shutil.rmtree(home / "var", ignore_errors=True)
    _in_a_process("copy", environment, str(source))  # once for the file cache
    copied, _ = _in_a_process("copy", environment, str(source))
    measured, handed = [], ""
    for step in ("extract", "validate", "load"):
        figures, handed = _in_a_process(step, environment, handed)
        measured.append(figures)
    return _report(rows, source, copied, measured, handed)


def _report(rows: int, source: Path, copied: Measured, measured: list[Measured], accounts: str) -> int:
    total, cpu = sum(m.seconds for m in measured), sum(m.cpu for m in measured)
    print(
        f"{rows:,} rows x 20 columns, {source.name} {source.stat().st_size / 2**20:,.0f} MiB, {os.cpu_count()} CPUs, DuckDB {duckdb.__version__}"
    )
    print(f"{'step':<16}{'seconds':>9}{'ratio':>8}{'CPU s':>9}{'CPU ratio':>11}{'rows/s':>12}{'max RSS MiB':>13}")
    lines = [copied, *measured, Measured("the three steps", total, cpu, max(m.rss_mib for m in measured))]
    for m in lines:
        ratios = f"{m.seconds:>9.1f}{m.seconds / copied.seconds:>8.1f}{m.cpu:>9.1f}{m.cpu / copied.cpu:>11.1f}"
        print(f"{m.step:<16}{ratios}{rows / m.seconds:>12,.0f}{m.rss_mib:>13,.0f}")
    print(accounts)
    faults = (rows + ROWS_BETWEEN_FAULTS - 1) // ROWS_BETWEEN_FAULTS
    sound = f"extracted {rows}, accepted {rows - faults}, quarantined {faults}"
    problems = [
        f"{m.step}: {m.rss_mib:,.0f} MiB, limit {RSS_LIMIT_MIB:,}" for m in measured if m.rss_mib > RSS_LIMIT_MIB
    ]
    if accounts != sound:
        problems.append(f"the accounts should be: {sound}")
    if total / copied.seconds > RATIO_WANTED:
        print(f"note: {total / copied.seconds:.1f} times a plain copy, wanted under {RATIO_WANTED}")
    print("\n".join(problems) or "memory and accounts as they should be")
    return 1 if problems else 0


def _in_a_process(step: str, environment: dict[str, str], handed: str) -> tuple[Measured, str]:
    """Run one step alone: wall time without Python's start, greatest resident memory, and what it hands on."""
    command = [sys.executable, "-m", "benchmarks.pipeline_rows", "--step", step, "--handed", handed]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = process.stdout.read().strip().splitlines()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{step} failed")
    seconds, _, result = lines[-1].partition(" ")
    return Measured(
        "plain copy" if step == "copy" else step,
        float(seconds),
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / 1024,
    ), result


def _run_step(step: str, handed: str) -> None:
    """What the child does; imports are part of a task's time, as they are in Airflow."""
    started = time.monotonic()
    result = _plain_copy(Path(handed)) if step == "copy" else _pipeline_step(step, handed)
    print(f"{time.monotonic() - started:.3f} {result}")


def _plain_copy(source: Path) -> str:
    from contracts.settings import Settings
    from warehouse.engine import open_engine

    connection = open_engine(Settings.from_environment(), "Asia/Shanghai")
    reader = "read_csv" if source.suffix == ".csv" else "read_parquet"
    target = source.parent.parent / "copy.parquet"
    connection.execute(
        f"COPY (SELECT * FROM {reader}({literal(source)})) TO {literal(target)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
    )
    target.unlink()
    return ""


def _pipeline_step(step: str, handed: str) -> str:
    from contracts.interval import interval_starting_on
    from pipeline import night
    from pipeline.workplace import Workplace

    place = Workplace.open()
    interval = interval_starting_on(DAY, "0 2 * * *", place.city.timezone)
    observed = interval.end + timedelta(minutes=10)
    if step == "extract":
        return night.extract(RESOURCE, interval, observed_at=observed, place=place)
    if step == "validate":
        return night.validate(RESOURCE, interval, handed, observed_at=observed, place=place)
    run = night.load(RESOURCE, interval, handed, observed_at=observed, place=place)
    return f"extracted {run.extracted}, accepted {run.accepted}, quarantined {run.quarantined}"


def _write_city(folder: Path, kind: str, mode: str, extension: str) -> None:
    files = {
        "city.yaml": _CITY, "departments.yaml": "- {id: approval, name: 审批局, contact: bench}\n",
        "systems.yaml": _SYSTEMS.replace("KIND", kind), "contracts/approval/licence.yaml": _CONTRACT.replace("MODE", mode).replace("EXTENSION", extension),
        "code_lists/divisions.csv": "code,name\n" + "".join(f"{code},x\n" for code in (370202, 370203, 370211, 370212, 370213, 370281)),
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def _credit_code(number: int) -> str:
    """A sound code: the organisation code inside has its own check character (GB 11714)."""
    organisation = f"MA3{number:05d}"
    total = sum(weight * int(sign, 36) for weight, sign in zip((3, 7, 9, 10, 5, 8, 4, 2), organisation, strict=True))
    body = f"91370202{organisation}{'0123456789X0'[(11 - total % 11) % 11]}"
    return body + uscc.calc_check_digit(body)


def _make_source(path: Path, rows: int) -> None:
    """Rows that follow from their number alone. One in 200 breaks exactly one rule, a different one in turn."""
    path.parent.mkdir(parents=True, exist_ok=True)
    firms = [_credit_code(n) for n in range(1000)]
    old_id = "'37020' || (2 + i % 2) || strftime(born, '%y%m%d') || lpad((i % 1000)::VARCHAR, 3, '0')"
    written = "strftime(issued, '%Y年%-m月%-d日')" if path.suffix == ".csv" else "issued"
    fault = f"CASE WHEN i % {ROWS_BETWEEN_FAULTS} = 0 THEN (i // {ROWS_BETWEEN_FAULTS}) % 5 ELSE -1 END"
    connection = duckdb.connect(config={"memory_limit": "1GiB", "threads": 2})
    connection.execute("SET TimeZone = 'Asia/Shanghai'")
    options = "(FORMAT csv, HEADER)" if path.suffix == ".csv" else "(FORMAT parquet, COMPRESSION zstd)"
    connection.execute(f"""
        COPY (
            WITH numbered AS (
                SELECT i, {fault} AS fault, DATE '1940-01-01' + ((i * 7919) % 21000)::INTEGER AS born, DATE '2015-01-01' + (i % 1900)::INTEGER AS issued
                FROM range({rows}) AS t(i)),
            people AS (SELECT *, {resident_id.widen_sql(f"({old_id})")} AS id FROM numbered)
            SELECT 'L' || lpad(i::VARCHAR, 12, '0') AS 证照编号,
                CASE WHEN fault = 0 THEN substr(id, 1, 17) || CASE WHEN id[18] = '1' THEN '2' ELSE '1' END ELSE id END AS 公民身份号码,
                CASE WHEN fault <> 1 THEN ['张伟', '王芳', '李娜', '买买提·艾力', '欧阳锟'][1 + i % 5] || (i % 97) END AS 姓名,
                CASE WHEN i % 2 = 0 THEN '男' ELSE '女' END AS 性别, born AS 出生日期, '138' || lpad((i % 100000000)::VARCHAR, 8, '0') AS 电话,
                ' 青岛市市南区香港中路' || (i % 500) || '号' || (i % 31) || '室 ' AS 住址,
                CASE WHEN fault = 2 THEN '999999' ELSE ['370202', '370203', '370211', '370281'][1 + i % 4] END AS 行政区划,
                string_split({literal(",".join(firms))}, ',')[1 + i % 1000] AS 统一社会信用代码, '青岛海风' || (i % 100000) || '有限公司' AS 企业名称,
                chr((65 + i % 26)::INTEGER) || lpad((i % 100)::VARCHAR, 2, '0') AS 类型, {written} AS 发证日期,
                CASE WHEN fault = 3 THEN issued - 1 ELSE issued + 1825 END AS 有效期至,
                CASE WHEN fault = 4 THEN -1 ELSE (i % 1000000) / 100 END :: DECIMAL(12, 2) AS 费用, (i % 5000) * 1.25 :: DOUBLE AS 面积, i % 900 AS 人数,
                i % 3 = 0 AS 是否有效, ['有效', '注销', '过期'][1 + i % 3] AS 状态, TIMESTAMP '2020-05-01 00:00:00' + to_seconds(i % 250000) AS 更新时间,
                CASE WHEN i % 10 = 0 THEN '备注 ' || i END AS 备注
            FROM people) TO {literal(path)} {options}""")
    connection.close()


if __name__ == "__main__":
    sys.exit(main())
