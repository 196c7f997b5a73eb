"""The example of docs/models.md is a model that is sound, and its test passes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.models import small_tables
from tests.small_city import ROOT
from transforms.models import check_models, read_models

PAGE = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")


def test_the_example_of_the_page_is_sound_and_passes_its_own_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [sql] = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    [test] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "models" / "mart" / "employer.sql"
    path.parent.mkdir(parents=True)
    path.write_text(sql, encoding="utf-8")
    [model] = read_models(tmp_path / "models")
    qingdao = small_tables.SmallTables(ROOT / "cities" / "qingdao")
    known = {name: columns for name, columns in qingdao.known.items() if name not in qingdao.models}
    assert check_models([model], known) == []
    qingdao.models[model.name] = model
    monkeypatch.setattr(small_tables, "SmallTables", lambda folder: qingdao)
    names: dict[str, object] = {}
    exec(compile(test, "docs/models.md", "exec"), names)
    [run] = [value for name, value in names.items() if name.startswith("test_")]
    assert callable(run)
    run()
