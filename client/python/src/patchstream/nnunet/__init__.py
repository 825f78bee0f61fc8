"""nnU-Net beside patchstream: its preprocessed folders become stores, and its trainer takes its batches from a server.

`python -m patchstream.nnunet --help` lists what there is; docs/how-to/train-nnunet.md tells it from beginning to end.
"""
