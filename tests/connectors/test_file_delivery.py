"""Before a file is read: is it whole, is it packed, and is it still the same afterwards."""

from __future__ import annotations

import bz2
import fcntl
import gzip
import io
import lzma
import os
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from connectors.files.file_kind import FileKind
from connectors.registry import check_settings, open_connector
from contracts.errors import LandbridgeError, SourceBroken, SourceUnavailable
from tests.connectors.conftest import NIGHT, resource
from tests.connectors.reading import read_all

TABLE = b"a,b\n1,2\n"


def rows(
    folder: Path, pattern: str, connection: dict[str, Any] | None = None, kind: str = "csv_files", **source: Any
) -> list[str]:
    it = resource(kind, {"root": str(folder), **(connection or {})}, pattern, **source)
    assert check_settings(it) == []
    return [str(value) for value in read_all(it, {"LANDBRIDGE_HOME": str(folder / "var")})[0]["a"].to_pylist()]


def refusal(folder: Path, pattern: str, **source: Any) -> LandbridgeError:
    with pytest.raises(LandbridgeError) as raised:
        rows(folder, pattern, **source)
    assert "spool" not in str(raised.value), "a scratch path helps nobody"
    assert not list((folder / "var").rglob("*.csv")), "nothing is left behind"
    return raised.value


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("where", ["connection", "source"])
@pytest.mark.parametrize(("name", "marker", "file"), [
    ("m_20200504.csv", "{name}.ok", "m_20200504.csv.ok"), ("m_20200504.csv.gz", "{stem}.done", "m_20200504.done"), ("m_20200504.csv", "{date}.flag", "20200504.flag"),
    ("m_20200504.csv", "all done", "all done"),
    ("m_20200504.csv", "ok/{name}", "ok/m_20200504.csv"),
])  # fmt: skip
def test_a_file_without_its_marker_is_still_being_written(
    tmp_path: Path, where: str, name: str, marker: str, file: str
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_bytes(gzip.compress(TABLE) if name.endswith("gz") else TABLE)
    rule: dict[str, Any] = {"complete": {"marker": marker}}
    stated: dict[str, Any] = {"connection": rule} if where == "connection" else rule
    error = refusal(tmp_path, "in/m_{date}*", **stated)
    assert isinstance(error, SourceUnavailable)
    assert (error.what, error.where) == (
        f"the file is still being written: in/{file} is not there",
        str(tmp_path / "in" / name),
    )
    (tmp_path / "in" / file).parent.mkdir(exist_ok=True)
    (tmp_path / "in" / file).touch()
    assert rows(tmp_path, "in/m_{date}*", **stated) == ["1"]


def test_a_marker_lies_below_the_files_folder() -> None:
    for marker in ("/etc/passwd", "../a", "", "a/../../b"):
        assert check_settings(resource("csv_files", {"root": "x"}, "a", complete={"marker": marker})), marker


def test_a_file_that_grows_while_it_is_watched_is_still_being_written(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TABLE)
    assert rows(tmp_path, "a.csv", complete={"stable": 0.1}) == ["1"]
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with path.open("ab") as file:
                file.write(b"3,4\n")
            time.sleep(0.01)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert "changed within 0.5 seconds" in refusal(tmp_path, "a.csv", complete={"stable": 0.5}).what
    finally:
        stop.set()
        writer.join()


def test_what_was_read_is_told_and_a_later_change_noticed(tmp_path: Path) -> None:
    (tmp_path / "1.csv.gz").write_bytes(gzip.compress(TABLE))
    (tmp_path / "2.csv").write_bytes(TABLE)
    it = resource("csv_files", {"root": str(tmp_path)}, "*.csv*")
    connector = open_connector(it.system, {})
    assert isinstance(connector, FileKind)
    reading = connector.read(it, NIGHT)
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    assert connector.read_files == (), "what was not read to its end proves nothing"
    list(connector.read(it, NIGHT))
    read = connector.read_files
    assert [(file.name, file.size) for file in read] == [
        ("1.csv.gz", (tmp_path / "1.csv.gz").stat().st_size),
        ("2.csv", 8),
    ]
    assert connector.changed_files(it, NIGHT, read) == ()
    (tmp_path / "2.csv").write_bytes(b"a,b\n9,9\n")
    (tmp_path / "1.csv.gz").rename(tmp_path / "3.csv.gz")
    assert connector.changed_files(it, NIGHT, read) == ("2.csv", "3.csv.gz")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_files_are_known_by_their_content(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / "a.csv.packed").write_bytes(pack(TABLE))
    assert rows(tmp_path, "*") == ["1"]


def test_an_archive_gives_all_its_members_or_those_that_are_named(tmp_path: Path) -> None:
    members = {
        "in/甲_20200504.csv": TABLE,
        "b.csv": b"a,b\n3,4\n",
        "__MACOSX/b.csv": b"x",
        ".b.csv": b"x",
        "deep/b.csv": b"a,b\n5,6\n",
    }
    (tmp_path / "all.zip").write_bytes(zipped(**members))
    assert rows(tmp_path, "all.zip") == ["3", "5", "1"]
    assert rows(tmp_path, "all.zip", member="甲_{date}.csv") == ["1"]
    assert rows(tmp_path, "all.zip", member="deep/*") == ["5"]
    error = refusal(tmp_path, "all.zip", member="c*")
    assert (error.what, error.where) == ("no file c* lies in the archive, but 5 others", str(tmp_path / "all.zip"))


def test_errors_inside_an_archive_name_archive_and_member(tmp_path: Path) -> None:
    (tmp_path / "all.zip").write_bytes(zipped(**{"in/b.csv": b"a,b\n1,2\n3"}))
    assert refusal(tmp_path, "all.zip").where == f"{tmp_path / 'all.zip'}, b.csv"


def test_names_of_chinese_archivers_are_understood(tmp_path: Path) -> None:
    content = zipped(**{"AAAA.csv": TABLE}).replace(b"AAAA.csv", "婚姻".encode("gbk") + b".csv")
    (tmp_path / "all.zip").write_bytes(content)
    assert rows(tmp_path, "all.zip", member="婚姻.csv") == ["1"]


def test_a_workbook_is_no_archive_but_may_lie_in_one(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["a"])
    book.active.append(["1"])
    book.save(tmp_path / "a.xlsx")
    content = (tmp_path / "a.xlsx").read_bytes()
    (tmp_path / "a.zip").write_bytes(zipped(**{"a.xlsx": content}))
    assert rows(tmp_path, "a.xlsx", kind="excel_files") == rows(tmp_path, "a.zip", kind="excel_files") == ["1"]
    (tmp_path / "b.csv").write_bytes(content)
    assert "newer office document" in refusal(tmp_path, "b.csv").what


def test_a_name_in_an_archive_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    names = ("../../out.csv", "/tmp/landbridge-out.csv", "..\\..\\out.csv", "c:\\out.csv")
    (tmp_path / "folder" / "all.zip").write_bytes(zipped(**dict.fromkeys(names, TABLE)))
    assert rows(tmp_path / "folder", "all.zip") == ["1"] * 4
    assert sorted(p.name for p in tmp_path.rglob("*.csv")) == []
    assert not Path("/tmp/landbridge-out.csv").exists()


def _encrypted() -> bytes:
    content = bytearray(zipped(**{"a.csv": TABLE}))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + place] |= 1
    return bytes(content)


def _lying_about_its_size() -> bytes:
    content = bytearray(zipped(**{"a.csv": b"a,b\n" + b"1,2\n" * 2_000_000}))
    place = content.index(b"PK\x01\x02") + 24
    content[place : place + 4] = (1000).to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.csv.gz", gzip.compress(bytes(200 << 20)), "more than 300 times its size"),
        ("a.zip", zipped(**{"a.csv": b"1" * (200 << 20)}), "more than 300 times its size"),
        ("a.csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * 2_000_000), "more than is allowed"),
        ("a.zip", zipped(**{"a.csv": b"1,2\n" * 200_000, "b.csv": b"1,2\n" * 200_000}), "more than is allowed"),
        ("a.zip", _lying_about_its_size(), "cut or spoilt"),
        ("a.zip", zipped(**{"b.zip": zipped(**{"a.csv": TABLE})}), "an archive lies within the archive"),
        ("a.csv.gz", gzip.compress(gzip.compress(TABLE)), "an archive lies within the archive"),
        ("a.zip", _encrypted(), "the archive is encrypted"),
        ("a.csv.gz", gzip.compress(TABLE)[:-6], "not a whole gzip archive"),
        ("a.csv.gz", TABLE, "not a whole gzip archive, though its name says so"),
        ("a.zip", zipped(**{"a.csv": TABLE})[:-30], "not a whole zip archive"),
        ("a.zip", zipped(), "no file lies in the archive, but 0 others"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_an_archive_that_is_a_bomb_or_spoilt_is_refused(tmp_path: Path, name: str, content: bytes, what: str) -> None:
    (tmp_path / name).write_bytes(content)
    limit = {"maxUnpackedMegabytes": 1} if "allowed" in what else {}
    error = refusal(tmp_path, name, **limit)
    assert isinstance(error, SourceBroken)
    assert what in error.what
    assert error.where == str(tmp_path / name)


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(TABLE))
    spool = tmp_path / "var" / "spool"
    for name in ("files-old", "files-used", "files-new"):
        (spool / name / "1").mkdir(parents=True)
        (spool / name / ".lock").touch()
        if name != "files-new":
            os.utime(spool / name, (0, 0))
    with (spool / "files-used" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert rows(tmp_path, "a.csv.gz") == ["1"]
    assert sorted(p.name for p in spool.iterdir()) == ["files-new", "files-used"]


def test_a_file_that_changes_between_two_others_is_noticed(tmp_path: Path) -> None:
    for name in ("1.csv", "2.csv"):
        (tmp_path / name).write_bytes(TABLE)
    it = resource("csv_files", {"root": str(tmp_path)}, "*.csv")
    batches = open_connector(it.system, {}).read(it, NIGHT)
    first = [next(batches), next(batches)]
    assert sum(batch.num_rows for batch in first) == 1
    (tmp_path / "1.csv").write_bytes(b"a,b\n1,2\n3,4\n")
    with pytest.raises(SourceUnavailable, match="changed while it was read"):
        list(batches)


def test_files_of_a_folder_are_listed_by_pattern_with_what_was_recognised(tmp_path: Path) -> None:
    files = {
        "in/m_20200503.csv": "姓名;年\n张;1\n".encode("gbk"), "in/m_20200504.csv": "姓名;年\n张;1\n".encode("gbk"), "r.txt": b"Report\n\na|b\n1|2\n3|4\n",
        "n[1].csv.gz": gzip.compress("\ufeffa\tb\n1\t2\n".encode("utf-16")), "w.csv": "näme,x\nZoë,1\n".encode("cp1252"), "bad.csv": b"PK\x03\x04",
        "t.del": b"a|b|\n1|2|\n", "v.csv": b"1,2.5,x\n2,3.5,y\n", "s.csv": b"a;b\n'1;2';3\n", "p.csv": b"a,b\nDon't,3\n\"it, isn't\",4\n", "broken.csv.gz": b"no", "other.xlsx": b"",
    }  # fmt: skip
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    found = open_connector(resource("csv_files", {"root": str(tmp_path)}, "x").system, {}).resources()
    assert {table.physical_name: dict(table.source) for table in found} == {
        "in/m_{date}.csv": {"encoding": "gb18030", "delimiter": ";"}, "r.txt": {"encoding": "utf-8", "delimiter": "|", "skipRows": 2},
        "n[[]1].csv.gz": {"encoding": "utf-16", "delimiter": "\t"}, "w.csv": {"encoding": "windows-1252"},
        "t.del": {"encoding": "utf-8", "delimiter": "|", "trailingDelimiter": True}, "v.csv": {"encoding": "utf-8", "header": False},
        "s.csv": {"encoding": "utf-8", "delimiter": ";", "quote": "'"}, "p.csv": {"encoding": "utf-8"},
    }  # fmt: skip
