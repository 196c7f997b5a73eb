"""One Spark session a process: started when the first model needs it, stopped with the process, its files below LANDBRIDGE_HOME/staging.

With `local…` as master nothing leaves this machine: driver and executors speak over the loopback address. What an installation needs beyond these
settings stands in Spark's own spark-defaults.conf (SPARK_CONF_DIR), which Spark reads by itself.
"""

from __future__ import annotations

import atexit
import logging
import os
import re
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from contracts.errors import ConfigurationError
from contracts.settings import Settings
from pipeline.scratch import scratch_path

# not started by itself: Spark without Java says nothing that helps
_MISSING = "install the packages of spark.lock and a Java runtime of version 17 or newer: make spark"
# off: what Spark says of an error cites values of rows
_QUIET = """
status = off
rootLogger.level = off
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = spark %p %c{1}: %m%n
"""


@dataclass(frozen=True)
class Spark:
    """A running session and the folder of its files, which goes with it."""

    session: Any
    master: str
    memory: str
    folder: Path
    runs: Iterator[int]

    def executors(self) -> dict[str, int]:
        """Id of every executor → tasks it has completed; where Spark runs in one process that is `driver`."""
        listed = self.session.sparkContext._jsc.sc().statusStore().executorList(False)
        found = [listed.apply(at) for at in range(listed.size())]
        return {str(one.id()): int(one.completedTasks()) for one in found}


_running: list[Spark] = []


def spark_for(settings: Settings, timezone: str) -> Spark:
    """The process's session, with that session time zone; started anew where master, memory or home are other ones.

    Raises ConfigurationError where pyspark or Java is missing, or Spark does not start.
    """
    home = settings.home / "staging"
    if _running and (_running[0].master, _running[0].memory, _running[0].folder.parent) != (
        settings.spark_master, settings.spark_memory, home,
    ):  # fmt: skip
        stop_spark()
    if not _running:
        _running.append(_start(settings, home))
        atexit.register(stop_spark)
    _running[0].session.conf.set("spark.sql.session.timeZone", timezone)
    return _running[0]


def stop_spark() -> None:
    """Stop the session, where there is one, and remove its files."""
    while _running:
        spark = _running.pop()
        with suppress(Exception):  # where the JVM has died there is nothing to stop
            spark.session.stop()
        _end_gateway()
        shutil.rmtree(spark.folder, ignore_errors=True)


def _start(settings: Settings, home: Path) -> Spark:
    memory = f"{_mebibytes(settings.spark_memory)}m"
    java = shutil.which("java", path=f"{os.environ['JAVA_HOME']}/bin" if os.environ.get("JAVA_HOME") else None)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the pandas version, which no model touches
            # the errors it would write cite values of rows
            logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)
            from py4j.protocol import Py4JError
            from pyspark.errors import PySparkException
            from pyspark.sql import SparkSession
    except ImportError as error:
        raise ConfigurationError(
            f"Spark is not installed: {error}", where="LANDBRIDGE_ENGINE", remedy=_MISSING
        ) from None
    if java is None:
        raise ConfigurationError("Spark finds no Java", where="JAVA_HOME and PATH", remedy=_MISSING)
    home.mkdir(parents=True, exist_ok=True)
    folder = scratch_path(home / "spark")
    folder.mkdir(exist_ok=True)
    (folder / "log4j2.properties").write_text(_QUIET, encoding="utf-8")
    builder = SparkSession.builder.master(settings.spark_master).appName("landbridge")
    for name, value in _configuration(settings.spark_master, memory, folder).items():
        builder = builder.config(name, value)
    try:
        with _environment(settings.spark_master), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            session = builder.getOrCreate()
    except (PySparkException, Py4JError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise ConfigurationError(
            f"Spark does not start: {str(error).splitlines()[0][:300]}",
            where=f"LANDBRIDGE_SPARK_MASTER={settings.spark_master}",
            remedy="check master and memory, and that `java -version` says 17 or newer",
        ) from error
    partitions = "spark.sql.shuffle.partitions"
    if session.sparkContext.getConf().get(partitions) is None:
        session.conf.set(partitions, str(max(2, 2 * session.sparkContext.defaultParallelism)))
    return Spark(session, settings.spark_master, settings.spark_memory, folder, count(1))


def _configuration(master: str, memory: str, folder: Path) -> dict[str, str]:
    options = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": memory,
        "spark.executor.memory": memory,
        "spark.local.dir": str(folder / "local"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.driver.extraJavaOptions": f'"-Dlog4j2.configurationFile={(folder / "log4j2.properties").as_uri()}"',
        # what the dialect counts on (transforms/models/spark_dialect.py)
        "spark.sql.ansi.enabled": "true",
        "spark.sql.caseSensitive": "false",
        # a text with ${…} in it is a text
        "spark.sql.variable.substitute": "false",
        # in Spark 4.3 this rule, which only tidies, breaks plans with a window over a UNION of joins
        "spark.sql.optimizer.excludedRules": "org.apache.spark.sql.catalyst.optimizer.RemoveRedundantAliases",
        "spark.sql.parquet.fieldId.read.enabled": "true",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
        "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    }
    if master.startswith("local"):
        options |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return options


@contextmanager
def _environment(master: str) -> Iterator[None]:
    """Spark looks up its own address in the environment only, once, as it starts."""
    before = os.environ.get("SPARK_LOCAL_IP")
    if master.startswith("local"):
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    try:
        yield
    finally:
        os.environ.pop("SPARK_LOCAL_IP", None)
        if before is not None:
            os.environ["SPARK_LOCAL_IP"] = before


def _end_gateway() -> None:
    """End the JVM too, so that a session of other settings gets one of its own."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    if gateway is None:
        return
    with suppress(Exception):
        gateway.shutdown()
    process = getattr(gateway, "proc", None)
    if process is not None:
        with suppress(Exception):
            process.stdin.close()  # at its end the JVM ends, and removes what it has written
            process.wait(timeout=20)
    SparkContext._gateway = SparkContext._jvm = None


def _mebibytes(text: str) -> int:
    found = re.fullmatch(r"(\d+)\s*([mgt])(?:i?b)?", text.strip().lower())
    if found is None or int(found[1]) == 0:
        raise ConfigurationError(f"LANDBRIDGE_SPARK_MEMORY is {text!r}", remedy="write for example 1GiB or 512MiB")
    return int(found[1]) * {"m": 1, "g": 1024, "t": 1024 * 1024}[found[2]]
