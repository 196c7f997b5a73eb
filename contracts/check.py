"""`landbridge catalogue check`: what a city's files get wrong beyond the form of each contract.

The catalogue's own faults are those reviewers of the national guide (政务信息资源目录编制指南, 1272 of 2017) meet most often.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import yaml

from contracts.catalogue import City
from contracts.mistakes import Mistake, Mistakes, did_you_mean, relative
from contracts.model import Resource
from contracts.reader import load_yaml

_SECRET_KEY = re.compile(r"passw|secret|token|api_?key|credential|private_?key|口令|密码", re.IGNORECASE)
_SECRET_IN_URL = re.compile(r"://[^/\s:@]*:(?!\$\{)[^@/\s]+@")
_REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*|airflow:[A-Za-z0-9_.-]+)\}")
_DATABASE_FORMATS = ("数据库",)


# One sentence a problem of a resource's `source` settings or its system's `connection`; the first word says which of the two.
SettingsCheck = Callable[[Resource], list[str]]


def check_city(
    city: City, connector_kinds: Collection[str], check_settings: SettingsCheck | None = None
) -> list[Mistake]:
    """Every mistake of the city's files, sorted by file and place.

    What a connector can read is the connectors' knowledge, which this room does not have: their names and their check come as arguments.
    """
    found = list(city.mistakes)
    found += _secrets(city)
    found += _connections(city, connector_kinds, check_settings)
    for resource in city.resources.values():
        found += _catalogue_faults(resource, city)
        found += _references(resource, city)
    found += _look_alikes(city)
    found += _repeated_keys(city)
    return sorted(set(found))


def _connections(city: City, kinds: Collection[str], check_settings: SettingsCheck | None) -> Iterator[Mistake]:
    for system in city.systems.values():
        if system.connector not in kinds:
            remedy = did_you_mean(system.connector, kinds)
            yield Mistake("systems.yaml", system.id, f"unknown connector {system.connector!r}", remedy)
    if check_settings is None:
        return
    for resource in city.resources.values():
        for problem in check_settings(resource):
            remedy = f"see docs/connectors.md, {resource.system.connector}"
            if problem.startswith("connection"):
                yield Mistake("systems.yaml", resource.system.id, problem, remedy)
            else:
                yield Mistake(_file(resource), "source", problem, remedy)


def _file(resource: Resource) -> str:
    return f"contracts/{resource.department}/{resource.name}.yaml"


def _catalogue_faults(resource: Resource, city: City) -> Iterator[Mistake]:
    file = _file(resource)
    if resource.label in (resource.system.name.zh, resource.system.name.en):
        yield Mistake(
            file, "businessName", "is the source system's name", "name the data, not the system that holds it"
        )
    if not resource.description:
        yield Mistake(file, "schema[0].description", "no abstract", "say in one sentence what a row is")
    if resource.share_type == "conditional" and not resource.share_condition:
        yield Mistake(
            file,
            "shareCondition",
            "missing although sharing is conditional",
            "state scope and purposes (Decree 809 art. 13)",
        )
    if resource.share_type == "not_shared" and not resource.legal_ground:
        yield Mistake(
            file,
            "legalGround",
            "missing although nothing is shared",
            "a law, an administrative regulation or a State Council decision",
        )
    if resource.share_way == "database" and resource.format not in _DATABASE_FORMATS:
        yield Mistake(file, "shareWay", f"database, but the format is {resource.format}", "share a file as a file")
    code = resource.resource_code.partition("/")[0]
    if resource.resource_code and not 7 <= len(code) <= 12:
        yield Mistake(
            file,
            "resourceCode",
            f"{code} has {len(code)} digits",
            "class 1 + item 2 + subject 3 + detail 1 to 6 digits",
        )
    if resource.system.department != resource.department:
        yield Mistake(
            file,
            "servers[0].server",
            f"{resource.system.id} belongs to {resource.system.department}",
            "a department's data comes from its own systems",
        )
    if not city.department(resource.department).contact:
        yield Mistake("departments.yaml", resource.department, "provider without a contact", "name its data officer")


def _references(resource: Resource, city: City) -> Iterator[Mistake]:
    """Code lists and other resources that rules speak of."""
    for rule in resource.rules:
        place = f"rule {rule.id}"
        wanted = [rule.kwargs["code_list"]] if "code_list" in rule.kwargs else []
        if rule.type == "expect_column_values_to_be_plausible_resident_id":
            wanted.append("divisions")
        for name in wanted:
            if name not in city.code_lists:
                yield Mistake(_file(resource), place, f"no code list {name!r}", did_you_mean(name, city.code_lists))
        target = rule.kwargs.get("resource")
        if target is None or target in city.broken:
            continue
        if target not in city.resources:
            yield Mistake(_file(resource), place, f"no resource {target!r}", did_you_mean(target, city.resources))
            continue
        fields = {f.name: f for f in city.resources[target].fields}
        other = fields.get(rule.kwargs.get("field", ""))
        if other is None:
            remedy = did_you_mean(str(rule.kwargs.get("field")), fields)
            yield Mistake(_file(resource), place, f"{target} has no field {rule.kwargs.get('field')!r}", remedy)
        elif rule.column and other.logical_type != resource.field(rule.column).logical_type:
            what = f"{rule.column} and {target}.{other.name} have different types"
            yield Mistake(_file(resource), place, what, "give both fields one logicalType")


def _look_alikes(city: City) -> Iterator[Mistake]:
    """Names that differ only in blanks, punctuation or width, and codes used twice."""
    names: dict[str, list[Resource]] = defaultdict(list)
    codes: dict[str, list[Resource]] = defaultdict(list)
    for resource in city.resources.values():
        plain = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", resource.label)).lower()
        names[f"{resource.department}/{plain}"].append(resource)
        codes[resource.resource_code].append(resource)
    for place, groups in (("businessName", names), ("resourceCode", codes)):
        for same in groups.values():
            for resource in same[1:]:
                yield Mistake(
                    _file(resource), place, f"the same as in {same[0].id}", "tell the two apart, or merge them"
                )


def _secrets(city: City) -> Iterator[Mistake]:
    for path in sorted(city.folder.rglob("*.yaml")):
        for place, key, value in _leaves(load_yaml(path, Mistakes(""))):
            bare = isinstance(value, str) and value and not _REFERENCE.search(value)
            if bare and (_SECRET_IN_URL.search(value) or _SECRET_KEY.search(key)) and _is_connection(path, place):
                yield Mistake(
                    relative(path, city.folder),
                    place,
                    "a secret is written out",
                    "write ${NAME} and set NAME in the environment",
                )


def _is_connection(path: Path, place: str) -> bool:
    """Only connections and connector settings can hold credentials; a field may well be called token_count."""
    return path.name == "systems.yaml" or any(
        word in place for word in ("connection", "source", "servers", "customProperties")
    )


def _leaves(node: Any, place: str = "") -> Iterator[tuple[str, str, Any]]:
    if isinstance(node, dict):
        name = node.get("id") or node.get("name") or node.get("property")
        for key, value in node.items():
            here = f"{place}.{key}" if place else str(key)
            yield from ((f"{p} ({name})" if name and "(" not in p else p, k, v) for p, k, v in _leaves(value, here))
    elif isinstance(node, list):
        for n, value in enumerate(node):
            yield from _leaves(value, f"{place}[{n}]")
    else:
        yield place, place.rsplit(".", 1)[-1], node


def _repeated_keys(city: City) -> Iterator[Mistake]:
    """A YAML key written twice: the parser would silently keep the last."""
    for path in sorted(city.folder.rglob("*.yaml")):
        try:
            root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        except (yaml.YAMLError, OSError, UnicodeDecodeError):
            continue  # already reported by the reader
        nodes = [root]
        while nodes:
            node = nodes.pop()
            if isinstance(node, yaml.MappingNode):
                keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
                for key in sorted({k for k in keys if keys.count(k) > 1}):
                    yield Mistake(
                        relative(path, city.folder),
                        f"line {node.start_mark.line + 1}",
                        f"{key!r} stands twice",
                        "remove one of the two",
                    )
                nodes += [value for _, value in node.value]
            elif isinstance(node, yaml.SequenceNode):
                nodes += node.value
