"""Who kept a limit and who did not: the duties that came late, closed or still open – what the liability of the law rests on."""

from __future__ import annotations

from datetime import date

from contracts.quoting import literal, literals
from sharing.requests.deadlines import DONE, DUTIES

LATE = {
    "answer_unconditional": "逾期答复 late answer", "answer_conditional": "逾期答复 late answer", "provide": "逾期提供 late supply",
    "correction": "逾期校核 late correction",
}  # fmt: skip
"""Duty → what it is called when it comes late."""


def late_sql(first: date | None = None, last: date | None = None, department: str | None = None) -> str:
    """SELECT of the duties due from `first` to `last`, both included, that came late or are overdue, the longest first.

    A duty counts in the period in which its limit passed, whenever it was done in the end. An answer whose date is in time, but which was recorded
    after its due day, stands here too, with no day late: the date is the department's own word.
    """
    return f"SELECT * FROM {DUTIES} WHERE (days_late > 0 OR recorded_late IS NOT NULL) AND {_chosen(first, last, department)} ORDER BY days_late DESC, due_day, line_id, duty, correction_id"


def kept_sql(first: date | None = None, last: date | None = None, department: str | None = None) -> str:
    """SELECT of one row a department and kind of duty: `owner, kind, duties, late, still_open, longest` – of the duties due in the period;
    `kind` is `answer`, `provide` or `correction`.

    Not counted are duties that are not due yet, whose clock stands, or that somebody else ended before they were due.
    """
    return f"""
        SELECT owner, split_part(duty, '_', 1) AS kind, count(*) AS duties, count(*) FILTER (days_late > 0) AS late,
               count(*) FILTER (days_late > 0 AND is_open) AS still_open, max(days_late) AS longest
        FROM {DUTIES} WHERE (days_late > 0 OR ended_by IN ({literals(DONE)})) AND due_day IS NOT NULL AND {_chosen(first, last, department)}
        GROUP BY ALL ORDER BY late DESC, owner, kind"""


def _chosen(first: date | None, last: date | None, department: str | None) -> str:
    conditions = [f"due_day >= DATE {literal(first.isoformat())}"] if first else []
    conditions += [f"due_day <= DATE {literal(last.isoformat())}"] if last else []
    conditions += [f"owner = {literal(department)}"] if department else []
    return " AND ".join(conditions) or "true"
