"""What software does with AXI VDMA. The shape of the API is PYNQ's ``AxiVDMA``, with timeouts, checks and explanations.

Source: AMD PG020, AXI VDMA v6.3: "Register Space", "Programming Sequence", "Customizing and Generating the Core" (parameters).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pynq_drivers import parameters
from pynq_drivers.axi_vdma import read, write
from pynq_drivers.axi_vdma import registers as r
from pynq_drivers.axi_vdma.channel import Channel
from pynq_drivers.axi_vdma.frames import FORMATS, VideoMode
from pynq_drivers.axi_vdma.read import S2MMChannel
from pynq_drivers.axi_vdma.write import MM2SChannel
from pynq_widgets.overlay import DefaultIP, UnsupportedConfiguration
from pynq_widgets.overlay.teaching import teach
from pynq_widgets.overlay.traits import Bit, Field

__all__ = ["FORMATS", "AxiVDMA", "VideoMode"]


class AxiVDMA(DefaultIP):
    """AXI VDMA: pictures from a stream into memory, and from memory to a stream.

    The names are software's: `readchannel` (S2MM) brings frames that can be read, `writechannel` (MM2S) takes frames that were written::

        vdma.readchannel.mode = VideoMode(1280, 720, 24)
        vdma.readchannel.start()
        frame = vdma.readchannel.readframe(timeout=1)

    A frame has one owner. `readframe` and `newframe` give one to the user, `writeframe` gives it to the core. It is freed when nobody holds
    it any more. Making the driver touches nothing.

    Attributes
    ----------
    framecount : int
        The frame stores of each channel.
    """

    bindto = ["xilinx.com:ip:axi_vdma:6.2", "xilinx.com:ip:axi_vdma:6.3"]

    S2MMChannel = S2MMChannel
    MM2SChannel = MM2SChannel

    # Vivado describes these otherwise than the guide does (tables 2-9 and 2-12): which may be written, and that ones clear.
    PARK_PTR_REG_RdFrmPtrRef = Field("PARK_PTR_REG", bits=(4, 0), access="read-write", help="Frame store on which MM2S parks")
    PARK_PTR_REG_WrFrmPtrRef = Field("PARK_PTR_REG", bits=(12, 8), access="read-write", help="Frame store on which S2MM parks")
    PARK_PTR_REG_WrFrmStore = Field("PARK_PTR_REG", bits=(28, 24), access="read-only", help="Frame store at which S2MM is")
    S2MM_VDMASR_FrmCnt_Irq = Bit("S2MM_VDMASR", bits=12, onwrite="1-to-clear", help="A frame count is over")
    S2MM_VDMASR_DlyCnt_Irq = Bit("S2MM_VDMASR", bits=13, onwrite="1-to-clear", help="A delay count is over")

    # Where frames were is of one run, and VSIZE or RS would begin another: not to be put back by Overlay.restore.
    configuration: ClassVar[Mapping[str, bool]] = {
        f"{direction}_{name}": False
        for direction in ("MM2S", "S2MM")
        for name in ("VSIZE", "VDMACR.RS", "VDMACR.Reset", "REG_INDEX", *(f"SA{i}" for i in range(1, 17)))
    }

    def __init__(self, description: dict[str, Any], framecount: int | None = None) -> None:
        super().__init__(description)
        given = description.get("parameters")
        if not given:
            raise UnsupportedConfiguration(f"{self._fullpath}: the design gives no parameters of this VDMA, so its channels are unknown")
        if parameters.integer(given, "C_INCLUDE_SG", 0):
            raise UnsupportedConfiguration(
                f"{self._fullpath} is configured for scatter-gather (C_INCLUDE_SG is 1), which takes descriptors, not registers"
            )
        self.framecount = framecount or parameters.integer(given, "C_NUM_FSTORES", 3)
        if not 1 <= self.framecount <= 32:
            raise UnsupportedConfiguration(f"{self._fullpath}: a VDMA has 1 to 32 frame stores, the design says {self.framecount}")
        self._reads: S2MMChannel | None = None
        self._writes: MM2SChannel | None = None
        if parameters.integer(given, "C_INCLUDE_S2MM", 1):
            self._reads = S2MMChannel(self, self._line("s2mm_introut"))
        if parameters.integer(given, "C_INCLUDE_MM2S", 1):
            self._writes = MM2SChannel(self, self._line("mm2s_introut"))

    def _line(self, pin: str) -> str:
        return pin if pin in self._interrupts else ""

    @property
    def readchannel(self) -> read.S2MMChannel:
        """Video input; AttributeError where the core is built without it."""
        if self._reads is None:
            raise self._without("readchannel", "S2MM")
        return self._reads

    @property
    def writechannel(self) -> write.MM2SChannel:
        """Video output; AttributeError where the core is built without it."""
        if self._writes is None:
            raise self._without("writechannel", "MM2S")
        return self._writes

    def _without(self, name: str, kind: str) -> AttributeError:
        return teach(self, f"{self._fullpath} has no {name}: the core is built without {kind} (C_INCLUDE_{kind} = 0)")

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Those that the design has."""
        return tuple(channel for channel in (self._reads, self._writes) if channel is not None)

    @property
    def version(self) -> str:
        """The version that the core reports, such as ``'6.2'``; one bus read."""
        word = self.mmio.read(r.VERSION)
        return f"{word >> 28}.{word >> 24 & 0xF}"

    def stop(self) -> None:
        """Stops both channels."""
        for channel in self.channels:
            channel.stop()

    def reset(self) -> None:
        """Resets both channels: they are stopped, with their registers as after configuration."""
        for channel in self.channels:
            channel.reset()
