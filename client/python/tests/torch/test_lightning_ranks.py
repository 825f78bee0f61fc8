# pyright: basic, reportInvalidTypeForm=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportOptionalMemberAccess=false, reportOptionalIterable=false, reportGeneralTypeIssues=false
# (torch, MONAI, Lightning and nibabel leave many of their types open.)
"""Two ranks of Lightning's DDP: together they are the training of one process."""

from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")

from tests.serving import Server  # noqa: E402
from tests.torch.torchrun import torchrun  # noqa: E402

pytestmark = pytest.mark.torch

Seen = dict[str, Any]


@pytest.fixture(scope="module")
def trainings(sample_server: Server, tmp_path_factory: pytest.TempPathFactory) -> tuple[Seen, Seen, Seen]:
    """What one process has written, and what each of two."""

    def trained(ranks: int) -> list[Seen]:
        folder = tmp_path_factory.mktemp("lightning")
        torchrun(ranks, "tests.torch.lightning_program", sample_server.address, str(folder), str(ranks))
        return [torch.load(folder / f"rank-{rank}.pt") for rank in range(ranks)]

    [alone], [first, second] = trained(1), trained(2)
    return alone, first, second


def test_both_ranks_together_have_the_batches_of_one_process(trainings: tuple[Seen, Seen, Seen]) -> None:
    alone, first, second = trainings
    assert [one["step"] for one in alone["trained"]] == list(range(24))
    assert [one["step"] for one in alone["validated"]] == list(range(18))
    for part in ("trained", "validated"):
        for whole, one, other in zip(alone[part], first[part], second[part], strict=True):
            assert whole["step"] == one["step"] == other["step"]
            union = torch.empty_like(whole["image"])
            union[0::2], union[1::2] = one["image"], other["image"]
            assert torch.equal(union, whole["image"])


def test_both_ranks_change_the_stage_at_the_same_step(trainings: tuple[Seen, Seen, Seen]) -> None:
    from_step = trainings[0]["from_step"]
    expected = [0 if step < 8 else 1 for step in range(from_step)] + [2] * (24 - from_step)
    assert 8 <= from_step < 16
    for seen in trainings:
        assert seen["from_step"] == from_step
        assert [one["stage"] for one in seen["trained"]] == expected


def test_the_weights_are_those_of_one_process(trainings: tuple[Seen, Seen, Seen]) -> None:
    alone, first, second = (seen["weights"] for seen in trainings)
    for name, wanted in alone.items():
        assert torch.equal(first[name], second[name])
        torch.testing.assert_close(first[name], wanted, rtol=1e-5, atol=0)
