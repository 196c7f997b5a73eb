"""`landbridge deliver`, as an officer of the bureau types it, and the night that does it by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from contracts.errors import ConfigurationError, LandbridgeError
from pipeline.sharing_night import share_rate
from pipeline.workplace import Workplace
from sharing.delivery.pseudonym import SECRET as VARIABLE
from tests.sharing.delivery.delivery_city import SECRET, DeliveryCity
from tests.sharing.rate_city import REGISTER
from warehouse.lake import open_lake


class Desk:
    """A city in files, and the command line at its instant."""

    def __init__(self, root: Path) -> None:
        self.town = DeliveryCity(root)

    def environment(self) -> dict[str, str]:
        return {
            "LANDBRIDGE_HOME": str(self.town.settings.home), "LANDBRIDGE_CITY": str(self.town.folder), "LANDBRIDGE_CLOCK": self.town.now.isoformat(),
            VARIABLE: SECRET,
        }  # fmt: skip

    def __call__(self, *words: str) -> Result:
        self.town.connection.close()
        done = CliRunner().invoke(app, ["deliver", *words], env=self.environment())
        self.town.connection = open_lake(self.town.settings, timezone="Asia/Shanghai")
        if isinstance(done.exception, LandbridgeError):
            raise done.exception
        return done


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_line_is_delivered_listed_shown_probed_read_and_taken_away(desk: Desk, tmp_path: Path) -> None:
    desk.town.granted("L1", ("name", "birth_date", "note"))
    done = desk("run", "L1", "--way", "csv", "--bom")
    assert "L1: csv+bom, 4 rows of snapshot 1" in done.output
    assert "withheld: birth_date" in done.output
    assert "in force" in desk("list").output
    shown = desk("show", "L1").output
    for words in (
        "state          授权有效",
        "fields         birth_date, name, note",
        "masked         name: 姓名保留首字",
        "way            csv+bom",
        "row scope      all",
    ):
        assert words in shown, words
    assert "4 rows" in desk("read", "L1", "--as", "civil", "--person", "li", "-o", str(tmp_path / "copy.csv")).output
    assert (tmp_path / "copy.csv").read_text(encoding="utf-8-sig").startswith("_request_id,name,birth_date,note\n")
    desk.town.say("revoked")
    done = desk("run")
    assert (done.exit_code, "1 disposed of" in done.output, "data.csv" in done.output) == (0, True, True)
    assert "revoked" in desk("list").output
    assert not {"张", "阿卜", "欧阳"} & set(done.output + shown)


def test_exit_code_1_where_a_line_cannot_be_delivered_or_read(desk: Desk) -> None:
    desk.town.granted("L1", ("note",))
    desk.town.granted("L2", ("nothing_such",))
    desk.town.ask_for({"requester": "civil", "way": "parquet"})
    done = desk("run")
    assert (done.exit_code, "L1: parquet, 4 rows" in done.output) == (1, True)
    assert "line L2: 1 granted fields are not in the contract" in done.output
    desk.town.file().write_bytes(b"")
    done = desk("probe")
    assert (done.exit_code, "no" in done.output) == (1, True)
    for words, reason in (
        (("run", "--way", "csv"), "lines that are named"),
        (("run", "L1", "--bom"), "belong to a way"),
        (("run", "L9", "--way", "csv"), "there is no grant"),
        (("run", "L1", "--way", "fax"), "unknown way"),
    ):
        with pytest.raises(ConfigurationError, match=reason):
            desk(*words)


def test_the_night_delivers_before_it_judges_and_the_line_holds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that nobody but this platform delivered holds in the very night of its delivery, and falls when its grant ends."""
    town = desk.town
    monkeypatch.setenv(VARIABLE, SECRET)
    town.granted("L1", ("division_code", "note", "amount"))
    town.ask_for({"line": "L1", "way": "csv"})

    town.line("L0")

    def judged(night: int) -> tuple[str, dict[str, tuple[bool, list[str]]]]:
        town.night_number = night
        town.load(REGISTER, night, list(town.lines.values()))
        town.connection.close()
        text = share_rate(Workplace(town.settings, town.city), town.now, settled=True)
        town.connection = open_lake(town.settings, timezone="Asia/Shanghai")
        rows = town.connection.execute(
            "SELECT line_id, holds, reasons FROM sharing.verdicts WHERE as_of = (SELECT max(as_of) FROM sharing.verdicts)"
        ).fetchall()
        return text, {line: (holds, reasons) for line, holds, reasons in rows}

    text, verdicts = judged(1)
    assert "deliveries: 1 delivered or brought up to date, 1 of 1 can be read" in text
    assert verdicts["L1"] == (True, [])

    town.say("revoked")
    (town.folder / "deliveries.yaml").write_text("digest: md5\n")
    text, verdicts = judged(2)
    assert "unknown digest 'md5' [deliveries.yaml" in text, "a mistake in how things are delivered stops no rate"
    assert "grant_revoked" in verdicts["L1"][1]
    assert (town.found("csv", "L1"), len(town.told("disposed"))) == (None, 1), "nor what has to be taken away"
