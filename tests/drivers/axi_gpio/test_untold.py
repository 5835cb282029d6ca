"""A GPIO core of which only the address is known: the accesses to the bus are PYNQ's, one for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pynq_drivers.axi_gpio.driver import AxiGPIO
from pynq_widgets.device import Device

BASE = 0x10000


class Recorded(Device):
    """A device of registers whose words are all there is; each access is noted."""

    def __init__(self) -> None:
        super().__init__("recorded")
        self.capabilities = {"REGISTER_RW": True}
        self.words: dict[int, int] = {}
        self.log: list[tuple[Any, ...]] = []

    def read_registers(self, address: int, length: int) -> bytes:
        self.log.append(("read", address - BASE, length))
        return self.words.get(address - BASE, 0).to_bytes(length, "little")

    def write_registers(self, address: int, data: bytes) -> None:
        self.words[address - BASE] = int.from_bytes(data, "little")
        self.log.append(("write", address - BASE, self.words[address - BASE]))


@pytest.fixture
def gpio() -> AxiGPIO:
    return AxiGPIO({"phys_addr": BASE, "addr_range": 0x10000, "interrupts": {}, "gpio": {}, "parameters": {}, "device": Recorded()})


@pytest.mark.parametrize(
    ("direction", "action", "expected"),
    [
        ("out", lambda c: c[0].on(), [("write", 0, 1)]),
        ("out", lambda c: (c[0:3].on(), c[0:2].off()), [("write", 0, 7), ("write", 0, 4)]),
        ("out", lambda c: (c[1:3].on(), c[0:4].toggle()), [("write", 0, 6), ("write", 0, 9)]),
        ("out", lambda c: (c[31].on(), c[31].read()), [("write", 0, 1 << 31)]),
        ("in", lambda c: c[3].read(), [("read", 0, 4)]),
        ("inout", lambda c: c[1].read(), [("read", 4, 4), ("write", 4, 0b11), ("read", 0, 4)]),
        ("inout", lambda c: c[0:2].write(2), [("read", 4, 4), ("write", 4, 0), ("write", 0, 2)]),
    ],
)
def test_the_accesses_are_those_of_pynq(gpio: AxiGPIO, direction: str, action: Callable[[Any], Any], expected: list[Any]) -> None:
    device: Any = gpio.device
    gpio.setdirection(direction)
    assert device.log == []
    device.words[4] = 1
    action(gpio.channel1)
    assert device.log == expected


def test_the_second_channel_is_taken_to_be_there(gpio: AxiGPIO) -> None:
    device: Any = gpio.device
    gpio.setdirection(AxiGPIO.Output, channel=2)
    gpio.setlength(4, channel=2)
    gpio.channel2[3].on()
    assert (device.log, len(gpio.channel2)) == ([("write", 8, 8)], 4)


def test_mistakes_are_told_with_no_path(gpio: AxiGPIO) -> None:
    device: Any = gpio.device
    gpio.setdirection("in")
    with pytest.raises(RuntimeError, match=r"^You cannot write to an Input: this IP channel 1 only reads its wires$"):
        gpio.channel1.write(1, 1)
    gpio.setdirection("out")
    with pytest.raises(ValueError, match=r"^4 too large for 2 bits$"):
        gpio.channel1[0:2].write(4)
    assert device.log == []


def test_the_classes_have_pynqs_names() -> None:
    assert AxiGPIO.Channel.__name__ == "Channel"
    assert issubclass(AxiGPIO.InOut, AxiGPIO.Input)
    assert issubclass(AxiGPIO.InOut, AxiGPIO.Output)
