"""The dictionary as files: pages that need no network, and the same as CSV and JSON."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from contracts.catalogue import City
from pipeline.dictionary.entries import ColumnEntry, TableEntry
from pipeline.dictionary.lake_facts import LakeFacts
from pipeline.scratch import scratch_path
from sharing.delivery.masks import WORDS
from sharing.formulas import defused

_TEMPLATES = Path(__file__).parent / "templates"
GROUPS = (
    ("mart", "数据集市", "Marts"),
    ("unified", "统一实体", "Unified entities"),
    ("record", "来源记录", "Records and links"),
    ("reference", "代码集", "Code lists"),
    ("resource", "部门资源", "Departments' resources"),
)
"""Kinds of table in the order in which an analyst looks for them."""

_CSV = (
    "table", "table_zh", "table_en", "layer", "column", "type", "column_zh", "column_en", "unit", "classification", "masked", "key", "made_from",
    "source_department", "update_cycle", "rows", "fresh_until",
)  # fmt: skip


def write_site(target: Path, city: City, entries: Sequence[TableEntry], facts: Mapping[str, LakeFacts]) -> None:
    """Write the whole site in the place of what was there: index.html, a page a table, dictionary.csv and dictionary.json.

    Pages are swapped in as a whole; a folder that holds anything else than a dictionary is left alone, with FileExistsError.
    """
    if target.exists() and any(target.iterdir()) and not (target / "dictionary.json").is_file():
        raise FileExistsError(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    made = scratch_path(target)
    shutil.rmtree(made, ignore_errors=True)
    (made / "tables").mkdir(parents=True)
    readers = _readers(entries)
    shared = {"city": city, "facts": facts, "names": {e.name for e in entries}, "words": WORDS, "groups": GROUPS}
    total = sum(len(e.columns) for e in entries)
    index = (
        _environment()
        .get_template("index.html")
        .render(entries=entries, total_columns=total, script=_script(), script_hash=_hash(_script()), **shared)
    )
    (made / "index.html").write_text(index, encoding="utf-8")
    for entry in entries:
        page = _environment().get_template("table.html").render(e=entry, readers=readers.get(entry.name, ()), **shared)
        (made / "tables" / f"{entry.name}.html").write_text(page, encoding="utf-8")
    (made / "dictionary.csv").write_text("\ufeff" + as_csv(entries, facts), encoding="utf-8", newline="")
    (made / "dictionary.json").write_text(as_json(entries, facts), encoding="utf-8")
    if target.exists():
        shutil.rmtree(target)
    made.replace(target)


def as_csv(entries: Sequence[TableEntry], facts: Mapping[str, LakeFacts]) -> str:
    """One row a column; nothing in it is a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_CSV)
    for e in entries:
        fact = facts.get(e.name)
        fresh = fact.fresh_until.isoformat() if fact and fact.fresh_until else None
        for c in e.columns:
            row = (
                e.name, e.label.zh, e.label.en, str(e.layer), c.name, c.type, c.label.zh, c.label.en, str(c.unit or ""), c.classification,
                WORDS[c.mask.kind] if c.mask else "", c.is_key, "; ".join(c.origins), e.department_label, e.cycle,
                fact.rows if fact else None, fresh,
            )  # fmt: skip
            writer.writerow([defused(value) for value in row])
    return text.getvalue()


def as_json(entries: Sequence[TableEntry], facts: Mapping[str, LakeFacts]) -> str:
    """Everything the pages show, by table."""
    told: dict[str, Any] = {}
    for e in entries:
        columns = [
            {**asdict(c), "unit": asdict(c.unit) if c.unit else None, "mask": c.mask.kind if c.mask else None}
            for c in e.columns
        ]
        fact = facts.get(e.name)
        told[e.name] = {
            **asdict(e),
            "layer": asdict(e.layer),
            "columns": columns,
            "lake": asdict(fact) if fact else None,
        }
    return json.dumps(told, ensure_ascii=False, indent=1, default=str)


def _readers(entries: Sequence[TableEntry]) -> dict[str, list[str]]:
    """Table → the tables that are made from it."""
    found: dict[str, list[str]] = {}
    for e in entries:
        for name in e.inputs:
            found.setdefault(name, []).append(e.name)
    return found


@cache
def _script() -> str:
    return (_TEMPLATES / "search.js").read_text(encoding="utf-8")


def _hash(script: str) -> str:
    """What the page's policy allows to run: this text and no other."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"breakable": _breakable, "count": _count, "percent": _percent, "words": _words}
    return made


def _breakable(id: object) -> Markup:
    """An id that may be broken into lines after its points and underscores."""
    return Markup("<wbr>").join(re.findall(r"[^._]+[._]?|[._]", str(id)))


def _count(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _words(entry: TableEntry) -> str:
    """What the search looks in, in small letters."""
    columns: list[ColumnEntry] = list(entry.columns)
    parts = [entry.name, entry.label.zh, entry.label.en, *(f"{c.name} {c.label.zh} {c.label.en}" for c in columns)]
    return " ".join(parts).lower()
