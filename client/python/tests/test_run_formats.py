"""Every number type and layout: the values and bytes that `patchstream get` cuts from the store itself."""

import hashlib
import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

import patchstream
from patchstream import Batch
from patchstream.wire.checksums import crc32
from tests.serving import Server
from tests.serving import patchstream as command

STEP = 7


def values_of(batch: Batch) -> dict[str, NDArray[np.generic]]:
    """As `patchstream get` writes them: images float32 in (B,C,Z,Y,X), labels int16."""
    deep = {f"label_{level}": label for level, label in enumerate(batch.deep_labels, 1)}
    labels = {name: label.astype(np.int16) for name, label in {"label": batch.label, **deep}.items()}
    return {"image": batch.image_values(), **labels}


def check(batch: Batch, written: Path) -> None:
    described = cast(dict[str, Any], json.loads((written / "batch.json").read_text()))
    values = values_of(batch)
    assert sorted(values) == sorted(file.stem for file in written.glob("*.npy"))
    for name, array in values.items():
        expected = np.load(written / f"{name}.npy")
        assert (array.dtype, array.shape) == (expected.dtype, expected.shape)
        assert array.tobytes() == expected.tobytes()
    tensors = (batch.image, batch.label, *batch.deep_labels)
    assert b"".join(tensor.tobytes() for tensor in tensors) == batch.memory.tobytes()
    assert hashlib.sha256(batch.memory.tobytes()).hexdigest() == described["sha256"]
    assert batch.checksum == described["checksum"] == crc32(batch.memory)


@pytest.mark.parametrize("layout", ["channels-first", "channels-last"])
@pytest.mark.parametrize(("image", "label"), [("f32", "u8"), ("f16", "i16"), ("bf16", "u8")])
def test_values_and_bytes_are_those_cut_from_the_store(
    sample_store: Path, sample_server: Server, tmp_path: Path, image: str, label: str, layout: str
) -> None:
    spec = {
        "dataset": "Task04_Hippocampus",
        "mode": "performance",
        "plan": {"patchSize": [16, 16, 16], "batchSize": 3, "pooling": [3, 3, 3]},
        "epochs": 20,
        "stepsPerEpoch": 3,
        "deepSupervision": layout == "channels-last",
        "wire": {"image": image, "label": label, "layout": layout},
    }
    run_file, written = tmp_path / "run.json", tmp_path / "batch"
    run_file.write_text(json.dumps({"data": spec}))
    step = str(STEP)
    command("get", "--store", str(sample_store), "--run", str(run_file), "--step", step, "--out", str(written))
    with patchstream.connect(sample_server.address) as client:
        check(client.get_batch(spec, step=STEP), written)
    for carrier in ("grpc", "lane"):
        with patchstream.connect(sample_server.address, carrier=carrier) as client:
            check(next(client.open_run(spec, start_step=STEP)), written)


def test_a_batch_of_one_sample_comes_whole_and_has_no_second_rank(sample_server: Server) -> None:
    spec = {
        "dataset": "Task04_Hippocampus",
        "plan": {"patchSize": [8, 8, 8], "batchSize": 1, "pooling": [2, 2, 2]},
        "epochs": 2,
        "stepsPerEpoch": 2,
        "valSteps": 1,
    }
    with patchstream.connect(sample_server.address) as client:
        run = client.open_run(spec)
        assert [(batch.step, batch.image.shape) for batch in run] == [(step, (1, 1, 8, 8, 8)) for step in range(4)]
        for call in (lambda: client.open_run(spec, rank=1, ranks=2), lambda: run.take_share(1, 2)):
            with pytest.raises(patchstream.PatchstreamError) as refused:
                call()
            assert refused.value.facts["field"] == "ranks"
            assert "from 1 to 1, the smallest batch of the run" in str(refused.value)
