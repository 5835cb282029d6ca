"""An RF Data Converter with two tiles, as a design says it."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def rf_block(block: Any) -> Any:
    """``rf_block(**more)``: RF-ADC tile 1 of two fast converters with the PLL, RF-DAC tile 0 without it."""

    def make(**more: Any) -> Any:
        given = {
            "C_High_Speed_ADC": 1,
            "C_ADC1_Enable": 1,
            "C_ADC1_Sampling_Rate": "4.096",
            "C_ADC1_Refclk_Freq": "409.600",
            "C_ADC1_Fabric_Freq": "256.000",
            "C_ADC1_PLL_Enable": "true",
            "C_ADC_Slice10_Enable": "true",
            "C_ADC_Slice11_Enable": "true",
            "C_ADC_Decimation_Mode10": 2,
            "C_ADC_Mixer_Type10": 2,
            "C_ADC_Mixer_Mode10": 0,
            "C_ADC_NCO_Freq10": "-1.0",
            "C_ADC_Data_Width10": 8,
            "C_DAC0_Enable": 1,
            "C_DAC0_Sampling_Rate": "3.93216",
            "C_DAC0_Refclk_Freq": "3932.16",
            "C_DAC0_Fabric_Freq": "245.760",
            "C_DAC0_PLL_Enable": "false",
            "C_DAC_Slice02_Enable": "true",
            "C_DAC_Interpolation_Mode02": 4,
            "C_DAC_Mixer_Type02": 1,
            "C_DAC_Mixer_Mode02": 2,
            "C_DAC_Coarse_Mixer_Freq02": 3,
            "C_DAC_Data_Width02": 4,
            **more,
        }
        return block(
            "rf",
            "xilinx.com:ip:usp_rf_data_converter:2.6",
            0x4004_0000,
            given,
            ("irq",),
            interface="s_axi",
            size=0x4_0000,
            clocks=("s_axi_aclk",),
        )

    return make
