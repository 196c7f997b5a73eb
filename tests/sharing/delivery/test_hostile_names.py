"""Names and ids that are SQL or paths are only names; what no contract and no catalogue knows is refused."""

from __future__ import annotations

import pytest

from contracts.catalogue import load_city
from sharing.delivery.deliver import deliver
from sharing.delivery.probe import probe
from sharing.delivery.ways import Way
from tests.postgres import Postgres
from tests.sharing.delivery.delivery_city import WAYS, DeliveryCity


def test_a_field_that_is_sql_is_no_field(town: DeliveryCity) -> None:
    fields = ('note", "nickname', '"; DROP TABLE lake.police.person; --', "note' OR '1'='1", "*", "nickname AS note", "(SELECT nickname)", "note\0", "NOTE ")  # fmt: skip
    lines = {f"alone {n}": {"fields": (field,)} for n, field in enumerate(fields)}
    town.granted_all(lines | {f"beside {n}": {"fields": (field, "note")} for n, field in enumerate(fields)})
    town.ask_for({"requester": "civil", "way": "csv"})
    done = town.run()
    assert (done.delivered, len(done.failed)) == ({}, 2 * len(fields))
    for failure in done.failed.values():
        assert failure.what == "1 granted fields are not in the contract"
        assert not [field for field in fields if field in str(failure) and field != "*"]
    assert town.connection.execute("SELECT count(*) FROM lake.police.person").fetchone() == (4,)
    assert not (town.settings.home / "deliveries" / "civil").exists()


def test_rows_that_are_sql_or_a_pattern_are_no_division(town: DeliveryCity) -> None:
    scopes = ("' OR '1'='1", "37%", "3", "370202' OR true --", "_7", "37020２", "3702021234567")
    town.granted_all({f"L{n}": {"fields": ("division_code",), "row_scope": scope} for n, scope in enumerate(scopes)})
    town.ask_for({"requester": "civil", "way": "csv"})
    done = town.run()
    assert {failure.what for failure in done.failed.values()} == {"the granted rows name no division"}
    assert len(done.failed) == len(scopes)
    assert not (town.settings.home / "deliveries" / "civil").exists()


def test_names_that_are_sql_or_paths_are_only_names_in_every_door(town: DeliveryCity, postgres: Postgres) -> None:
    """Line and request numbers come from outside; so does everything that a contract calls a field."""
    evil = """../../x'; DROP SCHEMA from_landbridge CASCADE; --" 张"""
    town.edit_contract("{name: note,", "{name: 'note\" , \"nickname',")
    (mistake,) = load_city(town.folder).mistakes
    assert mistake.what == "a business name is lower snake case"
    town.edit_contract("{name: 'note\" , \"nickname',", "{name: note,")
    destination = town.with_database(postgres)
    for way in WAYS:
        line = f"{way} {evil}"
        town.granted(line, ("note",))
        deliver(town.work(), line, Way.parse(f"table:{destination}" if way == "table" else way))
    assert all(p.ok for p in probe(town.work()))
    made = {
        path.relative_to(town.settings.home / "deliveries").parts[0]
        for path in (town.settings.home / "deliveries").rglob("*")
    }
    assert made == {"civil", ".lock", ".staging"}
    with town.session() as session:
        (count,) = session.execute(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'from_landbridge'"
        ).fetchone() or (0,)
    assert count == 1


def test_a_view_over_a_view_gives_what_the_view_gives_and_dies_with_it(town: DeliveryCity) -> None:
    town.granted("L1", ("name", "note"), row_scope="370202")
    town.deliver("L1", "view")
    town.connection.execute('CREATE VIEW lake.main.over AS SELECT * FROM lake.shared_civil."L1"')
    assert [c[0] for c in town.connection.execute("SELECT * FROM lake.main.over").description or ()] == [
        "_request_id",
        "name",
        "note",
    ]
    assert {name for (name,) in town.connection.execute("SELECT name FROM lake.main.over").fetchall()} == {"欧*", "M*"}
    for column in ("nickname", "number", "resident_id", "division_code", "rowid", "_interval_start", "_run_id"):
        with pytest.raises(Exception, match=r"(?i)not found|does not have|no such|referenced column"):
            town.connection.execute(f"SELECT {column} FROM lake.main.over")
    town.say("revoked")
    town.run()
    with pytest.raises(Exception, match="does not exist"):
        town.connection.execute("SELECT * FROM lake.main.over")
