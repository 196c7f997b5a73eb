"""The table every tool reads: residents and their licences, 20 columns, in each kind of source. Rows follow from their number alone; one in 200 breaks exactly one rule.

Each source is made in a process of its own, for a process that was large once counts as large for every child it starts.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import duckdb
from stdnum.cn import uscc

from contracts.identifiers import resident_id
from contracts.quoting import literal

ROWS_BETWEEN_FAULTS = 200
CHANGED_FROM = "2020-05-05 12:00:00"
"""The watermark of rows that changed after the first load, one in a hundred, none of them faulty."""
COLUMNS = {
    "证照编号": "varchar(20)", "公民身份号码": "varchar(18)", "姓名": "varchar(60)", "性别": "varchar(3)", "出生日期": "date",
    "电话": "varchar(20)", "住址": "varchar(200)", "行政区划": "varchar(6)", "统一社会信用代码": "varchar(18)", "企业名称": "varchar(100)",
    "类型": "varchar(3)", "发证日期": "date", "有效期至": "date", "费用": "decimal(12,2)", "面积": "double precision", "人数": "integer",
    "是否有效": "boolean", "状态": "varchar(10)", "更新时间": "timestamp", "备注": "varchar(200)",
}  # fmt: skip


def make_source(kind: str, where: str, rows: int) -> None:
    """Make the table as a file at `where`, or in the empty database at that URL (`postgresql`, `mariadb`)."""
    match kind:
        case "parquet":
            _write(Path(where), rows, "(FORMAT parquet, COMPRESSION zstd)")
        case "csv":
            _write(Path(where), rows, "(FORMAT csv, HEADER)", dates_as_people_write_them=True)
        case "gb18030":
            plain = Path(where).with_suffix(".utf8")
            _write(plain, rows, "(FORMAT csv, HEADER)", dates_as_people_write_them=True)
            with Path(where).open("wb") as file:
                subprocess.run(["iconv", "-f", "UTF-8", "-t", "GB18030", str(plain)], stdout=file, check=True)
            plain.unlink()
        case "postgresql":
            _fill_postgres(where, rows)
        case _:
            _fill_mariadb(where, rows)


def change_one_in_a_hundred(postgres_url: str) -> int:
    """Change rows in PostgreSQL after the first load; returns how many."""
    import psycopg

    with psycopg.connect(postgres_url) as connection:
        cursor = connection.execute(
            f"UPDATE licence SET 更新时间 = {literal(CHANGED_FROM)}, 费用 = 费用 + 1 WHERE substr(证照编号, 12, 2) = '07'"
        )
        return cursor.rowcount


def _fill_postgres(url: str, rows: int) -> None:
    import psycopg

    columns = ", ".join(f'"{name}" {type}' for name, type in COLUMNS.items())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE licence ({columns})")
        with (
            _as_lines(rows) as lines,
            connection.cursor().copy("COPY licence FROM STDIN (FORMAT csv, NULL '\\N')") as copy,
        ):
            assert lines.stdout is not None
            while block := lines.stdout.read(1 << 20):
                copy.write(block)
        connection.execute("ALTER TABLE licence ADD PRIMARY KEY (证照编号)")
        connection.execute("CREATE INDEX ON licence (更新时间)")
        connection.execute("VACUUM ANALYZE licence")


def _fill_mariadb(url: str, rows: int) -> None:
    import pymysql
    import sqlalchemy as sa

    at = sa.make_url(url)
    kinds = {name: "datetime(6)" if type == "timestamp" else type for name, type in COLUMNS.items()}
    columns = ", ".join(f"`{name}` {type}" for name, type in kinds.items())
    connection = pymysql.connect(
        host=at.host, port=at.port or 3306, user=at.username, database=at.database, local_infile=True, charset="utf8mb4"
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE licence ({columns}, PRIMARY KEY (`证照编号`))")
        with _as_lines(rows) as lines:
            assert lines.stdout is not None
            cursor.execute(
                f"LOAD DATA LOCAL INFILE '/dev/fd/{lines.stdout.fileno()}' INTO TABLE licence CHARACTER SET utf8mb4 "
                "FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"'"
            )
        connection.commit()


def _as_lines(rows: int) -> subprocess.Popen[bytes]:
    """The rows as CSV without a heading, NULL as \\N and truth as 1 and 0, from a process of its own."""
    import sys

    program = f"from benchmarks.licence_table import _write; _write('/dev/stdout', {rows}, \"(FORMAT csv, HEADER false, NULLSTR '\\\\N')\", truth_as_a_digit=True)"
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)


def _credit_code(number: int) -> str:
    """A sound code: the organisation code inside has its own check character (GB 11714)."""
    organisation = f"MA3{number:05d}"
    total = sum(weight * int(sign, 36) for weight, sign in zip((3, 7, 9, 10, 5, 8, 4, 2), organisation, strict=True))
    body = f"91370202{organisation}{'0123456789X0'[(11 - total % 11) % 11]}"
    return body + uscc.calc_check_digit(body)


def _write(
    path: Path | str, rows: int, form: str, *, dates_as_people_write_them: bool = False, truth_as_a_digit: bool = False
) -> None:
    firms = [_credit_code(n) for n in range(1000)]
    old_id = "'37020' || (2 + i % 2) || strftime(born, '%y%m%d') || lpad((i % 1000)::VARCHAR, 3, '0')"
    issued = "strftime(issued, '%Y年%-m月%-d日')" if dates_as_people_write_them else "issued"
    truth = "(i % 3 = 0)::INTEGER" if truth_as_a_digit else "i % 3 = 0"
    fault = f"CASE WHEN i % {ROWS_BETWEEN_FAULTS} = 0 THEN (i // {ROWS_BETWEEN_FAULTS}) % 5 ELSE -1 END"
    connection = duckdb.connect(config={"memory_limit": "1GiB", "threads": 2})
    connection.execute("SET TimeZone = 'Asia/Shanghai'; SET enable_progress_bar = false")
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
                chr((65 + i % 26)::INTEGER) || lpad((i % 100)::VARCHAR, 2, '0') AS 类型, {issued} AS 发证日期,
                CASE WHEN fault = 3 THEN issued - 1 ELSE issued + 1825 END AS 有效期至,
                CASE WHEN fault = 4 THEN -1 ELSE (i % 1000000) / 100 END :: DECIMAL(12, 2) AS 费用, (i % 5000) * 1.25 :: DOUBLE AS 面积, i % 900 AS 人数,
                {truth} AS 是否有效, ['有效', '注销', '过期'][1 + i % 3] AS 状态, TIMESTAMP '2020-05-01 00:00:00' + to_seconds(i % 250000) AS 更新时间,
                CASE WHEN i % 10 = 0 THEN '备注 ' || i END AS 备注
            FROM people) TO {literal(path)} {form}""")
    connection.close()
