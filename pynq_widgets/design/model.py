"""The nouns of a design: small immutable records, each named as in Vivado's hardware handoff.

Offsets and sizes are in bytes, widths and bit positions in bits, frequencies in Hz.

They are named tuples, not dataclasses: a design has thousands of them, and both making one and importing this file take a third
of the time; with annotations that are types at once, not texts, importing takes a third less again. Where a field is called
``index``, as the field itself is, the tuple's method of that name is given up.
"""

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from .module import Module

Access = Literal["read-only", "read-write", "write-only"]
Kind = Literal["register", "memory"]


class Field(NamedTuple):
    """Bits of a register (element ``FIELD``).

    ``read_action`` is what a read does to the bits (``'clear'``, ``'set'``, ``'modify'``), ``write_action`` what a written 1 or 0
    does (``'oneToClear'``, ``'oneToSet'``, ``'oneToToggle'``, ...); ``None`` where a read only reads and a write only writes.
    """

    name: str
    bit_offset: int
    bit_width: int
    access: Access
    description: str
    read_action: str | None
    write_action: str | None


class Register(NamedTuple):
    """A register, or an array in an HLS core's control space (element ``REGISTER``).

    ``width`` covers all its fields, even where the file's SIZE does not. ``is_memory`` says that it is an array: it has no
    fields, and its width is that of the whole array.
    """

    name: str
    offset: int
    width: int
    access: Access
    reset_value: int | None
    description: str
    fields: tuple[Field, ...]
    reads_destroy: bool
    is_memory: bool = False

    @property
    def size(self) -> int:
        """In bytes, rounded up."""
        return (self.width + 7) // 8


class AddressBlock(NamedTuple):
    """What stands behind one interface of a module (element ``ADDRESSBLOCK``); ``size`` as the core declares it, 0 if it does not."""

    name: str
    interface: str
    size: int
    usage: str
    access: str
    registers: tuple[Register, ...]


class AddressRange(NamedTuple):
    """A window of a master's address map (element ``MEMRANGE``).

    ``slave`` is a module's path, or the name of the port through which the bus leaves the design; then ``module`` is ``None``.
    ``size`` is 0 where the file leaves the end of the window open.
    """

    master: str
    master_interface: str
    slave: str
    module: "Module | None"
    interface: str
    block: str
    base: int
    size: int
    kind: Kind

    @property
    def high(self) -> int:
        """The last address inside."""
        return self.base + max(self.size, 1) - 1


class Port(NamedTuple):
    """A pin of a module or of the design (element ``PORT``); ``net`` is ``None`` where nothing is connected.

    ``direction`` is ``'I'``, ``'O'`` or ``'IO'``; ``kind`` the file's SIGIS (``'clk'``, ``'rst'``, ``'INTERRUPT'``, ``'data'``, ...).
    """

    name: str
    direction: str
    width: int
    kind: str
    net: str | None
    frequency: int | None
    polarity: str | None
    sensitivity: str | None


class BusInterface(NamedTuple):
    """A bus of a module or of the design (element ``BUSINTERFACE``).

    ``mode`` is ``'master'``, ``'slave'`` or ``'monitor'``; ``bus`` names the wire bundle, ``None`` where it is not connected;
    ``protocol`` is the third part of the VLNV (``'aximm'``, ``'axis'``, ...); ``ports`` maps logical to physical names.
    """

    name: str
    mode: str
    bus: str | None
    vlnv: str | None
    protocol: str
    data_width: int | None
    parameters: dict[str, str]
    ports: dict[str, str]


class Pin(NamedTuple):
    """One end of a net: ``module`` is a path, or ``None`` for a port of the design itself."""

    module: str | None
    port: str
    direction: str
    width: int
    kind: str

    @property
    def path(self) -> str:
        return self.port if self.module is None else f"{self.module}/{self.port}"

    @property
    def drives(self) -> bool:
        """Whether the net gets its value here: an output of a module, or an input of the design."""
        return self.direction == ("I" if self.module is None else "O")


class Net(NamedTuple):
    """A wire or a vector of wires, with every pin on it."""

    name: str
    pins: tuple[Pin, ...]

    @property
    def driver(self) -> Pin | None:
        return next((pin for pin in self.pins if pin.drives), None)

    @property
    def sinks(self) -> tuple[Pin, ...]:
        return tuple(pin for pin in self.pins if not pin.drives)


class BusConnection(NamedTuple):
    """A bus or a stream from master to slave; an end outside the design has the name of its port as path and as interface."""

    protocol: str
    master: str
    master_interface: str
    slave: str
    slave_interface: str


class InterruptController(NamedTuple):
    """An ``axi_intc`` that the host is told by; ``parent`` is the path of the controller above it, ``None`` for the host itself."""

    path: str
    parent: str | None
    index: int  # type: ignore[assignment]
    ps_port: str | None
    raw_irq: int | None


class InterruptLine(NamedTuple):
    """One bit of an interrupt pin and where it arrives.

    ``module`` is the path of the module, or ``''`` where ``pin`` is a port of the design. ``index`` counts the lines of the
    ``controller``, or of the host's input ``ps_port`` where no controller stands between; ``raw_irq`` is then the number at
    the GIC (UG585 table 7-4, UG1085 table 13-1), ``None`` where the host has no GIC.
    """

    module: str
    pin: str
    bit: int
    controller: str | None
    index: int  # type: ignore[assignment]
    ps_port: str | None
    raw_irq: int | None
    sensitivity: str | None

    @property
    def path(self) -> str:
        return f"{self.module}/{self.pin}" if self.module else self.pin


class GpioPin(NamedTuple):
    """Bits of the processing system's own GPIO on the fabric (EMIO).

    ``index`` is the lowest bit, ``direction`` ``'out'`` (the processor drives) or ``'in'``; ``pins`` are the paths of what they
    are wired to; ``slice`` is the path of the slice that takes them out of the vector, ``None`` where they leave without one.
    """

    name: str
    index: int  # type: ignore[assignment]
    width: int
    direction: Literal["out", "in"]
    pins: tuple[str, ...]
    slice: str | None


class Clock(NamedTuple):
    """A net driven by a clock pin; ``index`` counts the processing system's fabric clocks (``fclk0`` ...), else ``None``.

    ``divisor0`` and ``divisor1`` are what the design programs into the processing system, where it says so.
    """

    name: str
    module: str | None
    pin: str
    frequency: int | None
    index: int | None  # type: ignore[assignment]
    enabled: bool
    divisor0: int | None
    divisor1: int | None


class Memory(NamedTuple):
    """A memory in the host's address map."""

    name: str
    path: str
    block: str
    base: int
    size: int
    technology: str


class BitHeader(NamedTuple):
    """The text header of a ``.bit`` file: design, part, date and time as written there, length of the configuration data in bytes."""

    design: str
    part: str
    date: str
    time: str
    length: int
