"""A small IP whose attributes are hardware, on a bus that writes down each transaction."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_widgets.access import MMIO, Mirror
from pynq_widgets.access.describe import FieldInfo, RegisterInfo
from pynq_widgets.device import VirtualClock
from pynq_widgets.overlay.traits import (
    Bit,
    Counter,
    EnumField,
    Field,
    FixedPoint,
    Float32,
    Hardware,
    RegArray,
    WideWord,
    Word,
    corrected,
)

BASE = 0x4000_0000
BLOCK = [
    RegisterInfo(
        "CTRL",
        0,
        fields=(
            FieldInfo("GO", 0, 1),
            FieldInfo("MODE", 4, 2),
            FieldInfo("BUSY", 8, 1, "read-only"),
            FieldInfo("DONE", 12, 1, write_action="oneToClear"),
        ),
        reset_value=0x20,
    ),
    RegisterInfo("GAIN", 4),
    RegisterInfo("FIFO", 8, fields=(FieldInfo("DATA", 0, 32, "read-write", "", "modify"),)),
    RegisterInfo("KEY", 12, access="write-only"),
    RegisterInfo("LO", 16),
    RegisterInfo("HI", 20),
    RegisterInfo("LENGTH", 24),
    RegisterInfo("STATUS", 28, access="read-only"),
    RegisterInfo("COUNT", 32, access="read-only"),
]


class Fir(Hardware):
    gain = Field("GAIN", bits=(3, 0), help="Gain of the first stage")
    level = Field("GAIN", bits=(15, 8), unit="dB", scale=0.5, limits=(0, 30))
    go = Bit("CTRL")
    busy = Bit("CTRL", "BUSY")
    done = Bit("CTRL", "DONE")
    mode = EnumField("CTRL", "MODE", labels=["off", "slow", "fast"])
    length = Word("LENGTH", unit="bytes", limits=(0, 4096), verify=True)
    offset = Word(0x60, signed=True)
    ratio = FixedPoint(0x64, bits=(15, 0), fraction=8)
    factor = Float32(0x68)
    time = WideWord("LO")
    status = Word("STATUS")
    key = Word("KEY")
    fifo = Word("FIFO")
    count = Counter("COUNT")
    taps = RegArray(0x80, length=4, signed=True)

    def __init__(self, mirror: Mirror, **traits: Any) -> None:
        self.registers = mirror
        super().__init__(**traits)


@pytest.fixture
def clock(bus_spy):
    """The time of the device, turned by hand."""
    bus_spy.__dict__["_clock"] = VirtualClock()
    return bus_spy.clock


@pytest.fixture
def make(bus_spy, clock):
    """``make(cls, block=BLOCK, **traits)``: an IP on the spy, its mirror corrected by its traits."""

    def made(cls: type, block: Any = BLOCK, **traits: Any) -> Any:
        mirror = Mirror(MMIO(BASE, 0x200, bus_spy, generation=0), corrected(block, cls.class_traits()), clock=clock)
        return cls(mirror, **traits)

    return made


@pytest.fixture
def fir(make):
    return make(Fir)


@pytest.fixture
def fir_class():
    return Fir


@pytest.fixture
def block():
    return BLOCK


@pytest.fixture
def changes():
    """``changes(ip, *names)`` is the list that fills with ``(name, old, new)``."""

    def collect(ip: Any, *names: str) -> list[tuple[Any, ...]]:
        seen: list[tuple[Any, ...]] = []
        observer = lambda change: seen.append((change.name, change.old, change.new))  # noqa: E731
        if names:
            ip.observe(observer, names=list(names))
        else:
            ip.observe(observer)
        return seen

    return collect
