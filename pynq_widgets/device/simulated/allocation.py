"""The storage of one contiguous buffer, and who still holds it."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pynq_widgets.device.buffer import PynqBuffer

if TYPE_CHECKING:
    from pynq_widgets.device.buffer import Origin
    from pynq_widgets.device.simulated.pool import ContiguousPool

Bytes = npt.NDArray[np.uint8]


class Maker(NamedTuple):
    """What was asked for and by which line; put into words only when somebody wants to know who holds the memory."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    file: str
    line: int

    def __str__(self) -> str:
        return f"{'×'.join(map(str, self.shape)) or 'scalar'} {self.dtype} made at {self.file}:{self.line}"


class Allocation:
    """`nbytes` bytes of the pool at the physical `address`.

    `host` is what the processor sees through its cache, `memory` what is in the DRAM; for a buffer that is not cacheable they are one.
    """

    __slots__ = ("address", "freed", "host", "memory", "nbytes", "owner", "pool", "size")

    def __init__(self, pool: ContiguousPool, address: int, size: int, nbytes: int, cacheable: bool, owner: object) -> None:
        self.pool = pool
        self.address = address
        self.size = size  # what it takes of the pool: whole pages
        self.nbytes = nbytes
        self.owner = owner  # its str() says who that is
        self.freed = False
        self.memory: Bytes = np.zeros(size, np.uint8)
        self.host: Bytes = np.zeros(size, np.uint8) if cacheable else self.memory

    def __repr__(self) -> str:
        return f"<{'freed ' if self.freed else ''}allocation of {self.nbytes} bytes at 0x{self.address:08x}: {self.owner}>"


class Block(np.ndarray[Any, np.dtype[np.uint8]]):
    """The bytes of an allocation. Every array over them has this as its last base: when the last goes, the memory is free."""

    allocation: Allocation | None = None
    origin: Origin | None = None  # what the arrays over it know of it

    def __del__(self) -> None:
        if self.origin is not None:
            self.origin.gone = True
        if self.allocation is not None:
            self.allocation.pool.abandon(self.allocation)


def buffer_in(
    pool: ContiguousPool, device: Any, shape: Any, dtype: Any, *, cacheable: bool = False, coherent: bool | None = None, owner: Any = None
) -> PynqBuffer:
    """An array of `device`, all 0, in memory of `pool`.

    A `cacheable` one has a copy of its own on the host's side; `coherent`, by default the contrary, says whether `flush` and
    `invalidate` are needless. `owner` says who holds it; by default, the line that asks for it does. Raises ``PoolExhaustedError``,
    and ``TypeError`` or ``ValueError`` for what cannot be an array.
    """
    dtype = np.dtype(dtype)
    if dtype.hasobject:
        raise TypeError(f"a buffer for hardware cannot hold Python objects (dtype {dtype})")
    dimensions = (shape,) if type(shape) is int else (int(shape),) if np.ndim(shape) == 0 else tuple(int(n) for n in shape)
    if any(n < 0 for n in dimensions):
        raise ValueError(f"a buffer cannot have a negative dimension: {dimensions}")
    nbytes = math.prod(dimensions) * dtype.itemsize
    allocation = pool.allocate(nbytes, cacheable=cacheable, owner=owner or Maker(dimensions, dtype, *_site()))
    block = allocation.host.view(Block)
    block.allocation = allocation
    buffer = PynqBuffer(
        dimensions,
        dtype,
        buffer=block,
        device=device,
        device_address=allocation.address,
        bo=allocation,
        coherent=not cacheable if coherent is None else coherent,
        release=allocation.pool.free,
    )
    block.origin = buffer._origin
    return buffer


def _site() -> tuple[str, int]:
    """The file and line where, outside of this package, a buffer is being allocated."""
    frame = sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).startswith("pynq_widgets."):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno
