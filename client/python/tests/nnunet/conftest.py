"""Real nnU-Net on the sample data: preprocessed once, by its own command, and imported into a store."""

from collections.abc import Iterator

import pytest

from tests.nnunet.nnunet import Nnunet, prepare
from tests.serving import Server, serve


@pytest.fixture(scope="session")
def nnunet(tmp_path_factory: pytest.TempPathFactory) -> Nnunet:
    """The three folders of nnU-Net, the sample preprocessed as Dataset004_Hippocampus, and its store."""
    return prepare(tmp_path_factory.mktemp("nnunet"))


@pytest.fixture(scope="session")
def nnunet_server(nnunet: Nnunet) -> Iterator[Server]:
    """A server of the imported store."""
    with serve(nnunet.store) as server:
        yield server
