"""Traits that nobody has declared: one for each register and field that the design knows, on a class derived once for each kind of IP.

``ip.NAME`` is a register, ``ip.NAME_FIELD`` a field of it, with the names as ``register_map`` shows them; fields that mean nothing
(``RESERVED``), and one that is the whole register under the register's name, are left out. An HLS core has its control bits and its
arguments by name, too (:mod:`.hls`). A name that is a word of Python, or that the class or a pin of the IP has already, stands with
``_`` behind it: ``ip.read_`` is the argument `read` and ``ip.read`` still the method.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from keyword import iskeyword
from typing import Any

from pynq_widgets.access.bits import safe_name
from pynq_widgets.access.describe import reachable
from pynq_widgets.design import hls as hls_names

from . import hls
from .asked import stated_by
from .base import HardwareTrait
from .bit import Bit
from .field import Field
from .wanted import Kind, Wanted
from .wide_word import WideWord
from .word import Word

_KEPT = 256


class DesignTraits:
    """The traits that IP of one class and one set of registers get from the design.

    Attributes
    ----------
    base : type
        The driver's class.
    names : dict[str, Wanted]
        What each attribute will be.
    renamed : dict[str, str]
        Names in the design whose attribute is not that name, because it is taken, and the attribute.
    registers : frozenset[str]
        The names of the registers.
    """

    def __init__(self, base: type, registers: Sequence[Any], is_core: bool, pins: Iterable[str]) -> None:
        self.base = base
        self.renamed: dict[str, str] = {}
        self.registers = frozenset(register.name for register in registers)
        self.names = self._placed(registers, is_core, frozenset(pins))
        self._derived: type | None = None
        self._lock = threading.Lock()

    def _placed(self, registers: Sequence[Any], is_core: bool, pins: frozenset[str]) -> dict[str, Wanted]:
        own = {name for cls in self.base.__mro__ for name in vars(cls)}
        stated = stated_by(self.base)
        elements = _elements(stated, self.registers)
        placed: dict[str, Wanted] = {}
        for name, wanted in _all(registers, is_core):
            if wanted.register in elements:
                continue
            attribute = plain = attribute_of(name)
            if plain in stated or placed.get(plain) == wanted:
                continue
            while attribute in own or attribute in pins or iskeyword(attribute):
                attribute += "_"
            if attribute in placed:
                # Another register or argument of this name: it has its word under the name that the mirror gives it.
                continue
            if attribute != plain:
                self.renamed[plain] = attribute
            placed[attribute] = wanted
        return placed

    @property
    def traits(self) -> dict[str, HardwareTrait]:
        """The traits by name, in the order of the registers."""
        every = vars(self.derived)
        return {name: every[name] for name in self.names}

    @property
    def derived(self) -> type:
        """The class with these traits: the driver's in all else, of its name, module and docstring, and no driver of its own."""
        with self._lock:
            if self._derived is None:
                self._derived = self._derive()
            return self._derived

    def _derive(self) -> type:
        base = self.base
        namespace: dict[str, Any] = {name: _made(wanted) for name, wanted in self.names.items()}
        namespace |= {"__module__": base.__module__, "__qualname__": base.__qualname__, "__doc__": base.__doc__, "_derived_from": base}
        return type(base)(base.__name__, (base,), namespace)


_known: OrderedDict[tuple[Any, ...], DesignTraits] = OrderedDict()
_known_lock = threading.Lock()


def design_traits(base: type, registers: Sequence[Any], is_core: bool, pins: Iterable[str]) -> DesignTraits:
    """The traits of `registers` for IP of the class `base`; the same object for the same registers, whichever design they are of.

    `is_core` says that HLS made the IP; `pins` are attribute names of the IP that are not of its class (interrupts, GPIO).
    """
    whole = tuple(registers)
    # By value, not by identity: a design that is opened again gives the same classes, and what grows has a bound.
    key = (base, whole, is_core, frozenset(pins))
    with _known_lock:
        found = _known.get(key)
        if found is not None:
            _known.move_to_end(key)
            return found
    made = DesignTraits(base, whole, is_core, key[3])
    with _known_lock:
        made = _known.setdefault(key, made)
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return made


_PATTERNS: dict[str, HardwareTrait] = {"word": Word(), "field": Field(), "bit": Bit(), "control": hls.ControlBit(), "wide": WideWord()}


def _made(wanted: Wanted) -> HardwareTrait:
    # What the design says is not stated again: a trait that states nothing takes it from the registers. So there is nothing to check,
    # and a trait is its pattern with another place: a third of the time, where an IP has ten thousand registers.
    pattern = _PATTERNS[wanted.kind]
    trait = copy(pattern)
    trait.register = wanted.register
    if wanted.kind == "wide":
        vars(trait)["high"] = wanted.part
    else:
        trait.bits = wanted.part
    trait.help = trait.__doc__ = wanted.help
    if wanted.c_type:
        trait.metadata = {**pattern.metadata, "c_type": wanted.c_type}
    return trait


def _elements(stated: Mapping[str, HardwareTrait], registers: frozenset[str]) -> set[str]:
    """Registers that are elements of an array of a core, which a trait that the class states has taken apart: they are in it already."""
    found: set[str] = set()
    for trait in stated.values():
        made = {statement.name for statement in trait.statements()} & registers if trait.kind == "array" else None
        if made:
            found |= made | {str(trait.register)}
    return found


def attribute_of(name: str) -> str:
    """The attribute of a register, field or argument: as ``register_map`` shows it, but never a private one."""
    safe = safe_name(name)
    return f"r{safe}" if safe.startswith("_") else safe


def _all(registers: Sequence[Any], is_core: bool) -> Iterator[tuple[str, Wanted]]:
    if is_core:
        yield from hls.wanted(registers)
    control = hls_names.control_register(registers) if is_core else None
    # A register that has its very name as attribute keeps it, against fields and against names that are shown alike.
    exact = {register.name for register in registers if reachable(register) and attribute_of(register.name) == register.name}
    seen: set[str] = set()
    for register in registers:
        name = register.name
        if name in seen:  # as the mirror names the second of a name
            name = f"{name}@{register.offset:#x}"
        seen.add(name)
        if not reachable(register):
            continue
        if name in exact or attribute_of(name) not in exact:
            yield name, Wanted("word", name, None, register.description)
        width = max(32, register.width)
        shown = safe_name(register.name).lower()
        for field in register.fields:
            same = safe_name(field.name).lower()
            # In a core the field of an argument is the argument, which has its name already; its halves have it without their number.
            if is_core:
                told = same == shown or (shown.startswith(f"{same}_") and shown[len(same) + 1 :].isdecimal())
            else:
                told = same == shown and field.bit_width >= min(register.width, width)
            if told or hls_names.is_reserved(field) or field.bit_offset + field.bit_width > width:
                continue
            if attribute_of(f"{name}_{field.name}") in exact:
                continue
            kind: Kind = "control" if register is control else "bit"
            yield f"{name}_{field.name}", Wanted(kind if field.bit_width == 1 else "field", name, field.name, field.description)
