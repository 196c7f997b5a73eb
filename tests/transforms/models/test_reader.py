"""Reading models: every mistake with its file, place and remedy, and the order in which they run."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ConfigurationError
from contracts.mistakes import Mistakes
from tests.transforms.models.written import FIRM, INDUSTRY, TABLES, write
from transforms.models import Input, check_models, in_order, read_folder, read_models
from transforms.models.model import Model
from transforms.models.reader import read_model


def test_a_file_gives_the_model_it_declares(tmp_path: Path) -> None:
    [firm, industry] = read_models(write(tmp_path, firm=FIRM, industry=INDUSTRY))
    assert (firm.schema, firm.table, firm.key, firm.increment) == ("mart", "firm", ("firm_id",), "firm_id")
    assert firm.inputs == (Input("market.firm", "credit_code"), Input("reference.industries"))
    assert next((c.name, c.type, str(c.label)) for c in firm.columns) == (
        "firm_id",
        "VARCHAR",
        "企业标识 Id of the firm",
    )
    assert firm.sql.startswith("SELECT f.credit_code") and industry.increment is None
    assert check_models([firm, industry], TABLES) == []


def test_the_fingerprint_follows_what_the_file_says_and_not_where_it_lies(tmp_path: Path) -> None:
    [here] = read_models(write(tmp_path / "here", firm=FIRM))
    [there] = read_models(write(tmp_path / "there", firm=FIRM))
    assert here.fingerprint == there.fingerprint
    for old, new in (
        ("f.men +", "f.men -"),
        ("en: Employees", "en: Staff"),
        ("{by: credit_code}", "{}"),
        ("[firm_id]", "[industry]"),
    ):
        [other] = read_models(write(tmp_path / "other", firm=FIRM.replace(old, new)))
        assert other.fingerprint != here.fingerprint


@pytest.mark.parametrize(
    ("old", "new", "place", "what", "remedy"),
    [
        ("/*---", "/* ---", "file", "does not begin with a comment", "docs/models.md"),
        ("key: [firm_id]", "key: [firm_id", "line 6", "no YAML", ""),
        ("key: [firm_id]", "kee: [firm_id]", "kee", "unknown word", "key"),
        ("key: [firm_id]", "key: firm_id", "key", "no list", "identify a row"),
        ("key: [firm_id]", "key: [firm]", "key", "'firm' is no column", "firm_id"),
        ("increment: firm_id", "increment: firm", "increment", "'firm' is no column", "firm_id"),
        ("increment: firm_id", "", "inputs.market.firm.by", "no increment", "leave `by` out"),
        ("name: mart.firm", "name: mart.firms", "name", "is 'mart.firms'", "mart.firm"),
        ("market.firm: {by", "sharing.verdicts: {by", "inputs.sharing.verdicts", "runs after the models", "resource"),
        ("market.firm: {by", "market: {by", "inputs.market", "no name of a table", "unified.person"),
        ("{by: credit_code}", "{bye: credit_code}", "inputs.market.firm.bye", "unknown word", "by"),
        ("label: {en: Firms, zh: 企业}", "label: Firms", "label", "both languages", "zh"),
        ("{type: BIGINT,", "{type: bigint,", "columns.employees.type", "is 'bigint'", "VARCHAR"),
        ("  industry: {type", "  firm_id: {type", "line 12", "'firm_id' stands twice", ""),
        ("en: Industry, zh: 行业}", "en: Industry}", "columns.industry", "both languages", "zh"),
    ],
)  # fmt: skip
def test_a_mistake_in_front_comes_with_its_place_and_remedy(
    tmp_path: Path, old: str, new: str, place: str, what: str, remedy: str
) -> None:
    assert old in FIRM
    folder = write(tmp_path, firm=FIRM.replace(old, new, 1))
    models, mistakes = read_folder(folder)
    found = next(m for m in mistakes if m.place == place)
    assert models == [] and what in found.what and remedy in found.remedy and found.file == "models/mart/firm.sql"
    with pytest.raises(ConfigurationError, match=r"models/mart/firm\.sql"):
        read_models(folder)


@pytest.mark.parametrize(
    ("old", "new", "place", "what", "remedy"),
    [
        ("AS i ON", "AS i ONN", "SELECT", "cannot be read", "one SELECT"),
        ("SELECT f.credit", "DROP TABLE x; SELECT f.credit", "SELECT", "not one SELECT", "one SELECT"),
        ("LEFT JOIN reference.industries", "LEFT JOIN reference.industry", "SELECT reads reference.industry", "not declared", "reference.industries"),
        ("LEFT JOIN reference.industries", "LEFT JOIN read_csv('/etc/passwd')", "SELECT reads READ_CSV('/etc/passwd')", "not declared", ""),
        ("  reference.industries: {}", "  reference.industries: {}\n  tax.taxpayer: {}", "inputs.tax.taxpayer", "neither a resource", "market.firm"),
        ("  reference.industries: {}", "  reference.industries: {by: kode}", "inputs.reference.industries.by", "no column 'kode'", "code"),
        ("{by: credit_code}", "{by: men}", "inputs.market.firm.by", "is BIGINT, firm_id is VARCHAR", "one type"),
        ("{by: credit_code}", "{}", "increment", "no input carries", "by: <column>"),
        ("AS employees", "AS staff", "columns", "declared but not given: employees", "declare what"),
        ("i.name AS industry, f.men + f.women AS employees", "f.men + f.women AS employees, i.name AS industry", "columns", "another order", "one order"),
        ("SELECT f.credit_code AS firm_id, i.name AS industry, f.men + f.women AS employees", "SELECT *", "SELECT", "a star", "name the columns"),
        ("f.men + f.women", "year(current_date)", "SELECT current_date", "differs from run to run", "as_of"),
        ("f.men + f.women", "CAST(random() AS BIGINT)", "SELECT random", "differs from run to run", "as_of"),
        ("f.men + f.women", "year(getvariable('today'))", "SELECT getvariable('today')", "no such variable", "as_of"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_select_comes_with_its_place_and_remedy(
    tmp_path: Path, old: str, new: str, place: str, what: str, remedy: str
) -> None:
    assert old in FIRM
    models = read_models(write(tmp_path, firm=FIRM.replace(old, new, 1)))
    found = next(m for m in check_models(models, TABLES) if m.place.startswith(place))
    assert what in found.what and remedy in found.remedy and found.file == "models/mart/firm.sql"


def test_a_word_of_time_in_a_text_or_an_unused_name_is_no_mistake(tmp_path: Path) -> None:
    models = read_models(write(tmp_path, firm=FIRM.replace("i.name AS", "coalesce(i.name, 'now() current_date') AS")))
    assert check_models(models, TABLES) == []


def test_a_file_too_large_is_refused_unread(tmp_path: Path) -> None:
    folder = write(tmp_path, firm=FIRM + "-- x" * 100_000)
    _, [mistake] = read_folder(folder)
    assert "larger than 256 KiB" in mistake.what


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: f"/*---\n{t}\n---*/ SELECT 1".encode()))
def test_whatever_a_file_holds_it_is_read_or_told_what_is_wrong(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "models" / "mart" / "any.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    mistakes = Mistakes("any.sql")
    assert (read_model(path, mistakes) is None) == bool(mistakes.found)


def test_models_run_after_their_inputs_and_by_name_where_there_is_a_choice(tmp_path: Path) -> None:
    models = read_models(write(tmp_path, firm=FIRM, industry=INDUSTRY, a=INDUSTRY.replace("mart.industry", "mart.a")))
    assert [m.name for m in in_order(reversed(models))] == ["mart.firm", "mart.a", "mart.industry"]


def _reading(name: str, *inputs: str, like: Model) -> Model:
    return Model(
        name, like.label, like.description, like.key, None, tuple(Input(i) for i in inputs), like.columns, like.sql
    )


def test_a_cycle_is_refused_with_its_members_before_anything_runs(tmp_path: Path) -> None:
    [firm] = read_models(write(tmp_path, firm=FIRM))
    models = [
        _reading("mart.a", "mart.c", like=firm), _reading("mart.b", "mart.a", like=firm), _reading("mart.c", "mart.b", like=firm),
        _reading("mart.d", "mart.a", like=firm),
    ]  # fmt: skip
    with pytest.raises(ConfigurationError, match="in a circle") as caught:
        in_order(models)
    assert caught.value.where == "mart.a, mart.b, mart.c"


def test_a_missing_input_is_refused_with_its_name(tmp_path: Path) -> None:
    models = read_models(write(tmp_path, industry=INDUSTRY))
    with pytest.raises(ConfigurationError, match=r"the input mart\.firm is neither"):
        in_order(models)
    firm = read_models(write(tmp_path, firm=FIRM))
    with pytest.raises(ConfigurationError, match=r"the input reference\.industries is neither"):
        in_order(firm, {"market.firm"})
