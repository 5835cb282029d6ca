"""Strategies: arrays of every type and layout that a buffer may have."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

INTEGERS = ["i1", "u1", "<i2", ">i2", "u2", "i4", ">u4", "i8", ">i8", "u8"]
FLOATS = ["<f2", ">f2", "f4", ">f4", "f8", ">f8"]
REAL = ["?", *INTEGERS, *FLOATS]


@st.composite
def lines(draw, dtypes=REAL, most=3000, least=0):
    """A 1-D array with any stride, read-only, of extreme and of common values."""
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    size = draw(st.integers(least, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    data = np.empty(size, dtype)
    if dtype.kind == "b":
        data[:] = rng.integers(0, 2, size)
    elif dtype.kind in "iu":
        info = np.iinfo(dtype)
        low, high = draw(st.sampled_from([(int(info.min), int(info.max)), (0, 3), (0, 100), (int(info.max) - 5, int(info.max))]))
        data[:] = rng.integers(low, high, size, dtype=dtype.newbyteorder("="), endpoint=True)
    else:
        scale = draw(st.sampled_from([1.0, 1e-3, float(np.finfo(dtype).tiny) / 4, float(np.finfo(dtype).max) / 8]))
        with np.errstate(all="ignore"):
            data[:] = (rng.normal(size=size) * scale).astype(dtype)
    # Some chosen values at chosen places.
    for _ in range(draw(st.integers(0, 5)) if size else 0):
        data[draw(st.integers(0, size - 1))] = draw(hnp.from_dtype(dtype))
    data = data[:: draw(st.sampled_from([1, 1, 2, 3, -1]))]
    data.flags.writeable = False
    return data
