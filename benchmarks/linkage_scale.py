"""Linking in a large city: a full run with training, its precision and recall, then a night in which 1 % of the people and cards change.

    python -m benchmarks.linkage_scale                              # a million people, at 1/8, 1/4, 1/2 and 1 of them
    python -m benchmarks.linkage_scale --people 80000 --sizes 1,2   # smaller

Each step is a process of its own, whose greatest resident set the kernel tells. `pairs` are those the blocking brings together, one counted for each rule
that does. At the end a full run with the same model must find every row as the increment left it, or the command fails.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from benchmarks.linkage_city import load_night, make_people, truth_sql, write_city
from benchmarks.steps import measured, workplace
from contracts.quoting import ident
from pipeline.link.measure import measure_links
from pipeline.link.step import link_entities
from pipeline.link.tables import STATE, alias_table, comparable_table, pair_table, record_table
from pipeline.records.step import sync_records
from pipeline.workplace import Workplace
from transforms.link.rules import LinkRules, read_link_rules
from transforms.link.settings import blocking
from warehouse.lake import commit, open_lake

FIRST = datetime(2020, 5, 3, 18, tzinfo=UTC)
_HEAD = ("people", "step", "seconds", "cpu", "peak MiB", "rows", "pairs", "precision", "recall")

Told = dict[str, object]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--people", type=int, default=1_000_000, help="people of the largest size")
    words.add_argument("--sizes", default="1,2,4,8", help="in shares of the largest of these")
    words.add_argument("--home", type=Path, default=Path("var/benchmarks/linkage"), help="removed before and after")
    words.add_argument("--step", help=argparse.SUPPRESS)
    told = words.parse_args()
    if told.step:
        print(json.dumps(_timed(lambda: _STEPS[told.step](told.home, told.people))))
        return
    sizes = [int(text) for text in told.sizes.split(",")]
    print("| " + " | ".join(_HEAD) + " |\n|" + "---:|" * len(_HEAD), flush=True)
    for size in sizes:
        people = told.people * size // max(sizes)
        shutil.rmtree(told.home, ignore_errors=True)
        write_city(told.home / "city")
        for step in _STEPS:
            done = {
                "people": f"{people:,}",
                "step": step,
                **measured("benchmarks.linkage_scale", told.home, people, step),
            }
            print("| " + " | ".join(str(done.get(name, "")) for name in _HEAD) + " |", flush=True)
        shutil.rmtree(told.home, ignore_errors=True)


def _timed(work: Callable[[], Told]) -> Told:
    start, cpu = time.perf_counter(), time.process_time()
    told = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    seconds, processor = time.perf_counter() - start, time.process_time() - cpu
    return {**told, "seconds": round(seconds, 1), "cpu": round(processor, 1), "peak MiB": peak}


def _make(home: Path, people: int) -> Told:
    make_people(home / "people.parquet", people)
    return _night(home, 0)


def _night(home: Path, night: int) -> Told:
    """The departments' rows, and the records made of them."""
    place = workplace(home)
    load_night(place, home / "people.parquet", FIRST, night)
    return {"rows": f"{sum(sync_records(place, settled=True).values()):,}"}


def _link(home: Path, people: int) -> Told:
    return {"rows": f"{sum(link_entities(workplace(home), settled=True).values()):,}"}


def _quality(home: Path, people: int) -> Told:
    with _lake(home) as (_, rules, connection):
        truth = home / "truth.csv"
        connection.execute(f"COPY ({truth_sql(home / 'people.parquet')}) TO '{truth}' (HEADER)")
        found = measure_links(connection, rules, truth, "library.card")
        counts = [_looked_at(connection, rules, columns) for columns in blocking(rules)]
        told = {"precision": f"{found.precision or 0:.4f}", "recall": f"{found.recall or 0:.4f}"}
        return {**told, "rows": f"{found.records:,}", "pairs": f"{sum(counts):,}"}


def _again(home: Path, people: int) -> Told:
    """Everything but the model and the records is forgotten and made anew."""
    with _lake(home) as (place, rules, connection):
        before = _content(connection, rules)

        def forget() -> None:
            for table in (alias_table(rules), pair_table(rules), comparable_table(rules)):
                connection.execute(f"DROP TABLE {table}")
            connection.execute(f"DELETE FROM {STATE}")
            connection.execute(f"UPDATE {record_table(rules)} SET entity_id = own_id WHERE entity_id <> own_id")

        commit(connection, place.settings, forget)
    told = _link(home, people)
    with _lake(home) as (_, rules, connection):
        differing = sorted(name for name, sums in _content(connection, rules).items() if sums != before[name])
    if differing:
        raise SystemExit(f"a full run finds rows that the increment left otherwise: {', '.join(differing)}")
    return told


class _lake:
    """The lake of a step, closed at its end."""

    def __init__(self, home: Path) -> None:
        self.place = workplace(home)

    def __enter__(self) -> tuple[Workplace, LinkRules, duckdb.DuckDBPyConnection]:
        self.connection = open_lake(self.place.settings, timezone="Asia/Shanghai")
        return self.place, read_link_rules(self.place.city)[0], self.connection

    def __exit__(self, *_: object) -> None:
        self.connection.close()


def _looked_at(connection: duckdb.DuckDBPyConnection, rules: LinkRules, columns: tuple[str, ...]) -> int:
    """Pairs that a blocking rule brings together: at least one of each is without identifier."""
    by = ", ".join(map(ident, columns))
    stated = " AND ".join(f"{ident(c)} IS NOT NULL" for c in columns)
    row = connection.execute(
        f"SELECT coalesce(sum(known * unknown + unknown * (unknown - 1) // 2), 0) FROM (SELECT count(*) FILTER (identified) AS known, "
        f"count(*) FILTER (NOT identified) AS unknown FROM {comparable_table(rules)} WHERE {stated} GROUP BY {by})"
    ).fetchone()
    return int(row[0]) if row else 0


def _content(connection: duckdb.DuckDBPyConnection, rules: LinkRules) -> dict[str, object]:
    """Rows and checksum of every table that linking writes."""
    tables = {name: (f"{rules.entity}_{name}", "*") for name in ("alias", "pair", "comparable")}
    tables["record"] = (f"{rules.entity}_record", "record_id, own_id, entity_id, from_snapshot")
    return {
        name: connection.execute(
            f"SELECT count(*), bit_xor(hash(t)), sum(hash(t)) FROM (SELECT {columns} FROM {ident('lake', 'unified', table)}) AS t"
        ).fetchone()
        for name, (table, columns) in tables.items()
    }


_STEPS: dict[str, Callable[[Path, int], Told]] = {
    "records in full": _make, "link in full": _link, "found": _quality, "records of 1 %": lambda home, people: _night(home, 1), "link of 1 %": lambda home, people: _link(home, people),
    "found after it": lambda home, people: _quality(home, people), "link in full again": _again,
}  # fmt: skip


if __name__ == "__main__":
    main()
