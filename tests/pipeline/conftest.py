from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.drafting import DraftingTable


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DraftingTable:
    return DraftingTable(tmp_path, monkeypatch)
