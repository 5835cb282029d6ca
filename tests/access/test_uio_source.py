"""Interrupts of Linux: waits in several loops and threads, on lines of UIO devices whose kernel is in this file."""

from __future__ import annotations

import asyncio
import gc
import importlib
import socket
import sys
import threading
from types import SimpleNamespace

import pytest

from pynq_widgets.access import StaleOverlayError, interrupt
from pynq_widgets.access.interrupt_nodes import CIE, IAR, IER, IPR, MER, SIE
from pynq_widgets.access.uio_source import background
from pynq_widgets.device import Device, VirtualClock, uio

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="UIO is Linux's")

BASE = 0x4000_0000


class Line:
    """The kernel's side of one UIO device: an interrupt masks the line and is told to each who has the device open."""

    def __init__(self):
        self.lock = threading.RLock()
        self.level = self.enabled = False
        self.count = self.enables = 0
        self.opened = []
        self.failure = None  # of reads
        self.armed = threading.Event()

    def set(self, level):
        with self.lock:
            self.level = bool(level)
            self.check()

    def check(self):
        if self.level and self.enabled:
            self.enabled = False
            self.spurious()

    def spurious(self):
        """Count an interrupt, whatever the level."""
        with self.lock:
            self.count += 1
            for file in self.opened:
                file.kernel.send(self.count.to_bytes(4, sys.byteorder))

    def open(self):
        with self.lock:
            self.opened.append(File(self))
            return self.opened[-1]


class File:
    def __init__(self, line):
        self.line = line
        self.user, self.kernel = socket.socketpair()

    def fileno(self):
        return self.user.fileno()

    def read(self, nbytes):
        if self.line.failure is not None:
            raise self.line.failure
        return self.user.recv(1000)[-4:]  # the count as it is now

    def write(self, data):
        assert data == bytes([0, 0, 0, 1])
        with self.line.lock:
            self.line.enabled = True
            self.line.enables += 1
            self.line.armed.set()
            self.line.check()
        return len(data)

    def close(self):
        with self.line.lock:
            self.line.opened.remove(self)
        self.user.close()
        self.kernel.close()


class Intc:
    """PG099's controller for levels."""

    def __init__(self, out):
        self.out = out
        self.isr = self.ier = self.mer = self.lines = 0
        self.reads = 0

    def set(self, number, level):
        self.lines = self.lines | 1 << number if level else self.lines & ~(1 << number)
        self.latch()

    def latch(self):
        self.isr |= self.lines
        self.out(bool(self.isr & self.ier and self.mer == 3))

    def read(self, offset):
        assert offset == IPR
        self.reads += 1
        return self.isr & self.ier

    def write(self, offset, value):
        if offset == IER:
            self.ier = value
        elif offset == MER:
            self.mer = value
        elif offset == IAR:
            self.isr &= ~value
        elif offset == SIE:
            self.ier |= value
        else:
            assert offset == CIE
            self.ier &= ~value
        self.latch()


class Board(Device):
    """A device as PYNQ has it: dictionaries, and nothing said of interrupts."""

    capabilities = {"REGISTER_RW": True}

    def __init__(self, intc):
        super().__init__("board")
        self.__dict__["_clock"] = VirtualClock()
        self.intc = intc
        self.ip_dict = {"hier/intc": {"phys_addr": BASE, "addr_range": 0x1000}}
        self.interrupt_controllers = {"hier/intc": {"parent": "", "index": 0, "raw_irq": 61}}
        self.interrupt_pins = {
            "timer/irq": {"controller": "hier/intc", "index": 0},
            "hier/dma/irq": {"controller": "hier/intc", "index": 1},
            "straight/irq": {"controller": "", "index": 1, "raw_irq": 62},
            "shared/irq": {"controller": "", "index": 1, "raw_irq": 62},
            "missing/irq": {"controller": "", "index": 2, "raw_irq": 63},
            "untold/irq": {"controller": "", "index": 3},
        }

    def read_registers(self, address, length):
        assert length == 4
        return self.intc.read(address - BASE).to_bytes(4, "little")

    def write_registers(self, address, data):
        self.intc.write(address - BASE, int.from_bytes(data, "little"))


@pytest.fixture
def lines(monkeypatch):
    made = {61: Line(), 62: Line()}
    monkeypatch.setattr(interrupt, "get_uio_irq", lambda irq: f"/dev/uio{irq}" if irq in made else None)
    monkeypatch.setattr(uio, "_open", lambda path: made[int(path[8:])].open())
    yield made
    gc.collect()
    on_background()  # whose files are for its own thread to close
    assert [line.opened for line in made.values()] == [[], []], "something is left open"


@pytest.fixture
def device(lines):
    board = Board(Intc(lines[61].set))
    yield board
    interrupt.forget(board, "the test is over")


async def turn():
    for _ in range(10):
        await asyncio.sleep(0)


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


def soon(callback):
    """Call `callback` in another thread, which is joined at the end."""
    thread = threading.Thread(target=callback)
    thread.start()
    return thread


def started(coroutine_function):
    """A loop in a thread of its own that runs ``coroutine_function(armed)``; returns when that has called ``armed()``."""
    armed = threading.Event()
    thread = soon(lambda: run(coroutine_function(armed.set)))
    assert armed.wait(10)
    return thread


def on_background():
    """Return when the loop for threads has done what it was asked to before."""
    done = threading.Event()
    background.loop().call_soon_threadsafe(done.set)
    assert done.wait(10)


def download(device, name, timestamp):
    """What a device of PYNQ's calls at the end of a download; here of a design like the one before."""
    dictionaries = {name: dict(getattr(device, name)) for name in ("ip_dict", "interrupt_controllers", "interrupt_pins")}
    device.reset(SimpleNamespace(**dictionaries), timestamp, f"/somewhere/{name}")


# What Linux knows.

INTERRUPTS = """
           CPU0
 16:          1     GIC-0  27 Edge      gt
 29:         62     GIC-0  54 Level     eth0
 48:          0     GIC-0  61 Level     fabric
 49:          0     GICv2 121 Level     timer, second
 50:          0          0          0          0     GICv2 122 Edge     third
 51:          0     GIC-0  63 Level
IPI1:         61    Level  interrupts
Err:          0
"""


def test_the_device_of_an_interrupt_is_found(tmp_path, monkeypatch):
    (tmp_path / "interrupts").write_text(INTERRUPTS)
    monkeypatch.setattr(interrupt, "_INTERRUPTS", str(tmp_path / "interrupts"))
    monkeypatch.setattr(interrupt, "get_uio_device", {"fabric": "/dev/uio0", "second": "/dev/uio1", "third": "/dev/uio2"}.get)
    found = {irq: interrupt.get_uio_irq(irq) for irq in (27, 54, 61, 121, 122, 62, 63, 1)}
    assert found == {27: None, 54: None, 61: "/dev/uio0", 121: "/dev/uio1", 122: "/dev/uio2", 62: None, 63: None, 1: None}
    monkeypatch.setattr(interrupt, "_INTERRUPTS", str(tmp_path / "none"))
    assert interrupt.get_uio_irq(61) is None


def test_a_pin_without_a_device_is_refused_when_it_is_made(device):
    with pytest.raises(
        ValueError,
        match=r"^Could not find UIO device for interrupt pin missing/irq for IRQ number 63: no UIO device .*give the overlay "
        r"its \.dtbo .*generic-uio$",
    ):
        interrupt.Interrupt("missing/irq", device)
    with pytest.raises(ValueError, match=r"interrupt pin untold/irq: the design does not say which IRQ of Linux it raises$"):
        interrupt.Interrupt("untold/irq", device)


def test_pins_of_one_line_have_one_parent(device, lines):
    timer, dma = interrupt.Interrupt("timer/irq", device), interrupt.Interrupt("hier/dma/irq", device)
    straight, shared = interrupt.Interrupt("straight/irq", device), interrupt.Interrupt("shared/irq", device)
    assert (timer.parent, timer.number, dma.number) == (dma.parent, 0, 1)
    assert (straight.parent, straight.number, shared.number) == (shared.parent, 0, 0)
    assert timer.parent() is not None
    assert timer.parent != straight.parent
    assert lines[61].opened == []
    download(device, "another.bit", "then")
    assert timer.parent() is None


# Waiting.


def test_straight_from_the_device_in_the_loop_that_waits(device, lines):
    line = lines[62]
    pins = [interrupt.Interrupt("straight/irq", device), interrupt.Interrupt("shared/irq", device)]

    async def main():
        for _ in range(3):
            waits = [asyncio.ensure_future(pin.wait()) for pin in pins]
            await turn()
            assert [wait.done() for wait in waits] == [False, False]
            line.set(1)
            await asyncio.gather(*waits)
            line.set(0)
        assert (line.count, line.enables, len(line.opened)) == (3, 3, 1)
        line.set(1)
        await pins[0].wait()
        await pins[0].wait()  # still high

    run(main())


def test_through_a_controller_in_a_hierarchy(device, lines):
    async def main():
        timer = asyncio.ensure_future(interrupt.Interrupt("timer/irq", device).wait())
        dma = asyncio.ensure_future(interrupt.Interrupt("hier/dma/irq", device).wait())
        await turn()
        device.intc.set(1, 1)
        await dma
        device.intc.set(1, 0)
        await turn()
        assert not timer.done()
        device.intc.set(0, 1)
        await timer
        device.intc.set(0, 0)
        assert device.intc.reads == 2

    run(main())


def test_each_run_of_a_loop_leaves_nothing_behind(device, lines):
    pin = interrupt.Interrupt("straight/irq", device)
    lines[62].set(1)
    for _ in range(5):
        asyncio.run(pin.wait())
    gc.collect()
    assert len(lines[62].opened) <= 1


def test_a_thread_waits_without_a_loop_of_its_own(device, lines):
    for pin, line, level in (("straight/irq", lines[62], lines[62].set), ("timer/irq", lines[61], lambda level: device.intc.set(0, level))):
        waiter = interrupt.Interrupt(pin, device)
        for _ in range(3):
            line.armed.clear()
            thread = soon(waiter.wait_blocking)
            assert line.armed.wait(10)
            level(1)
            thread.join(10)
            assert not thread.is_alive()
            level(0)


def test_a_wait_that_blocks_the_loop_that_runs_here_ends_all_the_same(device, lines):
    # As in a cell of a notebook, where a loop is always running.
    async def main():
        interrupt.Interrupt("straight/irq", device).wait_blocking()
        interrupt.Interrupt("timer/irq", device).wait_blocking()

    lines[62].set(1)
    device.intc.set(0, 1)
    run(main())


def test_told_once_from_the_loop_for_threads(device, lines):
    told = []
    done = threading.Event()
    interrupt.Interrupt("straight/irq", device).once(lambda error: (told.append(error), done.set()))
    on_background()
    lines[62].set(1)
    assert done.wait(10)
    assert told == [None]
    lines[62].set(0)
    interrupt.Interrupt("straight/irq", device).once(told.append)()
    on_background()
    lines[62].set(1)
    on_background()
    assert told == [None]


def test_a_parent_takes_events_as_pynqs_does(device, lines):
    async def main():
        pin = interrupt.Interrupt("timer/irq", device)
        event = asyncio.Event()
        pin.parent().add_event(event, pin.number)
        device.intc.set(0, 1)
        await event.wait()

    run(main())


def test_what_stands_in_for_a_controller_need_not_take_events_back(device, lines, monkeypatch):
    class Other:
        """PYNQ's shape: it keeps events, and sets all of them."""

        events: list = []

        def __init__(self, path):
            assert path == "/dev/uio62"

        def add_event(self, event, number):
            assert number == 0
            self.events.append(event)

        def interrupt(self):
            told, Other.events = Other.events, []
            for event in told:
                event.set()

    monkeypatch.setattr(interrupt, "UioController", Other)
    pin = interrupt.Interrupt("straight/irq", device)

    async def main():
        cancelled = asyncio.ensure_future(pin.wait())
        await turn()
        cancelled.cancel()
        await turn()
        old = Other.events.pop()
        waiting = asyncio.ensure_future(pin.wait())
        await turn()
        old.set()
        await turn()
        assert not waiting.done()
        Other("/dev/uio62").interrupt()
        await waiting

    run(main())


def test_the_module_may_be_reloaded(device, lines):
    pin = interrupt.Interrupt("straight/irq", device)

    async def main():
        waiting = asyncio.ensure_future(pin.wait())
        await turn()
        found = interrupt.get_uio_irq
        importlib.reload(interrupt)
        with pytest.raises(StaleOverlayError, match="the module of interrupts was reloaded"):
            await waiting
        assert interrupt.get_uio_irq is not found
        interrupt.get_uio_irq = found
        lines[62].set(1)
        await pin.wait()
        await interrupt.Interrupt("straight/irq", device).wait()

    run(main())


# What goes wrong.


def test_a_cancelled_wait_leaves_the_next_one_its_own_interrupt(device, lines):
    pin, line = interrupt.Interrupt("straight/irq", device), lines[62]

    async def main():
        waiting = asyncio.ensure_future(pin.wait())
        await turn()
        waiting.cancel()
        await turn()
        line.set(1)  # the line was left unmasked: the kernel counts it, and nobody reads
        line.set(0)
        waiting = asyncio.ensure_future(pin.wait())
        await turn()
        assert not waiting.done()
        line.set(1)
        await waiting
        line.set(0)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(pin.wait(), 0)

    run(main())


def test_two_loops_in_two_threads_are_both_told(device, lines):
    for pin, level in (("straight/irq", lines[62].set), ("timer/irq", lambda level: device.intc.set(0, level))):
        waiter = interrupt.Interrupt(pin, device)

        async def main(armed, waiter=waiter):
            waiting = asyncio.ensure_future(waiter.wait())
            await turn()
            armed()
            await waiting

        threads = [started(main) for _ in range(2)]
        level(1)
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive()
        level(0)


def test_a_loop_that_stands_still_keeps_nobody_waiting(device, lines):
    stands = threading.Event()

    async def still(armed):
        waiting = asyncio.ensure_future(interrupt.Interrupt("timer/irq", device).wait())
        await turn()
        armed()
        stands.wait(10)
        await waiting

    first = started(still)

    async def main():
        waiting = asyncio.ensure_future(interrupt.Interrupt("hier/dma/irq", device).wait())
        await turn()
        device.intc.set(1, 1)
        await waiting
        device.intc.set(1, 0)
        # And again, now that it is this loop that hears of the controller.
        waiting = asyncio.ensure_future(interrupt.Interrupt("hier/dma/irq", device).wait())
        await turn()
        device.intc.set(1, 1)
        await waiting
        device.intc.set(1, 0)

    try:
        run(main())
        assert first.is_alive()
        device.intc.set(0, 1)
    finally:
        stands.set()
    first.join(10)
    assert not first.is_alive()


def test_a_loop_that_is_closed_while_it_waits_keeps_nobody_waiting(device, lines):
    loop = asyncio.new_event_loop()
    waiting = interrupt.Interrupt("timer/irq", device).wait()
    task = loop.create_task(waiting)
    loop.run_until_complete(turn())
    assert len(lines[61].opened) == 1
    loop._ready.clear()
    loop.close()

    async def main():
        other = asyncio.ensure_future(interrupt.Interrupt("hier/dma/irq", device).wait())
        await turn()
        assert len(lines[61].opened) == 1  # that of the closed loop has gone
        device.intc.set(1, 1)
        await other

    run(main())
    task._log_destroy_pending = False
    waiting.close()


@pytest.mark.parametrize("pin", ["straight/irq", "timer/irq"])
def test_a_device_that_fails_to_read_ends_the_waits_and_is_opened_anew(device, lines, pin, caplog):
    waiter = interrupt.Interrupt(pin, device)
    line = lines[61 if pin == "timer/irq" else 62]

    def level(value):
        device.intc.set(0, value) if pin == "timer/irq" else line.set(value)

    async def main():
        waits = [asyncio.ensure_future(waiter.wait()) for _ in range(2)]
        await turn()
        line.failure = OSError(5, "Input/output error")
        level(1)
        for waiting in waits:
            with pytest.raises(OSError, match=r"^reading /dev/uio6\d for its interrupt failed: \[Errno 5\] Input/output error$"):
                await waiting
        assert line.opened == []
        line.failure = None
        await waiter.wait()
        level(0)

    run(main())
    assert "no more interrupts" in caplog.text


def test_a_device_that_cannot_be_opened_says_so_to_whoever_waits(device, lines, monkeypatch):
    def refused(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(uio, "_open", refused)
    for pin in ("straight/irq", "timer/irq"):
        waiter = interrupt.Interrupt(pin, device)
        with pytest.raises(PermissionError, match="/dev/uio6"):
            run(waiter.wait())
        with pytest.raises(PermissionError, match="/dev/uio6"):
            waiter.wait_blocking()
    assert device.intc.ier == 0
    monkeypatch.undo()


def test_a_count_for_nothing_is_no_busy_loop(device, lines):
    async def main():
        waiting = asyncio.ensure_future(interrupt.Interrupt("timer/irq", device).wait())
        await turn()
        for number in range(1, 4):
            lines[61].enabled = False
            lines[61].spurious()
            await turn()
            assert (device.intc.reads, waiting.done()) == (number, False)
            enables = lines[61].enables
            await turn()
            assert lines[61].enables == enables  # not before the pause is over
            device.clock.advance(0.001)
            await turn()
            assert lines[61].enables == enables + 1
        device.intc.set(0, 1)
        await waiting

    run(main())


def test_a_device_that_is_replaced_ends_waits_in_loops_and_threads(device, lines):
    errors = []

    def block(pin):
        try:
            interrupt.Interrupt(pin, device).wait_blocking()
        except StaleOverlayError as error:
            errors.append(str(error))

    threads = []
    for pin, line in (("straight/irq", lines[62]), ("timer/irq", lines[61])):
        threads.append(soon(lambda pin=pin: block(pin)))
        assert line.armed.wait(10)
    on_background()

    async def main():
        pins = [interrupt.Interrupt(pin, device) for pin in ("straight/irq", "timer/irq")]
        waits = [asyncio.ensure_future(pin.wait()) for pin in pins]
        await turn()
        download(device, "other.bit", "2026/11/23 1:2:3 +4")
        for waiting in waits:
            with pytest.raises(StaleOverlayError, match=r"^Interrupt invalidated by Overlay change: other\.bit was loaded at 2026/11/23"):
                await waiting
        with pytest.raises(StaleOverlayError, match="belongs to an overlay that has been replaced on device 'board'"):
            await pins[0].wait()
        # The same pins of what is loaded now.
        lines[62].set(1)
        await interrupt.Interrupt("straight/irq", device).wait()

    run(main())
    for thread in threads:
        thread.join(10)
    assert [error.partition(" at ")[0] for error in errors] == ["Interrupt invalidated by Overlay change: other.bit was loaded"] * 2
    on_background()


def test_a_download_that_is_told_of_twice_is_one(device, lines):
    download(device, "other.bit", "now")
    pin = interrupt.Interrupt("straight/irq", device)
    download(device, "other.bit", "now")
    lines[62].set(1)
    run(pin.wait())
