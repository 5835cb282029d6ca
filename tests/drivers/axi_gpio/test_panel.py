"""The panel of AXI GPIO: what the page is told, and what it may ask."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_drivers.axi_gpio import LEDs
from pynq_drivers.axi_gpio.panel import GpioPanel
from pynq_widgets import Overlay, showing
from pynq_widgets.device import Device

DATA = 0x0

pytestmark = pytest.mark.usefixtures("page")


@pytest.fixture
def dual(build: Any, gpio_block: Any) -> Any:
    """Four LEDs, and eight wires that can be both."""
    return build(gpio_block("leds", C_ALL_OUTPUTS=1, C_IS_DUAL=1, C_GPIO2_WIDTH=8))


def test_making_it_touches_no_hardware_and_it_is_the_same_each_time(dual: Any) -> None:
    core = dual.overlay.leds
    assert dual.accesses("leds", lambda: core.panel().look()) == []
    assert core.panel() is core.panel()
    assert core.panel().look()["levels"] == [
        {"value": None, "inputs": 0, "pins": None},
        {"value": None, "inputs": None, "pins": 0},
    ]


def test_it_reads_the_data_and_the_directions_that_are_not_fixed(page: Any, dual: Any) -> None:
    seen = page(dual.overlay.leds.panel())
    ((_, names),) = seen.panel._groups
    assert tuple(names) == ("GPIO_DATA", "GPIO2_DATA", "GPIO2_TRI")
    assert [channel["names"][:2] for channel in seen.panel.look()["channels"]] == [["led0", "led1"], ["led0", "led1"]]
    assert [channel["direction"] for channel in seen.panel.look()["channels"]] == ["outputs", "both"]


def test_an_led_is_switched_and_the_whole_channel_written(page: Any, dual: Any) -> None:
    seen = page(dual.overlay.leds.panel())
    assert seen.asks("toggle", channel=1, part=2) is None
    assert dual.model("leds").outputs() == 0b0100
    assert seen.panel.look()["levels"][0]["value"] == 0b0100
    assert seen.asks("write", channel=1, text="0b1010") is None
    assert dual.model("leds").outputs() == 0b1010
    assert seen.asks("write", channel=1, text="0x10") == "'0x10' does not fit the 4 wires: expected 0 to 0xf"
    assert seen.asks("write", channel=1, text="lots").startswith("'lots' is not a number")
    assert seen.asks("toggle", channel=1, part=4) == "IndexError: leds channel 1 has 4 leds, so there is no 4: expected 0 to 3"
    assert seen.asks("toggle", channel=3, part=0) == "leds has the channels 1 and 2, not 3"
    assert seen.asks("direct", channel=1, part=0, output=False) == "leds channel 1 is all outputs in this design: that cannot be changed"
    assert dual.model("leds").outputs() == 0b1010


def test_directions_are_changed_a_wire_at_a_time(page: Any, dual: Any) -> None:
    seen = page(dual.overlay.leds.panel())
    assert seen.asks("direct", channel=2, part=3, output=True) is None
    seen.reads()
    assert seen.panel.look()["levels"][1]["inputs"] == 0xF7
    assert seen.asks("toggle", channel=2, part=3) is None
    assert dual.model("leds").outputs(2) == 0b1000
    assert seen.asks("press", channel=2, part=0, level=True) is None
    seen.reads()
    assert seen.panel.look()["levels"][1] == {"value": 0b1001, "inputs": 0xF7, "pins": 1}


def test_a_hand_presses_a_button_and_lets_go(page: Any, build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block("btns", C_ALL_INPUTS=1))
    seen = page(bench.overlay.btns.panel())
    assert seen.panel.look()["channels"][0]["shows"] == ""
    assert seen.asks("press", channel=1, part=1, level=True) is None
    assert bench.overlay.btns.group.pressed == ("btn1",)
    assert seen.asks("press", channel=1, part=1, level=False) is None
    assert bench.overlay.btns.group.pressed == ()
    assert seen.asks("write", channel=1, text="1") == "You cannot write to an Input: btns channel 1 only reads its wires"


def test_a_press_goes_to_the_port_of_the_design_too(page: Any, demo_design: Any) -> None:
    from pynq_widgets import SimulatedDevice

    overlay = Overlay(demo_design, device=SimulatedDevice())
    seen = page(overlay.buttons.panel())
    seen.asks("press", channel=1, part=2, level=True)
    assert overlay.device.probe("btns_4bits_tri_i") == 0b0100
    overlay.device.model_of("buttons").set_inputs(0b0101)  # by Python, past the port
    seen.asks("press", channel=1, part=2, level=False)
    assert overlay.buttons.group.value == 0b0001
    seen.asks("press", channel=1, part=0, level=False)
    assert overlay.buttons.group.value == 0


def test_wires_that_another_ip_drives_only_show(page: Any, build: Any, gpio_block: Any, block: Any) -> None:
    pins = (("gpio_io_o", "O"), ("gpio_io_i", "I"))
    source, sink = gpio_block("a", C_ALL_OUTPUTS=1), gpio_block("b", 0x4121_0000, C_ALL_INPUTS=1)
    source.pins = sink.pins = pins
    bench = build(source, sink, wires=[("a", "gpio_io_o", "b", "gpio_io_i")])
    seen = page(bench.overlay.b.panel())
    assert seen.panel.look()["channels"][0]["shows"] == "driven by a/gpio_io_o in this design"
    assert seen.asks("press", channel=1, part=0, level=True) == (
        "b channel 1: its inputs cannot be moved here: driven by a/gpio_io_o in this design"
    )
    assert bench.overlay.b.channel1.read() == 0


def test_on_a_board_inputs_only_show(page: Any, demo_design: Any) -> None:
    class Board(Device):
        kind = "board"
        capabilities = {"REGISTER_RW": True}
        in_device_tree = False

        def read_registers(self, address: int, length: int) -> bytes:
            return bytes(length)

        def write_registers(self, address: int, data: bytes) -> None:
            raise AssertionError("nothing is to be written")

        def download(self, bitstream: Any, parser: Any = None) -> None: ...

    overlay = Overlay(demo_design, device=Board("z1"))
    seen = page(overlay.switches.panel())
    assert seen.panel.model is None
    assert seen.panel.look()["channels"][0]["shows"] == "on hardware, only hands and cables move them"
    assert seen.panel.look()["levels"] == [{"value": None, "inputs": 3, "pins": None}]
    assert seen.asks("press", channel=1, part=0, level=True) == (
        "switches channel 1: its inputs cannot be moved here: on hardware, only hands and cables move them"
    )


def test_colours(page: Any, build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block("rgbleds", C_ALL_OUTPUTS=1, C_GPIO_WIDTH=6))
    seen = page(bench.overlay.rgbleds.panel())
    assert seen.asks("color", channel=1, part=1, color=4) is None
    assert bench.model("rgbleds").outputs() == 0b100_000
    assert seen.asks("color", channel=1, part=1, color=9) == "color should be an integer value from 0 to 7, not 9."


def test_one_is_not_many(build: Any, gpio_block: Any) -> None:
    bench = build(gpio_block("flag", C_ALL_OUTPUTS=1, C_GPIO_WIDTH=1))
    assert [channel["title"] for channel in bench.overlay.flag.panel().look()["channels"]] == ["1 wire"]


def test_names_that_a_person_gives_are_shown(page: Any, dual: Any) -> None:
    core = dual.overlay.leds
    seen = page(core.panel())
    core.channel1.group = LEDs(core.channel1, names=("ready", "busy", "error", "link"))
    assert seen.panel.look()["channels"][0]["names"] == ["ready", "busy", "error", "link"]


def test_where_the_design_lists_no_registers_it_reads_the_words_itself(build: Any, gpio_block: Any) -> None:
    gpio = gpio_block("leds", C_ALL_OUTPUTS=1)
    gpio.registers = ()
    bench = build(gpio)
    panel = bench.overlay.leds.panel()
    assert panel._groups == ()
    bench.overlay.leds.group.value = 6
    assert bench.accesses("leds", panel.tick) == [("read", DATA)]
    assert panel.look()["levels"][0]["value"] == 6


def test_a_core_that_somebody_described_by_hand_has_none() -> None:
    class Bus(Device):
        capabilities = {"REGISTER_RW": True}

    from pynq_drivers.axi_gpio import AxiGPIO

    core = AxiGPIO({"phys_addr": 0x4120_0000, "addr_range": 0x1_0000, "type": AxiGPIO.bindto[0], "fullpath": "x", "device": Bus("b")})
    assert core.panel() is None


def test_what_a_saved_notebook_shows(dual: Any) -> None:
    core = dual.overlay.leds
    core.group.value = 5
    bundle = showing.mimebundle(core.panel(), widget=False)
    assert bundle["text/plain"].splitlines() == [
        "leds (AxiGPIO)",
        "  channel 1, 4 LEDs: led0 1, led1 0, led2 1, led3 0",
        "  channel 2, 8 LEDs: " + ", ".join(f"led{at} not read" for at in range(8)),
    ]
    assert "<script" not in bundle["text/html"]
    assert "Channel 2: 8 LEDs" in bundle["text/html"]


def test_the_module_and_the_stylesheet_are_the_drivers() -> None:
    assert "function gpioChannel" in str(GpioPanel._esm)
    assert ".gpio-light" in str(GpioPanel._css)
