"""How a resource should be loaded: watermark, load mode and expected rows, each with the reason that the contract will carry as a comment."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb

from contracts.model import ExpectedRows, Watermark
from contracts.quoting import ident
from pipeline.draft.model import Draft, DraftField
from pipeline.draft.names import hints
from pipeline.extract import BEGINNING

_LOOKBACK = timedelta(hours=24)
_FEWEST, _MOST = 0.8, 1.5
# kinds that can be asked for a part of a table, so that a watermark spares them and us
_ASKED_IN_PARTS = ("database", "http_api")


def suggest_loading(connection: duckdb.DuckDBPyConnection, table: str, draft: Draft, observed_at: datetime) -> None:
    """Fill in watermark, load mode and expected rows of a draft whose key is known; `observed_at` tells a plausible time from the future."""
    dated = "{date}" in draft.table.physical_name
    found = _watermark(connection, table, draft, observed_at) if draft.rows else None
    if dated:
        if draft.key:
            draft.load_mode, draft.load_reason = "merge", "a file a day, and a key: newest wins where a key comes again"
            if found:
                draft.watermark = Watermark(found[0].name, timedelta(0))
                draft.load_reason += f", as {found[0].name} tells ({found[1]})"
        else:
            draft.load_mode, draft.load_reason = (
                "append",
                "a file a day, and no key: each interval holds its own file's rows",
            )
    elif found and draft.key and draft.system.connector in _ASKED_IN_PARTS:
        field, figures = found
        lookback = _LOOKBACK if field.logical_type == "timestamp" else 2 * _LOOKBACK
        draft.watermark = Watermark(field.name, lookback)
        draft.load_mode, draft.load_reason = "merge", f"a key, and {field.name} tells what changed: {figures}"
    else:
        reason = "every extraction reads the whole, so that deletions at the source are seen"
        if found and draft.system.connector in _ASKED_IN_PARTS:
            reason += f"; {found[0].name} could be the watermark ({found[1]}), but merge needs a key"
        draft.load_mode, draft.load_reason = "snapshot", reason
    _expect(draft, dated)


def _watermark(
    connection: duckdb.DuckDBPyConnection, table: str, draft: Draft, observed_at: datetime
) -> tuple[DraftField, str] | None:
    """The field whose name says a change and whose values are all there, none of them before 1930 or after now."""
    for field in draft.fields:
        if field.logical_type not in ("date", "timestamp") or "updated" not in hints(
            field.physical_name, field.label, field.description
        ):
            continue
        column = ident(field.name)
        row = connection.execute(
            f"SELECT count({column}), count(DISTINCT {column}), min({column}) >= CAST($low AS TIMESTAMPTZ), max({column}) <= CAST($high AS TIMESTAMPTZ), "
            f"avg(CASE WHEN {column} >= before THEN 1.0 ELSE 0.0 END) FILTER (before IS NOT NULL), CAST(min({column}) AS VARCHAR), CAST(max({column}) AS VARCHAR) "
            f"FROM (SELECT {column}, lag({column}) OVER (ORDER BY _row) AS before FROM {table})",
            {"low": BEGINNING.isoformat(), "high": (observed_at + timedelta(days=1)).isoformat()},
        ).fetchone()
        if row is None or row[0] < draft.rows or row[1] < 2 or not row[2]:
            continue
        if not row[3]:
            draft.open_points.append(
                f"{field.name} holds times in the future: no watermark until the department says why"
            )
            continue
        order = f", in rising order for {row[4]:.0%} of rows" if row[4] is not None else ""
        return field, f"filled in every row, {row[5][:10]} to {row[6][:10]}{order}"
    return None


def _expect(draft: Draft, dated: bool) -> None:
    if draft.rows == 0:
        draft.expected_reason = "the source was empty: state min once it is not"
    elif dated:
        draft.expected_rows = ExpectedRows(1, None)
        draft.expected_reason = f"{draft.rows:,} rows in the files that were read; an interval has a file of its own"
    elif not draft.is_whole:
        draft.expected_reason = f"only the first {draft.rows:,} rows were read" + (
            f", of some {draft.table.rows:,}" if draft.table.rows else ""
        )
    elif draft.watermark:
        draft.expected_rows = ExpectedRows(None, _rounded(draft.rows * _MOST))
        draft.expected_reason = f"{draft.rows:,} rows today, the first load reads them all; max {_MOST} times that, and an increment may be empty"
    else:
        draft.expected_rows = ExpectedRows(_rounded(draft.rows * _FEWEST), max(2, _rounded(draft.rows * _MOST)))
        draft.expected_reason = (
            f"{draft.rows:,} rows today; min {_FEWEST} times that holds the load, max {_MOST} times that warns"
        )


def _rounded(rows: float) -> int:
    """Two digits are enough for a guess."""
    whole = int(rows)
    unit: int = 10 ** max(0, len(str(whole)) - 2)
    return max(1, whole - whole % unit)
