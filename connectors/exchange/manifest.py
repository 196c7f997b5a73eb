"""Manifests that departments put beside a batch of files: JSON, a CSV list of files, or lines of `key=value`.

Their names for things are theirs: the contract's `names` translates. Nothing of a manifest is trusted, it is only compared with what came.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import PurePosixPath
from typing import Any

from connectors.digests import ALGORITHMS
from connectors.exchange.zone import Batch, StatedFile
from connectors.json_path import JsonPath
from connectors.json_text import parse
from contracts.errors import SourceBroken

LARGEST = 16 << 20


@dataclass(frozen=True)
class Manifest:
    """One manifest as it was read: what is said of the batch, and of each file."""

    where: str
    names: Mapping[str, str]
    algorithm: str
    whole: Mapping[str, Any]
    entries: list[Mapping[str, Any]]

    def batch(self, name: str, control_sums: Mapping[str, str]) -> Batch:
        """The provider's figures. Raises SourceBroken where they are no figures, or a file's name leaves the folder."""
        files = tuple(self._file(entry) for entry in self.entries)
        if len({file.name for file in files}) != len(files):
            raise self.broken("names a file twice")
        number = self._text(self.whole, "batch")
        if not number:
            raise self.broken(f"states no batch number under {self.names.get('batch', 'batch')!r}")
        return Batch(
            number=number, source=name, rows=self._rows(self.whole), files=files,
            control_sums={column: self._sum(theirs) for column, theirs in control_sums.items()},
        )  # fmt: skip

    def broken(self, what: str) -> SourceBroken:
        return SourceBroken(
            f"the batch manifest {what}", where=self.where, remedy="ask the department, or correct `batch.names`"
        )

    def _file(self, entry: Mapping[str, Any]) -> StatedFile:
        name = self._text(entry, "name").replace("\\", "/")
        path = PurePosixPath(name)
        if not name or path.is_absolute() or ".." in path.parts or ":" in name:
            raise self.broken(f"names no file of the folder under {self.names.get('name', 'name')!r}")
        checksum, algorithm = (
            self._text(entry, "checksum"),
            self._text(entry, "algorithm") or self._text(self.whole, "algorithm"),
        )
        for known in ALGORITHMS:
            if not checksum and (found := self._text(entry, known)):
                checksum, algorithm = found, known
        head, colon, rest = checksum.partition(":")
        if colon:
            algorithm, checksum = head, rest
        algorithm = (algorithm or self.algorithm).lower().replace("-", "")
        if checksum and algorithm not in ALGORITHMS:
            raise self.broken(f"names the unknown checksum {algorithm[:20]!r}")
        return StatedFile(path.as_posix(), self._rows(entry), checksum.lower(), algorithm if checksum else "")

    def _rows(self, part: Mapping[str, Any]) -> int | None:
        text = self._text(part, "rows")
        if text and not (text.isascii() and text.isdecimal()):
            raise self.broken(f"states no whole number under {self.names.get('rows', 'rows')!r}")
        return int(text) if text else None

    def _sum(self, theirs: str) -> Decimal:
        parts = [self._find(self.whole, theirs)]
        if parts == [None]:
            parts = [self._find(entry, theirs) for entry in self.entries]
        try:
            total = sum((Decimal(str(part)) for part in parts), Decimal())
        except InvalidOperation:
            total = Decimal("NaN")
        if not total.is_finite():
            raise self.broken(f"states no number under {theirs!r}")
        return total

    def _text(self, part: Mapping[str, Any], word: str) -> str:
        found = self._find(part, self.names.get(word, word))
        return str(found).strip() if isinstance(found, str) else ""

    def _find(self, part: Mapping[str, Any], name: str) -> Any:
        """By the very name, or by a path into nested JSON."""
        return part[name] if name in part else JsonPath.parse(name).find(part)


def read_manifest(data: bytes, form: str, names: Mapping[str, str], algorithm: str, where: str) -> Manifest:
    """The manifest in UTF-8; SourceBroken where it is none of that form."""
    empty = Manifest(where, names, algorithm, {}, [])
    try:
        text = data.decode("utf-8-sig")
        whole, entries = _FORMS[form](text, names)
    except (ValueError, RecursionError, csv.Error):
        raise empty.broken(f"is no {form} in UTF-8") from None
    if not entries:
        raise empty.broken("names no files")
    return Manifest(where, names, algorithm, whole, entries)


def _json(text: str, names: Mapping[str, str]) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    whole = parse(text)
    if not isinstance(whole, dict):
        raise ValueError("no object")
    files = names.get("files", "files")
    entries = whole[files] if files in whole else JsonPath.parse(files).find(whole)
    if entries is None:
        return whole, [whole]  # one file, described at the top
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("no list of objects")
    return whole, entries


def _csv(text: str, names: Mapping[str, str]) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """A heading and a line a file; the batch's number stands in every line."""
    entries: list[Mapping[str, Any]] = []
    for row in csv.DictReader(io.StringIO(text), strict=True):
        if None in row or None in row.values():
            raise ValueError("too many cells, or too few")
        entries.append({name.strip(): value for name, value in row.items()})
    number = names.get("batch", "batch")
    if len({row.get(number) for row in entries}) > 1:
        raise ValueError("several batches")
    return ({number: entries[0][number]} if entries and number in entries[0] else {}), entries


def _properties(text: str, names: Mapping[str, str]) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """Lines of `key=value` about one file; empty lines and lines that begin with # are passed over."""
    whole: dict[str, Any] = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            key, sign, value = line.partition("=")
            if not sign or key.strip() in whole:
                raise ValueError("no key=value, or a key twice")
            whole[key.strip()] = value.strip()
    return whole, [whole] if whole else []


_FORMS = {"json": _json, "csv": _csv, "properties": _properties}
