"""The storage of one contiguous buffer, and who still holds it."""

from __future__ import annotations

import math
import operator
import sys
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
import numpy.typing as npt

from pynq_widgets.device.buffer import Listener, PynqBuffer
from pynq_widgets.device.errors import PoolExhaustedError
from pynq_widgets.device.simulated.leaks import place
from pynq_widgets.device.simulated.pool import PAGE
from pynq_widgets.device.simulated.watch import Watch

if TYPE_CHECKING:
    from pynq_widgets.device.simulated.pool import ContiguousPool
    from pynq_widgets.device.transfer import Transfer

Bytes = npt.NDArray[np.uint8]

_PACKAGE = str(Path(__file__).resolve().parents[2])


class Allocation(ref[Any]):
    """A buffer's memory: at the physical `address`, `nbytes` bytes.

    It is a weak reference to the array that holds the storage, as the host sees it. Every array over that memory keeps that one; when
    the last has gone, it is called back and the memory is free: nothing needs to be collected. ``dram`` is the other side of a buffer
    that has one. Each has storage of its own, so that an array over memory that was freed, and perhaps given to another,
    neither crashes nor touches what the other has; but for the memory of a block RAM, which is where it is.
    """

    __slots__ = ("address", "code", "freed", "instruction", "name", "nbytes", "pool", "transfers", "watch")

    # Set one by one where it is made (`buffer_in`): an __init__ of its own would take as long as the rest.
    address: int
    code: CodeType
    freed: bool
    instruction: int
    name: str | None
    nbytes: int
    pool: ContiguousPool
    transfers: tuple[Transfer, ...]
    watch: Watch | None

    dram: Bytes | None = None
    coherent: bool = True

    # By identity: references compare, and hash, as what they refer to does, and arrays cannot be hashed.
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __repr__(self) -> str:
        return f"<{'freed ' if self.freed else ''}allocation of {self.nbytes} bytes at 0x{self.address:08x}: {self.owner}>"

    @property
    def owner(self) -> str:
        """Who holds the memory: the name that was given, or what it is; and the line that asked for it."""
        return self.name or f"{self.what} made at {place(self.file, self.line)}"

    @property
    def what(self) -> str:
        """Shape and type of the array, as long as there is one."""
        array = self()
        return "array" if array is None else f"{'×'.join(map(str, array.shape)) or 'scalar'} {array.dtype}"

    @property
    def file(self) -> str:
        """The file in which it was asked for."""
        return self.code.co_filename

    @property
    def line(self) -> int:
        """The line that asked for it."""
        return _line(self.code, self.instruction)

    # The two sides.

    def on_host(self) -> Bytes | None:
        """The bytes as the host sees them; None when the last array has gone."""
        array = self()
        return None if array is None else array.reshape(-1).view(np.uint8)

    def in_dram(self) -> Bytes | None:
        """The bytes as the device sees them; None when the last array has gone."""
        return self.on_host() if self.dram is None else self.dram

    # What a buffer asks of its origin.

    @property
    def bo(self) -> Allocation:
        return self

    @property
    def size(self) -> int:
        """What it takes of the pool: whole pages."""
        return (self.nbytes + PAGE - 1) & -PAGE or PAGE

    @property
    def device(self) -> Any:
        return self.pool.device

    def give_back(self, buffer: PynqBuffer) -> None:
        # As ContiguousPool.free, without two calls.
        pool = self.pool
        if self.freed or pool.allocations_by_address.pop(self.address, None) is None:
            pool.free(self)
        self.freed = True
        pool.changed = True
        nbytes = self.nbytes
        size = (nbytes + 4095) & -4096 or PAGE
        if pool.aside.setdefault(size, self.address) != self.address:
            pool.returned.append((self.address, size))

    @property
    def listeners(self) -> tuple[Listener, ...]:
        return () if self.watch is None else self.watch.listeners

    @listeners.setter
    def listeners(self, listeners: tuple[Listener, ...]) -> None:
        if self.watch is None:
            self.watch = Watch(self.nbytes, self.dram is not None)
        self.watch.listeners = listeners


class TwoSided(Allocation):
    """The memory of a buffer that is not plain: with a copy of its own on the device's side, in a block RAM, or of a recording."""

    __slots__ = ("coherent", "dram")

    coherent: bool
    dram: Bytes | None


def _line(code: CodeType, instruction: int) -> int:
    line = code.co_firstlineno
    for start, end, number in code.co_lines():
        if start <= instruction < end:
            return line if number is None else number
    return line


def _array(shape: tuple[int, ...], dtype: np.dtype[Any], storage: memoryview | None) -> npt.NDArray[Any]:
    """All 0; over `storage` if that is given."""
    if storage is None:
        return np.zeros(shape, dtype)
    np.frombuffer(storage, np.uint8)[:] = 0
    array: npt.NDArray[Any] = np.ndarray(shape, dtype, storage)
    return array


_kinds: dict[Any, np.dtype[Any]] = {}  # what names of types mean


def kind_of(dtype: Any) -> np.dtype[Any]:
    """`dtype` as numpy understands it, if memory of hardware can hold it; ``TypeError`` if not."""
    kind: np.dtype[Any] = np.dtype(dtype)
    if kind.hasobject:
        raise TypeError(f"a buffer for hardware cannot hold Python objects (dtype {kind})")
    if kind.itemsize == 0:
        raise TypeError(f"a buffer cannot have elements of 0 bytes (dtype {kind}): give the type a size, such as 'S16'")
    if type(dtype) is str or isinstance(dtype, (type, np.dtype)):
        _kinds[dtype] = kind
    return kind


def lengths_of(shape: Any) -> tuple[int, ...]:
    """`shape`, a number or several, as numpy wants it; ``TypeError`` for what are no whole numbers, ``ValueError`` for negative ones."""
    try:
        lengths = tuple(map(operator.index, shape)) if np.ndim(shape) else (operator.index(shape),)
    except (TypeError, ValueError):
        raise TypeError(f"the shape of a buffer is an int or a tuple of ints, not {shape!r}") from None
    if any(length < 0 for length in lengths):
        raise ValueError(f"a buffer cannot have a negative dimension: {lengths}")
    return lengths


_zeros = np.zeros
_frame = sys._getframe
_ours: dict[str, bool] = {}  # whether a file is one of this package


def buffer_in(
    pool: ContiguousPool,
    shape: Any,
    dtype: Any,
    cacheable: bool = False,
    coherent: bool | None = None,
    name: str | None = None,
    align: int = PAGE,
    storage: memoryview | None = None,
) -> PynqBuffer:
    """An array, all 0, in memory of `pool`.

    A `cacheable` one has a copy of its own on the host's side; `coherent`, by default the contrary, says whether `flush` and
    `invalidate` are needless. `name` says who holds it; by default, the line that asks for it does. `storage` is the memory of the
    pool, where it is to be seen otherwise than as the pool's own. Raises ``PoolExhaustedError``, and ``TypeError`` or ``ValueError``
    for what cannot be an array.
    """
    try:
        kind = _kinds[dtype]
    except (KeyError, TypeError):
        kind = kind_of(dtype)
    if type(shape) is tuple and len(shape) == 1 and type(shape[0]) is int and shape[0] >= 0:
        nbytes = shape[0] * kind.itemsize
    else:
        shape = lengths_of(shape)
        nbytes = math.prod(shape) * kind.itemsize
    # As ContiguousPool.take, without a call, for what is asked for again and again.
    address = pool.aside.pop((nbytes + 4095) & -4096 or PAGE, None) if align == PAGE else None
    if address is None:
        address = pool.take(nbytes, align)
    try:
        if pool.storage is None and not cacheable and coherent is None:
            array = _zeros(shape, kind)
            made = Allocation(array, pool.abandon)
            made.watch = None
        else:
            array, made = _two_sided(pool, address, shape, kind, nbytes, cacheable, coherent, storage)
        buffer = array.view(PynqBuffer)
    except MemoryError:
        pool.give(address, nbytes)
        raise PoolExhaustedError(
            nbytes, pool.left, pool.largest, pool.size, (), "this computer has not so much memory", bank=pool.name
        ) from None
    except BaseException:
        pool.give(address, nbytes)
        raise
    made.pool = pool
    made.address = address
    made.nbytes = nbytes
    made.freed = False
    made.name = name
    made.transfers = ()
    try:
        # This is called by `allocate`, of a device or a bank, and that by the user, or by `allocate` of `access`.
        frame: Any = _frame(2)
        while _ours[frame.f_code.co_filename]:
            frame = frame.f_back
    except (KeyError, AttributeError, ValueError):
        frame = _outside(_frame(1))
    made.code = frame.f_code
    made.instruction = frame.f_lasti
    pool.allocations_by_address[address] = made
    pool.changed = True
    buffer._origin = made
    return buffer


def _two_sided(
    pool: ContiguousPool,
    address: int,
    shape: tuple[int, ...],
    kind: np.dtype[Any],
    nbytes: int,
    cacheable: bool,
    coherent: bool | None,
    storage: memoryview | None,
) -> tuple[npt.NDArray[Any], Allocation]:
    whole = pool.storage if storage is None else storage
    storage = None if whole is None else whole[address - pool.base :][:nbytes]
    array = _array(shape, kind, None if cacheable else storage)
    made = TwoSided(array, pool.abandon)
    made.dram = _array((nbytes,), np.dtype(np.uint8), storage) if cacheable else None
    made.watch = Watch(nbytes, True) if cacheable else None
    made.coherent = not cacheable if coherent is None else coherent
    return array, made


def _outside(frame: Any) -> Any:
    """The frame that, outside of this package, asked."""
    while True:
        file = frame.f_code.co_filename
        ours = _ours.setdefault(file, file.startswith(_PACKAGE))
        if not ours or frame.f_back is None:
            return frame
        frame = frame.f_back
