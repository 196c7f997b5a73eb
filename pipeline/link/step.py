"""Step `link` of a night: which records without identifier belong to which person or firm, by weight of evidence and by judgement.

Only pairs touching own ids whose comparable values changed since the last run are scored again, and only those whom such a change or a judgement can
reach are decided again; the outcome is that of a full run with the same model. Scoring runs outside the lake's transaction; all writes of an entity are one commit, which begins anew where another run was quicker.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import duckdb

from contracts.errors import LakeBusy
from pipeline.digest import still_running
from pipeline.link.apply import apply_links
from pipeline.link.comparable import (
    COMPARABLE,
    all_comparable,
    changed_comparable,
    forms_fingerprint,
    touched_comparable,
)
from pipeline.link.decide import decide_all, decide_reached
from pipeline.link.judgements import Judgement, load_judgements
from pipeline.link.pairs import pairs_again, pairs_anew
from pipeline.link.tables import SCHEMA, STATE, ensure_entity
from pipeline.link.trained import LinkModel, model_in_force, store_model, train_model
from pipeline.models.inputs import changes_since, held
from pipeline.workplace import Workplace
from transforms.link.rules import LinkRules, read_link_rules
from transforms.link.settings import blocking
from warehouse.lake import commit, current_snapshot, open_lake, table_exists

_TURNS = 5
_BEHIND = 100


@dataclass(frozen=True)
class Seen:
    """What a run starts from. `touched` says whether any record changed, None that all count as changed; `rejudged` are the own ids whose judgements
    did, None that everything is to be decided anew."""

    snapshot: int
    state: tuple[int, str, str] | None
    judgements: tuple[Judgement, ...]
    model: LinkModel | None
    touched: bool | None
    rejudged: frozenset[str] | None

    @property
    def behind(self) -> bool:
        """Whether the state is so old that the expiry of snapshots might outrun it: it is written now and then though nothing changed."""
        return self.state is not None and self.snapshot - self.state[0] > _BEHIND


class _Overtaken(Exception):
    """Another run, or a judgement, came in between: what was prepared is out of date."""


def link_entities(place: Workplace, *, settled: bool = False) -> dict[str, int]:
    """Bring the links of every entity with a `link:` section up to date; returns how many aliases changed by table, empty where nothing was to do.

    Unless `settled`, nothing is done while the newest night still lacks runs. Trains a model where there is none for what is compared now.
    """
    every = read_link_rules(place.city)
    connection = open_lake(place.settings, timezone=place.city.timezone.key)
    try:
        if not every or (not settled and still_running(connection, place.city)):
            return {}
        done = {f"{SCHEMA}.{rules.entity}_alias": link_entity(connection, place, rules) for rules in every}
        return {table: changed for table, changed in done.items() if changed is not None}
    finally:
        connection.close()


def link_entity(
    connection: duckdb.DuckDBPyConnection, place: Workplace, rules: LinkRules, *, retrain: bool = False
) -> int | None:
    """Bring one entity's links up to date; how many aliases changed, or None where nothing was to do. `retrain` trains a new model first.

    Raises LakeBusy where other runs are quicker each time.
    """
    for _ in range(_TURNS):
        seen = _look(connection, place, rules, retrain=retrain)
        if seen is None or (_is_settled(rules, seen) and not seen.behind):
            return None
        try:
            return _run(connection, place, rules, seen)
        except _Overtaken:
            continue
    raise LakeBusy(f"linking {rules.entity} was overtaken {_TURNS} times", remedy="run it again: landbridge link run")


def _look(connection: duckdb.DuckDBPyConnection, place: Workplace, rules: LinkRules, *, retrain: bool) -> Seen | None:
    if not table_exists(connection, SCHEMA, f"{rules.entity}_record"):
        return None
    snapshot = current_snapshot(connection)
    state = _state(connection, rules)
    model = None if retrain else model_in_force(connection, rules)
    if not retrain and model is None and state is not None and not state[1]:
        # there was nothing to train on: the same records will not do either
        told = changes_since(connection, [f"{SCHEMA}.{rules.entity}_record"], state[0], snapshot)
        if told is not None and not told.rows and not told.shape:
            return None
    touched: bool | None = None
    if state is not None and model is not None and state[1] == _scoring(place, rules, model):
        name = f"{SCHEMA}.{rules.entity}_record"
        told = changes_since(connection, [name], state[0], snapshot)
        if told is not None and not told.shape:
            touched = bool(told.rows) and touched_comparable(connection, rules, state[0], snapshot)
    judgements = load_judgements(connection, rules.entity)
    rejudged = None if touched is None or state is None else _rejudged(connection, rules, state, judgements)
    return Seen(snapshot, state, judgements, model, touched, rejudged)


def _rejudged(
    connection: duckdb.DuckDBPyConnection, rules: LinkRules, state: tuple[int, str, str], now: tuple[Judgement, ...]
) -> frozenset[str] | None:
    """The own ids of judgements made or undone since the last run; None where that run decided by other judgements or thresholds than can be told."""
    if state[2] == _deciding(rules, now):
        return frozenset()
    stood = held(connection, [f"{SCHEMA}.judgement"], state[0])
    before = load_judgements(connection, rules.entity, state[0]) if stood else ()
    if state[2] != _deciding(rules, before):
        return None
    return frozenset(id for j in set(before) ^ set(now) for id in (j.left_id, j.right_id))


def _run(connection: duckdb.DuckDBPyConnection, place: Workplace, rules: LinkRules, seen: Seen) -> int:
    model, trained = seen.model, False
    if seen.touched is None:
        all_comparable(connection, place, rules, seen.snapshot)
        if model is None:
            model, trained = train_model(connection, rules, COMPARABLE, seen.snapshot), True
        pairs_anew(connection, rules, model.settings if model else None)
    else:
        assert model is not None, "without a model all records count as changed"
        changed_comparable(connection, place, rules, seen.snapshot, touched=seen.touched)
        pairs_again(connection, rules, model.settings)
    anew = seen.touched is None
    if anew or seen.rejudged is None:
        decide_all(connection, rules, seen.judgements, anew=anew)
    else:
        decide_reached(connection, rules, seen.judgements, seen.rejudged)
    state = (seen.snapshot, _scoring(place, rules, model) if model else "", _deciding(rules, seen.judgements))

    def work() -> int:
        ensure_entity(connection, rules)
        if _state(connection, rules) != seen.state or load_judgements(connection, rules.entity) != seen.judgements:
            raise _Overtaken
        if trained and model is not None:
            store_model(connection, rules, model)
        changed = apply_links(connection, rules, anew=anew, reached=not anew and seen.rejudged is not None)
        connection.execute(f"DELETE FROM {STATE} WHERE entity = ?", [rules.entity])
        connection.execute(f"INSERT INTO {STATE} VALUES (?, ?, ?, ?)", [rules.entity, *state])
        return changed

    return commit(connection, place.settings, work, f"link {rules.entity}")


def _is_settled(rules: LinkRules, seen: Seen) -> bool:
    """Whether records, model and judgements are those of the last run."""
    return seen.state is not None and seen.touched is False and seen.state[2] == _deciding(rules, seen.judgements)


def _state(connection: duckdb.DuckDBPyConnection, rules: LinkRules) -> tuple[int, str, str] | None:
    if not table_exists(connection, "ops", "link_state"):
        return None
    row = connection.execute(
        f"SELECT snapshot, scoring, deciding FROM {STATE} WHERE entity = ?", [rules.entity]
    ).fetchone()
    return (int(row[0]), str(row[1]), str(row[2])) if row else None


def _scoring(place: Workplace, rules: LinkRules, model: LinkModel) -> str:
    """What decides which pairs there are and what they weigh."""
    return _digest([model.id, rules.review, blocking(rules), forms_fingerprint(place, rules)])


def _deciding(rules: LinkRules, judgements: tuple[Judgement, ...]) -> str:
    return _digest([rules.threshold, rules.margin, sorted([j.left_id, j.right_id, j.decision] for j in judgements)])


def _digest(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, default=list).encode()).hexdigest()
