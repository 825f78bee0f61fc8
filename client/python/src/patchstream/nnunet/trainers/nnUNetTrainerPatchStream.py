"""What nnU-Net finds in the folder that `nnUNet_extTrainer` names."""

from patchstream.nnunet.trainer import nnUNetTrainerPatchStream

__all__ = ["nnUNetTrainerPatchStream"]
