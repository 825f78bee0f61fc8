# pyright: basic, reportInvalidTypeForm=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportOptionalMemberAccess=false, reportOptionalIterable=false, reportGeneralTypeIssues=false
# (torch, MONAI, Lightning and nibabel leave many of their types open.)
"""Two ranks under torchrun: together they are the one-rank training."""

from typing import Any

import pytest

torch = pytest.importorskip("torch")

import patchstream  # noqa: E402
from tests.serving import SMALL_SPEC, Server  # noqa: E402
from tests.torch.tiny_network import TinyNetwork, mean_loss  # noqa: E402
from tests.torch.torchrun import torchrun  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def of_ranks(sample_server: Server, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each rank has written."""
    folder = tmp_path_factory.mktemp("ranks")
    torchrun(2, "tests.torch.rank_program", sample_server.address, str(folder))
    return [torch.load(folder / f"rank-{rank}.pt") for rank in range(2)]


def test_all_ranks_change_the_stage_at_the_same_step(of_ranks: list[dict[str, Any]]) -> None:
    first, second = ([(one["step"], one["stage"]) for one in rank["seen"]] for rank in of_ranks)
    assert first == second
    at_2, at_9 = (of_ranks[0]["seen"][step]["from_step"] for step in (2, 9))
    assert at_2 is None
    assert at_9 == 13  # rank 1, which is further ahead, wants 3 steps behind step 9
    assert at_9 == of_ranks[1]["seen"][9]["from_step"]
    assert [stage for _, stage in first] == [0] * 8 + [1] * 5 + [2] * 5
    assert of_ranks[0]["state"] == of_ranks[1]["state"]
    assert of_ranks[0]["state"]["step"] == 18


def test_the_union_of_both_ranks_is_the_one_rank_batch(sample_server: Server, of_ranks: list[dict[str, Any]]) -> None:
    with patchstream.connect(sample_server.address) as client:
        for first, second in zip(of_ranks[0]["seen"], of_ranks[1]["seen"], strict=True):
            whole = client.get_batch(SMALL_SPEC, step=first["step"], stage=first["stage"]).image
            union = torch.empty(whole.shape)
            union[0::2], union[1::2] = first["image"], second["image"]
            assert torch.equal(union, torch.from_numpy(whole))


def test_gradients_of_uneven_shares_are_the_one_rank_gradients(
    sample_server: Server, of_ranks: list[dict[str, Any]]
) -> None:
    network = TinyNetwork()
    uneven = 0
    with patchstream.connect(sample_server.address) as client:
        for first, second in zip(of_ranks[0]["seen"], of_ranks[1]["seen"], strict=True):
            whole = client.get_batch(SMALL_SPEC, step=first["step"], stage=first["stage"])
            network.zero_grad()
            label = torch.from_numpy(whole.label)
            mean_loss(network(torch.from_numpy(whole.image)), label).backward()
            exact = [parameter.grad for parameter in network.parameters()]
            for one, other, wanted in zip(first["gradients"], second["gradients"], exact, strict=True):
                assert torch.equal(one, other)
                assert (one - wanted).abs().max() <= 1e-5 * wanted.abs().max()
            uneven += len(first["image"]) != len(second["image"])
    assert uneven > 0
