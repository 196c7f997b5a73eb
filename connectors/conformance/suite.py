"""The tests that every connector passes, ours and others': a class that inherits from `ConnectorConformance` and names its connector.

Three methods say how a source of that kind is made; attributes say what the kind lawfully cannot do. This is the only module that needs pytest.
See docs/write-a-connector.md.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest

from connectors.conformance.child import child
from connectors.conformance.reading import SourceOfAKind, in_order
from connectors.conformance.source import HOSTILE_NAMES as HOSTILE_NAMES
from connectors.conformance.source import HOSTILE_VALUES as HOSTILE_VALUES
from connectors.conformance.source import NIGHT, TYPED, ZONE, of_bulk, text_of
from connectors.conformance.source import Stated as Stated
from connectors.conformance.source import texts as texts
from connectors.protocol import MALFORMED
from connectors.settings import problems
from contracts.errors import ConfigurationError, SourceBroken, SourceUnavailable
from contracts.interval import Interval

_UNSET = "LANDBRIDGE_CONFORMANCE_UNSET"
_SHORT = timedelta(microseconds=1)


class ConnectorConformance(SourceOfAKind):
    """Inherit as `class TestMyKind(ConnectorConformance)`, name `connector`, and write `write`, `cut` and `nowhere`.

    Every attribute but `connector` states what differs lawfully: what NULL and the empty text come back as, names and values that the format
    cannot hold, and `types` – None where all columns are text, else the columns of TYPED that come as another type than they were written with.
    `rows` are read in a process of its own, which must not need as much more memory as half of them are large; `is_bounded` is false
    for a kind that holds its source whole.
    """

    @pytest.fixture(autouse=True)
    def _own_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "source"
        self.folder.mkdir()

    def test_the_first_batch_brings_the_schema_of_all(self) -> None:
        table = texts({"编号": ["1", "2", "3"], "备注": ["x", "y", "z"]})
        batches = self.batches(self.write(table), table.column_names, {"LANDBRIDGE_BATCH_ROWS": "1"})
        assert batches, "the first batch always comes, perhaps without rows"
        assert all(batch.schema.equals(batches[0].schema, check_metadata=True) for batch in batches)
        assert [name for name in batches[0].schema.names if name != MALFORMED] == ["编号", "备注"]
        assert MALFORMED not in batches[0].schema.names[:-1], f"{MALFORMED} is the last column"

    def test_types_are_kept_or_every_column_is_text(self) -> None:
        written = (
            TYPED
            if self.types is not None
            else texts({c: [text_of(v) for v in TYPED[c].to_pylist()] for c in TYPED.column_names})
        )
        got = self.read(written)
        wanted = {f.name: f.type if self.types is None else self.types.get(f.name, f.type) for f in written.schema}
        assert {f.name: f.type for f in got.schema} == wanted
        for name in written.column_names:
            values = written[name]
            if pa.types.is_string(got[name].type):
                values = pa.chunked_array([[self.lawful(text_of(value)) for value in values.to_pylist()]], pa.string())
            expected = values.cast(got[name].type).to_pylist()
            assert sorted(map(repr, got[name].to_pylist())) == sorted(map(repr, expected)), name

    def test_null_and_the_empty_text_stay_apart_where_the_source_can(self) -> None:
        self.comes_back(texts({"编号": ["1", "2", "3"], "备注": [None, "", "x"]}))

    def test_hostile_names_of_columns_survive(self) -> None:
        names = [name for name in HOSTILE_NAMES if name not in self.impossible_names]
        table = texts({name: [f"{n}", f"{n} 二"] for n, name in enumerate(names)})
        assert self.read(table).column_names == names
        self.comes_back(table)

    def test_the_name_that_is_ours_is_not_taken_for_ours(self) -> None:
        """A column of the source under the name for malformed lines is renamed or refused: its values are no malformed lines."""
        table = texts({"编号": ["1", "2"], MALFORMED: ["x", "y"]})
        try:
            got = self.batches(self.write(table), ["编号"])
        except SourceBroken:
            return
        names = [name for name in got[0].schema.names if name not in ("编号", MALFORMED)]
        assert len(names) == 1, "its values are to be found under another name"
        rows = pa.Table.from_batches(got)
        assert sorted(rows[names[0]].to_pylist()) == ["x", "y"]
        assert MALFORMED not in rows.column_names or rows[MALFORMED].null_count == 2

    def test_hostile_values_survive(self) -> None:
        values = [value for value in HOSTILE_VALUES if value not in self.impossible_values]
        self.comes_back(texts({"编号": [str(n) for n in range(len(values))], "select": values}))

    def test_rows_that_are_alike_all_come(self) -> None:
        self.comes_back(texts({"甲": ["1", "1", "1", "2"], "乙": ["x", "x", "y", None]}))

    def test_a_key_that_changed_between_two_readings_comes_as_it_is_now(self) -> None:
        self.comes_back(texts({"编号": ["1", "2", "3"], "备注": ["old", "same", "goes"]}))
        self.comes_back(texts({"编号": ["4", "1", "2"], "备注": ["came", "new", "same"]}))

    def test_an_empty_source_gives_its_columns_and_no_row(self) -> None:
        got = self.read(texts({"甲": [], "乙": []}))
        assert (got.column_names, got.num_rows) == (["甲", "乙"], 0)

    def test_a_column_that_was_added_is_seen(self) -> None:
        self.read(texts({"编号": ["1"], "甲": ["a"]}))
        found = self.columns_now(texts({"编号": ["1"], "甲": ["a"], "乙": ["b"]}), ["编号", "甲"])
        assert found is None or "乙" in found

    def test_a_column_that_was_removed_is_seen(self) -> None:
        self.read(texts({"编号": ["1"], "甲": ["a"]}))
        found = self.columns_now(texts({"编号": ["1"]}), ["编号", "甲"])
        assert found is None or "甲" not in found

    def test_a_column_that_changed_its_type_comes_with_all_its_values(self) -> None:
        first = pa.table(
            {"编号": pa.array(["1"]), "数": pa.array([7], pa.int64()) if self.types is not None else pa.array(["7"])}
        )
        before, after = self.read(first), self.read(texts({"编号": ["1"], "数": ["seven"]}))
        assert after["数"].to_pylist() == ["seven"]
        assert self.types is None or before.schema.field("数").type != after.schema.field("数").type

    def test_none_reads_the_whole_source(self) -> None:
        times, stated = self._times()
        assert self._numbers(stated, None) == {str(n) for n in range(len(times))}

    def test_the_bounds_of_the_watermark_are_exact_or_left_to_the_platform(self) -> None:
        times, stated = self._times()
        inside = {str(n) for n, time in enumerate(times) if time is None or _within(time, NIGHT)}
        got = self._numbers(stated, NIGHT)
        if not self.opened(stated).bounds_rows:
            assert got >= inside, "no row of the interval is left out, and none without a watermark"
            return
        assert got == inside, "from start to before the end, and rows without a watermark"
        edges = [NIGHT.start + timedelta(hours=12 * n) for n in range(-3, 6)]
        dated = [
            n for a, b in pairwise(edges) for n in self._numbers(stated, Interval(a, b)) - {str(times.index(None))}
        ]
        assert sorted(dated) == sorted(str(n) for n, time in enumerate(times) if time), (
            "intervals that meet share no row and lose none"
        )

    def test_reading_twice_gives_the_same(self) -> None:
        table = texts({"甲": [str(n) for n in range(7)], "乙": ["x", None, "y", "x", None, "", "z"]})
        stated = self.write(table)
        first, again = (self.batches(stated, table.column_names) for _ in range(2))
        assert pa.Table.from_batches(first).equals(pa.Table.from_batches(again))

    def test_batches_are_bounded(self) -> None:
        table = texts({"甲": [str(n) for n in range(2500)]})
        batches = self.batches(self.write(table), ["甲"], {"LANDBRIDGE_BATCH_ROWS": "1000"})
        assert max(batch.num_rows for batch in batches) <= 1000
        assert sum(batch.num_rows for batch in batches) == 2500

    def test_a_source_that_breaks_off_is_no_end(self) -> None:
        table = of_bulk(10_000)
        stated = self.cut(table)
        with self.told(stated, SourceUnavailable, SourceBroken):
            self.batches(stated, table.column_names)
        left = self.folder / "var" / "spool"
        assert not left.exists() or not list(left.iterdir()), "nothing of what was fetched is left"

    def test_a_source_that_is_not_there_is_waited_for(self) -> None:
        stated = self.nowhere()
        with self.told(stated, SourceUnavailable):
            self.batches(stated, ["甲"])
        with self.told(stated, SourceUnavailable):
            self.batches(stated, ["甲"])

    def test_an_unset_variable_is_named(self) -> None:
        stated = self.write(texts({"甲": ["1"]}))
        mandatory = [name for name, setting in self.connector.CONNECTION_SETTINGS.items() if setting.get("mandatory")]
        for name in mandatory:
            if isinstance(stated.connection[name], str):
                unset = stated.plus(connection={name: f"{stated.connection[name]}${{{_UNSET}}}"})
                with self.told(unset, ConfigurationError) as raised:
                    self.batches(unset, ["甲"])
                assert _UNSET in str(raised.errors[0])

    def test_a_setting_that_is_not_known_is_refused(self) -> None:
        stated = self.write(texts({"甲": ["1"]}))
        assert problems(stated.source, self.connector.SOURCE_SETTINGS, "source") == []
        assert problems(stated.connection, self.connector.CONNECTION_SETTINGS, "connection") == []
        for wrong in (stated.plus(source={"encodnig": "x"}), stated.plus(connection={"rooot": "x"})):
            with self.told(wrong, ConfigurationError):
                self.batches(wrong, ["甲"])

    def test_what_the_source_lists_can_be_read_as_it_is_listed(self) -> None:
        table = texts({"编号": ["7 号", "8 号"], "备注": ["x", "y"]})
        stated = self.write(table)
        if not self.lists_itself:
            with self.told(stated, ConfigurationError):
                list(self.opened(stated).resources())
            return
        listed = [
            t
            for t in self.opened(stated).resources()
            if t.physical_name == stated.physical_name and "schema" not in t.source
        ]
        assert len(listed) == 1, "the table is listed once, under the name a contract would state"
        found = Stated(listed[0].physical_name, stated.connection, listed[0].source, stated.environ)
        assert in_order(self.records(found, table.column_names)) == in_order(self.records(stated, table.column_names))

    def test_no_secret_is_shown(self) -> None:
        stated = self.write(texts({"甲": ["1"]}))
        shown = repr(self.opened(stated))
        assert [name for name, value in stated.environ.items() if name in stated.secrets and value in shown] == []

    def test_memory_is_bounded_whatever_the_number_of_rows(self) -> None:
        some, all_of_them = of_bulk(self.rows // 2), of_bulk(self.rows)
        peaks = []
        with child(self.connector, self.environ()) as ask:
            for table in (some, all_of_them):
                rows, peak = ask(self.write(table), table.column_names)
                assert rows == table.num_rows
                peaks.append(peak)
        grown, more = (peaks[1] - peaks[0]) >> 10, (all_of_them.nbytes - some.nbytes) >> 20
        # who keeps all rows needs all of `more` again; buffers and the allocator's habits are the rest
        assert not self.is_bounded or grown < 0.9 * more, f"{more} MB of rows more took {grown} MB more"

    def _times(self) -> tuple[list[datetime | None], Stated]:
        edges = [NIGHT.start - timedelta(days=1), NIGHT.start, NIGHT.end]
        times: list[datetime | None] = [
            None,
            *[(edge + step).replace(tzinfo=None) for edge in edges for step in (-_SHORT, 0 * _SHORT, _SHORT)],
        ]
        times.remove((edges[0] - _SHORT).replace(tzinfo=None))
        told = pa.array(times, pa.timestamp("us")) if self.types is not None else pa.array([text_of(t) for t in times])
        return times, self.write(pa.table({"号": pa.array([str(n) for n in range(len(times))]), "变更": told}))

    def _numbers(self, stated: Stated, interval: Interval | None) -> set[str]:
        rows = self.records(stated, ["号", "变更"], interval, watermark="变更")["号"].to_pylist()
        assert len(rows) == len(set(rows))
        return set(rows)


def _within(time: datetime, interval: Interval) -> bool:
    return interval.start <= time.replace(tzinfo=ZONE) < interval.end
