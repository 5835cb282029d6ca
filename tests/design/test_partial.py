"""A module's design in the place of its region: addresses as they fit, and what a master in it reaches."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.design import Design, DesignError, graft, read_design
from pynq_widgets.design.windows import Window, fitted, spans

SYSTEM = '<EDKSYSTEM VIVADOVERSION="2022.1"><SYSTEMINFO NAME="{name}" DEVICE="7z020" PACKAGE="clg400"/>{inside}</EDKSYSTEM>'
RANGE = '<MEMRANGE INSTANCE="{0}" BASEVALUE="{1:#x}" HIGHVALUE="{2:#x}" MASTERBUSINTERFACE="{3}" SLAVEBUSINTERFACE="{4}" MEMTYPE="{5}"/>'


def written(path: Path, name: str, inside: str) -> Design:
    (path / f"{name}.hwh").write_text(SYSTEM.format(name=name, inside=inside), "utf-8")
    return read_design(path / f"{name}.hwh")


@pytest.fixture
def static(tmp_path: Path) -> Design:
    """A region with a master that reaches 1 GB of DDR."""
    host = RANGE.format("rp", 0x4000_0000, 0x4000_FFFF, "M_AXI_GP0", "s_axi", "REGISTER")
    ddr = RANGE.format("ps", 0, 0x3FFF_FFFF, "m_axi", "S_AXI_HP0", "MEMORY")
    return written(
        tmp_path,
        "static",
        f'<MODULES><MODULE FULLNAME="/ps" INSTANCE="ps" MODTYPE="processing_system7"><MEMORYMAP>{host}</MEMORYMAP></MODULE>'
        '<MODULE FULLNAME="/rp" INSTANCE="rp" BDTYPE="BLOCK_CONTAINER"><BUSINTERFACES>'
        '<BUSINTERFACE NAME="s_axi" TYPE="SLAVE" BUSNAME="a"/><BUSINTERFACE NAME="m_axi" TYPE="MASTER" BUSNAME="b"/></BUSINTERFACES>'
        f"<MEMORYMAP>{ddr}</MEMORYMAP></MODULE></MODULES>",
    )


def module(tmp_path: Path, high: int = 0x1FFF_FFFF) -> Design:
    """A core that sees the region's way out as its memory up to `high`, and another core of its module."""
    own = RANGE.format("m_axi", 0, high, "M_AXI", "m_axi", "MEMORY") + RANGE.format(
        "other", 0x8000_0000, 0x8000_0FFF, "M_AXI", "S", "REGISTER"
    )
    entry = RANGE.format("dma", 0x4000_0000, 0x4000_0FFF, "s_axi", "S_AXI", "REGISTER")
    return written(
        tmp_path,
        "module",
        f'<EXTERNALINTERFACES><BUSINTERFACE NAME="s_axi" TYPE="SLAVE" BUSNAME="x"><MEMORYMAP>{entry}</MEMORYMAP></BUSINTERFACE>'
        '<BUSINTERFACE NAME="m_axi" TYPE="MASTER" BUSNAME="y"/></EXTERNALINTERFACES>'
        f'<MODULES><MODULE FULLNAME="/dma" INSTANCE="dma" MODTYPE="core"><MEMORYMAP>{own}</MEMORYMAP></MODULE>'
        '<MODULE FULLNAME="/other" INSTANCE="other" MODTYPE="core"/></MODULES>',
    )


def test_a_master_in_the_module_reaches_what_the_region_does(static: Design, tmp_path: Path) -> None:
    whole = graft(static, "rp", module(tmp_path))
    ranges = [(r.slave, r.base, r.high, r.master_interface, r.kind) for r in whole.address_maps["rp/dma"]]
    assert sorted(ranges) == [("ps", 0, 0x1FFF_FFFF, "M_AXI", "memory"), ("rp/other", 0x8000_0000, 0x8000_0FFF, "M_AXI", "register")]
    wide = graft(static, "rp", module(tmp_path, 0x7FFF_FFFF))
    assert [r.high for r in wide.address_maps["rp/dma"] if r.slave == "ps"] == [0x3FFF_FFFF]
    assert [(r.slave, r.base, r.size) for r in whole.address_map] == [("rp/dma", 0x4000_0000, 0x1000)]


def test_other_regions_stay_and_an_emptied_one_is_there(static: Design, tmp_path: Path) -> None:
    partial = module(tmp_path)
    whole = graft(static, "rp", partial)
    assert (whole.static, dict(whole.regions)) == (static, {"rp": partial})
    emptied = graft(whole, "rp", None)
    assert (list(emptied.modules), dict(emptied.regions), emptied.address_map) == (["ps", "rp"], {"rp": None}, ())
    assert "rp" in emptied.hierarchies
    assert (static.regions, list(static.modules)) == ({}, ["ps", "rp"])
    with pytest.raises(KeyError, match=r"static has no region 'rq'; it has rp"):
        graft(static, "rq", partial)
    with pytest.raises(DesignError, match=r"it is a whole design \(it has the processing system ps\)"):
        graft(static, "rp", static)


ADDRESSES = st.integers(0, 1 << 20)


@given(st.lists(st.tuples(ADDRESSES, st.integers(1, 1 << 12)), min_size=1, max_size=4), st.data())
def test_ranges_within_the_windows_stay_where_they_are(windows: list[tuple[int, int]], data: st.DataObject) -> None:
    there = [Window(base, base + size - 1) for base, size in windows]
    inside = data.draw(st.sampled_from(there))
    low = data.draw(st.integers(inside.base, inside.high))
    assert fitted([Window(low, inside.high, "core")], there) == (0, None)


@given(ADDRESSES, st.integers(1, 1 << 12), st.integers(0, 1 << 13), st.integers(1, 1 << 13))
def test_offsets_are_counted_from_the_lowest_window(base: int, size: int, low: int, nbytes: int) -> None:
    there, wanted = [Window(base, base + size - 1)], Window(low, low + nbytes - 1, "core")
    shift, outside = fitted([wanted], there)
    fits = base <= low and low + nbytes <= base + size
    if fits or low + nbytes <= size:
        assert (shift, outside) == (0 if fits else base, None)
    else:
        assert outside is wanted


def test_windows_that_touch_are_one() -> None:
    halves = [Window(0x8000, 0xFFFF), Window(0, 0x7FFF)]
    assert fitted([Window(0, 0xFFFF, "whole")], halves) == (0, None)
    assert spans(halves) == "0x0..0xffff"
    assert fitted([Window(0, 3, "core")], []) == (0, Window(0, 3, "core"))
    assert str(Window(0, 3, "core")) == "core at 0x0..0x3"
