"""What every test shares: no network but loopback, and a small city of its own where a test asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from pytest_socket import socket_allow_hosts

from tests.mariadb import MariaDb
from tests.postgres import Postgres
from tests.small_city import SmallCity

# how fast a machine is must not decide a test
settings.register_profile("landbridge", deadline=None)
settings.load_profile("landbridge")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(autouse=True)
def _loopback_only() -> None:
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


@pytest.fixture
def city(tmp_path: Path) -> SmallCity:
    return SmallCity(tmp_path)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    server = MariaDb()
    yield server
    server.stop()
