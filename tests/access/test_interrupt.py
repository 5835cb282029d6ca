"""Interrupts against an AXI interrupt controller as PG099 has it: levels latch again while they last, edges are kept."""

from __future__ import annotations

import asyncio
import re
import threading
from types import SimpleNamespace

import pytest

from pynq_widgets.access import Interrupt, StaleOverlayError
from pynq_widgets.access.interrupt import CIE, IAR, IER, IPR, MER, SIE, forget
from pynq_widgets.design.model import InterruptController, InterruptLine
from pynq_widgets.device import Device, VirtualClock

BASES = {"intc": 0x1000, "upper": 0x2000}


class Line:
    """A line of the processing system: masked at first; when high and unmasked it masks itself and tells."""

    def __init__(self):
        self.level = False
        self.enabled = False
        self.enables = 0
        self.callbacks = []

    def set(self, level):
        self.level = bool(level)
        self._tell()

    def subscribe(self, callback):
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def enable(self):
        self.enabled = True
        self.enables += 1
        self._tell()

    def _tell(self):
        if self.level and self.enabled:
            self.enabled = False
            for callback in list(self.callbacks):
                callback()


class Intc:
    """PG099's controller with its outputs wired to `out`; inputs in `edges` are caught as edges."""

    def __init__(self, out, edges=0):
        self.out, self.edges = out, edges
        self.isr = self.ier = self.mer = self.lines = 0
        self.log = []

    def set(self, number, level):
        before = self.lines
        self.lines = self.lines | 1 << number if level else self.lines & ~(1 << number)
        self._latch(self.lines & ~before)

    def _latch(self, rising):
        self.isr |= rising & self.edges | self.lines & ~self.edges
        self.out(bool(self.isr & self.ier and self.mer == 3))

    def read(self, offset):
        self.log.append(("read", offset))
        assert offset == IPR
        return self.isr & self.ier

    def write(self, offset, value):
        self.log.append(("write", offset, value))
        if offset == IER:
            self.ier = value
        elif offset == IAR:
            self.isr &= ~value
        elif offset == SIE:
            self.ier |= value
        elif offset == CIE:
            self.ier &= ~value
        elif offset == MER:
            self.mer = value
        else:
            raise AssertionError(f"write to {offset:#x}")
        self._latch(0)

    def taken(self):
        log, self.log = self.log, []
        return log


class IntcDevice(Device):
    """A device with two controllers, one above the other, and lines straight to the processing system."""

    capabilities = {"REGISTER_RW": True}

    def __init__(self, cascaded=False):
        super().__init__("intc device")
        self.__dict__["_clock"] = VirtualClock()
        self.ps = {"intc": Line(), "straight": Line()}
        self.upper = Intc(self.ps["intc"].set)
        self.intc = Intc((lambda level: self.upper.set(5, level)) if cascaded else self.ps["intc"].set, edges=0b1000)
        parent = "upper" if cascaded else None
        controllers = [InterruptController("intc", parent, 5 if cascaded else 0, None if cascaded else "irq", None if cascaded else 61)]
        if cascaded:
            controllers.append(InterruptController("upper", None, 0, "irq", 61))
        self.design = SimpleNamespace(
            interrupts=(
                InterruptLine("timer", "interrupt", 0, "intc", 2, None, None, "LEVEL_HIGH"),
                InterruptLine("edge", "irq", 0, "intc", 3, None, None, "EDGE_RISING"),
                InterruptLine("gpio", "irq", 0, None, 1, "irq", 62, "LEVEL_HIGH"),
                InterruptLine("wide", "irq", 0, "intc", 8, None, None, None),
                InterruptLine("wide", "irq", 1, "intc", 9, None, None, None),
                InterruptLine("lost", "irq", 0, "gone", 0, None, None, None),
            ),
            controllers=tuple(controllers),
            address_map=tuple(SimpleNamespace(slave=name, base=base) for name, base in BASES.items()),
            modules={},
        )

    def read_registers(self, address, length):
        return self._at(address).read(address & 0xFFF).to_bytes(4, "little")

    def write_registers(self, address, data):
        self._at(address).write(address & 0xFFF, int.from_bytes(data, "little"))

    def _at(self, address):
        return self.intc if address < 0x2000 else self.upper

    def interrupt_source(self, line):
        return self.ps["intc" if line.controller else "straight"]


@pytest.fixture
def device():
    return IntcDevice()


async def turn():
    """Let whoever is ready run."""
    for _ in range(5):
        await asyncio.sleep(0)


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


ARM = [("write", IAR, 4), ("write", SIE, 4)]
FIRE = [("read", IPR), ("write", CIE, 4), ("write", IAR, 4)]


def test_nothing_is_put_on_the_bus_before_somebody_waits(device):
    interrupt = Interrupt("timer/interrupt", device)
    assert repr(interrupt) == "Interrupt('timer/interrupt', line 2 of intc)"
    assert device.intc.taken() == []
    assert device.ps["intc"].callbacks == []


def test_the_transactions_of_a_wait(device):
    interrupt = Interrupt("timer/interrupt", device)

    async def main():
        waiting = asyncio.ensure_future(interrupt.wait())
        await turn()
        assert device.intc.taken() == [("write", IER, 0), ("write", MER, 3), *ARM]
        assert not waiting.done()
        device.intc.set(2, 1)
        await waiting
        assert device.intc.taken() == FIRE
        device.intc.set(2, 0)
        # Cleared at its source: what the controller latched before is old, and no second wait ends by it.
        waiting = asyncio.ensure_future(interrupt.wait())
        await turn()
        assert not waiting.done()
        assert device.intc.taken() == ARM
        device.intc.set(2, 1)
        await waiting

    run(main())
    assert device.ps["intc"].callbacks == []


def test_a_level_that_was_there_before_ends_the_wait_at_once_and_again_while_it_lasts(device):
    device.intc.set(2, 1)
    interrupt = Interrupt("timer/interrupt", device)

    async def main():
        await interrupt.wait()
        await interrupt.wait()

    run(main())
    assert device.intc.taken()[2:] == [*ARM, *FIRE, *ARM, *FIRE]


def test_an_edge_between_two_waits_is_kept(device):
    interrupt = Interrupt("edge/irq", device)

    async def main():
        device.intc.set(3, 1)
        device.intc.set(3, 0)
        await interrupt.wait()
        waiting = asyncio.ensure_future(interrupt.wait())
        await turn()
        assert not waiting.done()
        device.intc.set(3, 1)
        await waiting

    run(main())
    assert ("write", IAR, 8) in device.intc.log
    assert device.intc.log[:3] == [("write", IER, 0), ("write", MER, 3), ("write", SIE, 8)]


def test_all_who_wait_are_told(device):
    first, second = Interrupt("timer/interrupt", device), Interrupt("timer/interrupt", device)

    async def main():
        waits = [asyncio.ensure_future(wait()) for wait in (first.wait, first.wait, second.wait)]
        await turn()
        device.intc.set(2, 1)
        await asyncio.gather(*waits)

    run(main())
    assert [what for what in device.intc.log if what[:2] == ("write", SIE)] == [("write", SIE, 4)]


@pytest.mark.parametrize("cascaded", [False, True])
def test_lines_do_not_end_each_others_waits(cascaded):
    device = IntcDevice(cascaded)
    timer, edge = Interrupt("timer/interrupt", device), Interrupt("edge/irq", device)

    async def main():
        first, second = asyncio.ensure_future(timer.wait()), asyncio.ensure_future(edge.wait())
        await turn()
        device.intc.set(2, 1)
        await first
        await turn()
        assert not second.done()
        device.intc.set(2, 0)
        device.intc.set(3, 1)
        await second
        device.intc.set(3, 0)
        third = asyncio.ensure_future(timer.wait())
        await turn()
        assert not third.done()
        device.intc.set(2, 1)
        await third

    run(main())
    assert device.ps["intc"].callbacks == []


def test_a_controller_on_a_controller(device):
    device = IntcDevice(cascaded=True)

    async def main():
        waiting = asyncio.ensure_future(Interrupt("timer/interrupt", device).wait())
        await turn()
        assert device.upper.taken() == [("write", IER, 0), ("write", MER, 3), ("write", IAR, 1 << 5), ("write", SIE, 1 << 5)]
        device.intc.set(2, 1)
        await waiting
        assert device.upper.taken() == [("read", IPR), ("write", CIE, 1 << 5), ("write", IAR, 1 << 5)]

    run(main())


def test_straight_to_the_processing_system(device):
    interrupt = Interrupt("gpio/irq", device)
    line = device.ps["straight"]

    async def main():
        waiting = asyncio.ensure_future(interrupt.wait())
        await turn()
        assert (line.enables, waiting.done()) == (1, False)
        line.set(1)
        await waiting
        await interrupt.wait()  # still high
        line.set(0)
        waiting = asyncio.ensure_future(interrupt.wait())
        await turn()
        assert not waiting.done()
        waiting.cancel()

    run(main())
    assert line.callbacks == []
    assert device.intc.taken() == []
    assert repr(interrupt) == "Interrupt('gpio/irq', straight to the processing system)"


def test_bits_of_a_vector(device):
    async def main():
        waiting = asyncio.ensure_future(Interrupt("wide/irq[1]", device).wait())
        await turn()
        device.intc.set(8, 1)
        await turn()
        assert not waiting.done()
        device.intc.set(9, 1)
        await waiting

    run(main())
    assert Interrupt("wide/irq", device).line is Interrupt("wide/irq[0]", device).line


def test_a_cancelled_wait_takes_itself_back(device):
    interrupt = Interrupt("timer/interrupt", device)

    async def main():
        kept, cancelled = asyncio.ensure_future(interrupt.wait()), asyncio.ensure_future(interrupt.wait())
        await turn()
        cancelled.cancel()
        await turn()
        assert device.intc.ier == 4
        kept.cancel()
        await turn()
        assert device.intc.ier == 0
        assert device.ps["intc"].callbacks == []
        device.intc.set(2, 1)
        await interrupt.wait()

    run(main())


def test_a_timeout_is_in_the_time_of_the_device(device):
    interrupt = Interrupt("timer/interrupt", device)

    async def main():
        waiting = asyncio.ensure_future(interrupt.wait(timeout=2))
        await turn()
        device.clock.advance(1.9)
        await turn()
        assert not waiting.done()
        device.clock.advance(0.1)
        with pytest.raises(TimeoutError, match=r"^interrupt timer/interrupt did not come within 2 s$"):
            await waiting
        waiting = asyncio.ensure_future(interrupt.wait(timeout=2))
        await turn()
        device.intc.set(2, 1)
        await waiting

    run(main())
    assert device.intc.ier == 0
    assert device.clock.pending == 0


@pytest.mark.parametrize("timeout", [float("nan"), -1, "1"])
def test_a_timeout_that_is_no_time_is_refused_and_nobody_waits(device, timeout):
    interrupt = Interrupt("timer/interrupt", device)
    message = f"^a timeout is 0 or more seconds, or None to wait for ever, not {re.escape(repr(timeout))}$"
    with pytest.raises(ValueError, match=message):
        interrupt.wait_blocking(timeout)

    async def main():
        with pytest.raises(ValueError, match=message):
            await interrupt.wait(timeout)

    run(main())
    assert device.intc.taken() == []


def test_told_for_nothing_it_waits_on_without_a_busy_loop(device):
    interrupt = Interrupt("timer/interrupt", device)

    async def main():
        waiting = asyncio.ensure_future(interrupt.wait())
        await turn()
        device.intc.taken()
        device.ps["intc"].set(1)  # nothing is pending
        await turn()
        assert device.intc.taken() == [("read", IPR)]
        assert device.ps["intc"].enables == 1
        device.clock.advance(0.001)
        assert device.intc.taken() == [("read", IPR)]
        device.ps["intc"].set(0)
        device.clock.advance(0.001)
        assert device.intc.taken() == []
        device.intc.set(2, 1)
        await waiting

    run(main())


def test_from_another_thread_and_in_several_loops(device):
    interrupt = Interrupt("timer/interrupt", device)
    armed, done = threading.Barrier(3), []

    async def wait():
        waiting = asyncio.ensure_future(interrupt.wait())
        await turn()
        armed.wait(10)
        await waiting
        done.append(threading.current_thread())

    threads = [threading.Thread(target=run, args=(wait(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    armed.wait(10)
    device.intc.set(2, 1)
    for thread in threads:
        thread.join(10)
    assert sorted(done, key=id) == sorted(threads, key=id)


def test_a_wait_that_blocks(device):
    interrupt = Interrupt("timer/interrupt", device)
    device.intc.set(2, 1)
    interrupt.wait_blocking()
    device.intc.set(2, 0)
    device.clock.autojump = True
    device.clock.call_later(0.5, lambda: device.intc.set(2, 1))
    interrupt.wait_blocking(timeout=1)
    device.intc.set(2, 0)
    with pytest.raises(TimeoutError, match="interrupt timer/interrupt did not come within 1 s"):
        interrupt.wait_blocking(timeout=1)
    assert device.intc.ier == 0


def test_a_loop_that_was_closed_harms_nobody(device):
    interrupt = Interrupt("timer/interrupt", device)
    loop = asyncio.new_event_loop()
    waiting = interrupt.wait()
    task = loop.create_task(waiting)
    loop.run_until_complete(turn())
    loop.close()

    async def main():
        other = asyncio.ensure_future(interrupt.wait())
        await turn()
        device.intc.set(2, 1)
        await other

    run(main())
    waiting.close()
    task._log_destroy_pending = False


def test_another_overlay_ends_all_waits(device):
    interrupt, straight = Interrupt("timer/interrupt", device), Interrupt("gpio/irq", device)

    async def main():
        waits = [asyncio.ensure_future(interrupt.wait()), asyncio.ensure_future(straight.wait())]
        await turn()
        device.generation += 1
        device.intc.taken()
        forget(device, "base.bit was replaced by other.bit")
        for waiting in waits:
            with pytest.raises(StaleOverlayError, match=r"^Interrupt invalidated by Overlay change: base\.bit was replaced by other\.bit$"):
                await waiting
        with pytest.raises(StaleOverlayError, match="timer/interrupt belongs to an overlay that has been replaced"):
            await interrupt.wait()
        assert device.intc.taken() == []
        # Without being told, the first wait of the new overlay ends those of the old one.
        again = asyncio.ensure_future(Interrupt("timer/interrupt", device).wait())
        await turn()
        device.generation += 1
        new = asyncio.ensure_future(Interrupt("timer/interrupt", device).wait())
        with pytest.raises(StaleOverlayError, match="another overlay has been loaded since"):
            await again
        device.intc.set(2, 1)
        await new

    run(main())


def test_a_bus_that_fails_when_the_interrupt_comes_is_told_to_those_who_wait(device):
    async def main():
        waiting = asyncio.ensure_future(Interrupt("timer/interrupt", device).wait())
        await turn()
        device.read_registers = lambda address, length: (_ for _ in ()).throw(OSError("bus error"))
        device.intc.set(2, 1)
        with pytest.raises(OSError, match="bus error"):
            await waiting

    run(main())


def test_wrong_pins(device):
    with pytest.raises(ValueError, match=r"^No Pin of name timer/interupt found \(did you mean 'timer/interrupt'"):
        Interrupt("timer/interupt", device)
    with pytest.raises(ValueError, match="interrupt lost/irq leads to gone, which is no interrupt controller"):
        Interrupt("lost/irq", device).wait_blocking()
    windows, device.design.address_map = device.design.address_map, ()
    with pytest.raises(ValueError, match="interrupt controller intc has no address"):
        Interrupt("timer/interrupt", device).wait_blocking()
    device.design.address_map = windows
    controller = device.design.controllers[0]
    device.design.controllers = (InterruptController("intc", "intc", controller.index, None, None),)
    device.generation += 1
    with pytest.raises(ValueError, match="intc -> intc hang on one another in a circle"):
        Interrupt("timer/interrupt", device).wait_blocking()


def test_pynqs_dictionaries_are_enough(device):
    device.design = None
    device.parser = SimpleNamespace(
        interrupt_pins={"timer/interrupt": {"controller": "intc", "index": 2}, "gpio/irq": {"controller": "", "index": 0, "raw_irq": 62}},
        interrupt_controllers={"intc": {"parent": "", "index": 0, "raw_irq": 61}},
        ip_dict={"intc": {"phys_addr": 0x1000, "addr_range": 0x1000}},
    )
    device.intc.set(2, 1)
    Interrupt("timer/interrupt", device).wait_blocking()
    device.ps["straight"].set(1)
    Interrupt("gpio/irq", device).wait_blocking()


def test_what_the_controller_was_built_for_tells_edges_from_levels(device):
    device.design.modules = {"intc": SimpleNamespace(parameters={"C_KIND_OF_INTR": "0xfffffffb"})}
    assert not Interrupt("timer/interrupt", device)._is_edge
    assert Interrupt("wide/irq", device)._is_edge
    device.design.modules["intc"].parameters["C_KIND_OF_INTR"] = "?"
    assert Interrupt("edge/irq", device)._is_edge
    assert not Interrupt("wide/irq", device)._is_edge
