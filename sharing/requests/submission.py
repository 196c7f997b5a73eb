"""How a request begins: the five elements the law asks for, checked against the catalogue, and ids given in the transaction that records them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from contracts.errors import ConfigurationError, IllegalMove
from contracts.mistakes import did_you_mean
from contracts.model import Resource
from contracts.properties import SHARE_WAYS
from sharing.fill import division_field
from sharing.ledger.events import Event
from sharing.ledger.store import EVENTS, ledger_exists
from sharing.lines import prefix
from sharing.requests.desk import Desk, Signed
from sharing.requests.request_file import Wish, misfit_text
from sharing.requests.states import LIVE, STATES, standings

_DIVISION = re.compile(r"[0-9]{2,12}")


def submit(desk: Desk, wishes: Sequence[Wish], by: Signed, at: datetime | None = None) -> list[str]:
    """Record a request of one or more lines and return the lines' ids: `R-<year>-<number>/<place>`, numbered by the ledger.

    Raises ConfigurationError where an element is missing or the catalogue does not have what is asked for, IllegalMove where a line that still
    lives asks for the same.
    """
    by.check(desk.city, approved=True)
    if not wishes:
        raise ConfigurationError("the request has no line", remedy="name a resource and its fields")
    occurred = desk.occurred(at)
    payloads = [
        _payload(desk, wish, by, f"line {n}" if len(wishes) > 1 else wish.resource) for n, wish in enumerate(wishes, 1)
    ]
    ids: list[str] = []

    def decide() -> Iterable[Event]:
        request = _next_request(desk, occurred.astimezone(desk.city.timezone).year)
        ids[:] = [f"{request}/{n}" for n in range(1, len(payloads) + 1)]
        _refuse_duplicates(desk, by.department, payloads)
        return [
            Event("submitted", id, request, occurred, by.department, by.person.strip(), payload)
            for id, payload in zip(ids, payloads, strict=True)
        ]

    desk.record(decide, "request submit")
    return ids


def _payload(desk: Desk, wish: Wish, by: Signed, where: str) -> dict[str, Any]:
    def fault(what: str, remedy: str = "") -> ConfigurationError:
        return ConfigurationError(what, where=where, remedy=remedy)

    texts = {name: getattr(wish, name).strip() for name in ("basis", "scenario", "way")}
    told_texts = (*texts.items(), ("purpose", wish.purpose), ("resource", wish.resource))
    for name, text in (*told_texts, *(("field", field) for field in wish.fields)):
        if problem := misfit_text(text.strip()):
            raise fault(f"{name} {problem}", "one line of text")
    for name, text in texts.items():
        if not text:
            raise fault(f"{name} is missing", "a request names basis, scenario, scope, way and duration (art. 20)")
    if wish.way not in SHARE_WAYS:
        raise fault(f"way is {wish.way!r}", did_you_mean(wish.way, SHARE_WAYS))
    if not 1 <= wish.duration_months <= 1200:
        raise fault("duration_months is missing", "for how many months, a whole number from 1 (art. 20)")
    names = sorted({name.strip() for name in wish.fields if name.strip()})
    if not names or not wish.resource.strip():
        raise fault("the scope is missing", "a resource and its fields (art. 20)")
    resource, provider = _resource(desk, wish, names, by, fault)
    if provider == by.department:
        raise fault(f"{provider} provides it itself", "a department asks others")
    rows = _rows(desk, wish, resource, by, fault)
    told: dict[str, Any] = {
        "requester": by.department, "provider": provider, "resource": wish.resource.strip(), "fields": names, "row_scope": rows,
        "purpose": wish.purpose.strip() or texts["scenario"], "duration_months": wish.duration_months, "approved_by": by.approved_by.strip(), **texts,
    }  # fmt: skip
    extras = {"share_type": resource.share_type if resource else "", "backflow": wish.backflow, "demand": wish.demand}
    return told | {name: value for name, value in extras.items() if value}


def _resource(desk: Desk, wish: Wish, names: list[str], by: Signed, fault: Any) -> tuple[Resource | None, str]:
    """The resource and who provides it; of a demand the resource may be missing, and its fields may be no contract's."""
    city, id = desk.city, wish.resource.strip()
    resource = city.resources.get(id)
    unknown = [name for name in names if resource and name not in {f.name for f in resource.fields}]
    if wish.demand:
        if resource and not unknown:
            raise fault(f"{id} is in the catalogue with all these fields", "ask for it without demand")
        provider = resource.department if resource else wish.provider or city.bureau
        if not provider or (not resource and provider == by.department):
            raise fault("nobody is named to answer the demand", "provider: the department that should have the data")
        city.department(provider)
        return resource, provider
    if resource is None:
        if id in city.broken:
            city.resource(id)
        raise fault(
            f"the catalogue has no resource {id!r}",
            f"{did_you_mean(id, city.resources)} landbridge request match finds what there is; ask for what nobody has with demand",
        )
    if unknown:
        known = did_you_mean(unknown[0], [f.name for f in resource.fields])
        raise fault(
            f"{id} has no field {', '.join(unknown)}",
            f"{known} landbridge request match finds what there is; ask for what nobody has with demand",
        )
    if wish.provider and wish.provider != resource.department:
        raise fault(f"{resource.department} provides {id}", "leave the provider out")
    return resource, resource.department


def _rows(desk: Desk, wish: Wish, resource: Resource | None, by: Signed, fault: Any) -> str:
    """The rows asked for, as the beginning of their division codes; of backflow the requester's own division or a part of it."""
    rows, own = prefix(wish.rows), prefix(desk.city.department(by.department).division)
    if wish.backflow:
        if not own:
            raise fault(
                f"{by.department} governs no division",
                "give it `division` in departments.yaml: backflow returns an area's own data (art. 24)",
            )
        rows = rows or own
        if not rows.startswith(own):
            raise fault(
                f"rows of {rows} are not {by.department}'s own: {own}",
                "backflow returns an area's own data (art. 24); ask for others without it",
            )
    if rows and not _DIVISION.fullmatch(rows):
        raise fault(f"rows are {rows!r}", "a code of GB/T 2260, such as 370211")
    if rows and resource and division_field(resource) is None:
        raise fault(
            f"{resource.id} does not tell divisions apart",
            "ask for all rows, or have the provider name a division_code in the contract",
        )
    return rows


def _next_request(desk: Desk, year: int) -> str:
    """The year's next id; whoever submits meanwhile meets this transaction in the ledger's head, and this is run again."""
    newest = 0
    if ledger_exists(desk.connection):
        pattern = f"^R-{year}-([0-9]{{6,9}})$"
        row = desk.connection.execute(
            f"SELECT max(CAST(nullif(regexp_extract(request_id, ?, 1), '') AS BIGINT)) FROM {EVENTS} WHERE kind = 'submitted'",
            [pattern],
        ).fetchone()
        newest = (row[0] if row else None) or 0
    return f"R-{year}-{newest + 1:06d}"


def _refuse_duplicates(desk: Desk, requester: str, payloads: Sequence[dict[str, Any]]) -> None:
    asked = [(p["resource"], p["purpose"], tuple(p["fields"]), p["row_scope"]) for p in payloads]
    if len(set(asked)) < len(asked):
        raise ConfigurationError(
            "two lines of the request ask for the same", remedy="leave one out, or tell them apart by purpose"
        )
    if not ledger_exists(desk.connection):
        return
    likely = desk.connection.execute(
        f"""SELECT DISTINCT line_id FROM {EVENTS} WHERE kind = 'submitted' AND json_extract_string(payload, '$.requester') = ?
            AND list_contains(?, json_extract_string(payload, '$.resource'))""",
        [requester, [resource for resource, *_ in asked]],
    ).fetchall()
    for line in standings(desk.connection, desk.city, desk.recorded_at, [id for (id,) in likely]):
        if line.state in LIVE and (line.resource, line.purpose.strip(), line.fields, line.row_scope) in asked:
            raise IllegalMove(
                f"line {line.line_id} asks for the same and still lives",
                where=f"{line.resource}: {STATES[line.state]}",
                remedy=f"landbridge request show {line.line_id}; another purpose is another line",
            )
