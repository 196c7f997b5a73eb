"""Entries of all tables that contracts, code lists, mappings and models tell of."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from contracts.catalogue import City
from contracts.model import Field, Label, Resource
from contracts.types import lake_type
from pipeline.calendar_table import CALENDAR, has_calendar
from pipeline.calendar_table import COMMENT as CALENDAR_COMMENT
from pipeline.calendar_table import COMMENTS as CALENDAR_COMMENTS
from pipeline.code_lists import COMMENTS as CODE_LIST_COMMENTS
from pipeline.dictionary.carried import passed_on
from pipeline.dictionary.entries import ColumnEntry, Mask, TableEntry
from pipeline.models.run import city_models
from sharing.delivery.masks import PSEUDONYM, WITHHELD, mask_of
from transforms.models import Model
from transforms.models.lineage import FieldOf, field_lineage
from transforms.unify import Entity, read_mappings
from transforms.unify.records import record_columns

_GRADES = ("public", "internal", "sensitive", "important")
_PLATFORM = {
    "_interval_start": Label("Interval since which the row says what it says", "数据区间起始"),
    "_run_id": Label("Run that loaded it", "加载批次"),
}
_HAN = re.compile(r"[\u3400-\u9fff]")


def describe_city(city: City) -> list[TableEntry]:
    """Every table, by name. ConfigurationError where mappings or models cannot be read."""
    entries, models = _plain(city), city_models(city)
    known = _columns_of(entries, models)
    lineage = field_lineage(models, known)
    for model in models:
        entries[model.name] = _of_model(model, entries, lineage, known)
    return [entries[name] for name in sorted(entries)]


def described(city: City, wanted: Collection[str]) -> dict[str, TableEntry]:
    """The entries of these tables that can be described, without where their columns come from: what masking needs, for little work."""
    entries = _plain(city)
    if not set(wanted) <= set(entries):
        models = city_models(city)
        known = _columns_of(entries, models)
        needed = set(wanted)
        for model in reversed(models):
            needed |= {i.name for i in model.inputs} if model.name in needed else set()
        for model in models:
            if model.name in needed:
                entries[model.name] = _of_model(model, entries, {}, known)
    return {name: entries[name] for name in wanted if name in entries}


def _plain(city: City) -> dict[str, TableEntry]:
    """All that is no model."""
    mappings = read_mappings(city)
    entries = {id: _of_resource(city, resource) for id, resource in city.resources.items()}
    entries |= {f"reference.{name}": _of_code_list(name) for name in city.code_lists}
    if has_calendar(city):
        entries[CALENDAR] = _of_calendar()
    for entity in mappings.entities:
        records = _of_records(entity, entries)
        entries |= {entry.name: entry for entry in (records, _of_alias(entity, records))}
    return entries


def _columns_of(entries: Mapping[str, TableEntry], models: Iterable[Model]) -> dict[str, dict[str, str]]:
    known = {name: {c.name: c.type for c in entry.columns} for name, entry in entries.items()}
    return known | {m.name: {c.name: c.type for c in m.columns} for m in models}


def _of_resource(city: City, resource: Resource) -> TableEntry:
    department = city.departments.get(resource.department)
    columns = [_of_field(resource, f) for f in resource.fields]
    columns += [
        ColumnEntry(name, type, _PLATFORM[name], "", "", "public")
        for name, type in (("_interval_start", "TIMESTAMP WITH TIME ZONE"), ("_run_id", "VARCHAR"))
    ]
    return TableEntry(
        resource.id, "resource", Label(resource.label_en or _words(resource.name), resource.label or resource.name), Label(resource.description, ""),
        resource.comment, tuple(columns), resource.key, (), resource.department,
        department.name if department else None, resource.owner, f"{resource.cycle.total_seconds() / 3600:g} h", resource.share_type,
        resource.resource_code,
    )  # fmt: skip


def _of_field(resource: Resource, field: Field) -> ColumnEntry:
    # an id of a person joins across resources only as a pseudonym: what masks keep of it is no key
    mask = mask_of(field, (), _people(resource))
    domain = (field.semantic_type or f"{resource.id}.{field.name}") if mask == PSEUDONYM else ""
    return ColumnEntry(
        field.name, lake_type(field), Label(field.label_en or _words(field.name), field.label or field.name), field.description,
        field.comment, field.classification or "sensitive", field.primary_key,
        Mask(mask, domain) if mask else None, (f"{resource.system.id}: {resource.physical_name}, {field.physical_name}",),
    )  # fmt: skip


def _people(resource: Resource) -> tuple[str, ...]:
    """Fields that hold a person's number and are not open to all."""
    return tuple(
        f.name for f in resource.fields if f.semantic_type == "resident_id" and f.classification not in ("public", "internal")
    )  # fmt: skip


def _of_code_list(name: str) -> TableEntry:
    label = Label(f"Code list {_words(name).lower()}", f"代码集 {name}")
    columns = [
        ColumnEntry(column, "DATE" if column.startswith("valid_") else "VARCHAR", _split(text), "", text, "public", column == "code")
        for column, text in CODE_LIST_COMMENTS.items()
    ]  # fmt: skip
    return TableEntry(
        f"reference.{name}", "reference", label, Label("", ""), f"代码集 code list {name}", tuple(columns), ("code",)
    )


def _of_calendar() -> TableEntry:
    types = {"day": "DATE", "working": "BOOLEAN"}
    columns = [
        ColumnEntry(name, types[name], _split(text), "", text, "public", name == "day")
        for name, text in CALENDAR_COMMENTS.items()
    ]
    label = _split(CALENDAR_COMMENT)
    return TableEntry(CALENDAR, "reference", label, Label("", ""), CALENDAR_COMMENT, tuple(columns), ("day",))


def _of_records(entity: Entity, resources: Mapping[str, TableEntry]) -> TableEntry:
    keys = [c for f in entity.feeds if f.key and (c := _column(resources, f.resource, f.key))]
    row_keys = [c for f in entity.feeds for name in f.record_key if (c := _column(resources, f.resource, name))]
    about = {
        a.name: [c for s in a.sources if s.field and (c := _column(resources, s.resource, s.field))]
        for a in entity.attributes
    }
    own = _strictest(keys)
    id_mask = Mask(PSEUDONYM, f"unified.{entity.name}") if own else None
    columns = []
    for name, (type, comment) in record_columns(entity).items():
        sources: list[ColumnEntry] = about.get(name, [])
        if name in (entity.key, entity.old_key):
            sources = (
                keys
                if name == entity.key
                else [c for f in entity.feeds if f.old_key and (c := _column(resources, f.resource, f.old_key))]
            )
        mask = _strictest(sources)
        if name in ("record_id", "own_id", "entity_id"):
            mask = id_mask
        elif name == "record_key":
            # a row's key holds whatever its resource calls it by: nothing of it can be kept and nothing lost
            mask, sources = (Mask(WITHHELD) if _strictest(row_keys) else None), row_keys
        grade = _grade(sources or (keys if mask else []))
        columns.append(
            ColumnEntry(name, type, _split(comment), "", comment, grade, name == "record_id", _fitting(mask, type))
        )
    label = Label(f"Records of {entity.label.en.lower()}s", f"{entity.label.zh}来源记录")
    note = Label(
        "One row a version of a record: what a resource says, since when and until when.",
        "每条来源记录的每个版本一行。",
    )
    inputs = tuple(f.resource for f in entity.feeds)
    return TableEntry(f"unified.{entity.record_table}", "record", label, note, "", tuple(columns), (), inputs)


def _of_alias(entity: Entity, records: TableEntry) -> TableEntry:
    own = records.column("own_id")
    mask, grade = (own.mask, own.classification) if own else (None, "sensitive")
    columns = (
        ColumnEntry(
            "own_id", "VARCHAR", Label("Id of the record's own identifier", "自身标识"), "", "", grade, True, mask
        ),
        ColumnEntry(
            "entity_id", "VARCHAR", Label("Id of the entity it was joined to", "实体标识"), "", "", grade, False, mask
        ),
        ColumnEntry(
            "how", "VARCHAR", Label("linked or judged", "方式：linked 匹配、judged 人工判定"), "", "", "public"
        ),
        ColumnEntry("weight", "DOUBLE", Label("Weight of the link, empty: judged", "匹配权重"), "", "", "public"),
    )
    label = Label(f"Joined {entity.label.en.lower()}s", f"{entity.label.zh}合并对照")
    note = Label("One row an id that is part of another entity.", "每个并入其他实体的标识一行。")
    return TableEntry(f"unified.{entity.name}_alias", "record", label, note, "", columns, ("own_id",), (records.name,))


def _of_model(
    model: Model,
    entries: Mapping[str, TableEntry],
    lineage: Mapping[FieldOf, tuple[FieldOf, ...]],
    known: Mapping[str, Mapping[str, str]],
) -> TableEntry:
    shown = passed_on(model, known)
    columns = []
    for column in model.columns:
        sources = [c for f in shown.get(column.name, ()) if (c := _column(entries, f.table, f.column))]
        origins = tuple(map(str, lineage.get(FieldOf(model.name, column.name), ())))
        mask = _fitting(_strictest(sources), column.type)
        columns.append(
            ColumnEntry(column.name, column.type, column.label, "", str(column.label), _grade(sources), column.name in model.key, mask, origins)
        )  # fmt: skip
    kind = "mart" if model.schema == "mart" else "unified"
    comment = f"{model.label}. {model.description}"
    inputs = tuple(i.name for i in model.inputs)
    return TableEntry(
        model.name, kind, model.label, model.description, comment, tuple(columns), model.key, inputs, sql=model.sql
    )


def _column(entries: Mapping[str, TableEntry], table: str, name: str) -> ColumnEntry | None:
    entry = entries.get(table)
    return entry.column(name) if entry else None


def _strictest(columns: Iterable[ColumnEntry]) -> Mask | None:
    """One mask for values of all these columns: theirs where they agree; two that differ are withheld."""
    masks = {c.mask for c in columns if c.mask}
    if len(masks) > 1:
        return Mask(WITHHELD)
    return next(iter(masks), None)


def _fitting(mask: Mask | None, type: str) -> Mask | None:
    """A mask made for texts leaves nothing of a date or a number."""
    return Mask(WITHHELD) if mask and mask.kind not in (WITHHELD, PSEUDONYM) and type != "VARCHAR" else mask


def _grade(columns: Sequence[ColumnEntry]) -> str:
    return max((c.classification for c in columns), key=_GRADES.index, default="public")


def _words(name: str) -> str:
    """`paid_amount` → `Paid amount`: contracts name their fields in English and label them in Chinese."""
    return name.replace("_", " ").capitalize()


def _split(text: str) -> Label:
    """A comment that says both: `代码 code` → 代码, code."""
    zh = " ".join(part for part in text.split(" ") if _HAN.search(part))
    en = " ".join(part for part in text.split(" ") if not _HAN.search(part))
    return Label(en or zh, zh or en)
