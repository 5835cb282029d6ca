"""PYNQ's GammaLut on ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest


@pytest.fixture
def lut(load: Any, theirs: Any, block: Any) -> Any:
    module = theirs("lib.video.gamma_lut")
    made = load(block("lut", "xilinx.com:ip:v_gamma_lut:1.1", 0x43C0_0000, {}, clocks=("ap_clk",), interface="s_axi_CTRL")).lut
    assert type(made) is module.GammaLut
    return made


def test_a_curve(lut: Any) -> None:
    lut.configure(64, 48, gamma=2.2, gains=(1.0, 0.5, 1.0))
    assert (lut.read(0x10), lut.read(0x18), lut.read(0x20)) == (64, 48, 0)
    for base, gain in ((0x800, 1.0), (0x1000, 0.5), (0x1800, 1.0)):
        words = np.array([lut.read(base + 4 * i) for i in range(128)], "u4").view("u2")
        wanted = np.round((np.arange(256, dtype="f4") * gain / 255) ** (1 / 2.2) * 255)
        assert np.abs(words - wanted).max() <= 1
