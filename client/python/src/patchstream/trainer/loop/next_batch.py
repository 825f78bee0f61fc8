"""The next batch of a run, unless the training shall stop."""

from patchstream.batch import Batch
from patchstream.errors import PatchstreamError
from patchstream.run import Run
from patchstream.trainer.engine.ranks import Ranks
from patchstream.trainer.loop.stopping import Stopping


def next_batch(run: Run, stopping: Stopping, ranks: Ranks) -> Batch | None:
    """None at the end, and where it shall stop. With several ranks all stop before the same batch."""
    if ranks.of_first(stopping.is_wanted):
        return None
    if ranks.count > 1:
        return next(run, None)
    try:
        with stopping.ending(run.close):
            batch = next(run, None)
    except PatchstreamError:
        if stopping.is_wanted:
            return None
        raise
    return None if stopping.is_wanted else batch
