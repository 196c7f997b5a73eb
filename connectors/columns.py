"""Names of columns as a heading gives them: trimmed, and every one of them told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from connectors.protocol import MALFORMED
from contracts.errors import SourceBroken
from contracts.model import Resource

# cells of one batch while they are Python objects: some 50 MB
_CELLS = 1 << 19
_TRIMMED = "\ufeff \t\r\n\u3000\xa0"


def column_names(heading: Sequence[str], resource: Resource, where: str) -> list[str]:
    """The heading's cells without blanks and byte order mark around them.

    A cell without text becomes `column_<n>` and a name that comes again gets `_2`, `_3`, … so that nothing vanishes. SourceBroken where the
    contract loads a name that stands twice: nobody could say which is meant.
    """
    names = [cell.strip(_TRIMMED) or f"column_{n}" for n, cell in enumerate(heading, 1)]
    doubled = {name for name, count in Counter(names).items() if count > 1}
    if wanted := sorted(doubled & {f.physical_name for f in resource.fields}):
        raise SourceBroken(
            f"the column {wanted[0]!r} stands {names.count(wanted[0])} times in the heading", where=where,
            remedy=f"ask {resource.department} which one counts, and to name them apart",
        )  # fmt: skip
    # the name of the column for lines that are no records is not to be had
    taken: set[str] = {MALFORMED}
    told_apart = []
    for name in names:
        candidate, n = name, 1
        while candidate in taken or (n > 1 and candidate in names):
            n += 1
            candidate = f"{name}_{n}"
        taken.add(candidate)
        told_apart.append(candidate)
    return told_apart


def free(name: str) -> str:
    """The name of a column for one that a source uses: that of the column for lines that are no records is not to be had."""
    return f"{MALFORMED}_2" if name == MALFORMED else name


def text_schema(names: Sequence[str]) -> pa.Schema:
    return pa.schema([pa.field(name, pa.string()) for name in names])


def no_rows(schema: pa.Schema) -> pa.RecordBatch:
    """The batch that carries the schema before, or without, any row."""
    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)


def rows_within(batch_rows: int, columns: int) -> int:
    """Rows of a batch where rows pass through Python: fewer than asked for where the table is wide."""
    return max(1, min(batch_rows, _CELLS // max(1, columns)))


def check_same_columns(path: Path, names: Sequence[str], first: Path, wanted: Sequence[str]) -> None:
    """Several files of one interval are one table: SourceBroken names the columns in which they differ."""
    if set(names) != set(wanted):
        differing = ", ".join(map(repr, sorted(set(names) ^ set(wanted))))
        raise SourceBroken(
            f"its columns differ from those of {first.name}: {differing} stands in only one of them", where=str(path),
            remedy="ask the department to deliver all files of an interval in one form",
        )  # fmt: skip
