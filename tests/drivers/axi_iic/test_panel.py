"""The map of the bus: what the page is told, and what it may ask."""

from __future__ import annotations

from typing import Any

from pynq_drivers.axi_iic.chips import Tmp102
from pynq_widgets import showing


def test_nothing_is_put_on_the_bus_unasked(bus: Any, page: Any) -> None:
    bench = bus()
    iic = bench.overlay.iic
    shown = page(iic.panel())
    assert bench.accesses("iic", shown.reads) == []
    assert shown.panel.look() == {"speed": "100 kHz", "found": None, "names": {"80": "RegisterTarget"}, "answer": None}
    assert "not scanned yet" in showing.mimebundle(iic.panel())["text/plain"]


def test_a_scan_and_a_register(bus: Any, page: Any) -> None:
    bench = bus()
    bench.model("iic").attach(0x48, Tmp102(21.5))
    shown = page(bench.overlay.iic.panel())
    assert shown.asks("scan") is None
    assert shown.panel.look()["found"] == [0x48, 0x50]
    assert shown.panel.look()["names"] == {"72": "Tmp102", "80": "RegisterTarget"}
    assert shown.asks("read", address=0x48, register=0, count=2) is None
    assert shown.panel.look()["answer"] == {"address": 0x48, "register": 0, "data": [0x15, 0x80]}
    assert shown.asks("write", address=0x50, register=3, value=0x7F) is None
    assert bench.chip.registers[3] == 0x7F
    assert "0x48, 0x50" in showing.mimebundle(bench.overlay.iic.panel())["text/html"]


def test_it_follows_scans_of_others(bus: Any, page: Any) -> None:
    bench = bus()
    iic = bench.overlay.iic
    shown = page(iic.panel())
    assert iic.scan(range(0x40, 0x60)) == [0x50]
    assert shown.reads()["found"] == [0x50]
    bench.model("iic").detach(0x50)
    bench.model("iic").attach(0x30, Tmp102())
    assert iic.scan([0x30]) == [0x30]
    assert iic.found == (0x30, 0x50), "0x50 was not asked again"
    iic.scan()
    assert shown.reads()["found"] == [0x30]


def test_what_goes_wrong_is_told(bus: Any, page: Any) -> None:
    shown = page(bus().overlay.iic.panel())
    assert shown.asks("read", address=0x50, register=0, count=33) == "1 to 32 bytes are read at once, not 33"
    assert shown.asks("read", address=0x50, register=256, count=1) == "a register is 0 to 0xff, not 0x100"
    assert shown.asks("read", address=0x20, register=0, count=1) == (
        "Could not send I2C data: the target at 0x20 of iic did not acknowledge; is it there, and powered?"
    )
