"""Where a training takes its batches from, and which they are."""

import json
from pathlib import Path

import pytest

from patchstream import PatchstreamError
from patchstream.nnunet.run_spec import NnunetTraining, data_spec
from patchstream.nnunet.settings import Settings, nowhere, read_settings
from patchstream.nnunet.training_record import check_record, write_record

TRAINING = NnunetTraining(
    patch_size=[40, 56, 40],
    batch_size=9,
    strides=[[1, 1, 1], [2, 2, 2], [2, 2, 2], [2, 2, 2]],
    train_cases=["a", "b"],
    val_cases=["c"],
    num_epochs=1000,
    num_iterations_per_epoch=250,
    num_val_iterations_per_epoch=50,
    deep_supervision=True,
)


def _file(folder: Path, **settings: object) -> dict[str, str]:
    (folder / "settings.json").write_text(json.dumps(settings))
    return {"PATCHSTREAM_NNUNET": str(folder / "settings.json")}


def test_nothing_given_is_the_papers_best_mode_and_nnunets_own_plan() -> None:
    assert read_settings({}) == Settings()
    assert data_spec(TRAINING, "Dataset004_Hippocampus", {}) == {
        "mode": "performance",
        "dataset": "Dataset004_Hippocampus",
        "plan": {"patchSize": [40, 56, 40], "batchSize": 9, "strides": [[1, 1, 1]] + [[2, 2, 2]] * 3},
        "split": {"train": ["a", "b"], "val": ["c"]},
        "epochs": 1000,
        "stepsPerEpoch": 250,
        "valSteps": 50,
        "deepSupervision": True,
    }


def test_variables_go_over_the_file(tmp_path: Path) -> None:
    file = _file(tmp_path, store="stores/a", data={"mode": "efficiency", "seed": 7}, trainer={"num_epochs": 30})
    assert read_settings(file) == Settings(
        store="stores/a", data={"mode": "efficiency", "seed": 7}, trainer={"num_epochs": 30}
    )
    over = {"PATCHSTREAM_SERVERS": "a:1,b:2", "PATCHSTREAM_MODE": "constant", "PATCHSTREAM_CA": "ca.pem"}
    assert read_settings(file | over) == Settings(
        servers="a:1,b:2",
        connect={"ca": "ca.pem"},
        data={"mode": "constant", "seed": 7},
        trainer={"num_epochs": 30},
    )


def test_a_curriculum_of_ones_own_takes_the_modes_place() -> None:
    stages = [{"patchSize": [16, 16, 16], "epochs": 500}, {"patchSize": [40, 56, 40], "epochs": 500}]
    spec = data_spec(TRAINING, "x", {"stages": stages, "plan": {"minimum": [16, 8, 8], "increment": [8, 8, 8]}})
    assert "mode" not in spec
    assert spec["plan"] == {
        "patchSize": [40, 56, 40],
        "batchSize": 9,
        "strides": [[1, 1, 1]] + [[2, 2, 2]] * 3,
        "minimum": [16, 8, 8],
        "increment": [8, 8, 8],
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sever": "a:1"}, "sever is not a known field. Known: store, servers, connect, data, trainer."),
        ({"data": {"epochs": 5}}, "data.epochs is 5; it must be left out: nnU-Net's plans, split and trainer"),
        ({"connect": {"tokn": "x"}}, "connect.tokn is not a known field"),
        ({"trainer": {"epochs": 5}}, "trainer.epochs is not a known field. Known: num_epochs, "),
        ({"store": "a", "servers": "b:1"}, 'servers is "b:1"; it must be left out, since a store is given'),
        ({"data": []}, "data is []; it must be an object"),
        ({"store": 5}, "store is 5; it must be text"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, settings: dict[str, object], message: str) -> None:
    with pytest.raises(PatchstreamError) as refused:
        read_settings(_file(tmp_path, **settings))
    assert message in str(refused.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(PatchstreamError, match=r"settings\.json: No such file"):
        read_settings({"PATCHSTREAM_NNUNET": str(tmp_path / "settings.json")})
    (tmp_path / "settings.json").write_text("{")
    with pytest.raises(PatchstreamError, match="it is no JSON"):
        read_settings({"PATCHSTREAM_NNUNET": str(tmp_path / "settings.json")})


def test_the_wire_has_the_layout_that_nnunet_reads() -> None:
    assert data_spec(TRAINING, "x", {"wire": {"image": "f16"}})["wire"] == {"image": "f16"}
    with pytest.raises(PatchstreamError, match=r"data\.wire\.layout"):
        data_spec(TRAINING, "x", {"wire": {"layout": "channels-last"}})


def test_without_store_and_servers_it_says_how_to_make_one() -> None:
    assert "patchstream import-nnunet /x/Dataset004_Hippocampus STORE" in str(nowhere("/x/Dataset004_Hippocampus"))


def test_a_training_goes_on_with_the_batches_it_began_with(tmp_path: Path) -> None:
    spec = data_spec(TRAINING, "x", {"mode": "efficiency"})
    with pytest.raises(PatchstreamError, match=r"patchstream\.json: there is no such file"):
        check_record(tmp_path, "1", spec)
    write_record(tmp_path, "1", spec)
    check_record(tmp_path, "1", spec)
    with pytest.raises(PatchstreamError, match=r'data\.mode is "constant"; it must be "efficiency", with which this'):
        check_record(tmp_path, "2", data_spec(TRAINING, "x", {"mode": "constant"}))
    with pytest.raises(PatchstreamError, match=r'the run digest is "2"; it must be 1, .* its data is another now'):
        check_record(tmp_path, "2", spec)
