"""The clock generators of three families: which words are read and written, and that a divisor that cannot be reaches none."""

from __future__ import annotations

import itertools
import math
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.access import Clocks, clock_registers, ps
from pynq_widgets.access.clock_registers import ULTRASCALE, VERSAL, ZYNQ, ClockGenerators
from pynq_widgets.device import Device

SLCR, CRL, CRF_ZU, CRP, CRF = 0xF800_0000, 0xFF5E_0000, 0xFD1A_0000, 0xF126_0000, 0xFD1A_0000
IO_PLL, ARM_PLL, FPGA0, FPGA1, ARM_CLK = SLCR + 0x108, SLCR + 0x100, SLCR + 0x170, SLCR + 0x180, SLCR + 0x120


class Words(Device):
    """A device whose bus is a dictionary of words; each transaction is written down."""

    capabilities = {"REGISTER_RW": True}

    def __init__(self, words=(), arch=None):
        super().__init__("words")
        self.words = dict(words)
        self.log = []
        if arch:
            self.arch = arch

    def read_registers(self, address, length):
        assert length == 4
        self.log.append(("read", address))
        return self.words.get(address, 0).to_bytes(4, "little")

    def write_registers(self, address, data):
        value = int.from_bytes(data, "little")
        self.log.append(("write", address, value))
        self.words[address] = value

    def taken(self):
        log, self.log = self.log, []
        return log


@pytest.fixture
def zynq():
    """1500 MHz from the IO PLL, clock 0 at 100 MHz; other bits of its register are set."""
    return Words({IO_PLL: 30 << 12, FPGA0: 0xC003_0500 & ~0xC000_0000 | 0x0030_0500 | 1, ARM_PLL: 26 << 12, ARM_CLK: 0x1F00_0200}, "armv7l")


def generators(device, family=ZYNQ):
    return ClockGenerators(device, family)


def test_nothing_is_mapped_before_it_is_touched(monkeypatch):
    class Mapped(Device):
        capabilities = {"MEMORY_MAPPED": True}
        arch = "aarch64"
        maps = []

        def mmap(self, base_addr, length):
            self.maps.append((base_addr, length))
            return np.full(length // 4, 0x0101_0F00 if base_addr == CRL else 0, "u4")

    monkeypatch.setattr(ps, "is_versal", lambda device=None: False)
    device = Mapped("mapped")
    made = ps._generators(device)
    assert device.maps == []
    made._read(ULTRASCALE.fabric[0].control)
    assert device.maps == [(CRL, 0x100)]
    made._read(ULTRASCALE.processor.control)
    assert device.maps == [(CRL, 0x100), (CRF_ZU, 0x100)]
    assert ps._generators(device) is made


def test_a_rate_is_two_reads_and_a_setting_one_write_more(zynq):
    clocks = generators(zynq)
    assert clocks.get_pl_clk(0) == 100.0
    assert zynq.taken() == [("read", FPGA0), ("read", IO_PLL)]
    before = zynq.words[FPGA0]
    clocks.set_pl_clk(0, None, None, 50)
    divisors = 0x3F << 20 | 0x3F << 8
    assert zynq.taken() == [("read", FPGA0), ("read", IO_PLL), ("write", FPGA0, before & ~divisors | 30 << 8 | 1 << 20)]
    assert clocks.get_cpu_mhz() == 650.0
    zynq.taken()
    clocks.set_pl_clk(0, 5, 6, math.nan)
    assert zynq.taken() == [("read", FPGA0), ("write", FPGA0, before & ~divisors | 5 << 8 | 6 << 20)]


def test_divisors_that_cannot_be_write_nothing(zynq, said, as_said):
    clocks = generators(zynq)
    for div0, div1, number, value in [(0, 1, 0, 0), (64, 1, 0, 64), (-1, 1, 0, -1), (1, 0, 1, 0), (1, 64, 1, 64), (0, None, 0, 0)]:
        with pytest.raises(ValueError, match="Frequency divider") as raised:
            clocks.set_pl_clk(0, div0, div1, 100)
        assert said(raised.value) == as_said(
            f"Frequency divider {number} value out of range.\nFPGA0_CLK_CTRL expected 1 to 63, got {value}; nothing was written"
        )
    with pytest.raises(ValueError, match=r"^Frequency divider 1 value out of range\."):
        clocks.set_pl_clk(0, 1, None, 10)  # 150 would have to be the other
    with pytest.raises(TypeError):
        clocks.set_pl_clk(0, 2.5, 1, 10)
    assert [entry for entry in zynq.taken() if entry[0] == "write"] == []


def test_the_nearest_rate_is_told_and_where_warnings_are_errors_not_set(zynq):
    clocks = generators(zynq)
    with pytest.warns(UserWarning, match=r"^Setting frequency to the closest possible value 500\.0MHz\.$"):
        clocks.set_pl_clk(0, None, None, 440)
    assert (zynq.words[FPGA0] >> 8 & 0x3F, zynq.words[FPGA0] >> 20 & 0x3F) == (3, 1)
    zynq.taken()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="closest possible value"):
            clocks.set_pl_clk(0, None, None, 0.001)
    assert [entry[0] for entry in zynq.taken()] == ["read", "read"]
    with pytest.warns(UserWarning, match=r"value 0\.37793MHz"):
        clocks.set_pl_clk(0, None, None, 5e-324)
    assert (zynq.words[FPGA0] >> 8 & 0x3F, zynq.words[FPGA0] >> 20 & 0x3F) == (63, 63)


def test_the_warning_names_the_line_that_set_the_clock(zynq, active_device):
    active_device(zynq)
    with pytest.warns(UserWarning, match="closest") as told:
        Clocks.fclk0_mhz = 440
    assert told[0].filename == __file__


# How the tables of PYNQ come out: for each product the pair with the greatest first divisor.
PAIRS = {a * b: (a, b) for a, b in itertools.product(range(1, 64), repeat=2)}


@given(st.floats(0.001, 5000))
def test_the_two_divisors_are_the_nearest(wanted):
    first, second = clock_registers._pair(wanted)
    assert PAIRS[first * second] == (first, second)
    assert abs(first * second - wanted) == min(abs(product - wanted) for product in PAIRS)


def test_a_bypassed_pll_gives_the_reference_clock(zynq):
    zynq.words[IO_PLL] |= 1 << 4
    assert generators(zynq).get_pl_clk(0) == round(50 / 15, 6)
    ultrascale = Words({CRL + 0x20: 1 << 3 | 45 << 8, CRL + 0xC0: 0x0101_0200})
    assert generators(ultrascale, ULTRASCALE).get_pl_clk(0) == 16.6665
    versal = Words({CRP + 0x40: 1 << 3 | 72 << 8, CRP + 0x5C0: 0x0000_0400})
    assert generators(versal, VERSAL).get_pl_clk(0) == 8.333325


def test_a_pll_that_nobody_set_up(zynq):
    zynq.words[IO_PLL] = 0
    for touch in (lambda clocks: clocks.get_pl_clk(0), lambda clocks: clocks.set_pl_clk(0, None, None, 100)):
        with pytest.raises(RuntimeError, match=r"^IO_PLL, which FPGA0_CLK_CTRL comes from, multiplies by 0: nobody has set it up$"):
            touch(generators(zynq))
    assert [entry for entry in zynq.taken() if entry[0] == "write"] == []


def test_ultrascale_words_and_values(said, as_said):
    device = Words({CRL + 0x20: 45 << 8, CRL + 0xC4: 0x0005_0300})
    clocks = generators(device, ULTRASCALE)
    assert clocks.get_pl_clk(1) == pytest.approx(99.999)
    assert device.taken() == [("read", CRL + 0xC4), ("read", CRL + 0x20), ("read", CRL + 0x28)]
    clocks.set_pl_clk(1, None, None, 100)
    assert device.taken()[-1] == ("write", CRL + 0xC4, 0x0101_0F00), "the clock is switched on with the same write"
    device.words[CRL + 0x28] = 0x8000_8000  # half a step more
    assert clocks.get_pl_clk(1) == round(round(33.333 * 45.5, 6) / 15, 6)
    # The DPLL is in the other power domain, and divided on its way.
    device.words |= {CRF_ZU + 0x2C: 1 << 16 | 72 << 8, CRF_ZU + 0x4C: 3 << 8, CRL + 0xC4: 0x0101_0403}
    assert clocks.get_pl_clk(1) == round(round(33.333 * 36, 6) / 3 / 4, 6)
    device.words |= {CRF_ZU + 0x20: 72 << 8, CRF_ZU + 0x60: 0x0300_0200}
    assert clocks.get_cpu_mhz() == round(33.333 * 72 / 2, 6)
    device.words[CRF_ZU + 0x20] |= 5 << 20
    with pytest.raises(ValueError, match="Invalid PLL Source") as raised:
        clocks.get_cpu_mhz()
    assert said(raised.value) == as_said(
        "Invalid PLL Source\nPRE_SRC of the PLL is 5: it runs from a video, alternative, auxiliary or transceiver clock whose rate is not "
        "known; expected PSS_REF_CLK (0)"
    )
    device.words[CRL + 0xC4] = 1
    device.taken()
    for touch in (lambda: clocks.get_pl_clk(1), lambda: clocks.set_pl_clk(1, None, None, 100)):
        with pytest.raises(ValueError, match="Invalid PLL Source") as raised:
            touch()
    assert said(raised.value) == as_said("Invalid PLL Source\nPL1_REF_CTRL selects source 1; expected one of 0 IOPLL, 2 RPLL, 3 DPLL")
    assert device.taken() == [("read", CRL + 0xC4)] * 2


def test_versal_has_one_divisor_of_ten_bits():
    device = Words({CRP + 0x50: 2 << 16 | 120 << 8, CRP + 0x5C8: 0x0000_0A03, CRF + 0x40: 1 << 16 | 84 << 8, CRF + 0x10C: 0x0200_0102})
    clocks = generators(device, VERSAL)
    assert clocks.get_pl_clk(2) == 99.9999
    assert device.taken() == [("read", CRP + 0x5C8), ("read", CRP + 0x50)]
    clocks.set_pl_clk(2, None, None, 1)
    assert device.taken()[-1] == ("write", CRP + 0x5C8, 1 << 24 | 1000 << 8 | 3)
    clocks.set_pl_clk(2, 1023, 7, 100)  # the second is not there, and ignored
    assert device.taken() == [("read", CRP + 0x5C8), ("write", CRP + 0x5C8, 1 << 24 | 1023 << 8 | 3)]
    with pytest.raises(ValueError, match="Frequency divider 0 value out of range"):
        clocks.set_pl_clk(2, 1024, None, 100)
    assert clocks.get_cpu_mhz() == round(33.3333 * 84 / 2 / 1, 6)


@pytest.mark.parametrize(
    ("family", "parameters", "rate"),
    [
        (ZYNQ, {"PCW_CRYSTAL_PERIPHERAL_FREQMHZ": "33.333333"}, 33.333333),
        (ZYNQ, {"PCW_CRYSTAL_PERIPHERAL_FREQMHZ": "fast"}, 50.0),
        (ZYNQ, {"PCW_CRYSTAL_PERIPHERAL_FREQMHZ": "-1"}, 50.0),
        (ZYNQ, {"PCW_CRYSTAL_PERIPHERAL_FREQMHZ": "nan"}, 50.0),
        (ULTRASCALE, {"PSU__PSS_REF_CLK__FREQMHZ": "33.3333"}, 33.3333),
        (ULTRASCALE, {}, 33.333),
        (VERSAL, {"PS_PMC_CONFIG": "{ PMC_USE {1} PMC_REF_CLK_FREQMHZ 33.3 PS_X 1 }"}, 33.3),
        (VERSAL, {"PMC_REF_CLK_FREQMHZ": "25"}, 25.0),
    ],
)
def test_the_reference_clock_is_the_designs(family, parameters, rate):
    device = Words()
    assert generators(device, family).reference() == family.reference
    device.design = SimpleNamespace(host=SimpleNamespace(parameters=parameters))
    assert generators(device, family).reference() == rate
    assert generators(device, family).reference(SimpleNamespace(host=SimpleNamespace(parameters={}))) == family.reference
    device.design = SimpleNamespace(host=None)
    assert generators(device, family).reference() == family.reference


def test_real_designs_say_their_reference_clock(hwh_folder):
    from pynq_widgets.design import read_design

    device = Words()
    for name, family, rate in [
        ("Xilinx__PYNQ__base-PynqZ1-2018.3.hwh", ZYNQ, 50.0),
        ("Xilinx__PYNQ_Workshop__ps_gpio.hwh", ZYNQ, 33.333333),
        ("Xilinx__BNN-PYNQ__cnvW1A1-ultra96.hwh", ULTRASCALE, 33.3333),
        ("SanjayRai__VERSAL_VCK190_CPM_XDMA_NOC_DDR4__CPM_bd-VCK190.hwh", VERSAL, 33.333),
    ]:
        device.design = read_design(hwh_folder / name)
        assert generators(device, family).reference() == rate, name


def test_a_bus_that_fails_is_not_hidden(zynq):
    def refuse(address, data):
        raise OSError("bus error")

    zynq.write_registers = refuse
    with pytest.raises(OSError, match="bus error"):
        generators(zynq).set_pl_clk(0, None, None, 50)
