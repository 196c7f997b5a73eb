"""Splink at work: training a model on comparable rows, and scoring pairs with a trained one.

Splink gets a connection whose current database is in memory: its intermediate tables never reach the lake, obey the memory limit and spill to
the settings' folder. It logs no message below an error, makes no network call, and its errors are told without values.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from contracts.errors import InternalError, LandbridgeError
from contracts.quoting import ident, literal
from transforms.link.comparisons import frequency_columns, other_name_sql
from transforms.link.frequencies import looked_up_sql
from transforms.link.prior import certain, certain_share
from transforms.link.rules import LinkRules
from transforms.link.settings import blocking, blocking_rule, splink_settings, training_blocks

Settings = dict[str, Any]

FREQUENCIES = "link_frequency"
_SEED = 20200504
_SAMPLED_PAIRS = 2_000_000
_EM_PAIRS = 2_000_000
# what the share is taken for until the model itself tells it
_CERTAIN = 0.9
_LEAST_M = 0.0005
_ENOUGH = 200


def train(connection: duckdb.DuckDBPyConnection, rules: LinkRules, comparable: str) -> Settings:
    """Splink's settings of a model trained on the comparable rows; the same rows give the same model but for the last digits.

    What unrelated rows share (u) is learnt from pairs with two different identifiers, which are known to be two people; where few rows have an
    identifier, from pairs of any rows, less what true pairs add. The share of true pairs is counted by pairs that agree in two strong
    attributes; m is learnt by expectation maximisation, one block of pairs after the other. A level never seen keeps the m it starts with.
    """
    with _splink(connection, "train its model") as api:
        count = _counted(connection, comparable)
        both = min(count) >= _ENOUGH
        sides = [_view(connection, comparable, identified) for identified in ((True, False) if both else (None,))]
        settings = splink_settings(rules, "link_only" if both else "dedupe_only")
        known = count[0] >= _ENOUGH
        basis = _view(connection, comparable, True if known else None)
        rows = count[0] if known else sum(count)
        settings = _with_u(api, settings, basis, rows)
        linker = _linker(api, sides, settings)
        linker.training.estimate_probability_two_random_records_match(
            [blocking_rule(columns) for columns in certain(rules)], recall=_CERTAIN if len(certain(rules)) > 1 else 1.0
        )
        if not known:
            prior = linker._settings_obj._probability_two_random_records_match
            settings = _without_matches({**settings, "probability_two_random_records_match": prior}, rows)
            linker = _linker(api, sides, settings)
        for columns in training_blocks(rules):
            _learn(linker, blocking_rule(columns))
        trained = _settled(linker.misc.save_model_to_json(), settings)
        share = certain_share(rules, trained, _stated(connection, rules, sides))
        word = "probability_two_random_records_match"
        return {**trained, word: min(0.5, trained[word] * (_CERTAIN if len(certain(rules)) > 1 else 1.0) / share)}


def score(
    connection: duckdb.DuckDBPyConnection, rules: LinkRules, settings: Settings, left: str, right: str, into: str
) -> None:
    """Add the pairs between two relations of comparable rows whose probability reaches the review band to the table `into`.

    Needs the model's frequencies in the temporary table FREQUENCIES. The two relations have no row in common.
    """
    with _splink(connection, "score pairs") as api:
        linker = _scorer(connection, api, rules, settings, (left, right))
        found = linker.inference.predict_between(
            api.register(left), api.register(right), threshold_match_probability=rules.review, warning_mode="never"
        )
        _keep(connection, rules, settings, found.physical_name, into)


def score_within(
    connection: duckdb.DuckDBPyConnection, rules: LinkRules, settings: Settings, rows: str, into: str
) -> None:
    """Add the pairs within one relation of comparable rows, as `score` does."""
    with _splink(connection, "score pairs") as api:
        linker = _scorer(connection, api, rules, settings, (rows,))
        found = linker.inference.predict_within(
            api.register(rows), threshold_match_probability=rules.review, warning_mode="never"
        )
        _keep(connection, rules, settings, found.physical_name, into)


def waterfall(
    connection: duckdb.DuckDBPyConnection, rules: LinkRules, settings: Settings, left: str, right: str
) -> list[dict[str, Any]]:
    """Splink's waterfall of one pair, each relation holding one comparable row: prior, each comparison's level and weight, final score."""
    from splink.internals import waterfall_chart

    with _splink(connection, "explain a pair") as api:
        linker = _scorer(connection, api, rules, settings, (left, right))
        scored = linker.inference.score_pairs(api.register(left), api.register(right)).as_record_list()
        rows: Any = waterfall_chart.records_to_waterfall_data
        return list(rows(scored, linker._settings_obj, hide_details=True))


@contextmanager
def _splink(connection: duckdb.DuckDBPyConnection, doing: str) -> Iterator[Any]:
    """Splink's door to the connection; its tables are dropped at the end."""
    # imported where it is used: a quarter of a second that no other step pays
    from splink import DuckDBAPI

    for talkative in ("splink", "sqlglot"):
        logging.getLogger(talkative).setLevel(logging.ERROR)
    before = connection.execute("SELECT current_database(), current_schema()").fetchone() or ("memory", "main")
    connection.execute("USE memory.main")
    api: Any = DuckDBAPI(connection)
    try:
        yield api
    except LandbridgeError:
        raise
    except Exception as error:
        # what DuckDB and Splink say may hold values
        raise InternalError(
            f"Splink could not {doing}: {type(error).__name__}",
            remedy="report it with the `link:` section of unified.yaml",
        ) from None
    finally:
        api.delete_tables_created_by_splink_from_db()
        connection.execute(f"USE {ident(*before)}")


def _linker(api: Any, sides: list[str], settings: Settings) -> Any:
    from splink import Linker

    inputs = [
        api.register(side, table_name=f"{side}_{_next(api)}", dataset_display_name=f"{side}_{_next(api)}")
        for side in sides
    ]
    return Linker(inputs if len(inputs) > 1 else inputs[0], json.loads(json.dumps(settings)), log_level=None)


def _next(api: Any) -> int:
    return len(api._registered_table_names)


def _counted(connection: duckdb.DuckDBPyConnection, comparable: str) -> tuple[int, int]:
    row = connection.execute(
        f"SELECT count(*) FILTER (identified), count(*) FILTER (NOT identified) FROM {comparable}"
    ).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _view(connection: duckdb.DuckDBPyConnection, comparable: str, identified: bool | None) -> str:
    name = {True: "link_known", False: "link_unknown", None: "link_all"}[identified]
    where = "" if identified is None else f"WHERE identified = {identified}"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * EXCLUDE (identified) FROM {comparable} {where}")
    return name


def _scorer(
    connection: duckdb.DuckDBPyConnection, api: Any, rules: LinkRules, settings: Settings, sides: tuple[str, ...]
) -> Any:
    """A linker with the trained settings and the stored frequencies, for comparable rows with `identified`."""
    rows = [blocking_rule(columns) for columns in blocking(rules)]
    ready = {
        **settings,
        "link_type": "dedupe_only",
        "blocking_rules_to_generate_predictions": rows,
        "retain_matching_columns": True,
        "additional_columns_to_retain": ["identified"],
    }
    linker = _linker(api, [sides[0]], ready)
    for column in frequency_columns(rules):
        table = f"link_tf_{column}"
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {ident(table)} AS {looked_up_sql(column, sides, FREQUENCIES)}"
        )
        linker.table_management.register_term_frequency_lookup(api.register(table), column)
    return linker


def _with_u(api: Any, settings: Settings, basis: str, rows: int) -> Settings:
    """The settings with u from random pairs of the basis, and less than one observed pair where none was."""
    linker = _linker(api, [basis], {**settings, "link_type": "dedupe_only"})
    linker.training.estimate_u_using_random_sampling(
        max_pairs=_SAMPLED_PAIRS, seed=_SEED, min_count_per_level=None, num_chunks=1
    )
    trained = linker.misc.save_model_to_json()
    return _each_level(settings, lambda c, n: {"u_probability": max(_of(trained, c, n, "u_probability"), _floor(rows))})


def _without_matches(settings: Settings, rows: int) -> Settings:
    """u of pairs of any rows holds the true pairs among them: taken out by the prior and the m each level starts with."""
    prior = settings["probability_two_random_records_match"]

    def corrected(comparison: int, n: int) -> Settings:
        level = settings["comparisons"][comparison]["comparison_levels"][n]
        u = (level["u_probability"] - prior * level["m_probability"]) / (1 - prior)
        return {"u_probability": max(u, _floor(rows))}

    return _each_level(settings, corrected)


def _floor(rows: int) -> float:
    return 0.5 / max(1.0, min(float(_SAMPLED_PAIRS), rows * (rows - 1) / 2))


def _each_level(settings: Settings, values: Any) -> Settings:
    changed: Settings = json.loads(json.dumps(settings))
    for c, comparison in enumerate(changed["comparisons"]):
        for n, level in enumerate(comparison["comparison_levels"]):
            if not level.get("is_null_level"):
                level.update(values(c, n))
    return changed


def _of(trained: Settings, comparison: int, level: int, word: str) -> float:
    value = trained["comparisons"][comparison]["comparison_levels"][level].get(word)
    return float(value) if isinstance(value, int | float) else 0.0


def _stated(connection: duckdb.DuckDBPyConnection, rules: LinkRules, sides: list[str]) -> dict[str, float]:
    """The share of true pairs in which both sides state an attribute.

    Of two sides that with identifiers counts as stating it: whom the city knows by a name alone is hardly the owner of what is sought.
    """
    counts = ", ".join(f"count({ident(a.name)}) / CAST(greatest(count(*), 1) AS DOUBLE)" for a in rules.compared)
    shares = connection.execute(f"SELECT {counts} FROM {sides[-1]}").fetchone() or ()
    return {
        a.name: float(share if len(sides) > 1 else share**2) for a, share in zip(rules.compared, shares, strict=True)
    }


def _learn(linker: Any, rule: str) -> None:
    """One session of expectation maximisation; a block without pairs teaches nothing."""
    from splink.internals.exceptions import EMTrainingException

    try:
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule, estimate_without_term_frequencies=True, max_pairs=_EM_PAIRS
        )
    except EMTrainingException:
        return


def _settled(trained: Settings, start: Settings) -> Settings:
    """The trained settings with a bounded m at each level: as learnt, or as it started where the level was never seen."""

    def bounded(comparison: int, n: int) -> Settings:
        first = start["comparisons"][comparison]["comparison_levels"][n]
        m = _of(trained, comparison, n, "m_probability") or first["m_probability"]
        return {"m_probability": min(max(m, _LEAST_M), 1 - _LEAST_M), "u_probability": first["u_probability"]}

    settled = _each_level(trained, bounded)
    for word in ("linker_uid", "sql_dialect"):
        settled.pop(word, None)
    return settled


def _keep(connection: duckdb.DuckDBPyConnection, rules: LinkRules, settings: Settings, found: str, into: str) -> None:
    """Keep the pairs with the side without identifier on the left where one side has it, otherwise the smaller id."""
    levels = ", ".join(_level_text(comparison) for comparison in settings["comparisons"])
    turned = "CASE WHEN identified_l = identified_r THEN own_id_l > own_id_r ELSE identified_l END"
    left, right = (
        f"CASE WHEN {turned} THEN {a} ELSE {b} END" for a, b in (("own_id_r", "own_id_l"), ("own_id_l", "own_id_r"))
    )
    connection.execute(
        f"INSERT INTO {into} SELECT {left}, {right}, match_weight, match_probability, {other_name_sql(rules)}, concat_ws('; ', {levels}) FROM {found}"
    )


def _level_text(comparison: Settings) -> str:
    name = comparison["output_column_name"]
    stated = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
    cases = " ".join(
        f"WHEN {len(stated) - 1 - n} THEN {literal(f'{name}: ' + level['label_for_charts'])}"
        for n, level in enumerate(stated)
    )
    return f"CASE {ident(f'gamma_{name}')} {cases} END"
