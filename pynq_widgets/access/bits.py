"""Bits of a register by index or slice, as PYNQ has them: both ends are meant, the most significant one first."""

from __future__ import annotations

import operator
import re
from typing import Any

_UNSAFE = re.compile(r"[^a-zA-Z0-9_]")


def safe_name(name: str) -> str:
    """The attribute under which PYNQ shows a register or field: ``'IVAR[0]'`` becomes ``IVAR_0_``, ``'2nd'`` becomes ``r2nd``."""
    if not name:
        return "_"
    return _UNSAFE.sub("_", f"r{name}" if name[0].isdigit() else name)


def bit_range(index: Any, width: int) -> tuple[int, int, bool]:
    """Lowest bit, highest bit, and whether `index` counts upwards (``reg[4:7]``), which reverses the value.

    Raises ``ValueError`` for a step other than 1 and -1, a bit outside the register, or another type.
    """
    if isinstance(index, slice):
        start, stop, step = index.start, index.stop, index.step
        # The two usual ones first.
        if start is None and stop is None and step is None:
            return 0, width - 1, False
        if (step is None or step == -1) and type(start) is int and type(stop) is int and width > start >= stop >= 0:
            return stop, start, False
        if step is None or step == -1:
            start = width - 1 if start is None else start
            stop = 0 if stop is None else stop
        elif step == 1:
            start = 0 if start is None else start
            stop = width - 1 if stop is None else stop
        else:
            raise ValueError("Slicing step is not valid.")
        for end in (start, stop):
            if end not in range(width):
                raise ValueError(f"Slicing endpoint {end} not in range 0 - {width - 1}")
        start, stop = operator.index(start), operator.index(stop)
        return (stop, start, False) if start >= stop else (start, stop, True)
    try:
        bit = operator.index(index)
    except TypeError:
        raise ValueError("Index must be int or slice.") from None
    if not 0 <= bit < width:
        raise ValueError(f"Bit {bit} not in range 0 - {width - 1}")
    return bit, bit, False


def reversed_bits(value: int, width: int) -> int:
    """`value` of `width` bits with its bits in the other order."""
    return int(f"{value:0{width}b}"[::-1], 2)
