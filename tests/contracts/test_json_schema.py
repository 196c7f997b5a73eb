"""The editors' schema: current, satisfied by every contract of the sample city, and as strict as the reader."""

from __future__ import annotations

from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from contracts.json_schema import FILE, contract_schema, schema_text
from tests.contracts.test_mistakes import CASES
from tests.contracts.written_city import CONTRACT, WrittenCity

_VALIDATOR = jsonschema.Draft201909Validator(contract_schema())
_CONTRACTS = sorted(Path("cities/qingdao/contracts").glob("*/*.yaml"))

# mistakes in the form of one file, which an editor can underline while it is written
_SEEN = (
    "a misspelt word of the standard", "a misspelt word at the top", "a list where text belongs", "an unknown property", "a missing property",
    "an unknown load mode", "an unknown part of a value", "a name in capitals", "an unknown type", "an unknown semantic type",
    "an unknown classification", "an unknown option", "no rule of Great Expectations", "an unknown rule", "a rule without its argument",
    "a rule without a limit", "a rule with a foreign argument", "an empty set", "an unknown severity", "an unknown dimension", "a code of the wrong form",
)  # fmt: skip


def _errors(path: Path) -> list[str]:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [f"{'.'.join(map(str, e.absolute_path))}: {e.message}" for e in _VALIDATOR.iter_errors(data)]


def test_the_file_in_the_docs_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == schema_text(), "run: python -m contracts.json_schema"


def test_it_is_a_schema_itself() -> None:
    jsonschema.Draft201909Validator.check_schema(contract_schema())


@pytest.mark.parametrize("path", _CONTRACTS, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_every_contract_of_the_sample_city_satisfies_it(path: Path) -> None:
    assert _errors(path) == []


def test_a_sound_contract_satisfies_it(tmp_path: Path) -> None:
    assert _errors(WrittenCity(tmp_path).folder / CONTRACT) == []


@pytest.mark.parametrize("mistake", _SEEN)
def test_an_editor_underlines_what_the_reader_refuses(tmp_path: Path, mistake: str) -> None:
    city = WrittenCity(tmp_path)
    CASES[mistake][0](city)
    assert _errors(city.folder / CONTRACT)
