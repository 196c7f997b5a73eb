"""One model with small tables in and its rows out: what a test of a city's model is written with.

    from tests.models.small_tables import SmallTables

    QINGDAO = SmallTables("cities/qingdao")

    def test_a_debt_paid_late_is_overdue_until_then() -> None:
        rows = QINGDAO.rows("mart.debt", {
            "finance.enterprise_debt": [{"debt_no": "D1", "due_on": date(2020, 5, 1), "amount": 10}],
        }, as_of="2020-05-05T02:00:00+08:00")
        assert rows == [{"debt_no": "D1", "state": "overdue", ...}]

Inputs are named as in the model's file; a table or a column that a test does not give is empty. Column names and types are those of the contracts, the code
lists and the models, so a misspelt one fails. `rows` gives the model's rows ordered by its key, as dictionaries of its columns, and fails where they are
not what the model declares: columns and types, a key that is unique and never null, and – for a model with an increment – rows that come out the same
when only the input rows of one value are read, which is what an increment relies on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from contracts.catalogue import load_city
from contracts.quoting import ident, literal
from pipeline.models import apply
from pipeline.models.check import empty_tables
from pipeline.models.engine import CHANGED
from pipeline.models.run import city_models
from pipeline.models.tables import known_tables
from transforms.models.inputs import restricted
from transforms.models.model import Model
from transforms.models.sql_text import with_tables
from transforms.unify import read_mappings

Rows = Sequence[Mapping[str, Any]]
Inputs = Mapping[str, Rows]
_VALUES_TRIED = 5


class SmallTables:
    """A city's models, each to be tried with tables of a few rows."""

    def __init__(self, folder: str | Path) -> None:
        self.city = load_city(Path(folder).absolute())
        self.models = {m.name: m for m in city_models(self.city)}
        self.known = known_tables(self.city, read_mappings(self.city), self.models.values())

    def rows(self, name: str, inputs: Inputs, as_of: str = "2020-05-05T02:00:00+08:00") -> list[dict[str, Any]]:
        """The model's rows, ordered by its key."""
        model = self.models[name]
        return rows_of(model, {i.name: self.known[i.name] for i in model.inputs}, inputs, as_of, self.city.timezone.key)


def rows_of(
    model: Model, tables: Mapping[str, Mapping[str, str]], inputs: Inputs, as_of: str, timezone: str = "Asia/Shanghai"
) -> list[dict[str, Any]]:
    """The rows of a model whose inputs have these columns and types."""
    assert set(inputs) <= set(tables), f"{model.name} does not read {sorted(set(inputs) - set(tables))}"
    connection = empty_tables(tables)
    instant = datetime.fromisoformat(as_of)
    connection.execute(f"SET TimeZone = {literal(timezone)}")
    connection.execute(f"SET VARIABLE as_of = TIMESTAMPTZ {literal(as_of)}")
    connection.execute(f"SET VARIABLE as_of_day = DATE {literal((instant.date() - timedelta(days=1)).isoformat())}")
    try:
        for name, rows in inputs.items():
            for row in rows:
                columns = ", ".join(map(ident, row))
                marks = ", ".join("?" for _ in row)
                connection.execute(
                    f"INSERT INTO {ident(*name.split('.', 1))} ({columns}) VALUES ({marks})", list(row.values())
                )
        apply.compute(connection, model, f"({model.sql})", increment=False, null=False)
        order = ", ".join(map(ident, model.key))
        found = _dictionaries(connection, f"SELECT * FROM model_fresh ORDER BY {order}")
        _check_increment(connection, model, found, order)
        return found
    finally:
        connection.close()


def _check_increment(connection: Any, model: Model, found: list[dict[str, Any]], order: str) -> None:
    if model.increment is None:
        return
    values = list(dict.fromkeys(row[model.increment] for row in found))
    for value in values[:_VALUES_TRIED]:
        type = next(c.type for c in model.columns if c.name == model.increment)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {CHANGED} AS SELECT CAST(? AS {type}) AS value", [value])
        instead = {i.name: restricted(i.name, i.by, CHANGED, null=value is None) for i in model.inputs if i.by}
        alone = _dictionaries(connection, f"SELECT * FROM ({with_tables(model.sql, instead)}) ORDER BY {order}")
        assert alone == [row for row in found if row[model.increment] == value], (
            f"{model.name}: read alone, the inputs of {model.increment} {value!r} give other rows"
        )


def _dictionaries(connection: Any, sql: str) -> list[dict[str, Any]]:
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
