"""How a kind is found: ours without a scan, others' through their entry points – and what is said where a driver is missing."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from connectors import registry
from connectors.files.file_kind import FileKind
from connectors.folders.delivery import DELIVERY
from connectors.settings import batch_rows, resolve
from contracts.errors import ConfigurationError, SourceBroken
from tests.connectors.conftest import NIGHT, resource

ROOT = Path(__file__).resolve().parents[2]
DOCS = (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "write-a-connector.md").read_text(encoding="utf-8")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed package whose entry points a test writes."""
    info = tmp_path / "fixed_width-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fixed-width\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry._others.cache_clear()
    yield tmp_path
    registry._others.cache_clear()
    for name in ("fixed_width", "name_value"):
        sys.modules.pop(name, None)
    importlib.invalidate_caches()


def declare(package: Path, kind: str, target: str) -> None:
    (package / "fixed_width-1.0.dist-info" / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{kind} = {target}\n")


def test_the_connector_written_in_the_docs_works(package: Path) -> None:
    code = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    (kind, target) = re.findall(r"^    (\w+) = (\w+:\w+)$", PAGE, re.MULTILINE)[0]
    (package / "name_value.py").write_text(code, encoding="utf-8")
    declare(package, kind, target)
    assert kind in registry.kinds()
    it = resource(kind, {"root": "${ROOM}"}, "*.txt", sign="=")
    assert registry.check_settings(it) == []
    (package / "a.txt").write_text("编号 = 001\n姓名 = 张三\n\n编号 = 002\n\n", encoding="utf-8")
    connector = registry.open_connector(it.system, {"ROOM": str(package)})
    table = pa.Table.from_batches(list(connector.read(it, NIGHT)))
    assert table.to_pylist() == [{"编号": "001", "姓名": "张三"}, {"编号": "002", "姓名": None}]
    assert "a.txt" in [listed.physical_name for listed in connector.resources()]
    (package / "a.txt").write_text("编号 = 001\n姓名", encoding="utf-8")
    with pytest.raises(SourceBroken, match="line 2: no '=' in it"):
        list(connector.read(it, NIGHT))


def test_a_foreign_entry_point_cannot_replace_a_kind_of_ours(package: Path) -> None:
    declare(package, "csv_files", "elsewhere:Evil")
    assert registry.connector_class("csv_files").__module__ == "connectors.files.csv_files"


def test_a_missing_driver_names_the_package_and_no_host(package: Path) -> None:
    (package / "fixed_width.py").write_text("import a_driver_nobody_has\n")
    declare(package, "fixed", "fixed_width:Fixed")
    it = resource("fixed", {}, "x")
    with pytest.raises(
        ConfigurationError,
        match=r"connector fixed needs the package a_driver_nobody_has → pip install a_driver_nobody_has$",
    ):
        registry.open_connector(it.system, {})
    assert "needs the package" in registry.check_settings(it)[0]


def test_an_entry_point_that_leads_nowhere_is_named(package: Path) -> None:
    (package / "fixed_width.py").write_text("")
    declare(package, "fixed", "fixed_width:Gone")
    with pytest.raises(ConfigurationError, match="fixed_width has no Gone"):
        registry.connector_class("fixed")


def test_kinds_are_listed_without_importing_a_connector() -> None:
    code = (
        "import sys; from connectors.registry import kinds; assert len(kinds()) >= 7;"
        "print(sorted(m for m in sys.modules if m in ('sqlalchemy', 'lxml', 'httpx', 'python_calamine', 'connectors.files.csv_files')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_references_are_resolved_and_missing_ones_named_without_any_value() -> None:
    assert resolve("a/${X}/${Y}", {"X": "1", "Y": "${X}"}) == "a/1/${X}"
    with pytest.raises(ConfigurationError, match="variable Y is not set") as raised:
        resolve("${X}${Y}", {"X": "secret", "Y": ""})
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "²"])
def test_batch_rows_must_be_a_whole_number(text: str) -> None:
    assert batch_rows({}) == 65536
    with pytest.raises(ConfigurationError, match="LANDBRIDGE_BATCH_ROWS"):
        batch_rows({"LANDBRIDGE_BATCH_ROWS": text})


def test_every_setting_of_every_kind_is_documented_in_its_section() -> None:
    sections = dict(re.findall(r"^## `(\w+)`\n(.*?)(?=^## )", DOCS, re.MULTILINE | re.DOTALL))
    assert sorted(sections) == sorted(registry._OWN)
    for kind, text in sections.items():
        cls = registry.connector_class(kind)
        shared = {*FileKind.CONNECTION_SETTINGS, *DELIVERY} if issubclass(cls, FileKind) else set()
        for name in {*cls.CONNECTION_SETTINGS, *cls.SOURCE_SETTINGS} - shared:
            assert re.search(rf"^\|[^|]*`{name}`", text, re.MULTILINE), f"{kind}: {name}"
    (files,) = re.findall(r"^## Files: .*?(?=^## )", DOCS, re.MULTILINE | re.DOTALL)
    for name in [*FileKind.CONNECTION_SETTINGS, *DELIVERY]:
        assert re.search(rf"^\|[^|]*`{name}`", files, re.MULTILINE), name
