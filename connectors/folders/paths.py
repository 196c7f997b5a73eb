"""Which files of a folder belong to an interval, and what can go wrong with a file before it is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from contracts.errors import ConfigurationError, SourceBroken, SourceUnavailable
from contracts.interval import Interval
from contracts.model import Resource

_ANY_DATE = "[0-9]" * 8

# what is delivered by mistake under the name of a table
_SIGNATURES = (
    (b"PK\x03\x04", "a zip archive or a newer office document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an older office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"%PDF", "a PDF document"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "a SQLite database"),
)


def dated(pattern: str, interval: Interval | None) -> str:
    """The pattern with `{date}` as the local date of the interval's start, YYYYMMDD; without an interval it stands for any date."""
    return pattern.replace("{date}", interval.start.strftime("%Y%m%d") if interval else _ANY_DATE)


def file_pattern(resource: Resource, interval: Interval | None) -> str:
    """The resource's pattern for the interval; ConfigurationError for one that leaves the folder."""
    pattern = dated(resource.physical_name, interval)
    if PurePosixPath(pattern).is_absolute() or ".." in PurePosixPath(pattern).parts:
        raise ConfigurationError(f"the file pattern {pattern!r} leaves the folder", where=resource.id)
    return pattern


def is_delivery(name: str) -> bool:
    """Hidden files and the lock files of office programs are no deliveries."""
    return not PurePosixPath(name).name.startswith((".", "~$"))


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Guards the reading of one file: a system's refusal, and a file that changes meanwhile, become errors of ours."""
    try:
        before = path.stat()
        yield
        after = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    if (before.st_size, before.st_mtime_ns, before.st_ino) != (after.st_size, after.st_mtime_ns, after.st_ino):
        raise changed(str(path))


def changed(where: str) -> SourceUnavailable:
    return SourceUnavailable(
        "the file changed while it was read", where=where, remedy="wait until it is whole and run the interval again"
    )


def foreign_content(head: bytes) -> str:
    """What the first bytes of a file show it to be in place of plain text, or the empty text."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "an HTML page, perhaps the error page of a web server"
    return next((name for signature, name in _SIGNATURES if head.startswith(signature)), "")


def not_a_table(path: Path, found: str, wanted: str) -> SourceBroken:
    return SourceBroken(
        f"not {wanted} but {found}", where=str(path), remedy="ask the department to deliver the file again"
    )


def unreadable(path: Path | str, error: OSError) -> ConfigurationError | SourceUnavailable:
    """The error for a system's refusal: the rights are ours to put right, all else may pass."""
    reason = error.strerror or type(error).__name__
    if isinstance(error, PermissionError):
        return ConfigurationError(
            f"may not be read: {reason}", where=str(path), remedy="give the service's user the right to read it"
        )
    return SourceUnavailable(f"cannot be read: {reason}", where=str(path), remedy="wait, or look at the mount")


_DATE_IN_NAME = re.compile(r"(?<!\d)(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)")


def literal_pattern(name: str) -> str:
    """The pattern that only this name matches."""
    return re.sub(r"([*?\[])", r"[\1]", name)


def pattern_of(name: str) -> str:
    """The pattern under which a contract would name a file: eight digits that are a date become `{date}`."""
    return _DATE_IN_NAME.sub("{date}", literal_pattern(name))


def date_of(name: str) -> str:
    """The last date in a file's name, YYYYMMDD, or the empty text."""
    return next(reversed(_DATE_IN_NAME.findall(name)), "")
