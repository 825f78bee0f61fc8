"""A trainer service on PyTorch: `python -m patchstream.trainer`.

It serves TrainerService as `patchstream trainer` does. What imports torch is `engine/`, `networks/build.py` and what a
training's own process runs; the service itself does not.
"""
