"""LEDs, buttons and switches that stand together, by number and by name; each bus access counted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pynq_drivers.axi_gpio import AxiGPIO, Button, Buttons, LEDs, Pins, RGBLEDs, Switches
from pynq_drivers.axi_gpio.purpose import purpose
from pynq_drivers.axi_gpio.rgbled import RGB_BLUE, RGB_CLEAR, RGB_RED, RGB_WHITE

DATA, TRI = 0x0, 0x4


@pytest.fixture
def leds(build: Any, gpio_block: Any) -> Any:
    return build(gpio_block("leds", C_ALL_OUTPUTS=1))


@pytest.fixture(params=["outputs", "both"])
def eight(build: Any, gpio_block: Any, request: Any) -> Any:
    """Eight wires that are outputs, and eight that can be both."""
    return build(gpio_block("leds", C_GPIO_WIDTH=8, C_ALL_OUTPUTS=int(request.param == "outputs"), C_TRI_DEFAULT="0x0"))


@pytest.fixture
def buttons(build: Any, gpio_block: Any) -> Any:
    return build(gpio_block("btns", C_ALL_INPUTS=1))


def test_leds_together_are_one_number_and_one_write(leds: Any) -> None:
    group = leds.overlay.leds.group
    assert type(group) is LEDs
    assert leds.accesses("leds", lambda: setattr(group, "value", 0b1001)) == [("write", DATA, 0b1001)]
    assert leds.model("leds").outputs() == 0b1001
    assert group.value == 0b1001
    assert group.lit == ("led0", "led3")
    with pytest.raises(ValueError, match="16 too large for 4 bits"):
        group.value = 16
    assert leds.model("leds").outputs() == 0b1001


def test_leds_by_number_by_name_and_as_attribute(leds: Any) -> None:
    group = leds.overlay.leds.group
    group[0].on()
    group["led2"].on()
    group.led3.value = 1
    assert leds.model("leds").outputs() == 0b1101
    assert [led.value for led in group] == [1, 0, 1, 1]
    group.off("led0", 3)
    assert leds.model("leds").outputs() == 0b0100
    group.toggle()
    assert leds.model("leds").outputs() == 0b1011
    group.toggle(-1, -1)  # one twice is one
    assert leds.model("leds").outputs() == 0b0011
    group.on()
    assert group.value == 0b1111
    with pytest.raises(ValueError, match="an LED is 0 or 1, not 2"):
        group.led0.value = 2


def test_a_slice_is_a_group_and_leaves_the_others_alone(leds: Any) -> None:
    channel = leds.overlay.leds.channel1
    channel.write(0b1001)
    pair = LEDs(channel[1:3], names=("run", "stop"))
    pair.value = 0b11
    assert leds.model("leds").outputs() == 0b1111
    pair.run.off()
    assert leds.model("leds").outputs() == 0b1101
    assert repr(pair) == "<LEDs of leds channel 1[1:3]: run, stop>"
    rest = channel.group[2:]
    assert (len(rest), rest.names, rest.value) == (2, ("led2", "led3"), 0b11)
    with pytest.raises(IndexError, match="expected parts next to one another"):
        channel.group[::2]


def test_names_are_checked_and_typing_mistakes_told(leds: Any) -> None:
    group = leds.overlay.leds.group
    group.names = ("ready", "busy", "error", "link")
    assert leds.overlay.leds.channel1.group.names == ("ready", "busy", "error", "link")
    assert "ready" in dir(group)
    with pytest.raises(ValueError, match="has 4 leds, so 4 names are expected, not 1"):
        group.names = "ready"
    with pytest.raises(ValueError, match="two leds cannot have the name 'a'"):
        group.names = ("a", "b", "a", "c")
    with pytest.raises(ValueError, match="a name is a text of 1 to 40 characters, not ''"):
        group.names = ("a", "", "b", "c")
    with pytest.raises(AttributeError, match=r"no led 'redy' in leds channel 1 .*ready"):
        group.redy
    with pytest.raises(KeyError, match=r"no led 'bussy' in leds channel 1 .*busy"):
        group["bussy"]
    with pytest.raises(IndexError, match="has 4 leds, so there is no 4: expected 0 to 3"):
        group[4]
    with pytest.raises(AttributeError, match=r"'valeu' of .* cannot be assigned: all together are group.value"):
        group.valeu = 5
    with pytest.raises(AttributeError, match=r"one of them by group\.busy\.value"):
        group.busy = 1


def test_an_led_on_a_wire_that_can_be_both_stays_lit_when_it_is_looked_at(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block("leds"))
    group = bench.overlay.leds.group
    group.value = 0b0110
    assert (group.value, group.led1.value, group.lit) == (0b0110, 1, ("led1", "led2"))
    assert bench.model("leds").outputs() == 0b0110


def test_inputs_cannot_be_leds(buttons: Any) -> None:
    lamps = LEDs(buttons.overlay.btns.channel1)
    with pytest.raises(RuntimeError, match="cannot be driven: btns channel 1 only reads its wires"):
        lamps.on()
    with pytest.raises(RuntimeError, match="cannot be driven"):
        lamps[0]


def test_buttons_are_read_at_once_and_waited_for(buttons: Any) -> None:
    group = buttons.overlay.btns.group
    assert type(group) is Buttons
    assert isinstance(group.btn1, Button)
    buttons.model("btns").set_inputs(0b0101)
    assert buttons.accesses("btns", lambda: group.pressed) == [("read", DATA)]
    assert group.pressed == ("btn0", "btn2")
    assert [button.value for button in group] == [1, 0, 1, 0]
    buttons.clock.call_later(0.25, lambda: buttons.model("btns").set_inputs(0b1000))
    group.wait_for_value(0b1000)
    assert buttons.clock.now() == pytest.approx(0.25)
    with pytest.raises(TimeoutError, match=r"did not read 0x1 within 0\.5 s; it reads 0x8"):
        group.wait_for_value(1, timeout=0.5)


def test_buttons_are_awaited_together_and_alone(buttons: Any) -> None:
    group = buttons.overlay.btns.group

    async def scene() -> None:
        both = asyncio.gather(group.wait_for_value_async(0b0011, timeout=5), group.btn1.wait_for_value_async(1, timeout=5))
        for level in (0b0010, 0b0011):
            for _ in range(20):
                await asyncio.sleep(0)
            buttons.model("btns").set_inputs(level)
        await both

    asyncio.run(scene())
    assert group.value == 0b0011
    with pytest.raises(ValueError, match=r"^'value' must be 0 or 1, not 2\.$"):
        asyncio.run(group.btn0.wait_for_value_async(2))


def test_switches(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block("sws_gpio", C_ALL_INPUTS=1, C_GPIO_WIDTH=2))
    group = bench.overlay.sws_gpio.group
    assert type(group) is Switches
    bench.model("sws_gpio").set_inputs(0b10)
    assert (group.value, group.closed, group.sw1.read()) == (0b10, ("sw1",), 1)


def test_leds_of_three_colours(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block("rgbleds", C_ALL_OUTPUTS=1, C_GPIO_WIDTH=6))
    lamps = bench.overlay.rgbleds.group
    assert type(lamps) is RGBLEDs
    assert bench.accesses("rgbleds", lambda: setattr(lamps, "colors", (RGB_RED, RGB_BLUE))) == [("write", DATA, 0b001_100)]
    assert lamps.colors == (RGB_RED, RGB_BLUE)
    lamps.rgb1.on(RGB_WHITE)
    assert (lamps.value, lamps[1].read()) == (0b111_100, RGB_WHITE)
    lamps.off()
    assert lamps.colors == (RGB_CLEAR, RGB_CLEAR)
    with pytest.raises(ValueError, match="has 2 rgbleds: as many colours of 0 to 7 are expected, not"):
        lamps.colors = (8, 0)
    with pytest.raises(ValueError, match="RGBLEDs have 3 wires each: 4 wires of rgbleds channel 1 are no whole number of them"):
        RGBLEDs(bench.overlay.rgbleds.channel1[0:4])


def test_wires_of_which_nothing_is_known(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block("reset_control", C_ALL_OUTPUTS=1))
    pins = bench.overlay.reset_control.group
    assert type(pins) is Pins
    pins.value = 3
    assert (pins.value, pins.names) == (3, ("io0", "io1", "io2", "io3"))
    pins.io2.on()
    assert bench.model("reset_control").outputs() == 0b0111


def test_looking_at_wires_that_can_be_both_turns_none_of_them(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block("pmod"))
    pins = bench.overlay.pmod.group
    pins.value = 5
    assert bench.accesses("pmod", lambda: pins.value) == [("read", DATA)]
    assert bench.model("pmod").outputs() == 5


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.integers(0, 7),
    size=st.integers(1, 8),
    before=st.integers(0, 255),
    steps=st.lists(st.tuples(st.sampled_from(["on", "off", "toggle", "value"]), st.integers(0, 255)), max_size=6),
)
def test_what_a_slice_does_is_what_it_says_and_the_others_stay(
    eight: Any, start: int, size: int, before: int, steps: list[tuple[str, int]]
) -> None:
    stop = min(start + size, 8)
    every = (1 << (stop - start)) - 1
    channel = eight.overlay.leds.channel1
    channel.write(before)
    group, expected = LEDs(channel[start:stop]), before >> start & every
    for what, number in steps:
        which = [at for at in range(stop - start) if number >> at & 1]
        bits = number & every if which else every
        if what == "value":
            group.value = expected = number & every
        else:
            getattr(group, what)(*which)
            expected = {"on": expected | bits, "off": expected & ~bits, "toggle": expected ^ bits}[what]
        assert group.value == expected
        assert [led.value for led in group] == [expected >> at & 1 for at in range(len(group))]
    assert eight.model("leds").outputs() == (before & ~(every << start)) | expected << start


def test_a_person_says_what_stands_there(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block("gpio", C_ALL_INPUTS=1), gpio_block("leds", 0x4121_0000, C_ALL_OUTPUTS=1))
    channel = bench.overlay.gpio.channel1
    channel.group = Switches(channel, names=("a", "b", "c", "d"))
    assert bench.overlay.gpio.group.names == ("a", "b", "c", "d")
    for wrong in (Switches(channel[0:2]), LEDs(bench.overlay.leds), 5):
        with pytest.raises(ValueError, match="the group of gpio channel 1 expected one of all its 4 wires, as in LEDs"):
            channel.group = wrong
    with pytest.raises(TypeError, match=r"LEDs stand on a GPIO channel or on wires of one, not on the int 5: LEDs\(ol.gpio.channel1\)"):
        LEDs(5)
    with pytest.raises(RuntimeError, match="gpio channel 2 does not exist"):
        bench.overlay.gpio.channel2.group


def test_a_channel_that_is_made_shorter_has_fewer_parts(leds: Any) -> None:
    core = leds.overlay.leds
    assert len(core.group) == 4
    core.setlength(2)
    assert core.group.names == ("led0", "led1")


@pytest.mark.parametrize(
    ("name", "inputs", "outputs", "width", "kind"),
    [
        ("leds_4bits", False, True, 4, "led"),
        ("rgbleds_6bits", False, True, 6, "rgbled"),
        ("PL_LEDRGB0", False, True, 3, "rgbled"),
        ("rgb_led", False, True, 4, "led"),  # no whole number of three
        ("PL_USER_PB", True, False, 4, "button"),
        ("push_buttons_5bits", True, False, 5, "button"),
        ("PL_USER_SW", True, False, 8, "switch"),
        ("dip_switches_8bits", True, False, 8, "switch"),
        ("sws_2bits", True, False, 2, "switch"),
        ("swsleds_gpio", True, False, 4, "switch"),
        ("swsleds_gpio", False, True, 4, "led"),
        ("swap_select", True, False, 1, "wire"),
        ("hdmi_in_hpd", False, True, 1, "wire"),
        ("btns", False, True, 4, "wire"),  # nobody presses an output
    ],
)
def test_names_tell_what_stands_there(name: str, inputs: bool, outputs: bool, width: int, kind: str) -> None:
    assert purpose({"fullpath": f"hier/{name}"}, 0, inputs, outputs, width).kind == kind
    told = {"fullpath": "gpio", "parameters": {"GPIO2_BOARD_INTERFACE": name}}
    assert purpose(told, 1, inputs, outputs, width) == (kind, name if kind != "wire" else "")


def test_the_names_of_real_designs(hwh_folder: Any) -> None:
    from pynq_widgets import Overlay, SimulatedDevice

    overlay = Overlay(next(hwh_folder.glob("Xilinx__PYNQ__base-PynqZ1-2018*.hwh")), device=SimulatedDevice())
    found = {path: overlay[path].channel1.purpose.kind for path in ("btns_gpio", "leds_gpio", "rgbleds_gpio", "switches_gpio")}
    assert found == {"btns_gpio": "button", "leds_gpio": "led", "rgbleds_gpio": "rgbled", "switches_gpio": "switch"}
    plug = overlay["video/hdmi_in/frontend/axi_gpio_hdmiin"]
    assert isinstance(plug, AxiGPIO)
    assert (plug.channel1.purpose.kind, plug.channel2.purpose.kind) == ("wire", "wire")


def test_a_core_whose_wires_end_at_another_ip_is_no_leds_by_its_own_name(build: Any, gpio_block: Any) -> None:
    source, sink = gpio_block("led_control", C_ALL_OUTPUTS=1), gpio_block("switches", 0x4121_0000, C_ALL_INPUTS=1)
    source.pins = sink.pins = (("gpio_io_o", "O"), ("gpio_io_i", "I"))
    bench = build(source, sink, wires=[("led_control", "gpio_io_o", "switches", "gpio_io_i")])
    assert [bench.overlay[name].channel1.purpose.kind for name in ("led_control", "switches")] == ["wire", "wire"]
