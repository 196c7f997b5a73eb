from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.analyst_city import analyst_city as made_for_analysts
from tests.pipeline.drafting import DraftingTable
from tests.pipeline.unified_city import UnifiedCity


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DraftingTable:
    return DraftingTable(tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def analyst_city(tmp_path_factory: pytest.TempPathFactory) -> UnifiedCity:
    """Read by several modules; what they add lies in tables of their own."""
    return made_for_analysts(tmp_path_factory.mktemp("analysts"))
