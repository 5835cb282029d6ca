"""A register: its bits by slice, its fields by name (PYNQ's ``pynq.registers.Register``, same transactions)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from .bits import bit_range, reversed_bits, safe_name
from .describe import FieldLike, RegisterInfo, any_write, field_of, fields_of, sensitive_bits
from .errors import near_or_all, noted
from .planner import guard
from .port import Port, port_of

if TYPE_CHECKING:
    from pynq_widgets.device import Device

_set = object.__setattr__


class Register:
    """A register of 32 or 64 bits on a device or in a buffer.

    Bits are read and written by index or slice: ``reg[31:13]``, ``reg[:]``, ``reg[3]``. Both ends of a slice are meant; it runs from the
    most significant bit down, and one that runs upwards (``reg[4:7]``) gives the bits in the other order.

    Reading a bit, a slice or a field reads the register once. Writing all bits writes it once; writing some reads it once and writes
    it once, under the lock of the bus, with zeros (ones) for other fields where writing a one (zero) would have an effect.
    `repr` reads nothing where reading has an effect.
    """

    __slots__ = ("__weakref__", "_access", "_address", "_debugging", "_index", "_port", "_unread", "_way", "_width")

    _name: ClassVar[str] = ""
    _fields: ClassVar[Mapping[str, Any]] = {}
    _setters: ClassVar[Mapping[str, Callable[[Any, Any], None]]] = {}
    _by_ones: ClassVar[int] = 0
    _by_zeros: ClassVar[int] = 0
    _pushes: ClassVar[bool] = False
    _reason: ClassVar[str | None] = None

    _port: Port
    _index: int
    _address: int
    _width: int
    _access: str
    _debugging: bool
    _way: tuple[Port, int, Any] | None  # port, index and lock, where a field is accessed by the shortest way
    _unread: str | Callable[[], str | None] | None  # why it is not read unasked, or who knows

    def __init__(
        self,
        address: int,
        width: int = 32,
        debug: bool = False,
        buffer: Any = None,
        access: str = "read-write",
        device: Device | None = None,
    ) -> None:
        """Make a handle of the register at `address`.

        Without `buffer`, `address` is physical, on `device` (default: the active one). With it, the register is the first `width`
        bits of the buffer (an MMIO, its array, a numpy array or other buffer), and `address` is only shown.

        Raises ``ValueError`` for a width other than 32 and 64.
        """
        if width not in (32, 64):
            raise ValueError("Supported register width is 32 or 64.")
        if buffer is None:
            from .mmio import MMIO

            buffer = MMIO(address, width // 8, device=device)
        self._attach(port_of(buffer), 0, address, width, access, self._reason, debug)

    def _attach(
        self,
        port: Port,
        index: int,
        address: int,
        width: int,
        access: str,
        unread: str | Callable[[], str | None] | None,
        debug: bool = False,
    ) -> None:
        _set(self, "_port", port)
        _set(self, "_index", index)
        _set(self, "_address", address)
        _set(self, "_width", width)
        _set(self, "_access", access)
        _set(self, "_unread", "write-only" if access == "write-only" else unread)
        self._set_debugging(debug)

    @property
    def address(self) -> int:
        """Address of the register: physical, or its offset in a map."""
        return self._address

    @property
    def width(self) -> int:
        """Width in bits: 32 or 64."""
        return self._width

    @property
    def access(self) -> str:
        """``'read-write'``, ``'read-only'`` or ``'write-only'``."""
        return self._access

    @property
    def debug(self) -> bool:
        """Whether each access is printed."""
        return self._debugging

    @debug.setter
    def debug(self, on: bool) -> None:
        self._set_debugging(on)

    def _set_debugging(self, on: bool) -> None:
        _set(self, "_debugging", bool(on))
        plain = self._width == 32 and self._access == "read-write" and not on
        # As one attribute: each costs as much as the access, in a class with a __getattr__.
        _set(self, "_way", (self._port, self._index, self._port.lock) if plain else None)

    def _why_unread(self) -> str | None:
        if callable(self._unread):
            _set(self, "_unread", self._unread())
        return self._unread  # type: ignore[return-value]

    def _load(self) -> int:
        port = self._port
        if self._width == 64:
            return port.read64(self._index)
        return port.words[self._index]

    def _store(self, value: int) -> None:
        port = self._port
        if self._width == 64:
            port.write64(self._index, value)
            return
        port.words[self._index] = value

    def _merge(self, mask: int, bits: int) -> None:
        """Write `bits` where `mask` has ones: one read and one write, and no effect on other fields."""
        keep, force = ~(self._by_ones | mask), self._by_zeros & ~mask
        port = self._port
        with port.lock:
            # What a write-only register gives when read means nothing, and of a queue it is the other end; the rest is written as zeros.
            current = 0 if self._access == "write-only" or self._pushes else self._load()
            self._store(current & keep | force | bits)
        if port.late:
            port.tell()

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        own = vars(cls)
        if "_setters" not in own and not own.keys().isdisjoint(cls._setters):
            # Somebody's own property takes the place of a field's.
            cls._setters = {name: put for name, put in cls._setters.items() if name not in own}
            if "__setattr__" not in own and getattr(cls.__setattr__, "_is_ours", False):
                type.__setattr__(cls, "__setattr__", _assignment(cls._setters))

    def __getitem__(self, index: int | slice | str) -> int:
        if isinstance(index, str):
            return int(getattr(self, self._field_name(index)))
        lower, upper, upwards = bit_range(index, self._width)
        if self._access == "write-only":
            return self._access  # type: ignore[return-value]  # PYNQ's answer; the word is not read for it
        value = self._load()
        if lower == upper:
            if self._debugging:
                self._print(f"Reading index {index} at address {hex(self._address)}")
            return value >> lower & 1
        if self._debugging:
            self._print(f"Reading bits {upper}:{lower} at address {hex(self._address)}")
        width = upper - lower + 1
        value = value >> lower & (1 << width) - 1
        return reversed_bits(value, width) if upwards else value

    def __setitem__(self, index: int | slice | str, value: int) -> None:
        if isinstance(index, str):
            setattr(self, self._field_name(index), value)
            return
        lower, upper, upwards = bit_range(index, self._width)
        if self._access == "read-only":
            raise AttributeError(f"{self._title()} is read-only: {value!r} was not written")
        self._put(lower, upper, upwards, value)

    def _put(self, lower: int, upper: int, upwards: bool, value: Any) -> None:
        if type(value) is not int:
            value = self._whole(value)
        width = upper - lower + 1
        mask = (1 << width) - 1
        if width == 1:
            if value not in (0, 1):
                raise noted(
                    ValueError("Value to be set should be either 0 or 1."),
                    f"Bit {lower} of {self._title()} got {value}; nothing was written",
                )
            if self._debugging:
                self._print(f"Setting bit {lower} at address {hex(self._address)} to {value}")
        else:
            if width == self._width and -(mask >> 1) - 1 <= value < 0:
                value &= mask  # two's complement, in a whole register: an argument of a core that is signed
            if not 0 <= value <= mask:
                raise noted(
                    ValueError(f"Slicing range cannot represent value {value}"),
                    f"Bits {upper} to {lower} of {self._title()} take 0 to {mask:#x}; nothing was written",
                )
            if upwards:
                value = reversed_bits(value, width)
            if self._debugging:
                self._print(f"Setting bits {upper}:{lower} at address {hex(self._address)} to {value}")
        if width == self._width:
            self._store(value)
        else:
            self._merge(mask << lower, value << lower)

    def _whole(self, value: Any) -> int:
        """`value` as the int that is meant. A float is not rounded: as an argument of a core it may stand for its bits."""
        if getattr(getattr(value, "dtype", None), "kind", "") == "b":
            return int(value)  # numpy's bool, which is no index
        try:
            return operator.index(value)
        except TypeError:
            what = f"{self._title()} takes an int, not the {type(value).__name__} {value!r}"
        if isinstance(value, float) or getattr(getattr(value, "dtype", None), "kind", "") == "f":
            what += "; for a number write int(value), for an argument that is a float in C its bits: int(numpy.float32(value).view('u4'))"
        raise TypeError(what)

    __iter__ = None

    def __copy__(self) -> Register:
        return self  # a handle of the same bits; there is nothing in it to be copied

    def __deepcopy__(self, memo: dict[int, Any]) -> Register:
        return self

    def _field_name(self, name: str) -> str:
        if name not in self._fields:
            attribute = safe_name(name)
            if attribute not in self._fields:
                raise KeyError(f"{self._title()} has no field {name!r}{near_or_all(name, self._fields)}")
            return attribute
        return name

    def _title(self) -> str:
        return f"register {self._name or hex(self._address)}"

    def _print(self, text: str) -> None:
        print(f"Register Debug: {text}")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{self._title()} has no field {name!r}{near_or_all(name, self._fields)}", name=name, obj=self)

    def __setattr__(self, name: str, value: Any) -> None:
        self._assign(name, value)

    __setattr__._is_ours = True  # type: ignore[attr-defined]

    def _assign(self, name: str, value: Any) -> None:
        put = self._setters.get(name)
        if put is not None:
            put(self, value)
            return
        try:
            _set(self, name, value)
        except AttributeError:
            # The refusal of a property (address, width) says more than "no such field".
            if hasattr(type(self), name):
                raise
            raise AttributeError(
                f"{self._title()} has no field {name!r}{near_or_all(name, self._fields)}: nothing was written", name=name, obj=self
            ) from None

    def __eq__(self, other: object) -> bool:
        """Whether the register holds the number `other`: one read. Two registers are equal where they are the same object."""
        if isinstance(other, Register) or not hasattr(other, "__index__"):
            return NotImplemented
        return int(self) == operator.index(other)

    __hash__ = object.__hash__

    def __int__(self) -> int:
        value = self[:]
        if self._access == "write-only":
            raise TypeError(f"{self._title()} is write-only: it has no value to read")
        return value

    __index__ = __int__

    def __str__(self) -> str:
        if self._why_unread():
            return repr(self)
        try:
            return hex(self[:])
        except Exception as error:
            # As in `repr`: a display never becomes a traceback.
            return f"Register(not read: {error})"

    def __repr__(self) -> str:
        if self._access == "write-only":
            return "Register(value=write-only)"
        if why := self._why_unread():
            return f"Register(not read: {why})"
        try:
            value = self._load()
        except Exception as error:
            # A display never becomes a traceback; what is wrong with the bus is said instead.
            return f"Register(not read: {error})"
        if not self._fields:
            return f"Register(value={value})"
        shown = []
        for name, entry in self._fields.items():
            field = field_of(name, entry) if isinstance(entry, Mapping) else entry
            bits = value >> field.bit_offset & (1 << field.bit_width) - 1
            shown.append(f"{name}={'write-only' if field.access == 'write-only' else bits}")
        return f"Register({', '.join(shown)})"

    @classmethod
    def create_subclass(cls, name: str, fields: Mapping[str, Any], doc: str | None = None) -> type[Register]:
        """A subclass with a property for each of `fields`.

        `fields` has PYNQ's form, ``{name: {'access', 'bit_offset', 'bit_width', 'description'}}``; ``'read_action'`` and
        ``'write_action'`` (IP-XACT's names: ``'clear'``, ``'modify'``, ``'oneToClear'``, ...) are understood too. Instead of a
        dictionary, a field may be one of a design. Names that Python does not allow are shown with ``_`` in place of what it does
        not allow.
        """
        infos = fields_of(fields)
        # A subclass of a subclass has the fields of both.
        shown: dict[str, Any] = dict(cls._fields)
        setters: dict[str, Any] = dict(cls._setters)
        attributes: dict[str, Any] = {"__slots__": (), "_name": name, "_fields": shown, "_setters": setters}
        ones, zeros = sensitive_bits(infos)
        ones, zeros = ones | cls._by_ones, zeros | cls._by_zeros
        if doc:
            attributes["__doc__"] = doc
        acting = [info for info in infos if info.write_action]
        attributes["_pushes"] = cls._pushes or any(info.write_action == "push" for info in acting)
        for info, (key, entry) in zip(infos, fields.items(), strict=True):
            attribute = safe_name(key)
            shown[attribute] = entry
            if attribute not in _RESERVED:
                beside = next(((other.name, what) for other in acting if other is not info and (what := any_write(other))), None)
                made = attributes[attribute] = _field_property(attribute, info, ones, zeros, beside)
                setters[attribute] = made.fset
        if getattr(cls.__setattr__, "_is_ours", False):
            attributes["__setattr__"] = _assignment(setters)
        attributes["_by_ones"], attributes["_by_zeros"] = ones, zeros
        if any(info.read_action for info in infos):
            attributes["_reason"] = guard(RegisterInfo(name, 0, fields=infos))
        return type("Register" + safe_name(name), (cls,), attributes)

    @classmethod
    def count(cls, index: int | slice, width: int = 32) -> int:
        """How many bits `index` names in a register of `width` bits."""
        lower, upper, _ = bit_range(index, width)
        return upper - lower + 1


_RESERVED = frozenset(name for name in dir(Register) if name.startswith("_"))


class _Places(dict[int, tuple[int, int]]):
    """Each value that fits a field to the mask of the bits that a write of it keeps, and the bits that are ones; ``KeyError`` for others.

    Made when asked for, and kept where the values are few.
    """

    __slots__ = ("_force", "_keep", "_lower", "_top")

    def __init__(self, keep: int, force: int, lower: int, top: int) -> None:
        super().__init__()
        self._keep = keep
        self._force = force
        self._lower = lower
        self._top = top

    def __missing__(self, value: int) -> tuple[int, int]:
        if not 0 <= value <= self._top:
            raise KeyError(value)
        made = self._keep, value << self._lower | self._force
        if self._top < 16:
            self[value] = made
        return made


def _field_property(name: str, field: FieldLike, ones: int, zeros: int, beside: tuple[str, str] | None) -> property:
    """The property of one field, in a register whose bits `ones` (`zeros`) act when written as one (zero).

    `beside` names another field that any write changes, and what it does to it.

    Its functions are made for their bits, so that an access costs little more than the bus.
    """
    lower, width = field.bit_offset, field.bit_width
    mask = (1 << width) - 1
    bits = slice(lower + width - 1, lower, -1)
    fits = lower + width <= 32 and width < 32
    # Negative, but in one digit of Python's where the bits are low: twice as fast as 32 ones with holes.
    keep = ~(ones | mask << lower)
    force = zeros & ~(mask << lower)

    def read(self: Register) -> int:
        if fits:
            way = self._way
            if way is not None:
                return way[0].words[way[1]] >> lower & mask
        return self[bits]

    def write(self: Register, value: Any) -> None:
        if beside:
            other, what = beside
            raise ValueError(
                f"field {name} of {self._title()} cannot be written alone: any write of {other}, in the same register, {what}; "
                f"write the whole register: {value!r} was not written"
            )
        first, last, upwards = bit_range(bits, self._width)
        self._put(first, last, upwards, value)

    if fits and not beside and field.access != "read-only" and field.write_action != "push":
        # What a write by the shortest way needs; see `_assignment`.
        write._places = _Places(keep, force, lower, mask)  # type: ignore[attr-defined]
    return property(read, _refusal(name) if field.access == "read-only" else write, doc=field.description or None)


def _assignment(setters: Mapping[str, Callable[[Any, Any], None]]) -> Callable[[Any, str, Any], None]:
    """The ``__setattr__`` of a register with these fields: the usual write of one is done here, without another call."""
    places: dict[str, Mapping[int, tuple[int, int]]] = {name: put._places for name, put in setters.items() if hasattr(put, "_places")}

    def assign(self: Register, name: str, value: Any) -> None:
        way = self._way
        if way is not None and type(value) is int:
            try:
                keep, bits = places[name][value]
            except KeyError:
                self._assign(name, value)
                return
            port, index, lock = way
            with lock:
                words = port.words
                words[index] = words[index] & keep | bits
            if port.late:
                port.tell()
            return
        self._assign(name, value)

    assign._is_ours = True  # type: ignore[attr-defined]
    return assign


def _refusal(name: str) -> Callable[[Register, Any], None]:
    def refuse(self: Register, value: Any) -> None:
        raise AttributeError(f"field {name} of {self._title()} is read-only: {value!r} was not written")

    return refuse
