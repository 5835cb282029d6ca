"""LEDs, buttons and switches on GPIO channels, by the names that PYNQ's boards use."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_drivers.axi_gpio import rgbled
from pynq_drivers.axi_gpio.button import Button
from pynq_drivers.axi_gpio.led import LED
from pynq_drivers.axi_gpio.rgbled import RGBLED
from pynq_drivers.axi_gpio.switch import Switch
from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device.clock import VirtualClock

DATA = 0


def test_a_led_is_a_wire(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block(C_ALL_OUTPUTS=1))
    led = LED(bench.overlay.gpio.channel1[2])
    led.on()
    assert bench.model("gpio").outputs() == 0b0100
    led.toggle()
    led.toggle()
    led.off()
    assert bench.model("gpio").outputs() == 0
    assert repr(led) == "<LED at <Output wire 2 of gpio channel 1>>"


@pytest.mark.parametrize("kind", [Button, Switch])
def test_a_contact_is_read_and_waited_for(build: Any, gpio_block: Any, kind: Any) -> None:
    bench = build(gpio_block(C_ALL_INPUTS=1))
    contact = kind(bench.overlay.gpio.channel1[1])
    assert contact.read() == 0
    bench.clock.call_later(0.25, lambda: bench.model("gpio").set_inputs(0b10))
    contact.wait_for_value(1)
    assert (contact.read(), bench.clock.now()) == (1, pytest.approx(0.25))
    with pytest.raises(TimeoutError, match=r"did not read 0x0 within 0\.5 s"):
        contact.wait_for_value(0, timeout=0.5)
    with pytest.raises(ValueError, match=r"^'value' must be 0 or 1, not 2\.$"):
        contact.wait_for_value(2)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (
            LED,
            "'device' must contain LED methods: ['on', 'off', 'toggle'], which the int 0 has not; "
            "take a wire of a GPIO channel: LED(ol.leds_gpio.channel1[0])",
        ),
        (
            Button,
            "'device' must contain Button methods: ['read', 'wait_for_value'], which the int 0 has not; "
            "take a wire of a GPIO channel: Button(ol.btns_gpio.channel1[0])",
        ),
    ],
)
def test_what_is_no_wire_is_refused(kind: Any, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        kind(0)
    assert str(caught.value) == message


def test_rgb_leds_share_a_core(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block("rgbleds_gpio", C_GPIO_WIDTH=6, C_ALL_OUTPUTS=1))
    four, five = (RGBLED(i, device=bench.device) for i in (4, 5))
    five.on(rgbled.RGB_RED)
    four.write(rgbled.RGB_CYAN)
    assert bench.model("rgbleds_gpio").outputs() == 0b100_011
    assert (four.read(), five.read()) == (3, 4)
    assert bench.accesses("rgbleds_gpio", five.off) == [("read", DATA), ("write", DATA, 0b011)]
    assert repr(five) == "<RGBLED 5 of rgbleds_gpio>"


def test_rgb_leds_are_counted_from_the_lowest_or_from_where_one_says(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block("lamps", C_GPIO_WIDTH=6))
    five = RGBLED(5, "lamps", start_index=4, device=bench.device)
    five.on(1)
    assert (bench.model("lamps").outputs(), bench.overlay.lamps.channel1.trimask) == (0b001_000, 0b000_111)
    with pytest.raises(ValueError, match=r"^Inconsistent use of initialization indexes: index 3 is below start_index 4\.$"):
        RGBLED(3, "lamps", start_index=4, device=bench.device)
    six = RGBLED(6, "lamps", device=bench.device)
    with pytest.raises(
        ValueError, match=r"^lamps has 6 wires in this design, three for each of 2 LEDs, which are 4 to 5: there is no RGBLED"
    ):
        six.on(1)
    with pytest.raises(ValueError, match=r"^color should be an integer value from 0 to 7, not 8\.$"):
        five.on(8)


def test_an_rgb_led_needs_its_core(build: Any, gpio_block: Any, block: Any) -> None:
    bench = build(gpio_block("rgbleds"), block("other", "v:l:other:1.0", 0x4300_0000))
    with pytest.raises(
        ValueError, match=r"^the overlay that is loaded has no IP 'rgbleds_gpio' \(did you mean 'rgbleds'\?\): give its name"
    ):
        RGBLED(0, device=bench.device)
    with pytest.raises(ValueError, match=r"^other is no AXI GPIO with our driver, but <DefaultIP other"):
        RGBLED(0, "other", device=bench.device)
    with pytest.raises(RuntimeError, match=r"^RGBLED needs an overlay: none is loaded on "):
        RGBLED(0, device=SimulatedDevice("empty", clock=VirtualClock()))


def test_an_rgb_led_of_an_overlay_that_has_gone_says_so(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block("rgbleds_gpio", C_GPIO_WIDTH=6, C_ALL_OUTPUTS=1))
    led = RGBLED(4, device=bench.device)
    bench.overlay.free()
    with pytest.raises(RuntimeError, match="Load the overlay again"):
        led.on(1)


def test_what_the_base_overlay_of_a_pynq_z1_does(hwh_folder: Any) -> None:
    device = SimulatedDevice("z1", clock=VirtualClock(autojump=True))
    overlay: Any = Overlay(hwh_folder / "Xilinx__PYNQ__base-PynqZ1-2018.3.hwh", device=device)
    leds, switches, buttons = overlay.leds_gpio.channel1, overlay.switches_gpio.channel1, overlay.btns_gpio.channel1
    leds.setlength(4)
    switches.setlength(2)
    buttons.setlength(4)
    leds.setdirection("out")
    switches.setdirection("in")
    buttons.setdirection("in")
    lamps = [RGBLED(i, device=device) for i in range(4, 6)]
    leds[0].on()
    leds[3].toggle()
    assert device.model_of("leds_gpio").outputs() == 0b1001
    device.model_of("btns_gpio").set_inputs(0b0100)
    assert [buttons[i].read() for i in range(4)] == [0, 0, 1, 0]
    device.clock.call_later(1, lambda: device.model_of("switches_gpio").set_inputs(0b10))
    Switch(switches[1]).wait_for_value(1)
    for lamp in lamps:
        lamp.on(rgbled.RGB_GREEN)
    assert device.model_of("rgbleds_gpio").outputs() == 0b010_010
