"""What software does with AXI MCDMA: up to 16 channels each way, each with packets of its own TDEST.

Source: AMD PG288, AXI Multichannel DMA v1.1: "Register Space", "Programming Sequence", "Customizing and Generating the Core" (parameters),
as remembered.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from pynq_drivers import parameters, waiting
from pynq_drivers.axi_mcdma import registers as r
from pynq_drivers.axi_mcdma.channel import Channel
from pynq_drivers.transfers.limits import Limits
from pynq_widgets.overlay import DefaultIP, UnsupportedConfiguration
from pynq_widgets.overlay.traits import Word

_DEFAULT_LENGTH_WIDTH = 14  # the core's own default
_LENGTH_BITS = 26  # of a descriptor


class AxiMCDMA(DefaultIP):
    """AXI Multichannel DMA: ``dma.sendchannels[2].transfer(buffer)``, ``dma.recvchannels[2].transfer(other).wait(timeout=1)``.

    Channel `i` sends with TDEST `i`, and receives the packets that carry it. `sendchannel` and `recvchannel` are the first ones, for code
    that was written for a DMA of one channel. Making the driver touches nothing; a channel is started by its first transfer.

    Attributes
    ----------
    sendchannels, recvchannels : tuple of Channel
        Memory to stream (MM2S) and stream to memory (S2MM); empty where the design does not have that side.
    buffer_max_size : int
        The longest packet that can be received, in bytes. Longer ones are sent by several descriptors.
    """

    bindto = [f"xilinx.com:ip:axi_mcdma:{version}" for version in ("1.0", "1.1", "1.2")]

    MM2S_CSR = Word(r.MM2S + r.CSR, access="read-only", help="Bit 0: the sending side is halted, bit 1: idle")
    MM2S_CHEN = Word(r.MM2S + r.CHEN, help="A bit for each sending channel: enabled")
    MM2S_CHSER = Word(r.MM2S + r.CHSER, access="read-only", help="A bit for the sending channel that is being served")
    MM2S_ERR = Word(r.MM2S + r.ERR, access="read-only", help="What stopped the sending side")
    MM2S_SERVICED = Word(
        r.MM2S + r.TX_SERVICED, access="read-only", onread="clear", help="A bit for each channel served since the last read"
    )
    S2MM_CSR = Word(r.S2MM + r.CSR, access="read-only", help="Bit 0: the receiving side is halted, bit 1: idle")
    S2MM_CHEN = Word(r.S2MM + r.CHEN, help="A bit for each receiving channel: enabled")
    S2MM_CHSER = Word(r.S2MM + r.CHSER, access="read-only", help="A bit for the receiving channel that is being served")
    S2MM_ERR = Word(r.S2MM + r.ERR, access="read-only", help="What stopped the receiving side")
    S2MM_SERVICED = Word(
        r.S2MM + r.RX_SERVICED, access="read-only", onread="clear", help="A bit for each channel served since the last read"
    )

    @classmethod
    def configuration(cls, description: dict[str, Any]) -> dict[str, bool]:
        """Where descriptors are is of one transfer, and not to be put back by Overlay.restore: writing a tail would begin one."""
        left = {}
        for name, register in (description.get("registers") or {}).items():
            offset = int(register["address_offset"])
            word = offset % r.S2MM - r.FIRST
            if word >= 0 and word % r.STRIDE >= r.CURDESC:
                left[name] = False
        return left

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        given = description.get("parameters")
        if not given:
            raise UnsupportedConfiguration(f"{self._fullpath}: the design gives no parameters of this MCDMA, so its channels are unknown")
        self.buffer_max_size = (1 << min(_LENGTH_BITS, parameters.integer(given, "C_SG_LENGTH_WIDTH", _DEFAULT_LENGTH_WIDTH))) - 1
        self.recvchannels: tuple[Channel, ...] = ()
        self.sendchannels = self._channels("MM2S")
        self.recvchannels = self._channels("S2MM")

    def _channels(self, kind: str) -> tuple[Channel, ...]:
        given = self.description["parameters"]
        if not parameters.integer(given, f"C_INCLUDE_{kind}", 1):
            return ()
        count = parameters.integer(given, f"C_NUM_{kind}_CHANNELS", 1)
        if not 1 <= count <= r.CHANNELS:
            raise UnsupportedConfiguration(f"{self._fullpath}: the design says {count} {kind} channels; the core has 1 to {r.CHANNELS}")
        limits = Limits(
            longest=self.buffer_max_size,
            width=parameters.integer(given, f"C_M_AXI_{kind}_DATA_WIDTH", 32) // 8,
            realigns=parameters.integer(given, f"C_INCLUDE_{kind}_DRE", 0) != 0,
            address_bits=parameters.integer(given, "C_ADDR_WIDTH", 32),
        )
        return tuple(Channel(self, kind == "MM2S", number, limits, self._pin(kind.lower(), number)) for number in range(count))

    def _pin(self, kind: str, number: int) -> str:
        """The pin of the channel's interrupt, that of its side where the core is configured for one; '' where none is connected."""
        for name in (f"{kind}_ch{number + 1}_introut", f"{kind}_introut"):
            if name in self._interrupts:
                return name
        return ""

    @property
    def sendchannel(self) -> Channel | None:
        """The first sending channel, if the design has one."""
        return self.sendchannels[0] if self.sendchannels else None

    @property
    def recvchannel(self) -> Channel | None:
        """The first receiving channel, if the design has one."""
        return self.recvchannels[0] if self.recvchannels else None

    @property
    def channels(self) -> tuple[Channel, ...]:
        """All channels that the design has."""
        return self.sendchannels + self.recvchannels

    def reset(self) -> None:
        """Resets the core; transfers under way or queued, of all channels, are given up. The next transfer of a channel starts it again.

        Raises TimeoutError where the core does not come out of reset, which it does once its clocks run and its memory answers.
        """
        at_rest = False
        with self.device.lock, ExitStack() as alone:
            for channel in self.channels:
                alone.enter_context(channel.queue)
            bases = [base for base, own in ((r.MM2S, self.sendchannels), (r.S2MM, self.recvchannels)) if own]
            try:
                for base in bases:
                    self.mmio.write(base + r.CCR, r.RESET)
                waiting.reset(self.device.clock, lambda: not any(self.mmio.read(base + r.CCR) & r.RESET for base in bases), self._fullpath)
                at_rest = True
            finally:
                for channel in self.channels:
                    channel.forget("reset()", at_rest)
