"""What AXI DMA does, for the simulated device: registers, reset, the two channels.

Source: AMD PG021, AXI DMA v7.1: "Register Space", "Direct Register Mode (Simple DMA)", "Scatter/Gather Mode", "Errors", "Interrupts".
Multichannel mode, the status and control streams and keyhole transfers are not modelled; neither is the prefetch of descriptors.
"""

from __future__ import annotations

from pynq_drivers import parameters
from pynq_drivers.axi_dma import registers as r
from pynq_drivers.axi_dma.model_channel import Channel, ReceiveChannel, SendChannel
from pynq_widgets.device import IPModel, ModelContext


class AxiDmaModel(IPModel):
    """AXI DMA: memory to stream and stream to memory, in blocks, by registers or by descriptors."""

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        given = context.module.parameters
        self.scatter_gather = parameters.integer(given, "C_INCLUDE_SG", 0) != 0
        self.send = self.receive = None
        if parameters.integer(given, "C_INCLUDE_MM2S", 1):
            self.send = SendChannel(context, self.scatter_gather, "M_AXIS_MM2S", "M_AXI_MM2S", "mm2s_introut", "m_axi_mm2s_aclk")
        if parameters.integer(given, "C_INCLUDE_S2MM", 1):
            self.receive = ReceiveChannel(context, self.scatter_gather, "S_AXIS_S2MM", "M_AXI_S2MM", "s2mm_introut", "m_axi_s2mm_aclk")

    def _at(self, offset: int) -> tuple[Channel | None, int]:
        return (self.send, offset) if offset < r.S2MM else (self.receive, offset - r.S2MM)

    def read(self, interface: str, offset: int) -> int:
        channel, word = self._at(offset)
        return channel.read(word) if channel else 0

    def write(self, interface: str, offset: int, value: int) -> None:
        channel, word = self._at(offset)
        if channel is None:
            return
        if word == r.DMACR and value & r.RESET:
            self.reset()  # either channel's bit resets the whole engine
            if self.receive:
                self.receive.discard()
        else:
            channel.write(word, value)

    def reset(self) -> None:
        for channel in (self.send, self.receive):
            if channel:
                channel.restart()

    def on_space(self, interface: str) -> None:
        if self.send:
            self.send.push()

    def on_stream(self, interface: str) -> None:
        if self.receive:
            self.receive.pull()
