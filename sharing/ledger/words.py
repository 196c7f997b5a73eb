"""An entry in words, in both languages, with nothing in them that a reader of the ledger need not see."""

from __future__ import annotations

import json
import re
from zoneinfo import ZoneInfo

from sharing.ledger.chain import Entry
from sharing.ledger.events import KINDS

# identify rows of the data, or hold a value of it: how many there are is told, not which
_HIDDEN = ("keys", "row_keys", "suggested")
# typed by people, who type numbers of persons: what stands in them as a long number is masked
_TYPED = ("reason", "scenario", "basis", "ground", "holding", "purpose", "missing", "proof")
_NUMBER = re.compile(r"\d{7,}[\dXx]")


def in_words(entry: Entry, zone: ZoneInfo, actor: str = "") -> list[str]:
    """What happened, when, by whom and with what content, in a few lines; times in `zone`, `actor` the department's name."""
    kind = KINDS.get(entry.kind)
    told = f"{kind.zh} {kind.en}" if kind else entry.kind
    person = f" ({entry.person})" if entry.person else ""
    lines = [
        f"{entry.number}  {entry.occurred_at.astimezone(zone):%Y-%m-%d %H:%M}  {told} · {actor or entry.actor}{person}"
    ]
    if content := _content(entry.payload):
        lines.append(content)
    register = "，来自登记簿 from the register" if entry.source == "register" else ""
    recorded = f"{entry.recorded_at.astimezone(zone):%Y-%m-%d %H:%M}"
    lines.append(
        f"申请项 line {entry.line_id}，申请单 request {entry.request_id}，记录于 recorded {recorded}{register}，摘要 hash {entry.hash[:16]}"
    )
    return lines


def _content(payload: str) -> str:
    try:
        said = json.loads(payload)
    except ValueError:
        return "内容无法读取 the content cannot be read: landbridge audit verify"
    return "; ".join(f"{name}: {shown(name, value)}" for name, value in sorted(said.items()))


def shown(name: str, value: object) -> str:
    """A part of an entry's content as text: numbers of persons that somebody typed are masked, what identifies rows is only counted."""
    listed = value if isinstance(value, list) else [value]
    if name in _HIDDEN:
        return f"{len(listed)} 项未显示 not shown"
    text = ", ".join("yes" if item is True else "no" if item is False else str(item) for item in listed)
    if name in _TYPED:
        text = _NUMBER.sub(lambda number: f"{number[0][:3]}{'*' * (len(number[0]) - 5)}{number[0][-2:]}", text)
    return text if len(text) <= 200 else f"{text[:199]}…"
