"""What Debug Bridge does, for the simulated device, and a device on its JTAG chain.

Source: AMD PG245, Debug Bridge v3.0: "Register Space"; IEEE 1149.1: the states of the test access port.
"""

from __future__ import annotations

from pynq_drivers.debug_bridge import registers as r
from pynq_widgets.device import IPModel, ModelContext
from pynq_widgets.device.clock import Timer

_CLOCKS = 8  # of the bus for a bit

# State of the port: the next one where TMS is 0, and where it is 1.
_NEXT = {
    "reset": ("idle", "reset"),
    "idle": ("idle", "select-dr"),
    **{
        f"{state}-{kind}": (f"{low}-{kind}" if low in ("capture", "shift", "exit1", "pause", "exit2", "update") else low, high)
        for kind in ("dr", "ir")
        for state, low, high in (
            ("select", "capture", "select-ir" if kind == "dr" else "reset"),
            ("capture", "shift", f"exit1-{kind}"),
            ("shift", "shift", f"exit1-{kind}"),
            ("exit1", "pause", f"update-{kind}"),
            ("pause", "pause", f"exit2-{kind}"),
            ("exit2", "shift", f"update-{kind}"),
            ("update", "idle", "select-dr"),
        )
    },
}


class Tap:
    """A test access port with the instructions IDCODE and BYPASS (all ones, and every other).

    ``Tap(idcode, ir_length=6, idcode_instruction=0b001001)``: the defaults are those of 7-series devices.
    """

    def __init__(self, idcode: int, ir_length: int = 6, idcode_instruction: int = 0b001001) -> None:
        self.idcode = idcode
        self._bits = ir_length
        self._identify = idcode_instruction
        self.state = "reset"
        self.instruction = idcode_instruction
        self._register = 0
        self._length = 1

    def clock(self, tms: int, tdi: int) -> int:
        """A pulse of TCK; what stood at TDO."""
        tdo = 1
        if self.state.startswith("shift-"):
            tdo = self._register & 1
            self._register = self._register >> 1 | tdi << self._length - 1
        elif self.state == "capture-dr":
            known = self.instruction == self._identify
            self._register, self._length = (self.idcode, 32) if known else (0, 1)
        elif self.state == "capture-ir":
            self._register, self._length = 0b01, self._bits
        elif self.state == "update-ir":
            self.instruction = self._register
        self.state = _NEXT[self.state][tms]
        if self.state == "reset":
            self.instruction = self._identify
        return tdo


class DebugBridgeModel(IPModel):
    """Debug Bridge: ``attach(tap)`` puts a device at its chain; with none TDO is high."""

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        self._tap: Tap | None = None
        self._event: Timer | None = None

    def attach(self, tap: Tap) -> None:
        """Connect `tap` to the chain, in place of what was there."""
        self._tap = tap

    def reset(self) -> None:
        if self._event is not None:
            self._event.cancel()
            self._event = None
        self._words = {r.LENGTH: 0, r.TMS: 0, r.TDI: 0, r.TDO: 0, r.CTRL: 0}

    def read(self, interface: str, offset: int) -> int:
        return self._words.get(offset, 0)

    def write(self, interface: str, offset: int, value: int) -> None:
        if offset in (r.LENGTH, r.TMS, r.TDI):
            self._words[offset] = value
        elif offset == r.CTRL:
            self._words[r.CTRL] = value & (r.ENABLE | r.LOOPBACK)
            if value & r.ENABLE and self._event is None:
                length = min(self._words[r.LENGTH] & 0x3F, r.WORD)
                self._event = self.context.clock.call_later(length * _CLOCKS / self.context.frequency("s_axi_aclk"), self._shift)

    def _shift(self) -> None:
        self._event = None
        tdo = 0
        for bit in range(min(self._words[r.LENGTH] & 0x3F, r.WORD)):
            tms, tdi = self._words[r.TMS] >> bit & 1, self._words[r.TDI] >> bit & 1
            out = self._tap.clock(tms, tdi) if self._tap is not None else 1
            tdo |= (tdi if self._words[r.CTRL] & r.LOOPBACK else out) << bit
        self._words[r.TDO] = tdo
        self._words[r.CTRL] &= ~r.ENABLE
