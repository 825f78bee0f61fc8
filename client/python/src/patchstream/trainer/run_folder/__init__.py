"""What a training leaves on disk, in the files of `patchstream trainer`: either goes on with the other's."""
