"""The keyed pseudonym of a join key: the same person joins across the deliveries of one requester, and not across requesters.

HMAC (RFC 2104) over SHA-256 or SM3. The key follows from the secret and the requester; it stands in no file, no SQL text and no event. Whoever lacks
it learns nothing by hashing all ids there are.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

from connectors.digests import digest as hash_named
from contracts.errors import ConfigurationError
from contracts.quoting import literal

SECRET = "LANDBRIDGE_SECRET_PSEUDONYM"
DIGESTS = ("sha256", "sm3")
_SHORTEST = 32
_BLOCK = 64
# hexadecimal digits of a pseudonym: 128 bits, so that two keys of a country never share one
_LENGTH = 32
_INNER, _OUTER, _SM3 = "landbridge_pseudonym_inner", "landbridge_pseudonym_outer", "landbridge_pseudonym_sm3"
_SM3_KEYS: WeakKeyDictionary[duckdb.DuckDBPyConnection, list[bytes]] = WeakKeyDictionary()


def requester_key(environ: Mapping[str, str], requester: str) -> bytes:
    """The requester's own key; ConfigurationError where the secret is missing or too short to be one."""
    secret = environ.get(SECRET, "").encode()
    if len(secret) < _SHORTEST:
        raise ConfigurationError(
            f"{SECRET} is {'shorter than ' + str(_SHORTEST) + ' bytes' if secret else 'not set'}",
            remedy=f"set it to random text of {_SHORTEST} or more bytes, and keep it: another secret gives other pseudonyms",
        )
    return hmac.digest(secret, b"landbridge pseudonym key\x1f" + requester.encode(), "sha256")


def key_id(key: bytes) -> str:
    """What tells one key from another without telling the key."""
    return hmac.digest(key, b"landbridge key id", "sha256").hex()[:16]


def pseudonym(key: bytes, domain: str, text: str, digest: str = "sha256") -> str:
    """The pseudonym of one value, as SQL computes it of a column. `domain` is what the value is about: equal values of two domains do not join."""
    return hmac.new(key, _message(domain, text), hash_named(digest)).hexdigest()[:_LENGTH]


def pseudonym_sql(text: str, domain: str, digest: str = "sha256") -> str:
    """SQL of the same, inside `keyed`; NULL for NULL, and for everything where there is no key."""
    if digest == "sm3":
        return f"{_SM3}({literal(domain)}, {text})"
    message = f"encode({literal(domain)} || chr(31) || {text})"
    inner = f"unhex(sha256(CAST(getvariable('{_INNER}') AS BLOB) || {message}))"
    return f"left(sha256(CAST(getvariable('{_OUTER}') AS BLOB) || {inner}), {_LENGTH})"


@contextmanager
def keyed(connection: duckdb.DuckDBPyConnection, key: bytes | None, digest: str = "sha256") -> Iterator[None]:
    """SQL on this connection may make pseudonyms with the key until the end; without a key there are none."""
    if key is None:
        yield
        return
    if digest == "sm3":
        holder = _sm3_holder(connection)
        holder.append(key)
        try:
            yield
        finally:
            holder.clear()
        return
    block = key.ljust(_BLOCK, b"\0")
    # bound as values: the key enters no SQL text, which errors and logs may repeat
    connection.execute(f"SET VARIABLE {_INNER} = ?", [bytes(byte ^ 0x36 for byte in block)])
    connection.execute(f"SET VARIABLE {_OUTER} = ?", [bytes(byte ^ 0x5C for byte in block)])
    try:
        yield
    finally:
        connection.execute(f"RESET VARIABLE {_INNER}")
        connection.execute(f"RESET VARIABLE {_OUTER}")


def _sm3_holder(connection: duckdb.DuckDBPyConnection) -> list[bytes]:
    """The key that SQL's function makes pseudonyms with, none while the list is empty. DuckDB 1.5 does not forget a function: it is made once."""
    if (known := _SM3_KEYS.get(connection)) is not None:
        return known
    holder: list[bytes] = []

    def sm3(domains: pa.ChunkedArray, texts: pa.ChunkedArray) -> pa.Array:
        if not holder:
            return pa.nulls(len(texts), pa.string())
        pairs = zip(domains.to_pylist(), texts.to_pylist(), strict=True)
        return pa.array([t if t is None else pseudonym(holder[0], d, t, "sm3") for d, t in pairs], pa.string())

    connection.create_function(
        _SM3, sm3, ["VARCHAR", "VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW, null_handling=FunctionNullHandling.SPECIAL,
    )  # fmt: skip
    return _SM3_KEYS.setdefault(connection, holder)


def _message(domain: str, text: str) -> bytes:
    return f"{domain}\x1f{text}".encode()


assert hashlib.sha256().block_size == _BLOCK, "the pads of RFC 2104 are a block long"
