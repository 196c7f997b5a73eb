"""How long a night takes for one large resource, and how much memory, beside other tools and a floor – all of them in one run.

    python -m benchmarks.pipeline_rows [--rows 5000000] [--source postgresql …] [--tool pandas …] [--home DIR] [--write-docs]

The pipeline is the whole of it: extract, land, standardise, 24 rules, quarantine, commit. The other tools (rivals.py) extract and write, and check nothing. The floor reads the
source and lets the rows go: `COPY … (FORMAT binary)` by psql, an unbuffered SELECT by MariaDB's client, DuckDB's reader for files. Into PostgreSQL's table
comes a change of one row in a hundred, and the increment is measured too. Each step and each tool has a process of its own; servers are
not counted in its memory. Each source's figures go as one line into LANDBRIDGE_HOME/benchmarks/results.jsonl.
Ends with 1 where a step needs more memory than the limit, or the accounts are not those of the faults put in.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks.alone import busy_seconds, processor_seconds, wait_until_calm
from benchmarks.figures import Measured, append, latest, machine, show, versions, write_docs

ROOT = Path(__file__).resolve().parents[1]
RIVALS = ROOT / ".venv" / "rivals" / "bin" / "python"
RSS_LIMIT_MIB = 1536
DAY = date(2020, 5, 4)
RESOURCE = "approval.licence"
STEPS = ("extract", "validate", "load")
FILES = {"duckdb-read": "floor", "duckdb-copy": "DuckDB to Parquet", "dlt": "dlt", "pandas": "pandas"}
DATABASE = {"dlt-connectorx": "dlt, ConnectorX", "dlt-pyarrow": "dlt, pyarrow", "pandas": "pandas"}
TOOLS = {
    "postgresql": {**DATABASE, "dlt-adbc": "dlt, ADBC", "dlt-merge": "dlt, into DuckDB"},
    "mariadb": DATABASE, "csv": FILES, "gb18030": FILES, "parquet": FILES,
}  # fmt: skip


@dataclass(frozen=True)
class Bench:
    """One source, made, and where everything is kept while it is measured."""

    source: str
    where: str
    rows: int
    home: Path
    server: int
    patience: float

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ, "LANDBRIDGE_HOME": str(self.home / "var"), "LANDBRIDGE_CITY": str(self.home / "city"),
            "LANDBRIDGE_SOURCES": str(self.home / "sources"), "PYTHONPATH": str(ROOT),
        }  # fmt: skip


def main() -> int:
    options = _options()
    if options.step:
        _run_step(options.step, options.handed)
        return 0
    results = Path(os.environ.get("LANDBRIDGE_HOME") or "var").absolute() / "benchmarks" / "results.jsonl"
    problems: list[str] = []
    for source in options.source or ([] if options.write_docs else list(TOOLS)):
        home = Path(options.home or tempfile.mkdtemp(prefix="landbridge-benchmark-"))
        try:
            problems += _measure(home, source, options, results)
        finally:
            if not options.home:
                shutil.rmtree(home, ignore_errors=True)
    if options.write_docs:
        write_docs(latest(results), ROOT / "docs")
        if not options.source:
            return 0
    print("\n".join(problems) or "memory and accounts as they should be")
    return 1 if problems else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time and memory of one large resource's night")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--source", choices=list(TOOLS), nargs="*", help="all without")
    every = sorted({tool for tools in TOOLS.values() for tool in tools})
    parser.add_argument(
        "--tool", choices=every, nargs="*", help="what to measure beside the pipeline and the floor; all without"
    )
    parser.add_argument("--mode", choices=("merge", "snapshot"), help="merge for postgresql, otherwise snapshot")
    parser.add_argument("--home", help="folder to work in; kept, and a file made in it is used again")
    parser.add_argument(
        "--calm", type=float, default=0, help="wait up to so many seconds before each process until the machine is idle"
    )
    parser.add_argument(
        "--write-docs",
        action="store_true",
        help="write docs/benchmarks.md from the newest figures; measures nothing but what --source names",
    )
    parser.add_argument("--step", choices=("source", "change", *STEPS), help=argparse.SUPPRESS)
    parser.add_argument("--handed", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(home: Path, source: str, options: argparse.Namespace, results: Path) -> list[str]:
    from benchmarks.licence_city import write_city

    mode = options.mode or ("merge" if source == "postgresql" else "snapshot")
    with _server(source, home) as (where, server):
        write_city(home / "city", source, mode, where)
        bench = Bench(source, where, options.rows, home, server, options.calm)
        if "://" in where or not Path(where).exists():
            _step(bench, "source", f"{source} {where} {options.rows}")
        load = os.getloadavg()[0]
        wanted = [t for t in TOOLS[source] if options.tool is None or t in options.tool or t == "duckdb-read"]
        measured = []
        for m in _all(bench, wanted, mode):
            print(f"{source}, {m.tool} {m.step}: {m.seconds:.1f} s, others {m.others:.2f} CPUs", file=sys.stderr)
            measured.append(m)
    record = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"), "source": source, "rows": options.rows, "mode": mode, "load": round(load, 2),
        "machine": machine(), "versions": versions(RIVALS, source), "measured": [vars(m) for m in measured],
    }  # fmt: skip
    append(results, record)
    print(show(record), flush=True)
    return _problems(measured, source, options.rows)


def _all(bench: Bench, tools: list[str], mode: str) -> Iterator[Measured]:
    is_file = "://" not in bench.where
    # once for the cache of files and of the server
    _rival(bench, "duckdb-read", "") if is_file else _client(bench)
    if not is_file:
        yield _client(bench)
    yield from _night(bench, DAY, "pipeline")
    for tool in tools:
        yield _rival(bench, tool, TOOLS[bench.source][tool])
    if bench.source == "postgresql" and mode == "merge":
        from benchmarks.licence_table import CHANGED_FROM

        _step(bench, "change", bench.where)
        yield replace(_client(bench, f"WHERE 更新时间 >= '{CHANGED_FROM}'"), tool="floor, increment")
        yield from _night(bench, DAY + timedelta(days=1), "pipeline, increment")
        if "dlt-merge" in tools:
            yield _rival(bench, "dlt-merge", "dlt, increment", "--since", "2020-05-05T01:00:00")
    shutil.rmtree(bench.home / "rivals", ignore_errors=True)


def _night(bench: Bench, day: date, name: str) -> Iterator[Measured]:
    """The three tasks of a night; what the pipeline takes is their sum."""
    if name == "pipeline":
        shutil.rmtree(bench.home / "var", ignore_errors=True)
    parts, handed = [], ""
    for step in STEPS:
        figures, handed = _step(bench, step, f"{day} {handed}")
        parts.append(replace(figures, tool=name, step=step))
    yield from parts
    total = [sum(p.seconds for p in parts), sum(p.cpu for p in parts), max(p.rss_mib for p in parts)]
    busiest = max(p.others for p in parts)
    yield Measured(name, "", *total, handed, busiest)


def _problems(measured: list[Measured], source: str, rows: int) -> list[str]:
    from benchmarks.licence_table import ROWS_BETWEEN_FAULTS

    faults = (rows + ROWS_BETWEEN_FAULTS - 1) // ROWS_BETWEEN_FAULTS
    changed = sum(1 for _ in range(7, rows, 100))
    due = {
        "pipeline": f"extracted {rows}, accepted {rows - faults}, quarantined {faults}",
        "pipeline, increment": f"extracted {changed}, accepted {changed}, quarantined 0",
    }
    problems = [
        f"{source}, {m.tool} {m.step}: {m.rss_mib:,.0f} MiB, limit {RSS_LIMIT_MIB:,}"
        for m in measured
        if m.tool in due and m.step and m.rss_mib > RSS_LIMIT_MIB
    ]
    for m in measured:
        wanted = "" if m.step else due.get(m.tool, "" if m.tool.startswith("floor") else str(rows))
        if wanted and m.result != wanted:
            problems.append(f"{source}, {m.tool}: {m.result}; it should be: {wanted}")
    return problems


@contextmanager
def _server(source: str, home: Path) -> Iterator[tuple[str, int]]:
    """Where the source lies or will lie, and the process of its database, which runs as long."""
    from benchmarks.licence_city import table_name

    if source not in ("postgresql", "mariadb"):
        (home / "sources").mkdir(parents=True, exist_ok=True)
        yield str(home / "sources" / table_name(source)), 0
        return
    from tests.mariadb import MariaDb
    from tests.postgres import Postgres

    server = Postgres() if source == "postgresql" else MariaDb()
    try:
        if isinstance(server, Postgres):
            pid = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
            yield server.url("benchmark"), pid
        else:
            yield server.database("benchmark"), server.process.pid
    finally:
        server.stop()


def _client(bench: Bench, condition: str = "") -> Measured:
    """The floor of a database: its own client throws the rows away."""
    where = bench.where
    if bench.source == "postgresql":
        rows = f"(SELECT * FROM licence {condition})" if condition else "licence"
        command = ["psql", _plain(where), "-qc", f"COPY {rows} TO STDOUT (FORMAT binary)"]
    else:
        from sqlalchemy import make_url

        at = make_url(where)
        command = [
            "mariadb",
            "--no-defaults",
            f"-h{at.host}",
            f"-P{at.port}",
            f"-u{at.username}",
            "--quick",
            "-N",
            f"-D{at.database}",
            "-e",
        ]
        command.append(f"SELECT * FROM licence {condition}")
    with Path(os.devnull).open("wb") as nowhere:
        figures, _ = _process(bench, command, bench.environment, nowhere.fileno())
    return replace(figures, tool="floor")


def _rival(bench: Bench, tool: str, name: str, *more: str) -> Measured:
    folder = bench.home / "rivals" / tool
    if not more:
        shutil.rmtree(bench.home / "rivals", ignore_errors=tool != "dlt-merge")
    command = [
        str(RIVALS),
        str(ROOT / "benchmarks" / "rivals.py"),
        tool,
        bench.source,
        _plain(bench.where),
        str(folder),
        *more,
    ]
    figures, line = _process(bench, command, {**os.environ, "PYTHONWARNINGS": "ignore"})
    seconds, _, rows = line.partition(" ")
    return replace(figures, tool=name, seconds=float(seconds), result=rows)


def _step(bench: Bench, step: str, handed: str) -> tuple[Measured, str]:
    command = [sys.executable, "-m", "benchmarks.pipeline_rows", "--step", step, "--handed", handed]
    figures, line = _process(bench, command, bench.environment)
    seconds, _, result = line.partition(" ")
    return replace(figures, tool=step, seconds=float(seconds)), result


def _plain(where: str) -> str:
    """The URL as clients other than SQLAlchemy know it."""
    return where.replace("+psycopg", "").replace("+pymysql", "")


def _process(
    bench: Bench, command: list[str], environment: dict[str, str], output: int = subprocess.PIPE
) -> tuple[Measured, str]:
    """Run it alone: seconds, processor time, greatest resident memory of it and its children, and its last line."""
    wait_until_calm(bench.patience)
    before, started = busy_seconds() - processor_seconds(bench.server), time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=output, text=True, cwd=ROOT)
    lines = process.stdout.read().strip().splitlines() if process.stdout else []
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"failed: {' '.join(command[:6])}")
    own = usage.ru_utime + usage.ru_stime
    others = max(0.0, busy_seconds() - processor_seconds(bench.server) - before - own) / seconds
    rss = round(usage.ru_maxrss / 1024)
    return Measured("", "", round(seconds, 3), round(own, 2), rss, others=round(others, 2)), (lines or [""])[-1]


def _run_step(step: str, handed: str) -> None:
    """What the child does; imports are part of a task's time, as they are in Airflow."""
    started = time.monotonic()
    result = ""
    if step == "source":
        from benchmarks.licence_table import make_source

        kind, where, rows = handed.split(" ")
        make_source(kind, _plain(where), int(rows))
    elif step == "change":
        from benchmarks.licence_table import change_one_in_a_hundred

        result = str(change_one_in_a_hundred(_plain(handed)))
    else:
        day, _, manifest = handed.partition(" ")
        result = _pipeline_step(step, date.fromisoformat(day), manifest)
    print(f"{time.monotonic() - started:.3f} {result}")


def _pipeline_step(step: str, day: date, handed: str) -> str:
    from contracts.interval import interval_starting_on
    from pipeline import night
    from pipeline.workplace import Workplace

    place = Workplace.open()
    interval = interval_starting_on(day, "0 2 * * *", place.city.timezone)
    observed = interval.end + timedelta(minutes=10)
    if step == "extract":
        return night.extract(RESOURCE, interval, observed_at=observed, place=place)
    if step == "validate":
        return night.validate(RESOURCE, interval, handed, observed_at=observed, place=place)
    run = night.load(RESOURCE, interval, handed, observed_at=observed, place=place)
    return f"extracted {run.extracted}, accepted {run.accepted}, quarantined {run.quarantined}"


if __name__ == "__main__":
    sys.exit(main())
