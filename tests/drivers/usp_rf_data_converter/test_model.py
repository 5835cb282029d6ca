"""The registers of PG269, one by one, and what the tiles do."""

from __future__ import annotations

from typing import Any

import pytest

from pynq_drivers.usp_rf_data_converter.model import STATE_TIME
from pynq_widgets import allocate

DAC_FLAGS, ADC_FLAGS = 0xC000, 0xCE00C

# PG269 "Register Space": offset, reset value (None: the guide gives none), the bits that software sets.
ROWS: dict[str, tuple[int, int | None, int | str]] = {
    "IP_VERSION": (0x0, 0x0206_0000, 0),
    "MASTER_RESET": (0x4, 0, "write-only"),
    "COMMON_INTERRUPT_STATUS": (0x100, 0, 0),
    "COMMON_INTERRUPT_ENABLE": (0x104, 0, 0x8000_00FF),
}
for _name, _base, _flags, _status in (("DAC0", 0x4000, DAC_FLAGS, 0x7), ("ADC1", 0x18000, ADC_FLAGS, 0xF)):
    ROWS |= {
        f"{_name}_RESTART": (_base + 0x4, 0, "write-only"),
        f"{_name}_RESTART_STATE": (_base + 0x8, 0xF, 0xFFFF),
        f"{_name}_CURRENT_STATE": (_base + 0xC, 0xF, 0),
        f"{_name}_INTERRUPT_STATUS": (_base + 0x200, 0, 0),
        f"{_name}_INTERRUPT_ENABLE": (_base + 0x204, 0x1F, 0x1F),
        **{f"{_name}_CONVERTER_{i}_INTERRUPT": (_base + 0x208 + 8 * i, 0, 0) for i in range(4)},
        **{f"{_name}_CONVERTER_{i}_INTERRUPT_ENABLE": (_base + 0x20C + 8 * i, _flags, _flags) for i in range(4)},
        f"{_name}_STATUS": (_base + 0x228, _status, 0),
    }


def test_each_register(build: Any, rf_block: Any, walk: Any) -> None:
    walk(build(rf_block()).overlay.rf, dict(sorted(ROWS.items(), key=lambda item: item[1][0])))


def test_reading_clears_what_the_guide_says(build: Any, rf_block: Any) -> None:
    bench = build(rf_block())
    ip, model = bench.overlay.rf, bench.model("rf")
    model.flag("adc", 1, 2, "over_voltage")
    model.flag("adc", 1, 2, "over_range")
    assert ip.read(0x100) == 1 << 5
    assert ip.read(0x18200) == 1 << 2
    assert ip.read(0x18218) == 0b1100
    assert ip.read(0x18218) == 0b1000, "over voltage is cleared by reading, over range is not"
    model.flag("adc", 1, 2, "over_range", on=False)
    assert ip.read(0x18200) == 0
    assert ip.read(0x100) == 0


def test_words_that_reading_clears_are_guarded(build: Any, rf_block: Any) -> None:
    bench = build(rf_block())
    registers = bench.overlay.rf.registers.registers
    guarded = {name for name, handle in registers.items() if handle.guard}
    assert guarded == {
        "MASTER_RESET",
        *(f"{tile}_{name}" for tile in ("DAC0", "ADC1") for name in ("RESTART", "INTERRUPT_STATUS")),
        *(f"ADC1_CONVERTER_{index}_INTERRUPT" for index in range(4)),
    }
    assert not any(
        kind == "read" and offset in (0x4200, 0x18200, 0x18208)
        for kind, offset, *_ in bench.accesses("rf", bench.overlay.rf.registers.refresh)
    )


def test_enables_stand_between(build: Any, rf_block: Any) -> None:
    bench = build(rf_block())
    ip, model, pin = bench.overlay.rf, bench.model("rf"), lambda: bench.device.probe("rf/irq")
    model.flag("dac", 0, 2, "fifo_overflow")
    assert pin() == 0, "the common enable is 0 after reset"
    ip.write(0x104, 1)
    assert pin() == 1
    ip.write(0x4204, 0x1B)
    assert (pin(), ip.read(0x100)) == (0, 0)
    ip.write(0x4204, 0x1F)
    ip.write(0x421C, 0)
    assert (pin(), ip.read(0x4200)) == (0, 0)


def test_a_start_goes_through_its_states(build: Any, rf_block: Any) -> None:
    bench = build(rf_block(), autojump=False)
    ip = bench.overlay.rf
    ip.write(0x18008, 0x010F)
    ip.write(0x18004, 1)
    assert (ip.read(0x1800C), ip.read(0x18228)) == (1, 0b0001)
    bench.clock.advance(3 * STATE_TIME)
    assert (ip.read(0x1800C), ip.read(0x18228)) == (4, 0b0011)
    bench.clock.advance(3 * STATE_TIME)
    assert (ip.read(0x1800C), ip.read(0x18228)) == (7, 0b1011)
    bench.clock.advance(1.0)
    assert (ip.read(0x1800C), ip.read(0x18228)) == (15, 0b1111)
    assert ip.read(0x400C) == 15, "the other tile ran on"


def test_the_master_reset_restarts_all(build: Any, rf_block: Any) -> None:
    bench = build(rf_block(), autojump=False)
    ip = bench.overlay.rf
    ip.write(0x4, 1)
    assert (ip.read(0x400C), ip.read(0x1800C)) == (0, 0)


def test_without_a_clock_it_waits(build: Any, rf_block: Any) -> None:
    bench = build(rf_block(), autojump=False)
    ip, model = bench.overlay.rf, bench.model("rf")
    model.set_clock("adc", 1, False)
    assert (ip.read(0x1800C), ip.read(0x18228)) == (6, 0b0010)
    assert ip.read(0x18200) == 0x10
    assert ip.read(0x18200) == 0
    bench.clock.advance(1.0)
    assert ip.read(0x1800C) == 6
    model.set_clock("adc", 1, True)
    bench.clock.advance(1.0)
    assert (ip.read(0x1800C), ip.read(0x18228)) == (15, 0b1111)


def test_what_there_is_not(build: Any, rf_block: Any) -> None:
    model = build(rf_block()).model("rf")
    with pytest.raises(ValueError, match=r"^rf has no 'adc' tile 0 in this design; it has 'dac', 0, 'adc', 1$"):
        model.set_clock("adc", 0, False)
    with pytest.raises(ValueError, match=r"^a converter of RF-DAC tile 0 flags datapath_overflow, fifo_overflow, not 'over_range'$"):
        model.flag("dac", 0, 0, "over_range")
    with pytest.raises(ValueError, match=r"^RF-DAC tile 0 has the converters 0 to 3, not 4$"):
        model.flag("dac", 0, 4, "fifo_overflow")


def test_a_converter_takes_what_is_sent_at_its_rate(build: Any, rf_block: Any, dma_block: Any, tmp_path: Any) -> None:
    bench = build(rf_block(), dma_block(), streams=[("dma", "M_AXIS_MM2S", "rf", "s02_axis")])
    queue = bench.device.stream("dma", "M_AXIS_MM2S")
    assert queue.send(bytes(1000)) == 1000
    bench.clock.sleep(1.0)
    assert queue.available == 1000, "it stays for whoever looks, while there is room"
    dma = bench.overlay.dma.sendchannel
    buffer = allocate(1_000_000, "u1", target=bench.device)
    before = bench.clock.now()
    dma.transfer(buffer)
    dma.wait(timeout=1)
    dma.transfer(buffer)
    dma.wait(timeout=1)
    rate = 245.76e6 * 4 * 2  # words of 16 bits
    assert bench.clock.now() - before >= 1_000_000 / rate


def test_a_converter_that_stands_still_takes_nothing(build: Any, rf_block: Any, dma_block: Any) -> None:
    bench = build(rf_block(), dma_block(), streams=[("dma", "M_AXIS_MM2S", "rf", "s02_axis")])
    bench.model("rf").set_clock("dac", 0, False)
    dma = bench.overlay.dma.sendchannel
    buffer = allocate(1_000_000, "u1", target=bench.device)
    dma.transfer(buffer)
    with pytest.raises(TimeoutError):
        dma.wait(timeout=0.5)
    bench.model("rf").set_clock("dac", 0, True)
    dma.wait(timeout=1)
