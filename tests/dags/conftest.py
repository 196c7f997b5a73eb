"""Fixtures of the DAG tests: a small city of their own, and settings that point to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_city import write_city

from contracts.settings import VARIABLES


@pytest.fixture
def city_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A city with the departments tax and water, in force for this test."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    folder = write_city(
        tmp_path / "city",
        {"tax": ["taxpayer"], "water": ["meter", "reading"]},
        schedules={"water.reading": "0 3 * * 1"},
    )
    (folder / "unified.yaml").write_text("firm:\n  name: [{resource: tax.taxpayer, field: holder}]\n", encoding="utf-8")
    monkeypatch.setenv("LANDBRIDGE_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("LANDBRIDGE_CITY", str(folder))
    monkeypatch.setenv("LANDBRIDGE_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    yield folder
