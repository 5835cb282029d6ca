"""A chip on the I2C bus as software sees it: bytes, registers, and the transfers that SMBus has names for.

Source: NXP UM10204, I2C-bus specification, section 3.1 (transfers, repeated start, reserved addresses); System Management Bus
specification 3.1, section 6.5 (its words go lower byte first).
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Literal

from pynq_drivers import waiting

if TYPE_CHECKING:
    from pynq_drivers.axi_iic.driver import AxiIIC

_LOOK = 0.5e-3  # seconds between two looks whether a chip acknowledges
_MOST = 255  # bytes of one receive


class Chip:
    """The chip at one address of a bus; made by ``iic.chip(address)``.

    Each transfer is whole: of several threads none comes between the register's number and what is read of it.
    """

    def __init__(self, iic: AxiIIC, address: int) -> None:
        self._iic = iic
        self.address = address

    def __repr__(self) -> str:
        return f"<the chip at {self.address:#04x} of {self._iic._where()}>"

    # Bytes.

    @property
    def present(self) -> bool:
        """Whether it acknowledges its address; a byte is read from it to find out."""
        return self._iic._acknowledges(self.address)

    def wait_ready(self, timeout: float = 0.1) -> None:
        """Wait until it acknowledges, as an EEPROM does when it has written; TimeoutError after `timeout` seconds."""
        clock = self._iic.device.clock
        deadline = waiting.Deadline(clock, timeout)
        while not self.present:
            if deadline.passed():
                raise TimeoutError(f"{self!r} did not acknowledge within {timeout:g} s")
            clock.sleep(deadline.slice(_LOOK))

    def write(self, data: Any) -> None:
        """Send the bytes of `data`. `IICError` where the chip does not take them."""
        content = bytes(data)
        self._iic.send(self.address, content, len(content))

    def read(self, nbytes: int) -> bytes:
        """`nbytes` (1 to 255) from the chip."""
        data = bytearray(nbytes)
        self._iic.receive(self.address, data, nbytes)
        return bytes(data)

    def write_read(self, data: Any, nbytes: int) -> bytes:
        """Send `data`, and after a repeated start read `nbytes`: what most chips have their registers read by."""
        content, answer = bytes(data), bytearray(nbytes)
        with self._iic.transaction():
            self._iic.send(self.address, content, len(content), self._iic.REPEAT_START)
            self._iic.receive(self.address, answer, nbytes)
        return bytes(answer)

    # Registers.

    def register(
        self,
        offset: int,
        width: int = 1,
        *,
        signed: bool = False,
        byteorder: Literal["big", "little"] = "big",
        offset_width: int = 1,
        scale: float | None = None,
    ) -> ChipRegister:
        """The register at `offset`, of `width` bytes; `offset_width` bytes say which (two with large EEPROMs).

        With `scale` its value is that many times the number in it.
        """
        return ChipRegister(self, offset, width, signed, byteorder, offset_width, scale)

    def __getitem__(self, offset: int) -> int:
        return int(self.register(offset).value)

    def __setitem__(self, offset: int, value: int) -> None:
        self.register(offset).value = value

    def read_memory(self, address: int, nbytes: int, address_width: int = 2) -> bytes:
        """`nbytes` from `address` on of a memory, however many."""
        parts = []
        while nbytes > 0:
            part = min(nbytes, _MOST)
            parts.append(self.write_read(address.to_bytes(address_width, "big"), part))
            address, nbytes = address + part, nbytes - part
        return b"".join(parts)

    def write_memory(self, address: int, data: Any, *, page: int = 64, address_width: int = 2, timeout: float = 0.1) -> None:
        """Put `data` into a memory from `address` on, page by page, and wait for each to be written; TimeoutError where it is not."""
        if page < 1:
            raise ValueError(f"a page of a memory has 1 byte or more, not {page}")
        content = bytes(data)
        while content:
            part, content = content[: page - address % page], content[page - address % page :]
            self.write(address.to_bytes(address_width, "big") + part)
            self.wait_ready(timeout)
            address += len(part)

    # As SMBus calls them.

    def read_byte(self) -> int:
        """A byte, from where the chip stands."""
        return self.read(1)[0]

    def write_byte(self, value: int) -> None:
        """One byte."""
        self.write(_bytes(value, 1, "little"))

    def read_byte_data(self, command: int) -> int:
        """The byte of `command`."""
        return self.write_read([command], 1)[0]

    def write_byte_data(self, command: int, value: int) -> None:
        """A byte for `command`."""
        self.write(_bytes(command, 1, "little") + _bytes(value, 1, "little"))

    def read_word_data(self, command: int) -> int:
        """The 16-bit word of `command`, its lower byte first."""
        return int.from_bytes(self.write_read([command], 2), "little")

    def write_word_data(self, command: int, value: int) -> None:
        """A 16-bit word for `command`, its lower byte first."""
        self.write(_bytes(command, 1, "little") + _bytes(value, 2, "little"))

    def read_block(self, command: int, nbytes: int) -> bytes:
        """`nbytes` of `command` (an I2C block: no count is sent)."""
        return self.write_read([command], nbytes)

    def write_block(self, command: int, data: Any) -> None:
        """The bytes of `data` for `command` (no count is sent)."""
        self.write(_bytes(command, 1, "little") + bytes(data))


class ChipRegister:
    """A register of a chip: ``register.value`` reads and writes it; made by `Chip.register`."""

    def __init__(
        self,
        chip: Chip,
        offset: int,
        width: int,
        signed: bool,
        byteorder: Literal["big", "little"],
        offset_width: int,
        scale: float | None,
    ) -> None:
        if not 1 <= width <= 8:
            raise ValueError(f"a register of {chip!r} has 1 to 8 bytes, not {width!r}")
        if not 0 <= operator.index(offset) < 1 << 8 * offset_width:
            raise ValueError(f"the offset of a register of {chip!r} is 0 to {(1 << 8 * offset_width) - 1:#x}, not {offset:#x}")
        if scale == 0:
            raise ValueError(f"the scale of a register of {chip!r} is not 0")
        self.chip, self.offset, self.width, self.signed, self.scale = chip, operator.index(offset), width, signed, scale
        self._order, self._offset_bytes = byteorder, self.offset.to_bytes(offset_width, "big")

    def __repr__(self) -> str:
        return f"<register {self.offset:#04x} of {self.chip!r}, {8 * self.width} bits>"

    @property
    def raw(self) -> int:
        """The number in it; settable. One transfer each."""
        return int.from_bytes(self.chip.write_read(self._offset_bytes, self.width), self._order, signed=self.signed)

    @raw.setter
    def raw(self, number: int) -> None:
        self.chip.write(self._offset_bytes + _bytes(number, self.width, self._order, self.signed))

    @property
    def value(self) -> Any:
        """The number in it, times its scale where it has one; settable. One transfer each."""
        return self.raw if self.scale is None else self.raw * self.scale

    @value.setter
    def value(self, value: float) -> None:
        self.raw = operator.index(value) if self.scale is None else round(value / self.scale)  # type: ignore[arg-type]

    def update(self, mask: int, value: int) -> None:
        """Set the bits of `mask` to those of `value`: read, and written, with no other transfer between."""
        with self.chip._iic.transaction():
            self.raw = self.raw & ~mask | value & mask


def _bytes(number: int, width: int, order: Literal["big", "little"], signed: bool = False) -> bytes:
    value = operator.index(number)
    try:
        return value.to_bytes(width, order, signed=signed)
    except OverflowError:
        low, high = (-(1 << 8 * width - 1), (1 << 8 * width - 1) - 1) if signed else (0, (1 << 8 * width) - 1)
        raise ValueError(f"a number of {8 * width} bits is {low} to {high}, not {value}") from None
