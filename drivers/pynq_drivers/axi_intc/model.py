"""What AXI INTC does, for the simulated device.

Source: AMD PG099, AXI Interrupt Controller v4.1: "Register Space" (ISR, IPR, IER, IAR, SIE, CIE, IVR, MER, IMR, ILR, IVAR),
"Interrupt Types", "Cascade Mode". The processor's acknowledge wires of the fast mode (C_HAS_FAST) need a MicroBlaze and are not modelled:
its lines are acknowledged through IAR as the others are.
"""

from __future__ import annotations

from pynq_drivers import parameters
from pynq_drivers.axi_intc.registers import (
    CIE,
    HIE,
    IAR,
    IER,
    ILR,
    IMR,
    IPR,
    ISR,
    IVAR,
    IVAR_END,
    IVR,
    ME,
    MER,
    NONE_PENDING,
    SIE,
    inputs,
)
from pynq_widgets.device import IPModel, ModelContext


class AxiIntcModel(IPModel):
    """AXI INTC: up to 32 level or edge inputs, the lowest index first, and one request to a processor or to the next controller."""

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        given = context.module.parameters
        hardware, software = inputs(given)
        self._hardware = (1 << hardware) - 1
        self._software = ((1 << software) - 1) << hardware
        self._all = self._hardware | self._software
        self._edge = parameters.integer(given, "C_KIND_OF_INTR", 0xFFFFFFFF) & self._hardware
        rising = parameters.integer(given, "C_KIND_OF_EDGE", 0xFFFFFFFF)
        high = parameters.integer(given, "C_KIND_OF_LVL", 0xFFFFFFFF)
        self._inverted = ((self._edge & ~rising) | (~self._edge & ~high)) & self._hardware
        self._has = {name: parameters.integer(given, f"C_HAS_{name}", 1) != 0 for name in ("IPR", "SIE", "CIE", "IVR")}
        self._has_ilr = parameters.integer(given, "C_HAS_ILR", 0) != 0
        self._has_fast = parameters.integer(given, "C_HAS_FAST", 0) != 0
        self._vector_reset = parameters.integer(given, "C_IVAR_RESET_VALUE", 0x10)
        self._pins = 0  # as they come, before polarity
        self._restart()

    def _restart(self) -> None:
        self._isr = self._ier = self._mer = self._imr = 0
        self._ilr = NONE_PENDING
        self._vectors = [self._vector_reset] * 32

    def reset(self) -> None:
        self._restart()
        self._pins = int(self.context.signal_in("intr")) & self._hardware
        self._update()

    # The inputs.

    def on_signal(self, pin: str, value: int) -> None:
        if pin == "intr":
            before, self._pins = self._pins, value & self._hardware
            self._take(self._pins & ~before, before & ~self._pins)

    def on_interrupt_in(self, index: int, level: int) -> None:
        self.on_signal("intr", (self._pins & ~(1 << index)) | (level & 1) << index)

    def _take(self, raised: int, lowered: int) -> None:
        if self._mer & HIE:
            edges = (raised & ~self._inverted) | (lowered & self._inverted)
            self._isr |= edges & self._edge
        self._update()

    def _update(self) -> None:
        """Level inputs that are active are in ISR, whatever was acknowledged; then the request follows."""
        if self._mer & HIE:
            self._isr |= (self._pins ^ self._inverted) & ~self._edge & self._hardware
        self.context.interrupt("irq").set(bool(self._mer & ME and self._pending()))

    def _pending(self) -> int:
        pending = self._isr & self._ier
        if self._has_ilr and self._ilr < 32:
            pending &= (1 << self._ilr) - 1  # lines of lower priority than the level are held back
        return pending

    # The bus.

    def read(self, interface: str, offset: int) -> int:
        if offset == ISR:
            return self._isr
        if offset == IPR:
            return self._isr & self._ier if self._has["IPR"] else 0
        if offset == IER:
            return self._ier
        if offset == IVR:
            return self._vector() if self._has["IVR"] else 0
        if offset == MER:
            return self._mer
        if offset == IMR:
            return self._imr
        if offset == ILR:
            return self._ilr if self._has_ilr else 0
        if self._has_fast and IVAR <= offset < IVAR_END:
            return self._vectors[(offset - IVAR) // 4]
        return 0  # IAR, SIE and CIE are written only

    def _vector(self) -> int:
        pending = self._pending()
        return (pending & -pending).bit_length() - 1 if pending else NONE_PENDING

    def write(self, interface: str, offset: int, value: int) -> None:
        if offset == ISR:
            # Until the inputs are connected (MER.HIE) software may play them; afterwards only its own lines.
            mask = self._software if self._mer & HIE else self._all
            self._isr = (self._isr & ~mask) | (value & mask)
        elif offset == IER:
            self._ier = value & self._all
        elif offset == IAR:
            self._isr &= ~value
        elif offset == SIE and self._has["SIE"]:
            self._ier |= value & self._all
        elif offset == CIE and self._has["CIE"]:
            self._ier &= ~value
        elif offset == MER:
            self._mer = (value & ME) | ((value | self._mer) & HIE)  # HIE stays set until reset
        elif offset == IMR and self._has_fast:
            self._imr = value & self._all
        elif offset == ILR and self._has_ilr:
            self._ilr = value
        elif self._has_fast and IVAR <= offset < IVAR_END:
            self._vectors[(offset - IVAR) // 4] = value
        self._update()
