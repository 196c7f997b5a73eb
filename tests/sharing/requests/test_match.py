"""Requests in business words against the sample city's catalogue, each with the answer that a person gives; and what nobody can give."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from contracts.catalogue import load_city
from contracts.errors import ConfigurationError
from sharing.requests.demand import demand
from sharing.requests.match import Matcher
from sharing.requests.supply import ever_loaded, supplies
from sharing.requests.synonyms import read_synonyms
from sharing.requests.words import split
from tests.sharing.rate_city import QINGDAO, RateCity
from tests.sharing.requests.told_lines import ToldLines, at


@cache
def qingdao() -> Matcher:
    return Matcher(load_city(QINGDAO))


def _best(text: str, fields: tuple[str, ...] = ()) -> dict[str, str | None]:
    """Asked word → `resource.field` or the resource, None where nobody has it."""
    return {
        asked.word: f"{asked.best.resource}.{asked.best.field}".rstrip(".") if asked.best else None
        for asked in qingdao().match(text, fields)
    }


_REQUESTS = [
    # the window for business licences: who is behind a firm and how to reach it; nobody has blood groups
    ("营业执照 法人 住址 联系电话 血型", {
        "营业执照": "market_supervision.enterprise", "法人": "market_supervision.enterprise.representative_name",
        "住址": "market_supervision.enterprise.address", "联系电话": "market_supervision.enterprise.phone", "血型": None,
    }),
    # the same as a sentence
    ("企业营业执照上的法人和住所、联系电话", {
        "企业": "market_supervision.enterprise", "营业执照": "market_supervision.enterprise",
        "法人": "market_supervision.enterprise.representative_name", "住所": "market_supervision.enterprise.address",
        "联系电话": "market_supervision.enterprise.phone",
    }),
    # and in English, with words that stand together kept together
    ("company legal representative address phone", {
        "company": "market_supervision.enterprise", "legal representative": "market_supervision.enterprise.representative_name",
        "address": "market_supervision.enterprise.address", "phone": "market_supervision.enterprise.phone",
    }),
    # the same words belong to somebody else when a household is asked about
    ("户籍 姓名 身份证号 民族 住址", {
        "户籍": "public_security.resident", "姓名": "public_security.resident.name", "身份证号": "public_security.resident.resident_id",
        "民族": "public_security.resident.ethnicity", "住址": "public_security.resident.address",
    }),
    ("房产证 权利人 是否抵押 面积", {
        "房产证": "housing.property_right", "权利人": "housing.property_right.owner_name", "是否抵押": "housing.property_right.mortgaged",
        "面积": "housing.property_right.area",
    }),
    # in words that no contract uses: child, mother's identity card, hospital
    ("孩子 出生日期 母亲身份证 医院", {
        "孩子": "health.birth_certificate.child_name", "出生日期": "health.birth_certificate.born_at",
        "母亲身份证": "health.birth_certificate.mother_id", "医院": "health.birth_certificate.hospital",
    }),
    # offences in road traffic are the traffic police's, whose system is not catalogued: a vehicle's name must not stand in for them
    ("车牌号 车主 车辆违章记录", {"车牌号": "transport.vehicle.plate_no", "车主": "transport.vehicle.owner_name", "车辆违章记录": None}),
    ("residence permit, holder name, expiry date, personal credit report", {
        "residence permit": "public_security.residence_permit", "holder name": "public_security.residence_permit.holder_name",
        "expiry date": "public_security.residence_permit.expires_on", "personal credit report": None,
    }),
    # pinyin, from a keyboard without Chinese
    ("yingyezhizhao", {"yingyezhizhao": "market_supervision.enterprise"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "right"), _REQUESTS, ids=lambda value: value if isinstance(value, str) else "")
def test_each_asked_word_finds_what_a_person_would_name(text: str, right: dict[str, str | None]) -> None:
    assert _best(text) == right


def test_named_fields_are_what_is_asked_for_and_the_words_say_what_about() -> None:
    assert _best("婚姻登记", ("登记日期", "车牌号")) == {
        "登记日期": "civil_affairs.marriage.registered_on", "车牌号": "transport.vehicle.plate_no",
    }  # fmt: skip
    assert _best("不动产", ("登记日期",)) == {"登记日期": "housing.property_right.registered_on"}


def test_every_field_of_the_catalogue_is_found_by_its_own_name_beside_its_resource_s() -> None:
    missed = []
    for resource in load_city(QINGDAO).resources.values():
        for field in resource.fields:
            best = qingdao().match(f"{resource.label} {field.label}")[-1].best
            if best is None or (best.resource, best.field) != (resource.id, field.name):
                missed.append((resource.label, field.label, best))
    assert missed == []


def test_the_same_request_has_the_same_answer_in_a_new_process_s_order() -> None:
    again = Matcher(load_city(QINGDAO))
    for text, _ in _REQUESTS:
        assert again.match(text) == qingdao().match(text)


def test_what_may_not_be_shared_goes_last_among_equals_and_a_name_that_fits_is_listed_with_the_others() -> None:
    asked = qingdao().match("法定代表人公民身份号码", top=9)[0]
    assert [candidate.resource for candidate in asked.candidates][:3] == [
        "civil_affairs.social_organisation", "market_supervision.enterprise", "tax.taxpayer",
    ]  # fmt: skip
    assert [candidate.score for candidate in asked.candidates[:3]] == [1, 1, 1]


def test_words_that_say_nothing_are_not_asked_for() -> None:
    assert split("需要 数据 信息 of the", ()) == []
    assert qingdao().match("信息") == []


def test_a_city_adds_its_own_words(tmp_path: Path) -> None:
    city = RateCity(tmp_path / "x", in_memory=True)
    assert Matcher(city.city).match("绰号")[0].best is None
    (city.folder / "synonyms.yaml").write_text("- [绰号, 外号, nickname]\n", encoding="utf-8")
    best = Matcher(city.city).match("绰号")[0].best
    assert best is not None and best.field == "nickname"
    (city.folder / "synonyms.yaml").write_text("绰号: nickname\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="no list of lists"):
        read_synonyms(city.folder)


def test_what_was_found_is_shown_with_its_terms_its_freshness_and_how_well_it_is_filled(tmp_path: Path) -> None:
    city = RateCity(tmp_path / "x")
    city.load(
        "police.resident",
        1,
        [{**person, "nickname": None if n < 5 else "x"} for n, person in enumerate(city.people(20))],
    )
    matcher = Matcher(city.city)
    assert [c.resource for c in matcher.match("nickname")[0].candidates] == ["tax.taxpayer", "police.resident"], (
        "openly shared first"
    )
    (asked,) = matcher.match("nickname", loaded=ever_loaded(city.connection))
    assert [c.resource for c in asked.candidates] == ["police.resident", "tax.taxpayer"], (
        "but what is there before what is not"
    )
    known = supplies(city.connection, city.city, city.as_of(1), asked.candidates)
    police, tax = known["police.resident", "nickname"], known["tax.taxpayer", "nickname"]
    assert (police.share_type, police.condition, police.rows, police.filled, police.stale) == (
        "conditional",
        "for handling matters",
        20,
        0.75,
        False,
    )
    assert police.newest == city.interval(1).end
    assert (tax.share_type, tax.newest, tax.rows, tax.filled) == ("unconditional", None, None, None)
    assert supplies(city.connection, city.city, city.as_of(4), asked.candidates)["police.resident", "nickname"].stale


def test_what_nobody_can_give_is_counted_by_who_asks_and_the_most_wanted_stands_first(tmp_path: Path) -> None:
    told = ToldLines(tmp_path / "x")
    told.submitted("1", "2020-01-13", "police.resident", fields=["name", "blood_group"])
    told.submitted("2", "2020-01-14", "tax.taxpayer", fields=["Blood_Group"], requester="police", provider="tax")
    told.submitted("3", "2020-01-15", "个人 征信报告", provider="big_data", fields=["得分"])
    told.submitted("4", "2020-01-16", "个人征信报告", provider="big_data", fields=["日期"], purpose="another")
    told.submitted("5", "2020-01-17", "1990年前房产档案", provider="police")
    told.happened("5", "not_digitised", "2020-01-19", "police")
    told.submitted("6", "2020-01-17", "无人再要", provider="police")
    told.happened("6", "withdrawn", "2020-01-19", "civil")
    told.submitted("7", "2020-01-17")
    told.record()
    rows = demand(told.city.connection, told.city.city, at("2020-02-01")).to_pylist()
    assert [(row["kind"], row["wanted"], row["requesters"], row["lines"]) for row in rows] == [
        ("field", "Blood_Group", 2, 2), ("resource", "个人 征信报告", 1, 2), ("paper", "1990年前房产档案", 1, 1),
    ]  # fmt: skip
    assert (rows[0]["departments"], rows[0]["resources"]) == (["civil", "police"], ["police.resident", "tax.taxpayer"])
    assert rows[1]["fields"] == ["得分", "日期"]
    assert demand(told.city.connection, told.city.city, at("2020-01-13 10:00")).num_rows == 0
