"""What a peer's script speaks: requests in, answers out, one JSON object a line, and nothing else on its output.

    {"open": JOB}                            opens a loader, closing the one before; answers {"batchesPerRefill": n}
    {"prove": {"samples": n}}                what batches hold, over at least n samples
    {"take": {"seconds": s}}                 takes batches for at least s seconds; answers their times and counts
    {"train": {"steps": n, "stepSeconds": s}} takes n batches and sleeps s after each, the first one not timed
    {"close": true}

An arm is a context manager from a job to an endless iterator of (image (B,C,Z,Y,X), label (B,1,Z,Y,X) or (B,Z,Y,X)).
"""

import contextlib
import json
import os
import sys
import time
from dataclasses import dataclass
from typing import Any, Callable, ContextManager, Iterator

import numpy as np


@dataclass
class Loader:
    batches: Iterator[tuple[Any, Any]]
    # A loader that works in bursts is timed over whole ones.
    batches_per_refill: int = 1


def serve(open_loader: Callable[[dict], ContextManager[Loader]]) -> None:
    """Answers until the input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print is no answer
    with contextlib.ExitStack() as opened:
        loader = None
        for line in sys.stdin:
            request = json.loads(line)
            if "open" in request or "close" in request:
                loader = None
                opened.close()
                answer = {}
            if "open" in request:
                loader = opened.enter_context(open_loader(request["open"]))
                answer = {"batchesPerRefill": loader.batches_per_refill}
            if "prove" in request:
                answer = prove(loader, **request["prove"])
            if "take" in request:
                answer = take(loader, **request["take"])
            if "train" in request:
                answer = train(loader, **request["train"])
            print(json.dumps(answer), file=answers)


def take(loader: Loader, seconds: float) -> dict:
    batch_seconds, samples, voxels = [], 0, 0
    cpu = time.process_time()
    start = before = time.perf_counter()
    while before - start < seconds or len(batch_seconds) % loader.batches_per_refill:
        image, _ = next(loader.batches)
        now = time.perf_counter()
        batch_seconds.append(now - before)
        samples += image.shape[0]
        voxels += _count(image.shape)
        before = now
    return {
        "batchSeconds": batch_seconds,
        "cpuSeconds": time.process_time() - cpu,
        "samples": samples,
        "voxels": voxels,
    }


def train(loader: Loader, steps: int, stepSeconds: float) -> dict:
    next(loader.batches)
    time.sleep(stepSeconds)
    start = time.perf_counter()
    for _ in range(steps):
        next(loader.batches)
        time.sleep(stepSeconds)
    return {"seconds": time.perf_counter() - start}


def prove(loader: Loader, samples: int) -> dict:
    seen = foreground = 0
    while seen < samples:
        image, label = map(np.asarray, next(loader.batches))
        foreground += int((label.reshape(label.shape[0], -1) > 0).any(1).sum())
        seen += image.shape[0]
    return {
        "samples": seen,
        "foregroundSamples": foreground,
        "imageShape": list(image.shape),
        "imageType": str(image.dtype),
        "labelType": str(label.dtype),
    }


def _count(shape) -> int:
    count = 1
    for extent in shape:
        count *= extent
    return count
