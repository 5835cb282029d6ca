"""``hold_trait_notifications`` and ``transaction`` with hardware."""

from __future__ import annotations

import threading

import pytest
from traitlets import Int, TraitError, validate

from pynq_widgets.overlay.traits import Field, Hardware, Word


class Window(Hardware):
    low = Field("GAIN", bits=(7, 0))
    high = Field("GAIN", bits=(15, 8))
    length = Word("LENGTH")
    count = Int()

    def __init__(self, mirror, **traits):
        self.registers = mirror
        super().__init__(**traits)

    @validate("low", "high")
    def _order(self, proposal):
        low = proposal.value if proposal.trait.name == "low" else self.low
        high = proposal.value if proposal.trait.name == "high" else self.high
        if low > high:
            raise TraitError(f"low {low} is above high {high}")
        return proposal.value


def test_what_is_held_is_validated_together_and_written_once(make, bus_spy, changes):
    ip = make(Window, low=2, high=5)
    seen = changes(ip)
    bus_spy.taken()
    with ip.hold_trait_notifications():
        ip.low = 9
        ip.low = 7
        ip.high = 20
        ip.length = 1
        ip.count = 3
        assert (ip.low, ip.high, ip.length, ip.count) == (7, 20, 1, 3)
        assert bus_spy.taken() == []
    assert bus_spy.taken() == [("read", 4, 4), ("write", 4, 0x1407), ("write", 24, 1)]
    assert sorted(seen) == [("count", 0, 3), ("high", 5, 20), ("length", None, 1), ("low", 2, 7)]


def test_what_the_validators_refuse_is_not_written_at_all(make, bus_spy, changes):
    ip = make(Window, low=2, high=5)
    seen = changes(ip)
    bus_spy.taken()

    def set_all():
        with ip.hold_trait_notifications():
            ip.length = 1
            ip.count = 3
            ip.low = 9

    with pytest.raises(TraitError, match=r"^low 9 is above high 5$"):
        set_all()
    assert [entry for entry in bus_spy.taken() if entry[0] == "write"] == []
    assert (ip.low, ip.high, ip.count, seen) == (2, 5, 0, [])


def test_an_error_in_the_block_writes_nothing(make, bus_spy):
    ip = make(Window)

    def fail():
        with ip.hold_trait_notifications():
            ip.length = 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert bus_spy.taken() == []
    ip.length = 2
    assert bus_spy.taken() == [("write", 24, 2)]


def test_a_value_that_does_not_fit_raises_at_once(make, bus_spy):
    ip = make(Window)
    with ip.hold_trait_notifications():
        with pytest.raises(TraitError, match="nothing was written"):
            ip.low = 256
        ip.length = 1
    assert bus_spy.taken() == [("write", 24, 1)]


def test_holds_within_holds_are_one(make, bus_spy):
    ip = make(Window)
    with ip.hold_trait_notifications():
        ip.length = 1
        with ip.hold_trait_notifications():
            ip.length = 2
        assert bus_spy.taken() == []
    assert bus_spy.taken() == [("write", 24, 2)]


def test_a_bus_that_fails_at_the_end_of_a_hold(make, bus_spy, changes):
    ip = make(Window, length=5)
    seen = changes(ip)
    bus_spy.failing.add(0x4000_0018)
    with pytest.raises(OSError, match="bus error"), ip.hold_trait_notifications():
        ip.length = 1
    bus_spy.failing.clear()
    assert (ip.known("length").value, ip.length, seen) == (5, 5, [])


def test_another_thread_writes_while_one_holds(make, bus_spy):
    ip = make(Window, low=1, high=5)
    bus_spy.taken()
    refused = []

    def other():
        ip.length = 8
        try:
            ip.low = 9
        except TraitError as error:
            refused.append(str(error))

    with ip.hold_trait_notifications():
        ip.high = 3
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(30)
        assert ("write", 24, 8) in bus_spy.taken()
    assert refused == ["low 9 is above high 5"]
    assert [entry for entry in bus_spy.taken() if entry[0] == "write"] == [("write", 4, 0x0301)]


def test_a_transaction_joins_writes_and_tells_at_its_end(make, bus_spy, changes):
    ip = make(Window, low=1, high=5)
    seen = changes(ip)
    bus_spy.taken()
    with ip.transaction():
        ip.high = 9
        ip.low = 8
        ip.length = 3
        assert seen == []
    assert bus_spy.taken()[-2:] == [("write", 4, 0x0908), ("write", 24, 3)]
    assert sorted(seen) == [("high", 5, 9), ("length", None, 3), ("low", 1, 8)]


def test_a_transaction_that_fails_rolls_back(make, bus_spy, changes):
    ip = make(Window, low=1, high=5)
    seen = changes(ip)

    def fail():
        with ip.transaction():
            ip.length = 3
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    bus_spy.failing.add(0x4000_0004)
    with pytest.raises(OSError, match="bus error"), ip.transaction():
        ip.high = 9
    bus_spy.failing.clear()
    assert (ip.known("high").value, seen) == (5, [])


def test_a_class_without_hardware_holds_as_ever():
    class Plain(Hardware):
        count = Int()

    plain = Plain()
    seen = []
    plain.observe(seen.append)
    with plain.hold_trait_notifications():
        plain.count = 1
        plain.count = 2
    assert [(change.old, change.new) for change in seen] == [(0, 2)]
    assert plain.trait_values() == {"count": 2}
