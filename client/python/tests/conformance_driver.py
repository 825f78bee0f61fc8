"""This client as a command, for the suite that holds clients to the protocol: `docs/reference/conformance.md`.

Reads calls from stdin, one a line, and answers each on stdout as soon as it has its result.
"""

import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

import patchstream
from patchstream import Batch, DataClient, PatchstreamError, Run

Json: TypeAlias = dict[str, Any]
"""An object of the lines, as JSON has it: what the suite says is not checked."""

OF_RUN = {"timeline": "timeline", "rank": "rank", "ranks": "ranks"}
CREDIT = {"creditBatches": "credit_batches", "creditBytes": "credit_bytes"}


def named(call: Json, names: Mapping[str, str]) -> Json:
    """The parameters of a call that are given, as Python calls them."""
    return {ours: call[theirs] for theirs, ours in names.items() if call.get(theirs) is not None}


def sha256(array: NDArray[np.generic]) -> str:
    return hashlib.sha256(array.tobytes()).hexdigest()


def tensor(kind: str, array: NDArray[np.generic]) -> Json:
    return {"type": kind, "shape": array.shape, "sha256": sha256(array)}


def label(array: NDArray[np.generic]) -> Json:
    return tensor("u8" if array.dtype == np.uint8 else "i16", array)


def batch_line(batch: Batch) -> Json:
    samples = [
        {"case": one.case, "kind": one.kind, "class": one.label_class, "start": one.start, "size": one.size}
        for one in batch.samples
    ]
    line = {
        "step": batch.step,
        "stage": batch.stage,
        "globalBatch": batch.global_batch,
        "patchSize": batch.patch_size,
        "image": tensor(batch.image_type, batch.image),
        "label": label(batch.label),
        "deepLabels": [label(one) for one in batch.deep_labels],
        "samples": samples,
        "checksum": batch.checksum,
        "carrier": batch.carrier,
    }
    batch.release()
    return line


class Driver:
    """The clients and runs that the suite has opened, by number."""

    def __init__(self) -> None:
        self._clients: dict[int, DataClient] = {}
        self._runs: dict[int, Run] = {}
        self._numbers = count(1)

    def answer(self, call: Json) -> object:
        """The result of a call. Raises what the client raises."""
        calls: Mapping[str, Callable[[Json], object]] = {
            "connect": self._connect,
            "disconnect": self._disconnect,
            "describeDataset": self._describe_dataset,
            "describeRun": self._describe_run,
            "openRun": self._open_run,
            "next": self._next,
            "firstUnwanted": lambda call: {"step": self._run(call).first_unwanted},
            "changeStage": self._change_stage,
            "closeRun": self._close_run,
            "getBatch": self._get_batch,
            "readImage": lambda call: {"sha256": sha256(self._client(call).read_image(call["case"]))},
            "readLabel": lambda call: {"sha256": sha256(self._client(call).read_label(call["case"]))},
            "readLocations": self._read_locations,
            "preview": self._preview,
        }
        return calls[call["call"]](call)

    def _client(self, call: Json) -> DataClient:
        return self._clients[call["client"]]

    def _run(self, call: Json) -> Run:
        return self._runs[call["run"]]

    def _connect(self, call: Json) -> Json:
        addresses: Sequence[str] = call["addresses"]
        client = patchstream.connect(
            addresses, deadline_s=call["deadlineMs"] / 1e3, carrier=call["carrier"], **call.get("tls", {})
        )
        self._clients[call["client"]] = client
        return {}

    def _disconnect(self, call: Json) -> Json:
        self._client(call).close()
        return {}

    def _describe_dataset(self, call: Json) -> Json:
        described = self._client(call).describe_dataset()
        return {"digest": described.digest, "cases": [case.id for case in described.cases]}

    def _describe_run(self, call: Json) -> Json:
        described = self._client(call).describe_run(call["spec"])
        return {"digest": described.digest, "steps": described.train.steps, "stages": len(described.train.stages)}

    def _open_run(self, call: Json) -> Json:
        decisions = [{**decision, "from_step": decision["fromStep"]} for decision in call["decisions"]]
        options = named(call, {**OF_RUN, **CREDIT})
        number = next(self._numbers)
        self._runs[number] = self._client(call).open_run(
            call["spec"], start_step=call["from"], decisions=decisions, **options
        )
        return {"run": number}

    def _next(self, call: Json) -> Json | None:
        batch = next(self._run(call), None)
        return None if batch is None else batch_line(batch)

    def _change_stage(self, call: Json) -> Json:
        from_step = call.get("fromStep")
        immediate = from_step == "immediate"
        changed = self._run(call).change_stage(
            call["stage"],
            None if immediate else from_step,
            reason=call["reason"],
            hold=call.get("hold", False),
            immediate=immediate,
        )
        line = {
            "stage": changed.stage,
            "fromStep": changed.from_step,
            "reason": changed.reason,
            "hold": changed.hold,
        }
        return line if changed.schedule_from is None else {**line, "scheduleFrom": changed.schedule_from}

    def _close_run(self, call: Json) -> Json:
        self._run(call).close()
        return {}

    def _get_batch(self, call: Json) -> Json:
        options = named(call, {**OF_RUN, "stage": "stage"})
        return batch_line(self._client(call).get_batch(call["spec"], step=call["step"], **options))

    def _read_locations(self, call: Json) -> Json:
        return {"count": len(self._client(call).read_locations(call["case"], call["class"]))}

    def _preview(self, call: Json) -> Json:
        png = self._client(call).preview(call["spec"], step=call["step"]).png
        return {"sha256": hashlib.sha256(png).hexdigest()}


def main() -> None:
    driver = Driver()
    writing = threading.Lock()

    def say(line: Json) -> None:
        with writing:
            print(json.dumps(line), flush=True)

    def answer(call: Json) -> None:
        try:
            say({"id": call["id"], "result": driver.answer(call)})
        except PatchstreamError as error:
            told = {"facts": error.facts, "message": str(error)}
            say({"id": call["id"], "error": told if error.hint is None else {**told, "hint": error.hint}})

    # Anything else that is raised is a fault of the client or of this file: the suite hears of the end at once.
    def fail(raised: threading.ExceptHookArgs) -> None:
        sys.__excepthook__(raised.exc_type, raised.exc_value or Exception(), raised.exc_traceback)
        os._exit(1)

    threading.excepthook = fail
    say({"id": 0, "result": {"client": "patchstream for Python", "carriers": ["grpc", "lane"]}})
    for line in sys.stdin:
        threading.Thread(target=answer, args=[json.loads(line)], daemon=True).start()
    os._exit(0)


if __name__ == "__main__":
    main()
