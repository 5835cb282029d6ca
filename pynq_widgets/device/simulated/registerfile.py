"""The registers of one address block as hardware has them: reset values, access rights and side effects, word by word.

There are two sides. The *bus* side (`read`, `write`) obeys access rights and carries out side effects; the *hardware* side (`peek`,
`poke`, item access by name or offset) sees and sets the bits as they are. Words that the design does not describe are plain memory.

What the fields mean is IP-XACT's (IEEE 1685, ``readAction`` and ``modifiedWriteValue``), which Vivado puts into a ``.hwh`` as
``READ_ACTION`` and ``MODIFIED_READ_VALUES``. A read action of ``modify`` says that reading changes something, but not to what: here,
with no behaviour behind it, the value stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pynq_widgets.device.naming import near_hint
from pynq_widgets.device.simulated.memory import SparseMemory

if TYPE_CHECKING:
    from pynq_widgets.design import Register

WORD = 0xFFFFFFFF


@dataclass(slots=True)
class WordRule:
    """What the bus can do to one 32-bit word; each attribute but `reset` is a mask of the bits it concerns."""

    readable: int = 0
    writable: int = 0
    reset: int = 0
    cleared_by_read: int = 0
    set_by_read: int = 0
    one_clears: int = 0
    one_sets: int = 0
    one_toggles: int = 0
    zero_clears: int = 0
    zero_sets: int = 0
    zero_toggles: int = 0
    write_clears: int = 0
    write_sets: int = 0

    @property
    def plain(self) -> bool:
        """Whether the word is as good as memory."""
        return self == WordRule(readable=WORD, writable=WORD, reset=self.reset)

    def written(self, old: int, value: int) -> int:
        """The word after `value` has been written over `old`."""
        special = self.one_clears | self.one_sets | self.one_toggles | self.zero_clears | self.zero_sets | self.zero_toggles
        special |= self.write_clears | self.write_sets
        plain = self.writable & ~special
        new = (old & ~plain) | (value & plain)
        new &= ~(value & self.one_clears)
        new |= value & self.one_sets
        new ^= value & self.one_toggles
        new &= ~(~value & self.zero_clears)
        new |= ~value & self.zero_sets
        new ^= ~value & self.zero_toggles
        return ((new & ~self.write_clears) | self.write_sets) & WORD


_ACTIONS = {
    "onetoclear": "one_clears",
    "onetoset": "one_sets",
    "onetotoggle": "one_toggles",
    "zerotoclear": "zero_clears",
    "zerotoset": "zero_sets",
    "zerototoggle": "zero_toggles",
    "clear": "write_clears",
    "set": "write_sets",
}


def _may_read(access: str | None, default: bool) -> bool:
    return default if not access else not access.startswith("write")


def _may_write(access: str | None, default: bool) -> bool:
    return default if not access else access != "read-only"


def rules_of(registers: Iterable[Register]) -> dict[int, WordRule]:
    """The rule of each word that `registers` describe, by offset in bytes.

    Registers that share a word are laid over one another: a bit can do what any of them lets it do, except that a write to a
    write-only register does not show in a read-only one at the same place.
    """
    rules: dict[int, WordRule] = {}
    reads: dict[int, int] = {}  # bits that are read from a read-only register
    writes: dict[int, int] = {}  # bits that are written to a write-only register
    for register in registers:
        _lay(register, rules, reads, writes)
    for offset, rule in rules.items():
        rule.writable &= ~(reads.get(offset, 0) & writes.get(offset, 0))
    return rules


def _lay(register: Register, rules: dict[int, WordRule], reads: dict[int, int], writes: dict[int, int]) -> None:
    base = register.offset & ~3
    shift = 8 * (register.offset & 3)
    width = max([register.width, 1, *(field.bit_offset + field.bit_width for field in register.fields)])
    if width > 4096:  # an array (HLS keeps those as one long register): memory
        return
    can_read, can_write = _may_read(register.access, True), _may_write(register.access, True)
    bits = ((1 << width) - 1) << shift
    readable, writable = bits if can_read else 0, bits if can_write else 0
    effects: dict[str, int] = {}
    for field in register.fields:
        mask = (((1 << field.bit_width) - 1) << field.bit_offset) << shift
        if not _may_read(field.access, can_read):
            readable &= ~mask
        if not _may_write(field.access, can_write):
            writable &= ~mask
        action = (field.read_action or "").lower()
        if action in ("clear", "set"):
            name = "cleared_by_read" if action == "clear" else "set_by_read"
            effects[name] = effects.get(name, 0) | mask
        effect = _ACTIONS.get((field.write_action or "").lower())
        if effect:
            effects[effect] = effects.get(effect, 0) | (mask & writable)
    reset = (register.reset_value or 0) << shift
    for word in range((width + shift + 31) // 32):
        down, offset = 32 * word, base + 4 * word
        rule = rules.get(offset)
        if rule is None:
            rule = rules[offset] = WordRule()
        here_read, here_write = readable >> down & WORD, writable >> down & WORD
        rule.readable |= here_read
        rule.writable |= here_write
        rule.reset |= reset >> down & WORD
        reads[offset] = reads.get(offset, 0) | (here_read & ~here_write)
        writes[offset] = writes.get(offset, 0) | (here_write & ~here_read)
        for name, mask in effects.items():
            setattr(rule, name, getattr(rule, name) | (mask >> down & WORD))


class RegisterFile:
    """The registers of one block of `size` bytes.

    ``file['NAME']`` and ``file[offset]`` get and set a word as the hardware has it, whatever the bus may do.
    """

    def __init__(self, registers: Iterable[Register] = (), size: int = 1 << 16, name: str = "") -> None:
        self.name = name
        self.size = size
        self._described = tuple(registers)
        self._offsets = {register.name: register.offset for register in self._described}
        self._rules = {offset: rule for offset, rule in rules_of(self._described).items() if offset < size}
        # Words that differ from memory only in their reset value are read and written like memory.
        self._special = {offset: rule for offset, rule in self._rules.items() if not rule.plain}
        self._words: dict[int, int] = {}
        self._beyond = SparseMemory(size)
        self.reset()

    @property
    def described(self) -> bool:
        """Whether the design lists any register here; if not, the block is plain memory."""
        return bool(self._described)

    def reset(self) -> None:
        """Every register to its reset value, everything else to 0."""
        self._words.clear()
        self._words.update((offset, rule.reset) for offset, rule in self._rules.items())
        self._beyond.clear()

    # The side of the bus.

    def read(self, offset: int) -> int:
        """The word at `offset` (bytes), with what reading does to it."""
        words = self._words
        if offset not in words:
            return self._beyond.read_word(offset)
        value = words[offset]
        rule = self._special.get(offset)
        if rule is None:
            return value
        if rule.cleared_by_read or rule.set_by_read:
            words[offset] = (value & ~rule.cleared_by_read) | rule.set_by_read
        return value & rule.readable

    def write(self, offset: int, value: int) -> None:
        """Write the word at `offset` (bytes), with what writing does to it. What cannot be written ignores it, as hardware does."""
        words = self._words
        if offset not in words:
            self._beyond.write_word(offset, value)
            return
        rule = self._special.get(offset)
        words[offset] = value & WORD if rule is None else rule.written(words[offset], value)

    def read_bytes(self, offset: int, length: int) -> bytes:
        """`length` bytes (whole words) from `offset`, word by word."""
        if not self._words:
            return bytes(self._beyond.read(offset, length))
        read = self.read
        return b"".join([read(at).to_bytes(4, "little") for at in range(offset, offset + length, 4)])

    def write_bytes(self, offset: int, data: bytes | memoryview) -> None:
        """Write `data` (whole words) from `offset`, word by word."""
        if not self._words:
            self._beyond.write(offset, data)
            return
        for i, value in enumerate(memoryview(data).cast("B").cast("I").tolist()):
            self.write(offset + 4 * i, value)

    def view(self, offset: int, length: int) -> memoryview | None:
        """Registers are not memory that could be looked into: None."""
        return None

    # The side of the hardware.

    def offset_of(self, key: int | str) -> int:
        """The offset of the word `key`: an offset already, or the name of a register. `KeyError` tells of names that are near."""
        if isinstance(key, str):
            try:
                return self._offsets[key]
            except KeyError:
                hint = near_hint(key, self._offsets) or f"; there are {', '.join(self._offsets) or 'none'}"
                raise KeyError(f"no register {key!r} in {self.name or 'this block'}{hint}") from None
        if key % 4 or not 0 <= key < self.size:
            raise IndexError(f"no word at offset {key:#x} of {self.name or 'this block'}: expected a multiple of 4 below {self.size:#x}")
        return key

    def peek(self, key: int | str) -> int:
        """The word as it is, whoever may read it; nothing happens to it."""
        offset = self.offset_of(key) & ~3
        value = self._words.get(offset)
        return self._beyond.read_word(offset) if value is None else value

    def poke(self, key: int | str, value: int) -> None:
        """Set the word, whoever may write it; nothing else happens."""
        offset = self.offset_of(key) & ~3
        if offset in self._words:
            self._words[offset] = value & WORD
        else:
            self._beyond.write_word(offset, value & WORD)

    __getitem__ = peek
    __setitem__ = poke

    def __contains__(self, key: object) -> bool:
        return key in self._offsets if isinstance(key, str) else isinstance(key, int) and key % 4 == 0 and 0 <= key < self.size

    def __iter__(self) -> Iterator[str]:
        return iter(self._offsets)

    def set_bits(self, key: int | str, mask: int) -> int:
        """Set the bits of `mask` (as the hardware does, a status bit for instance); the new word."""
        value = self.peek(key) | mask
        self.poke(key, value)
        return value

    def clear_bits(self, key: int | str, mask: int) -> int:
        """Clear the bits of `mask`; the new word."""
        value = self.peek(key) & ~mask
        self.poke(key, value)
        return value

    def rule(self, key: int | str) -> WordRule | None:
        """What the bus can do to the word, or None where the design does not describe it."""
        return self._rules.get(self.offset_of(key) & ~3)
