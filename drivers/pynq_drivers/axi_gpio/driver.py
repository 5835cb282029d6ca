"""What software does with AXI GPIO. The shape of the API is PYNQ's ``AxiGPIO``.

Source: AMD PG144, AXI GPIO v2.0: "Register Space" (GPIO_DATA at 0x0 and 0x8, GPIO_TRI at 0x4 and 0xC, GIER 0x11C, IP ISR 0x120,
IP IER 0x128), "Interrupts".
"""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar

from traitlets import TraitError, validate

from pynq_drivers import parameters, waiting
from pynq_widgets.access import Mirror, StaleOverlayError
from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import Bit, Word

GIER, ISR, IER = 0x11C, 0x120, 0x128
_DATA = ("GPIO_DATA", "GPIO2_DATA")
_INTERRUPT = "ip2intc_irpt"


class Wires:
    """Some wires of a channel next to one another; the lowest index is the least significant bit."""

    def __init__(self, parent: Channel, start: int, stop: int) -> None:
        self._parent = parent
        self._start = start
        self._stop = stop
        self._mask = (1 << (stop - start)) - 1

    def __len__(self) -> int:
        return self._stop - self._start

    def __repr__(self) -> str:
        wires = f"wire {self._start}" if len(self) == 1 else f"wires {self._start} to {self._stop - 1}"
        return f"<{type(self).__name__} {wires} of {self._parent.name}>"


class Input(Wires):
    """Wires that are read. Given to `setdirection`; not made by hand."""

    def read(self) -> int:
        """The level of the wires; one bus read."""
        return self._parent.read() >> self._start & self._mask

    async def wait_for_value_async(self, value: int, timeout: float | None = None) -> None:
        """Returns when the wires read `value`.

        Raises RuntimeError where the core's interrupt is not connected and TimeoutError where `timeout` seconds have passed.
        """
        self._fits(value)
        deadline = waiting.Deadline(self._parent.clock, timeout)
        while (seen := self.read()) != value:
            if deadline.passed():
                raise self._missed(value, seen, timeout)
            with contextlib.suppress(TimeoutError):  # said after a last look at the wires
                await self._parent.wait_for_interrupt_async(deadline.left())

    def wait_for_value(self, value: int, timeout: float | None = None) -> None:
        """As `wait_for_value_async`, for code that is no coroutine. With no interrupt the wires are looked at every millisecond.

        Raises TimeoutError where `timeout` seconds have passed.
        """
        self._fits(value)
        channel = self._parent
        deadline = waiting.Deadline(channel.clock, timeout)
        while (seen := self.read()) != value:
            if deadline.passed():
                raise self._missed(value, seen, timeout)
            if channel.has_interrupts:
                with contextlib.suppress(TimeoutError):  # said after a last look at the wires
                    channel.wait_for_interrupt(deadline.left())
            else:
                channel.clock.sleep(deadline.slice(1e-3))

    def _fits(self, value: int) -> None:
        if not 0 <= value <= self._mask:
            raise ValueError(f"{self!r} can never read {value!r}: expected 0 to {self._mask:#x}")

    def _missed(self, value: int, seen: int, timeout: float | None) -> TimeoutError:
        return TimeoutError(f"{self!r} did not read {value:#x} within {timeout} s; it reads {seen:#x}")


class Output(Wires):
    """Wires that are driven. Given to `setdirection`; not made by hand."""

    def read(self) -> int:
        """What the wires are driven to."""
        return self._parent.driven() >> self._start & self._mask

    def write(self, val: int) -> None:
        """Drives the wires to `val`; ValueError, and nothing written, where it has more bits than there are wires."""
        try:
            val = operator.index(val)
        except TypeError:
            raise TypeError(f"{self!r} is written with an int, not the {type(val).__name__} {val!r}") from None
        if val > self._mask:
            raise ValueError(f"{val} too large for {len(self)} bits")
        if val < 0:
            raise ValueError(f"{self!r} cannot be driven to {val}: expected 0 to {self._mask:#x}")
        self._parent.write(val << self._start, self._mask << self._start)

    def on(self) -> None:
        """Drives all of the wires to 1."""
        self.write(self._mask)

    def off(self) -> None:
        """Drives all of the wires to 0."""
        self.write(0)

    def toggle(self) -> None:
        """Inverts all of the wires; no other write to the channel comes between."""
        with self._parent.lock:
            self.write(~self._parent.driven() >> self._start & self._mask)


class InOut(Input, Output):
    """Wires that are an input after `read` and an output after `write`."""

    def __init__(self, parent: Channel, start: int, stop: int) -> None:
        super().__init__(parent, start, stop)
        self._trimask = self._mask << start

    def read(self) -> int:
        """Makes inputs of the wires and reads them."""
        self._parent.set_trimask(self._trimask, self._trimask)
        return super().read()

    def write(self, val: int) -> None:
        """Drives the wires to `val` and makes outputs of them, in this order: they never show an old value."""
        super().write(val)
        self._parent.set_trimask(0, self._trimask)


_DIRECTIONS: dict[str, type[Wires]] = {"in": Input, "out": Output, "inout": InOut}


class Channel:
    """One of the two banks of a GPIO core, an array of wires: ``channel[0].read()``, ``channel[1:3].on()``.

    Attributes
    ----------
    length : int
        Number of wires; the design's, unless set with `setlength`.
    slicetype : type
        `AxiGPIO.Input`, `Output` or `InOut`; the design's, unless set with `setdirection`.
    """

    def __init__(self, parent: AxiGPIO, channel: int) -> None:
        given = parent.description.get("parameters") or {}
        suffix = "_2" if channel else ""
        self._parent = parent
        self._channel = channel
        self.width = parameters.integer(given, "C_GPIO2_WIDTH" if channel else "C_GPIO_WIDTH", 32)
        self.length = self.width
        self._input_parameter = f"C_ALL_INPUTS{suffix}"
        self._all_inputs = bool(parameters.integer(given, self._input_parameter, 0))
        self._all_outputs = bool(parameters.integer(given, f"C_ALL_OUTPUTS{suffix}", 0))
        self._present = not channel or bool(parameters.integer(given, "C_IS_DUAL", 1))
        self.slicetype: type[Wires] = Input if self._all_inputs else Output if self._all_outputs else InOut
        # What inputs will be driven to once they are outputs; the data register cannot be asked for it.
        self._latent = parameters.integer(given, f"C_DOUT_DEFAULT{suffix}", 0)
        self._waiters = 0
        self._changes = 0

    @property
    def name(self) -> str:
        """Path of the core and number of the channel, as messages have it."""
        return f"{self._parent._fullpath} channel {self._channel + 1}"

    @property
    def has_interrupts(self) -> bool:
        """Whether the core's interrupt is connected."""
        return self._parent.has_interrupts

    @property
    def lock(self) -> Any:
        """The lock of the device's bus."""
        return self._parent.device.lock

    @property
    def clock(self) -> Any:
        """The clock of the device."""
        return self._parent.device.clock

    def __repr__(self) -> str:
        return f"<{self.name}: {self.length} wires, {self.slicetype.__name__}>"

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, idx: int | slice) -> Any:
        self._check_present()
        if isinstance(idx, slice):
            if idx.step is not None and idx.step != 1:
                raise IndexError("Steps other than 1 not supported")
            if (idx.stop is not None and idx.stop > self.length) or (idx.start is not None and idx.start > self.length):
                raise IndexError(f"{self.name} has {self.length} wires, so [{idx.start}:{idx.stop}] reaches beyond them")
            start, stop, _ = idx.indices(self.length)
            if start >= stop:
                raise IndexError(f"[{idx.start}:{idx.stop}] of {self.name} holds no wire")
            return self.slicetype(self, start, stop)
        position = operator.index(idx)
        if not -self.length <= position < self.length:
            raise IndexError(f"{self.name} has {self.length} wires, so there is no wire {position}: expected 0 to {self.length - 1}")
        position %= self.length
        return self.slicetype(self, position, position + 1)

    def _check_present(self) -> None:
        if not self._present:
            raise RuntimeError(self._absent)

    @property
    def _absent(self) -> str:
        return f"{self.name} does not exist: the core has one channel in this design (C_IS_DUAL is 0)"

    def write(self, val: int, mask: int = 0xFFFFFFFF) -> None:
        """Drives those wires of the channel that are 1 in `mask` to their bits of `val`.

        One bus write; for a part of the wires what the others are driven to is read before.
        """
        self._check_present()
        if self.slicetype is Input:
            raise RuntimeError(f"You cannot write to an Input: {self.name} only reads its wires")
        if not hasattr(val, "__index__"):
            raise TypeError(f"{self.name} is written with an int, one bit a wire, not the {type(val).__name__} {val!r}")
        every = (1 << self.width) - 1
        with self.lock:
            value = val & mask & every
            if mask & every != every:
                value |= self.driven() & ~mask & every
            self._parent._store(self._channel * 8, value)
            self._written(value)

    def read(self) -> int:
        """The level of the wires of the channel; of an output, what it is driven to. One bus read."""
        self._check_present()
        return self._parent._load(self._channel * 8)

    def driven(self) -> int:
        """What the wires are driven to, or will be once they are outputs."""
        self._check_present()
        if self._all_outputs or self.slicetype is Output:
            return self._parent._load(self._channel * 8)
        with self.lock:
            inputs = self.trimask
            outputs = ((1 << self.width) - 1) & ~inputs
            if not outputs:
                return self._latent
            return (self._latent & inputs) | (self._parent._load(self._channel * 8) & outputs)

    def _written(self, value: int) -> None:
        self._latent = value & ((1 << self.width) - 1)

    @property
    def trimask(self) -> int:
        """The three-state mask of the channel, 1 for an input; one bus access."""
        self._check_present()
        return self._parent._load(self._channel * 8 + 4)

    @trimask.setter
    def trimask(self, value: int) -> None:
        self._check_present()
        self._parent._store(self._channel * 8 + 4, value)

    def set_trimask(self, value: int, mask: int) -> None:
        """Sets the bits of the three-state mask that are 1 in `mask`; the bus is left alone where the core has no such register."""
        if self._all_inputs or self._all_outputs:
            return
        with self.lock:
            before = self.trimask
            after = (before & ~mask) | (value & mask)
            if after != before:
                self.trimask = after

    def setlength(self, length: int) -> None:
        """Sets the number of wires that are used; ValueError for more than the core has."""
        if not 1 <= length <= self.width:
            raise ValueError(f"{self.name} has {self.width} wires in this design: its length can be 1 to {self.width}, not {length!r}")
        self.length = length

    def setdirection(self, direction: str | type[Wires]) -> None:
        """Sets the direction of the channel: `AxiGPIO.Input`, `Output`, `InOut`, or ``'in'``, ``'out'``, ``'inout'``.

        The wires follow where the core has a three-state register. ValueError, and nothing changed, where the design has fixed the
        other direction.
        """
        kind = _DIRECTIONS.get(direction) if isinstance(direction, str) else direction
        if kind not in (Input, Output, InOut):
            raise ValueError(
                f"direction should be one of AxiGPIO.{{Input,Output,InOut}} or the string 'in', 'out' or 'inout', not {direction!r}"
            )
        assert kind is not None
        if (self._all_inputs and kind is not Input) or (self._all_outputs and kind is not Output):
            fixed = "inputs" if self._all_inputs else "outputs"
            raise ValueError(f"{self.name} is all {fixed} in this design (C_ALL_{fixed.upper()} is 1): it cannot be {kind.__name__}")
        self._check_present()
        self.slicetype = kind
        every = (1 << self.width) - 1
        if kind is Input:
            self.set_trimask(every, every)
        elif kind is Output:
            self.set_trimask(0, every)

    async def wait_for_interrupt_async(self, timeout: float | None = None) -> None:
        """Waits until an input of the channel has changed; a change that nobody has waited for yet counts too.

        Raises RuntimeError where the core's interrupt is not connected and TimeoutError where `timeout` seconds have passed.
        """
        deadline = waiting.Deadline(self.clock, timeout)
        with self._listening() as changes:
            while self._changes == changes:
                await self._parent.interrupt.wait(deadline.left())
                self._parent.acknowledge()

    def wait_for_interrupt(self, timeout: float | None = None) -> None:
        """As `wait_for_interrupt_async`, for code that is no coroutine."""
        deadline = waiting.Deadline(self.clock, timeout)
        with self._listening() as changes:
            while self._changes == changes:
                self._parent.interrupt.wait_blocking(deadline.left())
                self._parent.acknowledge()

    @contextlib.contextmanager
    def _listening(self) -> Iterator[int]:
        """The channel's interrupt is enabled while anybody is in here; gives the count of changes so far."""
        self._check_present()
        parent = self._parent
        if not parent.has_interrupts:
            raise RuntimeError(
                f"Interrupts not available for this IP: {_INTERRUPT} of {parent._fullpath} is not connected in the design; "
                "wait_for_value looks at the wires instead"
            )
        mask = 1 << self._channel
        with self.lock:
            changes = self._changes
            self._waiters += 1
            if self._waiters == 1:
                parent.set_bits(IER, mask, mask)
                parent.write(GIER, 0x80000000)
        try:
            yield changes
        finally:
            with self.lock:
                self._waiters -= 1
                if self._waiters == 0:
                    with contextlib.suppress(StaleOverlayError):  # an overlay that has gone takes its interrupts with it
                        parent.set_bits(IER, 0, mask)


class AxiGPIO(DefaultIP):
    """AXI GPIO: the banks of wires `channel1` and `channel2`.

    Wires are reached by index and slice, and what can be done with them depends on their direction, which is taken from the design:
    ``leds.channel1[0].on()``, ``buttons.channel1.read()``, ``await switches[0:2].wait_for_value_async(3)``. The core itself can be
    indexed and is then `channel1`.

    The registers are attributes, too, a bit a wire, and those can be linked: ``link((leds, "GPIO_DATA"), (slider, "value"))``. What the
    channels do is told to whoever observes them. A checkbox for one wire takes a class of three lines::

        class Leds(AxiGPIO):
            bindto = AxiGPIO.bindto
            first = Bit("GPIO_DATA", 0)
    """

    bindto = ["xilinx.com:ip:axi_gpio:2.0"]

    Input: ClassVar[type[Wires]] = Input
    Output: ClassVar[type[Wires]] = Output
    InOut: ClassVar[type[Wires]] = InOut

    # What designs do not tell: what the bits are. Names and widths are the design's; a core with one channel reads 0 from the second.
    GPIO_DATA = Word("GPIO_DATA", help="Channel 1: the level of its wires; writing drives those that are outputs")
    GPIO_TRI = Word("GPIO_TRI", help="Channel 1: which wires are inputs (1) and outputs (0)")
    GPIO2_DATA = Word("GPIO2_DATA", help="Channel 2: the level of its wires; writing drives those that are outputs")
    GPIO2_TRI = Word("GPIO2_TRI", help="Channel 2: which wires are inputs (1) and outputs (0)")
    interrupts_enabled = Bit("GIER", 31, help="Whether the core's interrupt is let out")

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        self._channels = [Channel(self, number) for number in range(2)]
        self.channel1, self.channel2 = self._channels
        self.interrupt: Any = self[_INTERRUPT] if _INTERRUPT in self._interrupts else None
        self.has_interrupts = self.interrupt is not None

    @classmethod
    def configuration(cls, description: Mapping[str, Any]) -> Mapping[str, bool]:
        """What `Overlay.save` and `restore` leave out: the data of a channel that has inputs alone is what the world says."""
        given = description.get("parameters") or {}
        inputs = (("GPIO_DATA", "C_ALL_INPUTS"), ("GPIO2_DATA", "C_ALL_INPUTS_2"))
        return {register: False for register, parameter in inputs if parameters.integer(given, parameter, 0)}

    @validate(*_DATA)
    def _drives(self, proposal: Any) -> Any:
        channel = self._channels[_DATA.index(proposal["trait"].name)]
        if not channel._present:
            raise TraitError(channel._absent)
        if channel._all_inputs:
            raise TraitError(
                f"You cannot write to an Input: {channel.name} only reads its wires ({channel._input_parameter} is 1 in this design)"
            )
        return proposal["value"]

    @cached_property
    def registers(self) -> Mirror:
        mirror = super().registers
        known = [
            (name, mirror.registers[name], channel) for name, channel in zip(_DATA, self._channels, strict=True) if name in mirror.registers
        ]

        def heard(names: set[str]) -> None:
            for name, handle, channel in known:
                # A table or a trait wrote it; what was read tells nothing of the wires that are inputs.
                if name in names and handle.state == "written" and handle.value is not None:
                    channel._written(handle.value)

        mirror.observe(heard)
        return mirror

    @cached_property
    def _words(self) -> Mapping[int, Any]:
        """The registers by offset; none where the design lists none."""
        try:
            return {handle.offset: handle for handle in self.registers.registers.values()}
        except AttributeError:
            return {}

    def _load(self, offset: int) -> int:
        """The word at `offset`; one bus read, of which whoever observes the register is told."""
        handle = self._words.get(offset)
        return self.read(offset) if handle is None else int(handle.read())

    def _store(self, offset: int, value: int) -> None:
        """Writes the word at `offset`; one bus write, of which whoever observes the register is told."""
        handle = self._words.get(offset)
        if handle is None:
            self.write(offset, value)
        else:
            handle.write(value)

    def write(self, offset: int, value: int | bytes) -> None:
        """As `DefaultIP.write`; what is written to a data register is remembered for the wires that are inputs now."""
        super().write(offset, value)
        if offset in (0x0, 0x8) and isinstance(value, int):
            self._channels[offset // 8]._written(value)

    def set_bits(self, offset: int, value: int, mask: int) -> None:
        """Writes the bits of the word at `offset` that are 1 in `mask`, with nothing between the read and the write."""
        with self.device.lock:
            before = self.read(offset)
            after = (before & ~mask) | (value & mask)
            if after != before:
                self.write(offset, after)

    def acknowledge(self) -> None:
        """Takes note of the interrupts that are pending, for whoever waits, and clears them (the register toggles what is written)."""
        with self.device.lock:
            pending = self.read(ISR) & 3
            if pending:
                self.write(ISR, pending)
            for number, channel in enumerate(self._channels):
                channel._changes += pending >> number & 1

    def setlength(self, length: int, channel: int = 1) -> None:
        """Sets the number of wires of `channel` (1 or 2)."""
        self._numbered(channel).setlength(length)

    def setdirection(self, direction: str | type[Wires], channel: int = 1) -> None:
        """Sets the direction of `channel` (1 or 2), as `Channel.setdirection`."""
        self._numbered(channel).setdirection(direction)

    def _numbered(self, channel: int) -> Channel:
        if channel not in (1, 2):
            raise ValueError(f"{self._fullpath} has the channels 1 and 2, not {channel!r}")
        return self._channels[channel - 1]

    def __getitem__(self, idx: Any) -> Any:
        """A wire or wires of `channel1`; with a name, the interrupt or GPIO accessor of that name."""
        return super().__getitem__(idx) if isinstance(idx, str) else self.channel1[idx]
