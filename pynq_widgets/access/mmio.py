"""MMIO: reads and writes of the words of an address range (PYNQ's ``pynq.mmio``, same names and exception types)."""

from __future__ import annotations

import operator
import warnings
from typing import TYPE_CHECKING, Any

from .array import BusArray
from .errors import noted
from .port import Port, words_of
from .words import BusWords, RemoteWords

if TYPE_CHECKING:
    from pynq_widgets.device import Device


# The bits of an offset that no word below 1 GiB has: unaligned ones, higher ones, and the sign. One test, of a number that Python
# holds in one digit; a word beyond takes the longer way.
_NO_WORD = ~0x3FFF_FFFC


def _check_offset(operation: str, offset: object) -> None:
    """Raise ``TypeError`` where `offset` is not an integer."""
    if not hasattr(offset, "__index__"):
        raise TypeError(
            f"MMIO {operation}: the offset is a number of bytes as int, not the {type(offset).__name__} {offset!r}; "
            "a register is reached by its name through register_map"
        )


def _word_of(offset: int) -> str:
    return f"Offset {offset:#x} lies in the word at {offset & ~3:#x}"


class MMIO:
    """Reads and writes of whole words in an address range of a device.

    Attributes
    ----------
    base_addr : int
        Physical address of the first byte.
    length : int
        Size of the range in bytes.
    device : Device
        Where the range is.
    array : numpy.ndarray or BusArray
        The range as 32-bit words: the array of a mapped device, or a view that goes to the bus for each item. An item or ``.tolist()``
        is safe on either; arithmetic on slices of a mapped array is for memories, not for registers.
    """

    def __init__(
        self, base_addr: int, length: int = 4, device: Device | None = None, *, generation: int | None = None, **kwargs: Any
    ) -> None:
        """Map `length` bytes at `base_addr` of `device` (default: the active device).

        `generation`, if given, is the ``device.generation`` of the overlay that the range belongs to: as soon as another overlay
        has been loaded, each access raises :class:`~pynq_widgets.access.errors.StaleOverlayError`.

        Raises ``ValueError`` for a negative address or length and for a device that offers no access to registers.
        """
        if "debug" in kwargs:
            warnings.warn("Keyword debug has been deprecated.", DeprecationWarning, stacklevel=2)
            del kwargs["debug"]
        if kwargs:
            raise TypeError(f"MMIO() got an unexpected keyword argument {next(iter(kwargs))!r}")
        try:
            base_addr, length = operator.index(base_addr), operator.index(length)
        except TypeError:
            raise TypeError(f"MMIO() takes an address and a length as int, not {base_addr!r} and {length!r}") from None
        if base_addr < 0 or length < 0:
            raise ValueError("Base address or length cannot be negative.")
        if device is None:
            from pynq_widgets.device import Device

            device = Device.active_device
        self.base_addr = base_addr
        self.length = length
        self.device = device
        self.array: Any
        if device.has_capability("MEMORY_MAPPED"):
            self.array = device.mmap(base_addr, length)
            self._port = Port(words_of(self.array)[: length // 4], base_addr, device, generation)
        elif device.has_capability("REGISTER_RW"):
            self._port = Port(BusWords(device, base_addr, length // 4), base_addr, device, generation)
            self.array = BusArray(self._port)
        elif device.has_capability("REMOTE"):
            mapping: Any = device.mmap(base_addr, length)
            self.array = mapping.array
            self._port = Port(RemoteWords(mapping, length // 4), base_addr, device, generation)
        else:
            raise ValueError("Device does not have capabilities for MMIO")

    def read(self, offset: int = 0, length: int = 4, word_order: str = "little") -> int:
        """The unsigned integer at `offset` (bytes, a multiple of 4).

        `length` is 1, 2, 4 or 8 bytes. 1 and 2 read the whole word and give its lower part; 8 reads the word at `offset`, then the
        next one, and `word_order` says whether the first is the lower (``'little'``) or the upper half (``'big'``).

        Raises ``ValueError`` (negative offset, other length or order), ``MemoryError`` (unaligned) or ``IndexError`` (outside).
        """
        try:
            # An exact int: numpy's wrap around, or overflow, when a base is added to them.
            if length == 4 and type(offset) is int and not offset & _NO_WORD:
                return self._port.words[offset >> 2]
        except IndexError:
            raise self._outside("read", offset, 4) from None
        return self._read_other(offset, length, word_order)

    def _read_other(self, offset: int, length: int, word_order: str) -> int:
        self._port.check()
        _check_offset("read", offset)
        offset = operator.index(offset)
        if length not in (1, 2, 4, 8):
            raise ValueError("MMIO currently only supports 1, 2, 4 and 8-byte reads.")
        if offset < 0:
            raise ValueError("Offset cannot be negative.")
        if length == 8 and word_order not in ("big", "little"):
            raise ValueError("MMIO only supports big and little endian.")
        if offset % 4:
            raise noted(MemoryError("Unaligned read: offset must be multiple of 4."), _word_of(offset))
        words = self._port.words
        index = offset >> 2
        if index + (length == 8) >= len(words):
            raise self._outside("read", offset, length)
        first = words[index]
        if length != 8:
            return first & ((1 << 8 * length) - 1)
        second = words[index + 1]
        return second << 32 | first if word_order == "little" else first << 32 | second

    def write(self, offset: int, data: int | bytes) -> None:
        """Write `data` at `offset` (bytes, a multiple of 4).

        An integer (0 to 0xFFFFFFFF; -0x80000000 to -1 as two's complement) is one 32-bit write. Bytes, a whole number of words, are
        written word by word to mapped memory and in one burst to a bus.

        Raises ``ValueError`` (negative offset, value that does not fit, another type), ``MemoryError`` (unaligned) or ``IndexError``
        (outside). Nothing has been written then.
        """
        try:
            if type(offset) is int and not offset & _NO_WORD:
                self._port.words[offset >> 2] = data  # type: ignore[assignment]  # which refuses what is no word, and before it writes
                return
        except IndexError:
            raise self._outside("write", offset, 4) from None
        except (TypeError, ValueError):
            if type(data) is int and 0 <= data <= 0xFFFF_FFFF:
                # Not the words', which have nothing against it, but the device's own.
                raise
        self._write_other(offset, data)

    # PYNQ's names for it on mapped memory and on a bus; drivers that FINN generates call the first on either.
    write_mm = write
    write_reg = write

    def _write_other(self, offset: int, data: Any) -> None:
        self._port.check()
        _check_offset("write", offset)
        offset = operator.index(offset)
        if offset < 0:
            raise ValueError("Offset cannot be negative.")
        if offset % 4:
            raise noted(MemoryError("Unaligned write: offset must be multiple of 4."), f"{_word_of(offset)}; nothing was written")
        if isinstance(data, (bytes, bytearray, memoryview)):
            self._write_bytes(offset, bytes(data))
            return
        try:
            value = operator.index(data)
        except TypeError:
            raise noted(
                ValueError("Data type must be int or bytes."),
                f"MMIO write at {self.base_addr + offset:#010x} got the {type(data).__name__} {data!r}; nothing was written",
            ) from None
        if not -0x8000_0000 <= value <= 0xFFFF_FFFF:
            raise ValueError(
                f"MMIO write at {self.base_addr + offset:#010x}: {value} does not fit a 32-bit word (-0x80000000 to 0xFFFFFFFF); "
                "nothing was written"
            )
        try:
            self._port.words[offset >> 2] = value & 0xFFFF_FFFF
        except IndexError:
            raise self._outside("write", offset, 4) from None

    def _write_bytes(self, offset: int, data: bytes) -> None:
        if len(data) % 4:
            raise MemoryError("Unaligned write: data length must be multiple of 4.")
        first, count = offset >> 2, len(data) >> 2
        if first + count > len(self._port.words):
            raise self._outside("write", offset, len(data))
        if count:
            self._port.write_block(first, data)

    def _outside(self, operation: str, offset: int, length: int) -> IndexError:
        return IndexError(
            f"MMIO {operation} of {length} bytes at offset {offset:#x} is outside the {self.length:#x} bytes at {self.base_addr:#010x}"
            f" (last word: offset {(self.length // 4 - 1) * 4:#x})"
            if self.length >= 4
            else f"MMIO {operation}: the range at {self.base_addr:#010x} holds {self.length} bytes, not one whole word"
        )

    def invalidate(self, reason: str) -> None:
        """Let each further access through this handle raise ``StaleOverlayError`` with `reason` (what an overlay calls when freed)."""
        self._port.invalidate(reason)

    def __repr__(self) -> str:
        tag = getattr(self.device, "tag", self.device)
        return f"MMIO({self.base_addr:#010x}, {self.length:#x} bytes on {tag!r})"
