"""AXI Quad SPI, the driver: transfers in all modes and widths, and a flash memory."""

from __future__ import annotations

import threading
import warnings
from typing import Any, ClassVar

import numpy as np
import pytest

from pynq_drivers.axi_quad_spi import registers as r
from pynq_drivers.axi_quad_spi.driver import AxiQuadSPI, SPIError
from pynq_drivers.axi_quad_spi.target import Target
from pynq_widgets import DefaultIP


class Echo(Target):
    """Gives back each byte inverted, one later, and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[int] = []
        self.selections: list[int] = []
        self._last = 0xFF

    def select(self) -> None:
        self.selections.append(0)

    def exchange(self, value: int) -> int:
        self.got.append(value)
        self.selections[-1] += 1
        answer, self._last = self._last, value ^ 0xFF
        return answer


def test_making_the_driver_touches_nothing(bus: Any) -> None:
    bench = bus()
    assert bench.accesses("spi", lambda: bench.overlay.spi) == []
    assert isinstance(bench.overlay.spi, AxiQuadSPI)
    assert (bench.overlay.spi.frequency, bench.overlay.spi.slaves, bench.overlay.spi.width) == (6.25e6, 2, 1)


def test_the_words_of_a_transfer(bus: Any) -> None:
    bench = bus()
    spi = bench.overlay.spi
    spi.reset()
    accesses = bench.accesses("spi", lambda: spi.transfer(b"\x9f\0\0\0"))
    on = r.ENABLE | r.MASTER | r.MANUAL_SELECT
    assert accesses == [
        ("write", r.SSR, 0b10),
        *(("write", r.DTR, value) for value in b"\x9f\0\0\0"),
        ("write", r.SPICR, on),
        ("read", r.IPISR),
        ("read", r.IPISR),
        ("write", r.IPISR, r.SENT),
        ("write", r.SPICR, on | r.INHIBIT),
        *(("read", r.DRR),) * 4,
        ("write", r.SSR, 0b11),
    ]


@pytest.mark.parametrize("depth", [0, 16, 256])
@pytest.mark.parametrize("bits", [8, 16, 32])
def test_bytes_pass_in_their_order_whatever_the_width(bus: Any, depth: int, bits: int) -> None:
    bench = bus(C_FIFO_DEPTH=depth, C_NUM_TRANSFER_BITS=bits)
    chip = Echo()
    bench.model("spi").attach(1, chip)
    data = bytes(range(200))
    for lsb_first in (False, True):
        chip.got.clear()
        bench.overlay.spi.lsb_first = lsb_first
        start = bench.clock.now()
        got = bench.overlay.spi.transfer(data, slave=1)
        on_wire = [int(f"{value:08b}"[::-1], 2) if lsb_first else value for value in data]
        assert chip.got == on_wire
        assert got[1:] == bytes(value ^ 0xFF for value in data[:-1])
        assert bench.clock.now() - start == pytest.approx(200 * 8 / 6.25e6, rel=0.2 if depth else 1.5)
    assert chip.selections == [200, 200]


def test_a_select_line_that_stays_low(bus: Any) -> None:
    bench = bus()
    chip = Echo()
    bench.model("spi").attach(1, chip)
    spi = bench.overlay.spi
    with spi.selected(1):
        assert spi.transfer(b"ab") == bytes([0xFF, ord("a") ^ 0xFF])
        assert spi.transfer([1, 2, 3])[1:] == b"\xfe\xfd"
        assert spi.transfer(b"") == b""
        with pytest.raises(RuntimeError, match=r"^slave 1 of spi is selected already: one at a time$"):
            spi.transfer(b"x", slave=0)
    assert spi.transfer(np.arange(3, dtype="u1"), slave=1)
    assert chip.selections == [5, 3], "what was refused has ended nothing"


class Third(Target):
    modes: ClassVar[frozenset[int]] = frozenset({3})

    def exchange(self, value: int) -> int:
        return value


@pytest.mark.parametrize("mode", [0, 1, 2, 3])
def test_modes(bus: Any, mode: int) -> None:
    bench = bus()
    bench.model("spi").attach(1, Third())
    spi = bench.overlay.spi
    spi.mode = mode
    assert spi.mode == mode
    assert spi.transfer(b"\x12", slave=1) == (b"\x12" if mode == 3 else b"\xff")
    assert spi.read(r.SPICR) & (r.CPOL | r.CPHA) == (r.CPOL if mode & 2 else 0) | (r.CPHA if mode & 1 else 0)
    said = f"spi: what is at select line 1 understands mode 3 and sees nothing in mode {mode}"
    assert (said in bench.device.assumptions) == (mode != 3)


def test_a_flash(bus: Any) -> None:
    bench = bus()
    flash = bench.overlay.spi.flash()
    assert repr(flash) == "<the flash at select line 0 of spi>"
    found = flash.identify()
    assert (found, found.size) == ((0x20, 0xBA, 0x18), 1 << 24)
    assert str(found) == "20 ba 18 (Micron, 16 MiB)"
    content = bytes(i * 7 % 251 for i in range(5000))
    bench.flash.load(0x1FFE0, content)
    assert flash.read(0x1FFE0, 5000) == content
    assert flash.read(0, 0) == b""
    assert flash.status == 0


def test_a_flash_is_programmed_and_erased(bus: Any) -> None:
    bench = bus()
    flash = bench.overlay.spi.flash()
    content = bytes(range(256)) * 3
    flash.program(0x10F0, content)
    assert not flash.busy
    assert bench.flash.dump(0x10F0, 768) == content
    flash.program(0x10F0, b"\xf0")
    assert flash.read(0x10F0, 2) == b"\0\x01", "ones become zeros only"
    start = bench.clock.now()
    flash.erase(0x1000)
    assert bench.clock.now() - start > 0.2
    assert flash.read(0x1000, 0x400) == b"\xff" * 0x400
    bench.flash.load(0x2FFFF, b"abc")
    flash.erase(0x20000, 0x11000)
    assert flash.read(0x2FFFF, 4) == b"\xff" * 4
    with pytest.raises(ValueError, match=r"^a flash is erased by 4096 bytes: 100 bytes at 0x0 do not begin or end there$"):
        flash.erase(0, 100)


def test_a_flash_that_never_ends(bus: Any) -> None:
    bench = bus()
    flash = bench.overlay.spi.flash()
    flash.program(0, b"x")
    bench.flash._busy_until = bench.clock.now() + 1e6
    with pytest.raises(TimeoutError) as caught:
        flash._wait(0x02, "programming 1 bytes at 0x0")
    assert str(caught.value) == (
        "<the flash at select line 0 of spi> is still at programming 1 bytes at 0x0 after 0.1 s: is it write-protected?"
    )


def test_a_flash_through_wide_elements(bus: Any) -> None:
    bench = bus(C_NUM_TRANSFER_BITS=32)
    flash = bench.overlay.spi.flash()
    assert flash.identify()[:2] == (0x20, 0xBA)
    bench.flash.load(5, b"hello")
    assert flash.read(5, 5) == b"hello"
    with pytest.raises(RuntimeError, match=r"^spi has elements of 4 bytes in this design, too coarse to program with$"):
        flash.program(0, b"x")


def test_nobody_there(bus: Any) -> None:
    with pytest.raises(RuntimeError, match=r"^nothing answers at select line 1 of spi: it reads ff ff ff$"):
        bus().overlay.spi.flash(1).identify()


def test_a_bus_that_stands_still(bus: Any) -> None:
    bench = bus()
    spi, model = bench.overlay.spi, bench.model("spi")
    ratio, model._ratio = model._ratio, 10**12
    with pytest.raises(SPIError) as caught:
        spi.transfer(b"abc")
    assert str(caught.value) == "spi did not end a transfer of 3 elements in time: does its clock ext_spi_clk run?"
    model._ratio = ratio
    assert spi.transfer(b"\x9f\0")[1] == 0x20, "it was reset"


@pytest.mark.parametrize(
    ("action", "error", "message"),
    [
        (lambda spi: spi.transfer(5), TypeError, "spi.transfer takes bytes, not 5"),
        (lambda spi: spi.transfer([256]), TypeError, "spi.transfer takes bytes, not [256]"),
        (lambda spi: spi.transfer(b"x", 2), ValueError, "spi has 2 select lines in this design, from 0, not 2"),
        (lambda spi: setattr(spi, "mode", 4), ValueError, "spi has modes 0 to 3 (CPOL x 2 + CPHA), not 4"),
        (
            lambda spi: spi.flash().read(0xFFFFFF, 2),
            ValueError,
            "addresses of three bytes end at 0x1000000: 2 bytes at 0xffffff are not within them",
        ),
    ],
)
def test_mistakes_are_told_before_the_bus_is_touched(bus: Any, action: Any, error: type[Exception], message: str) -> None:
    bench = bus()

    def attempt() -> None:
        with pytest.raises(error) as caught:
            action(bench.overlay.spi)
        assert str(caught.value) == message

    assert bench.accesses("spi", attempt) == []


def test_elements_are_whole(bus: Any) -> None:
    bench = bus(C_NUM_TRANSFER_BITS=16)
    with pytest.raises(ValueError, match=r"^spi transfers elements of 2 bytes in this design, which 3 bytes are not$"):
        bench.overlay.spi.transfer(b"abc")


def test_a_core_that_is_a_memory_has_no_transfers(bus: Any) -> None:
    bench = bus(C_XIP_MODE=1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert type(bench.overlay.spi).__mro__[1] is DefaultIP or type(bench.overlay.spi) is DefaultIP
    assert any("C_XIP_MODE" in str(each.message) for each in caught)


def test_threads_take_turns(bus: Any) -> None:
    bench = bus()
    bench.flash.load(0, bytes(range(256)))
    flash = bench.overlay.spi.flash()
    wrong: list[Any] = []

    def work(first: int) -> None:
        for i in range(10):
            if flash.read(first + i, 40) != bytes(range(first + i, first + i + 40)):
                wrong.append((first, i))

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []
