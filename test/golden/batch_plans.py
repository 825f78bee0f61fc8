"""Writes batch-plans.json: whole batch plans by an implementation of its own, straight from docs/reference/spec.md.

Needs nothing but Python 3.10 or newer:  python test/golden/batch_plans.py
The output changes only when RECIPE rises.
"""

import json
import math
from pathlib import Path

HERE = Path(__file__).parent
MASK = 0xFFFFFFFF
BATCH_CASE, SAMPLE_CASE, CASE_ORDER, CLASS, LOCATION, START, MIRROR = range(1, 8)
ROTATION, SCALING, NOISE, NOISE_VOXELS, BLUR, BRIGHTNESS, CONTRAST, LOW_RESOLUTION, GAMMA_INVERTED, GAMMA = range(8, 18)

# nnU-Net's default (nnUNetTrainer.py, get_training_transforms), for a data set whose channel 0 was normalised within a mask.
NNUNET = [
    {"kind": "spatial", "rotationProbability": 0.2, "rotationDegrees": [-30, 30], "inPlaneDegrees": [-180, 180],
     "scalingProbability": 0.2, "scaling": [0.7, 1.4]},
    {"kind": "noise", "probability": 0.1, "range": [0, 0.1]},
    {"kind": "blur", "probability": 0.2, "channelProbability": 0.5, "range": [0.5, 1]},
    {"kind": "brightness", "probability": 0.15, "range": [0.75, 1.25]},
    {"kind": "contrast", "probability": 0.15, "range": [0.75, 1.25]},
    {"kind": "low-resolution", "probability": 0.25, "channelProbability": 0.5, "range": [0.5, 1]},
    {"kind": "gamma", "inverted": True, "probability": 0.1, "range": [0.7, 1.5]},
    {"kind": "gamma", "inverted": False, "probability": 0.3, "range": [0.7, 1.5]},
    {"kind": "mirror", "axes": [0, 1, 2]},
    {"kind": "mask", "channels": [0]},
]


def philox4x32(counter, key):
    """Philox4x32-10 (Salmon et al., SC11)."""
    a, b, c, d = counter
    low, high = key
    for _ in range(10):
        p, q = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (q >> 32) ^ b ^ low, q & MASK, (p >> 32) ^ d ^ high, p & MASK
        low, high = (low + 0x9E3779B9) & MASK, (high + 0xBB67AE85) & MASK
    return a, b, c, d


class Draws:
    """All draws of one step of a timeline."""

    def __init__(self, seed, timeline, step):
        self.key, self.val, self.step = (seed & MASK, seed >> 32), int(timeline == "val"), step

    def uniform(self, purpose, sample, index):
        first, second, _, _ = philox4x32((self.step, sample, 2 * purpose + self.val, index), self.key)
        return ((first >> 5 << 26) | (second >> 6)) / 2**53

    def integer(self, purpose, sample, index, count):
        return math.floor(self.uniform(purpose, sample, index) * count)

    def between(self, purpose, sample, index, low, high):
        return low + self.uniform(purpose, sample, index) * (high - low)


def two_cases(draws, count):
    first = draws.integer(BATCH_CASE, 0, 0, count)
    rest = [case for case in range(count) if case != first]
    return first, rest[draws.integer(BATCH_CASE, 0, 1, count - 1)]


def shuffled(draws, count, turn):
    order = list(range(count))
    for last in range(count - 1, 0, -1):
        other = draws.integer(CASE_ORDER, turn, last, last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def case_of_each(draws, strategy, batch, randoms, count):
    """Index of the case that gives each sample; the first `randoms` are random patches."""
    if strategy == "nnunet":
        return [draws.integer(SAMPLE_CASE, sample, 0, count) for sample in range(batch)]
    if strategy == "single-volume":
        return [draws.integer(BATCH_CASE, 0, 0, count)] * batch
    if strategy == "single-crop":
        return [shuffled(draws, count, sample // count)[sample % count] for sample in range(batch)]
    first, second = two_cases(draws, count)
    if strategy == "multi-crop":
        return [(first, second)[sample % 2] for sample in range(batch)]
    return [second if sample < randoms else first for sample in range(batch)]


def random_start(draws, sample, axis, shape, patch):
    """nnU-Net's get_bbox, on one axis, where the patch that is read is the network's."""
    need = max(0, patch - shape)
    lower, upper = -need // 2, shape + need // 2 + need % 2 - patch
    return lower + draws.integer(START, sample, axis, upper - lower + 1)


def factors(draws, purpose, sample, channels, low, high):
    """Each channel's own, half of them below 1 and half above."""
    values = []
    for channel in range(channels):
        below = draws.uniform(purpose, sample, 1 + 2 * channel) < 0.5
        values.append(draws.between(purpose, sample, 2 + 2 * channel, *((low, 1) if below else (1, high))))
    return values


def spatial(draws, entry, sample, flat):
    turned = draws.uniform(ROTATION, sample, 0) < entry["rotationProbability"]
    scaled = draws.uniform(SCALING, sample, 0) < entry["scalingProbability"]
    if not turned and not scaled:
        return None
    angles = [0, 0, 0]
    for axis in range(3 if turned and not flat else int(turned)):
        degrees = entry["inPlaneDegrees" if flat else "rotationDegrees"]
        angles[axis] = draws.between(ROTATION, sample, 1 + axis, *degrees) * math.pi / 180
    scale = draws.between(SCALING, sample, 1, *entry["scaling"]) if scaled else 1
    return {"anglesRad": angles, "scale": scale, "inPlane": flat}


def channelwise(draws, purpose, entry, sample, channels, width, value):
    """`value(first index)` for each channel that has one, or None where none has."""
    firsts = [1 + width * channel for channel in range(channels)]
    has = [draws.uniform(purpose, sample, first) < entry["channelProbability"] for first in firsts]
    return [value(first + 1) if one else None for first, one in zip(firsts, has)] if any(has) else None


def drawn(draws, entry, sample, channels, patch):
    """Parameters of one transform of one sample, or None."""
    kind, flat = entry["kind"], max(patch) / patch[0] > 3
    if kind == "spatial":
        return spatial(draws, entry, sample, flat)
    if kind == "mirror":
        flips = [axis for axis in entry["axes"] if draws.uniform(MIRROR, sample, axis) < 0.5]
        return {"axes": flips} if flips else None
    if kind == "mask":
        return {"channels": entry["channels"]}
    inverted = entry.get("inverted", False)
    purposes = {"noise": NOISE, "blur": BLUR, "brightness": BRIGHTNESS, "contrast": CONTRAST}
    purposes |= {"low-resolution": LOW_RESOLUTION, "gamma": GAMMA_INVERTED if inverted else GAMMA}
    purpose, (low, high) = purposes[kind], entry["range"]
    if draws.uniform(purpose, sample, 0) >= entry["probability"]:
        return None
    if kind == "noise":
        sigma = draws.between(NOISE, sample, 1, low, high)
        return {"sigma": sigma, "counter": [draws.step, sample, 2 * NOISE_VOXELS + draws.val]}
    if kind in ("blur", "low-resolution"):
        each_axis = kind == "blur"

        def value(first):
            zyx = [draws.between(purpose, sample, first + axis * each_axis, low, high) for axis in range(3)]
            return [1, *zyx[1:]] if flat and not each_axis else zyx

        values = channelwise(draws, purpose, entry, sample, channels, 4 if each_axis else 2, value)
        return values and {"sigmas" if each_axis else "zooms": values}
    values = factors(draws, purpose, sample, channels, low, high)
    return {"inverted": inverted, "gammas": values} if kind == "gamma" else {"factors": values}


def plan_batch(spec, table, timeline, step, stage):
    val = timeline == "val"
    sizes = {**spec["plan"], "foregroundFraction": 0.33} if val else spec["stages"][stage]
    batch, patch = sizes["batchSize"], sizes["patchSize"]
    ids = spec["split"]["val" if val else "train"]
    cases = {case["id"]: case for case in table["cases"]}
    draws = Draws(spec["seed"], timeline, step)
    randoms = round(batch * (1 - sizes["foregroundFraction"]))
    owners = case_of_each(draws, "nnunet" if val else spec["strategy"], batch, randoms, len(ids))
    crops = []
    for sample, owner in enumerate(owners):
        case = cases[ids[owner]]
        augmentation = [] if val else spec["augmentation"]
        parameters = [(entry["kind"], drawn(draws, entry, sample, table["channels"], patch)) for entry in augmentation]
        transforms = [{"kind": kind} | values for kind, values in parameters if values is not None]
        crop = {"sample": sample, "case": case["id"], "transforms": transforms}
        counts = {label: count for label, count in zip(table["classes"], case["foregroundCounts"]) if count > 0}
        if sample >= randoms and counts:
            label = sorted(counts)[draws.integer(CLASS, sample, 0, len(counts))]
            crop |= {"kind": "foreground", "class": label, "location": draws.integer(LOCATION, sample, 0, counts[label])}
        else:
            lower = [random_start(draws, sample, axis, case["shape"][axis], patch[axis]) for axis in range(3)]
            crop |= {"kind": "random", "lower": lower}
        crops.append(crop)
    address = {"timeline": timeline, "step": step, "stage": stage}
    return address | {"patchSize": patch, "cropSize": patch, "globalBatch": batch, "crops": crops}


def main():
    given = json.loads((HERE / "six-cases.json").read_text())
    table, spec = given["cases"], given["spec"]
    plans = []

    def add(changes, channels, timeline, step, stage):
        plan = plan_batch(spec | changes, table | {"channels": channels}, timeline, step, stage)
        plans.append({"spec": changes, "channels": channels, "plan": plan})

    for strategy in ["nnunet", "single-volume", "multi-crop", "split-crop", "single-crop"]:
        for step, stage in [(0, 0), (4, 2), (16, 1)]:
            add({"strategy": strategy, "seed": 2**40 + 7}, 1, "train", step, stage)
    add({}, 1, "val", 20, 2)
    flat = {"patchSize": [8, 32, 32], "batchSize": 24, "epochs": 7, "foregroundFraction": 0.5}
    add({"augmentation": NNUNET}, 2, "train", 3, 0)
    add({"augmentation": NNUNET, "stages": [flat]}, 1, "train", 3, 0)
    (HERE / "batch-plans.json").write_text(json.dumps(plans) + "\n")


main()
