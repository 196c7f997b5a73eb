"""`landbridge request`, as officers type it: one request from its submission to its delivery, and what they read on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from contracts.errors import ConfigurationError, IllegalMove
from sharing.delivery.pseudonym import SECRET
from tests.sharing.requests.desk_city import DeskCity


def run(*words: str) -> str:
    """What the command prints; an error is raised as it is."""
    return CliRunner().invoke(app, list(words), catch_exceptions=False).output


REQUEST = """
basis: 民法典第1076条
scenario: 离婚登记，证件 370202198706131234
way: database
duration_months: 12
lines:
  - {resource: police.resident, fields: [number, name, nickname]}
  - {resource: police.resident, fields: [number], rows: "370211", purpose: relief}
"""
LINE, REQUEST_ID = "R-2020-000001/1", "R-2020-000001"
POLICE = ("--as", "police", "--person", "张三")
CIVIL = ("--as", "civil", "--person", "王五")
HEAD = ("--approved-by", "李四")


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeskCity:
    city = DeskCity(tmp_path)
    city.load("police.resident", 1)
    city.undelivered("GX-1")
    city.load_register(1)
    city.connection.close()
    monkeypatch.setenv("LANDBRIDGE_CITY", str(city.folder))
    monkeypatch.setenv("LANDBRIDGE_HOME", str(city.settings.home))
    monkeypatch.setenv("LANDBRIDGE_MEMORY", "512MiB")
    monkeypatch.setenv(SECRET, "a secret of the tests, longer than 32 bytes")
    return city


def test_from_submission_to_delivery(town: DeskCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def typed(hour: int, *words: str) -> str:
        monkeypatch.setenv("LANDBRIDGE_CLOCK", f"2020-05-05T{hour:02}:00:00+08:00")
        return run(*words)

    file = tmp_path / "request.yaml"
    file.write_text(REQUEST, encoding="utf-8")
    told = typed(9, "request", "submit", str(file), *CIVIL, *HEAD)
    assert f"{LINE}  已提交，待接收" in told and f"{REQUEST_ID}/2" in told
    assert "可办 next  police: receive; big_data: rule-outside; civil: withdraw" in told
    told = typed(10, "request", "receive", REQUEST_ID, *POLICE)
    assert told.count("答复 answer: 2020-05-18 到期 due，剩余 10 working days left") == 2
    told = typed(11, "request", "return", LINE, *POLICE, "--missing", "授权委托书")
    assert "暂停 the clock stands since 2020-05-05" in told
    with pytest.raises(IllegalMove, match="once only"):
        typed(12, "request", "return", LINE, *POLICE, "--missing", "公章")
    typed(12, "request", "supplement", LINE, *CIVIL)
    typed(12, "request", "extend", "ask", LINE, *POLICE, "--reason", "人手不足")
    told = typed(13, "request", "extend", "consent", LINE, "--as", "big_data", "--person", "周主任", "--days", "5")
    assert "2020-05-25 到期 due" in told
    told = typed(
        14,
        "request",
        "grant",
        LINE,
        *POLICE,
        *HEAD,
        "--field",
        "name",
        "--field",
        "number",
        "--unmasked",
        "name",
        "--unmasked",
        "number",
    )
    assert "已同意，待交付" in told
    assert f"{LINE}: csv, 20 rows" in typed(15, "deliver", "run", LINE, "--way", "csv")

    shown = typed(16, "request", "show", REQUEST_ID)
    first, second = shown.split(f"\n{REQUEST_ID}/2  ")
    assert first.startswith(f"{LINE}  已交付 delivered")
    for text in (
        "数据项   fields     name, nickname, number", "name, number；全部行 all rows；2020-05-05 – 2021-05-04；不脱敏 unmasked: name, number",
        "已答复 answered 2020-05-05", "已提供 delivered 2020-05-05", "missing: 授权委托书", "同意延期", "(张三)", "approved_by: 李四",
        f"landbridge request revoke {LINE} --as big_data|police", f"landbridge correction ask {LINE}",
    ):  # fmt: skip
        assert text in first
    assert "370202198706131234" not in shown and "370*************34" in first
    assert "范围     rows       370211" in second and f"landbridge request refuse {REQUEST_ID}/2 --as police" in second

    told = typed(
        17,
        "request",
        "revoke",
        LINE,
        "--as",
        "big_data",
        "--person",
        "周主任",
        "--reason",
        "另作他用",
        "--at",
        "2020-05-05T16:30:00+08:00",
    )
    assert f"{LINE}  已撤销 revoked" in told
    listed = [row.split()[0] for row in typed(17, "request", "list").splitlines()[1:]]
    assert listed == ["GX-1", f"{REQUEST_ID}/2"], "the most urgent first, and nothing that has ended"
    mine = ("--department", "police", "--role", "provider", "--state", "revoked")
    assert [row.split()[0] for row in typed(17, "request", "list", *mine).splitlines()[1:]] == [LINE]


def test_a_line_is_submitted_without_a_file_and_an_old_one_goes_on(
    town: DeskCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANDBRIDGE_CLOCK", "2020-05-08T09:00:00+08:00")
    words = ["request", "submit", *CIVIL, *HEAD, "--basis", "民法典", "--scenario", "登记", "--months", "6"]
    scope = ["--resource", "police.resident", "--field", "number"]
    assert LINE in run(*words, *scope)
    for wrong, why in (
        (words, "a file or --resource"),
        ([*words, *scope, "--at", "2020-05-08"], "has no zone"),
        ([*words, *scope, "--at", "noon"], "no instant"),
        (["request", "list", "--state", "grantd"], "no state 'grantd'"),
        (["request", "show", "R-2020-000009"], "no line or request"),
        (["request", "extend", "beg", LINE, *POLICE], "no such step"),
    ):
        with pytest.raises(ConfigurationError, match=why):
            run(*wrong)
    refused = [
        "request",
        "refuse",
        "GX-1",
        *POLICE,
        *HEAD,
        "--level",
        "law",
        "--ground",
        "统计法第九条",
        "--at",
        "2020-05-05T09:00:00+08:00",
    ]
    assert "逾期" in run("request", "show", "GX-1")
    run(*refused)
    shown = run("request", "show", "GX-1")
    assert "来自登记簿 from the register" in shown
    assert "补录 recorded late: 2020-05-08 09:00" in shown
    assert "landbridge request overrule GX-1 --as big_data" in shown
