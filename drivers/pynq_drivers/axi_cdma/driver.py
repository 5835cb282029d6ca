"""What software does with AXI CDMA: copies between memories, with timeouts, reset and checks.

Source: AMD PG034, AXI Central DMA v4.1: "Register Space", "Simple DMA Operation", "Scatter Gather Operation", "Customizing and Generating
the Core" (parameters), as remembered. Design files say of DA that it is read-only and put CDMACR.Err_IrqEn on the bit of the reset: both
are corrected here. That a lite core cannot cross 4 KiB in one transfer follows from its data mover, which sends one burst for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pynq_drivers.axi_cdma import registers as r
from pynq_drivers.axi_cdma.carrier import ChainCarrier, Copy, SimpleCarrier
from pynq_drivers.axi_cdma.places import Place, Places
from pynq_drivers.transfers.limits import Limits, Span, check_address, check_length, whole
from pynq_widgets.overlay import DefaultIP, UnsupportedConfiguration
from pynq_widgets.overlay.traits import Bit, Word


class AxiCDMA(DefaultIP):
    """AXI Central DMA: ``cdma.transfer(source, destination).wait(timeout=1)`` copies memory to memory.

    Source and destination are buffers of `allocate`, memories of the design (``ol.axi_bram_ctrl_0``) or addresses as the core sees them.
    Copies that are asked for while one runs wait for their turn. Making the driver touches nothing.

    Attributes
    ----------
    buffer_max_size : int
        The longest copy in bytes; a core with scatter-gather parts longer ones, then it is the longest part.
    """

    bindto = [f"xilinx.com:ip:axi_cdma:{version}" for version in ("4.0", "4.1")]

    # Given by their offsets: what designs tell of them is wrong or nothing.
    CDMACR = Word(r.CDMACR, help="Control: reset, scatter-gather, keyhole, interrupts")
    error_interrupt = Bit(r.CDMACR, bits=14, help="Whether an error raises the interrupt (Err_IrqEn)")
    CDMASR = Word(r.CDMASR, help="Status: idle, errors, interrupts")
    SA = Word(r.SA, access="read-write", help="Address that a simple copy reads from")
    DA = Word(r.DA, access="read-write", help="Address that a simple copy writes to")
    BTT = Word(r.BTT, unit="bytes", help="Writing it begins a simple copy; transfer does")

    # Where a copy was from and to is not to be put back by Overlay.restore: writing BTT or TAILDESC would begin one.
    configuration: ClassVar[Mapping[str, bool]] = dict.fromkeys(
        ("SA", "SA_MSB", "DA", "DA_MSB", "BTT", "CURDESC_PNTR", "CURDESC_PNTR_MSB", "TAILDESC_PNTR", "TAILDESC_PNTR_MSB"), False
    )

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        given = description.get("parameters")
        if not given:
            raise UnsupportedConfiguration(f"{self._fullpath}: the design gives no parameters of this CDMA, so its limits are unknown")
        core = r.Configuration.of(given, r.length_bits(description.get("module")))
        self.configuration_of_core = core
        self.buffer_max_size = core.longest
        self.scatter_gather = core.scatter_gather
        self._limits = Limits(core.longest, core.width, core.realigns, core.address_bits, r.PAGE if core.lite else 0)
        self._places = Places(self._fullpath, self.device, description.get("design"), self._fullpath, "M_AXI")
        self._carrier = ChainCarrier(self) if core.scatter_gather else SimpleCarrier(self)
        self._queue = self._carrier.queue

    # State: one bus read each.

    @property
    def idle(self) -> bool:
        """True if the engine does nothing, and after an error."""
        return bool(self.mmio.read(r.CDMASR) & r.IDLE)

    @property
    def error(self) -> bool:
        """True if the engine is in an error state, out of which only `reset` leads"""
        return bool(self.mmio.read(r.CDMASR) & r.ERRORS)

    @property
    def transferred(self) -> int:
        """Bytes of the last copy that was waited for."""
        return self._queue.transferred

    # Copies.

    def transfer(
        self,
        source: Any,
        destination: Any,
        nbytes: int = 0,
        source_start: int = 0,
        destination_start: int = 0,
        *,
        keyhole_read: bool = False,
        keyhole_write: bool = False,
    ) -> Copy:
        """Copy memory, and return while it runs; the result's `wait(timeout=)` or ``await`` tells the end.

        Parameters
        ----------
        source, destination : PynqBuffer, memory of the design, or int
            What is read and what is written. An address is one of this core's own map.
        nbytes : int
            How many bytes. Default is 0: as much as the smaller of the two holds.
        source_start, destination_start : int
            Byte offsets into them. Default is 0.
        keyhole_read, keyhole_write : bool
            Whether that end is one address, such as that of a FIFO, for all of the copy.

        Everything is checked before the first register is written: TypeError or ValueError for what the core of this design cannot copy,
        RuntimeError where it is in an error state.
        """
        keyhole = (r.KEYHOLE_READ if keyhole_read else 0) | (r.KEYHOLE_WRITE if keyhole_write else 0)
        if keyhole and not self.configuration_of_core.keyhole:
            raise ValueError(
                f"{self._fullpath} has no keyhole in this design: enable it in the core (C_ENABLE_KEYHOLE), with bursts of at most "
                f"{r.KEYHOLE_BURST} beats"
            )
        start, end = self._places.find(source, source_start, "source"), self._places.find(destination, destination_start, "destination")
        nbytes = self._length(start, end, whole(self._fullpath, "nbytes", nbytes), keyhole)
        if not self.scatter_gather:
            advice = (
                "Copy in parts: a lite core moves one burst at a time (C_USE_DATAMOVER_LITE)"
                if self.configuration_of_core.lite
                else "Copy in parts, or configure the core with scatter-gather"
            )
            check_length(self._fullpath, nbytes, self.buffer_max_size, advice)
        width = self.configuration_of_core.width
        for place, what, one in ((start, "source", keyhole_read), (end, "destination", keyhole_write)):
            extent = min(nbytes, width) if one else nbytes
            check_address(f"{self._fullpath} ({what})", Span(place.address, extent, place.offset), self._limits)
            self._places.check(place, extent, what)
        copy = Copy(self._queue, start, end, nbytes, keyhole)
        self._queue.submit(copy)
        return copy

    def _length(self, source: Place, destination: Place, nbytes: int, keyhole: int) -> int:
        known = [
            place.size
            for place, one in ((source, keyhole & r.KEYHOLE_READ), (destination, keyhole & r.KEYHOLE_WRITE))
            if place.size is not None and not one
        ]
        if nbytes < 0:
            raise ValueError(f"{self._fullpath}: nbytes is 0 or more, not {nbytes}")
        if not nbytes and not known:
            raise ValueError(f"{self._fullpath}: between two addresses nobody knows how much to copy; pass nbytes")
        nbytes = nbytes or min(known)
        for what, place, one in (("source", source, keyhole & r.KEYHOLE_READ), ("destination", destination, keyhole & r.KEYHOLE_WRITE)):
            if place.size is not None and not one and nbytes > place.size:
                raise ValueError(
                    f"{self._fullpath}: {nbytes} bytes are more than the {place.size} bytes of the {what} from byte {place.start}"
                )
        return nbytes

    # Waiting.

    def wait(self, timeout: float | None = None, progress: bool | None = None) -> int:
        """Wait for the last copy that was asked for, and so for all before it; the number of its bytes.

        Raises RuntimeError where there was none or where the core reports an error, and TimeoutError, telling what stands still, after
        `timeout` seconds; it is then still under way and can be waited for again.
        """
        return self._queue.latest.wait(timeout, progress)

    async def wait_async(self, timeout: float | None = None, progress: bool | None = None) -> int:
        """As `wait`, for coroutines."""
        return await self._queue.latest.wait_async(timeout, progress)

    def reset(self) -> None:
        """Resets the core: what helps after an error. Copies under way or waiting for their turn are given up.

        Raises TimeoutError where the core does not come out of reset, which it does once its clocks run and its memory answers.
        """
        at_rest = False
        try:
            with self.device.lock, self._queue:
                self._carrier.reset()
            at_rest = True
        finally:
            self._queue.give_up("reset()", at_rest)
