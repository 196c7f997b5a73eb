"""The generated city: the same for a seed, valid throughout, whole, and true to its own account of the faults."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from cities.qingdao.generator.__main__ import main
from cities.qingdao.generator.departments.neglected import NO_DATA, STILL
from cities.qingdao.generator.sources import make_sources, switch, tables_of
from cities.qingdao.generator.truth import read_faults
from cities.qingdao.generator.world import NIGHTS, World, build_world, code_list
from cities.qingdao.generator.writers import source_path
from connectors.registry import kinds
from contracts.catalogue import City
from contracts.check import check_city
from contracts.errors import ConfigurationError
from contracts.identifiers import credit_code, resident_id
from tests.cities.conftest import SCALE, SEED, Sample


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(SEED, SCALE)


def test_the_same_seed_gives_the_same_tables(world: World) -> None:
    again = build_world(SEED, SCALE)
    first, second = tables_of(world, 2), tables_of(again, 2)
    assert first.keys() == second.keys()
    for id in first:
        pd.testing.assert_frame_equal(first[id], second[id])


def test_another_seed_gives_other_people_and_firms(world: World) -> None:
    other = build_world(SEED + 1, SCALE)
    assert not set(world.people["resident_id"]) & set(other.people["resident_id"])
    assert not set(world.firms["credit_code"]) & set(other.firms["credit_code"])


def test_a_stream_of_random_numbers_depends_on_its_name_alone(world: World) -> None:
    before = world.rng("a", "b").integers(1 << 40)
    world.rng("something else").random(1000)
    assert world.rng("a", "b").integers(1 << 40) == before != world.rng("ab").integers(1 << 40)


@pytest.mark.parametrize("scale", [0.05, 2])
def test_every_person_and_firm_has_a_valid_number(scale: float) -> None:
    city, today = build_world(7, scale), date(2020, 5, 4)
    divisions = {row["code"] for row in code_list("divisions")}
    people, firms = city.people, city.firms
    assert people["resident_id"].is_unique
    assert firms["credit_code"].is_unique
    assert all(map(resident_id.has_check_digit, people["resident_id"]))
    assert all(resident_id.is_plausible(number, divisions, today) for number in people["resident_id"])
    assert (people["gender"] == people["resident_id"].str[16].astype(int).mod(2).map({1: "1", 0: "2"})).all()
    assert all(
        f"{born:%Y%m%d}" == number[6:14]
        for number, born in zip(people["resident_id"], people["birth_date"], strict=True)
    )
    assert all(credit_code.has_check_digit(code) and credit_code.is_plausible(code) for code in firms["credit_code"])


def test_every_number_in_every_clean_table_is_valid(world: World, qingdao: City) -> None:
    for night in NIGHTS:
        for id, table in tables_of(world, night).items():
            for field in qingdao.resource(id).fields:
                kind = {"resident_id": resident_id, "credit_code": credit_code}.get(field.semantic_type or "")
                if kind is not None:
                    values = table[field.physical_name].dropna()
                    bad = [value for value in values if not kind.has_check_digit(kind.compact(str(value)))]
                    assert not bad, f"{id} {field.name}"


def test_the_city_has_no_mistakes(qingdao: City) -> None:
    assert check_city(qingdao, kinds()) == []


def test_the_city_shows_what_the_platform_can_do(qingdao: City) -> None:
    resources = qingdao.resources.values()
    assert len(qingdao.departments) >= 62
    assert {r.load_mode for r in resources} == {"append", "merge", "snapshot"}
    assert {r.share_type for r in resources} == {"unconditional", "conditional", "not_shared"}
    assert {r.deletions.mode for r in resources if r.deletions} == {"tombstone", "absence"}
    dimensions = {rule.dimension for r in resources for rule in r.rules}
    assert dimensions == {"conformity", "completeness", "accuracy", "consistency", "timeliness", "accessibility"}
    assert len({r.system.connector for r in resources}) >= 7
    assert {s.id for s in qingdao.systems.values()} == {r.system.id for r in resources}


def test_every_resource_has_a_contract_and_a_source_each_night(sample: Sample, qingdao: City, world: World) -> None:
    assert sample.made.without_table == ()
    assert sample.made.without_contract == ()
    for night in NIGHTS:
        for resource in qingdao.resources.values():
            path = source_path(sample.folder / f"night-{night}", resource, world.night_start(night).date())
            assert path.stat().st_size > 0, f"{resource.id} on night {night}"


def test_the_expected_counts_add_up(sample: Sample, qingdao: City) -> None:
    expected = json.loads((sample.folder / "truth" / "expected.json").read_text(encoding="utf-8"))
    assert set(expected) == {f"night-{night}" for night in NIGHTS}
    for night in expected.values():
        assert set(night) == set(qingdao.resources)
        for id, count in night.items():
            if count["status"] == "loaded":
                assert count["extracted"] == count["accepted"] + count["quarantined"] + count["replaced"]
                assert count["extracted"] > 0 or id in (NO_DATA, STILL)
            elif count["status"] == "held":
                assert count["extracted"] == count["quarantined"] + count["held"]
            else:
                assert count["error"]


def test_the_faults_account_for_every_quarantined_row(sample: Sample) -> None:
    expected = json.loads((sample.folder / "truth" / "expected.json").read_text(encoding="utf-8"))
    refused = Counter[tuple[str, str, str]]()
    for fault in read_faults(sample.folder / "truth"):
        if fault["effect"] in ("quarantined", "held"):
            refused.update((f"night-{fault['night']}", fault["resource"], rule) for rule in fault["rules"])
    stated = {
        (n, id, rule): c
        for n, found in expected.items()
        for id, e in found.items()
        for rule, c in e["quarantined_by_rule"].items()
    }
    assert refused == stated


def test_the_nights_hold_faults_of_many_kinds(sample: Sample) -> None:
    found = {(fault["kind"], fault["effect"]) for fault in read_faults(sample.folder / "truth")}
    assert len({kind for kind, _ in found}) >= 15
    assert {effect for _, effect in found} == {
        "quarantined",
        "replaced",
        "repaired",
        "warned",
        "loaded",
        "deleted",
        "held",
        "failed",
    }


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="no sample of ours"):
        make_sources(tmp_path, SCALE, SEED, 1, lambda _: None)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_current_can_be_switched_and_its_clock_follows(sample: Sample, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", str(sample.folder), "--switch", "3"]) == 0
    assert (sample.folder / "current" / "clock").read_text() == "2020-05-07T02:10:00+08:00\n"
    switch(sample.folder, 1)
    assert (sample.folder / "current" / "clock").read_text() == "2020-05-05T02:10:00+08:00\n"
    assert main(["--out", str(sample.folder / "nowhere"), "--switch", "2"]) == 2
    assert "generate first" in capsys.readouterr().err
