"""A recording as a value change dump (IEEE 1364-2005, section 18, "Value change dump (VCD) files"): the bus as signals over time.

Signals, in the scope ``bus``: ``address`` (32 bits, or 64 where an address needs them), ``data`` (32), ``read`` and ``write`` (strobes: 1
while a word is on the bus), ``error`` (1 with the strobe of what failed), ``recording`` (0 within a gap), ``interrupt`` (1 for an instant
when one is told), and as texts, 8 bits a character, ``who`` and ``register``: choose the data format ASCII for these in GTKWave.

A word takes two units of time, 1 ns each: its strobe rises, and falls. The words of a block follow one another. What happened at the
same time of the device's clock, as under a clock that stands still, follows one another too, so that times are never less than recorded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from pynq_widgets.device.bus import Transaction
from pynq_widgets.device.conversation import Conversation, Gap, Interruption

UNITS = 1_000_000_000  # a second, in units of the dump
_LONGEST = 64  # characters of a text


def write(conversation: Conversation, path: str | os.PathLike[str]) -> None:
    """Write the dump to `path`."""
    with open(path, "w", encoding="ascii", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines(conversation))


class _Signal:
    def __init__(self, code: str, name: str, width: int) -> None:
        self.code = code
        self.name = name
        self.width = width
        self.value: str | None = None

    @property
    def declaration(self) -> str:
        reach = f" [{self.width - 1}:0]" if self.width > 1 else ""
        return f"$var reg {self.width} {self.code} {self.name}{reach} $end"

    def change(self, bits: str) -> str | None:
        """The line that makes it `bits`; None where it is so."""
        if bits == self.value:
            return None
        self.value = bits
        return f"{bits}{self.code}" if self.width == 1 else f"b{bits} {self.code}"


def lines(conversation: Conversation) -> Iterator[str]:
    """The lines of the dump."""
    transactions = conversation.transactions
    wide = 64 if any(entry.address + 4 * entry.count > 1 << 32 for entry in transactions) else 32
    whos = max((len(_ascii(entry.who)) for entry in transactions), default=1)
    names = max((len(_ascii(conversation.name_of(entry.address))) for entry in transactions), default=1)
    widths = {"address": wide, "data": 32, "read": 1, "write": 1, "error": 1, "recording": 1, "interrupt": 1}
    widths.update(who=8 * max(1, whos), register=8 * max(1, names))
    signals = {name: _Signal(chr(33 + at), name, width) for at, (name, width) in enumerate(widths.items())}

    yield "$version pynq_widgets tape $end"
    yield f"$comment {_word(conversation.design) or 'design'} on {_word(conversation.kind) or 'device'} {_word(conversation.tag)} $end"
    yield "$timescale 1 ns $end"
    yield "$scope module bus $end"
    yield from (signal.declaration for signal in signals.values())
    yield "$upscope $end"
    yield "$enddefinitions $end"

    def changes(**values: str) -> list[str]:
        return [line for name, bits in values.items() if (line := signals[name].change(bits)) is not None]

    yield "#0"
    yield "$dumpvars"
    idle = {"read": "0", "write": "0", "error": "0", "recording": "1", "interrupt": "0"}
    yield from changes(**{name: idle.get(name, "x") for name in signals})
    yield "$end"

    free = 1  # the first unit at which nothing stands yet
    begin = conversation.entries[0].time if conversation.entries else 0.0
    for entry in conversation.entries:
        at = max(free, round((entry.time - begin) * UNITS))
        if isinstance(entry, Transaction):
            for number in range(entry.count):
                address = entry.address + 4 * number
                word = f"{entry.words[number]:b}" if number < len(entry.words) else "x"
                strobe = {entry.operation: "1", "error": "1" if entry.error else "0"}
                name = _text(conversation.name_of(address))
                yield f"#{at}"
                yield from changes(address=f"{address:b}", data=word, who=_text(entry.who), register=name, **strobe)
                yield f"#{at + 1}"
                yield from changes(read="0", write="0", error="0")
                at += 2
            free = at
        elif isinstance(entry, Gap):
            over = max(at + 1, round((entry.time + entry.seconds - begin) * UNITS))
            yield f"#{at}"
            yield from changes(recording="0")
            yield f"#{over}"
            yield from changes(recording="1")
            free = over + 1
        elif isinstance(entry, Interruption) and entry.event == "told":
            yield f"#{at}"
            yield from changes(interrupt="1")
            yield f"#{at + 1}"
            yield from changes(interrupt="0")
            free = at + 2
    yield f"#{free}"


def _ascii(text: str) -> str:
    return "".join(char if " " <= char <= "~" else "?" for char in text)[:_LONGEST]


def _text(text: str) -> str:
    """A text as a number, 8 bits a character, the first one highest, as simulators write strings (IEEE 1364-2005, 4.2.3)."""
    bits = "".join(f"{ord(char):08b}" for char in _ascii(text)).lstrip("0")
    return bits or "0"


def _word(text: str) -> str:
    # A comment ends with the word $end.
    return _ascii(text).replace("$", "_")
