"""Configuration data of an FPGA as its configuration port takes them, for the cores that write that port themselves.

Source: AMD UG470 (7 series) and UG570 (UltraScale), chapter "Configuration Details": synchronisation word, packets of types 1 and 2, the
command DESYNC; a ``.bit`` file has the words with their first byte first.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

from pynq_widgets.design import DesignError
from pynq_widgets.design.bitfile import read_bitstream

SYNC = 0xAA995566
CMD, DESYNC = 4, 13  # a configuration register, and what is written to it at the end
_WRITE, _READ = 2, 1
_MOST = 1 << 28  # bytes of a file


def words_of(path: str | os.PathLike[str], part: str = "") -> list[int]:
    """The words of a ``.bit`` or ``.bin`` file.

    ``DesignError`` for a file that is none, has no synchronisation word, or, where both are known, is for another part than `part`.
    """
    name = os.fspath(path)
    if name.lower().endswith(".bit"):
        header, data = read_bitstream(name)
        wanted = "".join(part.split("-")[:2]).lower()
        if header.part and wanted and not wanted.startswith(header.part.lower()) and not header.part.lower().startswith(wanted):
            raise DesignError(name, f"the bitstream is for the part {header.part}, but the design is for {part}")
    else:
        try:
            with open(name, "rb") as file:
                data = file.read(_MOST)
        except OSError as error:
            raise DesignError(name, f"the file cannot be read: {error.strerror or error}") from None
    if len(data) % 4:
        raise DesignError(name, f"{len(data)} bytes are no whole words of configuration data")
    words = [int.from_bytes(data[at : at + 4], "big") for at in range(0, len(data), 4)]
    if SYNC not in words:
        raise DesignError(name, "these are no configuration data of an FPGA: the synchronisation word AA995566 is not in them")
    return words


def digest(words: Iterable[int]) -> str:
    """A fingerprint of configuration data, from the synchronisation word to the last command."""
    port = ConfigurationPort(lambda image: found.append(image))
    found: list[tuple[int, ...]] = []
    for word in words:
        port.put(word)
        if found:
            break
    return _fingerprint(found[0]) if found else ""


def _fingerprint(image: Sequence[int]) -> str:
    return hashlib.sha256(b"".join(word.to_bytes(4, "big") for word in image)).hexdigest()


class ConfigurationPort:
    """The port as hardware has it: `put` a word after the other; `finished(words)` is called at the end of each bitstream.

    Attributes
    ----------
    words, crc
        How many words have come since `reset`, and the CRC-32 of their bytes, the first byte first.
    synchronised
        Whether the synchronisation word has come.
    registers
        What was written last to each configuration register, by number.
    """

    def __init__(self, finished: Callable[[tuple[int, ...]], object]) -> None:
        self._finished = finished
        self.reset()

    def reset(self) -> None:
        """As before the first word."""
        self.words = self.crc = 0
        self.registers: dict[int, int] = {}
        self._desync()

    def _desync(self) -> None:
        self.synchronised = False
        self._image: list[int] = []
        self._left = 0
        self._register = 0
        self._operation = 0
        self._wanted: list[int] = []

    def put(self, word: int) -> None:
        """A word comes in."""
        self.words += 1
        self.crc = crc32(word.to_bytes(4, "big"), self.crc)
        if not self.synchronised:
            self.synchronised = word == SYNC
            self._image = [word]
            return
        self._image.append(word)
        if self._left:
            self._left -= 1
            self.registers[self._register] = word
            if self._register == CMD and word == DESYNC:
                image = tuple(self._image)
                self._desync()
                self._finished(image)
            return
        kind = word >> 29
        if kind == 1:
            self._operation, self._register = word >> 27 & 3, word >> 13 & 0x1F
            self._begin(word & 0x7FF)
        elif kind == 2:
            self._begin(word & 0x7FF_FFFF)

    def _begin(self, count: int) -> None:
        if self._operation == _WRITE:
            self._left = count
        elif self._operation == _READ:
            self._wanted += [self._register] * count

    def take(self) -> int:
        """A word goes out: of the register that a packet asked for, 0 where none did."""
        return self.registers.get(self._wanted.pop(0), 0) if self._wanted else 0


def known_bitstream(design: Any, image: Sequence[int]) -> str:
    """The ``.bit`` file beside the loaded design's, with a ``.hwh``, that holds these configuration data; ``''`` where none does."""
    wanted = _fingerprint(image)
    folder = Path(getattr(design, "static", design).path).parent
    for path in sorted(folder.glob("*.bit")):
        if not path.with_suffix(".hwh").is_file():
            continue
        try:
            words = words_of(path)
        except DesignError:
            continue
        if digest(words) == wanted:
            return str(path)
    return ""
