"""What the demo types after the last night: one request through the platform itself, and whether the ledger is the one that was anchored.

It comes after the night was rated: the sample city's figures, whose truth is known, do not hang on it.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

from cli.terminal import console
from contracts.errors import InternalError
from pipeline.workplace import Workplace
from sharing.ledger.store import entries
from warehouse.lake import open_lake

LANDBRIDGE = Path(sys.executable).with_name("landbridge")
SCENARIO = "核验餐饮单位的登记信息"
_ASKED = "企业名称 统一社会信用代码 法定代表人 联系电话 从业人数"
_FIELDS = ("credit_code", "name", "representative_name", "phone", "status")
_HEALTH = "--as health --person 王敏"
_MARKET = "--as market_supervision --person 李登"


def walk(place: Workplace) -> None:
    """Type the commands and show what they answer; a line that an earlier demo left is shown and not asked for again."""
    _type(f"request match '{_ASKED}' --top 2")
    line = _line(place)
    if not line:
        fields = " ".join(f"--field {name}" for name in _FIELDS)
        _type(
            f"request submit {_HEALTH} --approved-by 赵刚 --resource market_supervision.enterprise {fields} --scenario {SCENARIO} "
            "--basis '《中华人民共和国食品安全法》第六条' --way file --months 12"
        )
        line = _line(place)
        _type(f"request receive {line} {_MARKET}")
        _type(f"request grant {line} {_MARKET} --approved-by 孙平 --impact-assessment PIA-2020-017")
    _type(f"deliver run {line} --way csv")
    _type(f"request show {line}")
    _type("audit verify")


def _type(words: str) -> None:
    console.print(f"\n[bold cyan]$[/] landbridge {words}", highlight=False, soft_wrap=True)
    ended = subprocess.run([LANDBRIDGE, *shlex.split(words)], check=False)
    if ended.returncode:
        raise InternalError(f"landbridge {shlex.split(words)[0]} ended with {ended.returncode}", remedy="see above")


def _line(place: Workplace) -> str:
    """The line that asks for this scenario, empty where nobody asked yet."""
    connection = open_lake(place.settings, read_only=True, timezone=place.city.timezone.key)
    try:
        where = "kind = 'submitted' AND source = 'landbridge' AND json_extract_string(payload, '$.scenario') = ?"
        return max((entry.line_id for entry in entries(connection, where, [SCENARIO])), default="")
    finally:
        connection.close()
