"""Import lines of notebooks, courses and drivers of all versions of PYNQ: they work, or say what to write today."""

from __future__ import annotations

from typing import Any

import pytest

WORK = """
import pynq
import pynq.lib
import pynq.lib.dma
import pynq.lib.dma as dma
import pynq.lib.video
import pynq.lib.video as v
import pynq.overlay
import pynq.pl_server.embedded_device as _ed
from pynq import *
from pynq import allocate
from pynq import Bitstream
from pynq import Clocks
from pynq import DefaultHierarchy
from pynq import DefaultIP
from pynq import DefaultIP, DefaultHierarchy
from pynq import DefaultOverlay
from pynq import Device
from pynq import DeviceTreeSegment
from pynq import GPIO
from pynq import get_rails, DataRecorder
from pynq import Interrupt
from pynq import lib
from pynq import MMIO
from pynq import MMIO, Overlay, allocate
from pynq import Overlay
from pynq import Overlay, allocate
from pynq import Overlay, PL, MMIO
from pynq import overlays
from pynq import PL
from pynq import pl
from pynq import PynqBuffer
from pynq import Register
from pynq import UnsupportedConfiguration
from pynq import Xlnk
from pynq.bitstream import Bitstream
from pynq.buffer import allocate
from pynq.buffer import PynqBuffer
from pynq.devicetree import DeviceTreeSegment
from pynq.gpio import CPU_ARCH
from pynq.gpio import GPIO
from pynq.interrupt import Interrupt
from pynq.lib import *
from pynq.lib import AxiGPIO
from pynq.lib import DMA
from pynq.lib import LED, Switch, Button, RGBLED
from pynq.lib import StreamSwitch
from pynq.lib.axigpio import AxiGPIO
from pynq.lib.button import Button
from pynq.lib.debugbridge import DebugBridge
from pynq.lib.dma import DMA
from pynq.lib.dma import DMA, allocate
from pynq.lib.iic import AxiIIC
from pynq.lib.led import LED
from pynq.lib.rgbled import RGBLED
from pynq.lib.switch import Switch
from pynq.lib.video import *
from pynq.lib.video import AxiVDMA
from pynq.lib.video import VideoMode
from pynq.lib.video import VideoMode, PIXEL_RGB
from pynq.lib.video.common import *
from pynq.lib.video.dma import AxiVDMA
from pynq.lib.video.hierarchies import PIXEL_RGB, VideoMode
from pynq.lib.video.hierarchies import VideoIn, VideoOut
from pynq.lib.video.pipeline import ColorConverter, PixelPacker, COLOR_IN_RGB
from pynq.mmio import MMIO
from pynq.overlay import *
from pynq.overlay import DefaultHierarchy
from pynq.overlay import Overlay, DefaultIP
from pynq.overlay import RegisterIP
from pynq.overlays.base import BaseOverlay
from pynq.pl import Bitstream
from pynq.pl import MMIO
from pynq.pl import Overlay
from pynq.pl import PL
from pynq.pl_server import Device
from pynq.pl_server import EmbeddedDevice
from pynq.pl_server import global_state
from pynq.pl_server import GlobalState, load_global_state
from pynq.pl_server import HWH, get_hwh_name
from pynq.pl_server import hwh_parser
from pynq.pl_server.device import Device
from pynq.pl_server.device import DeviceTreeSegment, get_dtbo_base_name
from pynq.pl_server.embedded_device import EmbeddedDevice
from pynq.pl_server.embedded_device import save_global_state
from pynq.pl_server.global_state import load_global_state
from pynq.pl_server.hwh_parser import HWH
from pynq.pmbus import get_rails
from pynq.ps import Clocks
from pynq.ps import Clocks, CPU_ARCH_IS_SUPPORTED, CPU_ARCH
from pynq.ps import ON_TARGET, ZU_ARCH, ZYNQ_ARCH
from pynq.registers import Register, RegisterMap
from pynq.uio import UioController, get_uio_index
from pynq.utils import build_py
from pynq.utils import ReprDict
from pynq.xlnk import ContiguousArray
from pynq.xlnk import Xlnk
""".strip().splitlines()

MICROBLAZE = "programs for MicroBlaze processors are compiled and run on the board, for which this package has no toolchain"
PERIPHERALS = "AxiIIC, AxiGPIO or AxiQuadSPI of pynq.lib, where the design has such a core at the connector"
MAILBOX = "ol.<the processor>.mb_bram_ctrl, an AxiBram, to exchange words with a program that is loaded already"
PMOD = "its driver is a program for the MicroBlaze of the Pmod connector, which is not delivered here"
CODEC = "it drives the audio hardware of a board (a codec chip, or PDM wires)"
SAMPLES = "ol.<the IP>.register_map for its registers; numpy and scipy.io.wavfile for the samples"
WIRES = "it drives the HDMI hardware of a board (clock chips, timing controllers, transceivers)"
PIPELINE = "pynq.lib.video.hierarchies (VideoIn, VideoOut) with a front end derived from pynq.lib.video.frontend"
NETWORK = "the network of a board belongs to its Linux"
IOP = "PYNQ has moved it (2.0), and programs for MicroBlaze processors are compiled and run on the board"
IOP_TODAY = "pynq.lib (AxiIIC, AxiGPIO, AxiQuadSPI)"
DRIVERS_TODAY = "pynq.lib (DMA) or pynq.lib.video (AxiVDMA for VDMA, VideoIn and VideoOut for HDMI)"
BOARD_TODAY = "pynq.lib (LED, RGBLED, Button, Switch)"
EMBEDDED = "pynq.pl_server.embedded_device"

# The line; what is missing, why, and what is there today.
DO_NOT_WORK = [
    (
        "from pynq import general_const",
        "general_const",
        "PYNQ has dropped it as well",
        "pynq.ps, or pynq.overlay (ol.ip_dict) for addresses",
    ),
    ("from pynq.board import Button", "board", "PYNQ has moved it (2.0)", BOARD_TODAY),
    ("from pynq.board import LED", "board", "PYNQ has moved it (2.0)", BOARD_TODAY),
    ("from pynq.drivers import DMA", "drivers", "PYNQ has moved it (2.0)", DRIVERS_TODAY),
    ("from pynq.drivers import VDMA", "drivers", "PYNQ has moved it (2.0)", DRIVERS_TODAY),
    ("from pynq.drivers.video import HDMI", "drivers", "PYNQ has moved it (2.0)", DRIVERS_TODAY),
    ("import pynq.drivers.dma", "drivers", "PYNQ has moved it (2.0)", DRIVERS_TODAY),
    ("from pynq.iop import Arduino_IO", "iop", IOP, IOP_TODAY),
    ("from pynq.iop import PMODA", "iop", IOP, IOP_TODAY),
    ("from pynq.pmods import PMOD_IO", "pmods", IOP.replace(" (2.0)", ""), IOP_TODAY),
    ("from pynq.lib import MicroblazeLibrary", "lib.MicroblazeLibrary", MICROBLAZE, MAILBOX),
    ("from pynq.lib import Pmod_OLED", "lib.Pmod_OLED", PMOD, PERIPHERALS),
    ("from pynq.lib import PynqMicroblaze", "lib.PynqMicroblaze", MICROBLAZE, MAILBOX),
    ("from pynq.lib import Wifi", "lib.Wifi", NETWORK, "nmcli or wpa_supplicant of the board"),
    ("from pynq.lib.arduino import *", "lib.arduino", MICROBLAZE, PERIPHERALS),
    ("from pynq.lib.arduino import Arduino_Analog", "lib.arduino", MICROBLAZE, PERIPHERALS),
    ("from pynq.lib.audio import AudioADAU1761", "lib.audio", CODEC, SAMPLES),
    ("from pynq.lib import Audio", "lib.Audio", CODEC, SAMPLES),
    (
        "from pynq.lib.dma import DMA_TO_DEV",
        "lib.dma.DMA_TO_DEV",
        "channels have taken its place (2.0)",
        "dma.sendchannel and dma.recvchannel",
    ),
    (
        "from pynq.lib.logictools import Waveform",
        "lib.logictools",
        MICROBLAZE,
        "pynq.lib.AxiGPIO for wires, pynq_widgets.scope for what comes through a DMA",
    ),
    ("from pynq.lib.pmod import *", "lib.pmod", PMOD, PERIPHERALS),
    ("from pynq.lib.pmod import Grove_ADC", "lib.pmod", PMOD, PERIPHERALS),
    ("from pynq.lib.pynqmicroblaze.rpc import MicroblazeRPC", "lib.pynqmicroblaze", MICROBLAZE, MAILBOX),
    ("import pynq.lib.rpi as rpi_io", "lib.rpi", MICROBLAZE, PERIPHERALS),
    ("from pynq.lib.video import HDMIInFrontend", "lib.video.HDMIInFrontend", WIRES, PIPELINE),
    ("from pynq.lib.wifi import Wifi", "lib.wifi", NETWORK, "nmcli or wpa_supplicant of the board"),
    (
        "from pynq.overlays.logictools import LogicToolsOverlay",
        "overlays.logictools",
        "no overlays of boards are delivered with this package",
        "pynq.Overlay('path/to/design.hwh')",
    ),
    ("from pynq.pl import PL, Bitstream, TCL", "pl.TCL", "PYNQ has dropped files of Tcl as well", "pynq.pl_server.hwh_parser.HWH"),
    (
        f"from {EMBEDDED} import EmbeddedXrtMemory",
        "pl_server.embedded_device.EmbeddedXrtMemory",
        "a device has one memory here",
        "pynq.allocate(shape, dtype, target=device)",
    ),
    (
        f"from {EMBEDDED} import XclbinHandler",
        "pl_server.embedded_device.XclbinHandler",
        "bitstreams of all kinds are read in one place",
        "pynq.Bitstream",
    ),
    (
        "from pynq.pl_server.xrt_device import XrtDevice",
        "pl_server.xrt_device",
        "Alveo cards are not supported",
        f"{EMBEDDED}.EmbeddedDevice",
    ),
    (
        "from pynq.pl_server.remote_device import RemoteDevice",
        "pl_server.remote_device",
        "boards across the network are not spoken to",
        "pynq.pl_server.device.Device",
    ),
    ("from pynq.pmbus import XrtRail", "pmbus.XrtRail", "Alveo cards are not supported", "pynq.pmbus.get_rails"),
]


@pytest.mark.parametrize("line", WORK)
def test_it_works(alias: None, line: str) -> None:
    names: dict[str, Any] = {}
    exec(line, names)
    asked = line.rpartition("import ")[2].rpartition(" as ")[2].partition(".")[0]
    for name in asked.split(", "):
        assert name == "*" or names[name] is not None


@pytest.mark.parametrize(("line", "name", "reason", "today"), DO_NOT_WORK)
def test_it_says_what_to_write_today(alias: None, line: str, name: str, reason: str, today: str) -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        exec(line, {})
    assert str(caught.value) == f"pynq.{name} is not part of pynq_widgets: {reason}; nearest is {today}"


def test_star_imports_bring_what_notebooks_use_of_them(alias: None) -> None:
    names: dict[str, Any] = {}
    exec("from pynq import *\nfrom pynq.lib.video import *\nfrom pynq.overlay import *", names)
    assert {"Overlay", "allocate", "MMIO", "PL", "lib", "VideoMode", "PIXEL_RGB", "PIXEL_BGR", "DefaultIP", "DefaultHierarchy"} <= set(
        names
    )


def test_a_name_that_stands_elsewhere_is_the_same_thing(pynq: Any) -> None:
    from pynq.lib.video.hierarchies import VideoMode  # type: ignore[import-not-found]
    from pynq.pl import Bitstream  # type: ignore[import-not-found]

    assert Bitstream is pynq.Bitstream
    assert VideoMode is pynq.lib.video.VideoMode
    assert pynq.pl_server.HWH is pynq.pl_server.hwh_parser.HWH


def test_a_long_list_is_not_told(pynq: Any) -> None:
    with pytest.raises(AttributeError) as caught:
        pynq.Zzz
    assert str(caught.value) == "pynq has no 'Zzz' in pynq_widgets; dir(pynq) lists what it has"
