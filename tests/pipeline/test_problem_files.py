"""A department's own list: what it holds, who may read it, and that it empties when the corrected rows come."""

from __future__ import annotations

import csv
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from cli.main import app
from pipeline import city_wide, sharing_night
from sharing.corrections.challenge import Challenge
from sharing.corrections.desk import ask, decide
from sharing.ledger.events import Event
from sharing.requests.desk import Desk, Signed
from tests.small_city import ROOT, SmallCity, local
from warehouse.lake import open_lake

CANARY = "canary"
# person_no, name, age, born_on, status
FAULTY = [
    ("canary-1", None, "30", "1990-01-01", "active"),
    ("=canary-2", '=HYPERLINK("http://evil.test","canary")', "三十", "二〇〇一年五月四日", "active"),
    ("canary-3", "canary three", "２９", "03.13.1991", "active"),
    (None, "canary nobody", "-4", "1990-01-01", "active"),
    ("canary-5", "canary five", "29岁", "43831", "active"),
]


class OwnersCity(SmallCity):
    """Its residents have a birthday; the city has a calendar, a policy and a bureau."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.edit("city.yaml", "start:", "bureau: tax\nstart:")
        for name in ("calendar.csv", "policy.yaml"):
            shutil.copy(ROOT / "cities" / "qingdao" / name, self.root / "city" / name)
        born = "      - {name: born_on, physicalName: 出生日期, businessName: 出生日期, logicalType: date}\n"
        self.edit("contracts/police/resident.yaml", "      - {name: status", f"{born}      - {{name: status")

    def people(self, night: int, *rows: tuple[str | None, ...]) -> None:
        """Replace the population database: twenty good rows, and these."""
        good = [(str(n), f"居民{n}", "30", "1990-01-01", "active") for n in range(20)]
        with sqlite3.connect(self.sources / "population.sqlite") as database:
            database.execute("DROP TABLE residents")
            database.execute(
                "CREATE TABLE residents (编号 TEXT, 姓名 TEXT, 年龄 TEXT, 出生日期 TEXT, status TEXT, updated_at TEXT)"
            )
            database.executemany(
                "INSERT INTO residents VALUES (?, ?, ?, ?, ?, ?)", [(*row, local(night)) for row in (*good, *rows)]
            )
        database.close()

    def night(self, number: int) -> str:
        """Load the residents and do what follows the loads; returns what the log is told."""
        self.run("police.resident", number)
        return sharing_night.share_rate(self.place, self.interval(number).end + timedelta(minutes=10), settled=True)

    def challenged(self, rule: str) -> None:
        """The bureau challenges the rows that the rule refuses, on a line delivered before; on the morning after night 1 the police upholds it."""
        place, at = self.place, self.interval(1).end + timedelta(hours=8)
        connection = open_lake(place.settings, timezone="Asia/Shanghai")
        desk = Desk(connection, place.settings, place.city, at)
        fields = {"fields": ["name", "person_no"], "row_scope": ""}
        told = {
            "submitted": {**fields, "requester": "civil", "provider": "police", "resource": "police.resident", "purpose": "aid"},
            "granted": {**fields, "valid_from": "2020-05-01", "valid_to": "2021-05-01"}, "delivered": fields,
        }  # fmt: skip
        desk.record(
            lambda: [
                Event(kind, "L1", "R1", at - timedelta(days=2), "police", "", said, "register")
                for kind, said in told.items()
            ],
            "",
        )
        ask(desk, Signed("tax", "Zhao"), Challenge("L1", "a name is missing", rule))
        decide(desk, Signed("police", "Li"), "L1/C1", upheld=True, reason="found on paper")
        connection.close()

    def files(self) -> list[Path]:
        folder = self.root / "var" / "problems" / "police"
        return sorted(folder.iterdir()) if folder.exists() else []

    def rows(self) -> list[dict[str, str]]:
        """The list as it lies there, by the English half of its headings."""
        [table] = [path for path in self.files() if path.suffix == ".csv"]
        with table.open(encoding="utf-8-sig", newline="") as file:
            return [{name.split(" ", 1)[1]: value for name, value in row.items()} for row in csv.DictReader(file)]

    def landbridge(self, *words: str, night: int) -> str:
        clock = (self.interval(night).end + timedelta(hours=8)).isoformat()
        done = CliRunner().invoke(app, list(words), env={**self.environment, "LANDBRIDGE_CLOCK": clock})
        assert done.exit_code == 0, done.output
        return done.output


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OwnersCity, str]]:
    """The first night with faulty rows, and what its log and pages said; the last test of this module lets them be corrected."""
    city = OwnersCity(tmp_path_factory.mktemp("owners"))
    city.people(1, *FAULTY)
    said = city.night(1)
    said += city_wide.digest(city.place)
    said += city.landbridge("problems", night=1) + city.landbridge("problems", "--department", "police", night=1)
    yield city, said


def test_each_broken_rule_stands_there_in_words_with_its_value_and_by_when(told: tuple[OwnersCity, str]) -> None:
    rows = told[0].rows()
    found = {(row["source key"], row["rule"]): row for row in rows}
    assert {key: row["suggested fix"] for key, row in found.items()} == {
        ("canary-1", "name.not_null"): "", ("'=canary-2", "age.castable"): "", ("'=canary-2", "born_on.castable"): "2001-05-04",
        ("canary-3", "born_on.castable"): "", ("", "person_no.not_null"): "", ("", "age.minimum"): "",
        ("canary-5", "age.castable"): "29", ("canary-5", "born_on.castable"): "2020-01-01",
    }, "no sign is taken from a number, and nobody knows which month the thirteenth is"  # fmt: skip
    row = found["canary-3", "born_on.castable"]
    assert (row["name"], row["field"], row["source field"], row["original value"]) == (
        "户籍人口信息",
        "出生日期",
        "出生日期",
        "03.13.1991",
    )
    assert (row["what it asks"], row["dimension"]) == (
        "不能按类型读取 cannot be read as the field's type",
        "规范性 conformity",
    )
    # 2020-05-09 is a Saturday on which people work
    assert (row["first seen"], row["due"], row["working days left"]) == ("2020-05-05", "2020-05-18", "10")
    assert found["", "person_no.not_null"]["row"] == "24"


def test_the_files_are_for_the_platform_s_account_alone_and_no_log_or_page_tells_a_value(
    told: tuple[OwnersCity, str],
) -> None:
    city, said = told
    assert [path.name for path in city.files()] == ["problems-2020-05-05.csv", "problems-2020-05-05.xlsx"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in city.files()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (city.files()[0].parent, city.files()[0].parent.parent)} == {
        0o700
    }
    assert CANARY not in said and "03.13.1991" not in said
    assert "police · 8 rows · hand to police.data: problems/police/problems-2020-05-05.xlsx" in said


def test_nothing_in_either_file_is_computed_by_a_spreadsheet(told: tuple[OwnersCity, str]) -> None:
    city = told[0]
    assert {row["source key"] for row in city.rows()} == {"canary-1", "'=canary-2", "canary-3", "", "canary-5"}
    sheet = load_workbook(city.files()[1])["问题数据 problem rows"]
    assert "=canary-2" in [sheet.cell(row, 2).value for row in range(2, sheet.max_row + 1)], "a text, and whole"
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet["B1"].value) == ("B2", "A1:S9", "主键 source key")


def test_a_corrected_load_clears_every_row_and_its_correction_but_a_row_without_a_key_whose_night_is_run_again(
    told: tuple[OwnersCity, str],
) -> None:
    city = told[0]
    city.challenged("name.not_null")
    city.landbridge("problems", "write", night=1)
    found = {row["rule"]: (row["correction"], row["due"]) for row in city.rows() if row["source key"] == "canary-1"}
    assert found == {"name.not_null": ("L1/C1", "2020-05-18")}
    city.people(2, *[(key or "canary-4", "canary", "30", "1990-01-01", "active") for key, *_ in FAULTY])
    assert "correction L1/C1 closed, rows corrected: 1, snapshot " in city.night(2)
    assert [path.name for path in city.files()] == ["problems-2020-05-06.csv", "problems-2020-05-06.xlsx"], (
        "only the newest are kept"
    )
    assert {(row["source key"], row["first seen"], row["working days left"]) for row in city.rows()} == {
        ("", "2020-05-05", "9")
    }
    assert all(row["note"].endswith("once it is corrected, run its night again") for row in city.rows())
    city.run("police.resident", 1, "source")
    city.landbridge("problems", "write", night=2)
    assert city.files() == []
    assert "no row is in quarantine" in city.landbridge("problems", night=2)
