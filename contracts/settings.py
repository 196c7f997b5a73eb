"""Settings of an installation, read from `LANDBRIDGE_…` environment variables once per process. All are listed in docs/settings.md."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from contracts.errors import ConfigurationError

VARIABLES: dict[str, tuple[str, str]] = {
    "LANDBRIDGE_HOME": ("var", "folder of everything made at run time: landing, lake, reports, Airflow's own files"),
    "LANDBRIDGE_CITY": ("cities/qingdao", "the city folder: departments, systems, contracts, code lists, policy"),
    "LANDBRIDGE_SOURCES": ("<home>/sources/current", "where the sample city's source systems lie"),
    "LANDBRIDGE_CATALOGUE": (
        "sqlite:<home>/lake/catalogue.sqlite",
        "DuckLake's catalogue: `sqlite:<path>` or `postgres:<libpq string>`",
    ),
    "LANDBRIDGE_LAKE_FILES": ("<home>/lake/data", "where the lake's Parquet files lie"),
    "LANDBRIDGE_ANCHORS": (
        "<home>/anchors",
        "where the ledger's head is anchored every night: a folder outside this machine",
    ),
    "LANDBRIDGE_ANCHOR_DAYS": ("2", "how many days old the newest anchor may be before it is an alarm"),
    "LANDBRIDGE_MEMORY": ("1GiB", "memory DuckDB may use in one task"),
    "LANDBRIDGE_THREADS": ("2", "threads DuckDB may use in one task"),
    "LANDBRIDGE_BATCH_ROWS": ("65536", "rows of one Arrow batch on the way from a source to the landing zone"),
    "LANDBRIDGE_COMMIT_RETRIES": ("12", "how often a commit is tried again when other writers are in the way"),
    "LANDBRIDGE_RETRY_SECONDS": ("300", "how long Airflow waits before it asks a source that was down again"),
    "LANDBRIDGE_SOURCE_RETRIES": ("3", "how often Airflow asks a source that was down again"),
    "LANDBRIDGE_ENGINE": ("duckdb", "where the SELECT of a model is computed: `duckdb` or `spark`"),
    "LANDBRIDGE_SPARK_MASTER": (
        "local[*]",
        "where Spark computes models: `local[*]`, or `spark://host:7077` of a stand-alone cluster",
    ),
    "LANDBRIDGE_SPARK_MEMORY": ("1GiB", "memory of Spark's driver and of each of its executors"),
    "LANDBRIDGE_CLOCK": (
        "",
        "in place of the real time, for demos and tests: an instant (ISO 8601 with zone), or a file that holds one",
    ),
}


@dataclass(frozen=True)
class Settings:
    """The installation's settings; paths are absolute."""

    home: Path
    city: Path
    sources: Path
    catalogue: str
    lake_files: str
    anchors: Path
    anchor_days: int
    memory: str
    threads: int
    batch_rows: int
    commit_retries: int
    retry_seconds: int
    source_retries: int
    engine: str
    spark_master: str
    spark_memory: str
    clock: str

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings; raise ConfigurationError that names the variable at fault."""
        unknown = sorted(name for name in environ if name.startswith("LANDBRIDGE_") and _is_misspelt(name))
        if unknown:
            raise ConfigurationError(
                f"unknown setting {unknown[0]}", remedy=f"known settings: {', '.join(sorted(VARIABLES))}"
            )
        home = Path(environ.get("LANDBRIDGE_HOME") or "var").absolute()
        return cls(
            home=home,
            city=Path(environ.get("LANDBRIDGE_CITY") or VARIABLES["LANDBRIDGE_CITY"][0]).absolute(),
            sources=Path(environ.get("LANDBRIDGE_SOURCES") or home / "sources" / "current").absolute(),
            catalogue=environ.get("LANDBRIDGE_CATALOGUE") or f"sqlite:{home}/lake/catalogue.sqlite",
            lake_files=environ.get("LANDBRIDGE_LAKE_FILES") or f"{home}/lake/data",
            anchors=Path(environ.get("LANDBRIDGE_ANCHORS") or home / "anchors").absolute(),
            anchor_days=_whole_number(environ, "LANDBRIDGE_ANCHOR_DAYS"),
            memory=environ.get("LANDBRIDGE_MEMORY") or VARIABLES["LANDBRIDGE_MEMORY"][0],
            threads=_whole_number(environ, "LANDBRIDGE_THREADS"),
            batch_rows=_whole_number(environ, "LANDBRIDGE_BATCH_ROWS"),
            commit_retries=_whole_number(environ, "LANDBRIDGE_COMMIT_RETRIES"),
            retry_seconds=_whole_number(environ, "LANDBRIDGE_RETRY_SECONDS"),
            source_retries=_whole_number(environ, "LANDBRIDGE_SOURCE_RETRIES"),
            engine=environ.get("LANDBRIDGE_ENGINE") or VARIABLES["LANDBRIDGE_ENGINE"][0],
            spark_master=environ.get("LANDBRIDGE_SPARK_MASTER") or VARIABLES["LANDBRIDGE_SPARK_MASTER"][0],
            spark_memory=environ.get("LANDBRIDGE_SPARK_MEMORY") or VARIABLES["LANDBRIDGE_SPARK_MEMORY"][0],
            clock=_checked_clock(environ.get("LANDBRIDGE_CLOCK") or ""),
        )

    def observed_at(self, real_now: datetime) -> datetime:
        """The instant a run counts as happening: the clock of a demo, otherwise the caller's real time.

        A clock file is read at each call, so that a long-lived process follows it.
        """
        return _instant(self.clock) if self.clock else real_now

    @property
    def source_environment(self) -> dict[str, str]:
        """What `${NAME}` in a connection may refer to: the process environment and the sample sources' folder."""
        return {**os.environ, "LANDBRIDGE_SOURCES": str(self.sources), "LANDBRIDGE_HOME": str(self.home)}


def _is_misspelt(name: str) -> bool:
    # secrets of source systems are the city's own names and may start with LANDBRIDGE_SOURCE_/SAMPLE_
    return name not in VARIABLES and not name.startswith(("LANDBRIDGE_SAMPLE_", "LANDBRIDGE_SECRET_"))


def _whole_number(environ: Mapping[str, str], name: str) -> int:
    text = environ.get(name) or VARIABLES[name][0]
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise ConfigurationError(
            f"{name} must be a whole number, it is {text!r}", remedy=f"unset {name} or give a number"
        )
    return number


def _checked_clock(text: str) -> str:
    if text and not _is_file_name(text):
        _instant(text)
    return text


def _is_file_name(text: str) -> bool:
    return "/" in text


def _instant(clock: str) -> datetime:
    text = clock
    if _is_file_name(clock):
        try:
            text = Path(clock).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigurationError(
                f"LANDBRIDGE_CLOCK names a file that cannot be read: {clock}",
                remedy="unset it, or make the sample sources",
            ) from error
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ConfigurationError(
            f"LANDBRIDGE_CLOCK must be an ISO 8601 instant with a zone, it is {text!r}",
            remedy="for example 2020-05-05T02:10:00+08:00",
        )
    return instant


assert {f.name for f in fields(Settings)} == {name.removeprefix("LANDBRIDGE_").lower() for name in VARIABLES}, (
    "every setting is documented in VARIABLES"
)
