"""`landbridge audit`, as an auditor types it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from contracts.errors import LandbridgeError
from sharing.ledger.store import EVENTS
from tests.sharing.ledger.ledger_lake import ASKED, MONDAY, Ledger, event
from tests.small_city import SmallCity


class Auditor:
    """A city with a ledger of four entries, and the command line on its Wednesday."""

    def __init__(self, root: Path) -> None:
        self.city, self.today = SmallCity(root), 6
        self.ledger = Ledger(root / "var")
        self.ledger.tell(
            event("submitted", 0, "civil", **ASKED),
            event("refused", 1, level="law", ground="关于 370211199001011233 的规定"),
            event("correction_asked", 1, "civil", correction_id="C1", keys=["370211199001011233", "7"], suggested="13812345678"),
            event("granted", 1, "police", "L2", fields=["name"], row_scope="370200", valid_from="2020-05-05", valid_to="2021-05-04"),
        )  # fmt: skip

    def __call__(self, *words: str) -> Result:
        self.ledger.close()
        environment = {**self.city.environment, "LANDBRIDGE_CLOCK": MONDAY.replace(day=self.today).isoformat()}
        done = CliRunner().invoke(app, ["audit", *words], env=environment)
        self.ledger = Ledger(self.city.root / "var")
        if isinstance(done.exception, LandbridgeError):
            raise done.exception
        return done


@pytest.fixture
def audit(tmp_path: Path) -> Iterator[Auditor]:
    made = Auditor(tmp_path)
    yield made
    made.ledger.close()


def test_a_ledger_is_anchored_exported_and_verified_in_both_places(audit: Auditor, tmp_path: Path) -> None:
    hash = audit.ledger.kept()[-1].hash
    assert f"第 4 条 entry 4, SHA-256 {hash}" in audit("anchor").output
    assert f"4 entries, head {hash}" in audit("verify", "--printed", f"4:{hash[:12]}").output

    file = tmp_path / "out" / "ledger.jsonl"
    assert audit("export", str(file)).exit_code == 0
    assert audit("verify", "--export", str(file)).exit_code == 0
    file.write_text(file.read_text(encoding="utf-8").replace("police", "tax"), encoding="utf-8")
    done = audit("verify", "--export", str(file))
    assert done.exit_code == 1
    assert "摘要不符 the entry is not what was hashed: entry 2, refused, L1" in done.output


def test_a_changed_ledger_ends_with_1_and_tells_every_place_or_as_many_as_asked_for(audit: Auditor) -> None:
    audit.ledger.connection.execute(f"UPDATE {EVENTS} SET actor = 'tax' WHERE number > 1")
    done = audit("verify")
    assert (done.exit_code, done.output.count("摘要不符")) == (1, 3)
    done = audit("verify", "--most", "1")
    assert (done.exit_code, "and 5 more: --most 6" in done.output, "6 faults" in done.output) == (1, True, True)


def test_a_ledger_that_nobody_anchored_is_a_fault_but_no_change(audit: Auditor) -> None:
    audit.today = 8
    done = audit("verify")
    assert (done.exit_code, "锚点过期" in done.output, "被改动" in done.output) == (1, True, False)


def test_an_anchor_on_paper_that_was_mistyped_is_told(audit: Auditor) -> None:
    with pytest.raises(LandbridgeError, match="at least 12 digits"):
        audit("verify", "--printed", "4:abc")


def test_the_log_of_a_request_tells_in_words_what_happened_and_hides_what_identifies_a_person(audit: Auditor) -> None:
    told = audit("log", "R1").output
    assert "1  2020-05-04 09:00  提交申请 the request was submitted · 民政局 Civil affairs (李 li)" in told
    assert "ground: 关于 370*************33 的规定; level: law" in told
    assert "keys: 2 项未显示 not shown; suggested: 1 项未显示 not shown" in told
    assert "370211199001011233" not in told
    assert "13812345678" not in told
    assert "granted" not in told
    assert "同意共享" in audit("log", "L2").output
    with pytest.raises(LandbridgeError, match="nothing was recorded of 'L9'"):
        audit("log", "L9")


def test_a_ledger_in_which_nothing_was_recorded_is_whole_and_has_nothing_to_anchor(tmp_path: Path) -> None:
    city = SmallCity(tmp_path)
    Ledger(tmp_path / "var").close()
    runner = CliRunner()
    assert "nothing was recorded yet" in runner.invoke(app, ["audit", "anchor"], env=city.environment).output
    assert runner.invoke(app, ["audit", "verify"], env=city.environment).exit_code == 0
