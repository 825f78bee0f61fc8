"""The engines of a trainer. They are opened by the processes that train, never by the one that serves."""

from dataclasses import dataclass
from importlib.util import find_spec

from patchstream.errors import PatchstreamError
from patchstream.trainer.networks.description import NetworkName
from patchstream.trainer.process.start import JobProcess, Notice
from patchstream.trainer.service.log import ServiceLog

ENGINES = ("auto", "torch-cuda", "torch")


@dataclass(frozen=True, slots=True)
class OpenedEngine:
    """What the process says that tried an engine."""

    name: str
    """Another one for "auto"."""
    gpu_bytes: int | None
    """Memory of the GPU that it computes on; None where it computes on the CPU."""


class TrainingEngines:
    """Made by `open_engines`."""

    def __init__(self, preferred: OpenedEngine, log: ServiceLog) -> None:
        """`preferred` is for trainings whose spec says "auto"."""
        self.preferred = preferred
        self._log = log
        self._usable = {preferred.name: preferred}

    def chosen(self, name: str) -> str:
        """The engine for a training whose spec says `name`."""
        return self.preferred.name if name == "auto" else name

    def is_on_gpu(self, name: str) -> bool:
        """Whether one that was checked computes on a GPU."""
        opened = self._usable.get(self.chosen(name))
        return opened is not None and opened.gpu_bytes is not None

    async def check(self, name: str) -> None:
        """Raises ENGINE_MISSING, or NOT_FOUND for a name that no engine has, unless `chosen(name)` can be used."""
        chosen = self.chosen(name)
        if chosen not in ENGINES:
            raise PatchstreamError({"code": "NOT_FOUND", "what": "engine", "name": chosen, "known": list(ENGINES)})
        if chosen not in self._usable:
            self._usable[chosen] = await _try_engine(chosen, self._log.output, self._log)


def check_network(network: NetworkName) -> None:
    """Raises ENGINE_MISSING where the package that has the network is not installed."""
    package = "monai" if network in ("unetr", "swin-unetr") else "dynamic_network_architectures"
    if find_spec(package) is None:
        reason = f"the network {network} needs {package.replace('_', '-')}"
        facts = {"code": "ENGINE_MISSING", "engine": "torch", "reason": reason}
        raise PatchstreamError(facts, 'Run: pip install "patchstream[trainer]"')


async def open_engines(preferred: str, notice: Notice, log: ServiceLog) -> TrainingEngines:
    """ "auto" takes the first usable one. Raises ENGINE_MISSING where it is not usable."""
    return TrainingEngines(await _try_engine(preferred, notice, log), log)


async def _try_engine(name: str, notice: Notice, log: ServiceLog) -> OpenedEngine:
    """In a process of its own, which gives back what it took. Raises ENGINE_MISSING, PROCESS_DIED."""
    doing = f"tries the engine {name}"
    process = JobProcess(doing=doing, take=lambda _message, _data: None, notice=notice, write=log.write)
    opened = await process.run("openEngine", {"engine": name})
    return OpenedEngine(opened["engine"], opened["gpuBytes"])
