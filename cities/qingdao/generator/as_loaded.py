"""A source's value as the lake must hold it: a small model of the platform's standardising, for what the sample city's sources write."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pandas as pd

from contracts.identifiers import credit_code, resident_id
from contracts.model import Field

_DAY = re.compile(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})日?")
_GENDERS = {"男": "1", "女": "2"}
_UNUSUAL = "[\uff01-\uff5e\u3000 ]"
_USUAL = {"resident_id": "[0-9]{17}[0-9X]", "credit_code": "[0-9A-Z]{18}"}
_HOME = re.compile(
    "^(山东省|青岛市|市南区|市北区|黄岛区|崂山区|李沧区|城阳区|即墨区|胶州市|平度市|莱西市|四方区|胶南市|即墨市)+"
)


def loaded(values: pd.Series, field: Field) -> pd.Series:
    """The values as texts, dates as YYYY-MM-DD; None where the source says nothing."""
    if field.logical_type == "date":
        return _dates(values)
    known = dict.fromkeys(field.null_values) | dict(field.lookups)
    texts = values.astype("str")
    # nearly every value stands as it should: only the others are looked at one by one
    odd = texts.str.contains(_UNUSUAL) | texts.isin([*known, *_GENDERS])
    if field.semantic_type in _USUAL:
        odd |= ~texts.str.fullmatch(_USUAL[field.semantic_type])
    result = texts.astype(object).where(values.notna(), None)
    at = np.flatnonzero((odd & values.notna()).to_numpy(dtype=bool))
    right = {text: _text(text, field, known) for text in texts.iloc[at].unique()}
    result.iloc[at] = [right[text] for text in texts.iloc[at]]
    return result


def same(attribute: str, one: str, other: str) -> bool:
    """Whether two values of an attribute say the same: width, signs and case are no difference, in an address neither the city's divisions."""
    if attribute not in ("name", "representative_name", "holder_name", "address", "phone"):
        return one == other
    return _folded(attribute, one) == _folded(attribute, other)


def _folded(attribute: str, text: str) -> str:
    plain = re.sub(r"[^\w]", "", unicodedata.normalize("NFKC", text)).upper()
    return _HOME.sub("", plain) if attribute == "address" else plain


def _dates(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        days: pd.Series = values.dt.strftime("%Y-%m-%d").astype(object)
        return days.where(values.notna(), None)
    parts = values.astype(str).str.extract(_DAY)
    texts = parts[0] + "-" + parts[1].str.zfill(2) + "-" + parts[2].str.zfill(2)
    return texts.astype(object).where(texts.notna(), None)


def _text(text: str, field: Field, known: dict[str, str | None]) -> str | None:
    text = text.strip(" \u3000")
    if text in known:
        return known[text]
    if field.semantic_type == "resident_id":
        return resident_id.compact(text)
    if field.semantic_type == "credit_code":
        return credit_code.compact(text)
    if field.semantic_type == "gender":
        return _GENDERS.get(text, text)
    narrow = "".join(unicodedata.normalize("NFKC", sign) if sign.isalnum() else sign for sign in text)
    return narrow or None
