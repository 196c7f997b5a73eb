"""The state of every line as of an instant, as it was known at another: a view of the ledger's events.

A line is requester × resource × purpose. Of what happened by T and was recorded by K – and not retracted by K – the newest entry of a kind says
what holds; probes and reads count by their own time. Nothing else decides a state: there is no table of states that could disagree.
"""

from __future__ import annotations

import re

from contracts.quoting import ident, literal, literals
from sharing.ledger.store import EVENTS

_ANSWERS = {"granted": "consented", "refused": "refused", "not_digitised": "not_digitised"}
_TERMS = ("requester", "provider", "resource", "purpose", "share_type", "basis", "scenario", "way")

# what became of a grant after it was given, over the columns of `lines_sql`
REVOKED = "revoked_at >= answered_at"
SUSPENDED = "suspended_at >= answered_at AND (resumed_at IS NULL OR resumed_at < suspended_at)"


def known_events_sql(as_of: str, known_at: str | None) -> str:
    """SELECT of the events that had occurred by `as_of`, were recorded by `known_at` and are not retracted; instants are ISO 8601 with zone."""
    known = f"recorded_at <= TIMESTAMPTZ {literal(known_at)}" if known_at else "true"
    return f"""
        SELECT * FROM {EVENTS}
        WHERE kind <> 'retracted' AND occurred_at <= TIMESTAMPTZ {literal(as_of)} AND {known}
          AND number NOT IN (SELECT CAST(json_extract(payload, '$.number') AS BIGINT) FROM {EVENTS} WHERE kind = 'retracted' AND {known})"""


def lines_sql(as_of: str, known_at: str | None = None) -> str:
    """SELECT of one row a line submitted by `as_of`; lists are sorted, divisions cut to their prefix (370200 → `3702`, everything → ``)."""
    columns = {
        **{name: _said("submitted", name) for name in _TERMS},
        "fields": _list("submitted", "fields"), "row_scope": _scope("submitted"),
        "backflow": f"coalesce(CAST({_said('submitted', 'backflow')} AS BOOLEAN), false)",
        "duration_months": f"CAST({_said('submitted', 'duration_months')} AS BIGINT)",
        **{name: _at(kind) for name, kind in _TIMES.items()},
        "extension_asked_days": f"CAST({_said('extension_asked', 'days')} AS BIGINT)",
        # papers are told missing once: a second notice, and what follows it, does not stop the clock again
        "supplement_asked_at": _first("returned"), "supplemented_at": _first("supplemented"),
        "extension_days": f"CAST({_said('extension_consented', 'days')} AS BIGINT)",
        "extension_consented_by": _newest("actor", "kind = 'extension_consented'"), "extension_source": _newest("source", "kind = 'extension_consented'"),
        "answered_at": _newest("occurred_at", _ANSWERED),
        # a grant that is widened later is no new answer and no new consent; a refusal that was overruled is no answer
        "first_answered_at": f"{_first_answer()}.occurred_at", "first_answer_recorded_at": f"{_first_answer()}.recorded_at",
        "first_granted_at": _first("granted"),
        "answer": f"CASE {_newest('kind', _ANSWERED)} {' '.join(f'WHEN {literal(k)} THEN {literal(v)}' for k, v in _ANSWERS.items())} END",
        "refusal_ground": _said("refused", "ground"), "refusal_ground_level": _said("refused", "level"),
        "refusal_confirmed_by": _newest("actor", "kind = 'refusal_confirmed'"),
        "granted_fields": _list("granted", "fields"), "granted_rows": _scope("granted"),
        "unmasked_fields": _list("granted", "unmasked"), "granted_purpose": _said("granted", "purpose"),
        "granted_from": f"CAST({_said('granted', 'valid_from')} AS DATE)",
        "granted_to": f"CAST({_said(('granted', 'renewed'), 'valid_to')} AS DATE)",
        "delivered_fields": _list(("delivered", "refreshed"), "fields"), "delivered_rows": _scope(("delivered", "refreshed")),
        "first_delivered_at": "min(CASE source WHEN 'landbridge' THEN greatest(occurred_at, recorded_at) ELSE occurred_at END) FILTER (kind = 'delivered')",
        "delivery_source": _newest("source", "kind = 'delivered'"),
        "last_probe_at": _latest("occurred_at", "probed"), "last_probe_ok": f"CAST({_latest(_path('ok'), 'probed')} AS BOOLEAN)",
        "last_probe_source": _latest("source", "probed"), "last_read_at": _latest("occurred_at", "read"),
        "suspended_by": _newest("actor", "kind = 'suspended'"),
        "withdrawn_by": _newest("actor", "kind = 'withdrawn'"), "ruled_outside_by": _newest("actor", "kind = 'ruled_outside'"),
        "submission_source": _newest("source", "kind = 'submitted'"), "submission_number": _newest("number", "kind = 'submitted'"),
        "answer_source": _newest("source", _ANSWERED), "answer_number": _newest("number", _ANSWERED),
        "delivery_number": _newest("number", _of(("delivered", "refreshed"))),
        "delivery_recorded_at": _newest("recorded_at", "kind = 'delivered'"),
        "marked_source": _newest("source", "kind = 'marked_satisfied'"), "probe_number": _latest("number", "probed"),
        "last_read_source": _latest("source", "read"), "last_number": "max(number)",
        "moved_at": f"max(occurred_at) FILTER (kind NOT IN ({literals(_PASSING)}))",
        "acted_at": "max(occurred_at) FILTER (kind NOT IN ('probed', 'read'))",
        # what this platform itself delivered and disposed of last
        "own_way": _newest(_path("way"), _OWN), "own_snapshot": _newest(f"CAST({_path('snapshot')} AS BIGINT)", _OWN),
        "own_rows": _newest(f"CAST({_path('rows')} AS BIGINT)", _OWN), "own_sha256": _newest(_path("sha256"), _OWN),
        "own_number": _newest("number", _OWN), "own_disposed_number": _newest("number", "kind = 'disposed' AND source = 'landbridge'"),
    }  # fmt: skip
    listed = ",\n               ".join(f"{sql} AS {ident(name)}" for name, sql in columns.items())
    return f"""
        SELECT line_id, {_newest("request_id", "kind = 'submitted'")} AS request_id,
               {listed}
        FROM ({known_events_sql(as_of, known_at)})
        GROUP BY line_id HAVING count(*) FILTER (kind = 'submitted') > 0"""


def corrections_sql(as_of: str, known_at: str | None = None) -> str:
    """SELECT of one row a correction: what is challenged (`rule` or `field`, `keys` digested, as of `asked_snapshot`), what was decided, and with what proof
    it was fixed and closed. `source` is that of the newest entry, `asked_source` that of the challenge."""
    asked, decided, fixed = "correction_asked", "correction_decided", "correction_fixed"
    columns = {
        "asked_at": _at(asked), "asked_by": _newest("actor", "kind = 'correction_asked'"), "decided_at": _at(decided),
        "decided_by": _newest("actor", "kind = 'correction_decided'"), "upheld": f"CAST({_said(decided, 'upheld')} AS BOOLEAN)",
        "fixed_at": _at(fixed), "fixed_snapshot": f"CAST({_said(fixed, 'snapshot')} AS BIGINT)", "fixed_run": _said(fixed, "run_id"),
        "corrected_rows": f"CAST({_said(fixed, 'corrected')} AS BIGINT)", "gone_rows": f"CAST({_said(fixed, 'gone')} AS BIGINT)",
        "closed_at": _at("correction_closed"), "closed_snapshot": f"CAST({_said('correction_closed', 'snapshot')} AS BIGINT)",
        "source": _newest("source", "true"), "asked_source": _newest("source", "kind = 'correction_asked'"),
        "rule": _said(asked, "rule"), "field": _said(asked, "field"), "keys": _list(asked, "keys"),
        "asked_reason": _said(asked, "reason"), "decided_reason": _said(decided, "reason"),
        "asked_snapshot": f"CAST({_said(asked, 'snapshot')} AS BIGINT)", "asked_run": _said(asked, "run_id"),
    }  # fmt: skip
    listed = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    return f"""
        SELECT line_id, {_path("correction_id")} AS correction_id, {_newest("request_id", "true")} AS request_id, {listed}
        FROM ({known_events_sql(as_of, known_at)}) WHERE kind LIKE 'correction!_%' ESCAPE '!'
        GROUP BY line_id, {_path("correction_id")} HAVING count(*) FILTER (kind = 'correction_asked') > 0"""


def list_sql(text: str) -> str:
    """SQL of a sorted list without repetitions, from a JSON list or names parted by `;`, `,`, `、` or blanks."""
    parted = f"regexp_split_to_array({text}, '[;,、；，\\s]+')"
    listed = f"coalesce(TRY(CAST(CAST({text} AS JSON) AS VARCHAR[])), {parted})"
    return f"list_sort(list_distinct(list_filter(list_transform({listed}, x -> trim(x)), x -> x <> '')))"


def prefix_sql(text: str) -> str:
    """SQL of a division as the beginning of the codes below it: 370200 and 3702 are `3702`, nothing is everything."""
    sql = f"trim(coalesce({text}, ''))"
    for whole in _WHOLE:
        sql = f"regexp_replace({sql}, {literal(whole)}, '\\1')"
    return sql


def prefix(code: str) -> str:
    """What `prefix_sql` makes of a division's code."""
    code = code.strip()
    for whole in _WHOLE:
        code = re.sub(whole, r"\1", code)
    return code


# what a code of GB/T 2260, or of twelve digits, ends in where it names a whole town, county, city or province
_WHOLE = ("^([0-9]{9})000$", "^([0-9]{6})000$", "^(.*?)(00)+$")


# what happens to data that is already shared moves no line: it may come at any time, the night's own acts above all
_PASSING = (
    "probed", "read", "refreshed", "marked_satisfied", "correction_asked", "correction_decided", "correction_fixed", "correction_closed",
)  # fmt: skip
_OWN = "kind IN ('delivered', 'refreshed') AND source = 'landbridge'"
_ANSWERED = f"kind IN ({', '.join(map(literal, _ANSWERS))})"
_TIMES = {
    "submitted_at": "submitted", "received_at": "received",
    "extension_asked_at": "extension_asked", "extension_consented_at": "extension_consented", "extension_declined_at": "extension_declined",
    "refusal_confirmed_at": "refusal_confirmed", "refusal_overruled_at": "refusal_overruled", "suspended_at": "suspended",
    "resumed_at": "resumed", "revoked_at": "revoked", "renewed_at": "renewed", "delivered_at": "delivered", "refreshed_at": "refreshed",
    "marked_satisfied_at": "marked_satisfied", "withdrawn_at": "withdrawn", "ruled_outside_at": "ruled_outside", "disposed_at": "disposed",
}  # fmt: skip


def _newest(column: str, condition: str) -> str:
    """What the newest entry under the condition says, an empty value included."""
    return f"arg_max_null({column}, number) FILTER ({condition})"


def _latest(column: str, kind: str) -> str:
    """What the entry of the kind that occurred last says."""
    return f"max_by({{v: {column}}}, (occurred_at, number)) FILTER (kind = {literal(kind)}).v"


def _first(kind: str) -> str:
    """When an entry of the kind occurred first."""
    return f"min(occurred_at) FILTER (kind = {literal(kind)})"


def _first_answer() -> str:
    """The first answer that was not overruled since, as `{occurred_at, recorded_at}`."""
    told = f"list({{occurred_at: occurred_at, recorded_at: recorded_at}}) FILTER ({_ANSWERED})"
    return f"list_min(list_filter({told}, x -> coalesce(x.occurred_at > {_at('refusal_overruled')}, true)))"


def _at(kind: str) -> str:
    return _newest("occurred_at", f"kind = {literal(kind)}")


def _path(name: str) -> str:
    return f"json_extract_string(payload, '$.{name}')"


def _said(kinds: str | tuple[str, ...], name: str) -> str:
    return _newest(_path(name), _of(kinds))


def _list(kinds: str | tuple[str, ...], name: str) -> str:
    told = f"list_sort(CAST(json_extract(payload, '$.{name}') AS VARCHAR[]))"
    return f"coalesce({_newest(told, _of(kinds))}, [])"


def _scope(kinds: str | tuple[str, ...]) -> str:
    return _newest(prefix_sql(_path("row_scope")), _of(kinds))


def _of(kinds: str | tuple[str, ...]) -> str:
    return f"kind IN ({', '.join(map(literal, [kinds] if isinstance(kinds, str) else kinds))})"
