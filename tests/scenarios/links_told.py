"""Links between cards and people held against the truth that the sample city's generator wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from tests.scenarios.conflicts_told import linked_only, true_links


@dataclass(frozen=True)
class Score:
    """Of the records without an identifier: joined to the right person, to a wrong one, and left alone though the lake knows their person."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)


def link_score(connection: duckdb.DuckDBPyConnection, truth: Path, night: int) -> Score:
    """How the persons of `unified.person_record` agree with the truth of the night's end.

    A record joined to a wrong person whose own is known counts as wrong and as missed; a person of no register cannot be missed.
    """
    nameless = linked_only(truth)
    known = {
        id
        for (id,) in connection.execute(
            "SELECT DISTINCT resident_id FROM unified.person_record WHERE resident_id IS NOT NULL"
        ).fetchall()
    }
    joined = {
        (resource, key): id
        for resource, key, id in connection.execute("""
            SELECT r.resource, r.record_key, p.resident_id FROM unified.person_record AS r
            LEFT JOIN (SELECT entity_id, min(resident_id) AS resident_id FROM unified.person_record WHERE valid_to IS NULL GROUP BY ALL) AS p USING (entity_id)
            WHERE r.valid_to IS NULL""").fetchall()
        if resource in nameless
    }  # fmt: skip
    right = wrong = missed = 0
    for at, line in true_links(truth, night).items():
        if at[0] not in nameless:
            continue
        true, found = line["identifier"], joined.get(at)
        right += found is not None and found == true
        wrong += found is not None and found != true
        missed += true in known and found != true
    return Score(right, wrong, missed)
