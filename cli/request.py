"""`landbridge request`: a request's life, a command a move; each is checked, signed and recorded in the ledger in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import request_pages
from cli.instants import read_day_if_any, read_instant
from cli.lake import opened_lake
from cli.terminal import now
from contracts.errors import ConfigurationError
from contracts.mistakes import did_you_mean
from contracts.properties import GROUND_LEVELS, SHARE_WAYS
from sharing.requests.desk import Desk, Signed
from sharing.requests.moves import PROVIDER, REQUESTER
from sharing.requests.request_file import Wish, read_request
from sharing.requests.states import STATES
from sharing.requests.submission import submit as submit_request

app = typer.Typer(no_args_is_help=True)

Of = Annotated[str, typer.Argument(metavar="LINE|REQUEST", help="A line, or a request: then each of its lines.")]
As = Annotated[str, typer.Option("--as", help="The department that acts.")]
Person = Annotated[str, typer.Option(help="Who acts there.")]
ApprovedBy = Annotated[str, typer.Option(help="Who approved it there: the head of its sharing office, another person.")]
At = Annotated[str | None, typer.Option(help="When it happened, ISO 8601 with zone; now without.")]
Reason = Annotated[str, typer.Option(help="Why.")]
Fields = Annotated[list[str] | None, typer.Option("--field", help="A field; once for each.")]
Rows = Annotated[str | None, typer.Option(help="Rows of a division: a code of GB/T 2260.")]
ValidTo = Annotated[str | None, typer.Option(help="The grant's last day, YYYY-MM-DD.")]
Filing = Annotated[
    str, typer.Option(help="Of a provider: the agreement with the requester, and its filing with the bureau.")
]


@app.command()
def submit(
    department: As,
    person: Person,
    approved_by: ApprovedBy,
    file: Annotated[
        Path | None, typer.Argument(help="A request in YAML, of one or more lines; options say one line without it.")
    ] = None,
    resource: Annotated[str, typer.Option(help="department.name of the catalogue.")] = "",
    field: Fields = None,
    rows: Rows = None,
    basis: Annotated[str, typer.Option(help="The rule that lets the department ask.")] = "",
    scenario: Annotated[str, typer.Option(help="What the data is used in.")] = "",
    purpose: Annotated[
        str, typer.Option(help="What tells this line from others of the same resource; the scenario without.")
    ] = "",
    way: Annotated[str, typer.Option(help=", ".join(SHARE_WAYS))] = "database",
    months: Annotated[int, typer.Option(help="For how many months.")] = 0,
    backflow: Annotated[bool, typer.Option(help="A lower area asks for its own rows.")] = False,
    demand: Annotated[
        bool, typer.Option(help="Nobody has catalogued it: resource and fields are in business words.")
    ] = False,
    provider: Annotated[str, typer.Option(help="Of a demand: who should have it; the bureau without.")] = "",
    at: At = None,
) -> None:
    """Submit a request: basis, scenario, scope, way and duration, approved by the head of the requester's sharing office."""
    if (file is None) == (not resource):
        raise ConfigurationError("a file or --resource, one of the two", remedy="docs/requests.md shows both")
    if file and any((field, rows, basis, scenario, purpose, months, backflow, demand, provider)):
        raise ConfigurationError("the file says what is asked for", remedy="leave the options that say it out")
    wish = Wish(
        resource, tuple(field or ()), basis, scenario, way, months, purpose, rows or "", backflow, demand, provider
    )
    wishes, when = read_request(file) if file else [wish], read_instant(at) if at is not None else None
    with desk() as at_desk:
        ids = submit_request(at_desk, wishes, Signed(department, person, approved_by), when)
        request_pages.print_done(at_desk, ids)


@app.command()
def receive(of: Of, department: As, person: Person, at: At = None) -> None:
    """Provider: say that it was received."""
    _act("receive", of, Signed(department, person), at)


@app.command("return")
def return_(
    of: Of, department: As, person: Person,
    missing: Annotated[list[str], typer.Option(help="A paper that is missing; once for each.")], at: At = None,
) -> None:  # fmt: skip
    """Provider: tell, once only, which papers are missing."""
    _act("return", of, Signed(department, person), at, missing=missing)


@app.command()
def supplement(of: Of, department: As, person: Person, at: At = None) -> None:
    """Requester: the missing papers came."""
    _act("supplement", of, Signed(department, person), at)


@app.command()
def extend(
    what: Annotated[str, typer.Argument(help="ask (provider), consent or decline (bureau).")], of: Of, department: As, person: Person,
    days: Annotated[int | None, typer.Option(help="Working days; as many as are allowed, or asked for, without.")] = None,
    reason: Reason = "", at: At = None,
) -> None:  # fmt: skip
    """Ask for more time to answer, and consent to it or decline."""
    if what not in ("ask", "consent", "decline"):
        raise ConfigurationError(f"{what!r} is no such step", remedy=did_you_mean(what, ("ask", "consent", "decline")))
    _act(f"extend {what}", of, Signed(department, person), at, days=days, reason=reason)


@app.command()
def grant(
    of: Of, department: As, person: Person, approved_by: ApprovedBy, field: Fields = None, rows: Rows = None,
    valid_from: Annotated[str | None, typer.Option(help="The grant's first day, YYYY-MM-DD; today without.")] = None,
    valid_to: ValidTo = None,
    purpose: Annotated[str, typer.Option(help="The purpose granted, where it is narrower.")] = "",
    unmasked: Annotated[list[str] | None, typer.Option(help="A field to be given unmasked; once for each.")] = None,
    impact_assessment: Annotated[str, typer.Option(help="The impact assessment's number; sensitive fields need one.")] = "",
    at: At = None,
) -> None:  # fmt: skip
    """Provider: consent, to all that is asked for or to some of its fields, rows and time; or widen what is granted."""
    said = {
        "fields": field, "rows": rows, "valid_from": read_day_if_any(valid_from), "valid_to": read_day_if_any(valid_to), "purpose": purpose, "unmasked": unmasked,
        "impact_assessment": impact_assessment,
    }  # fmt: skip
    _act("grant", of, Signed(department, person, approved_by), at, **said)


@app.command()
def refuse(
    of: Of, department: As, person: Person, approved_by: ApprovedBy,
    level: Annotated[str, typer.Option(help=f"{', '.join(GROUND_LEVELS)}; the contract's without.")] = "",
    ground: Annotated[str, typer.Option(help="Rule and article; the contract's without.")] = "", at: At = None,
) -> None:  # fmt: skip
    """Provider: refuse, on a law, an administrative regulation or a State Council decision."""
    _act("refuse", of, Signed(department, person, approved_by), at, level=level, ground=ground)


@app.command()
def confirm(of: Of, department: As, person: Person, at: At = None) -> None:
    """Bureau: confirm the ground of a refusal."""
    _act("confirm", of, Signed(department, person), at)


@app.command()
def overrule(of: Of, department: As, person: Person, reason: Reason, at: At = None) -> None:
    """Bureau: do not confirm a refusal; the provider answers again."""
    _act("overrule", of, Signed(department, person), at, reason=reason)


@app.command("not-digitised")
def not_digitised(
    of: Of, department: As, person: Person, approved_by: ApprovedBy,
    holding: Annotated[str, typer.Option(help="The paper series, and its years.")], at: At = None,
) -> None:  # fmt: skip
    """Provider: answer that it is held on paper only."""
    _act("not-digitised", of, Signed(department, person, approved_by), at, holding=holding)


@app.command("rule-outside")
def rule_outside(of: Of, department: As, person: Person, reason: Reason, at: At = None) -> None:
    """Bureau: rule that it is outside the provider's duty."""
    _act("rule-outside", of, Signed(department, person), at, reason=reason)


@app.command()
def withdraw(of: Of, department: As, person: Person, at: At = None) -> None:
    """Requester: withdraw it; what was delivered is disposed of."""
    _act("withdraw", of, Signed(department, person), at)


@app.command()
def suspend(of: Of, department: As, person: Person, reason: Reason, filing: Filing = "", at: At = None) -> None:
    """Bureau, or the provider with agreement and filing: stop the delivery for the time being."""
    _act("suspend", of, Signed(department, person), at, reason=reason, filing=filing)


@app.command()
def resume(of: Of, department: As, person: Person, at: At = None) -> None:
    """Who suspended it, or the bureau: let it go on."""
    _act("resume", of, Signed(department, person), at)


@app.command()
def revoke(of: Of, department: As, person: Person, reason: Reason, filing: Filing = "", at: At = None) -> None:
    """Bureau, or the provider with agreement and filing: end the grant."""
    _act("revoke", of, Signed(department, person), at, reason=reason, filing=filing)


@app.command()
def renew(of: Of, department: As, person: Person, approved_by: ApprovedBy, valid_to: ValidTo, at: At = None) -> None:
    """Provider: let the grant last longer, or again."""
    _act("renew", of, Signed(department, person, approved_by), at, valid_to=read_day_if_any(valid_to))


@app.command()
def show(of: Of) -> None:
    """Show a line or a request: state, clock, everything that happened, and what is possible now and for whom."""
    with desk(read_only=True) as at_desk:
        request_pages.print_lines(at_desk, of)


@app.command("list")
def list_(
    department: Annotated[str | None, typer.Option(help="Lines of this department.")] = None,
    role: Annotated[str | None, typer.Option(help="In which it is requester or provider; either without.")] = None,
    state: Annotated[str | None, typer.Option(help=f"Lines in this state: {', '.join(STATES)}.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also what has ended.")] = False,
    most: Annotated[int, typer.Option(help="Lines to print.")] = 60,
) -> None:
    """List lines, the most urgent first; those that have ended are left out."""
    for name, value, known in (("role", role, (REQUESTER, PROVIDER)), ("state", state, tuple(STATES))):
        if value is not None and value not in known:
            raise ConfigurationError(f"no {name} {value!r}", remedy=did_you_mean(value, known))
    with desk(read_only=True) as at_desk:
        if department is not None:
            at_desk.city.department(department)
        request_pages.print_list(at_desk, department, role, state, every=every, most=most)


@contextmanager
def desk(*, read_only: bool = False) -> Iterator[Desk]:
    """The desk at which a command works, at the instant it is given."""
    with opened_lake(read_only=read_only) as (place, connection):
        yield Desk(connection, place.settings, place.city, now(place))


def _act(move: str, of: str, by: Signed, at: str | None, **said: Any) -> None:
    when = read_instant(at) if at is not None else None
    with desk() as at_desk:
        made = at_desk.act(move, of, by, said, when)
        request_pages.print_done(at_desk, [entry.line_id for entry in made])
