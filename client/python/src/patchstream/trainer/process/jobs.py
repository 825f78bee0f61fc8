"""What a process of the trainer is started for."""

from collections.abc import Callable, Mapping
from typing import Any

from patchstream.errors import PatchstreamError
from patchstream.trainer.process.parent import Parent

Job = Mapping[str, Any]


def _open_engine(job: Job, _parent: Parent) -> Mapping[str, Any]:
    """Opens an engine to see that it can be used; its name, and how much memory its GPU has."""
    try:
        from patchstream.trainer.engine.device import gpu_bytes, open_device
        from patchstream.trainer.engine.device_options import DeviceOptions
    except ModuleNotFoundError as error:
        raise missing_package(error) from error
    device = open_device(job["engine"], DeviceOptions(threads=1))
    return {"engine": device.name, "gpuBytes": gpu_bytes(device)}


def _train(job: Job, parent: Parent) -> str:
    from patchstream.trainer.process.train_job import train_job

    return train_job(job, parent)


def _predict(job: Job, parent: Parent) -> None:
    from patchstream.trainer.process.predict_job import predict_job

    predict_job(job, parent)


JOBS: Mapping[str, Callable[[Job, Parent], Any]] = {"openEngine": _open_engine, "train": _train, "predict": _predict}


def missing_package(error: ModuleNotFoundError) -> PatchstreamError:
    """ENGINE_MISSING."""
    facts = {"code": "ENGINE_MISSING", "engine": "torch", "reason": f"{error.name} is not installed"}
    return PatchstreamError(facts, 'Run: pip install "patchstream[trainer]"')
