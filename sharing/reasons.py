"""Why a line does not hold, or is not counted: stable codes, what they say, and who must act. docs/rate.md lists every one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Actor = Literal["provider", "requester", "bureau", "archives"]


@dataclass(frozen=True)
class Reason:
    """One code. `condition` is the number of the condition in docs/rate.md; 0 for what keeps a line out of the count or pending."""

    code: str
    condition: int
    zh: str
    en: str
    actor: Actor

    def __str__(self) -> str:
        return f"{self.zh} {self.en}"


def _catalogue(*entries: tuple[str, int, str, str, Actor]) -> dict[str, Reason]:
    return {entry[0]: Reason(*entry) for entry in entries}


EXCLUSIONS = _catalogue(
    ("withdrawn", 0, "答复到期前由需求方撤回", "withdrawn by the requester before the answer was due", "requester"),
    ("outside_duty", 0, "主管部门裁定不属职责范围", "ruled outside duty by the bureau", "bureau"),
    ("lawful_refusal", 0, "依法拒绝且经主管部门确认", "refused on a ground of the right level, confirmed by the bureau", "bureau"),
    ("duplicate", 0, "与在办事项完全重复", "an exact duplicate of a live line", "requester"),
)  # fmt: skip

REASONS = _catalogue(
    ("not_answered", 1, "未答复（未到期）", "not answered; the limit is running", "provider"),
    ("papers_incomplete", 1, "材料待补正，计时暂停", "papers incomplete; the clock is paused until the supplement", "requester"),
    ("answer_overdue", 1, "逾期未答复", "not answered although the limit has passed", "provider"),
    ("refused_without_ground", 1, "拒绝理由层级不足", "refused without a law, administrative regulation or State Council decision", "provider"),
    ("refusal_unconfirmed", 1, "拒绝未经主管部门确认", "refused, and the bureau has not confirmed the ground", "bureau"),
    ("withdrawn_too_late", 1, "答复到期日或之后撤回", "withdrawn on or after the day the answer was due, or not by the requester", "requester"),
    ("grant_not_begun", 1, "授权未生效", "the grant has not begun", "provider"),
    ("grant_expired", 1, "授权已到期", "the grant has expired", "requester"),
    ("grant_suspended", 1, "授权已中止", "the grant is suspended", "bureau"),
    ("grant_revoked", 1, "授权已撤销", "the grant was revoked", "bureau"),
    ("resource_unknown", 2, "目录中无此数据资源", "no department's catalogue has this resource", "bureau"),
    ("contract_broken", 2, "数据契约无法读取", "the resource's contract has mistakes: landbridge catalogue check", "bureau"),
    ("not_digitised", 2, "纸质档案未数字化", "held on paper only, not digitised", "archives"),
    ("no_fields_named", 2, "申请未列明数据项", "the request names no field", "requester"),
    ("field_unknown", 2, "申请的数据项不存在", "a field asked for does not exist in the resource", "provider"),
    ("field_not_granted", 2, "数据项未授权", "a field asked for is not granted", "provider"),
    ("rows_not_granted", 2, "行范围未授权", "the granted rows do not cover the rows asked for", "provider"),
    ("field_missing", 2, "湖中无此数据项", "a field is in the contract but not in the lake", "provider"),
    ("field_empty", 2, "数据项填充不足", "a field is less filled than promised within the rows asked for", "provider"),
    ("row_scope_undefined", 2, "资源无区划字段", "rows of a division are asked for, but the resource has no division field", "provider"),
    ("no_rows", 2, "申请范围内无数据", "there is no row within the rows asked for", "provider"),
    ("never_loaded", 3, "从未入湖", "the resource was never loaded", "provider"),
    ("stale", 3, "数据超期未更新", "the last accepted interval is older than the cycle and its grace", "provider"),
    ("load_held", 4, "最近一次加载被拦截", "the newest load was held back by its quality rules", "provider"),
    ("suite_failed", 4, "质量规则未通过", "an error-level rule about the whole table failed at the snapshot", "provider"),
    ("quarantine_over_limit", 4, "问题数据占比超限", "more rows are in quarantine than the contract allows", "provider"),
    ("not_delivered", 5, "未交付", "consented to, but not delivered", "provider"),
    ("delivery_fields_differ", 5, "交付数据项与授权不符", "the fields delivered are not the fields granted", "provider"),
    ("delivery_rows_differ", 5, "交付行范围与授权不符", "the rows delivered are not the rows granted", "provider"),
    ("probe_missing", 5, "无需求方试读记录", "no read probe as the requester since the delivery", "bureau"),
    ("probe_failed", 5, "需求方试读失败", "the last read probe as the requester failed", "provider"),
    ("probe_old", 5, "需求方试读过期", "the last read probe as the requester is older than the cycle", "bureau"),
    ("correction_overdue", 6, "校核逾期", "a correction asked for was not closed within its limit", "provider"),
    ("correction_unfixed", 6, "校核成立未整改", "a correction was upheld and the data is not fixed", "provider"),
)  # fmt: skip

# the six conditions of a line that holds: number → 中文, English
CONDITIONS = {
    1: ("授权有效", "the grant is in force"), 2: ("数据项已授权、存在且已填充", "every field asked for is granted, present and filled"),
    3: ("数据在更新周期内", "the data is fresher than its cycle"), 4: ("质量规则通过", "the last suite passed"),
    5: ("已按授权交付且可读", "delivered as granted, and readable by the requester"),
    6: ("无逾期或未整改的校核", "no correction is overdue, or upheld and not fixed"),
}  # fmt: skip


def reason(code: str) -> Reason:
    """The reason or exclusion of that code; KeyError where there is none."""
    return REASONS[code] if code in REASONS else EXCLUSIONS[code]
