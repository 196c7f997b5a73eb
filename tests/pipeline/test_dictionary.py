"""The data dictionary: complete, in both languages, the same as the comments in the database, and readable without a network on any screen."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from contracts.catalogue import load_city
from contracts.model import Label
from pipeline.dictionary import TableEntry, describe_city
from pipeline.dictionary.lake_facts import lake_facts
from pipeline.dictionary.site import as_csv, write_site
from tests.browser import look, printed
from tests.pipeline.unified_city import UnifiedCity
from tests.small_city import ROOT
from warehouse.lake import open_lake

QINGDAO = load_city(ROOT / "cities" / "qingdao")


@pytest.fixture(scope="module")
def entries() -> dict[str, TableEntry]:
    return {e.name: e for e in describe_city(QINGDAO)}


@pytest.fixture(scope="module")
def site(entries: dict[str, TableEntry], tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site") / "dictionary"
    write_site(target, QINGDAO, list(entries.values()), {})
    return target


def test_every_table_and_column_is_told_in_both_languages(entries: dict[str, TableEntry]) -> None:
    assert set(QINGDAO.resources) < set(entries) and {f"reference.{n}" for n in QINGDAO.code_lists} < set(entries)
    labels = [(e.name, e.label) for e in entries.values()] + [
        (f"{e.name}.{c.name}", c.label) for e in entries.values() for c in e.columns
    ]
    nameless = [name for name, label in labels if not (label.zh and label.en)]
    assert nameless == []
    # of the sample's fields both names stand in the contract, and neither is made of the column's name
    fields = [(f"{r.id}.{f.name}", f) for r in QINGDAO.resources.values() for f in r.fields]
    assert [
        name
        for name, f in fields
        if not re.fullmatch("[ -~]+", f.label_en) or not re.search("[\u4e00-\u9fff]", f.label)
    ] == []
    number = entries["approval.e_licence"].column("licence_no")
    assert number is not None and number.label == Label("Licence number", "证照编号")
    assert number.comment.startswith("证照编号 Licence number. The number printed")
    assert [e.name for e in entries.values() if e.kind in ("mart", "unified") and not (e.note.zh and e.note.en)] == []
    assert [e.name for e in entries.values() if e.kind != "record" and not e.key] == []


def test_money_and_shares_carry_their_unit(entries: dict[str, TableEntry]) -> None:
    units = {c.name: str(c.unit) for c in entries["mart.firm"].columns if c.unit}
    assert units == {
        "capital": "万元 10,000 yuan",
        **dict.fromkeys(("promised", "paid", "unpaid", "owed", "overdue"), "元 yuan"),
    }
    shares = [
        c for e in entries.values() if e.kind == "mart" for c in e.columns if c.type == "DOUBLE" and c.name != "score"
    ]
    assert [c.name for c in shares if c.unit is None] == []


def test_no_mart_shows_what_could_name_a_person_but_as_a_pseudonym(entries: dict[str, TableEntry]) -> None:
    masked = {
        f"{e.name}.{c.name}": c.mask.kind for e in entries.values() if e.kind == "mart" for c in e.columns if c.mask
    }
    assert masked == {"mart.licence.licence_id": "pseudonym", "mart.licence.person_id": "pseudonym"}
    plain = {f"{e.name}.{c.name}" for e in entries.values() if e.kind == "unified" for c in e.columns if not c.mask}
    assert not plain & {
        f"unified.person.{n}"
        for n in ("person_id", "resident_id", "name", "phone", "address", "birth_date", "disability_grade")
    }
    assert not plain & {
        "unified.person_history.value",
        "unified.conflict.value_a",
        "unified.conflict.value_b",
        "unified.conflict.key",
    }


def test_the_lake_carries_every_comment_that_contracts_and_models_give(analyst_city: UnifiedCity) -> None:
    described = describe_city(analyst_city.city)
    lake = open_lake(analyst_city.settings, read_only=True)
    tables = dict(
        lake.execute(
            "SELECT schema_name || '.' || table_name, comment FROM duckdb_tables() WHERE database_name = 'lake'"
        ).fetchall()
    )
    columns: dict[tuple[str, str], str | None] = {
        (table, column): comment
        for table, column, comment in lake.execute(
            "SELECT schema_name || '.' || table_name, column_name, comment FROM duckdb_columns() WHERE database_name = 'lake'"
        ).fetchall()
    }
    lake.close()
    held = [e for e in described if e.name in tables]
    assert {"police.resident", "unified.person", "unified.person_record", "mart.town"} <= {e.name for e in held}
    assert [e.name for e in held if e.comment and tables[e.name] != e.comment] == []
    wrong = [
        (e.name, c.name)
        for e in held
        for c in e.columns
        if c.comment and columns.get((e.name, c.name), "no column") != c.comment
    ]
    assert wrong == []
    assert [key for key, comment in columns.items() if key[0] == "mart.town" and not comment] == []


def test_freshness_and_quality_are_the_last_loads(analyst_city: UnifiedCity) -> None:
    lake = open_lake(analyst_city.settings, read_only=True)
    facts = lake_facts(lake, describe_city(analyst_city.city))
    lake.close()
    assert (facts["police.resident"].rows, facts["police.resident"].fresh_until) == (2, analyst_city.interval(2).end)
    assert facts["police.resident"].refused == 0 and facts["mart.town"].rows == 2
    assert "tax.taxpayer" not in facts, "what was never loaded has no facts, and not zero rows"


def test_csv_and_json_say_the_same_and_nothing_in_them_is_computed(site: Path, entries: dict[str, TableEntry]) -> None:
    text = (site / "dictionary.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    told: dict[str, Any] = json.loads((site / "dictionary.json").read_text(encoding="utf-8"))
    assert [(r["table"], r["column"]) for r in rows] == [
        (name, c["name"]) for name, t in told.items() for c in t["columns"]
    ]
    [owed] = [r for r in rows if (r["table"], r["column"]) == ("mart.firm", "owed")]
    assert (owed["unit"], owed["made_from"]) == ("元 yuan", "mart.debt.owed")
    assert "=evil" not in as_csv(
        [e.__class__(**{**e.__dict__, "department_label": "=evil"}) for e in [entries["tax.taxpayer"]]], {}
    ).replace("'=evil", "")


def test_links_lead_to_tables_and_columns_that_are_there(site: Path) -> None:
    broken = []
    for page in (site / "index.html", *(site / "tables").glob("*.html")):
        for target in re.findall(r'href="([^"]+)"', page.read_text(encoding="utf-8")):
            file, _, anchor = target.partition("#")
            there = page.parent / file
            if not there.is_file() or (anchor and f'id="{anchor}"' not in there.read_text(encoding="utf-8")):
                broken.append(f"{page.name}: {target}")
    assert broken == []


@pytest.mark.parametrize("width", [390, 1280])
def test_pages_fit_the_screen_and_fetch_nothing(site: Path, tmp_path: Path, width: int) -> None:
    for name in ("index.html", "tables/mart.firm.html"):
        seen = look((site / name).read_text(encoding="utf-8"), tmp_path, width)
        assert seen["scroll"] <= width and seen["fetched"] == [] and seen["console"] == []
        assert "企业" in seen["text"]


def test_the_search_box_finds_tables_by_their_columns_and_the_page_prints(site: Path, tmp_path: Path) -> None:
    page = (site / "index.html").read_text(encoding="utf-8")
    script = (ROOT / "pipeline" / "dictionary" / "templates" / "search.js").read_text(encoding="utf-8")
    # what a person types, at the end of the page's own script: the policy is opened for this copy alone
    typed = page.replace(script, script + 'box.value = "saved_share"; look();')
    typed = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", typed)
    text = look(typed, tmp_path, 390)["text"]
    assert "mart.approval_case" in text and "mart.firm_by_industry" not in text
    assert printed(site / "tables" / "mart.firm.html", tmp_path).startswith(b"%PDF")


def test_a_folder_that_holds_something_else_is_left_alone(
    analyst_city: UnifiedCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANDBRIDGE_HOME", str(analyst_city.settings.home))
    monkeypatch.setenv("LANDBRIDGE_CITY", str(analyst_city.folder))
    (tmp_path / "mine.txt").write_text("mine")
    refused = CliRunner().invoke(app, ["dictionary", "--out", str(tmp_path)])
    assert "holds something else" in str(refused.exception) and [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
    for _ in range(2):
        done = CliRunner().invoke(app, ["dictionary", "--out", str(tmp_path / "made")])
        assert done.exit_code == 0 and "index.html" in done.output
    assert "2 行 rows" in (tmp_path / "made" / "index.html").read_text(encoding="utf-8")
