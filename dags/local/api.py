"""The few calls of Airflow's REST API that the driver makes, as one logged-in client."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import httpx

from contracts.errors import ConfigurationError, InternalError
from dags.local.configuration import USER, Installation

_SECONDS = 60.0
# how often a call is repeated that met Airflow's own database locked
_TRIES = 7


class Airflow:
    """A client of one Airflow; times are aware. Raises ConfigurationError where it does not answer or refuses the login."""

    def __init__(self, installation: Installation) -> None:
        self.url = installation.url
        # no proxy of the environment: this never leaves the machine
        self._http = httpx.Client(base_url=installation.url, timeout=_SECONDS, trust_env=False)
        answer = self._send("POST", "/auth/token", {"username": USER, "password": installation.password})
        self._http.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def __enter__(self) -> Airflow:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def dag_ids(self) -> set[str]:
        """DAGs that Airflow has read."""
        return {dag["dag_id"] for dag in self._get("/dags", limit=1000)["dags"]}

    def import_errors(self) -> list[str]:
        """DAG files that cannot be read, with the end of their traceback."""
        found = self._get("/importErrors")["import_errors"]
        return [f"{e['filename']}: {e['stack_trace'].strip().splitlines()[-1]}" for e in found]

    def set_pools(self, slots: dict[str, int]) -> None:
        """Make or change these pools; others stay."""
        pools = [{"name": name, "slots": n, "include_deferred": False} for name, n in sorted(slots.items())]
        action = {"action": "create", "action_on_existence": "overwrite", "entities": pools}
        answer = self._send("PATCH", "/api/v2/pools", {"actions": [action]})
        refused = answer.get("create", {}).get("errors", [])
        if refused:
            raise InternalError(f"Airflow refuses a pool: {refused[0]}", where=self.url)

    def backfill(self, dag_id: str, first: datetime, last: datetime, conf: dict[str, Any] | None = None) -> bool:
        """Create a backfill of the intervals that start from `first` to `last`, running again what has run.

        False where another backfill of the DAG is still open: Airflow closes one within half a minute of its last run's end. It is not
        cancelled here, for the runs of a cancelled backfill can never be cleared and run again.
        """
        body = {
            "dag_id": dag_id, "from_date": first.isoformat(), "to_date": last.isoformat(), "max_active_runs": 1,
            "reprocess_behavior": "completed", "dag_run_conf": conf or {},
        }  # fmt: skip
        if self._send("POST", "/api/v2/backfills", body, accept=(409,)):
            return True
        if self._remove_half_made(dag_id, first, last):
            return bool(self._send("POST", "/api/v2/backfills", body, accept=(409,)))
        return False

    def open_backfills(self, dag_id: str) -> list[dict[str, Any]]:
        """Backfills of this DAG that Airflow has not closed yet: while there is one, it refuses another."""
        return [found for found in self._get("/backfills", dag_id=dag_id)["backfills"] if not found["completed_at"]]

    def _remove_half_made(self, dag_id: str, first: datetime, last: datetime) -> bool:
        """Cancel an open backfill of the same span that has no run: a locked database left it behind."""
        for found in self.open_backfills(dag_id):
            same = datetime.fromisoformat(found["from_date"]) == first
            if same and not self.runs(dag_id, logical_date_gte=first, logical_date_lte=last):
                self._send("PUT", f"/api/v2/backfills/{found['id']}/cancel", None, accept=(409,))
                return True
        return False

    def runs(self, dag_id: str = "~", **filters: Any) -> list[dict[str, Any]]:
        """DAG runs, newest last."""
        found: list[dict[str, Any]] = self._get(f"/dags/{dag_id}/dagRuns", limit=1000, order_by="id", **filters)[
            "dag_runs"
        ]
        return found

    def tasks(self, dag_id: str = "~", run_id: str = "~", limit: int = 1000, **filters: Any) -> dict[str, Any]:
        """Task instances and, as `total_entries`, how many there are."""
        return self._get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", limit=limit, **filters)

    def waiting_events(self, dag_id: str) -> int:
        """Asset events that have not yet triggered this DAG."""
        answer = self._send("GET", f"/api/v2/dags/{dag_id}/assets/queuedEvents", None, accept=(404,))
        return int(answer.get("total_entries", 0))

    def log(self, dag_id: str, run_id: str, task_id: str, attempt: int = 1) -> str:
        """A task's log as text."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}"
        answer = self._send("GET", f"{path}?full_content=true", None)
        return "\n".join(
            str(line.get("event", line)) if isinstance(line, dict) else str(line) for line in answer["content"]
        )

    def health(self) -> dict[str, str]:
        """Component → `healthy`, or what it is instead."""
        answer = self._send("GET", "/api/v2/monitor/health", None)
        return {name: str(part.get("status")) for name, part in answer.items() if isinstance(part, dict)}

    def _get(self, path: str, **parameters: Any) -> dict[str, Any]:
        query = httpx.QueryParams({k: v.isoformat() if isinstance(v, datetime) else v for k, v in parameters.items()})
        return self._send("GET", f"/api/v2{path}?{query}", None)

    def _send(self, method: str, path: str, body: Any, accept: tuple[int, ...] = ()) -> dict[str, Any]:
        for attempt in range(1, _TRIES + 1):
            try:
                answer = self._http.request(method, path, json=body)
            except httpx.TransportError as error:
                raise ConfigurationError(
                    f"Airflow does not answer: {error}", where=self.url, remedy="start it: python -m dags.local up"
                ) from error
            if answer.status_code < 500 or attempt == _TRIES:
                break
            time.sleep(0.2 * 2**attempt)
        if answer.status_code in accept:
            return {}
        if answer.status_code in (401, 403):
            raise ConfigurationError(
                "Airflow refuses the login", where=self.url, remedy="another Airflow listens there: choose another port"
            )
        if answer.is_error:
            raise InternalError(f"Airflow answers {answer.status_code}: {answer.text[:500]}", where=f"{method} {path}")
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found
