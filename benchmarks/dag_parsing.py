"""How long Airflow takes to read the DAG files: of the sample city, and of a generated one with 60 departments of 10 resources.

    python -m benchmarks.dag_parsing [--departments 60] [--resources 10]

Each city is read in a process of its own by Airflow's DagBag, serialised as the DAG processor does, and then read for a single DAG as a task does. Seconds are of
processor time, so that another load on the machine does not count.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
FIELDS = 20

_MEASURE = """
import logging, os, sys, time
logging.disable(logging.INFO)
import structlog
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
import dags.building.city_wide, dags.building.department
started = time.process_time()
bag = DagBag({folder!r}, load_op_links=False)
read = time.process_time() - started
assert bag.dags and not bag.import_errors, bag.import_errors
tasks = sum(len(dag.tasks) for dag in bag.dags.values())
started = time.process_time()
for dag in bag.dags.values():
    DagSerialization.to_dict(dag)
serialised = time.process_time() - started
one = next(id for id in sorted(bag.dags) if id not in ("maintenance", "morning_digest", "share_rate", "unify"))
started = time.process_time()
dags.building.department.department_dags(one)
single = time.process_time() - started
unify = ""
if "unify" in bag.dags:
    started = time.process_time()
    dags.building.city_wide.unify_dag()
    unify = f", unify {{(time.process_time() - started) * 1000:.0f}} ms"
print(
    f"{{len(bag.dags)}} DAGs, {{tasks}} tasks: read {{read:.2f}} s, serialised {{serialised:.2f}} s, one DAG for a task {{single * 1000:.0f}} ms{{unify}}"
)
"""


def main() -> None:
    """Print a line a city."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--departments", type=int, default=60)
    parser.add_argument("--resources", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        generated = Path(scratch) / "city"
        generate(generated, options.departments, options.resources)
        for name, city in (("sample city", ROOT / "cities" / "qingdao"), ("generated city", generated)):
            print(f"{name}: {measure(city, Path(scratch))}")


def measure(city: Path, scratch: Path) -> str:
    """What one fresh process reports about this city."""
    environ = {
        **os.environ, "LANDBRIDGE_CITY": str(city), "LANDBRIDGE_HOME": str(scratch / "var"), "PYTHONPATH": str(ROOT),
        "AIRFLOW_HOME": str(scratch / "airflow"),
    }  # fmt: skip
    program = _MEASURE.format(folder=str(ROOT / "dags"))
    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False, cwd=scratch
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return done.stdout.strip().splitlines()[-1]


def generate(folder: Path, departments: int, resources: int) -> None:
    """A city of that size with contracts of twenty fields."""
    names = [f"department_{n:02d}" for n in range(departments)]
    _write(
        folder / "city.yaml",
        {"id": "big", "name": "Big", "timezone": "Asia/Shanghai", "schedule": "0 2 * * *", "start": "2020-05-04"},
    )
    _write(folder / "departments.yaml", [{"id": name, "name": name, "contact": "officer"} for name in names])
    _write(
        folder / "systems.yaml",
        [
            {"id": f"{name}_files", "department": name, "connector": "csv_files", "connection": {"root": "/srv"}, "poolSlots": 2}
            for name in names
        ],
    )  # fmt: skip
    for name in names:
        for number in range(resources):
            _write(
                folder / "contracts" / name / f"resource_{number}.yaml", _contract(name, f"resource_{number}", number)
            )


def _contract(department: str, name: str, number: int) -> dict[str, object]:
    fields: list[dict[str, object]] = [
        {"name": f"field_{n}", "physicalName": f"字段{n}", "businessName": f"字段{n}", "logicalType": "string", "required": True}
        for n in range(FIELDS)
    ]  # fmt: skip
    fields[0]["primaryKey"] = True
    return {
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": f"{department}.{name}", "name": name, "version": "1.0.0",
        "status": "active", "domain": department, "team": {"members": [{"username": "keeper", "role": "owner"}]},
        "servers": [{"server": f"{department}_files", "type": "custom"}],
        "slaProperties": [{"property": "frequency", "value": 1, "unit": "d"}],
        "customProperties": [
            {"property": "loadMode", "value": "merge"}, {"property": "shareType", "value": "unconditional"},
            {"property": "resourceCode", "value": f"307000{number}/{number}"}, {"property": "format", "value": "电子文件"},
            {"property": "shareWay", "value": "file"},
        ],
        "schema": [{"name": name, "physicalName": f"{name}_{{date}}.csv", "properties": fields}],
    }  # fmt: skip


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


if __name__ == "__main__":
    main()
