"""What the design says of the registers, corrected by what the traits of a driver state: for the mirror, the register map and the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pynq_widgets.access.describe import registers_of
from pynq_widgets.design import AddressBlock, Field, Register

from .place import by_name, fields_named

ONREAD: Mapping[str, str | None] = {"none": None, "clear": "clear", "modify": "modify", "pop": "pop"}
ONWRITE: Mapping[str, str | None] = {
    "set": None,
    "1-to-clear": "oneToClear",
    "1-to-set": "oneToSet",
    "1-to-toggle": "oneToToggle",
    "push": "push",
}


class Statement(NamedTuple):
    """What one trait states of one register.

    `register` is its name or offset, and `plus` so many bytes behind that. `bits` are the lowest bit and the width, or a field's
    name, or ``None`` for all of it. `access`, `onread`, `onwrite` are the trait's keywords, ``None`` where it states nothing.
    """

    name: str
    register: str | int
    plus: int = 0
    bits: tuple[int, int] | str | None = None
    access: Any = None
    onread: str | None = None
    onwrite: str | None = None
    help: str = ""


def corrected(block: Any, traits: Mapping[str, Any] | Iterable[Any]) -> Any:
    """`block` with what `traits` state of access and side effects, and with the registers and fields that the design lacks.

    Parameters
    ----------
    block
        An ``AddressBlock``, registers, PYNQ's dictionary, or ``None`` where the design tells of no registers.
    traits
        Hardware traits of a class, with their names (``cls.class_traits()`` will do): other traits among them say nothing.

    Returns
    -------
    `block` itself where the traits state nothing new; else an ``AddressBlock`` (for one, and for None) or a tuple of registers. The
    design's own fields stay, so that code which names them works; bits that it has no field for get one of the trait's name. A
    register that the design does not have by that name is left out: one driver serves several versions of an IP. One given by its
    offset is added. An array of an HLS core that a ``RegArray`` stands for becomes its elements.
    """
    listed = traits.values() if isinstance(traits, Mapping) else traits
    statements = [statement for trait in listed if hasattr(trait, "statements") for statement in trait.statements()]
    registers = _Registers([] if block is None else registers_of(block))
    for statement in statements:
        registers.take(statement)
    if not registers.changed:
        return block
    after = tuple(sorted(registers.listed, key=lambda register: register.offset))
    if block is None:
        return AddressBlock("", "", 0, "register", "read-write", after)
    return block._replace(registers=after) if isinstance(block, AddressBlock) else after


class _Registers:
    def __init__(self, registers: Iterable[Any]) -> None:
        self.listed: list[Any] = list(registers)
        self._original = tuple(self.listed)
        self._arrays = [register for register in self.listed if getattr(register, "is_memory", False)]

    @property
    def changed(self) -> bool:
        return self._original != tuple(self.listed)

    def take(self, statement: Statement) -> None:
        index = self._index(statement)
        if index is None:
            return
        register = self.listed[index]
        stated = statement.bits
        if stated is None:
            self.listed[index] = _whole(register, statement)
            return
        if isinstance(stated, str):
            field = next(iter(fields_named(stated, register.name, register.fields)), None)
            if field is None:
                return
            stated = (field.bit_offset, field.bit_width)
        self.listed[index] = _field(register, statement, *stated)

    def _index(self, statement: Statement) -> int | None:
        """Where the register stands in the list; one that is given by its offset is made if need be."""
        base = statement.register
        if isinstance(base, str):
            known = [*self.listed, *(array for array in self._arrays if array not in self.listed)]
            exact = [register for register in known if register.name == base]
            alike = exact or [register for register in known if by_name(base, (register.name,))]
            if not exact and len(alike) != 1:
                return None
            if not statement.plus and not getattr(alike[0], "is_memory", False):
                return self.listed.index(alike[0])
            base = alike[0].offset
        offset = base + statement.plus
        for array in [each for each in self._arrays if each in self.listed and each.offset <= offset < each.offset + (each.width + 7) // 8]:
            self.listed.remove(array)
        # The first element keeps the array's name, by which the trait finds it.
        named = next((array.name for array in self._arrays if array.offset == offset), statement.name)
        found = [index for index, register in enumerate(self.listed) if register.offset == offset]
        if found:
            return min(found, key=lambda index: self.listed[index].width)
        if any(register.offset < offset < register.offset + register.width // 8 for register in self.listed):
            return None  # within a wider register: that one is what the mirror knows
        access: Any = statement.access or "read-write"
        self.listed.append(Register(self._new_name(named), offset, 32, access, None, statement.help, (), False))
        return len(self.listed) - 1

    def _new_name(self, name: str) -> str:
        taken = {register.name for register in self.listed}
        while name in taken:
            name += "_"
        return name


def _whole(register: Any, statement: Statement) -> Any:
    access = statement.access or register.access
    fields = tuple(register.fields)
    if not fields and (statement.onread not in (None, "none") or statement.onwrite not in (None, "set")):
        fields = (Field(register.name, 0, register.width, access, "", None, None),)
    fields = tuple(_stating(field, statement) for field in fields)
    if statement.onread is not None:
        destroys = statement.onread != "none"
    else:
        destroys = register.reads_destroy
    return _replaced(register, access=access, fields=fields, reads_destroy=destroys)


def _field(register: Any, statement: Statement, low: int, width: int) -> Any:
    fields = []
    exact = False
    around = None
    for field in register.fields:
        first, stop = field.bit_offset, field.bit_offset + field.bit_width
        if (first, stop) == (low, low + width):
            exact = True
        if low <= first and stop <= low + width:
            field = _stating(field, statement)
        elif first <= low and low + width <= stop and around is None:
            around = field
        fields.append(field)
    if not exact and (low, width) != (0, max(register.width, 32)):
        if around is not None:
            new = Field(statement.name, low, width, around.access, statement.help, around.read_action, around.write_action)
        else:
            new = Field(statement.name, low, width, register.access, statement.help, None, None)
        taken = {field.name for field in fields}
        while new.name in taken:
            new = new._replace(name=f"{new.name}_")
        fields.append(_stating(new, statement))
    elif not exact and (statement.access, statement.onread, statement.onwrite) != (None, None, None):
        return _whole(register, statement)
    had_actions = any(field.read_action for field in register.fields)
    destroys = any(field.read_action for field in fields) or (register.reads_destroy and not had_actions)
    return _replaced(register, fields=tuple(fields), reads_destroy=destroys)


def _stating(field: Any, statement: Statement) -> Any:
    changes: dict[str, Any] = {}
    if statement.access is not None:
        changes["access"] = statement.access
    if statement.onread is not None:
        changes["read_action"] = ONREAD[statement.onread]
    if statement.onwrite is not None:
        changes["write_action"] = ONWRITE[statement.onwrite]
    return _replaced(field, **changes)


def _replaced(thing: Any, **changes: Any) -> Any:
    """`thing`, a named tuple, with `changes`; itself where nothing differs."""
    if all(getattr(thing, name) == value for name, value in changes.items()):
        return thing
    return thing._replace(**changes)
