"""A run spec as a trainer reads it: `data` goes to the data servers, `training` stays here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

from patchstream.errors import KNOWN_FIELD, PatchstreamError, refuse
from patchstream.trainer.networks.description import NETWORKS, NetworkName

Read: TypeAlias = Callable[[object, str], Any]

_FORM = 'The least is { "data": { "dataset": NAME } }, with the name that inspect prints first.'
_MOST_FEATURES = 4096
_LARGEST_SEED = 2**53 - 1
_LONGEST_NAME = 256


OptimizerName = Literal["sgd", "adamw"]


@dataclass(frozen=True, slots=True)
class StepSettings:
    """Settings of one optimiser step."""

    optimizer: OptimizerName
    learning_rate: float
    momentum: float
    weight_decay: float
    gradient_clip: float
    """Largest L2 norm of all gradients together; larger ones are scaled down to it."""


ControlKind = Literal["scheduled", "manual", "adaptive"]


@dataclass(frozen=True, slots=True)
class Control:
    """Who decides the stage of a step.

    `scheduled`: the run's schedule, and over it whoever sets a stage by hand. `manual`: the latter and nobody else.
    `adaptive` advances one stage when the moving average of the pseudo Dice has stopped rising; the other fields are
    its. Epochs are those since a stage began.
    """

    kind: ControlKind = "scheduled"
    least_epochs: int = 1
    """No advance before so many epochs."""
    most_epochs: int | None = None
    """An advance after so many. None: those that the schedule has for the stage."""
    patience: int = 10
    """Epochs without a rise. 10 is what the moving average remembers: 1 / (1 - 0.9) epochs."""
    min_delta: float = 0.001
    """What counts as a rise, above."""


@dataclass(frozen=True, slots=True)
class TrainingSpec:
    """The training half with its defaults, which are nnU-Net's (`nnUNetTrainer.py`)."""

    network: NetworkName | Literal["auto"] = "auto"
    """"auto": what the plan is made for."""
    base_features: int | None = None
    """Channels of the finest level; each coarser level has twice as many. None: the plan's own `features`, or 32."""
    engine: str = "auto"
    """"auto": the fastest one that is here."""
    optimizer: OptimizerName = "sgd"
    learning_rate: float = 0.01
    momentum: float = 0.99
    """Nesterov's; adamw has none."""
    weight_decay: float = 3e-5
    gradient_clip: float = 12.0
    """Largest L2 norm of all gradients together."""
    batch_dice: bool | None = None
    """Dice sums run over the batch before the ratio is taken. None: as the plan of the data servers' store has it."""
    validation: bool | None = None
    """Each epoch ends with the run's validation batches. None: where it has any."""
    control: Control = Control()
    seed: int = 1
    """Of the initial weights."""


@dataclass(frozen=True, slots=True)
class RunSpec:
    """A whole run. `data` is as its author wrote it; the data server resolves it."""

    data: Mapping[str, Any]
    training: TrainingSpec

    @property
    def dataset(self) -> str:
        """Name of the data set."""
        return self.data["dataset"]


_RATES: Mapping[OptimizerName, Mapping[str, float]] = {
    "sgd": {"learning_rate": 0.01, "weight_decay": 3e-5},
    "adamw": {"learning_rate": 1e-4, "weight_decay": 1e-5},
}
"""nnU-Net's SGD, and MONAI's recipe for its transformers (its tutorial `unetr_btcv_segmentation_3d`)."""


def parse_run_spec(value: object) -> RunSpec:
    """Reads both halves. Raises SPEC_INVALID naming the field."""
    fields = _members(value, "the run spec")
    for name, entry in fields.items():
        if name not in ("data", "training"):
            raise refuse(name, entry, 'left out: a run spec has "data" and "training" only', _FORM)
    if "data" not in fields:
        raise _missing("data", "an object", _FORM)
    data = _members(fields["data"], "data")
    if "dataset" not in data:
        raise _missing("data.dataset", "the name of the data set")
    _name(data["dataset"], "data.dataset")
    return RunSpec(data, parse_training_spec(fields.get("training", {})))


def parse_training_spec(value: object) -> TrainingSpec:
    """Reads the training half, filling in defaults. Raises SPEC_INVALID naming the field under `training`."""
    given: dict[str, Any] = {}
    for name, entry in _members(value, "training").items():
        field = f"training.{name}"
        if name not in _READERS:
            known = f"Known: {', '.join(_READERS)}."
            raise PatchstreamError({"code": "SPEC_INVALID", "field": field, "got": entry, "want": KNOWN_FIELD}, known)
        attribute, read = _READERS[name]
        given[attribute] = read(entry, field)
    if given.get("optimizer", "auto") == "auto":
        # A plan's own network is a U-Net.
        given["optimizer"] = "adamw" if given.get("network") in ("unetr", "swin-unetr") else "sgd"
    if given["optimizer"] == "adamw" and "momentum" in given:
        raise refuse("training.momentum", given["momentum"], "left out for the optimizer adamw")
    chosen: dict[str, Any] = {**_RATES[given["optimizer"]], **given}
    return TrainingSpec(**chosen)


def _missing(field: str, want: str, hint: str | None = None) -> PatchstreamError:
    return PatchstreamError({"code": "SPEC_INVALID", "field": field, "want": want}, hint)


def _members(value: object, field: str) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return cast(Mapping[str, Any], value)
    raise refuse(field, value, "an object")


def _name(value: object, field: str) -> str:
    if isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME:
        return value
    raise refuse(field, value, f"text of 1 to {_LONGEST_NAME} characters")


def _truth(value: object, field: str) -> bool:
    if isinstance(value, bool):
        return value
    raise refuse(field, value, "true or false")


def _word(*known: str) -> Read:
    want = "one of " + ", ".join(f'"{one}"' for one in known)

    def read(value: object, field: str) -> str:
        if isinstance(value, str) and value in known:
            return value
        raise refuse(field, value, want)

    return read


def _integer(least: int, most: int) -> Read:
    def read(value: object, field: str) -> int:
        is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if is_whole and not isinstance(value, bool) and least <= cast(int, value) <= most:
            return int(cast(int, value))
        raise refuse(field, value, f"an integer from {least} to {most}")

    return read


def _real(least: float, most: float, *, above: bool = False) -> Read:
    want = f"a number above {least:g}, at most {most:g}" if above else f"a number from {least:g} to {most:g}"

    def read(value: object, field: str) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and value <= most:  # noqa: SIM102
            if value > least or (value == least and not above):
                return float(value)
        raise refuse(field, value, want)

    return read


def _control(value: object, field: str) -> Control:
    given: dict[str, Any] = {}
    for name, entry in _members(value, field).items():
        if name not in _CONTROL_READERS:
            facts = {"code": "SPEC_INVALID", "field": f"{field}.{name}", "got": entry, "want": KNOWN_FIELD}
            raise PatchstreamError(facts, f"Known: {', '.join(_CONTROL_READERS)}.")
        attribute, read = _CONTROL_READERS[name]
        given[attribute] = read(entry, f"{field}.{name}")
        if attribute != "kind":
            given.setdefault("first", (name, entry))
    name, got = given.pop("first", (None, None))
    if "kind" not in given:
        raise _missing(f"{field}.kind", 'one of "scheduled", "manual", "adaptive"')
    control = Control(**given)
    if control.kind != "adaptive" and name is not None:
        raise refuse(f"{field}.{name}", got, f'left out where {field}.kind is "{control.kind}"')
    if control.most_epochs is not None and control.most_epochs < control.least_epochs:
        want = f"at least leastEpochs, {control.least_epochs}"
        raise refuse(f"{field}.mostEpochs", control.most_epochs, want)
    return control


_MOST_EPOCHS = 100_000
_CONTROL_READERS: Mapping[str, tuple[str, Read]] = {
    "kind": ("kind", _word("scheduled", "manual", "adaptive")),
    "leastEpochs": ("least_epochs", _integer(1, _MOST_EPOCHS)),
    "mostEpochs": ("most_epochs", _integer(1, _MOST_EPOCHS)),
    "patience": ("patience", _integer(1, _MOST_EPOCHS)),
    "minDelta": ("min_delta", _real(0, 1)),
}

_READERS: Mapping[str, tuple[str, Read]] = {
    "network": ("network", _word("auto", *NETWORKS)),
    "optimizer": ("optimizer", _word("auto", "sgd", "adamw")),
    "validation": ("validation", _truth),
    "control": ("control", _control),
    "baseFeatures": ("base_features", _integer(1, _MOST_FEATURES)),
    "engine": ("engine", _name),
    "learningRate": ("learning_rate", _real(0, 100, above=True)),
    "momentum": ("momentum", _real(0, 1)),
    "weightDecay": ("weight_decay", _real(0, 1)),
    "gradientClip": ("gradient_clip", _real(0, 1e6, above=True)),
    "batchDice": ("batch_dice", _truth),
    "seed": ("seed", _integer(0, _LARGEST_SEED)),
}
