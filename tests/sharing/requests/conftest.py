from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sharing.requests.desk_city import DeskCity


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskCity]:
    """One city a module: every test has lines of its own."""
    made = DeskCity(tmp_path_factory.mktemp("city"), in_memory=True)
    yield made
    made.connection.close()
