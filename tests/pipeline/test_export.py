"""What leaves the lake: masked unless somebody answers for it, whole or not at all, nothing that a spreadsheet computes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from cli.main import app
from contracts.errors import ConfigurationError, HistoryUnavailable
from contracts.settings import Settings
from pipeline.export import export_rows, masked_lake
from pipeline.export.query import tables_read
from pipeline.export.record import Taker
from sharing import spreadsheet
from sharing.delivery.pseudonym import SECRET
from tests.pipeline.analyst_city import NAME, PHONE
from tests.pipeline.unified_city import ANNA, BERT, UnifiedCity
from warehouse.lake import open_lake

NOW = datetime(2020, 5, 7, 1, tzinfo=UTC)


@pytest.fixture
def city(analyst_city: UnifiedCity) -> UnifiedCity:
    return analyst_city


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(SECRET, "0123456789" * 4)
    yield


def rows(path: Path) -> list[dict[str, Any]]:
    return pyarrow.parquet.read_table(path).to_pylist()  # type: ignore[no-any-return]


def test_each_column_is_shown_as_its_classification_lets_it_be(city: UnifiedCity, tmp_path: Path, secret: None) -> None:
    done = export_rows(city.place, "SELECT * FROM police.resident", tmp_path / "r.parquet", NOW)
    first = next(r for r in rows(done.file) if r["town"] == "=1+1")
    assert (first["phone"], first["born_on"], first["file"]) == ("138****1234", None, None)
    assert first["id_no"] not in (ANNA, None) and first["number"] not in ("1", None)
    assert done.rows == 2 and not done.withheld_for_want_of_a_key
    assert done.file.stat().st_mode & 0o777 == 0o600
    raw = done.file.read_bytes()
    assert all(text.encode() not in raw for text in (ANNA, BERT, PHONE, NAME, "secret"))


def test_a_person_is_the_same_pseudonym_wherever_known_so_that_tables_join(
    city: UnifiedCity, tmp_path: Path, secret: None
) -> None:
    query = """SELECT p.person_id, r.id_no FROM unified.person AS p JOIN police.resident AS r ON r.id_no = p.resident_id
        JOIN civil.student AS s ON s.id_no = r.id_no"""
    [row] = rows(export_rows(city.place, query, tmp_path / "j.parquet", NOW).file)
    assert row["id_no"] != ANNA and row["person_id"] not in (None, row["id_no"])
    [(true_id,)] = city.query(f"SELECT person_id FROM unified.person WHERE resident_id = '{ANNA}'")
    assert row["person_id"] != true_id, "an id that follows from the number alone could be found by trying all numbers"


def test_without_the_secret_ids_are_empty_and_it_is_said(city: UnifiedCity, tmp_path: Path) -> None:
    assert SECRET not in os.environ
    done = export_rows(city.place, "SELECT id_no FROM police.resident", tmp_path / "x.parquet", NOW)
    assert {r["id_no"] for r in rows(done.file)} == {None} and done.withheld_for_want_of_a_key


def test_a_mart_shows_its_counts_and_masks_what_it_passes_on(city: UnifiedCity, tmp_path: Path) -> None:
    done = export_rows(city.place, "SELECT * FROM mart.town ORDER BY people, town DESC", tmp_path / "t.parquet", NOW)
    assert [(r["people"], r["phones"], r["somebody"], r["has_phone"]) for r in rows(done.file)] == [
        (1, 1, "138****1234", "yes"), (1, 0, None, "no"),
    ]  # fmt: skip


def test_history_and_conflicts_whose_values_may_be_anything_are_withheld(city: UnifiedCity, tmp_path: Path) -> None:
    done = export_rows(city.place, "SELECT value FROM unified.person_history", tmp_path / "h.parquet", NOW)
    assert {r["value"] for r in rows(done.file)} == {None} and done.rows > 0


def test_a_csv_holds_nothing_that_a_spreadsheet_computes(city: UnifiedCity, tmp_path: Path) -> None:
    done = export_rows(
        city.place, "SELECT town, 'a,b' AS \"=x\", 1 AS n FROM police.resident ORDER BY town", tmp_path / "r.csv", NOW
    )
    assert done.file.read_text(encoding="utf-8") == '\ufefftown,\'=x,n\n-5,"a,b",1\n\'=1+1,"a,b",1\n'


def test_excel_keeps_texts_as_texts_and_says_what_is_masked(city: UnifiedCity, tmp_path: Path) -> None:
    done = export_rows(
        city.place, "SELECT town, phone, _interval_start FROM police.resident ORDER BY town", tmp_path / "r.xlsx", NOW
    )
    book = openpyxl.load_workbook(done.file)
    assert [[c.value for c in row][:2] for row in book["data"].iter_rows()] == [
        ["town", "phone"],
        ["-5", None],
        ["=1+1", "138****1234"],
    ]
    assert {c.data_type for row in book["data"].iter_rows(min_row=2, max_col=1) for c in row} == {"s"}
    assert any("phone" in str(row[0].value) for row in book["说明 about"].iter_rows())


def test_more_rows_than_a_sheet_holds_are_refused_and_nothing_is_left(
    city: UnifiedCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheet, "MOST_ROWS", 2)
    with pytest.raises(ConfigurationError, match=r"a sheet holds 2 rows.*csv or parquet"):
        export_rows(city.place, "SELECT * FROM police.resident", tmp_path / "r.xlsx", NOW)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_written_over_only_when_asked(city: UnifiedCity, tmp_path: Path) -> None:
    there = tmp_path / "r.csv"
    there.write_text("mine")
    (tmp_path / ".r~999999999.csv").mkdir()  # what a killed process left
    with pytest.raises(ConfigurationError, match="there already"):
        export_rows(city.place, "SELECT town FROM police.resident", there, NOW)
    with pytest.raises(ConfigurationError, match="failed on its data"):
        export_rows(city.place, "SELECT CAST(town AS INTEGER) FROM police.resident", there, NOW, overwrite=True)
    assert there.read_text() == "mine" and [p.name for p in tmp_path.iterdir()] == ["r.csv"]
    assert export_rows(city.place, "SELECT town FROM police.resident", there, NOW, overwrite=True).rows == 2


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM lake.police.resident",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM query('SELECT * FROM lake.police.resident')",
        "SELECT * FROM query_table('lake.police.resident')",
        "SELECT * FROM ducklake_table_insertions('lake', 'police', 'resident', 0, 99)",
        "SELECT getvariable('landbridge_pseudonym_inner')",
        "SELECT getvariable(lower('LANDBRIDGE_PSEUDONYM_INNER'))",
        "SELECT (SELECT max(name) FROM lake.police.resident) FROM mart.town",
        "WITH a AS (SELECT * FROM lake.police.resident) SELECT * FROM a",
        "SELECT * FROM police.resident AT (VERSION => 1)",
        "SELECT * FROM resident",
        "SELECT * FROM lake.resident",
        "SELECT * FROM quarantine.rows",
        "SELECT * FROM sharing.events",
        "SELECT read_text('/etc/passwd')",
        "SELECT 1; SELECT 2",
        "DELETE FROM police.resident",
        "COPY police.resident TO '/tmp/x.csv'",
        "ATTACH '/tmp/x.db'",
        "not SQL",
        "",
    ],
)
def test_a_query_reaches_no_further_than_the_masked_tables(
    city: UnifiedCity, tmp_path: Path, secret: None, query: str
) -> None:
    with pytest.raises(ConfigurationError):
        export_rows(city.place, query, tmp_path / "x.parquet", NOW)
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_a_common_table_expression_is_no_table(city: UnifiedCity) -> None:
    query = "WITH Far AS (SELECT town FROM police.resident) SELECT f.town, r.n FROM far AS f, range(2) AS r(n), unnest([1]) AS u(x)"
    assert tables_read(city.open(), query) == {"police.resident"}


def test_an_older_state_is_the_lake_before_the_first_load_of_a_later_night(city: UnifiedCity, tmp_path: Path) -> None:
    then = export_rows(city.place, "SELECT town FROM police.resident", tmp_path / "1.parquet", NOW, as_of=city.as_of(1))
    assert then.rows == 1
    newest = export_rows(
        city.place, "SELECT town FROM police.resident", tmp_path / "2.parquet", NOW, as_of=city.as_of(2)
    )
    assert newest.rows == 2
    with pytest.raises(HistoryUnavailable):
        export_rows(city.place, "SELECT town FROM police.resident", tmp_path / "0.parquet", NOW, as_of=city.as_of(0))
    with pytest.raises(ConfigurationError, match="was not there at that time"):
        export_rows(city.place, "SELECT * FROM mart.town", tmp_path / "m.parquet", NOW, as_of=city.as_of(1))


def test_unmasked_data_leaves_only_in_somebodys_name_which_the_lake_keeps(city: UnifiedCity, tmp_path: Path) -> None:
    query = "SELECT name, id_no FROM police.resident ORDER BY number"
    with pytest.raises(ConfigurationError, match="name and a purpose"):
        export_rows(city.place, query, tmp_path / "u.parquet", NOW, taker=Taker("王", " "))
    assert list(tmp_path.iterdir()) == []
    done = export_rows(city.place, query, tmp_path / "u.parquet", NOW, taker=Taker("王", "audit 7"))
    assert rows(done.file)[0] == {"name": NAME, "id_no": ANNA}
    kept = city.query("SELECT person, purpose, tables, rows, file FROM ops.exports")
    assert kept == [("王", "audit 7", "police.resident", 2, "u.parquet")]


def test_where_the_lake_may_only_be_read_no_unmasked_data_leaves(
    city: UnifiedCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(settings: Settings, timezone: str) -> duckdb.DuckDBPyConnection:
        return open_lake(settings, read_only=True, timezone=timezone)

    monkeypatch.setattr("pipeline.export.record.open_lake", read_only)
    with pytest.raises(Exception, match=r"read.only"):
        export_rows(city.place, "SELECT name FROM police.resident", tmp_path / "u.parquet", NOW, taker=Taker("王", "x"))
    assert list(tmp_path.iterdir()) == []


def test_the_analysts_connection_holds_masked_tables_under_their_own_names(city: UnifiedCity) -> None:
    lake = masked_lake(city.place)
    try:
        frame = lake.sql("SELECT name, phone, id_no FROM police.resident ORDER BY name").df()
        assert list(frame["phone"].dropna()) == ["138****1234"] and frame["id_no"].isna().all()
        assert lake.execute("SELECT people FROM mart.town").fetchall() == [(1,), (1,)]
    finally:
        lake.close()


def test_the_command_exports_a_table_a_file_or_a_query_and_says_what_is_masked(
    city: UnifiedCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANDBRIDGE_HOME", str(city.settings.home))
    monkeypatch.setenv("LANDBRIDGE_CITY", str(city.folder))

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["export", *words, "--to", str(tmp_path / f"{len(words)}.csv")])
        return done.output if done.exit_code == 0 else str(done.exception)

    question = tmp_path / "question.sql"
    question.write_text(
        "-- towns\nSELECT town, max(phone) AS phone FROM police.resident GROUP BY town;\n", encoding="utf-8"
    )
    assert "2 rows from mart.town" in run("mart.town")
    told = run("--sql", str(question))
    assert (
        "2 rows from police.resident" in told
        and "phone: 电话保留前三后四" in told
        and "SECRET_PSEUDONYM is not set" in told
    )
    assert "1 rows" in run("--query", "SELECT town FROM police.resident", "--as-of", "2020-05-05")
    assert "name one of" in run("mart.town", "--query", "SELECT 1", "--overwrite")
    assert "belong to --unmasked" in run("mart.town", "--person", "x", "--purpose", "y")
