"""What AXI GPIO does, for the simulated device.

Source: AMD PG144, AXI GPIO v2.0: "Register Space" (GPIO_DATA, GPIO_TRI, GPIO2_DATA, GPIO2_TRI, GIER, IP IER, IP ISR), "Interrupts".
"""

from __future__ import annotations

from pynq_drivers import parameters
from pynq_widgets.device import IPModel, ModelContext

DATA, TRI, DATA2, TRI2, GIER, ISR, IER = 0x0, 0x4, 0x8, 0xC, 0x11C, 0x120, 0x128
_CHANNEL_WORDS = (DATA, TRI, DATA2, TRI2)


class Channel:
    """One bank of up to 32 wires: what the core drives, which wires are inputs, and what the world puts on them."""

    def __init__(self, given: dict[str, str], number: int) -> None:
        suffix = "" if number == 1 else "_2"
        self.width = parameters.integer(given, "C_GPIO_WIDTH" if number == 1 else "C_GPIO2_WIDTH", 32)
        self.mask = (1 << self.width) - 1
        self._all_inputs = parameters.integer(given, f"C_ALL_INPUTS{suffix}", 0) != 0
        self._all_outputs = parameters.integer(given, f"C_ALL_OUTPUTS{suffix}", 0) != 0
        self._data_default = parameters.integer(given, f"C_DOUT_DEFAULT{suffix}", 0) & self.mask
        self._tri_default = parameters.integer(given, f"C_TRI_DEFAULT{suffix}", 0xFFFFFFFF) & self.mask
        self.inputs = 0
        self.reset()

    def reset(self) -> None:
        """The state after reset. What the world puts on the pins is not the core's to reset."""
        self.data = self._data_default
        self.tri = self._tri_default
        if self._all_inputs:
            self.tri = self.mask
        elif self._all_outputs:
            self.tri = 0

    def read_data(self) -> int:
        """Inputs show the pin, outputs what the core drives."""
        return (self.inputs & self.tri) | (self.data & ~self.tri)

    def write_tri(self, value: int) -> None:
        """A channel that is all inputs or all outputs has no three-state register."""
        if not (self._all_inputs or self._all_outputs):
            self.tri = value & self.mask

    @property
    def outputs(self) -> int:
        """The wires that the core drives; those that are inputs show 0."""
        return self.data & ~self.tri & self.mask


class AxiGpioModel(IPModel):
    """AXI GPIO: two channels and an interrupt when an input changes.

    The world stands at ``set_inputs`` and ``outputs``; wires that the design connects to other IP are followed as well.
    """

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        given = dict(context.module.parameters)
        self._channels = [Channel(given, 1)]
        if parameters.integer(given, "C_IS_DUAL", 0):
            self._channels.append(Channel(given, 2))
        self._has_interrupt = parameters.integer(given, "C_INTERRUPT_PRESENT", 0) != 0
        self._gier = self._ier = self._isr = 0

    def set_inputs(self, value: int, channel: int = 1, mask: int | None = None) -> None:
        """Puts ``value`` on the pins of ``channel`` (1 or 2), only on those in ``mask`` where it is given.

        A change of a wire that is an input sets the channel's interrupt status.
        Raises ValueError where the channel does not exist or ``value`` has more bits than the channel has wires.
        """
        bank = self._bank(channel)
        if not 0 <= value <= bank.mask:
            raise ValueError(
                f"{self._name}: channel {channel} has {bank.width} wires, so its inputs are 0 to {bank.mask:#x}, not {value:#x}"
            )
        with self.context.from_outside():
            if mask is not None:
                value = (bank.inputs & ~mask) | (value & mask)
            changed = (bank.inputs ^ value) & bank.tri
            bank.inputs = value
            if changed and self._has_interrupt:
                self._isr |= 1 << (channel - 1)
                self._update_interrupt()

    def outputs(self, channel: int = 1) -> int:
        """What the core drives on the pins of ``channel``; wires that are inputs show 0."""
        return self._bank(channel).outputs

    def inputs(self, channel: int = 1) -> int:
        """What the world puts on the pins of ``channel``."""
        return self._bank(channel).inputs

    def width(self, channel: int = 1) -> int:
        """How many wires ``channel`` has."""
        return self._bank(channel).width

    def read(self, interface: str, offset: int) -> int:
        if offset in _CHANNEL_WORDS:
            number, word = divmod(offset, 8)
            if number >= len(self._channels):
                return 0
            bank = self._channels[number]
            return bank.tri if word else bank.read_data()
        if not self._has_interrupt:
            return 0
        return {GIER: self._gier, IER: self._ier, ISR: self._isr}.get(offset, 0)

    def write(self, interface: str, offset: int, value: int) -> None:
        if offset in _CHANNEL_WORDS:
            number, word = divmod(offset, 8)
            if number < len(self._channels):
                bank = self._channels[number]
                if word:
                    bank.write_tri(value)
                else:
                    bank.data = value & bank.mask
                self._drive(number)
        elif self._has_interrupt:
            channels = (1 << len(self._channels)) - 1
            if offset == GIER:
                self._gier = value & 0x80000000
            elif offset == IER:
                self._ier = value & channels
            elif offset == ISR:
                self._isr ^= value & channels  # toggle on write: writing 1 where nothing is pending raises it
            self._update_interrupt()

    def reset(self) -> None:
        self._gier = self._ier = self._isr = 0
        for number, bank in enumerate(self._channels):
            bank.reset()
            bank.inputs = int(self.context.signal_in("gpio2_io_i" if number else "gpio_io_i")) & bank.mask
            self._drive(number)
        self._update_interrupt()

    def on_signal(self, pin: str, value: int) -> None:
        if pin in ("gpio_io_i", "gpio2_io_i"):
            channel = 1 if pin == "gpio_io_i" else 2
            if channel <= len(self._channels):
                self.set_inputs(value & self._bank(channel).mask, channel)

    @property
    def _name(self) -> str:
        return self.context.module.path

    def _bank(self, channel: int) -> Channel:
        if not 1 <= channel <= len(self._channels):
            names = " and ".join(str(number + 1) for number in range(len(self._channels)))
            raise ValueError(f"{self._name}: there is no channel {channel}; this core has {names}")
        return self._channels[channel - 1]

    def _update_interrupt(self) -> None:
        if self._has_interrupt:
            self.context.interrupt("ip2intc_irpt").set(bool(self._gier and self._isr & self._ier))

    def _drive(self, number: int) -> None:
        prefix = "gpio" if number == 0 else "gpio2"
        bank = self._channels[number]
        for pin, value in ((f"{prefix}_io_o", bank.data), (f"{prefix}_io_t", bank.tri)):
            if pin in self.context.module.ports:
                self.context.signal_out(pin).set(value)
