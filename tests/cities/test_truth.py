"""What the generator knows of its own city: who holds which card, and on what the departments disagree – neither more nor less than planned."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cities.qingdao.generator.card_noise import KINDS
from cities.qingdao.generator.conflict_plan import HAPPENING, PLANTED
from cities.qingdao.generator.departments import library
from cities.qingdao.generator.departments._visitors import VISITORS
from cities.qingdao.generator.sources import make_sources
from cities.qingdao.generator.world import NIGHTS, World, build_world
from tests.cities.conftest import SCALE, SEED, Sample

TABLE = library.RESOURCE


def told(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "truth" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def cards() -> pd.DataFrame:
    """The cards of the last night of a city of full size, beside whom they belong to and that person's row in the world."""
    world = build_world(SEED, 1)
    shown, whose = library.tables(world, 3)[TABLE], library.links(world, 3)[TABLE]
    return pd.concat([shown, whose], axis=1).merge(
        world.people, how="left", left_on="identifier", right_on="resident_id", suffixes=("", " true")
    )


def test_the_same_seed_gives_the_same_truth(sample: Sample, tmp_path: Path) -> None:
    make_sources(tmp_path / "again", SCALE, SEED, 1, lambda _: None)
    for name in ("links", "conflicts", "faults"):
        assert told(tmp_path / "again", name) == told(sample.folder, name) != []


def test_every_card_differs_from_its_holder_in_what_its_noise_says_and_in_nothing_else(cards: pd.DataFrame) -> None:
    of_residents = cards[cards["identifier"] != ""]
    noise = of_residents["noise"].str.split().map(set)

    def without(*kinds: str) -> pd.DataFrame:
        return of_residents[noise.map(lambda has: not has & set(kinds))]

    named = without("name_homophone", "name_typo", "name_traditional", "nickname")
    assert (named["姓名"] == named["name"]).all()
    born = without("birth_swapped", "birth_digit")
    days = born["出生日期"].str.extract(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})").astype(int)
    true = pd.to_datetime(born["birth_date"])
    assert (days[0] == true.dt.year).all() and (days[1] == true.dt.month).all() and (days[2] == true.dt.day).all()
    called = without("phone_missing", "phone_changed", "household", "full_width")
    assert (called["联系电话"] == called["phone"]).all()
    housed = without("moved", "old_division", "address_bare", "address_with_city", "full_width", "household")
    assert (housed["住址"] == housed["address"]).all()
    # and the other way round: what is noted has been done
    renamed = of_residents[
        noise.map(lambda has: bool(has & {"name_homophone", "name_typo", "name_traditional", "nickname"}))
    ]
    assert len(renamed) and (renamed["姓名"] != renamed["name"]).all()
    silent = of_residents[noise.map(lambda has: "phone_missing" in has)]
    assert len(silent) and (silent["联系电话"] == "无").all()


def test_noise_comes_in_the_planned_shares_and_visitors_among_the_readers(cards: pd.DataFrame) -> None:
    assert 4_000 <= len(cards) <= 6_000
    count = Counter(kind for text in cards["noise"] for kind in text.split())
    # a day above twelve is no month, most divisions are as old as the card, and many signs have no other form
    possible = {"old_division": 0.17, "birth_swapped": 0.36, "name_traditional": 0.66}
    for noise in KINDS:
        assert 0.6 < count[noise.kind] / len(cards) / noise.share / possible.get(noise.kind, 1) < 1.6, noise.kind
    assert {*VISITORS, "household", "duplicate"} <= set(count)
    assert 0.15 < (cards["identifier"] == "").mean() < 0.3
    twice = cards.groupby("who").size()
    assert 100 < (twice == 2).sum() < 300


def test_no_visitor_has_both_the_name_and_the_birth_date_of_a_resident() -> None:
    world = build_world(SEED, 1)
    cards = library._cards(world, 3)
    visitors = cards[cards["identifier"] == ""]
    registered = set(zip(world.people["name"], world.people["birth_date"], strict=True))
    assert len(visitors) > 500
    assert not registered & set(zip(visitors["name"], visitors["birth_date"].dt.date, strict=True))


def test_names_with_birth_dates_tell_almost_everybody_apart(cards: pd.DataFrame) -> None:
    people = build_world(SEED, 1).people
    assert people.duplicated(["name", "birth_date"]).sum() <= 4


@pytest.mark.parametrize("night", NIGHTS)
def test_the_links_name_the_cards_of_the_night_and_never_stand_in_a_source(sample: Sample, night: int) -> None:
    world: World = build_world(SEED, SCALE)
    standing: dict[str, dict[str, Any]] = {}
    for line in told(sample.folder, "links"):
        if line["resource"] == TABLE and line["night"] <= night:
            standing[line["key"]] = line
    lake = {key: line for key, line in standing.items() if not line.get("gone")}
    shown, whose = library.tables(world, night)[TABLE], library.links(world, night)[TABLE]
    truth = dict(zip(shown["读者证号"], whose["identifier"], strict=True))
    assert set(lake) <= set(truth)
    assert {key: line["identifier"] for key, line in lake.items()} == {key: truth[key] for key in lake}
    # the rest is given back, or changed after the interval's end
    assert len(truth) - len(lake) <= 12
    written = (sample.folder / f"night-{night}" / "culture_tourism" / "library_cards.csv").read_bytes()
    assert not any(identifier.encode() in written for identifier in truth.values() if identifier)


def test_every_conflict_was_planned_and_the_plan_makes_conflicts_of_every_kind(sample: Sample) -> None:
    conflicts = told(sample.folder, "conflicts")
    kinds = {kind for line in conflicts for kind in line["kind"].split()}
    planned = {d.kind for d in PLANTED if not d.kind.startswith("form_")}
    assert "accidental" not in kinds
    assert {"renamed", "moved", "card"} <= kinds <= planned | set(HAPPENING.values())
    # of a city as small as this one, the one row of a kind may be of a firm that another register quarantines
    assert len(planned - kinds) <= 1
    for line in conflicts:
        assert line["value"] != line["winning_value"]
        assert 1 <= line["since"] <= line["night"] and line["winner_since"] <= line["night"]
