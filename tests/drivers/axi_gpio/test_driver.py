"""AXI GPIO, the driver: PYNQ's API, each bus access counted."""

import asyncio
from typing import Any

import pytest
from traitlets import HasTraits, Int, TraitError, link

from pynq_drivers.axi_gpio.driver import AxiGPIO
from pynq_widgets.device.clock import VirtualClock
from pynq_widgets.overlay.traits import Bit

DATA, TRI, GIER, ISR, IER = 0x0, 0x4, 0x11C, 0x120, 0x128


def test_nothing_is_accessed_before_it_is_used(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block())
    assert bench.accesses("gpio", lambda: repr(bench.overlay.gpio.channel1)) == []


def test_direction_and_width_come_from_the_design(build: Any, gpio_block: Any) -> None:
    overlay = build(gpio_block("a", C_ALL_INPUTS=1), gpio_block("b", 0x4121_0000, C_ALL_OUTPUTS=1), gpio_block("c", 0x4122_0000)).overlay
    assert isinstance(overlay.a, AxiGPIO)
    kinds = [overlay.a.channel1.slicetype, overlay.b.channel1.slicetype, overlay.c.channel1.slicetype]
    assert kinds == [AxiGPIO.Input, AxiGPIO.Output, AxiGPIO.InOut]
    assert len(overlay.a.channel1) == 4


def test_a_whole_output_is_one_write_and_a_part_reads_the_rest(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_ALL_OUTPUTS=1))
    channel = bench.overlay.gpio.channel1
    assert bench.accesses("gpio", lambda: channel.write(0b1001, 0xF)) == [("write", DATA, 0b1001)]
    assert bench.accesses("gpio", channel[1:3].on) == [("read", DATA), ("write", DATA, 0b1111)]
    assert bench.accesses("gpio", channel[0].off) == [("read", DATA), ("write", DATA, 0b1110)]
    channel[0:4].toggle()
    assert bench.model("gpio").outputs() == 0b0001


def test_a_write_from_elsewhere_is_not_lost(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_ALL_OUTPUTS=1))
    gpio = bench.overlay.gpio
    gpio.mmio.write(DATA, 0b1000)  # a register table, another driver
    gpio[0].on()
    assert bench.model("gpio").outputs() == 0b1001


def test_inputs_are_read_by_slice(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_ALL_INPUTS=1))
    bench.model("gpio").set_inputs(0b0110)
    gpio = bench.overlay.gpio
    assert [gpio.channel1[i].read() for i in range(4)] == [0, 1, 1, 0]
    assert (gpio[1:3].read(), gpio[:2].read(), gpio[-1].read()) == (3, 2, 0)
    assert bench.accesses("gpio", gpio.channel1.read) == [("read", DATA)]


def test_inout_follows_what_was_done_last(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_DOUT_DEFAULT="0xF"))
    gpio, model = bench.overlay.gpio, bench.model("gpio")
    gpio[0:2].write(0b01)
    assert (model.outputs(), gpio.channel1.trimask) == (0b01, 0b1100)
    model.set_inputs(0b1110)
    assert gpio[1].read() == 1
    assert gpio.channel1.trimask == 0b1110
    gpio[3].on()
    assert model.outputs() == 0b1001


def test_inputs_that_become_outputs_show_the_new_value_at_once(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block())
    writes = [entry for entry in bench.accesses("gpio", lambda: bench.overlay.gpio[0].write(1)) if entry[0] == "write"]
    assert writes == [("write", DATA, 1), ("write", TRI, 0b1110)]


def test_setdirection_moves_the_wires(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block())
    gpio = bench.overlay.gpio
    gpio.setdirection("out")
    gpio.channel1.write(0b1010, 0xF)
    assert bench.model("gpio").outputs() == 0b1010
    gpio.channel1.setdirection(AxiGPIO.Input)
    assert bench.model("gpio").outputs() == 0
    with pytest.raises(RuntimeError, match=r"^You cannot write to an Input: gpio channel 1 only reads its wires$"):
        gpio.channel1.write(1, 1)


@pytest.mark.parametrize(
    ("action", "error", "message"),
    [
        (lambda g: g[4], IndexError, "gpio channel 1 has 4 wires, so there is no wire 4: expected 0 to 3"),
        (lambda g: g[0:5], IndexError, "gpio channel 1 has 4 wires, so [0:5] reaches beyond them"),
        (lambda g: g[0:4:2], IndexError, "Steps other than 1 not supported"),
        (lambda g: g[2:2], IndexError, "[2:2] of gpio channel 1 holds no wire"),
        (lambda g: g.channel1.write("5"), TypeError, "gpio channel 1 is written with an int, one bit a wire, not the str '5'"),
        (lambda g: g[0:2].write(4), ValueError, "4 too large for 2 bits"),
        (lambda g: g[0].write(-1), ValueError, "<Output wire 0 of gpio channel 1> cannot be driven to -1: expected 0 to 0x1"),
        (lambda g: g[0].write(0.5), TypeError, "<Output wire 0 of gpio channel 1> is written with an int, not the float 0.5"),
        (
            lambda g: g.setdirection("in"),
            ValueError,
            "gpio channel 1 is all outputs in this design (C_ALL_OUTPUTS is 1): it cannot be Input",
        ),
        (
            lambda g: g.setdirection("sideways"),
            ValueError,
            "direction should be one of AxiGPIO.{Input,Output,InOut} or the string 'in', 'out' or 'inout', not 'sideways'",
        ),
        (lambda g: g.setlength(5), ValueError, "gpio channel 1 has 4 wires in this design: its length can be 1 to 4, not 5"),
        (lambda g: g.setlength(1, 3), ValueError, "gpio has the channels 1 and 2, not 3"),
        (
            lambda g: g.channel2.read(),
            RuntimeError,
            "gpio channel 2 does not exist: the core has one channel in this design (C_IS_DUAL is 0)",
        ),
    ],
)
def test_mistakes_are_told_and_nothing_is_written(build: Any, gpio_block: Any, action: Any, error: type[Exception], message: str) -> None:
    bench = build(gpio_block(C_ALL_OUTPUTS=1))
    gpio = bench.overlay.gpio

    def attempt() -> None:
        with pytest.raises(error) as caught:
            action(gpio)
        assert str(caught.value) == message

    assert bench.accesses("gpio", attempt) == []


async def _turn(times: int = 20) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


def test_waiting_for_a_value(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_ALL_INPUTS=1))
    gpio, model = bench.overlay.gpio, bench.model("gpio")

    async def scene() -> None:
        both = asyncio.gather(gpio[0].wait_for_value_async(1), gpio[1].wait_for_value_async(1))
        await _turn()
        model.set_inputs(0b100)  # not what anybody waits for
        await _turn()
        model.set_inputs(0b001)
        await _turn()
        model.set_inputs(0b011)
        await both

    asyncio.run(scene())
    assert [gpio.mmio.read(offset) for offset in (IER, ISR)] == [0, 0]


def test_a_cancelled_wait_leaves_the_interrupt_off(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_ALL_INPUTS=1))
    gpio = bench.overlay.gpio

    async def scene() -> None:
        task = asyncio.create_task(gpio.channel1.wait_for_interrupt_async())
        await _turn()
        assert gpio.mmio.read(IER) == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scene())
    assert gpio.mmio.read(IER) == 0


def test_both_channels_share_the_interrupt(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_IS_DUAL=1, C_ALL_INPUTS=1, C_ALL_INPUTS_2=1))
    gpio, model = bench.overlay.gpio, bench.model("gpio")

    async def scene() -> None:
        first = asyncio.create_task(gpio.channel1.wait_for_interrupt_async())
        second = asyncio.create_task(gpio.channel2.wait_for_interrupt_async())
        await _turn()
        model.set_inputs(1, channel=2)
        await second
        assert not first.done()
        model.set_inputs(1, channel=1)
        await first

    asyncio.run(scene())


def test_blocking_wait_and_its_timeout(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_ALL_INPUTS=1))
    clock: VirtualClock = bench.clock
    clock.call_later(0.25, lambda: bench.model("gpio").set_inputs(2))
    bench.overlay.gpio.channel1[0:4].wait_for_value(2, timeout=1)
    assert clock.now() == pytest.approx(0.25)
    with pytest.raises(TimeoutError, match=r"^<Input wires 0 to 3 of gpio channel 1> did not read 0x3 within 0.5 s; it reads 0x2$"):
        bench.overlay.gpio.channel1[0:4].wait_for_value(3, timeout=0.5)
    assert clock.now() == pytest.approx(0.75)


def test_without_an_interrupt_the_wires_are_looked_at(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_ALL_INPUTS=1, C_INTERRUPT_PRESENT=0))
    bench.clock.call_later(0.0105, lambda: bench.model("gpio").set_inputs(1))
    reads = bench.accesses("gpio", lambda: bench.overlay.gpio[0].wait_for_value(1, timeout=1))
    assert reads == [("read", DATA)] * 12
    with pytest.raises(RuntimeError, match="Interrupts not available for this IP: ip2intc_irpt of gpio is not connected"):
        asyncio.run(bench.overlay.gpio.channel1.wait_for_interrupt_async())


def test_a_value_that_cannot_come_is_refused(build: Any, gpio_block: Any) -> None:
    gpio = build(gpio_block(C_ALL_INPUTS=1)).overlay.gpio
    with pytest.raises(ValueError, match=r"^<Input wire 0 of gpio channel 1> can never read 2: expected 0 to 0x1$"):
        gpio[0].wait_for_value(2)


@pytest.mark.filterwarnings("error")
def test_every_gpio_of_the_real_designs_gets_the_driver(hwh_folder: Any) -> None:
    from pynq_widgets.design import read_design

    versions = {
        module.vlnv
        for path in sorted(hwh_folder.glob("*.hwh"))
        for module in read_design(path).modules.values()
        if module.vlnv and ":axi_gpio:" in module.vlnv
    }
    assert versions
    assert versions <= set(AxiGPIO.bindto)


def test_the_registers_are_attributes_that_hold_what_the_wires_can(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_ALL_OUTPUTS=1))
    gpio = bench.overlay.gpio
    assert bench.accesses("gpio", lambda: setattr(gpio, "GPIO_DATA", 0b1010)) == [("write", DATA, 0b1010)]
    assert bench.accesses("gpio", lambda: gpio.GPIO_DATA) == [("read", DATA)]
    assert bench.model("gpio").outputs() == 0b1010
    gpio.interrupts_enabled = True
    assert gpio.mmio.read(GIER) == 0x80000000


def test_a_link_and_the_channel_move_each_other_with_one_write(build: Any, gpio_block: Any) -> None:
    class Slider(HasTraits):
        value = Int()

    bench = build(gpio_block(C_ALL_OUTPUTS=1))
    gpio, slider = bench.overlay.gpio, Slider()
    link((gpio, "GPIO_DATA"), (slider, "value"))
    assert bench.accesses("gpio", lambda: gpio.channel1.write(0b0110)) == [("write", DATA, 0b0110)]
    assert slider.value == 0b0110
    assert bench.accesses("gpio", lambda: setattr(slider, "value", 0b1001)) == [("write", DATA, 0b1001)]
    assert gpio.channel1.read() == 0b1001


def test_a_class_of_three_lines_has_a_bit_for_a_wire(build: Any, gpio_block: Any) -> None:
    class Leds(AxiGPIO):
        bindto = AxiGPIO.bindto
        last = Bit("GPIO_DATA", 3)

    try:
        bench = build(gpio_block(C_ALL_OUTPUTS=1))
        leds = bench.overlay.gpio
        assert isinstance(leds, Leds)
        leds.channel1.write(0b0001)
        assert bench.accesses("gpio", lambda: setattr(leds, "last", True)) == [("read", DATA), ("write", DATA, 0b1001)]
        with leds.transaction():
            leds.last = False
            leds.channel1[1].on()  # sees what is pending
        assert bench.model("gpio").outputs() == 0b0011
    finally:
        Leds.unregister()


@pytest.mark.parametrize(
    ("parameters", "name", "message"),
    [
        (
            {"C_ALL_INPUTS": 1},
            "GPIO_DATA",
            "You cannot write to an Input: gpio channel 1 only reads its wires (C_ALL_INPUTS is 1 in this design)",
        ),
        (
            {"C_ALL_INPUTS_2": 1, "C_IS_DUAL": 1},
            "GPIO2_DATA",
            "You cannot write to an Input: gpio channel 2 only reads its wires (C_ALL_INPUTS_2 is 1 in this design)",
        ),
        ({}, "GPIO2_DATA", "gpio channel 2 does not exist: the core has one channel in this design (C_IS_DUAL is 0)"),
    ],
)
def test_data_of_inputs_is_not_assigned(build: Any, gpio_block: Any, parameters: dict[str, int], name: str, message: str) -> None:
    bench = build(gpio_block(**parameters))
    with pytest.raises(TraitError) as caught:
        setattr(bench.overlay.gpio, name, 1)
    assert str(caught.value) == message
    assert bench.device.log == []


def test_what_a_table_writes_is_what_inputs_will_be_driven_to(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block())
    gpio = bench.overlay.gpio
    gpio.registers["GPIO_DATA"].write(0b0110)  # all wires are inputs still
    assert gpio.channel1.driven() == 0b0110
    bench.model("gpio").set_inputs(0b1001)
    assert gpio.channel1.read() == 0b1001
    assert gpio.channel1.driven() == 0b0110
