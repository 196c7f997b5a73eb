"""A Spark for small tables: few partitions, and a compiler in no hurry to optimise."""

from __future__ import annotations

from pathlib import Path

_DEFAULTS = """
spark.sql.shuffle.partitions 2
spark.task.maxFailures 1
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
"""


def small_spark(folder: Path) -> dict[str, str]:
    """The variables of the environment that make it so; its workers write below `folder`, not into the installed package."""
    import pyspark

    folder.mkdir()
    for part in ("bin", "jars"):
        (folder / part).symlink_to(Path(pyspark.__file__).parent / part)
    (folder / "conf").mkdir()
    (folder / "conf" / "spark-defaults.conf").write_text(_DEFAULTS, encoding="utf-8")
    return {"SPARK_HOME": str(folder), "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData"}
