"""PYNQ's AxiGPIO, LED, Button, Switch and RGBLED on our AXI GPIO."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def gpio(load: Any, theirs: Any, gpio_block: Any) -> Any:
    module = theirs("lib.axigpio")
    overlay = load(gpio_block(C_GPIO_WIDTH=8, C_IS_DUAL=1, C_GPIO2_WIDTH=4))
    assert type(overlay.gpio) is module.AxiGPIO
    return overlay.gpio


def test_outputs(gpio: Any, device: Any) -> None:
    model = device.model_of("gpio")
    gpio.setdirection("out")
    gpio.setlength(8)
    gpio.write(4, 0)
    gpio.channel1.write(0xA5, 0xFF)
    assert model.outputs(1) == 0xA5
    gpio[0].off()
    gpio[1].on()
    assert model.outputs(1) == 0xA6
    gpio[4:8].toggle()
    assert model.outputs(1) == 0x56
    assert gpio[4:8].read() == 5
    with pytest.raises(ValueError, match="16 too large for 4 bits"):
        gpio[0:4].write(16)
    with pytest.raises(RuntimeError, match="You cannot read from an output"):
        gpio.channel1.read()


def test_inputs(gpio: Any, device: Any) -> None:
    gpio.setdirection("in", 2)
    gpio.setlength(4, 2)
    device.model_of("gpio").set_inputs(0b1010, 2)
    assert gpio.channel2.read() == 0b1010
    assert [gpio.channel2[i].read() for i in range(4)] == [0, 1, 0, 1]
    assert gpio.channel2[1:4].read() == 0b101
    with pytest.raises(IndexError):
        gpio.channel2[4]
    with pytest.raises(RuntimeError, match="You cannot write to an Input"):
        gpio.channel2.write(1, 1)


def test_inout(gpio: Any, device: Any) -> None:
    model = device.model_of("gpio")
    gpio.channel1[0:4].write(9)
    assert gpio.channel1.trimask == 0xF0
    assert model.outputs(1) & 0xF == 9
    model.set_inputs(0x30)
    assert gpio.channel1[4:8].read() == 3
    assert gpio.channel1[0:4].read() == 0
    assert gpio.channel1.trimask == 0xFF


@pytest.mark.parametrize("channel", [1, 2])
def test_an_interrupt_is_waited_for(gpio: Any, device: Any, channel: int, loop: Any) -> None:
    gpio.setdirection("in", channel)
    wires = (gpio.channel1, gpio.channel2)[channel - 1]

    async def both() -> None:
        waiting = asyncio.ensure_future(wires[2].wait_for_value_async(1))
        for value in (0b001, 0b010, 0b101):
            assert not waiting.done()
            device.model_of("gpio").set_inputs(value, channel)
            await asyncio.sleep(0.001)
        await asyncio.wait_for(waiting, 5)

    loop.run_until_complete(both())
    assert gpio.read(0x128) == 0, "nobody waits any more"
    assert gpio.read(0x120) == 0, "the interrupt is acknowledged"


def test_an_interrupt_is_waited_for_in_a_script(gpio: Any, device: Any, loop: Any) -> None:
    gpio.setdirection("in")
    loop.call_later(0.001, device.model_of("gpio").set_inputs, 4)
    gpio[2].wait_for_value(1)
    assert gpio.channel1.read() == 4


def test_without_an_interrupt(load: Any, theirs: Any, gpio_block: Any, loop: Any) -> None:
    theirs("lib.axigpio")
    wires = load(gpio_block(C_INTERRUPT_PRESENT=0)).gpio.channel1
    with pytest.raises(RuntimeError, match=r"^Interrupts not available for this IP$"):
        wires[0].wait_for_value(1)


def test_leds_and_buttons(gpio: Any, device: Any, theirs: Any) -> None:
    model = device.model_of("gpio")
    leds = [theirs("lib.led").LED(gpio.channel1[i]) for i in range(3)]
    leds[1].on()
    leds[2].toggle()
    assert model.outputs() == 0b110
    leds[1].off()
    assert model.outputs() == 0b100
    model.set_inputs(0b0010, 2)
    for kind in (theirs("lib.button").Button, theirs("lib.switch").Switch):
        assert [kind(gpio.channel2[i]).read() for i in range(3)] == [0, 1, 0]


@pytest.mark.parametrize("kind", ["button", "switch"])
@pytest.mark.xfail(strict=True, raises=ValueError, reason="PYNQ's condition lets no value pass: 'value' must be 0 or 1.")
def test_a_button_is_waited_for(gpio: Any, device: Any, theirs: Any, kind: str, loop: Any) -> None:
    device.model_of("gpio").set_inputs(1, 2)
    getattr(theirs(f"lib.{kind}"), kind.title())(gpio.channel2[0]).wait_for_value(1)


def test_rgb_leds(load: Any, device: Any, theirs: Any, gpio_block: Any) -> None:
    module = theirs("lib.rgbled")
    load(gpio_block("rgbleds_gpio", C_GPIO_WIDTH=6, C_ALL_OUTPUTS=1))
    leds = [module.RGBLED(4, start_index=4), module.RGBLED(5)]
    leds[0].on(module.RGB_GREEN)
    leds[1].write(module.RGB_MAGENTA)
    assert device.model_of("rgbleds_gpio").outputs() == 5 << 3 | 2
    assert [led.read() for led in leds] == [2, 5]
    leds[0].off()
    assert device.model_of("rgbleds_gpio").outputs() == 5 << 3


def test_a_board_s_leds_switches_and_buttons(load: Any, device: Any, theirs: Any, hwh_folder: Path, loop: Any) -> None:
    kind = theirs("lib.axigpio").AxiGPIO
    overlay = load(hwh_folder / "Xilinx__PYNQ__base-PynqZ1-2018.3.hwh")
    assert {type(overlay.leds_gpio), type(overlay.switches_gpio), type(overlay.btns_gpio)} == {kind}
    overlay.leds_gpio.channel1[0:4].write(0b1001)
    assert device.model_of("leds_gpio").outputs() == 0b1001
    device.model_of("btns_gpio").set_inputs(0b0100)
    assert [overlay.btns_gpio[i].read() for i in range(4)] == [0, 0, 1, 0]

    async def switched() -> None:
        waiting = asyncio.ensure_future(overlay.switches_gpio[1].wait_for_value_async(1))
        await asyncio.sleep(0.001)
        device.model_of("switches_gpio").set_inputs(0b10)
        await asyncio.wait_for(waiting, 5)

    loop.run_until_complete(switched())
