"""Which error is tried again and which fails at once: contracts.errors mapped onto Airflow's retry policy."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.exceptions import AirflowTaskTimeout

from contracts import errors
from contracts.settings import Settings

# order matters: the first rule that fits decides, so a kind stands before the kind it belongs to
WAIT = (errors.SourceUnavailable, errors.LakeBusy)
FAIL_NOW = (
    errors.ConfigurationError,
    errors.SchemaDrift,
    errors.SourceBroken,
    errors.LoadHeld,
    errors.HistoryUnavailable,
    errors.LedgerBroken,
    errors.IllegalMove,
    errors.InternalError,
)
_LONGEST_WAIT = timedelta(hours=2)


def retry_policy() -> ExceptionRetryPolicy:
    """Wait and retry where the other side may come back; fail now, with the reason, where only a person can help.

    A process that was killed raises nothing and follows Airflow's ordinary retries.
    """
    rules = [RetryRule(exception=kind, action=RetryAction.RETRY, reason=next_step(kind)) for kind in WAIT]
    rules.append(
        RetryRule(exception=AirflowTaskTimeout, action=RetryAction.RETRY, reason="Wait and retry: it took too long.")
    )
    rules += [RetryRule(exception=kind, action=RetryAction.FAIL, reason=next_step(kind)) for kind in FAIL_NOW]
    return ExceptionRetryPolicy(rules=rules, default=RetryAction.FAIL)


def retry_arguments(settings: Settings) -> dict[str, Any]:
    """Task arguments: how often and how long to wait, doubling up to two hours."""
    return {
        "retries": settings.source_retries,
        "retry_delay": timedelta(seconds=settings.retry_seconds),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": _LONGEST_WAIT,
        "retry_policy": retry_policy(),
    }


def next_step(kind: type[BaseException]) -> str:
    """What the operator does about this kind of error: the first sentence of its docstring."""
    return (kind.__doc__ or "").strip().splitlines()[0] if kind.__doc__ else ""
