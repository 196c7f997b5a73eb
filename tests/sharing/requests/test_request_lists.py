"""`landbridge request due | overdue | liability | match | demand`, as an officer and the bureau type them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from contracts.errors import ConfigurationError
from tests.sharing.rate_city import RateCity


def run(*words: str) -> str:
    """What the command prints; an error is raised as it is."""
    return CliRunner().invoke(app, ["request", *words], catch_exceptions=False).output


def test_the_lists_an_officer_and_the_bureau_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    city = RateCity(tmp_path / "x")
    city.load("police.resident", 1)
    city.undelivered("soon", submitted_at="2020-04-20 09:00:00", received_at="2020-04-20 10:00:00")
    city.undelivered("stands", supplement_asked_at="2020-01-08 09:00:00")
    city.undelivered("=late", requester="tax")
    city.undelivered(
        "unknown",
        resource="社区[/]名册",
        fields="楼长",
        provider="big_data",
        answer="consented",
        answered_at="2020-01-08 09:00:00",
    )
    city.load_register(1)
    city.connection.close()
    settings = {
        "CITY": str(city.folder),
        "HOME": str(city.settings.home),
        "MEMORY": "512MiB",
        "CLOCK": "2020-05-05T09:00:00+08:00",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"LANDBRIDGE_{name}", value)

    told = run("due", "--department", "police", "--within", "1")
    assert "1  2020-05-06  答复 answer  soon" in told and "stands since" in told and "1 are overdue" in told
    # 7 January is used; of ten days nine are left
    assert [line.split()[0:3] for line in told.splitlines() if "stands  " in line] == [["2020-01-08", "76", "答复"]]
    told = run("due", "--department", "civil", "--as-of", "2020-05-07")
    assert "as of 2020-05-07\n  无 none" in told and "stands" in told
    assert "-68  2020-01-19  答复 answer  =late" in run("overdue", "--department", "police")

    file = tmp_path / "late.csv"
    told = run("liability", "--from", "2020-01-01", "--to", "2020-01-31", "--csv", str(file))
    assert "68  逾期答复 late answer  =late  police  2020-01-19  未办结 still open" in told
    with file.open(encoding="utf-8-sig", newline="") as opened:
        (row,) = csv.DictReader(opened)
    assert (row["line_id"], row["days_late"], row["article"]) == ("'=late", "68", "国发〔2016〕51号"), (
        "no spreadsheet computes it"
    )
    with pytest.raises(ConfigurationError, match="the file exists"):
        run("overdue", "--csv", str(file))
    with pytest.raises(ConfigurationError, match="did you mean police"):
        run("due", "--department", "polices")

    told = run("match", "nickname 血型")
    assert "police.resident" in told and "从未入湖 never loaded" in told and "目录中没有 nobody has: 血型" in told
    assert "landbridge request submit --resource police.resident --field nickname" in " ".join(told.split())
    assert "社区[/]名册（楼长）" in run("demand")
