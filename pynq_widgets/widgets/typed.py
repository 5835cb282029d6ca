"""What a person types into a cell, as a number, and the ways in which a number is shown."""

from __future__ import annotations

import difflib
import math
import re
import struct
from collections.abc import Mapping

RADICES = ("hex", "dec", "signed", "bin", "float", "enum")

_NUMBER = re.compile(r"(?:0x[0-9a-f](?:_?[0-9a-f])*|0b[01](?:_?[01])*|0o[0-7](?:_?[0-7])*|[0-9](?:_?[0-9])*)", re.IGNORECASE)
_LONGEST = 120  # characters; the widest register in binary with its underscores has 81
_FLOATS = {16: ("<e", "<H"), 32: ("<f", "<I"), 64: ("<d", "<Q")}  # IEEE 754: binary16, binary32, binary64


def parse_value(text: str, radix: str = "hex", width: int = 32, labels: Mapping[int, str] | None = None) -> int:
    """The bits that `text` says for a value of `width` bits that is shown in `radix`.

    Whole numbers are decimal, or have the prefix ``0x``, ``0b`` or ``0o``; underscores and spaces may group digits. In ``'signed'`` a
    minus gives the two's complement; in ``'float'`` what has no prefix is an IEEE 754 number (16, 32 or 64 bits); in ``'enum'`` one of
    the `labels` (bits to text) is a value too, in capitals or not.

    Raises ``ValueError`` that names what was typed and what is expected. Whether a plain number fits is for the register to say.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"{text[:20]!r}… has {len(text)} characters; expected a number of at most {_LONGEST}")
    text = text.strip()
    if not text:
        raise ValueError("nothing is typed; expected a number, as in 26, 0x1A, 0b1_1010")
    if radix == "enum" and labels:
        for value, label in labels.items():
            if label.casefold() == text.casefold():
                return value
    if radix == "float" and width in _FLOATS and not re.match(r"0[xbo]", text, re.IGNORECASE):
        return _float_bits(text, width)
    compact = re.sub(r"[\s_]+", "_", text)
    if re.fullmatch(r"-(.+)", compact) and _NUMBER.fullmatch(compact[1:]):
        if radix != "signed":
            raise ValueError(f"{text!r} is negative; expected 0 or more (the bits of the register as a whole number)")
        return _twos_complement(text, _whole(compact[1:]), width)
    if not _NUMBER.fullmatch(compact):
        if radix == "enum" and labels:
            raise ValueError(f"{text!r} is no label and no number; expected {_listed(text, labels)} or a number")
        raise ValueError(f"{text!r} is not a number; expected decimal, 0x… or 0b…, as in 26, 0x1A, 0b1_1010")
    return _whole(compact)


def _whole(compact: str) -> int:
    digits = compact.replace("_", "").lower()
    base = {"0x": 16, "0b": 2, "0o": 8}.get(digits[:2], 10)
    return int(digits if base == 10 else digits[2:], base)


def _twos_complement(text: str, size: int, width: int) -> int:
    lowest = 1 << (width - 1)
    if size > lowest:
        raise ValueError(f"{text!r} does not fit {width} signed bits; expected {-lowest} to {lowest - 1}")
    return -size & ((1 << width) - 1)


def _float_bits(text: str, width: int) -> int:
    number, bits = _FLOATS[width]
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number; expected one such as 1.5, -2e-3, inf, nan, or its bits as 0x…") from None
    try:
        packed = struct.pack(number, value)
    except OverflowError:
        raise ValueError(f"{text!r} does not fit a float of {width} bits") from None
    found: int = struct.unpack(bits, packed)[0]
    if not math.isinf(value) and math.isinf(struct.unpack(number, packed)[0]):
        raise ValueError(f"{text!r} does not fit a float of {width} bits")
    return found


def _listed(text: str, labels: Mapping[int, str]) -> str:
    near = difflib.get_close_matches(text, labels.values(), 3) or list(labels.values())[:6]
    return ", ".join(repr(label) for label in near) + (", …" if len(near) < len(labels) else "")
