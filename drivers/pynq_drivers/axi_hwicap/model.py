"""What the AXI HWICAP does, for the simulated device.

Source: AMD PG134, AXI HWICAP v3.0: "Register Space", from memory; the port behind it as in UG470 and UG570. A word takes a cycle of
``icap_clk``. Where the bitstream that comes out of it is that of a ``.bit`` file beside the loaded design's, with its ``.hwh``, the region
that it is for holds that module from then on; any other is counted, and its CRC kept, in `port`.
"""

from __future__ import annotations

from collections import deque

from pynq_drivers import parameters
from pynq_drivers.axi_hwicap import registers as r
from pynq_drivers.configuration import ConfigurationPort, known_bitstream
from pynq_drivers.layout import RegisterModel
from pynq_widgets.device import ModelContext
from pynq_widgets.device.clock import Timer


class AxiHwIcapModel(RegisterModel):
    """``model.port.words`` and ``.crc`` tell what came; ``model.loaded`` the files that were known."""

    layout = r.LAYOUT

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        given = context.module.parameters
        self._depth = max(1, parameters.integer(given, "C_WRITE_FIFO_DEPTH", 64))
        self._read_depth = max(1, parameters.integer(given, "C_READ_FIFO_DEPTH", 128))
        self.loaded: list[str] = []
        self._event: Timer | None = None

    def reset(self) -> None:
        self.port = ConfigurationPort(self._finished)
        self._clear()

    def _clear(self) -> None:
        if self._event is not None:
            self._event.cancel()
            self._event = None
        self._writes: deque[int] = deque()
        self._reads: deque[int] = deque()
        self.file.poke(r.ISR, 0)
        self._show()

    def _show(self) -> None:
        self.file.poke(r.WFV, self._depth - len(self._writes))
        self.file.poke(r.RFO, len(self._reads))
        self.file.poke(r.SR, r.EOS | (0 if self._event is not None else r.DONE))
        self.file.poke(r.RF, self._reads[0] if self._reads else 0)
        level = self.file.peek(r.ISR) & self.file.peek(r.IER) and self.file.peek(r.GIER) >> 31
        if any(name.lower() == "ip2intc_irpt" for name in self.context.module.ports):
            self.context.interrupt("ip2intc_irpt").set(bool(level))

    def _raise(self, bits: int) -> None:
        self.file.poke(r.ISR, self.file.peek(r.ISR) | bits)

    def read(self, interface: str, offset: int) -> int:
        value = super().read(interface, offset)
        if offset == r.RF and self._reads:
            self._reads.popleft()
            self._show()
        return value

    def written(self, offset: int, value: int, before: int) -> None:
        if offset == r.WF:
            if len(self._writes) < self._depth:  # what does not fit is lost
                self._writes.append(value)
        elif offset == r.CR:
            self._control(value, before)
        self._show()

    def _control(self, value: int, before: int) -> None:
        if value & r.SW_RESET:
            self.file.poke(r.CR, 0)
            self.file.poke(r.GIER, 0)
            self.file.poke(r.IER, 0)
            self._clear()
        elif value & r.ABORT:
            self.file.poke(r.CR, 0)
            self._clear()
            self.file.poke(r.ASR, 0)
        elif value & r.FIFO_CLEAR:
            self.file.poke(r.CR, 0)
            self._writes.clear()
            self._reads.clear()
        elif self._event is None and value & r.WRITE:
            self._start(len(self._writes), self._wrote)
        elif self._event is None and value & r.READ:
            self._start(self.file.peek(r.SZ) & (1 << r.SIZE_BITS) - 1, self._got)

    def _start(self, count: int, done: object) -> None:
        finish = self._wrote if done == self._wrote else self._got
        self._event = self.context.clock.call_later(max(1, count) / self.context.frequency("icap_clk"), finish)

    def _wrote(self) -> None:
        self._event = None
        while self._writes:
            self.port.put(self._writes.popleft())
        self.file.poke(r.CR, self.file.peek(r.CR) & ~r.WRITE)
        self._raise(r.WEMTY | r.WRP)
        self._show()

    def _got(self) -> None:
        self._event = None
        for _ in range(self.file.peek(r.SZ) & (1 << r.SIZE_BITS) - 1):
            if len(self._reads) < self._read_depth:
                self._reads.append(self.port.take())
        self.file.poke(r.CR, self.file.peek(r.CR) & ~r.READ)
        full = len(self._reads) == self._read_depth
        self._raise((r.RDP if 2 * len(self._reads) > self._read_depth else 0) | (r.RFULL if full else 0))
        self._show()

    def _finished(self, image: tuple[int, ...]) -> None:
        path = known_bitstream(self.context.design, image)
        if path:
            self.loaded.append(path)
            self.context.reconfigure(path)
        else:
            self.context.assume(
                f"a bitstream of {len(image)} words came that is none of the .bit files (with a .hwh) beside the design: nothing changes"
            )
