"""What was not granted cannot be had: every place a delivery touches is searched for values that must not be there."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.errors import LandbridgeError
from contracts.quoting import ident
from sharing.delivery.deliver import deliver
from sharing.delivery.probe import probe
from sharing.delivery.read import read
from sharing.delivery.ways import Way
from tests.postgres import Postgres
from tests.sharing.delivery.delivery_city import ALL, RESOURCE, SUFFIXES, WAYS, DeliveryCity
from warehouse.lake import tables_of

# begins every value of a person that is masked or was not granted
CANARIES = ("canary", "娜娜", "aximilian", "卜杜拉", "1987-06-13", "19870613", "98765432", "13876543210", "13876543211", "KEY-", "370202198706131")  # fmt: skip


def places(town: DeliveryCity) -> Iterator[tuple[str, str]]:
    """Name and text of everything below LANDBRIDGE_HOME but the lake's own files, and of every table of the lake's but the department's."""
    for path in town.settings.home.rglob("*"):
        inside = path.relative_to(town.settings.home).parts
        if path.is_file() and inside[0] != "lake":
            yield str(path), _text(path)
        yield f"name of {path}", "/".join(inside)
    for schema, table in sorted(tables_of(town.connection)):
        if schema not in ("police", "tax", "main"):
            yield (
                f"{schema}.{table}",
                str(town.connection.execute(f"SELECT * FROM {ident('lake', schema, table)}").fetchall()),
            )
    yield (
        "comments",
        str(
            town.connection.execute(
                "SELECT comment FROM duckdb_tables() UNION ALL SELECT comment FROM duckdb_views()"
            ).fetchall()
        ),
    )
    yield (
        "sql of views",
        str(town.connection.execute("SELECT sql FROM duckdb_views() WHERE schema_name LIKE 'shared%'").fetchall()),
    )


def _text(path: Path) -> str:
    if path.suffix == ".parquet":
        return str(pyarrow.parquet.read_table(path).to_pylist()) + str(pyarrow.parquet.read_metadata(path).metadata)
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as archive:
            return "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())
    return path.read_bytes().decode(errors="replace")


def found_in(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary in text]


def everything_of(town: DeliveryCity, requester: str = "civil") -> str:
    """Every row and comment of the requester's database that its owner can see, catalogues and statistics of columns included."""
    told = []
    with town.session(requester, who="owner") as session:
        named = session.execute(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, table in named:
            told.append(f"{table} {session.execute(f'SELECT * FROM {ident(schema, table)}'.encode()).fetchall()}")
        for catalogue in (
            "pg_description",
            "pg_class",
            "pg_attribute",
            "pg_stats",
            "pg_stat_activity",
            "pg_prepared_statements",
        ):
            told.append(str(session.execute(f"SELECT * FROM {catalogue}".encode()).fetchall()))
    return "\n".join(told)


def test_no_masked_or_ungranted_value_is_found_in_any_place_a_delivery_touches(
    town: DeliveryCity, postgres: Postgres, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    granted = {*ALL} - {"nickname"}
    town.every_way(postgres, granted)
    town.granted("narrow", ("division_code",))
    town.granted("missing", ("division_code", "canary_no_field"), requester="tax")
    told: list[Any] = [town.run().counts]
    for way in WAYS:
        told.append(read(town.work(), way, "civil", "li", tmp_path / f"{way}.out.{SUFFIXES.get(way, 'parquet')}"))
    told.append([str(deliver(town.work(), "narrow", Way("csv"))), probe(town.work())])
    for broken in ("missing", "nobody"):
        with pytest.raises(LandbridgeError) as error:
            deliver(town.work(), broken, Way("csv"))
        told.append(str(error.value).replace("canary_no_field", ""))
    town.load(RESOURCE, 2, town.persons(note="second"))
    told.append(town.run(2).counts)
    in_database = everything_of(town)
    assert "R-table" in in_database
    for way in ("csv", "table"):
        town.say("revoked", way)
    told.append(str(town.run(3)))

    searched = dict(places(town))
    assert len(searched) > 25
    copies = {path.name: _text(path) for path in tmp_path.glob("*.out.*")}
    everywhere = {
        **searched,
        **copies,
        "told": str(told),
        "log": caplog.text,
        "postgres": in_database + everything_of(town),
    }
    # the request itself asked for a field that the grant of another line names; its name is no value
    found = {name: found_in(text.replace("canary_no_field", "")) for name, text in everywhere.items()}
    assert {name: canaries for name, canaries in found.items() if canaries} == {}
    assert "R-excel" in everywhere["excel.out.xlsx"], "something was searched"


def test_an_error_of_the_engine_or_of_a_database_repeats_no_value_and_no_address(
    town: DeliveryCity, postgres: Postgres, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "canary-password")
    town.every_way(postgres, ("note", "seen_at"))
    target = town.destinations["civil_database"]
    elsewhere = target["url"].rpartition("/")[0].replace("@", ":${DATABASE_PASSWORD}@") + "/canary_none"
    for url in ("postgresql://nobody:${DATABASE_PASSWORD}@127.0.0.1:1/none", elsewhere):
        town.destinations["civil_database"] = {**target, "url": url}
        town.ask_for({"line": "table", "way": "table", "destination": "civil_database"})
        failure = town.run().failed["table"]
        assert "the requester's database failed" in str(failure)
        assert "canary" not in repr(failure) + caplog.text
        assert failure.__suppress_context__, "the driver's own words are not shown with it"
    # a schema of theirs has the name of ours
    town.destinations["civil_database"] = target
    town.ask_for({"line": "table", "way": "table", "destination": "civil_database"})
    with town.session(who="owner") as session:
        session.execute("CREATE SCHEMA from_landbridge")
    done = town.run()
    assert "the requester's database refuses: insufficient privilege" in str(done.failed["table"])


def test_a_reader_reaches_no_other_requester_s_table_and_writes_nowhere(town: DeliveryCity, postgres: Postgres) -> None:
    """Two requesters in one database: the worst a city can arrange."""
    town.with_database(postgres)
    town.with_database(postgres, "tax")
    shared = town.destinations["civil_database"]
    town.destinations["tax_database"] |= {"url": shared["url"]}
    own = town.destinations["tax_database"]["reader"]
    own["url"] = own["url"].rpartition("/")[0] + "/" + shared["url"].rpartition("/")[2]
    for line, requester in (("L1", "civil"), ("L2", "tax")):
        town.granted(line, ("note",), requester=requester)
    town.ask_for(
        *(
            {"line": line, "way": "table", "destination": f"{r}_database"}
            for line, r in (("L1", "civil"), ("L2", "tax"))
        )
    )
    town.run()
    for requester, mine, other in (("civil", "L1", "L2"), ("tax", "L2", "L1")):
        with town.session(requester) as session:
            session.autocommit = True
            assert len(session.execute(f'SELECT * FROM from_landbridge."{mine}"'.encode()).fetchall()) == 4
            for sql in (
                f'SELECT * FROM from_landbridge."{other}"', f'SELECT count(*) FROM from_landbridge."{other}"', f'DELETE FROM from_landbridge."{mine}"',
                f'CREATE VIEW from_landbridge.v AS SELECT * FROM from_landbridge."{other}"', f'TABLE from_landbridge."{other}"',
                f'DROP TABLE from_landbridge."{mine}"', "CREATE TABLE from_landbridge.mine (x int)", f'COPY from_landbridge."{other}" TO STDOUT',
                f"SET ROLE {shared['url'].partition('//')[2].partition('@')[0]}",
            ):  # fmt: skip
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    session.execute(sql.encode())


def test_data_goes_to_nobody_but_its_requester(town: DeliveryCity, postgres: Postgres, tmp_path: Path) -> None:
    town.with_database(postgres, "tax")
    town.granted("L1", ("note",))
    with pytest.raises(LandbridgeError, match="tax_database belongs to tax, and the line to civil"):
        deliver(town.work(), "L1", Way("table", destination="tax_database"))
    town.deliver()
    for department, person, words in (
        ("tax", "li", "only its requester"),
        ("police", "li", "only its requester"),
        ("civil", " ", "who reads"),
    ):
        with pytest.raises(LandbridgeError, match=words):
            read(town.work(), "L1", department, person, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert read(town.work(), "L1", "civil", "li", tmp_path / "copy") == 4
    (told,) = town.told("read")
    assert told == {
        "delivery_id": "civil/L1",
        "reader": "li",
        "rows": 4,
        "snapshot": town.told("delivered")[0]["snapshot"],
    }
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0
    with pytest.raises(LandbridgeError, match="is there already"):
        read(town.work(), "L1", "civil", "li", tmp_path / "copy")
    assert len(town.told("read")) == 1


def test_the_order_of_rows_tells_nothing_of_what_is_not_delivered(
    town: DeliveryCity, postgres: Postgres, tmp_path: Path
) -> None:
    """The lake holds the rows in the order of their birth, say; a delivery of another field must not."""
    orders = []
    for night, persons in enumerate((town.persons(), town.persons()[::-1]), 2):
        town.load(RESOURCE, night, persons)
        town.night_number = night
        for way in ("parquet", "view"):
            town.granted(f"{way}{night}", ("name", "amount"))
            town.deliver(f"{way}{night}", way)
            read(town.work(), f"{way}{night}", "civil", "li", tmp_path / f"{way}{night}")
            orders.append([row["name"] for row in pyarrow.parquet.read_table(tmp_path / f"{way}{night}").to_pylist()])
    assert orders == [orders[0]] * 4


_GRANT = st.tuples(
    st.sets(st.sampled_from(ALL), min_size=1), st.sampled_from(["", "37", "370202", "370211", "3799"]), st.sampled_from(["parquet", "csv", "view"]),
    st.sets(st.sampled_from(ALL)),
)  # fmt: skip
_OPEN = {"note", "amount", "seen_at", "division_code"}


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(grants=st.lists(_GRANT, min_size=8, max_size=8))
def test_whatever_is_granted_that_and_nothing_else_is_delivered(town: DeliveryCity, grants: list[Any]) -> None:
    town.night_number = 1
    begun = len(town.work().grants())
    lines = [f"X{begun + n}" for n in range(len(grants))]
    town.granted_all(
        {
            line: {"fields": fields, "row_scope": scope, "unmasked": lifted}
            for line, (fields, scope, _, lifted) in zip(lines, grants, strict=True)
        }
    )
    town.ask_for(*({"line": line, "way": way} for line, (_, _, way, _) in zip(lines, grants, strict=True)))
    assert sorted(town.run().delivered) == sorted(lines)
    for line, (fields, scope, way, lifted) in zip(lines, grants, strict=True):
        rows = town.found(way, line)
        assert rows is not None
        assert len(rows) == sum(not scope or str(p["division_code"]).startswith(scope) for p in town.persons())
        assert {tuple(row) for row in rows} <= {("_request_id", *(name for name in ALL if name in fields))}
        text = str([list(row.values())[1:] for row in rows])
        shown = fields & (_OPEN | lifted)
        hidden = {str(p[name]) for p in town.persons() for name in set(p) - shown - _OPEN if p[name] is not None}
        # the same day stands in an id that is shown
        assert not [
            value for value in hidden if value in text and not (value == "1987-06-13" and "resident_id" in shown)
        ]
