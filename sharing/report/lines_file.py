"""Every line with its verdict as CSV, for those who open it in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import duckdb

from contracts.catalogue import City
from contracts.quoting import ident, literal
from sharing.formulas import defused
from sharing.reasons import reason
from sharing.report.computed import Computation, rows_sql
from warehouse.lake import LAKE

_BATCH = 5000
_VERDICT = (
    "line_id", "request_id", "requester", "provider", "resource", "valid", "exclusion", "due", "declared", "holds", "on_time", "used",
    "paused", "answer_due", "provide_due", "delivered_at", "first_held_at", "fields_asked", "fields_held", "snapshot_id", "run_id", "hash",
)  # fmt: skip
COLUMNS = (
    *_VERDICT[:5], "requester_name", "provider_name", "resource_label", *_VERDICT[5:13], *_VERDICT[13:19],
    "reasons", "reasons_zh", "reasons_en", "owners", "change", *_VERDICT[19:],
)  # fmt: skip


def lines_csv(connection: duckdb.DuckDBPyConnection, city: City, found: Computation) -> Iterator[str]:
    """The file piece by piece, by line id; `owners` stands beside `reasons`, one for each. Times are the city's. A cell that a spreadsheet would
    compute begins with an apostrophe."""
    bureau, zone = city.bureau, city.timezone
    yield "\ufeff" + _row(COLUMNS)  # the mark by which spreadsheets know UTF-8
    changes = ident(LAKE, "sharing", "mart_changes")
    at = f"TIMESTAMPTZ {literal(found.as_of.isoformat())}"
    cursor = connection.cursor()
    cursor.execute(
        f"SELECT {', '.join(_VERDICT)}, reasons, change FROM ({rows_sql('verdicts', found.as_of)}) AS v "
        f"LEFT JOIN (SELECT line_id, change FROM {changes} WHERE as_of = {at}) AS c USING (line_id) ORDER BY line_id"
    )
    while rows := cursor.fetchmany(_BATCH):
        text = []
        for *values, codes, change in rows:
            told = dict(zip(_VERDICT, values, strict=True))
            for name in ("delivered_at", "first_held_at"):
                told[name] = told[name] and told[name].astimezone(zone).isoformat()
            found_reasons = [reason(code) for code in ([told["exclusion"]] if told["exclusion"] else []) + codes]
            actors = {"requester": told["requester"], "provider": told["provider"], "bureau": bureau}
            told |= {
                "requester_name": _name(city, told["requester"]), "provider_name": _name(city, told["provider"]),
                "resource_label": city.resources[told["resource"]].label if told["resource"] in city.resources else "",
                "reasons": ";".join(r.code for r in found_reasons), "reasons_zh": "；".join(r.zh for r in found_reasons),
                "reasons_en": "; ".join(r.en for r in found_reasons),
                "owners": ";".join(actors.get(r.actor, r.actor) for r in found_reasons), "change": change or "",
            }  # fmt: skip
            text.append(_row([told[name] for name in COLUMNS]))
        yield "".join(text)


def _name(city: City, department: str) -> str:
    return str(city.departments[department].name) if department in city.departments else department


def _row(values: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([defused(value) for value in values])
    return line.getvalue()
