"""A training's history until now as `WatchTraining` tells it in short."""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from patchstream.trainer.history.step_row import merge_rows, row_of
from patchstream.trainer.history.thinned import Thinned
from patchstream.trainer.run_folder.json_lines import Entry

MOST_ROWS = 2048
"""Twice the pixels of a wide picture."""
MOST_OF_A_KIND = 400
"""Of each kind of events but steps and epochs."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """An event, and before which step it happened. `number` orders those before the same step."""

    before: int
    number: int
    event: Entry


class HistoryInShort:
    """In memory that does not grow with the training's length."""

    def __init__(self) -> None:
        """Nothing has happened."""
        self._rows: Thinned[Entry] = Thinned(MOST_ROWS, merge_rows)
        self._epochs: Thinned[_Placed] = Thinned(MOST_ROWS, lambda _earlier, later: later)
        self._others: defaultdict[str, deque[_Placed]] = defaultdict(lambda: deque(maxlen=MOST_OF_A_KIND))
        self._step = 0
        self._count = 0
        self._batch_size = 0

    def add(self, event: Entry) -> None:
        """Takes the next event of the history."""
        kind = event["kind"]
        if kind == "step":
            step = event["step"]["step"]
            self._rows.add(step, row_of(event["step"], self._batch_size))
            self._step = step + 1
            return
        if kind == "stage":
            self._batch_size = event["stage"]["batchSize"]
        if kind == "opened":
            self._step = event["opened"]["firstStep"]
        placed = _Placed(self._step, self._count, event)
        self._count += 1
        if kind == "epoch":
            self._epochs.add(event["epoch"]["epoch"], placed)
        else:
            self._others[kind].append(placed)

    def events(self) -> Iterator[Entry]:
        """What is told, in the order in which it happened. In a row of steps all else comes before the steps."""
        ended = [placed for placed in self._epochs.entries if placed is not None]
        newest = [placed for kept in self._others.values() for placed in kept]
        others = deque(sorted([*ended, *newest], key=lambda placed: placed.number))
        for steps in self._rows.entries:
            if steps is None:
                continue
            while others and others[0].before < steps["firstStep"] + steps["steps"]:
                yield others.popleft().event
            yield {"kind": "steps", "steps": steps}
        for placed in others:
            yield placed.event
