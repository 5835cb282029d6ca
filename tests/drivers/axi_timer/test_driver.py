"""AXI Timer, the driver: seconds in, registers out."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from traitlets import TraitError

from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device import VirtualClock


@pytest.fixture
def bench(build: Any, timer_block: Any) -> Any:
    return build(timer_block())


def test_one_shot(bench: Any) -> None:
    timer = bench.overlay.timer
    timer.timer0.one_shot(0.5)
    assert timer.timer0.remaining == pytest.approx(0.5)
    timer.timer0.wait()
    assert bench.clock.now() == pytest.approx(0.5)
    assert not timer.timer0.expired


def test_periodic(bench: Any) -> None:
    timer1 = bench.overlay.timer.timer1
    timer1.periodic(1e-3)
    times = []
    for _ in range(3):
        timer1.wait(timeout=1)
        times.append(bench.clock.now())
    assert times == pytest.approx([1e-3, 2e-3, 3e-3], abs=2e-8)
    timer1.stop()
    assert not timer1.running
    with pytest.raises(
        RuntimeError, match=r"^timer.timer1 stands still, so nothing will come: call one_shot\(\), periodic\(\) or capture\(\) first$"
    ):
        timer1.wait()


def test_waiting_without_an_interrupt(build: Any, timer_block: Any) -> None:
    bench = build(timer_block(interrupt=False))
    bench.overlay.timer.timer0.one_shot(0.01)
    reads = bench.accesses("timer", bench.overlay.timer.timer0.wait)
    assert bench.clock.now() == pytest.approx(0.01, rel=1e-2)
    assert len(reads) < 40


def test_await_and_timeout(bench: Any) -> None:
    timer = bench.overlay.timer

    async def scene() -> None:
        timer.timer0.one_shot(0.5)
        waiting = asyncio.create_task(timer.timer0.wait_async(timeout=2))
        for _ in range(5):
            await asyncio.sleep(0)
        bench.clock.advance(0.6)
        await waiting
        timer.timer0.one_shot(0.5)
        waiting = asyncio.create_task(timer.timer0.wait_async(timeout=0.1))
        for _ in range(5):
            await asyncio.sleep(0)
        bench.clock.advance(0.2)
        with pytest.raises(TimeoutError, match=r"^timer.timer0 did not come to the end of its interval within 0.1 s$"):
            await waiting

    asyncio.run(scene())


def test_pwm(bench: Any) -> None:
    timer = bench.overlay.timer
    timer.pwm(1e-3, 0.25)
    wave = bench.model("timer").pwm
    assert (wave.period, wave.high, wave.duty) == pytest.approx((1e-3, 0.25e-3, 0.25))
    timer.stop()
    assert bench.model("timer").pwm is None


def test_cascade_does_long_intervals(bench: Any) -> None:
    timer = bench.overlay.timer
    timer.cascade.one_shot(100.0)
    timer.cascade.wait()
    assert bench.clock.now() == pytest.approx(100.0)


def test_captured_seconds(bench: Any) -> None:
    timer = bench.overlay.timer
    timer.timer0.capture()
    bench.clock.advance(0.125)
    bench.device.drive("timer/capturetrig0", 1)
    assert timer.timer0.expired
    assert timer.timer0.captured == pytest.approx(0.125)


def test_frequency_is_the_design_s_and_can_be_set(bench: Any) -> None:
    timer = bench.overlay.timer
    assert timer.frequency == 100e6
    timer.frequency = 50e6
    assert timer.timer0.ticks(1.0) == 50_000_000
    with pytest.raises(ValueError, match=r"^The frequency of timer must be more than 0 Hz, not 0$"):
        timer.frequency = 0


@pytest.mark.parametrize(
    ("action", "error", "message"),
    [
        (
            lambda t: t.timer0.one_shot(50),
            ValueError,
            "timer.timer0 does intervals of 2e-08 to 42.9497 s, not 50 s; cascade joins both counters for longer ones",
        ),
        (lambda t: t.timer0.periodic(0), ValueError, "timer.timer0 does intervals of 2e-08 to 42.9497 s, not 0 s"),
        (lambda t: t.timer0.load(1 << 32), ValueError, "timer.timer0 counts from 0 to 0xffffffff, it cannot be loaded with 4294967296"),
        (
            lambda t: t.pwm(1e-3, 1),
            ValueError,
            "The duty cycle is the high part of the period, between 0 and 1, not 1; stop() holds the output low",
        ),
        (
            lambda t: t.pwm(4e-8, 0.99),
            ValueError,
            "A pulse of 3.96e-08 s in 4e-08 s leaves no clock of 1e+08 Hz for the low part",
        ),
        (lambda t: t.timer0.wait(timeout=-1), ValueError, "a timeout is 0 or more seconds, or None to wait for ever, not -1"),
    ],
)
def test_mistakes_are_told_and_nothing_is_written(bench: Any, action: Any, error: type[Exception], message: str) -> None:
    timer = bench.overlay.timer

    def attempt() -> None:
        with pytest.raises(error) as caught:
            action(timer)
        assert str(caught.value) == message

    assert bench.accesses("timer", attempt) == []


def test_load_start_and_count(bench: Any) -> None:
    counter = bench.overlay.timer.timer0
    counter.load(1000)
    counter.start()
    bench.clock.advance(1e-6)
    assert counter.value == 1100


def test_all_versions_of_the_real_designs_are_bound(hwh_folder: Any) -> None:
    from pynq_drivers.axi_bram_ctrl.driver import AxiBram
    from pynq_drivers.axi_dma.driver import AxiDMA
    from pynq_drivers.axi_intc.driver import AxiIntc
    from pynq_drivers.axi_timer.driver import AxiTimer
    from pynq_widgets.design import read_design

    found = {module.vlnv for path in hwh_folder.glob("*.hwh") for module in read_design(path).modules.values() if module.vlnv}
    for kind, driver in (("axi_timer", AxiTimer), ("axi_intc", AxiIntc), ("axi_dma", AxiDMA), ("axi_bram_ctrl", AxiBram)):
        versions = {vlnv for vlnv in found if f":ip:{kind}:" in vlnv}
        assert versions, kind
        assert versions <= set(driver.bindto), kind


# Hardware attributes, with the registers that a design tells.


@pytest.fixture
def told(demo_design: Path) -> Any:
    return Overlay(demo_design, device=SimulatedDevice("timer test", clock=VirtualClock())).timer


def test_counts_are_attributes_in_clocks(told: Any) -> None:
    told.load0 = 1000
    assert (told.load0, told.TLR0) == (1000, 1000)
    with pytest.raises(TraitError, match=r"The 'load0' trait of an AxiTimer instance expected 0 to 4294967295 clocks"):
        told.load0 = 1 << 32
    with pytest.raises(TraitError, match=r"The 'count0' trait of an AxiTimer instance is read-only"):
        told.count0 = 1
    assert told.register_notes()["TCR0"][""].unit == "clocks"


def test_an_end_is_cleared_by_nothing_but_its_own_bit(told: Any) -> None:
    """The design calls T0INT a plain bit: a change of another bit of its word would write the 1 back, and clear it."""
    told.timer0.one_shot(0.01)
    told.device.clock.advance(0.02)
    assert told.expired0
    told.TCSR0_GENT0 = True
    assert told.expired0
    told.register_map.TCSR0.GENT0 = 0
    assert told.timer0.expired
    told.expired0 = True
    assert not told.expired0


def test_a_design_without_registers_has_those_of_the_guide(bench: Any) -> None:
    timer = bench.overlay.timer
    timer.load1 = 500
    assert timer.register_map.TLR1[31:0] == 500
    assert timer.registers.registers["TCSR0"].fields["T0INT"].name == "T0INT"


def test_a_core_with_one_counter_has_three_registers(build: Any, timer_block: Any) -> None:
    timer = build(timer_block(C_ONE_TIMER_ONLY=1)).overlay.timer
    assert list(timer.registers.registers) == ["TCSR0", "TLR0", "TCR0"]
    assert timer.wave is None
    with pytest.raises(RuntimeError, match=r"^timer has one counter only in this design: pwm0 needs both \(Enable Timer 2\)$"):
        timer.pwm(1e-3)


# In Hz, and what the registers say of it.


def test_intervals_and_waves_in_hertz(bench: Any) -> None:
    timer = bench.overlay.timer
    timer.timer0.periodic(frequency=1000)
    assert (timer.timer0.mode, timer.timer0.interval) == ("periodic", pytest.approx(1e-3))
    assert timer.wave is None
    timer.pwm(frequency=2000, duty=0.25)
    assert timer.wave == pytest.approx((5e-4, 1.25e-4))
    assert timer.wave == bench.model("timer").pwm
    assert (timer.wave.frequency, timer.wave.duty) == pytest.approx((2000, 0.25))
    assert timer.timer1.mode == "PWM"
    assert len(bench.accesses("timer", lambda: timer.wave)) == 4
    timer.stop()
    assert timer.wave is None


@pytest.mark.parametrize(
    ("action", "error", "message"),
    [
        (lambda t: t.pwm(), TypeError, "timer.pwm() takes seconds or frequency= (Hz), one of the two"),
        (lambda t: t.pwm(1e-3, 0.5, frequency=1), TypeError, "timer.pwm() takes seconds or frequency= (Hz), not both"),
        (lambda t: t.timer1.periodic(), TypeError, "timer.timer1.periodic() takes seconds or frequency= (Hz), one of the two"),
        (lambda t: t.pwm(frequency=0), ValueError, "timer.pwm() takes a frequency of more than 0 Hz, not 0"),
    ],
)
def test_a_time_is_said_once(bench: Any, action: Any, error: type[Exception], message: str) -> None:
    def attempt() -> None:
        with pytest.raises(error) as caught:
            action(bench.overlay.timer)
        assert str(caught.value) == message

    assert bench.accesses("timer", attempt) == []


# Captured.


def square(bench: Any, period: float, edges: int) -> None:
    """A wave on the capture pin, from now on."""
    for at in range(edges):
        for level, when in ((1, at * period), (0, (at + 0.5) * period)):
            bench.clock.call_later(when, lambda level=level: bench.device.drive("timer/capturetrig0", level))


def test_the_period_of_a_wave_on_the_pin(bench: Any) -> None:
    counter = bench.overlay.timer.timer0
    counter.capture()
    square(bench, 2e-3, 2)
    assert counter.between(timeout=1) == pytest.approx(2e-3)
    assert counter.mode == "capture"

    async def scene() -> float:
        waiting = asyncio.create_task(counter.between_async(timeout=1))
        await asyncio.sleep(0)
        square(bench, 4e-3, 3)
        for _ in range(20):
            bench.clock.advance(1e-3)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return float(await waiting)

    assert asyncio.run(scene()) == pytest.approx(4e-3)


def test_events_that_do_not_come(bench: Any) -> None:
    counter = bench.overlay.timer.timer0
    with pytest.raises(RuntimeError, match=r"^timer.timer0 does not capture \(one-shot\): call capture\(\) first$"):
        counter.between()
    counter.capture()
    with pytest.raises(TimeoutError):
        counter.between(timeout=0.01)


def test_a_cascade_captures_64_bits(bench: Any) -> None:
    cascade = bench.overlay.timer.cascade
    cascade.capture()
    bench.clock.advance(100.0)
    bench.device.drive("timer/capturetrig0", 1)
    assert cascade.captured == pytest.approx(100.0)
    assert cascade.interval == pytest.approx(100.0)


# What goes wrong with interrupts.


def test_a_spurious_interrupt_wakes_and_the_wait_goes_on(bench: Any) -> None:
    timer, intc = bench.overlay.timer, bench.overlay.intc
    timer.timer0.one_shot(1.0)
    bench.clock.call_later(0.25, lambda: bench.device.faults.spurious_interrupt("timer", "interrupt"))
    timer.timer0.wait(timeout=2)
    assert bench.clock.now() == pytest.approx(1.0)
    assert intc.heard.counts == (2,)
    (fault,) = bench.device.faults
    assert repr(fault) == "<Fault: timer/interrupt interrupts for nothing: over, struck 1 time>"


def test_a_spurious_interrupt_tells_whoever_waits_for_the_pin(bench: Any) -> None:
    async def scene() -> None:
        waiting = asyncio.create_task(bench.overlay.timer.interrupt.wait(timeout=1))
        await asyncio.sleep(0)
        bench.device.faults.spurious_interrupt("timer", "interrupt")
        await waiting

    asyncio.run(scene())
    assert not bench.overlay.timer.timer0.expired
    assert bench.device.probe("timer/interrupt") == 0


def test_an_interrupt_that_is_there_is_not_spurious(bench: Any) -> None:
    timer = bench.overlay.timer.timer0
    timer.one_shot(0.1)
    bench.clock.advance(0.2)
    with pytest.raises(ValueError, match=r"^timer/interrupt is active: an interrupt of it would not be spurious now$"):
        bench.device.faults.spurious_interrupt("timer", "interrupt")
    with pytest.raises(KeyError, match=r"timer has no interrupt pin 'irq'; it has interrupt"):
        bench.device.faults.spurious_interrupt("timer", "irq")
    assert timer.expired


def test_a_lost_interrupt_costs_half_a_second_at_most(bench: Any) -> None:
    timer = bench.overlay.timer.timer0
    bench.device.faults.lost_interrupt("timer", "interrupt", times=2)
    timer.one_shot(10.0)
    reads = bench.accesses("timer", lambda: timer.wait(timeout=20))
    assert bench.clock.now() == pytest.approx(10.5)
    assert len(reads) < 15
    timer.capture()
    bench.device.drive("timer/capturetrig0", 1)
    timer.wait(timeout=2)
    assert bench.clock.now() <= 11.0
