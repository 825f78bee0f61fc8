"""Compares stores with what nnU-Net's own DefaultPreprocessor makes of the same files and plans. Run by hand: it wants torch.

    pip install nnunetv2==2.8.1 batchgenerators==0.25.5 numpy==2.4.6 scipy==1.17.1 scikit-image==0.26.0 zarr==3.1.6
    python test/python/beside_nnunet.py make examples/data/Task04_Hippocampus OUT
    for kind in plain regions ignore both; do npx patchstream ingest OUT/$kind OUT/$kind-store; done
    python test/python/beside_nnunet.py compare OUT

`make` writes four data sets of four of the sample's cases: two with other spacings, so that they are resampled, and two with a border of
zeros or a corner without an image; a third label, as a class, in regions, or as the ignore label.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np

SPACINGS_ZYX = [(1, 1, 1), (1.3, 0.8, 1.1), (0.7, 1.2, 1.9), (1, 1, 1)]
KINDS = {
    "plain": {"labels": {"background": 0, "first": 1, "second": 2, "third": 3}},
    "regions": {
        "labels": {"background": 0, "whole": [1, 2, 3], "inner": [2, 3], "core": 3},
        "regions_class_order": [1, 2, 3],
    },
    "ignore": {"labels": {"background": 0, "first": 1, "second": 2, "ignore": 3}},
    "both": {"labels": {"background": 0, "whole": [1, 2], "inner": 2, "ignore": 3}, "regions_class_order": [1, 2]},
}


def make(sample: Path, out: Path) -> None:
    import nibabel as nib

    names = sorted(file.name for file in (sample / "labelsTr").glob("*.nii.gz"))[: len(SPACINGS_ZYX)]
    for kind, fields in KINDS.items():
        for folder in ("imagesTr", "labelsTr"):
            (out / kind / folder).mkdir(parents=True, exist_ok=True)
        for index, name in enumerate(names):
            channel = name.replace(".nii.gz", "_0000.nii.gz")
            image = np.asarray(nib.load(sample / "imagesTr" / channel).dataobj).astype(np.float32)
            label = np.asarray(nib.load(sample / "labelsTr" / name).dataobj).astype(np.uint8)
            if index == 1:
                image[:3] = 0
                image[:, :, -2:] = 0
            if index == 3:
                image[:6, :6] = 0
            if "ignore" in fields["labels"]:
                label[:, : label.shape[1] // 3] = 3
                label[-4:] = 3
            else:
                blocks = np.indices(label.shape) // 3
                label[(label == 2) & (blocks.sum(0) % 2 == 0)] = 3
            affine = np.diag([*SPACINGS_ZYX[index][::-1], 1.0])
            nib.save(nib.Nifti1Image(image, affine), out / kind / "imagesTr" / channel)
            nib.save(nib.Nifti1Image(label, affine), out / kind / "labelsTr" / name)
        json_fields = {"channel_names": {"0": "MRI"}, "numTraining": len(names), "file_ending": ".nii.gz", **fields}
        (out / kind / "dataset.json").write_text(json.dumps(json_fields))


def expected_locations(record: dict) -> dict:
    """nnU-Net's key of each list of locations, and ours."""
    regions = record.get("regions")
    keys = {value: value for value in record["classes"]}
    if regions:
        keys = {(tuple(one["values"]) if len(one["values"]) > 1 else one["values"][0]): index + 1 for index, one in enumerate(regions)}
    if "ignoreLabel" in record:
        keys[(-1, *range(record["ignoreLabel"]))] = 0
    return keys


def compare_kind(raw: Path, store: Path) -> None:
    import zarr
    from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    root = zarr.open_group(store, mode="r")
    record = root.attrs["patchstream"]
    plans = PlansManager(str(store / record["files"]["plans.json"]["file"]))
    settings = plans.get_configuration("3d_fullres")
    fields = json.loads((raw / "dataset.json").read_text())
    image_difference, labels_different, voxels, lists, same_lists = 0.0, 0, 0, 0, 0
    for case in record["cases"]:
        files = [str(raw / "imagesTr" / f"{case['id']}_0000.nii.gz")], str(raw / "labelsTr" / f"{case['id']}.nii.gz")
        image, label, properties = DefaultPreprocessor(verbose=False).run_case(*files, plans, settings, fields)
        group = root[case["folder"]]
        image_difference = max(image_difference, float(np.abs(group["image"][:] - image).max()))
        labels_different += int((group["label"][:] != label[0]).sum())
        voxels += label.size
        theirs = properties["class_locations"]
        ours = expected_locations(record)
        assert set(theirs) == set(ours), f"{case['id']}: classes {list(theirs)}"
        for key, of in ours.items():
            places = {tuple(place) for place in group[f"locations/{of}"][:].tolist()}
            wanted = {tuple(int(at) for at in place[1:]) for place in theirs[key]}
            assert len(places) == len(wanted), f"{case['id']}: number of locations of {key}"
            assert np.isin([label[0][place] for place in places], key).all(), f"{case['id']}: locations of {key}"
            lists += 1
            same_lists += places == wanted
    print(
        f"{raw.name}: {len(record['cases'])} cases, {labels_different} of {voxels} label voxels differ, images by at most "
        f"{image_difference:.2g}; {lists} lists of locations of the same length, {same_lists} of them the same voxels"
    )


def main() -> None:
    command, *paths = sys.argv[1:]
    if command == "make":
        return make(Path(paths[0]), Path(paths[1]))
    for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"):
        os.environ.setdefault(name, paths[0])
    for kind in KINDS:
        compare_kind(Path(paths[0]) / kind, Path(paths[0]) / f"{kind}-store")


if __name__ == "__main__":
    main()
