"""Parameters of an IP as a design file writes them.

One file spells a parameter ``C_SG_LENGTH_WIDTH``, the next ``c_sg_length_width``, some have both; values are decimal, hexadecimal,
quoted (``"1"``) or words (``true``). Drivers and models read them through here so that both sides of an IP agree.
"""

from __future__ import annotations

from collections.abc import Mapping

_WORDS = {"true": 1, "false": 0, "yes": 1, "no": 0}


def text(parameters: Mapping[str, str], name: str, default: str = "") -> str:
    """The value of ``name`` as text without quotes; upper and lower case are the same parameter, ``default`` where there is none."""
    for spelling in (name, name.upper(), name.lower()):
        if spelling in parameters:
            return str(parameters[spelling]).strip().strip('"').strip()
    folded = name.lower()
    for spelling, value in parameters.items():
        if spelling.lower() == folded:
            return str(value).strip().strip('"').strip()
    return default


def integer(parameters: Mapping[str, str], name: str, default: int) -> int:
    """The value of ``name`` as an integer, ``default`` where the design does not give one.

    Raises ValueError, naming the parameter, where it has a value that is no number.
    """
    value = text(parameters, name).replace("_", "")
    if not value:
        return default
    word = _WORDS.get(value.lower())
    if word is not None:
        return word
    try:
        return int(value, 0)
    except ValueError:
        pass
    try:
        return int(value, 10)  # "08": decimal with a leading zero, which base 0 refuses
    except ValueError:
        raise ValueError(f"Parameter {name} should be an integer such as 32 or 0x20, but the design says {value!r}") from None
