"""A delivery as Excel: a sheet of the data, written and read row by row, and a sheet about it."""

from __future__ import annotations

from pathlib import Path

from contracts.quoting import ident
from sharing.delivery.masks import WORDS
from sharing.delivery.projection import Projection
from sharing.delivery.work import Work
from sharing.spreadsheet import Book, check_fits, write_book


def write(work: Work, projection: Projection, target: Path) -> int:
    """Write the projection and return its rows; ConfigurationError for more than a sheet holds, or a text longer than a cell."""
    grant = projection.grant
    texts = [c.field.name for c in projection.columns if c.is_text]
    rows = check_fits(work.connection, projection.sql(ordered=False), texts, f"line {grant.line_id}")
    book = Book(projection.load.interval_end, grant.request_id, _about(projection))
    write_book(
        work.connection, _sql(projection), projection.names, target, work.staging, work.settings.batch_rows, book
    )
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


def _sql(projection: Projection) -> str:
    """The projection with instants as the city's own text: a spreadsheet knows no zones."""
    zoned = [c.field.name for c in projection.columns if c.field.logical_type == "timestamp" and not c.is_text]
    if not zoned:
        return projection.sql()
    texts = ", ".join(f"CAST({ident(name)} AS VARCHAR) AS {ident(name)}" for name in zoned)
    return f"SELECT * REPLACE ({texts}) FROM ({projection.sql()})"
