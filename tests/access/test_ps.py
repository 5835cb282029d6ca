from __future__ import annotations

from types import SimpleNamespace

import pytest

from pynq_widgets.access import Clocks


def clock(index, mhz, enabled=True):
    return SimpleNamespace(index=index, frequency=mhz * 1_000_000 if mhz else None, enabled=enabled)


@pytest.fixture
def device(bus_spy, active_device):
    bus_spy.kind = "simulated"
    bus_spy.design = SimpleNamespace(clocks=(clock(0, 100), clock(1, 142), clock(2, 50, enabled=False), clock(None, 33)))
    return active_device(bus_spy)


def test_the_clocks_of_the_design(device):
    assert (Clocks.fclk0_mhz, Clocks.fclk1_mhz) == (100.0, 142.0)


def test_a_clock_can_be_set_until_another_design_is_loaded(device):
    Clocks.fclk0_mhz = 75
    Clocks.set_pl_clk(1, clk_mhz=12.5)
    assert (Clocks.fclk0_mhz, Clocks.get_pl_clk(1)) == (75.0, 12.5)
    device.generation += 1
    assert (Clocks.fclk0_mhz, Clocks.fclk1_mhz) == (100.0, 142.0)
    Clocks.fclk1_mhz = 10
    assert (Clocks.fclk0_mhz, Clocks.fclk1_mhz) == (100.0, 10.0)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), "100", None])
def test_rates_that_cannot_be(device, rate):
    with pytest.raises(ValueError, match=f"fclk0_mhz expected a rate in MHz above 0, got {rate!r}"):
        Clocks.fclk0_mhz = rate
    assert Clocks.fclk0_mhz == 100.0


def test_clocks_that_are_not_there(device):
    for touch in (lambda: Clocks.fclk2_mhz, lambda: Clocks.set_pl_clk(2, clk_mhz=5)):
        with pytest.raises(RuntimeError) as raised:
            touch()
        assert str(raised.value) == "the design on device 'bus spy' has no fabric clock 2 (it has fclk0, fclk1)"
    with pytest.raises(ValueError, match=r"^Valid PL clock index is 0 - 3\.$"):
        Clocks.get_pl_clk(4)
    with pytest.raises(AttributeError, match=r"Clocks has no clock 'fclk_0_mhz' \(did you mean 'fclk0_mhz'"):
        Clocks.fclk_0_mhz = 5
    with pytest.raises(RuntimeError, match="device 'bus spy' has no divisors to set"):
        Clocks.set_pl_clk(0, div0=5)
    with pytest.raises(RuntimeError, match="cannot tell the clock of its processor"):
        Clocks.cpu_mhz
    device.design = None
    with pytest.raises(RuntimeError, match="no design is loaded on device 'bus spy'"):
        Clocks.fclk0_mhz
    device.kind = "board"
    with pytest.raises(RuntimeError, match=r"^Architecture not supported for Clocks"):
        Clocks.fclk0_mhz


def test_a_device_with_clocks_of_its_own(bus_spy, make_spy):
    calls = []
    bus_spy.get_pl_clk = lambda index: 10.0 + index
    bus_spy.set_pl_clk = lambda index, **how: calls.append((index, how))
    bus_spy.get_cpu_mhz = lambda: 650
    Clocks.set_device(bus_spy)
    try:
        assert (Clocks.fclk3_mhz, Clocks.cpu_mhz) == (13.0, 650.0)
        Clocks.fclk3_mhz = 20
        Clocks.set_pl_clk(0, div0=5, div1=2)
    finally:
        Clocks.set_device(None)
    assert calls == [(3, {"clk_mhz": 20}), (0, {"clk_mhz": 100.0, "div0": 5, "div1": 2})]
