"""The dialect of a CSV file, recognised from its first lines: a suggestion for a contract, never used to read one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from connectors.files.csv_dialect import DIALECT, Dialect
from connectors.files.csv_records import CsvRecord, csv_records
from connectors.files.text import open_text, recognise_encoding
from contracts.errors import SourceBroken

_LINES = 200
_DELIMITERS = (",", ";", "\t", "|", "\x01", "^", "~", "||", "|+|", "|@|", "^|^", "$$")
_QUOTES = ('"', "'")


def recognise_csv(path: Path) -> Mapping[str, Any] | None:
    """Settings that differ from the defaults, None where no line has a delimiter and the file cannot be told from prose."""
    encoding = recognise_encoding(path)
    best: tuple[float, dict[str, Any]] = (0.0, {})
    for quote in _QUOTES:
        for delimiter in _DELIMITERS:
            found = _tried(path, encoding, delimiter, quote)
            if found and found[0] > best[0]:
                best = found
    if not best[1]:
        return {"encoding": encoding} if _is_one_column(path, encoding) else None
    defaults = {name: schema.get("default") for name, schema in DIALECT.items()}
    return {
        name: value
        for name, value in {"encoding": encoding, **best[1]}.items()
        if name == "encoding" or value != defaults[name]
    }


def _tried(path: Path, encoding: str, delimiter: str, quote: str) -> tuple[float, dict[str, Any]] | None:
    """How well the lines agree on one number of cells, with the settings: rows of more cells and fewer misfits are better."""
    settings = {name: schema["default"] for name, schema in DIALECT.items() if "default" in schema}
    stated = settings | {"encoding": encoding, "delimiter": delimiter, "quote": quote}
    try:
        records = _first(path, Dialect.stated(stated))
    except SourceBroken:
        return None
    if not records or (quote != '"' and not _quotes_cells(records, delimiter, quote)):
        return None
    (width, lines), *_ = Counter(len(record.row) for record in records).most_common(1)
    if width < 2:
        return None
    skipped = next(n for n, record in enumerate(records) if len(record.row) == width)
    heading = records[skipped]
    below = records[skipped + 1 :]
    trailing = bool(below) and all(len(r.row) == width and r.row[-1] == "" for r in below)
    trailing &= heading.row[-1] == "" or (skipped > 0 and len(records[skipped - 1].row) == width - 1)
    found: dict[str, Any] = {"delimiter": delimiter, "skipRows": heading.line - 1}
    if any(quote in record.text for record in records):
        found["quote"] = quote
    if trailing:
        found["trailingDelimiter"] = True
        if heading.row[-1] != "":
            found["skipRows"] = records[skipped - 1].line - 1
    elif not _is_heading(heading.row, [record.row for record in below]):
        found["header"] = False
    agreeing = lines / len(records)
    unquoted = sum(cell[:1] in _QUOTES and len(cell) > 1 for record in records for cell in record.row)
    cells = sum(len(record.row) for record in records)
    return agreeing * min(width, 50) ** 0.25 * len(delimiter) ** 0.5 * (1 - unquoted / cells), found


def _quotes_cells(records: list[CsvRecord], delimiter: str, quote: str) -> bool:
    """Whether a cell starts and ends with the sign; an apostrophe does neither."""
    edge = re.escape(delimiter)
    cell = re.compile(f"(?:^|{edge}){quote}[^{quote}]*{quote}(?:{edge}|\r|\n|$)")
    return any(cell.search(record.text) for record in records)


def _is_heading(first: list[str], below: list[list[str]]) -> bool:
    """A heading has no number, date or empty cell in it, and no cell twice – unless the rows below have no number either."""
    if any(_is_value(cell) for cell in first):
        return False
    return bool(below) or all(cell.strip() for cell in first)


def _is_value(cell: str) -> bool:
    text = cell.strip().replace("-", "").replace("/", "").replace(".", "").replace(":", "").replace(" ", "")
    return text.isdecimal() and not (len(text) == 4 and text.startswith(("19", "20")))


def _first(path: Path, dialect: Dialect) -> list[CsvRecord]:
    with open_text(path, dialect.encoding) as text:
        return list(islice(csv_records(path, text, dialect, 1), _LINES))


def _is_one_column(path: Path, encoding: str) -> bool:
    """Short lines without a sentence's end are a list."""
    with open_text(path, encoding) as text:
        lines = [line.strip() for line in islice(text, _LINES)]
    return bool(lines) and all(len(line) < 100 and not line.endswith((".", "。")) for line in lines)
