"""What the tests of published notebooks share: their design under the name that the notebook gives it, and a device that is their own.

The calls are those of the notebooks and drivers named above each test, in their order, in the fewest words. The designs stand beside the
checkout; without them these tests are skipped.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pynq_widgets import SimulatedDevice
from pynq_widgets.device.clock import VirtualClock
from pynq_widgets.device.contract import Device
from pynq_widgets.device.simulated import registry
from pynq_widgets.overlay import binding


@pytest.fixture(autouse=True)
def device(pynq: Any) -> Iterator[Any]:
    """A simulated device, active during the test, whose time passes when somebody waits."""
    made = SimulatedDevice("notebooks", clock=VirtualClock(autojump=True))
    Device.active_device = made
    yield made
    Device.active_device = None


@pytest.fixture(autouse=True)
def definitions_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Drivers and models of one test are not there in the next."""
    monkeypatch.setattr(registry, "_defined", {})
    registries = (binding.ip_drivers, binding.hierarchy_drivers)
    before = [kept._classes for kept in registries]
    yield
    for kept, classes in zip(registries, before, strict=True):
        kept._classes = classes


@pytest.fixture
def place(hwh_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """``place(design, 'name.bit')``: the design stands in the current folder as ``name.hwh``; gives the name back.

    With ``bitstream=True`` there is a ``name.bit`` too: the header that Vivado writes, and nothing behind it.
    """
    monkeypatch.chdir(tmp_path)

    def put(design: str, name: str, bitstream: bool = False) -> str:
        (tmp_path / name).with_suffix(".hwh").symlink_to(hwh_folder / f"{design}.hwh")
        if bitstream:
            fields = b"".join(key + b"\0\2x\0" for key in (b"a", b"b", b"c", b"d"))
            (tmp_path / name).write_bytes(bytes.fromhex("00090ff00ff00ff00ff0000001") + fields + b"e" + bytes(4))
        return name

    return put


class Converter:
    """A tile or a block of the RF data converter: what is set stays, and what is called is remembered."""

    def __init__(self, calls: list[tuple[Any, ...]], name: str) -> None:
        self.calls, self.name = calls, name
        self.PLLConfig = {"RefClkDivider": 1, "FeedbackDivider": 40, "OutputDivider": 2}
        self.MixerSettings: dict[str, Any] = {"Freq": 0.0}
        self.PLLLockStatus, self.InterpolationFactor, self.DecimationFactor, self.DataPathMode = 2, 2, 2, 1
        self.blocks: list[Converter] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args: self.calls.append((f"{self.name}.{name}", *args))


@pytest.fixture
def rf(pynq: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Stand-ins for ``xrfdc`` and ``xrfclk``, which are packages of a board; the list holds what was called."""
    calls: list[tuple[Any, ...]] = []
    xrfclk, xrfdc = ModuleType("xrfclk"), ModuleType("xrfdc")
    xrfclk.set_ref_clks = lambda *args, **more: calls.append(("set_ref_clks", *args, *more.items()))

    class RFdc(pynq.DefaultIP):
        bindto = [f"xilinx.com:ip:usp_rf_data_converter:2.{minor}" for minor in range(7)]

        def __init__(self, description: dict[str, Any]) -> None:
            super().__init__(description)
            for kind in ("adc", "dac"):
                tiles = [Converter(calls, f"{kind}{tile}") for tile in range(4)]
                for tile in tiles:
                    tile.blocks = [Converter(calls, f"{tile.name}.{block}") for block in range(4)]
                setattr(self, f"{kind}_tiles", tiles)

    xrfdc.RFdc = RFdc
    constants = ("COARSE_MIX_BYPASS", "EVNT_SRC_IMMEDIATE", "EVNT_SRC_TILE", "MIXER_SCALE_1P0", "EVENT_MIXER", "MIXER_MODE_R2C")
    for value, name in enumerate(constants):
        setattr(xrfdc, name, value)
    monkeypatch.setitem(sys.modules, "xrfclk", xrfclk)
    monkeypatch.setitem(sys.modules, "xrfdc", xrfdc)
    return calls
