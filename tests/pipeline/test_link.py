"""Records without identifier find their people, and what a person has judged holds: on a small population whose truth is known."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from cli.main import app
from contracts.errors import ConfigurationError
from pipeline.link.explain import explain_pair
from pipeline.link.judgements import (
    Judgement,
    Verdict,
    contradiction,
    load_judgements,
    record_judgements,
    undo_judgement,
)
from pipeline.link.measure import measure_links
from pipeline.link.review import export_review, read_decisions
from pipeline.link.step import link_entity
from tests.pipeline.link_city import LinkCity, Person, cards, person, record, register, residents

NOW = datetime(2020, 5, 6, tzinfo=UTC)
PEOPLE = residents(600)
CARDS = cards(PEOPLE)
TWIN = Person("9" * 18, "孙佳美", "2", date(1990, 3, 4), "13700000001", "市南区山东路7号2号楼101户", "370202")
NAMESAKES = [
    replace(TWIN, id="8" * 18, name="郭永玉", address=None, phone=None),
    replace(TWIN, id="7" * 18, name="郭永玉", address=None, phone=None),
]


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a city that was linked once."""
    city = LinkCity(tmp_path_factory.mktemp("linkville"))
    register(city, [*PEOPLE, TWIN, *NAMESAKES], CARDS)
    sister = replace(TWIN, id="", name="孙佳雪")
    city.add(
        [
            ("library.card", "namesake", replace(NAMESAKES[0], id="")),
            ("library.card", "sister", replace(sister, name="孙红")),
        ]
    )
    assert city.link() is not None
    city.connection.close()
    return city.folder


@pytest.fixture
def city(linked: Path, tmp_path: Path) -> LinkCity:
    """A copy of the linked city that a test may change."""
    return copied(linked, tmp_path / "copy")


def copied(linked: Path, to: Path) -> LinkCity:
    shutil.copytree(linked, to)
    with sqlite3.connect(to / "home" / "lake" / "catalogue.sqlite") as catalogue:
        catalogue.execute("UPDATE ducklake_metadata SET value = ? WHERE key = 'data_path'", [f"{to}/home/lake/data/"])
    catalogue.close()
    return LinkCity(to)


def card(key: str) -> str:
    return record("library.card", key)


def judged(city: LinkCity, left: str, right: str, decision: str) -> str:
    record_judgements(city.connection, city.place.settings, [Verdict("person", left, right, decision, "Li")], NOW)
    return next(
        j.judgement_id for j in load_judgements(city.connection, "person") if {j.left_id, j.right_id} == {left, right}
    )


def test_cards_find_their_people_precisely_and_nearly_all_of_them(city: LinkCity, tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("record_key,owner\n" + "".join(f"{key},{id or 'stranger ' + key}\n" for key, _, id in CARDS))
    found = measure_links(city.connection, city.rules, truth, "library.card")
    assert found.records == len(CARDS)
    assert (found.precision or 0) >= 0.99 and (found.recall or 0) >= 0.97
    shown = dict(city.connection.execute("SELECT own_id, entity_id FROM lake.unified.person_record").fetchall())
    assert {own: entity for own, entity in shown.items() if own != entity} == city.alias()


def test_two_identifiers_are_never_one_by_weight_and_a_record_joins_one_person_at_most(city: LinkCity) -> None:
    identified = {person(p.id) for p in (*PEOPLE, TWIN, *NAMESAKES)}
    alias = city.alias()
    assert not identified & set(alias)
    assert len(alias) == len(set(alias))


def test_what_fits_two_people_alike_or_bears_another_name_is_left_to_a_person(city: LinkCity, tmp_path: Path) -> None:
    assert card("namesake") not in city.alias() and card("sister") not in city.alias()
    export_review(city.connection, [city.rules], tmp_path / "review.csv", 1000)
    with (tmp_path / "review.csv").open(encoding="utf-8-sig") as file:
        reasons = {(row["left_id"], row["right_id"]): row["reason"] for row in csv.DictReader(file)}
    assert {reasons[card("namesake"), person(p.id)] for p in NAMESAKES} == {"ambiguous"}
    assert reasons[card("sister"), person(TWIN.id)] == "another name"


def test_nothing_is_written_where_nothing_changed(city: LinkCity) -> None:
    before = city.snapshots()
    assert city.link() is None
    assert city.snapshots() == before


def test_an_increment_ends_as_a_full_run_with_the_same_model_does(city: LinkCity) -> None:
    model = city.everything()["link_model"]
    city.add(
        [
            ("library.card", "new", replace(PEOPLE[5], id="")),
            ("library.card", "again", replace(PEOPLE[5], id="", phone="13712345678")),
        ]
    )
    city.close_records("library.card", [key for key, _, _ in CARDS[:10]])
    gone, moved = PEOPLE[20:25], PEOPLE[25:30]
    city.close_records("police.resident", [p.id for p in (*gone, *moved)])
    city.add(
        [
            ("police.resident", p.id, replace(p, phone="13800000000", address="崂山区松岭路1号1号楼1单元101户"))
            for p in moved
        ]
    )
    stranger = [
        (
            "library.card",
            f"stranger{n}",
            replace(TWIN, id="", name="解冷霜", birth_date=date(1950, 1, 1), phone="13600000009"),
        )
        for n in (1, 2)
    ]
    city.add(stranger)
    assert (city.link() or 0) > 0
    increment, alias = city.everything(), city.alias()
    assert alias[card("new")] == alias[card("again")] == person(PEOPLE[5].id)
    assert alias[max(card("stranger1"), card("stranger2"))] == min(card("stranger1"), card("stranger2"))
    assert not {person(p.id) for p in gone} & set(alias.values())
    city.forget()
    assert city.link() is not None
    assert city.everything() == increment
    assert increment["link_model"] == model


def test_whatever_changes_at_once_an_increment_ends_as_a_full_run_does(city: LinkCity) -> None:
    rng = Random(7)
    held = {key: held_by for key, held_by, _ in CARDS}
    made: list[str] = []
    for night in range(3):
        pairs = city.connection.execute(
            "SELECT left_id, right_id FROM lake.unified.person_pair ORDER BY ALL"
        ).fetchall()
        cards_and_people = [*(card(key) for key in held), *(person(p.id) for p in PEOPLE)]
        chains = [tuple(rng.sample(cards_and_people, 2)) for _ in range(6)]
        for left, right in [*rng.sample(pairs, 12), *chains]:
            with suppress(ConfigurationError):
                made.append(judged(city, left, right, rng.choice(("same", "different"))))
        for undone in rng.sample(made, len(made) // 3):
            made.remove(undone)
            undo_judgement(city.connection, city.place.settings, undone, "Wang", NOW)
        worn, moved = rng.sample(sorted(held), 12), rng.sample(PEOPLE, 12)
        city.close_records("library.card", worn[:9])
        city.close_records("police.resident", [p.id for p in moved])
        city.add([("library.card", f"{key}-{night}", replace(held[key], phone=None)) for key in worn])
        city.add([("police.resident", p.id, replace(p, phone="13800000000")) for p in moved[:8]])
        assert city.link() is not None
        increment = city.everything()
        city.forget()
        assert city.link() is not None
        assert city.everything() == increment
    strict = replace(city.rules, threshold=0.9999, margin=8.0)
    assert (city.link(strict) or 0) > 0
    decided = city.everything()
    city.forget()
    city.link(strict)
    assert city.everything() == decided


def test_what_is_found_does_not_depend_on_how_many_pairs_are_scored_at_once(
    city: LinkCity, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = city.everything()
    city.forget()
    monkeypatch.setattr("pipeline.link.pairs.PAIRS_AT_ONCE", 400)
    monkeypatch.setattr("pipeline.link.pairs.CROWD", 2)
    city.link()
    assert city.everything() == before
    assert any("one value of phone alone brings" in told for told in caplog.messages)
    assert not any(p.phone and p.phone in told for told in caplog.messages for p in PEOPLE)


def test_a_judgement_undone_leaves_the_tables_as_if_it_had_never_been(city: LinkCity) -> None:
    before = city.everything()
    one, two = PEOPLE[0].id, PEOPLE[1].id
    joined = next(
        (own, entity) for own, entity in sorted(city.alias().items()) if entity in {person(p.id) for p in PEOPLE}
    )
    same = judged(city, person(one), person(two), "same")
    apart = judged(city, *joined, "different")
    assert city.link() is not None
    alias = city.alias()
    assert alias[max(person(one), person(two))] == min(person(one), person(two)) and joined[0] not in alias
    for id in (same, apart):
        undo_judgement(city.connection, city.place.settings, id, "Wang", NOW)
    assert city.link() is not None
    assert city.everything() == before
    with pytest.raises(ConfigurationError, match="no judgement"):
        undo_judgement(city.connection, city.place.settings, same, "Wang", NOW)


def test_a_person_can_settle_what_weight_cannot(city: LinkCity) -> None:
    judged(city, card("namesake"), person(NAMESAKES[0].id), "different")
    city.link()
    assert city.alias()[card("namesake")] == person(NAMESAKES[1].id)
    judged(city, card("sister"), person(TWIN.id), "same")
    city.link()
    assert city.alias()[card("sister")] == person(TWIN.id)


def test_contradicting_judgements_are_refused_with_the_chain(city: LinkCity) -> None:
    a, b, c = sorted(person(p.id) for p in PEOPLE[:3])
    judged(city, a, b, "same")
    judged(city, b, c, "same")
    with pytest.raises(ConfigurationError, match=f"{a[:12]} = {b[:12]} = {c[:12]}"):
        judged(city, a, c, "different")
    assert len(load_judgements(city.connection, "person")) == 2
    assert contradiction(
        [Judgement("a", "c", "different"), Judgement("a", "b", "same")], Judgement("b", "c", "same")
    ) == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["review.csv", "review.xlsx"])
def test_a_review_list_goes_out_and_its_decisions_come_back(city: LinkCity, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    count = export_review(city.connection, [city.rules], path, 1000)
    assert count > 2 and path.stat().st_mode & 0o777 == 0o600
    fill(
        path,
        lambda row: row["left_id"] == card("namesake") and row["right_id"] == person(NAMESAKES[0].id),
        decision="Same",
        author="Li",
    )
    decisions = read_decisions(path)
    assert [(v.left_id, v.right_id, v.decision, v.author) for v in decisions] == [
        (card("namesake"), person(NAMESAKES[0].id), "same", "Li")
    ]
    assert record_judgements(city.connection, city.place.settings, decisions, NOW) == 1
    assert record_judgements(city.connection, city.place.settings, decisions, NOW) == 0
    city.link()
    assert city.alias()[card("namesake")] == person(NAMESAKES[0].id)
    assert export_review(city.connection, [city.rules], path, 1000) == count - 2


@pytest.mark.parametrize(
    ("cells", "what"),
    [({"decision": "maybe", "author": "Li"}, "neither same nor different"), ({"decision": "same"}, "no author"), ({"decision": "same", "author": "Li", "left_id": "nobody"}, "no record of person")],
)  # fmt: skip
def test_a_bad_row_is_named_and_nothing_of_its_file_is_stored(
    city: LinkCity, tmp_path: Path, cells: dict[str, str], what: str
) -> None:
    path = tmp_path / "review.csv"
    export_review(city.connection, [city.rules], path, 1000)
    fill(path, lambda row: row["left_id"] == card("namesake"), decision="different", author="Li")
    fill(path, lambda row: row["left_id"] == card("sister"), **cells)
    with pytest.raises(ConfigurationError, match=what) as told:
        record_judgements(city.connection, city.place.settings, read_decisions(path), NOW)
    assert told.value.where.startswith("review.csv, row ")
    assert not load_judgements(city.connection, "person")


def test_an_explanation_adds_up_to_the_stored_weight_and_shows_no_value(city: LinkCity) -> None:
    left, right, weight = city.connection.execute(
        "SELECT left_id, right_id, weight FROM lake.unified.person_pair ORDER BY weight DESC LIMIT 1"
    ).fetchall()[0]
    told = explain_pair(city.connection, city.rules, left, right)
    assert sum(step.weight for step in told.steps) == pytest.approx(weight) == told.weight
    assert {step.attribute for step in told.steps} == {"Prior", "name", "birth_date", "address", "gender"}
    assert told.entities == (right, right)


def test_a_run_killed_before_its_commit_is_run_again_to_the_same_end(
    city: LinkCity, linked: Path, tmp_path: Path
) -> None:
    other = copied(linked, tmp_path / "undisturbed")
    for one in (city, other):
        one.add([("library.card", "new", replace(PEOPLE[5], id=""))])
    script = (
        "import os, signal\nfrom pathlib import Path\nimport pipeline.link.step as step\nfrom tests.pipeline.link_city import LinkCity\n"
        "apply = step.apply_links\ndef killed(*args, **named):\n    apply(*args, **named)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        f"step.apply_links = killed\nLinkCity(Path({str(city.folder)!r})).link()\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert (
        subprocess.run([sys.executable, "-c", script], env=environment, timeout=120, check=False).returncode
        == -signal.SIGKILL
    )
    assert card("new") not in city.alias()
    assert city.link() == other.link() == 1
    assert city.everything() == other.everything()


def test_two_runs_at_once_end_as_one_does(city: LinkCity) -> None:
    city.add([("library.card", "new", replace(PEOPLE[5], id=""))])
    failed: list[BaseException] = []
    started = threading.Barrier(2)

    def run() -> None:
        connection = city.open()
        try:
            started.wait()
            link_entity(connection, city.place, city.rules)
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    together: list[Callable[[], None]] = [run, run]
    threads = [threading.Thread(target=work) for work in together]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert city.alias()[card("new")] == person(PEOPLE[5].id)
    pairs = city.connection.execute(
        "SELECT count(*), count(DISTINCT (left_id, right_id)) FROM lake.unified.person_pair"
    ).fetchall()[0]
    assert pairs[0] == pairs[1]
    assert city.link() is None


def test_the_command_line_judges_lists_explains_and_undoes_without_showing_a_value(
    city: LinkCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in city.environment.items():
        monkeypatch.setenv(name, value)
    before = city.everything()
    sides = [card("namesake"), person(NAMESAKES[0].id)]

    def said(*arguments: str) -> str:
        told = CliRunner().invoke(app, ["link", *arguments], catch_exceptions=False)
        assert told.exit_code == 0
        return told.output

    assert "judged; 1 aliases changed" in said("judge", *sides, "same", "--author", "Li", "--note", "seen the card")
    explained = said("explain", *sides)
    assert "they are one entity now" in explained and "equal" in explained and NAMESAKES[0].name not in explained
    (judgement,) = load_judgements(city.connection, "person")
    assert judgement.judgement_id in said("list")
    assert "1 aliases changed" in said("undo", judgement.judgement_id, "--author", "Wang")
    assert judgement.judgement_id not in said("list") and "by Wang" in said("list", "--all")
    assert city.everything() == before


def fill(path: Path, chosen: Callable[[dict[str, str]], bool], **cells: str) -> None:
    """Write into the chosen rows of a review file, as a person would."""
    if path.suffix == ".xlsx":
        book = load_workbook(path)
        sheet = book.worksheets[0]
        head = [str(cell.value) for cell in sheet[1]]
        for row in sheet.iter_rows(min_row=2):
            if chosen(dict(zip(head, (str(cell.value) for cell in row), strict=True))):
                for name, value in cells.items():
                    row[head.index(name)].value = value
        book.save(path)
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({**row, **cells} if chosen(row) else row for row in rows)
