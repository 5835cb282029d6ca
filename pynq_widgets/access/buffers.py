"""Buffers that the hardware reaches: contiguous memory of a device as numpy arrays."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from pynq_widgets import lazy

if TYPE_CHECKING:
    from pynq_widgets.device.buffer import PynqBuffer as PynqBuffer

# The type of what is allocated stands beside `allocate`, as with PYNQ, but is a numpy array: numpy is loaded with the first of them.
__getattr__, __dir__ = lazy.names(__name__, {"PynqBuffer": "pynq_widgets.device.buffer"})


def allocate(
    shape: int | tuple[int, ...], dtype: Any = "u4", target: Any = None, cacheable: bool | None = None, **kwargs: Any
) -> PynqBuffer:
    """A numpy array in contiguous memory that the hardware can reach.

    Parameters
    ----------
    shape
        Number of elements, or a tuple of numbers, none negative.
    dtype
        Any numpy type of fixed size, default 32-bit unsigned. Python objects have no place in the hardware's memory.
    target
        Where: a device, or a memory of one (whatever has ``allocate``). Default: the active device.
    cacheable
        Whether the processor may hold it in its cache; then ``flush`` and ``invalidate`` have work to do. Left out (``False``), the
        target decides as PYNQ's devices do.

    Raises ``ValueError`` or ``TypeError`` for a shape or type that cannot be, and ``MemoryError`` where the memory is exhausted.
    """
    try:
        kind = _kinds[dtype]
    except (KeyError, TypeError):
        kind = _kind(dtype, shape)
    lengths: tuple[int, ...]
    # One length, and given as it is meant, is what nearly all ask for.
    if type(shape) is tuple and len(shape) == 1 and type(shape[0]) is int and shape[0] >= 0:
        lengths = shape
    else:
        lengths = _lengths(shape)
    if target is None:
        from pynq_widgets.device import Device

        target = Device.active_device
    # Devices written for PYNQ take no `cacheable`; it is passed on only where it says something.
    if cacheable:
        kwargs["cacheable"] = True
    elif not kwargs:
        quick = getattr(target, "quick", None)
        if quick is not None:
            fast: PynqBuffer = quick(lengths, kind)
            return fast
    try:
        make = target.allocate
    except AttributeError:
        hint = f"; a text names no memory, try target=ol.{target}" if isinstance(target, str) and target.isidentifier() else ""
        raise TypeError(
            f"allocate: target {target!r} has no memory to allocate from: it must be a device or a memory with allocate(){hint}"
        ) from None
    buffer: PynqBuffer = make(lengths, kind, **kwargs)
    return buffer


_kinds: dict[Any, Any] = {}  # what names of types mean; to ask numpy takes longer than the rest


def _kind(dtype: Any, shape: Any) -> Any:
    import numpy as np

    try:
        kind = np.dtype(dtype)
    except TypeError as error:
        turned = f"; shape comes first: allocate({dtype!r}, {shape!r})" if isinstance(dtype, int) and not isinstance(shape, int) else ""
        raise TypeError(f"allocate: {dtype!r} is no numpy type ({error}); expected one such as 'u4', 'i2' or np.float32{turned}") from None
    if kind.hasobject:
        raise TypeError(f"allocate: dtype {kind} holds Python objects, which hardware cannot read: use a numeric type such as 'u4'")
    if kind.itemsize == 0:
        raise TypeError(f"allocate: dtype {kind} has elements of 0 bytes: give it a size, such as 'S16'")
    # Only what is equal to nothing of another meaning: strings, and numpy's own scalar types.
    if type(dtype) is str or (isinstance(dtype, type) and issubclass(dtype, np.generic)):
        _kinds[dtype] = kind
    return kind


def _lengths(shape: Any) -> tuple[int, ...]:
    try:
        lengths = tuple(map(operator.index, shape)) if isinstance(shape, (tuple, list)) else (operator.index(shape),)
    except TypeError:
        raise TypeError(f"allocate: shape must be an int or a tuple of ints, not {shape!r}") from None
    if any(length < 0 for length in lengths):
        raise ValueError(f"allocate: shape {shape!r} has a negative length")
    return lengths


def freebuffer(buffer: PynqBuffer) -> None:
    """Give the memory of `buffer` back, as ``buffer.freebuffer()`` does."""
    try:
        free = buffer.freebuffer
    except AttributeError:
        raise TypeError(f"freebuffer: expected a buffer made by allocate(), not {type(buffer).__name__}") from None
    free()
