"""The `link:` section: what it means, and every mistake with its remedy."""

from __future__ import annotations

from contracts.mistakes import Mistakes
from transforms.link.rules import parse_link_rules
from transforms.link.settings import blocking

_ATTRIBUTES = {
    "name": {"from": ["police.resident.name", "library.card.name"]}, "birth_date": {"from": ["police.resident.birth_date"]},
    "phone": {"from": ["library.card.phone"]},
}  # fmt: skip


def test_a_short_section_has_defaults_and_blocks_by_what_survives_an_error() -> None:
    mistakes = Mistakes("unified.yaml")
    body = {
        "key": "id",
        "attributes": _ATTRIBUTES,
        "link": {"compare": {"name": "name", "birth_date": "date", "phone": "phone"}},
    }
    rules = parse_link_rules("person", body, mistakes)
    assert not mistakes.found
    assert (rules.threshold, rules.review, rules.margin) == (0.95, 0.5, 4.0)
    assert rules.compared[0].resources == ("police.resident", "library.card")
    assert set(blocking(rules)) == {("phone",), ("birth_date", "name_key"), ("name_sound", "birth_date_year")}


def test_every_mistake_is_named_with_its_remedy() -> None:
    mistakes = Mistakes("unified.yaml")
    link = {
        "compare": {"name": "nam", "birthday": "date", "phone": "phone"},
        "treshold": 1,
        "review": 2,
        "margin": "much",
        "blocking": [["phone", "name_sound"]],
    }
    parse_link_rules("person", {"attributes": _ATTRIBUTES, "link": link}, mistakes)
    assert [(m.place, m.remedy) for m in mistakes.found] == [
        ("person.link.treshold", "did you mean threshold?"),
        ("person.link.compare.name", "did you mean name?"),
        ("person.link.compare.birthday", "did you mean birth_date?"),
        ("person.link.review", "a number from 0 to 1"),
        ("person.link.margin", "a number from 0 to 100"),
        ("person.link.blocking", "known: phone"),
    ]
