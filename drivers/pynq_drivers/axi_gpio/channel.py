"""One of the two banks of AXI GPIO.

Source: AMD PG144, AXI GPIO v2.0: "Register Space" (GPIO_DATA at 0x0 and 0x8, GPIO_TRI at 0x4 and 0xC, GIER 0x11C, IP IER 0x128),
"Interrupts".
"""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pynq_drivers import parameters, waiting
from pynq_drivers.axi_gpio.purpose import Purpose, purpose
from pynq_drivers.axi_gpio.wires import DIRECTIONS, InOut, Input, Output, Wires
from pynq_widgets.access import StaleOverlayError

if TYPE_CHECKING:
    from pynq_drivers.axi_gpio.driver import AxiGPIO
    from pynq_drivers.axi_gpio.groups import Group

GIER, ISR, IER = 0x11C, 0x120, 0x128
INTERRUPT = "ip2intc_irpt"


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
        self._group: Group[Any] | None = None

    @property
    def name(self) -> str:
        """Path of the core and number of the channel, as messages have it."""
        return f"{self._parent._where()} channel {self._channel + 1}"

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

    @property
    def purpose(self) -> Purpose:
        """What stands at the wires, as far as the names in the design tell, and the name that told it."""
        return purpose(self._parent.description, self._channel, self._all_inputs, self._all_outputs, self.width)

    @property
    def group(self) -> Group[Any]:
        """The LEDs, buttons or switches at the wires, by number and name: `LEDs`, `RGBLEDs`, `Buttons`, `Switches`, or `Pins`.

        Which, the design tells by names; where it does not, assign one: ``channel1.group = LEDs(channel1, names=("run", "stop"))``.
        The panel shows it. Raises RuntimeError for a channel that the core has not.
        """
        from pynq_drivers.axi_gpio.groups import KINDS

        self._check_present()
        if self._group is None or self._group._stop != self.length:
            kind = KINDS[self.purpose.kind]
            self._group = kind(self) if self.length % kind.wires_each == 0 else KINDS["wire"](self)
        return self._group

    @group.setter
    def group(self, group: Group[Any]) -> None:
        from pynq_drivers.axi_gpio.groups import Group

        if not isinstance(group, Group) or group.channel is not self or len(group) * group.wires_each != self.length:
            raise ValueError(f"the group of {self.name} expected one of all its {self.length} wires, as in LEDs(channel1), not {group!r}")
        self._group = group

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

    def drive(self, value: int, mask: int) -> None:
        """As `write`, then makes outputs of the wires in `mask`: in this order they never show an old value."""
        self.write(value, mask)
        self.set_trimask(0, mask)

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
        kind = DIRECTIONS.get(direction) if isinstance(direction, str) else direction
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
        self._turned(kind)

    def _turned(self, kind: type[Wires]) -> None:
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
                f"Interrupts not available for this IP: {INTERRUPT} of {parent._fullpath} is not connected in the design; "
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
