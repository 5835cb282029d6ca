"""What software does with AXI GPIO. The shape of the API is PYNQ's ``AxiGPIO``.

Source: AMD PG144, AXI GPIO v2.0: "Register Space" (GPIO_DATA at 0x0 and 0x8, GPIO_TRI at 0x4 and 0xC, GIER 0x11C, IP ISR 0x120,
IP IER 0x128), "Interrupts".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from traitlets import TraitError, validate

from pynq_drivers import parameters
from pynq_drivers.axi_gpio import channel as bank
from pynq_drivers.axi_gpio.channel import INTERRUPT, ISR
from pynq_drivers.axi_gpio.untold import UntoldChannel
from pynq_drivers.axi_gpio.wires import InOut, Input, Output, Wires
from pynq_widgets.access import Mirror
from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import Bit, Word

__all__ = ["AxiGPIO"]

_DATA = ("GPIO_DATA", "GPIO2_DATA")


class AxiGPIO(DefaultIP):
    """AXI GPIO: the banks of wires `channel1` and `channel2`.

    What stands at the wires is a group, which the design tells by names: ``leds.group.value = 0b0101``, ``buttons.group.pressed``. Wires
    are reached by index and slice, and what can be done with them depends on their direction, which is taken from the design:
    ``leds.channel1[0].on()``, ``buttons.channel1.read()``, ``await switches[0:2].wait_for_value_async(3)``. The core itself can be
    indexed and is then `channel1`.

    The registers are attributes, too, a bit a wire, and those can be linked: ``link((leds, "GPIO_DATA"), (slider, "value"))``. What the
    channels do is told to whoever observes them. A checkbox for one wire takes a class of three lines::

        class Leds(AxiGPIO):
            bindto = AxiGPIO.bindto
            first = Bit("GPIO_DATA", 0)

    Where the description has no parameters (one made by hand), nothing is known of the core: the accesses to the bus are then PYNQ's
    (see `UntoldChannel`).
    """

    bindto = ["xilinx.com:ip:axi_gpio:2.0"]

    Input: ClassVar[type[Wires]] = Input
    Output: ClassVar[type[Wires]] = Output
    InOut: ClassVar[type[Wires]] = InOut
    Channel: ClassVar[type[bank.Channel]] = bank.Channel

    # What designs do not tell: what the bits are. Names and widths are the design's; a core with one channel reads 0 from the second.
    GPIO_DATA = Word("GPIO_DATA", help="Channel 1: the level of its wires; writing drives those that are outputs")
    GPIO_TRI = Word("GPIO_TRI", help="Channel 1: which wires are inputs (1) and outputs (0)")
    GPIO2_DATA = Word("GPIO2_DATA", help="Channel 2: the level of its wires; writing drives those that are outputs")
    GPIO2_TRI = Word("GPIO2_TRI", help="Channel 2: which wires are inputs (1) and outputs (0)")
    interrupts_enabled = Bit("GIER", 31, help="Whether the core's interrupt is let out")

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        kind = bank.Channel if description.get("parameters") else UntoldChannel
        self._channels = [kind(self, number) for number in range(2)]
        self.channel1, self.channel2 = self._channels

    @cached_property
    def interrupt(self) -> Any:
        """The core's interrupt; None where it is not connected, or the device has no way to it."""
        return self[INTERRUPT] if INTERRUPT in self._interrupts else None

    @property
    def group(self) -> Any:
        """The `group` of `channel1`: the LEDs, buttons or switches at it, by number and name."""
        return self.channel1.group

    @property
    def has_interrupts(self) -> bool:
        """Whether there is an `interrupt`."""
        return self.interrupt is not None

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

    def panel(self) -> Any:
        """LEDs that light, and switches and buttons that can be pressed where the device is simulated."""
        if not self._described.get("parameters"):
            return None
        from pynq_drivers.axi_gpio.panel import GpioPanel

        return GpioPanel.of(self)

    def _numbered(self, channel: int) -> bank.Channel:
        if channel not in (1, 2):
            raise ValueError(f"{self._fullpath} has the channels 1 and 2, not {channel!r}")
        return self._channels[channel - 1]

    def __getitem__(self, idx: Any) -> Any:
        """A wire or wires of `channel1`; with a name, the interrupt or GPIO accessor of that name."""
        return super().__getitem__(idx) if isinstance(idx, str) else self.channel1[idx]
