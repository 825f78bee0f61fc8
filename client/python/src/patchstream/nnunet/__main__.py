"""`python -m patchstream.nnunet import FOLDER STORE` and `python -m patchstream.nnunet train ...`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from patchstream.errors import PatchstreamError
from patchstream.nnunet.import_folder import import_folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; its exit code. What goes wrong is one line on stderr."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["train"]:
        from patchstream.nnunet.register import train

        train(given[1:])
        return 0
    if given == ["folder"]:
        print(Path(__file__).parent / "trainers")
        return 0
    if given[:1] == ["import"]:
        return import_command(given[1:], "python -m patchstream.nnunet import")
    print(_USAGE, file=sys.stderr)
    return 0 if given[:1] in (["-h"], ["--help"]) else 2


_USAGE = """usage: python -m patchstream.nnunet import FOLDER STORE   a preprocessed folder of nnU-Net becomes a store
       python -m patchstream.nnunet folder               the folder that nnUNet_extTrainer names, for nnU-Net 2.8
       python -m patchstream.nnunet train ...            nnUNetv2_train with patchstream's trainer, for 2.5 to 2.7

From nnU-Net 2.8 on, nnUNetv2_train finds the trainer by itself:
       export nnUNet_extTrainer="$(python -m patchstream.nnunet folder)"
       nnUNetv2_train 4 3d_fullres 0 -tr nnUNetTrainerPatchStream"""


def import_command(arguments: Sequence[str], program: str = "patchstream import-nnunet") -> int:
    """`patchstream import-nnunet FOLDER STORE`."""
    parser = argparse.ArgumentParser(
        prog=program,
        description="Turn a preprocessed folder of nnU-Net into a store, voxel for voxel (configuration 3d_fullres).",
    )
    parser.add_argument("folder", help="nnUNet_preprocessed/DatasetXXX_Name")
    parser.add_argument("store", help="the store: a folder that is made, or made new")
    parser.add_argument(
        "--plans",
        default="nnUNetPlans",
        metavar="NAME",
        help="the plans, as nnUNetv2_train -p takes them (default: nnUNetPlans)",
    )
    parser.add_argument("--force", action="store_true", help="write a new generation beside a store of other data")
    options = parser.parse_args(arguments)
    try:
        report = import_folder(options.folder, options.store, plans_name=options.plans, force=options.force)
    except PatchstreamError as error:
        if error.code != "PROCESS_DIED":  # the process has said why itself
            print(f"patchstream: {error.advice}", file=sys.stderr)
        return 1
    cases = cast(Sequence[str], report["cases"])
    print(f"{report['name']}: {len(cases)} cases in {options.store}\ndigest  {report['digest']}")
    without = cast(Sequence[str], report["withoutReference"])
    if without:
        print(f"without their original label: {', '.join(without)}")
    return 0


if __name__ == "__mp_main__" and sys.argv[1:2] == ["train"]:
    # A process that nnU-Net starts for another GPU looks for the trainer anew.
    from patchstream.nnunet.register import register

    register()

if __name__ == "__main__":
    sys.exit(main())
