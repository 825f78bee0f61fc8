"""A preprocessed folder of nnU-Net, as `nnUNetv2_plan_and_preprocess` leaves it: read, never written."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from patchstream.errors import PatchstreamError
from patchstream.nnunet.properties import CaseProperties, read_properties

CONFIGURATION = "3d_fullres"

_HASHED_PIECE = 1 << 20


@dataclass(frozen=True)
class PreprocessedCase:
    """One case: arrays as nnU-Net has them, after transposition, crop, normalisation and resampling."""

    case: str
    file: Path
    """The file that its image came from."""
    image: npt.NDArray[np.float32]
    """(C,Z,Y,X)."""
    label: npt.NDArray[np.int16]
    """(Z,Y,X); -1 outside of the nonzero mask."""
    properties: CaseProperties


@dataclass(frozen=True)
class PreprocessedFolder:
    """`nnUNet_preprocessed/DatasetXXX_Name` with one plans file of it."""

    path: Path
    plans: Mapping[str, object]
    dataset: Mapping[str, object]
    """dataset.json."""
    fingerprint: object | None
    splits: object | None
    """splits_final.json, which nnU-Net writes when a training begins."""
    arrays: Path
    """The folder of the arrays of 3d_fullres."""
    cases: tuple[str, ...]
    """Sorted."""

    @property
    def name(self) -> str:
        """The data set's name, `DatasetXXX_Name`."""
        return str(self.plans.get("dataset_name", self.path.name))

    def files(self, case: str) -> tuple[Path, ...]:
        """The files that hold a case; arrays first, its properties last. Throws INPUT_DAMAGED."""
        compressed, label = self.arrays / f"{case}.b2nd", self.arrays / f"{case}_seg.b2nd"
        unpacked, unpacked_label = self.arrays / f"{case}.npy", self.arrays / f"{case}_seg.npy"
        properties = self.arrays / f"{case}.pkl"
        for arrays in ((compressed, label), (self.arrays / f"{case}.npz",), (unpacked, unpacked_label)):
            if all(file.is_file() for file in arrays):
                return *arrays, properties
        raise damaged(properties, "its arrays are missing", f"beside {case}.b2nd and {case}_seg.b2nd, or {case}.npz")

    def sha256(self, case: str) -> str:
        """SHA-256 over the SHA-256s of a case's files, the original label's too."""
        reference = self.reference(case)
        files = self.files(case) if reference is None else (*self.files(case), reference)
        return hashlib.sha256("\n".join(_sha256(file) for file in files).encode()).hexdigest()

    def reference(self, case: str) -> Path | None:
        """The label as it came, on the original grid."""
        file = self.path / "gt_segmentations" / f"{case}{self.dataset.get('file_ending', '')}"
        return file if file.is_file() else None

    def read(self, case: str) -> PreprocessedCase:
        """Decodes one case. Throws INPUT_DAMAGED."""
        *arrays, properties = self.files(case)
        image, label = _decode(arrays)
        if image.ndim != 4 or label.shape != (1, *image.shape[1:]):
            reason = f"its image has shape {image.shape}, its label {label.shape}"
            raise damaged(arrays[0], reason, "(C,Z,Y,X) and (1,Z,Y,X), as nnU-Net writes them for 3d_fullres")
        if not np.isin(label, np.arange(-1, 32768)).all():
            raise damaged(arrays[-1], "its label holds a value that is none", "a whole number from -1 to 32767")
        return PreprocessedCase(
            case=case,
            file=arrays[0],
            image=np.ascontiguousarray(image, dtype=np.float32),
            label=np.ascontiguousarray(label[0], dtype=np.int16),
            properties=read_properties(properties, self.dataset),
        )


def open_preprocessed(folder: str | Path, plans_name: str = "nnUNetPlans") -> PreprocessedFolder:
    """Opens a preprocessed folder; `plans_name` is what `nnUNetv2_train -p` takes.

    Throws INPUT_DAMAGED for any other folder.
    """
    path = Path(folder).absolute()
    if not path.is_dir():
        raise damaged(path, "there is no such folder", "a folder nnUNet_preprocessed/DatasetXXX_Name")
    dataset = _read_object(path / "dataset.json", _whatever(path))
    plans_file = path / f"{plans_name}.json"
    if not plans_file.is_file():
        raise damaged(plans_file, "there is no such file", f"one of {_plans_in(path)}, chosen with --plans")
    plans = _read_object(plans_file, "plans")
    configurations = cast(Mapping[str, Mapping[str, object]], plans.get("configurations", {}))
    configuration = configurations.get(CONFIGURATION)
    if configuration is None:
        raise damaged(
            plans_file, f"it has no configuration {CONFIGURATION}", f"plans with it, not of {[*configurations]}"
        )
    arrays = path / str(configuration.get("data_identifier", f"{plans_name}_{CONFIGURATION}"))
    cases = tuple(sorted(file.stem for file in arrays.glob("*.pkl")))
    if not cases:
        want = f"filled by nnUNetv2_preprocess -plans_name {plans_name} -c {CONFIGURATION}"
        raise damaged(arrays, "it holds no preprocessed case", want)
    return PreprocessedFolder(
        path=path,
        plans=plans,
        dataset=dataset,
        fingerprint=_read_optional(path / "dataset_fingerprint.json"),
        splits=_read_optional(path / "splits_final.json"),
        arrays=arrays,
        cases=cases,
    )


def damaged(file: Path, reason: str, want: str) -> PatchstreamError:
    """INPUT_DAMAGED of a file or folder. `want` completes "it must be ..."."""
    return PatchstreamError({"code": "INPUT_DAMAGED", "file": str(file), "reason": reason, "want": want})


def _decode(files: list[Path]) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.generic]]:
    match files[0].suffix:
        case ".b2nd":
            return _blosc2(files[0]), _blosc2(files[1])
        case ".npz":
            with np.load(files[0], allow_pickle=False) as arrays:
                return arrays["data"], arrays["seg"]
        case _:
            return np.load(files[0], allow_pickle=False), np.load(files[1], allow_pickle=False)


def _blosc2(file: Path) -> npt.NDArray[np.generic]:
    import blosc2  # what has .npz alone needs it not  # pyright: ignore[reportMissingTypeStubs]

    try:
        return np.asarray(blosc2.open(urlpath=str(file), mode="r")[...])  # pyright: ignore
    except (OSError, RuntimeError, ValueError) as error:
        raise damaged(file, f"blosc2 cannot read it ({error})", "whole") from error


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while piece := content.read(_HASHED_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _read_object(file: Path, what: str) -> Mapping[str, object]:
    if not file.is_file():
        raise damaged(file, "there is no such file", what)
    try:
        value: object = json.loads(file.read_bytes())
    except ValueError as error:
        raise damaged(file, f"it is no JSON ({error})", "whole") from error
    if not isinstance(value, dict):
        raise damaged(file, "it is no JSON object", "as nnU-Net writes it")
    return cast(Mapping[str, object], value)


def _read_optional(file: Path) -> object | None:
    return json.loads(file.read_bytes()) if file.is_file() else None


def _whatever(path: Path) -> str:
    """What to say where dataset.json is missing, by what the folder looks like."""
    if next(path.glob("*.pkl"), None) is not None:
        return f"beside the arrays' folder: name {path.parent}, not its folder of arrays"
    below = sorted(entry.name for entry in path.glob("Dataset*") if entry.is_dir())
    if below:
        return f"in a data set's folder: name one of {', '.join(below[:5])} in {path}"
    return "in a folder nnUNet_preprocessed/DatasetXXX_Name, as nnUNetv2_plan_and_preprocess leaves it"


def _plans_in(path: Path) -> str:
    names = sorted(file.stem for file in path.glob("*Plans*.json"))
    if not names:
        is_raw = (path / "imagesTr").is_dir()
        run = "nnUNetv2_plan_and_preprocess" if is_raw else "nnUNetv2_plan_experiment"
        return f"the plans that {run} writes into nnUNet_preprocessed"
    return ", ".join(names)
