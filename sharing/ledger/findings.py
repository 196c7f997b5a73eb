"""What a verification can find: the place, and what is wrong there."""

from __future__ import annotations

from dataclasses import dataclass

# what is wrong → in words
WRONGS: dict[str, tuple[str, str]] = {
    "unreadable": ("无法读取", "a line of the export is no entry, or not written as one"),
    "order": ("次序颠倒", "entries do not stand in their order"),
    "gap": ("缺号", "entries are missing"),
    "number": ("重号", "a number stands twice, or is none"),
    "hash": ("摘要不符", "the entry is not what was hashed"),
    "id": ("事件编号不符", "the event is not what its id was made of"),
    "previous": ("前一摘要不符", "the entry does not follow the one before it"),
    "time": ("时间倒退", "the ledger's own time goes back"),
    "twice": ("重复事件", "the same act is recorded twice"),
    "head": ("链头不符", "the head is not the newest entry"),
    "anchor": ("锚点不符", "the chain is not the one that was anchored"),
    "stale": ("锚点过期", "the chain was not anchored for too long"),
    "ahead": ("锚点日期超前", "an anchor is of a day still to come: the clock was set back, or the file is not true"),
}
# what alone is no sign that anything was changed
_NO_CHANGE = ("stale", "ahead")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: `what` is a key of WRONGS; the entry's number, or the `place` – a line of the export, an anchor's file."""

    what: str
    number: int | None = None
    place: str = ""
    line_id: str = ""
    kind: str = ""
    says: str = ""

    @property
    def is_change(self) -> bool:
        """Whether somebody changed something: then everything is kept as it is, and the auditor called."""
        return self.what not in _NO_CHANGE

    def __str__(self) -> str:
        zh, en = WRONGS[self.what]
        where = [f"entry {self.number}" if self.number is not None else "", self.place, self.kind, self.line_id]
        return f"{zh} {en}: {', '.join(filter(None, where)) or 'the ledger'}{f' – {self.says}' if self.says else ''}"
