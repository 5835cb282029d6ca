"""What software sees of the tiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device.clock import VirtualClock


def test_the_tree_in_words(build: Any, rf_block: Any) -> None:
    bench = build(rf_block())
    assert str(bench.overlay.rf.status()).splitlines() == [
        "rf: RF Data Converter 2.6",
        "  RF-DAC tile 0: runs; 3.93216 GS/s, clocked with 3.93216 GHz, streams at 245.76 MHz; clock",
        "    converter 2: interpolation 4, no mixer, Nyquist zone 1, no stream",
        "  RF-ADC tile 1: runs; 4.096 GS/s, PLL x10 from 409.6 MHz, streams at 256 MHz; PLL locked",
        "    converter 0: decimation 2, fine mixer real to I/Q at -1000 MHz, Nyquist zone 1, no stream",
        "  not used: RF-DAC tile 1, RF-DAC tile 2, RF-DAC tile 3, RF-ADC tile 0, RF-ADC tile 2, RF-ADC tile 3",
    ]


def test_the_tree_as_html(build: Any, rf_block: Any) -> None:
    bench = build(rf_block())
    bench.model("rf").set_clock("adc", 1, False)
    text = bench.overlay.rf.status()._repr_html_()
    assert "<script" not in text
    assert "it stands in state 6 (configuring the clock): there is no clock of 409.6 MHz at its input" in text


def test_status_reads_no_more_than_it_says(build: Any, rf_block: Any) -> None:
    bench = build(rf_block())
    reads = [("read", offset) for offset in (0x0, 0x400C, 0x4228, 0x1800C, 0x18228)]
    assert bench.accesses("rf", bench.overlay.rf.status) == reads
    assert bench.accesses("rf", lambda: repr(bench.overlay.rf.adc_tiles)) == []
    assert bench.accesses("rf", lambda: bench.overlay.rf.adc_tiles[1].pll_locked) == [("read", 0x18228)]


def test_a_tile(build: Any, rf_block: Any) -> None:
    rf = build(rf_block()).overlay.rf
    tile = rf.adc_tiles[1]
    assert (tile.state, tile.clock_present, tile.powered_up, tile.pll_locked, tile.PLLLockStatus) == (15, True, True, True, 2)
    assert rf.dac_tiles[0].pll_locked is None
    assert rf.dac_tiles[0].PLLLockStatus == 1
    assert repr(tile.blocks[0]) == "<rf.adc_tiles[1].blocks[0]>"
    assert tile.blocks[0].enabled
    assert (rf.major, rf.minor) == (2, 6)
    assert rf.ADC1_STATUS_PLL_LOCKED == 1


def test_ip_status_is_amds(build: Any, rf_block: Any) -> None:
    status = build(rf_block()).overlay.rf.IPStatus
    assert status["ADCTileStatus"][1] == {"IsEnabled": 1, "TileState": 15, "BlockStatusMask": 1, "PowerUpState": 1, "PLLState": 1}
    assert status["DACTileStatus"][0] == {"IsEnabled": 1, "TileState": 15, "BlockStatusMask": 4, "PowerUpState": 1, "PLLState": 0}
    assert status["DACTileStatus"][3] == {"IsEnabled": 0, "TileState": 0, "BlockStatusMask": 0, "PowerUpState": 0, "PLLState": 0}


def test_start_and_stop(build: Any, rf_block: Any) -> None:
    bench = build(rf_block())
    tile = bench.overlay.rf.adc_tiles[1]
    assert bench.accesses("rf", tile.ShutDown) == [("write", 0x18008, 0x103), ("write", 0x18004, 1)]
    bench.clock.sleep(1.0)
    assert (tile.state, tile.powered_up) == (3, False)
    with pytest.raises(TimeoutError) as error:
        tile.wait(0.01)
    assert str(error.value) == (
        "rf.adc_tiles[1] does not run after 0.01 s: it stands in state 3 (adjusting the supplies): it was shut down, or is starting"
    )
    assert bench.accesses("rf", tile.StartUp) == [("write", 0x18008, 0x10F), ("write", 0x18004, 1)]
    tile.wait()
    assert tile.pll_locked
    tile.Reset()
    assert tile.state < 15
    tile.wait()


def test_a_tile_that_is_not_used(build: Any, rf_block: Any) -> None:
    bench = build(rf_block())
    tile = bench.overlay.rf.dac_tiles[3]

    def ask() -> None:
        with pytest.raises(
            RuntimeError, match=r"^RF-DAC tile 3 of rf is not used in this design, so there is nothing to read or to start$"
        ):
            tile.state
        assert tile.status().why == "the design does not use it"

    assert bench.accesses("rf", ask) == []


def test_what_only_amds_driver_does(build: Any, rf_block: Any) -> None:
    block = build(rf_block()).overlay.rf.adc_tiles[1].blocks[0]
    with pytest.raises(AttributeError) as error:
        block.MixerSettings
    assert str(error.value) == (
        "<rf.adc_tiles[1].blocks[0]> has no MixerSettings: PG269 documents no registers for it. AMD's RFdc driver (the package xrfdc) does "
        "that, on the board; what the design says is in .design"
    )
    with pytest.raises(AttributeError, match=r"^'Block' object has no attribute 'mixre'$"):
        block.mixre


def test_interrupts(build: Any, rf_block: Any) -> None:
    bench = build(rf_block())
    rf, model = bench.overlay.rf, bench.model("rf")
    assert bench.accesses("rf", rf.enable_interrupts) == [("write", 0x104, 0x8000_0021)]
    bench.clock.call_later(0.5, lambda: model.flag("adc", 1, 0, "over_voltage"))
    rf.interrupt_pin.wait_blocking(timeout=2)
    assert rf.take_interrupts() == [(rf.adc_tiles[1], 0, "over_voltage")]
    assert rf.take_interrupts() == []
    assert bench.device.probe("rf/irq") == 0
    model.set_clock("dac", 0, False)
    assert rf.take_interrupts() == [(rf.dac_tiles[0], None, "start_up_error")]
    rf.enable_interrupts(False)
    assert rf.read(0x104) == 0


def test_the_published_designs(hwh_folder: Path) -> None:
    """All twelve: bound, read, and running."""
    found = 0
    for path in sorted(hwh_folder.glob("*rfsoc*.hwh")) + sorted(hwh_folder.glob("*qick*.hwh")):
        overlay = Overlay(path, device=SimulatedDevice(clock=VirtualClock(autojump=True)))
        for name, entry in overlay.ip_dict.items():
            if ":usp_rf_data_converter:" in str(entry["type"]):
                status = overlay[name].status()
                assert status.running, f"{path.name}: {status}"
                overlay[name].registers.refresh()
                found += 1
    assert found == 12
