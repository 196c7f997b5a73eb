"""统一社会信用代码 unified social credit codes (GB 32100-2015 with its 2016 amendment).

One character of registering authority, one of class, six of the registrar's division, nine of organisation code (GB 11714,
with a check character of its own), one check character modulo 31. The registrar's division is not checked: bonded zones and
the like use codes that stand in no list. The letters I, O, S, V and Z do not occur.

>>> has_check_digit("91370203718038331M")
True
>>> is_plausible("91370203718038331M")
True
"""

from __future__ import annotations

import re
import unicodedata

from stdnum.cn import uscc

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_SHAPE = re.compile(f"[1-9ANY][{_ALPHABET}][0-9]{{6}}[{_ALPHABET}]{{10}}", re.ASCII)
_WEIGHTS = tuple(3**i % 31 for i in range(17))
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def compact(number: str) -> str:
    """The code half-width, upper-case, without blanks and hyphens."""
    return unicodedata.normalize("NFKC", re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", number)).upper())


def has_check_digit(number: str) -> bool:
    """Whether the compacted code has the shape of 18 characters and the right check character.

    Only the check character comes from python-stdnum, whose own rule refuses the registering authorities A, N and Y.
    """
    return bool(_SHAPE.fullmatch(number)) and uscc.calc_check_digit(number[:-1]) == number[-1]


def is_plausible(number: str) -> bool:
    """Whether the organisation code inside (characters 9 to 17) has its own right check character (GB 11714-1997)."""
    if not _SHAPE.fullmatch(number):
        return False
    values = [int(c, 36) for c in number[8:16]]
    return "0123456789X0"[(11 - sum(w * v for w, v in zip(_ORG_WEIGHTS, values, strict=True)) % 11) % 11] == number[16]


def has_check_digit_sql(value: str) -> str:
    """SQL condition: shape and check character are right; NULL for NULL."""
    total = " + ".join(f"{w} * (strpos('{_ALPHABET}', substr({value}, {i}, 1)) - 1)" for i, w in enumerate(_WEIGHTS, 1))
    check = f"substr('{_ALPHABET}', ((31 - ({total}) % 31) % 31)::BIGINT + 1, 1)"
    return f"(regexp_full_match({value}, '{_SHAPE.pattern}') AND substr({value}, 18, 1) = {check})"


def is_plausible_sql(value: str) -> str:
    """SQL condition of `is_plausible`; true for NULL. GB 11714 counts letters from A = 10."""
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    total = " + ".join(
        f"{w} * (strpos('{letters}', substr({value}, {i}, 1)) - 1)" for i, w in enumerate(_ORG_WEIGHTS, 9)
    )
    check = f"substr('0123456789X', ((11 - ({total}) % 11) % 11)::BIGINT + 1, 1)"
    return f"({value} IS NULL OR coalesce(substr({value}, 17, 1) = {check}, false))"
