"""What AXI IIC does, for the simulated device: a master with its dynamic controller logic, and targets on its bus.

Source: AMD PG090, AXI IIC Bus Interface v2.1: "Register Space", "Dynamic Controller Logic Flow", "Standard Controller Logic Flow" (MSMS
begins and ends a transfer, the first byte of TX_FIFO is the address). The core as a target, and other masters, are not there.
"""

from __future__ import annotations

from collections import deque

from pynq_drivers import parameters
from pynq_drivers.axi_iic import registers as r
from pynq_drivers.axi_iic.target import RegisterTarget, Target
from pynq_widgets.device import IPModel, ModelContext
from pynq_widgets.device.clock import Timer

__all__ = ["AxiIicModel", "RegisterTarget", "Target"]

_INTERRUPT = "iic2intc_irpt"


class AxiIicModel(IPModel):
    """AXI IIC: ``attach(address, target)`` puts a chip on its bus. Each byte takes nine bits of time."""

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        frequency = parameters.integer(context.module.parameters, "C_IIC_FREQ", 100_000) or 100_000
        self._byte_time = 9 / frequency
        self._targets: dict[int, Target] = {}
        self._event: Timer | None = None

    def attach(self, address: int, target: Target) -> None:
        """Put `target` on the bus, at an address of 7 bits; ValueError for another one, or where there is one already."""
        if not 0 <= address <= 0x7F:
            raise ValueError(f"an I2C address has 7 bits, 0 to 0x7f, not {address:#x}")
        if address in self._targets:
            raise ValueError(f"there is a target at {address:#04x} of {self.context.path} already: detach it")
        target.clock = self.context.clock
        self._targets[address] = target

    @property
    def targets(self) -> dict[int, Target]:
        """What is on the bus, by address."""
        return dict(self._targets)

    def detach(self, address: int) -> None:
        """Take what is at `address` off the bus."""
        del self._targets[address]

    def reset(self) -> None:
        if self._event is not None:
            self._event.cancel()
            self._event = None
        self._control = self._enabled = self._global = 0
        self._status = r.TX_HALF | r.NOT_ADDRESSED | r.BUS_FREED
        self._full_at = 1
        self._sending: deque[int] = deque()
        self._received: deque[int] = deque()
        self._target: Target | None = None  # with which it is in a transfer
        self._reading = False
        self._left: int | None = None  # bytes to receive, None before it is told
        self._stop = False  # after the last of them
        self._busy = self._failed = False
        self._directed = self._address_next = False  # by MSMS; and the next byte of TX_FIFO is an address
        self._gpo = parameters.integer(self.context.module.parameters, "C_DEFAULT_VALUE", 0)
        self._own_address = [0, 0]
        self._update()

    # Registers.

    def read(self, interface: str, offset: int) -> int:
        if offset == r.RX_FIFO:
            value = self._received.popleft() if self._received else 0
            self._go()
            return value
        known = {
            r.GIE: self._global,
            r.ISR: self._status,
            r.IER: self._enabled,
            r.CR: self._control,
            r.SR: self._flags(),
            r.TX_FIFO_OCY: max(0, len(self._sending) - 1),
            r.RX_FIFO_OCY: max(0, len(self._received) - 1),
            r.RX_FIFO_PIRQ: self._full_at - 1,
            r.GPO: self._gpo,
            r.ADR: self._own_address[0],
            r.TEN_ADR: self._own_address[1],
            r.TX_FIFO: 0,
            r.SOFTR: 0,
        }
        return known[offset] if offset in known else super().read(interface, offset)

    def _flags(self) -> int:
        return (
            r.BUSY * self._busy
            | r.TX_FULL * (len(self._sending) >= r.DEPTH)
            | r.RX_FULL * (len(self._received) >= r.DEPTH)
            | r.RX_EMPTY * (not self._received)
            | r.TX_EMPTY * (not self._sending)
        )

    def write(self, interface: str, offset: int, value: int) -> None:
        if offset == r.SOFTR:
            if value & 0xF == r.RESET_KEY:
                self.reset()
        elif offset == r.CR:
            self._control_bits(value & 0x7F)
        elif offset == r.TX_FIFO:
            if len(self._sending) < r.DEPTH and not self._control & r.TX_RESET:
                self._sending.append(value & 0x3FF)
        elif offset == r.RX_FIFO_PIRQ:
            self._full_at = (value & 0xF) + 1
        elif offset == r.ISR:
            self._status ^= value & 0xFF
            self._starve()
        elif offset == r.IER:
            self._enabled = value & 0xFF
        elif offset == r.GIE:
            self._global = value & r.GLOBAL_ENABLE
        elif offset == r.GPO:
            self._gpo = value & (1 << parameters.integer(self.context.module.parameters, "C_GPO_WIDTH", 1)) - 1
            self.context.signal_out("gpo").set(self._gpo)
        elif offset in (r.ADR, r.TEN_ADR):
            self._own_address[offset == r.TEN_ADR] = value & (0xFE if offset == r.ADR else 0x7)
            if value:
                self.context.assume("no other master is on the bus, so that nobody addresses the core as a target")
        else:
            super().write(interface, offset, value)
        self._update()
        self._go()

    def _control_bits(self, value: int) -> None:
        before, self._control = self._control, value
        if value & r.TX_RESET:
            self._sending.clear()
            self._failed = False
        if value & ~before & r.MASTER or (value & ~before & r.REPEAT and self._directed):
            self._directed = self._address_next = True
        elif before & ~value & r.MASTER and self._address_next and not self._sending:
            self._end()  # a stop instead of a repeated start

    def _note(self, bits: int) -> None:
        self._status |= bits
        self._update()

    def _starve(self) -> None:
        """With TX_FIFO empty in the middle of a transfer the bus is held; as long as that lasts ISR tells it."""
        sending = self._target is not None and not self._reading and not self._failed
        if sending and self._event is None and not self._sending:
            self._status |= r.TX_EMPTIED

    def _update(self) -> None:
        self.context.interrupt(_INTERRUPT).set(int(bool(self._global and self._status & self._enabled)))

    # The bus.

    def _go(self) -> None:
        """The next byte on the bus, where there is something to do and the core is not held by a FIFO."""
        if self._event is not None or self._failed or not self._control & r.ENABLE:
            return
        if self._reading and self._left:
            if len(self._received) < self._full_at:
                self._event = self.context.clock.call_later(self._byte_time, self._take)
            return
        if self._directed and self._go_directed():
            return
        if not self._sending:
            self._starve()
            self._update()
            return
        if self._target is None and not self._sending[0] & r.START:
            return  # until MSMS begins a transfer
        word = self._sending.popleft()
        if word & r.START:
            self._busy = True
            self._status &= ~r.BUS_FREED
            self._event = self.context.clock.call_later(self._byte_time, lambda: self._addressed(word))
        elif self._reading:
            self._left, self._stop = word & 0xFF, bool(word & r.STOP)
            self._go()
        else:
            self._event = self.context.clock.call_later(self._byte_time, lambda: self._put(word))

    def _go_directed(self) -> bool:
        """As `_go`, for a transfer between a rise and a fall of MSMS; whether there is nothing else to do."""
        over = not self._control & r.MASTER
        if self._address_next:
            if not self._sending:
                return True
            self._address_next = False
            self._sending[0] |= r.START  # and on as with the dynamic logic's
            return False
        if self._target is not None and self._reading:
            if not over and not self._left and len(self._received) < self._full_at:
                self._left = 1  # byte by byte, as long as there is room
                self._event = self.context.clock.call_later(self._byte_time, self._take)
            elif over:
                self._end()
            return True
        return False

    def _addressed(self, word: int) -> None:
        self._event = None
        self._control &= ~r.REPEAT  # that has happened
        self._target = self._targets.get(word >> 1 & 0x7F)
        self._reading, self._left = bool(word & 1), None
        if self._target is None or not self._target.start(self._reading):
            self._refused()
        elif word & r.STOP or (self._is_last and not self._reading):
            self._end()
        self._go()

    @property
    def _is_last(self) -> bool:
        """MSMS fell: the byte that is over now was the last one. (It falls before that one is put into TX_FIFO, while the bus is held.)"""
        return self._directed and not self._control & r.MASTER and not self._sending

    def _put(self, word: int) -> None:
        self._event = None
        assert self._target is not None
        if not self._target.write(word & 0xFF):
            self._refused()
        elif word & r.STOP or self._is_last:
            self._end()
        self._go()

    def _take(self) -> None:
        self._event = None
        assert self._target is not None
        assert self._left is not None
        self._received.append(self._target.read() & 0xFF)
        self._left -= 1
        if len(self._received) >= self._full_at:
            self._note(r.RX_FILLED)
        if self._directed:
            if self._control & r.NO_ACKNOWLEDGE:
                self._note(r.TX_ERROR)
        elif not self._left:
            self._note(r.TX_ERROR)  # the master does not acknowledge the last byte, which counts as that
            self._reading = False
            if self._stop:
                self._end()
        self._go()

    def _refused(self) -> None:
        """No acknowledge: the bus is given back, and nothing more goes out before TX_FIFO is reset."""
        self._failed = True
        self._note(r.TX_ERROR)
        self._end()

    def _end(self) -> None:
        if self._target is not None:
            self._target.stop()
        self._target, self._busy, self._reading = None, False, False
        self._directed = self._address_next = False
        self._note(r.BUS_FREED)
