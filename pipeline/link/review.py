"""The clerical review list: pairs that a person should look at, written to a file and read back as judgements.

The file shows both sides as the departments' records have them, since nobody can decide on masked values: it is readable by its owner alone, and
no value of it is ever logged.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from contracts.errors import ConfigurationError
from contracts.quoting import ident
from pipeline.link.judgements import DIFFERENT, SAME, Verdict
from pipeline.link.tables import JUDGEMENT, SCHEMA, alias_table, comparable_table, pair_table, record_table
from transforms.link.comparable import best_sql
from transforms.link.rules import LinkRules
from warehouse.lake import table_exists

_HEAD = ("entity", "left_id", "right_id", "reason", "weight", "probability", "levels")
_ANSWERS = ("decision", "author", "note")


def review_sql(rules: LinkRules) -> str:
    """SELECT `left_id`, `right_id`, `reason`, `weight`, `probability`, `levels` of the pairs to review, the heaviest first.

    A pair is shown where its record without identifier (the left one) has joined nobody with one, the two are not one entity already, and nobody
    has judged them: because its weight lies in the review band, or because another candidate weighs nearly as much.
    """
    judged = f"SELECT least(left_id, right_id), greatest(left_id, right_id) FROM {JUDGEMENT} WHERE entity = '{rules.entity}' AND revoked_at IS NULL"
    return f"""
WITH node AS (
    SELECT c.own_id, coalesce(a.entity_id, c.own_id) AS entity_id FROM {comparable_table(rules)} AS c LEFT JOIN {alias_table(rules)} AS a ON a.own_id = c.own_id),
settled AS (SELECT n.own_id FROM node AS n JOIN {comparable_table(rules)} AS e ON e.own_id = n.entity_id AND e.identified)
SELECT p.left_id, p.right_id, CASE WHEN p.other_name THEN 'another name' WHEN p.probability >= {rules.threshold} THEN 'ambiguous' ELSE 'below the threshold' END AS reason,
    p.weight, p.probability, p.levels
FROM {pair_table(rules)} AS p JOIN node AS l ON l.own_id = p.left_id JOIN node AS r ON r.own_id = p.right_id
WHERE l.entity_id <> r.entity_id AND p.left_id NOT IN (SELECT own_id FROM settled)
    AND (least(p.left_id, p.right_id), greatest(p.left_id, p.right_id)) NOT IN ({judged})
ORDER BY p.weight DESC, p.left_id, p.right_id"""


def export_review(connection: duckdb.DuckDBPyConnection, rules: Sequence[LinkRules], path: Path, limit: int) -> int:
    """Write the review list as CSV or, by the file's name, as an Excel sheet, readable by its owner alone; how many pairs."""
    _format(path)
    written: list[Sequence[object]] = []
    names = list(dict.fromkeys(a.name for r in rules for a in r.compared))
    for one in rules:
        if table_exists(connection, SCHEMA, f"{one.entity}_pair"):
            written += _rows(connection, one, names, limit)
    sides = [f"{side}_{name}" for name in names for side in ("left", "right")]
    _write(path, [*_HEAD, *sides, *_ANSWERS], written)
    return len(written)


def read_decisions(path: Path) -> list[Verdict]:
    """The decisions of a review file that was filled in; rows without a decision are left out.

    Raises ConfigurationError with the file and the row of the first decision that cannot be read.
    """
    if not path.is_file():
        raise ConfigurationError(f"there is no file {path}", remedy="landbridge link review --export <file> makes one")
    found = []
    for number, row in _read(path):
        where = f"{path.name}, row {number}"
        decision = row.get("decision", "").strip().lower()
        if not decision:
            continue
        if decision not in (SAME, DIFFERENT):
            raise ConfigurationError(
                "the decision is neither same nor different",
                where=where,
                remedy="write same, different, or leave it empty",
            )
        if not row.get("author", "").strip():
            raise ConfigurationError(
                "the decision has no author", where=where, remedy="write who decided into the column author"
            )
        missing = [c for c in ("entity", "left_id", "right_id") if not row.get(c, "").strip()]
        if missing:
            raise ConfigurationError(
                f"{missing[0]} is empty", where=where, remedy="keep the columns of the exported file as they are"
            )
        found.append(
            Verdict(row["entity"].strip(), row["left_id"].strip(), row["right_id"].strip(), decision, row["author"].strip(), row.get("note", "").strip(), where)
        )  # fmt: skip
    return found


def _rows(connection: duckdb.DuckDBPyConnection, rules: LinkRules, names: list[str], limit: int) -> list[list[object]]:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE link_review AS SELECT * FROM ({review_sql(rules)}) LIMIT {limit}")
    mine = {a.name for a in rules.compared}
    values = ", ".join(f"{side}.{ident(name)}" if name in mine else "NULL" for name in names for side in ("l", "r"))
    records = f"(FROM {record_table(rules)} WHERE own_id IN (SELECT left_id FROM link_review UNION SELECT right_id FROM link_review))"
    rows = connection.execute(
        f"WITH best AS ({best_sql(rules, records)}) SELECT p.left_id, p.right_id, p.reason, round(p.weight, 2), round(p.probability, 6), p.levels, {values} "
        "FROM link_review AS p JOIN best AS l ON l.own_id = p.left_id JOIN best AS r ON r.own_id = p.right_id ORDER BY p.weight DESC, p.left_id, p.right_id"
    ).fetchall()
    return [[rules.entity, *row, "", "", ""] for row in rows]


def _format(path: Path) -> str:
    if path.suffix.lower() not in (".csv", ".xlsx"):
        raise ConfigurationError(f"{path.name} is neither .csv nor .xlsx", remedy="name the file so")
    return path.suffix.lower()


def _write(path: Path, head: list[str], rows: Sequence[Sequence[object]]) -> None:
    if _format(path) == ".csv":
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(head)
        writer.writerows([_inert(value) for value in row] for row in rows)
        # Excel takes a file for UTF-8 by its first character
        content = ("\ufeff" + text.getvalue()).encode()
    else:
        content = _workbook(head, rows)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _inert(value: object) -> object:
    """A text that a spreadsheet would take for a formula stands behind an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t") else value


def _workbook(head: list[str], rows: Sequence[Sequence[object]]) -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("review")
    for row in [head, *rows]:
        sheet.append([_inert(value) for value in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _read(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    rows: Iterator[Sequence[Any]]
    if _format(path) == ".xlsx":
        rows = _sheet(path)
    else:
        rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    head: list[str] | None = None
    for number, row in enumerate(rows, 1):
        texts = ["" if value is None else str(value) for value in row]
        if head is None:
            head = [text.strip() for text in texts]
            if missing := [c for c in ("entity", "left_id", "right_id", "decision", "author") if c not in head]:
                raise ConfigurationError(
                    f"the column {missing[0]} is missing",
                    where=f"{path.name}, row 1",
                    remedy="keep the head of the exported file",
                )
            continue
        yield number, dict(zip(head, texts, strict=False))


def _sheet(path: Path) -> Iterator[Sequence[Any]]:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True)
    try:
        yield from book.worksheets[0].iter_rows(values_only=True)
    finally:
        book.close()
