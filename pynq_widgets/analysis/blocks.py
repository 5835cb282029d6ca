"""Large arrays taken a block at a time: what every reduction here stands on.

Memory that hardware writes may change between two looks at it. So a block is copied once, into the cache, and everything is worked out
from the copy: no result can contradict itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .curve import Array, plain

BLOCK = 1 << 15  # samples: as float64 a quarter of a common second-level cache
MOST = 1 << 24  # samples that are looked at, by default, where a part of the data tells enough


def real(data: Array, who: str) -> Array:
    """`data` as a plain array of booleans, integers or floats; raises ``ValueError``, in the name of `who`, for other types."""
    data = plain(np.asarray(data))
    if data.dtype.kind not in "biuf":
        hint = "; take its `components` one by one" if data.dtype.kind == "c" or data.dtype.names is not None else ""
        raise ValueError(f"{who} expected booleans, integers or floats, not {data.dtype}{hint}")
    return data.view(np.uint8) if data.dtype.kind == "b" else data


def line(data: Array, who: str) -> Array:
    """As `real`, but of one dimension only."""
    data = real(data, who)
    if data.ndim != 1:
        raise ValueError(f"{who} expected a 1-D array, not one of shape {data.shape}")
    return data


def flat(data: Array) -> Array | np.flatiter[Array]:
    """`data` as something that a slice cuts 1-D pieces from, in C order: a view where there is one."""
    if data.ndim == 1:
        return data
    return data.reshape(-1) if data.flags.c_contiguous else data.flat


def native(block: Array) -> Array:
    """A contiguous copy of `block` of one's own, of a type that numpy is fast with: native byte order, halves as singles."""
    dtype = block.dtype.newbyteorder("=")
    if dtype.kind == "f" and dtype.itemsize == 2:
        dtype = np.dtype(np.float32)
    elif dtype.kind == "f" and dtype.itemsize > 8:
        dtype = np.dtype(np.float64)
    with np.errstate(all="ignore"):
        return np.array(block, dtype=dtype, order="C", copy=True, subok=False)


def spans(count: int, most: int | None = None, block: int = BLOCK) -> Iterator[tuple[int, int]]:
    """The (start, stop) of blocks that cover `count` samples or, where `most` is less, of equally spread ones with about `most` in all."""
    whole = -(-count // block)
    wanted = whole if most is None else min(whole, max(1, most // block))
    for i in range(wanted):
        start = (i * (whole - 1) // (wanted - 1) if wanted > 1 else 0) * block
        yield start, min(start + block, count)


def blocks(data: Array, most: int | None = None) -> Iterator[Array]:
    """Copies of the blocks of `data` (any shape, C order), as `native` makes them."""
    pieces: Any = flat(data)
    for start, stop in spans(data.size, most):
        yield native(pieces[start:stop])


def finite(block: Array) -> Array:
    """The finite values of a block that is one's own; the block itself where all are."""
    if block.dtype.kind != "f":
        return block
    # One sum instead of a mask: it is finite only if all are, and where it overflows the mask decides.
    with np.errstate(all="ignore"):
        if np.isfinite(block.sum()):
            return block
    good = np.isfinite(block)
    return block if good.all() else block[good]
