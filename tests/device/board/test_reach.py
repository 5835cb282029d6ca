"""Addresses of the logic: what real designs have is never refused, and what they have not is, but only in the windows of the logic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pynq_widgets.design import read_design
from pynq_widgets.device import BusError
from pynq_widgets.device.board.family import FAMILIES, VERSAL, ZYNQ, ZYNQMP, Family
from pynq_widgets.device.board.ports import widths_of
from pynq_widgets.device.board.reach import Reach

OF_HOST = {"processing_system7": ZYNQ, "zynq_ultra_ps_e": ZYNQMP, "versal_cips": VERSAL}


def family_for(design: Any) -> Family | None:
    return None if design.host is None or design.host.vlnv is None else OF_HOST.get(design.host.vlnv.split(":")[2])


def test_real_designs(hwh_folder: Path) -> None:
    kinds = set()
    for path in sorted(hwh_folder.glob("*.hwh")):
        design = read_design(path)
        family = family_for(design)
        if family is None:
            assert widths_of(design) == ()
            continue
        kinds.add(family.name)
        reach = Reach(design, family)
        for found in design.address_map:
            reach.check(found.base, 4, "read")
            reach.check(found.high & ~3, 4, "read")
            reach.check(found.base, found.size, "mapping")
        for width in widths_of(design, {f"S_AXI_HP{i}" for i in range(4)}):
            assert not family.in_logic(width.address)
            assert 0 <= width.value < 1 << (width.high - width.low + 1)
    assert kinds == {"zynq", "zynqmp", "versal"}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(address=st.integers(0, 0xFFFF_FFFF), length=st.integers(0, 0x2000_0000))
def test_refused_is_what_is_wholly_in_the_logic_and_touches_nothing(design: Callable[..., Any], address: int, length: int) -> None:
    made = _small(design)
    last = address + max(length, 1) - 1
    nothing = all(last < found.base or address > found.high for found in made.address_map)
    refused = ZYNQ.in_logic(address) and ZYNQ.in_logic(last) and nothing
    if refused:
        with pytest.raises(BusError) as caught:
            Reach(made, ZYNQ).check(address, length, "read")
        assert (caught.value.address, caught.value.operation) == (address, "read")
    else:
        Reach(made, ZYNQ).check(address, length, "read")


_made: dict[str, Any] = {}


def _small(design: Callable[..., Any]) -> Any:
    if "small" not in _made:
        _made["small"] = design()
    return _made["small"]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_design_without_addresses_refuses_nothing(design: Callable[..., Any], family: Family) -> None:
    Reach(type("Empty", (), {"address_map": (), "name": "empty"})(), family).check(family.windows[0][0], 4, "read")
