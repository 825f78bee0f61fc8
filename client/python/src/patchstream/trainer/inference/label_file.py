"""A label as a NIfTI file."""

import struct

import numpy as np
from numpy.typing import NDArray

_TYPE_AT = {352: (70, 72), 544: (12, 14)}
"""By the length of a header with the four bytes after it: where a voxel's type and bits lie (nifti1.h, nifti2.h)."""

_UINT16 = 512
"""NIfTI's code."""


def label_file(header: bytes, label: NDArray[np.integer]) -> bytes:
    """The file of `label` (Z,Y,X); `header` is that of a uint8 label on the same grid.

    Voxels are uint8, or uint16 where a value is 255 or more (nnU-Net, `simpleitk_reader_writer.py`). Raises KeyError
    for a header that is none.
    """
    datatype_at, bits_at = _TYPE_AT[len(header)]
    if int(label.max(initial=0)) < 255:
        return header + label.astype(np.uint8).tobytes()
    order = "<" if struct.unpack_from("<i", header)[0] == len(header) - 4 else ">"
    wide = bytearray(header)
    struct.pack_into(f"{order}h", wide, datatype_at, _UINT16)
    struct.pack_into(f"{order}h", wide, bits_at, 16)
    return bytes(wide) + label.astype(f"{order}u2").tobytes()
