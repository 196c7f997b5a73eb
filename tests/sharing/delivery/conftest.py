"""A city whose deliveries have their secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from sharing.delivery.pseudonym import SECRET as VARIABLE
from tests.sharing.delivery.delivery_city import SECRET, DeliveryCity


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeliveryCity:
    monkeypatch.setenv(VARIABLE, SECRET)
    return DeliveryCity(tmp_path, in_memory=True)
