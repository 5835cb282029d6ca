"""The map of memory: what it tells, however much there is."""

from __future__ import annotations

import json
import re

import pytest

from pynq_widgets import showing
from pynq_widgets.device import SimulatedDevice, VirtualClock

pytest.importorskip("anywidget")

from pynq_widgets.device.simulated.allocation import buffer_in
from pynq_widgets.device.simulated.pool import ContiguousPool
from pynq_widgets.widgets.memory_facts import COLUMNS, ROWS, facts
from pynq_widgets.widgets.memory_map import MemoryMap, memory_html


@pytest.fixture
def device() -> SimulatedDevice:
    return SimulatedDevice("board", pool_size=1 << 20, clock=VirtualClock())


def test_who_holds_what(device: SimulatedDevice) -> None:
    image = device.allocate((64, 1024), "u1", name="image")
    small = [device.allocate(1024) for _ in range(4)]
    small[1].freebuffer()
    told = facts(device.memory)
    assert (told["title"], told["note"]) == ("Memory of board", "4 buffers, 76 KiB")
    (bank,) = told["banks"]
    assert (bank["name"], bank["note"]) == ("DDR", "1 MiB, 948 KiB free in 2 pieces, the largest 944 KiB; 0 % fragmented")
    assert [(row["what"], row["count"], row["bytes"], row["address"]) for row in bank["holders"]] == [
        ("image: 64×1024 uint8", 1, "64 KiB", "0x10000000"),
        ("1024 uint32", 3, "12 KiB", "0x10010000 …"),
    ]
    whole, near = bank["strips"]
    assert (whole["low"], whole["high"], near["low"], near["high"]) == ("0x10000000", "0x10100000", "0x10000000", "0x10014000")
    assert [(piece["at"], piece["width"], piece["row"]) for piece in near["pieces"]] == [
        (0, 0.8, 0),
        (0.8, 0.05, 1),
        (0.9, 0.05, 1),
        (0.95, 0.05, 1),
    ]
    assert image is not None


def test_buffers_of_an_earlier_design_are_on_the_map(device: SimulatedDevice) -> None:
    earlier = ContiguousPool(0x5_0000_0000, 1 << 20, name="ddr4_0", device=device)
    device.memory.set_bank("ddr4_0", earlier)
    kept = buffer_in(earlier, 1024, "u4")
    device.memory.drop_banks()
    told = facts(device.memory)
    assert [(bank["name"], bank["buffers"]) for bank in told["banks"]] == [("DDR", 0), ("ddr4_0 of an earlier design", 1)]
    assert told["note"] == "1 buffer, 4 KiB"
    kept.freebuffer()
    assert len(facts(device.memory)["banks"]) == 1


def test_a_long_name_leaves_room_for_the_rest(device: SimulatedDevice) -> None:
    buffer = device.allocate(16, name="long " * 40)
    assert "display:inline-block;max-width:36ch;overflow:hidden;text-overflow:ellipsis;" in str(memory_html(facts(device.memory)))
    assert buffer is not None


def test_ten_thousand_are_as_much_as_a_screen_shows() -> None:
    device = SimulatedDevice("big", pool_size=128 << 20, clock=VirtualClock())
    held = [device.allocate(1 + 37 * n % 3000, name=f"n{n % 61}") for n in range(10_000)]
    del held[::3]
    told = facts(device.memory)
    (bank,) = told["banks"]
    assert all(len(strip["pieces"]) <= 2 * COLUMNS for strip in bank["strips"])
    assert len(bank["holders"]) == ROWS + 1
    assert sum(row["count"] for row in bank["holders"]) == len(held)
    assert len(json.dumps(told)) < 200_000


def test_the_bundle_has_a_view_html_without_script_and_text(device: SimulatedDevice) -> None:
    buffer = device.allocate(16, name="<b>taps</b>")
    data = showing.mimebundle(device.memory)
    assert set(data) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert "<script" not in data["text/html"]
    assert not re.search(r"\bclass=", data["text/html"])
    assert "&lt;b&gt;taps&lt;/b&gt;" in data["text/html"]
    assert data["text/plain"].startswith("board: 1 buffer is held, 64 B\nDDR: 1 MiB at 0x10000000")
    assert buffer.nbytes == 64
    still = showing.mimebundle(device.memory, widget=False)
    assert set(still) == {"text/plain", "text/html"}
    again = showing.mimebundle(device.memory)
    assert again["application/vnd.jupyter.widget-view+json"] == data["application/vnd.jupyter.widget-view+json"], "one widget an object"


def test_it_follows_while_it_is_seen(device: SimulatedDevice) -> None:
    view = MemoryMap(device.memory)
    assert view.facts["note"] == "no buffer is held"
    buffer = device.allocate(16)
    view._message(view, {"kind": "beat", "view": "a", "visible": False}, [])
    assert view.facts["note"] == "no buffer is held"
    view._message(view, {"kind": "beat", "view": "a", "visible": True}, [])
    assert view.facts["note"] == "1 buffer, 64 B"
    buffer.freebuffer()
    view._message(view, {"kind": "beat", "view": "a", "visible": True}, [])
    assert view.facts["note"] == "no buffer is held"
    view._message(view, "nonsense", [])
    view.close()
