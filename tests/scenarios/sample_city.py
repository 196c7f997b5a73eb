"""A process that makes the sample city from a seed, runs its three nights and writes beside it what every run record says.

`python -m tests.scenarios.sample_city FOLDER SEED SCALE [--whole]`: the departments whose data carry faults, or with `--whole` all of them; then
the unified city is held against the truth, what had failed is run again once its source has recovered, every night is repeated, and the tables' hashes before and after are written too.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cities.qingdao.generator.sources import make_sources, switch
from cities.qingdao.generator.world import NIGHTS
from cities.qingdao.serve import make_server
from contracts.errors import LandbridgeError
from contracts.interval import interval_starting_on
from contracts.settings import Settings
from pipeline.city_wide import unify
from pipeline.models.reading import set_instant
from pipeline.models.run import city_models, settled_as_of
from pipeline.night import run_resource
from pipeline.spark.compare import compare_engines
from pipeline.workplace import Workplace
from tests.pipeline.engines.small_spark import small_spark
from tests.scenarios.conflicts_told import conflict_differences
from tests.scenarios.links_told import link_score
from tests.scenarios.marts_told import mart_differences
from tests.scenarios.planted_islands import differences as island_differences
from tests.small_city import ROOT
from warehouse.content_hash import content_hashes
from warehouse.lake import open_lake


def main(folder: Path, seed: int, scale: float, whole: bool) -> None:
    sources = folder / "sources"
    make_sources(sources, scale, seed, 1, lambda line: None)
    api = make_server(sources / "current", 0, "sample")
    threading.Thread(target=api.serve_forever, daemon=True).start()
    os.environ.update(
        LANDBRIDGE_HOME=str(folder / "var"),
        LANDBRIDGE_CITY=str(ROOT / "cities" / "qingdao"),
        LANDBRIDGE_SOURCES=str(sources / "current"),
        LANDBRIDGE_CLOCK=str(sources / "current" / "clock"),
        LANDBRIDGE_SAMPLE_API_PORT=str(api.server_port),
        LANDBRIDGE_SAMPLE_API_TOKEN="sample",
        # a second thread costs more than it does, with so few rows; the shorter run keeps it, as installations do
        **({"LANDBRIDGE_THREADS": "1"} if whole else {}),
    )
    place = Workplace.open()
    faulty = with_faults(sources)
    for number in NIGHTS:
        run_night(place, sources, number, number, set(place.city.resources) if whole else faulty)
    found: dict[str, Any] = {"runs": {f"night-{n}": records(place, n) for n in NIGHTS}}
    if whole:
        found["joined"] = joined(place, sources)
        # from here on the sources stand at their last night, as they would in a real city
        nights = found["runs"].values()
        failed = {id for night in nights for id, run in night.items() if run["status"] == "failed"}
        for number in NIGHTS:
            run_night(place, sources, number, max(NIGHTS), failed)
        found["before"] = hashes(place.settings)
        for number in NIGHTS:
            run_night(place, sources, number, max(NIGHTS), faulty)
        found["after"] = hashes(place.settings)
    (folder / "found.json").write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


def joined(place: Workplace, sources: Path) -> dict[str, Any]:
    """Unify the city and say in what the outcome differs from the truth: conflicts, links, islands, and marts from the scorecard; and Spark from DuckDB."""
    unify(place, settled=True)
    truth, last = sources / "truth", max(NIGHTS)
    connection = open_lake(place.settings, timezone=place.city.timezone.key)
    try:
        as_of = settled_as_of(connection, place.city, settled=True)
        assert as_of is not None
        set_instant(connection, place, as_of)
        said = {
            "conflicts": conflict_differences(connection, truth, last),
            "links": asdict(link_score(connection, truth, last)),
            "marts": mart_differences(connection, place, as_of),
        }
    finally:
        connection.close()
    said["islands"] = island_differences(place, sources)
    os.environ.update(small_spark(sources.parent / "spark"))
    on_spark = replace(place, settings=replace(place.settings, spark_master="local-cluster[2,1,1024]"))
    said["engines"] = {
        name: asdict(found) for name, found in compare_engines(on_spark, city_models(place.city), as_of).items()
    }
    said["models"] = len(city_models(place.city))
    return said


def with_faults(sources: Path) -> set[str]:
    """The resources into which the generator injected faults."""
    lines = (sources / "truth" / "faults.jsonl").read_text(encoding="utf-8").splitlines()
    return {json.loads(line)["resource"] for line in lines}


def run_night(place: Workplace, sources: Path, number: int, state: int, resources: set[str]) -> None:
    """These resources' n-th night, the sources being as in night `state`; those that fail or are held leave their record."""
    switch(sources, state)
    day = place.city.start + timedelta(days=number - 1)
    for resource in place.city.resources.values():
        interval = interval_starting_on(day, resource.schedule, place.city.timezone)
        if resource.id in resources:
            with suppress(LandbridgeError):
                run_resource(place, resource, interval, place.settings.observed_at(datetime.now(UTC)))


def records(place: Workplace, number: int) -> dict[str, dict[str, Any]]:
    """The first attempt at each resource's n-th night, with the rows that each error-level rule refused."""
    day = place.city.start + timedelta(days=number - 1)
    start = interval_starting_on(day, place.city.schedule, place.city.timezone).start
    names = ["status", "error", "extracted", "accepted", "quarantined", "replaced", "held", "deleted"]
    connection = open_lake(place.settings, read_only=True)
    try:
        runs = connection.execute(
            f"SELECT department || '.' || resource, run_id, {', '.join(names)} FROM ops.runs WHERE interval_start = ? AND attempt = 1",
            [start],
        ).fetchall()
        rules = connection.execute(
            """SELECT run_id, rule, failing FROM ops.quality_results JOIN ops.runs USING (run_id, department, resource, interval_start)
            WHERE interval_start = ? AND severity = 'error' AND failing > 0 AND attempt = 1 ORDER BY rule""",
            [start],
        ).fetchall()
    finally:
        connection.close()
    return {
        id: {**dict(zip(names, figures, strict=True)), "quarantined_by_rule": {r: n for of, r, n in rules if of == run}}
        for id, run, *figures in runs
    }


def hashes(settings: Settings) -> dict[str, list[Any]]:
    connection = open_lake(settings, read_only=True)
    try:
        return {name: [rows, digest] for name, (rows, digest) in content_hashes(connection).items()}
    finally:
        connection.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), "--whole" in sys.argv)
