"""The control registers: what is read and written, and where files say less than the hardware does."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from pynq_drivers.hls.control import Control, in_words
from pynq_widgets.design import Field, Register


class Adapter:
    """The registers of an adapter whose interrupt status a read clears, or a written 1 toggles."""

    mmio = None

    def __init__(self, cleared_by_reading: bool) -> None:
        self.cleared_by_reading = cleared_by_reading
        self.status = 0
        self.log: list[tuple[Any, ...]] = []

    def read(self, register: Any) -> int:
        self.log.append(("read", register.offset))
        value = self.status if register.offset == 0xC else 0
        if self.cleared_by_reading:
            self.status = 0
        return value

    def write(self, register: Any, value: int) -> None:
        self.log.append(("write", register.offset, value))
        if register.offset == 0xC:
            self.status ^= value

    def known(self, register: Any) -> int | None:
        return None


def control(place: Adapter, write_action: str | None) -> Control:
    start = Field("AP_START", 0, 1, "read-write", "", None, "modify")
    status = Field("CHAN0_INT_ST", 0, 1, "read-only", "", "modify", write_action)  # files say "modify" of every bit
    registers = [
        Register("CTRL", 0x0, 32, "read-write", 0, "", (start,), True),
        Register("IP_ISR", 0xC, 32, "read-write", 0, "", (status,), True),
    ]
    return Control(registers, place)


@pytest.mark.parametrize(
    ("cleared_by_reading", "said", "accesses"),
    [
        (False, "oneToToggle", [("read", 0xC), ("write", 0xC, 1)]),
        (False, None, [("read", 0xC), ("read", 0xC), ("write", 0xC, 1)]),
        (True, None, [("read", 0xC), ("read", 0xC)]),
    ],
)
def test_an_interrupt_is_taken_back_whichever_way_the_adapter_was_made(
    cleared_by_reading: bool, said: str | None, accesses: list[tuple[Any, ...]]
) -> None:
    place = Adapter(cleared_by_reading)
    core = control(place, said)
    assert core.acknowledge() is False
    place.status = 1
    place.log.clear()
    assert core.acknowledge() is True
    assert place.status == 0
    assert place.log == accesses
    place.log.clear()
    assert core.acknowledge() is False  # a bit that is not set is not written: that would set it
    assert place.log == [("read", 0xC)]


def test_the_interrupt_is_enabled_once() -> None:
    place = Adapter(False)
    core = control(place, None)
    core.interrupt()
    core.interrupt()
    assert place.log == [("write", 8, 1), ("write", 4, 1)]


def test_the_status_in_words() -> None:
    assert in_words(None) == "never looked at"
    assert in_words(0b0101) == "started, and does not begin (ap_start=1, ap_idle=1)"
    assert in_words(0b0100) == "idle"
    assert in_words(0b0010) == "done (ap_done=1)"
    assert in_words(0b0001) == "running (ap_idle=0)"


def test_a_driver_without_buffers_loads_no_numpy() -> None:
    script = (
        "import sys\nimport pynq_drivers.hls.driver as driver\nassert 'numpy' not in sys.modules, 'numpy'\n"
        "assert not any(name.startswith(('ipywidgets', 'pynq_widgets.widgets')) for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
