"""Identifiers with right check characters, made for whole columns at once.

The rules are those of `contracts.identifiers`; here they run over numpy arrays, and tests hold the two against each other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_RESIDENT_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_RESIDENT_CHECK = np.array(list("10X98765432"))
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = np.array([3**i % 31 for i in range(17)])
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_ORGANISATION_CHECK = np.array(list("0123456789X"))

Texts = NDArray[Any]


def resident_ids(divisions: Texts, births: Texts, orders: NDArray[np.int64]) -> Texts:
    """18 characters a person: `divisions` as text of six digits, `births` as datetime64[D], `orders` 1 to 999 (odd: male)."""
    dates = births.astype("datetime64[D]")
    days = np.char.replace(dates.astype("U10"), "-", "")
    bodies = np.char.add(np.char.add(divisions.astype("U6"), days), padded(orders, 3))
    remainders = (_characters(bodies, 17) - ord("0")) @ _RESIDENT_WEIGHTS % 11
    return np.char.add(bodies, _RESIDENT_CHECK[remainders])


def shortened(ids: Texts) -> Texts:
    """The 15 digits the same person was given before 1999: no century, no check character. Births of 19xx only."""
    return np.char.add(_slice(ids, 0, 6), _slice(ids, 8, 17))


def credit_codes(authorities: Texts, classes: Texts, divisions: Texts, serials: NDArray[np.int64]) -> Texts:
    """18 characters an organisation: `authorities` and `classes` of one character, `serials` 0 to 99,999,999 for the organisation code."""
    organisations = padded(serials, 8)
    weighted = (_characters(organisations, 8) - ord("0")) @ _ORGANISATION_WEIGHTS
    organisations = np.char.add(organisations, _ORGANISATION_CHECK[(11 - weighted % 11) % 11])
    bodies = np.char.add(np.char.add(authorities.astype("U1"), classes.astype("U1")), divisions.astype("U6"))
    bodies = np.char.add(bodies, organisations)
    values = np.zeros(128, dtype=np.int64)
    for value, character in enumerate(_CREDIT_ALPHABET):
        values[ord(character)] = value
    total = values[_characters(bodies, 17)] @ _CREDIT_WEIGHTS
    return np.char.add(bodies, np.array(list(_CREDIT_ALPHABET))[(31 - total % 31) % 31])


def registration_numbers(divisions: Texts, serials: NDArray[np.int64]) -> Texts:
    """15 digits a firm before 2015: the registrar's division, eight of order, a check digit (ISO 7064 MOD 11-10)."""
    bodies = np.char.add(divisions.astype("U6"), padded(serials, 8))
    carried = np.full(len(bodies), 10)
    for digit in (_characters(bodies, 14) - ord("0")).T:
        total = (carried + digit) % 10
        carried = np.where(total == 0, 10, total) * 2 % 11
    return np.char.add(bodies, ((11 - carried) % 10).astype("U1"))


def padded(numbers: NDArray[np.int64], width: int) -> Texts:
    """Whole numbers as texts of one width with leading zeros."""
    return np.char.zfill(numbers.astype(f"U{width}"), width)


def born_on(ids: pd.Series) -> pd.Series:
    """The birth date inside each 18-character resident id, as text YYYY-MM-DD."""
    return ids.str.slice(6, 10) + "-" + ids.str.slice(10, 12) + "-" + ids.str.slice(12, 14)


def _characters(texts: Texts, width: int) -> NDArray[np.int64]:
    """One row a text, one column a character's code point."""
    return np.ascontiguousarray(texts.astype(f"U{width}")).view(np.uint32).reshape(len(texts), width).astype(np.int64)


def _slice(texts: Texts, start: int, stop: int) -> Texts:
    width = texts.dtype.itemsize // 4
    grid = np.ascontiguousarray(texts).view("U1").reshape(len(texts), width)[:, start:stop]
    return np.ascontiguousarray(grid).view(f"U{stop - start}").ravel()
