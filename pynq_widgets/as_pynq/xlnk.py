"""``pynq.xlnk``: buffers as notebooks of PYNQ 2 ask for them.

PYNQ took ``Xlnk`` out with version 2.7, in favour of :func:`pynq.allocate`, of which this is a front: hundreds of published notebooks,
drivers and courses say ``Xlnk().cma_array(...)``.
"""

from __future__ import annotations

import weakref
from typing import Any

from pynq_widgets.access.buffers import allocate
from pynq_widgets.device import Device
from pynq_widgets.device.buffer import PynqBuffer as ContiguousArray

__all__ = ["ContiguousArray", "Xlnk"]


class Pointer(int):
    """Where the processor sees a buffer; it knows where the hardware does."""

    physical_address: int

    def __new__(cls, array: ContiguousArray) -> Pointer:
        pointer = super().__new__(cls, array.virtual_address)
        pointer.physical_address = array.physical_address
        return pointer


class Xlnk:
    """PYNQ 2's allocator of contiguous memory."""

    _arrays: dict[int, weakref.ref[ContiguousArray]] = {}

    def cma_array(
        self, shape: int | tuple[int, ...], dtype: Any = "u4", cacheable: int = 0, pointer: Any = None, cache: Any = None
    ) -> ContiguousArray:
        """``allocate(shape, dtype, cacheable=...)``; `pointer` and `cache`, memory of one's own, are refused (``NotImplementedError``)."""
        if pointer is not None or cache is not None:
            raise NotImplementedError("cma_array makes arrays in memory of its own only: leave out pointer and cache")
        array = allocate(shape, dtype, cacheable=bool(cacheable))
        vars(array)["pointer"] = Pointer(array)
        key = id(array)
        Xlnk._arrays[key] = weakref.ref(array, lambda _: Xlnk._arrays.pop(key, None))
        return array

    def cma_get_phy_addr(self, buf_ptr: Any) -> int:
        """Where the hardware sees the buffer `buf_ptr`, an array or its ``pointer``.

        Raises ``TypeError`` for a plain number: what it points to cannot be known.
        """
        address = getattr(buf_ptr, "physical_address", None)
        if address is None:
            raise TypeError(
                f"cma_get_phy_addr takes an array of cma_array, or its pointer, not the {type(buf_ptr).__name__} {buf_ptr!r}; "
                "array.physical_address says the same"
            )
        return int(address)

    def cma_free(self, buf: Any) -> None:
        """Give the memory of `buf`, an array or its ``pointer``, back."""
        found = buf if isinstance(buf, ContiguousArray) else next((array for array in self._alive() if vars(array)["pointer"] == buf), None)
        if found is None:
            raise RuntimeError(f"Pointer {buf!r} is not in the list of buffers that cma_array has made")
        found.freebuffer()

    def xlnk_reset(self) -> None:
        """Give back all that `cma_array` has made on the active device; a touch of one of these arrays says so then."""
        for array in self._alive():
            if array.device is Device.active_device:
                array.freebuffer()

    def cma_stats(self) -> dict[str, int]:
        """Bytes that are left and used, and the number of buffers, in the memory of the active device."""
        pool = self._pool()
        return {
            "CMA Memory Available": int(pool.left),
            "CMA Memory Usage": int(pool.size - pool.left),
            "Buffer Count": len(pool.allocations),
        }

    def cma_mem_size(self) -> int:
        """Size of the memory of the active device that buffers come from, in bytes."""
        return int(self._pool().size)

    def __getattr__(self, name: str) -> Any:
        if name in ("cma_alloc", "cma_cast", "cma_get_buffer", "cma_memcopy"):
            raise AttributeError(
                f"Xlnk.{name} is not part of pynq_widgets: it deals in pointers of C; "
                "nearest is an array of pynq.allocate(shape, dtype), which has physical_address and is filled as numpy's are"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @staticmethod
    def _alive() -> list[ContiguousArray]:
        arrays = (reference() for reference in list(Xlnk._arrays.values()))
        return [array for array in arrays if array is not None and not array.freed]

    @staticmethod
    def _pool() -> Any:
        device = Device.active_device
        pool = getattr(device, "pool", None)
        if pool is None:
            raise NotImplementedError(f"device {getattr(device, 'tag', device)!r} does not say how much memory it has for buffers")
        return pool
