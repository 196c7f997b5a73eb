"""`landbridge request match | demand`: what the catalogue has for a request in business words, and what everybody asks for and nobody has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.markup import escape

from cli.lake import opened_lake
from cli.terminal import console, now, percent, table
from contracts.errors import ConfigurationError
from pipeline.workplace import Workplace
from sharing.requests.demand import KINDS, demand
from sharing.requests.match import FOUND, Asked, Candidate, Matcher
from sharing.requests.supply import Supply, ever_loaded, supplies

_SHARE = {
    "unconditional": "无条件 unconditional",
    "conditional": "有条件 conditional",
    "not_shared": "不予共享 not shared",
}

Supplies = dict[tuple[str, str], Supply]


def match(
    words: Annotated[list[str], typer.Argument(help="What is needed, in business words of either language.")],
    fields: Annotated[
        str, typer.Option(help="The fields asked for, parted by commas; the words then say what about.")
    ] = "",
    top: Annotated[int, typer.Option(min=1, help="Candidates for each word.")] = 3,
) -> None:
    """Propose resources and fields for a request in business words, with their terms and their state, and say which words nobody has."""
    with opened_lake() as (place, connection):
        matcher = Matcher(place.city)
        named = fields.replace("，", ",").replace("、", ",").split(",")
        found = matcher.match(" ".join(words), named, top, ever_loaded(connection))
        known = supplies(connection, place.city, now(place), [c for asked in found for c in asked.candidates])
    if not found:
        raise ConfigurationError(
            "no word says what is needed", remedy='landbridge request match "法定代表人 住所 联系电话"'
        )
    _print_found(place, found, known)
    _print_proposal(place, found, known)
    _print_missing(place, matcher, found)


def demand_list(most: Annotated[int, typer.Option(min=0, help="Rows to print; 0 prints all.")] = 30) -> None:
    """List what departments ask for and nobody can give, most wanted first: what to catalogue, to pool and to digitise next."""
    with opened_lake() as (place, connection):
        matcher = Matcher(place.city)
        rows = demand(connection, place.city, now(place)).to_pylist()
    if not rows:
        console.print("无 nothing is asked for that nobody can give")
        return
    shown = table(
        "#departments",
        "#lines",
        "wanted",
        "why it cannot be given",
        "asked by",
        "last asked",
        "nearest in the catalogue",
    )
    for row in rows[: most or None]:
        parts = row["resources"] or row["fields"]
        wanted = row["wanted"] + (f"（{', '.join(parts)}）" if parts else "")
        last = row["last_asked"].astimezone(place.city.timezone).date().isoformat()
        near = matcher.nearest(row["wanted"]) if row["kind"] != "paper" else None
        nearest = _place(near) if near and near.score >= FOUND else ""
        departments = row["departments"]
        asking = ", ".join(departments[:4]) + (f" … {len(departments) - 4} more" if len(departments) > 4 else "")
        shown.add_row(
            str(row["requesters"]), str(row["lines"]), escape(wanted), KINDS[row["kind"]], escape(asking), last, nearest
        )
    console.print(shown)
    if most and len(rows) > most:
        console.print(f"另有 and {len(rows) - most:,} more: --most 0", style="dim")


def _print_found(place: Workplace, found: Iterable[Asked], known: Supplies) -> None:
    city = place.city
    shown = table("asked", "resource", "field", "share type", "class", "newest data", "#rows", "#filled", "#fit")
    for asked in found:
        if asked.best is None:
            shown.add_row(escape(asked.word), "[red]无 nobody has it[/]")
        for n, candidate in enumerate(asked.candidates):
            resource, supply = city.resources[candidate.resource], known[candidate.resource, candidate.field]
            field = (
                f"{candidate.field} {resource.field(candidate.field).label}"
                if candidate.field
                else "（整体 the resource）"
            )
            shown.add_row(
                "" if n else escape(asked.word), resource.id if n else f"{resource.label}\n{resource.id}", field, _SHARE[supply.share_type], supply.classification,
                _newest(place, supply), "" if supply.rows is None else f"{supply.rows:,}", percent(supply.filled) if candidate.field else "",
                f"{candidate.score:.2f}", style="dim" if n else None,
            )  # fmt: skip
    console.print(shown)


def _print_proposal(place: Workplace, found: Iterable[Asked], known: Supplies) -> None:
    """The resources that together have every word found, each with its fields, as a request would name them."""
    chosen: dict[str, dict[str, None]] = {}
    for asked in found:
        if asked.best is not None:
            fields = chosen.setdefault(asked.best.resource, {})
            if asked.best.field:
                fields[asked.best.field] = None
    for id, fields in chosen.items():
        supply = next(supply for (resource, _), supply in known.items() if resource == id)
        terms = f"（{supply.condition}）" if supply.condition else ""
        listed = "".join(f" --field {name}" for name in fields) or " --field …"
        console.print(
            f"\n建议 proposal  {place.city.resources[id].label}：{_SHARE[supply.share_type]}{terms}",
            markup=False,
            soft_wrap=True,
        )
        console.print(f"  landbridge request submit --resource {id}{listed}", markup=False, soft_wrap=True)


def _print_missing(place: Workplace, matcher: Matcher, found: Iterable[Asked]) -> None:
    missing = [asked.word for asked in found if asked.best is None]
    if not missing:
        return
    console.print(f"\n目录中没有 nobody has: {'、'.join(missing)}", style="red", markup=False, soft_wrap=True)
    for word in missing:
        if near := matcher.nearest(word):
            label = place.city.resources[near.resource].label
            console.print(
                f"  {word}: 最接近 nearest {_place(near)} {label}（{near.score:.2f}）",
                markup=False,
                soft_wrap=True,
                style="dim",
            )
    console.print(
        "  landbridge request submit --demand … puts it on the list of what to pool next: landbridge request demand",
        style="dim",
        soft_wrap=True,
    )


def _newest(place: Workplace, supply: Supply) -> str:
    if supply.newest is None:
        return "[red]从未入湖 never loaded[/]"
    day = supply.newest.astimezone(place.city.timezone).date().isoformat()
    return f"[yellow]{day} 超期 stale[/]" if supply.stale else day


def _place(candidate: Candidate) -> str:
    return f"{candidate.resource}.{candidate.field}" if candidate.field else candidate.resource
