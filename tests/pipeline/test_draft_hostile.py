"""`landbridge draft` on sources that nobody would wish for, and on addresses that hold a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.errors import LandbridgeError
from pipeline.draft.connection import find_source
from tests.pipeline.drafting import DraftingTable

_NAMES = ["a b", "中文", "2020", "select", "🙂", "no", "on", "x'y", 'q"q', "a:b", "#c", "{d}", "- e", "_row", "ünï", "  ", "null", "a,b", "%", "${X}"]  # fmt: skip


def test_odd_names_empty_columns_and_binary_ones_are_drafted_and_loaded(desk: DraftingTable) -> None:
    columns = [*('"' + name.replace('"', '""') + '" TEXT' for name in _NAMES), "hollow TEXT", "picture BLOB"]
    rows = [[*(f"{name}{n}" for name in _NAMES), None, b"\0\1"] for n in range(30)]
    source = desk.database("odd.sqlite", {"select 表 #1": (columns, rows)})

    result = desk.begun(str(source))

    assert desk.run("catalogue", "check").exit_code == 0
    assert desk.run("run").exit_code == 0
    (resource,) = desk.city.resources.values()
    assert [f.physical_name for f in resource.fields] == [*_NAMES, "hollow"]
    assert resource.ignored_columns == ("picture",)
    assert "picture: BLOB cannot be loaded" in result.output
    assert "empty in all 30 rows" in result.output


def test_an_empty_table_and_one_of_one_column_are_loaded_and_three_hundred_columns_are_drafted(
    desk: DraftingTable,
) -> None:
    wide = [f"c{n} TEXT" for n in range(300)]
    source = desk.database(
        "shapes.sqlite",
        {
            "empty": (("id INTEGER", "at TEXT"), []),
            "one": (("v TEXT",), [("x",), ("x",), (None,)]),
            "wide": (wide, [[f"{r}{c}" for c in range(300)] for r in range(12)]),
        },
    )

    result = desk.begun(str(source), "--all")

    assert desk.run("catalogue", "check").exit_code == 0
    ran = desk.run("run", "office.empty", "office.one")
    assert ran.exit_code == 0, ran.output
    assert len(desk.city.resource("office.wide").fields) == 300
    assert desk.city.resource("office.one").key == ()
    assert "the source holds no rows" in desk.text("empty")
    assert "… and 260 more fields" in result.output


def test_a_heading_that_stands_twice_is_left_out_with_its_reason_and_the_rest_is_loaded(desk: DraftingTable) -> None:
    rows = [f"{n},{n},{n + 1},a,b" for n in range(30)]
    result = desk.begun(str(desk.csv("twice.csv", ["id,sum,sum,phone,phone_2", *rows])))

    (resource,) = desk.city.resources.values()
    assert [f.physical_name for f in resource.fields] == ["id", "phone", "phone_2"]
    assert resource.ignored_columns == ("sum", "sum_2")
    assert "the heading sum stands several times" in result.output
    assert desk.run("run").exit_code == 0


def test_a_table_of_pictures_alone_is_refused_with_the_reason(desk: DraftingTable) -> None:
    source = desk.database("pictures.sqlite", {"p": (("a BLOB",), [(b"x",)])})

    refused = desk.run("draft", str(source), "--new-city", "Testville", "--department", "office")

    assert isinstance(refused.exception, LandbridgeError)
    assert "a: BLOB cannot be loaded" in str(refused.exception)


def test_a_bounded_sample_says_what_it_did_not_see(desk: DraftingTable) -> None:
    source = desk.csv("long.csv", ["id,v", *(f"{n},{n % 7}" for n in range(500))])

    desk.begun(str(source), "--rows", "100")

    text = desk.text("long")
    assert "the first 100 rows" in text
    assert "all that were read" in text
    assert "property: expectedRows" not in text


def test_a_table_that_is_not_there_and_a_choice_not_made_name_what_there_is(desk: DraftingTable) -> None:
    source = desk.database("two.sqlite", {"left": (("a TEXT",), []), "right": (("a TEXT",), [])})

    desk.begun(str(desk.csv("none.csv", ["a,b", "1,2"])))
    neither = desk.run("draft", str(source))
    wrong = desk.run("draft", str(source), "--table", "rigth")

    assert isinstance(neither.exception, LandbridgeError) and "left, right" in str(neither.exception)
    assert isinstance(wrong.exception, LandbridgeError) and "did you mean right" in str(wrong.exception)
    assert list(desk.city.resources) == ["office.none"]


def test_a_city_whose_first_source_cannot_be_read_is_not_begun(desk: DraftingTable) -> None:
    refused = desk.run(
        "draft", "sqlite:////nowhere.sqlite", "--all", "--new-city", "Testville", "--department", "office"
    )

    assert isinstance(refused.exception, LandbridgeError)
    assert list(desk.city_folder.iterdir()) == []
    desk.begun(str(desk.csv("none.csv", ["a,b", "1,2"])))


def test_a_new_department_is_entered_only_when_it_is_said_to_be_new(desk: DraftingTable) -> None:
    desk.begun(str(desk.csv("none.csv", ["a,b", "1,2"])))
    source = desk.database("tax.sqlite", {"payer": (("a TEXT",), [("x",)])})

    mistyped = desk.run("draft", str(source), "--department", "ofice")
    added = desk.run("draft", str(source), "--department", "tax", "--new-department")

    assert "did you mean office" in str(mistyped.exception)
    assert added.exit_code == 0, added.output
    assert list(desk.city.departments) == ["office", "tax"]
    assert desk.run("catalogue", "check").exit_code == 0


@pytest.mark.parametrize(
    ("address", "kind", "connection"),
    [
        ("postgresql+psycopg://reader:p%40ss/w@rd@db.city/land", "database", {"url": "postgresql+psycopg://reader:${LAND_DATABASE_PASSWORD}@db.city/land"}),
        ("mysql+pymysql://r@db/x?ssl_key=k&password=s3cret", "database", {"url": "mysql+pymysql://r@db/x?ssl_key=k&password=${X_DATABASE_PASSWORD}"}),
        ("postgresql://reader:${PW}@db/land", "database", {"url": "postgresql://reader:${PW}@db/land"}),
        ("https://s3cret@api.city/v1", "http_api", {"url": "https://api.city", "auth": {"style": "bearer", "token": "${API_CITY_INTERFACE_TOKEN}"}}),
        ("http://me:s3cret@api.city/v1", "http_api", {"url": "http://api.city", "auth": {"style": "basic", "user": "me", "password": "${API_CITY_INTERFACE_PASSWORD}"}}),
        ("http://api.city/v1?x=1&api_key=s3cret", "http_api", {"url": "http://api.city", "auth": {"style": "api_key", "parameter": "api_key", "secret": "${API_CITY_INTERFACE_SECRET}"}}),
        ("sftp://drop:s3cret@host/in/a.csv", "csv_files", {"root": "sftp://host/in", "user": "drop", "password": "${HOST_SFTP_FILES_PASSWORD}"}),
    ],
)  # fmt: skip
def test_a_secret_in_an_address_becomes_a_reference(
    desk: DraftingTable, address: str, kind: str, connection: dict[str, object]
) -> None:
    desk.begun(str(desk.csv("none.csv", ["a,b", "1,2"])))

    source = find_source(address, desk.city, department=None, kind=None, settings={}, sources=Path("/nowhere"))

    assert (source.system.connector, source.system.connection) == (kind, connection)
    assert set(source.secrets.values()) <= {"p@ss/w@rd", "s3cret"}
    assert "s3cret" not in str(source.only)


def test_a_secret_setting_becomes_a_reference_and_its_value_is_hidden_in_errors(desk: DraftingTable) -> None:
    desk.begun(str(desk.csv("none.csv", ["a,b", "1,2"])))

    source = find_source(
        "https://api.city", desk.city, department=None, kind=None, settings={"auth": {"style": "bearer", "token": "t0ken"}}, sources=Path("/nowhere")
    )  # fmt: skip

    assert source.system.connection["auth"] == {"style": "bearer", "token": "${API_CITY_INTERFACE_TOKEN}"}
    assert source.without_secrets("refused: t0ken") == "refused: …"


def test_a_secret_is_neither_written_nor_printed(desk: DraftingTable) -> None:
    address = "postgresql+psycopg://reader:s3cret-word@127.0.0.1:1/land"

    refused = desk.run("draft", address, "--all", "--new-city", "Testville", "--department", "office")

    assert isinstance(refused.exception, LandbridgeError)
    assert "s3cret" not in refused.output + str(refused.exception)
    for path in desk.root.rglob("*"):
        assert path.is_dir() or b"s3cret" not in path.read_bytes()


def test_a_source_that_the_city_knows_is_not_entered_twice(desk: DraftingTable) -> None:
    desk.csv("a.csv", ["a,b", "1,2"])
    desk.begun(str(desk.sources), "--all")
    desk.csv("c.csv", ["c,d", "1,2"])

    assert desk.run("draft", str(desk.sources), "--table", "c.csv").exit_code == 0
    assert desk.run("draft", "sources_files", "--table", "a.csv").exit_code == 1

    assert list(desk.city.systems) == ["sources_files"]
    assert {r.system.id for r in desk.city.resources.values()} == {"sources_files"}
