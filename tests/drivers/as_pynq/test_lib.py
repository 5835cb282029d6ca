"""``pynq.lib``: each of PYNQ's modules that is here is the very module of ours that has its classes."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from importlib.metadata import EntryPoint
from typing import Any

import pytest

import pynq_drivers.as_pynq
from pynq_drivers.as_pynq.missing import MISSING
from pynq_widgets import plugins

GROUP = "pynq_widgets.as_pynq"


def points() -> list[EntryPoint]:
    return [point for point in plugins.entry_points(group=GROUP) if point.name.split(".")[0] in ("lib", "missing")]


# Module of PYNQ and the public names that people take from it.
CLASSES = {
    "lib": ["AxiGPIO", "AxiIIC", "Button", "DMA", "DebugBridge", "LED", "RGBLED", "StreamSwitch", "Switch"],
    "lib.axigpio": ["AxiGPIO"],
    "lib.axiswitch": ["StreamSwitch"],
    "lib.button": ["Button"],
    "lib.debugbridge": ["DebugBridge"],
    "lib.dma": ["DMA"],
    "lib.iic": ["AxiIIC"],
    "lib.led": ["LED"],
    "lib.rgbled": ["RGBLED", "RGB_CLEAR", "RGB_BLUE", "RGB_GREEN", "RGB_CYAN", "RGB_RED", "RGB_MAGENTA", "RGB_YELLOW", "RGB_WHITE"],
    "lib.switch": ["Switch"],
    "lib.video": ["VideoMode", "PixelFormat", "PIXEL_RGB", "PIXEL_RGBA", "PIXEL_BGR", "PIXEL_YCBCR", "PIXEL_GRAY", "COLOR_IN_RGB"],
    "lib.video.common": ["VideoMode", "PixelFormat", "PIXEL_RGB", "COLOR_IN_YCBCR", "COLOR_OUT_GRAY"],
    "lib.video.dma": ["AxiVDMA"],
    "lib.video.frontend": ["VideoInFrontend", "VideoOutFrontend"],
    "lib.video.hierarchies": ["VideoIn", "VideoOut", "HDMIWrapper"],
    "lib.video.pipeline": ["ColorConverter", "PixelPacker"],
}


@pytest.mark.parametrize("name", CLASSES)
def test_a_module_is_the_one_with_its_classes(alias: None, name: str) -> None:
    module = importlib.import_module(f"pynq.{name}")
    (point,) = (point for point in points() if point.name == name)
    assert module.__name__ == point.value
    assert [wanted for wanted in CLASSES[name] if not hasattr(module, wanted)] == []


def test_every_module_that_is_declared_is_looked_at() -> None:
    assert {point.name for point in points()} == {*CLASSES, "missing"}


def test_submodules_are_attributes_before_they_are_imported(alias: None) -> None:
    lib = importlib.import_module("pynq.lib")
    assert lib.dma.DMA is lib.DMA
    assert lib.video.dma.AxiVDMA is lib.video.AxiVDMA
    assert lib.video.hierarchies.VideoIn is lib.video.VideoIn
    assert lib.axigpio.AxiGPIO is importlib.import_module("pynq.lib.axigpio").AxiGPIO


@pytest.mark.parametrize("name", ["pynq_drivers.as_pynq", "pynq_drivers.video"])
def test_all_names_are_there_and_no_others_are_listed(name: str) -> None:
    module: Any = importlib.import_module(name)
    assert [wanted for wanted in module.__all__ if getattr(module, wanted, None) is None] == []
    assert [wanted for wanted in dir(module) if not wanted.startswith("__")] == module.__all__


def test_star_gives_the_names() -> None:
    space: dict[str, Any] = {}
    exec("from pynq_drivers.video import *", space)
    assert space["VideoMode"](640, 480, 24).shape == (480, 640, 3)
    assert space["PIXEL_GRAY"].bits_per_pixel == 8


def test_importing_it_loads_nothing() -> None:
    code = (
        "import sys, pynq_drivers.as_pynq, pynq_drivers.video; "
        "print(sorted(n for n in sys.modules if n.startswith('pynq_drivers')), 'numpy' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "['pynq_drivers', 'pynq_drivers.as_pynq', 'pynq_drivers.video'] False"


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'pynq_drivers\.as_pynq' has no attribute 'AxiGPI0'$"):
        pynq_drivers.as_pynq.AxiGPI0


def test_what_is_missing_says_why_and_what_is_nearest() -> None:
    for name, (reason, nearest) in MISSING.items():
        assert name.startswith("lib.")
        assert len(reason) > 20, name
        assert len(nearest) > 10, name
        assert name not in CLASSES


def test_nothing_is_both_here_and_missing() -> None:
    here = {f"{module}.{name}" for module, names in CLASSES.items() for name in names}
    for name in MISSING:
        package, _, last = name.rpartition(".")
        assert name not in here
        module = importlib.import_module("pynq_drivers.as_pynq" if package == "lib" else "pynq_drivers.video")
        assert not hasattr(module, last), name


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("import pynq.lib.audio", "codec chip"),
        ("from pynq.lib.pmod import Pmod_OLED", "MicroBlaze of the Pmod connector"),
        ("from pynq.lib import MicroblazeLibrary", "no toolchain"),
        ("from pynq.lib.video import DisplayPort", "belongs to its Linux kernel"),
        ("from pynq.lib.video.dvi import HDMIInFrontend", "pynq.lib.video.frontend"),
    ],
)
def test_importing_what_is_missing_says_so(alias: None, statement: str, words: str) -> None:
    ast.parse(statement)
    with pytest.raises(ImportError, match=words):
        exec(statement, {})


def test_pynqs_base_overlay_code_runs(alias: None, hwh_folder: Any) -> None:
    from pynq_widgets import SimulatedDevice
    from pynq_widgets.device.clock import VirtualClock

    device = SimulatedDevice("base", clock=VirtualClock(autojump=True))
    space: dict[str, Any] = {"path": str(hwh_folder / "Xilinx__PYNQ__base-PynqZ1-2018.3.hwh"), "device": device}
    exec(BASE, space)
    assert device.model_of("leds_gpio").outputs() == 0b0100
    assert space["seen"] == [0, 1]


BASE = """
import pynq
import pynq.lib
from pynq.lib.video import *

class BaseOverlay(pynq.Overlay):
    def __init__(self, bitfile, **kwargs):
        super().__init__(bitfile, **kwargs)
        self.leds = self.leds_gpio.channel1
        self.switches = self.switches_gpio.channel1
        self.leds.setlength(4)
        self.switches.setlength(2)
        self.leds.setdirection("out")
        self.switches.setdirection("in")

base = BaseOverlay(path, device=device)
base.leds[2].on()
device.model_of("switches_gpio").set_inputs(0b10)
seen = [switch.read() for switch in base.switches]
mode = VideoMode(640, 480, 24)
base.video.axi_vdma.writechannel.mode = mode
assert isinstance(base.video.axi_vdma, pynq.lib.video.dma.AxiVDMA)
assert base.video.hdmi_in.color_convert.colorspace == [0.0] * 12
"""
