"""Which modules a signal touches, by a look at the bytes of their ports.

Interrupts and GPIO follow a few dozen of thousands of nets. Parsing the ports of those modules only is several times faster than
parsing all; whether a port really hangs on the signal is then read from the parsed port.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .module import Module
from .sections import Section

# As Vivado writes it, with nothing in the name that could be an end of something else or stand for another character; the
# name is missing where it is written otherwise. What does not vary stands first, since the search for it is what costs.
_SIGNAL = re.compile(rb"""SIGNAME(?:(?<=\sSIGNAME)="([^"'=<>&\s]+)"(?=[\s/>])[^<>]*>\s*(<CONNECTIONS)?)?""")
_FURTHER = re.compile(rb"</CONNECTIONS>\s*<CONNECTIONS")


class Touched:
    """The modules with a port on a signal, in the order of the file."""

    def __init__(self, signals: list[tuple[Module, set[bytes]]]) -> None:
        self._signals = signals

    def by(self, name: str) -> list[Module]:
        encoded = name.encode("utf-8")
        return [module for module, names in self._signals if encoded in names]


def read_touched(modules: Iterable[Module]) -> Touched | None:
    """``None`` where the bytes do not tell: a port is joined by its CONNECTIONS alone, or a SIGNAME is not written as Vivado does."""
    signals: list[tuple[Module, set[bytes]]] = []
    for module in modules:
        section = module.element
        if not isinstance(section, Section):
            return None
        touched: set[bytes] = set()
        for start, end in section.spans("PORTS"):
            names = _signals(section.data, start, end)
            if names is None:
                return None
            touched |= names
        signals.append((module, touched))
    return Touched(signals)


def _signals(data: bytes, start: int, end: int) -> set[bytes] | None:
    # Without apostrophes each value stands in quotation marks. Then a text that looks like the attribute inside another value
    # would have that value's closing mark, a further attribute's "=" and its opening mark for its own value, which is excluded.
    # So each mention is an attribute if each one has a name; and no port is joined by CONNECTIONS alone if each follows a SIGNAME.
    matches = _SIGNAL.findall(data, start, end)
    names = {name for name, _ in matches}
    if b"" in names or data.find(b"'", start, end) >= 0:
        return None
    others = data.count(b"<CONNECTIONS", start, end) - sum([bool(connections) for _, connections in matches])
    # A port may have several CONNECTIONS one after the other; it is the first that follows the SIGNAME.
    return names if others == 0 or others == len(_FURTHER.findall(data, start, end)) else None
