"""The islands planted in the sample city, as the last night shows them: kind, subject and owner of each, and of nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from cities.qingdao.generator.departments import approval_cases, archives, big_data_registers, neglected, share_requests
from cities.qingdao.generator.world import NIGHTS, World

_LACKING = {
    "data list": "project_no_data_list", "catalogue entry": "project_not_catalogued", "pooled data": "project_not_pooled",
}  # fmt: skip
# fields that their departments fill by asking again, though the source department has the item → the field that gives it
COLLECTED_AGAIN = {
    "disabled_federation.certificate.phone": "public_security.resident.phone",
    "disabled_federation.certificate.address": "public_security.resident.address",
    "tax.taxpayer.industry_code": "market_supervision.enterprise.industry_code",
    "tax.taxpayer.phone": "market_supervision.enterprise.phone",
    "emergency.hazard_site.phone": "market_supervision.enterprise.phone",
    "water.enterprise_account.address": "market_supervision.enterprise.address",
    "ecology.discharge_permit.address": "market_supervision.enterprise.address",
    "ecology.discharge_permit.industry_code": "market_supervision.enterprise.industry_code",
}


def planted(world: World) -> Iterator[tuple[str, str, str]]:
    """Kind, subject and owner of each planted island; the kinds are those of docs/islands.md."""
    night = max(NIGHTS)
    owners = big_data_registers.owners_of_projects(world)
    for project, lacks in big_data_registers.planted_islands(world).items():
        yield _LACKING[lacks], project, owners[project]
    for system, owner in big_data_registers.uncatalogued_systems(world).items():
        yield "system_not_catalogued", system, owner
    for kind, resource in (
        ("entry_no_system", big_data_registers.WITHOUT_SYSTEM), ("entry_no_data", neglected.NO_DATA), ("zombie", neglected.STILL),
    ):  # fmt: skip
        yield kind, resource, resource.partition(".")[0]
    for item, owner in approval_cases.asking_again(world, night).items():
        yield "papers_again", item, owner
    for field, source in COLLECTED_AGAIN.items():
        owner = field.partition(".")[0]
        if not share_requests.receives(world, night, owner, source):
            yield "same_item", field, owner
    for holding in sorted({
        number for asked in share_requests.asked_on_paper(world, night) for number in archives.blocking_holdings(world, night, asked)
    }):  # fmt: skip
        yield "paper_only", holding, "archives"


def write_planted(world: World, folder: Path) -> None:
    """Write `islands.jsonl` to the folder of the truth, one line a planted island."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "islands.jsonl").open("w", encoding="utf-8") as file:
        for kind, subject, owner in sorted(planted(world)):
            file.write(json.dumps({"kind": kind, "subject": subject, "owner": owner}, ensure_ascii=False) + "\n")


def read_planted(folder: Path) -> set[tuple[str, str, str]]:
    """What `write_planted` wrote."""
    with (folder / "islands.jsonl").open(encoding="utf-8") as file:
        return {(line["kind"], line["subject"], line["owner"]) for line in map(json.loads, file)}
