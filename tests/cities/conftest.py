"""A tiny sample city, generated once, and its JSON service."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cities.qingdao import serve
from cities.qingdao.generator.sources import Made, make_sources
from cities.qingdao.generator.world import CITY_FOLDER
from contracts.catalogue import City, load_city

SCALE, SEED, TOKEN = 0.05, 20200507, "a token for tests"


@dataclass(frozen=True)
class Sample:
    """Where the tiny city's sources lie, and what generating them reported."""

    folder: Path
    made: Made


@pytest.fixture(scope="session")
def qingdao() -> City:
    return load_city(CITY_FOLDER)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("sources")
    return Sample(folder, make_sources(folder, SCALE, SEED, 1, lambda _: None))


@pytest.fixture(scope="session")
def api_port(sample: Sample) -> Iterator[int]:
    """The service over `current` of the sample, on a free port."""
    server = serve.make_server(sample.folder / "current", 0, TOKEN)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
