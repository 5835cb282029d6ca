"""What software does with AXI DMA. The shape of the API is PYNQ's ``DMA``, with timeouts, reset and checks.

Source: AMD PG021, AXI DMA v7.1: "Register Space", "Direct Register Mode (Simple DMA)", "Customizing and Generating the Core" (parameters).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pynq_drivers import parameters, waiting
from pynq_drivers.axi_dma import registers as r
from pynq_drivers.axi_dma.channel import Channel, Limits
from pynq_widgets.overlay import DefaultIP, UnsupportedConfiguration
from pynq_widgets.overlay.traits import Word

_RESET_PATIENCE = 0.5  # seconds
_DEFAULT_LENGTH_WIDTH = 14  # the core's own default


class AxiDMA(DefaultIP):
    """AXI DMA in direct register mode.

    ``dma.sendchannel.transfer(buffer)`` reads a buffer and sends it as one packet, ``dma.recvchannel.transfer(buffer)`` writes a packet
    into one; ``wait(timeout=)`` or ``await wait_async()`` tell the end.

    Making the driver touches nothing, so that a tree can show it; a channel is started when it is first asked for.

    Attributes
    ----------
    buffer_max_size : int
        The longest transfer in bytes.
    """

    bindto = ["xilinx.com:ip:axi_dma:7.1", "xilinx.com:ip:axi_dma:7.0"]

    # What designs do not tell. The status bits are theirs: dma.MM2S_DMASR_Idle, to be watched or drawn.
    MM2S_LENGTH = Word("MM2S_LENGTH", unit="bytes", help="Writing it begins a transfer from memory; sendchannel does")
    S2MM_LENGTH = Word("S2MM_LENGTH", unit="bytes", help="Writing it begins a transfer to memory; then what has arrived. recvchannel does")

    # Where a buffer was, and how long, is of one transfer, and not to be put back by Overlay.restore: writing LENGTH would begin one.
    configuration: ClassVar[Mapping[str, bool]] = {
        f"{direction}_{name}": False
        for direction, names in (
            ("MM2S", ("SA", "SA_MSB", "LENGTH")),
            ("S2MM", ("DA", "DA_MSB", "LENGTH")),
        )
        for name in (*names, "CURDESC", "CURDESC_MSB", "TAILDESC", "TAILDESC_MSB")
    }

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        given = description.get("parameters")
        if not given:
            raise UnsupportedConfiguration(f"{self._fullpath}: the design gives no parameters of this DMA, so its channels are unknown")
        if parameters.integer(given, "C_INCLUDE_SG", 0):
            raise UnsupportedConfiguration(
                f"{self._fullpath} is configured for scatter-gather (C_INCLUDE_SG is 1), which this driver does not drive yet: "
                "disable the Scatter Gather Engine in the core, or use read() and write()"
            )
        self._micro = bool(parameters.integer(given, "C_MICRO_DMA", 0))
        self.buffer_max_size = (1 << parameters.integer(given, "C_SG_LENGTH_WIDTH", _DEFAULT_LENGTH_WIDTH)) - 1
        self._send = self._channel("sendchannel", "MM2S")
        self._receive = self._channel("recvchannel", "S2MM")

    def _channel(self, name: str, kind: str) -> Channel | None:
        given = self.description["parameters"]
        if not parameters.integer(given, f"C_INCLUDE_{kind}", 1):
            return None
        width = parameters.integer(given, f"C_M_AXI_{kind}_DATA_WIDTH", 32) // 8
        longest = self.buffer_max_size
        if self._micro:
            longest = min(longest, width * parameters.integer(given, f"C_{kind}_BURST_SIZE", 16))
        realigns = bool(parameters.integer(given, f"C_INCLUDE_{kind}_DRE", 0))
        bits = parameters.integer(given, f"C_M_AXI_{kind}_ADDR_WIDTH", parameters.integer(given, "C_ADDR_WIDTH", 32))
        pin = f"{kind.lower()}_introut"
        interrupt = self[pin] if pin in self._interrupts else None
        return Channel(self, name, kind == "MM2S", Limits(longest, width, realigns, bits), interrupt)

    @property
    def sendchannel(self) -> Channel | None:
        """Memory to stream (MM2S), if the design has it; started when first asked for."""
        return self._send if self._send is None else self._send.started()

    @property
    def recvchannel(self) -> Channel | None:
        """Stream to memory (S2MM), if the design has it; started when first asked for."""
        return self._receive if self._receive is None else self._receive.started()

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels that the design has, as they are."""
        return tuple(channel for channel in (self._send, self._receive) if channel is not None)

    def reset(self) -> None:
        """Resets the core and starts its channels again; transfers under way are given up.

        Raises TimeoutError where the core does not come out of reset, which it does once its clocks run and its memory answers.
        """
        channel = self.channels[0]
        with self.device.lock:
            self.mmio.write(channel._base + r.DMACR, r.RESET)
            deadline = waiting.Deadline(self.device.clock, _RESET_PATIENCE)
            while self.mmio.read(channel._base + r.DMACR) & r.RESET:
                if deadline.passed():
                    raise TimeoutError(f"{self._fullpath} did not come out of reset within {_RESET_PATIENCE} s: is its clock running?")
                self.device.clock.sleep(10e-6)
            for each in self.channels:
                each._forget()
                each.start()

    def why_waiting(self, channel: Channel) -> str:
        """What a transfer of `channel` may be waiting for, in words, from the state of the other channel and the design's wires."""
        other = self._receive if channel is self._send else self._send
        end = self._stream_end(channel)
        if channel is self._send:
            if other is not None and other._buffer is None and end == self._fullpath:
                return "It waits for its own recvchannel, which has no buffer: call recvchannel.transfer() first."
            hint = f"It waits for {end or 'whatever its stream is connected to'} to take the data"
            if other is not None and other._buffer is None:
                hint += "; recvchannel has no buffer to put results into, perhaps that is what stands still"
            return hint + "."
        hint = f"It waits for a packet from {end or 'whatever its stream is connected to'}, which ends with TLAST"
        if other is not None and other._buffer is None:
            hint += "; sendchannel has nothing under way" + ("" if other._ever else " and has never sent anything")
        return hint + "."

    def _stream_end(self, channel: Channel) -> str | None:
        """Path of what the channel's stream is connected to."""
        design = self.description.get("design")
        own = "M_AXIS_MM2S" if channel is self._send else "S_AXIS_S2MM"
        for link in getattr(design, "connections", ()):
            if (link.master, link.master_interface) == (self._fullpath, own):
                return str(link.slave)
            if (link.slave, link.slave_interface) == (self._fullpath, own):
                return str(link.master)
        return None
