"""Conflicts ranked by whom they touch, and sent to the department whose value lost: once, as one correction, without a key in the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.errors import ConfigurationError
from pipeline.conflicts import chosen_groups, conflict_groups, conflict_line, rank_conflicts, send
from pipeline.models.run import run_models
from pipeline.records.step import sync_records
from pipeline.workplace import Workplace
from sharing.corrections.desk import decide
from sharing.requests.desk import Desk, Signed
from tests.sharing.rate_city import RateCity

_ID = "      - {name: id_no, logicalType: string, semanticType: resident_id}\n"
_YAML = """
entities:
  person:
    key: resident_id
    resources: {civil.student: id_no, police.resident: id_no, tax.taxpayer: id_no}
    attributes:
      name: {from: [civil.student.name, police.resident.name, tax.taxpayer.name]}
      nickname: {from: [civil.student.nickname, police.resident.nickname]}
"""
_IDS = ("130503196704010016", "11010519491231002X", "370202192001010010")
_BUREAU, _POLICE = Signed("big_data", "王主任"), Signed("police", "李警官")


def _rows(*said: tuple[str, str]) -> list[dict[str, Any]]:
    return [
        {"number": f"key-{n}", "id_no": _IDS[n], "name": name, "nickname": nickname}
        for n, (name, nickname) in enumerate(said)
    ]


def test_conflicts_are_ranked_by_reach_and_each_group_is_sent_once_as_one_correction(tmp_path: Path) -> None:
    city = RateCity(tmp_path)
    for id in ("police.resident", "civil.student", "tax.taxpayer"):
        city.contract(id, more=_ID)
    (city.folder / "unified.yaml").write_text(_YAML, encoding="utf-8")
    city.load("civil.student", 1, _rows(("甲", "x"), ("乙", "y")))
    city.load("police.resident", 1, _rows(("甲某", "x"), ("乙某", "z")))
    city.load("tax.taxpayer", 1, _rows(("甲某", ""), ("乙", "")))
    city.line("L1", fields="number;name", delivered_fields="name;number")
    city.load_register(1)
    city.connection.close()
    place, at = Workplace(city.settings, city.city), city.as_of(1)
    sync_records(place, settled=True)
    run_models(place, city.interval(1).end)
    connection = city.connection = city.open()
    groups = conflict_groups(connection, place, at)
    assert [(g.id, g.winner, g.field, g.entities, g.lines) for g in groups] == [
        ("person.name@police.resident", "civil.student", "name", 2, 1),
        ("person.name@tax.taxpayer", "civil.student", "name", 1, 0),
        ("person.nickname@police.resident", "civil.student", "nickname", 1, 0),
    ]
    assert rank_conflicts(connection, place, at) == groups
    [(snapshot,)] = connection.execute("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')").fetchall()
    rank_conflicts(connection, place, at)
    assert connection.execute("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')").fetchall() == [(snapshot,)]
    assert conflict_line(groups).startswith("conflicts: 4 in 3 groups, first person.name@police.resident (2, 1 lines)")
    desk = Desk(connection, place.settings, place.city, at)
    told = send(desk, place, _BUREAU, groups)
    assert [str(sent) for sent in told] == [
        "person.name@police.resident: L1/C1, 2 rows, police decides",
        "person.name@tax.taxpayer: not sent, no line of the resource is delivered, on which it could be asked",
        "person.nickname@police.resident: L1/C2, 1 rows, police decides",
    ]
    assert "key-" not in str(connection.execute("SELECT payload FROM sharing.events").fetchall())
    assert [sent.correction for sent in send(desk, place, _BUREAU, groups)] == [None] * 3
    decide(desk, _POLICE, "L1/C1", upheld=False, reason="核对档案后认为无误")
    [name] = chosen_groups(groups, ["person.name@police.resident"])
    assert [sent.why_not for sent in send(desk, place, _BUREAU, [name])] == ["all its rows were sent before"]
    with pytest.raises(ConfigurationError, match="police is not the bureau"):
        send(desk, place, _POLICE, groups)
    with pytest.raises(ConfigurationError, match=r"no conflict 'person\.age"):
        chosen_groups(groups, ["person.age@tax.taxpayer"])
    connection.close()
