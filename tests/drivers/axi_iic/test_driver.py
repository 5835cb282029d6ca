"""AXI IIC, the driver: PYNQ's API on a bus with a simulated chip."""

from __future__ import annotations

import threading
from array import array
from typing import Any

import numpy as np
import pytest

from pynq_drivers.axi_iic import registers as r
from pynq_drivers.axi_iic.driver import AxiIIC, IICError
from pynq_drivers.axi_iic.model import Target


def test_making_the_driver_touches_nothing(bus: Any) -> None:
    bench = bus()
    assert bench.accesses("iic", lambda: bench.overlay.iic) == []
    assert isinstance(bench.overlay.iic, AxiIIC)


def test_the_words_that_go_out(bus: Any) -> None:
    bench = bus()
    bench.overlay.iic.reset()
    accesses = bench.accesses("iic", lambda: bench.overlay.iic.send(0x50, b"\x03\x07", 2))
    assert [entry[1:] for entry in accesses if entry[0] == "write"] == [(r.TX_FIFO, 0x1A0), (r.TX_FIFO, 3), (r.TX_FIFO, r.STOP | 7)]
    assert bench.chip.registers[3] == 7


def test_registers_of_a_chip_are_read_after_a_repeated_start(bus: Any) -> None:
    bench = bus()
    iic, data = bench.overlay.iic, bytearray(4)
    assert iic.send(0x50, bytes([6]), 1, AxiIIC.REPEAT_START) == 1
    assert iic.read(r.SR) & r.BUSY, "the bus is kept"
    assert iic.receive(0x50, data, 4) == 4
    assert list(data) == [106, 107, 108, 109]
    iic.wait()
    assert not iic.read(r.SR) & r.BUSY


def test_a_transfer_takes_the_time_of_its_bits(bus: Any) -> None:
    bench = bus(C_IIC_FREQ=400_000)
    bench.overlay.iic.reset()
    start = bench.clock.now()
    bench.overlay.iic.send(0x50, bytes(20), 20)
    assert bench.clock.now() - start == pytest.approx(21 * 9 / 400_000, rel=0.15)


@pytest.mark.parametrize("count", [1, 15, 16, 17, 64, 200])
def test_more_than_the_fifos_hold_goes_through(bus: Any, count: int) -> None:
    bench = bus()
    iic = bench.overlay.iic
    iic.send(0x50, bytes([0, *(i % 251 for i in range(count))]), count + 1)
    expected = bytearray(range(100, 116))
    for i in range(count):
        expected[i % 16] = i % 251
    assert bench.chip.registers == expected
    data = bytearray(count)
    iic.send(0x50, [0], 1)
    iic.receive(0x50, data, count)
    assert data == bytes(expected[i % 16] for i in range(count))


@pytest.mark.parametrize("make", [lambda: bytearray(4), lambda: [0] * 4, lambda: array("B", [0] * 4), lambda: np.zeros(4, "u1")])
def test_whatever_has_items_can_be_sent_and_filled(bus: Any, make: Any) -> None:
    iic = bus().overlay.iic
    data = make()
    data[0] = 2
    iic.send(0x50, data, 1, AxiIIC.REPEAT_START)
    iic.receive(0x50, data, 3)
    assert list(data) == [102, 103, 104, 0]


def test_cffi_buffers_as_pynqs_drivers_use_them(bus: Any) -> None:
    cffi = pytest.importorskip("cffi")
    iic = bus().overlay.iic
    data = cffi.FFI().new("unsigned char [32]")
    data[0] = 4
    iic.send(0x50, data, 1, iic.REPEAT_START)
    iic.receive(0x50, data, 2)
    assert (data[0], data[1]) == (104, 105)


def test_nobody_there(bus: Any) -> None:
    bench = bus()
    iic, data = bench.overlay.iic, bytearray(b"as it was")
    with pytest.raises(IICError) as caught:
        iic.send(0x51, b"ab", 2)
    assert str(caught.value) == "Could not send I2C data: the target at 0x51 of iic did not acknowledge; is it there, and powered?"
    with pytest.raises(RuntimeError, match=r"^Could not receive I2C data: the target at 0x51 of iic did not acknowledge"):
        iic.receive(0x51, data, 4)
    assert data == b"as it was"
    assert iic.send(0x50, b"\x00\x01", 2) == 2, "the bus can be used again"


class Stubborn(Target):
    """Acknowledges the first byte only."""

    count = 0

    def write(self, value: int) -> bool:
        self.count += 1
        return self.count == 1


@pytest.mark.parametrize("data", [b"ab", b"abc"])
def test_a_byte_that_is_not_taken(bus: Any, data: bytes) -> None:
    bench = bus()
    bench.model("iic").attach(0x20, Stubborn())
    with pytest.raises(IICError, match=r"^Could not send I2C data: the target at 0x20"):
        bench.overlay.iic.send(0x20, data, len(data))
    assert bench.overlay.iic.send(0x50, b"\x00", 1) == 1


def test_a_byte_that_is_not_taken_is_told_by_the_next_part(bus: Any) -> None:
    bench = bus()
    bench.model("iic").attach(0x20, Stubborn())
    iic = bench.overlay.iic
    iic.send(0x20, b"ab", 2, AxiIIC.REPEAT_START)
    with pytest.raises(IICError, match=r"^Could not receive I2C data: the target at 0x20"):
        iic.receive(0x20, bytearray(1), 1)
    assert iic.send(0x50, b"\x00", 1) == 1


def test_a_bus_that_stands_still(bus: Any) -> None:
    bench = bus()
    iic = bench.overlay.iic
    iic.send(0x50, b"\x00", 1, AxiIIC.REPEAT_START)
    before = bench.clock.now()
    with pytest.raises(RuntimeError) as caught:
        iic.wait()
    assert str(caught.value) == (
        "Timed out waiting for free bus: iic has seen it busy for 1 s. Does a target hold SCL or SDA low, and do the lines have pull-ups?"
    )
    assert bench.clock.now() - before == pytest.approx(1.0, rel=1e-3)
    bench.model("iic")._failed = True  # nothing goes on
    with pytest.raises(IICError, match=r"^iic could not receive in time \(0x50\): the bus stands still\."):
        iic.receive(0x50, bytearray(1), 1)
    assert iic.receive(0x50, bytearray(1), 1) == 1


@pytest.mark.parametrize(
    ("action", "error", "message"),
    [
        (
            lambda iic: iic.send(0xA0, b"a", 1),
            ValueError,
            "an I2C address of iic has 7 bits, 0 to 0x7f, without the bit for reading, not 0xa0",
        ),
        (lambda iic: iic.send(0x50, b"a", 1, 2), ValueError, "option of iic is 0 or AxiIIC.REPEAT_START (1), not 2"),
        (lambda iic: iic.send(0x50, b"", 0), ValueError, "a transfer of iic has 1 byte or more, not 0"),
        (lambda iic: iic.send(0x50, b"ab", 3), ValueError, "iic cannot transfer 3 bytes: there are 2 in data"),
        (lambda iic: iic.send(0x50, [256], 1), ValueError, "a byte of I2C data is 0 to 255, not 256"),
        (
            lambda iic: iic.receive(0x50, bytearray(300), 256),
            ValueError,
            "iic receives at most 255 bytes at once, not 256: receive them in parts",
        ),
        (
            lambda iic: iic.receive(0x50, b"abc", 3),
            TypeError,
            "iic.receive fills a bytearray or an array of bytes, which a bytes is not",
        ),
    ],
)
def test_mistakes_are_told_before_the_bus_is_touched(bus: Any, action: Any, error: type[Exception], message: str) -> None:
    bench = bus()

    def attempt() -> None:
        with pytest.raises(error) as caught:
            action(bench.overlay.iic)
        assert str(caught.value) == message

    assert bench.accesses("iic", attempt) == []


def test_threads_take_turns(bus: Any) -> None:
    bench = bus()
    iic = bench.overlay.iic
    wrong: list[Any] = []

    def work(register: int) -> None:
        for i in range(20):
            data = bytearray(1)
            iic.send(0x50, bytes([register, register + i]), 2)
            with iic._turn:  # a send and a receive that belong together
                iic.send(0x50, bytes([register]), 1, AxiIIC.REPEAT_START)
                iic.receive(0x50, data, 1)
            if data[0] != register + i:
                wrong.append((register, i, data[0]))

    threads = [threading.Thread(target=work, args=(n,)) for n in (1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []
    assert not any(thread.is_alive() for thread in threads)


def test_every_iic_of_the_real_designs_gets_the_driver(hwh_folder: Any) -> None:
    from pynq_widgets.design import read_design

    found = {
        module.vlnv
        for path in sorted(hwh_folder.glob("Xilinx__PYNQ__*.hwh"))
        for module in read_design(path).modules.values()
        if module.vlnv and ":ip:axi_iic:" in module.vlnv
    }
    assert found
    assert found <= set(AxiIIC.bindto)
