"""Text files decoded strictly and in pieces. A byte that the stated encoding does not know names its line; nothing is ever replaced."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from connectors.folders.paths import foreign_content, not_a_table, reading
from connectors.protocol import Setting
from contracts.errors import SourceBroken

# stated encoding → codec. GBK and GB 2312 are parts of GB 18030, and files stated as one often hold characters of the next.
CODECS = {
    "utf-8": "utf-8-sig", "utf8": "utf-8-sig", "utf-16": "utf-16", "utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be",
    "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030", "big5": "big5hkscs", "shift_jis": "cp932", "euc-kr": "cp949",
    "iso-8859-1": "iso-8859-1", "latin-1": "iso-8859-1", "iso-8859-2": "iso-8859-2", "iso-8859-5": "iso-8859-5", "iso-8859-7": "iso-8859-7",
    "iso-8859-15": "iso-8859-15", "windows-1250": "cp1250", "windows-1251": "cp1251", "windows-1252": "cp1252", "windows-1253": "cp1253",
    "ascii": "ascii",
}  # fmt: skip
ENCODING: Setting = {"type": "string", "known": tuple(CODECS), "default": "utf-8"}

_PIECE = 1 << 20
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", ("utf-8", "utf8")), (b"\xff\xfe", ("utf-16", "utf-16-le")), (b"\xfe\xff", ("utf-16", "utf-16-be")),
)  # fmt: skip
_CHINESE = re.compile("[\u4e00-\u9fff]")
# Chinese GB 18030 text hardly ever happens to be UTF-8; this many characters are no accident
_TELLING_CHARACTERS = 12


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[TextIO]:
    """The file as text, line ends as they are and the byte order mark removed; SourceBroken where it is not what `encoding` states."""
    codec = CODECS[encoding.lower()]
    with reading(path), path.open("rb") as raw:
        head = raw.read(_PIECE)
        check_head(path, head, encoding)
        # the codecs of a stated byte order take the mark for a character
        raw.seek(2 if codec in ("utf-16-le", "utf-16-be") and head.startswith((b"\xff\xfe", b"\xfe\xff")) else 0)
        text = io.TextIOWrapper(raw, encoding=codec, errors="strict", newline="")
        text._CHUNK_SIZE = _PIECE  # type: ignore[attr-defined]  # 8 KiB a call costs a third of the speed
        try:
            yield text
        except UnicodeDecodeError:
            raise undecodable(path, encoding) from None


def undecodable(path: Path, encoding: str) -> SourceBroken:
    """The error that names the first line which cannot be decoded; reads the file again up to there."""
    decoder = codecs.getincrementaldecoder(CODECS[encoding.lower()])("strict")
    line = 1
    with reading(path), path.open("rb") as raw:
        while True:
            piece = raw.read(_PIECE)
            try:
                line += decoder.decode(piece, final=not piece).count("\n")
            except UnicodeDecodeError as error:
                line += error.object[: error.start].decode(CODECS[encoding.lower()], "replace").count("\n")
                byte = f"byte 0x{error.object[error.start]:02x}"
                cut = not piece
                what = f"line {line}: {byte} is no {encoding}" + (", and the file looks cut there" if cut else "")
                return SourceBroken(
                    what,
                    where=str(path),
                    remedy=f"ask the department for a whole file in {encoding}, or correct `encoding`",
                )
            if not piece:
                return SourceBroken(f"cannot be decoded as {encoding}", where=str(path))


def no_text(path: Path, line: int) -> SourceBroken:
    return SourceBroken(
        f"line {line}: not a table: it holds NUL bytes",
        where=str(path),
        remedy="ask the department to deliver the file again",
    )


def check_head(path: Path, head: bytes, encoding: str) -> None:
    if found := foreign_content(head):
        raise not_a_table(path, found, "a text file")
    for mark, names in _BYTE_ORDER_MARKS:
        if head.startswith(mark) and encoding.lower() not in names:
            raise SourceBroken(
                f"starts with the byte order mark of {names[0]}, but {encoding} is stated",
                where=str(path),
                remedy=f"state `encoding: {names[0]}`",
            )
    if encoding.lower() == "utf-16" and head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceBroken(
            "has no byte order mark", where=str(path), remedy="state `encoding: utf-16-le` or `utf-16-be`"
        )
    if CODECS[encoding.lower()] in ("gb18030", "big5hkscs") and _is_chinese_utf8(head):
        raise SourceBroken(f"is UTF-8, but {encoding} is stated", where=str(path), remedy="state `encoding: utf-8`")


def _is_chinese_utf8(head: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")("strict").decode(head)
    except UnicodeDecodeError:
        return False
    return len(_CHINESE.findall(text)) >= _TELLING_CHARACTERS


_RECOGNISED_BYTES = 64 << 20


def recognise_encoding(path: Path) -> str:
    """The first of UTF-8, GB 18030 and Windows-1252 that the file's text is in, or what its byte order mark says.

    A guess to be looked at: Western text can be valid GB 18030 by accident, so that is only taken where most of it lies among the common
    characters. SourceBroken for what is no text.
    """
    with reading(path), path.open("rb") as raw:
        head = raw.read(_RECOGNISED_BYTES)
    if found := foreign_content(head):
        raise not_a_table(path, found, "a text file")
    for mark, names in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return names[0]
    if b"\0" in head:
        if head[1::2].count(0) > len(head) // 4:
            return "utf-16-le"
        if head[::2].count(0) > len(head) // 4:
            return "utf-16-be"
        raise no_text(path, 1)
    for encoding in ("utf-8", "gb18030", "windows-1252"):
        with suppress(UnicodeDecodeError):
            codecs.getincrementaldecoder(CODECS[encoding])("strict").decode(head, final=len(head) < _RECOGNISED_BYTES)
            if encoding != "gb18030" or _is_common_chinese(head):
                return encoding
    raise SourceBroken("the encoding is none that can be recognised", where=str(path), remedy="state `encoding`")


def _is_common_chinese(head: bytes) -> bool:
    """Whether most characters beyond ASCII are in the part of GB 18030 that is GB 2312: two bytes, both of them high."""
    high = len(re.findall(rb"[\x80-\xff]", head))
    return 2 * len(re.findall(rb"[\xa1-\xf7][\xa1-\xfe]", head)) > 0.8 * high
