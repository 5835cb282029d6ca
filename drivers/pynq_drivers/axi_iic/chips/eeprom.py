"""A serial EEPROM of the 24LC family.

Source: Microchip 24LC256 data sheet (DS21203), "Byte Write", "Page Write", "Acknowledge Polling", "Sequential Read": an address of two
bytes, pages of 64 bytes within which a write goes round, 5 ms for a write, during which nothing is acknowledged; 24LC02B: one byte, pages
of 8 bytes.
"""

from __future__ import annotations

from pynq_drivers.axi_iic.target import Target


class Eeprom24(Target):
    """``Eeprom24()`` is a 24LC256 (32 KiB); ``Eeprom24(256, page=8, address_bytes=1)`` a 24LC02.

    Attributes
    ----------
    content : bytearray
        What it holds; all ones at first.
    write_time : float
        Seconds that a write takes.
    """

    def __init__(self, size: int = 32768, page: int = 64, address_bytes: int = 2, write_time: float = 5e-3) -> None:
        if size < 1 or size > 1 << 8 * address_bytes or page < 1 or size % page:
            raise ValueError(f"an EEPROM of {size} bytes in pages of {page} with addresses of {address_bytes} bytes does not work out")
        self.content = bytearray(b"\xff" * size)
        self.write_time = write_time
        self._page, self._address_bytes = page, address_bytes
        self._at = 0
        self._address: list[int] = []
        self._latched: dict[int, int] = {}  # bytes of the page that are written at the stop
        self._busy_until = 0.0

    @property
    def busy(self) -> bool:
        """Whether it is at a write."""
        return self.clock is not None and self.clock.now() < self._busy_until

    def start(self, read: bool) -> bool:
        if self.busy:
            return False
        if not read:
            self._address = []
            self._latched = {}
        return True

    def write(self, value: int) -> bool:
        if len(self._address) < self._address_bytes:
            self._address.append(value)
            self._at = int.from_bytes(bytes(self._address), "big") % len(self.content)
        else:
            self._latched[self._at] = value
            first = self._at - self._at % self._page
            self._at = first + (self._at + 1) % self._page
        return True

    def read(self) -> int:
        value = self.content[self._at]
        self._at = (self._at + 1) % len(self.content)
        return value

    def stop(self) -> None:
        if self._latched:
            for at, value in self._latched.items():
                self.content[at] = value
            self._latched = {}
            if self.clock is not None:
                self._busy_until = self.clock.now() + self.write_time
