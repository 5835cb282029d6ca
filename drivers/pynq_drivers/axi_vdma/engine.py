"""What both channels of AXI VDMA do, as the simulated device has them.

Source: AMD PG020, AXI VDMA v6.3: the register tables 2-6 to 2-20, "Genlock Synchronization".
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from pynq_drivers import parameters
from pynq_drivers.axi_vdma import registers as r
from pynq_widgets.device import BusError
from pynq_widgets.device.clock import Timer

if TYPE_CHECKING:
    from pynq_drivers.axi_vdma.model import AxiVdmaModel

_CONTROL = (
    r.RS | r.CIRCULAR | r.GENLOCK_EN | r.FRAME_CNT_EN | 0x60 | r.GENLOCK_INTERNAL | 0xF00
    | r.FRMCNT_IRQ_EN | r.DLYCNT_IRQ_EN | r.ERR_IRQ_EN | r.REPEAT_EN | 0xFFFF_0000
)  # fmt: skip
MASTER, SLAVE, DYNAMIC_MASTER, DYNAMIC_SLAVE = range(4)


class Soon:
    """What is to be done when what happens now is done, and may be taken back until then."""

    def __init__(self, callback: Callable[[], object]) -> None:
        self._callback: Callable[[], object] | None = callback

    def __call__(self) -> None:
        if self._callback is not None:
            self._callback()

    def cancel(self) -> None:
        self._callback = None


class Channel(ABC):
    """What both channels have in common: control, status, frame stores, the counters of their interrupts.

    A frame takes (bytes of a line / width of the stream) × lines / clock seconds from its first line.
    """

    name: str
    stream_name: str
    other: str

    def __init__(self, model: AxiVdmaModel) -> None:
        context, given = model.context, model.context.module.parameters
        low, self._memory_name = self.name.lower(), f"M_AXI_{self.name}"
        self.model = model
        self.context = context
        self.clock = context.clock
        self.stream = context.stream(self.stream_name)
        self._pin = context.interrupt(f"{low}_introut")
        self.beat = max(1, parameters.integer(given, f"C_{self.stream_name}_TDATA_WIDTH", 32) // 8)
        self._hertz = context.frequency(f"{self.stream_name.lower()}_aclk")
        self._delay_unit = parameters.integer(given, "C_DLYTMR_RESOLUTION", 125) / self._hertz
        self._wide = parameters.integer(given, f"C_{self._memory_name}_ADDR_WIDTH", parameters.integer(given, "C_ADDR_WIDTH", 32)) > 32
        self._align = parameters.integer(given, f"C_{self._memory_name}_DATA_WIDTH", 32) // 8
        self._realigns = bool(parameters.integer(given, f"C_INCLUDE_{self.name}_DRE", 0))
        self.genlock = parameters.integer(given, f"C_{self.name}_GENLOCK_MODE", MASTER)
        theirs = parameters.integer(given, f"C_{self.other}_GENLOCK_MODE", MASTER)
        both = parameters.integer(given, f"C_INCLUDE_{self.other}", 1) and parameters.integer(given, "C_INCLUDE_INTERNAL_GENLOCK", 1)
        self._internal = bool(both) and {self.genlock, theirs} in ({MASTER, SLAVE}, {DYNAMIC_MASTER, DYNAMIC_SLAVE})
        self._has_irq_mask = False
        self._event: Timer | Soon | None = None  # the end of the frame under way
        self._delay: Timer | None = None

    # Registers.

    def restart(self) -> None:
        """The state after reset."""
        self._cancel()
        self.control = r.CONTROL_RESET | (r.GENLOCK_INTERNAL if self._internal else 0)
        self.halted = True
        self.status = 0  # errors and interrupts
        self.irq_mask = self.bank = self.parked_at = 0
        self.vsize = self.hsize = 0
        self.stride = 0x0100_0000  # a frame delay of 1
        self.words = [0] * (2 * r.BANK)
        self.count, self.delayed = 1, 0
        self.store = 0
        self._stopped_at: int | None = None
        self._taken: tuple[int, int, int, list[int]] | None = None  # vsize, hsize, stride, words as they were when VSIZE was written
        self._coasting: float | None = None  # since when frames are only counted
        self._is_dealt_with = False  # the frame count interrupt has been cleared
        self._to_fill = 0  # stores that have not been filled since the start
        self.under_way = False
        self.abandon()
        self.update_interrupt()

    @property
    def frames(self) -> int:
        """Frames that fit into a frame count before its interrupt: IRQFrameCount."""
        return self.control >> r.FRAME_COUNT_SHIFT & 0xFF

    @property
    def shown_store(self) -> int:
        """The frame store in PARK_PTR_REG: the present one, or the one at which an error occurred until errors are cleared."""
        return self.present if self._stopped_at is None else self._stopped_at

    @property
    def present(self) -> int:
        """The store of the present frame."""
        return self.store

    def glance(self) -> None:  # noqa: B027, one of the two has nothing to do
        """Somebody looks where the channel is."""

    def read(self, word: int) -> int:
        if word == r.VDMACR:
            return self.control
        if word == r.VDMASR:
            count = self._left(self.missed())
            return self.status | (r.HALTED if self.halted else 0) | count << r.FRAME_COUNT_SHIFT | self.delayed << r.DELAY_COUNT_SHIFT
        if word == r.REG_INDEX and self._banked:
            return self.bank
        if word == r.IRQ_MASK and self._has_irq_mask:
            return self.irq_mask
        return 0

    @property
    def _banked(self) -> bool:
        return self.model.stores * (2 if self._wide else 1) > r.BANK

    def write(self, word: int, value: int) -> None:
        if word == r.VDMACR:
            self._write_control(value)
        elif word == r.VDMASR:
            self._write_status(value)
        elif word == r.REG_INDEX and self._banked:
            self.bank = value & 1
        elif word == r.IRQ_MASK and self._has_irq_mask:
            self.irq_mask = value & 0xF

    def read_frame(self, word: int) -> int:
        if word == r.VSIZE:
            return self.vsize
        if word == r.HSIZE:
            return self.hsize
        if word == r.STRIDE:
            return self.stride
        place = self._place(word)
        return 0 if place is None else self.words[place]

    def write_frame(self, word: int, value: int) -> None:
        if word == r.VSIZE:
            self.vsize = value & r.MAX_VSIZE
            self._commit()
        elif word == r.HSIZE:
            self.hsize = value & r.MAX_HSIZE
        elif word == r.STRIDE:
            self.stride = value & (r.MAX_STRIDE | r.POINTER << 24)
        else:
            place = self._place(word)
            if place is not None:
                self.words[place] = value

    def _place(self, word: int) -> int | None:
        """Which start address word stands there, of those that the core has."""
        index = (word - r.ADDRESSES) // 4
        if not 0 <= index < r.BANK:
            return None
        index += r.BANK * self.bank
        return index if index < self.model.stores * (2 if self._wide else 1) else None

    def _write_control(self, value: int) -> None:
        if value & r.RESET:
            self.restart()
            return
        self.wake()
        control = value & _CONTROL
        if not control & 0x00FF_0000:
            control |= 0x0001_0000  # a threshold of 0 is not taken
        old, self.control = self.control, control
        if (old ^ control) & 0x00FF_0000:
            self.count = self.frames
        if control & r.RS and not old & r.RS and not self.status & r.FATAL:  # after those only a reset helps
            self.halted = False
        elif not control & r.RS and not self.halted and not self.in_frame:
            self._halt()  # else at the end of the frame
        self.update_interrupt()

    def _write_status(self, value: int) -> None:
        if value & self.status & (r.FRMCNT_IRQ | r.MISMATCHES):
            self._is_dealt_with = True
            self.wake()
        self.status &= ~(value & (r.MISMATCHES | r.INT_ERR | r.INTERRUPTS))
        if not self.status & (r.MISMATCHES | r.FATAL):
            self._stopped_at = None
        self.cleared(value)
        self.update_interrupt()

    def cleared(self, bits: int) -> None:  # noqa: B027, one of the two has nothing to do
        """What else goes with the status `bits` that were cleared."""

    def _commit(self) -> None:
        """VSIZE was written: what the registers hold counts from the next frame on; the first time, frames begin."""
        if self.halted:
            return
        self._taken = (self.vsize, self.hsize, self.stride, list(self.words))
        if not self.under_way:
            self.under_way, self._to_fill = True, self.model.stores
            self.store = self._first_store()
            self._begin()
        elif not self._is_dealt_with:  # who never clears the interrupt looks at the memory
            self._to_fill = self.model.stores
            self.wake()

    # Frames, one after another.

    @property
    @abstractmethod
    def in_frame(self) -> bool:
        """Whether a part of the present frame has been moved."""

    def _first_store(self) -> int:
        return self._followed() if self.control & r.CIRCULAR else self.parked_at % self.model.stores

    def _next_store(self) -> int:
        stores = self.model.stores
        if not self.control & r.CIRCULAR:
            return self.parked_at % stores
        partner = self._partner()
        if partner is not None and self.genlock in (SLAVE, DYNAMIC_SLAVE):
            return self._followed()
        after = (self.store + 1) % stores
        if partner is not None and self.genlock == DYNAMIC_MASTER and after == partner.present and stores > 1:
            after = (after + 1) % stores
        return after

    def _followed(self) -> int:
        """The store to begin with where this channel follows the other one (genlock), else its own."""
        partner = self._partner()
        if partner is None or self.genlock not in (SLAVE, DYNAMIC_SLAVE):
            return self.store % self.model.stores
        behind = self.stride >> 24 & r.POINTER if self.genlock == SLAVE else 1
        return (partner.present - behind) % self.model.stores

    def _partner(self) -> Channel | None:
        """The other channel where the two go by each other and it runs."""
        if not self._internal or not self.control & r.GENLOCK_EN or not self.control & r.GENLOCK_INTERNAL:
            return None
        partner: Channel | None = self.model.receive if self is self.model.send else self.model.send
        return partner if partner is not None and partner.under_way else None

    @property
    def follows(self) -> bool:
        """Whether its frames are those of the other channel, a while later."""
        follower = self.under_way and bool(self.control & r.CIRCULAR) and self.genlock in (SLAVE, DYNAMIC_SLAVE)
        return follower and self._partner() is not None

    def _begin(self) -> None:
        """Begins the frame in `store` with what VSIZE has committed."""
        assert self._taken is not None
        vsize, hsize, stride, _ = self._taken
        self.lines, self.line, self.pitch = vsize, hsize, stride & r.MAX_STRIDE
        if not vsize or not hsize:
            self.fail(r.INT_ERR)
            return
        self._locate()
        self.duration = -(-hsize // self.beat) * vsize / self._hertz
        self.begin()

    def _locate(self) -> None:
        """The address of the frame store."""
        assert self._taken is not None
        words = self._taken[3]
        address = words[2 * self.store] | words[2 * self.store + 1] << 32 if self._wide else words[self.store]
        if not self._realigns:
            address -= address % self._align  # the core has no other addresses
        self.address = address

    @property
    def span(self) -> int:
        """Bytes from the first of a frame to its last."""
        return self.pitch * (self.lines - 1) + self.line

    @abstractmethod
    def begin(self) -> None:
        """Begins a frame."""

    @abstractmethod
    def abandon(self) -> None:
        """Forgets the frame under way."""

    def moved(self, began: float, at_once: bool = False) -> None:
        """All of the frame has been moved, whose first line came at the time `began`; it is over when its duration has passed.

        With `at_once`, within the present access or event: no later word of the same one who looks may come before it.
        """
        if at_once:
            self._event = Soon(self._finish)
            self.context.post(self._event)
            return
        self._event = self.clock.call_at(max(began + self.duration, self.clock.now()), self._finish)

    def _finish(self) -> None:
        self._event = None
        self.ended()
        halts = self._counted(1)
        if halts or not self.control & r.RS:
            self.control &= ~r.RS
            self._halt()
        else:
            self.store = self._next_store()
            self._to_fill -= 1
            if self._to_fill <= 0 and self.status & r.FRMCNT_IRQ and self.may_coast:
                self._coasting = self.clock.now()
            else:
                self._begin()
        self._start_delay()
        self.update_interrupt()

    def ended(self) -> None:  # noqa: B027, one of the two has nothing to do
        """What else becomes visible at the end of a frame."""

    @property
    @abstractmethod
    def may_coast(self) -> bool:
        """Whether nobody but who looks at the registers would see the next frames."""

    def _counted(self, frames: int) -> bool:
        """`frames` more are over; whether the channel is to halt after as many (FrameCntEn)."""
        over = frames >= self.count
        self.count = self._left(frames)
        if over:
            self.status |= r.FRMCNT_IRQ
        return over and bool(self.control & r.FRAME_CNT_EN)

    def _left(self, frames: int) -> int:
        """What the frame counter holds after `frames` more."""
        return self.count - frames if frames < self.count else self.frames - (frames - self.count) % self.frames

    def missed(self) -> int:
        """How many frames are over that nothing but the counters would have told of."""
        return 0

    @abstractmethod
    def wake(self) -> None:
        """Somebody deals with the core: frames are moved again."""

    def _start_delay(self) -> None:
        """Counts until the next frame begins to move (IRQDelayCount)."""
        ticks = self.control >> r.DELAY_COUNT_SHIFT
        if ticks and not self.halted and not self.in_frame:
            self._delay = self.clock.call_later(ticks * self._delay_unit, self._is_delayed)

    def frame_moves(self) -> None:
        """The first of a frame has come or gone: the delay counter starts anew."""
        if self._delay is not None:
            self._delay.cancel()
            self._delay = None

    def _is_delayed(self) -> None:
        self._delay = None
        self.status |= r.DLYCNT_IRQ
        self.delayed = self.control >> r.DELAY_COUNT_SHIFT
        self.update_interrupt()

    # Errors and interrupts.

    def mismatch(self, error: int) -> None:
        """A line or frame was not as long as it should be; the channel goes on (PG020, "Line and Frame Errors")."""
        if not self.status & (r.MISMATCHES | r.FATAL):
            self._stopped_at = self.store
        self.status |= error
        if not self.irq_mask & r.MASKS[error]:
            self.status |= r.ERR_IRQ
        self.update_interrupt()

    def fail(self, error: int) -> None:
        """The channel halts with `error` in VDMASR."""
        self._stopped_at = self.store
        self.status |= error | r.ERR_IRQ
        self.control &= ~r.RS
        self._halt()
        self.update_interrupt()

    def refused(self, error: BusError) -> None:
        """The memory has answered with an error."""
        self.fail(r.SLV_ERR if getattr(error, "response", "DECERR") == "SLVERR" else r.DEC_ERR)

    def _halt(self) -> None:
        self._cancel()
        self.abandon()
        self.halted = True
        self.under_way = False
        self._coasting = self._taken = None

    def _cancel(self) -> None:
        for event in (self._event, self._delay):
            if event is not None:
                event.cancel()
        self._event = self._delay = None

    def update_interrupt(self) -> None:
        self._pin.set(bool(self.status & self.control & r.INTERRUPTS))
