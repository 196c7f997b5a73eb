"""The satisfaction rate as of an instant, as known at another: computed from the ledger and the lake."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from contracts.catalogue import City
from contracts.errors import ConfigurationError
from contracts.model import Resource
from contracts.quoting import literal
from sharing.calendar import read_calendar
from sharing.clock import LINES, load_rules, run_clock
from sharing.fill import division_field, measure
from sharing.ledger.chain import EMPTY, Head
from sharing.ledger.store import EVENTS, head_of, ledger_exists
from sharing.lines import corrections_sql, lines_sql
from sharing.loads import Load, last_loads
from sharing.policy import read_policy
from sharing.published import earlier_sql
from sharing.register import ROLE, register_load, register_of
from sharing.verdict import ASSETS, EARLIER, Grounds, facts_sql, rates_sql, verdicts_sql
from warehouse.lake import table_exists


@dataclass(frozen=True)
class RateResult:
    """What `compute` found: the rows of `sharing.verdicts` and `sharing.rates`, the ledger's head they rest on, and notes for the reader."""

    as_of: datetime
    known_at: datetime | None
    head: Head
    verdicts: pa.Table
    rates: pa.Table
    notes: tuple[str, ...]

    def rate(self, scope: str = "city", department: str | None = None) -> dict[str, Any]:
        """One row of the rates by column; KeyError where the scope has no such department."""
        for row in self.rates.to_pylist():
            if row["scope"] == scope and department in (None, row["department"]):
                return dict(row)
        raise KeyError(f"{scope} {department}")


def compute(
    connection: duckdb.DuckDBPyConnection, city: City, as_of: datetime, known_at: datetime | None = None
) -> RateResult:
    """The verdict on every line of the ledger as of an aware instant, and the rates pooled from them; nothing is written.

    A line stands as the entries that had occurred by `as_of` say; resources are read as their last load whose interval had ended by then left
    them. `known_at` leaves out entries recorded, attempts at loads that finished, and verdicts published later; without it all that is there
    now is known. Raises ConfigurationError (no calendar, no limit, nothing ever loaded), HistoryUnavailable (the city's request register was
    not loaded by then, or a snapshot that is gone).
    """
    if as_of.tzinfo is None or (known_at is not None and known_at.tzinfo is None):
        raise ConfigurationError("as_of and known_at need a zone", where=str(as_of), remedy="2020-05-05T02:10:00+08:00")
    policy, calendar = read_policy(city.folder), read_calendar(city)
    zone, today = city.timezone.key, as_of.astimezone(city.timezone).date()
    at = as_of.astimezone(UTC).isoformat()
    known = known_at.astimezone(UTC).isoformat() if known_at else None
    register = register_of(city) if has_register(city) else None
    if not table_exists(connection, "ops", "runs"):
        raise ConfigurationError("nothing was ever loaded", where=city.id, remedy="landbridge run")
    loaded = register_load(connection, register, at, known) if register else None
    head = _head(connection, known)
    make_lines(connection, at, known)
    loads = last_loads(connection, _asked_for(connection, city), at, known)
    seen = _Seen.of(register, loaded, as_of)
    _make_assets(connection, city, loads, as_of, seen)
    load_rules(connection, calendar, policy)
    run_clock(connection, zone, policy.pause_while_incomplete, calendar, city.bureau)
    measure(connection, city, policy, loads, LINES)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {EARLIER} AS {earlier_sql(connection, at, known)}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE rate_facts AS {facts_sql(today, city.bureau, zone)}")
    run, snapshot = (loaded.run_id, loaded.snapshot) if loaded else (None, None)
    grounds = Grounds(at, known, zone, head, run, snapshot)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE rate_verdicts AS {verdicts_sql('rate_facts', grounds)}")
    verdicts = connection.execute("SELECT * FROM rate_verdicts ORDER BY line_id").to_arrow_table()
    departments = ", ".join(f"({literal(id)})" for id in city.departments)
    names = f"(SELECT * FROM (VALUES {departments}) AS d (department))"
    rates = connection.execute(rates_sql("rate_verdicts", names, city.id, grounds)).to_arrow_table()
    notes = [seen.note] if seen.note else []
    if loaded is not None and loaded.quarantine_share > 0:
        notes.append(
            f"{loaded.quarantine_share:.1%} of the rows of the request register's last load are in quarantine: no rate counts them"
        )
    if soon := calendar.ends_soon(today):
        notes.append(soon)
    return RateResult(as_of, known_at, head, verdicts, rates, tuple(notes))


def has_register(city: City) -> bool:
    """Whether the city keeps a request register of its own, be its contract broken or not."""
    return city.with_role(ROLE) is not None or any(id.endswith(f".{ROLE}") for id in city.broken)


@dataclass(frozen=True)
class _Seen:
    """How far a register's word on probes and reads goes: it cannot know more than it was read, nor oftener than it is read."""

    until: datetime
    every: timedelta
    note: str

    @classmethod
    def of(cls, register: Resource | None, loaded: Load | None, as_of: datetime) -> _Seen:
        if register is None or loaded is None:
            return cls(as_of, timedelta(), "")
        if loaded.interval_end >= as_of - register.cycle - register.latency:
            return cls(loaded.interval_end, register.cycle, "")
        note = f"the request register itself is stale: its last load ends {loaded.interval_end.isoformat()}"
        return cls(as_of, register.cycle, note)


def _head(connection: duckdb.DuckDBPyConnection, known: str | None) -> Head:
    """The newest entry that was known; the ledger's time never goes back, so it is also the one with the highest number."""
    if known is None or not ledger_exists(connection):
        return head_of(connection)
    row = connection.execute(
        f"SELECT number, hash, recorded_at FROM {EVENTS} WHERE recorded_at <= TIMESTAMPTZ {literal(known)} ORDER BY number DESC LIMIT 1"
    ).fetchone()
    return Head(*row) if row else EMPTY


def make_lines(connection: duckdb.DuckDBPyConnection, at: str, known: str | None) -> None:
    """Make `rate_lines`: the ledger's state of every line, and of its corrections what decides: the first still open, and how many are unfixed.

    A refusal that the bureau did not confirm but overruled is no answer: the provider answers again.
    """
    if not ledger_exists(connection):
        raise ConfigurationError(
            "the ledger is empty", where="sharing.events", remedy="landbridge request submit, or import the register"
        )
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {LINES} AS
        WITH corrections AS (
            SELECT line_id, min(asked_at) FILTER (closed_at IS NULL) AS correction_asked_at,
                   count(*) FILTER (upheld AND fixed_at IS NULL) AS unfixed_corrections,
                   max_by(source, asked_at) AS correction_source
            FROM ({corrections_sql(at, known)}) GROUP BY line_id
        )
        SELECT l.* REPLACE (list_distinct(l.fields).list_sort() AS fields,
                            CASE WHEN l.refusal_overruled_at >= l.answered_at THEN NULL ELSE l.answer END AS answer),
               c.correction_asked_at, coalesce(c.unfixed_corrections, 0) AS unfixed_corrections, c.correction_source
        FROM ({lines_sql(at, known)}) AS l LEFT JOIN corrections AS c USING (line_id)""")


def _asked_for(connection: duckdb.DuckDBPyConnection, city: City) -> list[Resource]:
    asked = connection.execute(f"SELECT DISTINCT resource FROM {LINES} ORDER BY 1").fetchall()
    return [city.resources[id] for (id,) in asked if id in city.resources]


def _make_assets(
    connection: duckdb.DuckDBPyConnection, city: City, loads: dict[str, Load], as_of: datetime, seen: _Seen
) -> None:
    """One row a resource of the catalogue: its terms, the instants its data must not be older than, and its last load.

    Probes are Landbridge's own at most once a night, after the loads: a shorter cycle counts as a day, and the contract's latency is added.
    """
    rows: list[tuple[Any, ...]] = [(id, True, *(None,) * (len(_ASSETS) - 2)) for id in city.broken]
    for resource in city.resources.values():
        cycle, latency = resource.cycle, resource.latency
        terms = (
            resource.id,
            False,
            resource.share_type,
            division_field(resource) is not None,
            resource.quarantine_limit,
        )
        since = (
            as_of - cycle - latency,
            as_of - max(cycle, timedelta(days=1)) - latency,
            seen.until - max(cycle, seen.every),
        )
        load = loads.get(resource.id)
        rows.append((*terms, *since, *(getattr(load, name) if load else None for name in _OF_LOAD)))
    columns = {name: [row[place] for row in rows] for place, (name, _) in enumerate(_ASSETS)}
    connection.register("rate_assets_read", pa.table(columns, schema=pa.schema(list(_ASSETS))))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {ASSETS} AS SELECT * FROM rate_assets_read")
    connection.unregister("rate_assets_read")


_INSTANT = pa.timestamp("us", tz="UTC")
# the last load's facts, as `Load` names them
_OF_LOAD = (
    "run_id", "snapshot", "interval_end", "quarantine_share", "newest_held", "suite_failed", "contract_version", "contract_fingerprint", "rules",
    "rules_failed",
)  # fmt: skip
_ASSETS = (
    ("resource", pa.string()), ("broken", pa.bool_()), ("share_type", pa.string()), ("has_division", pa.bool_()), ("quarantine_limit", pa.float64()),
    ("fresh_from", _INSTANT), ("cycle_from", _INSTANT), ("register_from", _INSTANT),
    ("run_id", pa.string()), ("snapshot_id", pa.int64()), ("interval_end", _INSTANT), ("quarantine_share", pa.float64()), ("newest_held", pa.bool_()),
    ("suite_failed", pa.bool_()), ("contract_version", pa.string()), ("contract_fingerprint", pa.string()), ("rules", pa.int64()),
    ("rules_failed", pa.int64()),
)  # fmt: skip
