"""A delivery follows its data, its grant and the city's wish, and nothing else; when what is done is dated truthfully."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from contracts.errors import ConfigurationError
from sharing.delivery.alarms import alarms
from sharing.delivery.deliver import deliver
from sharing.delivery.night import night
from sharing.delivery.probe import probe
from sharing.ledger.events import Event
from sharing.ledger.store import entries, record
from tests.postgres import Postgres
from tests.sharing.delivery.delivery_city import RESOURCE, WAYS, ZONE, DeliveryCity


def test_each_door_is_brought_up_to_date_after_a_load_of_its_resource_and_only_then(
    town: DeliveryCity, postgres: Postgres
) -> None:
    town.every_way(postgres, ("note", "amount"))
    assert len(town.run().delivered) == len(WAYS)
    heads = [entry.number for entry in entries(town.connection)]
    assert town.run().delivered == {}, "the same night again"
    assert [entry.number for entry in entries(town.connection)] == heads, "a probe that found the same is told of once"

    town.load("police.resident", 2)
    assert town.run(2).delivered == {}, "another resource's load"
    town.load(RESOURCE, 3, town.persons(note="third night"), held="too many rows fail")
    assert town.run(3).delivered == {}, "a load that was held back"
    town.load(RESOURCE, 4, town.persons(note="fourth night"))
    assert sorted(town.run(4).delivered) == sorted(WAYS)
    for way in WAYS:
        assert {row["note"] for row in town.found(way) or []} == {"fourth night"}
        assert (len(town.told("delivered", way)), len(town.told("refreshed", way))) == (1, 1)


def test_a_grant_that_changed_is_delivered_anew_in_every_door(town: DeliveryCity, postgres: Postgres) -> None:
    town.every_way(postgres, ("note", "amount", "division_code"))
    town.run()
    town.night_number = 2
    for way in WAYS:
        town.say(
            "granted",
            way,
            fields=["division_code", "note"],
            row_scope="370202",
            valid_from="2020-04-01",
            valid_to="2021-05-01",
        )
    assert sorted(town.run().delivered) == sorted(WAYS)
    for way in WAYS:
        rows = town.found(way) or []
        assert {tuple(row) for row in rows} == {("_request_id", "note", "division_code")}, way
        assert {row["division_code"] for row in rows} == {"370202"}, way
        assert town.told("probed", way)[-1]["ok"] is True


def test_what_was_damaged_or_lost_is_found_by_the_probe_and_made_anew_the_next_time(
    town: DeliveryCity, postgres: Postgres
) -> None:
    town.every_way(postgres, ("note",))
    town.run()
    town.file("parquet").write_bytes(b"no parquet")
    town.file("csv", "data.csv").write_text("_request_id,note\nR-csv,x\n")
    town.file("excel", "data.xlsx").unlink()
    with town.session(who="owner") as session:
        session.execute("""UPDATE from_landbridge."table" SET note = 'x' WHERE note = 'plain'""")
    town.connection.execute("DROP VIEW lake.shared_civil.view")
    town.night_number = 2
    assert {p.grant.line_id: (p.ok, bool(p.reason)) for p in probe(town.work())} == dict.fromkeys(WAYS, (False, True))
    assert [town.told("probed", way)[-1]["ok"] for way in WAYS] == [False] * 5
    assert [a.partition(",")[0] for a in alarms(town.connection, town.now, ZONE)] == [
        f"line {way}" for way in sorted(WAYS)
    ]
    town.night_number = 3
    assert sorted(town.run().delivered) == sorted(WAYS)
    assert all(p.ok for p in probe(town.work()))
    assert alarms(town.connection, town.now, ZONE) == []


def test_a_probe_fails_where_the_reader_may_not_read(town: DeliveryCity, postgres: Postgres) -> None:
    town.every_way(postgres, ("note",))
    town.run()
    with town.session(who="owner") as session:
        session.execute(
            f'REVOKE SELECT ON from_landbridge."table" FROM {town.destinations["civil_database"]["reader"]["role"]}'.encode()
        )
    (found,) = probe(town.work(), ["table"])
    assert (found.ok, "insufficient privilege" in found.reason) == (False, True)
    assert town.run(2).is_well, "the next night gives the right back"


def test_a_line_moves_to_another_way_and_leaves_nothing_behind(town: DeliveryCity, postgres: Postgres) -> None:
    destination = town.with_database(postgres)
    town.granted("L1", ("note",))
    ways = ["parquet", "csv", "view", "table", "excel"]
    for number, way in enumerate(ways, 1):
        town.ask_for({"line": "L1", "way": way, **({"destination": destination} if way == "table" else {})})
        assert list(town.run(number).delivered) == ["L1"], way
        assert [way for way in WAYS if town.found(way, "L1") is not None] == [way]
        left = {path.name for path in town.file().parent.iterdir()} if town.file().parent.exists() else set()
        assert left <= {"manifest.json", "data.csv", "data.xlsx", "data.parquet"} and len(left) <= 2


def test_what_is_done_is_dated_with_its_night_but_never_before_what_it_rests_upon(town: DeliveryCity) -> None:
    town.granted("L1", ("note",))
    town.ask_for({"requester": "civil", "way": "parquet"})
    night_end = town.now
    later = night_end + timedelta(hours=7)

    def run() -> None:
        nonlocal later
        later += timedelta(minutes=1)
        night(town.connection, town.settings, town.city, night_end, later)

    def dated(kind: str, line: str = "L1") -> list[bool]:
        """Whether each entry of the kind is dated with the night."""
        return [e.occurred_at == night_end for e in entries(town.connection, "kind = ? AND line_id = ?", [kind, line])]

    run()
    assert (dated("delivered"), dated("probed")) == ([True], [True])

    town.night_number = 2  # the clock of what people do is ahead of the night that is run again
    morning = later
    for kind in ("suspended", "resumed"):
        at = morning + timedelta(minutes=1 if kind == "suspended" else 10)
        record(town.connection, town.settings, lambda kind=kind, at=at: [Event(kind, "L1", "R-L1", at, "big_data")], at)  # type: ignore[misc]
        later = at
        run()
    assert (dated("disposed"), dated("refreshed")) == ([False], [False])
    told = [(e.kind, e.occurred_at) for e in entries(town.connection, "line_id = 'L1'") if e.occurred_at > night_end]
    assert [kind for kind, _ in told] == ["suspended", "disposed", "resumed", "refreshed", "probed"]
    assert [at for _, at in told] == sorted(at for _, at in told)
    assert town.file().exists()


def test_nothing_is_delivered_that_nobody_asked_to_have_delivered_here(town: DeliveryCity) -> None:
    town.granted("L1")
    town.granted("L2")
    town.say("delivered", "L2", days=5, fields=["number"], row_scope="")
    assert town.run().counts == []
    with pytest.raises(ConfigurationError, match="nothing says how"):
        deliver(town.work(), "L1")


def test_one_line_s_failure_is_no_other_s(town: DeliveryCity, postgres: Postgres) -> None:
    town.every_way(postgres, ("note",))
    town.granted("gone", ("no_such_field",))
    town.granted("stranger", ("note",), requester="nobody")
    town.granted("unloaded", ("number",), resource="tax.taxpayer")
    rules = [{"requester": r, "way": "csv"} for r in ("civil", "nobody")]
    town.ask_for({"line": "table", "way": "table", "destination": "civil_database"}, *rules)
    town.destinations["civil_database"]["url"] = "postgresql://nobody@127.0.0.1:1/none"
    town.ask_for({"line": "table", "way": "table", "destination": "civil_database"}, *rules)
    done = town.run()
    assert sorted(done.failed) == ["gone", "stranger", "table", "unloaded"]
    assert sorted(done.delivered) == ["csv", "excel", "parquet", "view"]
    assert "1 granted fields are not in the contract: no_such_field" in str(done.failed["gone"])
    assert not done.is_well


def test_a_manifest_tells_the_auditor_what_the_ledger_tells(town: DeliveryCity) -> None:
    town.granted("L1", ("name", "note"))
    town.deliver()
    manifest = json.loads(town.file(name="manifest.json").read_text(encoding="utf-8"))
    (told,) = town.told("delivered")
    assert {name: manifest[name] for name in ("rows", "snapshot", "sha256", "way", "delivery_id", "masks")} == {
        name: told[name] for name in ("rows", "snapshot", "sha256", "way", "delivery_id", "masks")
    }
