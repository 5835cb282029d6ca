"""A map of named registers (PYNQ's ``pynq.registers.RegisterMap``), made register by register as they are touched."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Iterator, Mapping
from keyword import iskeyword
from typing import Any, ClassVar

from pynq_widgets.showing import Shown

from .bits import safe_name
from .describe import RegisterLike, by_name, reachable, register_of
from .errors import near_names
from .planner import Guards
from .port import Port, port_of
from .register import Register

_SIZE = operator.itemgetter("size")


class RegisterMap(Shown):
    """The registers of an address block by name.

    ``rm.CTRL`` is a :class:`Register`; assigning to it writes all its bits. Names that are not Python's are shown with ``_``
    (``rm.IVAR_0_``) and are reachable as they are by item: ``rm['IVAR[0]']``. A name that does not exist raises, with the near ones.
    `repr` and completion read no register whose reading has an effect.

    Only subclasses made by :meth:`create_subclass` can be instantiated.
    """

    _port: Port
    _instances: dict[str, Register]
    _registers: ClassVar[dict[str, Any]]
    _classes: ClassVar[dict[str, type[Register]]]
    _tables: ClassVar[dict[str, Any]]

    def __init__(self, buffer: Any) -> None:
        """Bind the map to `buffer`: an MMIO (best: it brings the lock of the bus and the life of the overlay), its ``array``, a numpy
        array or any other buffer."""
        if not hasattr(type(self), "_registers"):
            raise RuntimeError("Only subclasses of RegisterMap from create_subclass can be instantiated")
        mine = vars(self)
        mine["_port"] = port_of(buffer)
        mine["_instances"] = {}
        for name, width in self._too_wide():
            warnings.warn(f"Unsupported register size {width} for register {name}", UserWarning, stacklevel=2)

    @classmethod
    def create_subclass(cls, name: str, registers: Any) -> type[RegisterMap]:
        """A subclass with an attribute for each of `registers`.

        `registers` is an ``AddressBlock`` of a design, or a dictionary of PYNQ's form, ``{name: {'address_offset' (bytes), 'access',
        'size' (bits), 'description', 'fields'}}``; see :meth:`Register.create_subclass` for the fields.
        """
        source = getattr(registers, "registers", registers)
        table = dict(source) if isinstance(source, Mapping) else by_name(source)
        return type("RegisterMap" + safe_name(name), (cls,), {"_registers": table, "_classes": {}, "_tables": {}})

    @classmethod
    def _too_wide(cls) -> list[tuple[str, int]]:
        """Registers that no access reaches, without the arrays of an HLS core, of which the design says what they are."""
        found: list[tuple[str, int]] | None = cls._tables.get("wide")
        if found is None:
            try:
                # The usual map, in one call: to look at each of a thousand entries is what would cost here.
                usual = max(map(_SIZE, cls._registers.values()), default=0) <= 64
            except TypeError:
                usual = False  # registers of a design among them
            found = [] if usual else list(cls._wider_than(64))
            cls._tables["wide"] = found
        return found

    @classmethod
    def _wider_than(cls, bits: int) -> Iterator[tuple[str, int]]:
        for name, entry in cls._registers.items():
            plain = isinstance(entry, Mapping)
            width = entry["size"] if plain else entry.width
            if width > bits and not (entry.get("is_memory") if plain else getattr(entry, "is_memory", False)):
                yield name, width

    @classmethod
    def _shown(cls) -> dict[str, str]:
        """Attribute to register name; where two names are shown alike, the one that is a Python name as it stands keeps it."""
        shown: dict[str, str] | None = cls._tables.get("shown")
        if shown is None:
            shown = {}
            for name in cls._registers:
                attribute = safe_name(name)
                if attribute not in shown or name == attribute:
                    shown[attribute] = name
            cls._tables["shown"] = shown
        return shown

    @classmethod
    def _infos(cls) -> dict[str, RegisterLike]:
        infos: dict[str, RegisterLike] | None = cls._tables.get("infos")
        if infos is None:
            infos = {name: register_of(name, entry) if isinstance(entry, Mapping) else entry for name, entry in cls._registers.items()}
            cls._tables["infos"] = infos
        return infos

    @classmethod
    def _guards(cls) -> Guards:
        guards: Guards | None = cls._tables.get("guards")
        if guards is None:
            guards = cls._tables["guards"] = Guards(cls._infos().values())
        return guards

    def _register(self, name: str) -> Register:
        """The register of that name in the design, made if it is not there yet."""
        made: Register | None = self._instances.get(name)
        if made is not None:
            return made
        entry = self._registers[name]
        info = register_of(name, entry) if isinstance(entry, Mapping) else entry
        if not reachable(info):
            raise AttributeError(
                f"register {name} of {info.width} bits at offset {info.offset:#x} is not of 1 to 64 bits in whole words: use the MMIO"
            )
        register_class = self._classes.get(name)
        if register_class is None:
            fields = {field.name: field for field in info.fields}
            register_class = self._classes[name] = Register.create_subclass(name, fields, info.description or None)
        made = register_class.__new__(register_class)
        # Others may share its word; the whole block is looked at when it is to be shown, not when it is used.
        why = _reason(register_class, info) or (lambda: self._guards().why(info))
        made._attach(self._port, info.offset // 4, info.offset, 32 if info.width <= 32 else 64, info.access, why)
        # Another thread may have been faster: there is one handle of a register.
        return self._instances.setdefault(name, made)

    def __getitem__(self, name: str) -> Register:
        """The register of that name, as the design or as the map shows it."""
        if name not in self._registers:
            shown = self._shown().get(name)
            if shown is None:
                raise KeyError(f"no register {name!r}{near_names(name, self._registers)}")
            name = shown
        return self._register(name)

    def __setitem__(self, name: str, value: int) -> None:
        self[name][:] = value

    def __contains__(self, name: object) -> bool:
        return name in self._registers or name in self._shown()

    def __iter__(self) -> Iterator[str]:
        """The names of the registers, as the design has them."""
        return iter(self._registers)

    def __getattr__(self, name: str) -> Register:
        registers = type(self)._registers if hasattr(type(self), "_registers") else {}
        if name in registers and name.isidentifier():
            made = self._register(name)
        else:
            shown = self._shown().get(name) if registers else None
            if shown is None:
                raise AttributeError(f"no register {name!r} in {type(self).__name__}{near_names(name, registers)}", name=name, obj=self)
            made = self._register(shown)
        # The next look-up finds it as a plain attribute.
        vars(self)[name] = made
        return made

    def __setattr__(self, name: str, value: int) -> None:
        if name.startswith("__") and name not in self._shown():
            object.__setattr__(self, name, value)
            return
        register = getattr(self, name)
        if not isinstance(register, Register):
            raise AttributeError(f"{name!r} of {type(self).__name__} is not a register: reach a register of that name by item")
        register[:] = value

    def __dir__(self) -> list[str]:
        return sorted({*(name for name in self._shown() if not iskeyword(name)), "create_subclass", *object.__dir__(self)})

    def __repr__(self) -> str:
        lines = []
        guards = self._guards()
        for name, info in sorted(self._infos().items(), key=lambda item: item[1].offset):
            if not reachable(info):
                lines.append(f"  {safe_name(name)} = Register(not read: {info.width} bits at offset {info.offset:#x})")
                continue
            register = self._register(name)
            why = guards.why(info)
            text = repr(register) if why is None or register.access == "write-only" else f"Register(not read: {why})"
            lines.append(f"  {safe_name(name)} = {text}")
        return "RegisterMap {\n" + ",\n".join(lines) + "\n}"


def _reason(register_class: type[Register], info: RegisterLike) -> str | None:
    return getattr(info, "guard", None) or register_class._reason or ("reading changes it" if info.reads_destroy else None)
