"""Ways to close a correction without correcting anything; none does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.errors import ConfigurationError, IllegalMove
from sharing.corrections.disputed_rows import DISPUTED, MISSING
from tests.sharing.corrections.correction_city import BUREAU, CIVIL, POLICE, RULE, TAX, CorrectionCity

LEFT = "correction L1/C1: 1 of 1 rows are not put right yet"


def upheld(root: Path, **about: Any) -> CorrectionCity:
    city = CorrectionCity(root)
    city.night(1, failing=1 if about else 0)
    city.ask(5, BUREAU if about else CIVIL, **about)
    city.decide(6)
    return city


def test_a_value_that_is_emptied_or_a_row_that_is_refused_is_not_corrected(tmp_path: Path) -> None:
    city = upheld(tmp_path)
    city.rows[3]["name"] = None
    assert city.night(3) == [LEFT]
    city.rows[3]["name"] = "another canary"
    city.rows.append(city.rows.pop(3))
    assert city.night(4, failing=1) == [LEFT], "it is in quarantine, for whatever reason"


def test_a_held_load_proves_nothing(tmp_path: Path) -> None:
    city = upheld(tmp_path)
    city.rows[3]["name"] = "another canary"
    city.load("police.resident", 3, city.rows, held="too many rows fail")
    assert city.settle(3) == [f"{LEFT} (nothing was loaded since it was asked)"]


def test_a_rule_that_is_no_longer_asked_proves_nothing_about_the_rows_it_refused(tmp_path: Path) -> None:
    city = upheld(tmp_path, rule=RULE, field="", keys=())
    assert city.night(3, quality=()) == [f"{LEFT} (the rule is no longer asked as an error)"]
    assert city.night(4)[0].startswith("correction L1/C1 closed, rows corrected: 1")


def test_a_deleted_row_closes_it_only_where_the_source_was_read_whole_and_is_said_to_be_gone(tmp_path: Path) -> None:
    city = upheld(tmp_path)
    del city.rows[3]
    city.load("police.resident", 3, city.rows[:-1] + city.rows[-1:], failing=1, rule="malformed_line")
    assert city.settle(3) == [LEFT], "the line that is no record may be the row"
    [told] = city.night(4)
    assert told.startswith("correction L1/C1 closed, rows corrected: 0, gone at the source: 1, snapshot ")
    assert (city.ledger("correction_fixed")[0]["corrected"], city.ledger("correction_fixed")[0]["gone"]) == (0, 1)


def test_a_refused_row_that_was_taken_out_of_the_quarantine_by_hand_is_not_gone(tmp_path: Path) -> None:
    city = CorrectionCity(tmp_path)
    contract = city.folder / "contracts" / "police" / "resident.yaml"
    contract.write_text(contract.read_text().replace("loadMode, value: snapshot", "loadMode, value: merge"))
    city.night(1, failing=1)
    city.ask(5, BUREAU, rule=RULE, field="", keys=())
    city.decide(6)
    city.rows.pop()
    city.connection.execute("DELETE FROM lake.quarantine.rows")
    assert city.night(3) == [LEFT]


def test_rows_that_were_exchanged_by_hand_prove_nothing(tmp_path: Path) -> None:
    city = upheld(tmp_path)
    city.rows[4]["name"] = "another canary"
    city.connection.execute(f"UPDATE {DISPUTED} SET identity = ?", [city.key(4)])
    assert city.night(3) == [f"{LEFT} (the rows kept are not those whose digests the ledger has)"]


def test_what_may_not_be_asked_is_refused_without_naming_a_row(tmp_path: Path) -> None:
    city = CorrectionCity(tmp_path, row_scope="370211", granted_rows="370211", delivered_rows="370211")
    city.line("L2", fields="name", granted_fields="name", delivered_fields="name")
    city.line("L3", provider="big_data")
    city.undelivered("L4")
    city.night(1)
    city.load_register(1)
    elsewhere = next(n for n, row in enumerate(city.rows) if row["division_code"] == "370202")
    here = next(n for n, row in enumerate(city.rows) if row["division_code"] == "370211")
    wrong: list[tuple[type[Exception], str, Any, dict[str, Any]]] = [
        (ConfigurationError, "1 of 1 rows are not in the line's data", CIVIL, {"keys": (city.key(elsewhere),)}),
        (ConfigurationError, "1 of 2 rows are not", CIVIL, {"keys": (city.key(here), "370202198706139999")}),
        (IllegalMove, "nickname is not granted", CIVIL, {"field": "nickname"}),
        (IllegalMove, "lie in no division", CIVIL, {"field": "", "rule": RULE}),
        (IllegalMove, "named by number, which is not granted", CIVIL, {"line_id": "L2"}),
        (IllegalMove, "is for the requester", TAX, {}),
        (IllegalMove, "is for the requester", POLICE, {}),
        (IllegalMove, "not possible", CIVIL, {"line_id": "L4"}),
        (IllegalMove, "is for the requester", BUREAU, {"line_id": "L3"}),
        (ConfigurationError, "a rule or a field", CIVIL, {"rule": RULE}),
        (ConfigurationError, "no row is refused by that rule", BUREAU, {"field": "", "rule": RULE, "keys": ()}),
        (ConfigurationError, "no row is named", CIVIL, {"keys": ()}),
        (ConfigurationError, "long number, a key", CIVIL, {"reason": f"{city.key(here)} is dead"}),
        (ConfigurationError, "the value", CIVIL, {"reason": "she is called canary queen", "suggested": "canary queen"}),
        (ConfigurationError, "no reason", CIVIL, {"reason": " "}),
        (ConfigurationError, "nobody is named", type(CIVIL)("civil", " "), {"keys": (city.key(here),)}),
    ]  # fmt: skip
    for kind, what, by, about in wrong:
        with pytest.raises(kind, match=what) as refused:
            city.ask(5, by, **({"keys": (city.key(here),)} | about))
        assert "3702021987" not in str(refused.value) and "canary" not in str(refused.value)
    assert city.ledger() == []
    with pytest.raises(ConfigurationError, match="no correction"):
        city.decide(6)


def test_a_missing_row_is_no_longer_missing_only_when_the_lake_holds_it(tmp_path: Path) -> None:
    city = CorrectionCity(tmp_path)
    absent = city.rows.pop(3)
    city.night(1)
    with pytest.raises(ConfigurationError, match="1 of 2 rows are not missing"):
        city.ask(5, rule=MISSING, field="", keys=(absent["number"], city.key(4)))
    city.ask(5, rule=MISSING, field="", keys=(absent["number"],))
    city.decide(6)
    assert city.night(3) == [LEFT]
    city.rows.insert(0, absent)
    assert city.night(4)[0].startswith("correction L1/C1 closed, rows corrected: 1, snapshot ")
