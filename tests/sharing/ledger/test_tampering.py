"""Whoever can write to the storage can change the ledger there, but not unseen: every change is found, and its place is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts.errors import LedgerBroken
from sharing.ledger.chain import Entry
from sharing.ledger.events import Event
from tests.sharing.ledger.ledger_lake import MONDAY, Inlined, Kept, ParquetFile, Statements, event, rechained, rewritten

Faults = set[tuple[str, int | None]]
WEDNESDAY = 2


@pytest.fixture(scope="module")
def prepared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    made = Kept(tmp_path_factory.mktemp("ledger"), request.param)
    yield made
    made.ledger.close()


@pytest.fixture
def kept(prepared: Kept) -> Iterator[Kept]:
    yield prepared
    prepared.put_back()


@pytest.mark.parametrize("prepared", [Statements, Inlined, ParquetFile], indirect=True)
def test_a_history_that_nobody_touched_is_whole(kept: Kept) -> None:
    assert kept.ledger.faults(WEDNESDAY) == set()
    kept.storage.put(kept.entries)
    assert kept.ledger.faults(WEDNESDAY) == set()


def edited(old: list[Entry]) -> list[Entry]:
    return put(old, 17, payload=old[16].payload.replace("number", "id_card"))


def put(old: list[Entry], at: int, /, **changes: Any) -> list[Entry]:
    return [replace(e, **changes) if e.number == at else e for e in old]


def swapped(old: list[Entry]) -> list[Entry]:
    """Entries 12 and 13 change places, each under its own hash."""
    a, b = old[11], old[12]
    return [*old[:11], replace(b, number=12), replace(a, number=13), *old[13:]]


def exchanged(old: list[Entry]) -> list[Entry]:
    """Entries 12 and 13 exchange what they say, not their place in the chain."""
    a, b = old[11], old[12]
    place = ("number", "previous", "hash")
    return [
        *old[:11],
        replace(b, **{n: getattr(a, n) for n in place}),
        replace(a, **{n: getattr(b, n) for n in place}),
        *old[13:],
    ]


def closed_up(old: list[Entry]) -> list[Entry]:
    """Entry 17 is taken out, and those after it renumbered."""
    return [*old[:16], *(replace(e, number=e.number - 1) for e in old[17:])]


def inserted(old: list[Entry]) -> list[Entry]:
    """An entry of their own between 17 and 18, which follows 17 as it should; those after it renumbered."""
    own = rechained(old[16], number=18, previous=old[16].hash, id="0" * 32, kind="withdrawn", payload="{}")
    return [*old[:17], own, *(replace(e, number=e.number + 1) for e in old[17:])]


ATTACKS: dict[str, tuple[Callable[[list[Entry]], list[Entry]], Faults]] = {
    "a payload is edited": (edited, {("hash", 17), ("id", 17)}),
    "a payload is emptied": (lambda old: put(old, 17, payload=None), {("hash", 17), ("id", 17)}),
    "a payload is written otherwise": (lambda old: put(old, 17, payload=old[16].payload.replace(":", ": ", 1)), {("hash", 17), ("id", 17)}),
    "an entry is edited and hashed again": (
        lambda old: [rechained(e, actor="tax") if e.number == 17 else e for e in old], {("id", 17), ("previous", 18)}),
    "an act is moved to an earlier day": (
        lambda old: put(old, 17, occurred_at=old[16].occurred_at - timedelta(days=9)), {("hash", 17), ("id", 17)}),
    "an entry is back-dated": (lambda old: put(old, 30, recorded_at=MONDAY), {("hash", 30), ("time", 30)}),
    "an entry is dated ahead": (lambda old: put(old, 20, recorded_at=MONDAY + timedelta(days=30)), {("hash", 20), ("time", 21)}),
    "an entry is given to another request": (lambda old: put(old, 17, request_id="R1"), {("hash", 17), ("id", 17)}),
    "a claim of the register passes for the ledger's": (lambda old: put(old, 17, source="register"), {("hash", 17), ("id", 17)}),
    "an entry is dropped": (lambda old: old[:16] + old[17:], {("gap", 17)}),
    "the first entries are dropped": (lambda old: old[3:], {("gap", 1)}),
    "several are dropped, and one edited": (
        lambda old: [e for e in put(old, 17, actor="tax") if e.number not in (3, 20, 21)], {("gap", 3), ("hash", 17), ("id", 17), ("gap", 20)}),
    "an entry loses its number": (lambda old: put(old, 17, number=None), {("gap", 17), ("number", None)}),
    "two change places": (swapped, {("hash", 12), ("hash", 13), ("previous", 12), ("previous", 13), ("previous", 14)}),
    "two exchange what they say": (exchanged, {("hash", 12), ("hash", 13)}),
    "an entry stands twice": (lambda old: [*old, old[16]], {("number", 17)}),
    "one is dropped and the gap closed": (
        closed_up, {("previous", 17), *(("hash", n) for n in range(17, 40)), ("head", 39), ("anchor", 25), ("anchor", 40)}),
    "one is inserted": (
        inserted, {("id", 18), ("previous", 19), *(("hash", n) for n in range(19, 42)), ("head", 41), ("anchor", 25), ("anchor", 40)}),
    "an act is told again": (
        lambda old: [*old, rechained(old[16], number=41, previous=old[39].hash, recorded_at=old[39].recorded_at)], {("twice", 41), ("head", 41)}),
    "the end is cut off": (lambda old: old[:35], {("head", 35), ("anchor", 40)}),
    "everything is gone": (lambda old: [], {("head", 0), ("anchor", 10), ("anchor", 25), ("anchor", 40)}),
}  # fmt: skip


# by hand: the five of the ledger's promise, and what the catalogue's statistics, which know of no NULL, would hide
BY_HAND = (
    "a payload is edited", "a payload is emptied", "an entry is dropped", "two change places", "the end is cut off", "an entry loses its number",
)  # fmt: skip


@pytest.mark.parametrize("prepared", [Statements], indirect=True)
@pytest.mark.parametrize("attack", ATTACKS)
def test_every_change_by_sql_is_found_and_its_place_named(kept: Kept, attack: str) -> None:
    change, faults = ATTACKS[attack]
    kept.storage.put(change(kept.entries))
    assert kept.ledger.faults(WEDNESDAY) == faults


@pytest.mark.parametrize("prepared", [Inlined, ParquetFile], indirect=True)
@pytest.mark.parametrize("attack", BY_HAND)
def test_every_change_in_the_files_themselves_is_found_and_its_place_named(kept: Kept, attack: str) -> None:
    change, faults = ATTACKS[attack]
    kept.storage.put(change(kept.entries))
    assert kept.ledger.faults(WEDNESDAY) == faults


@pytest.mark.parametrize("prepared", [Statements], indirect=True)
def test_an_end_cut_off_together_with_the_head_contradicts_the_anchor(kept: Kept) -> None:
    kept.storage.put(kept.entries[:35])
    kept.storage.put_heads((35, kept.entries[34].hash))
    (fault,) = kept.ledger.verify(WEDNESDAY)
    assert (fault.what, fault.number, fault.place) == ("anchor", 40, "2020-05-06-40.json")
    assert "the entry is missing: changed or cut off after entry 25" in str(fault)


@pytest.mark.parametrize("prepared", [Statements, Inlined, ParquetFile], indirect=True)
@pytest.mark.parametrize(("first", "contradicted"), [(1, [10, 25, 40]), (26, [40])])
def test_a_history_rewritten_with_every_hash_right_contradicts_each_anchor_after_the_change(
    kept: Kept, first: int, contradicted: list[int]
) -> None:
    def later(told: Event) -> Event:
        return replace(told, occurred_at=told.occurred_at + timedelta(days=1))

    forged = rewritten(kept.entries, first, later)
    kept.storage.put(forged)
    kept.storage.put_heads((40, forged[-1].hash))
    faults = kept.ledger.verify(WEDNESDAY)
    assert [(f.what, f.number) for f in faults] == [("anchor", n) for n in contradicted]
    assert f"after entry {first - 1}" in str(faults[0])


@pytest.mark.parametrize("prepared", [Statements], indirect=True)
@pytest.mark.parametrize("heads", [[], [(39, "x")], [(40, "x")], [(40, "right"), (40, "right")]])
def test_a_head_that_is_not_the_newest_entry_is_found_and_nothing_is_built_upon_it(
    kept: Kept, heads: list[tuple[int, str]]
) -> None:
    right = kept.entries[-1].hash
    kept.storage.put_heads(*((n, right if h == "right" else h) for n, h in heads))
    assert {(f.what, f.place) for f in kept.ledger.verify(WEDNESDAY)} == {("head", "sharing.ledger_head")}
    with pytest.raises(LedgerBroken, match="landbridge audit verify"):
        kept.ledger.tell(event("received", 30, line="L99"))


@pytest.mark.parametrize("prepared", [Statements], indirect=True)
def test_nothing_is_built_upon_a_chain_that_was_cut(kept: Kept) -> None:
    kept.storage.put(kept.entries[:35])
    with pytest.raises(LedgerBroken, match="the head says entry 40, the newest is 35"):
        kept.ledger.tell(event("received", 30, line="L99"))
