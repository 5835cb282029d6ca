"""DefaultIP: what every IP has, and the base of every IP driver."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from traitlets import HasTraits

from pynq_widgets.access import MMIO, Mirror, RegisterMap
from pynq_widgets.access.errors import near_names
from pynq_widgets.showing import Shown

from .describe import document_ip
from .life import StaleAttributeError
from .registering import RegisterIP
from .teaching import defined_by_class, failed_property, teach

if TYPE_CHECKING:
    from pynq_widgets.access import GPIO, Interrupt
    from pynq_widgets.design import AddressBlock, Module


class Ranges(Mapping[str, MMIO]):
    """The address ranges of one IP as MMIO, by interface, by block, or by ``'interface/block'``, each mapped when first asked for."""

    def __init__(self, ip: DefaultIP) -> None:
        self._ip = ip
        self._made: dict[str, MMIO] = {}

    def _names(self) -> dict[str, Mapping[str, Any]]:
        names: dict[str, Mapping[str, Any]] = {}
        for entry in self._ip.ranges:
            names.setdefault(f"{entry['interface']}/{entry['block']}", entry)
        return names

    def _find(self, key: str) -> tuple[str, Mapping[str, Any]]:
        names = self._names()
        if key in names:
            return key, names[key]
        for part in (0, 1):
            found = [full for full in names if full.split("/", 1)[part] == key]
            if len(found) == 1:
                return found[0], names[found[0]]
            if found:
                raise KeyError(f"{key!r} of {self._ip._where()} is ambiguous: {', '.join(found)}")
        raise KeyError(f"{self._ip._where()} has no range {key!r}{near_names(key, names)}; it has {', '.join(names) or 'none'}")

    def __getitem__(self, key: str) -> MMIO:
        full, entry = self._find(key)
        if full not in self._made:
            self._made[full] = self._ip._map(entry["base"], entry["size"])
        return self._made[full]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def __repr__(self) -> str:
        lines = (f"{name}: {entry['size']:#x} bytes at {entry['base']:#010x}" for name, entry in self._names().items())
        return "\n".join(lines) or "no address range"


class DefaultIP(HasTraits, Shown, metaclass=RegisterIP):
    """Driver of an IP for which no more specific one is known, and the base of those.

    A subclass with `bindto`, a list of VLNV strings, in its body drives the IP of these types in each overlay loaded from then on::

        class MyIP(DefaultIP):
            bindto = ['vendor.com:library:my_ip:1.0']

            def __init__(self, description):
                super().__init__(description)

    It is a plain ``HasTraits``: traits can be observed and linked, and nothing of a notebook is needed.

    Attributes
    ----------
    description : dict
        PYNQ's description (``phys_addr``, ``addr_range``, ``type``, ``parameters``, ``registers``, ``interrupts``, ``gpio``,
        ``fullpath``) with ``ranges``, ``device``, ``driver``, ``overlay``, ``design`` and ``module``.
    device : Device
        Where this IP is.
    mmio : MMIO
        The primary address range: ``phys_addr`` and ``addr_range``. The others are in `mmios`.
    register_map : RegisterMap
        The design's registers as PYNQ has them.
    registers : Mirror
        The design's registers with the last known value of each.

    Each interrupt and GPIO pin that is connected is an attribute of its name; where that is a method's name, ``ip['name']`` is it.
    """

    #: Registers that are not read unasked, by name, with the reason: what a driver knows and the design does not say.
    guards: ClassVar[Mapping[str, str]] = {}

    needs_address: bool = True
    """Whether the driver is of use only where software sees an address of the IP; a subclass for a core with streams alone says False."""

    _life: Any = None  # set by the overlay that makes the object

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        instance = super().__new__(cls, *args, **kwargs)
        # Kept here too, so that a driver whose __init__ forgets super() is whole.
        given = args[0] if args else kwargs.get("description")
        if isinstance(given, Mapping):
            instance._take(given)
        return instance

    def __init__(self, description: dict[str, Any], **traits: Any) -> None:
        """Drive the IP of `description`. `traits` are first values of the class' traits."""
        self._take(description)
        if traits:
            super().__init__(**traits)

    def _take(self, description: Any) -> None:
        if not isinstance(description, Mapping):
            raise TypeError(
                f"{type(self).__name__} needs the description of its IP, not the {type(description).__name__} {description!r}: "
                "take it from overlay.ip_dict, or let the overlay make the driver"
            )
        self.__dict__["description"] = description
        core = description.get("overlay")
        life = getattr(core, "_life", None)
        if life is not None:
            self.__dict__["_life"] = life

    # What the description says. A driver may assign any of these: an instance attribute wins.

    @cached_property
    def device(self) -> Any:
        device = self._described.get("device")
        if device is None:
            from pynq_widgets.device.contract import Device

            device = Device.active_device
        return device

    @cached_property
    def _interrupts(self) -> dict[str, Any]:
        return self._described.get("interrupts") or {}

    @cached_property
    def _gpio(self) -> dict[str, Any]:
        return self._described.get("gpio") or {}

    @cached_property
    def _registers(self) -> dict[str, Any] | None:
        registers: dict[str, Any] | None = self._described.get("registers")
        return registers

    @cached_property
    def _fullpath(self) -> str:
        return str(self._described.get("fullpath", ""))

    @cached_property
    def _register_name(self) -> str:
        return self._fullpath.rpartition("/")[2]

    @property
    def ranges(self) -> list[dict[str, Any]]:
        """All address ranges: ``{'interface', 'block', 'base', 'size', 'kind'}`` each; `base` and `size` in bytes."""
        listed = self._described.get("ranges")
        if listed is None and self._has_address:
            listed = [
                {
                    "interface": self._described.get("mem_id") or "",
                    "block": "",
                    "base": self._described["phys_addr"],
                    "size": self._described["addr_range"],
                    "kind": "register",
                }
            ]
        return list(listed or ())

    @cached_property
    def mmios(self) -> Ranges:
        """The MMIO of each address range, by interface, block, or ``'interface/block'``."""
        return Ranges(self)

    # Access.

    @cached_property
    def mmio(self) -> MMIO:
        if not self._has_address:
            raise teach(self, self._no_address())
        return self._map(self._described["phys_addr"], self._described["addr_range"])

    @cached_property
    def register_map(self) -> RegisterMap:
        if not self._registers:
            raise teach(self, self._no_registers())
        listed = self._with_effects(self._registers)
        if self.guards:
            listed = {name: {**entry, "guard": self.guards[name]} if name in self.guards else entry for name, entry in listed.items()}
        cls = RegisterMap.create_subclass(self._register_name, listed)
        return cls(self.mmio)

    @cached_property
    def registers(self) -> Mirror:
        block = self._primary_block()
        if block is None:
            raise teach(self, self._no_registers())
        return Mirror(self.mmio, block, guards=self.guards)

    def read(self, offset: int = 0) -> int:
        """The 32-bit word at `offset` bytes (a multiple of 4) of the primary address range; one bus read.

        Raises ``StaleOverlayError`` once the overlay has gone, and what :class:`MMIO` raises.
        """
        try:
            mmio = self.mmio
        except AttributeError:
            raise self._cannot_access() from None
        return mmio.read(offset)

    def write(self, offset: int, value: int | bytes) -> None:
        """Write a 32-bit `value` (or bytes, whole words) at `offset` bytes (a multiple of 4) of the primary address range."""
        try:
            mmio = self.mmio
        except AttributeError:
            raise self._cannot_access() from None
        mmio.write(offset, value)

    def panel(self) -> Any:
        """A widget of this driver's own, to be shown beside the tree; None where the general register table is enough."""
        return None

    def __getitem__(self, name: str) -> Any:
        """The interrupt or GPIO accessor `name`."""
        made = self.__dict__.setdefault("_accessors", {})
        if name not in made:
            if name in self._interrupts or name in self._gpio:
                self._check_alive(name)
            if name in self._interrupts:
                made[name] = self._make_interrupt(name)
            elif name in self._gpio:
                made[name] = self._make_gpio(name)
            else:
                known = [*self._interrupts, *self._gpio]
                raise KeyError(
                    f"{self._where()} has no interrupt or GPIO {name!r}{near_names(name, known)}; it has {', '.join(known) or 'none'}"
                )
        return made[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self._interrupts, *self._gpio))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if "description" not in self.__dict__:
            if name.startswith("_") and not defined_by_class(self, name):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            raise teach(self, f"{type(self).__name__} has no description yet: call super().__init__(description)")
        if defined_by_class(self, name):
            raise failed_property(self, name)
        if name in self._interrupts or name in self._gpio:
            value = self.__dict__[name] = self[name]
            return value
        raise teach(self, f"{self._where()} ({type(self).__name__}) has no attribute {name!r}{near_names(name, self.__dir__())}")

    def __dir__(self) -> list[str]:
        names = set(super().__dir__())
        if "description" in self.__dict__:
            names.update(name for name in (*self._interrupts, *self._gpio) if name.isidentifier())
        return sorted(names)

    def _ipython_key_completions_(self) -> list[str]:
        return [*self._interrupts, *self._gpio]

    def __repr__(self) -> str:
        if "description" not in self.__dict__:
            return f"<{type(self).__name__} with no description>"
        where = f" at {self._described['phys_addr']:#010x}, {_size(self._described['addr_range'])}" if self._has_address else ", no address"
        stale = ", stale" if self._life is not None and not self._life.alive else ""
        return f"<{type(self).__name__} {self._where()}{where}{stale}>"

    # For this room.

    @property
    def _described(self) -> Any:
        return self.__dict__["description"] if "description" in self.__dict__ else self.__getattr__("description")

    @property
    def _has_address(self) -> bool:
        return self._described.get("phys_addr") is not None and self._described.get("addr_range") is not None

    def _where(self) -> str:
        return self._fullpath or "this IP"

    def _no_registers(self) -> str:
        if not self._has_address:
            return self._no_address()
        return f"the design lists no registers for {self._where()}; read(offset) and write(offset, value) work"

    def _check_alive(self, name: str) -> None:
        if self._life is not None and not self._life.alive:
            raise StaleAttributeError(
                f"{name!r} of {self._where()} cannot be reached: {self._life.gone}. "
                "Load the overlay again and take it from the new Overlay object."
            )

    def _cannot_access(self) -> Exception:
        if self._has_address:
            return AttributeError(
                f"{type(self).__name__}.mmio of {self._where()} raised AttributeError: look at what the driver does with it"
            )
        return RuntimeError(self._no_address())

    def _no_address(self) -> str:
        kind = self._described.get("type") or "no type in the design"
        return (
            f"{self._where()} ({kind}) has no address range that software sees, so there is nothing to read or write; "
            "it works through its streams, ports or the IP around it"
        )

    def _map(self, base: int, size: int) -> MMIO:
        mmio = MMIO(base, size, device=self.device)
        return mmio if self._life is None else self._life.give(mmio)

    def _primary_block(self) -> AddressBlock | None:
        module: Module | None = self._described.get("module")
        if module is None:
            return None
        blocks = [block for block in module.blocks if block.registers]
        base = self._described.get("phys_addr")
        for entry in self.ranges:
            if entry["base"] == base:
                for block in blocks:
                    if block.name == entry["block"] and block.interface.lower() == str(entry["interface"]).lower():
                        return block
        return blocks[0] if len(blocks) == 1 else None

    def _with_effects(self, listed: dict[str, Any]) -> dict[str, Any]:
        """PYNQ's entries with the side effects that its keys have no room for, so that no read or write through them has one unasked."""
        block = self._primary_block()
        known = {register.name: register for register in block.registers} if block is not None else {}
        whole = {}
        for name, entry in listed.items():
            register = known.get(name)
            if register is not None and register.offset == entry.get("address_offset"):
                actions = {f.name: {"read_action": f.read_action, "write_action": f.write_action} for f in register.fields}
                fields = {key: {**field, **actions.get(key, {})} for key, field in (entry.get("fields") or {}).items()}
                entry = {**entry, "fields": fields, "reads_destroy": register.reads_destroy, "reset_value": register.reset_value}
                entry["is_memory"] = register.is_memory
            whole[name] = entry
        return whole

    def _make_interrupt(self, name: str) -> Interrupt | None:
        try:
            return make_interrupt(self._interrupts[name], self.device)
        except ValueError as error:
            warnings.warn(f"Interrupt {name} not created: {error}", UserWarning, stacklevel=4)
            return None

    def _make_gpio(self, name: str) -> GPIO:
        return make_gpio(self._gpio[name], self.device)

    def _generated_doc(self, text: str) -> str:
        if "description" not in self.__dict__:
            return text
        return document_ip(self, text)


def make_interrupt(entry: Mapping[str, Any], device: Any) -> Interrupt:
    """The pin of one entry of ``interrupt_pins``."""
    # Imported here, since asyncio comes with it, and most scripts wait for nothing.
    from pynq_widgets.access import Interrupt

    return Interrupt(entry["fullpath"], device=device)


def make_gpio(entry: Mapping[str, Any], device: Any) -> GPIO:
    """The pins of one entry of ``gpio_dict``."""
    from pynq_widgets.access import GPIO

    index = GPIO.get_gpio_pin(entry["index"])
    generation = getattr(device, "generation", 0)
    return GPIO(index, entry.get("direction", "out"), entry.get("width", 1), device=device, generation=generation)


def _size(nbytes: int) -> str:
    for unit, scale in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if nbytes >= scale and nbytes % scale == 0:
            return f"{nbytes // scale} {unit}"
    return f"{nbytes} bytes"
