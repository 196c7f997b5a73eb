"""Figures of the benchmark: kept as JSON, shown as a table, and written into docs/ as a page's table and plot."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

SOURCES = {
    "postgresql": "PostgreSQL", "mariadb": "MariaDB", "csv": "CSV, UTF-8", "gb18030": "CSV, GB18030", "parquet": "Parquet",
}  # fmt: skip
BEGIN, END = "<!-- figures: written by benchmarks.pipeline_rows -->", "<!-- end of figures -->"
Record = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """One process, or the sum of a night's three where `step` is empty. `result` is what it says of the rows,
    `others` how many CPUs other processes than it and its server kept busy meanwhile."""

    tool: str
    step: str
    seconds: float
    cpu: float
    rss_mib: float
    result: str = ""
    others: float = 0.0


def append(results: Path, record: Record) -> None:
    results.parent.mkdir(parents=True, exist_ok=True)
    with results.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, ensure_ascii=False) + "\n")


def latest(results: Path) -> list[Record]:
    """The newest record of each source, of those with the most rows."""
    records = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    chosen = []
    for source in SOURCES:
        mine = [r for r in records if r["source"] == source]
        most = max((r["rows"] for r in mine), default=0)
        chosen += [r for r in mine if r["rows"] == most][-1:]
    return chosen


def machine() -> dict[str, Any]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"cpus": os.cpu_count(), "model": model, "memory_gib": round(memory), "python": platform.python_version()}


def versions(rivals: Path, source: str) -> dict[str, str]:
    """Versions of what was measured: ours and the rivals' packages, and the server's program."""
    from importlib.metadata import version

    found = {name: version(name) for name in ("duckdb", "pyarrow", "adbc-driver-postgresql")}
    program = "from importlib.metadata import version as v; print(*[v(n) for n in ('dlt', 'connectorx', 'pandas')])"
    done = subprocess.run([str(rivals), "-c", program], capture_output=True, text=True, check=True)
    found |= dict(zip(("dlt", "connectorx", "pandas"), done.stdout.split(), strict=True))
    if source in ("postgresql", "mariadb"):
        client = {"postgresql": "psql", "mariadb": "mariadb"}[source]
        found["client"] = subprocess.run(
            [client, "--version"], capture_output=True, text=True, check=True
        ).stdout.strip()
    return found


def show(record: Record) -> str:
    """The record for a terminal."""
    head = f"{SOURCES[record['source']]}, {record['rows']:,} rows x 20 columns, load before {record['load']}"
    lines = [
        head,
        f"{'':<34}{'seconds':>9}{'x floor':>9}{'CPU s':>8}{'rows/s':>11}{'max RSS MiB':>13}{'others, CPUs':>14}",
    ]
    for m in record["measured"]:
        name = f"  {m['step']}" if m["step"] else m["tool"]
        rate = _rows(record, m["tool"]) / m["seconds"]
        ratio = m["seconds"] / _floor(record, m["tool"])
        lines.append(
            f"{name:<34}{m['seconds']:>9.1f}{ratio:>9.1f}{m['cpu']:>8.1f}{rate:>11,.0f}{m['rss_mib']:>13,.0f}{m['others']:>14.2f}"
        )
    return "\n".join(lines)


def write_docs(records: list[Record], docs: Path) -> None:
    """Replace the figures in benchmarks.md and draw the plot beside it; the words around them are people's."""
    page = docs / "benchmarks.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{_table(records)}{END}{after}", encoding="utf-8")
    (docs / "benchmarks.svg").write_text(_plot(records), encoding="utf-8")


def _floor(record: Record, tool: str) -> float:
    wanted = "floor, increment" if tool.endswith("increment") else "floor"
    return next((m["seconds"] for m in record["measured"] if m["tool"] == wanted), float("nan"))


def _rows(record: Record, tool: str) -> int:
    return record["rows"] // 100 if tool.endswith("increment") else record["rows"]


def _table(records: list[Record]) -> str:
    lines = [
        "| source | tool | seconds | × floor | × pipeline | CPU s | rows/s | peak memory, MiB | others, CPUs |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for record in records:
        for m in record["measured"]:
            if m["step"]:
                continue
            ours = "pipeline, increment" if m["tool"].endswith("increment") else "pipeline"
            pipeline = next(o["seconds"] for o in record["measured"] if o["tool"] == ours and not o["step"])
            bold = "**" if m["tool"] == ours else ""
            lines.append(
                f"| {SOURCES[record['source']]} | {bold}{m['tool']}{bold} | {m['seconds']:.1f} | {m['seconds'] / _floor(record, m['tool']):.1f} | "
                f"{m['seconds'] / pipeline:.2f} | {m['cpu']:.1f} | {_rows(record, m['tool']) / m['seconds']:,.0f} | {m['rss_mib']:,.0f} | {m['others']:.1f} |"
            )  # fmt: skip
    lines += ["", "The pipeline's three tasks, in seconds (peak memory, MiB):", ""]
    lines += ["| source | night | extract | validate | load |", "|---|---|--:|--:|--:|"]
    for record in records:
        for tool in ("pipeline", "pipeline, increment"):
            parts = [m for m in record["measured"] if m["tool"] == tool and m["step"]]
            cells = " | ".join(f"{m['seconds']:.1f} ({m['rss_mib']:,.0f})" for m in parts)
            if parts:
                lines.append(
                    f"| {SOURCES[record['source']]} | {'increment' if 'increment' in tool else 'first load'} | {cells} |"
                )
    return "\n".join(lines) + "\n\n" + _conditions(records)


def _conditions(records: list[Record]) -> str:
    of = records[-1]["machine"]
    packages = {k: v for r in records for k, v in r["versions"].items() if k != "client"}
    clients = [r["versions"]["client"] for r in records if "client" in r["versions"]]
    lines = [
        f"Machine: {of['cpus']} CPUs ({of['model']}), {of['memory_gib']} GiB. Python {of['python']}, "
        + ", ".join(f"{name} {version}" for name, version in packages.items()) + f"; {'; '.join(clients)}.",
        "",
    ]  # fmt: skip
    for r in records:
        lines.append(
            f"- {SOURCES[r['source']]}: {r['at'][:16].replace('T', ' ')} UTC, {r['rows']:,} rows, mode `{r['mode']}`, load average before {r['load']}"
        )
    return "\n".join(lines) + "\n"


def _plot(records: list[Record]) -> str:
    """Horizontal bars, one a tool, as long as its seconds."""
    groups = [(r, [m for m in r["measured"] if not m["step"]]) for r in records]
    longest = max(m["seconds"] for _, bars in groups for m in bars)
    parts, y = [], 10
    for record, bars in groups:
        y += 24
        parts.append(
            f'<text x="10" y="{y}" font-weight="bold">{escape(SOURCES[record["source"]])}, {record["rows"]:,} rows</text>'
        )
        for m in bars:
            y += 20
            colour = (
                "#c0392b"
                if m["tool"].startswith("pipeline")
                else "#b8bec4"
                if m["tool"].startswith("floor")
                else "#5b7fa6"
            )
            width = max(1, round(480 * m["seconds"] / longest))
            parts.append(
                f'<text x="170" y="{y}" text-anchor="end">{escape(m["tool"])}</text><rect x="180" y="{y - 11}" width="{width}" height="14" fill="{colour}"/>'
            )
            parts.append(f'<text x="{186 + width}" y="{y}">{m["seconds"]:.1f} s</text>')
    size = f'width="740" height="{y + 16}" viewBox="0 0 740 {y + 16}"'
    style = 'font-family="sans-serif" font-size="12" fill="#222"'
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n<rect width="740" height="{y + 16}" fill="#fff"/>\n{body}\n</svg>\n'
