"""What software does with AXI DMA. The shape of the API is PYNQ's ``DMA``, with timeouts, reset, queues and checks.

Source: AMD PG021, AXI DMA v7.1: "Register Space", "Direct Register Mode (Simple DMA)", "Scatter/Gather Mode", "Customizing and Generating
the Core" (parameters), "Micro DMA".
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, ClassVar

from pynq_drivers import parameters, waiting
from pynq_drivers.axi_dma import registers as r
from pynq_drivers.axi_dma.channel import Channel
from pynq_drivers.axi_dma.direct import DirectChannel
from pynq_drivers.axi_dma.scatter_gather import ScatterGatherChannel
from pynq_drivers.transfers.diagnosis import far_end, leads_to, not_started, stream_words
from pynq_drivers.transfers.limits import Limits, Reach
from pynq_widgets.overlay import DefaultIP, UnsupportedConfiguration
from pynq_widgets.overlay.teaching import teach
from pynq_widgets.overlay.traits import Word

_DEFAULT_LENGTH_WIDTH = 14  # the core's own default
_MICRO_BLOCK = 4096  # what a transfer of a Micro DMA may not cross: one burst of AXI does not


class AxiDMA(DefaultIP):
    """AXI DMA, in direct register mode or with the Scatter Gather Engine.

    ``dma.sendchannel.transfer(buffer)`` reads a buffer and sends it as one packet, ``dma.recvchannel.transfer(buffer)`` writes a packet
    into one; ``wait(timeout=)`` or ``await wait_async()`` tell the end. ``submit(buffer)`` takes transfers that wait for their turn.

    Making the driver touches nothing, so that a tree can show it; a channel is started when it is first asked for.

    Attributes
    ----------
    buffer_max_size : int
        The longest transfer in bytes; with scatter-gather, of what one descriptor moves: longer transfers are split.
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

    def __init__(self, description: dict[str, Any], *others: Any) -> None:
        if others:
            raise TypeError(
                "DMA(address, direction) is of PYNQ before 2.0: an overlay makes the driver, and ol.<the DMA>.sendchannel and .recvchannel "
                "transfer(buffer), one for each direction"
            )
        super().__init__(description)
        given = description.get("parameters")
        if not given:
            raise UnsupportedConfiguration(f"{self._fullpath}: the design gives no parameters of this DMA, so its channels are unknown")
        self._scatter_gather = bool(parameters.integer(given, "C_INCLUDE_SG", 0))
        self._micro = bool(parameters.integer(given, "C_MICRO_DMA", 0))
        if self._micro and self._scatter_gather:
            raise UnsupportedConfiguration(f"{self._fullpath}: Micro and Scatter-gather modes not supported simultaneously.")
        if self._scatter_gather and parameters.integer(given, "C_ENABLE_MULTI_CHANNEL", 0):
            raise UnsupportedConfiguration(
                f"{self._fullpath} is configured for several channels (C_ENABLE_MULTI_CHANNEL is 1), whose descriptors are others: use AXI "
                "MCDMA, or disable it in the core (Enable Multi Channel Support)"
            )
        bits = parameters.integer(given, "C_SG_LENGTH_WIDTH", _DEFAULT_LENGTH_WIDTH)
        self.buffer_max_size = (1 << min(bits, r.MOST_LENGTH_BITS)) - 1
        self._send = self._channel("sendchannel", "MM2S")
        self._receive = self._channel("recvchannel", "S2MM")

    def _channel(self, name: str, kind: str) -> Channel | None:
        given, design = self.description["parameters"], self.description.get("design")
        if not parameters.integer(given, f"C_INCLUDE_{kind}", 1):
            return None
        width = parameters.integer(given, f"C_M_AXI_{kind}_DATA_WIDTH", 32) // 8
        longest, block = self.buffer_max_size, 0
        if self._micro:
            longest, block = min(longest, width * parameters.integer(given, f"C_{kind}_BURST_SIZE", 16)), _MICRO_BLOCK
        realigns = bool(parameters.integer(given, f"C_INCLUDE_{kind}_DRE", 0))
        every = parameters.integer(given, "C_ADDR_WIDTH", 32)
        limits = Limits(longest, width, realigns, parameters.integer(given, f"C_M_AXI_{kind}_ADDR_WIDTH", every), block)
        pin = f"{kind.lower()}_introut"
        pin = pin if pin in self._interrupts else ""
        reach = Reach(design, self._fullpath, f"M_AXI_{kind}")
        if not self._scatter_gather:
            return DirectChannel(self, name, kind == "MM2S", limits, pin, reach)
        descriptors = Reach(design, self._fullpath, "M_AXI_SG")
        width_sg = parameters.integer(given, "C_M_AXI_SG_ADDR_WIDTH", every)
        return ScatterGatherChannel(self, name, kind == "MM2S", limits, pin, reach, descriptors=descriptors, descriptor_bits=width_sg)

    @property
    def sendchannel(self) -> Channel:
        """Memory to stream (MM2S), started when first asked for; AttributeError where the core is built without it."""
        return self._there(self._send, "sendchannel").started()

    @property
    def recvchannel(self) -> Channel:
        """Stream to memory (S2MM), started when first asked for; AttributeError where the core is built without it."""
        return self._there(self._receive, "recvchannel").started()

    def set_up_tx_channel(self) -> None:
        """Starts the send channel where the core has one and it stands still. PYNQ's name of what making its driver does."""
        self._set_up(self._send)

    def set_up_rx_channel(self) -> None:
        """Starts the receive channel where the core has one and it stands still."""
        self._set_up(self._receive)

    @staticmethod
    def _set_up(channel: Channel | None) -> None:
        if channel is not None and (not channel.is_started or channel.halted):
            channel.start()

    def _there(self, channel: Channel | None, name: str) -> Channel:
        if channel is None:
            what, kind = ("send", "MM2S") if name == "sendchannel" else ("receive", "S2MM")
            raise teach(self, f"{self._fullpath} has no {what} channel ({name}): the core is built without {kind} (C_INCLUDE_{kind} = 0)")
        return channel

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels that the design has, as they are."""
        return tuple(channel for channel in (self._send, self._receive) if channel is not None)

    def reset(self) -> None:
        """Resets the core and starts its channels again; transfers under way are given up.

        Raises TimeoutError where the core does not come out of reset, which it does once its clocks run and its memory answers.
        """
        at_rest = False
        with self.device.lock, ExitStack() as alone:
            for channel in self.channels:
                alone.enter_context(channel.queue)
            try:
                self.reset_core()
                at_rest = True
            finally:
                for channel in self.channels:
                    channel.queue.give_up("reset()", at_rest)
            for channel in self.channels:
                channel.start()

    def reset_core(self) -> None:
        """The reset itself; the channels stand still after it.

        Either channel's bit resets the whole engine (PG021, "MM2S_DMACR", Reset); it is written for each, since not every implementation
        (QEMU's) takes it so.
        """
        for channel in self.channels:
            self._reset_at(channel._base + r.DMACR)
        for channel in self.channels:
            channel.was_reset()

    def _reset_at(self, word: int) -> None:
        self.mmio.write(word, r.RESET)
        waiting.reset(self.device.clock, lambda: not self.mmio.read(word) & r.RESET, self._fullpath)

    def why_waiting(self, channel: Channel) -> str:
        """What a transfer of `channel` may be waiting for, in words: the state of the other channel, the design's wires, the stream."""
        other = self._receive if channel is self._send else self._send
        stream = "M_AXIS_MM2S" if channel.sends else "S_AXIS_S2MM"
        design = self.description.get("design")
        end = far_end(design, self._fullpath, stream)
        words = stream_words(self.device, self._fullpath, stream)
        if other is not None and other.queue:
            other.queue.look()  # what nobody waited for may be over
        idle = other is not None and not other.queue
        stopped = self._trouble_of(other) if other is not None and other.is_started else ""
        if channel.sends:
            if idle and leads_to(design, self._fullpath, stream) == self._fullpath:
                return f"It waits for its own recvchannel, which has no buffer: call recvchannel.transfer() first.{stopped}{words}"
            stopped += not_started(design, end[0], self.device) if end else ""
            hint = f"It waits for {end[0] if end else 'whatever its stream is connected to'} to take the data"
            if idle:
                hint += "; recvchannel has no buffer to put results into, perhaps that is what stands still"
            return f"{hint}.{stopped}{words}"
        stopped += not_started(design, end[0], self.device) if end else ""
        if end is None:
            hint = f"{stream} is connected to nothing in this design, so that no packet can come"
        else:
            hint = f"It waits for a packet from {end[0]}, which ends with TLAST"
        if idle and other is not None:
            hint += "; sendchannel has nothing under way" + ("" if other.queue.last is not None else " and has never sent anything")
        return f"{hint}.{stopped}{words}"

    @staticmethod
    def _trouble_of(other: Channel) -> str:
        status = other.status
        if status & r.ERRORS:
            return f" {other.name} stands in an error: {other.explain(status)}."
        return f" {other.name} is stopped: call {other.name}.start()." if status & r.HALTED else ""


DMA = AxiDMA  # PYNQ's name of it
