"""The engines of a trainer. They are opened by the processes that train, never by the one that serves."""

from importlib.util import find_spec

from patchstream.errors import PatchstreamError
from patchstream.trainer.networks.description import NetworkName
from patchstream.trainer.process.start import JobProcess, Notice

ENGINES = ("auto", "torch-cuda", "torch")


class TrainingEngines:
    """Made by `open_engines`."""

    def __init__(self, preferred: str, notice: Notice) -> None:
        """`preferred` is for trainings whose spec says "auto"."""
        self._preferred = preferred
        self._notice = notice
        self._usable: set[str] = set()

    def chosen(self, name: str) -> str:
        """The engine for a training whose spec says `name`."""
        return self._preferred if name == "auto" else name

    async def check(self, name: str) -> None:
        """Raises ENGINE_MISSING, or NOT_FOUND for a name that no engine has, unless `chosen(name)` can be used."""
        chosen = self.chosen(name)
        if chosen not in ENGINES:
            raise PatchstreamError({"code": "NOT_FOUND", "what": "engine", "name": chosen, "known": list(ENGINES)})
        if chosen in self._usable:
            return
        process = JobProcess(doing=f"tries the engine {chosen}", take=lambda _message, _data: None, notice=self._notice)
        await process.run("openEngine", {"engine": chosen})
        self._usable.add(chosen)


def check_network(network: NetworkName) -> None:
    """Raises ENGINE_MISSING where the package that has the network is not installed."""
    package = "monai" if network in ("unetr", "swin-unetr") else "dynamic_network_architectures"
    if find_spec(package) is None:
        reason = f"the network {network} needs {package.replace('_', '-')}"
        facts = {"code": "ENGINE_MISSING", "engine": "torch", "reason": reason}
        raise PatchstreamError(facts, 'Run: pip install "patchstream[trainer]"')


async def open_engines(preferred: str, notice: Notice) -> TrainingEngines:
    """ "auto" takes the first usable one. Raises ENGINE_MISSING where it is not usable."""
    engines = TrainingEngines(preferred, notice)
    await engines.check(preferred)
    return engines
