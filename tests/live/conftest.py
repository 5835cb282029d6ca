"""A clock that a test turns by hand, and a sampler that has no thread but the test's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from pynq_widgets.access import MMIO, Mirror
from pynq_widgets.access.describe import FieldInfo, RegisterInfo
from pynq_widgets.live import Sampler


class HandClock:
    """Time that stands until a test moves it; nobody is woken by it."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def call_at(self, when: float, callback: Callable[[], object]) -> Any:
        raise AssertionError("there is no thread in these tests")


@pytest.fixture
def hand_clock() -> HandClock:
    return HandClock()


@pytest.fixture
def hand_sampler(hand_clock: HandClock) -> Sampler:
    """A sampler whose polls run when the test calls ``turn``."""
    sampler = Sampler(hand_clock)
    # A thread that is there already keeps the sampler from starting one.
    sampler._thread = threading.current_thread()
    return sampler


@pytest.fixture
def turn(hand_clock: HandClock, hand_sampler: Sampler) -> Callable[[float], None]:
    """``turn(until)`` lets time pass, with the polls that fall due on the way."""

    def advance(until: float) -> None:
        while (due := hand_sampler.run_due()) is not None and due <= until:
            hand_clock.time = max(hand_clock.time, due)
        hand_clock.time = max(hand_clock.time, until)

    return advance


REGISTERS = [
    RegisterInfo("CTRL", 0x0, fields=(FieldInfo("MODE", 0, 2), FieldInfo("EN", 7, 1), FieldInfo("BUSY", 8, 1, "read-only"))),
    RegisterInfo("COUNT", 0x4, access="read-only"),
    RegisterInfo("LOAD", 0x8),
    RegisterInfo("FIFO", 0xC, fields=(FieldInfo("DATA", 0, 32, "read-only", read_action="modify"),), access="read-only"),
    RegisterInfo("KEY", 0x10, access="write-only"),
    RegisterInfo("FLAGS", 0x14, fields=(FieldInfo("DONE", 0, 1, write_action="oneToClear"), FieldInfo("MASK", 4, 4))),
    RegisterInfo("LIMIT", 0x18, width=16),
]


@pytest.fixture
def make_mirror(hand_clock: HandClock) -> Callable[..., Mirror]:
    """``make_mirror(device, at=0)``: a mirror of seven registers at that offset of a spy, of which FIFO and KEY are not to be read."""

    def make(device: Any, at: int = 0, registers: Any = None, size: int = 0x40) -> Mirror:
        return Mirror(MMIO(device.base + at, size, device), REGISTERS if registers is None else registers, clock=hand_clock)

    return make
