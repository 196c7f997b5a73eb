"""On what the departments disagree: planted disagreements as data, and the ones that follow from what happens in the nights.

`count` is for scale 1 and grows with the city. Every department's table is drawn from the same people and firms, so nothing else disagrees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cities.qingdao.generator import misspellings, names
from cities.qingdao.generator.world import World, code_list

Row = Mapping[str, Any]
Change = Callable[[World, np.random.Generator, Row, tuple[str, ...]], tuple[Any, ...] | None]


@dataclass(frozen=True)
class Disagreement:
    """A department that says something else than the others in `columns` (physical) of some rows, from night `first` on.

    `change` gives the new values of one row, None where it cannot be changed so. A kind that starts with `form_` is another spelling of the
    same and no conflict. From the second night on, only rows are taken that change that night anyway.
    """

    resource: str
    kind: str
    columns: tuple[str, ...]
    count: int
    change: Change
    first: int = 1


def _other_person(world: World, rng: np.random.Generator, row: Row, columns: tuple[str, ...]) -> tuple[Any, ...] | None:
    """The name, and with a second column the resident id, of somebody else."""
    other = world.adults.iloc[int(rng.integers(len(world.adults)))]
    if other["name"] == row[columns[0]]:
        return None
    return (other["name"], other["resident_id"])[: len(columns)]


def _other_phone(_: World, rng: np.random.Generator, row: Row, columns: tuple[str, ...]) -> tuple[Any, ...] | None:
    return (str(names.phones(rng, 1)[0]),) if str(row[columns[0]]).isdigit() else None


def _misspelt(_: World, rng: np.random.Generator, row: Row, columns: tuple[str, ...]) -> tuple[Any, ...] | None:
    before = row[columns[0]]
    name = misspellings.sounding_alike(rng, before)
    return (name,) if name != before and "·" not in name else None


def _other_day(_: World, rng: np.random.Generator, row: Row, columns: tuple[str, ...]) -> tuple[Any, ...] | None:
    """The last digit of the day is another; the last days of a month have none that is a day in every month."""
    before = pd.Timestamp(row[columns[0]])
    if before.day >= 29:
        return None
    after = before.replace(day=before.day // 10 * 10 + int(rng.integers(1, 9)))
    return (after,) if after != before else None


def _other_gender(_: World, __: np.random.Generator, row: Row, columns: tuple[str, ...]) -> tuple[Any, ...] | None:
    return ({"男": "女", "女": "男"}[row[columns[0]]],)


def _other_employer(
    world: World, rng: np.random.Generator, row: Row, columns: tuple[str, ...]
) -> tuple[Any, ...] | None:
    code = str(world.firms["credit_code"].iloc[int(rng.integers(len(world.firms)))])
    return (code,) if code != row[columns[0]] else None


def _other_industry(_: World, rng: np.random.Generator, row: Row, columns: tuple[str, ...]) -> tuple[Any, ...] | None:
    code = str(rng.choice([line["code"] for line in code_list("industries") if len(line["code"]) == 5]))
    return (code,) if code != row[columns[0]] else None


def _other_address(_: World, rng: np.random.Generator, row: Row, columns: tuple[str, ...]) -> tuple[Any, ...] | None:
    """Another street of the same district."""
    return (str(names.addresses(rng, np.array([row[columns[0]][:3]]))[0]),)


def _other_name(_: World, rng: np.random.Generator, row: Row, columns: tuple[str, ...]) -> tuple[Any, ...] | None:
    name = str(names.firms(rng, 1)[0])
    return (name,) if name != row[columns[0]] else None


def _with_city(_: World, rng: np.random.Generator, row: Row, columns: tuple[str, ...]) -> tuple[Any, ...] | None:
    return (("山东省青岛市" if rng.random() < 0.5 else "青岛市") + row[columns[0]],)


def _half_width(_: World, __: np.random.Generator, row: Row, columns: tuple[str, ...]) -> tuple[Any, ...] | None:
    before = row[columns[0]]
    after = before.replace("（", "(").replace("）", ")")
    return (after,) if after != before else None


def _end_before_renewal(
    _: World, __: np.random.Generator, row: Row, columns: tuple[str, ...]
) -> tuple[Any, ...] | None:
    """The licence of a kind whose register states its end was prolonged by a year."""
    return (row[columns[0]] - pd.DateOffset(years=1),) if row["证照类型代码"] in ("08", "14", "18") else None


def _holder_misspelt(
    world: World, rng: np.random.Generator, row: Row, columns: tuple[str, ...]
) -> tuple[Any, ...] | None:
    """Of a kind whose register names its holders, persons among them."""
    registered = row["证照类型代码"] in ("06", "11", "14", "15", "16") and row["持证主体类型"] == "自然人"
    return _misspelt(world, rng, row, columns) if registered else None


PLANTED: tuple[Disagreement, ...] = (
    Disagreement("market_supervision.enterprise", "representative_changed", ("lerep", "lerep_certno"), 8, _other_person),
    Disagreement("market_supervision.enterprise", "representative_changed", ("lerep", "lerep_certno"), 3, _other_person, first=2),
    Disagreement("market_supervision.enterprise", "representative_changed", ("lerep", "lerep_certno"), 2, _other_person, first=3),
    Disagreement("market_supervision.food_licence", "representative_not_told", ("法定代表人",), 4, _other_person),
    Disagreement("market_supervision.food_licence", "form_half_width", ("经营者名称",), 5, _half_width),
    Disagreement("tax.taxpayer", "phone_changed", ("联系电话",), 10, _other_phone),
    Disagreement("tax.taxpayer", "industry_changed", ("行业代码",), 6, _other_industry),
    Disagreement("tax.taxpayer", "form_half_width", ("纳税人名称",), 8, _half_width),
    Disagreement("water.enterprise_account", "old_name", ("用户名称",), 5, _other_name),
    Disagreement("water.enterprise_account", "premises_elsewhere", ("用水地址",), 9, _other_address),
    Disagreement("water.enterprise_account", "form_with_city", ("用水地址",), 12, _with_city),
    Disagreement("ecology.discharge_permit", "industry_changed", ("行业代码",), 4, _other_industry),
    Disagreement("approval.e_licence", "renewal_not_told", ("有效期止",), 8, _end_before_renewal),
    Disagreement("approval.e_licence", "holder_misspelt", ("持证主体名称",), 5, _holder_misspelt),
    Disagreement("human_resources.social_insurance", "name_misspelt", ("姓名",), 6, _misspelt),
    Disagreement("housing.provident_fund", "name_misspelt", ("XM",), 4, _misspelt),
    Disagreement("housing.provident_fund", "employer_changed", ("DWXYDM",), 7, _other_employer),
    Disagreement("education.student", "birth_day_differs", ("出生日期",), 5, _other_day),
    Disagreement("education.student", "gender_differs", ("性别",), 4, _other_gender),
    Disagreement("education.student", "name_misspelt", ("姓名",), 3, _misspelt),
    Disagreement("health.practitioner", "gender_differs", ("gender",), 2, _other_gender),
    Disagreement("health.practitioner", "name_misspelt", ("name",), 2, _misspelt),
    Disagreement("disabled_federation.certificate", "gender_differs", ("性别",), 2, _other_gender),
    Disagreement("disabled_federation.certificate", "phone_changed", ("联系电话",), 6, _other_phone),
    Disagreement("disabled_federation.certificate", "form_with_city", ("住址",), 6, _with_city),
    Disagreement("public_security.residence_permit", "phone_changed", ("LXDH",), 8, _other_phone),
    Disagreement("public_security.residence_permit", "name_misspelt", ("XM",), 3, _misspelt),
    Disagreement("public_security.residence_permit", "form_with_city", ("JZDZ",), 8, _with_city),
)  # fmt: skip

HAPPENING = {
    ("market_supervision.enterprise", "name"): "renamed",
    ("market_supervision.enterprise", "holder_name"): "renamed",
    ("market_supervision.enterprise", "status"): "licence_revoked",
    ("approval.e_licence", "status"): "e_licence_revoked",
    ("transport.vehicle", "status"): "vehicle_stopped",
    ("transport.vehicle", "holder_name"): "vehicle_entered_twice",
    ("public_security.resident", "address"): "moved",
    ("public_security.resident", "division_code"): "moved",
    ("public_security.resident", "birth_date"): "birth_date_on_paper",
    ("public_security.residence_permit", "address"): "moved",
    ("culture_tourism.library_card", ""): "card",
}
"""What happens in the tables themselves: (resource, attribute; empty for any) → the kind of the disagreement that follows."""
