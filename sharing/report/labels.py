"""The page's words in both languages, and how figures are written."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.model import Label

RATES: Mapping[str, Label] = {
    "declared": Label("declared", "申报率"),
    "verified": Label("verified", "核验率"),
    "on_time": Label("on time", "按期率"),
    "field_weighted": Label("field-weighted", "数据项加权率"),
    "used": Label("used", "使用率"),
}
SERIES: Mapping[str, Label] = {**RATES, "goal": Label("goal", "目标")}
MEANINGS: Mapping[str, Label] = {
    "declared": Label("marked as satisfied ÷ lines counted: what cities publish", "标记为满足 ÷ 计入事项：一般公布的口径"),
    "verified": Label("lines that hold today ÷ lines due", "当前经核验满足 ÷ 到期事项"),
    "on_time": Label("first held within the lawful limit ÷ lines due", "在法定期限内首次满足 ÷ 到期事项"),
    "field_weighted": Label("fields held ÷ fields asked for, of lines due", "满足的数据项 ÷ 申请的数据项（到期事项）"),
    "used": Label("read by the requester within the cycle ÷ lines that hold", "周期内被需求方读取 ÷ 核验满足事项"),
}  # fmt: skip
UNITS: Mapping[str, Label] = dict.fromkeys(RATES, Label("lines", "项")) | {"field_weighted": Label("fields", "数据项")}
STAGES: Mapping[str, Label] = {
    "asked": Label("asked for", "提出申请"),
    "answered": Label("answered", "已答复"),
    "granted": Label("granted", "同意共享"),
    "delivered": Label("delivered", "已交付"),
    "verified": Label("verified", "核验满足"),
    "used": Label("used", "已使用"),
}
CHANGES: Mapping[str, Label] = {
    "lost": Label("held, holds no more", "由满足变为不满足"),
    "gained": Label("holds again", "由不满足变为满足"),
    "due_failing": Label("became due, does not hold", "新到期且不满足"),
    "due_holding": Label("became due, holds", "新到期且满足"),
    "left": Label("is due no more", "不再计入到期"),
}
ROLES: Mapping[str, Label] = {
    "provider": Label("provider", "提供方"),
    "requester": Label("requester", "需求方"),
    "bureau": Label("bureau", "主管部门"),
    "archives": Label("archives", "档案部门"),
}
DUTIES: Mapping[str, Label] = {"answer": Label("answers", "答复"), "provide": Label("data provided", "提供数据")}
STATES: Mapping[str, Label] = {
    "met": Label("done within the limit", "期限内办结"),
    "running": Label("open, within the limit", "在办未到期"),
    "late": Label("done late", "逾期办结"),
    "overdue": Label("open, past the limit", "在办已逾期"),
    "paused": Label("the clock stands until papers come", "待补正，计时暂停"),
}
# paused lines have no due day, so no share of a limit
DATED = tuple(STATES)[:4]
FRESH: Mapping[str, tuple[str, Label]] = {
    "fresh": ("·", Label("fresh", "及时")),
    "held": ("H", Label("newest load held back", "最近加载被拦截")),
    "stale": ("!", Label("stale", "超期")),
    "never": ("×", Label("never loaded", "从未入湖")),
}


def percent(value: float | None) -> str:
    """A share with one decimal; a missing one is said, and only all is 100 %, only nothing 0 %."""
    if value is None:
        return "无申请 no requests"
    text = f"{value:.1%}"
    if text == "100.0%" and value < 1:
        text = "99.9%"
    if text == "0.0%" and value > 0:
        text = "0.1%"
    return text.replace("100.0%", "100%").replace("%", "\u00a0%")


def points(value: float | None) -> str:
    """A difference of two shares in points, always signed; nothing where there is none to tell."""
    if value is None:
        return "–"
    rounded = round(100 * value, 1)
    return f"{'+' if rounded > 0 else '−' if rounded < 0 else '±'}{abs(rounded):.1f}"


def signed(value: int) -> str:
    return f"{'+' if value > 0 else '−' if value < 0 else '±'}{abs(value):,}"
