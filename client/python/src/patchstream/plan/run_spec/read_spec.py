"""Reads a resolved spec: what a server answers to DescribeRun, and what the run digest is taken over."""

import json
from collections.abc import Mapping

from patchstream.errors import PatchstreamError, refuse
from patchstream.plan.curriculum.stage import NetworkPlan, Stage
from patchstream.plan.run_spec.augmentation import read_augmentation
from patchstream.plan.run_spec.members import Members, read_object
from patchstream.plan.run_spec.read import read_integer, read_list, read_real, read_text, read_truth, read_zyx, word
from patchstream.plan.run_spec.resolved_spec import (
    IMAGE_TYPES,
    LABEL_TYPES,
    LAYOUTS,
    RECIPE,
    STAGE_ORDERS,
    STRATEGIES,
    ResolvedSpec,
    Split,
    WireFormat,
)
from patchstream.zyx import Zyx


def read_spec(spec: bytes | str | Mapping[str, object]) -> ResolvedSpec:
    """A resolved spec, as its bytes, its JSON or its value. `RunInfo.spec` has it.

    Raises SPEC_INVALID for a spec that is not resolved or not JSON, and RECIPE_UNKNOWN for one of another recipe.
    """
    given = read_object(_decoded(spec), "data")
    recipe = given.read("recipe", read_integer)
    if recipe != RECIPE:
        hint = "Its batches are made in another way: use the version of this package that speaks it."
        raise PatchstreamError({"code": "RECIPE_UNKNOWN", "recipe": recipe, "speaks": RECIPE}, hint)
    split, wire = given.read("split", read_object), given.read("wire", read_object)
    return ResolvedSpec(
        dataset=given.read("dataset", read_text),
        dataset_digest=given.read("datasetDigest", read_text),
        split=Split(train=split.read_list("train", read_text), val=split.read_list("val", read_text)),
        plan=given.read("plan", read_network_plan),
        stages=given.read_list("stages", _read_stage),
        stage_order=given.read("stageOrder", word(STAGE_ORDERS)),
        strategy=given.read("strategy", word(STRATEGIES)),
        epochs=given.read("epochs", read_integer),
        steps_per_epoch=given.read("stepsPerEpoch", read_real),
        val_steps=given.read("valSteps", read_integer),
        seed=given.read("seed", read_integer),
        augmentation=given.read_list("augmentation", read_augmentation),
        wire=WireFormat(
            image=wire.read("image", word(IMAGE_TYPES)),
            label=wire.read("label", word(LABEL_TYPES)),
            layout=wire.read("layout", word(LAYOUTS)),
        ),
        deep_supervision=given.read("deepSupervision", read_truth),
    )


def _decoded(spec: bytes | str | Mapping[str, object]) -> object:
    if isinstance(spec, Mapping):
        return spec
    try:
        return json.loads(spec)
    except ValueError as error:
        raise refuse("data", spec[:60], f"a resolved spec as JSON ({error})") from error


def read_network_plan(value: object, field: str) -> NetworkPlan:
    """A network plan, as a resolved spec or a description of a data set has it."""
    given = read_object(value, field)
    return NetworkPlan(
        patch_size=given.read("patchSize", read_zyx),
        batch_size=given.read("batchSize", read_integer),
        pooling=given.read("pooling", read_zyx),
        minimum=given.read_optional("minimum", read_zyx),
        increment=given.read_optional("increment", read_zyx),
        strides=given.read_optional("strides", _read_sizes),
    )


def _read_sizes(value: object, field: str) -> tuple[Zyx, ...]:
    return read_list(value, field, read_zyx)


def _read_stage(value: object, field: str) -> Stage:
    given: Members = read_object(value, field)
    return Stage(
        patch_size=given.read("patchSize", read_zyx),
        batch_size=given.read("batchSize", read_integer),
        epochs=given.read("epochs", read_integer),
        foreground_fraction=given.read("foregroundFraction", read_real),
        crop_size=given.read_optional("cropSize", read_zyx),
    )
