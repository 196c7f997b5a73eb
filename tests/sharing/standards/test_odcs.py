"""Every contract goes out as a file that the standard's own schema accepts, and loses nothing on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from contracts.catalogue import load_city
from contracts.errors import ConfigurationError
from sharing.standards.odcs import contracts, refusals
from tests.sharing.rate_city import QINGDAO, RateCity


def test_every_contract_of_the_sample_city_passes_the_standard_s_schema() -> None:
    city = load_city(QINGDAO)
    written = dict(contracts(city))
    assert set(written) == {f"{id}.odcs.yaml" for id in city.resources}
    for name, text in written.items():
        assert refusals(yaml.safe_load(text)) == [], name


def test_what_the_standard_has_no_word_for_becomes_a_custom_property() -> None:
    (written,) = [text for name, text in contracts(load_city(QINGDAO)) if name.startswith("public_security.resident.")]
    told = yaml.safe_load(written)
    kept = yaml.safe_load((QINGDAO / "contracts" / "public_security" / "resident.yaml").read_text(encoding="utf-8"))
    columns = zip(told["schema"][0]["properties"], kept["schema"][0]["properties"], strict=True)
    for out, here in columns:
        moved = {p["property"]: p["value"] for p in out.get("customProperties", [])}
        assert moved.get("semanticType", out.get("semanticType")) == here.get("semanticType")
        assert {k: v for k, v in out.items() if k not in ("customProperties",)}.items() <= _plain(here).items()


def test_a_contract_the_schema_refuses_is_named(tmp_path: Path) -> None:
    city = RateCity(tmp_path)
    path = city.folder / "contracts" / "tax" / "taxpayer.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "roles: [{access: read}]\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as error:
        list(contracts(load_city(city.folder)))
    assert "'role' is a required property" in error.value.what and error.value.where == "contracts/tax/taxpayer.yaml"


def _plain(value: dict[str, object]) -> dict[str, object]:
    return {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in value.items()}
