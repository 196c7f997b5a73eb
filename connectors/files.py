"""Which files of a drop folder belong to an interval, and what can go wrong with a file before it is read."""

from __future__ import annotations

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


def files_of(root: Path, resource: Resource, interval: Interval | None) -> list[Path]:
    """The delivered files by name. Hidden files and the lock files of office programs are no deliveries.

    Raises SourceUnavailable where there is no folder or no file yet, ConfigurationError for a pattern that leaves the folder.
    """
    pattern = dated(resource.physical_name, interval)
    if PurePosixPath(pattern).is_absolute() or ".." in PurePosixPath(pattern).parts:
        raise ConfigurationError(f"the file pattern {pattern!r} leaves the folder", where=resource.id)
    if not root.is_dir():
        raise SourceUnavailable(
            f"the folder {root} does not exist",
            where=resource.system.id,
            remedy="mount it, or have the department create it",
        )
    try:
        found = sorted(p for p in root.glob(pattern) if p.is_file() and not p.name.startswith((".", "~$")))
    except ValueError as error:
        raise ConfigurationError(f"{pattern!r} is no file pattern: {error}", where=resource.id) from error
    except OSError as error:
        raise _unreadable(root, error) from error
    if not found:
        raise SourceUnavailable(
            f"no file {pattern} has been delivered",
            where=f"{resource.id}, {root}",
            remedy="wait, or ask the department for it",
        )
    return found


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Guards the reading of one file: a system's refusal, and a file that changes meanwhile, become errors of ours."""
    try:
        before = path.stat()
        yield
        after = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    if (before.st_size, before.st_mtime_ns, before.st_ino) != (after.st_size, after.st_mtime_ns, after.st_ino):
        raise SourceUnavailable(
            "the file changed while it was read",
            where=str(path),
            remedy="wait until it is whole and run the interval again",
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


def _unreadable(path: Path, error: OSError) -> ConfigurationError | SourceUnavailable:
    reason = error.strerror or type(error).__name__
    if isinstance(error, PermissionError):
        return ConfigurationError(
            f"may not be read: {reason}", where=str(path), remedy="give the service's user the right to read it"
        )
    return SourceUnavailable(f"cannot be read: {reason}", where=str(path), remedy="wait, or look at the mount")
