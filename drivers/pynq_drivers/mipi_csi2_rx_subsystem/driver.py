"""What software does with the MIPI CSI-2 Receiver Subsystem: starts and stops it, and asks what the camera sends and what went wrong.

Source: AMD PG232, MIPI CSI-2 Receiver Subsystem v5.1: "Register Space", "Programming Sequence"; from memory. The names of data types are
those of MIPI's CSI-2 as PG232 lists them.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from pynq_drivers import waiting
from pynq_widgets.overlay import DefaultIP

from . import registers as r

DATA_TYPES = {
    0x18: "YUV 4:2:0 8-bit",
    0x1E: "YUV 4:2:2 8-bit",
    0x1F: "YUV 4:2:2 10-bit",
    0x20: "RGB444",
    0x21: "RGB555",
    0x22: "RGB565",
    0x23: "RGB666",
    0x24: "RGB888",
    0x28: "RAW6",
    0x29: "RAW7",
    0x2A: "RAW8",
    0x2B: "RAW10",
    0x2C: "RAW12",
    0x2D: "RAW14",
}


class Image(NamedTuple):
    """The last picture of a virtual channel: its lines, the bytes of a line, and what they are."""

    lines: int
    nbytes: int
    data_type: str


class ShortPacket(NamedTuple):
    """A generic short packet: its data type, virtual channel and 16 bits of data."""

    data_type: int
    channel: int
    data: int


class Csi2Receiver(DefaultIP):
    """MIPI CSI-2 receiver: ``csi.start(lanes=2)``, ``csi.image()``, ``csi.errors``."""

    bindto = [
        f"xilinx.com:ip:mipi_csi2_rx_subsystem:{version}" for version in ("3.0", "4.0", "4.1", "5.0", "5.1", "5.2", "5.3", "5.4", "6.0")
    ]
    register_layout = r.LAYOUT
    guards: ClassVar[Mapping[str, str]] = {"SHORT_PACKET": "a read takes a packet out of the FIFO"}
    restore_order = ("PROTOCOL_CONFIGURATION", "CORE_CONFIGURATION.ENABLE")
    configuration: ClassVar[Mapping[str, bool]] = {"CORE_CONFIGURATION.SOFT_RESET": False}

    @property
    def lanes(self) -> int:
        """Lanes in use, 1 to 4. One read."""
        return (self.read(r.PROTOCOL) & 3) + 1

    @property
    def most_lanes(self) -> int:
        """Lanes that the design has. One read."""
        return (self.read(r.PROTOCOL) >> 3 & 3) + 1

    @property
    def receiving(self) -> bool:
        """Whether it is enabled and not in reset. One read."""
        return self.read(r.CORE) & (r.ENABLE | r.RESET) == r.ENABLE

    @property
    def packets(self) -> int:
        """Long packets received, of 16 bits: it starts over after 65535. One read."""
        return self.read(r.STATUS) >> 16

    def start(self, lanes: int | None = None, timeout: float = 1.0) -> None:
        """Resets it and lets it receive, on so many lanes (as before, where they are left out).

        ValueError for more lanes than there are, with nothing written; TimeoutError where the reset does not end: its clocks may not run.
        """
        waiting.check(timeout)
        if lanes is not None:
            most = self.most_lanes
            if not 1 <= operator.index(lanes) <= most:
                raise ValueError(f"{self._where()} has 1 to {most} lanes, not {lanes!r}")
        self.write(r.CORE, r.ENABLE | r.RESET)
        trouble = f"the reset of {self._where()} did not end within {timeout} s: do its clocks (video, D-PHY) run?"
        waiting.until(self.device.clock, lambda: not self.read(r.STATUS) & r.BUSY, timeout, trouble)
        if lanes is not None:
            self.write(r.PROTOCOL, lanes - 1)
        self.write(r.PENDING, sum(1 << bit for _, bit, _ in r.EVENTS))
        self.write(r.CORE, r.ENABLE)

    def stop(self) -> None:
        """Receives no more. One write."""
        self.write(r.CORE, 0)

    def image(self, channel: int = 0) -> Image | None:
        """The last picture of the virtual channel (0 to 3); None where there was none. Two reads."""
        if not 0 <= operator.index(channel) < r.CHANNELS:
            raise ValueError(f"{self._where()} has the virtual channels 0 to {r.CHANNELS - 1}, not {channel!r}")
        size = self.read(r.IMAGE + 8 * channel)
        code = self.read(r.IMAGE + 8 * channel + 4) & 0x3F
        return Image(size >> 16, size & 0xFFFF, DATA_TYPES.get(code, f"data type {code:#04x}")) if size else None

    @property
    def errors(self) -> tuple[str, ...]:
        """What went wrong since `clear`, in words. One read."""
        word = self.read(r.PENDING)
        return tuple(text for _, bit, text in r.ERRORS if word >> bit & 1)

    def clear(self) -> None:
        """Takes note of all errors: there are none until the next. One write."""
        self.write(r.PENDING, sum(1 << bit for _, bit, _ in r.ERRORS))

    def short_packet(self) -> ShortPacket | None:
        """The oldest short packet, which is taken out; None where there is none."""
        with self.device.lock:
            if not self.read(r.STATUS) & r.NOT_EMPTY:
                return None
            word = self.read(r.SHORT_PACKET)
        return ShortPacket(word & 0x3F, word >> 6 & 3, word >> 8 & 0xFFFF)
