"""Who counts what a trainer does."""

from typing import Protocol

from patchstream.trainer.run_folder.json_lines import Entry


class Counts(Protocol):
    """What `TrainerMetrics` counts, for a service that may go without."""

    def observe(self, event: Entry) -> None:
        """An event of a training."""
        ...

    def call_ended(self, method: str, code: str, seconds: float) -> None:
        """A call that not both sides stream on is over; `code` is `OK` or its failure's."""
        ...

    def call_failed(self, code: str) -> None:
        """A call ended with an error."""
        ...


class NoCounts:
    """Nobody asked for metrics."""

    def observe(self, event: Entry) -> None:
        """Leaves it."""

    def call_ended(self, method: str, code: str, seconds: float) -> None:
        """Leaves it."""

    def call_failed(self, code: str) -> None:
        """Leaves it."""
