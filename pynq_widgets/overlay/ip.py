"""DefaultIP: what every IP has, and the base of every IP driver."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from pynq_widgets import overlay
from pynq_widgets.access import MMIO, Mirror, RegisterMap
from pynq_widgets.access.describe import reachable, registers_of
from pynq_widgets.access.errors import StaleOverlayError, near_names
from pynq_widgets.showing import Shown

from .describe import document_ip
from .life import StaleAttributeError
from .mirrors import corrected_block, guards_of, mirror_of, primary_block
from .register_maps import RegisterMaps
from .registering import RegisterIP
from .teaching import defined_by_class, failed_property, teach
from .traits.asked import TraitsWhenAsked, driver_class

if TYPE_CHECKING:
    from pynq_widgets.access import GPIO, Interrupt
    from pynq_widgets.live import Snapshot, Watch

    from .traits.from_design import DesignTraits
    from .traits.notes import Note


class Ranges(Mapping[str, MMIO]):
    """The address ranges of one IP as MMIO, by interface, by block, or by ``'interface/block'``, each mapped when first asked for."""

    def __init__(self, ip: DefaultIP) -> None:
        self._ip = ip
        self._made: dict[str, MMIO] = {}

    def entries(self) -> dict[str, Mapping[str, Any]]:
        """What the description says of each range, by ``'interface/block'``."""
        names: dict[str, Mapping[str, Any]] = {}
        for entry in self._ip.ranges:
            names.setdefault(f"{entry['interface']}/{entry['block']}", entry)
        return names

    def find(self, key: str) -> tuple[str, Mapping[str, Any]]:
        """The range that `key` names: its ``'interface/block'``, and what the description says of it."""
        names = self.entries()
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
        full, entry = self.find(key)
        if full not in self._made:
            self._made[full] = self._ip._map(entry["base"], entry["size"])
        return self._made[full]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries())

    def __len__(self) -> int:
        return len(self.entries())

    def __repr__(self) -> str:
        lines = (f"{name}: {entry['size']:#x} bytes at {entry['base']:#010x}" for name, entry in self.entries().items())
        return "\n".join(lines) or "no address range"


class DefaultIP(TraitsWhenAsked, Shown, metaclass=RegisterIP):
    """Driver of an IP for which no more specific one is known, and the base of those.

    A subclass with `bindto`, a list of VLNV strings, in its body drives the IP of these types in each overlay loaded from then on::

        class MyIP(DefaultIP):
            bindto = ['vendor.com:library:my_ip:1.0']

            def __init__(self, description):
                super().__init__(description)

    It is a plain ``HasTraits``: traits can be observed and linked, and nothing of a notebook is needed.

    Each register of the design is an attribute of its name, each field ``REGISTER_FIELD``: getting one reads its word from the bus
    (where reading has an effect: gives what is known, and its age), assigning writes it. A name that is a word of Python, or that this
    class or a pin of the IP has already, has ``_`` behind it (``ip.read_`` for an argument `read`); ``ip.registers['read']`` always is
    the register. A driver gets these too where its class states a hardware trait (see :mod:`pynq_widgets.overlay.traits`); one that
    states none has its own attributes only. An assignment to a name that there is not raises.

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
        The design's registers as PYNQ has them; those of the other address ranges are in `register_maps`.
    registers : Mirror
        The design's registers with the last known value of each.

    Each interrupt and GPIO pin that is connected is an attribute of its name; where that is a method's name, ``ip['name']`` is it. So is
    each register interface (``ip.s_axi_control.read(0x10)``), as code of PYNQ 2 has it.
    """

    #: Registers that are not read unasked, by name, with the reason: what a driver knows and the design does not say.
    guards: ClassVar[Mapping[str, str]] = {}

    #: The registers (`pynq_widgets.design.Register`) of the primary range, for designs that list none: a sequence of them, or a class
    #: method that is given the description and returns them. Where the design lists registers, those count.
    register_layout: ClassVar[Any] = ()

    needs_address: bool = True
    """Whether the driver is of use only where software sees an address of the IP; a subclass for a core with streams alone says False."""

    _life: Any = None  # set by the overlay that makes the object
    _strict_attributes = True  # of this class itself, not of drivers

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
            self._ask()
            super().__init__(**traits)
        else:
            self._observers_ready()
        if self._life is None:
            # The pins of an overlay are known to be there; those that somebody described are found out at once, as with PYNQ.
            for name in self._interrupts:
                self._accessor(name)

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
            self.__dict__["_life"] = life.part(str(description.get("memory") or description.get("fullpath") or ""))

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
        listed = self._with_effects(self._registers or {})
        if not listed:
            raise teach(self, self._no_registers())
        cls = RegisterMap.create_subclass(self._register_name, listed)
        return cls(self.mmio)

    @cached_property
    def register_maps(self) -> RegisterMaps:
        """The register map of each address range, by interface, block, or ``'interface/block'``."""
        return RegisterMaps(self)

    @cached_property
    def registers(self) -> Mirror:
        mirror = mirror_of(self._described, driver_class(type(self)), self.mmio if self._has_address else None)
        if mirror is None:
            raise teach(self, self._no_registers())
        return mirror

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
        """The interrupt or GPIO accessor `name`; a class with items that is mixed in after this one keeps its own, as with PYNQ's."""
        mixed_in = getattr(super(), "__getitem__", None)
        return self._accessor(name) if mixed_in is None else mixed_in(name)

    def _accessor(self, name: str) -> Any:
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
        mixed_in = getattr(super(), "__iter__", None)
        return iter((*self._interrupts, *self._gpio)) if mixed_in is None else mixed_in()

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
            value = self.__dict__[name] = self._accessor(name)
            return value
        if name[:1] != "_" and self._ask(name):
            return getattr(self, name)
        if any(entry["interface"] == name for entry in self.ranges):
            from .interface import Interface

            try:
                return Interface(self, name)
            except KeyError as ambiguous:
                raise teach(self, str(ambiguous.args[0])) from None
        hint = near_names(name, [each for each in self._attributes() if each[:1] != "_" or name[:1] == "_"])
        if not hint and not self._registers and "_strict_attributes" in vars(driver_class(type(self))):
            hint = f": {self._no_registers()}"
        raise teach(self, f"{self._where()} ({type(self).__name__}) has no attribute {name!r}{hint}")

    def __dir__(self) -> list[str]:
        # Whoever lists the names (completion, first of all) looks at one of them next, and is to find a trait there: that needs no read.
        self._ask()
        return self._attributes()

    def _attributes(self) -> list[str]:
        names = set(super().__dir__())
        if self._is_whole():
            names.update(name for name in self._pins() if name.isidentifier())
            if self._from_design is not None:
                names.update(self._from_design.names)
        return sorted(names)

    def _ipython_key_completions_(self) -> list[str]:
        return [*self._interrupts, *self._gpio]

    def __repr__(self) -> str:
        if "description" not in self.__dict__:
            return f"<{type(self).__name__} with no description>"
        where = f" at {self._described['phys_addr']:#010x}, {_size(self._described['addr_range'])}" if self._has_address else ", no address"
        stale = ", stale" if self._life is not None and not self._life.alive else ""
        return f"<{type(self).__name__} {self._where()}{where}{stale}>"

    # The attributes as a whole.

    def watch(self, *names: str, rate: float = 10.0, on_error: Callable[[BaseException], object] | None = None) -> Watch:
        """Read attributes or registers `rate` times a second (0.1 to 200 Hz) until the result is closed; observers and views are told.

        `names` are attributes, registers (``'CTRL'``) or fields (``'CTRL.AP_IDLE'``); none means all registers that may be read unasked.
        All are read in the fewest block reads. `on_error` is told what the bus raised; the registers concerned are stale, and it goes on.

        Raises ``ValueError`` for what is not to be read unasked, with the reason, and for a rate out of range; ``AttributeError`` for a
        name that there is not, with the near ones; ``StaleOverlayError`` once the overlay has gone.
        """
        from pynq_widgets.live import Sampler

        from .traits.naming import registers_named

        registers = registers_named(self, names)
        self.registers.port.check()
        return Sampler.of(self.device).watch([(self.registers, registers)], rate, on_error=on_error)

    def snapshot(self) -> Snapshot:
        """The registers that may be read unasked, read now in blocks; ``after - before`` is a table of what changed."""
        from pynq_widgets.live import take

        return take({self._where(): self.registers}, self._where(), types={self._where(): str(self._described.get("type") or "")})

    def register_notes(self) -> Mapping[str, Mapping[str, Note]]:
        """What the attributes add to the registers for whoever shows them: register to field (``''`` for all bits) to ``Note``."""
        from .traits.notes import register_notes

        return register_notes(self)

    def trait_page(self) -> str:
        """The hardware attributes as a register page: address, bits, access, reset value, unit, limits, side effects. Nothing is read."""
        from .traits.page import trait_page

        return trait_page(self)

    # For this room.

    def _pins(self) -> tuple[str, ...]:
        return (*self._interrupts, *self._gpio)

    def _find_from_design(self) -> DesignTraits | None:
        block = corrected_block(self._described, driver_class(type(self)))
        if block is None:
            return None
        registers: list[Any] = registers_of(block)
        from pynq_widgets.design import hls

        from .traits.from_design import design_traits

        return design_traits(driver_class(type(self)), registers, hls.is_core(self._described.get("type"), registers), self._pins())

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
                + (self._life.remedy or "Load the overlay again and take it from the new Overlay object.")
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
        if self._life is not None and not self._life.alive:
            # A board would refuse to map what the design that is there now does not have.
            where = f"on device {getattr(self.device, 'tag', self.device)!r}"
            remedy = self._life.remedy or "Load the overlay again and take the handle from the new Overlay object."
            raise StaleOverlayError(f"This handle to {base:#010x} {where} has gone: {self._life.gone}. {remedy}")
        mmio = overlay.MMIO(base, size, device=self.device)
        return mmio if self._life is None or not isinstance(mmio, MMIO) else self._life.give(mmio)

    def _with_effects(self, listed: dict[str, Any]) -> dict[str, Any]:
        """PYNQ's entries with what its keys have no room for (side effects), and with what the driver corrects and adds."""
        design = primary_block(self._described)
        told = {} if design is None else {register.name: register for register in design.registers}
        whole = {}
        for register in registers_of(corrected_block(self._described, driver_class(type(self))) or ()):
            name, entry = register.name, listed.get(register.name)
            if entry is None:
                # What the driver adds; what its class leaves out of registers of its own stays out.
                if name not in told and reachable(register):
                    whole[name] = _entry(register)
            elif register.offset == entry.get("address_offset"):
                whole[name] = {**entry, **_entry(register)} if register is not told.get(name) else {**entry, **_effects(register, entry)}
        whole = {**listed, **whole}
        guards = guards_of(self._described, driver_class(type(self)))
        return {name: {**entry, "guard": guards[name]} if name in guards else entry for name, entry in whole.items()}

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


def _effects(register: Any, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What PYNQ's entry of a register of the design has no keys for."""
    actions = {field.name: {"read_action": field.read_action, "write_action": field.write_action} for field in register.fields}
    return {
        "fields": {name: {**field, **actions.get(name, {})} for name, field in (entry.get("fields") or {}).items()},
        "reads_destroy": register.reads_destroy,
        "reset_value": register.reset_value,
        "is_memory": getattr(register, "is_memory", False),
    }


def _entry(register: Any) -> dict[str, Any]:
    """A register as PYNQ's dictionaries have it, with our keys."""
    fields = {
        field.name: {
            "bit_offset": field.bit_offset,
            "bit_width": field.bit_width,
            "access": field.access,
            "description": field.description,
            "read_action": field.read_action,
            "write_action": field.write_action,
        }
        for field in register.fields
    }
    return {
        "address_offset": register.offset,
        "size": register.width,
        "access": register.access,
        "description": register.description,
        "fields": fields,
        "reads_destroy": register.reads_destroy,
        "reset_value": register.reset_value,
        "is_memory": getattr(register, "is_memory", False),
        "guard": getattr(register, "guard", None),
    }


def make_interrupt(entry: Mapping[str, Any], device: Any) -> Interrupt:
    """The pin of one entry of ``interrupt_pins``."""
    # Looked up in the package, where a test of a driver puts its own, and not before somebody waits: asyncio comes with it.
    return overlay.Interrupt(entry["fullpath"], device=device)


def make_gpio(entry: Mapping[str, Any], device: Any) -> GPIO:
    """The pins of one entry of ``gpio_dict``."""
    index = overlay.GPIO.get_gpio_pin(entry["index"], device=device)
    generation = getattr(device, "generation", 0)
    return overlay.GPIO(index, entry.get("direction", "out"), entry.get("width", 1), device=device, generation=generation)


def _size(nbytes: int) -> str:
    for unit, scale in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if nbytes >= scale and nbytes % scale == 0:
            return f"{nbytes // scale} {unit}"
    return f"{nbytes} bytes"
