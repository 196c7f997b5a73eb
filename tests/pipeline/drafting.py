"""Small sources to draft contracts from, and the command line that does it in a city of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from contracts.catalogue import City, load_city

CLOCK = "2020-05-06T03:00:00+08:00"


@dataclass
class DraftingTable:
    """An empty city, a folder of sources, and `landbridge` run in this process."""

    root: Path
    monkeypatch: pytest.MonkeyPatch

    def __post_init__(self) -> None:
        self.sources.mkdir()
        for name, value in {
            "HOME": self.root / "var",
            "CITY": self.city_folder,
            "SOURCES": self.root / "elsewhere",
            "CLOCK": CLOCK,
        }.items():
            self.monkeypatch.setenv(f"LANDBRIDGE_{name}", str(value))

    @property
    def sources(self) -> Path:
        return self.root / "sources"

    @property
    def city_folder(self) -> Path:
        return self.root / "city"

    @property
    def city(self) -> City:
        return load_city(self.city_folder)

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(app, list(words))

    def begun(self, *words: str) -> Result:
        """Draft into a new city of one department."""
        result = self.run("draft", *words, "--new-city", "Testville", "--department", "office")
        assert result.exit_code == 0, (result.output, result.exception)
        return result

    def text(self, resource: str) -> str:
        return (self.city_folder / "contracts" / "office" / f"{resource}.yaml").read_text(encoding="utf-8")

    def database(self, name: str, tables: Mapping[str, tuple[Sequence[str], Sequence[Sequence[object]]]]) -> Path:
        """A SQLite file of tables: name → (column declarations, rows)."""
        path = self.sources / name
        with sqlite3.connect(path) as database:
            for table, (columns, rows) in tables.items():
                quoted = '"' + table.replace('"', '""') + '"'
                database.execute(f"CREATE TABLE {quoted} ({', '.join(columns)})")
                database.executemany(f"INSERT INTO {quoted} VALUES ({', '.join('?' * len(columns))})", rows)
        database.close()
        return path

    def csv(self, name: str, lines: Sequence[str], encoding: str = "utf-8") -> Path:
        path = self.sources / name
        path.write_bytes("\r\n".join([*lines, ""]).encode(encoding))
        return path
