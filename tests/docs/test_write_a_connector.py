"""The connector of the page passes the suite that the page shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.small_city import ROOT


def test_the_connector_of_the_page_passes_the_suite_of_the_page(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "write-a-connector.md").read_text(encoding="utf-8")
    connector, suite = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "name_value.py").write_text(connector, encoding="utf-8")
    (tmp_path / "test_name_value.py").write_text(suite, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_name_value.py"]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    done = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    assert int(re.findall(r"(\d+) passed", done.stdout)[0]) >= 20
