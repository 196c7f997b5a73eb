"""One city told once for all tests of this folder; none of them changes it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sharing.report.told_city import ToldCity, tell


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToldCity]:
    made = tell(tmp_path_factory.mktemp("told"))
    yield made
    made.city.connection.close()
