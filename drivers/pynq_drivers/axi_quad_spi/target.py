"""Chips for a simulated SPI bus: what they are derived from, and a flash memory.

Source: the commands of serial NOR flash that its makers have in common (JEDEC JESD216 names them; Micron N25Q128 data sheet, "Commands"),
and the identification of JEDEC JEP106: maker, kind, capacity as a power of two.
"""

from __future__ import annotations

from typing import ClassVar

from pynq_widgets.device.clock import Clock


class Target:
    """A chip at a select line, derived from for a certain one: here it answers with ones.

    ``modes`` are those in which it understands its master (0 to 3, CPOL x 2 + CPHA); ``clock`` is the device's time once it is attached.
    """

    modes: ClassVar[frozenset[int]] = frozenset({0, 1, 2, 3})
    clock: Clock | None = None

    def select(self) -> None:
        """Its select line went low."""

    def exchange(self, value: int) -> int:
        """A byte was shifted into it, the highest bit first; the one that came out meanwhile."""
        return 0xFF

    def deselect(self) -> None:
        """Its select line went high."""


IDENTIFY, READ, FAST_READ, PROGRAM = 0x9F, 0x03, 0x0B, 0x02
WRITE_ENABLE, WRITE_DISABLE, STATUS = 0x06, 0x04, 0x05
ERASE_SUBSECTOR, ERASE_SECTOR, ERASE_ALL = 0x20, 0xD8, 0xC7
BUSY, ENABLED = 1 << 0, 1 << 1  # of the status
PAGE, SUBSECTOR, SECTOR = 256, 4096, 65536
_PROGRAM_TIME, _ERASE_TIME = 0.5e-3, {ERASE_SUBSECTOR: 0.25, ERASE_SECTOR: 0.7, ERASE_ALL: 170.0}  # s, typical


class Flash(Target):
    """A serial NOR flash with addresses of three bytes: identification, reading, and programming a page (only ones become zeros).

    ``Flash(b"\\x20\\xba\\x18")`` identifies itself so; its size is two to the power of the third byte (here 16 MiB).
    """

    modes = frozenset({0, 3})

    def __init__(self, jedec: bytes = b"\x20\xba\x18") -> None:
        if len(jedec) != 3 or not 12 <= jedec[2] <= 24:
            raise ValueError(f"an identification is a maker, a kind and a capacity of 2**12 to 2**24 bytes, not {jedec!r}")
        self.jedec = bytes(jedec)
        self.size = 1 << jedec[2]
        self._blocks: dict[int, bytearray] = {}  # those that are not all ones
        self._enabled = False
        self._busy_until = 0.0
        self._command: int | None = None
        self._taken = bytearray()

    def load(self, address: int, data: bytes) -> None:
        """Put `data` into the memory, whatever was there."""
        if not 0 <= address <= self.size - len(data):
            raise ValueError(f"{len(data)} bytes at {address:#x} are not within the {self.size} bytes of the flash")
        for i, value in enumerate(data):
            self._block(address + i)[(address + i) % SUBSECTOR] = value

    def dump(self, address: int, nbytes: int) -> bytes:
        """What the memory holds."""
        return bytes(self._at(address + i) for i in range(nbytes))

    def _block(self, address: int) -> bytearray:
        return self._blocks.setdefault(address % self.size // SUBSECTOR, bytearray(b"\xff" * SUBSECTOR))

    def _at(self, address: int) -> int:
        block = self._blocks.get(address % self.size // SUBSECTOR)
        return 0xFF if block is None else block[address % SUBSECTOR]

    @property
    def _is_busy(self) -> bool:
        return self.clock is not None and self.clock.now() < self._busy_until

    def select(self) -> None:
        self._command, self._taken = None, bytearray()

    def exchange(self, value: int) -> int:
        if self._command is None:
            self._command = value if not self._is_busy or value == STATUS else -1
            if self._command == WRITE_ENABLE:
                self._enabled = True
            elif self._command == WRITE_DISABLE:
                self._enabled = False
            return 0xFF
        self._taken.append(value)
        count = len(self._taken)
        if self._command == IDENTIFY:
            return self.jedec[count - 1] if count <= 3 else 0
        if self._command == STATUS:
            return BUSY * self._is_busy | ENABLED * self._enabled
        before = {READ: 3, FAST_READ: 4}.get(self._command)
        if before is not None and count > before:
            return self._at(self._address + count - before - 1)
        return 0xFF

    @property
    def _address(self) -> int:
        return int.from_bytes(self._taken[:3], "big") % self.size

    def deselect(self) -> None:
        """Programming and erasing begin now, where writing was enabled."""
        command, self._command = self._command, None
        if not self._enabled or command is None:
            return
        if command == PROGRAM and len(self._taken) > 3:
            first, data = self._address, self._taken[3:][-PAGE:]
            skipped = len(self._taken) - 3 - len(data)
            for i, value in enumerate(data):  # beyond the end of the page it goes on at its beginning
                address = first - first % PAGE + (first + skipped + i) % PAGE
                self._block(address)[address % SUBSECTOR] &= value
            self._take(_PROGRAM_TIME)
        elif command in (ERASE_SUBSECTOR, ERASE_SECTOR) and len(self._taken) == 3:
            size = SUBSECTOR if command == ERASE_SUBSECTOR else SECTOR
            first = self._address - self._address % size
            for block in range(first // SUBSECTOR, (first + size) // SUBSECTOR):
                self._blocks.pop(block, None)
            self._take(_ERASE_TIME[command])
        elif command == ERASE_ALL and not self._taken:
            self._blocks.clear()
            self._take(_ERASE_TIME[command])

    def _take(self, seconds: float) -> None:
        self._enabled = False
        if self.clock is not None:
            self._busy_until = self.clock.now() + seconds
