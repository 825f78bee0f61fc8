"""The trainings in a runs folder, one folder each, usable or damaged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from patchstream.errors import PatchstreamError
from patchstream.trainer.run_folder.event_log import EventLog
from patchstream.trainer.run_folder.request import TrainingRequest
from patchstream.trainer.run_folder.run_folder import Damage, damage_of, is_run_folder, open_run_folder
from patchstream.trainer.service.known_training import DAMAGED, Ending, KnownTraining, Observers
from patchstream.trainer.spec import RunSpec


@dataclass(frozen=True, slots=True)
class _Damaged:
    """A training that somebody has to mend, or to remove."""

    id: str
    damage: Damage
    known: KnownTraining | None
    """What it was before the damage was found."""


class KnownTrainings:
    """For one event loop."""

    def __init__(self, runs_folder: Path, observers: Observers, notice: Callable[[str], None]) -> None:
        """Opens the trainings of before. One that was cut short is interrupted from now on, and its history says so.

        `notice` is told in one line of trainings that are damaged.
        """
        self._observers = observers
        self._usable: dict[str, KnownTraining] = {}
        self._damaged: dict[str, _Damaged] = {}
        for folder in sorted(runs_folder.iterdir()):
            if folder.is_dir():
                self._open(folder, notice)

    def add(self, folder: Path, spec: RunSpec, request: TrainingRequest, state: str, events: EventLog) -> KnownTraining:
        """A training that is usable, named as its folder."""
        training = KnownTraining(folder.name, folder, spec, events, request, state, self._observers)
        self._usable[training.id] = training
        return training

    def find(self, name: str) -> KnownTraining:
        """Raises NOT_FOUND, or INPUT_DAMAGED for one that is damaged."""
        training = self._usable.get(name)
        if training is not None:
            return training
        if name in self._damaged:
            damage = self._damaged[name].damage
            hint = "Mend it or remove the training's folder, then start the trainer again."
            facts = {"file": damage.file, "reason": damage.reason, "want": "what the trainer wrote there"}
            raise PatchstreamError({"code": "INPUT_DAMAGED", **facts}, hint)
        known = [*self._usable, *self._damaged]
        hint = None if known else "This trainer has none."
        raise PatchstreamError({"code": "NOT_FOUND", "what": "training", "name": name, "known": known}, hint)

    def set_damaged(self, training: KnownTraining, error: PatchstreamError) -> None:
        """`error` says what of its files cannot be read: calls for it are refused with that from now on."""
        self._set_damaged(_Damaged(training.id, damage_of(error, training.folder), training))

    def started_as(self, key: str) -> KnownTraining | None:
        """The one whose caller called its start so."""
        return next((training for training in self._usable.values() if training.request.key == key), None)

    def running(self) -> Sequence[KnownTraining]:
        """Those that run now."""
        return [training for training in self._usable.values() if training.running is not None]

    def listed(self) -> Sequence[Mapping[str, Any]]:
        """Oldest first, in the wire's terms."""
        entries = [training.in_short() for training in self._usable.values()]
        for one in self._damaged.values():
            short = {"id": one.id} if one.known is None else one.known.in_short()
            entries.append({**short, "state": DAMAGED, "damage": asdict(one.damage)})
        return sorted(entries, key=lambda entry: entry["id"])

    def _open(self, folder: Path, notice: Callable[[str], None]) -> None:
        try:
            if not is_run_folder(folder):
                return
            resting = open_run_folder(folder)
            training = self.add(folder, resting.spec, resting.request, resting.state, resting.events)
            training.ended.set()
            if resting.was_cut_short:
                training.end_well(training.state, Ending("the trainer ended while it ran"))
        except (PatchstreamError, OSError) as error:
            damage = damage_of(error, folder)
            self._set_damaged(_Damaged(folder.name, damage, None))
            notice(f"training {folder.name} is damaged: {damage.file}: {damage.reason}")

    def _set_damaged(self, damaged: _Damaged) -> None:
        self._usable.pop(damaged.id, None)
        self._damaged[damaged.id] = damaged
        self._observers.log.write("training-damaged", training=damaged.id, file=Path(damaged.damage.file).name)
