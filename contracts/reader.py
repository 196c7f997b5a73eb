"""One contract file into one Resource, or into the list of what is wrong with it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject
from pydantic import ValidationError

from contracts.errors import ConfigurationError
from contracts.interval import parse_cron
from contracts.known_words import unknown_words
from contracts.mistakes import Mistakes, did_you_mean
from contracts.model import Deletions, ExpectedRows, Field, Resource, SourceSystem, Watermark, parted
from contracts.properties import read_properties
from contracts.rule_reader import pattern_problem, read_rules, value_problem
from contracts.rules import OPTION_NAMES, SEMANTIC_TYPES, implied_rules
from contracts.types import decimal_places

LOGICAL_TYPES = ("string", "integer", "number", "boolean", "date", "timestamp")
CLASSIFICATIONS = ("public", "internal", "sensitive", "important")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_CYCLE_UNITS = {
    "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1),
    "m": timedelta(days=31), "q": timedelta(days=92), "y": timedelta(days=366),
}  # fmt: skip


def load_yaml(path: Path, mistakes: Mistakes) -> Any:
    """Parse a YAML file safely; a file that is no YAML becomes a mistake that names the line."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        mistakes.add(f"line {mark.line + 1}" if mark else "file", f"no YAML: {getattr(error, 'problem', error)}")
    except (OSError, UnicodeDecodeError) as error:
        mistakes.add("file", f"cannot be read: {error}", "save it as UTF-8 text")
    return None


def read_contract(
    path: Path, systems: dict[str, SourceSystem], default_schedule: str, mistakes: Mistakes
) -> Resource | None:
    """Read one ODCS file; what is wrong goes to `mistakes`, and then nothing is returned."""
    data = load_yaml(path, mistakes)
    if not isinstance(data, dict):
        if data is not None:
            mistakes.add("file", "a contract is a mapping", "start from an existing contract")
        return None
    try:
        contract = OpenDataContractStandard.model_validate(data)
    except ValidationError as error:
        for problem in error.errors():
            mistakes.add(".".join(map(str, problem["loc"])), problem["msg"], "see the Open Data Contract Standard 3.x")
        return None
    before = len(mistakes.found)
    for place, word, known in unknown_words(data):
        mistakes.add(place, f"unknown word {word!r}", did_you_mean(word, known))
    resource = _resource(contract, data, path, systems, default_schedule, mistakes)
    return resource if len(mistakes.found) == before else None


def _resource(
    contract: OpenDataContractStandard, data: dict[str, Any], path: Path,
    systems: dict[str, SourceSystem], default_schedule: str, mistakes: Mistakes,
) -> Resource | None:  # fmt: skip
    department, name = path.parent.name, path.stem
    if contract.domain != department:
        mistakes.add("domain", f"is {contract.domain!r} but the file lies in {department}/", "make them the same")
    if contract.id != f"{department}.{name}":
        mistakes.add("id", f"is {contract.id!r}", f"write {department}.{name}, after folder and file")
    properties = read_properties(contract.customProperties, "contract", mistakes)
    system = _system(contract, department, systems, mistakes)
    if len(contract.schema_ or []) != 1:
        mistakes.add("schema", "a contract holds exactly one object", "one file a resource")
        return None
    table = (contract.schema_ or [])[0]
    if table.name != name or not _NAME.fullmatch(name):
        mistakes.add("schema[0].name", f"is {table.name!r}", f"name it {name}, as the file, in lower snake case")
    fields = _fields(table, mistakes)
    rules = tuple(rule for f in fields for rule in implied_rules(f))
    rules += read_rules(table, {f.name: f for f in fields}, mistakes)
    _check_rule_ids(rules, mistakes)
    cycle, latency = _service_levels(contract, mistakes)
    schedule = properties.get("schedule", default_schedule)
    try:
        parse_cron(schedule)
    except ConfigurationError as error:
        mistakes.add("schedule", error.what, error.remedy or "a five-field cron expression such as '0 2 * * *'")
    owner = next((m.username or m.name or "" for m in _members(contract) if m.role == "owner"), "")
    if not owner:
        mistakes.add("team", "no member with the role owner", "name the person who answers for this resource")
    if system is None:
        return None
    title = parted(table.businessName or contract.name or name)
    resource = Resource(
        department=department, name=name, version=contract.version or "", fingerprint=_fingerprint(data),
        label=title.zh, description=(table.description or "").strip(), owner=owner,
        system=system, physical_name=table.physicalName or name, source=properties.get("source", {}), fields=fields,
        rules=rules, load_mode=properties.get("loadMode", "snapshot"), schedule=schedule, cycle=cycle, latency=latency,
        share_type=properties.get("shareType", ""), resource_code=properties.get("resourceCode", ""),
        watermark=_watermark(properties), deletions=_deletions(properties),
        ignored_columns=tuple(properties.get("ignoredColumns", ())),
        quarantine_limit=float(properties.get("quarantineLimit", 0.05)),
        expected_rows=ExpectedRows(**{"min": None, "max": None, **properties.get("expectedRows", {})}),
        share_condition=properties.get("shareCondition"), legal_ground=properties.get("legalGround"),
        base=properties.get("base"), role=properties.get("role"), share_way=properties.get("shareWay", ""),
        format=properties.get("format", ""), label_en=title.en or parted(contract.name or "").en,
    )  # fmt: skip
    _check_whole(resource, mistakes)
    return resource


def _system(
    contract: OpenDataContractStandard, department: str, systems: dict[str, SourceSystem], mistakes: Mistakes
) -> SourceSystem | None:
    server = contract.servers[0] if contract.servers else None
    if server is None or not server.server:
        mistakes.add("servers", "no source system", "servers: [{server: <id from systems.yaml>, type: custom}]")
        return None
    if server.server not in systems:
        mistakes.add(
            "servers[0].server", f"unknown source system {server.server!r}", did_you_mean(server.server, systems)
        )
        return None
    return systems[server.server]


def _fields(table: SchemaObject, mistakes: Mistakes) -> tuple[Field, ...]:
    fields: list[Field] = []
    for prop in table.properties or []:
        place = f"property {prop.name}"
        if not prop.name or not _NAME.fullmatch(prop.name):
            mistakes.add(place, "a business name is lower snake case", "put the source's own name into physicalName")
            continue
        if prop.name in {f.name for f in fields}:
            mistakes.add(place, "stands twice", "remove one of the two")
            continue
        custom = read_properties(prop.customProperties, "column", mistakes, place)
        title = parted(prop.businessName or prop.name)
        options = prop.logicalTypeOptions or {}
        fields.append(
            Field(
                name=prop.name, physical_name=prop.physicalName or prop.name, label=title.zh,
                description=(prop.description or "").strip(), logical_type=prop.logicalType or "string", physical_type=prop.physicalType,
                primary_key=bool(prop.primaryKey), required=bool(prop.required), unique=bool(prop.unique),
                options={OPTION_NAMES[k]: _plain(v) for k, v in options.items() if k in OPTION_NAMES},
                semantic_type=prop.semanticType, classification=prop.classification,
                lookups={str(k): None if v is None else str(v) for k, v in custom.get("lookups", {}).items()},
                null_values=tuple(map(str, custom.get("nullValues", ()))), label_en=title.en if prop.businessName else "",
            )
        )  # fmt: skip
        for what, remedy in _field_problems(fields[-1], options):
            mistakes.add(place, what, remedy)
    if not fields:
        mistakes.add("schema[0].properties", "no fields", "describe each column the lake should hold")
    return tuple(fields)


def _field_problems(field: Field, options: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if field.logical_type not in LOGICAL_TYPES:
        yield f"unknown logicalType {field.logical_type!r}", did_you_mean(field.logical_type, LOGICAL_TYPES)
    if field.semantic_type and field.semantic_type not in SEMANTIC_TYPES:
        yield f"unknown semanticType {field.semantic_type!r}", did_you_mean(field.semantic_type, SEMANTIC_TYPES)
    elif field.semantic_type and field.logical_type != "string":
        yield f"a {field.semantic_type} is text, not {field.logical_type}", "logicalType: string"
    if field.classification and field.classification not in CLASSIFICATIONS:
        yield f"unknown classification {field.classification!r}", did_you_mean(field.classification, CLASSIFICATIONS)
    places = decimal_places(field)
    if places and places[1] > places[0]:
        yield f"{field.physical_type} has more decimals than digits", "decimal(<all digits>,<decimals>)"
    for name, value in options.items():
        if name not in OPTION_NAMES:
            yield f"unknown logicalTypeOptions {name!r}", did_you_mean(name, OPTION_NAMES)
        elif name in ("minimum", "maximum"):
            if field.logical_type in ("string", "boolean"):
                yield (
                    f"{name} is for numbers and dates, not {field.logical_type}",
                    "minLength and maxLength are for text",
                )
            elif problem := value_problem(value, field):
                yield f"{name}: {problem}", "write the value as the field's logicalType says"
        elif field.logical_type != "string":
            yield f"{name} is for text, not {field.logical_type}", "minimum and maximum are for numbers and dates"
        elif name == "pattern":
            if problem := pattern_problem(str(value)):
                yield problem, "see RE2's syntax"
        elif not isinstance(value, int) or isinstance(value, bool) or value < 0:
            yield f"{name} is {value!r}", "a whole number from 0"


def _check_rule_ids(rules: tuple[Any, ...], mistakes: Mistakes) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            mistakes.add(f"rule {rule.id}", "stands twice", "give one of the two another `name`")
        seen.add(rule.id)


def _check_whole(resource: Resource, mistakes: Mistakes) -> None:
    """What only shows when the parts are seen together."""
    names = {f.name for f in resource.fields}
    if resource.load_mode == "merge" and not resource.key:
        mistakes.add("loadMode", "merge needs a primary key", "mark the key's columns with primaryKey: true")
    if resource.watermark and resource.watermark.column not in names:
        mistakes.add(
            "watermark", f"no field {resource.watermark.column!r}", did_you_mean(resource.watermark.column, names)
        )
    elif resource.watermark and resource.field(resource.watermark.column).logical_type not in ("timestamp", "date"):
        mistakes.add("watermark", "must be a timestamp or a date", "declare the column's logicalType")
    if resource.watermark and resource.watermark.lookback and resource.load_mode == "append":
        mistakes.add(
            "watermark", "append with a look-back would load late rows twice", "use merge, or lookbackHours: 0"
        )
    if resource.watermark and resource.load_mode == "snapshot":
        mistakes.add(
            "watermark", "snapshot replaces all rows and so must read all", "remove the watermark or use merge"
        )
    if resource.deletions:
        if resource.load_mode != "merge":
            mistakes.add("deletions", "only merge knows deletions", "use loadMode merge")
        if resource.deletions.mode == "tombstone" and resource.deletions.column not in names:
            mistakes.add(
                "deletions",
                f"no field {resource.deletions.column!r}",
                did_you_mean(str(resource.deletions.column), names),
            )
        elif resource.deletions.mode == "tombstone" and not resource.deletions.values:
            mistakes.add("deletions", "a tombstone needs values", "values: [the texts that mark a row as deleted]")
    rows = resource.expected_rows
    if rows.min is not None and rows.max is not None and rows.min > rows.max:
        mistakes.add("expectedRows", f"min {rows.min} is above max {rows.max}", "min first")
    both = {f.physical_name for f in resource.fields} & set(resource.ignored_columns)
    if both:
        mistakes.add("ignoredColumns", f"{', '.join(sorted(both))} is loaded and ignored", "choose one")


def _watermark(properties: dict[str, Any]) -> Watermark | None:
    value = properties.get("watermark")
    return Watermark(value["column"], timedelta(hours=float(value.get("lookbackHours", 0)))) if value else None


def _deletions(properties: dict[str, Any]) -> Deletions | None:
    value = properties.get("deletions")
    return Deletions(value["mode"], value.get("column"), tuple(map(str, value.get("values", ())))) if value else None


def _service_levels(contract: OpenDataContractStandard, mistakes: Mistakes) -> tuple[timedelta, timedelta]:
    levels = {"frequency": timedelta(days=1), "latency": timedelta(hours=12)}
    stated = {level.property: level for level in contract.slaProperties or []}
    if "frequency" not in stated:
        mistakes.add("slaProperties", "no frequency", "state the cycle: {property: frequency, value: 1, unit: d}")
    for name in levels:
        level = stated.get(name)
        if level is None:
            continue
        try:
            levels[name] = float(str(level.value)) * _CYCLE_UNITS[str(level.unit)]
            if levels[name] < timedelta(0) or (name == "frequency" and not levels[name]):
                raise ValueError(name)
        except (KeyError, ValueError, OverflowError):
            mistakes.add(
                f"slaProperties {name}",
                f"{level.value!r} {level.unit!r} is no time span",
                "value: number, unit: h, d, w, m, q or y",
            )
    return levels["frequency"], levels["latency"]


def _plain(value: Any) -> Any:
    """YAML reads 2020-05-04 as a date; contracts hold text."""
    return value.isoformat() if isinstance(value, date) else value


def _members(contract: OpenDataContractStandard) -> list[Any]:
    team = contract.team
    return list(team if isinstance(team, list) else (team.members or []) if team else [])


def _fingerprint(data: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()
