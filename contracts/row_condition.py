"""The text of an `expect_rows_to_satisfy` condition: what it may say, checked without a database.

A contract is outside input. A condition speaks of the fields of one row; it may not reach files, other tables or settings. Words in lower case
that are neither functions nor usual SQL words must be fields: field names are always lower snake case, so SQL's own words may stand in capitals.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from contracts.mistakes import did_you_mean

_TOKEN = re.compile(
    r"""(?P<file>\b(?i:from)\s*')|(?P<text>'(?:[^']|'')*')|(?P<quoted>"(?:[^"]|"")*")|(?P<comment>--|/\*|;)|(?P<word>[^\W\d]\w*)(?P<call>\s*\()?"""
)
_FORBIDDEN_WORDS = frozenset(
    "select attach detach copy export import install pragma reset create drop insert update delete".split()  # noqa: SIM905
)
_FORBIDDEN_CALLS = re.compile(
    r"read_\w+|\w+_scan|scan_\w+|glob|getenv|getvariable|query|query_table|current_setting|pragma_\w+|duckdb_\w+|sniff_csv"
)
_SQL_WORDS = frozenset(
    """and or not is null in between like ilike similar to glob escape case when then else end true false any all exists distinct from
    cast as date time timestamp timestamptz interval year years month months day days hour hours minute minutes second seconds week quarter
    decade century epoch dow isodow doy varchar text char integer int bigint smallint tinyint hugeint double float real decimal numeric boolean bool
    at zone collate nocase with without precision both leading trailing for position""".split()  # noqa: SIM905
)


def condition_problems(condition: str, fields: Collection[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with a condition over these fields, each with its remedy."""
    bare = re.sub(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""", "", condition)
    if bare.count("(") != bare.count(")") or "'" in bare or '"' in bare:
        yield "brackets or quotes are not paired", "close each one"
        return
    seen: set[str] = set()
    for match in _TOKEN.finditer(condition):
        word = match["word"] or (match["quoted"] or "").strip('"')
        if match["file"]:
            yield "FROM a file reaches beyond the row", "a condition speaks of the fields of one row"
        elif match["comment"]:
            yield f"{match['comment']} has no place in a condition", "one condition, without comments"
        elif not word or word in seen:
            continue
        elif _reaches_beyond(match, word):
            yield f"{word} reaches beyond the row", "a condition speaks of the fields of one row"
        elif word not in fields and (match["quoted"] or _may_be_field(match, word)):
            yield f"no field {word!r}", f"{did_you_mean(word, fields)}; SQL's own words may stand in capitals"
        seen.add(word)


def _may_be_field(match: re.Match[str], word: str) -> bool:
    return not match["call"] and word not in _SQL_WORDS and word == word.lower()


def _reaches_beyond(match: re.Match[str], word: str) -> bool:
    if match["call"] and _FORBIDDEN_CALLS.fullmatch(word.lower()):
        return True
    return bool(match["word"]) and word.lower() in _FORBIDDEN_WORDS
