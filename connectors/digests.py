"""Digests by the names that departments use: SHA-256, MD5 and SM3, the national standard GB/T 32905-2016."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from contracts.errors import ConfigurationError

ALGORITHMS = ("sha256", "md5", "sm3")
_PIECE = 1 << 20


def digest(algorithm: str) -> Callable[..., Any]:
    """A constructor as `hashlib` and `hmac` want it. MD5 only tells a damaged file; it proves nothing."""
    if algorithm != "sm3":
        return getattr(hashlib, algorithm)  # type: ignore[no-any-return]
    try:
        hashlib.new("sm3")
    except ValueError:
        return Sm3  # Python's OpenSSL was built without it
    return lambda data=b"": hashlib.new("sm3", data)


def file_digest(path: Path, algorithm: str) -> str:
    """The file's digest in lower-case hexadecimal; memory holds a piece of it."""
    hasher = digest(algorithm)()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            hasher.update(piece)
    return str(hasher.hexdigest())


class Sm3:
    """SM3 from the OpenSSL that the package cryptography brings along, in the shape of hashlib's."""

    name, digest_size, block_size = "sm3", 32, 64

    def __init__(self, data: bytes = b"") -> None:
        try:
            from cryptography.hazmat.primitives import hashes
        except ModuleNotFoundError:
            raise ConfigurationError("SM3 needs the package cryptography", remedy="pip install cryptography") from None
        self._hash = hashes.Hash(hashes.SM3())
        self._hash.update(data)

    def update(self, data: bytes) -> None:
        self._hash.update(data)

    def digest(self) -> bytes:
        return self._hash.copy().finalize()

    def hexdigest(self) -> str:
        return self.digest().hex()

    def copy(self) -> Self:
        other = type(self).__new__(type(self))
        other._hash = self._hash.copy()
        return other
