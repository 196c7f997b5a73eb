"""Each door delivers the grant and nothing else, masked, with the request's number in it; what was delivered is what a probe reads."""

from __future__ import annotations

import json

import openpyxl
import pyarrow.parquet

from tests.postgres import Postgres
from tests.sharing.delivery.delivery_city import ALL, WAYS, DeliveryCity

MASKED = {
    "_request_id": "R-line", "name": "张*", "nickname": None, "resident_id": "370202********1231", "phone": "138****3211",
    "address": "青岛市市南区香港中路***", "birth_date": None, "reserve": None, "note": "-5", "division_code": "370211",
}  # fmt: skip


def test_every_door_gives_the_granted_fields_masked_by_their_class(town: DeliveryCity, postgres: Postgres) -> None:
    town.every_way(postgres)
    done = town.run()
    assert (sorted(done.delivered), done.is_well) == (sorted(WAYS), True)
    for way in WAYS:
        rows = town.found(way)
        assert rows is not None
        assert [list(row) for row in rows] == [["_request_id", *ALL]] * 4, way
        (row,) = (row for row in rows if row["name"] == "张*")
        assert {name: row[name] for name in MASKED} == MASKED | {"_request_id": f"R-{way}"}, way
        assert (len(row["number"] or "") == 32) is (way != "view"), (
            "a view holds no key: what would be a pseudonym is withheld"
        )
        assert float(row["amount"] or 0) == -1.5
        told, probed = town.told("delivered", way)[0], town.told("probed", way)[0]
        given = sorted({*ALL} - {"nickname", "birth_date", "reserve"} - ({"number"} if way == "view" else set()))
        assert (told["fields"], told["rows"], told["way"].partition(":")[0]) == (given, 4, way)
        assert (probed["ok"], probed["rows"], probed["snapshot"]) == (True, 4, told["snapshot"])


def test_every_door_gives_the_rows_of_the_granted_division_alone(town: DeliveryCity, postgres: Postgres) -> None:
    town.every_way(postgres, ("amount", "division_code"), row_scope="370211")
    assert town.run().is_well
    for way in WAYS:
        rows = town.found(way) or []
        assert [(list(row), row["division_code"]) for row in rows] == [
            (["_request_id", "amount", "division_code"], "370211")
        ], way
        assert (town.told("delivered", way)[0]["row_scope"], town.told("delivered", way)[0]["rows"]) == ("370211", 1)


def test_the_grant_alone_lifts_a_mask(town: DeliveryCity) -> None:
    town.granted(
        "L1", ("resident_id", "nickname", "birth_date", "reserve"), unmasked=("resident_id", "birth_date", "reserve")
    )
    town.ask_for({"line": "L1", "way": "parquet", "pseudonyms": ["nickname"]})
    assert town.run().is_well
    (row,) = (row for row in town.rows() if row["resident_id"] == "370202198706131231")
    assert (str(row["birth_date"]), str(row["reserve"]), len(row["nickname"])) == ("1987-06-13", "987654321.50", 32)
    town.granted("L2", ("reserve", "note"))
    town.ask_for({"line": "L2", "way": "parquet", "pseudonyms": ["reserve", "note"]})
    town.run()
    assert {row["reserve"] for row in town.rows("L2")} == {None}, "the city makes a pseudonym of no important field"
    assert {len(row["note"] or "") for row in town.rows("L2")} == {0, 32}


def test_the_request_s_number_stands_in_every_export(town: DeliveryCity, postgres: Postgres) -> None:
    town.every_way(postgres, ("note",))
    town.run()
    metadata = pyarrow.parquet.read_metadata(town.file("parquet")).metadata
    assert (metadata[b"request_id"], metadata[b"line_id"]) == (b"R-parquet", b"parquet")
    book = openpyxl.load_workbook(town.file("excel", "data.xlsx"))
    assert book.properties.identifier == "R-excel"
    assert ("申请单 request", "R-excel") in list(book["说明 about"].iter_rows(values_only=True))
    with town.session() as session:
        (comment,) = session.execute("""SELECT obj_description('from_landbridge."table"'::regclass)""").fetchone() or (
            "",
        )
        assert "R-table table, valid to 2021-05-01" in comment
    (comment,) = town.connection.execute("SELECT comment FROM duckdb_views() WHERE view_name = 'view'").fetchone() or (
        "",
    )
    assert "R-view" in comment
    manifest = json.loads(town.file("csv", "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["request_id"], manifest["snapshot"], manifest["fields"], manifest["masks"]) == (
        "R-csv",
        1,
        ["note"],
        [],
    )
    for way in WAYS:
        assert {row["_request_id"] for row in town.found(way) or []} == {f"R-{way}"}


def test_files_are_for_their_owner_alone(town: DeliveryCity) -> None:
    town.granted()
    town.deliver()
    made = [town.settings.home / "deliveries", *(town.settings.home / "deliveries").rglob("*")]
    assert {path.stat().st_mode & 0o077 for path in made} == {0}
