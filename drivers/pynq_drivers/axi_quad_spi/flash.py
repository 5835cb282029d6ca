"""A serial flash memory behind an SPI bus.

Source: the commands that makers of serial NOR flash have in common (JEDEC JESD216; Micron N25Q128 data sheet, "Commands"); JEDEC JEP106
for makers.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, NamedTuple

from pynq_drivers import waiting
from pynq_drivers.axi_quad_spi.target import (
    BUSY,
    ERASE_SECTOR,
    ERASE_SUBSECTOR,
    IDENTIFY,
    PAGE,
    PROGRAM,
    READ,
    SECTOR,
    STATUS,
    SUBSECTOR,
    WRITE_ENABLE,
)

if TYPE_CHECKING:
    from pynq_drivers.axi_quad_spi.driver import AxiQuadSPI

_MAKERS = {0x01: "Infineon (Spansion)", 0x1F: "Renesas (Adesto)", 0x20: "Micron", 0x9D: "ISSI", 0xC2: "Macronix", 0xC8: "GigaDevice"}
_MAKERS |= {0xBF: "Microchip (SST)", 0xEF: "Winbond"}
_PART = 4096  # bytes that are read at once
_PATIENCE = {PROGRAM: 0.1, ERASE_SUBSECTOR: 5.0, ERASE_SECTOR: 10.0}  # s, several times what data sheets allow


class Identity(NamedTuple):
    """What a flash says of itself: `maker` (JEP106), `kind` (the maker's), `capacity` (a power of two on most)."""

    maker: int
    kind: int
    capacity: int

    @property
    def size(self) -> int | None:
        """Bytes, where `capacity` is the power of two that it is on most."""
        return 1 << self.capacity if 12 <= self.capacity <= 31 else None

    def __str__(self) -> str:
        size = "" if self.size is None else f", {self.size >> 20} MiB" if self.size >= 1 << 20 else f", {self.size >> 10} KiB"
        return f"{self.maker:02x} {self.kind:02x} {self.capacity:02x} ({_MAKERS.get(self.maker, 'unknown maker')}{size})"


class FlashMemory:
    """The flash at one select line, with addresses of three bytes; made by `AxiQuadSPI.flash`."""

    def __init__(self, spi: AxiQuadSPI, slave: int) -> None:
        self._spi, self._slave = spi, slave

    def __repr__(self) -> str:
        return f"<the flash at select line {self._slave} of {self._spi._where()}>"

    def _command(self, *command: int, answer: int = 0, data: bytes = b"") -> bytes:
        sent = bytes(command) + data + bytes(answer)
        sent += bytes(-len(sent) % self._spi.width)  # what an element has too many is shifted out behind the answer
        got = self._spi.transfer(sent, self._slave)
        return got[len(command) + len(data) :][:answer]

    def identify(self) -> Identity:
        """The JEDEC identification. RuntimeError where nothing answers."""
        found = self._command(IDENTIFY, answer=3)
        if found in (b"\xff\xff\xff", b"\0\0\0"):
            raise RuntimeError(f"nothing answers at select line {self._slave} of {self._spi._where()}: it reads {found.hex(' ')}")
        return Identity(*found)

    @property
    def status(self) -> int:
        """The status register: bit 0 is set while it programs or erases, bit 1 while writing is enabled."""
        return self._command(STATUS, answer=1)[0]

    @property
    def busy(self) -> bool:
        """Whether it programs or erases."""
        return bool(self.status & BUSY)

    def read(self, address: int, nbytes: int) -> bytes:
        """`nbytes` from `address` on (both below 2**24)."""
        first, count = self._checked(address, nbytes)
        parts = []
        while count:
            part = min(count, _PART)
            parts.append(self._command(READ, *first.to_bytes(3, "big"), answer=part))
            first, count = first + part, count - part
        return b"".join(parts)

    def program(self, address: int, data: Any) -> None:
        """Turn ones into zeros, page by page (256 bytes); erase before. Returns when it is done; TimeoutError where it is not."""
        content = bytes(data)
        first, _ = self._checked(address, len(content))
        self._byte_elements("program")
        while content:
            part, content = content[: PAGE - first % PAGE], content[PAGE - first % PAGE :]
            self._command(WRITE_ENABLE)
            self._command(PROGRAM, *first.to_bytes(3, "big"), data=part)
            self._wait(PROGRAM, f"programming {len(part)} bytes at {first:#x}")
            first += len(part)

    def erase(self, address: int, nbytes: int = SUBSECTOR) -> None:
        """Make all ones of whole subsectors (4096 bytes). Returns when it is done; TimeoutError where it is not."""
        first, count = self._checked(address, nbytes)
        self._byte_elements("erase")
        if first % SUBSECTOR or count % SUBSECTOR:
            raise ValueError(f"a flash is erased by {SUBSECTOR} bytes: {count} bytes at {first:#x} do not begin or end there")
        while count:
            sector = first % SECTOR == 0 and count >= SECTOR
            command, size = (ERASE_SECTOR, SECTOR) if sector else (ERASE_SUBSECTOR, SUBSECTOR)
            self._command(WRITE_ENABLE)
            self._command(command, *first.to_bytes(3, "big"))
            self._wait(command, f"erasing {size} bytes at {first:#x}")
            first, count = first + size, count - size

    def _byte_elements(self, what: str) -> None:
        if self._spi.width != 1:
            raise RuntimeError(f"{self._spi._where()} has elements of {self._spi.width} bytes in this design, too coarse to {what} with")

    def _wait(self, command: int, what: str) -> None:
        clock = self._spi.device.clock
        deadline = waiting.Deadline(clock, _PATIENCE[command])
        while self.busy:
            if deadline.passed():
                raise TimeoutError(f"{self!r} is still at {what} after {_PATIENCE[command]:g} s: is it write-protected?")
            clock.sleep(deadline.slice(_PATIENCE[command] / 1000))

    def _checked(self, address: int, nbytes: int) -> tuple[int, int]:
        first, count = operator.index(address), operator.index(nbytes)
        if first < 0 or count < 0 or first + count > 1 << 24:
            raise ValueError(f"addresses of three bytes end at {1 << 24:#x}: {count} bytes at {first:#x} are not within them")
        return first, count
