"""Signals, GPIO of the processing system, and interrupts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.design import GpioPin, InterruptController, InterruptLine
from pynq_widgets.device import IPModel, model
from pynq_widgets.device.simulated.interrupts import PSLine


class Listener(IPModel):
    """Writes down what reaches it."""

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self.seen: list[Any] = []

    def on_signal(self, pin: str, value: int) -> None:
        self.seen.append((pin, value))

    def on_interrupt_in(self, index: int, level: int) -> None:
        self.seen.append((index, level))


@pytest.fixture
def board(build: Any) -> Any:
    """ps.GPIO_O → slice [2:1] → ip.ctrl; buttons → ip.btn and, with a constant, through concat to ps.GPIO_I; ip.out → NOT → led."""
    model("v:l:ip")(Listener)
    build.module("ip", "v:l:ip:1")
    build.module("slice", "xilinx.com:ip:xlslice:1.0", DIN_FROM="2", DIN_TO="1", DIN_WIDTH="4")
    build.module("one", "xilinx.com:ip:xlconstant:1.1", CONST_VAL="0x1")
    build.module("concat", "xilinx.com:ip:xlconcat:2.1", NUM_PORTS="2", IN0_WIDTH="2", IN1_WIDTH="1")
    build.module("not", "xilinx.com:ip:util_vector_logic:2.0", C_OPERATION="not", C_SIZE="1")
    build.wire("emio_o", ("ps", "GPIO_O", "O", 4), ("slice", "Din", "I", 4))
    build.wire("sliced", ("slice", "Dout", "O", 2), ("ip", "ctrl", "I", 2))
    build.wire("btns", (None, "btns", "I", 2), ("ip", "btn", "I", 2), ("concat", "In0", "I", 2))
    build.wire("one", ("one", "dout", "O", 1), ("concat", "In1", "I", 1))
    build.wire("emio_i", ("concat", "dout", "O", 3), ("ps", "GPIO_I", "I", 4))
    build.wire("out", ("ip", "out", "O", 1), ("not", "Op1", "I", 1))
    build.wire("led", ("not", "Res", "O", 1), (None, "led", "O", 1))
    build.gpio = [GpioPin("ctrl", 1, 2, "out", ("ip/ctrl",), "slice"), GpioPin("btns", 0, 3, "in", ("btns",), None)]
    return build


def test_gpio_outputs_reach_inputs_through_slices(board: Any) -> None:
    device = board.device()
    device.gpio_write(1, 1)
    device.gpio_write(3, 1)  # outside of the slice
    device.gpio_write(2, 1)
    device.gpio_write(1, 0)
    assert device.models["ip"].seen == [("ctrl", 1), ("ctrl", 3), ("ctrl", 2)]
    assert device.gpio_read(3) == 1
    with pytest.raises(ValueError, match="a GPIO has one bit: expected 0 or 1, not 2"):
        device.gpio_write(1, 2)
    with pytest.raises(ValueError, match="no GPIO 96: expected 0 to 95"):
        device.gpio_read(96)
    with pytest.raises(ValueError, match="no GPIO -79: expected 0 to 95, or -78 to -1 for MIO pins"):
        device.gpio_write(-79, 1)
    device.gpio_write(-71, 1)  # an MIO pin
    assert [device.gpio_read(-71), device.gpio_read(-70)] == [1, 0]


def test_inputs_from_outside_reach_models_and_gpio(board: Any) -> None:
    device = board.device()
    assert [device.gpio_read(i) for i in range(3)] == [0, 0, 1]
    device.drive("btns", 2)
    assert [device.gpio_read(i) for i in range(3)] == [0, 1, 1]
    assert device.models["ip"].seen == [("btn", 2)]
    assert int(device.world.context("ip").signal_in("btn")) == 2
    device.drive("ip/btn", 1)
    device.drive("btns", 3)  # the override stays
    assert device.probe("ip/btn") == 1
    device.drive("ip/btn", None)
    assert device.models["ip"].seen.pop() == ("btn", 3)
    assert device.models["ip"].seen == [("btn", 2), ("btn", 1)]
    device.drive("ip/out", 1)
    assert (device.probe("ip/out"), device.probe("led")) == (1, 0)
    device.drive("ip/out", 0)
    assert device.probe("led") == 1
    with pytest.raises(ValueError, match=r"^ip/out is an output: it always has a level, there is no override to take back$"):
        device.drive("ip/out", None)
    with pytest.raises(ValueError, match=r"^led is an output of the design: what is inside drives it, and probe\('led'\) tells its level$"):
        device.drive("led", 1)
    with pytest.raises(ValueError, match="btns has 2 bits: expected 0 to 0x3, not 4"):
        device.drive("btns", 4)
    with pytest.raises(KeyError, match="no port 'buttons' in design 'made'; its inputs are btns"):
        device.drive("buttons", 1)
    with pytest.raises(KeyError, match="no port 'buttons' in design 'made'; its ports are btns"):
        device.probe("buttons")
    with pytest.raises(KeyError, match="no IP 'nobody'"):
        device.probe("nobody/x")


def test_outputs_go_through_gates_to_the_outside(board: Any) -> None:
    device = board.device()
    assert device.probe("led") == 1
    out = device.world.context("ip").signal_out("out")
    out.set(1)
    device.settle()
    assert (device.probe("led"), out.value) == (0, 1)


def test_a_loop_of_gates_does_not_hang(build: Any) -> None:
    build.module("a", "xilinx.com:ip:util_vector_logic:2.0", C_OPERATION="not")
    build.wire("loop", ("a", "Res", "O", 1), ("a", "Op1", "I", 1))
    assert build.device().probe("a/Res") in (0, 1)


@given(
    st.lists(st.sampled_from(["up", "down", "enable"]), max_size=30),
    st.sampled_from(["LEVEL_HIGH", "LEVEL_LOW", "EDGE_RISING", "EDGE_FALLING"]),
)
def test_a_line_tells_as_uio_does(steps: list[str], sensitivity: str) -> None:
    import threading

    line = PSLine("x", threading.RLock(), sensitivity)
    told: list[int] = []
    line.subscribe(lambda: told.append(1))
    inverted = sensitivity in ("LEVEL_LOW", "EDGE_FALLING")
    level, masked, latched, expected = int(inverted), True, False, 0
    line.set(level)
    for step in steps:
        if step == "enable":
            masked = False
            line.enable()
        else:
            new = int(step == "up")
            latched = latched or (new != level and bool(new) != inverted)
            level = new
            line.set(level)
        active = latched if "EDGE" in sensitivity else bool(level) != inverted
        if active and not masked:
            expected, masked, latched = expected + 1, True, False
        assert len(told) == expected


def test_subscribers_come_and_go_and_one_that_fails_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    import threading

    line = PSLine("ps[0]", threading.RLock())
    told: list[str] = []
    undo = line.subscribe(lambda: told.append("a"))
    line.subscribe(lambda: [][0])
    line.subscribe(lambda: told.append("b"))
    line.enable()
    line.set(1)
    undo()
    undo()
    line.enable()
    assert told == ["a", "b", "b"]
    assert "a subscriber of the interrupt line ps[0] failed" in caplog.text


def line(
    module: str, pin: str, bit: int, controller: str | None, index: int, port: str | None = None, raw: int | None = None
) -> InterruptLine:
    return InterruptLine(module, pin, bit, controller, index, port, raw, "LEVEL_HIGH")


def test_interrupts_arrive_at_controllers_and_at_the_processor(build: Any) -> None:
    class Controller(IPModel):
        """Ors its inputs."""

        inputs = 0

        def on_interrupt_in(self, index: int, level: int) -> None:
            self.inputs = (self.inputs & ~(1 << index)) | (level << index)
            self.context.interrupt("irq").set(bool(self.inputs))

    model("v:l:intc")(Controller)
    model("v:l:ip")(Listener)
    build.module("ip", "v:l:ip:1")
    build.module("low", "v:l:intc:1")
    build.module("top", "v:l:intc:1")
    for name in ("low", "top"):
        build.wire(f"{name}_irq", (name, "irq", "O", 1))
    build.wire("irqs", ("ip", "irqs", "O", 2))
    direct = line("ip", "done", 0, None, 3, "IRQ_F2P", 64)
    first, second = line("ip", "irqs", 0, "low", 0), line("ip", "irqs", 1, "low", 5)
    build.interrupts = [direct, first, second, line("", "ext_irq", 0, None, 4, "IRQ_F2P")]
    build.wire("ext", (None, "ext_irq", "I", 1))
    build.controllers = [InterruptController("top", None, 0, "IRQ_F2P", 61), InterruptController("low", "top", 2, None, None)]
    device = build.device()
    told: list[str] = []
    source = device.interrupt_source(second)
    assert source is device.interrupt_source(first)
    source.subscribe(lambda: told.append("controller"))
    device.interrupt_source(direct).subscribe(lambda: told.append("direct"))
    source.enable()
    context = device.world.context("ip")
    context.interrupt("irqs").set(2)
    device.settle()
    assert told == ["controller"]
    assert (device.models["low"].inputs, device.models["top"].inputs) == (32, 4)
    context.interrupt("irqs").set(0)
    context.interrupt("done").set(1)
    device.settle()
    source.enable()
    assert told == ["controller"]
    device.interrupt_source(direct).enable()
    assert told == ["controller", "direct"]
    device.drive("ext_irq", 1)
    assert device.interrupt_source(build.interrupts[3]).active


def test_a_line_that_leads_nowhere_says_so(build: Any) -> None:
    build.module("ip", "v:l:ip:1")
    build.module("intc", "v:l:intc:1")
    device = build.device()
    with pytest.raises(LookupError, match=r"ip/irq arrives at intc \(intc\), which does not lead to the processing system"):
        device.interrupt_source(line("ip", "irq", 0, "intc", 0))


def test_ports_that_only_a_bus_interface_connects(build: Any) -> None:
    from pynq_widgets.design import BusInterface, Port

    model("v:l:ip")(Listener)
    module = build.module("ip", "v:l:ip:1")
    for name, direction in (("gpio_io_i", "I"), ("gpio_io_o", "O")):
        module.ports[name] = Port(name, direction, 4, "undef", None, None, None, None)
        build.ports[f"btns_tri_{name[-1]}"] = Port(f"btns_tri_{name[-1]}", direction, 4, "undef", None, None, None, None)
    module.buses["GPIO"] = BusInterface("GPIO", "master", "ip_GPIO", None, "gpio", None, {}, {"TRI_I": "gpio_io_i", "TRI_O": "gpio_io_o"})
    build.buses["btns"] = BusInterface("btns", "master", "ip_GPIO", None, "gpio", None, {}, {"TRI_I": "btns_tri_i", "TRI_O": "btns_tri_o"})
    device = build.device()
    device.drive("btns_tri_i", 9)
    assert device.models["ip"].seen == [("gpio_io_i", 9)]
    assert device.probe("ip/gpio_io_i") == 9
    device.world.context("ip").signal_out("gpio_io_o").set(6)
    assert device.probe("btns_tri_o") == 6
