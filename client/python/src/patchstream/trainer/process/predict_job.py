"""Labels one image in this process; the image's bytes come as messages, unless a data server has it."""

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchstream.errors import refuse_request
from patchstream.trainer.data_access import DataConnection, connect_to
from patchstream.trainer.engine.device import Device, open_device
from patchstream.trainer.engine.device_options import DeviceOptions
from patchstream.trainer.engine.labels import LabelReading
from patchstream.trainer.engine.model import Model
from patchstream.trainer.engine.ranks import Ranks
from patchstream.trainer.inference.export_label import region_values
from patchstream.trainer.inference.geometry import GridGeometry, as_it_lies, geometry_of
from patchstream.trainer.inference.sliding_window import window_batches
from patchstream.trainer.inference.stored_network import LabellingNetwork, label_image, labelling_network
from patchstream.trainer.loop.evaluate import stored_case
from patchstream.trainer.process.parent import Parent
from patchstream.trainer.process.predict_chunks import CHUNK_BYTES
from patchstream.trainer.run_folder.checkpoint import Checkpoint, no_checkpoint, read_checkpoint
from patchstream.wire.checksums import crc32

Job = Mapping[str, Any]


def predict_job(job: Job, parent: Parent) -> None:
    """Sends what is known before the first window, how far it is, and the label.

    Raises NOT_FOUND, INPUT_DAMAGED, REQUEST_INVALID.
    """
    checkpoints = _checkpoints(job["trainings"])
    first = checkpoints[0].header
    if job["source"]["kind"] == "image":
        _check_channels(job["source"]["shape"][0], first.network["inputChannels"])
    label_set: Mapping[str, Any] = first.fields.get("trainedOn", {}).get("labelSet", {})
    source_values: list[int] = label_set.get("sourceValues", [])
    steps = [checkpoint.header.step for checkpoint in checkpoints]
    parent.tell({"kind": "predictionBegin", "steps": steps, "sourceValues": source_values})
    image, geometry = _image(job["source"], first.network["inputChannels"], parent)
    device = open_device(job["engine"], DeviceOptions(**job["device"]))
    regions: list[Mapping[str, Any]] = label_set.get("regions", [])
    export = region_values([region["exportValue"] for region in regions], source_values)
    networks = [_network(checkpoint, device, mirror=job["mirror"]) for checkpoint in checkpoints]
    checkpoints.clear()  # The networks hold their weights.
    size = (image.shape[1], image.shape[2], image.shape[3])
    batches = sum(1 for network in networks for _ in window_batches(size, network.windows))
    begun = count()

    def tell() -> None:
        parent.tell({"kind": "predicted", "share": next(begun) / batches})

    label = label_image(networks, image, geometry, export, tell)
    parent.tell({"kind": "predicted", "share": 1.0})
    data = memoryview(label.tobytes())
    parent.tell({"kind": "label", "shape": list(label.shape), "checksum": crc32(data)})
    for offset in range(0, len(data), CHUNK_BYTES):
        parent.tell({"kind": "labelBytes", "offset": offset}, data[offset : offset + CHUNK_BYTES])


def _checkpoints(trainings: Sequence[Job]) -> list[Checkpoint]:
    """Of trainings whose logits can be averaged."""
    checkpoints: list[Checkpoint] = []
    for one in trainings:
        file = Path(one["checkpoint"])
        checkpoint = read_checkpoint(file)
        if checkpoint is None:
            raise no_checkpoint(one["training"], file)
        if checkpoints:
            _check_same_kind(checkpoints[0], checkpoint, one["training"])
        checkpoints.append(checkpoint)
    return checkpoints


def _check_same_kind(first: Checkpoint, other: Checkpoint, training: str) -> None:
    """Logits can be averaged where their voxels and outputs are the same. Raises REQUEST_INVALID."""

    def kind_of(checkpoint: Checkpoint) -> Mapping[str, Any]:
        header = checkpoint.header
        return {
            "channels": header.network["inputChannels"],
            "outputs": header.network["classes"],
            "patch": header.spec["plan"]["patchSize"],
            "labels": header.fields.get("trainedOn", {}).get("labelSet"),
        }

    one, two = kind_of(first), kind_of(other)
    for what in one:
        if one[what] != two[what]:
            want = f"a training with the {what} of the first, such as another fold"
            raise refuse_request("average_with", training, want)


def _network(checkpoint: Checkpoint, device: Device, *, mirror: bool) -> LabellingNetwork:
    network = checkpoint.header.network
    reading = LabelReading(network["classes"], network["classes"], None, None)
    model = Model(network, reading, batch_dice=False, device=device, ranks=Ranks())
    model.load(checkpoint.model)
    return labelling_network(model, checkpoint.header.spec, mirror=mirror)


def _image(source: Job, channels: int, parent: Parent) -> tuple[NDArray[np.float32], GridGeometry]:
    if source["kind"] == "case":
        with connect_to(source["data"], DataConnection(**source["connection"])) as client:
            case = stored_case(client.describe_dataset(), source["case"])
            _check_channels(case.shape[0], channels)
            return client.read_image(case.id), geometry_of(case)
    shape, sent = source["shape"], source["geometry"]
    pieces: SimpleQueue[bytes] = SimpleQueue()
    parent.on("imageBytes", lambda _message, data: pieces.put(data))
    image = np.empty(shape, np.float32)
    into, filled = np.frombuffer(image.data, np.uint8), 0
    while filled < into.size:
        piece = pieces.get()
        into[filled : filled + len(piece)] = np.frombuffer(piece, np.uint8)
        filled += len(piece)
    size = (shape[1], shape[2], shape[3])
    return image, as_it_lies(size) if sent is None else GridGeometry(**{name: tuple(sent[name]) for name in sent})


def _check_channels(got: int, channels: int) -> None:
    if got != channels:
        raise refuse_request("image.tensor.shape[0]", got, f"{channels}, the network's channels")
