"""Formula characters, line ends, gaps, long numbers and old days arrive in a spreadsheet as what they are."""

from __future__ import annotations

import csv
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from contracts.errors import ConfigurationError
from sharing import spreadsheet
from tests.sharing.delivery.delivery_city import DeliveryCity

NOTES = ["=1+1", "+8613812345678", "-1+1", "@SUM(A1)", "\t=x", "＝1", "two\nlines, \"quoted\"", "", None, "370211199001011233", "𠮷🙂é", "\x01bell", "=" * 3 + "\r\n", "0017"]  # fmt: skip


@pytest.fixture
def odd(town: DeliveryCity) -> DeliveryCity:
    person = town.persons()[0]
    rows = [
        {**person, "number": str(n), "note": note, "amount": f"{n:04}.5", "birth_date": "1895-06-13"}
        for n, note in enumerate(NOTES)
    ]
    town.load("police.person", 2, rows)
    town.night_number = 2
    town.granted("L1", ("note", "amount", "birth_date"), unmasked=("birth_date",))
    return town


def test_a_csv_keeps_every_text_apart_from_a_gap_and_runs_nothing(odd: DeliveryCity) -> None:
    odd.deliver("L1", "csv")
    path = odd.file(name="data.csv")
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["_request_id", "birth_date", "note", "amount"]
    by_amount = {float(row[3]): row[2] for row in rows}
    notes = [by_amount[n + 0.5] for n in range(len(NOTES))]
    defused = {0: "'=1+1", 2: "'-1+1", 3: "'@SUM(A1)", 4: "'\t=x", 5: "'＝1", 12: "'===\r\n"}
    assert notes == [defused.get(n, note or "") for n, note in enumerate(NOTES)]
    text = path.read_bytes().decode()
    assert '1895-06-13,"",7.50' in text, "an empty text is quoted"
    assert "1895-06-13,,8.50" in text, "a gap is not"
    odd.ask_for({"line": "L1", "way": "csv", "bom": True})
    assert odd.run(3).is_well
    assert path.read_bytes().startswith("\ufeff_request_id,".encode())


def test_a_sheet_holds_texts_as_texts_and_numbers_as_numbers(odd: DeliveryCity) -> None:
    odd.deliver("L1", "excel")
    sheet = openpyxl.load_workbook(odd.file(name="data.xlsx"))["data"]
    rows: dict[float, Any] = {float(row[3].value): row for row in sheet.iter_rows(min_row=2)}
    cells = [rows[n + 0.5][2] for n in range(len(NOTES))]
    assert not [cell for cell in cells if cell.data_type == "f"], "no formula"
    assert all(cell.quotePrefix for cell in cells if cell.value)
    expected = {7: None, 11: "\ufffdbell", 12: "===\r\n"}
    assert [cell.value for cell in cells] == [expected.get(n, note) for n, note in enumerate(NOTES)]
    assert {type(row[3].value) for row in rows.values()} == {float}
    assert {row[1].value for row in rows.values()} == {"1895-06-13"}, "before the first day a spreadsheet knows"
    assert (sheet["A1"].font.bold, sheet.freeze_panes) == (True, "A2")


def test_a_number_longer_than_a_spreadsheet_keeps_is_text(odd: DeliveryCity) -> None:
    odd.load("police.person", 3, odd.persons(reserve="1234567890.12", amount="1234567890.12"))
    odd.night_number = 3
    odd.granted("L2", ("amount", "reserve"), unmasked=("reserve",))
    assert spreadsheet._DIGITS == 15, "what Excel's numbers keep"
    odd.deliver("L2", "excel")
    values = {
        row[1]
        for row in openpyxl.load_workbook(odd.file("L2", "data.xlsx"))["data"].iter_rows(min_row=2, values_only=True)
    }
    assert {Decimal(str(value)) for value in values} == {Decimal("1234567890.12")}


def test_more_rows_than_a_sheet_holds_are_refused_before_they_are_written(
    odd: DeliveryCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert spreadsheet.MOST_ROWS == 1_048_576
    monkeypatch.setattr(spreadsheet, "MOST_ROWS", len(NOTES))
    with pytest.raises(
        ConfigurationError, match=r"a sheet holds 14 rows, and these are 14 and a header.*csv or parquet"
    ):
        odd.deliver("L1", "excel")
    assert odd.told("delivered") == []
    odd.load("police.person", 3, odd.persons(note="x" * 32_768))
    odd.night_number = 3
    with pytest.raises(ConfigurationError, match="longer than a cell holds"):
        odd.deliver("L1", "excel")
    assert not odd.file().parent.exists()
    odd.deliver("L1", "csv")
