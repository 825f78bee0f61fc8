"""Steps in a row as one, in the wire's terms."""

from patchstream.trainer.run_folder.json_lines import Entry


def row_of(taken: Entry, samples: int) -> Entry:
    """A step as a row of one, with the samples of its batch."""
    loss = taken["loss"]
    kept = ("stage", "epoch", "learningRate", "waitedMs", "stepMs")
    return {
        "firstStep": taken["step"],
        "steps": 1,
        **{name: taken[name] for name in kept},
        "samples": samples,
        "lossMin": loss,
        "lossMax": loss,
        "lossSum": loss,
        "gradientNormMax": taken["gradientNorm"],
    }


def merge_rows(earlier: Entry, later: Entry) -> Entry:
    """Two rows, one after the other, as one."""
    added = ("steps", "lossSum", "waitedMs", "stepMs", "samples")
    return {
        **later,  # Its stage, epoch and learning rate.
        **{name: earlier[name] + later[name] for name in added},
        "firstStep": earlier["firstStep"],
        "lossMin": min(earlier["lossMin"], later["lossMin"]),
        "lossMax": max(earlier["lossMax"], later["lossMax"]),
        "gradientNormMax": max(earlier["gradientNormMax"], later["gradientNormMax"]),
    }
