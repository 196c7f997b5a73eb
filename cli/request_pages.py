"""How requests are printed: a line with all that is known of it, a list by urgency, and what a command has done."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from cli.terminal import console, errors, table
from contracts.catalogue import City
from contracts.errors import ConfigurationError
from sharing.ledger.chain import Entry
from sharing.ledger.store import entries
from sharing.ledger.words import in_words, shown
from sharing.requests.deadlines import ENDS, duties
from sharing.requests.desk import Desk
from sharing.requests.moves import by_department, possible
from sharing.requests.states import ENDED, STATES, Standing, standings

# an act told so much later than it happened is said to be late
_LATE = timedelta(days=1)
_FAR = 10**6

Clocks = dict[str, list[dict[str, Any]]]


def print_done(desk: Desk, ids: Iterable[str]) -> None:
    """How the lines stand after a command, their clocks, and who may do what next."""
    lines, clocks = standings(desk.connection, desk.city, desk.recorded_at, list(ids)), _clocks(desk)
    for line in lines:
        _say(f"{line.line_id}  {STATES[line.state]}")
        for duty in clocks.get(line.line_id, ()):
            if duty["is_open"] or duty["extension"] == "too_late":
                _say(f"   {_clock(duty)}")
        _say(f"   可办 next  {_next(desk.city, line)}", style="dim")


def print_lines(desk: Desk, of: str) -> None:
    """Each line of a request: what is asked, how it stands, its clocks, what happened, what is possible."""
    clocks = _clocks(desk)
    for n, line in enumerate(desk.lines(of, as_of=desk.recorded_at)):
        if n:
            console.print()
        _say(f"{line.line_id}  {STATES[line.state]}", style="bold")
        for name, value in _facts(desk.city, line).items():
            _say(f"   {name}  {value}")
        for duty in clocks.get(line.line_id, ()):
            _say(f"   时限 {_clock(duty)}")
        _say("   经过 what happened", style="bold")
        for entry in entries(desk.connection, "line_id = ?", [line.line_id]):
            for text in _told(desk.city, entry):
                _say(f"     {text}")
        _say("   可办 possible now", style="bold")
        found = possible(line, desk.city.bureau)
        for move, who in found:
            needs = f"（{move.needs}）" if move.needs else ""
            actor = "" if move.elsewhere else f" --as {'|'.join(who)}"
            _say(f"     {move.command} {line.line_id}{actor}  {move.zh} {move.en}{needs}")
        if not found:
            _say("     无 nothing: submit a new request")


def print_list(
    desk: Desk, department: str | None, role: str | None, state: str | None, *, every: bool, most: int
) -> None:
    """Lines under the conditions, those with the fewest working days left first."""
    urgent: dict[str, dict[str, Any]] = {}
    for id, found in _clocks(desk).items():
        if running := [duty for duty in found if duty["is_open"]]:
            urgent[id] = min(running, key=_urgency)
    lines = [
        line
        for line in standings(desk.connection, desk.city, desk.recorded_at, as_of=desk.recorded_at)
        if _is_wanted(line, department, role, state, every)
    ]
    lines.sort(key=lambda line: (_urgency(urgent.get(line.line_id)), line.submitted_at, line.line_id))
    listed = table("line", "requester", "provider", "resource", "state", "due", "#days left")
    for line in lines[:most]:
        duty = urgent.get(line.line_id)
        listed.add_row(
            line.line_id, line.requester, line.provider, line.resource, STATES[line.state],
            f"{_DUTIES.get(duty['duty'], '答复 answer')} {duty['due_day'] or ''}" if duty else "",
            "暂停 paused" if duty and duty["paused"] else str(duty["days_left"]) if duty else "",
        )  # fmt: skip
    console.print(listed)
    if len(lines) > most:
        _say(f"另有 and {len(lines) - most:,} more: --most {len(lines)}")


def _clocks(desk: Desk) -> Clocks:
    """Line → its duties; without calendar or policy there is none, which is said."""
    try:
        found = duties(desk.connection, desk.city, desk.recorded_at)
    except ConfigurationError as error:
        errors.print(f"时限未知 no deadlines: {error}", markup=False, soft_wrap=True)
        return {}
    clocks: Clocks = {}
    for duty in found.table.to_pylist():
        clocks.setdefault(duty["line_id"], []).append(duty)
    return clocks


_DUTIES = {"provide": "提供 provide", "correction": "校核 correct"}


def _clock(duty: dict[str, Any]) -> str:
    what = _DUTIES.get(duty["duty"], "答复 answer")
    if duty["paused"]:
        return f"{what}: 暂停 the clock stands since {duty['paused_since']}, for the papers"
    late = f"，逾期 {duty['days_late']} working days late" if duty["days_late"] else ""
    if not duty["is_open"]:
        how = f"{ENDS[duty['ended_by']]} {duty['ended_day']}{late}"
    else:
        how = late.lstrip("，") or f"剩余 {duty['days_left']} working days left"
    more = "；延期同意过晚 consented too late: the extension does not count" if duty["extension"] == "too_late" else ""
    return f"{what}: {duty['due_day']} 到期 due，{how}{more}"


def _urgency(duty: dict[str, Any] | None) -> int:
    return _FAR if duty is None else _FAR - 1 if duty["days_left"] is None else int(duty["days_left"])


def _is_wanted(line: Standing, department: str | None, role: str | None, state: str | None, every: bool) -> bool:
    parts = {"requester": line.requester, "provider": line.provider}
    mine = department is None or department in ([parts[role]] if role else parts.values())
    return mine and (line.state == state if state else every or line.state not in ENDED)


def _facts(city: City, line: Standing) -> dict[str, str]:
    catalogued = line.resource in city.resources or line.resource in city.broken
    months = f"{line.duration_months} months" if line.duration_months else ""
    facts = {
        "需求部门 requester": _name(city, line.requester),
        "提供部门 provider ": _name(city, line.provider),
        "数据资源 resource ": line.resource + ("" if catalogued else "（目录外 in no catalogue）"),
        "数据项   fields   ": ", ".join(line.fields),
        "范围     rows     ": (line.row_scope or "全部 all") + ("（回流 backflow）" if line.backflow else ""),
        "依据     basis    ": shown("basis", line.basis or ""),
        "场景     scenario ": shown("scenario", line.scenario or ""),
        "用途     purpose  ": "" if line.purpose == line.scenario else shown("purpose", line.purpose),
        "方式期限 way, time": ", ".join(filter(None, (line.way, months))),
    }
    if line.granted_to is not None:
        unmasked = f"；不脱敏 unmasked: {', '.join(line.unmasked_fields)}" if line.unmasked_fields else ""
        rows = line.granted_rows or "全部行 all rows"
        facts["授权     grant    "] = (
            f"{', '.join(line.granted_fields)}；{rows}；{line.granted_from} – {line.granted_to}{unmasked}"
        )
    return {name: value for name, value in facts.items() if value}


def _told(city: City, entry: Entry) -> list[str]:
    """An entry in words, without what stands above already; that it was told late is said."""
    first, *more = in_words(entry, city.timezone, _name(city, entry.actor))
    if entry.source == "register":
        first += "，来自登记簿 from the register"
    elif entry.recorded_at - entry.occurred_at > _LATE:
        first += f"，补录 recorded late: {entry.recorded_at.astimezone(city.timezone):%Y-%m-%d %H:%M}"
    content = more[:-1]
    if entry.kind == "submitted":
        approved = json.loads(entry.payload).get("approved_by")
        content = [f"approved_by: {approved}"] if approved else []
    return [first, *(f"   {text}" for text in content)]


def _next(city: City, line: Standing) -> str:
    by = by_department(line, city.bureau)
    return "; ".join(f"{id}: {', '.join(names)}" for id, names in by.items()) or "无 nothing"


def _name(city: City, id: str) -> str:
    return f"{city.departments[id].name} ({id})" if id in city.departments else id


def _say(text: str, style: str | None = None) -> None:
    console.print(text, markup=False, soft_wrap=True, style=style)
