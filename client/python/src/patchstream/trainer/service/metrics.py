"""What one trainer counts, in Prometheus's terms (docs/reference/metrics.md). Needs prometheus-client."""

from collections.abc import Iterable, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Metric,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from patchstream.package_version import package_version
from patchstream.trainer.run_folder.json_lines import Entry
from patchstream.trainer.service.failure_status import FAILURE_CODES
from patchstream.trainer.service.known_training import STATES, state_word
from patchstream.trainer.service.memory_budget import machine_bytes

LATENCY_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
"""Upper ends of a latency histogram's buckets, in seconds."""

_GAUGES = {
    "loss": "Loss of the last step, of the training that took it.",
    "stage": "Stage of the last step, from 0.",
    "mean_dice": "Mean foreground Dice of the last evaluation that had one.",
}


class _Latest(Collector):
    """Gauges that are absent until they are set: 0 would be a value that nobody measured."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}

    def collect(self) -> Iterable[Metric]:
        """Those that are set."""
        for name, help_text in _GAUGES.items():
            if name in self.values:
                yield GaugeMetricFamily(f"patchstream_training_{name}", help_text, value=self.values[name])

    def describe(self) -> Iterable[Metric]:
        """Their names."""
        return [GaugeMetricFamily(f"patchstream_training_{name}", text) for name, text in _GAUGES.items()]


class TrainerMetrics:
    """A registry of its own. What it counts it may be told on any thread."""

    def __init__(self) -> None:
        """Nothing has happened."""
        disable_created_metrics()
        self.registry = registry = CollectorRegistry()
        info = "Always 1; the labels tell the service and the version of patchstream."
        build = Gauge("patchstream_build_info", info, ["service", "version"], registry=registry)
        build.labels("TrainerService", package_version()).set(1)
        limit = "Memory that this process may use: the machine's, or less in a container."
        Gauge("patchstream_memory_limit_bytes", limit, registry=registry).set(machine_bytes())
        self._calls = Histogram(
            "patchstream_call_duration_seconds",
            "From a call's request to its end, by method and code; streams that both sides write on are not in it.",
            ["method", "code"],
            buckets=LATENCY_S,
            registry=registry,
        )
        failed = "Calls that ended with an error, streams too, by its code."
        self._failed = Counter("patchstream_calls_failed_total", failed, ["code"], registry=registry)
        named = "patchstream_training_"
        self._steps = Counter(f"{named}steps_total", "Optimiser steps taken, by all trainings.", registry=registry)
        step = "From a batch's arrival to the end of its step."
        wait = "What the loop waited for a step's batch."
        self._step_s = Histogram(f"{named}step_duration_seconds", step, buckets=LATENCY_S, registry=registry)
        self._wait_s = Histogram(f"{named}wait_duration_seconds", wait, buckets=LATENCY_S, registry=registry)
        read = "Tensor bytes of the batches trained on."
        self._bytes = Counter(f"{named}batch_bytes_total", read, registry=registry)
        changed = "Trainings that changed to a state."
        self._states = Counter(f"{named}state_changes_total", changed, ["state"], registry=registry)
        # From 0 on: Prometheus sees no increase in a series that begins with its first count.
        for code in FAILURE_CODES:
            self._failed.labels(code)
        for state in STATES:
            self._states.labels(state_word(state))
        self._latest = _Latest()
        registry.register(self._latest)
        # Of the process itself; collectors register themselves.
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)

    def observe(self, event: Entry) -> None:
        """An event of a training."""
        body: Mapping[str, object] = event[event["kind"]]
        match event["kind"]:
            case "step":
                self._steps.inc()
                self._step_s.observe(_number(body["stepMs"]) / 1e3)
                self._wait_s.observe(_number(body["waitedMs"]) / 1e3)
                self._bytes.inc(_number(body["batchBytes"]))
                self._latest.values["loss"] = _number(body["loss"])
                self._latest.values["stage"] = _number(body["stage"])
            case "evaluated":
                if "meanDice" in body:
                    self._latest.values["mean_dice"] = _number(body["meanDice"])
            case "state":
                self._states.labels(state_word(str(body["state"]))).inc()
            case _:
                return

    def call_ended(self, method: str, code: str, seconds: float) -> None:
        """A call that not both sides stream on is over; `code` is `OK` or its failure's."""
        self._calls.labels(method, code).observe(seconds)

    def call_failed(self, code: str) -> None:
        """A call ended with an error."""
        self._failed.labels(code).inc()


def _number(value: object) -> float:
    return float(str(value))
