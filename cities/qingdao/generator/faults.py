"""The kinds of faults: what each does to rows of a table, and which rows it can do it to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from cities.qingdao.generator.departments._changes import Positions, put
from cities.qingdao.generator.fault_plan import RowFault
from contracts.identifiers import credit_code, resident_id

Column = Any  # a pandas Series: the stubs do not know its text and number methods apart

_WIDE = str.maketrans({c: chr(ord(c) + 0xFEE0) for c in "0123456789X"})
# every check character has one wrong successor, in the alphabets of both identifiers
_NEXT = dict(zip("0123456789XABCDEFGHJKLMNPQRTUWY", "12345678900BCDEFGHJKLMNPQRTUWYA", strict=True))


def is_possible(kind: str, value: object, other: object) -> bool:
    """Whether the fault can be done to a row with these values and then breaks just the rules the plan names."""
    if kind in ("late_row", "duplicate_key", "null_key"):
        return True
    if not isinstance(value, str):
        return kind in ("negative_amount", "out_of_range") and value is not None and value == value and value != 0
    if kind in ("bad_check_digit", "held_back", "full_width_digits"):
        return len(value) == 18
    if kind == "swapped_columns":
        # one id in about thirty would pass as the other kind of number
        return (
            isinstance(other, str) and not credit_code.has_check_digit(value) and not resident_id.has_check_digit(other)
        )
    if kind == "negative_amount":
        return value.replace(".", "").isdigit() and float(value) > 0
    return True


def apply(frame: pd.DataFrame, fault: RowFault, positions: Positions) -> pd.DataFrame:
    """The frame with the fault done to the rows at `positions`; a repeated key comes as further rows at the end."""
    if fault.kind == "late_row":
        return frame
    if fault.kind == "duplicate_key":
        again = frame.iloc[positions].copy()
        again[fault.column] = fault.value
        return pd.concat([frame, again], ignore_index=True)
    before = frame[fault.column].iloc[positions]
    if fault.kind == "swapped_columns":
        put(frame, positions, fault.column, frame[fault.other].iloc[positions].to_numpy())
        put(frame, positions, fault.other, before.to_numpy())
    else:
        put(frame, positions, fault.column, _CHANGES[fault.kind](before, fault))
    return frame


def _written(values: Column, fault: RowFault) -> object:
    return fault.value


def _emptied(values: Column, _: RowFault) -> object:
    return None


def _wrong_check(values: Column, _: RowFault) -> object:
    """The last character replaced by the next one: it was the only right one."""
    return values.str[:-1].to_numpy(dtype=object) + values.str[-1].map(_NEXT).to_numpy(dtype=object)


def _wide(values: Column, _: RowFault) -> object:
    return values.map(lambda text: text.translate(_WIDE)).to_numpy(dtype=object)


def _padded(values: Column, _: RowFault) -> object:
    return ("　 " + values.astype(object) + " ").to_numpy(dtype=object)


def _misread(values: Column, _: RowFault) -> object:
    """What is left of a name that was read in the wrong encoding and written again."""
    return (values.astype(object).str[:1] + "锟斤拷").to_numpy(dtype=object)


def _negative(values: Column, _: RowFault) -> object:
    if pd.api.types.is_numeric_dtype(values):
        return -values.to_numpy()
    return ("-" + values.astype(object)).to_numpy(dtype=object)


_CHANGES: dict[str, Callable[[Column, RowFault], object]] = {
    "unknown_code": _written,
    "impossible_date": _written,
    "out_of_range": _written,
    "uncastable_number": _written,
    "bad_pattern": _written,
    "reversed_dates": _written,
    "null_key": _emptied,
    "null_required": _emptied,
    "bad_check_digit": _wrong_check,
    "held_back": _wrong_check,
    "full_width_digits": _wide,
    "padded_text": _padded,
    "mojibake": _misread,
    "negative_amount": _negative,
}


def cut(path: Path) -> None:
    """Cut a text file in its second half, in the middle of a line, after its first cell."""
    content = path.read_bytes()
    start = content.index(b"\n", len(content) * 3 // 5) + 1
    path.write_bytes(content[: content.index(b",", start) + 4])
