"""What share_rate and the command line leave below reports/."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from contracts.errors import ConfigurationError
from contracts.settings import VARIABLES
from pipeline import publish, sharing_night
from pipeline.workplace import Workplace
from sharing.published import next_known_at, write
from sharing.rate import compute
from tests.sharing.rate_city import RateCity
from warehouse.lake import commit


def test_share_rate_writes_the_night_and_makes_good_what_a_killed_run_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = RateCity(tmp_path)
    city.line("L")
    city.load("police.resident", 1)
    city.load_register(1)
    place = Workplace(city.settings, city.city)
    sharing_night.share_rate(place, city.as_of(1), settled=True)
    reports = city.settings.home / "reports"
    names = {"share-rate-2020-05-05.html", "share-rate-2020-05-05.csv", "landbridge.prom", "index.html"}
    first = {name: (reports / name).read_bytes() for name in names}
    assert 'href="share-rate-2020-05-05.html"' in (reports / "index.html").read_text()
    ((number, hash),) = city.connection.execute(
        "SELECT ledger_number, ledger_hash FROM sharing.rates WHERE scope = 'city'"
    ).fetchall()
    page = (reports / "share-rate-2020-05-05.html").read_text()
    assert hash in page and f"2020-05-05</b> · #{number}" in page, "the head and the day it was anchored"
    (reports / "share-rate-2020-05-05.html").unlink()
    assert sharing_night.share_rate(place, city.as_of(1), settled=True).startswith("nothing changed")
    assert {path.name: path.read_bytes() for path in reports.iterdir()} == first
    # another night, and the first judged anew while nothing was published: its page and the next one's are of another computation
    city.load("police.resident", 2)
    city.load_register(2)
    sharing_night.share_rate(place, city.as_of(2), settled=True)
    pages = {path.name: path.read_bytes() for path in reports.glob("*.html")}
    as_of = city.interval(1).end
    again = compute(city.connection, city.city, as_of, next_known_at(city.connection, as_of, city.as_of(2)))

    def killed_before_its_page() -> None:
        write(city.connection, again)
        publish.refresh_marts(city.connection, place, as_of)

    commit(city.connection, city.settings, killed_before_its_page)
    sharing_night.share_rate(place, city.as_of(2), settled=True)
    changed = {path.name for path in reports.glob("*.html") if path.read_bytes() != pages[path.name]}
    assert changed == {"share-rate-2020-05-05.html", "share-rate-2020-05-06.html"}
    page = (reports / "share-rate-2020-05-05.html").read_text()
    city.connection.close()

    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANDBRIDGE_HOME", str(city.settings.home))
    monkeypatch.setenv("LANDBRIDGE_CITY", str(city.folder))
    elsewhere = tmp_path / "out"
    asked = CliRunner().invoke(app, ["report", "--as-of", "2020-05-05", "-o", str(elsewhere)], catch_exceptions=False)
    assert asked.exit_code == 0
    link = ' <a href="index.html">其他日期 other days</a>'
    assert (elsewhere / "share-rate-2020-05-05.html").read_text() == page.replace(link, "") != page
    assert not (elsewhere / "landbridge.prom").exists()
    with pytest.raises(ConfigurationError, match="2020-05-09") as error:
        CliRunner().invoke(app, ["report", "--as-of", "2020-05-09"], catch_exceptions=False)
    assert "2020-05-05" in error.value.remedy

    exported = elsewhere / "catalogue.jsonld"
    asked = CliRunner().invoke(
        app, ["catalogue", "export", "--format", "dcat", "-o", str(exported)], catch_exceptions=False
    )
    assert asked.exit_code == 0
    dated = {d["dct:identifier"] for d in json.loads(exported.read_text())["dcat:dataset"] if "dct:modified" in d}
    assert dated == {"police.resident", "big_data.share_request_register"}
    for form, name in (("national", "catalogue.csv"), ("national", "catalogue.json"), ("odcs", "contracts")):
        asked = CliRunner().invoke(app, ["catalogue", "export", "--format", form, "-o", str(elsewhere / name)])
        assert asked.exit_code == 0
    assert len(json.loads((elsewhere / "catalogue.json").read_text())) == len(city.city.resources)
    assert len(list((elsewhere / "contracts").glob("*.odcs.yaml"))) == len(city.city.resources)
