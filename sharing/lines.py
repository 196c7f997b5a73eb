"""The state of every line as of an instant, as it was known at another: a view of the ledger's events.

A line is requester × resource × purpose. Of what happened by T and was recorded by K – and not retracted by K – the newest entry of a kind says
what holds; probes and reads count by their own time. Nothing else decides a state: there is no table of states that could disagree.
"""

from __future__ import annotations

from contracts.quoting import ident, literal
from sharing.ledger.store import EVENTS
from sharing.register import prefix_sql

_ANSWERS = {"granted": "consented", "refused": "refused", "not_digitised": "not_digitised"}
_TERMS = ("requester", "provider", "resource", "purpose", "share_type", "basis", "scenario", "way")


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
        "duration_months": f"CAST({_said('submitted', 'duration_months')} AS BIGINT)",
        **{name: _at(kind) for name, kind in _TIMES.items()},
        "extension_days": f"CAST({_said('extension_consented', 'days')} AS BIGINT)",
        "answered_at": _newest("occurred_at", _ANSWERED),
        "answer": f"CASE {_newest('kind', _ANSWERED)} {' '.join(f'WHEN {literal(k)} THEN {literal(v)}' for k, v in _ANSWERS.items())} END",
        "refusal_ground": _said("refused", "ground"), "refusal_ground_level": _said("refused", "level"),
        "refusal_confirmed_by": _newest("actor", "kind = 'refusal_confirmed'"),
        "granted_fields": _list("granted", "fields"), "granted_rows": _scope("granted"),
        "unmasked_fields": _list("granted", "unmasked"), "granted_purpose": _said("granted", "purpose"),
        "granted_from": f"CAST({_said('granted', 'valid_from')} AS DATE)",
        "granted_to": f"CAST({_said(('granted', 'renewed'), 'valid_to')} AS DATE)",
        "delivered_fields": _list(("delivered", "refreshed"), "fields"), "delivered_rows": _scope(("delivered", "refreshed")),
        "delivery_source": _newest("source", "kind = 'delivered'"),
        "last_probe_at": _latest("occurred_at", "probed"), "last_probe_ok": f"CAST({_latest(_path('ok'), 'probed')} AS BOOLEAN)",
        "last_probe_source": _latest("source", "probed"), "last_read_at": _latest("occurred_at", "read"),
        "withdrawn_by": _newest("actor", "kind = 'withdrawn'"), "ruled_outside_by": _newest("actor", "kind = 'ruled_outside'"),
        "last_number": "max(number)",
    }  # fmt: skip
    listed = ",\n               ".join(f"{sql} AS {ident(name)}" for name, sql in columns.items())
    return f"""
        SELECT line_id, {_newest("request_id", "kind = 'submitted'")} AS request_id,
               {listed}
        FROM ({known_events_sql(as_of, known_at)})
        GROUP BY line_id HAVING count(*) FILTER (kind = 'submitted') > 0"""


def corrections_sql(as_of: str, known_at: str | None = None) -> str:
    """SELECT of one row a correction: `line_id, correction_id, asked_at, asked_by, decided_at, upheld, fixed_at, fixed_snapshot, closed_at, rule, keys`."""
    return f"""
        SELECT line_id, {_path("correction_id")} AS correction_id, {_at("correction_asked")} AS asked_at,
               {_newest("actor", "kind = 'correction_asked'")} AS asked_by, {_at("correction_decided")} AS decided_at,
               CAST({_said("correction_decided", "upheld")} AS BOOLEAN) AS upheld, {_at("correction_fixed")} AS fixed_at,
               CAST({_said("correction_fixed", "snapshot")} AS BIGINT) AS fixed_snapshot, {_at("correction_closed")} AS closed_at,
               {_said("correction_asked", "rule")} AS rule, {_list("correction_asked", "keys")} AS keys
        FROM ({known_events_sql(as_of, known_at)}) WHERE kind LIKE 'correction!_%' ESCAPE '!'
        GROUP BY ALL HAVING count(*) FILTER (kind = 'correction_asked') > 0"""


_ANSWERED = f"kind IN ({', '.join(map(literal, _ANSWERS))})"
_TIMES = {
    "submitted_at": "submitted", "received_at": "received", "supplement_asked_at": "returned", "supplemented_at": "supplemented",
    "extension_asked_at": "extension_asked", "extension_consented_at": "extension_consented", "extension_declined_at": "extension_declined",
    "refusal_confirmed_at": "refusal_confirmed", "refusal_overruled_at": "refusal_overruled", "suspended_at": "suspended",
    "resumed_at": "resumed", "revoked_at": "revoked", "renewed_at": "renewed", "delivered_at": "delivered", "refreshed_at": "refreshed",
    "marked_satisfied_at": "marked_satisfied", "withdrawn_at": "withdrawn", "ruled_outside_at": "ruled_outside", "disposed_at": "disposed",
}  # fmt: skip


def _newest(column: str, condition: str) -> str:
    """What the newest entry under the condition says, an empty value included."""
    return f"max_by({{v: {column}}}, number) FILTER ({condition}).v"


def _latest(column: str, kind: str) -> str:
    """What the entry of the kind that occurred last says."""
    return f"max_by({{v: {column}}}, (occurred_at, number)) FILTER (kind = {literal(kind)}).v"


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
