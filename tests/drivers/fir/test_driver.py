"""The driver of the FIR core on the simulated device, and the core's behaviour there: registers, packets, interrupt."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pynq_drivers.fir import arithmetic
from pynq_drivers.fir.driver import Fir
from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device.clock import VirtualClock


@pytest.fixture
def overlay(demo_design: Path) -> Iterator[Any]:
    ol = Overlay(demo_design, device=SimulatedDevice("fir test", clock=VirtualClock()))
    yield ol
    ol.free()


@pytest.fixture
def fir(overlay: Any) -> Fir:
    driver = overlay.filter.fir
    assert isinstance(driver, Fir)
    return driver


def send(fir: Fir, samples: list[int]) -> None:
    fir.device.stream("filter/fir", "x").send(np.array(samples, "<i2").tobytes())
    fir.device.settle()


def received(fir: Fir) -> list[int] | None:
    """The packet that the core has sent; None if there is none."""
    queue = fir.device.stream("filter/fir", "y")
    if not queue.packets:
        return None
    data, last = queue.receive()
    assert last
    return np.frombuffer(data, "<i2").tolist()


def test_a_packet_is_filtered_as_the_arithmetic_says(fir: Fir) -> None:
    fir.coefficients = [0.5, 0.25, -0.125]
    fir.start(continuous=False)
    send(fir, [8, 0, 0, 16, -3])
    assert received(fir) == [4, 2, -1, 8, 2]
    assert fir.clipped == 0


def test_coefficients_come_back_as_16_bits_hold_them(fir: Fir) -> None:
    fir.coefficients = [1 / 3, -1, 0.999]
    assert fir.coefficients == pytest.approx([1 / 3, -1, 0.999], abs=2**-15)
    assert fir.coefficients.tolist() == [round(c * 2**15) / 2**15 for c in (1 / 3, -1, 0.999)]
    fir.coefficients = [1000.0]
    assert fir.coefficients.tolist() == [1000.0]


def test_after_reset_there_are_no_coefficients(fir: Fir) -> None:
    assert fir.coefficients.tolist() == []


def test_the_layout_in_memory_is_that_of_the_core(fir: Fir) -> None:
    fir.coefficients = [0.5, -0.5, 0.25]
    assert fir.read(0x40) == (0xC000 << 16) | 0x4000
    assert fir.read(0x44) == 0x2000
    assert [fir.read(offset) for offset in range(0x48, 0x80, 4)] == [0] * 14
    assert (fir.read(0x10), fir.read(0x18)) == (3, 15)


def test_refused_coefficients_write_nothing(fir: Fir) -> None:
    fir.coefficients = [0.5, 0.25]
    with pytest.raises(ValueError, match=r"^coefficients are finite numbers, but number 1 is nan$"):
        fir.coefficients = [1, math.nan]
    assert fir.coefficients.tolist() == [0.5, 0.25]


def test_low_pass_chooses_coefficients(fir: Fir) -> None:
    fir.low_pass(0.1, taps=15)
    integers, shift = arithmetic.quantized(arithmetic.low_pass(0.1, 15))
    assert fir.coefficients.tolist() == np.ldexp(integers.astype(float), -shift).tolist()


def test_one_start_is_for_one_packet(fir: Fir) -> None:
    fir.coefficients = [1]
    send(fir, [1])
    assert received(fir) is None  # not started
    fir.start(continuous=False)
    assert received(fir) == [1]
    send(fir, [2])
    assert received(fir) is None
    assert fir.idle


def test_continuous_goes_on_until_stopped(fir: Fir) -> None:
    fir.coefficients = [1]
    fir.start()
    for value in (1, 2, 3):
        send(fir, [value])
        assert received(fir) == [value]
    assert not fir.idle
    fir.stop()
    send(fir, [4])
    assert received(fir) == [4]  # that it was waiting for
    send(fir, [5])
    assert received(fir) is None
    assert fir.idle


def test_packets_do_not_remember_one_another(fir: Fir) -> None:
    fir.coefficients = [0.5, 0.5]
    fir.start()
    send(fir, [100])
    send(fir, [0])
    assert [received(fir), received(fir)] == [[50], [0]]


def test_what_does_not_fit_is_clipped_and_counted(fir: Fir) -> None:
    fir.coefficients = [2.0]
    fir.start()
    send(fir, [16383, 16384, -16384, -16385])
    assert received(fir) == [32766, 32767, -32768, -32768]
    assert fir.clipped == 2
    send(fir, [1])
    assert fir.clipped == 0


def test_the_interrupt_says_that_a_packet_is_done(overlay: Any, fir: Fir) -> None:
    told: list[int] = []
    line = next(line for line in overlay.design.interrupts if line.module == "filter/fir")
    source = overlay.device.interrupt_source(line)
    source.subscribe(lambda: told.append(1))
    for offset, value in ((0x1C, 3), (0x08, 1 << line.index)):
        overlay.interrupts.write(offset, value)
    source.enable()
    fir.write(0x04, 1)
    fir.write(0x08, 1)
    fir.coefficients = [1]
    fir.start()
    assert told == []
    send(fir, [1])
    assert told == [1]


def test_the_design_binds_the_driver_and_says_why(overlay: Any) -> None:
    assert type(overlay.filter.fir) is Fir
    assert "pynq-widgets:hls:fir" in str(overlay.drivers)


def test_arguments_and_control_bits_are_attributes(fir: Fir) -> None:
    fir.coefficients = [0.5, -0.5, 0.25]
    assert (fir.taps, fir.shift, fir.clipped) == (3, 15, 0)
    assert fir.words[:2] == [(0xC000 << 16) | 0x4000, 0x2000]
    fir.start()
    assert fir.auto_restart
    assert "clipped" in fir.trait_page()
    assert not [name for name in dir(fir) if name.startswith(("words_", "Memory_"))]  # the elements are in `words`
    with pytest.raises(ValueError, match=r"ap_done of filter/fir cannot be watched: it is not read unasked"):
        fir.watch("ap_done")


def test_setting_coefficients_writes_each_word_once(fir: Fir) -> None:
    before = fir.device.bus.statistics().total
    fir.coefficients = [0.5, -0.5, 0.25]
    after = fir.device.bus.statistics().total
    assert after.writes - before.writes == arithmetic.MAX_TAPS // 2 + 2
