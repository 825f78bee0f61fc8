# pyright: basic, reportInvalidTypeForm=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportOptionalMemberAccess=false, reportOptionalIterable=false, reportGeneralTypeIssues=false
# (torch, MONAI, Lightning and nibabel leave many of their types open.)
"""A training whose data server is killed goes on at the other one, with the same batches."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import patchstream  # noqa: E402
from patchstream import DataClient  # noqa: E402
from tests.serving import SMALL_SPEC, Server, serve  # noqa: E402
from tests.torch.tiny_network import TinyNetwork, mean_loss  # noqa: E402

pytestmark = pytest.mark.torch


def trained(client: DataClient, num_workers: int, *, kill: Server | None) -> tuple[list[int], list[float]]:
    """Checksums of all batches and the losses of a training; `kill` ends in the middle of it."""
    network = TinyNetwork()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    checksums: list[int] = []
    losses: list[float] = []
    with client.open_run(SMALL_SPEC, credit_batches=4).torch(num_workers=num_workers) as loader:
        for batch in loader:
            optimizer.zero_grad()
            loss = mean_loss(network(batch.image), batch.label)
            loss.backward()
            optimizer.step()
            checksums.append(batch.checksum)
            losses.append(loss.item())
            if batch.step == 9 and kill is not None:
                kill.end("SIGKILL")
    return checksums, losses


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_training_goes_on_at_the_second_replica_when_the_first_is_killed(
    sample_store: Path, sample_server: Server, num_workers: int
) -> None:
    with patchstream.connect(sample_server.address) as client:
        undisturbed = trained(client, 0, kill=None)
    assert len(undisturbed[0]) == 24
    with serve(sample_store) as first, patchstream.connect([first.address, sample_server.address]) as client:
        assert trained(client, num_workers, kill=first) == undisturbed
        assert first.process.poll() is not None
