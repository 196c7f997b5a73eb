"""The configuration of a local Airflow: `<home>/airflow/airflow.cfg`, with everything that calls out switched off."""

from __future__ import annotations

import json
import os
import secrets
import sys
from configparser import ConfigParser, NoOptionError, NoSectionError
from dataclasses import dataclass
from pathlib import Path

from contracts.errors import ConfigurationError
from contracts.settings import Settings
from dags.building.plan import city_head

ROOT = Path(__file__).resolve().parents[2]
HOST, PORT, USER = "127.0.0.1", 8080, "admin"
# two tasks keep one core busy: each waits now and then for files, the API and the lake's lock
TASKS_PER_CORE = 1.5
MOST_TASKS = 4
# events of tasks alone: those of whole runs would keep a second Airflow in memory to say what the tasks' say
_LINEAGE = {"emit_dag_events": False, "include_source_code": False, "hook_lineage": False}


@dataclass(frozen=True)
class Installation:
    """Where this local Airflow lives and listens. `password` is the one of the user `admin`."""

    home: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def logs(self) -> Path:
        return self.home / "logs"


def install(settings: Settings, port: int = PORT) -> Installation:
    """Write airflow.cfg and, once, the secrets; readable by their owner alone. Writing it again changes nothing but the port."""
    home = settings.home / "airflow"
    home.mkdir(parents=True, exist_ok=True)
    kept = _secrets(home)
    passwords = home / "passwords.json"
    _write_private(passwords, json.dumps({USER: kept["password"]}))
    _write_private(home / "airflow.cfg", _configuration(settings, home, port, kept["jwt"], passwords))
    return Installation(home, port, kept["password"])


def installed(settings: Settings) -> Installation:
    """The local Airflow as last installed; its port is read from its own configuration."""
    home = settings.home / "airflow"
    return Installation(home, _port(home), _secrets(home)["password"])


def environment(settings: Settings) -> dict[str, str]:
    """The environment in which `airflow …` finds this installation: our settings as absolute paths, no other Airflow's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "_AIRFLOW"))}
    return {
        **kept,
        "AIRFLOW_HOME": str(settings.home / "airflow"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "LANDBRIDGE_HOME": str(settings.home),
        "LANDBRIDGE_CITY": str(settings.city),
        "LANDBRIDGE_SOURCES": str(settings.sources),
        "GX_ANALYTICS_ENABLED": "false",
        # a pool of threads in every forked task helps nobody: DuckDB has its own
        "OPENBLAS_NUM_THREADS": "1",
    }


def parallelism() -> int:
    """Tasks at once, from this machine's cores."""
    return max(2, min(MOST_TASKS, int((os.cpu_count() or 2) * TASKS_PER_CORE)))


def _configuration(settings: Settings, home: Path, port: int, jwt: str, passwords: Path) -> str:
    zone = city_head(settings.city).timezone.key
    sections: dict[str, dict[str, object]] = {
        "core": {
            "dags_folder": ROOT / "dags",
            "load_examples": False,
            "default_timezone": zone,
            "executor": "dags.local.executor.PreloadedExecutor",
            "parallelism": parallelism(),
            "max_active_tasks_per_dag": 16,
            "dags_are_paused_at_creation": False,
            "execute_tasks_new_python_interpreter": False,
            "auth_manager": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
            "simple_auth_manager_users": f"{USER}:admin",
            "simple_auth_manager_passwords_file": passwords,
            "execution_api_server_url": f"http://{HOST}:{port}/execution/",
        },
        "database": {"sql_alchemy_conn": f"sqlite:///{home}/airflow.db?timeout=15", "load_default_connections": False},
        "api": {
            "host": HOST,
            "port": port,
            "base_url": f"http://{HOST}:{port}",
            "workers": 1,
            "maximum_page_limit": 1000,
            "instance_name": "Landbridge",
            "expose_config": False,
        },
        "api_auth": {"jwt_secret": jwt},
        "scheduler": {"catchup_by_default": False, "scheduler_idle_sleep_time": 0.5, "enable_tracemalloc": False},
        "dag_processor": {
            "dag_version_inflation_check_level": "error",
            "min_file_process_interval": 60,
            "refresh_interval": 60,
            "parsing_processes": 1,
        },
        "logging": {"base_log_folder": home / "logs", "logging_level": "INFO"},
        "usage_data_collection": {"enabled": False},
        "metrics": {"statsd_on": False, "otel_on": False},
        "traces": {"otel_on": False},
        "sentry": {"sentry_on": False},
        "openlineage": {
            "transport": json.dumps(
                {"type": "dags.building.lineage_file.DailyFile", "folder": str(settings.home / "lineage")}
            ),
            "namespace": "landbridge",
            # a thread in the task, which costs less than a process a task and event
            "execute_in_thread": True,
            "emission_policy": json.dumps([{"scope": {}, "controls": _LINEAGE}]),
        },
    }
    lines = ["# written by dags/local/configuration.py at each start; changes are lost"]
    for section, options in sections.items():
        # Airflow reads its file with interpolation: a per cent sign is doubled
        lines += ["", f"[{section}]", *(f"{name} = {str(value).replace('%', '%%')}" for name, value in options.items())]
    return "\n".join(lines) + "\n"


def _secrets(home: Path) -> dict[str, str]:
    path = home / "secrets.json"
    if not path.exists():
        _write_private(path, json.dumps({"jwt": secrets.token_urlsafe(48), "password": secrets.token_urlsafe(9)}))
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return kept


def _write_private(path: Path, text: str) -> None:
    scratch = path.with_name(f".{path.name}-{os.getpid()}")
    scratch.touch(mode=0o600)
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)


def _port(home: Path) -> int:
    parser = ConfigParser(interpolation=None)
    parser.read(home / "airflow.cfg", encoding="utf-8")
    try:
        return parser.getint("api", "port")
    except (NoSectionError, NoOptionError) as error:
        raise ConfigurationError(
            "no Airflow is installed here", where=str(home), remedy="start it: python -m dags.local up"
        ) from error
