"""The science and technology bureau: its policies, some of which the development and reform commission pooled as well."""

from __future__ import annotations

import pandas as pd

from cities.qingdao.generator.departments._policies import policies
from cities.qingdao.generator.departments._registers import today
from cities.qingdao.generator.departments.development_reform import shown_policies
from cities.qingdao.generator.world import World

_NAMES = {
    "policy_no": "id", "document_no": "docNo", "issued_on": "issuedOn", "valid_from": "validFrom", "valid_to": "validTo",
}  # fmt: skip


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    _, science = policies(world)
    return {"science_technology.policy_document": shown_policies(science, today(world, night)).rename(columns=_NAMES)}
