"""The server as the wheel has it, without native code."""

import shutil
from pathlib import Path

import pytest

pytest.importorskip("hatchling")

from hatch_build import files_of
from patchstream import PatchstreamError, connect
from tests.serving import REPOSITORY, SMALL_SPEC, serve


def test_it_serves_batches_and_says_why_it_makes_no_previews(sample_store: Path, tmp_path: Path) -> None:
    for name, path in files_of(REPOSITORY).items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, file)
    with serve(sample_store, main=tmp_path / "dist" / "cli" / "main.js") as server, connect(server.address) as client:
        assert client.get_batch(SMALL_SPEC, step=0).patch_size == (8, 8, 8)
        with pytest.raises(PatchstreamError) as refused:
            client.preview(SMALL_SPEC, step=0)
    assert refused.value.code == "UNSUPPORTED"
    assert str(refused.value) == (
        "a preview by this server is not supported; it must be made where npm installed sharp. "
        'The Python package has none: run "npx patchstream preview"'
    )
