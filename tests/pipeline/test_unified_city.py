"""Records and models of the unified city over nights: what is kept, what is joined, and what no rerun, backfill or kill changes."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from contracts.errors import ConfigurationError
from tests.pipeline.unified_city import ANNA, ANNA_OF_OLD, BERT, FIRM, FIRM_OF_OLD, UnifiedCity
from tests.small_city import ROOT

_PEOPLE = st.sampled_from([ANNA, BERT, None])
_ROWS = st.dictionaries(
    st.sampled_from("123"),
    st.tuples(_PEOPLE, st.sampled_from(["张三", "李四"]), st.sampled_from(["x", None])),
    max_size=3,
)
_NIGHTS = st.lists(st.tuples(_ROWS, _ROWS), min_size=3, max_size=3)


def own_id(identifier: str, entity: str = "person") -> str:
    return hashlib.md5(f"{entity}|{identifier}".encode()).hexdigest()


@contextmanager
def in_parts() -> Iterator[None]:
    """Records are compared in three parts and models computed in three ranges, however few their rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.models.parts._WORKING_BYTES", 2**40)
        patch.setattr("pipeline.records.versions._WORKING_BYTES", 2**40)
        patch.setattr("warehouse.engine._MOST_PARTS", 3)
        yield


@settings(max_examples=2, derandomize=True, phases=(Phase.explicit, Phase.generate))
@given(_NIGHTS)
def test_nights_one_by_one_leave_what_a_full_rebuild_makes_and_history_tells_each_of_them(
    nights: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        city = UnifiedCity(Path(folder))
        said = []
        for night, loads in enumerate(nights, 1):
            people, students = (
                [
                    {"number": n, "id_no": person, "name": name, "nickname": nick}
                    for n, (person, name, nick) in rows.items()
                ]
                for rows in loads
            )
            city.load_rows("police.resident", night, people, also={"civil.student": students})
            with in_parts():
                city.unify(night)
            said.append(city.said())
            expected = {own_id(p) for rows in loads for p, *_ in rows.values() if p}
            assert {id for id, _ in said[-1]} == expected, "whoever a row is about today, and nobody else"
            named = {own_id(p): {n for q, n, _ in loads[0].values() if q == p} for p, *_ in loads[0].values() if p}
            assert all(said[-1][id, "name"] in names for id, names in named.items()), (
                "the source department's word counts"
            )
        assert city.unify(len(nights), full=True) == {}, (
            "a full rebuild, as a whole, finds every row as nights in parts left it"
        )
        for night, known in enumerate(said, 1):
            assert city.known_on(city.interval(night).start) == known


def test_a_version_ends_when_its_row_changes_or_goes_and_is_never_deleted(tmp_path: Path) -> None:
    city = UnifiedCity(tmp_path)
    city.say("police.resident", 1, ("1", "张三", ANNA), ("2", "李四", BERT), ("3", "nobody", None), of="id_no")
    assert city.sync() == {"unified.person_record": 2}, "a row without the identifier it should have is no record"
    assert city.sync() == {}
    city.say("police.resident", 2, ("1", "张山", ANNA), of="id_no")
    assert city.sync() == {"unified.person_record": 3}
    nights = [city.interval(n).start for n in (1, 2)]
    assert [(r[1], r[4], *r[5:]) for r in city.records()] == [
        ("1", "张三", nights[0], nights[1]),
        ("1", "张山", nights[1], None),
        ("2", "李四", nights[0], nights[1]),
    ]
    snapshots = city.query("SELECT from_snapshot < to_snapshot FROM unified.person_record WHERE valid_to IS NOT NULL")
    assert snapshots == [(True,), (True,)]
    city.say("police.resident", 3, ("1", "张山", ANNA), ("2", "李四", BERT), of="id_no")
    city.unify(3)
    assert [r[5:] for r in city.records() if r[1] == "2"] == [(nights[0], nights[1]), (city.interval(3).start, None)]


def test_an_older_night_loaded_later_does_not_change_what_is_said_today(tmp_path: Path) -> None:
    city = UnifiedCity(tmp_path)
    city.say("police.resident", 3, ("1", "张三", ANNA), of="id_no")
    city.unify(3)
    before, today = city.records(), city.said()
    city.say("police.resident", 1, ("1", "张老三", ANNA), of="id_no")
    city.unify(3)
    assert (city.records(), city.said()) == (before, today)
    # the same night once more, put right at its source: the old version never lasted
    city.say("police.resident", 3, ("1", "张珊", ANNA), of="id_no", attempt=2)
    city.unify(3)
    start = city.interval(3).start
    assert [(r[4], *r[5:]) for r in city.records()] == [("张三", start, start), ("张珊", start, None)]
    assert city.said() == city.known_on(start) == {(own_id(ANNA), "name"): "张珊"}


def test_old_numbers_find_their_owners(tmp_path: Path) -> None:
    city = UnifiedCity(tmp_path, firms=True)
    city.say("police.resident", 1, ("1", "张三", ANNA), of="id_no")
    city.say("civil.student", 1, ("7", "张三", ANNA_OF_OLD), of="id_no")
    city.say("tax.taxpayer", 1, ("1", "甲公司", FIRM), of="code")
    city.say("civil.place", 1, ("1", "甲公司", FIRM_OF_OLD), ("2", "甲公司", FIRM), ("3", "乙", "12345"), of="old_no")
    city.sync()
    assert {r[2] for r in city.records()} == {own_id(ANNA)}
    places = {r[1]: r[2] for r in city.records("firm") if r[0] == "civil.place"}
    assert places["2"] == own_id(FIRM, "firm") and places["1"] == own_id(FIRM_OF_OLD, "firm"), (
        "nobody knows yet whose it is"
    )
    before = [r for r in city.records("firm") if r[1] == "1" and r[0] == "civil.place"]
    city.load_rows("tax.crosswalk", 2, [{"number": "1", "name": "甲公司", "code": FIRM, "old_no": FIRM_OF_OLD}])
    city.sync()
    after = [r for r in city.records("firm") if r[1] == "1" and r[0] == "civil.place"]
    assert after[0][2] == own_id(FIRM, "firm") and [r[4:] for r in after] == [r[4:] for r in before], (
        "and no version ends by it"
    )
    city.load_rows("tax.crosswalk", 3, [{"number": "9", "name": "丙", "code": None, "old_no": None}])
    city.sync()
    assert [r for r in city.records("firm") if r[1] == "1" and r[0] == "civil.place"] == before


def test_a_number_given_out_by_kind_names_one_only_with_its_kind_and_records_follow_when_that_is_told(
    tmp_path: Path,
) -> None:
    city = UnifiedCity(tmp_path)
    path = city.folder / "unified.yaml"
    text = """
entities:
  permit:
    key: permit_no
    resources: {civil.card: name, civil.student: name}
    attributes: {kind: {required: true, from: [civil.card.nickname, civil.student.nickname]}}
"""
    path.write_text(text, encoding="utf-8")
    city.say("civil.card", 1, ("1", "7", "driving"), ("2", "7", "fishing"))
    city.say("civil.student", 1, ("9", "7", "driving"))
    city.unify(1)
    held = "SELECT permit_no, kind, resources FROM unified.permit ORDER BY kind"
    assert [row[2] for row in city.query(held)] == ["civil.card,civil.student"], "one for all that have the number"
    path.write_text(text.replace("key: permit_no", "key: permit_no\n    key_within: kind"), encoding="utf-8")
    city.unify(1)
    assert city.query(held) == [("7", "driving", "civil.card,civil.student"), ("7", "fishing", "civil.card")]
    assert city.unify(1, full=True) == {} and city.sync() == {}
    city.say("civil.card", 2, ("1", "7", "driving"), ("2", "7", "driving"))
    city.unify(2)
    assert city.query(held) == [("7", "driving", "civil.card,civil.student")]


def test_a_merge_moves_all_records_and_undoing_it_brings_the_same_tables_back(tmp_path: Path) -> None:
    city = UnifiedCity(tmp_path)
    city.say("police.resident", 1, ("1", "张三", ANNA), of="id_no")
    city.say("civil.card", 1, ("c1", "张三", "三儿"), ("c2", "李四", None))
    city.unify(1)
    card = next(r[2] for r in city.records() if r[1] == "c1")
    tables = ("person", "person_history", "conflict", "person_record")
    before = [city.query(f"SELECT * FROM unified.{t} ORDER BY ALL") for t in tables]
    city.write(
        f"CREATE TABLE unified.person_alias AS SELECT '{card}' AS own_id, '{own_id(ANNA)}' AS entity_id, 'linked' AS how, 1.0 :: DOUBLE AS weight",
        f"UPDATE unified.person_record SET entity_id = '{own_id(ANNA)}' WHERE own_id = '{card}'",
    )
    assert city.unify(1)["unified.person"] == (1, 2)
    joined = city.query("SELECT resources, resource_count FROM unified.person WHERE resource_count > 1")
    assert joined == [("civil.card,police.resident", 2)]
    # a new version of a joined record stays with its entity
    city.say("civil.card", 2, ("c1", "张叁", "三儿"), ("c2", "李四", None))
    city.unify(2)
    assert {r[2] for r in city.records() if r[1] == "c1"} == {own_id(ANNA)}
    assert city.query("SELECT value_a, value_b FROM unified.conflict") == [("张三", "张叁")]
    city.say("civil.card", 2, ("c1", "张三", "三儿"), ("c2", "李四", None), attempt=2)
    city.write("DELETE FROM unified.person_alias", "UPDATE unified.person_record SET entity_id = own_id")
    city.unify(2)
    after = [city.query(f"SELECT * FROM unified.{t} ORDER BY ALL") for t in tables]
    assert after[2] == before[2] and {r[0] for r in after[0]} == {r[0] for r in before[0]}
    assert city.unify(2, full=True) == {}


def test_the_whole_table_is_read_where_snapshots_expired_or_the_mapping_changed(tmp_path: Path) -> None:
    city = UnifiedCity(tmp_path)
    city.say("police.resident", 1, ("1", "张三", ANNA), of="id_no")
    city.sync()
    city.say("police.resident", 2, ("1", "张山", ANNA), of="id_no")
    newest = city.query("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')")[0][0]
    city.write(f"CALL ducklake_expire_snapshots('lake', versions => [{newest - 1}])")
    assert city.sync() == {"unified.person_record": 2}
    path = city.folder / "unified.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("nickname: {from", "number: {from: [police.resident.number]}\n      nickname: {from"),
        encoding="utf-8",
    )
    assert city.sync() == {"unified.person_record": 2}, "what a row says now in one more attribute"
    assert city.query("SELECT number FROM unified.person_record WHERE valid_to IS NULL") == [("1",)]
    path.write_text(
        text.replace("police.resident: id_no, ", "")
        .replace("police.resident.name, ", "")
        .replace(", police.resident.nickname", ""),
        encoding="utf-8",
    )
    city.sync()
    assert city.query("SELECT count(*) FROM unified.person_record WHERE valid_to IS NULL") == [(0,)], (
        "it feeds persons no longer"
    )
    path.write_text(
        text.replace(
            "{from: [civil.student.nickname, police.resident.nickname]}", "{from: [{police.resident: x}]}"
        ).replace("nickname", "valid_from"),
        encoding="utf-8",
    )
    with pytest.raises(ConfigurationError, match="valid_from"):
        city.sync()


def test_code_lists_are_loaded_with_their_days_and_only_where_they_changed(tmp_path: Path) -> None:
    city = UnifiedCity(tmp_path)
    lists = city.folder / "code_lists"
    lists.mkdir()
    (lists / "kinds.csv").write_text(
        "code,name,valid_from,valid_to,successor\n01,旧,2000-01-01,2010-01-01,02\n02,新,2010-01-01,,\n",
        encoding="utf-8",
    )
    city.read = None
    assert city.sync()["reference.kinds"] == 2
    assert city.query("SELECT code, year(valid_to), successor FROM reference.kinds ORDER BY 1") == [
        ("01", 2010, "02"),
        ("02", None, None),
    ]
    assert "reference.kinds" not in city.sync()
    with (lists / "kinds.csv").open("a", encoding="utf-8") as file:
        file.write("03,又一,,,\n")
    assert city.sync()["reference.kinds"] == 3


def test_two_at_once_leave_what_one_leaves(tmp_path: Path) -> None:
    city = UnifiedCity(tmp_path)
    city.say("police.resident", 1, ("1", "张三", ANNA), ("2", "李四", BERT), of="id_no")
    with ThreadPoolExecutor(2) as pool:
        counts = [made.result() for made in [pool.submit(city.sync) for _ in range(2)]]
    assert sorted(map(len, counts)) == [0, 1]
    assert len(city.records()) == 2


def test_killed_before_a_commit_and_run_again_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    city = UnifiedCity(tmp_path, firms=True)
    city.say("police.resident", 1, ("1", "张三", ANNA), of="id_no")
    city.say("tax.taxpayer", 1, ("1", "甲公司", FIRM), of="code")
    words = [sys.executable, "-m", "tests.pipeline.dying_sync", str(city.root)]
    assert subprocess.run(words, cwd=ROOT, check=False, env=dict(os.environ)).returncode == -signal.SIGKILL
    assert len(city.records()) == 1, "the first entity's commit was made"
    assert city.query("SELECT count(*) FROM information_schema.tables WHERE table_name = 'firm_record'") == [(0,)]
    assert city.sync() == {"unified.firm_record": 1}
    assert len(city.records()) == len(city.records("firm")) == 1 and city.sync() == {}
