"""A zone's folder, near and far: what is taken from it, how files are counted, and what an error calls them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from connectors.exchange.zone import Zone, open_zone
from connectors.folders.remote import open_folder
from connectors.registry import check_settings
from contracts.errors import ConfigurationError, SourceBroken, SourceUnavailable
from contracts.model import Resource
from tests.connectors.conftest import NIGHT, resource
from tests.file_servers import PASSWORD, SERVERS, Certificate

MANIFEST = {"manifest": "{date}.json", "receipt": True}


def batched(root: str, pattern: str = "a*.csv", kind: str = "csv_files", **batch: Any) -> Resource:
    return resource(kind, {"root": root}, pattern, columns=("id",), batch={**MANIFEST, **batch})


def zone_of(it: Resource, home: Path) -> Zone:
    zone = open_zone(it, {"LANDBRIDGE_HOME": str(home)})
    assert zone is not None
    return zone


def counted(zone: Zone) -> dict[str | None, int]:
    rows: Counter[str | None] = Counter()
    batch = zone.batch(NIGHT)
    with zone.taking(batch, NIGHT) as taken:
        assert taken.damaged == []
        for name, part in taken.parts():
            rows[name] += part.num_rows
    return dict(rows)


def manifest(*names: str, **more: Any) -> str:
    return json.dumps({"batch": 1, "files": [{"name": name} for name in names], **more})


@pytest.mark.parametrize(("name", "may_write"), [("sftp", True), ("ftps", False), ("s3", True), ("http", False)])
def test_a_distant_zone_is_read_and_gets_its_receipt_where_we_may_write(
    name: str, may_write: bool, tmp_path: Path
) -> None:
    server = SERVERS[name](Certificate(tmp_path))
    try:
        it = batched("x", "in/a*.csv", manifest="in/{date}.json")
        it.system.connection.update(server.connection)
        environ = {"PASSWORD": PASSWORD, "LANDBRIDGE_HOME": str(tmp_path / "home")}
        zone = open_zone(it, environ)
        assert zone is not None
        server.put("in/a1.csv", b"id\n1\n2\n")
        with pytest.raises(SourceUnavailable, match="no batch has been delivered"):
            zone.batch(NIGHT)
        server.put("in/20200504.json", manifest("in/a1.csv").encode())
        assert counted(zone) == {"in/a1.csv": 2}
        batch = zone.batch(NIGHT)
        troubles = [zone.write_receipt(batch, {"outcome": outcome}) for outcome in ("refused", "agreed")]
        assert [trouble == "" for trouble in troubles] == [may_write, may_write]
        assert PASSWORD not in "".join(troubles)
        folder = open_folder(server.connection, environ)
        written = folder.entries("in/*.receipt.json")
        assert [json.loads(folder.fetch(entry, tmp_path).read_text()) for entry in written] == [
            {"outcome": "agreed"}
        ] * may_write
        folder.close()
    finally:
        server.stop()
    assert list((tmp_path / "home" / "spool").iterdir()) == []


def test_a_receipt_that_no_one_may_write_says_why(tmp_path: Path) -> None:
    folder = tmp_path / "zone"
    folder.mkdir()
    (folder / "20200504.json").write_text(manifest("a.csv"))
    zone = zone_of(batched(str(folder)), tmp_path)
    batch = zone.batch(NIGHT)
    (folder / "20200504.json.receipt.json").mkdir()
    assert zone.write_receipt(batch, {}) == f"{folder}/20200504.json.receipt.json: Is a directory"


def test_files_of_one_form_are_counted_singly_and_others_as_one_table(tmp_path: Path) -> None:
    for name, text in (
        ("a1.dat", '{"id": 1}\n{"id": 2}\n'),
        ("a2.dat", '{"id": 3}\n'),
        ("a3.dat", '{"id": 4, "more": 5}\n'),
    ):
        (tmp_path / name).write_text(text)
    zone = zone_of(batched(str(tmp_path), "a*.dat", "json_lines"), tmp_path / "home")
    (tmp_path / "20200504.json").write_text(manifest("a1.dat", "a2.dat"))
    assert counted(zone) == {"a1.dat": 2, "a2.dat": 1}
    (tmp_path / "20200504.json").write_text(manifest("a1.dat", "a2.dat", "a3.dat"))
    assert counted(zone) == {None: 4}


def test_a_manifest_that_names_others_files_must_be_said_to_be_shared(tmp_path: Path) -> None:
    (tmp_path / "a1.csv").write_text("id\n1\n")
    (tmp_path / "20200504.json").write_text(manifest("a1.csv", "b1.csv", rows=9))
    with pytest.raises(SourceBroken, match=r"names 'b1\.csv', which the contract's 'a\*\.csv' does not cover"):
        zone_of(batched(str(tmp_path)), tmp_path / "home").batch(NIGHT)
    batch = zone_of(batched(str(tmp_path), shared=True), tmp_path / "home").batch(NIGHT)
    assert ([file.name for file in batch.files], batch.rows) == (["a1.csv"], None)


def test_an_error_names_the_file_where_the_department_put_it(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a1.csv").write_bytes(b"%PDF-1.7 no table")
    (tmp_path / "20200504.json").write_text(manifest("in/a1.csv"))
    with pytest.raises(SourceBroken, match="PDF") as raised:
        counted(zone_of(batched(str(tmp_path), "in/a*.csv"), tmp_path / "home"))
    assert raised.value.where == str(tmp_path / "in" / "a1.csv")


def test_a_file_replaced_while_it_was_read_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a1.csv").write_text("id\n1\n")
    (tmp_path / "20200504.json").write_text(manifest("a1.csv"))
    zone = zone_of(batched(str(tmp_path)), tmp_path / "home")
    with (
        pytest.raises(SourceUnavailable, match="changed while it was read"),
        zone.taking(zone.batch(NIGHT), NIGHT) as taken,
    ):
        for _ in taken.parts():
            (tmp_path / "a1.csv").write_text("id\n1\n2\n")


def test_a_manifest_that_is_still_missing_its_mark_waits_and_two_manifests_are_one_too_many(tmp_path: Path) -> None:
    (tmp_path / "20200504-1.json").write_text(manifest("a1.csv"))
    zone = zone_of(batched(str(tmp_path), manifest="{date}-*.json", complete="{date}.ok"), tmp_path / "home")
    with pytest.raises(SourceUnavailable, match=r"not marked the batch complete.*wait for 20200504\.ok"):
        zone.batch(NIGHT)
    (tmp_path / "20200504-2.json").touch()
    with pytest.raises(
        SourceBroken, match=r"2 batch manifests belong to one interval: 20200504-1\.json, 20200504-2\.json"
    ):
        zone.batch(NIGHT)
    with pytest.raises(ConfigurationError, match="leaves the folder"):
        zone_of(batched(str(tmp_path), manifest="../*.json"), tmp_path / "home").batch(NIGHT)


@pytest.mark.parametrize(
    ("kind", "batch", "problem"),
    [
        ("csv_files", {}, "source: batch manifest is missing"),
        ("csv_files", {"manifest": "x", "table": "y"}, "unknown 'table'"),
        ("csv_files", {"manifest": "x", "difference": "ignore"}, "difference: 'ignore' is none of refuse, hold, warn"),
        ("database", {"manifest": "x"}, "table is missing"),
        ("http_api", {"manifest": "x"}, "unknown setting 'batch'"),
    ],
)
def test_batch_settings_are_checked_for_each_kind(kind: str, batch: dict[str, Any], problem: str) -> None:
    connection = {"root": "x"} if kind == "csv_files" else {"url": "http://127.0.0.1:1"}
    it = resource(kind, connection, "x", batch=batch)
    assert any(problem in found for found in check_settings(it)), check_settings(it)
    with pytest.raises(ConfigurationError):
        open_zone(it, {})
