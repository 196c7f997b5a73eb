"""A city that the tests of the rate play on, one story after the other."""

from __future__ import annotations

import pytest

from tests.sharing.rate_city import RateCity


@pytest.fixture(scope="module")
def rate_stage(tmp_path_factory: pytest.TempPathFactory) -> RateCity:
    """A city whose police.resident was loaded on the first night; `forget` clears it for the next story."""
    city = RateCity(tmp_path_factory.mktemp("stage"), in_memory=True)
    city.load("police.resident", 1)
    return city
