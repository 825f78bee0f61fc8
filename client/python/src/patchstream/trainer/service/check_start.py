"""Looks at a training before it waits for its turn."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from patchstream.dataset_info import DatasetInfo
from patchstream.run_info import RunInfo
from patchstream.trainer.loop.check_control import check_control
from patchstream.trainer.loop.same_training import check_digest, check_optimiser
from patchstream.trainer.networks.describe import NetworkSize, network_for
from patchstream.trainer.run_folder.checkpoint import CHECKPOINT_FILE, CheckpointHeader, verify_checkpoint
from patchstream.trainer.service.data_servers import DataAccess, describe_at
from patchstream.trainer.service.engines import TrainingEngines, check_network
from patchstream.trainer.service.estimate_memory import training_bytes
from patchstream.trainer.service.memory_budget import MemoryBudget
from patchstream.trainer.spec import RunSpec


@dataclass(frozen=True, slots=True)
class StartChecks:
    """What a training is held against."""

    access: DataAccess
    engines: TrainingEngines
    memory: MemoryBudget

    async def check_new(self, spec: RunSpec, data: Sequence[str]) -> int:
        """Memory that a new training is estimated to take, in bytes.

        Its data servers have described it, its engine was opened, its network takes its patches, and it fits into the
        memory. Raises what is wrong with any of them.
        """
        (info, dataset), _ = await asyncio.gather(
            describe_at(self.access, data, spec.data), self.engines.check(spec.training.engine)
        )
        return self._need_of(info, dataset, spec)

    async def check_resumption(
        self, folder: Path, spec: RunSpec, data: Sequence[str]
    ) -> tuple[CheckpointHeader | None, int]:
        """The checkpoint to go on from, which is whole, and as `check_new`. Raises as that, and INPUT_DAMAGED."""
        header = await asyncio.to_thread(verify_checkpoint, folder / CHECKPOINT_FILE)
        check_optimiser(header, spec.training.optimizer)
        (info, dataset), _ = await asyncio.gather(
            describe_at(self.access, data, spec.data if header is None else header.spec),
            self.engines.check(spec.training.engine),
        )
        check_digest(header, info)
        return header, self._need_of(info, dataset, spec)

    def _need_of(self, info: RunInfo, dataset: DatasetInfo, spec: RunSpec) -> int:
        training = spec.training
        check_control(info.spec, training)
        outputs = len(dataset.regions) if dataset.regions else 1 + max(dataset.classes, default=0)
        size = NetworkSize(len(dataset.channel_names), outputs, training.network, training.base_features)
        network = network_for(info.spec, size)
        check_network(network["kind"])
        # Each rank has a GPU of its own, and all share the memory of a CPU.
        ranks = 1 if self.engines.is_on_gpu(training.engine) else self.access.ranks
        need = ranks * training_bytes(network, info, training.optimizer)
        self.memory.check_fits(need, "The training")
        return need
