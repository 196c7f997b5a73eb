"""What a line rests on: the load that was known then, and the rows that were asked for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sharing.rate import compute
from tests.sharing.rate_city import RateCity, reasons, verdict


def test_what_was_repaired_later_is_unknown_to_whoever_asks_what_was_known_then(tmp_path: Path) -> None:
    city = RateCity(tmp_path, in_memory=True)
    city.line("one")
    city.load("police.resident", 0)
    city.load("police.resident", 1, held="too many rows fail", failing=3)
    city.load_register(1)
    assert reasons(city.judge(1)) == {"one": ["load_held"]}
    city.load("police.resident", 1, attempt=2, late=timedelta(hours=30))
    assert reasons(compute(city.connection, city.city, city.as_of(1))) == {}
    known_then = compute(city.connection, city.city, city.as_of(1), known_at=city.as_of(1))
    assert reasons(known_then) == {"one": ["load_held"]}


def test_only_the_granted_rows_asked_for_are_counted(tmp_path: Path) -> None:
    city = RateCity(tmp_path, in_memory=True)
    rows = city.people(20)
    for row in rows:
        row["nickname"] = "x" if row["division_code"] == "370211" else None
    fields = dict.fromkeys(("fields", "granted_fields", "delivered_fields"), "nickname;number")
    for line, division in (("here", "370211"), ("there", "370202")):
        city.line(line, **fields, **dict.fromkeys(("row_scope", "granted_rows", "delivered_rows"), division))
    city.load("police.resident", 1, rows)
    city.load_register(1)
    result = city.judge(1)
    assert reasons(result) == {"there": ["field_empty"]}
    assert (verdict(result, "here")["fields_held"], verdict(result, "there")["fields_held"]) == (2, 1)
    assert result.rate()["field_weighted"] == 3 / 4
