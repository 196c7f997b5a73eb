"""`landbridge rate`, as somebody types it who must defend the figure."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from contracts.errors import ConfigurationError, LandbridgeError
from tests.sharing.rate_city import RateCity


class Asked:
    """Two nights: until the second, one line's probe has failed and the permits were not loaded again."""

    def __init__(self, root: Path) -> None:
        self.city = RateCity(root)
        self.city.contract("police.permit", division=True)
        for line in ("one", "two", "three"):
            self.city.line(line)
        self.city.line("permit", resource="police.permit")
        self.city.undelivered("waits", supplement_asked_at="2020-01-08 09:00:00")
        for resource in ("police.resident", "police.permit"):
            self.city.load(resource, 1)
        self.city.load_register(1)
        self.city.judge(1)
        self.city.line("two", last_probe_ok=False)
        self.city.probe(3)
        self.city.load("police.resident", 3)
        self.city.load_register(3)
        self.city.judge(3)
        self.city.connection.close()

    def __call__(self, *words: str) -> Result:
        environment = {"LANDBRIDGE_CITY": str(self.city.folder), "LANDBRIDGE_HOME": str(self.city.settings.home)}
        done = CliRunner().invoke(app, ["rate", *words], env=environment)
        if isinstance(done.exception, LandbridgeError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done


@pytest.fixture(scope="module")
def rate(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    return Asked(tmp_path_factory.mktemp("command"))


def test_all_rates_stand_beside_n_and_what_is_pending(rate: Asked) -> None:
    city = rate().output.splitlines()[2].split()
    assert city[:6] == ["city", "testville", "5", "4", "1", "80.0%"]
    assert city[6] == "50.0%" and city[-3:] == ["40.0%", "–", "60.0%"]
    assert "数据超期未更新" in rate().output
    assert "无申请 no requests, hence no rate, by provider: big_data, civil, idle, tax" in rate().output
    assert [line.split()[1] for line in rate("--by", "period").output.splitlines()[3:5]] == ["2020", "2020-01"]
    assert "police.permit" in rate("--by", "resource").output
    with pytest.raises(ConfigurationError, match="--by"):
        rate("--by", "division")


def test_a_line_is_explained_from_the_request_to_the_snapshot(rate: Asked) -> None:
    told = rate("explain", "R-permit").output
    for text in (
        "数据项 fields: name, number; 行 rows: all rows; 用途 purpose: matter permit",
        "数据超期未更新 the last accepted interval is older than the cycle and its grace → police",
        "答复期限 answer due 2020-01-19; 答复 answered 2020-01-09 10:00",
        "✗ 3 ", "数据截至 data until 2020-05-05 02:00; 不得早于 not older than 2020-05-05 14:10",
        "name: 20 of 20 rows filled, 100% needed", "police.permit AT (VERSION => ", "of run police_permit_1_1", "landbridge audit verify",
    ):  # fmt: skip
        assert text in told
    # nothing can be said of fields and deliveries where there is no grant
    waits = rate("explain", "waits").output
    assert "未到期 pending，计时暂停 clock paused" in waits and "– 2 " in waits and "– 5 " in waits


def test_a_change_is_told_by_cause_and_owner_and_adds_up(rate: Asked) -> None:
    told = rate("diff", "2020-05-05", "2020-05-07").output
    assert "verified 100.0% = 4 ÷ 4" in told and "verified 50.0% = 2 ÷ 4" in told
    assert "-25.00      1  新不满足 newly failing  police    需求方试读失败" in told
    assert "Δ = -50.00 points = -50.00 (2 newly failing)" in told
    assert "已解决 settled: 需求方试读失败" in rate("diff", "2020-05-07", "2020-05-05").output
