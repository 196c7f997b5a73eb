"""A city small enough for a test: CSV sources with one file a night, and an id, a name and a time in each row."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import yaml

NIGHT = date(2020, 5, 4)
MERGE_KEY = "account_no"


def write_city(
    folder: Path, departments: dict[str, list[str]], *, schedules: dict[str, str] | None = None,
    snapshots: tuple[str, ...] = (),
) -> Path:  # fmt: skip
    """A city folder with these departments and resources; returns the folder. Files are named by their date, a snapshot's file is not."""
    _write(
        folder / "city.yaml",
        {
            "id": "smallville", "name": {"en": "Smallville", "zh": "小城"}, "timezone": "Asia/Shanghai", "schedule": "0 2 * * *",
            "start": NIGHT.isoformat(), "end": (NIGHT + timedelta(days=2)).isoformat(),
        },
    )  # fmt: skip
    _write(
        folder / "departments.yaml",
        [{"id": d, "name": {"en": d.title(), "zh": "局"}, "credit_code": "", "contact": f"{d}.officer"} for d in departments],
    )  # fmt: skip
    _write(
        folder / "systems.yaml",
        [
            {
                "id": f"{d}_files", "department": d, "name": {"en": f"{d} files", "zh": "文件"}, "connector": "csv_files",
                "connection": {"root": f"${{LANDBRIDGE_SOURCES}}/{d}"}, "poolSlots": 2,
            }
            for d in departments
        ],
    )  # fmt: skip
    for department, resources in departments.items():
        for number, resource in enumerate(resources, 1):
            schedule = (schedules or {}).get(f"{department}.{resource}")
            path = folder / "contracts" / department / f"{resource}.yaml"
            _write(path, contract(department, resource, number, schedule, f"{department}.{resource}" in snapshots))
    return folder


def contract(department: str, resource: str, number: int, schedule: str | None, snapshot: bool) -> dict[str, object]:
    """An ODCS contract of one resource: merge, or snapshot of a file that holds the present alone."""
    properties: list[dict[str, object]] = [
        {"property": "loadMode", "value": "snapshot" if snapshot else "merge"},
        {"property": "shareType", "value": "unconditional"},
        {"property": "resourceCode", "value": f"307000{number % 10}/{number}"},
        {"property": "format", "value": "电子文件"},
        {"property": "shareWay", "value": "file"},
        {"property": "quarantineLimit", "value": 0.4},
    ]
    if schedule:
        properties.append({"property": "schedule", "value": schedule})
    return {
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": f"{department}.{resource}", "name": resource, "version": "1.0.0",
        "status": "active", "domain": department, "description": {"purpose": "A test."},
        "team": {"name": department, "members": [{"username": f"{department}.keeper", "role": "owner"}]},
        "servers": [{"server": f"{department}_files", "type": "custom"}],
        "slaProperties": [{"property": "frequency", "value": 1, "unit": "d"}, {"property": "latency", "value": 12, "unit": "h"}],
        "customProperties": properties,
        "schema": [
            {
                "name": resource, "physicalName": f"{resource}.csv" if snapshot else f"{resource}_{{date}}.csv", "physicalType": "file", "businessName": resource,
                "description": "One row an account.",
                "properties": [
                    {"name": MERGE_KEY, "logicalType": "string", "primaryKey": True, "required": True, "description": "Its number."},
                    {"name": "holder", "logicalType": "string", "required": True, "description": "Who holds it."},
                    {"name": "amount", "logicalType": "integer", "description": "What is on it."},
                ],
            }
        ],
    }  # fmt: skip


def deliver(sources: Path, resource_id: str, rows: list[tuple[str, str, str]], night: date | None = NIGHT) -> None:
    """Put the night's file of a resource where its department delivers; without a night, a snapshot's file."""
    department, _, name = resource_id.partition(".")
    path = sources / department / (f"{name}_{night:%Y%m%d}.csv" if night else f"{name}.csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{MERGE_KEY},holder,amount", *(",".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def accounts(count: int, first: int = 1) -> list[tuple[str, str, str]]:
    """Rows without a fault."""
    return [(f"A{n:05d}", f"holder {n}", str(n * 10)) for n in range(first, first + count)]


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
