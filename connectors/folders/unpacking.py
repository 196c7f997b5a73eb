"""Compressed deliveries – gzip, bzip2, xz, zip – unpacked into a scratch folder before they are read.

An archive comes from outside: what it claims about sizes is not believed, names in it never become paths, and one inside another is refused.
"""

from __future__ import annotations

import bz2
import fnmatch
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, Any

from connectors.folders.paths import is_delivery
from connectors.protocol import Setting
from contracts.errors import SourceBroken

UNPACKING: dict[str, Setting] = {
    "member": {"type": "string", "minLength": 1},
    "maxUnpackedMegabytes": {"type": "number", "minimum": 1, "default": 20_000},
}

_PIECE = 1 << 20
_MEGABYTE = 1 << 20
# tables shrink to a fiftieth at best; a bomb to a thousandth. Small files may be as even as they like.
_RATIO = 300
_RATIO_FROM = 64 << 20
_STREAMS: dict[bytes, tuple[str, Callable[[Any], Any]]] = {
    b"\x1f\x8b": ("gzip", gzip.open),
    b"BZh": ("bzip2", bz2.open),
    b"\xfd7zXZ\x00": ("xz", lzma.open),
}
SUFFIXES = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zip": "zip"}
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_SPOILT = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, ValueError)


def packed_as(path: Path, name: str) -> str:
    """How the file is compressed, or the empty text. A workbook or another document that is a zip inside is no archive.

    SourceBroken where the name promises an archive and the content is none.
    """
    with path.open("rb") as file:
        head = file.read(6)
    found = next((kind for signature, (kind, _) in _STREAMS.items() if head.startswith(signature)), "")
    if head.startswith((_ZIP, _EMPTY_ZIP)):
        found = "zip" if _is_archive(path) else ""
    promised = SUFFIXES.get(PurePosixPath(name).suffix.lower(), "")
    if promised and promised != found:
        raise SourceBroken(
            f"not a whole {promised} archive, though its name says so", where=str(path), remedy="ask the department to deliver it again"
        )  # fmt: skip
    return found


def unpack(path: Path, kind: str, into: Path, member: str | None, megabytes: float) -> list[Path]:
    """The archive's files in the folder `into`, by name: all, or those that the pattern `member` names.

    Raises SourceBroken for an archive that is spoilt, encrypted, grows beyond `megabytes` or out of all proportion, or holds another archive.
    """
    try:
        if kind == "zip":
            return _unzip(path, into, member, megabytes)
        name = path.stem if path.suffix.lower() in SUFFIXES else path.name
        target = into / name
        opening = next(opening for found, opening in _STREAMS.values() if found == kind)
        with opening(path) as stream:
            _copy(stream, target, path, path.stat().st_size, megabytes * _MEGABYTE)
        return [target]
    except _SPOILT as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise SourceBroken(
            f"not a whole {kind} archive; it looks cut or spoilt", where=str(path), remedy="ask the department to deliver it again"
        ) from None  # fmt: skip


def _unzip(path: Path, into: Path, member: str | None, megabytes: float) -> list[Path]:
    with zipfile.ZipFile(path) as archive:
        entries = [(_name(entry), entry) for entry in archive.infolist() if not entry.is_dir()]
        wanted = sorted(
            (name, n, entry) for n, (name, entry) in enumerate(entries) if _is_wanted(name, member)
        )  # fmt: skip
        if not wanted:
            raise SourceBroken(
                f"no file{f' {member}' if member else ''} lies in the archive, but {len(entries)} other{'s' if len(entries) != 1 else ''}",
                where=str(path), remedy="look at `member`, or ask the department",
            )  # fmt: skip
        left = megabytes * _MEGABYTE
        found = []
        for name, n, entry in wanted:
            if entry.flag_bits & 1:
                raise SourceBroken(
                    "the archive is encrypted", where=str(path), remedy="ask the department for one without a password, over an encrypted line"
                )  # fmt: skip
            # only the last part of a name: it cannot lead anywhere
            target = into / (PurePosixPath(name.replace("\\", "/")).name.replace("\0", "") or "member")
            if target.exists():
                target = _made(into / str(n)) / target.name
            with archive.open(entry) as stream:
                left -= _copy(stream, target, path, max(entry.compress_size, 1), left)
            found.append(target)
        return found


def _is_wanted(name: str, member: str | None) -> bool:
    last = PurePosixPath(name.replace("\\", "/")).name
    if member is None:
        return bool(last) and is_delivery(last) and not name.startswith("__MACOSX/")
    return fnmatch.fnmatchcase(name, member) or fnmatch.fnmatchcase(last, member)


def _copy(stream: IO[bytes], target: Path, archive: Path, packed: int, limit: float) -> int:
    """Bytes written. The count is our own, made while unpacking."""
    written = 0
    with target.open("wb") as file:
        while piece := stream.read(_PIECE):
            written += len(piece)
            if written > limit:
                raise SourceBroken(
                    "the archive unpacks to more than is allowed", where=str(archive),
                    remedy="look at what was delivered; raise `maxUnpackedMegabytes` only if it is right",
                )  # fmt: skip
            if written > _RATIO_FROM and written > packed * _RATIO:
                raise SourceBroken(
                    f"the archive unpacks to more than {_RATIO} times its size, as no table does", where=str(archive),
                    remedy="ask the department what this is",
                )  # fmt: skip
            file.write(piece)
    with target.open("rb") as file:
        head = file.read(6)
    if head.startswith(tuple(_STREAMS)) or (head.startswith(_ZIP) and _is_archive(target)):
        raise SourceBroken(
            "an archive lies within the archive", where=str(archive), remedy="ask for one without the other"
        )
    return written


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _is_archive(path: Path) -> bool:
    """Whether the zip holds files to be read one by one; office documents are zips too, and a cut one is no archive of ours."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {"[Content_Types].xml", "mimetype"}.isdisjoint(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def _name(entry: zipfile.ZipInfo) -> str:
    """The member's name; Chinese archivers write GBK where the format promises its own code page."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return entry.filename
