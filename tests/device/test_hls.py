"""@model over a function: the control registers of HLS around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pynq_widgets.design import BusInterface
from pynq_widgets.device import BusError, model

BASE = 0x43C0_0000
CTRL, GIER, IER, ISR = BASE, BASE + 4, BASE + 8, BASE + 12


def core(build: Any, *arguments: Any, vlnv: str = "v:hls:f:1.0") -> Any:
    control = build.register("CTRL", 0, fields=[build.field("AP_START", 0, 1), build.field("AP_DONE", 1, 1, "read-only", "modify")])
    build.module(
        "f",
        vlnv,
        [control, *(build.register(n, 4 * i) for i, n in enumerate(["GIER", "IP_IER", "IP_ISR"], 1)), *arguments],
        "s_axi_control",
    )
    build.range("f", BASE, interface="s_axi_control")
    build.wire("irq", ("f", "interrupt", "O", 1))
    return build


def test_a_function_runs_at_ap_start_with_its_arguments_by_name(build: Any) -> None:
    @model("v:hls:f:1.0")
    def f(core: Any) -> None:
        core.c = core.a + core.scalar("b", "i4")
        core.half = 0.5

    registers = [build.register(n, 0x10 + 8 * i) for i, n in enumerate(["a", "b", "c", "half"])]
    device = core(
        build, *registers, build.register("c_ctrl", 0x24, "read-only", fields=[build.field("c_ap_vld", 0, 1, "read-only", "clear")])
    ).device()
    assert device.read_word(CTRL) == 4  # ap_idle
    device.write_word(BASE + 0x10, 30)
    device.write_word(BASE + 0x18, 0xFFFFFFFE)
    device.write_word(CTRL, 1)
    assert device.read_word(CTRL) == 0b1110
    assert device.read_word(CTRL) == 0b0100  # ap_done and ap_ready went with the read
    assert device.read_word(BASE + 0x20) == 28
    assert [device.read_word(BASE + 0x24) for _ in range(2)] == [1, 0]
    assert device.read_word(BASE + 0x28) == int(np.float32(0.5).view("u4"))


def test_pointers_are_one_integer_and_buffers_are_live(build: Any) -> None:
    @model("v:hls:f:1.0")
    def double(core: Any) -> None:
        core.buffer(core.data, core.length, "i4")[:] *= 2

    names = [("data_1", 0x10), ("data_2", 0x14), ("length_r", 0x1C)]
    core(build, *(build.register(name, offset) for name, offset in names))
    build.range("ps", 0x0, 0x4000_0000, "memory", "S_AXI_HP0", master="f")
    device = build.device()
    buffer = device.allocate(5, "i4")
    buffer[:] = [1, -2, 3, -4, 5]
    device.write_word(BASE + 0x10, buffer[1:].physical_address)
    device.write_word(BASE + 0x1C, 3)
    device.write_word(CTRL, 1)
    assert buffer.tolist() == [1, -4, 6, -8, 5]
    assert {"data", "length_r"} < set(dir(device.models["f"]._core))
    device.write_word(BASE + 0x14, 1)
    with pytest.raises(BusError, match="the model of f failed: BusError"):
        device.write_word(CTRL, 1)


def test_interrupts_of_the_core(build: Any) -> None:
    @model("v:hls:f")
    def f(core: Any) -> None:
        """Does nothing."""

    device = core(build).device()
    device.write_word(IER, 1)
    device.write_word(CTRL, 1)
    assert (device.probe("f/interrupt"), device.read_word(ISR)) == (0, 1)
    device.write_word(GIER, 1)
    assert device.probe("f/interrupt") == 1
    device.write_word(ISR, 1)
    assert (device.probe("f/interrupt"), device.read_word(ISR)) == (0, 0)


def test_a_generator_takes_time(build: Any) -> None:
    @model("v:hls:f")
    def f(core: Any) -> Iterator[float]:
        core.a = 1
        yield 0.5
        core.a = 2
        yield 0.25
        core.a = 3

    device = core(build, build.register("a", 0x10)).device()
    device.write_word(CTRL, 1)
    assert (device.read_word(CTRL), device.read_word(BASE + 0x10)) == (1, 1)
    device.clock.advance(0.5)
    assert (device.read_word(CTRL), device.read_word(BASE + 0x10)) == (1, 2)
    device.write_word(CTRL, 1)  # already running
    device.clock.advance(0.25)
    assert (device.read_word(CTRL), device.read_word(BASE + 0x10)) == (0b1110, 3)
    device.clock.advance(5)
    assert device.read_word(CTRL) == 4


def test_auto_restart_runs_until_it_is_taken_back(build: Any) -> None:
    @model("v:hls:f")
    def f(core: Any) -> Iterator[float]:
        core.a = core.a + 1
        yield 1

    device = core(build, build.register("a", 0x10)).device()
    device.write_word(CTRL, 0x81)
    device.clock.advance(5.5)
    assert device.read_word(BASE + 0x10) == 6
    assert device.read_word(CTRL) & 0x81 == 0x81
    device.write_word(CTRL, 0)
    device.clock.advance(5)
    assert device.read_word(BASE + 0x10) == 6
    assert device.read_word(CTRL) & 5 == 4


def streaming(build: Any, control: bool) -> Any:
    if control:
        core(build)
    else:
        build.module("f", "v:hls:f:1.0")
    for name in ("in_r", "out_r"):
        build.modules["f"].buses[name] = BusInterface(name, "slave", None, None, "axis", None, {"TDATA_NUM_BYTES": "2"}, {})
    for name in ("from", "to"):
        build.module(name, "v:l:end:1")
    build.stream("from", "f", into="in_r")
    build.stream("f", "to", out="out_r")
    return build


def negate(core: Any) -> None:
    core.send("out", -core.receive("in", "i2"))


@pytest.mark.parametrize("control", [True, False])
def test_a_packet_goes_through_the_function(build: Any, control: bool) -> None:
    model("v:hls:f")(negate)
    device = streaming(build, control).device()
    device.model_of("f")
    into, out = device.stream("from", "M_AXIS"), device.stream("to", "S_AXIS")
    data = np.arange(20000, dtype="i2")
    assert into.send(data[:10000], last=False) == 20000
    device.settle()
    into.send(data[10000:])
    device.settle()
    if control:
        assert out.available == 0
        device.write_word(CTRL, 1)
        assert device.read_word(CTRL) & 2 == 0  # not done before the output is taken
    got = b""
    last = False
    while not last:
        part, last = out.receive(3000)
        got += bytes(part)
        device.settle()
    assert np.array_equal(np.frombuffer(got, "i2"), -data)
    if control:
        assert device.read_word(CTRL) & 2


def test_a_core_whose_output_nobody_takes_stops_its_sender(build: Any) -> None:
    model("v:hls:f")(negate)
    device = streaming(build, False).device()
    device.model_of("f")
    into, out = device.stream("from", "M_AXIS"), device.stream("to", "S_AXIS")
    into.send(np.arange(5000, dtype="i2"))
    device.settle()
    assert out.available == 4096
    assert into.send(np.zeros(5000, "i2")) == 4096
    assert into.standing == "full: f/in_r takes nothing for 0 ns (10000 bytes before that); 4096 bytes wait"
    out.demand(1 << 20)
    device.settle()
    assert (out.available, into.available) == (10000, 4096)
    assert into.send(np.zeros(2952, "i2")) == 5904
    device.settle()
    assert (out.available, out.packets) == (20000, 2)


def test_a_started_core_waits_for_its_input_and_a_generator_for_the_next(build: Any) -> None:
    @model("v:hls:f")
    def pairs(core: Any) -> Iterator[Any]:
        yield "in"
        first = core.receive("in")
        yield "in"
        core.send("out", first + core.receive("in"))

    device = streaming(build, True).device()
    assert not device.model_of("f").started
    device.write_word(CTRL, 1)
    into, out = device.stream("from", "M_AXIS"), device.stream("to", "S_AXIS")
    for values in ([1, 2], [10, 20]):
        assert out.available == 0
        assert device.model_of("f").started
        into.send(np.array(values, "u2"))
        device.settle()
    assert not device.model_of("f").started
    assert np.frombuffer(out.receive()[0], "u2").tolist() == [11, 22]
    assert device.read_word(CTRL) & 2


def test_a_failing_function_is_told_where_it_was_started(build: Any, caplog: pytest.LogCaptureFixture) -> None:
    @model("v:hls:f")
    def f(core: Any) -> None:
        core.lenght = 1

    device = core(build, build.register("length", 0x10)).device()
    with pytest.raises(BusError, match="the core f has no argument 'lenght'; did you mean length") as error:
        device.write_word(CTRL, 1)
    assert isinstance(error.value.__cause__, AttributeError)
    assert device.read_word(CTRL) == 4
    assert len(device.model_errors) == 1


def test_arrays_in_the_core(build: Any) -> None:
    @model("v:hls:f")
    def f(core: Any) -> None:
        core.set_array("out", core.array("table", "i2")[::-1], "i2")

    table = build.register("table", 0x40, width=8 * 32, is_memory=True)
    device = core(build, table, build.register("out", 0x80, width=8 * 32, is_memory=True)).device()
    device.write_registers(BASE + 0x40, np.arange(16, dtype="i2").tobytes())
    device.write_word(CTRL, 1)
    assert np.frombuffer(device.read_registers(BASE + 0x80, 32), "i2").tolist() == list(range(15, -1, -1))


def test_a_core_without_a_model_is_done_at_once_and_says_so(build: Any, caplog: pytest.LogCaptureFixture) -> None:
    device = core(build, build.register("a", 0x10, reset=3)).device()
    device.write_word(CTRL, 1)
    assert device.read_word(CTRL) == 0b1110
    assert device.read_word(BASE + 0x10) == 3
    assert device.assumptions == ["f: (v:hls:f:1.0) has no model: when started it is done at once and does nothing; see @model"]


def free_running(build: Any) -> Any:
    valid = build.field("c_ap_vld", 0, 1, "read-only", "clear")
    registers = [
        *(build.register(n, 0x10 + 8 * i) for i, n in enumerate("abc")),
        build.register("c_ctrl", 0x24, "read-only", fields=[valid]),
    ]
    build.module("f", "v:hls:f:1.0", registers, "s_axi_control")
    build.range("f", BASE, interface="s_axi_control")
    return build


def test_a_core_that_nothing_starts_follows_its_registers(build: Any) -> None:
    calls = []

    @model("v:hls:f:1.0")
    def f(core: Any) -> None:
        calls.append((core.a, core.b))
        core.c = core.a + core.b + 1

    device = free_running(build).device()
    assert device.read_word(BASE + 0x20) == 1  # it has run since it was reset
    device.write_word(BASE + 0x10, 3)
    device.write_word(BASE + 0x18, 4)
    assert device.read_word(BASE + 0x20) == 8
    assert [device.read_word(BASE + 0x24) for _ in range(2)] == [1, 0]
    assert calls == [(0, 0), (3, 0), (3, 4)]


def test_a_core_that_nothing_starts_and_that_takes_time_catches_up(build: Any) -> None:
    @model("v:hls:f:1.0")
    def f(core: Any) -> Iterator[float]:
        seen = core.a
        yield 1.0
        core.c = seen

    device = free_running(build).device()
    device.write_word(BASE + 0x10, 3)
    device.write_word(BASE + 0x10, 4)  # while it works on the 3
    device.clock.advance(1.0)
    assert device.read_word(BASE + 0x20) == 3
    device.clock.advance(1.0)
    assert device.read_word(BASE + 0x20) == 4


def test_a_core_that_nothing_can_start_is_told(build: Any) -> None:
    model("v:hls:f:1.0")(lambda core: core.send("out", [1]))
    build.module("f", "v:hls:f:1.0", [build.register("a", 0x10)], "s_axi_control")
    build.module("to", "v:l:end:1")
    build.stream("f", "to", out="out")
    build.range("f", BASE, interface="s_axi_control")
    device = build.device()
    device.write_word(BASE + 0x10, 3)
    assert device.assumptions == ["f: has neither a control port nor an input stream: nothing starts its model, which is never called"]


def test_receiving_twice_in_one_call_is_explained(build: Any, caplog: pytest.LogCaptureFixture) -> None:
    @model("v:hls:f")
    def f(core: Any) -> None:
        core.receive("in")
        core.receive("in")

    device = streaming(build, False).device()
    device.model_of("f")
    device.stream("from", "M_AXIS").send(b"ab")
    with pytest.raises(RuntimeError, match="a call gets one packet of each input, this is a second receive"):
        device.settle()
    device.stream("from", "M_AXIS").send(b"abc")
    with pytest.raises(RuntimeError, match="a packet of 3 bytes at f/in_r is no whole number of uint16 elements"):
        device.settle()


def test_the_example_of_the_page_works_as_it_stands(build: Any, repository: Path) -> None:
    text = (repository / "docs" / "simulated-device.md").read_text(encoding="utf-8")
    example = next(part for part in text.split("```python\n")[1:] if "@model" in part).split("```")[0]
    exec(example, {})
    core(build, build.register("gain", 0x10), build.register("count", 0x18), vlnv="xilinx.com:hls:scale:1.0")
    for name in ("in", "out"):
        build.module(name, "v:l:end:1")
    build.stream("in", "f", into="in_r")
    build.stream("f", "out", out="out_r")
    device = build.device()
    device.write_word(BASE + 0x10, int(np.float32(2.5).view("u4")))
    device.stream("in", "M_AXIS").send(np.array([1, 2, 3], "f4"))
    device.write_word(CTRL, 1)
    assert np.frombuffer(device.stream("out", "S_AXIS").receive()[0], "f4").tolist() == [2.5, 5.0, 7.5]
    assert device.read_word(BASE + 0x18) == 1


@pytest.mark.parametrize("control", [True, False])
def test_a_function_that_takes_nothing_does_not_go_round_without_time(build: Any, control: bool) -> None:
    calls = []

    @model("v:hls:f")
    def f(core: Any) -> None:
        calls.append(core.available("in"))

    device = streaming(build, control).device()
    device.model_of("f")
    if control:
        device.write_word(CTRL, 0x81)
    device.stream("from", "M_AXIS").send(np.arange(4, dtype="i2"))
    device.settle()
    assert calls == [1]
    device.clock.advance(0.0105)
    assert calls == [1] * 11


def test_a_generator_that_takes_nothing_does_not_go_round_without_time(build: Any) -> None:
    calls = []

    @model("v:hls:f")
    def f(core: Any) -> Iterator[None]:
        calls.append(core.available("in"))
        yield

    device = streaming(build, True).device()
    device.write_word(CTRL, 0x81)
    device.clock.advance(0.0105)
    assert calls == [0] * 11


def test_what_is_no_number_is_not_sent(build: Any) -> None:
    @model("v:hls:f")
    def f(core: Any) -> None:
        core.receive("in")
        core.send("out", None)

    device = streaming(build, False).device()
    device.model_of("f")
    device.stream("from", "M_AXIS").send(np.arange(4, dtype="i2"))
    with pytest.raises(RuntimeError, match=r"the core f sends numbers on out_r, not None"):
        device.settle()
    assert device.stream("to", "S_AXIS").available == 0


def test_arguments_that_the_file_calls_write_only_are_read_back(build: Any) -> None:
    # The adapter that HLS writes around its registers answers; notebooks read back what they wrote.
    device = core(build, build.register("rows", 0x10, "write-only"), build.register("out", 0x18, "read-only")).device()
    device.write_word(BASE + 0x10, 720)
    device.write_word(BASE + 0x18, 5)
    assert (device.read_word(BASE + 0x10), device.read_word(BASE + 0x18)) == (720, 0)
    build.module("plain", "v:user:plain:1.0", [build.register("command", 0x0, "write-only")], "s_axi")
    build.range("plain", BASE + 0x1_0000, interface="s_axi")
    device = build.device()
    device.write_word(BASE + 0x1_0000, 720)
    assert device.read_word(BASE + 0x1_0000) == 0


def test_by_a_prototype_arguments_are_what_they_are_in_c(build: Any) -> None:
    @model("v:hls:f:1.0", prototype="float f(float gain, short n, float *y, ap_fixed<16,8> z)")
    def f(core: Any) -> float:
        core.y = core.gain * core.n
        return float(core.z)

    names = ["ap_return", "gain", "n", "y", "z"]
    device = core(build, *(build.register(name, 0x10 + 8 * i) for i, name in enumerate(names))).device()
    device.write_word(BASE + 0x18, int(np.float32(-0.5).view("u4")))
    device.write_word(BASE + 0x20, 0xFFFD)  # -3 in the 16 bits of the argument
    device.write_word(BASE + 0x30, 0xFF80)
    device.write_word(CTRL, 1)
    assert np.uint32(device.read_word(BASE + 0x28)).view("f4") == 1.5
    assert np.uint32(device.read_word(BASE + 0x10)).view("f4") == -0.5  # what the function returns


def test_a_generator_returns_something_too_and_a_core_without_a_return_has_no_use_for_it(build: Any) -> None:
    @model("v:hls:f:1.0")
    def f(core: Any) -> Any:
        yield 0
        return core.a + 1

    device = core(build, build.register("ap_return", 0x10), build.register("a", 0x18)).device()
    device.write_word(BASE + 0x18, 6)
    device.write_word(CTRL, 1)
    device.clock.advance(1e-6)
    assert device.read_word(BASE + 0x10) == 7


def test_a_chained_core_holds_what_it_has_done_until_it_may_go_on(build: Any) -> None:
    @model("v:hls:f:1.0")
    def f(core: Any) -> None:
        core.n = core.n + 1

    fields = [build.field(name, bit, 1) for bit, name in enumerate(["AP_START", "AP_DONE", "AP_IDLE", "AP_READY", "AP_CONTINUE"])]
    build.module("f", "v:hls:f:1.0", [build.register("CTRL", 0, fields=fields), build.register("n", 0x10)], "s_axi_control")
    build.range("f", BASE, interface="s_axi_control")
    device = build.device()
    device.write_word(CTRL, 1)
    assert [device.read_word(CTRL) & 2 for _ in range(3)] == [2, 2, 2]
    device.write_word(CTRL, 1)  # started again, and held back
    assert device.read_word(BASE + 0x10) == 1
    device.write_word(CTRL, 16)
    assert device.read_word(BASE + 0x10) == 2
    device.write_word(CTRL, 16)
    assert [device.read_word(CTRL) & 2 for _ in range(2)] == [2, 0]


@pytest.mark.parametrize("prototype", ["float", "int f(int)", "int f(int a); int g(int a);"])
def test_what_is_no_prototype_is_refused_where_it_stands(prototype: str) -> None:
    with pytest.raises(ValueError, match=r"declare|has no name"):
        model("v:hls:f:1.0", prototype=prototype)
