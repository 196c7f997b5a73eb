"""Starting and stopping a local Airflow: scheduler, DAG processor and API server as children of this process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import httpx

from contracts.catalogue import load_city
from contracts.errors import ConfigurationError, InternalError
from contracts.settings import Settings
from dags.building.model_plan import unifies
from dags.building.plan import MORNING_DIGEST, SHARE_RATE, UNIFY, city_head, dag_plans, resource_ids
from dags.local.api import Airflow
from dags.local.configuration import HOST, PORT, Installation, environment, install

COMPONENTS = ("api-server", "scheduler", "dag-processor")
# the API server reads the logs from disk: no second server, which would listen on every interface
ARGUMENTS = {"scheduler": ("--skip-serve-logs",)}
START_SECONDS, STOP_SECONDS = 180, 25
Report = Callable[[str], None]


@contextmanager
def running_airflow(
    settings: Settings, port: int = PORT, report: Report = lambda line: None, ready_seconds: float = START_SECONDS
) -> Iterator[Installation]:
    """A healthy Airflow that has read every DAG of the city, for as long as the block runs; then all of it is stopped.

    Raises ConfigurationError where the port is taken or a DAG file cannot be read, InternalError where a component ends.
    """
    installation = prepare(settings, port, report)
    children = {name: _start(name, settings, installation) for name in COMPONENTS}
    report(f"starting Airflow: {', '.join(COMPONENTS)}; their logs lie in {installation.logs}")
    try:
        deadline = time.monotonic() + ready_seconds
        _wait_until_healthy(children, installation, deadline)
        with Airflow(installation) as airflow:
            airflow.set_pools(pools(settings))
            _wait_for_dags(airflow, settings, children, installation, deadline)
        report(f"Airflow is up: {installation.url} (user admin, password {installation.password})")
        yield installation
    finally:
        _stop(children)


def prepare(settings: Settings, port: int = PORT, report: Report = lambda line: None) -> Installation:
    """Write the configuration and bring Airflow's metadata database up to the installed version."""
    _check_free(port)
    installation = install(settings, port)
    installation.logs.mkdir(parents=True, exist_ok=True)
    stamp, wanted = installation.home / "migrated", version("apache-airflow")
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        report("preparing Airflow's metadata database")
        _airflow(settings, installation, "db", "migrate")
        stamp.write_text(wanted, encoding="utf-8")
    return installation


def pools(settings: Settings) -> dict[str, int]:
    """A pool a source system: how many extractions may run against it at once."""
    return {system.id: system.pool_slots for system in city_head(settings.city).systems.values()}


def expected_dags(settings: Settings) -> set[str]:
    """DAG ids that the city folder leads to."""
    city = load_city(settings.city)
    ids = {plan.dag_id for plan in dag_plans(city)} | {MORNING_DIGEST}
    if resource_ids(city.folder):
        ids.add(SHARE_RATE)
    return ids | ({UNIFY} if unifies(city.folder) else set())


def _start(name: str, settings: Settings, installation: Installation) -> subprocess.Popen[bytes]:
    # a group of its own: a ctrl-c reaches us alone, and we stop the children in order
    with (installation.logs / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            ["airflow", name, *ARGUMENTS.get(name, ())], env=environment(settings), cwd=installation.home, stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip


def _stop(children: dict[str, subprocess.Popen[bytes]]) -> None:
    """Scheduler first, so that running tasks can still report; whatever is left after a while is killed with its group."""
    order = ("scheduler", "dag-processor", "api-server")
    for name in order:
        if children[name].poll() is None:
            children[name].send_signal(signal.SIGTERM)
        if name == "scheduler":
            _wait(children[name], STOP_SECONDS)
    for name in order:
        _wait(children[name], STOP_SECONDS / 2)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(children[name].pid, signal.SIGKILL)
        children[name].wait()


def _wait(child: subprocess.Popen[bytes], seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        child.wait(seconds)


def _wait_until_healthy(
    children: dict[str, subprocess.Popen[bytes]], installation: Installation, deadline: float
) -> None:
    state = "it does not answer yet"
    while time.monotonic() < deadline:
        _check_alive(children, installation)
        with suppress(httpx.HTTPError, ValueError):
            answer = httpx.get(f"{installation.url}/api/v2/monitor/health", timeout=5, trust_env=False).json()
            parts = {
                name: (answer.get(name) or {}).get("status") for name in ("metadatabase", "scheduler", "dag_processor")
            }
            if all(status == "healthy" for status in parts.values()):
                return
            state = ", ".join(f"{name} {status}" for name, status in parts.items())
        time.sleep(0.5)
    raise InternalError(
        f"Airflow is not healthy in time: {state}",
        where=str(installation.logs),
        remedy="read the component's log there",
    )


def _wait_for_dags(
    airflow: Airflow, settings: Settings, children: dict[str, subprocess.Popen[bytes]], installation: Installation,
    deadline: float,
) -> None:  # fmt: skip
    expected = expected_dags(settings)
    while missing := expected - airflow.dag_ids():
        _check_alive(children, installation)
        if errors := airflow.import_errors():
            raise ConfigurationError(f"a DAG file cannot be read: {errors[0]}", where=str(settings.city))
        if time.monotonic() > deadline:
            raise InternalError(
                f"Airflow has not read {len(missing)} of {len(expected)} DAGs: {', '.join(sorted(missing)[:5])}",
                where=str(installation.logs / "dag-processor.log"),
            )
        time.sleep(0.5)


def _check_alive(children: dict[str, subprocess.Popen[bytes]], installation: Installation) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            log = installation.logs / f"{name}.log"
            raise InternalError(f"Airflow's {name} ended: {_last_line(log)}", where=str(log))


def _airflow(settings: Settings, installation: Installation, *arguments: str) -> None:
    log = installation.logs / "commands.log"
    with log.open("ab") as output:
        done = subprocess.run(
            ["airflow", *arguments], env=environment(settings), cwd=installation.home, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
    if done.returncode:
        raise InternalError(f"airflow {' '.join(arguments)} failed: {_last_line(log)}", where=str(log))


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ConfigurationError(
                f"port {port} is taken", where=HOST, remedy="stop what listens there, or choose another port"
            ) from error


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1].strip()[:300] if lines else "no output"
