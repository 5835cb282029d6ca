"""What the design says of tiles and converters, on small parameters and on the published designs."""

from __future__ import annotations

from pathlib import Path

import pytest

from pynq_drivers.usp_rf_data_converter.configuration import Configuration
from pynq_widgets.design import read_design


def configurations(folder: Path) -> list[tuple[str, Configuration]]:
    found = []
    for path in sorted(folder.glob("*.hwh")):
        for module in read_design(path).modules.values():
            if module.vlnv and ":usp_rf_data_converter:" in module.vlnv:
                found.append((f"{path.name} {module.path}", Configuration(module.parameters, module.buses)))
    return found


def test_nothing_said() -> None:
    configuration = Configuration({})
    assert configuration.tiles == ()
    assert [len(tile.blocks) for tile in configuration.adc] == [4, 4, 4, 4]
    assert not configuration.adc[0].blocks[0].enabled


def test_a_number_that_is_none() -> None:
    with pytest.raises(
        ValueError, match=r"^Parameter ADC0_Sampling_Rate of the RF Data Converter should be a number, but the design says 'fast'$"
    ):
        Configuration({"C_ADC0_Sampling_Rate": "fast"}).tiles


def test_fast_converters_have_two_data_paths() -> None:
    configuration = Configuration({"C_High_Speed_ADC": "1", "C_ADC_Slice03_Enable": "true"}, {"m02_axis": 0, "m03_axis": 0, "s00_axis": 0})
    assert [(block.slices, block.enabled, block.streams) for block in configuration.adc[0].blocks] == [
        ((0, 1), False, ()),
        ((2, 3), True, ("m02_axis", "m03_axis")),
    ]
    assert configuration.dac[0].blocks[0].streams == ("s00_axis",)


def test_the_published_designs(hwh_folder: Path) -> None:
    """Twelve cores; in each the streams carry as many samples as the converters make or take: what the numbers mean is right."""
    found = configurations(hwh_folder)
    assert len(found) == 12
    checked = 0
    for where, configuration in found:
        assert configuration.tiles, where
        for tile in configuration.tiles:
            for block in tile.blocks:
                if not block.enabled or not block.streams:
                    continue
                # I and Q share one stream, but for the two data paths of fast RF-ADC.
                interleaved = ("I/Q to" in block.conversion if tile.kind == "dac" else block.conversion.endswith("I/Q")) and not (
                    tile.kind == "adc" and configuration.dual
                )
                samples = tile.sampling_rate / block.factor * (2 if interleaved else 1)
                assert tile.fabric * block.width / 16 == pytest.approx(samples), (where, tile.name, block)
                checked += 1
    assert checked > 40
