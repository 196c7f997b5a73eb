"""What is granted, checked against what was asked for, the contract and the law: all or some of it, never more, and later never less."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import Any

from contracts.mistakes import did_you_mean
from contracts.model import Resource
from sharing.lines import prefix
from sharing.requests.asked import Asked, Said
from sharing.requests.moves import IN_FORCE
from sharing.requests.states import Standing


def granted(asked: Asked) -> dict[str, Any]:
    """A grant: of the fields, rows and period asked for all or some, never more. A line that is granted already may only be given more.

    Sensitive fields need an impact assessment (PIPL art. 55–56); backflow is given whole (art. 24).
    """
    line, said = asked.line, asked.said
    if line.resource not in asked.city.resources and line.resource not in asked.city.broken:
        raise asked.fault(
            "no department's catalogue has what it asks for", "catalogue it under this name first, or answer otherwise"
        )
    resource = asked.city.resource(line.resource)
    fields = sorted(set(said.get("fields") or line.fields))
    rows = prefix(said["rows"]) if said.get("rows") is not None else line.row_scope
    unmasked = sorted(set(said.get("unmasked") or ()))
    _check_fields(asked, resource, fields, unmasked)
    if not rows.startswith(line.row_scope):
        raise asked.fault(f"rows of {rows or 'everywhere'} were not asked for", f"rows within {line.row_scope}")
    begins, ends = _period(asked)
    payload: dict[str, Any] = {
        "fields": fields,
        "row_scope": rows,
        "valid_from": begins.isoformat(),
        "valid_to": ends.isoformat(),
    }
    if line.backflow and (set(fields) != set(line.fields) or rows != line.row_scope):
        raise asked.fault(
            "a lower area's own data flows back whole, without further conditions (art. 24)",
            "grant all that is asked for",
        )
    if line.state in IN_FORCE:
        _check_wider(asked, payload, unmasked)
    sensitive = [f.name for f in resource.fields if f.name in fields and f.classification == "sensitive"]
    assessment, purpose = asked.told("impact_assessment"), asked.told("purpose")
    if sensitive and not assessment:
        raise asked.fault(
            f"sensitive fields need an impact assessment (PIPL art. 55–56): {', '.join(sensitive)}",
            "--impact-assessment with the report's number, or grant --field without them",
        )
    if line.state in IN_FORCE and not purpose and _same_as_granted(line, payload, unmasked):
        raise asked.fault("all of this is granted already", "nothing to do; a longer time is given by renew")
    extras = {"unmasked": unmasked, "impact_assessment": assessment, "purpose": purpose}
    return payload | {name: value for name, value in extras.items() if value}


def _same_as_granted(line: Standing, payload: Said, unmasked: list[str]) -> bool:
    stands = (
        list(line.granted_fields), line.granted_rows or "", list(line.unmasked_fields), str(line.granted_from), str(line.granted_to),
    )  # fmt: skip
    return stands == (payload["fields"], payload["row_scope"], unmasked, payload["valid_from"], payload["valid_to"])


def _check_fields(asked: Asked, resource: Resource, fields: list[str], unmasked: list[str]) -> None:
    known = [f.name for f in resource.fields]
    for name in fields:
        if name not in asked.line.fields:
            raise asked.fault(f"field {name!r} was not asked for", did_you_mean(name, asked.line.fields))
        if name not in known:
            held = [n for n in asked.line.fields if n in known]
            raise asked.fault(
                f"{resource.id} has no field {name!r}",
                f"grant what there is: {' '.join(f'--field {n}' for n in held)}" if held else "",
            )
    if not fields:
        raise asked.fault("the grant names no field", "grant at least one, or refuse")
    for name in unmasked:
        if name not in fields:
            raise asked.fault(f"unmasked field {name!r} is not granted", did_you_mean(name, fields))


def _period(asked: Asked) -> tuple[date, date]:
    """First and last day: from today for as long as was asked, unless it is said otherwise – but never longer."""
    line, said = asked.line, asked.said
    widened = line.state in IN_FORCE
    begins = said.get("valid_from") or (line.granted_from if widened else None) or asked.day
    longest = months_later(begins, line.duration_months) - timedelta(days=1) if line.duration_months else None
    ends = said.get("valid_to") or (line.granted_to if widened else None) or longest
    if begins < asked.day and not widened:
        raise asked.fault(f"the grant would begin on {begins}, before it is given", "a later --valid-from, or none")
    if ends is None:
        raise asked.fault("the request names no duration", "--valid-to with the grant's last day")
    if ends < max(begins, asked.day):
        raise asked.fault(
            f"the grant would end on {ends}, before it begins" if ends < begins else f"{ends} is over already",
            "a later --valid-to",
        )
    if longest and ends > longest and not (widened and ends == line.granted_to):
        raise asked.fault(
            f"{line.duration_months} months were asked for, which end on {longest}",
            "an earlier --valid-to; renew it later",
        )
    return begins, ends


def _check_wider(asked: Asked, payload: Said, unmasked: list[str]) -> None:
    line = asked.line
    taken = [name for name in line.granted_fields if name not in payload["fields"]]
    taken += [f"{name} unmasked" for name in line.unmasked_fields if name not in unmasked]
    if not (line.granted_rows or "").startswith(payload["row_scope"]):
        taken.append(f"rows outside {payload['row_scope']}")
    if line.granted_to and date.fromisoformat(payload["valid_to"]) < line.granted_to:
        taken.append(f"the days until {line.granted_to}")
    if taken:
        raise asked.fault(
            f"it is granted already, and a running service is not cut by its provider alone (art. 27): {', '.join(taken)}",
            "grant no less than is granted, or revoke, with agreement and filing",
        )


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
