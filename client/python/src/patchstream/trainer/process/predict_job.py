"""Labels one image in this process; the image's bytes come as messages, unless a data server has it."""

from collections.abc import Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchstream.errors import refuse_request
from patchstream.trainer.data_access import DataConnection, connect_to
from patchstream.trainer.engine.device import open_device
from patchstream.trainer.engine.device_options import DeviceOptions
from patchstream.trainer.engine.labels import LabelReading
from patchstream.trainer.engine.model import Model
from patchstream.trainer.engine.ranks import Ranks
from patchstream.trainer.inference.export_label import label_on_original_grid, region_values
from patchstream.trainer.inference.geometry import GridGeometry, as_it_lies, geometry_of
from patchstream.trainer.inference.stored_network import whole_images
from patchstream.trainer.loop.evaluate import stored_case
from patchstream.trainer.process.parent import Parent
from patchstream.trainer.process.predict_chunks import CHUNK_BYTES
from patchstream.trainer.run_folder.checkpoint import no_checkpoint, read_checkpoint
from patchstream.wire.checksums import crc32


def predict_job(job: Mapping[str, Any], parent: Parent) -> None:
    """Sends the label. Raises NOT_FOUND, INPUT_DAMAGED, REQUEST_INVALID."""
    file = Path(job["checkpoint"])
    checkpoint = read_checkpoint(file)
    if checkpoint is None:
        raise no_checkpoint(job["training"], file)
    network = checkpoint.header.network
    image, geometry = _image(job["source"], network["inputChannels"], parent)
    reading = LabelReading(network["classes"], network["classes"], None, None)
    device = open_device(job["engine"], DeviceOptions(**job["device"]))
    model = Model(network, reading, batch_dice=False, device=device, ranks=Ranks())
    model.load(checkpoint.model)
    logits = whole_images(model, checkpoint.header.spec).logits(image)
    label = label_on_original_grid(logits, geometry, _region_values(checkpoint.header.fields))
    data = memoryview(label.tobytes())
    parent.tell({"kind": "label", "shape": list(label.shape), "checksum": crc32(data)})
    for offset in range(0, len(data), CHUNK_BYTES):
        parent.tell({"kind": "labelBytes", "offset": offset}, data[offset : offset + CHUNK_BYTES])


def _image(source: Mapping[str, Any], channels: int, parent: Parent) -> tuple[NDArray[np.float32], GridGeometry]:
    if source["kind"] == "case":
        with connect_to(source["data"], DataConnection(**source["connection"])) as client:
            case = stored_case(client.describe_dataset(), source["case"])
            _check_channels(case.shape[0], channels)
            return client.read_image(case.id), geometry_of(case)
    shape = source["shape"]
    _check_channels(shape[0], channels)
    pieces: SimpleQueue[bytes] = SimpleQueue()
    parent.on("imageBytes", lambda _message, data: pieces.put(data))
    image = np.empty(shape, np.float32)
    into, filled = np.frombuffer(image.data, np.uint8), 0
    while filled < into.size:
        piece = pieces.get()
        into[filled : filled + len(piece)] = np.frombuffer(piece, np.uint8)
        filled += len(piece)
    return image, as_it_lies((shape[1], shape[2], shape[3]))


def _region_values(header: Mapping[str, Any]) -> list[int] | None:
    """Checkpoints from before it was kept what their outputs stand for have classes."""
    label_set = header.get("trainedOn", {}).get("labelSet", {})
    regions: list[Mapping[str, Any]] = label_set.get("regions", [])
    return region_values([region["exportValue"] for region in regions], label_set.get("sourceValues", []))


def _check_channels(got: int, channels: int) -> None:
    if got != channels:
        raise refuse_request("image.tensor.shape[0]", got, f"{channels}, the network's channels")
