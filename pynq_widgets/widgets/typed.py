"""What a person types into a cell, as a number."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(?:0x[0-9a-f](?:_?[0-9a-f])*|0b[01](?:_?[01])*|0o[0-7](?:_?[0-7])*|[0-9](?:_?[0-9])*)", re.IGNORECASE)
_LONGEST = 120  # characters; the widest register in binary with its underscores has 81


def parse_value(text: str) -> int:
    """The number that `text` says: decimal, or with the prefix ``0x``, ``0b`` or ``0o``; underscores and spaces may group digits.

    Raises ``ValueError`` that names what was typed and what is expected. Whether the number fits is for the register to say.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"{text[:20]!r}… has {len(text)} characters; expected a number of at most {_LONGEST}")
    compact = re.sub(r"[\s_]+", "_", text.strip())
    if re.fullmatch(r"-(.+)", compact) and _NUMBER.fullmatch(compact[1:]):
        raise ValueError(f"{text.strip()!r} is negative; expected 0 or more (the bits of the register as a whole number)")
    if not _NUMBER.fullmatch(compact):
        raise ValueError(f"{text.strip()!r} is not a number; expected decimal, 0x… or 0b…, as in 26, 0x1A, 0b1_1010")
    digits = compact.replace("_", "").lower()
    base = {"0x": 16, "0b": 2, "0o": 8}.get(digits[:2], 10)
    return int(digits if base == 10 else digits[2:], base)
