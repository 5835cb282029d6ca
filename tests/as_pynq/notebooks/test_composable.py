"""Composable overlays: a hierarchy whose driver looks up names itself, at the hierarchy, at the overlay and in regions that are exchanged.

Source: Xilinx/PYNQ_Composable_Pipeline, composable_pipeline/composable.py, switch.py, libs.py, and its notebooks 02 to 07.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

DESIGNS = {
    "Xilinx__PYNQ_Composable_Pipeline__cv_dfx_3_pr": ("cv_dfx_3_pr.bit", "composable"),
    "Xilinx__PYNQ_Composable_Pipeline__cv_dfx_2pipes": ("cv_dfx_2pipes.bit", "pipeline1"),
    "Kgfu__PYNQ_Composable_Pipeline__video_cp-4pr-add_rm": ("video_cp.bit", "composable"),
}


@pytest.fixture
def package(pynq: Any) -> type[Any]:
    """Its drivers, defined anew."""

    class StreamSwitch(pynq.DefaultIP):
        bindto = ["xilinx.com:ip:axis_switch:1.1"]

        def __init__(self, description: dict[str, Any]) -> None:
            super().__init__(description=description)
            self.max_slots = int(description["parameters"]["C_NUM_MI_SLOTS"])
            self._pi = np.zeros(self.max_slots, dtype=np.int32)

        @property
        def pi(self) -> Any:
            return self._pi

        @pi.setter
        def pi(self, routes: Any) -> None:
            self._pi = np.where(routes < 0, 0x8000_0000, routes)
            for slot in range(len(self._pi)):
                self.write(0x40 + 4 * slot, int(self._pi[slot]))
            self.write(0, 1 << 1)

    class VitisVisionIP(pynq.DefaultIP):
        bindto = [f"xilinx.com:hls:{name}_accel:1.0" for name in ("rgb2gray", "gray2rgb", "rgb2hsv")]

        def __init__(self, description: dict[str, Any]) -> None:
            super().__init__(description=description)
            self._cols, self._rows = (1920, 1280) if description["device"].name == "Pynq-ZU" else (1280, 720)

        def start(self) -> None:
            self.write(0x10, int(self._rows))
            self.write(0x18, int(self._cols))
            self.write(0x00, 0x81)

    class Composable(pynq.DefaultHierarchy):
        @staticmethod
        def checkhierarchy(description: dict[str, Any]) -> bool:
            return "axis_switch" in description["ip"] and "pipeline_control" in description["ip"]

        def __init__(self, description: dict[str, Any]) -> None:
            super().__init__(description)  # __getattr__ below looks at an attribute that is not there yet
            self._hier = description["fullpath"] + "/"
            self._dfx_dict: Any = None
            self._bitfile = description["device"].bitfile_name
            self._switch = self.axis_switch
            self._ol = description["overlay"]
            self.where = self.axis_switch._fullpath
            self._soft_reset = self.pipeline_control.channel1
            self._switch.pi = np.ones(self._switch.max_slots, dtype=np.int64) * -1
            self._dfx_dict = {"pr_0": {"decouple": 0}}
            self._paths = {"video_in": "video/axi_vdma"}

        @property
        def dfx_dict(self) -> Any:
            return pynq.utils.ReprDict(self._dfx_dict, rootname="dfx_dict")

        def compose(self, producers: dict[int, int], started: list[Any]) -> None:
            routes = np.ones(self._switch.max_slots, dtype=np.int64) * -1
            for to, what in producers.items():
                routes[to] = what
            self._soft_reset[0].write(1)
            self._soft_reset[0].write(0)
            self._switch.pi = routes
            for ip in started:
                if "pynq.lib.video.pipeline" not in str(type(ip)) and hasattr(ip, "start"):
                    ip.start()

        def load(self, region: str, bitstream: str) -> None:
            self._ol.pr_download(self._hier + region, bitstream)

        def __getattr__(self, name: str) -> Any:
            if self._dfx_dict is None:
                return super().__getattr__(name)
            if name in self._dfx_dict:
                return ("region", name)
            if name in self._paths:
                return getattr(self._ol, self._paths[name])
            try:
                return super().__getattr__(name)
            except AttributeError:
                return getattr(self._ol, name)

        def __dir__(self) -> list[str]:
            return sorted({*super().__dir__(), *self.__dict__, *self._dfx_dict})

    return Composable


@pytest.mark.parametrize("design", DESIGNS)
def test_pipelines_are_composed(pynq: Any, package: Any, place: Callable[..., str], device: Any, design: str) -> None:
    name, path = DESIGNS[design]
    ol = pynq.Overlay(place(design, name))
    cpipe = getattr(ol, path)
    assert type(cpipe) is package
    assert cpipe.where == f"{path}/axis_switch"
    assert cpipe._bitfile == ol.bitfile_name
    assert cpipe.axis_switch.read(0x40) == 0x8000_0000
    gray = cpipe.gray2rgb_accel
    device.bus.reset_statistics()
    cpipe.compose({0: 1, 2: 0}, [gray, cpipe.axis_switch])
    assert [cpipe.axis_switch.read(0x40 + 4 * slot) for slot in range(3)] == [1, 0x8000_0000, 0]
    assert [gray.read(0x10), gray.read(0x18)] == [720, 1280]
    assert getattr(ol, f"{path}/gray2rgb_accel") is gray
    assert cpipe.pr_0 == ("region", "pr_0")
    assert {"gray2rgb_accel", "pr_0", "compose"} <= set(dir(cpipe))
    assert json.dumps(cpipe.dfx_dict._repr_json_()[0]) == '{"pr_0": {"decouple": 0}}'


def test_names_are_looked_up_at_the_hierarchy_then_at_the_overlay(pynq: Any, package: Any, place: Callable[..., str]) -> None:
    ol = pynq.Overlay(place(*_of("cv_dfx_3_pr")))
    cpipe = ol.composable
    assert cpipe.video_in is ol.video.axi_vdma
    assert cpipe.mipi is ol.mipi
    with pytest.raises(AttributeError, match="overlay cv_dfx_3_pr has no attribute 'nothing'"):
        cpipe.nothing
    assert hasattr(cpipe, "lut_accel")
    assert not hasattr(cpipe, "lut_acel")


def test_a_partial_bitstream_goes_into_its_region_and_nothing_else_is_lost(pynq: Any, package: Any, place: Callable[..., str]) -> None:
    # composable.py _pr_download; notebooks 05 and 06
    ol = pynq.Overlay(place(*_of("cv_dfx_3_pr")))
    partial = place("Xilinx__PYNQ_Composable_Pipeline__cv_dfx_3_pr_composable_pr_0_dilate_erode_partial", "pr_0_dilate_erode.bit")
    cpipe = ol.composable
    gray = cpipe.gray2rgb_accel
    gray.write(0x10, 720)
    cpipe.load("pr_0", partial)
    assert ol.is_loaded()
    assert list(ol.pr_dict) == ["composable/pr_0"]
    assert "composable/pr_0/dilate_accel" in ol.ip_dict
    assert getattr(ol, "composable/pr_0/dilate_accel").read(0x10) == 0
    assert (ol.composable, cpipe.gray2rgb_accel, gray.read(0x10)) == (cpipe, gray, 720)


def test_what_is_of_a_board_says_so(pynq: Any, package: Any, place: Callable[..., str]) -> None:
    # composable_pipeline/video.py
    from pynq.lib.video import VideoMode

    assert VideoMode(1280, 720, 24).width == 1280
    with pytest.raises(ImportError, match=r"drives the HDMI hardware of a board .* nearest is pynq\.lib\.iic\.AxiIIC"):
        exec("from pynq.lib.video.clocks import DP159, SI_5324C")


def _of(name: str) -> tuple[str, str]:
    design = f"Xilinx__PYNQ_Composable_Pipeline__{name}"
    return design, DESIGNS[design][0]
