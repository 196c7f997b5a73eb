"""Opening the lake."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.errors import ConfigurationError
from contracts.settings import Settings
from tests.small_city import ROOT
from warehouse.lake import commit, open_lake, table_exists

_OPEN_AND_LOAD = """
import sys
from contracts.settings import Settings
from warehouse.lake import open_lake
lake = open_lake(Settings.from_environment())
for path in sys.argv[1:]:
    lake.load_extension(path)
"""


def test_a_lake_whose_files_were_moved_says_where_the_catalogue_looks_for_them(tmp_path: Path) -> None:
    before = tmp_path / "before"
    open_lake(Settings.from_environment({"LANDBRIDGE_HOME": str(before)})).close()
    before.rename(tmp_path / "after")
    with pytest.raises(ConfigurationError, match=str(before)) as error:
        open_lake(Settings.from_environment({"LANDBRIDGE_HOME": str(tmp_path / "after")}))
    assert error.value.where == "LANDBRIDGE_LAKE_FILES"


def test_an_extension_that_duckdb_did_not_sign_is_refused_at_the_opening_and_after(tmp_path: Path) -> None:
    # DuckDB keeps the extensions it loads below the user's own folder
    environment = {**os.environ, "HOME": str(tmp_path), "LANDBRIDGE_HOME": str(tmp_path / "var")}

    def opened(*further: Path) -> str:
        words = [sys.executable, "-c", _OPEN_AND_LOAD, *map(str, further)]
        return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False).stderr

    assert opened() == ""
    [installed] = (tmp_path / ".duckdb").rglob("ducklake.duckdb_extension")
    content = bytearray(installed.read_bytes())
    content[-1] ^= 1
    other = tmp_path / "other.duckdb_extension"
    other.write_bytes(content)
    assert "signature" in opened(other)
    installed.write_bytes(content)
    assert "ConfigurationError" in (refused := opened()) and "signature" in refused


def test_what_memory_does_not_hold_is_told_with_the_setting_to_raise_and_leaves_nothing(tmp_path: Path) -> None:
    settings = Settings.from_environment({"LANDBRIDGE_HOME": str(tmp_path), "LANDBRIDGE_MEMORY": "64MiB"})
    lake = open_lake(settings)
    # one value of 160 MB, which no disk helps to hold
    too_much = "CREATE TABLE much AS SELECT list(i) AS numbers FROM range(20_000_000) AS r (i)"
    with pytest.raises(ConfigurationError, match="the proof needs more memory than LANDBRIDGE_MEMORY, 64MiB") as error:
        commit(lake, settings, lambda: lake.execute(too_much), "the proof")
    assert "LANDBRIDGE_THREADS" in error.value.remedy
    assert not table_exists(lake, "main", "much")
