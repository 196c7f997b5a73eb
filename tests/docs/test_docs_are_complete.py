"""Whatever a person can type or set stands in the docs."""

from __future__ import annotations

import re

import typer.main

from cli.main import app
from connectors.registry import kinds
from contracts.properties import COLUMN_PROPERTIES, CONTRACT_PROPERTIES
from contracts.rules import RULE_TYPES, SEMANTIC_TYPES
from contracts.settings import VARIABLES
from tests.small_city import ROOT


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def commands() -> list[str]:
    """All commands with their words, such as `catalogue check`."""
    found = []
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", {})
        found += [f"{name} {sub}" for sub in inner]
        found += [name] if not inner or command.invoke_without_command else []
    return found


def test_every_command_and_option_is_documented() -> None:
    text = page("cli.md")
    missing = [name for name in commands() if f"`landbridge {name}" not in text]
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        for sub in (command, *getattr(command, "commands", {}).values()):
            missing += [f"{name} {o}" for p in sub.params for o in p.opts if o.startswith("--") and o not in text]
    assert not missing


def test_no_command_is_documented_that_does_not_exist() -> None:
    documented = re.findall(r"^\| `landbridge ([a-z-]+(?: [a-z-]+)?)", page("cli.md"), re.MULTILINE)
    assert sorted(set(documented)) == sorted(commands())


def test_every_setting_is_documented_with_its_default_and_no_other() -> None:
    rows = re.findall(r"^\| `(LANDBRIDGE_\w+)` \|(.*?)\|", page("settings.md"), re.MULTILINE)
    assert {name: default.strip(" `") for name, default in rows} == {name: d for name, (d, _) in VARIABLES.items()}


def test_every_connector_is_documented() -> None:
    assert [kind for kind in kinds() if f"`{kind}`" not in page("connectors.md")] == []


def test_every_expectation_is_documented() -> None:
    assert [name for name in RULE_TYPES if f"`{name}`" not in page("expectations.md")] == []


def test_every_custom_property_and_semantic_type_is_documented() -> None:
    names = [*CONTRACT_PROPERTIES, *COLUMN_PROPERTIES, *SEMANTIC_TYPES]
    assert [name for name in names if f"`{name}`" not in page("contracts.md")] == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for file in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("dags/*.md"), *ROOT.glob("cities/**/*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", file.read_text(encoding="utf-8")):
            if "://" not in target and not (file.parent / target).exists():
                broken.append(f"{file.relative_to(ROOT)}: {target}")
    assert not broken
