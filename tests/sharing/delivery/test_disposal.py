"""A grant that ended in any way ends its delivery: the data is gone from every door, the ledger has the proof, and nobody reads any more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from contracts.errors import ConfigurationError
from sharing.delivery.alarms import alarms
from sharing.delivery.doors import door
from sharing.delivery.probe import probe
from sharing.delivery.read import read
from sharing.delivery.ways import Way
from sharing.ledger.store import entries
from tests.postgres import Postgres
from tests.sharing.delivery.delivery_city import WAYS, ZONE, DeliveryCity

END: dict[str, dict[str, Any]] = {
    "revoked": {"kind": "revoked"}, "suspended": {"kind": "suspended", "actor": "big_data"}, "withdrawn": {"kind": "withdrawn", "actor": "civil"},
    "not_granted": {"kind": "refused", "level": "law"},
    "expired": {"kind": "granted", "fields": ["note"], "row_scope": "", "valid_from": "2020-04-01", "valid_to": "2020-05-05"},
}  # fmt: skip


def test_every_door_is_emptied_with_proof_and_read_no_more(
    town: DeliveryCity, postgres: Postgres, tmp_path: Path
) -> None:
    """Five ways in which a grant ends, of five doors each."""
    town.every_way(postgres, ("note",), then=[f" {how}" for how in END])
    lines = {f"{way} {how}": (way, how) for how in END for way in WAYS}
    assert sorted(town.run().delivered) == sorted(lines)
    town.night_number = 2
    for how, told in END.items():
        town.say(
            told["kind"], *(f"{way} {how}" for way in WAYS), **{name: told[name] for name in told if name != "kind"}
        )
    for way, how in zip(WAYS, END, strict=True):
        with pytest.raises(ConfigurationError, match="only a grant in force is read on"):
            read(town.work(), f"{way} {how}", "civil", "li", tmp_path / "copy")
    done = town.run()
    assert (sorted(done.disposed), done.delivered, done.probes) == (sorted(lines), {}, [])
    disposed = {e.line_id: json.loads(e.payload) for e in entries(town.connection, "kind = 'disposed'")}
    delivered = {e.line_id: json.loads(e.payload) for e in entries(town.connection, "kind = 'delivered'")}
    for line, (way, how) in lines.items():
        assert town.found(way, line) is None, line
        proof = json.loads(disposed[line]["proof"])
        assert (proof["is_gone"], proof["reason"]) == (True, how)
        assert proof["removed"]
        assert proof["sha256_before"] == proof["sha256_delivered"] == delivered[line]["sha256"]
    assert not [path for path in (town.settings.home / "deliveries").glob("*/*") if path.parent.name != ".staging"]
    with pytest.raises(ConfigurationError):
        read(town.work(), "csv revoked", "civil", "li", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert probe(town.work()) == []
    assert town.run().disposed == {}, "proven once"
    with pytest.raises(psycopg.errors.UndefinedTable), town.session() as session:
        session.execute('SELECT * FROM from_landbridge."table revoked"')


def test_a_grant_ends_with_its_last_day_though_nothing_happens_on_it(town: DeliveryCity) -> None:
    town.granted("L1", ("note",), valid_to="2020-05-07")
    town.ask_for({"line": "L1", "way": "csv"})
    assert [bool(town.run(night).disposed) for night in (1, 2, 3, 4)] == [False, False, False, True]


def test_what_was_suspended_comes_back_when_it_is_resumed_or_renewed(town: DeliveryCity) -> None:
    town.granted("L1", ("note",))
    town.ask_for({"line": "L1", "way": "csv"})
    town.run()
    for night, (event, is_there) in enumerate(
        (("suspended", False), ("resumed", True), ("suspended", False), ("resumed", True)), 2
    ):
        town.night_number = night
        town.say(event, actor="big_data")
        town.run()
        assert (town.found("csv", "L1") is not None) is is_there
    assert [len(town.told(kind)) for kind in ("delivered", "disposed", "refreshed")] == [1, 2, 2]


def test_views_that_the_requester_built_on_the_table_go_with_it_and_the_proof_names_them(
    town: DeliveryCity, postgres: Postgres
) -> None:
    destination = town.with_database(postgres)
    town.granted("L1", ("note", "name"))
    town.ask_for({"line": "L1", "way": "table", "destination": destination})
    town.run()
    with town.session(who="owner") as session:
        session.execute('CREATE VIEW public.mine AS SELECT note FROM from_landbridge."L1"')
        session.execute("CREATE VIEW public.of_mine AS SELECT * FROM public.mine")
    town.load("police.person", 2, town.persons(note="second night"))
    assert town.run(2).is_well
    with town.session(who="owner") as session:
        assert set(session.execute("SELECT * FROM public.of_mine")) == {("second night",)}, "a refresh keeps them"
    town.night_number = 3
    town.say("granted", fields=["name"], row_scope="", valid_from="2020-04-01", valid_to="2021-05-01")
    done = town.run()
    assert "the requester's views hold on to columns" in str(done.failed["L1"])
    town.night_number = 4
    town.say("revoked")
    assert list(town.run().disposed) == ["L1"]
    (told,) = town.told("disposed")
    assert json.loads(told["proof"])["removed"] == ["L1", "view mine"]
    with town.session(who="owner") as session:
        assert session.execute("SELECT to_regclass('public.mine'), to_regclass('public.of_mine')").fetchone() == (
            None,
            None,
        )


def test_what_cannot_be_reached_is_no_disposal_and_is_tried_again(town: DeliveryCity, postgres: Postgres) -> None:
    town.every_way(postgres, ("note",))
    town.run()
    url = town.destinations["civil_database"]["url"]
    town.destinations["civil_database"]["url"] = "postgresql://nobody@127.0.0.1:1/none"
    town.ask_for()
    town.night_number = 2
    town.say("revoked", "table")
    town.say("revoked", "csv")
    done = town.run()
    assert (list(done.disposed), list(done.failed), town.told("disposed", "table")) == (["csv"], ["table"], [])
    (alarm,) = alarms(town.connection, town.now, ZONE)
    assert "line table, civil: 已撤销 the grant was revoked, and the delivery is still there" in alarm
    (town.folder / "deliveries.yaml").write_text("no: rules\n")
    with pytest.raises(ConfigurationError, match=r"deliveries\.yaml"):
        town.run(3)
    town.destinations["civil_database"]["url"] = url
    town.ask_for()
    assert list(town.run(4).disposed) == ["table"]
    assert town.found("table") is None


def test_a_mistake_in_deliveries_yaml_keeps_nothing_from_being_taken_away(town: DeliveryCity) -> None:
    town.granted("L1", ("note",))
    town.deliver()
    town.say("revoked")
    (town.folder / "deliveries.yaml").write_text("digest: md5\n")
    with pytest.raises(ConfigurationError, match="unknown digest 'md5'"):
        town.run()
    assert town.found("parquet", "L1") is None
    assert len(town.told("disposed")) == 1


def test_a_grant_that_ends_while_it_is_delivered_is_not_delivered(
    town: DeliveryCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The revocation comes between staging and telling, then between telling and publishing."""
    from sharing.delivery import deliver as module
    from sharing.delivery.files import FileDoor

    town.granted("L1", ("note",))
    stage, publish = FileDoor.stage, FileDoor.publish

    def revoked_while_staged(self: FileDoor, projection: object) -> object:
        staged = stage(self, projection)  # type: ignore[arg-type]
        town.say("revoked")
        return staged

    monkeypatch.setattr(FileDoor, "stage", revoked_while_staged)
    with pytest.raises(ConfigurationError, match="revoked"):
        town.deliver()
    assert (town.told("delivered"), town.found("parquet", "L1")) == ([], None)
    assert list((town.settings.home / "deliveries" / ".staging").iterdir()) == []

    monkeypatch.setattr(FileDoor, "stage", stage)
    town.granted("L2", ("note",))

    def revoked_while_published(self: FileDoor) -> None:
        town.say("revoked", "L2")
        publish(self)

    monkeypatch.setattr(FileDoor, "publish", revoked_while_published)
    module.deliver(town.work(), "L2", Way("parquet"))
    assert (len(town.told("delivered", "L2")), len(town.told("disposed", "L2")), town.found("parquet", "L2")) == (
        1,
        1,
        None,
    )


def test_a_door_left_open_by_nobody_is_removed_without_complaint(town: DeliveryCity, postgres: Postgres) -> None:
    town.every_way(postgres, ("note",))
    work = town.work()
    for way in WAYS:
        grant = work.grant(way)
        found = work.ways.rule(grant)
        assert found is not None
        removed = door(work, grant, found.way).remove()
        assert (removed.what, removed.sha256, removed.is_gone) == ((), "", True)
