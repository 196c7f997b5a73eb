"""What a night does with corrections: those whose data a load shows to be right are recorded as fixed and closed, with the snapshot that proves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import duckdb

from contracts.catalogue import City
from contracts.errors import HistoryUnavailable
from contracts.settings import Settings
from sharing.corrections.disputed_rows import kept
from sharing.corrections.proof import Proof, prove
from sharing.corrections.state import UPHELD, Correction, corrections
from sharing.ledger.events import Event
from sharing.ledger.store import record
from sharing.loads import Load, last_loads
from warehouse.lake import table_exists

_NIGHT = timedelta(days=1)


def settle_corrections(
    connection: duckdb.DuckDBPyConnection, settings: Settings, city: City, as_of: datetime, recorded_at: datetime
) -> list[str]:
    """Close what was upheld by `as_of` and is proved right by a load whose interval had ended by then; returns lines for the log, without values.

    Run it after the loads and before the rate, any number of times: what is closed stays closed, and all of a night's is closed in one transaction.
    What happened counts as of the night it belongs to, if that ended within a day; otherwise as of `recorded_at`. Nobody else closes what was upheld.
    """
    waiting = _waiting(connection, city, as_of)
    if not waiting or not table_exists(connection, "ops", "runs"):
        return []
    resources = [city.resources[id] for id in sorted({c.resource for c in waiting})]
    try:
        loads = last_loads(connection, resources, as_of.astimezone(UTC).isoformat())
    except HistoryUnavailable as error:
        return [f"corrections: {error}"]
    proofs = {c: _proof(connection, city, c, loads.get(c.resource)) for c in waiting}
    proved = {c: proof for c, proof in proofs.items() if proof.left == 0 and not proof.why_not}
    occurred = as_of if recorded_at - as_of <= _NIGHT else recorded_at

    def decide() -> list[Event]:
        # snapshots do not change, but another process may have closed it, or the bureau decided otherwise, meanwhile
        still = set(_waiting(connection, city, as_of))
        found = [(c, proof) for c, proof in proved.items() if c in still]
        return [event for c, proof in found for event in _events(c, proof, loads[c.resource], occurred, city)]

    if proved:
        record(connection, settings, decide, recorded_at, "corrections settled")
    return [_told(c, proof, loads.get(c.resource)) for c, proof in proofs.items()]


def _waiting(connection: duckdb.DuckDBPyConnection, city: City, as_of: datetime) -> list[Correction]:
    return [
        c for c in corrections(connection, as_of)
        if c.state == UPHELD and c.asked_here and c.resource in city.resources
    ]  # fmt: skip


def _proof(connection: duckdb.DuckDBPyConnection, city: City, c: Correction, load: Load | None) -> Proof:
    nothing = len(c.keys)
    if load is None or c.asked_snapshot is None:
        return Proof(0, 0, nothing, "the resource has no accepted load")
    rows = kept(connection, c.correction_id, c.keys)
    if rows is None:
        return Proof(0, 0, nothing, "the rows kept are not those whose digests the ledger has")
    return prove(connection, city.resources[c.resource], load, rows, c.asked_snapshot, c.rule, c.field)


def _events(c: Correction, proof: Proof, load: Load, occurred: datetime, city: City) -> list[Event]:
    told = (c.line_id, c.request_id, occurred, city.bureau or c.provider, "")
    said = {"correction_id": c.correction_id, "snapshot": load.snapshot}
    fixed = {**said, "run_id": load.run_id, "corrected": proof.corrected, "gone": proof.gone}
    return [Event("correction_fixed", *told, fixed), Event("correction_closed", *told, said)]


def _told(c: Correction, proof: Proof, load: Load | None) -> str:
    if proof.why_not or proof.left or load is None:
        why = f" ({proof.why_not})" if proof.why_not else ""
        return f"correction {c.correction_id}: {proof.left:,} of {len(c.keys):,} rows are not put right yet{why}"
    gone = f", gone at the source: {proof.gone:,}" if proof.gone else ""
    return f"correction {c.correction_id} closed, rows corrected: {proof.corrected:,}{gone}, snapshot {load.snapshot}"
