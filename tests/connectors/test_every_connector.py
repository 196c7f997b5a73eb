"""What every connector promises, told of each kind with a real source."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from connectors.registry import check_settings, kinds, open_connector
from contracts.errors import ConfigurationError, SourceUnavailable
from contracts.model import Resource
from tests.connectors.conftest import NIGHT, Interface, resource
from tests.connectors.reading import apart
from tests.connectors.sources import KINDS, Kind, environment, write

HOSTILE = ("select", "姓 名", "1st", "a,b", 'quo"te', "emoji 😀", "x'; DROP TABLE y; --", "%d", ":name", "a.b")
HOSTILE_XML = ("select", "姓名", "_1st", "a.b", "a-b")
HOSTILE_DBASE = ("select", "姓 名", "1st", "a,b", 'quo"te', "😀", "x'; --", "%d", ":name", "a.b")
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def read(it: Resource, environ: dict[str, str], whole: bool = False) -> pa.Table:
    connector = open_connector(it.system, environ)
    batches = list(connector.read(it, None if whole else NIGHT))
    assert batches, "the first batch always comes"
    table, malformed = apart(pa.Table.from_batches(batches))
    assert malformed == []
    return table


def hostile(kind: Kind) -> tuple[str, ...]:
    return {"xml_files": HOSTILE_XML, "dbase_files": HOSTILE_DBASE}.get(kind.name, HOSTILE)


def test_the_suite_covers_every_kind() -> None:
    assert sorted(kind.name for kind in KINDS) == list(kinds())


@every_kind
def test_hostile_column_names_and_values_survive(kind: Kind, tmp_path: Path, interface: Interface) -> None:
    columns = hostile(kind)
    row = [f"值 <&> '{n}\"; --😀" for n in range(len(columns))]
    it = write(kind.name, tmp_path, interface, columns, [row])
    table = read(it, environment(tmp_path, interface))
    assert table.column_names == list(columns)
    assert [column[0].as_py() for column in table.columns] == row


@every_kind
def test_nulls_empty_texts_and_duplicates_stay_as_they_are(kind: Kind, tmp_path: Path, interface: Interface) -> None:
    rows = [
        ("007", None),
        ("007", None),
        ("08", "x"),
        ("1.10", "line one\nline two" if kind.line_breaks else "one line"),
    ]
    it = write(kind.name, tmp_path, interface, ("编号", "备注"), rows)
    if kind.name == "http_api":
        rows = [*rows[1:], rows[0]]  # or else the first page would come twice
        it = write(kind.name, tmp_path, interface, ("编号", "备注"), rows)
    got = read(it, environment(tmp_path, interface)).to_pylist()
    assert [(r["编号"], r["备注"]) for r in got] == [(a, kind.null if b is None else b) for a, b in rows]


@every_kind
def test_an_empty_source_gives_its_columns_and_no_row(kind: Kind, tmp_path: Path, interface: Interface) -> None:
    it = write(kind.name, tmp_path, interface, ("甲", "乙"), [])
    table = read(it, environment(tmp_path, interface))
    assert (table.column_names, table.num_rows) == (["甲", "乙"], 0)


@every_kind
def test_none_reads_the_whole_source(kind: Kind, tmp_path: Path, interface: Interface) -> None:
    it = write(kind.name, tmp_path, interface, ("甲",), [("1",), ("2",), ("3",)])
    assert read(it, environment(tmp_path, interface), whole=True)["甲"].to_pylist() == ["1", "2", "3"]


@pytest.mark.parametrize("kind", [k for k in KINDS if k.lists_itself], ids=lambda kind: kind.name)
def test_what_the_source_lists_can_be_read_as_it_is_listed(kind: Kind, tmp_path: Path, interface: Interface) -> None:
    it = write(kind.name, tmp_path, interface, ("编号", "备注"), [("7 号", "x"), ("8 号", "y")])
    environ = environment(tmp_path, interface)
    (listed,) = open_connector(it.system, environ).resources()
    found = resource(kind.name, it.system.connection, listed.physical_name, columns=("编号", "备注"))
    found.source.update(listed.source)
    assert read(found, environ).equals(read(it, environ))


@pytest.mark.parametrize("kind", [k for k in KINDS if k.has_files], ids=lambda kind: kind.name)
def test_several_files_are_one_table(kind: Kind, tmp_path: Path, interface: Interface) -> None:
    it = write(kind.name, tmp_path, interface, ("甲", "乙"), [("1", "a")], [], [("2", "b"), ("3", "c")])
    assert read(it, environment(tmp_path, interface))["甲"].to_pylist() == ["1", "2", "3"]


@every_kind
def test_batches_hold_no_more_rows_than_asked(kind: Kind, tmp_path: Path, interface: Interface) -> None:
    it = write(kind.name, tmp_path, interface, ("甲",), [(str(n),) for n in range(10)])
    connector = open_connector(it.system, environment(tmp_path, interface) | {"LANDBRIDGE_BATCH_ROWS": "3"})
    batches = list(connector.read(it, NIGHT))
    assert sum(batch.num_rows for batch in batches) == 10
    assert kind.name == "csv_files" or max(batch.num_rows for batch in batches) == 3


@every_kind
def test_reading_twice_gives_the_same(kind: Kind, tmp_path: Path, interface: Interface) -> None:
    it = write(kind.name, tmp_path, interface, ("甲",), [(str(n),) for n in range(7)])
    environ = environment(tmp_path, interface)
    assert read(it, environ).equals(read(it, environ))


@pytest.mark.parametrize("kind", [k for k in KINDS if k.name != "http_api"], ids=lambda kind: kind.name)
def test_a_source_that_is_not_there_is_unavailable_and_not_made(
    kind: Kind, tmp_path: Path, interface: Interface
) -> None:
    it = write(kind.name, tmp_path / "there", interface, ("甲",), [])
    with pytest.raises(SourceUnavailable):
        read(it, environment(tmp_path / "gone", interface))
    assert not (tmp_path / "gone").exists()


@every_kind
def test_an_unset_variable_is_named(kind: Kind, tmp_path: Path, interface: Interface) -> None:
    it = write(kind.name, tmp_path, interface, ("甲",), [])
    with pytest.raises(ConfigurationError, match=r"ROOM|ADDRESS") as raised:
        open_connector(it.system, {})
    assert raised.value.where == "test_system"


@every_kind
def test_a_misspelt_setting_is_found_without_opening_and_on_reading(
    kind: Kind, tmp_path: Path, interface: Interface
) -> None:
    it = write(kind.name, tmp_path, interface, ("甲",), [])
    assert check_settings(it) == []
    it.source["encodnig"] = "utf-8"
    (problem,) = check_settings(it)
    assert "unknown setting 'encodnig'" in problem
    with pytest.raises(ConfigurationError, match="encodnig"):
        read(it, environment(tmp_path, interface))


@every_kind
def test_a_misspelt_connection_is_refused(kind: Kind, tmp_path: Path, interface: Interface) -> None:
    it = write(kind.name, tmp_path, interface, ("甲",), [])
    it.system.connection["rooot"] = "x"
    with pytest.raises(ConfigurationError, match="unknown setting 'rooot'"):
        open_connector(it.system, environment(tmp_path, interface))


def test_an_unknown_kind_gets_a_hint() -> None:
    with pytest.raises(ConfigurationError, match="csv_files"):
        open_connector(resource("csv_file", {}, "x").system, {})
