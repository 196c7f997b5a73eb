"""Who runs sharing in a city, and which area a department governs."""

from __future__ import annotations

from pathlib import Path

from tests.contracts.written_city import CONTRACT, WrittenCity

_ROLE = (
    "  - {property: shareWay, value: file}\n",
    "  - {property: shareWay, value: file}\n  - {property: role, value: share_request_register}\n",
)
_START = ("start: 2020-05-04", "start: 2020-05-04\nbureau: civil")


def test_the_bureau_owns_the_request_register_unless_the_city_names_another(tmp_path: Path) -> None:
    city = WrittenCity(tmp_path)
    assert city.read().bureau == ""
    city.change(*_ROLE)
    assert city.read().bureau == "civil"
    register = city.folder / CONTRACT
    register.rename(register.with_name("share_request_register.yaml"))
    assert (city.read().with_role("share_request_register"), city.read().bureau) == (None, "civil"), (
        "a contract with mistakes leaves no city without"
    )
    named = WrittenCity(tmp_path / "named").change(*_START, file="city.yaml")
    assert (named.read().bureau, named.mistakes()) == ("civil", [])
    named.change("bureau: civil", "bureau: civic", "city.yaml")
    assert [(m.file, m.place, m.remedy) for m in named.mistakes()] == [("city.yaml", "bureau", "did you mean civil?")]


def test_a_department_may_govern_a_division(tmp_path: Path) -> None:
    city = WrittenCity(tmp_path).change("{id: civil,", '{id: civil, division: "370211",', "departments.yaml")
    assert (city.read().department("civil").division, city.mistakes()) == ("370211", [])
    city.change('"370211"', "Laoshan", "departments.yaml")
    assert [(m.file, m.place, m.what) for m in city.mistakes()] == [
        ("departments.yaml", "civil", "division is 'Laoshan'")
    ]


def test_a_contract_is_read_again_where_it_or_its_system_changed_and_only_there(tmp_path: Path) -> None:
    city = WrittenCity(tmp_path)
    first = city.read().resource("civil.marriage")
    assert city.read().resource("civil.marriage") is first
    city.change("id: registry_files\n", "id: registry_files\n  poolSlots: 3\n", "systems.yaml")
    assert city.read().resource("civil.marriage").system.pool_slots == 3
    city.change("version: 1.0.0", "version: 1.0.1")
    assert city.read().resource("civil.marriage").version == "1.0.1"
    city.change('schedule: "0 2 * * *"', 'schedule: "0 4 * * *"', "city.yaml")
    city.change('  - {property: schedule, value: "30 1 * * *"}\n', "")
    assert city.read().resource("civil.marriage").schedule == "0 4 * * *"
    city.change("domain: civil", "domain: civic")
    assert [m.place for m in city.read().mistakes] == [m.place for m in city.read().mistakes] == ["domain"]
    city.change("domain: civic", "domain: civil")
    assert city.read().mistakes == ()
