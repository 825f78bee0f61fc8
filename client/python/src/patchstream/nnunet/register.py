"""nnU-Net's own commands with patchstream's trainer, for versions that look for trainers in their own package only."""

# pyright: basic, reportMissingTypeStubs=false

import sys
from collections.abc import Sequence

TRAINER = "nnUNetTrainerPatchStream"


def register() -> None:
    """Makes the trainer known to nnU-Net in this process: its module of trainers has it too. Nothing is written."""
    from nnunetv2.training.nnUNetTrainer import nnUNetTrainer as trainers

    from patchstream.nnunet.trainer import nnUNetTrainerPatchStream

    setattr(trainers, TRAINER, nnUNetTrainerPatchStream)


def train(arguments: Sequence[str]) -> None:
    """`nnUNetv2_train ARGUMENTS -tr nnUNetTrainerPatchStream`."""
    register()
    from nnunetv2.run.run_training import run_training_entry

    given = [*arguments] if "-tr" in arguments else [*arguments, "-tr", TRAINER]
    sys.argv = ["nnUNetv2_train", *given]
    run_training_entry()
