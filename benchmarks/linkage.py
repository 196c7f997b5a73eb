"""Precision and recall of linking on public sets with truth, beside Splink with plain settings, in one run.

    python benchmarks/linkage.py FOLDER

FOLDER holds `linkage-febrl/dataset1.csv`, `linkage-febrl/dataset3.csv` and `linkage-splink/fake_1000.csv` as their authors publish them. Both
models see the same columns, are trained on the same rows and judged at their default threshold: a pair counts as joined where its probability
reaches it. `ours` are the defaults of a `link:` section; `plain` are the comparisons and the training of Splink's own tutorial.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from contracts.quoting import ident, literal
from pipeline.link.splink import FREQUENCIES, score_within, train
from transforms.link.comparable import SUCCESSORS, comparable_sql
from transforms.link.comparisons import frequency_columns
from transforms.link.frequencies import frequencies_sql
from transforms.link.rules import Compared, LinkRules
from transforms.link.sounds import SOUNDS, sounds_table


@dataclass(frozen=True)
class DataSet:
    """A file, the column that identifies a row, the truth as SQL, and what is compared: attribute → (SQL of its value, kind)."""

    file: str
    id: str
    truth: str
    compared: dict[str, tuple[str, str]]


_FEBRL = {
    "given_name": ("given_name", "name"), "surname": ("surname", "name"), "birth_date": ("date_of_birth", "date"),
    "address": ("concat_ws(' ', street_number, address_1)", "address"), "suburb": ("suburb", "text"), "postcode": ("postcode", "text"),
    "soc_sec_id": ("soc_sec_id", "code"),
}  # fmt: skip
_FEBRL_TRUTH = "regexp_extract(rec_id, 'rec-([0-9]+)-', 1)"
SETS = [
    DataSet("linkage-febrl/dataset1.csv", "rec_id", _FEBRL_TRUTH, _FEBRL),
    DataSet("linkage-febrl/dataset3.csv", "rec_id", _FEBRL_TRUTH, _FEBRL),
    DataSet(
        "linkage-splink/fake_1000.csv", "unique_id", "_cluster",
        {"first_name": ("first_name", "name"), "surname": ("surname", "name"), "birth_date": ("dob", "date"), "city": ("city", "text"), "email": ("email", "code")},
    ),
]  # fmt: skip


def main(folder: Path) -> None:
    """Print one line a set and model."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    print(f"{'set':32}{'model':8}{'threshold':>10}{'pairs':>8}{'precision':>11}{'recall':>9}{'seconds':>9}")
    for data in SETS:
        for model, threshold, run in (
            ("ours", _rules(data).threshold, ours),
            ("plain", 0.99, plain),
            ("plain", 0.5, plain),
        ):
            connection = duckdb.connect()
            read(connection, folder, data)
            begun = time.monotonic()
            run(connection, data)
            seconds = time.monotonic() - begun
            pairs, precision, recall = measured(connection, threshold)
            print(f"{data.file:32}{model:8}{threshold:>10}{pairs:>8,}{precision:>11.4f}{recall:>9.4f}{seconds:>9.1f}")


def read(connection: duckdb.DuckDBPyConnection, folder: Path, data: DataSet) -> None:
    """Make `record` with the columns of a table of records, and `truth`."""
    values = ", ".join(
        f"nullif(trim(CAST({sql} AS VARCHAR)), '') AS {ident(name)}" for name, (sql, _) in data.compared.items()
    )
    file = f"read_csv({literal(folder / data.file)}, all_varchar = true, normalize_names = true)"
    connection.execute(
        f"CREATE TABLE record AS SELECT {data.id} AS record_id, {data.id} AS own_id, 'set' AS resource, {values}, "
        f"TIMESTAMPTZ '2020-01-01' AS valid_from, CAST(NULL AS TIMESTAMPTZ) AS valid_to, 1 AS from_snapshot FROM {file}"
    )
    connection.execute(f"CREATE TABLE truth AS SELECT {data.id} AS own_id, {data.truth} AS entity FROM {file}")
    connection.execute(
        "CREATE TABLE pair (left_id VARCHAR, right_id VARCHAR, weight DOUBLE, probability DOUBLE, other_name BOOLEAN, levels VARCHAR)"
    )


def ours(connection: duckdb.DuckDBPyConnection, data: DataSet) -> None:
    """Score with the defaults of a `link:` section, trained on the set's own rows."""
    rules = _rules(data)
    connection.register(SOUNDS, sounds_table())
    connection.execute(f"CREATE TABLE {SUCCESSORS} (code VARCHAR, successor VARCHAR)")
    connection.execute(f"CREATE TABLE comparable AS {comparable_sql(rules, 'record', ())}")
    settings = train(connection, rules, "comparable")
    connection.execute(f"CREATE TABLE {FREQUENCIES} AS {frequencies_sql(frequency_columns(rules), 'comparable')}")
    score_within(connection, replace(rules, review=0.01), settings, "comparable", "pair")


def plain(connection: duckdb.DuckDBPyConnection, data: DataSet) -> None:
    """Score with Splink's own library of comparisons, as its tutorial does."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    if "date_of_birth" in data.compared["birth_date"]:
        comparisons: list[Any] = [
            cl.NameComparison("given_name"), cl.NameComparison("surname"),
            cl.DamerauLevenshteinAtThresholds("birth_date", 1), cl.LevenshteinAtThresholds("address", [1, 3]),
            cl.ExactMatch("suburb"), cl.ExactMatch("postcode"), cl.DamerauLevenshteinAtThresholds("soc_sec_id", 1),
        ]  # fmt: skip
        blocks = [
            ("given_name", "surname"),
            ("soc_sec_id",),
            ("birth_date",),
            ("postcode", "surname"),
            ("suburb", "given_name"),
        ]
        sure = [("soc_sec_id",), ("given_name", "surname", "birth_date")]
        sessions = [("given_name", "surname"), ("birth_date",)]
    else:
        comparisons = [
            cl.NameComparison("first_name"), cl.NameComparison("surname"), cl.DateOfBirthComparison("birth_date", input_is_string=True),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True), cl.EmailComparison("email"),
        ]  # fmt: skip
        blocks = [("first_name", "city"), ("surname",), ("birth_date",), ("email",)]
        sure = [("first_name", "surname", "birth_date"), ("email",)]
        sessions = [("first_name", "surname"), ("birth_date",)]
    api = DuckDBAPI(connection)
    settings = SettingsCreator(
        link_type="dedupe_only", unique_id_column_name="own_id", comparisons=comparisons,
        blocking_rules_to_generate_predictions=[block_on(*b) for b in blocks],
    )  # fmt: skip
    linker = Linker(api.register("record"), settings, log_level=None)
    linker.training.estimate_probability_two_random_records_match([block_on(*s) for s in sure], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for session in sessions:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*session))
    found = linker.inference.predict(threshold_match_probability=0.01).physical_name
    connection.execute(
        f"INSERT INTO pair SELECT own_id_l, own_id_r, match_weight, match_probability, false, '' FROM {found}"
    )


def measured(connection: duckdb.DuckDBPyConnection, threshold: float) -> tuple[int, float, float]:
    """Pairs at the threshold, and their precision and recall against the truth."""
    row = connection.execute(f"""
        WITH true_pair AS (SELECT l.own_id AS left_id, r.own_id AS right_id FROM truth AS l JOIN truth AS r ON l.entity = r.entity AND l.own_id < r.own_id),
        found AS (SELECT DISTINCT least(left_id, right_id) AS left_id, greatest(left_id, right_id) AS right_id FROM pair WHERE probability >= {threshold} AND NOT other_name)
        SELECT (SELECT count(*) FROM found), (SELECT count(*) FROM found SEMI JOIN true_pair USING (left_id, right_id)), (SELECT count(*) FROM true_pair)
    """).fetchone()
    assert row is not None
    return row[0], row[1] / max(row[0], 1), row[1] / max(row[2], 1)


def _rules(data: DataSet) -> LinkRules:
    return LinkRules("person", "id", tuple(Compared(name, kind) for name, (_, kind) in data.compared.items()))


def _arguments() -> Iterator[Path]:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    yield Path(sys.argv[1])


if __name__ == "__main__":
    main(*_arguments())
