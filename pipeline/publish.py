"""What is published of a rate: the marts inside its transaction, then the report, its CSV and the Prometheus text below reports/."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from pipeline.scratch import scratch_path, write_atomically
from pipeline.workplace import Workplace
from sharing.report import marts
from sharing.report.computed import Computation, stamp, told
from sharing.report.facts import read_facts
from sharing.report.lines_file import lines_csv
from sharing.report.page import nights_page, page, says_stamp
from sharing.report.proof import kept
from sharing.standards.prometheus import exposition

_STEM, _LIST = "share-rate-", "index.html"
_WEEK = 7


def refresh_marts(connection: duckdb.DuckDBPyConnection, place: Workplace, as_of: datetime) -> None:
    """Replace the marts' rows of that night; runs inside the transaction that wrote its rate."""
    marts.refresh(connection, place.city, as_of)


def publish(connection: duckdb.DuckDBPyConnection, place: Workplace, observed_at: datetime) -> list[Path]:
    """Write the files of the newest night, of each whose page tells of another computation, and of the last week's that are missing; returns the pages.

    A page tells of two computations, its night's and that of the night before, from which it tells the change. So what a killed run left out
    is made good by the next one.
    """
    known = marts.filled(connection)
    # of two instants of one day the later one is the day's
    shown = list({found.day(place.city.timezone): found for found in known}.values())
    written = [
        write_report(connection, place, known, found, observed_at)
        for number, found in enumerate(shown, 1)
        if found is known[-1] or _is_wanted(place, known, found, missing=number > len(shown) - _WEEK)
    ]
    if written:
        _write_list(connection, place, shown)
    return written


def _is_wanted(place: Workplace, known: list[Computation], found: Computation, *, missing: bool) -> bool:
    page = place.home / "reports" / f"{_STEM}{found.day(place.city.timezone)}.html"
    return not says_stamp(page, stamp(known, found)) if page.exists() else missing


def _write_list(connection: duckdb.DuckDBPyConnection, place: Workplace, shown: list[Computation]) -> None:
    """The list of every night judged, with a link to its report where that still lies there."""
    folder = place.home / "reports"
    files = {path.stem.removeprefix(_STEM): path.name for path in folder.glob(f"{_STEM}*.html")}
    write_atomically(folder / _LIST, nights_page(place.city, told(connection, shown, place.city.timezone), files))


def write_report(
    connection: duckdb.DuckDBPyConnection, place: Workplace, known: list[Computation], found: Computation, observed_at: datetime,
    folder: Path | None = None,
) -> Path:  # fmt: skip
    """Write `share-rate-<day>.html` and `.csv` of one of the `known` computations to the folder; to reports/ without, and `landbridge.prom` of the newest.

    The page says how the ledger's head is anchored as of `observed_at`, and what is wrong with the anchors then.
    """
    reports = folder or place.home / "reports"
    reports.mkdir(parents=True, exist_ok=True)
    stem = f"{_STEM}{found.day(place.city.timezone)}"
    target = reports / f"{stem}.csv"
    scratch = scratch_path(target)
    with scratch.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines_csv(connection, place.city, found))
    scratch.replace(target)
    settings, today = place.settings, observed_at.astimezone(place.city.timezone).date()
    facts = read_facts(
        connection,
        place.city,
        found,
        lambda head: kept(connection, settings.anchors, head, today, settings.anchor_days),
    )
    write_atomically(
        reports / f"{stem}.html", page(facts, target.name, _LIST if folder is None else "", stamp(known, found))
    )
    if folder is None and found == known[-1]:
        write_atomically(reports / "landbridge.prom", exposition(connection, place.city.id, found, facts.kept))
    return reports / f"{stem}.html"
