"""Opening the lake."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.errors import ConfigurationError
from contracts.settings import Settings
from warehouse.lake import open_lake


def test_a_lake_whose_files_were_moved_says_where_the_catalogue_looks_for_them(tmp_path: Path) -> None:
    before = tmp_path / "before"
    open_lake(Settings.from_environment({"LANDBRIDGE_HOME": str(before)})).close()
    before.rename(tmp_path / "after")
    with pytest.raises(ConfigurationError, match=str(before)) as error:
        open_lake(Settings.from_environment({"LANDBRIDGE_HOME": str(tmp_path / "after")}))
    assert error.value.where == "LANDBRIDGE_LAKE_FILES"
