"""`deliveries.yaml` says how things are delivered; a mistake in it is named, and no password stands in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ConfigurationError
from sharing.delivery.names import safe_name
from sharing.delivery.ways import Way, read_ways

DESTINATION: dict[str, Any] = {
    "requester": "civil", "url": "postgresql://writer:${CIVIL_PASSWORD}@host/db", "schema": "from_landbridge",
    "reader": {"role": "reader", "url": "postgresql://reader:${CIVIL_READER_PASSWORD}@host/db"},
}  # fmt: skip


def read(folder: Path, told: object) -> Any:
    (folder / "deliveries.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    return read_ways(folder)


def test_the_nearest_rule_counts_and_without_a_file_there_is_none(tmp_path: Path) -> None:
    assert (read_ways(tmp_path).rules, read_ways(tmp_path).digest) == ((), "sha256")
    ways = read(tmp_path, {
        "digest": "sm3", "destinations": {"civil_database": DESTINATION},
        "deliveries": [
            {"requester": "civil", "way": "csv", "bom": True}, {"request": "R1", "way": "excel"},
            {"line": "L1", "way": "table", "destination": "civil_database", "pseudonyms": ["phone"]},
        ],
    })  # fmt: skip

    class Grant:
        def __init__(self, line_id: str, request_id: str) -> None:
            self.line_id, self.request_id, self.requester = line_id, request_id, "civil"

    texts = [ways.rule(Grant(line, request)).way.text for line, request in (("L1", "R1"), ("L2", "R1"), ("L3", "R2"))]
    assert (texts, ways.digest) == (["table:civil_database", "excel", "csv+bom"], "sm3")
    assert [Way.parse(text).text for text in texts] == texts
    secrets = {"CIVIL_PASSWORD": "p@ss/word", "CIVIL_READER_PASSWORD": "x"}
    assert ways.destinations["civil_database"].addresses(secrets)[0] == "postgresql://writer:p%40ss%2Fword@host/db"
    with pytest.raises(ConfigurationError, match="CIVIL_READER_PASSWORD"):
        ways.destinations["civil_database"].addresses({"CIVIL_PASSWORD": "x"})


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([], "is no mapping"), ({"delivery": []}, "unknown 'delivery'.*deliveries"), ({"digest": "md5"}, "unknown digest 'md5'"),
        ({"deliveries": [{"way": "csv"}]}, "not exactly one of line, request, requester.*delivery 1"),
        ({"deliveries": [{"line": "L", "request": "R", "way": "csv"}]}, "not exactly one of"), ({"deliveries": [{"line": "L", "way": "cvs"}]}, "unknown way 'cvs'.*csv"),
        ({"deliveries": [{"line": "L", "way": "excel", "bom": True}]}, "excel has no byte order mark"), ({"deliveries": [{"line": "L", "way": "table"}]}, "a table needs a destination"),
        ({"deliveries": [{"line": "L", "way": "table", "destination": "nowhere"}]}, "unknown destination 'nowhere'"),
        ({"deliveries": [{"line": "L", "way": "csv", "pseudonyms": "phone"}]}, "pseudonyms is no list"), ({"deliveries": ["L"]}, "is no mapping"),
        ({"destinations": {"d": {**DESTINATION, "reader": {"role": "r"}}}}, "reader.url is missing"), ({"destinations": {"d": {**DESTINATION, "url": "mysql://h/d"}}}, "none of PostgreSQL"),
        ({"destinations": ["d"]}, "destinations is no mapping"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(tmp_path: Path, told: object, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as error:
        read(tmp_path, told)
    assert "deliveries.yaml" in error.value.where


@pytest.mark.parametrize(
    "url", ["postgresql://writer:canary@host/db", "postgresql://writer:x${NAME}@host/db", "postgresql://host/db?user=w&password=canary", "postgres://a:${N}canary@h/d"]
)  # fmt: skip
def test_a_password_written_out_is_refused_unseen(tmp_path: Path, url: str) -> None:
    for destination in ({**DESTINATION, "url": url}, {**DESTINATION, "reader": {"role": "r", "url": url}}):
        with pytest.raises(ConfigurationError, match="holds a password") as error:
            read(tmp_path, {"destinations": {"d": destination}})
        assert "canary" not in str(error.value)


@given(st.lists(st.text(max_size=60), min_size=2, max_size=5, unique=True), st.sampled_from([30, 63, 200]))
def test_two_ids_never_share_a_name_and_none_leads_elsewhere(ids: list[str], longest: int) -> None:
    names = [safe_name(id, longest) for id in ids]
    assert len(set(names)) == len(names)
    for name in names:
        assert name
        assert len(name.encode()) <= longest
        assert not set(name) & set("/\\\0'\" ;\n")
        assert name not in (".", "..")
        assert not name.startswith(".")
