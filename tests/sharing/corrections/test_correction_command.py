"""`landbridge correction` and `landbridge problems`, as officers type them."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from cli.main import app
from contracts.errors import LandbridgeError
from tests.sharing.corrections.correction_city import CorrectionCity
from warehouse.lake import open_lake

ASK = ("ask", "L1", "--field", "name", "--reason", "another name on the document", "--as", "civil", "--person", "Wang")
DECIDE = ("decide", "L1/C1", "--upheld", "--reason", "compared with the paper file", "--as", "police", "--person", "Li")


def test_a_correction_is_asked_decided_listed_and_shown_without_a_key_or_a_value(tmp_path: Path) -> None:
    city = CorrectionCity(tmp_path, in_memory=False)
    city.night(1)
    city.connection.close()
    keys = tmp_path / "keys.txt"
    keys.write_text(f"\ufeff{city.key(3)}\n\n{city.key(4)} \n", encoding="utf-8")
    said = ""

    def landbridge(*words: str, day: int) -> str:
        nonlocal said
        environment = {
            "LANDBRIDGE_THREADS": "1", "LANDBRIDGE_HOME": str(tmp_path / "var"), "LANDBRIDGE_CITY": str(city.folder), "LANDBRIDGE_CLOCK": f"2020-05-{day:02}T10:00:00+08:00",
        }  # fmt: skip
        done = CliRunner().invoke(app, list(words), env=environment)
        assert done.exit_code == 0 or isinstance(done.exception, LandbridgeError), done.output
        told = done.output + str(done.exception or "")
        said += told
        return " ".join(told.split())

    asked = landbridge("correction", *ASK, "--keys", str(keys), "--suggested", "canary of the document", day=5)
    assert (
        "correction L1/C1" in asked
        and "field name, 2 rows" in asked
        and "due 2020-05-18, 10 working days left" in asked
    )
    assert "police.resident challenged 被提出校核 the value was challenged: name 2 L1/C1" in landbridge(
        "problems", day=5
    )
    assert "upheld, to be put right" in landbridge("correction", *DECIDE, day=6)
    assert "L1/C1 police.resident field name 2 civil" in landbridge("correction", "list", "--as", "police", day=6)
    assert landbridge("correction", "list", "--as", "tax", day=6) == "no correction is open"
    assert "overdue by 2 working days" in landbridge("correction", "show", "L1/C1", day=20)
    assert "police: 2 problem rows" in landbridge("problems", "write", day=6)
    assert "canary" not in said and "3702021987" not in said
    city.connection = open_lake(city.settings, timezone="Asia/Shanghai")
    for number in (3, 4):
        city.rows[number]["name"] = "canary of the document"
    city.night(4)
    city.connection.close()
    assert "2 rows corrected, 0 gone at the source; run police_resident_4_1" in landbridge(
        "correction", "show", "L1/C1", day=8
    )
    assert "put right, closed" in landbridge("correction", "list", "--all", day=8)
    [listed] = (tmp_path / "var" / "problems" / "police").glob("*.csv")
    assert "canary of the document" in listed.read_text(encoding="utf-8"), (
        "its owner is told what the asker thinks right"
    )
