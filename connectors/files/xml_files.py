"""XML files: one element a record. Child elements are columns, attributes are `@name`; all text, namespaces left aside.

Traps: XML can carry instructions – entities that grow, files to fetch – so a DOCTYPE is refused, and nothing is ever fetched. A child that comes
several times becomes a JSON list, one with children of its own its XML text. Driver: lxml, streamed; the file is read twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
from lxml import etree

from connectors.files.file_kind import FileKind
from connectors.folders.delivery import DELIVERY
from connectors.folders.paths import foreign_content, not_a_table, reading
from connectors.json_text import json_text
from connectors.protocol import MALFORMED, Setting
from connectors.records import Record, columns_of, record_batches
from contracts.errors import SourceBroken
from contracts.mistakes import did_you_mean
from contracts.model import Resource

_RECOGNISED_ELEMENTS = 20_000
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


@dataclass(frozen=True)
class XmlFilesConnector(FileKind):
    """Reads the files of `root` that the contract's pattern names, one after the other."""

    kind: ClassVar[str] = "xml_files"
    SOURCE_SETTINGS: ClassVar[Mapping[str, Setting]] = {
        **DELIVERY,
        "record": {"type": "string", "minLength": 1, "mandatory": True},
    }
    SUFFIXES: ClassVar[tuple[str, ...]] = (".xml",)

    def batches(self, files: list[Path], resource: Resource, stated: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
        element = stated["record"]
        fields = {f.physical_name for f in resource.fields}
        files = [path for path in files if _holds_records(path, element, fields)]
        names: dict[str, None] = {}
        for path in files:
            for record in _records(path, element):
                names.update(dict.fromkeys(record))
        records = (record for path in files for record in _records(path, element))
        yield from record_batches(records, columns_of(resource, names), self.batch_rows)

    def recognise(self, path: Path) -> Mapping[str, Any] | None:
        """The element that comes most often as a child of one parent and has children or attributes of its own, in the file's first part."""
        seen: Counter[str] = Counter()
        is_checked = False
        with _events(path, ("end",)) as events:
            for _, node in islice(events, _RECOGNISED_ELEMENTS):
                if not is_checked:
                    _refuse_doctype(path, node)
                    is_checked = True
                if len(node) or node.attrib:
                    depth = sum(1 for _ in node.iterancestors())
                    seen[_local(node.tag)] += 1 if depth else 0
        return {"record": seen.most_common(1)[0][0]} if seen else None


def _holds_records(path: Path, element: str, fields: Collection[str]) -> bool:
    """Whether a record comes at all; nothing before the first one is kept in memory.

    SourceBroken where the file is no XML to be trusted, or holds the contract's columns in elements of another name.
    """
    elsewhere, is_checked = "", False
    with _events(path, ("start", "end")) as events:
        for event, node in events:
            if not is_checked:
                _refuse_doctype(path, node)
                is_checked = True
            name = _local(node.tag)
            if event == "start":
                if name == element:
                    return True
                continue
            if name in fields and (parent := node.getparent()) is not None:
                elsewhere = _local(parent.tag)
            _forget(node)
    if elsewhere:
        raise SourceBroken(
            f"no element {element!r}, but the contract's columns lie in {elsewhere!r}", where=str(path),
            remedy=f"correct `record` ({did_you_mean(element, [elsewhere])}), or ask the department",
        )  # fmt: skip
    return False


def _records(path: Path, element: str) -> Iterator[Record]:
    with _events(path, ("end",), f"{{*}}{element}") as events:
        for _, node in events:
            # one inside another is part of it
            if next(node.iterancestors(f"{{*}}{element}"), None) is None:
                yield _record(node)
                _forget(node)


@contextmanager
def _events(
    path: Path, events: tuple[str, ...], tag: str | None = None
) -> Iterator[Iterator[tuple[str, etree._Element]]]:
    """The file's events as lxml parses it, without fetching or expanding anything; SourceBroken names the line where the XML breaks off."""
    with reading(path), path.open("rb") as file:
        if found := foreign_content(file.read(512)):
            raise not_a_table(path, found, "an XML file")
        file.seek(0)
        try:
            yield etree.iterparse(
                file, events=events, tag=tag, resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
                huge_tree=False, recover=False, remove_comments=True, remove_pis=True,
            )  # fmt: skip
        except etree.XMLSyntaxError as error:
            raise _broken(path, error) from None


def _record(node: etree._Element) -> Record:
    values: dict[str, list[str | None]] = {f"@{_local(name)}": [str(value)] for name, value in node.items()}
    if node.text and not node.text.isspace():
        values["#text"] = [node.text]
    for child in node:
        name, attributes = _local(child.tag), child.items()
        is_nil = False
        for attribute, value in attributes:
            if attribute == _NIL:
                is_nil = value in ("true", "1")
            else:
                values.setdefault(f"{name}@{_local(attribute)}", []).append(str(value))
        values.setdefault(name, []).append(None if is_nil else _text(child))
    if MALFORMED in values:
        values[f"{MALFORMED}_2"] = values.pop(MALFORMED)
    return {name: found[0] if len(found) == 1 else json_text(found) for name, found in values.items()}


def _text(child: etree._Element) -> str:
    if len(child):
        return str(etree.tostring(child, encoding="unicode", with_tail=False))
    return child.text or ""


@lru_cache(maxsize=4096)
def _local(tag: Any) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _forget(node: etree._Element) -> None:
    """Free what was read: the element's content, and the empty elements before it."""
    node.clear()
    parent = node.getparent()
    while parent is not None and node.getprevious() is not None:
        del parent[0]


def _refuse_doctype(path: Path, node: etree._Element) -> None:
    if getattr(node.getroottree().docinfo, "doctype", ""):
        raise SourceBroken(
            "holds a DOCTYPE, which is refused", where=str(path), remedy="ask the department for XML without one"
        )


def _broken(path: Path, error: etree.XMLSyntaxError) -> SourceBroken:
    # libxml2's messages may quote content: the name of their code says enough
    code = getattr(error, "code", 0)
    kind = next(
        (name for name, number in vars(etree.ErrorTypes).items() if name.startswith("ERR_") and number == code), ""
    )
    reason = {
        "ERR_TAG_NOT_FINISHED": "an element is not closed; the file looks cut", "ERR_GT_REQUIRED": "a tag is not closed; the file looks cut",
        "ERR_TAG_NAME_MISMATCH": "an element is closed under another name", "ERR_DOCUMENT_EMPTY": "the file is empty or no XML", "ERR_INTERNAL_ERROR": "the file is empty or no XML",
        "ERR_INVALID_CHAR": "a character that XML does not allow", "ERR_INVALID_ENCODING": "a byte that the stated encoding does not know",
        "ERR_UNDECLARED_ENTITY": "an entity that is not declared",
    }.get(kind, kind.removeprefix("ERR_").replace("_", " ").lower() or "no well-formed XML")  # fmt: skip
    line = error.lineno or 1
    return SourceBroken(f"line {line}: {reason}", where=str(path), remedy="ask the department for a whole XML file")
