"""A city with fields of every classification, a unified person and a mart: what an analyst may see of it, and what not."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from tests.pipeline.unified_city import ANNA, BERT, UnifiedCity

NAME, PHONE = "王小明", "13812341234"
_MORE = """      - {name: id_no, logicalType: string, semanticType: resident_id, classification: sensitive}
      - {name: phone, logicalType: string, semanticType: phone, classification: sensitive}
      - {name: town, logicalType: string, classification: public}
      - {name: born_on, logicalType: date, classification: sensitive}
      - {name: file, logicalType: string, classification: important}
"""
# a name is passed on, a count of names is not
_MART = """/*---
name: mart.town
label: {en: Towns, zh: 镇街}
description: {en: One row a town., zh: 每个镇街一行。}
key: [town]
inputs:
  police.resident: {}
columns:
  town: {type: VARCHAR, en: Town, zh: 镇街}
  people: {type: BIGINT, en: People, zh: 人数}
  phones: {type: BIGINT, en: People with a phone, zh: 有电话人数}
  somebody: {type: VARCHAR, en: A phone, zh: 某人电话}
  has_phone: {type: VARCHAR, en: yes or no, zh: 有无电话}
---*/
SELECT town, count(*) AS people, count(phone) AS phones, max(phone) AS somebody, CASE WHEN max(phone) IS NULL THEN 'no' ELSE 'yes' END AS has_phone
FROM police.resident GROUP BY town
"""


def analyst_city(root: Path) -> UnifiedCity:
    """The city on its lake, its records and models up to date."""
    made = UnifiedCity(root)
    made.contract("police.resident", more=_MORE)
    folder = made.folder / "models" / "mart"
    folder.mkdir(parents=True)
    (folder / "town.sql").write_text(_MART, encoding="utf-8")
    people: list[dict[str, Any]] = [
        {
            "number": "1",
            "name": NAME,
            "id_no": ANNA,
            "phone": PHONE,
            "town": "=1+1",
            "born_on": date(1967, 4, 1),
            "file": "secret",
        },
        {"number": "2", "name": "李四", "id_no": BERT, "town": "-5"},
    ]
    made.load_rows("police.resident", 1, people[:1])
    made.load_rows("police.resident", 2, people)
    made.say("civil.student", 2, ("9", NAME, ANNA), of="id_no")
    made.unify(2)
    return made
