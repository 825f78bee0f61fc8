"""The array types of this room."""

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Doubles = NDArray[np.float64]
Truths = NDArray[np.bool_]
