"""What all tests share: a store of the sample data, and a server of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import SAMPLE_DATA, Server, patchstream, serve


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the Hippocampus sample, ingested once. Read it only."""
    store = tmp_path_factory.mktemp("sample") / "store"
    patchstream("ingest", str(SAMPLE_DATA), str(store))
    return store


@pytest.fixture(scope="session")
def sample_server(sample_store: Path) -> Iterator[Server]:
    """One server for all tests that leave it as it is: who ends or freezes one starts its own with `serve`."""
    with serve(sample_store) as server:
        yield server
