"""AXI GPIO, the model: each register of PG144 with its reset value, access and side effect."""

from typing import Any

import pytest

DATA, TRI, DATA2, TRI2, GIER, ISR, IER = 0x0, 0x4, 0x8, 0xC, 0x11C, 0x120, 0x128


@pytest.mark.parametrize(
    ("parameters", "resets"),
    [
        ({}, {DATA: 0, TRI: 0xF, DATA2: 0, TRI2: 0, GIER: 0, ISR: 0, IER: 0}),
        ({"C_ALL_OUTPUTS": 1, "C_DOUT_DEFAULT": "0x00000005"}, {DATA: 5, TRI: 0}),
        ({"C_ALL_INPUTS": 1}, {DATA: 0, TRI: 0xF}),
        ({"C_TRI_DEFAULT": "0xFFFFFF0C", "C_DOUT_DEFAULT": "0xFFFFFFFF"}, {DATA: 3, TRI: 0xC}),
        ({"C_IS_DUAL": 1, "C_GPIO2_WIDTH": 2, "C_ALL_OUTPUTS_2": 1, "C_DOUT_DEFAULT_2": "0x2"}, {DATA2: 2, TRI2: 0}),
    ],
)
def test_reset_values(build: Any, gpio_block: Any, parameters: dict[str, Any], resets: dict[int, int]) -> None:
    gpio = build(gpio_block(**parameters)).overlay.gpio
    assert {offset: gpio.mmio.read(offset) for offset in resets} == resets


def test_outputs_are_what_was_written_where_the_wire_is_driven(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block())
    mmio, model = bench.overlay.gpio.mmio, bench.model("gpio")
    mmio.write(DATA, 0xFF)
    assert model.outputs() == 0  # all are inputs
    mmio.write(TRI, 0b0101)
    assert model.outputs() == 0b1010
    assert mmio.read(TRI) == 0b0101


def test_data_shows_pins_of_inputs_and_the_register_of_outputs(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_TRI_DEFAULT="0x3"))
    mmio = bench.overlay.gpio.mmio
    mmio.write(DATA, 0b0100)
    bench.model("gpio").set_inputs(0b1001)
    assert mmio.read(DATA) == 0b0101


def test_a_fixed_direction_cannot_be_changed(build: Any, gpio_block: Any) -> None:
    mmio = build(gpio_block(C_ALL_INPUTS=1)).overlay.gpio.mmio
    mmio.write(TRI, 0)
    assert mmio.read(TRI) == 0xF


def test_interrupt_status_is_set_by_a_change_and_toggled_by_a_write(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_ALL_INPUTS=1))
    mmio, model = bench.overlay.gpio.mmio, bench.model("gpio")
    model.set_inputs(0)
    assert mmio.read(ISR) == 0
    model.set_inputs(1)
    assert mmio.read(ISR) == 1
    mmio.write(ISR, 1)
    assert mmio.read(ISR) == 0
    mmio.write(ISR, 1)
    assert mmio.read(ISR) == 1


def test_interrupt_pin_needs_status_and_both_enables(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_ALL_INPUTS=1))
    mmio, model = bench.overlay.gpio.mmio, bench.model("gpio")

    def pin() -> int:
        return bench.device.probe("gpio/ip2intc_irpt")

    model.set_inputs(1)
    assert pin() == 0
    mmio.write(IER, 1)
    assert pin() == 0
    mmio.write(GIER, 0x8000_0000)
    assert pin() == 1
    mmio.write(GIER, 0)
    assert pin() == 0
    mmio.write(GIER, 0xFFFF_FFFF)
    assert (mmio.read(GIER), pin()) == (0x8000_0000, 1)
    mmio.write(ISR, 1)
    assert pin() == 0


def test_a_change_of_an_output_is_no_interrupt(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_ALL_OUTPUTS=1))
    bench.model("gpio").set_inputs(0xF)
    assert bench.overlay.gpio.mmio.read(ISR) == 0


def test_channels_have_bits_of_their_own(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_IS_DUAL=1, C_ALL_INPUTS=1, C_ALL_INPUTS_2=1))
    mmio, model = bench.overlay.gpio.mmio, bench.model("gpio")
    model.set_inputs(0x8000_0000, channel=2)
    assert (mmio.read(ISR), mmio.read(DATA), mmio.read(DATA2)) == (2, 0, 0x8000_0000)


def test_a_core_with_no_interrupt_has_no_interrupt_registers(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_INTERRUPT_PRESENT=0, C_ALL_INPUTS=1))
    mmio = bench.overlay.gpio.mmio
    for offset in (GIER, IER, ISR):
        mmio.write(offset, 0xFFFF_FFFF)
    bench.model("gpio").set_inputs(1)
    assert [mmio.read(offset) for offset in (GIER, IER, ISR)] == [0, 0, 0]


def test_one_core_drives_the_inputs_of_another(build: Any, gpio_block: Any) -> None:
    bench = build(
        gpio_block("leds", C_ALL_OUTPUTS=1, C_INTERRUPT_PRESENT=0),
        gpio_block("sense", 0x4121_0000, C_ALL_INPUTS=1),
        wires=[("leds", "gpio_io_o", "sense", "gpio_io_i")],
    )
    bench.overlay.leds.mmio.write(DATA, 6)
    assert bench.overlay.sense.mmio.read(DATA) == 6


def test_wrong_inputs_are_refused(build: Any, gpio_block: Any) -> None:
    model = build(gpio_block()).model("gpio")
    with pytest.raises(ValueError, match=r"^gpio: channel 1 has 4 wires, so its inputs are 0 to 0xf, not 0x10$"):
        model.set_inputs(16)
    with pytest.raises(ValueError, match=r"^gpio: there is no channel 2; this core has 1$"):
        model.set_inputs(1, channel=2)


def test_some_inputs_alone(build: Any, gpio_block: Any) -> None:
    model = build(gpio_block()).model("gpio")
    model.set_inputs(0b1100)
    model.set_inputs(0b0001, mask=0b0101)
    assert model.inputs() == 0b1001


# Each register of PG144, "Register Space": name, offset, reset value, what a write of ones leaves in it (both channels, 4 and 8 wires,
# interrupts present), and the test of what it does besides.
REGISTERS = [
    ("GPIO_DATA", DATA, 0, 0x0, test_data_shows_pins_of_inputs_and_the_register_of_outputs),
    ("GPIO_TRI", TRI, 0xF, 0xF, test_outputs_are_what_was_written_where_the_wire_is_driven),
    ("GPIO2_DATA", DATA2, 0, 0x0, test_channels_have_bits_of_their_own),
    ("GPIO2_TRI", TRI2, 0xFF, 0xFF, test_a_fixed_direction_cannot_be_changed),
    ("GIER", GIER, 0, 0x8000_0000, test_interrupt_pin_needs_status_and_both_enables),
    ("IP_IER", IER, 0, 0x3, test_interrupt_pin_needs_status_and_both_enables),
    ("IP_ISR", ISR, 0, 0x3, test_interrupt_status_is_set_by_a_change_and_toggled_by_a_write),
]


@pytest.mark.parametrize(("offset", "reset", "kept"), [row[1:4] for row in REGISTERS], ids=[row[0] for row in REGISTERS])
def test_each_register_of_the_guide(build: Any, gpio_block: Any, offset: int, reset: int, kept: int) -> None:
    mmio = build(gpio_block(C_IS_DUAL=1, C_GPIO2_WIDTH=8)).overlay.gpio.mmio
    assert mmio.read(offset) == reset
    mmio.write(offset, 0xFFFF_FFFF)
    assert mmio.read(offset) == kept  # data of wires that are inputs is what stands at the pins
    assert mmio.read(offset) == kept  # no read has a side effect


def test_what_is_no_register_reads_as_nothing_and_takes_nothing(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_IS_DUAL=1, C_GPIO2_WIDTH=8))
    mmio, known = bench.overlay.gpio.mmio, {row[1] for row in REGISTERS}
    before = {offset: mmio.read(offset) for offset in known}
    for offset in set(range(0, 0x200, 4)) - known:
        mmio.write(offset, 0xFFFF_FFFF)
        assert mmio.read(offset) == 0
    assert {offset: mmio.read(offset) for offset in known} == before
