"""Memory that goes from one buffer to the next through a cache, as PYNQ's video drivers have it for their frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pynq_widgets.device.buffer import PynqBuffer


def recycled(
    make: Callable[..., PynqBuffer], shape: Any, dtype: Any, *, pointer: Any = None, cache: Any = None, **options: Any
) -> PynqBuffer:
    """What ``allocate(shape, dtype, pointer=, cache=)`` of PYNQ's devices gives.

    `cache` is whatever has ``return_pointer(pointer)``: when the buffer is freed, its memory goes there instead of back to the device.
    `pointer` is what a cache was given: its memory, with its contents, is this buffer's; otherwise ``make(shape, dtype, **options)`` has
    it. ``TypeError`` for a `cache` or `pointer` of another kind, and where the memory is smaller than the buffer is to be.
    """
    if cache is not None and not callable(getattr(cache, "return_pointer", None)):
        raise TypeError(f"allocate: a cache takes memory back by its return_pointer(pointer), which {cache!r} has not")
    whole: PynqBuffer
    if pointer is None:
        whole = make(shape, dtype, **options)
    else:
        try:
            _, whole, _ = pointer
            if not isinstance(whole, PynqBuffer):
                raise TypeError
        except (TypeError, ValueError):
            raise TypeError(f"allocate: pointer is what a cache was given by return_pointer, not {pointer!r}") from None
    buffer = PynqBuffer(
        shape,
        dtype,
        whole,
        device=whole.device,
        device_address=whole.device_address,
        bo=whole.bo,
        coherent=whole.coherent,
        release=None if cache is not None else lambda bo: whole.freebuffer(),
    )
    if cache is not None:
        # The names that PYNQ's buffers have for it, and by which they are given back.
        buffer.__dict__.update(pointer=(whole.bo, whole, whole.device_address), return_to=cache)
    return buffer
