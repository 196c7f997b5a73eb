"""What is done for the whole city: records, links and models of unify, a night of sharing, the digest.

Each step derives what to do from the lake, never from what triggered it, and may run any number of times. A step that a load triggers waits while
its night still lacks runs: the last load triggers it once more, and where the last one failed, `settle` in the morning does what is left.
"""

from __future__ import annotations

from datetime import date, datetime

from pipeline.digest import alarm_lines, city_nights, delivery_lines, digest_text, outcomes
from pipeline.islands import island_lines
from pipeline.models.retired import retired_lines
from pipeline.models.run import FOLDER, run_models, settled_as_of
from pipeline.problems.files import told_lines
from pipeline.records.step import sync_records
from pipeline.scratch import write_atomically
from pipeline.sharing_night import share_rate
from pipeline.workplace import Workplace
from transforms.unify import read_mappings
from warehouse.lake import open_lake


def settle(place: Workplace, observed_at: datetime) -> list[str]:
    """Do what is left of unify and share_rate, whether or not every resource of the newest night has run; returns lines for the log."""
    counts = unify(place, settled=True)
    lines = ["unified: " + ", ".join(f"{name} {rows:,}" for name, rows in counts.items())] if counts else []
    return [*lines, share_rate(place, observed_at, settled=True)]


def unify(place: Workplace, *, settled: bool = False) -> dict[str, int]:
    """Records, links and models brought up to what the lake holds; returns rows a table that was written, empty where nothing had changed.

    Unless `settled`, nothing is done while the newest night still lacks runs.
    """
    mappings = read_mappings(place.city)
    if not mappings.entities and not (place.city.folder / FOLDER).is_dir():
        return {}
    connection = open_lake(place.settings, timezone=place.city.timezone.key)
    try:
        as_of = settled_as_of(connection, place.city, settled=settled)
    finally:
        connection.close()
    if as_of is None:
        return {}
    counts = sync_records(place, settled=settled)
    if any(entity.link for entity in mappings.entities):
        # its libraries are heavy, and a city that links by identifiers alone never needs them
        from pipeline.link.step import link_entities

        counts |= link_entities(place, settled=settled)
    done = run_models(place, as_of)
    return counts | {run.model: run.rows for run in done if run.inserted or run.deleted}


def digest(place: Workplace, night: date | None = None) -> str:
    """The digest of the city's newest night, or of the night that starts on `night` (local); also written below reports/."""
    connection = open_lake(place.settings, read_only=True, timezone=place.city.timezone.key)
    try:
        nights = city_nights(connection, place.city)
        wanted = [n for n in nights if night is None or n.start.astimezone(place.city.timezone).date() == night]
        if not wanted:
            return f"{place.city.name}: no run is recorded{f' for the night of {night}' if night else ''}\n"
        chosen = wanted[-1]
        day = place.local_day(chosen)
        text = digest_text(place.city, chosen, outcomes(connection, place.city, chosen), day)
        if chosen is nights[-1]:
            wrong = alarm_lines(connection, place.settings, day) + delivery_lines(connection, place.city, day)
            wrong += retired_lines(connection, place.city)
            text += "".join(f"{line}\n" for line in wrong)
            told = told_lines(connection, place) + island_lines(connection, place.city, chosen.end)
            text += "".join(f"{line}\n" for line in told)
    finally:
        connection.close()
    path = place.home / "reports" / f"digest-{day.isoformat()}.txt"
    write_atomically(path, text)
    return text
