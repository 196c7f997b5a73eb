"""What can happen to a line: the kinds of events, and what each must say."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from contracts.errors import ConfigurationError
from contracts.mistakes import did_you_mean
from contracts.properties import GROUND_LEVELS, SHARE_TYPES, misfit

Schema = dict[str, Any]

# who an event came from: this platform's own doors, or the register a city kept before
SOURCES = ("landbridge", "register")

_TEXT: Schema = {"type": "string", "minLength": 1}
_MAYBE: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
# the largest whole number that every reader of JSON keeps exactly
_COUNT: Schema = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}
_YES: Schema = {"type": "boolean"}


@dataclass(frozen=True)
class Kind:
    """One kind of event; `required` and `optional` are the JSON schemas of what its payload says."""

    name: str
    zh: str
    en: str
    required: Mapping[str, Schema] = field(default_factory=dict)
    optional: Mapping[str, Schema] = field(default_factory=dict)


def _kinds(*kinds: Kind) -> dict[str, Kind]:
    return {kind.name: kind for kind in kinds}


_CORRECTION = {"correction_id": _TEXT}

KINDS = _kinds(
    Kind("submitted", "提交申请", "the request was submitted", {
        "requester": _TEXT, "provider": _TEXT, "resource": _TEXT, "purpose": _TEXT, "fields": _TEXTS, "row_scope": _MAYBE,
    }, {
        "share_type": {"enum": list(SHARE_TYPES)}, "basis": _TEXT, "scenario": _TEXT, "way": _TEXT, "duration_months": _COUNT, "approved_by": _TEXT,
        "backflow": _YES, "demand": _YES, "row_keys": _TEXTS,
    }),
    Kind("received", "收到申请", "the provider received it"),
    Kind("returned", "一次性告知补正", "the provider told once which papers are missing", {}, {"missing": _TEXTS}),
    Kind("supplemented", "补正材料", "the missing papers came"),
    Kind("extension_asked", "申请延期", "the provider asked for more time", {"days": _COUNT}, {"reason": _TEXT}),
    Kind("extension_consented", "同意延期", "the bureau consented to more time", {"days": _COUNT}),
    Kind("extension_declined", "不同意延期", "the bureau did not consent to more time", {}, {"reason": _TEXT}),
    Kind("granted", "同意共享", "the provider consented, wholly or in part", {
        "fields": _TEXTS, "row_scope": _MAYBE, "valid_from": _TEXT, "valid_to": _TEXT,
    }, {"purpose": _TEXT, "unmasked": _TEXTS, "impact_assessment": _TEXT, "approved_by": _TEXT, "way": _TEXT}),
    Kind("refused", "不予共享", "the provider refused", {"level": _TEXT}, {"ground": _TEXT, "approved_by": _TEXT}),
    Kind("refusal_confirmed", "确认拒绝", "the bureau confirmed the ground of the refusal"),
    Kind("refusal_overruled", "不认可拒绝", "the bureau did not confirm the ground: the provider answers again", {}, {"reason": _TEXT}),
    Kind("not_digitised", "未数字化", "the provider holds it on paper only", {}, {"holding": _TEXT, "approved_by": _TEXT}),
    Kind("ruled_outside", "裁定非职责", "ruled to be outside the provider's duty", {}, {"reason": _TEXT}),
    Kind("marked_satisfied", "标记满足", "marked as satisfied: what the declared rate counts"),
    Kind("delivered", "交付", "a delivery was set up", {"fields": _TEXTS, "row_scope": _MAYBE}, {
        "delivery_id": _TEXT, "way": _TEXT, "rows": _COUNT, "snapshot": _COUNT, "sha256": _TEXT, "masks": _TEXTS,
    }),
    Kind("refreshed", "更新交付", "a delivery was brought up to date", {"delivery_id": _TEXT, "fields": _TEXTS, "row_scope": _MAYBE}, {
        "way": _TEXT, "rows": _COUNT, "snapshot": _COUNT, "sha256": _TEXT, "masks": _TEXTS,
    }),
    Kind("probed", "试读", "a read probe as the requester", {"ok": _YES}, {
        "delivery_id": _TEXT, "rows": _COUNT, "snapshot": _COUNT, "reason": _TEXT,
    }),
    Kind("read", "使用", "the requester read the data", {}, {"delivery_id": _TEXT, "rows": _COUNT, "snapshot": _COUNT, "reader": _TEXT}),
    Kind("correction_asked", "提出校核", "the data was challenged", _CORRECTION, {
        "rule": _TEXT, "keys": _TEXTS, "field": _TEXT, "reason": _TEXT, "suggested": _TEXT, "run_id": _TEXT, "snapshot": _COUNT,
    }),
    Kind("correction_decided", "校核结论", "the provider decided on the challenge", {**_CORRECTION, "upheld": _YES}, {"reason": _TEXT}),
    Kind("correction_fixed", "完成整改", "the data was put right", _CORRECTION, {
        "snapshot": _COUNT, "run_id": _TEXT, "corrected": _COUNT, "gone": _COUNT,
    }),
    Kind("correction_closed", "校核办结", "the challenge was closed and reported back", _CORRECTION, {"snapshot": _COUNT}),
    Kind("renewed", "续期", "the grant was renewed", {"valid_to": _TEXT}, {"approved_by": _TEXT}),
    Kind("suspended", "中止", "the grant was suspended", {}, {"reason": _TEXT, "filing": _TEXT}),
    Kind("resumed", "恢复", "the grant was resumed"),
    Kind("revoked", "撤销", "the grant was revoked", {}, {"reason": _TEXT, "filing": _TEXT}),
    Kind("withdrawn", "撤回", "the request was withdrawn"),
    Kind("disposed", "销毁", "what had been delivered was disposed of", {}, {"delivery_id": _TEXT, "proof": _TEXT}),
    Kind("retracted", "更正台账", "an earlier event was recorded by mistake", {"number": _COUNT, "reason": _TEXT}),
)  # fmt: skip


@dataclass(frozen=True)
class Event:
    """One thing that happened to a line. `actor` is the department that did it, `person` who there; the payload holds texts, whole numbers,
    booleans, lists and mappings of them – no fractions, whose text is no single one."""

    kind: str
    line_id: str
    request_id: str
    occurred_at: datetime
    actor: str
    person: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    source: str = "landbridge"

    @cached_property
    def id(self) -> str:
        """Identity by content: the same act told twice is one event."""
        told = (
            self.line_id, self.request_id, self.kind, utc_text(self.occurred_at), self.actor, self.person, self.source, dict(self.payload),
        )  # fmt: skip
        return hashlib.sha256(canonical(told).encode()).hexdigest()[:32]

    def check(self) -> None:
        """Raise ConfigurationError unless the event says what its kind must say, and nothing else."""
        kind = KINDS.get(self.kind)
        if kind is None:
            raise ConfigurationError(f"unknown kind of event {self.kind!r}", remedy=did_you_mean(self.kind, KINDS))
        if problem := self._problem() or self._misfit(kind):
            raise ConfigurationError(problem[0], where=f"{self.kind} of {self.line_id!r}", remedy=problem[1])

    def _problem(self) -> tuple[str, str] | None:
        if self.occurred_at.tzinfo is None:
            return "an event's time needs a zone", "2020-05-05T09:00:00+08:00"
        if not 1000 < self.occurred_at.year < 9999:
            return f"the year {self.occurred_at.year} cannot be written with four digits", ""
        for name in ("line_id", "request_id", "actor", "person"):
            text = getattr(self, name)
            if not text and name != "person":
                return f"{name} is empty", ""
            if _UNWRITABLE.search(text):
                return f"{name} holds a control character", "one line of text"
        if self.source not in SOURCES:
            return f"unknown source {self.source!r}", f"one of {', '.join(SOURCES)}"
        return None

    def _misfit(self, kind: Kind) -> tuple[str, str] | None:
        for name in kind.required:
            if name not in self.payload:
                return f"{name} is missing", f"{kind.en}: say {name}"
        for name, value in self.payload.items():
            schema = kind.required.get(name) or kind.optional.get(name)
            if schema is None:
                return f"unknown {name!r}", did_you_mean(name, {**kind.required, **kind.optional})
            if problem := misfit(value, schema):
                return f"{name} {problem}", ""
            if any(
                _SURROGATE.search(text)
                for text in (value if isinstance(value, list) else [value])
                if isinstance(text, str)
            ):
                return f"{name} is no text in UTF-8", ""
        if self.kind == "refused" and self.source == "landbridge" and self.payload["level"] not in GROUND_LEVELS:
            return f"{self.payload['level']!r} is no ground for a refusal", f"one of {', '.join(GROUND_LEVELS)}"
        return None


# what a column's text may not hold: its JSON text is then the text itself with quotes and backslashes escaped, and nothing else
_UNWRITABLE = re.compile(r"[\x00-\x1f\ud800-\udfff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_written = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def utc_text(instant: datetime) -> str:
    """The instant as `2020-05-05T01:00:00.000000Z`: one text for one instant, whatever zone it was told in."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def canonical(value: object) -> str:
    """The one JSON text of a value: sorted keys, no blanks, UTF-8 (RFC 8785 for values without fractions)."""
    return _written.encode(value)
