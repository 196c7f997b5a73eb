"""The threat model names the test that proves each control; every one of them exists."""

from __future__ import annotations

import ast
import re

from tests.small_city import ROOT

PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
ROWS = [
    line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| scenario ", "| asset "))
]


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)
    assert len(named) > 40
    missing = []
    for file, name in named:
        path = ROOT / file
        tree = ast.parse(path.read_text(encoding="utf-8")) if path.exists() else ast.Module([], [])
        defined = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")}
        if not defined or (name and name not in defined):
            missing.append(f"{file}::{name}")
    assert not missing


def test_every_scenario_has_a_control_a_default_and_a_test() -> None:
    scenarios = [
        [cell.strip() for cell in row.strip("|").split("|")] for row in ROWS if "`tests/" in row or row.count("|") == 5
    ]
    assert len(scenarios) > 40
    assert [row[0] for row in scenarios if len(row) != 4 or not all(row) or "`tests/" not in row[3]] == []
