"""PYNQ's StreamSwitch on our AXI4-Stream switch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

DISABLE = 0x8000_0000


@pytest.fixture
def switch(load: Any, theirs: Any, block: Any) -> Any:
    given = {"NUM_SI": 3, "NUM_MI": 3, "ROUTING_MODE": 1}
    middle = block("switch", "xilinx.com:ip:axis_switch:1.1", 0x4400_0000, given, clocks=("aclk",), interface="S_AXI_CTRL")
    sources = [block(f"source{i}", "v:l:source:1.0", 0x4500_0000 + (i << 16)) for i in range(3)]
    sinks = [block(f"sink{i}", "v:l:sink:1.0", 0x4600_0000 + (i << 16)) for i in range(3)]
    streams = [(f"source{i}", "M_AXIS", "switch", f"S{i:02}_AXIS") for i in range(3)]
    streams += [("switch", f"M{i:02}_AXIS", f"sink{i}", "S_AXIS") for i in range(3)]
    module = theirs("lib.axiswitch")
    made = load(middle, *sources, *sinks, streams=streams).switch
    assert type(made) is module.StreamSwitch
    return made


def got(device: Any) -> list[bytes]:
    """What each source, which sends its number, brings to each sink."""
    for i in range(3):
        device.stream(f"source{i}", "M_AXIS").send(b"%d" % i)
    device.settle()

    queues = [device.stream(f"sink{i}", "S_AXIS") for i in range(3)]
    return [bytes(queue.receive()[0]) if queue.available else b"" for queue in queues]


@pytest.mark.parametrize(
    ("asked", "read", "brought"),
    [
        ([2, 0, 1], [2, 0, 1], [b"2", b"0", b"1"]),
        ([1], [1, DISABLE, DISABLE], [b"1", b"", b""]),
        ([-1, 2, 0], [DISABLE, 2, 0], [b"", b"2", b"0"]),
    ],
)
def test_routes(switch: Any, device: Any, asked: list[int], read: list[int], brought: list[bytes]) -> None:
    switch.mi = np.array(asked, dtype=np.int64)
    assert switch.mi.tolist() == read
    assert got(device) == brought


def test_all_straight_and_all_off(switch: Any, device: Any) -> None:
    switch.default()
    assert switch.mi.tolist() == [0, 1, 2]
    assert got(device) == [b"0", b"1", b"2"]
    switch.disable()
    assert switch.mi.tolist() == [DISABLE] * 3


def test_what_it_refuses(switch: Any) -> None:
    with pytest.raises(TypeError, match=r"^Numpy array must be np\.int64 dtype$"):
        switch.mi = np.array([0], dtype=np.int32)
    with pytest.raises(ValueError, match=r"^Provided numpy array is bigger than number of slots 3$"):
        switch.mi = np.arange(4, dtype=np.int64)


def test_switches_of_a_published_design(load: Any, theirs: Any, hwh_folder: Path) -> None:
    module = theirs("lib.axiswitch")
    overlay = load(hwh_folder / "Xilinx__PYNQ_Composable_Pipeline__cv_dfx_3_pr.hwh")
    switches = [name for name, ip in overlay.ip_dict.items() if ip["type"] == "xilinx.com:ip:axis_switch:1.1"]
    for name in switches:
        switch = overlay
        for part in name.split("/"):
            switch = getattr(switch, part)
        assert type(switch) is module.StreamSwitch
        switch.default()
        assert switch.mi.tolist() == list(range(switch.max_slots))
    assert switches
