"""The arguments of an HLS core: which registers each has, and how a value of Python becomes their bits.

Source: AMD UG1399, "S_AXILITE Control Register Map"; which register is which argument, :mod:`pynq_widgets.design.hls` knows. An inout has
a register to be written (``x_i``) and one to be read (``x_o``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from keyword import iskeyword
from typing import Any, Literal, Protocol

from pynq_widgets.access.errors import near_or_all
from pynq_widgets.design import hls
from pynq_widgets.design.c_types import CType, CTypeError, integer, parse

Direction = Literal["in", "out", "inout"]


class Place(Protocol):
    """Where the registers of one address block are read and written."""

    def read(self, register: Any) -> int: ...
    def write(self, register: Any, value: int) -> None: ...
    def known(self, register: Any) -> int | None:
        """What is known to stand there, without an access."""
        ...

    def forget(self, registers: Iterable[Any], before: float) -> None:
        """The hardware is new: what was known of these since a time `before` is not so any more."""
        ...

    @property
    def mmio(self) -> Any: ...


class Argument:
    """An argument of the core's function that has registers.

    Attributes
    ----------
    name : str
        As in C, as far as the registers tell; ``'return'`` is what the function returns.
    direction : str
        ``'in'``, ``'out'`` or ``'inout'``, as software sees it.
    width : int
        Bits; of an array, of the whole memory.
    ctype : CType | None
        None where nobody has said it.
    is_array : bool
        Whether it is a memory in the core's own address space.
    """

    def __init__(self, title: str, name: str, place: Place, argument: hls.Argument, direction: Direction, has_master: bool) -> None:
        self.title = f"{title}.{name}"
        self.name = name
        self.place = place
        self.direction: Direction = direction
        self.written: tuple[Any, ...] = argument.registers if direction == "in" else ()
        self.got: tuple[Any, ...] = argument.registers if direction != "in" else ()
        self.valid = argument.valid
        self.width = argument.width
        self.is_array = argument.is_array
        self.has_master = has_master
        self.ctype: CType | None = None
        self.names = {name, argument.name, argument.source_name}
        if argument.is_array:
            self.written = self.got = argument.registers
        if argument.name.endswith("_V"):
            self.names.add(argument.name.removesuffix("_V"))
        if iskeyword(name):
            self.names.add(f"{name}_")

    def __repr__(self) -> str:
        where = f"{self.registers[0].offset:#x}"
        return f"<{self.title}: {self.direction} {self.describe()}, at {where}>"

    @property
    def registers(self) -> tuple[Any, ...]:
        """All of them: those that are written, then those that are read."""
        return tuple(dict.fromkeys((*self.written, *self.got)))

    @property
    def is_input(self) -> bool:
        """Whether software gives it."""
        return self.direction != "out"

    @property
    def is_output(self) -> bool:
        """Whether the core gives it, in a register."""
        return self.direction != "in" and not self.is_array

    @property
    def is_pointer(self) -> bool:
        """Whether it leads to memory: as was said, else what is as wide as an address in a core that has a master."""
        if self.is_array or not self.is_input:
            return False
        if self.ctype is not None:
            return self.ctype.pointer
        return self.has_master and self.width == 64

    @property
    def signature_name(self) -> str:
        """Its name as a name of Python."""
        return f"{self.name}_" if iskeyword(self.name) else self.name

    def describe(self) -> str:
        """Its type in words: what was said, else what the width tells."""
        if self.ctype is not None:
            return self.ctype.name
        if self.is_array:
            return f"array of {self.nbytes} bytes"
        if self.is_pointer:
            return "pointer or 64 bits"
        return "bool" if self.width == 1 else f"{self.width} bits"

    # What was said of its type.

    def set_type(self, said: Any) -> None:
        """`said` is its type. ``CTypeError`` where the registers contradict."""
        self.ctype = self.check_type(said)

    def check_type(self, said: Any) -> CType:
        """The type that `said` makes of it."""
        try:
            made = parse(said)
        except CTypeError as error:
            raise CTypeError(f"{self.title}: {error}") from None
        if self.is_array:
            made = made._replace(array=True, pointer=False, const=False)
            if not made.dtype:
                raise CTypeError(f"{self.title} is an array; {made.element.name} is no element that memory holds")
            need = max(made.length, 1) * int(made.dtype[2:])
            if need > self.nbytes:
                raise CTypeError(f"{self.title} has {self.nbytes} bytes in the design, but {made.name} has {need}")
            return made
        if made.array:  # an array that is no memory of the core's lies where a pointer leads
            made = made._replace(array=False, length=0, pointer=True)
        if made.pointer and (self.direction != "in" or not self.has_master):
            made = made.element  # a reference, or a pointer to one value, which is in the register
        if made.pointer:
            if self.width < 32:
                raise CTypeError(f"{self.title} has {self.width} bits in the design: that is no pointer")
            return made
        if made.kind == "void":
            raise CTypeError(f"{self.title} is an argument with registers: void is no type of it")
        made = made.of_width(self.width)
        exact = any(not hls.is_reserved(field) for register in self.registers for field in register.fields)
        if made.width > self.width or (exact and made.width < self.width and made.kind != "bool"):
            raise CTypeError(f"{self.title} has {self.width} bits in the design, but {made.name} has {made.width}")
        return made

    # Values.

    def encode(self, value: Any) -> int:
        """The bits that `value` (no buffer) is in its registers. ``TypeError`` and ``ValueError`` say what it takes."""
        if hasattr(value, "__array__") and getattr(value, "ndim", 0) != 0:
            raise TypeError(
                f"{self.title} takes {self.describe()}, not an array in the processor's own memory: the core reaches what allocate() gives"
                if self.is_pointer
                else f"{self.title} takes one number ({self.describe()}), not an array"
            )
        kind = self.ctype
        if kind is None and (isinstance(value, float) or getattr(getattr(value, "dtype", None), "kind", "") == "f"):
            floats = {16: "'half'", 32: "'float32'", 64: "'float64'"}.get(self.width)
            also = f" (or 'ap_fixed<{self.width},…>')"
            raise TypeError(
                f"{self.title} has {self.width} bits, and the design does not tell that they are a float: say so first, "
                f"core.types({self.signature_name}={floats}){also}, or give a whole number instead of {value!r}"
                if floats
                else f"{self.title} has {self.width} bits, which are no float: {value!r} is no whole number. For a fixed point number say "
                f"core.types({self.signature_name}='ap_fixed<{self.width},…>') first"
            )
        try:
            if kind is not None and not kind.pointer:
                return kind.encode(value)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{self.title}: {error}") from None
        number = integer(value, f"{self.title} takes a buffer that allocate() gave; an address" if self.is_pointer else self.title)
        low = 0 if self.is_pointer else -(1 << self.width - 1)
        if not low <= number < 1 << self.width:
            raise ValueError(f"{self.title} has {self.width} bits, {low} to {(1 << self.width) - 1}: {value!r} does not fit")
        return number & (1 << self.width) - 1

    def decode(self, bits: int) -> Any:
        """What its bits stand for; a number from 0 on where nobody has said its type."""
        kind = self.ctype
        bits &= (1 << self.width) - 1
        return bits if kind is None or kind.pointer else kind.decode(bits)

    # Accesses.

    def put(self, bits: int) -> None:
        """Write its registers, lowest word first; one write each."""
        for register in self.written:
            self.place.write(register, bits & 0xFFFFFFFF)
            bits >>= 32

    def get(self) -> int:
        """Read its registers, lowest word first; one read each."""
        bits = 0
        for position, register in enumerate(self.got):
            bits |= (self.place.read(register) & 0xFFFFFFFF) << 32 * position
        return bits

    def known(self) -> int | None:
        """The bits that are known to stand in what software writes; None where nothing is known. No access."""
        bits = 0
        for position, register in enumerate(self.written):
            word = self.place.known(register)
            if word is None:
                return None
            bits |= (word & 0xFFFFFFFF) << 32 * position
        return bits if self.written else None

    def was_written(self) -> bool:
        """Whether the core has said, since this was last asked, that it wrote it. Asking is a read, which takes the answer away."""
        return self.valid is None or bool(self.place.read(self.valid) & 1)

    @property
    def value(self) -> Any:
        """What stands in its registers, read now; for an input, what was last written. Assigning writes it, and starts nothing."""
        return self.decode(self.get() if self.got else self._stored())

    @value.setter
    def value(self, value: Any) -> None:
        if not self.is_input or self.is_array:
            raise TypeError(f"{self.title} is {'an array: write its elements' if self.is_array else 'what the core gives: it is read'}")
        self.put(self.encode(value))

    def _stored(self) -> int:
        return sum((self.place.read(register) & 0xFFFFFFFF) << 32 * position for position, register in enumerate(self.written))

    @property
    def offset(self) -> int:
        """Where it begins in its address block, in bytes."""
        return int(self.registers[0].offset)

    @property
    def nbytes(self) -> int:
        """Of an array: the bytes of its memory."""
        return -(-self.width // 32) * 4


class Arguments(Mapping[str, Argument]):
    """The arguments of one core by name, in the order of their registers.

    `ordered` are those that software gives, in the order of the C function; None where neither the design nor anybody else tells it.
    """

    def __init__(self, title: str, arguments: Sequence[Argument]) -> None:
        self._title = title
        self._by_name = {argument.name: argument for argument in arguments}
        self._alike: dict[str, str] = {}
        for argument in arguments:
            for name in argument.names:
                self._alike.setdefault(name, argument.name)
        places = {id(argument.place) for argument in arguments}
        told = len(places) <= 1 and not any(argument.is_array for argument in arguments)
        self.ordered: tuple[Argument, ...] | None = tuple(a for a in arguments if a.is_input) if told else None

    def __getitem__(self, name: str) -> Argument:
        """The argument of that name, as it is in C, in the registers, or as Python can write it (``in_``)."""
        found = self._by_name.get(name) or self._by_name.get(self._alike.get(name, ""))
        if found is None:
            raise KeyError(f"{self._title} has no argument {name!r}{near_or_all(str(name), self._by_name)}")
        return found

    def names(self) -> frozenset[str]:
        """Every name that finds an argument."""
        return frozenset((*self._by_name, *self._alike))

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __repr__(self) -> str:
        rows = [(argument.direction, argument.describe(), argument.name, f"at {argument.offset:#x}") for argument in self.values()]
        widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
        return (
            "\n".join(" ".join(cell.ljust(w) for cell, w in zip(row, (*widths, 0), strict=True)).rstrip() for row in rows) or "no argument"
        )

    @property
    def outputs(self) -> list[Argument]:
        """What the core gives in registers, the return value first."""
        return sorted((argument for argument in self.values() if argument.is_output), key=lambda argument: argument.name != "return")

    def order(self, names: Sequence[str]) -> None:
        """The arguments of the function have this order; names that have no register (streams) are passed over."""
        known = [self[name] for name in names if name in self._alike]
        if {a.name for a in known} >= {a.name for a in self.values() if a.is_input}:
            self.ordered = tuple(argument for argument in known if argument.is_input)

    def bound(self, positional: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
        """Which argument gets which value, by the arguments' names. ``TypeError`` as of a call of a function of Python."""
        given: dict[str, Any] = {}
        if positional:
            if self.ordered is None:
                raise TypeError(
                    f"the design does not tell in which order the function of {self._title} takes its arguments: name them "
                    f"({', '.join(f'{a.signature_name}=…' for a in self.values() if a.is_input)}), or say its prototype: "
                    "core.types('void f(…)')"
                )
            if len(positional) > len(self.ordered):
                names = ", ".join(a.name for a in self.ordered) or "none"
                raise TypeError(f"{self._title} takes {len(self.ordered)} arguments ({names}), {len(positional)} were given")
            given = {argument.name: value for argument, value in zip(self.ordered, positional, strict=False)}
        for name, value in named.items():
            try:
                argument = self[name]
            except KeyError as error:
                raise TypeError(error.args[0]) from None
            if not argument.is_input:
                raise TypeError(f"{argument.title} is what the core gives: it is read, not given")
            if argument.name in given:
                raise TypeError(f"{argument.title} was given twice")
            given[argument.name] = value
        return given


def is_buffer(value: Any) -> bool:
    """Whether `value` is memory that a device allocated, or a view of it."""
    return hasattr(value, "flush") and hasattr(value, "nbytes") and hasattr(type(value), "physical_address")


def arguments_of(title: str, blocks: Sequence[tuple[Sequence[Any], Place]], has_master: bool) -> Arguments:
    """The arguments in all address blocks of the core `title`."""
    found: dict[str, Argument] = {}
    for registers, place in blocks:
        controlled = hls.control_register(registers) is not None
        every = hls.arguments(hls.described(registers), controlled)
        named = {argument.name: argument for argument in every}
        for argument in every:
            stem, half = argument.name[:-2], argument.name[-2:]
            other = named.get(f"{stem}_o" if half == "_i" else f"{stem}_i") if half in ("_i", "_o") and stem else None
            if other is not None and half == "_o" and _reads(argument) and not _reads(other):
                continue  # the other half of an inout
            if other is not None and half == "_i" and _reads(other) and not _reads(argument):
                both = Argument(title, _named(stem), place, argument, "in", has_master)
                both.direction, both.got, both.valid = "inout", other.registers, other.valid
                both.names |= {stem, other.name}
                found.setdefault(both.name, both)
                continue
            direction: Direction = "out" if _reads(argument) and not argument.is_array else "in"
            made = Argument(title, argument.source_name, place, argument, direction, has_master)
            found.setdefault(made.name, made)
    return Arguments(title, list(found.values()))


def _named(stem: str) -> str:
    return stem.removesuffix("_r")


def _reads(argument: hls.Argument) -> bool:
    return argument.registers[0].access == "read-only"
