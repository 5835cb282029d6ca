"""PYNQ's modules, and which of ours each one is.

Names are those behind ``pynq.``. Packages of drivers add to them by entry points in the group ``pynq_widgets.as_pynq``: ``lib.dma`` names
a module, and ``missing`` a mapping as :data:`MISSING` is.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import cache

from pynq_widgets import plugins

ENTRY_POINTS = "pynq_widgets.as_pynq"

MODULES: Mapping[str, str] = {
    "bitstream": "pynq_widgets.overlay.bitstream",
    "buffer": "pynq_widgets.access.buffers",
    "devicetree": "pynq_widgets.device.devicetree",
    "gpio": "pynq_widgets.access.gpio",
    "interrupt": "pynq_widgets.access.interrupt",
    "mmio": "pynq_widgets.access.mmio",
    "overlay": "pynq_widgets.overlay",
    "pl": "pynq_widgets.overlay.pl",
    "pl_server": "pynq_widgets.device",
    "pl_server.device": "pynq_widgets.device.contract",
    "pl_server.embedded_device": "pynq_widgets.device.board",
    "pl_server.global_state": "pynq_widgets.as_pynq.global_state",
    "pl_server.hwh_parser": "pynq_widgets.as_pynq.hwh_parser",
    "pmbus": "pynq_widgets.access.pmbus",
    "ps": "pynq_widgets.access.ps",
    "registers": "pynq_widgets.access.register_map",
    "uio": "pynq_widgets.device.uio",
    "utils": "pynq_widgets.as_pynq.utils",
    "xlnk": "pynq_widgets.as_pynq.xlnk",
}

_XRT_SENSORS = ("XrtInfoDump", "XrtRail", "XrtSensor", "get_xrt_sysfs_rails")

# What PYNQ has and we have not: the reason, and what comes nearest.
MISSING: Mapping[str, tuple[str, str]] = {
    "board": ("PYNQ has moved it (2.0)", "pynq.lib (LED, RGBLED, Button, Switch)"),
    "drivers": ("PYNQ has moved it (2.0)", "pynq.lib (DMA) or pynq.lib.video (AxiVDMA for VDMA, VideoIn and VideoOut for HDMI)"),
    "general_const": ("PYNQ has dropped it as well", "pynq.ps, or pynq.overlay (ol.ip_dict) for addresses"),
    "iop": (
        "PYNQ has moved it (2.0), and programs for MicroBlaze processors are compiled and run on the board",
        "pynq.lib (AxiIIC, AxiGPIO, AxiQuadSPI)",
    ),
    "metadata": ("it is the inside of PYNQ's parser", "pynq.overlay (ol.ip_dict, ol.design) or pynq_widgets.read_design"),
    "pl.TCL": ("PYNQ has dropped files of Tcl as well", "pynq.pl_server.hwh_parser.HWH"),
    "pmods": (
        "PYNQ has moved it, and programs for MicroBlaze processors are compiled and run on the board",
        "pynq.lib (AxiIIC, AxiGPIO, AxiQuadSPI)",
    ),
    **{f"pmbus.{name}": ("Alveo cards are not supported", "pynq.pmbus.get_rails") for name in _XRT_SENSORS},
    **{
        f"pl_server.embedded_device.{name}": ("a device has one memory here", "pynq.allocate(shape, dtype, target=device)")
        for name in ("EmbeddedXrtMemory", "XrtMemory")
    },
    "pl_server.embedded_device.XrtDevice": ("Alveo cards are not supported", "pynq.pl_server.embedded_device.EmbeddedDevice"),
    **{
        f"pl_server.embedded_device.{name}": ("bitstreams of all kinds are read in one place", "pynq.Bitstream")
        for name in ("BinfileHandler", "BitfileHandler", "BitstreamHandler", "PdifileHandler", "XclbinHandler", "XsafileHandler")
    },
    **{
        f"overlays.{name}": ("no overlays of boards are delivered with this package", "pynq.Overlay('path/to/design.hwh')")
        for name in ("logictools", "interface", "composable", "sensors96b")
    },
    "pl_server.remote_device": ("boards across the network are not spoken to", "pynq.pl_server.device.Device"),
    "pl_server.server": ("there is no server process", "pynq.pl_server.device.Device"),
    "pl_server.tcl_parser": ("PYNQ has dropped it as well", "pynq.pl_server.hwh_parser.HWH"),
    "pl_server.versal_device": ("all boards are one class", "pynq.pl_server.embedded_device.EmbeddedDevice"),
    "pl_server.xclbin_parser": ("Alveo cards are not supported", "pynq.pl_server.hwh_parser.HWH"),
    "pl_server.xrt_device": ("Alveo cards are not supported", "pynq.pl_server.embedded_device.EmbeddedDevice"),
    "remote": ("boards across the network are not spoken to", "pynq.pl_server.device.Device"),
    "tests": ("PYNQ's tests are in its source archive", "tests/as_pynq in this project's source"),
}

_PS = ("CPU_ARCH", "CPU_ARCH_IS_SUPPORTED", "ZU_ARCH", "ZYNQ_ARCH")
_STATE = (
    "GlobalState",
    "clear_global_state",
    "global_state_file_exists",
    "initial_global_state_file_boot_check",
    "load_global_state",
    "save_global_state",
)
_PARSER = ("HWH", "get_hwh_name")
_TREE = ("DeviceTreeSegment", "get_dtbo_base_name", "get_dtbo_path")
_COLOURS = ("COLOR_IN_BGR", "COLOR_IN_RGB", "COLOR_IN_YCBCR", "COLOR_OUT_BGR", "COLOR_OUT_GRAY", "COLOR_OUT_RGB", "COLOR_OUT_YCBCR")
_VIDEO = (*_COLOURS, "PIXEL_BGR", "PIXEL_GRAY", "PIXEL_RGB", "PIXEL_RGBA", "PIXEL_YCBCR", "PixelFormat", "VideoMode")

# Names that stand in several modules of PYNQ, or once did, and here in one: where.
ELSEWHERE: Mapping[str, str] = {
    "Xlnk": "xlnk",
    "bitstream.get_dtbo_path": "devicetree",
    "buffer.ON_TARGET": "ps",
    "interrupt.MMIO": "mmio",
    "interrupt.PL": "pl",
    "pl.Bitstream": "bitstream",
    "pl.MMIO": "mmio",
    "pl.Overlay": "overlay",
    "xlnk.allocate": "buffer",
    **{f"{module}.{name}": "ps" for module in ("gpio", "interrupt", "pl", "pl_server.hwh_parser") for name in _PS},
    **{f"{module}.{name}": "devicetree" for module in ("pl", "pl_server.device") for name in _TREE},
    **{
        f"{module}.{name}": "pl_server.hwh_parser"
        for module in ("pl", "pl_server", "pl_server.device", "pl_server.embedded_device")
        for name in _PARSER
    },
    **{f"{module}.{name}": "pl_server.global_state" for module in ("pl", "pl_server", "pl_server.embedded_device") for name in _STATE},
    "pl_server.EmbeddedDevice": "pl_server.embedded_device",
    "lib.dma.allocate": "buffer",
    "lib.video.dma.allocate": "buffer",
    "lib.video.PynqBuffer": "buffer",
    **{f"lib.video.{name}": "ps" for name in _PS},
    **{f"lib.video.{module}.{name}": "lib.video.common" for module in ("dma", "hierarchies", "pipeline") for name in _VIDEO},
}


@cache
def modules() -> Mapping[str, str]:
    """Module of ours by PYNQ's name, drivers' included."""
    found = {point.name: point.value.partition(":")[0] for point in plugins.entry_points(group=ENTRY_POINTS) if point.name != "missing"}
    return {**found, **MODULES}


@cache
def missing() -> Mapping[str, tuple[str, str]]:
    """Reason and nearest thing by PYNQ's name, for what is not here."""
    found: dict[str, tuple[str, str]] = {}
    for point in plugins.entry_points(group=ENTRY_POINTS):
        if point.name == "missing":
            found.update(point.load())
    return {**found, **MISSING}


def is_missing(name: str) -> bool:
    """Whether PYNQ has ``pynq.<name>`` and it is known why we have not."""
    return any(name == known or name.startswith(f"{known}.") for known in missing())


def below(package: str) -> list[str]:
    """The last parts of the names of the modules in `package`, '' for ``pynq`` itself."""
    start = f"{package}." if package else ""
    return [name[len(start) :] for name in modules() if name.startswith(start) and "." not in name[len(start) :]]


def explain(name: str) -> str:
    """Why there is no module ``pynq.<name>``, and what is nearest to it."""
    for known, (reason, instead) in missing().items():
        if name == known or name.startswith(f"{known}."):
            return f"pynq.{name} is not part of pynq_widgets: {reason}; nearest is {instead}"
    nearest = near(name, modules())
    if nearest:
        return f"pynq_widgets has no pynq.{name}; did you mean pynq.{nearest}?"
    there = ", ".join(f"pynq.{known}" for known in sorted(modules()) if "." not in known)
    return f"pynq_widgets has no pynq.{name}; it has {there}"


def near(name: str, known: Iterable[str]) -> str:
    """The one of `known` that `name` may have been meant to be, '' where none is near."""
    known = list(known)
    lower = {word.lower(): word for word in known}
    found = difflib.get_close_matches(name.lower(), lower, 1, 0.6)
    if not found:  # the same last part, elsewhere
        found = [word.lower() for word in known if word.rpartition(".")[2] == name.rpartition(".")[2]][:1]
    return lower[found[0]] if found else ""
