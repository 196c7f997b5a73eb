"""What `landbridge rate` prints: the rates, why lines do not hold, one line's chain, and a change with its arithmetic."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime
from fractions import Fraction
from typing import Any

import duckdb

from cli.terminal import console, percent, table
from pipeline.workplace import Workplace
from sharing.explained import Condition, Explanation
from sharing.ledger.events import KINDS
from sharing.rate_change import MOVES, Change, Move
from sharing.reasons import reason

# what `--by` may say → the scopes of `sharing.rates` it shows
SCOPES = {
    "department": ("city", "provider", "requester"),
    "resource": ("city", "resource"),
    "period": ("city", "period"),
}

# evidence → what a reader calls it
_WORDS = {
    "granted_from": "授权起 from", "granted_to": "授权止 to", "answered_at": "答复 answered", "row_scope": "行范围 rows of division",
    "interval_end": "数据截至 data until", "fresh_from": "不得早于 not older than", "quarantine_share": "问题数据占比 rows in quarantine",
    "quarantine_limit": "上限 allowed", "rules": "规则 rules", "rules_failed": "未通过 broken by some row", "delivered_at": "交付 delivered",
    "last_probe_at": "最近试读 last probe", "probe_from": "不得早于 not older than", "correction_due": "校核期限 correction due",
}  # fmt: skip
_SHARES = ("quarantine_share", "quarantine_limit")


def print_rates(
    connection: duckdb.DuckDBPyConnection, place: Workplace, instant: datetime, rates: str, condition: str, note: str, by: str = "department"
) -> None:  # fmt: skip
    """Print the city's rates and those of each department, resource or period from a relation of rates."""
    scopes = ", ".join(f"'{scope}'" for scope in SCOPES[by])
    rows = connection.execute(
        f"""SELECT scope, department, n, due, pending, declared, verified, on_time, field_weighted, used, verified_lower, verified_upper, known_at
        FROM {rates} WHERE as_of = ? AND ({condition}) AND scope IN ({scopes})
        ORDER BY scope, CASE WHEN scope = 'period' THEN 0 ELSE -n END, department""",
        [instant],
    ).fetchall()
    known = rows[0][-1] if rows else None
    told = [note] if note else []
    if known is not None:
        told.append(f"known at {_minute(place, known)}")
    console.print(
        f"[bold]共享需求满足率 satisfaction rate as of {_minute(place, instant)}[/] "
        + (f"({', '.join(told)})" if told else "")
    )
    made = table(
        "scope", by, "#n", "#due", "#pending", "#declared", "#verified", "#on-time", "#by fields", "#used", "#if pending fail–hold"
    )  # fmt: skip
    idle: dict[str, list[str]] = defaultdict(list)
    for scope, name, n, due, pending, *figures, low, high, _ in rows:
        if not n and scope != "city":
            idle[scope].append(_name(place, name))
            continue
        shown = [percent(v) for v in figures] if n else ["无申请 no requests", *[""] * (len(figures) - 1)]
        made.add_row(
            scope, _name(place, name), f"{n:,}", f"{due:,}", f"{pending:,}", *shown, f"{percent(low)} – {percent(high)}"
        )
    console.print(made)
    for scope, names in idle.items():
        console.print(f"无申请 no requests, hence no rate, by {scope}: {', '.join(names)}", style="dim", markup=False)


def print_reasons(
    connection: duckdb.DuckDBPyConnection, instant: datetime, most: int = 12, verdicts: str = "sharing.verdicts"
) -> None:
    """Print why lines that are due do not hold, most frequent first, and who must act."""
    rows = connection.execute(
        f"""SELECT r, count(*), count(DISTINCT provider) FROM (SELECT unnest(reasons) AS r, provider FROM {verdicts}
        WHERE as_of = ? AND valid AND due AND NOT holds) GROUP BY r ORDER BY 2 DESC, 1""",
        [instant],
    ).fetchall()
    if not rows:
        return
    made = table("why lines that are due do not hold", "#lines", "#providers", "who acts")
    for code, lines, providers in rows[:most]:
        made.add_row(str(reason(code)), f"{lines:,}", str(providers), reason(code).actor)
    console.print(made)
    if len(rows) > most:
        console.print(f"and {len(rows) - most} more reasons: landbridge sql, sharing.verdicts", style="dim")


def print_explanation(place: Workplace, e: Explanation) -> None:
    """Print one verdict's chain: what was asked → what happened → the clock → each condition with its evidence → what the verdict is fixed by."""

    def say(text: str, **style: Any) -> None:
        console.print(text, markup=False, soft_wrap=True, **style)

    say(f"{e.line_id}（申请 request {e.request_id}）", style="bold")
    say(f"  {_name(place, e.requester)} ← {_name(place, e.provider)}: {e.resource}")
    said = [entry for entry in e.events if entry.kind == "submitted" and entry.number not in e.retracted]
    asked: dict[str, Any] = json.loads(said[-1].payload) if said else {}
    if asked:
        rows = asked.get("row_scope") or "all rows"
        say(
            f"  数据项 fields: {', '.join(asked['fields']) or 'none'}; 行 rows: {rows}; 用途 purpose: {asked['purpose']}"
        )
    known = f", known at {_minute(place, e.known_at)}" if e.known_at else ""
    say(f"  as of {_minute(place, e.as_of)}{known}")
    say(f"  {_verdict(e)}", style="green" if e.holds else "red" if e.due else "yellow")
    for found, actor in e.reasons:
        say(f"    {found} → {_who(place, actor)}")
    _print_events(place, e)
    say(f"  期限 clock: {_clock(place, e)}")
    for condition in e.conditions:
        mark = "✓" if condition.met else "✗" if condition.judged else "–"
        say(f"  {mark} {condition.number} {condition.zh} {condition.en} [{condition.basis}]")
        for told in _evidence(place, condition):
            say(f"      {told}", style="" if condition.reasons else "dim")
    if e.snapshot_id is not None:
        say(
            f"  data as judged: {e.resource} AT (VERSION => {e.snapshot_id}), of run {e.run_id} under contract version {e.contract_version or '–'}"
        )
    if e.ledger_number is not None:
        say(f"  ledger up to entry {e.ledger_number}, {(e.ledger_hash or '')[:16]}…: landbridge audit verify")
    say(f"  verdict {e.hash}\n")


def print_change(place: Workplace, instants: tuple[datetime, datetime], found: Change, most: int) -> None:
    """Print two rates, their difference by cause and owner, and the lines that moved; the points of either add up to the difference."""
    for instant, rate, holding, due in zip(
        instants, (found.before, found.after), found.holding, found.due, strict=True
    ):
        shown = percent(None if rate is None else float(rate))
        console.print(f"{_minute(place, instant)}  核验率 verified {shown} = {holding:,} ÷ {due:,}")
    groups: dict[tuple[str, str, str], list[Move]] = defaultdict(list)
    for move in found.moves:
        groups[move.move, move.provider, _why(place, move)].append(move)
    by_cause = table("#points", "#lines", "move", "provider", "cause → who acts")
    for (name, provider, why), moves in sorted(groups.items(), key=lambda group: (-abs(_sum(group[1])), group[0])):
        by_cause.add_row(_points(_sum(moves)), f"{len(moves):,}", " ".join(MOVES[name]), _name(place, provider), why)
    if found.moves:
        console.print(by_cause)
    if found.change is not None:
        counts = Counter(move.move for move in found.moves)
        parts = [
            f"{_points(_sum([m for m in found.moves if m.move == name]))} ({n:,} {MOVES[name][1]})"
            for name, n in sorted(counts.items())
        ]
        console.print(f"Δ = {_points(found.change)} points = {' '.join(parts) or '0'}", markup=False)
    if not found.moves:
        return
    lines = table("line", "request of", "resource", "#points", "move")
    for move in found.moves[: most or None]:
        lines.add_row(
            move.line_id, _name(place, move.requester), move.resource, _points(move.share), MOVES[move.move][1]
        )
    console.print(lines)
    if most and len(found.moves) > most:
        console.print(f"and {len(found.moves) - most} more lines: --lines 0", style="dim")


def _print_events(place: Workplace, e: Explanation) -> None:
    if not e.events:
        return
    made = table("  #entry", "event", "occurred", "recorded", "by", "source")
    for entry in e.events:
        kind = KINDS[entry.kind]
        gone = "（已更正 retracted）" if entry.number in e.retracted else ""
        times = (_minute(place, at) for at in (entry.occurred_at, entry.recorded_at))
        made.add_row(f"  {entry.number}", f"{kind.zh} {entry.kind}{gone}", *times, entry.actor, entry.source)
    console.print(made)


def _verdict(e: Explanation) -> str:
    if not e.valid:
        return "不计入 not counted"
    due = "到期 due" if e.due else "未到期 pending" + ("，计时暂停 clock paused" if e.paused else "")
    holds = "满足 holds" if e.holds else "不满足 does not hold"
    declared = "申报满足 declared satisfied" if e.declared else "未申报满足 not declared satisfied"
    on_time = ["按期 on time" if e.on_time else "未按期 not on time"] if e.due else []
    return "; ".join([due, holds, *on_time, declared])


def _clock(place: Workplace, e: Explanation) -> str:
    told = [
        f"{name} {e.evidence[key]}"
        for name, key in (("答复 answered", "answered_at"), ("交付 delivered", "delivered_at"))
        if e.evidence.get(key)
    ]
    told = [_local(place, text) for text in told]
    answer = f"答复期限 answer due {e.answer_due or '– (paused)'}"
    data = f"提供期限 data due {e.provide_due or '– (paused)'}"
    held = f"首次满足 first held {_minute(place, e.first_held_at)}" if e.first_held_at else "从未满足 never held"
    return "; ".join([answer, *told[:1], data, *told[1:], held])


def _evidence(place: Workplace, condition: Condition) -> list[str]:
    """A condition's evidence in a line, and a line more for each field."""
    told = []
    for name, value in condition.evidence.items():
        if name == "fields":
            told += [_field(field) for field in value or []]
        elif value not in (None, ""):
            told.append(f"{_WORDS[name]} {percent(value) if name in _SHARES else _local(place, str(value))}")
    return told if "fields" in condition.evidence else ["; ".join(told)] if told else []


def _field(field: dict[str, Any]) -> str:
    """`name`, whether it is in the contract, granted and in the lake, and how far it is filled."""
    lacks = [word for key, word in (("in_contract", "不在契约 not in the contract"), ("granted", "未授权 not granted"), ("in_lake", "不在湖中 not in the lake")) if not field[key]]  # fmt: skip
    filled = (
        ""
        if field["rows"] is None
        else f"{field['filled']:,} of {field['rows']:,} rows filled, {field['needed']:.0%} needed"
    )
    return f"{field['name']}: {'; '.join(filter(None, [*lacks, filled]))}"


def _why(place: Workplace, move: Move) -> str:
    if move.causes:
        return "; ".join(f"{cause} → {_who(place, actor)}" for cause, actor in move.causes)
    return "; ".join(f"已解决 settled: {cause}" for cause, _ in move.settled)


def _who(place: Workplace, actor: str) -> str:
    """Who must act; the bureau by its own name."""
    if actor == "bureau" and place.city.bureau in place.city.departments:
        return f"{_name(place, place.city.bureau)} (bureau)"
    return _name(place, actor)


def _name(place: Workplace, id: str) -> str:
    return str(place.city.departments[id].name) if id in place.city.departments else id


def _minute(place: Workplace, instant: datetime) -> str:
    return f"{instant.astimezone(place.city.timezone):%Y-%m-%d %H:%M}"


def _local(place: Workplace, text: str) -> str:
    """A text with its instant, if it ends with one in UTC, as the city's time."""
    before, _, last = text.rpartition(" ")
    if not last.endswith("Z"):
        return text
    return f"{before} {_minute(place, datetime.fromisoformat(last))}".strip()


def _sum(moves: list[Move]) -> Fraction:
    return sum((move.share for move in moves), Fraction(0))


def _points(share: Fraction) -> str:
    return f"{float(share) * 100:+.2f}"
