"""The public designs against a second reader's opinion (``../shared/hwh/expected``), all of them."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets.design import Design, read_design

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "hwh"
NAMES = sorted(path.stem for path in FOLDER.glob("*.hwh"))

# The second reader knows only processing systems; in these designs software runs on another master.
OTHER_HOSTS = {
    "SanjayRai__VERSAL_VCK190_CPM_XDMA_NOC_DDR4__bd_f512_pspmc_0_0-VCK190": ("psv_cortexa72_0", 66),
    "ali-rasteh__rfsoc-sdr__system_bd_ddr4_0_0_microblaze_mcs-xsa": ("microblaze_I", 6),
    "qxynju2017__Nexys-Video-Microblaze-OV5640-HDMI__design_1-microblaze-2018.2-hdf": ("microblaze_0", 8),
}

pytestmark = pytest.mark.skipif(not NAMES, reason="the real designs are not there (../shared/hwh)")


@pytest.fixture(scope="module", params=NAMES)
def both(request: pytest.FixtureRequest) -> tuple[str, Design, dict[str, Any]]:
    name = request.param
    return name, read_design(FOLDER / f"{name}.hwh"), json.loads((FOLDER / "expected" / f"{name}.json").read_text())


def test_ranges(both: tuple[str, Design, dict[str, Any]]) -> None:
    name, design, expected = both
    if name in OTHER_HOSTS:
        assert design.host is not None
        assert (design.host.path, len(design.address_map)) == OTHER_HOSTS[name]
        return
    assert [design.host.path] == expected["ps"] if design.host else not expected["ps"]
    theirs = Counter(
        (r["full"] or r["inst"], r["mif"] or "", r["sif"] or "", r["blk"], r["base"], r["size"], r["memtype"].lower())
        for r in expected["ranges"]
    )
    ours = Counter((r.slave, r.master_interface, r.interface, r.block, r.base, r.size, r.kind) for r in design.address_map)
    assert ours == theirs


def test_interrupts(both: tuple[str, Design, dict[str, Any]]) -> None:
    name, design, expected = both
    if name in OTHER_HOSTS:
        return
    pins = {(p["pin"], p["bit"], t["controller"], t["index"], t["ps_port"]) for p in expected["interrupt_pins"] for t in p["to"]}
    assert {(line.path, line.bit, line.controller or "", line.index, line.ps_port) for line in design.interrupts} == pins
    controllers = {(path, c["parent"], c["index"], c["ps_port"]) for path, c in expected["interrupt_controllers"].items()}
    assert {(c.path, c.parent or "", c.index, c.ps_port) for c in design.controllers} == controllers


def test_gpio(both: tuple[str, Design, dict[str, Any]]) -> None:
    _, design, expected = both
    theirs = {
        (g["inst"] if g["modtype"] else g["port"], int(g["lsb"] or 0), int(g["msb"] or 0) if g["lsb"] else None)
        for g in expected["ps_gpio_out"]
    }
    ours = {(p.slice or p.name, p.index, p.index + p.width - 1 if p.slice else None) for p in design.gpio if p.direction == "out"}
    assert ours == theirs


def test_everything_can_be_read(both: tuple[str, Design, dict[str, Any]], touch_everything: Callable[[Design], None]) -> None:
    touch_everything(both[1])


def test_each_stream_has_one_source_and_one_sink(both: tuple[str, Design, dict[str, Any]]) -> None:
    _, design, _ = both
    streams = [c for c in design.connections if c.protocol == "axis"]
    assert len({(c.master, c.master_interface) for c in streams}) == len(streams)
    assert len({(c.slave, c.slave_interface) for c in streams}) == len(streams)


def test_each_range_is_in_the_dictionaries(both: tuple[str, Design, dict[str, Any]]) -> None:
    _, design, _ = both
    listed = {
        (entry["fullpath"], r["interface"], r["block"], r["base"], r["size"], r["kind"])
        for view in (design.ip_dict, design.mem_dict)
        for entry in view.values()
        for r in entry["ranges"]
    }
    for span in design.address_map:
        assert (span.slave, span.interface, span.block, span.base, span.size, span.kind) in listed


def test_all_are_there() -> None:
    assert len(NAMES) == 64
    assert sys.modules.keys().isdisjoint({"pynq"})
