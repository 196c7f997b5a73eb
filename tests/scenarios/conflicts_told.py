"""`unified.conflict` held against the truth that the sample city's generator wrote: every planted disagreement, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

Told = tuple[str, str, str, str, str, str, str]
"""Entity, identifier, attribute, resource that lost, its value, resource that won, its value."""


def conflict_differences(connection: duckdb.DuckDBPyConnection, truth: Path, night: int) -> list[str]:
    """What the lake's table and the truth of the night's end do not have in common, one line each; empty where they are equal.

    Resources without an identifier are left out: on what their records disagree depends on how they were linked.
    """
    linked = linked_only(truth)
    table = {
        told
        for told in map(tuple, connection.execute(
            "SELECT entity, key, attribute, resource_b, value_b, resource_a, value_a FROM unified.conflict"
        ).fetchall())
        if not linked & {told[3], told[5]}
    }  # fmt: skip
    planted = {told for told in planted_conflicts(truth, night) if not linked & {told[3], told[5]}}
    missing = [f"not found: {_without_values(told)}" for told in sorted(planted - table)]
    return missing + [f"never planted: {_without_values(told)}" for told in sorted(table - planted, key=str)]


def planted_conflicts(truth: Path, night: int) -> set[Told]:
    """The conflicts that stand at the end of the night."""
    return {
        (line["entity"], line["identifier"], line["attribute"], line["resource"], line["value"], line["winner"], line["winning_value"])
        for line in lines(truth / "conflicts.jsonl")
        if line["night"] <= night <= (line["until"] or night)
    }  # fmt: skip


def true_links(truth: Path, night: int) -> dict[tuple[str, str], dict[str, Any]]:
    """Resource and key → the line of truth of each linked record that the lake holds at the end of the night."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for line in lines(truth / "links.jsonl"):
        if line["night"] <= night:
            found[line["resource"], line["key"]] = line
    return {at: line for at, line in found.items() if not line.get("gone")}


def linked_only(truth: Path) -> set[str]:
    """The resources whose records have no identifier at all."""
    return {
        line["resource"]
        for line in lines(truth / "links.jsonl")
        if not line.get("gone") and line["who"].startswith("visitor")
    }


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _without_values(told: Told) -> str:
    entity, _, attribute, lost, _, won, _ = told
    return f"{entity}.{attribute} of {lost} against {won}"
