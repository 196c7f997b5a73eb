"""Excel: a sheet of the data, written and read row by row, and a sheet about it; every text is stored as text, so that nothing in it is a formula."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

from contracts.errors import ConfigurationError
from contracts.quoting import ident
from sharing.delivery.masks import WORDS
from sharing.delivery.projection import Projection
from sharing.delivery.work import Work

MOST_ROWS = 1_048_576
_LONGEST_TEXT = 32_767
# a spreadsheet counts the days from 1900, whose February it believes to have 29
_FIRST_DAY = date(1900, 3, 1)
# more digits than a spreadsheet's number keeps
_DIGITS = 15
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def write(work: Work, projection: Projection, target: Path) -> int:
    """Write the projection and return its rows; ConfigurationError for more than a sheet holds, or a text longer than a cell."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    grant = projection.grant
    where = f"line {grant.line_id}"
    rows, longest = _measured(work, projection)
    if rows + 1 > MOST_ROWS:
        raise ConfigurationError(
            f"a sheet holds {MOST_ROWS:,} rows, and these are {rows:,} and a header", where=where, remedy="deliver it as csv or parquet"
        )  # fmt: skip
    if longest > _LONGEST_TEXT:
        raise ConfigurationError(
            "a text is longer than a cell holds", where=where, remedy="deliver it as csv or parquet"
        )
    book = Workbook(write_only=True)
    book.properties.creator, book.properties.created = (
        "Landbridge",
        projection.load.interval_end.astimezone(UTC).replace(tzinfo=None),
    )
    book.properties.identifier = grant.request_id
    sheet, about = book.create_sheet("data"), book.create_sheet("说明 about")
    sheet.freeze_panes = "A2"
    for n in range(len(projection.names)):
        sheet.column_dimensions[get_column_letter(n + 1)].width = 22
    about.column_dimensions["A"].width, about.column_dimensions["B"].width = 34, 80

    def cell(value: Any, *, bold: bool = False) -> Any:
        if isinstance(value, str):
            made = WriteOnlyCell(sheet, _UNWRITABLE.sub("\ufffd", value))
            made.data_type = "s"
            # editing the cell does not make a formula of it either
            made.quotePrefix = True
            if bold:
                made.font = Font(bold=True)
            return made
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return value if len(str(value).strip("-").replace(".", "")) <= _DIGITS else cell(str(value))
        is_strange = (isinstance(value, float) and not isfinite(value)) or (
            isinstance(value, date) and value < _FIRST_DAY
        )
        return cell(str(value)) if is_strange else value

    with _temporary_files_in(work.staging):
        sheet.append([cell(name, bold=True) for name in projection.names])
        reader = work.connection.execute(_sql(projection)).to_arrow_reader(work.settings.batch_rows)
        for batch in reader:
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                sheet.append([cell(value) for value in row])
        for name, told in _about(projection).items():
            about.append([cell(name, bold=True), cell(told)])
        book.save(target)
    return rows


def read(file: Path) -> tuple[tuple[str, ...], int]:
    """The header and the number of rows below it."""
    from openpyxl import load_workbook

    book = load_workbook(file, read_only=True)
    try:
        rows = book["data"].iter_rows(values_only=True)
        header = next(rows, ())
        return tuple(str(name) for name in header), sum(1 for _ in rows)
    finally:
        book.close()


def _measured(work: Work, projection: Projection) -> tuple[int, int]:
    """Rows, and the length of the longest text: both are known before anything is written."""
    texts = [f"max(length({ident(c.field.name)}))" for c in projection.columns if c.is_text]
    longest = f"coalesce(greatest({', '.join(texts)}), 0)" if texts else "0"
    row = work.connection.execute(f"SELECT count(*), {longest} FROM ({projection.sql(ordered=False)})").fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _about(projection: Projection) -> dict[str, str]:
    """What a reader of the sheet must know, in both languages."""
    grant, load = projection.grant, projection.load
    masked = {f"脱敏 masked: {c.field.name}": WORDS[c.mask] for c in projection.columns if c.mask}
    return {
        "申请单 request": grant.request_id, "事项 line": grant.line_id, "需求部门 requester": grant.requester, "提供部门 provider": grant.provider,
        "数据资源 resource": projection.resource.id, "数据截至 data up to": load.interval_end.isoformat(timespec="minutes"),
        "湖快照 snapshot": str(load.snapshot), "行范围 rows": grant.row_scope or "全部 all",
        "授权至 valid to": grant.valid_to.isoformat() if grant.valid_to else "", **masked,
        "用途 use": "仅限申请所列用途，不得转交第三方 for the purpose of the request alone, and for no third party (国务院令第809号第25条)",
    }  # fmt: skip


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """The library writes sheets to temporary files of its own: they lie, and go, with what is staged."""
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


def _sql(projection: Projection) -> str:
    """The projection with instants as the city's own text: a spreadsheet knows no zones."""
    zoned = [c.field.name for c in projection.columns if c.field.logical_type == "timestamp" and not c.is_text]
    if not zoned:
        return projection.sql()
    texts = ", ".join(f"CAST({ident(name)} AS VARCHAR) AS {ident(name)}" for name in zoned)
    return f"SELECT * REPLACE ({texts}) FROM ({projection.sql()})"
