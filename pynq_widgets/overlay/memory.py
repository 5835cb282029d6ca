"""A memory of the design: a place for words, and for buffers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .ip import DefaultIP

if TYPE_CHECKING:
    from pynq_widgets.device import PynqBuffer


class Memory(DefaultIP):
    """A memory that software sees; ``allocate(..., target=ol.ddr4_0)`` puts a buffer in it.

    ``read`` and ``write`` take offsets from its base in bytes.
    """

    def _where(self) -> str:
        return str(self._described.get("memory") or super()._where())

    @property
    def size(self) -> int:
        """In bytes."""
        return int(self._described.get("addr_range") or self._described.get("size") or 0)

    @property
    def base_address(self) -> int:
        """Physical address of its first byte."""
        return int(self._described.get("phys_addr") or self._described.get("base_address") or 0)

    def allocate(self, shape: Any, dtype: Any = "u4", **kwargs: Any) -> PynqBuffer:
        """A buffer of `shape` and `dtype` within this memory.

        A device that knows its banks (``get_memory(description)``, as PYNQ's) is asked for this one; another is asked for its
        contiguous memory, and refused with ``MemoryError`` where what it gave lies elsewhere.
        """
        self._check_alive("allocate")
        get_memory = getattr(self.device, "get_memory", None)
        if get_memory is not None:
            buffer: PynqBuffer = get_memory(self._described).allocate(shape, dtype, **kwargs)
            return buffer
        buffer = self.device.allocate(shape, dtype, **kwargs)
        address = buffer.device_address
        if not self.base_address <= address < self.base_address + self.size:
            buffer.freebuffer()
            raise MemoryError(
                f"{self._where()} ({self.size:#x} bytes at {self.base_address:#x}): device {getattr(self.device, 'tag', self.device)!r} "
                f"allocates at {address:#x}, outside this memory; leave target out to allocate there"
            )
        return buffer
