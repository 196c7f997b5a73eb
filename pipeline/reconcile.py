"""Reconciliation (对账) of an exchange zone's batch: the provider's figures beside ours, and the difference told to both sides.

Nothing here outlives its files: a step that is killed and run again reads the same batch, compares again and leaves the same receipt.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.exchange.settings import BATCH
from connectors.exchange.tables import number_order
from connectors.exchange.zone import Batch, Damage, Zone, open_zone
from contracts.errors import SchemaDrift, SourceBroken, SourceUnavailable
from contracts.interval import Interval
from contracts.mistakes import did_you_mean
from contracts.model import Resource
from pipeline.scratch import write_atomically
from warehouse.reconciliations import Figure, Outcome, Reconciliation

log = logging.getLogger("landbridge.reconcile")

_REFUSED = "refused.json"
_OUTCOMES: dict[str, Outcome] = {"refuse": "refused", "hold": "held", "warn": "warned"}
# digits kept of a control sum's terms; more than money or a meter has
_TERM = pa.decimal128(38, 10)


@dataclass(frozen=True)
class Earlier:
    """What landed for an interval: its name and start, and the reconciliation of its batch."""

    interval: str
    start: datetime
    found: Reconciliation


@dataclass
class Reconciling:
    """One batch while it is read: `batches` gives its rows and counts them, `conclude` compares."""

    zone: Zone
    batch: Batch
    resource: Resource
    interval: Interval
    folder: Path
    observed_at: datetime
    notes: tuple[str, ...]
    rows: Counter[str | None] = field(default_factory=Counter)
    sums: dict[str, Decimal] = field(default_factory=dict)
    no_numbers: Counter[str] = field(default_factory=Counter)
    checksums: list[Figure] = field(default_factory=list)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The batch's rows. Raises SourceBroken before the first where a file is missing or damaged: such a file is never read."""
        with self.zone.taking(self.batch, self.interval) as taken:
            self._compare_files(taken.damaged)
            self.sums = dict.fromkeys(self.batch.control_sums, Decimal())
            for name, rows in taken.parts():
                self.rows[name] += rows.num_rows
                for column in self.sums:
                    self._add(column, rows)
                yield rows

    def conclude(self) -> Reconciliation:
        """Compare, leave the receipt, and return the record; raises SourceBroken where the contract refuses a difference."""
        figures = (*self.checksums, *self._counts(), *self._sums())
        differs = any(not figure.agrees for figure in figures)
        policy: str = self.resource.source[BATCH].get("difference", "refuse")
        found = self._found(_OUTCOMES[policy] if differs else "agreed", figures)
        if found.outcome == "refused":
            raise self._refusal(found)
        (self.folder / _REFUSED).unlink(missing_ok=True)
        self._tell(found)
        return found

    def _compare_files(self, damaged: Sequence[Damage]) -> None:
        of = {damage.file.name: damage.received for damage in damaged}
        for file in self.batch.files:
            if of.get(file.name) == "":
                self.checksums.append(Figure(file.name, "file", "delivered", "missing"))
            elif file.checksum:
                received = of.get(file.name, file.checksum)
                self.checksums.append(Figure(file.name, file.algorithm, file.checksum, received))
        if damaged:
            raise self._refusal(self._found("refused", tuple(self.checksums)))

    def _counts(self) -> Iterator[Figure]:
        """Rows of each file where its connector reads files singly, and of the batch where that says more."""
        singly = None not in self.rows
        stated = [file.rows for file in self.batch.files]
        for file in self.batch.files:
            if file.rows is not None and singly:
                yield Figure(file.name, "rows", str(file.rows), str(self.rows[file.name]))
        total = self.batch.rows
        if total is None and stated and None not in stated:
            total = sum(rows or 0 for rows in stated)
        if total is not None and not (singly and stated == [total]):
            yield Figure("", "rows", str(total), str(self.rows.total()))

    def _sums(self) -> Iterator[Figure]:
        for column, stated in self.batch.control_sums.items():
            received = _plain(self.sums[column])
            if self.no_numbers[column]:
                received += f" beside {self.no_numbers[column]} values that are no numbers"
            yield Figure("", f"sum of {column}", _plain(stated), received)

    def _add(self, column: str, rows: pa.RecordBatch) -> None:
        if column not in rows.schema.names:
            raise SchemaDrift(
                f"there is no column {column!r} to sum up", where=self.resource.id, remedy=did_you_mean(column, rows.schema.names)
            )  # fmt: skip
        total, strange = _sum(rows.column(column))
        self.sums[column] += total
        self.no_numbers[column] += strange

    def _found(self, outcome: Outcome, figures: tuple[Figure, ...]) -> Reconciliation:
        return Reconciliation(
            self.batch.number, self.batch.source, self.batch.fingerprint, outcome, figures, self.notes
        )

    def _refusal(self, found: Reconciliation) -> SourceBroken:
        """The error, after the difference was written down for both sides."""
        write_atomically(self.folder / _REFUSED, json.dumps(asdict(found), ensure_ascii=False, indent=1))
        self._tell(found)
        return SourceBroken(
            found.message, where=f"{self.resource.id}, {found.source}",
            remedy=f"nothing was loaded; {self.resource.department} delivers the batch again, or corrects what it states",
        )  # fmt: skip

    def _tell(self, found: Reconciliation) -> None:
        if found.message:
            log.warning("%s: %s (%s)", self.resource.id, found.message, found.outcome)
        else:
            log.info("%s: batch %s agrees in %s figures", self.resource.id, found.batch, len(found.figures))
        receipt = receipt_of(found, self.resource, self.interval, self.rows.total(), self.batch.rows, self.observed_at)
        if trouble := self.zone.write_receipt(self.batch, receipt):
            log.warning("%s: the receipt could not be written: %s", self.resource.id, trouble)


def open_batch(
    resource: Resource,
    interval: Interval,
    environ: Mapping[str, str],
    folder: Path,
    earlier: Iterable[Earlier],
    observed_at: datetime,
) -> Reconciling | None:
    """The interval's batch where the contract states an exchange zone, None otherwise. `earlier` is what landed, of this interval too.

    Raises SourceUnavailable while the batch is not complete or not new, SourceBroken where its number was given to another content.
    """
    zone = open_zone(resource, environ)
    if zone is None:
        return None
    batch = zone.batch(interval)
    known = sorted(earlier, key=lambda e: e.start)
    where = f"{resource.id}, {batch.source}"
    for one in known:
        if one.found.batch != batch.number:
            continue
        same = one.found.statement == batch.fingerprint
        if one.start == interval.start:
            if not same and one.found.outcome == "agreed":
                raise SourceBroken(
                    f"batch number {batch.number} comes again with other content", where=where,
                    remedy="it was accepted already: ask the department to give what it corrects a number of its own",
                )  # fmt: skip
        elif same and not zone.is_dated:
            raise SourceUnavailable(
                f"no new batch has been delivered: batch {batch.number} was taken for {one.interval}", where=where, remedy="wait, or ask the department"
            )  # fmt: skip
        else:
            raise SourceBroken(
                f"batch number {batch.number} comes again, after {one.interval}", where=where, remedy="ask the department for a number of its own"
            )  # fmt: skip
    notes = [note for note in (_sequence_note(batch.number, interval, known), _unlisted_note(batch)) if note]
    return Reconciling(zone, batch, resource, interval, folder, observed_at, tuple(notes))


def refused(folder: Path, error: BaseException) -> Reconciliation | None:
    """The reconciliation that the error speaks of; None where it speaks of something else."""
    path = folder / _REFUSED
    if not isinstance(error, SourceBroken) or not path.exists():
        return None
    found = Reconciliation.from_json(json.loads(path.read_text(encoding="utf-8")))
    return found if found.message == error.what else None


def differing(found: Reconciliation | None) -> tuple[str, ...]:
    """What a batch differs in: part of the run's name, since the same bytes may be stated anew."""
    return (found.message,) if found is not None and found.differences else ()


def held(found: Reconciliation | None) -> str:
    """Why a batch is held back, where its contract says so; the empty text where it is not."""
    return found.message if found is not None and found.outcome == "held" else ""


def receipt_of(
    found: Reconciliation,
    resource: Resource,
    interval: Interval,
    received: int,
    stated: int | None,
    observed_at: datetime,
) -> dict[str, Any]:
    """What the department is told: figures, differences and notes, never a row."""
    return {
        "batch": found.batch, "manifest": found.source, "resource": resource.id, "outcome": found.outcome,
        "interval": [interval.start.isoformat(), interval.end.isoformat()], "received_at": observed_at.isoformat(timespec="seconds"),
        "rows": {"stated": stated, "received": received},
        "figures": [{**asdict(figure), "agrees": figure.agrees} for figure in found.figures],
        "differences": [str(figure) for figure in found.differences], "notes": list(found.notes),
    }  # fmt: skip


def _sequence_note(number: str, interval: Interval, known: list[Earlier]) -> str:
    """Where the batch of the interval before has not the number before. Nothing is refused: the missing batch may be the next to be repeated."""
    before = [one for one in known if one.start < interval.start]
    if not before:
        return ""
    last = before[-1].found.batch
    (head, tail), (last_head, last_tail) = number_order(number), number_order(last)
    if head != last_head or tail == last_tail + 1:
        return ""
    if tail <= last_tail:
        return f"its number goes back: {last} came before"
    missing = tail - last_tail - 1
    return f"{missing} batch{'es' if missing > 1 else ''} between {last} and {number} never came"


def _unlisted_note(batch: Batch) -> str:
    return (
        f"{batch.unlisted} files of the interval are not named in the manifest and were not read"
        if batch.unlisted
        else ""
    )


def _sum(column: pa.Array) -> tuple[Decimal, int]:
    """The exact sum of the values that are numbers, and how many are none. Empty texts and nulls are nothing."""
    try:
        if pa.types.is_floating(column.type):
            raise pa.ArrowInvalid("a float is summed as it is written")
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            text = pc.utf8_trim_whitespace(column)
            column = pc.if_else(pc.equal(text, ""), None, text)
        total = pc.sum(pc.cast(column, _TERM)).as_py()
        return total or Decimal(), 0
    except pa.ArrowException:
        total, strange = Decimal(), 0
        for value in column.to_pylist():
            try:
                term = Decimal(str(value).strip()) if value not in (None, "") else Decimal()
                total, strange = (total + term, strange) if term.is_finite() else (total, strange + 1)
            except InvalidOperation:
                strange += 1
        return total, strange


def _plain(number: Decimal) -> str:
    """Without zeros at the end, and never as a power of ten."""
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0") else text
