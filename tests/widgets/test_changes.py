"""Snapshots, differences and restored configurations as text and as HTML that stands in a stored notebook."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from pynq_widgets import showing
from pynq_widgets.access import MMIO, Mirror
from pynq_widgets.access.describe import FieldInfo, RegisterInfo
from pynq_widgets.live import Snapshot, State, load, save, take
from pynq_widgets.live.restore import RestoreError, restore
from pynq_widgets.live.state import ALL, Value

REGISTERS = [
    RegisterInfo("CTRL", 0, fields=(FieldInfo("MODE", 0, 2), FieldInfo("EN", 7, 1))),
    RegisterInfo("LOAD", 4, width=16),
    RegisterInfo("FIFO", 8, access="write-only"),
]


class Checker(HTMLParser):
    """Balanced, with no script, no class and no event, and no colour of the page's own background."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        assert tag in {"div", "span", "b", "table", "tr", "th", "td", "details", "summary"}, tag
        assert {name for name, _ in attrs} <= {"style", "open"}, attrs
        assert "background" not in (dict(attrs).get("style") or "")
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def shown(thing):
    """The bundle's text, and the words of its HTML."""
    bundle = showing.mimebundle(thing)
    assert set(bundle) == {"text/plain", "text/html"}
    checker = Checker()
    checker.feed(bundle["text/html"])
    assert checker.open == []
    return bundle["text/plain"], "|".join(checker.text)


@pytest.fixture
def mirror(bus_spy):
    return Mirror(MMIO(bus_spy.base, 64, bus_spy), REGISTERS)


def test_a_difference(mirror, bus_spy):
    before = take({"hier/ip": mirror}, "demo")
    bus_spy.put(0, 0x81)
    bus_spy.put(4, 0x12)
    text, words = shown(take({"hier/ip": mirror}, "demo") - before)
    assert text.startswith("Difference: 2 registers changed\n")
    assert "Changed registers of demo| · 2 registers changed" in words
    assert "hier/ip|CTRL|0x00000000|0x00000081|MODE 0\u00a0→\u00a01, EN 0\u00a0→\u00a01" in words
    assert "hier/ip|LOAD|0x0000|0x0012" in words
    assert "not read, since reading would change them: 1 register" in words
    assert "nothing changed" in shown(before - before)[1]


def test_a_difference_tells_what_is_not_known(mirror, bus_spy):
    before = take({"ip": mirror})
    bus_spy.failing.add(bus_spy.base)
    words = shown(take({"ip": mirror}) - before)[1]
    assert "ip|CTRL|0x00000000|–|not known after: bus error at 0x40000000" in words


def test_a_snapshot(mirror, bus_spy):
    bus_spy.put(4, 5)
    text, words = shown(take({"hier/ip": mirror}, "demo"))
    assert text == "<Snapshot of demo: 2 registers of 1 IP, 1 not read>"
    assert "Snapshot of demo| · 2 registers of 1 IP" in words
    assert "LOAD|0x0005" in words
    assert "FIFO|–|write-only" in words


def test_what_was_restored(mirror, bus_spy, tmp_path):
    state = State({"ip": {"LOAD": Value(3, ALL), "FIFO": Value(1, ALL)}}, name="demo")
    text, words = shown(restore({"ip": mirror}, state, dry_run=True))
    assert "Would be restored of demo" in words
    assert "LOAD|0x40000004|0x0 → 0x3|would be written" in words
    text, words = shown(restore({"ip": mirror}, state))
    assert text.startswith("Restored: 1 register written, 0 unchanged, 1 left out")
    assert "LOAD|0x40000004|0x0 → 0x3|read back" in words
    assert "Left out (1)" in words
    assert "ip.FIFO|it is write-only" in words


def test_what_did_not_take_and_what_was_not_written(mirror, bus_spy, monkeypatch):
    state = State({"ip": {"LOAD": Value(3, ALL), "CTRL": Value(1, ALL)}})
    write = type(bus_spy).write_registers
    monkeypatch.setattr(bus_spy, "write_registers", lambda address, data: None, raising=False)
    held = Mirror(MMIO(bus_spy.base, 64, bus_spy), REGISTERS)
    assert "LOAD|0x40000004|0x0 → 0x3|did not take: holds 0x0" in shown(restore({"ip": held}, state))[1]

    def fails(address, data):
        write(bus_spy, address, data)
        if address == bus_spy.base:
            raise OSError("the cable is out")

    monkeypatch.setattr(bus_spy, "write_registers", fails, raising=False)
    held = Mirror(MMIO(bus_spy.base, 64, bus_spy), REGISTERS)
    with pytest.raises(RestoreError) as caught:
        restore({"ip": held}, state)
    assert "CTRL|0x40000000|0x0 → 0x1|not written|ip|LOAD|0x40000004|0x0 → 0x3|not written" in shown(caught.value.report)[1]


def test_what_was_saved_and_a_state(mirror, tmp_path):
    _, words = shown(save(take({"ip": mirror}, "demo"), tmp_path / "state.yaml"))
    assert "2 registers of 1 IP saved in" in words
    assert "ip.FIFO|it is write-only" in words
    _, words = shown(load(tmp_path / "state.yaml"))
    assert "State of demo" in words
    assert "ip|CTRL|0x0|0x83" in words


def test_names_of_strangers_are_text():
    hostile = "<script>alert(1)</script>"
    one = Snapshot({hostile: {hostile: 1}}, name=hostile)
    two = Snapshot({hostile: {hostile: 2}}, name=hostile)
    for thing in (one, two - one, State.of(one)):
        assert "<script" not in showing.mimebundle(thing)["text/html"]
        assert hostile in shown(thing)[1]
