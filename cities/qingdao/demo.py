"""`make demo` and `make up`: the sample city's sources, its API and a real Airflow on one machine – three nights, then what they brought."""

from __future__ import annotations

import argparse
import os
import secrets
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import httpx

from cities.qingdao.generator.sources import make_sources, switch
from cities.qingdao.generator.world import NIGHTS
from cities.qingdao.walkthrough import walk
from cli.summary import print_summary
from cli.terminal import console, errors, table
from contracts.errors import InternalError, LandbridgeError
from dags.local.nights import run_nights
from dags.local.processes import running_airflow
from dags.local.progress import shown_progress
from pipeline import city_wide
from pipeline.data_docs import build_data_docs
from pipeline.workplace import Workplace
from warehouse.lake import open_lake

ROOT = Path(__file__).resolve().parents[2]
_API_PORT, _API_SECONDS = 8765, 20


def main(arguments: list[str] | None = None) -> int:
    """Run the demo, or with `--up` keep Airflow's pages open; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m cities.qingdao.demo", description=__doc__)
    parser.add_argument("--up", action="store_true", help="open Airflow's pages on the sample city and wait")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=20200507)
    given = parser.parse_args(arguments)
    started = time.monotonic()
    home = Path(os.environ.get("LANDBRIDGE_HOME") or "var").absolute()
    os.environ.update(_environment(home))
    try:
        if given.up:
            _up(home, given.scale, given.seed)
        else:
            _demo(home, given.scale, given.seed)
            _print_next(home, time.monotonic() - started)
    except KeyboardInterrupt:
        console.print("stopped")
    except LandbridgeError as error:
        errors.print(str(error), markup=False, soft_wrap=True)
        return 1
    return 0


def _demo(home: Path, scale: float, seed: int) -> None:
    _say("making the sources of the sample city: three nights of every department's system")
    make_sources(home / "sources", scale, seed, 1, lambda line: console.print(f"  {line}", style="dim"))
    place = Workplace.open()
    nights = [place.city.start + timedelta(days=number - 1) for number in NIGHTS]

    def before(number: int, night: date) -> None:
        switch(home / "sources", number)

    with _sample_api(home), running_airflow(place.settings, report=_say), shown_progress(console) as show:
        run_nights(place.settings, place.city, nights, show, before_night=before)
    _say("building Great Expectations' Data Docs")
    index, count = build_data_docs(place)
    connection = open_lake(place.settings, read_only=True, timezone=place.city.timezone.key)
    try:
        print_summary(connection, place)
    finally:
        connection.close()
    console.print(f"Data Docs of {count} validations: {index}", soft_wrap=True)
    console.print("\n[bold]晨报 The digest of the last night[/]")
    console.print(city_wide.digest(place), markup=False, soft_wrap=True)
    console.print("[bold]一件申请的办理 A request through the platform itself[/]")
    walk(place)


def _up(home: Path, scale: float, seed: int) -> None:
    if not (home / "sources" / "current").exists():
        _say("making the sources of the sample city")
        make_sources(home / "sources", scale, seed, max(NIGHTS), lambda line: None)
    place = Workplace.open()
    with _sample_api(home), running_airflow(place.settings, report=_say) as airflow:
        _say(f"Airflow: {airflow.url}  user admin, password {airflow.password}  (ctrl-c stops it)")
        _say(
            "another night: airflow pages → a department → Trigger → Backfill, from and to "
            f"{place.city.start} … {place.city.start + timedelta(days=len(NIGHTS) - 1)}"
        )
        signal.pause()


def _environment(home: Path) -> dict[str, str]:
    """The demo's settings, kept in `<home>/demo.env` so that commands typed afterwards see the same city, clock and token."""
    file = home / "demo.env"
    token = ""
    if file.exists():
        found = [line.partition("=")[2] for line in file.read_text().splitlines() if "SAMPLE_API_TOKEN" in line]
        token = found[0] if found else ""
    settings = {
        "LANDBRIDGE_HOME": str(home),
        "LANDBRIDGE_CITY": str(ROOT / "cities" / "qingdao"),
        "LANDBRIDGE_SOURCES": str(home / "sources" / "current"),
        "LANDBRIDGE_CLOCK": str(home / "sources" / "current" / "clock"),
        "LANDBRIDGE_SAMPLE_API_PORT": str(_API_PORT),
        "LANDBRIDGE_SAMPLE_API_TOKEN": token or secrets.token_hex(16),
        # a department that is down in the demo stays down: one more try shows the retry
        "LANDBRIDGE_SOURCE_RETRIES": "1",
        "LANDBRIDGE_RETRY_SECONDS": "2",
    }
    home.mkdir(parents=True, exist_ok=True)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in settings.items()]
    file.touch(mode=0o600)
    file.write_text("\n".join([*lines, f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH", ""]))
    return settings


@contextmanager
def _sample_api(home: Path) -> Iterator[None]:
    """The departments' JSON API as a process of its own, answering before the block begins."""
    log = home / "sample-api.log"
    words = ["--sources", str(home / "sources" / "current"), "--port", str(_API_PORT)]
    with log.open("ab") as out:
        api = subprocess.Popen([sys.executable, "-m", "cities.qingdao.serve", *words], cwd=ROOT, stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + _API_SECONDS
        while not _answers():
            if api.poll() is not None or time.monotonic() > deadline:
                raise InternalError(
                    f"the sample API does not answer on port {_API_PORT}",
                    where=str(log),
                    remedy="is the port taken by another demo?",
                )
            time.sleep(0.1)
        yield
    finally:
        api.terminate()
        api.wait()


def _answers() -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{_API_PORT}/", timeout=1, trust_env=False)
    except httpx.HTTPError:
        return False
    return True


def _say(line: str) -> None:
    console.print(f"[bold cyan]▸[/] {line}", soft_wrap=True)


def _print_next(home: Path, seconds: float) -> None:
    report = max((home / "reports").glob("share-rate-*.html"), default=home / "reports")
    made = table("接下来 What to type next", f"(all this took {seconds:.0f} s)")
    for command, what in (
        (f". {home}/demo.env", "the demo's settings, and `landbridge` on the path"),
        ("landbridge status", "every resource after the last night"),
        ("landbridge explain water.enterprise_account", "why a department was held back"),
        ("landbridge rate", "the rate by department, and why lines do not hold"),
        (f"xdg-open {report}", "the rate's report: one page, no network"),
        ("landbridge request overdue", "what is late, and by which article"),
        ("landbridge problems", "each department's rows to put right"),
        ('landbridge sql "SELECT * FROM unified.legal_entity LIMIT 5"', "the lake, in SQL"),
        ("make up", "Airflow's own pages on this city"),
    ):
        made.add_row(command, what)
    console.print(made)


if __name__ == "__main__":
    raise SystemExit(main())
