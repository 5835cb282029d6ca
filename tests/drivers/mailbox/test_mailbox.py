"""The Mailbox core, both sides; the registers of PG114."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device.clock import VirtualClock

# Offset, reset value, bits that software sets; those with effects have tests of their own.
ROWS: dict[str, tuple[int, int | None, int | str]] = {
    "WRITE_DATA": (0x0, None, "write-only"),
    "STATUS": (0x10, 0x5, 0),
    "SEND_LEVEL": (0x18, 0, 0xFFFF),
    "INTERRUPT_ENABLE": (0x24, 0, 0x7),
    "INTERRUPT_PENDING": (0x28, 0, 0),
    "CONTROL": (0x2C, None, "write-only"),
}
OTHERS = {"READ_DATA": 0x8, "ERROR": 0x14, "RECEIVE_LEVEL": 0x1C, "INTERRUPT_STATUS": 0x20}


@pytest.fixture
def make(build: Any, block: Any) -> Any:
    def make(interrupt: bool = True, **more: Any) -> Any:
        given = {"C_MAILBOX_DEPTH": 4, **more}
        pins = ("Interrupt_0",) if interrupt else ()
        return build(block("box", "xilinx.com:ip:mailbox:2.1", 0x4360_0000, given, pins, interface="S0_AXI", clocks=("S0_AXI_ACLK",)))

    return make


def test_each_register(make: Any) -> None:
    ip = make().overlay.box
    known = {name: handle.offset for name, handle in ip.registers.registers.items()}
    assert known == {**{name: row[0] for name, row in ROWS.items()}, **OTHERS}
    for name, (offset, reset, writable) in ROWS.items():
        if isinstance(writable, str):
            assert ip.registers[name].access == writable
            continue
        assert ip.read(offset) == reset, name
        ip.write(offset, 0xFFFF_FFFF)
        assert ip.read(offset) == (reset or 0) | writable, name
        ip.write(offset, 0)


def test_what_a_read_changes_is_guarded(make: Any) -> None:
    bench = make()
    ip = bench.overlay.box
    assert {name for name, handle in ip.registers.registers.items() if handle.guard} == {"WRITE_DATA", "READ_DATA", "ERROR", "CONTROL"}
    bench.model("box").send([7])
    ip.registers.refresh()
    assert ip.receive() == [7]


def test_words_come_and_go(make: Any) -> None:
    bench = make()
    ip, model = bench.overlay.box, bench.model("box")
    ip.send([1, 2, 3])
    assert model.receive() == [1, 2, 3]
    assert model.send([10, 11]) == 2
    assert not ip.empty
    assert ip.receive(2) == [10, 11]
    assert ip.empty
    ip.send(0xFFFF_FFFF)
    assert model.receive() == [0xFFFF_FFFF]


def test_no_more_than_fit(make: Any) -> None:
    bench = make()
    ip, model = bench.overlay.box, bench.model("box")
    assert model.send(range(6)) == 4
    with pytest.raises(TimeoutError) as error:
        ip.send(range(6), timeout=0.1)
    assert str(error.value) == "the other side of box (S0_AXI) did not take its words within 0.1 s: 4 of 6 were sent"
    assert ip.full
    ip.write(0x0, 99)
    assert ip.sides[0].errors() == ["write full"]
    assert ip.sides[0].errors() == [], "reading cleared it"
    assert model.receive() == [0, 1, 2, 3]
    bench.clock.call_later(0.2, lambda: model.receive())
    ip.send(range(6), timeout=1)


def test_a_read_while_empty_is_an_error(make: Any) -> None:
    ip = make().overlay.box
    assert ip.read(0x8) == 0
    assert ip.read(0x20) == 0x4
    assert ip.sides[0].errors() == ["read empty"]


def test_levels_and_interrupts(make: Any) -> None:
    bench = make()
    ip, model, pin = bench.overlay.box, bench.model("box"), lambda: bench.device.probe("box/Interrupt_0")
    ip.receive_level = 1
    ip.send_level = 1
    ip.write(0x24, 0x3)
    model.send(1)
    assert (ip.read(0x10), ip.read(0x20)) == (0x4, 0)
    model.send(2)
    assert (ip.read(0x10), ip.read(0x20), ip.read(0x28), pin()) == (0xC, 0x2, 0x2, 1)
    ip.write(0x20, 0x2)
    assert (ip.read(0x20), pin()) == (0, 0)
    ip.send([5, 6])
    assert ip.read(0x10) == 0x8
    model.receive()
    assert (ip.read(0x10), ip.read(0x20), pin()) == (0xC, 0x1, 1)


def test_waiting_for_words(make: Any) -> None:
    for interrupt in (True, False):
        bench = make(interrupt)
        ip, model = bench.overlay.box, bench.model("box")
        bench.clock.call_later(0.5, lambda model=model: model.send([1]))
        bench.clock.call_later(0.7, lambda model=model: model.send([2]))
        assert ip.receive(2, timeout=2) == [1, 2]
        assert bench.clock.now() == pytest.approx(0.7, abs=0.01)
        model.send([3])
        with pytest.raises(TimeoutError, match=r"^the other side of box \(S0_AXI\) sent 1 of 2 words within 0\.1 s$"):
            ip.receive(2, timeout=0.1)
        assert ip.receive(1) == [3], "what came before was kept"


def test_waiting_in_a_coroutine(make: Any) -> None:
    bench = make()
    ip, model = bench.overlay.box, bench.model("box")
    bench.clock.call_later(0.5, lambda: model.send([1, 2]))

    async def both() -> list[int]:
        return await ip.receive_async(2, timeout=5)

    async def main() -> list[int]:
        task = asyncio.ensure_future(both())
        await asyncio.sleep(0)
        bench.clock.advance(1.0)
        return await task

    assert asyncio.run(main()) == [1, 2]


def test_clearing(make: Any) -> None:
    bench = make()
    ip, model = bench.overlay.box, bench.model("box")
    ip.send([1, 2])
    model.send([3])
    ip.sides[0].clear(received=False)
    assert model.receive() == []
    assert ip.receive() == [3]
    model.send([4])
    ip.sides[0].clear()
    assert ip.empty


def test_what_is_no_word(make: Any) -> None:
    bench = make()
    ip = bench.overlay.box

    def ask() -> None:
        with pytest.raises(ValueError, match=r"^words of box \(S0_AXI\) are numbers of 0 to 0xffffffff, not -1: nothing was sent$"):
            ip.send([1, -1])
        with pytest.raises(ValueError, match=r"^box \(S0_AXI\) gives 0 or more words, not -2$"):
            ip.receive(-2)

    assert bench.accesses("box", ask) == []


def test_both_interfaces_are_sides_of_the_model(make: Any) -> None:
    model = make().model("box")
    model.write("S1_AXI", 0x0, 77)
    assert model.read("S1_AXI", 0x10) & 0x1, "its own side is empty"
    assert model.read("S0_AXI", 0x8) == 77


def test_a_processor_that_sees_both_sides(make: Any, tmp_path: Path) -> None:
    make()
    text = (tmp_path / "small.hwh").read_text(encoding="utf-8")
    start = text.index('FULLNAME="/box"')
    place = text.index("<BUSINTERFACES>", start) + len("<BUSINTERFACES>")
    bus = '<BUSINTERFACE BUSNAME="gp_box1" NAME="S1_AXI" TYPE="SLAVE" VLNV="xilinx.com:interface:aximm:1.0"><PORTMAPS/></BUSINTERFACE>'
    text = text[:place] + bus + text[place:]
    first = text.index('<MEMRANGE ADDRESSBLOCK="Reg"', text.index('FULLNAME="/ps"'))
    row = text[first : text.index("/>", first) + 2]
    second = row.replace("0x43600000", "0x43610000").replace("0x4360ffff", "0x4361ffff").replace("S0_AXI", "S1_AXI")
    assert second != row
    path = tmp_path / "both.hwh"
    path.write_text(text[:first] + row + second + text[first + len(row) :], encoding="utf-8")
    box = Overlay(path, device=SimulatedDevice(clock=VirtualClock(autojump=True))).box
    here, there = box.sides
    assert [side.interface for side in box.sides] == ["S0_AXI", "S1_AXI"]
    here.send([1, 2])
    assert there.receive(2) == [1, 2]
    there.send(3)
    assert box.receive() == [3]
