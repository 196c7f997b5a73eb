"""Each kind of island: found as soon as it is there, nothing else beside it, and closed when it is repaired."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contracts.errors import ConfigurationError
from pipeline.islands import island_lines
from sharing.islands.read import episodes, open_islands
from sharing.islands.registers import not_looked_for
from tests.sharing.islands.island_city import Found, IslandCity, guide, holding, people, project, system
from tests.sharing.rate_city import REGISTER

PROJECTS, SYSTEMS, GUIDE, HOLDINGS = (
    f"big_data.{n}" for n in ("project_register", "system_register", "service_guide", "paper_holding")
)
Make = Callable[[IslandCity], None]


def _one(register: str, row: Callable[..., dict[str, Any]], **changes: Any) -> Make:
    """Add a row with that fault to a register."""

    def make(city: IslandCity) -> None:
        city.rows[register].append(row(**changes))

    return make


def _no_system(city: IslandCity) -> None:
    row = city.rows[SYSTEMS][0]
    row["catalogue_code"] = row["catalogue_code"].replace(city.inner.city.resource("tax.taxpayer").resource_code, "")


def _no_rows(city: IslandCity) -> None:
    city.rows["tax.taxpayer"] = []


def _silent(city: IslandCity) -> None:
    city.is_silent = True


def _collected_again(city: IslandCity) -> None:
    city.rows["civil.aid"] = people(50)


def _on_paper(city: IslandCity) -> None:
    city.inner.undelivered("paper", resource="1985年前婚姻登记档案", provider="civil", requester="tax", fields="name", answered_at="2020-01-09 10:00:00", answer="not_digitised")  # fmt: skip


_P = {"project_no": "XM2019002"}
_STORIES: dict[str, tuple[Make, Found]] = {
    "a project approved without a data list": (
        _one(PROJECTS, project, **_P, data_list_on=None), {("project_no_data_list", "XM2019002", "tax")},
    ),
    "a project accepted without a catalogue entry": (
        _one(PROJECTS, project, **_P, catalogued_on=None, catalogue_code=None), {("project_not_catalogued", "XM2019002", "tax")},
    ),
    "a project accepted without pooled data": (
        _one(PROJECTS, project, **_P, pooled_on=None), {("project_not_pooled", "XM2019002", "tax")},
    ),
    "a system in service without a catalogue entry": (
        _one(SYSTEMS, system, system_no="XT00002", catalogue_code=None), {("system_not_catalogued", "XT00002", "tax")},
    ),
    "an entry whose system is not registered": (_no_system, {("entry_no_system", "tax.taxpayer", "tax")}),
    "an entry that holds no row": (_no_rows, {("entry_no_data", "tax.taxpayer", "tax")}),
    "a resource in which no row has changed for long": (_silent, {("zombie", "police.resident", "police")}),
    "a phone number asked for again": (_collected_again, {("same_item", "civil.aid.phone", "civil")}),
    "an item that asks for a paper the city says is held": (
        _one(GUIDE, guide, item_code="SX00002", papers="身份证;申请表"), {("papers_again", "SX00002", "civil")},
    ),
    "an item whose guide itself says that it is held": (
        _one(GUIDE, guide, item_code="SX00002", papers="户口簿", paper_resources="police.resident"), {("papers_again", "SX00002", "civil")},
    ),
    "paper that somebody asked for": (_on_paper, {("paper_only", "QZ00001", "big_data")}),
}  # fmt: skip

_NO_ISLANDS: dict[str, Make] = {
    "a project from before the rule": _one(PROJECTS, project, **_P, approved_on="2018-12-01", data_list_on=None),
    "a project that is not accepted yet": _one(
        PROJECTS, project, **_P, accepted_on=None, catalogued_on=None, pooled_on=None, catalogue_code=None
    ),
    "a project accepted after the night": _one(PROJECTS, project, **_P, accepted_on="2020-06-01", pooled_on=None),
    "a system that was retired": _one(
        SYSTEMS, system, system_no="XT00002", catalogue_code=None, retired_on="2019-01-01"
    ),
    "a system that is not built": _one(
        SYSTEMS, system, system_no="XT00002", catalogue_code=None, built_on="2020-07-01"
    ),
    "a system with secrets": _one(
        SYSTEMS, system, system_no="XT00002", catalogue_code=None, exclusion_reason="涉密系统"
    ),
    "an item without a guide": _one(GUIDE, guide, item_code="SX00002", papers="身份证", guide_published_on=None),
    "paper that nobody asked for": _one(HOLDINGS, holding, holding_no="QZ00002", series="诉讼"),
}


@pytest.fixture
def city(tmp_path_factory: pytest.TempPathFactory) -> IslandCity:
    return IslandCity(tmp_path_factory.mktemp("islands"))


@pytest.fixture
def city_without_registers(tmp_path_factory: pytest.TempPathFactory) -> IslandCity:
    return IslandCity(tmp_path_factory.mktemp("islands"), registers=False)


@pytest.fixture(scope="module")
def all_at_once(tmp_path_factory: pytest.TempPathFactory) -> IslandCity:
    """A night without islands, one with every one of them, and one after all were repaired."""
    city = IslandCity(tmp_path_factory.mktemp("all"))
    assert city.night(1) == set()
    before = {id: [dict(row) for row in rows] for id, rows in city.rows.items()}
    for n, (make, _) in enumerate(_STORIES.values()):
        make(city)
        _renumber(city, n)
    city.night(2)
    city.rows, city.is_silent = before, False
    city.inner.lines.pop("paper")
    city.inner.undelivered(
        "paper", resource="1985年前婚姻登记档案", withdrawn_at="2020-05-06 09:00:00", withdrawn_by="tax"
    )
    city.night(3)
    return city


def _renumber(city: IslandCity, n: int) -> None:
    """Each story's own row keeps a number of its own."""
    for register, key in ((PROJECTS, "project_no"), (GUIDE, "item_code")):
        for row in city.rows[register]:
            if row[key] in ("XM2019002", "SX00002"):
                row[key] = row[key][:-3] + f"{100 + n}"


def _expected() -> Found:
    found = set()
    for n, (_, islands) in enumerate(_STORIES.values()):
        for kind, subject, owner in islands:
            renamed = subject[:-3] + f"{100 + n}" if subject in ("XM2019002", "SX00002") else subject
            found.add((kind, renamed, owner))
    return found


def test_every_kind_of_island_is_found_with_its_owner_and_nothing_else(all_at_once: IslandCity) -> None:
    assert all_at_once.open(2) == _expected()


def test_a_repaired_island_is_closed_and_kept(all_at_once: IslandCity) -> None:
    assert all_at_once.open(3) == set()
    for kind, subject, _ in _expected():
        [island] = episodes(all_at_once.inner.connection, f"{kind}:{subject}")
        assert (str(island.found_on), str(island.last_seen_on), str(island.closed_on)) == (
            "2020-05-06",
            "2020-05-06",
            "2020-05-07",
        )


def test_no_value_of_the_data_is_kept_or_told(all_at_once: IslandCity) -> None:
    sql = "SELECT string_agg(concat_ws(' ', *COLUMNS(*))) FROM lake.sharing.islands"
    [(told,)] = all_at_once.inner.connection.execute(sql).fetchall()
    assert "civil.aid.phone" in told
    assert not [row for row in people(60) if row["phone"] in told or row["resident_id"] in told]


def test_yesterday_s_list_stays_what_it_was(all_at_once: IslandCity) -> None:
    assert all_at_once.open(1) == set()
    assert all_at_once.open(2) == _expected()


def test_what_looks_like_an_island_and_is_none_is_left_alone(city: IslandCity) -> None:
    for n, make in enumerate(_NO_ISLANDS.values()):
        make(city)
        _renumber(city, n)
        for row in city.rows[SYSTEMS]:
            row["system_no"] = f"XT001{n:02}" if row["system_no"] == "XT00002" else row["system_no"]
    # an item that comes by sharing is not collected again, until it does not come any more
    city.rows["civil.aid"] = people(50)
    city.inner.line("given", requester="civil", fields="phone", granted_fields="phone", delivered_fields="phone")
    assert city.night(1) == set()
    city.inner.line("given", revoked_at="2020-05-05 10:00:00")
    assert city.night(2) == {("same_item", "civil.aid.phone", "civil")}
    # of 50 people 35 have the same number in both: 70 %
    city.rows["civil.aid"] = people(35) + [row | {"phone": f"0{n}"} for n, row in enumerate(people(50)[35:])]
    assert city.night(3) == set()


def test_a_resource_that_is_not_loaded_is_an_entry_without_data_or_later_a_zombie(
    city_without_registers: IslandCity,
) -> None:
    city = city_without_registers
    assert city.night(1, leave_out=("tax.taxpayer",)) == set()
    city.look(2)
    assert ("entry_no_data", "tax.taxpayer", "tax") in city.open(2)
    city.look(3)
    assert {subject for kind, subject, _ in city.open(3) if kind == "zombie"} <= {"police.resident", REGISTER}, (
        "by their rows"
    )
    city.look(4)
    loaded = {*city.rows, REGISTER} - {"tax.taxpayer"}
    assert {i for i in city.open(4) if i[0] == "zombie"} == {("zombie", id, id.partition(".")[0]) for id in loaded}


def test_a_city_without_the_registers_has_no_findings_of_their_kinds_and_a_register_that_lacks_fields_is_an_error(
    city: IslandCity,
) -> None:
    contract = city.inner.folder / "contracts" / "big_data" / "system_register.yaml"
    text = contract.read_text(encoding="utf-8")
    city.rows = {SYSTEMS: [system(catalogue_code=None)]}
    contract.write_text(text.replace("  - {property: role, value: system_register}\n", ""), encoding="utf-8")
    city.inner.load(SYSTEMS, 1, city.rows[SYSTEMS])
    city.look(1)
    assert city.open(1) == set()
    assert "system_not_catalogued" in not_looked_for(city.inner.city, {SYSTEMS})
    contract.write_text(text.replace("name: retired_on", "name: ended_on"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="retired_on"):
        city.look(1)


def test_found_again_after_it_was_closed_is_a_new_finding_and_one_that_stays_keeps_its_day_under_the_law_of_each_day(
    city_without_registers: IslandCity,
) -> None:
    city = city_without_registers
    city.rows |= {"tax.taxpayer": [], "civil.aid": people(50)}
    city.night(1)
    told = island_lines(city.inner.connection, city.inner.city, city.inner.as_of(1))
    assert "2 new, 0 closed" in told[1] and any("same_item:civil.aid.phone" in line for line in told[2:])
    city.rows["tax.taxpayer"] = city.inner.people(1)
    city.night(2)
    assert "0 new, 1 closed" in island_lines(city.inner.connection, city.inner.city, city.inner.as_of(2))[1]
    city.rows["tax.taxpayer"] = []
    city.night(3)
    again = episodes(city.inner.connection, "entry_no_data:tax.taxpayer")
    assert [(str(i.found_on), str(i.closed_on or "")) for i in again] == [
        ("2020-05-05", "2020-05-06"),
        ("2020-05-07", ""),
    ]
    stayed = [
        next(i for i in open_islands(city.inner.connection, city.inner.as_of(n).date()) if i.kind == "same_item")
        for n in (1, 2, 3)
    ]
    assert [island.law for island in stayed] == ["", "第19条", "第19条"]
    assert {str(island.found_on) for island in stayed} == {"2020-05-05"}
