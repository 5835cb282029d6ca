"""An array in memory that the hardware reaches."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pynq_widgets.device.coherence import COHERENT, UNKNOWN, Coherence
from pynq_widgets.device.errors import BufferFreedError, NoAddressError
from pynq_widgets.showing import Shown

if TYPE_CHECKING:
    from pynq_widgets.device.transfer import Transfer

_log = logging.getLogger(__name__)

PlainArray = np.ndarray[Any, np.dtype[Any]]


Listener = Callable[[int, int], object]


def tell(listeners: tuple[Listener, ...], offset: int, nbytes: int) -> None:
    """Tell each of `listeners` which bytes changed. One that raises is logged, and stops nobody."""
    for listener in listeners:
        try:
            listener(offset, nbytes)
        except Exception:
            _log.exception("a listener of a buffer failed")


class Origin(Protocol):
    """What a buffer knows of its memory. The device gives it; all views find it through the array that was allocated."""

    freed: bool
    listeners: tuple[Listener, ...]
    transfers: tuple[Transfer, ...]

    @property
    def device(self) -> Any: ...
    @property
    def address(self) -> int: ...
    @property
    def bo(self) -> Any: ...
    @property
    def coherent(self) -> bool: ...
    def give_back(self, buffer: PynqBuffer) -> None:
        """Free the memory, and set `freed`."""
        ...


# What was freed while hardware was at work in it, with the array that holds its memory until that is over.
_kept: dict[Origin, PynqBuffer] = {}


class ForeignOrigin:
    """The memory of a buffer that was made by a device of PYNQ's."""

    __slots__ = ("address", "bo", "coherent", "device", "freed", "listeners", "release", "transfers")

    def __init__(self, device: Any, address: int, bo: Any, coherent: bool, release: Callable[[Any], None] | None) -> None:
        self.device = device
        self.address = address
        self.bo = bo
        self.coherent = coherent
        self.release = release
        self.freed = False
        self.listeners: tuple[Listener, ...] = ()
        self.transfers: tuple[Transfer, ...] = ()

    def give_back(self, buffer: PynqBuffer) -> None:
        """Free it by `release`; else back to PYNQ's cache, if it has one; else the memory goes with the last array over it."""
        self.freed = True
        if self.release is not None:
            self.release(self.bo)
            return
        attributes = buffer.__dict__
        if attributes.get("pointer") and attributes.get("return_to") is not None:
            attributes["return_to"].return_pointer(attributes["pointer"])
            attributes["pointer"] = 0


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

    # No __array_finalize__: a view finds its buffer through `base` when somebody asks, and most slices are never asked.
    __slots__ = ("__dict__", "_origin")
    _origin: Origin  # of the array that was allocated; not of views of it

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
        self._origin = ForeignOrigin(device, device_address, bo, coherent, release)
        return self

    # Where it is.

    def _whole(self) -> PynqBuffer | None:
        """The buffer that this array is a view of, or is; None for a copy or a result."""
        array: Any = self
        while array is not None:
            if isinstance(array, PynqBuffer):
                try:
                    array._origin  # noqa: B018
                except AttributeError:
                    pass
                else:
                    return array
            array = array.obj if isinstance(array, memoryview) else getattr(array, "base", None)
        return None

    def _find(self) -> Origin | None:
        try:
            return self._origin
        except AttributeError:
            whole = self._whole()
            return None if whole is None else whole._origin

    def _offset(self, what: str) -> tuple[PynqBuffer, int]:
        """The buffer that this array is in, and where in it (bytes)."""
        whole = self._whole()
        if whole is None:
            raise NoAddressError(
                f"this array has no {what}: it is a copy of a buffer, not a view. Write into the buffer instead: buffer[:] = array"
            )
        if whole._origin.freed:
            raise BufferFreedError(f"use after free: the buffer{self._label()} was freed, it has no {what} any more")
        return whole, 0 if whole is self else _data(self) - _data(whole)

    def _label(self) -> str:
        return f" of shape {self.shape} and dtype {self.dtype}"

    @property
    def device_address(self) -> int:
        """The physical address of the first element, as the device sees it. `NoAddressError` for a copy and for a strided view."""
        whole, offset = self._offset("physical address")
        self.require_contiguous()
        return whole._origin.address + offset

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
        origin = self._find()
        return None if origin is None else origin.device

    @property
    def bo(self) -> Any:
        """The device's own name for the memory."""
        origin = self._find()
        return None if origin is None else origin.bo

    @property
    def coherent(self) -> bool:
        """Whether host and device see the same without `flush` and `invalidate`."""
        origin = self._find()
        return origin is None or origin.coherent

    @property
    def cacheable(self) -> bool:
        """Whether `flush` and `invalidate` are needed."""
        return not self.coherent

    @property
    def name(self) -> str:
        """What ``allocate(name=...)`` was told that the buffer is; '' where nothing. Of a view: of the buffer that it is a view of."""
        return getattr(self._find(), "name", None) or ""

    @name.setter
    def name(self, name: str) -> None:
        origin = self._find()
        if origin is not None and hasattr(origin, "name"):  # the memory of other devices has none
            origin.name = name

    @property
    def freed(self) -> bool:
        """Whether the memory has been given back."""
        origin = self._find()
        return origin is not None and origin.freed

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
        whole, _ = self._offset("counterpart on the device")
        origin = whole._origin
        if origin.coherent:
            return
        act = getattr(origin.device, operation)
        start = _data(whole)
        for address, nbytes in self._runs():
            act(origin.bo, address - start, address, nbytes)
            if operation == "invalidate" and origin.listeners:
                tell(origin.listeners, address - start, nbytes)

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

    def _extent(self, whole: PynqBuffer) -> tuple[int, int]:
        """Where in the buffer the memory from the first to the last byte of this array is: offset and bytes."""
        offset = 0 if whole is self else _data(self) - _data(whole)
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
        whole, _ = self._offset("counterpart on the device")
        origin = whole._origin
        if origin.coherent:
            return COHERENT
        ask = getattr(origin.device, "coherence_of", None)
        answer: Coherence | None = ask(origin.bo, *self._extent(whole)) if ask is not None else None
        return UNKNOWN if answer is None else answer

    def device_side(self) -> PlainArray | None:
        """What the device sees, as a plain array of this shape and type that cannot be written; None where it cannot be looked at.

        For a coherent buffer that is the same memory. Errors as for `physical_address`, but for strided views.
        """
        whole, offset = self._offset("counterpart on the device")
        ask = getattr(whole._origin.device, "device_side", None)
        if ask is None:
            return None
        memory: memoryview | None = ask(whole._origin.bo, 0, whole.nbytes)
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
        whole = self._whole()
        if whole is None or not whole._origin.listeners or whole._origin.freed:
            return
        offset, size = self._extent(whole)
        count = size - start if nbytes is None else nbytes
        if start < 0 or count < 0 or start + count > size:
            raise ValueError(f"bytes {start} to {start + count} are not in this array of {size} bytes")
        if count:
            tell(whole._origin.listeners, offset + start, count)

    def on_change(self, callback: Callable[[int, int], object]) -> Callable[[], None]:
        """Call ``callback(offset, nbytes)`` when hardware wrote here: bytes from the start of the whole buffer. The result takes it back.

        It is called on whatever thread found out, perhaps with the device's lock held: it must be quick and may not touch hardware. What
        it raises is logged. Errors as for `physical_address`, but for strided views.
        """
        origin = self._offset("memory to listen to")[0]._origin
        # An entry of its own for each call, so that one who listens twice is told twice and stops one at a time.
        entry = partial(callback)
        origin.listeners = (*origin.listeners, entry)

        def undo() -> None:
            origin.listeners = tuple(other for other in origin.listeners if other is not entry)

        return undo

    @property
    def under_way(self) -> tuple[Transfer, ...]:
        """The transfers that drivers have begun in this buffer and not ended, the oldest first."""
        origin = self._find()
        return () if origin is None else origin.transfers

    def begin_transfer(self, transfer: Transfer) -> None:
        """A driver says that `transfer` is under way in this buffer. Errors as for `physical_address`, but for strided views."""
        origin = self._offset("memory to transfer")[0]._origin
        origin.transfers = (*origin.transfers, transfer)

    def end_transfer(self, transfer: Transfer) -> None:
        """A driver says that `transfer` is no longer under way; nothing happens if it was not. What was freed meanwhile is given back."""
        origin = self._find()
        if origin is not None:
            origin.transfers = tuple(other for other in origin.transfers if other is not transfer)
            if _kept and origin in _kept and all(other.done for other in origin.transfers):
                whole = _kept.pop(origin)
                origin.freed = False
                origin.give_back(whole)

    # The end of it.

    def freebuffer(self) -> None:
        """Give the memory back, whoever still has views of it: they keep their contents, but have no address any more.

        Memory in which a transfer is under way goes to nobody else before that is over, whatever hardware writes there; a RuntimeWarning
        says so. `BufferFreedError` if that was done before; `ValueError` for a slice, which is not the buffer.
        """
        try:
            origin, whole = self._origin, self
        except AttributeError:
            found = self._whole()
            if found is None or found.nbytes != self.nbytes or self._extent(found) != (0, found.nbytes):
                raise self._not_whole(found) from None
            origin, whole = found._origin, found
        if origin.freed:
            raise BufferFreedError(f"double free: the buffer{self._label()} was freed before")
        running = [transfer.title for transfer in origin.transfers if not transfer.done] if origin.transfers else None
        if running:
            origin.freed = True
            _kept[origin] = whole
        else:
            origin.give_back(whole)
        whole.__class__ = FreedBuffer
        if whole is not self:
            self.__class__ = FreedBuffer
        if running:
            warnings.warn(
                f"the buffer{whole._label()} was freed while {', '.join(running)} was at work in it: nobody else gets its memory before "
                "that is over. Wait for the transfer, or stop it, before",
                RuntimeWarning,
                stacklevel=2,
            )

    def _not_whole(self, whole: PynqBuffer | None) -> Exception:
        if whole is None:
            return NoAddressError("this array has no memory to free: it is a copy of a buffer, not a view")
        if whole._origin.freed:
            return BufferFreedError(f"double free: the buffer{whole._label()} was freed before")
        return ValueError(f"only the buffer as a whole can be freed, not a view of {self.nbytes} of its {whole.nbytes} bytes")

    def close(self) -> None:
        """The same as `freebuffer`, but nothing happens the second time. An old name of PYNQ's: as there, a DeprecationWarning says so."""
        warnings.warn("close() of a buffer is an old name: use freebuffer(), or with", DeprecationWarning, stacklevel=2)
        if not self.freed:
            self.freebuffer()

    def __enter__(self) -> PynqBuffer:
        return self

    def __exit__(self, *exception: object) -> None:
        if not self.freed:
            self.freebuffer()

    # What is made from it is a plain array.

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        if array is self:
            return self
        plain = np.asarray(array)
        return plain[()] if plain.ndim == 0 else plain

    def squeeze(self, axis: Any = None) -> PynqBuffer:
        """A view without the axes of length 1; as numpy's, but that knows its address as other views do."""
        shape: Any = np.asarray(self).squeeze(axis).shape
        view: PynqBuffer = self.reshape(shape)
        return view

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
    squeeze = _refuse
    conj = _refuse
    conjugate = _refuse
    __bool__ = _refuse
    __int__ = _refuse
    __float__ = _refuse
    __complex__ = _refuse
    __index__ = _refuse
    ctypes = property(_refuse)
    flat = property(_refuse)
    real = property(_refuse)
    imag = property(_refuse)
