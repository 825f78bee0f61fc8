"""A training in this process: alone in its folder, steered and watched by messages."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from patchstream.errors import PatchstreamError
from patchstream.trainer.data_access import DataConnection
from patchstream.trainer.engine.device import open_device
from patchstream.trainer.engine.device_options import DeviceOptions
from patchstream.trainer.engine.ranks import join_ranks, leave_ranks
from patchstream.trainer.loop.stage_requests import StageRequest, StageRequests
from patchstream.trainer.loop.stopping import Stopping
from patchstream.trainer.loop.training import TrainingJob, run_training
from patchstream.trainer.process.failure import sent_failure
from patchstream.trainer.process.parent import Parent
from patchstream.trainer.process.wire import Message
from patchstream.trainer.run_folder.process_lock import RUN_LOCK, lock_folder, remove_unfinished
from patchstream.trainer.spec import parse_run_spec
from patchstream.transport.stage_timeline import StageChanged


def train_job(job: Mapping[str, Any], parent: Parent) -> str:
    """`done` or `stopped`."""
    stopping, requests = Stopping(), StageRequests()
    parent.on("stop", lambda _message, _data: stopping.stop())
    parent.on("setStage", lambda message, _data: requests.add(_request(message, parent)))
    options = DeviceOptions(**job["device"])
    device = open_device(job["engine"], options)
    ranks = join_ranks(is_on_gpu=device.torch.type == "cuda")
    training = TrainingJob(
        folder=Path(job["folder"]),
        data=tuple(job["data"]),
        connection=DataConnection(**job["connection"]),
        run=parse_run_spec(job["run"]),
        device=device,
        ranks=ranks,
    )
    try:
        if ranks.rank > 0:
            return run_training(training, parent, requests, stopping)
        with lock_folder(training.folder, RUN_LOCK):
            remove_unfinished(training.folder)
            return run_training(training, parent, requests, stopping)
    finally:
        facts = {"code": "TRAINING_ENDED", "training": training.folder.name, "state": "has ended", "reason": ""}
        requests.close(PatchstreamError(facts))
        leave_ranks(ranks)


def _request(message: Message, parent: Parent) -> StageRequest:
    number = message["id"]

    def resolve(changed: StageChanged) -> None:
        answer = {"stage": changed.stage, "fromStep": changed.from_step, "scheduleFrom": changed.schedule_from}
        parent.tell({"kind": "stageSet", "id": number, "changed": answer})

    def reject(error: PatchstreamError) -> None:
        parent.tell({"kind": "stageRefused", "id": number, "failure": sent_failure(error)})

    return StageRequest(message["stage"], message["fromStep"], message["hold"], resolve, reject)
