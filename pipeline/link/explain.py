"""Why two own ids are one, or are not: Splink's weights of the pair, the outcome, and the judgements on it."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from contracts.errors import ConfigurationError
from contracts.quoting import literal
from pipeline.link.splink import waterfall
from pipeline.link.tables import SCHEMA, alias_table, comparable_table
from pipeline.link.trained import model_in_force
from transforms.link.rules import LinkRules
from warehouse.lake import table_exists


@dataclass(frozen=True)
class Step:
    """One comparison's part: `weight` in bits, `expected` the share of true pairs at this level, `by_chance` the share of others."""

    attribute: str
    level: str
    weight: float
    expected: float | None
    by_chance: float | None


@dataclass(frozen=True)
class Explanation:
    """The steps add up to `weight`; `entities` are what the two belong to now."""

    steps: tuple[Step, ...]
    weight: float
    probability: float
    entities: tuple[str, str]


def explain_pair(connection: duckdb.DuckDBPyConnection, rules: LinkRules, left_id: str, right_id: str) -> Explanation:
    """Explain a pair by the model in force. Raises ConfigurationError where there is no model yet or an id is unknown."""
    if (
        not table_exists(connection, SCHEMA, f"{rules.entity}_comparable")
        or (model := model_in_force(connection, rules)) is None
    ):
        raise ConfigurationError(f"{rules.entity} has no model yet", remedy="landbridge link train")
    for name, id in (("link_left", left_id), ("link_right", right_id)):
        where = f"WHERE own_id = {literal(id)}"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM {comparable_table(rules)} {where}")
        row = connection.execute(f"SELECT count(*) FROM {name}").fetchone()
        if row is None or row[0] == 0:
            raise ConfigurationError(
                f"no {rules.entity} has the own id {id!r}",
                remedy=f"ids stand in unified.{rules.entity}_pair and _record",
            )
    told = waterfall(connection, rules, model.settings, "link_left", "link_right")
    steps = tuple(
        Step(
            str(t["column_name"]).removeprefix("tf_"),
            "frequency of the value" if t["term_frequency_adjustment"] else "before anything is compared" if t["column_name"] == "Prior" else str(t["label_for_charts"]),
            float(t["log2_bayes_factor"]), t["m_probability"], t["u_probability"],
        )
        for t in told if t["column_name"] != "Final score"
        and not (t["term_frequency_adjustment"] and not t["log2_bayes_factor"])
    )  # fmt: skip
    weight = float(told[-1]["log2_bayes_factor"])
    found = dict(
        connection.execute(
            f"SELECT own_id, entity_id FROM {alias_table(rules)} WHERE own_id IN (?, ?)", [left_id, right_id]
        ).fetchall()
    )
    return Explanation(
        steps, weight, 1 / (1 + 2.0**-weight), (found.get(left_id, left_id), found.get(right_id, right_id))
    )
