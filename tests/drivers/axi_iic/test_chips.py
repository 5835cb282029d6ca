"""Chips on the I2C bus: registers, memories, what SMBus has names for, and the simulated ones."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_drivers.axi_iic import registers as r
from pynq_drivers.axi_iic.chips import Eeprom24, Tmp102
from pynq_drivers.axi_iic.driver import IICError, NoAcknowledge
from pynq_drivers.axi_iic.target import Target


@pytest.fixture(params=[False, True], ids=["polled", "interrupt"])
def bench(request: Any, bus: Any) -> Any:
    made = bus(interrupt=request.param)
    made.sensor, made.eeprom = Tmp102(21.5), Eeprom24()
    made.model("iic").attach(0x48, made.sensor)
    made.model("iic").attach(0x57, made.eeprom)
    return made


def test_who_is_there(bench: Any) -> None:
    iic = bench.overlay.iic
    assert iic.scan() == [0x48, 0x50, 0x57]
    assert iic.scan(range(0x50, 0x53)) == [0x50]
    assert (iic.chip(0x48).present, iic.chip(0x49).present) == (True, False)
    assert repr(iic.chip(0x48)) == "<the chip at 0x48 of iic>"
    assert not iic.read(r.GIE), "no interrupts beside transfers"


def test_a_scan_does_not_hide_a_bus_that_stands_still(bus: Any) -> None:
    bench = bus()
    bench.overlay.iic.send(0x50, b"\0", 1, bench.overlay.iic.REPEAT_START)
    bench.model("iic")._failed = True
    with pytest.raises(IICError, match="stands still") as caught:
        bench.overlay.iic.scan([0x50])
    assert not isinstance(caught.value, NoAcknowledge)


def test_registers(bench: Any) -> None:
    chip = bench.overlay.iic.chip(0x50)
    assert chip[3] == 103
    chip[3] = 7
    assert bench.chip.registers[3] == 7
    word = chip.register(4, width=2)
    assert repr(word) == "<register 0x04 of <the chip at 0x50 of iic>, 16 bits>"
    assert word.value == 104 << 8 | 105
    word.value = 0x1234
    assert list(bench.chip.registers[4:6]) == [0x12, 0x34]
    assert chip.register(4, width=2, byteorder="little").value == 0x3412
    chip.register(6, signed=True).value = -2
    assert (chip[6], chip.register(6, signed=True).value) == (0xFE, -2)
    word.update(0x00F0, 0xFFFF)
    assert word.value == 0x12F4
    scaled = chip.register(8, width=2, signed=True, scale=0.5)
    scaled.value = -1.5
    assert (scaled.raw, scaled.value) == (-3, -1.5)


def test_a_register_is_one_transfer_with_a_repeated_start(bus: Any) -> None:
    bench = bus()
    iic = bench.overlay.iic
    iic.reset()
    accesses = bench.accesses("iic", lambda: iic.chip(0x50).register(2, width=2).value)
    assert [entry[2] for entry in accesses if entry[:2] == ("write", r.TX_FIFO)] == [0x1A0, 2, 0x1A1, r.STOP | 2]


def test_as_smbus_has_it(bench: Any) -> None:
    chip = bench.overlay.iic.chip(0x50)
    chip.write_byte(5)
    assert chip.read_byte() == 105
    chip.write_byte_data(1, 0xAB)
    assert chip.read_byte_data(1) == 0xAB
    chip.write_word_data(2, 0x1234)
    assert (chip.read_word_data(2), bench.chip.registers[2]) == (0x1234, 0x34)
    chip.write_block(8, b"abc")
    assert chip.read_block(8, 3) == b"abc"
    chip.write(bytes([8]))
    assert chip.read(2) == b"ab"


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda iic: iic.chip(0x80), "an I2C address of iic has 7 bits, 0 to 0x7f, without the bit for reading, not 0x80"),
        (lambda iic: iic.chip(0x50).register(0, width=9), "a register of <the chip at 0x50 of iic> has 1 to 8 bytes, not 9"),
        (lambda iic: iic.chip(0x50).register(256), "the offset of a register of <the chip at 0x50 of iic> is 0 to 0xff, not 0x100"),
        (lambda iic: iic.chip(0x50).register(0, scale=0), "the scale of a register of <the chip at 0x50 of iic> is not 0"),
        (lambda iic: setattr(iic.chip(0x50).register(0), "value", 256), "a number of 8 bits is 0 to 255, not 256"),
        (lambda iic: setattr(iic.chip(0x50).register(0, signed=True), "value", 128), "a number of 8 bits is -128 to 127, not 128"),
        (lambda iic: iic.chip(0x50).write_memory(0, b"x", page=0), "a page of a memory has 1 byte or more, not 0"),
    ],
)
def test_mistakes_are_told_before_the_bus_is_touched(bus: Any, action: Any, message: str) -> None:
    bench = bus()

    def attempt() -> None:
        with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is compared below
            action(bench.overlay.iic)
        assert str(caught.value) == message

    assert bench.accesses("iic", attempt) == []


def test_coroutines(bus: Any) -> None:
    bench = bus()

    async def scene() -> bytearray:
        data = bytearray(2)
        await bench.overlay.iic.send_async(0x50, b"\x03", 1)
        await bench.overlay.iic.receive_async(0x50, data, 2)
        return data

    assert list(asyncio.run(scene())) == [103, 104]


def test_interrupts_spare_the_bus(bus: Any) -> None:
    counts = {}
    for interrupt in (False, True):
        bench = bus(interrupt=interrupt, C_IIC_FREQ=10_000)
        iic = bench.overlay.iic
        iic.reset()
        counts[interrupt] = len(bench.accesses("iic", lambda iic=iic: iic.chip(0x50).read(100)))
    assert counts[True] < counts[False]


# The EEPROM.


def test_an_eeprom_is_written_by_pages_and_polled(bench: Any) -> None:
    chip = bench.overlay.iic.chip(0x57)
    content = bytes(i % 251 for i in range(300))
    start = bench.clock.now()
    chip.write_memory(0x7F30, b"", page=64)
    chip.write_memory(0x1FE0, content, page=64)
    assert bench.clock.now() - start > 6 * 5e-3
    assert bench.eeprom.content[0x1FE0 : 0x1FE0 + 300] == content
    assert chip.read_memory(0x1FE0, 300) == content
    assert chip.read_memory(0, 0) == b""


def test_an_eeprom_does_not_acknowledge_while_it_writes(bench: Any) -> None:
    chip = bench.overlay.iic.chip(0x57)
    chip.write(b"\0\0x")
    with pytest.raises(NoAcknowledge, match=r"^Could not send I2C data: the target at 0x57 of iic did not acknowledge"):
        chip.write(b"\0\0y")
    with pytest.raises(TimeoutError, match=r"^<the chip at 0x57 of iic> did not acknowledge within 0\.001 s$"):
        chip.wait_ready(0.001)
    chip.wait_ready()
    assert chip.register(0, offset_width=2).value == ord("x")


def test_a_page_of_an_eeprom_goes_round(bench: Any) -> None:
    chip = bench.overlay.iic.chip(0x57)
    chip.write(b"\0\x3e1234")
    chip.wait_ready()
    assert bench.eeprom.content[0x3E:0x40] == b"12"
    assert bench.eeprom.content[:2] == b"34"
    chip.write(b"\x7f\xff")
    assert chip.read(2) == b"\xff3", "reading goes round the whole memory"


def test_a_small_eeprom(bus: Any) -> None:
    bench = bus()
    small = Eeprom24(256, page=8, address_bytes=1)
    bench.model("iic").attach(0x51, small)
    chip = bench.overlay.iic.chip(0x51)
    chip.write_memory(0x10, b"twelve bytes", page=8, address_width=1)
    assert small.content[0x10:0x1C] == b"twelve bytes"
    assert chip.read_memory(0x10, 12, address_width=1) == b"twelve bytes"
    with pytest.raises(ValueError, match=r"^an EEPROM of 512 bytes in pages of 8 with addresses of 1 bytes does not work out$"):
        Eeprom24(512, page=8, address_bytes=1)


# The temperature sensor.


def temperature(chip: Any) -> Any:
    return chip.register(0, width=2, signed=True, scale=0.0625 / 16)


def test_a_temperature(bench: Any) -> None:
    found = temperature(bench.overlay.iic.chip(0x48))
    assert found.value == 21.5
    bench.clock.advance(1)
    bench.sensor.temperature = -10.25
    assert found.value == 21.5, "as the last conversion found it"
    bench.clock.advance(0.26)
    assert found.value == -10.25
    bench.sensor.temperature = 140.0
    bench.clock.advance(0.26)
    assert found.value == pytest.approx(127.9375), "twelve bits do not hold more"


@settings(max_examples=200)
@given(st.floats(-55, 150))
def test_each_temperature_is_the_nearest_step(celsius: float) -> None:
    sensor = Tmp102(celsius)
    sensor.start(False)
    for value in (1, 0x60, 0xB0):  # extended mode
        sensor.write(value)
    sensor.start(False)
    sensor.write(0)
    word = sensor.read() << 8 | sensor.read()
    assert word & 1
    assert abs(((word ^ 0x8000) - 0x8000 >> 3) * 0.0625 - celsius) <= 0.03125
    assert (sensor.read(), sensor.read()) == (word >> 8, word & 0xFF)


def test_configuration_limits_and_alert(bench: Any) -> None:
    chip = bench.overlay.iic.chip(0x48)
    config, low, high = (chip.register(offset, width=2) for offset in (1, 2, 3))
    assert [each.value for each in (config, low, high)] == [0x60A0, 0x4B00, 0x5000]
    low.value, high.value = 0x1900, 0x1E00  # 25 and 30 degrees
    bench.sensor.temperature = 31.0
    bench.clock.advance(0.5)
    assert (bench.sensor.alert, config.value & 0x20) == (True, 0), "the pin is low when it is active"
    bench.sensor.temperature = 27.0
    bench.clock.advance(0.5)
    assert bench.sensor.alert
    bench.sensor.temperature = 24.0
    bench.clock.advance(0.5)
    assert (bench.sensor.alert, config.value & 0x20) == (False, 0x20)
    with pytest.raises(ValueError, match=r"^a TMP102 lives from -55 to 150 degrees Celsius, not at 200$"):
        bench.sensor.temperature = 200


def test_shutdown_and_one_shot(bench: Any) -> None:
    chip = bench.overlay.iic.chip(0x48)
    config = chip.register(1, width=2)
    config.value = 0x61A0
    bench.sensor.temperature = 35.0
    bench.clock.advance(5)
    assert temperature(chip).value == 21.5, "it sleeps"
    config.value = 0xE1A0
    assert not config.value & 0x8000
    bench.clock.advance(0.03)
    assert config.value & 0x8000, "done"
    assert temperature(chip).value == 35.0
    config.value = 0x60A0
    bench.sensor.temperature = 36.0
    bench.clock.advance(0.3)
    assert temperature(chip).value == 36.0


def test_a_chip_of_ones_own(bus: Any) -> None:
    class Echo(Target):
        last = 0

        def write(self, value: int) -> bool:
            self.last = value
            return True

        def read(self) -> int:
            return self.last + 1

    bench = bus()
    bench.model("iic").attach(0x21, Echo())
    assert bench.overlay.iic.chip(0x21).write_read([5], 1) == b"\x06"
    assert set(bench.model("iic").targets) == {0x21, 0x50}
