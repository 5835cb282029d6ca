"""A part of a memory as a plain array, which is read anew when somebody looks: views slice and copy as they like, and the memory is read
word by word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pynq_widgets.live.asking import asking

if TYPE_CHECKING:
    from pynq_widgets.overlay.memory import Memory

LOCAL = 64 << 10  # bytes that are shown at once of what is near: simulated, or mapped
REMOTE = 4 << 10  # and of what each read asks a bus for


def most(memory: Memory) -> int:
    """How many bytes of a memory are shown at once."""
    device = memory.device
    near = hasattr(device, "peek") or device.has_capability("MEMORY_MAPPED")
    return int(min(memory.size, LOCAL if near else REMOTE)) & ~3


class MemoryWindow(np.ndarray[Any, np.dtype[np.uint32]]):
    """The words of `memory` from `start` bytes on, as they were at the last `refresh`. What is written to it reaches nothing."""

    memory: Memory | None
    start: int

    def __new__(cls, memory: Memory, start: int = 0) -> MemoryWindow:
        window = np.zeros(most(memory) // 4, np.uint32).view(cls)
        window.memory = memory
        window.start = start
        window.setflags(write=False)
        return window

    def __array_finalize__(self, source: Any) -> None:
        self.memory = getattr(source, "memory", None)
        self.start = getattr(source, "start", 0)

    @property
    def freed(self) -> bool:
        """Whether the overlay of the memory has gone."""
        life = getattr(self.memory, "_life", None)
        return life is not None and not life.alive

    @property
    def gone(self) -> str:
        """Why it is not read any more; empty as long as it is."""
        return f"{self.name} belongs to an overlay that is not on the device any more." if self.freed else ""

    @property
    def name(self) -> str:
        """The path of the memory."""
        return "" if self.memory is None else self.memory._where()

    @property
    def device(self) -> Any:  # numpy 2 has one of its own: where an array is
        """The device that the memory is on."""
        return None if self.memory is None else self.memory.device

    @property
    def physical_address(self) -> int | None:
        """Of the first byte."""
        return None if self.memory is None else self.memory.base_address + self.start

    def refresh(self) -> None:
        """Read it anew: of a simulated device past the bus and its tape; else a word at a time, in order."""
        memory = self.memory
        if memory is None or self.freed:
            return
        peek = getattr(memory.device, "peek", None)
        with asking(memory.device, "display"):
            data = memory.dump(self.nbytes, self.start) if peek is None else peek(memory.base_address + self.start, self.nbytes)
        self.setflags(write=True)
        self[:] = np.frombuffer(data, "<u4")
        self.setflags(write=False)
