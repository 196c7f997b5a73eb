"""`python -m dags.local up | nights | pools | environment`: the local Airflow from the shell, without the product's own command line."""

from __future__ import annotations

import argparse
import shlex
import signal
import subprocess
import sys
from datetime import date
from types import FrameType

from contracts.catalogue import load_city
from contracts.errors import LandbridgeError
from contracts.settings import Settings
from dags.local.api import Airflow
from dags.local.configuration import PORT, environment, installed
from dags.local.nights import run_nights
from dags.local.processes import pools, running_airflow
from dags.local.progress import shown_progress


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, or 2 where Landbridge says what is wrong."""
    options = _parser().parse_args(arguments)
    # a terminated driver stops its Airflow, as an interrupted one does
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _COMMANDS[options.command](Settings.from_environment(), options)
    except KeyboardInterrupt:
        return 130
    except LandbridgeError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _up(settings: Settings, options: argparse.Namespace) -> None:
    with running_airflow(settings, options.port, _say):
        _say("ctrl-c stops it")
        signal.pause()


def _nights(settings: Settings, options: argparse.Namespace) -> None:
    def before(number: int, night: date) -> None:
        if options.before_night:
            command = [part.format(number=number, night=night) for part in shlex.split(options.before_night)]
            subprocess.run(command, check=True)

    with running_airflow(settings, options.port, _say), shown_progress() as show:
        run_nights(settings, load_city(settings.city), options.nights, show, before_night=before)


def _pools(settings: Settings, options: argparse.Namespace) -> None:
    with Airflow(installed(settings)) as airflow:
        airflow.set_pools(pools(settings))
    _say(f"{len(pools(settings))} pools are as systems.yaml says")


def _environment(settings: Settings, options: argparse.Namespace) -> None:
    names = ("AIRFLOW_HOME", "PYTHONPATH", "LANDBRIDGE_HOME", "LANDBRIDGE_CITY", "LANDBRIDGE_SOURCES")
    for name, value in environment(settings).items():
        if name in names:
            _say(f"export {name}={shlex.quote(value)}")


_COMMANDS = {"up": _up, "nights": _nights, "pools": _pools, "environment": _environment}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dags.local", description="A local Airflow for one city.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start Airflow and keep it running until ctrl-c")
    nights = commands.add_parser("nights", help="start Airflow, run these nights through it, stop it")
    nights.add_argument("nights", nargs="+", type=date.fromisoformat, help="local days on which the intervals start")
    nights.add_argument("--before-night", help="command before each night; may hold {number} and {night}")
    for command in (up, nights):
        command.add_argument("--port", type=int, default=PORT)
    commands.add_parser("pools", help="bring the running Airflow's pools in line with systems.yaml")
    commands.add_parser("environment", help="print what a shell needs so that `airflow …` finds this Airflow")
    return parser


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
