"""Business names for columns and tables as a source names them, and what a name says about the values below it.

Names only help to choose between what the values allow: no identifier is recognised by its name alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from pypinyin import lazy_pinyin

_LONGEST = 63
# headings that occur everywhere, longest first where one holds the other; the rest of a Chinese heading is written in pinyin
_WORDS = (
    ("统一社会信用代码", "credit_code"), ("社会信用代码", "credit_code"), ("公民身份号码", "resident_id"), ("居民身份证号码", "resident_id"),
    ("身份证号码", "resident_id"), ("身份证件号码", "resident_id"), ("身份证号", "resident_id"), ("法定代表人", "representative"),
    ("联系电话", "phone"), ("手机号码", "mobile"), ("手机号", "mobile"), ("电话", "phone"),
    ("行政区划代码", "division_code"), ("行政区划", "division_code"), ("区划代码", "division_code"), ("行业代码", "industry_code"),
    ("邮政编码", "postal_code"), ("邮编", "postal_code"), ("更新时间", "updated_at"), ("修改时间", "updated_at"), ("创建时间", "created_at"),
    ("出生日期", "birth_date"), ("登记日期", "registered_on"), ("性别", "gender"), ("民族", "ethnicity"), ("姓名", "name"), ("名称", "name"),
    ("住址", "address"), ("地址", "address"), ("住所", "address"), ("代码", "code"), ("编号", "no"), ("日期", "date"), ("时间", "time"),
    ("状态", "status"), ("类型", "type"), ("金额", "amount"), ("备注", "remark"), ("经度", "longitude"), ("纬度", "latitude"),
)  # fmt: skip
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+")

_HINTS = {
    "resident_id": r"身份证|公民身份|证件号|sfzh|gmsfhm|zjhm|certno|id_card|idcard|resident_id|citizen_id|_id_no",
    "credit_code": r"信用代码|tyshxydm|uniscid|xydm|credit_code|usci|uscc",
    "phone": r"电话|手机|联系方式|phone|mobile|telephone|(^|_)tel(_|$)|lxdh|sjh|dhhm",
    "gender": r"性别|gender|(^|_)(sex|xb)(_|$)",
    "person_name": r"姓名|代表人|联系人|负责人|申请人|经办人|户主|(^|_)(xm|lerep)(_|$)|person|(owner|holder|spouse|student|applicant|family|first|last|given|sur|full|representative|contact|child|mother|father)(_[ab])?_?name",
    "division_code": r"区划|division|district_code|xzqh|(^|_)(xzq|qh)dm|county_code|domdistrict",
    "ethnic": r"民族|ethnic|(^|_)mz(dm)?(_|$)",
    "industr": r"行业|industr|(^|_)hy(dm)?(_|$)",
    "postal_code": r"邮编|邮政编码|(^|_)zip|postal|postcode|post_code|yzbm",
    "bank_card": r"银行卡|银行账|银行帐|开户账|bank_account|bank_card|card_no|yhkh|yhzh",
    "address": r"地址|住址|住所|住处|address|(^|_)(addr|street|dz|zz)(_|$)",
    "birth": r"出生|birth|csrq|(^|_)dob(_|$)",
    "email": r"邮箱|电子邮件|e_?mail",
    "updated": r"更新|修改时间|变更时间|最后|updated|modified|last_change|changed_at|gxsj|xgsj|bgsj|update_time|last_edit|edited",
    "event": r"时间|日期|受理|发生|created|occurred|time|date|_at$|_on$|(sj|rq)$",
    "code": r"代码|编码|编号|号码|证号|账号|号$|code|(^|_)(no|num|number|id|ids|key|serial|zip|uuid|guid|fips|isbn)(_|$)|postal|(dm|bh|hm|bm|zh)$",
    "latitude": r"纬度|latitude|(^|_)lat(_|$)",
    "longitude": r"经度|longitude|(^|_)(lng|lon|long)(_|$)",
    "year": r"年度|年份|(^|_)year(_|$)|(^|_)nd$",
    "money": r"金额|余额|资本|费|价|税|amount|balance|price|salary|deposit|capital|fee|payment|debt",
    "prose": r"备注|说明|内容|描述|摘要|remark|description|comment|note|summary|content|title",
    "start": r"起|开始|自$|签发|成立|登记日|start|begin|issued|effective|valid_from|(^|_)from(_|$)|opened|approv|received|created",
    "end": r"止|结束|到期|至$|注销|end|expir|valid_to|valid_until|closed|(^|_)to(_|$)|due|finished|settled",
}  # fmt: skip
_COMPILED = {word: re.compile(pattern) for word, pattern in _HINTS.items()}


def hints(*names: str) -> frozenset[str]:
    """What the names of a column – its own, its label, its comment – say about it."""
    text = " ".join(_spaced(name) for name in names if name)
    return frozenset(word for word, pattern in _COMPILED.items() if any(pattern.search(part) for part in text.split()))


def business_name(given: str, fallback: str) -> str:
    """Lower snake case that a contract allows: ASCII as it is, Chinese by its usual word or in pinyin, anything else left out."""
    text = unicodedata.normalize("NFKC", given)
    text = _HAN.sub(lambda match: f" {_english(match[0])} ", text)
    name = _spaced(unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode())
    name = re.sub(r"[^a-z0-9]+", "_", name).strip("_")
    if name and not name[0].isalpha():
        name = f"{fallback.partition('_')[0]}_{name}"
    return name[:_LONGEST].rstrip("_") or fallback


def told_apart(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """The names with `_2`, `_3`, … behind those that come again."""
    seen, found = set(taken), []
    names = list(names)
    for name in names:
        candidate, n = name, 1
        while candidate in seen or (n > 1 and candidate in names):
            n += 1
            tail = f"_{n}"
            candidate = name[: _LONGEST - len(tail)] + tail
        seen.add(candidate)
        found.append(candidate)
    return found


def resource_name(physical_name: str) -> str:
    """The name of a table, file pattern or path: without folder, date, suffixes and signs of a pattern."""
    return business_name(table_stem(physical_name), "table")


def table_stem(physical_name: str) -> str:
    """What people call the table: `marriage` for `in/marriage_{date}.csv.gz`."""
    last = physical_name.rstrip("/").rsplit("/", 1)[-1]
    stem = re.sub(r"(\.[A-Za-z][A-Za-z0-9]{0,7})+$", "", last) or last
    return re.sub(r"\{date\}|[*?\[\]]+", " ", stem).strip(" _-.") or last


def _spaced(name: str) -> str:
    """Words of a name in lower case with `_` between: `LicenseID`, `license-id` and `LICENSE ID` are one."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^\w]+", "_", split).strip("_").lower()


def _english(han: str) -> str:
    parts: list[str] = []
    while han:
        found = min(((han.find(word), n) for n, (word, _) in enumerate(_WORDS) if word in han), default=None)
        at = found[0] if found else len(han)
        if at:
            parts.append("".join(lazy_pinyin(han[:at])))
        if found is None:
            break
        word, english = _WORDS[found[1]]
        parts.append(english)
        han = han[at + len(word) :]
    return " ".join(parts)
