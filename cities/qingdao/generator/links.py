"""Whom a record without a usable identifier belongs to, as `truth/links.jsonl` tells it night by night."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from cities.qingdao.generator.claims import LINKED
from contracts.model import Resource


def links_of(
    resource: Resource, night: int, before: pd.DataFrame | None, after: pd.DataFrame
) -> Iterator[dict[str, Any]]:
    """A line for each record that came or changed its holder or its noise on the night, and for each that left the lake."""
    new = after[[f"since {name}" for name in (LINKED, "who", "noise")]].max(axis=1) == night
    for key, holder, who, noise in after.loc[new, [LINKED, "who", "noise"]].itertuples():
        yield {
            "night": night, "resource": resource.id, "key": key, "identifier": holder, "who": who, "noise": noise.split(),
        }  # fmt: skip
    for key in [] if before is None else list(before.index.difference(after.index)):
        yield {"night": night, "resource": resource.id, "key": key, "gone": True}
