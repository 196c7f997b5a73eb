"""The DCAT document is read as an RDF reader reads it, and holds what CKAN's harvester looks for."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.catalogue import City, load_city
from sharing.standards.dcat import dcat
from sharing.standards.described import EU, Span, title
from tests.sharing.rate_city import QINGDAO, RateCity

DCAT, DCT, FOAF = "http://www.w3.org/ns/dcat#", "http://purl.org/dc/terms/", "http://xmlns.com/foaf/0.1/"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
# the EU's frequency list, as far as a cycle can be told in it
_FREQUENCIES = {"UPDATE_CONT", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "QUARTERLY", "ANNUAL", "IRREG"}

Triples = list[tuple[str, str, Any]]


class Graph:
    """The triples of a JSON-LD document that uses prefixes, `@id`, `@type`, `@value` and `@language`; anything else fails."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.prefixes, self.triples, self.blank = document["@context"], [], 0
        self.walk({k: v for k, v in document.items() if k != "@context"})

    def walk(self, node: dict[str, Any]) -> Any:
        if "@value" in node:
            assert set(node) <= {"@value", "@language", "@type"} and isinstance(node["@value"], str)
            return node["@value"], node.get("@language") or (self.iri(node["@type"]) if "@type" in node else "")
        self.blank += 1
        subject = node.get("@id", f"_:{self.blank}")
        assert subject.startswith("_:") or (":" in subject and " " not in subject), subject
        for key, value in node.items():
            if key == "@id":
                continue
            for item in value if isinstance(value, list) else [value]:
                if key == "@type":
                    self.triples.append((subject, TYPE, self.iri(item)))
                else:
                    self.triples.append(
                        (subject, self.iri(key), self.walk(item) if isinstance(item, dict) else (item, ""))
                    )
        return subject

    def iri(self, term: str) -> str:
        prefix, _, name = term.partition(":")
        return f"{self.prefixes[prefix]}{name}"

    def subjects(self, kind: str) -> list[str]:
        return list(dict.fromkeys(s for s, p, o in self.triples if p == TYPE and o == kind))

    def objects(self, subject: str, predicate: str) -> list[Any]:
        return [o for s, p, o in self.triples if s == subject and p == predicate]


@pytest.fixture(scope="module")
def qingdao() -> City:
    return load_city(QINGDAO)


def test_every_dataset_has_what_a_harvester_reads(qingdao: City) -> None:
    graph = Graph(dcat(qingdao, "https://data.example.gov.cn/"))
    (catalogue,) = graph.subjects(f"{DCAT}Catalog")
    datasets = graph.subjects(f"{DCAT}Dataset")
    assert graph.objects(catalogue, f"{DCAT}dataset") == datasets
    assert {graph.objects(d, f"{DCT}identifier")[0][0] for d in datasets} == set(qingdao.resources)
    for dataset in datasets:
        for text in ("title", "description"):
            assert {language for _, language in graph.objects(dataset, f"{DCT}{text}")} == {"zh", "en"}
        (frequency,) = graph.objects(dataset, f"{DCT}accrualPeriodicity")
        assert frequency.removeprefix(f"{EU}/frequency/") in _FREQUENCIES
        (rights,) = graph.objects(dataset, f"{DCT}accessRights")
        assert rights in (f"{EU}/access-right/RESTRICTED", f"{EU}/access-right/NON_PUBLIC")
        (publisher,) = graph.objects(dataset, f"{DCT}publisher")
        assert graph.objects(publisher, TYPE)[0] == f"{FOAF}Agent" and graph.objects(publisher, f"{FOAF}name")
        assert all(re.fullmatch(r"[\w .-]{2,}", text) for text, _ in graph.objects(dataset, f"{DCAT}keyword"))
        (code,) = graph.objects(dataset, "http://www.w3.org/ns/adms#identifier")
        assert code.startswith("https://data.example.gov.cn/code/"), "a blank node would look new at each harvest"
        (distribution,) = graph.objects(dataset, f"{DCAT}distribution")
        assert distribution.startswith("https://data.example.gov.cn/dataset/")
        assert graph.objects(distribution, f"{DCAT}accessURL") and graph.objects(distribution, f"{DCAT}accessService")
        ((form, _),) = graph.objects(distribution, f"{DCT}format")
        assert form and "/" not in form, "the harvester takes a slash for a media type"


def test_what_the_lake_knows_is_dated(qingdao: City) -> None:
    at = datetime(2020, 5, 5, 2, 10, tzinfo=UTC)
    span = Span(at.replace(year=2019), at, at.replace(month=1), at)
    graph = Graph(dcat(qingdao, spans={"tax.taxpayer": span}))
    dated = [d for d in graph.subjects(f"{DCAT}Dataset") if graph.objects(d, f"{DCT}modified")]
    assert dated == ["urn:landbridge:qingdao:dataset/tax.taxpayer"]
    ((modified, kind),) = graph.objects(dated[0], f"{DCT}modified")
    assert datetime.fromisoformat(modified) == at and kind == "http://www.w3.org/2001/XMLSchema#dateTime"
    (period,) = graph.objects(dated[0], f"{DCT}temporal")
    start, end = (graph.objects(period, f"{DCAT}{side}Date")[0][0] for side in ("start", "end"))
    assert datetime.fromisoformat(start) < datetime.fromisoformat(end)


def test_a_broken_contract_is_left_out(tmp_path: Path) -> None:
    city = RateCity(tmp_path)
    city.broken_contract()
    ids = {dataset["dct:identifier"] for dataset in dcat(city.city)["dcat:dataset"]}
    assert ids == set(city.city.resources) and "police.broken" not in ids


def test_a_label_in_two_languages_is_parted(qingdao: City) -> None:
    register = qingdao.resources["big_data.share_request_register"]
    assert title(register).zh == "政务数据共享申请台账" and title(register).en
