"""An array in memory that the hardware reaches."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pynq_widgets.device.coherence import COHERENT, UNKNOWN, Coherence
from pynq_widgets.device.errors import BufferFreedError, NoAddressError
from pynq_widgets.showing import Shown

if TYPE_CHECKING:
    from pynq_widgets.device.transfer import Transfer

_log = logging.getLogger(__name__)

PlainArray = np.ndarray[Any, np.dtype[Any]]


class Origin:
    """What an allocated array and all views of it have in common: where its memory is."""

    __slots__ = ("bo", "coherent", "device", "device_address", "freed", "gone", "listeners", "nbytes", "release", "start", "transfers")

    def __init__(self, device: Any, device_address: int, bo: Any, coherent: bool, release: Callable[[Any], None] | None) -> None:
        self.device = device
        self.device_address = device_address
        self.bo = bo
        self.coherent = coherent
        self.release = release
        self.freed = False  # by freebuffer()
        self.gone = False  # with the last array over it: what still asks is a copy, wherever it may lie by now
        self.start = 0
        self.nbytes = 0
        self.listeners: tuple[Callable[[int, int], object], ...] = ()
        self.transfers: tuple[Transfer, ...] = ()

    def tell(self, offset: int, nbytes: int) -> None:
        """The device wrote these bytes of the buffer: tell who listens. One that raises is logged, and stops nobody."""
        for listener in self.listeners:
            try:
                listener(offset, nbytes)
            except Exception:
                _log.exception("a listener of a buffer failed")


def _data(array: PlainArray) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


class PynqBuffer(Shown, np.ndarray[Any, np.dtype[Any]]):
    """A numpy array in physically contiguous memory, as `allocate` makes it.

    A contiguous slice, reshape or ``view(dtype)`` of it is in the same memory and knows its own address. A copy is not: it has no
    address and says so when asked (`NoAddressError`, an `AttributeError`). What arithmetic, ``copy``, pickling or `numpy.save` make is
    a plain array. The memory is given back when the last array over it goes, by `freebuffer()`, or at the end of a ``with`` block.

    The constructor is PYNQ's, so that PYNQ's devices can make one: `buffer` is the memory on the host's side, `device_address` where the
    device sees it, `bo` whatever the device takes in ``flush(bo, offset, vaddr, nbytes)``, `coherent` whether flushing is needless.
    `release(bo)` is called by `freebuffer`.
    """

    __slots__ = ("__dict__", "_origin")
    _origin: Origin | None

    def __new__(
        cls,
        *args: Any,
        device: Any = None,
        device_address: int = 0,
        bo: Any = 0,
        coherent: bool = False,
        release: Callable[[Any], None] | None = None,
        **kwargs: Any,
    ) -> PynqBuffer:
        self: PynqBuffer = super().__new__(cls, *args, **kwargs)
        origin = Origin(device, device_address, bo, coherent, release)
        origin.start = _data(self)
        origin.nbytes = self.nbytes
        self._origin = origin
        return self

    def __array_finalize__(self, obj: Any) -> None:
        # Whether the memory is the same is found out when somebody asks: most slices are never asked.
        self._origin = getattr(obj, "_origin", None)

    # Where it is.

    def _offset(self, what: str) -> tuple[Origin, int]:
        """The memory that this array is in, and where in it (bytes)."""
        origin = self._origin
        if origin is None:
            raise NoAddressError(f"this array has no {what}: it is no view of an allocated buffer but a copy or a result")
        offset = _data(self) - origin.start
        if origin.gone or not 0 <= offset <= origin.nbytes or (offset == origin.nbytes and self.size):
            raise NoAddressError(
                f"this array has no {what}: it is a copy of a buffer, not a view. Write into the buffer instead: buffer[:] = array"
            )
        if origin.freed:
            raise BufferFreedError(f"use after free: the buffer{self._label()} was freed, it has no {what} any more")
        return origin, offset

    def _label(self) -> str:
        return f" of shape {self.shape} and dtype {self.dtype}"

    @property
    def device_address(self) -> int:
        """The physical address of the first element, as the device sees it. `NoAddressError` for a copy and for a strided view."""
        origin, offset = self._offset("physical address")
        self.require_contiguous()
        return origin.device_address + offset

    physical_address = device_address

    def require_contiguous(self) -> None:
        """`NoAddressError` unless the elements stand one after another, in C order, as a transfer takes them."""
        if not self.flags.c_contiguous:
            raise NoAddressError(
                f"this view{self._label()} is strided: its elements do not stand one after another (strides {self.strides}), so that a "
                "transfer would take others. Copy it into a buffer of its own: allocate(view.shape, view.dtype)[:] = view"
            )

    def transfer_span(self) -> tuple[int, int]:
        """What a transfer of this array covers: physical address and bytes. Errors as for `physical_address`."""
        return self.device_address, self.nbytes

    @property
    def offset(self) -> int:
        """Where in its buffer this array starts, in bytes."""
        return self._offset("offset")[1]

    @property
    def virtual_address(self) -> int:
        """The address of the first element in this process."""
        return _data(self)

    @property
    def device(self) -> Any:
        """The device whose memory this is, None for an array that is no view of a buffer."""
        return self._origin.device if self._origin is not None else None

    @property
    def bo(self) -> Any:
        """The device's own name for the memory."""
        return self._origin.bo if self._origin is not None else None

    @property
    def coherent(self) -> bool:
        """Whether host and device see the same without `flush` and `invalidate`."""
        return self._origin is None or self._origin.coherent

    @property
    def cacheable(self) -> bool:
        """Whether `flush` and `invalidate` are needed."""
        return not self.coherent

    @property
    def freed(self) -> bool:
        """Whether the memory has been given back."""
        return self._origin is not None and self._origin.freed

    # What host and device see.

    def flush(self) -> None:
        """Make what the host wrote here, in these bytes, visible to the device."""
        self._sync("flush")

    def invalidate(self) -> None:
        """Make what the device wrote here, in these bytes, visible to the host."""
        self._sync("invalidate")

    def sync_to_device(self) -> None:
        """The same as `flush`."""
        self._sync("flush")

    def sync_from_device(self) -> None:
        """The same as `invalidate`."""
        self._sync("invalidate")

    def _sync(self, operation: str) -> None:
        origin, _ = self._offset("counterpart on the device")
        if origin.coherent:
            return
        act = getattr(origin.device, operation)
        for address, nbytes in self._runs():
            act(origin.bo, address - origin.start, address, nbytes)
            if operation == "invalidate" and origin.listeners:
                origin.tell(address - origin.start, nbytes)

    def _runs(self) -> Iterator[tuple[int, int]]:
        """The stretches of memory that this array covers: address in this process, and bytes."""
        if self.size == 0:
            return
        plain = self.view(np.ndarray)
        if self.flags.c_contiguous:
            yield _data(plain), self.nbytes
            return
        # Walked in the order of the memory, whatever the order of the axes.
        low = plain
        for axis, stride in enumerate(plain.strides):
            if stride < 0:
                low = np.flip(low, axis)
        low = low.transpose(sorted(range(low.ndim), key=lambda axis: -low.strides[axis]))
        inner = low.ndim
        run = low.itemsize
        while inner and (low.strides[inner - 1] == run or low.shape[inner - 1] == 1):
            run *= low.shape[inner - 1]
            inner -= 1
        start = _data(low)
        for index in np.ndindex(*low.shape[:inner]):
            yield start + sum(i * s for i, s in zip(index, low.strides, strict=False)), run

    def _extent(self) -> tuple[int, int]:
        """Where in the buffer the memory from the first to the last byte of this array is: offset and bytes."""
        offset = _data(self) - (self._origin.start if self._origin is not None else 0)
        if self.flags.c_contiguous or self.size == 0:
            return offset, self.nbytes
        steps = [(n - 1) * stride for n, stride in zip(self.shape, self.strides, strict=True)]
        low = sum(step for step in steps if step < 0)
        return offset + low, sum(step for step in steps if step > 0) - low + self.itemsize

    @property
    def coherence(self) -> Coherence:
        """Which side is newer, and where.

        `Coherence.state` is ``'coherent'`` (there is but one side), ``'same'``, ``'host newer'`` (bytes differ that the device has not
        written since they were last flushed or invalidated), ``'device newer'`` (it has), ``'both newer'``, or ``'unknown'`` where
        the device cannot tell, as a board. Of a strided view it tells of the memory from its first to its last byte. Nothing
        is flushed or invalidated by this. Errors as for `physical_address`.
        """
        origin, _ = self._offset("counterpart on the device")
        if origin.coherent:
            return COHERENT
        ask = getattr(origin.device, "coherence_of", None)
        answer: Coherence | None = ask(origin.bo, *self._extent()) if ask is not None else None
        return UNKNOWN if answer is None else answer

    def device_side(self) -> PlainArray | None:
        """What the device sees, as a plain array of this shape and type that cannot be written; None where it cannot be looked at.

        For a coherent buffer that is the same memory. Errors as for `physical_address`, but for strided views.
        """
        origin, offset = self._offset("counterpart on the device")
        ask = getattr(origin.device, "device_side", None)
        if ask is None:
            return None
        memory: memoryview | None = ask(origin.bo, 0, origin.nbytes)
        if memory is None:
            return None
        other: PlainArray = np.ndarray(self.shape, self.dtype, memory if len(memory) else bytes(1), offset, self.strides)
        other.flags.writeable = False
        return other

    # Who wants to know, and what is under way.

    def tell_changed(self, start: int = 0, nbytes: int | None = None) -> None:
        """The hardware wrote `nbytes` bytes (None: all that follow) from `start` of this array: whoever shows it looks again.

        Drivers call it at the end of a transfer; `invalidate` calls it by itself. Nothing happens for an array that is no view of a
        buffer, nor after the buffer was freed. ``ValueError`` for bytes that are not in the array.
        """
        origin = self._origin
        if origin is None or not origin.listeners or origin.freed or origin.gone:
            return
        offset, size = self._extent()
        count = size - start if nbytes is None else nbytes
        if start < 0 or count < 0 or start + count > size:
            raise ValueError(f"bytes {start} to {start + count} are not in this array of {size} bytes")
        if count:
            origin.tell(offset + start, count)

    def on_change(self, callback: Callable[[int, int], object]) -> Callable[[], None]:
        """Call ``callback(offset, nbytes)`` when hardware wrote here: bytes from the start of the whole buffer. The result takes it back.

        It is called on whatever thread found out, perhaps with the device's lock held: it must be quick and may not touch hardware. What
        it raises is logged. Errors as for `physical_address`, but for strided views.
        """
        origin, _ = self._offset("memory to listen to")
        # An entry of its own for each call, so that one who listens twice is told twice and stops one at a time.
        entry = partial(callback)
        origin.listeners = (*origin.listeners, entry)

        def undo() -> None:
            origin.listeners = tuple(other for other in origin.listeners if other is not entry)

        return undo

    @property
    def under_way(self) -> tuple[Transfer, ...]:
        """The transfers that drivers have begun in this buffer and not ended, the oldest first."""
        return self._origin.transfers if self._origin is not None else ()

    def begin_transfer(self, transfer: Transfer) -> None:
        """A driver says that `transfer` is under way in this buffer. Errors as for `physical_address`, but for strided views."""
        origin, _ = self._offset("memory to transfer")
        origin.transfers = (*origin.transfers, transfer)

    def end_transfer(self, transfer: Transfer) -> None:
        """A driver says that `transfer` is no longer under way; nothing happens if it was not, or if the buffer was freed meanwhile."""
        origin = self._origin
        if origin is not None:
            origin.transfers = tuple(other for other in origin.transfers if other is not transfer)

    # The end of it.

    def freebuffer(self) -> None:
        """Give the memory back, whoever still has views of it: they keep their contents, but have no address any more.

        `BufferFreedError` if that was done before; `ValueError` for a slice, which is not the buffer.
        """
        origin = self._origin
        if origin is not None and origin.freed:
            raise BufferFreedError(f"double free: the buffer{self._label()} was freed before")
        origin, offset = self._offset("memory to free")
        if offset or self.nbytes != origin.nbytes:
            raise ValueError(f"only the buffer as a whole can be freed, not a view of {self.nbytes} of its {origin.nbytes} bytes")
        if origin.release is not None:
            origin.release(origin.bo)
        else:
            # A buffer made by a PYNQ device: back to its cache, if it has one; else the memory goes with the last array over it.
            attributes = self.__dict__
            if attributes.get("pointer") and attributes.get("return_to") is not None:
                attributes["return_to"].return_pointer(attributes["pointer"])
                attributes["pointer"] = 0
        origin.freed = True
        self.__class__ = FreedBuffer

    def close(self) -> None:
        """The same as `freebuffer`, but nothing happens the second time."""
        if not self.freed:
            self.freebuffer()

    def __enter__(self) -> PynqBuffer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # What is made from it is a plain array.

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        if array is self:
            return self
        plain = np.asarray(array)
        return plain[()] if plain.ndim == 0 else plain

    # NumPy 1.26 types these three as giving the subclass.
    def copy(self, order: Any = "C") -> PlainArray:  # type: ignore[override, unused-ignore]
        """A plain array with the same contents, in ordinary memory."""
        return np.array(self, order=order, copy=True, subok=False)

    def astype(self, *args: Any, **kwargs: Any) -> Any:
        """A plain array, converted."""
        return self.view(np.ndarray).astype(*args, **kwargs)

    def __copy__(self) -> PlainArray:  # type: ignore[override, unused-ignore]
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any] | None) -> PlainArray:  # type: ignore[override, unused-ignore]
        return self.copy()

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.copy().__reduce_ex__(protocol)

    def __reduce__(self) -> Any:
        return self.copy().__reduce__()


def _refuse(self: PynqBuffer, *args: Any, **kwargs: Any) -> Any:
    raise BufferFreedError(f"use after free: the buffer{self._label()} was freed")


class FreedBuffer(PynqBuffer):
    """What a buffer becomes by `freebuffer`: every use of it says so."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<freed PynqBuffer{self._label()}>"

    __str__ = __repr__

    def __getitem__(self, key: Any) -> Any:
        return _refuse(self)

    def __setitem__(self, key: Any, value: Any) -> None:
        _refuse(self)

    def __iter__(self) -> Any:
        return _refuse(self)

    def __array_finalize__(self, obj: Any) -> None:
        if isinstance(obj, FreedBuffer):
            _refuse(obj)
        super().__array_finalize__(obj)

    __array_ufunc__ = _refuse
    __array_function__ = _refuse
    __enter__ = _refuse
    copy = _refuse
    astype = _refuse
    tolist = _refuse
    tobytes = _refuse
    tofile = _refuse
    fill = _refuse
    item = _refuse
    sort = _refuse
    partition = _refuse
    byteswap = _refuse
    put = _refuse
    nonzero = _refuse
    flat = property(_refuse)
    real = property(_refuse)
    imag = property(_refuse)
