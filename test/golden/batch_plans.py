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
        flips = [axis for axis in spec["augmentation"][0]["axes"] if not val and draws.uniform(MIRROR, sample, axis) < 0.5]
        crop = {"sample": sample, "case": case["id"], "transforms": [{"kind": "mirror", "axes": flips}] if flips else []}
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
    for strategy in ["nnunet", "single-volume", "multi-crop", "split-crop", "single-crop"]:
        for step, stage in [(0, 0), (4, 2), (16, 1)]:
            changed = spec | {"strategy": strategy, "seed": 2**40 + 7}
            plans.append({"strategy": strategy, "seed": 2**40 + 7, "plan": plan_batch(changed, table, "train", step, stage)})
    plans.append({"strategy": "split-crop", "seed": 1, "plan": plan_batch(spec, table, "val", 20, 2)})
    (HERE / "batch-plans.json").write_text(json.dumps(plans) + "\n")


main()
