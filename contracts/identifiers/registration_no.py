"""工商注册号 registration numbers of firms, issued until 30 September 2015 (工商行政管理注册号编制规则 GS 15-2006).

Six digits of the registrar's division, eight of order, one ISO 7064 MOD 11-10 check digit. The unified social credit code took their place; a
register that was filled before still holds them.

>>> has_check_digit("110108000000016")
True
>>> has_check_digit("110108000000017")
False
"""

from __future__ import annotations

import re

from stdnum.iso7064 import mod_11_10

_SHAPE = re.compile(r"[1-9][0-9]{14}", re.ASCII)


def has_check_digit(number: str) -> bool:
    """Whether the number has the shape of 15 digits and the right check digit."""
    return bool(_SHAPE.fullmatch(number)) and mod_11_10.is_valid(number)


def has_check_digit_sql(value: str) -> str:
    """SQL condition: shape and check digit are right; NULL for NULL.

    The sum of MOD 11-10 is carried from digit to digit: s = 10 at first, then s = 2 · ((s + d) mod 10, 10 for 0) mod 11; at the end s + check = 1 (mod 10).
    """
    step = "lambda s, d: 2 * ((s + d - 1) % 10 + 1) % 11"
    digits = f"list_transform(string_split(substr({value}, 1, 14), ''), lambda c: coalesce(try_cast(c AS BIGINT), 0))"
    carried = f"list_reduce(list_prepend(10 :: BIGINT, {digits}), {step})"
    return (
        f"(regexp_full_match({value}, '{_SHAPE.pattern}') "
        f"AND ({carried} + coalesce(try_cast(substr({value}, 15, 1) AS BIGINT), 0)) % 10 = 1)"
    )
