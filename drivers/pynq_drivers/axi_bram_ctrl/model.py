"""What AXI BRAM Controller does, for the simulated device: block RAM behind a bus.

Source: AMD PG078, AXI BRAM Controller v4.1: "Overview", "Memory Address Map". Two controllers on the two ports of one block memory
see the same bytes. The ECC registers, which exist with C_ECC behind an interface of their own, read 0: simulated memory has no errors.
"""

from __future__ import annotations

from pynq_drivers import parameters
from pynq_widgets.device import IPModel, ModelContext

_LARGEST = 64 << 20  # bytes; what claims more is memory of another kind, or a mistake in the file


class AxiBramModel(IPModel):
    """Block RAM, all 0 at first. ``memory`` is its bytes, live, as the logic on the other port sees them."""

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        shared = self._first_on_the_same_memory()
        self._store: memoryview = shared.memory if shared is not None else memoryview(bytearray(self._size()))

    def _size(self) -> int:
        given = self.context.module.parameters
        size = parameters.integer(given, "C_MEMORY_DEPTH", 0) * parameters.integer(given, "C_S_AXI_DATA_WIDTH", 32) // 8
        ranges = [r for ranges in self.context.design.address_maps.values() for r in ranges if r.module is self.context.module]
        size = max([size, 4096, *(r.size for r in ranges)])
        if size > _LARGEST:
            raise ValueError(f"{self.context.path}: the design claims {size} bytes of block RAM; no device has more than {_LARGEST}")
        return size

    def _memory_path(self, path: str) -> str | None:
        links = self.context.design.connections
        return next((link.slave for link in links if link.protocol == "bram" and link.master == path), None)

    def _first_on_the_same_memory(self) -> AxiBramModel | None:
        own = self._memory_path(self.context.path)
        if own is None:
            return None
        for link in self.context.design.connections:
            if link.protocol == "bram" and link.slave == own:
                if link.master == self.context.path:
                    return None  # the first one keeps the memory
                other = self.context.model_of(link.master)
                if isinstance(other, AxiBramModel):
                    return other
        return None

    @property
    def memory(self) -> memoryview:
        """The bytes, live."""
        return self._store

    def _is_memory(self, interface: str) -> bool:
        return not interface.upper().endswith("CTRL")

    def read(self, interface: str, offset: int) -> int:
        return int.from_bytes(self._store[offset : offset + 4], "little") if self._is_memory(interface) else 0

    def write(self, interface: str, offset: int, value: int) -> None:
        if self._is_memory(interface):
            self._store[offset : offset + 4] = value.to_bytes(4, "little")

    def read_bytes(self, interface: str, offset: int, length: int) -> bytes:
        """A block; what the device asks for where a master reads more than a word."""
        return bytes(self._store[offset : offset + length]) if self._is_memory(interface) else bytes(length)

    def write_bytes(self, interface: str, offset: int, data: bytes | memoryview) -> None:
        """A block; what the device asks for where a master writes more than a word."""
        if self._is_memory(interface):
            self._store[offset : offset + len(data)] = data

    def view(self, interface: str, offset: int, length: int) -> memoryview | None:
        """The bytes themselves, live and writable."""
        return self._store[offset : offset + length] if self._is_memory(interface) else None
