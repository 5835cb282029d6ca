"""AXI Timer, the model: each register of PG079 with its access and side effect, in stepped time."""

from typing import Any

import pytest

TCSR0, TLR0, TCR0, TCSR1, TLR1, TCR1 = 0x00, 0x04, 0x08, 0x10, 0x14, 0x18
MDT, UDT, GENT, CAPT, ARHT, LOAD, ENIT, ENT = (1 << bit for bit in range(8))
TINT, PWMA, ENALL, CASC = (1 << bit for bit in range(8, 12))
TICK = 10e-9


@pytest.fixture
def timer(build: Any, timer_block: Any) -> Any:
    return build(timer_block(), autojump=False)


def test_reset_values(timer: Any) -> None:
    assert [timer.overlay.timer.mmio.read(offset) for offset in range(0, 0x20, 4)] == [0] * 8


def test_load_and_count_registers(timer: Any) -> None:
    mmio = timer.overlay.timer.mmio
    mmio.write(TLR0, 0x1234)
    mmio.write(TCR0, 99)  # read-only
    assert (mmio.read(TLR0), mmio.read(TCR0)) == (0x1234, 0)
    mmio.write(TCSR0, LOAD)
    assert (mmio.read(TCR0), mmio.read(TCR1)) == (0x1234, 0)


def test_load_holds_the_counter(timer: Any) -> None:
    mmio = timer.overlay.timer.mmio
    mmio.write(TLR0, 100)
    mmio.write(TCSR0, LOAD | ENT)
    timer.clock.advance(50 * TICK)
    assert mmio.read(TCR0) == 100


@pytest.mark.parametrize(("mode", "after"), [(0, 130), (UDT, 70)])
def test_counts_up_and_down(timer: Any, mode: int, after: int) -> None:
    mmio = timer.overlay.timer.mmio
    mmio.write(TLR0, 100)
    mmio.write(TCSR0, mode | LOAD)
    mmio.write(TCSR0, mode | ENT)
    timer.clock.advance(30 * TICK)
    assert mmio.read(TCR0) == after
    mmio.write(TCSR0, mode)
    timer.clock.advance(1)
    assert mmio.read(TCR0) == after


def test_the_end_of_an_interval_is_status_until_it_is_written_back(timer: Any) -> None:
    mmio = timer.overlay.timer.mmio
    mmio.write(TLR0, 98)
    mmio.write(TCSR0, UDT | LOAD)
    mmio.write(TCSR0, UDT | ENT)
    timer.clock.advance(98 * TICK)
    assert mmio.read(TCSR0) == UDT | ENT
    timer.clock.advance(TICK)
    assert mmio.read(TCSR0) == UDT | ENT | TINT
    assert mmio.read(TCR0) == 0xFFFF_FFFF  # without ARHT it holds
    mmio.write(TCSR0, UDT | ENT)  # a 0 leaves it
    assert mmio.read(TCSR0) & TINT
    mmio.write(TCSR0, UDT | ENT | TINT)
    assert mmio.read(TCSR0) == UDT | ENT
    timer.clock.advance(1000)
    assert (mmio.read(TCSR0), mmio.read(TCR0)) == (UDT | ENT, 0xFFFF_FFFF)


@pytest.mark.parametrize(("mode", "load"), [(UDT, 98), (0, 0xFFFF_FFFF - 98)])
def test_auto_reload_repeats_every_load_plus_two(timer: Any, mode: int, load: int) -> None:
    mmio = timer.overlay.timer.mmio
    mmio.write(TLR0, load)
    mmio.write(TCSR0, mode | ARHT | LOAD)
    mmio.write(TCSR0, mode | ARHT | ENT)
    timer.clock.advance(99 * TICK)
    ends = []
    for tick in range(99, 400):
        if mmio.read(TCSR0) & TINT:
            ends.append(tick)
            mmio.write(TCSR0, mode | ARHT | ENT | TINT)
        timer.clock.advance(TICK)
    assert ends == [99, 199, 299, 399]


def test_the_interrupt_pin_needs_its_enable(timer: Any) -> None:
    mmio = timer.overlay.timer.mmio
    mmio.write(TLR0, 8)
    mmio.write(TCSR0, UDT | LOAD)
    mmio.write(TCSR0, UDT | ENT)
    timer.clock.advance(1)
    assert (mmio.read(TCSR0) & TINT, timer.device.probe("timer/interrupt")) == (TINT, 0)
    mmio.write(TCSR0, UDT | ENT | ENIT)
    assert timer.device.probe("timer/interrupt") == 1
    mmio.write(TCSR0, UDT | ENT | ENIT | TINT)
    assert timer.device.probe("timer/interrupt") == 0


def test_the_interrupt_comes_by_itself_at_its_time(timer: Any) -> None:
    mmio = timer.overlay.timer.mmio
    mmio.write(TLR1, 99_999)
    mmio.write(TCSR1, UDT | LOAD)
    mmio.write(TCSR1, UDT | ENT | ENIT)
    timer.clock.advance(0.000_999_99)
    assert timer.device.probe("timer/interrupt") == 0
    timer.clock.advance(TICK)
    assert timer.device.probe("timer/interrupt") == 1


def test_nothing_is_planned_that_nobody_notices(timer: Any) -> None:
    mmio = timer.overlay.timer.mmio
    mmio.write(TLR0, 8)
    mmio.write(TCSR0, UDT | ARHT | LOAD)
    mmio.write(TCSR0, UDT | ARHT | ENT)
    assert timer.clock.pending == 0
    mmio.write(TCSR0, UDT | ARHT | ENT | ENIT)
    assert timer.clock.pending == 1
    timer.clock.advance(1)  # ten million intervals: one event, since the status stays set
    assert timer.clock.pending == 0


def test_enable_all_is_one_bit_in_both_words(timer: Any) -> None:
    mmio = timer.overlay.timer.mmio
    mmio.write(TCSR0, ENALL)
    assert (mmio.read(TCSR0), mmio.read(TCSR1)) == (ENALL | ENT, ENALL | ENT)
    mmio.write(TCSR1, ENT)
    assert (mmio.read(TCSR0), mmio.read(TCSR1)) == (ENT, ENT)


def test_a_core_with_one_timer(build: Any, timer_block: Any) -> None:
    mmio = build(timer_block(C_ONE_TIMER_ONLY=1)).overlay.timer.mmio
    for offset in (TCSR1, TLR1):
        mmio.write(offset, 0xFF)
    mmio.write(TCSR0, CASC)
    assert [mmio.read(offset) for offset in (TCSR0, TCSR1, TLR1, TCR1)] == [0, 0, 0, 0]


def test_cascade_counts_64_bits(timer: Any) -> None:
    mmio = timer.overlay.timer.mmio
    mmio.write(TLR0, 5)
    mmio.write(TLR1, 1)
    mmio.write(TCSR0, CASC | UDT | LOAD)
    assert (mmio.read(TCR0), mmio.read(TCR1)) == (5, 1)
    mmio.write(TCSR0, CASC | UDT | ENT)
    timer.clock.advance(6 * TICK)
    assert (mmio.read(TCR0), mmio.read(TCR1)) == (0xFFFF_FFFF, 0)
    timer.clock.advance(2**32 * TICK)
    assert mmio.read(TCSR0) == CASC | UDT | ENT | TINT


def test_capture_takes_the_count_and_holds_it_until_it_is_read(timer: Any) -> None:
    mmio = timer.overlay.timer.mmio
    mmio.write(TCSR0, MDT | CAPT | ENT)
    for ticks in (100, 50):
        timer.clock.advance(ticks * TICK)
        timer.device.drive("timer/capturetrig0", 1)
        timer.device.drive("timer/capturetrig0", 0)
    assert mmio.read(TCSR0) & TINT
    assert mmio.read(TLR0) == 100  # the second one came before the first was read
    timer.device.drive("timer/capturetrig0", 1)
    assert mmio.read(TLR0) == 150


def test_capture_with_arht_keeps_the_newest(timer: Any) -> None:
    mmio = timer.overlay.timer.mmio
    mmio.write(TCSR0, MDT | CAPT | ARHT | ENT)
    for ticks in (100, 50):
        timer.clock.advance(ticks * TICK)
        timer.device.drive("timer/capturetrig0", 1)
        timer.device.drive("timer/capturetrig0", 0)
    assert mmio.read(TLR0) == 150


def test_freeze_stops_time(timer: Any) -> None:
    mmio = timer.overlay.timer.mmio
    mmio.write(TCSR0, ENT)
    timer.clock.advance(10 * TICK)
    timer.model("timer").on_signal("freeze", 1)
    timer.clock.advance(10 * TICK)
    timer.model("timer").on_signal("freeze", 0)
    timer.clock.advance(10 * TICK)
    assert mmio.read(TCR0) == 20


def test_a_load_value_changed_between_rollover_and_reload_counts(timer: Any) -> None:
    mmio = timer.overlay.timer.mmio
    mmio.write(TLR0, 9)
    mmio.write(TCSR0, UDT | ARHT | LOAD)
    mmio.write(TCSR0, UDT | ARHT | ENT)
    timer.clock.advance(10 * TICK)
    assert mmio.read(TCR0) == 0xFFFF_FFFF
    mmio.write(TLR0, 50)
    timer.clock.advance(TICK)
    assert mmio.read(TCR0) == 50


@pytest.mark.parametrize("mode", [UDT, 0])
def test_pwm_gives_one_pulse_a_period(timer: Any, mode: int) -> None:
    """The second counter, at its end, waits until the first begins anew, so each ends once a period."""
    mmio, top = timer.overlay.timer.mmio, 0xFFFF_FFFF
    both = mode | PWMA | GENT | ARHT
    for base, clocks in ((0x00, 1000), (0x10, 250)):
        mmio.write(base + 4, clocks - 2 if mode else top - clocks + 2)
        mmio.write(base, both | LOAD)
        mmio.write(base, both)
    assert timer.model("timer").pwm is None
    mmio.write(TCSR0, both | ENALL)
    wave = timer.model("timer").pwm
    assert (wave.period, wave.high) == pytest.approx((1000 * TICK, 250 * TICK))
    for _ in range(3):
        ends = []
        for phase in (240, 20, 700, 40):  # around the end of the pulse, and of the period
            timer.clock.advance(phase * TICK)
            ends.append((bool(mmio.read(TCSR1) & TINT), bool(mmio.read(TCSR0) & TINT)))
        assert ends == [(False, False), (True, False), (True, False), (True, True)]
        for base in (0x00, 0x10):
            mmio.write(base, both | ENALL | TINT)


def test_a_wave_that_leads_to_another_ip_is_played(build: Any, timer_block: Any, block: Any) -> None:
    wave = block("wave", "xilinx.com:ip:axi_timer:2.0", 0x4281_0000, {}, pins=(("pwm0", "O"),))
    bench = build(timer_block(), wave, wires=[("wave", "pwm0", "timer", "capturetrig0")])
    counter = bench.overlay.timer.timer0
    counter.capture()
    bench.overlay.wave.pwm(frequency=500, duty=0.25)
    assert counter.between(timeout=1) == pytest.approx(2e-3)
    edges = [bench.device.probe("wave/pwm0")]
    for _ in range(4):
        bench.clock.advance(0.5e-3)
        edges.append(bench.device.probe("wave/pwm0"))
    assert sorted(edges[:4]) == [0, 0, 0, 1]  # a quarter of the period
    assert edges[4] == edges[0]
    bench.overlay.wave.stop()
    assert bench.device.probe("wave/pwm0") == 0
    with pytest.raises(TimeoutError):
        counter.between(timeout=0.1)
    bench.overlay.wave.pwm(frequency=1e6)
    assert "wave: a wave of 1e+06 Hz is too fast to be played edge by edge: what pwm0 leads to sees none" in bench.device.assumptions


def test_a_wave_that_leads_nowhere_plans_nothing(timer: Any) -> None:
    timer.overlay.timer.pwm(1e-6)
    assert timer.clock.advance(1.0) is None
    assert timer.model("timer")._edge is None


# Each register of PG079, "Register Space": offset, reset value, the bits that a write sets and clears, and the test of what else it does.
TABLE = {
    "TCSR0": (TCSR0, 0, MDT | UDT | GENT | CAPT | ARHT | LOAD | ENIT | ENT | PWMA | ENALL | CASC, "test_load_holds_the_counter"),
    "TLR0": (TLR0, 0, 0xFFFF_FFFF, "test_capture_takes_the_count_and_holds_it_until_it_is_read"),
    "TCR0": (TCR0, 0, 0, "test_counts_up_and_down"),
    "TCSR1": (TCSR1, 0, MDT | UDT | GENT | CAPT | ARHT | LOAD | ENIT | ENT | PWMA | ENALL, "test_enable_all_is_one_bit_in_both_words"),
    "TLR1": (TLR1, 0, 0xFFFF_FFFF, "test_cascade_counts_64_bits"),
    "TCR1": (TCR1, 0, 0, "test_cascade_counts_64_bits"),
}


@pytest.mark.parametrize("name", TABLE)
def test_each_register_of_the_guide(timer: Any, name: str) -> None:
    offset, reset, writable, test = TABLE[name]
    assert test in globals()
    ip = timer.overlay.timer
    assert {each: handle.offset for each, handle in ip.registers.registers.items()} == {each: row[0] for each, row in TABLE.items()}
    assert ip.read(offset) == reset
    ip.write(offset, 0xFFFF_FFFF)
    assert ip.read(offset) == writable
    ip.write(offset, 0)
    # Taking ENALL away leaves ENT as it is, so the bit that this write clears is the other half's only.
    assert ip.read(offset) == 0
