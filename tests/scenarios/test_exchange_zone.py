"""Batches pushed into an exchange zone: taken only when complete, reconciled with their department's figures, and receipted."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import ConfigurationError, LoadHeld, SourceBroken, SourceUnavailable
from tests.small_city import SmallCity, local, night

CONTRACT = "contracts/civil/marriage.yaml"
ROWS = [("A1", "2020-05-04"), ("A2", "2020-05-04"), ("A3", "2020-05-04")]
WHOLE = "SELECT certificate_no FROM civil.marriage ORDER BY 1"
FIGURES = (
    "SELECT outcome, file, figure, stated, received, agrees FROM ops.reconciliations WHERE NOT agrees ORDER BY ALL"
)


class Zone:
    """The registry's exchange folder: three files a night at most, a manifest, and a file that marks the batch complete."""

    def __init__(self, city: SmallCity, **batch: Any) -> None:
        self.city, self.folder = city, city.sources / "civil"
        stated = {
            "manifest": "marriage_{date}.manifest.json",
            "complete": "marriage_{date}.done",
            "receipt": True,
            **batch,
        }
        value = json.dumps({"encoding": "gb18030", "batch": stated})
        city.edit(CONTRACT, "value: {encoding: gb18030}", f"value: {value}")

    def push(
        self, number: int, batch: int, couples: Sequence[tuple[str, str]] = ROWS, complete: bool = True, **stated: Any
    ) -> None:
        """Write the night's file and a manifest; what is `stated` stands in place of the truth."""
        self.city.marriages(number, couples)
        data = self.file(number).read_bytes()
        entry = {"name": self.file(number).name, "rows": len(couples), "sha256": hashlib.sha256(data).hexdigest()}
        document = {"batch": batch, "files": [{**entry, **stated}]}
        self.manifest(number).write_text(json.dumps(document), encoding="utf-8")
        if complete:
            (self.folder / f"marriage_{night(number):%Y%m%d}.done").touch()

    def file(self, number: int) -> Path:
        return self.folder / f"marriage_{night(number):%Y%m%d}.csv"

    def manifest(self, number: int) -> Path:
        return self.folder / f"marriage_{night(number):%Y%m%d}.manifest.json"

    def receipt(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            (self.folder / f"{self.manifest(number).name}.receipt.json").read_text(encoding="utf-8")
        )
        return found


def test_a_complete_batch_is_loaded_and_gets_a_receipt(city: SmallCity) -> None:
    zone = Zone(city)
    zone.push(1, 7)
    assert city.run("civil.marriage", 1).accepted == 3
    receipt = zone.receipt(1)
    assert (receipt["outcome"], receipt["batch"], receipt["rows"], receipt["differences"]) == (
        "agreed", "7", {"stated": None, "received": 3}, [],
    )  # fmt: skip
    assert city.query("SELECT figure, stated, received, agrees FROM ops.reconciliations WHERE figure = 'rows'") == [
        ("rows", "3", "3", True)
    ]
    before, figures = city.hashes(), city.query("SELECT * FROM ops.reconciliations ORDER BY ALL")
    city.run("civil.marriage", 1)
    assert (city.hashes(), city.query("SELECT * FROM ops.reconciliations ORDER BY ALL")) == (before, figures)


def test_a_batch_that_is_not_complete_is_waited_for(city: SmallCity) -> None:
    zone = Zone(city)
    with pytest.raises(SourceUnavailable, match=r"exchange_|does not exist"):
        city.run("civil.marriage", 1)
    zone.push(1, 7, complete=False)
    with pytest.raises(SourceUnavailable, match=r"not marked the batch complete.*wait for marriage_20200504\.done"):
        city.run("civil.marriage", 1)
    zone.push(1, 7)
    assert city.run("civil.marriage", 1).accepted == 3


def test_a_row_fewer_than_stated_is_refused_told_to_both_sides_and_repaired(city: SmallCity) -> None:
    zone = Zone(city)
    zone.push(1, 7)
    city.run("civil.marriage", 1)
    before = city.query(WHOLE)
    zone.push(2, 8, ROWS[:1], rows=2, sha256="")
    with pytest.raises(
        SourceBroken, match=r"batch 8: rows of marriage_20200505\.csv: 2 stated, 1 received.*delivers the batch again"
    ):
        city.run("civil.marriage", 2)
    assert city.query(WHOLE) == before
    assert city.query("SELECT message FROM ops.runs WHERE status = 'failed'") == [
        ("batch 8: rows of marriage_20200505.csv: 2 stated, 1 received",)
    ]
    assert city.query(FIGURES) == [("refused", "marriage_20200505.csv", "rows", "2", "1", False)]
    receipt = zone.receipt(2)
    assert receipt["outcome"] == "refused"
    assert receipt["differences"] == ["rows of marriage_20200505.csv: 2 stated, 1 received"]
    assert not (city.root / "var/landing/civil/marriage/20200505T0200/current.json").exists()
    # the repaired batch may keep its number, since it was never accepted
    zone.push(2, 8, [("B1", "2020-05-05"), ("B2", "2020-05-05")])
    city.run("civil.marriage", 2)
    assert [row[0] for row in city.query(WHOLE)] == ["A1", "A2", "A3", "B1", "B2"]
    assert zone.receipt(2)["outcome"] == "agreed"


def test_a_manifest_put_right_over_the_same_file_loads_it(city: SmallCity) -> None:
    zone = Zone(city)
    zone.push(1, 7, rows=2)
    with pytest.raises(SourceBroken):
        city.run("civil.marriage", 1)
    zone.push(1, 7)
    assert city.run("civil.marriage", 1).accepted == 3


@pytest.mark.parametrize("algorithm", ["sha256", "md5", "sm3"])
def test_a_file_that_is_not_what_its_checksum_says_is_never_read(city: SmallCity, algorithm: str) -> None:
    zone = Zone(city, difference="warn")
    city.marriages(1, ROWS)
    right = hashlib.new(algorithm, zone.file(1).read_bytes()).hexdigest()
    wrong = right[::-1]
    zone.push(1, 7, sha256="", checksum=wrong, algorithm=algorithm.upper())
    with pytest.raises(SourceBroken, match=f"{algorithm} of marriage_20200504.csv: {wrong} stated, {right} received"):
        city.run("civil.marriage", 1)
    assert zone.receipt(1)["outcome"] == "refused"
    zone.push(1, 7, sha256="", checksum=f"{algorithm}:{right.upper()}")
    assert city.run("civil.marriage", 1).accepted == 3


def test_a_file_that_the_manifest_names_and_nobody_delivered_is_refused(city: SmallCity) -> None:
    zone = Zone(city)
    zone.push(1, 7)
    zone.file(1).unlink()
    with pytest.raises(SourceBroken, match=r"file of marriage_20200504\.csv: delivered stated, missing received"):
        city.run("civil.marriage", 1)


def test_the_contract_may_hold_or_only_warn_of_a_difference(city: SmallCity) -> None:
    zone = Zone(city, difference="hold")
    zone.push(1, 7, rows=4)
    with pytest.raises(LoadHeld, match=r"held back: batch 7: rows of marriage_20200504\.csv: 4 stated, 3 received"):
        city.run("civil.marriage", 1)
    assert city.query(WHOLE) == []
    assert zone.receipt(1)["outcome"] == "held"
    zone.push(1, 7)
    assert city.run("civil.marriage", 1).accepted == 3
    city.edit(CONTRACT, '"hold"', '"warn"')
    zone.push(2, 8, [("B1", "2020-05-05")], rows=2)
    record = city.run("civil.marriage", 2)
    assert (record.accepted, record.message) == (1, "batch 8: rows of marriage_20200505.csv: 2 stated, 1 received")
    digest = city.command("digest", "--night", str(night(2)), observed=2)
    assert "batch 8: rows of marriage_20200505.csv: 2 stated, 1 received" in digest.communicate()[0]
    # the figure is put right, the file was right all along: the new statement stands beside the run it belongs to
    zone.push(2, 8, [("B1", "2020-05-05")])
    record = city.run("civil.marriage", 2)
    assert (record.message, record.attempt) == ("", 2)
    assert city.query(f"SELECT DISTINCT outcome FROM ops.reconciliations WHERE run_id = '{record.run_id}'") == [
        ("agreed",)
    ]


def test_a_batch_number_that_comes_again_and_one_that_never_came_are_noticed(city: SmallCity) -> None:
    zone = Zone(city)
    zone.push(1, 5)
    city.run("civil.marriage", 1)
    zone.push(1, 5, ROWS[:2])
    with pytest.raises(SourceBroken, match="batch number 5 comes again with other content"):
        city.run("civil.marriage", 1)
    zone.push(2, 5, [("B1", "2020-05-05")])
    with pytest.raises(SourceBroken, match="batch number 5 comes again, after 20200504T0200"):
        city.run("civil.marriage", 2)
    zone.push(2, 8, [("B1", "2020-05-05")])
    assert city.run("civil.marriage", 2).message == "batch 8: 2 batches between 5 and 8 never came"
    assert zone.receipt(2)["notes"] == ["2 batches between 5 and 8 never came"]
    zone.push(3, 3, [("C1", "2020-05-06")])
    assert city.run("civil.marriage", 3).message == "batch 3: its number goes back: 8 came before"


def test_several_files_are_counted_each_and_files_that_nobody_states_are_not_read(city: SmallCity) -> None:
    zone = Zone(city)
    city.edit(CONTRACT, "marriage_{date}.csv", "marriage_{date}*.csv")
    zone.push(1, 7)
    data = zone.file(1).read_bytes()
    parts = [zone.folder / f"marriage_20200504_{n}.csv" for n in (1, 2, 3)]
    for part in parts:
        part.write_bytes(data.replace(b"A", f"{part.stem[-1]}".encode()))
    parts[1].write_bytes("登记日期,证件字号\r\n2020-05-04,X1\r\n".encode("gb18030"))
    files = [
        {"name": zone.file(1).name, "rows": 3},
        {"name": parts[0].name, "rows": 4},
        {"name": parts[1].name, "rows": 1},
    ]
    zone.manifest(1).write_text(json.dumps({"batch": 7, "rows": 8, "files": files}), encoding="utf-8")
    with pytest.raises(
        SourceBroken,
        match=r"batch 7: rows of marriage_20200504_1\.csv: 4 stated, 3 received; rows: 8 stated, 7 received; 1 files of",
    ):
        city.run("civil.marriage", 1)
    files[1]["rows"] = 3
    zone.manifest(1).write_text(json.dumps({"batch": 7, "rows": 7, "files": files}), encoding="utf-8")
    assert city.run("civil.marriage", 1).accepted == 7
    assert ("X1",) in city.query(WHOLE)


def test_a_department_s_own_manifest_is_read_by_its_own_names_and_sums_are_compared(city: SmallCity) -> None:
    """The tax bureau's one file, replaced whole, with a text manifest that has no date."""
    batch = {
        "manifest": "taxpayers.ok", "names": {"batch": "PCH", "rows": "JLS", "name": "WJM", "checksum": "JYM"}, "algorithm": "md5",
        "controlSums": {"amount": "JEHJ"},
    }  # fmt: skip
    city.edit(
        "contracts/tax/taxpayer.yaml",
        "  - {property: loadMode",
        f"  - {{property: source, value: {json.dumps({'batch': batch})}}}\n  - {{property: loadMode",
    )

    def push(number: str, total: str, rows: dict[str, str]) -> None:
        city.taxpayers(rows)
        path = city.sources / "tax"
        md5 = hashlib.md5((path / "taxpayers.csv").read_bytes()).hexdigest()
        lines = ["# 批次", f"PCH={number}", "WJM=taxpayers.csv", f"JLS={len(rows)}", f"JYM={md5}", f"JEHJ={total}"]
        (path / "taxpayers.ok").write_text("\n".join(lines), encoding="utf-8")

    push("2020-9", "60.50", {"1": "10.1", "2": "20.2", "3": "30.20"})
    city.run("tax.taxpayer", 1)
    with pytest.raises(
        SourceUnavailable, match="no new batch has been delivered: batch 2020-9 was taken for 20200504T0200"
    ):
        city.run("tax.taxpayer", 2)
    push("2020-10", "60.49", {"1": "10.1", "2": "20.2", "3": "30.20"})
    with pytest.raises(SourceBroken, match=r"batch 2020-10: sum of amount: 60\.49 stated, 60\.5 received"):
        city.run("tax.taxpayer", 2)
    push("2020-10", "30.30", {"1": "10.1", "2": "20.2", "3": "许多"})
    with pytest.raises(SourceBroken, match=r"30\.3 stated, 30\.3 beside 1 values that are no numbers"):
        city.run("tax.taxpayer", 2)
    push("2020-10", "30.3", {"1": "10.1", "2": "20.2"})
    assert city.run("tax.taxpayer", 2).message == ""
    assert city.query("SELECT sum(amount) FROM tax.taxpayer") == [(Decimal("30.30"),)]


class Database:
    """The police's exchange database: a batch table beside the residents, each of whom belongs to a batch."""

    def __init__(self, city: SmallCity) -> None:
        self.city, self.path = city, city.sources / "population.sqlite"
        stated = {
            "table": "交换批次", "number": "批次号", "status": "状态", "complete": [1, "完成"], "date": "业务日期", "resource": "表名", "rows": "记录数",
            "rowsColumn": "batch_no", "controlSums": {"年龄": "年龄合计"}, "receipt": "交换回执",
        }  # fmt: skip
        source = json.dumps({"batch": stated}, ensure_ascii=False)
        city.edit(
            "contracts/police/resident.yaml",
            "  - {property: loadMode",
            f"  - {{property: source, value: {source}}}\n  - {{property: ignoredColumns, value: [batch_no]}}\n  - {{property: loadMode",
        )
        self.do("ALTER TABLE residents ADD COLUMN batch_no INTEGER")
        self.do(
            "CREATE TABLE 交换批次 (批次号 INTEGER, 表名 TEXT, 业务日期 TEXT, 状态 INTEGER, 记录数 INTEGER, 年龄合计 INTEGER)"
        )
        self.do(
            "CREATE TABLE 交换回执 (batch TEXT, resource TEXT, outcome TEXT, rows_stated INTEGER, rows_received INTEGER, differences TEXT, received_at TEXT)"
        )

    def do(self, sql: str, *values: object) -> list[Any]:
        with sqlite3.connect(self.path) as database:
            rows = database.execute(sql, values).fetchall()
        database.close()
        return rows

    def push(
        self, number: int, batch: int, people: Sequence[tuple[str, int]], status: object = 1, rows: int | None = None
    ) -> None:
        self.do("DELETE FROM residents WHERE batch_no = ?", batch)
        for person, age in people:
            self.do("INSERT INTO residents VALUES (?, '王伟', ?, 'active', ?, ?)", person, age, local(number), batch)
        self.do("DELETE FROM 交换批次 WHERE 批次号 = ?", batch)
        count, ages = len(people) if rows is None else rows, sum(age for _, age in people)
        for table, figure in (("residents", count), ("other", 99)):
            self.do(
                "INSERT INTO 交换批次 VALUES (?, ?, ?, ?, ?, ?)",
                batch,
                table,
                f"{night(number):%Y/%m/%d}",
                status,
                figure,
                ages,
            )


def test_a_database_s_batch_is_taken_when_its_row_says_so_and_receipted_in_its_table(city: SmallCity) -> None:
    zone = Database(city)
    with pytest.raises(SourceUnavailable, match="no batch has been delivered"):
        city.run("police.resident", 1)
    zone.push(1, 7, [("1", 40), ("2", 30)], status=0)
    with pytest.raises(SourceUnavailable, match="not marked the batch complete"):
        city.run("police.resident", 1)
    zone.push(1, 7, [("1", 40), ("2", 30)])
    zone.push(2, 8, [("3", 20)], rows=2)
    record = city.run("police.resident", 1)
    assert (record.accepted, record.message) == (2, "")
    with pytest.raises(SourceBroken, match="batch 8: rows: 2 stated, 1 received"):
        city.run("police.resident", 2)
    assert zone.do("SELECT batch, resource, outcome, rows_stated, rows_received, differences FROM 交换回执 ORDER BY 1") == [
        ("7", "residents", "agreed", 2, 2, ""), ("8", "residents", "refused", 2, 1, "rows: 2 stated, 1 received"),
    ]  # fmt: skip
    zone.push(2, 8, [("3", 20), ("1", 41)])
    city.run("police.resident", 2)
    assert city.query("SELECT person_no, age FROM police.resident ORDER BY 1") == [("1", 41), ("2", 30), ("3", 20)]
    assert zone.do("SELECT outcome FROM 交换回执 ORDER BY batch") == [("agreed",), ("agreed",)]


def test_a_receipt_that_cannot_be_written_loses_no_load(city: SmallCity, caplog: pytest.LogCaptureFixture) -> None:
    zone = Database(city)
    zone.do("DROP TABLE 交换回执")
    zone.push(1, 7, [("1", 40)])
    assert city.run("police.resident", 1).accepted == 1
    assert "the receipt could not be written" in caplog.text


def test_two_complete_batches_of_one_day_are_not_chosen_between(city: SmallCity) -> None:
    zone = Database(city)
    zone.push(1, 7, [("1", 40)])
    zone.push(1, 8, [("2", 40)])
    with pytest.raises(SourceBroken, match="2 complete batches belong to one interval"):
        city.run("police.resident", 1)


def test_what_was_refused_once_is_not_said_of_a_later_failure(city: SmallCity) -> None:
    zone = Zone(city)
    zone.push(1, 7, rows=4)
    with pytest.raises(SourceBroken):
        city.run("civil.marriage", 1)
    zone.file(1).with_suffix(".done").unlink()
    with pytest.raises(SourceUnavailable):
        city.run("civil.marriage", 1)
    assert city.query("SELECT count(DISTINCT run_id) FROM ops.runs") == [(2,)]
    assert city.query("SELECT count(DISTINCT run_id) FROM ops.reconciliations") == [(1,)]


def test_a_mistake_in_the_batch_settings_is_found_by_the_check_and_before_anything_is_read(city: SmallCity) -> None:
    Zone(city, compleet="x")
    checked = city.command("catalogue", "check", observed=1)
    assert "unknown 'compleet'; did you mean complete" in checked.communicate()[0].replace("\n", " ")
    with pytest.raises(ConfigurationError, match="unknown 'compleet'"):
        city.run("civil.marriage", 1)


def test_a_night_killed_anywhere_and_repeated_ends_the_same(city: SmallCity, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step dies after the receipt and before what landed counts: the next try finds the same batch and says the same."""
    from pipeline import landing

    zone = Zone(city)
    zone.push(1, 7)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(landing, "_locked", killed)
        with pytest.raises(KeyboardInterrupt):
            city.run("civil.marriage", 1)
    first = zone.receipt(1)
    city.run("civil.marriage", 1)
    assert zone.receipt(1) == first
    assert city.query("SELECT count(*) FROM ops.reconciliations WHERE outcome <> 'agreed'") == [(0,)]
    assert city.query(WHOLE) == [("A1",), ("A2",), ("A3",)]


def test_the_check_tells_how_the_batch_stands(city: SmallCity) -> None:
    zone = Zone(city)
    zone.push(1, 7, complete=False)
    waiting, _ = city.command("check", "civil.marriage", observed=1).communicate()
    assert "not marked the batch complete" in waiting
    zone.push(1, 7)
    complete, _ = city.command("check", "civil.marriage", observed=1).communicate()
    assert "number 7 is complete" in complete
