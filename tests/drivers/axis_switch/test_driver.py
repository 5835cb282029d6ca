"""The stream switch, the driver: PYNQ's API, each bus access counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pynq_drivers.axis_switch.driver import StreamSwitch
from pynq_widgets import DefaultIP

BASE = 0x4400_0000
DISABLE = 0x8000_0000


@pytest.fixture
def bench(build: Any, block: Any) -> Any:
    """Two sources, a switch with three master interfaces, three sinks."""
    given = {"NUM_SI": 2, "NUM_MI": 3, "ROUTING_MODE": 1}
    middle = block("switch", "xilinx.com:ip:axis_switch:1.1", BASE, given, clocks=("aclk",), interface="S_AXI_CTRL")
    sources = [block(f"source{i}", "v:l:source:1.0", 0x4500_0000 + (i << 16)) for i in range(2)]
    sinks = [block(f"sink{i}", "v:l:sink:1.0", 0x4600_0000 + (i << 16)) for i in range(3)]
    streams = [(f"source{i}", "M_AXIS", "switch", f"S{i:02}_AXIS") for i in range(2)]
    streams += [("switch", f"M{i:02}_AXIS", f"sink{i}", "S_AXIS") for i in range(3)]
    return build(middle, *sources, *sinks, streams=streams)


def got(bench: Any) -> list[bytes]:
    """What each source, which sends its number, has brought to each sink."""
    for i in range(2):
        bench.device.stream(f"source{i}", "M_AXIS").send(b"%d" % i)
    bench.clock.advance(1e-6)
    bench.device.settle()
    queues = [bench.device.stream(f"sink{i}", "S_AXIS") for i in range(3)]
    return [bytes(queue.receive()[0]) if queue.available else b"" for queue in queues]


def commit(*words: int) -> list[tuple[Any, ...]]:
    return [*(("write", 0x40 + 4 * slot, word) for slot, word in enumerate(words)), ("write", 0, 2)]


def test_making_the_driver_touches_nothing(bench: Any) -> None:
    assert bench.accesses("switch", lambda: bench.overlay.switch) == []
    assert isinstance(bench.overlay.switch, StreamSwitch)
    assert bench.overlay.switch.max_slots == 3


def test_routes_are_written_then_committed(bench: Any) -> None:
    switch = bench.overlay.switch
    wanted = np.array([-1, 1, 0], dtype=np.int64)
    assert bench.accesses("switch", lambda: setattr(switch, "mi", wanted)) == commit(DISABLE, 1, 0)
    assert wanted.tolist() == [-1, 1, 0], "the caller's array is left alone"
    assert got(bench) == [b"", b"1", b"0"]
    read = switch.mi
    assert (read.tolist(), read.dtype) == ([DISABLE, 1, 0], np.int64)


def test_what_was_read_can_be_written_back(bench: Any) -> None:
    switch = bench.overlay.switch
    switch.mi = [1]
    assert bench.accesses("switch", lambda: setattr(switch, "mi", switch.mi))[3:] == commit(1, DISABLE, DISABLE)


def test_default_connects_number_to_number(bench: Any) -> None:
    switch = bench.overlay.switch
    assert bench.accesses("switch", switch.default) == commit(0, 1, DISABLE)
    assert got(bench) == [b"0", b"1", b""]


def test_disabled_lets_nothing_pass(bench: Any) -> None:
    bench.overlay.switch.default()
    assert bench.accesses("switch", bench.overlay.switch.disable) == commit(DISABLE, DISABLE, DISABLE)
    assert got(bench) == [b"", b"", b""]


@pytest.mark.parametrize(
    ("wanted", "error", "message"),
    [
        ([0.0], TypeError, "switch.mi takes integers (Numpy array must be np.int64 dtype), not float64"),
        ("01", TypeError, "switch.mi takes integers (Numpy array must be np.int64 dtype), not <U2"),
        ([], ValueError, "switch.mi takes a sequence that must be at least one element long, not the shape (0,)"),
        (1, ValueError, "switch.mi takes a sequence that must be at least one element long, not the shape ()"),
        ([0, 1, -1, -1], ValueError, "switch.mi was given 4 elements, bigger than number of slots 3"),
        (
            [0, 2],
            ValueError,
            "switch has the slave interfaces 0 to 1 (NUM_SI), so master interface 1 cannot get 2; a negative number disables it",
        ),
    ],
)
def test_mistakes_are_told_and_nothing_is_written(bench: Any, wanted: Any, error: type[Exception], message: str) -> None:
    def attempt() -> None:
        with pytest.raises(error) as caught:
            bench.overlay.switch.mi = wanted
        assert str(caught.value) == message

    assert bench.accesses("switch", attempt) == []


def test_a_switch_that_the_design_does_not_describe_is_no_ones(build: Any, block: Any) -> None:
    bench = build(block("switch", "xilinx.com:ip:axis_switch:1.1", BASE, {"ROUTING_MODE": 1}))
    with pytest.warns(UserWarning, match="1 to 16 master interfaces, the design says NUM_MI = 0"):
        assert type(bench.overlay.switch) is DefaultIP


def test_the_switches_of_the_composable_overlay_are_routed(hwh_folder: Any) -> None:
    from pynq_widgets import Overlay, SimulatedDevice
    from pynq_widgets.device.clock import VirtualClock

    device = SimulatedDevice("cv", clock=VirtualClock(autojump=True))
    overlay: Any = Overlay(hwh_folder / "Xilinx__PYNQ_Composable_Pipeline__cv_dfx_3_pr.hwh", device=device)
    paths = [path for path, entry in overlay.ip_dict.items() if entry["type"] == "xilinx.com:ip:axis_switch:1.1"]
    assert paths
    for path in paths:
        switch = overlay[path]
        assert isinstance(switch, StreamSwitch)
        switch.default()
        assert switch.mi.tolist()[:2] == [0, 1]


# By name, and one at a time.


def test_what_stands_at_the_ends_is_the_design_s(bench: Any) -> None:
    switch = bench.overlay.switch
    assert switch.sources == {0: "source0/M_AXIS", 1: "source1/M_AXIS"}
    assert switch.sinks == {i: f"sink{i}/S_AXIS" for i in range(3)}
    assert switch.slaves == 2


def test_a_route_is_changed_and_the_others_stay(bench: Any) -> None:
    switch = bench.overlay.switch
    switch.mi = [0, 1]
    reads = [("read", 0x40 + 4 * slot) for slot in range(3)]
    assert bench.accesses("switch", lambda: switch.connect("source0", 2)) == [*reads, *commit(DISABLE, 1, 0)]
    assert switch.routes == {0: None, 1: 1, 2: 0}
    assert got(bench) == [b"", b"1", b"0"]
    switch.connect(1, "sink0/S_AXIS")
    assert switch.routes == {0: 1, 1: None, 2: 0}
    assert bench.accesses("switch", lambda: switch.disconnect("sink0")) == [*reads, *commit(DISABLE, DISABLE, 0)]


def test_of_two_that_want_one_the_lowest_has_it(bench: Any) -> None:
    switch = bench.overlay.switch
    switch.mi = [1, 1, 0]
    assert switch.routes == {0: 1, 1: None, 2: 0}
    bench.clock.advance(1e-6)
    assert bench.model("switch").routes == {0: 1, 2: 0}


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda s: s.connect(2, 0), "switch has the slave interfaces 0 to 1, not 2"),
        (lambda s: s.connect(0, 3), "switch has the master interfaces 0 to 2, not 3"),
        (lambda s: s.disconnect(-1), "switch has the master interfaces 0 to 2, not -1"),
        (
            lambda s: s.connect("sorce1/M_AXIS", 0),
            "switch has no slave interface at 'sorce1/M_AXIS' (did you mean 'source1/M_AXIS', 'source0/M_AXIS'?); "
            "there are source0/M_AXIS, source1/M_AXIS",
        ),
    ],
)
def test_routes_that_cannot_be(bench: Any, action: Any, message: str) -> None:
    def attempt() -> None:
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            action(bench.overlay.switch)
        assert str(caught.value) == message

    assert bench.accesses("switch", attempt) == []


def test_the_registers_are_the_guide_s(bench: Any) -> None:
    registers = bench.overlay.switch.registers.registers
    assert {name: handle.offset for name, handle in registers.items()} == {"CONTROL": 0, "MI0_MUX": 0x40, "MI1_MUX": 0x44, "MI2_MUX": 0x48}
    bench.overlay.switch.mi = [1, -1, 0]
    assert [registers[f"MI{slot}_MUX"].read() for slot in range(3)] == [1, DISABLE, 0]
    assert bench.overlay.switch.register_map.MI1_MUX.MI_DISABLE == 1
