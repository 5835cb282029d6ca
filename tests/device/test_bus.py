"""The account of a bus: each transaction once, by who asked, whatever way it took."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pynq_widgets import Overlay
from pynq_widgets.access import MMIO, Mirror, RegisterMap, StaleOverlayError
from pynq_widgets.access.describe import FieldInfo, RegisterInfo
from pynq_widgets.device import Bus, Count, Device, SimulatedDevice, Transaction, VirtualClock
from pynq_widgets.device.bus import bus_of

BASE = 0x4000_0000
BLOCK = [
    RegisterInfo("CTRL", 0, fields=(FieldInfo("GO", 0, 1), FieldInfo("MODE", 4, 4))),
    RegisterInfo("LENGTH", 4),
    RegisterInfo("POINTER", 8, 64),
]


def seen(device: Any) -> list[Transaction]:
    """What is told of the bus of `device` from now on."""
    log: list[Transaction] = []
    device.bus.listen(log.append)
    return log


def short(log: list[Transaction]) -> list[tuple[str, int, tuple[int, ...], int]]:
    told = [(each.operation, each.address - BASE, each.words, each.count) for each in log]
    log.clear()
    return told


def test_the_bus_is_one_and_has_the_devices_lock(any_spy: Any) -> None:
    assert any_spy.bus is any_spy.bus
    assert isinstance(any_spy.bus, Bus)
    assert any_spy.bus.lock is any_spy.lock
    device = SimulatedDevice("t")
    assert device.bus.lock is device.lock


def test_every_way_to_a_word_is_one_transaction(any_spy: Any) -> None:
    log = seen(any_spy)
    mmio = MMIO(BASE, 0x100, any_spy)
    mirror = Mirror(mmio, BLOCK)
    registers: Any = RegisterMap.create_subclass("R", BLOCK)(mmio)
    any_spy.put(0, 0x11)
    ways: list[tuple[Callable[[], Any], list[tuple[str, int, tuple[int, ...], int]]]] = [
        (lambda: mmio.read(0), [("read", 0, (0x11,), 1)]),
        (lambda: mmio.read(0, 2), [("read", 0, (0x11,), 1)]),
        (lambda: mmio.write(4, 5), [("write", 4, (5,), 1)]),
        (lambda: mmio.write(4, np.uint32(6)), [("write", 4, (6,), 1)]),
        (lambda: mmio.write(4, True), [("write", 4, (1,), 1)]),
        (lambda: mmio.write(8, bytes([1, 0, 0, 0, 2, 0, 0, 0])), [("write", 8, (1, 2), 2)]),
        (lambda: mmio.read(8, 8), [("read", 8, (1,), 1), ("read", 12, (2,), 1)]),
        (lambda: registers.CTRL.MODE, [("read", 0, (0x11,), 1)]),
        (lambda: setattr(registers.CTRL, "MODE", 2), [("read", 0, (0x11,), 1), ("write", 0, (0x21,), 1)]),
        (lambda: setattr(registers, "LENGTH", 9), [("write", 4, (9,), 1)]),
        (lambda: registers.POINTER[:], [("read", 8, (1, 2), 2)]),
        (lambda: setattr(registers, "POINTER", 1 << 32), [("write", 8, (0, 1), 2)]),
        (lambda: mirror.CTRL.read(), [("read", 0, (0x21,), 1)]),
        (lambda: mirror.CTRL.write_field("GO", 0), [("read", 0, (0x21,), 1), ("write", 0, (0x20,), 1)]),
        (lambda: mirror.LENGTH.write(3), [("write", 4, (3,), 1)]),
        (lambda: mirror.LENGTH.write(3), [("write", 4, (3,), 1)]),
        (lambda: mirror.POINTER.read(), [("read", 8, (0, 1), 2)]),
        (mirror.refresh, [("read", 0, (0x20, 3, 0, 1), 4)]),
        (lambda: repr(registers), [("read", 0, (0x20,), 1), ("read", 4, (3,), 1), ("read", 8, (0, 1), 2)]),
    ]
    for number, (way, expected) in enumerate(ways):
        way()
        assert short(log) == expected, number
    reads = sum(kind == "read" for _, expected in ways for kind, *_ in expected)
    writes = sum(kind == "write" for _, expected in ways for kind, *_ in expected)
    words = sum(count for _, expected in ways for *_, count in expected)
    total = any_spy.bus.statistics().total
    assert total[:4] == (reads, writes, words, 0)
    assert total.transactions == reads + writes
    assert total.seconds > 0


def test_the_array_of_a_bus_is_counted(bus_spy: Any) -> None:
    log = seen(bus_spy)
    array = MMIO(BASE, 0x100, bus_spy).array
    array[2] = 7
    assert array[2:4].tolist() == [7, 0]
    array.view("u8")[1] = 1 << 33
    assert short(log) == [("write", 8, (7,), 1), ("read", 8, (7,), 1), ("read", 12, (0,), 1), ("write", 8, (0, 2), 2)]


def test_a_remote_mapping_is_counted() -> None:
    class Mapping:
        array = None
        words = {0: 5}

        def read(self, offset: int) -> int:
            return self.words[offset]

        def write(self, offset: int, value: int) -> None:
            self.words[offset] = value

    class Remote(Device):
        capabilities = {"REMOTE": True}

        def mmap(self, base_addr: int, length: int) -> Any:
            return Mapping()

    device = Remote("far")
    mmio = MMIO(BASE, 8, device)
    mmio.write(0, mmio.read(0) + 1)
    assert device.bus.statistics().by_who["user"][:4] == (1, 1, 2, 0)
    assert device.bus.statistics().complete


def test_words_of_mapped_memory_go_past_unless_somebody_counts_or_listens(mapped_spy: Any) -> None:
    bus = mapped_spy.bus
    early = MMIO(BASE, 16, mapped_spy)
    plain = early._port.words
    assert isinstance(plain, memoryview)
    early.read(0)
    early._port.read_block(0, 4)
    assert bus.statistics().total[:4] == (1, 0, 4, 0)  # the block alone
    assert not bus.statistics().complete
    assert repr(bus.statistics()).splitlines()[-1] == ("Single words of mapped memory may be missing: bus.counting = True counts them too.")
    bus.counting = True
    bus.reset_statistics()
    late = MMIO(BASE, 16, mapped_spy)
    early.read(0)
    late.write(4, 1)
    assert bus.statistics().total[:4] == (1, 1, 2, 0)
    assert bus.statistics().complete
    bus.counting = False
    assert early._port.words is plain
    early.read(0)
    assert bus.statistics().total[:4] == (1, 1, 2, 0)
    assert not bus.statistics().complete
    log: list[Transaction] = []
    undo = bus.listen(log.append)
    late.read(4)
    undo()
    late.read(4)
    assert short(log) == [("read", 4, (1,), 1)]
    assert early._port.words is plain


def test_who_asks(bus_spy: Any) -> None:
    bus = bus_spy.bus
    mmio = MMIO(BASE, 16, bus_spy)
    assert bus.who == "user"
    mmio.read(0)
    with bus.asking("sampler"):
        mmio.read(0)
        with bus.asking("page"):
            mmio.write(0, 1)
            assert bus.who == "page"
        assert bus.who == "sampler"
        others: list[str] = []
        thread = threading.Thread(target=lambda: (others.append(bus.who), mmio.read(4)))
        thread.start()
        thread.join(20)
        assert others == ["user"]
        with pytest.raises(ZeroDivisionError), bus.asking("display"):
            raise ZeroDivisionError
        assert bus.who == "sampler"
    assert bus.who == "user"
    assert {who: count[:4] for who, count in bus.statistics().by_who.items()} == {
        "user": (2, 0, 2, 0),
        "sampler": (1, 0, 1, 0),
        "page": (0, 1, 1, 0),
    }
    before = bus.statistics()
    bus.reset_statistics()
    assert (bus.statistics().total, dict(bus.statistics().by_who)) == (Count(), {})
    assert before.total.transactions == 4


def test_statistics_as_text(bus_spy: Any) -> None:
    bus = bus_spy.bus
    MMIO(BASE, 16, bus_spy).read(0)
    bus.users[4] = 0.00125
    assert repr(bus.statistics()).splitlines() == [
        "who     reads  writes  words  errors      time",
        "user        1       0      1       0  1.250 ms",
        "in all      1       0      1       0  1.250 ms",
    ]
    assert "text/plain" in bus.statistics()._repr_mimebundle_()


def test_a_failure_is_counted_told_and_raised(bus_spy: Any) -> None:
    mmio = MMIO(BASE, 16, bus_spy)
    quiet = Mirror(mmio, BLOCK[:2])
    bus_spy.failing.add(BASE + 4)
    for attempt in (lambda: mmio.read(4), lambda: mmio.write(4, 1), lambda: mmio.write(4, bytes(8)), quiet.refresh):
        with pytest.raises(OSError, match=r"^bus error at 0x40000004$"):
            attempt()
    assert bus_spy.bus.statistics().total[:4] == (2, 2, 6, 4)
    log = seen(bus_spy)
    for attempt in (lambda: mmio.read(4), lambda: mmio.write(4, 1)):
        with pytest.raises(OSError, match=r"^bus error at 0x40000004$"):
            attempt()
    assert [each[1:6] + each[7:] for each in log] == [
        ("user", "read", BASE + 4, (), 1, "bus error at 0x40000004"),
        ("user", "write", BASE + 4, (1,), 1, "bus error at 0x40000004"),
    ]


@pytest.mark.parametrize("value", [-(1 << 31) - 1, 1 << 32, "5", 1.5, None])
def test_what_is_refused_before_the_bus_is_no_transaction(any_spy: Any, value: Any) -> None:
    any_spy.bus.counting = True
    mmio = MMIO(BASE, 16, any_spy)
    with pytest.raises(ValueError, match=r"does not fit a 32-bit word|^Data type must be int or bytes\."):
        mmio.write(0, value)
    for offset in (-4, 2, 16):
        with pytest.raises((ValueError, MemoryError, IndexError)):
            mmio.read(offset)
    assert any_spy.bus.statistics().total.transactions == 0


def test_an_error_of_the_devices_own_is_not_tried_again(bus_spy: Any) -> None:
    calls: list[int] = []

    def refuse(address: int, data: bytes) -> None:
        calls.append(address)
        raise ValueError("the firmware is busy")

    bus_spy.write_registers = refuse
    with pytest.raises(ValueError, match=r"^the firmware is busy$"):
        MMIO(BASE, 16, bus_spy).write(0, 1)
    assert calls == [BASE]


def test_the_time_is_that_of_the_devices_clock(demo_design: Path) -> None:
    clock = VirtualClock()
    device = SimulatedDevice("t", clock=clock)
    overlay = Overlay(demo_design, device=device)
    log = seen(device)
    clock.advance(2.5)
    overlay.leds.mmio.write(0, 5)
    assert (log[0].time, log[0].who, log[0].operation, log[0].words, log[0].error) == (2.5, "user", "write", (5,), "")
    assert 0 < log[0].seconds < 5


def test_a_listener_that_fails_harms_nobody(bus_spy: Any, caplog: pytest.LogCaptureFixture) -> None:
    def fail(transaction: Transaction) -> None:
        raise RuntimeError("oops")

    bus_spy.bus.listen(fail)
    log = seen(bus_spy)
    with caplog.at_level(logging.ERROR):
        assert MMIO(BASE, 16, bus_spy).read(0) == 0
    assert "a listener of a bus failed" in caplog.text
    assert len(log) == 1


def test_one_function_may_listen_twice_and_each_undo_ends_its_own(bus_spy: Any) -> None:
    log: list[Transaction] = []
    undo, other = bus_spy.bus.listen(log.append), bus_spy.bus.listen(log.append)
    mmio = MMIO(BASE, 16, bus_spy)
    mmio.read(0)
    undo()
    undo()
    mmio.read(0)
    other()
    mmio.read(0)
    assert len(log) == 3


def test_no_count_is_lost_among_threads(any_spy: Any) -> None:
    any_spy.bus.counting = True
    mmio = MMIO(BASE, 16, any_spy)

    def work(who: str) -> None:
        with any_spy.bus.asking(who):
            for _ in range(500):
                mmio.read(0)
                mmio.write(4, 1)

    threads = [threading.Thread(target=work, args=(f"thread {n % 2}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    counts = any_spy.bus.statistics()
    assert {who: count[:4] for who, count in counts.by_who.items()} == {f"thread {n}": (1000, 1000, 2000, 0) for n in range(2)}


def test_a_stale_handle_makes_no_transaction_and_counting_does_not_revive_it(any_spy: Any) -> None:
    mmio = MMIO(BASE, 16, any_spy, generation=0)
    part = mmio._port.part(1, 2)
    any_spy.generation = 1
    any_spy.bus.counting = True
    for access in (lambda: mmio.read(0), lambda: mmio.write(0, 1), lambda: part.read(0), lambda: part.read_block(0, 2)):
        with pytest.raises(StaleOverlayError):
            access()
    any_spy.bus.counting = False
    with pytest.raises(StaleOverlayError):
        mmio.read(0)
    assert any_spy.bus.statistics().total.transactions == 0


def test_a_device_that_keeps_a_generation_of_its_own_is_compared_with() -> None:
    class Own:
        tag = "own"
        generation = 3
        lock = None
        memory = bytearray(64)

        def has_capability(self, capability: str) -> bool:
            return capability == "REGISTER_RW"

        def read_registers(self, address: int, length: int) -> bytes:
            return bytes(self.memory[address - BASE : address - BASE + length])

        def write_registers(self, address: int, data: bytes) -> None:
            self.memory[address - BASE : address - BASE + len(data)] = data

    device: Any = Own()
    mmio = MMIO(BASE, 16, device, generation=3)
    mmio.write(0, 9)
    assert (mmio.read(0), mmio._port.read_block(0, 2)) == (9, [9, 0])
    assert bus_of(device).statistics().total[:4] == (2, 1, 4, 0)
    device.generation = 4
    for access in (lambda: mmio.read(0), lambda: mmio.write(0, 1), lambda: mmio._port.read_block(0, 2)):
        with pytest.raises(
            StaleOverlayError, match=r"^This handle to 0x40000000 on device 'own' has gone: another overlay has been loaded"
        ):
            access()
    assert bus_of(device).statistics().total[:4] == (2, 1, 4, 0)


def test_the_bus_keeps_neither_its_device_nor_its_ports(make_spy: Any) -> None:
    device = make_spy("short-lived")
    mmio = MMIO(BASE, 16, device, generation=0)
    port = weakref.ref(mmio._port)
    gone = weakref.ref(device)
    bus = device.bus
    del mmio
    gc.collect()
    assert port() is None
    del device
    gc.collect()
    assert gone() is None
    assert bus.statistics().total == Count()


def test_a_listener_that_touches_the_bus_is_not_told_of_it_without_end(bus_spy: Any, caplog: pytest.LogCaptureFixture) -> None:
    mmio, told = MMIO(BASE, 64, bus_spy), []

    def touch(transaction: Transaction) -> None:
        told.append(transaction.address - BASE)
        mmio.read(4)

    bus_spy.bus.listen(touch)
    mmio.read(0)
    mmio.read(8)
    assert told == [0, 8]
    assert bus_spy.taken() == [("read", 0, 4), ("read", 4, 4), ("read", 8, 4), ("read", 4, 4)]
    assert bus_spy.bus.statistics().total.reads == 4
    assert caplog.text == ""
