"""What masters and streams have moved, as a monitor of the bus sees it."""

from __future__ import annotations

import pytest

from pynq_widgets.device.errors import BusError
from pynq_widgets.device.simulated.masters import AddressDecoder, MasterMemory, Window
from pynq_widgets.device.simulated.memory import memory_range


def test_a_master_keeps_account() -> None:
    memory = MasterMemory(AddressDecoder([Window("ram", 0x1000, 0x1000, lambda: memory_range(0x1000))]))
    memory.write(0x1000, bytes(64))
    memory.read(0x1010, 16)
    memory.wrote(0x1100, 32)
    assert (memory.writes, memory.bytes_written, memory.reads, memory.bytes_read) == (2, 96, 1, 16)
    with pytest.raises(BusError):
        memory.read(0x5000, 4)
    assert (memory.reads, memory.bytes_read) == (1, 16), "what failed was not moved"
