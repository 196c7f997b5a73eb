"""The catalogue as DCAT 3 in JSON-LD, with the terms of DCAT-AP that CKAN's harvester reads.

The context stands inside, so that a reader fetches nothing. Every value is written out with its language or type: JSON-LD readers that expand the
document and those that only look at its keys find the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from contracts.catalogue import City
from contracts.model import Label, Resource
from sharing.standards.described import EU, Span, cycle, title

Node = dict[str, Any]

_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#", "xsd": "http://www.w3.org/2001/XMLSchema#", "adms": "http://www.w3.org/ns/adms#",
    "owl": "http://www.w3.org/2002/07/owl#", "rdfs": "http://www.w3.org/2000/01/rdf-schema#", "skos": "http://www.w3.org/2004/02/skos/core#",
}  # fmt: skip
# what departments share with each other is nothing public, whatever its share type
_ACCESS = {"unconditional": "RESTRICTED", "conditional": "RESTRICTED", "not_shared": "NON_PUBLIC"}
_SHARE_TYPES = {
    "unconditional": Label("shared unconditionally with other departments", "无条件共享"),
    "conditional": Label("shared with other departments on conditions", "有条件共享"),
    "not_shared": Label("not shared", "不予共享"),
}
_WAYS = {
    "database": Label("delivered as a table of a database", "数据库方式提供"),
    "file": Label("delivered as files", "文件方式提供"),
    "interface": Label("delivered by an interface", "接口方式提供"),
}


def dcat(city: City, base: str = "", spans: Mapping[str, Span] | None = None) -> Node:
    """The whole catalogue as one JSON-LD document; resources whose contract has mistakes are not in it.

    `base` is what the ids of catalogue and datasets begin with; without one they are URNs, which lead nowhere and are unique all the same.
    """
    base = base or f"urn:landbridge:{city.id}:"
    service = f"{base}service/sharing"
    datasets = [_dataset(city, r, base, service, (spans or {}).get(r.id)) for r in city.resources.values()]
    return {
        "@context": _CONTEXT,
        "@id": f"{base}catalogue",
        "@type": "dcat:Catalog",
        "dct:title": _texts(
            Label(f"Government data catalogue of {city.name.en}", f"{city.name.zh}政务数据目录")
        ),
        "dct:description": _texts(
            Label("What the city's departments hold, and on what terms they share it with each other", "各部门政务数据资源及其共享条件")
        ),
        "dct:publisher": _agent(base, city.id, city.name, ""),
        "dct:language": [_id(f"{EU}/language/ZHO"), _id(f"{EU}/language/ENG")],
        "dcat:service": {
            "@id": service,
            "@type": "dcat:DataService",
            "dct:title": _texts(Label("Request to another department", "政务数据共享申请")),
            "dcat:endpointURL": _id(f"{base}requests"),
        },
        "dcat:dataset": datasets,
    }  # fmt: skip


def _dataset(city: City, resource: Resource, base: str, service: str, span: Span | None) -> Node:
    id, name, department = f"{base}dataset/{resource.id}", title(resource), city.departments.get(resource.department)
    node: Node = {
        "@id": id,
        "@type": "dcat:Dataset",
        "dct:identifier": resource.id,
        # named, since a harvester keeps the name: that of a blank node is another one each time
        "adms:identifier": {
            "@id": f"{base}code/{quote(resource.resource_code)}",
            "@type": "adms:Identifier",
            "skos:notation": resource.resource_code,
            "adms:schemaAgency": "政务信息资源目录编制指南",
        },
        "dct:title": _texts(name),
        "dct:description": _texts(_abstract(resource, name)),
        "dct:publisher": _agent(base, resource.department, department.name if department else name, department.credit_code if department else ""),
        "dcat:contactPoint": {"@type": "vcard:Organization", "vcard:fn": resource.owner},
        "dct:accrualPeriodicity": _id(f"{EU}/frequency/{cycle(resource)[0]}"),
        "dct:accessRights": _id(f"{EU}/access-right/{_ACCESS[resource.share_type]}"),
        "dct:language": _id(f"{EU}/language/ZHO"),
        "dcat:keyword": [_text(word, "zh") for word in _keywords(resource)],
        "owl:versionInfo": resource.version,
        "dcat:distribution": _distribution(resource, id, service, name, span),
    }  # fmt: skip
    if span:
        node |= {
            "dct:issued": _typed(span.first_loaded.date().isoformat(), "xsd:date"),
            "dct:modified": _typed(span.last_loaded.isoformat(), "xsd:dateTime"),
            "dct:temporal": {
                "@type": "dct:PeriodOfTime",
                "dcat:startDate": _typed(span.start.isoformat(), "xsd:dateTime"),
                "dcat:endDate": _typed(span.end.isoformat(), "xsd:dateTime"),
            },
        }
    return node


def _distribution(resource: Resource, id: str, service: str, name: Label, span: Span | None) -> Node:
    way, kind = _WAYS[resource.share_way], _SHARE_TYPES[resource.share_type]
    condition = f"：{resource.share_condition}" if resource.share_condition else ""
    node: Node = {
        "@id": f"{id}/distribution",
        "@type": "dcat:Distribution",
        "dct:title": _texts(Label(f"{name.en}: {way.en}", f"{name.zh}：{way.zh}")),
        "dct:description": _texts(Label(kind.en, f"{kind.zh}{condition}")),
        "dct:format": resource.format,
        # the data itself is behind a request: both addresses are the door to one
        "dcat:accessURL": _id(service),
        "dcat:accessService": _id(service),
        "dct:rights": {"@type": "dct:RightsStatement", "rdfs:label": _texts(Label(kind.en, f"{kind.zh}{condition}"))},
    }
    if span:
        node["dct:modified"] = _typed(span.last_loaded.isoformat(), "xsd:dateTime")
    return node


def _abstract(resource: Resource, name: Label) -> Label:
    return Label(
        f"{resource.description or name.en} Items: {', '.join(f.name for f in resource.fields)}",
        f"{name.zh}。数据项：{'、'.join(f.label or f.name for f in resource.fields)}",
    )


def _keywords(resource: Resource) -> list[str]:
    """The words a harvester takes for tags: of two signs at least, letters, digits, blanks, `-`, `_` and `.`."""
    words = dict.fromkeys([resource.base or "", resource.format, resource.department])
    return [word for word in words if re.fullmatch(r"[\w .-]{2,100}", word)]


def _agent(base: str, id: str, name: Label, credit_code: str) -> Node:
    node: Node = {"@id": f"{base}department/{id}", "@type": "foaf:Agent", "foaf:name": _texts(name)}
    return node | ({"dct:identifier": credit_code} if credit_code else {})


def _texts(label: Label) -> list[Node]:
    return [_text(label.zh, "zh"), _text(label.en, "en")]


def _text(text: str, language: str) -> Node:
    return {"@value": text, "@language": language}


def _typed(value: str, kind: str) -> Node:
    return {"@value": value, "@type": kind}


def _id(id: str) -> Node:
    return {"@id": id}
