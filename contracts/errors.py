"""Every error Landbridge raises on purpose, grouped by what the operator does next.

An error says what happened, where (department, resource, file, row) and the remedy; the parts are attributes too, so that
Airflow's retry rules, run records and pages need not parse text. None ever carries a secret or a full identifier.
"""

from __future__ import annotations


class LandbridgeError(Exception):
    """Base of all errors: `what` happened, `where`, and the `remedy`."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(what, where, remedy)

    def __str__(self) -> str:
        place = f" [{self.where}]" if self.where else ""
        remedy = f" → {self.remedy}" if self.remedy else ""
        return f"{self.what}{place}{remedy}"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.where, self.remedy)


def _rebuild(kind: type[LandbridgeError], what: str, where: str, remedy: str) -> LandbridgeError:
    return kind(what, where=where, remedy=remedy)


class ConfigurationError(LandbridgeError):
    """Fix the configuration: a contract, a setting, a missing driver or permission."""


class SourceUnavailable(LandbridgeError):
    """Wait and retry: the department's system is down, busy or has not delivered yet."""


class SourceBroken(LandbridgeError):
    """Ask the department: what it delivered cannot be read as its contract promises."""


class SchemaDrift(SourceBroken):
    """Ask the department: a column of the contract is missing at the source or has another type."""


class LoadHeld(LandbridgeError):
    """Look at the quarantine: too many rows fail, or a table-level rule does; yesterday's data stays."""


class HistoryUnavailable(LandbridgeError):
    """Choose another interval: neither the source nor the landing zone can give this one."""


class IllegalMove(LandbridgeError):
    """Choose another move: the state of the line, or who asks, does not allow this one; the remedy lists those that are possible."""


class LakeBusy(LandbridgeError):
    """Wait and retry: other writers kept the lake's catalogue locked for too long."""


class LedgerBroken(LandbridgeError):
    """Stop, keep everything and call the auditor: the ledger, or an anchor of it, was changed by hand."""


class InternalError(LandbridgeError):
    """Report it: the platform contradicts itself, or a rule could not be evaluated."""
