"""Where Spark is asked for and cannot be had, the operator is told what to install."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from contracts.errors import ConfigurationError
from contracts.settings import Settings
from pipeline.spark.session import spark_for


def test_without_java_the_remedy_names_what_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"no Java.*make spark"):
        spark_for(Settings.from_environment({"LANDBRIDGE_HOME": str(tmp_path)}), "Asia/Shanghai")


def test_without_its_packages_the_remedy_names_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] in ("pyspark", "py4j")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "py4j", None)
    with pytest.raises(ConfigurationError, match=r"not installed.*spark\.lock"):
        spark_for(Settings.from_environment({"LANDBRIDGE_HOME": str(tmp_path)}), "Asia/Shanghai")


@pytest.mark.parametrize("memory", ["much", "0GiB", "1"])
def test_a_memory_that_is_none_is_refused(tmp_path: Path, memory: str) -> None:
    environment = {"LANDBRIDGE_HOME": str(tmp_path), "LANDBRIDGE_SPARK_MEMORY": memory}
    with pytest.raises(ConfigurationError, match="LANDBRIDGE_SPARK_MEMORY"):
        spark_for(Settings.from_environment(environment), "Asia/Shanghai")
