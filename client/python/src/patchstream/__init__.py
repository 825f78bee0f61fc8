"""Progressive patch-size curricula for 3D medical segmentation, streamed from patchstream data servers."""
