"""``pynq.pl_server.embedded_device``: the header of a bitstream as PYNQ's dictionary."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any


def extend(module: ModuleType, put: Callable[[Any, str, Any], None]) -> None:
    """``parse_bit_header(bit_data)``."""
    put(module, "parse_bit_header", parse_bit_header)


def parse_bit_header(bit_data: bytes) -> dict[str, Any]:
    """What the header of a ``.bit`` file's bytes says, and the configuration data behind it, by PYNQ's keys.

    Raises ``DesignError`` where they are none.
    """
    from pynq_widgets.design.bitfile import read_bitstream

    header, data = read_bitstream("bit_data", bytes(bit_data))
    # The name of the design, and what the tool says of itself behind it, are one text that ends with a 0.
    start = bit_data.index(header.design.encode())
    text = bit_data[start : bit_data.index(b"\0", start)].decode("utf-8", "replace")
    return {
        "design": header.design,
        "version": text.split(";")[-1],
        "part": header.part,
        "date": header.date,
        "time": header.time,
        "length": str(header.length),
        "data": data,
    }
