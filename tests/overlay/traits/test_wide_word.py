from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_widgets.access import Mirror
from pynq_widgets.access.describe import RegisterInfo
from pynq_widgets.overlay.traits import Hardware, WideWord, corrected

BLOCK = [
    RegisterInfo("LO", 0),
    RegisterInfo("HI", 4),
    RegisterInfo("T", 8, 64),
    RegisterInfo("STAT_LO", 16, access="read-only"),
    RegisterInfo("STAT_HI", 20, access="read-only"),
    RegisterInfo("LAST", 28),
]


class Ip(Hardware):
    time = WideWord("LO", "HI", writing="high-low")
    held = WideWord("LO", reading="low-high")
    other = WideWord("LO", reading="high-low", signed=True)
    one = WideWord("T")
    status = WideWord("STAT_LO", unit="ns", scale=10)
    last = WideWord("LAST")

    def __init__(self, mirror):
        self.registers = mirror


@pytest.fixture
def ip(make):
    return make(Ip, BLOCK)


def test_it_is_read_high_low_high(ip, bus_spy):
    bus_spy.put(0, 0x5566_7788)
    bus_spy.put(4, 0x1122_3344)
    assert ip.time == 0x1122_3344_5566_7788
    assert bus_spy.taken() == [("read", 4, 4), ("read", 0, 4), ("read", 4, 4)]
    assert ip.held == ip.other == 0x1122_3344_5566_7788
    assert bus_spy.taken() == [("read", 0, 4), ("read", 4, 4), ("read", 4, 4), ("read", 0, 4)]


def test_a_carry_while_it_is_read_is_not_seen_half_done(ip, bus_spy, changes):
    """The counter stands just before a carry, and passes it at each of the reads in turn."""
    for when in range(3):
        bus_spy.put(0, 0xFFFF_FFFF)
        bus_spy.put(4, 1)
        reads = []

        def carry(address, when=when, reads=reads):
            reads.append(address)
            if len(reads) == when + 1:
                bus_spy.put(0, 0)
                bus_spy.put(4, 2)

        bus_spy.on_read = carry
        assert ip.time in (0x1_FFFF_FFFF, 0x2_0000_0000)
        assert len(reads) in (3, 5)
        bus_spy.on_read = None


def test_halves_that_never_hold_still_are_told(ip, bus_spy):
    bus_spy.on_read = lambda address: bus_spy.put(4, bus_spy.word(4) + 1)
    with pytest.raises(OSError, match=r"^LO and HI changed in each of 8 readings: there is no value that both halves had at once$"):
        ip.time


def test_it_is_written_in_the_stated_order(ip, bus_spy):
    ip.time = 0x1_0000_0002
    assert bus_spy.taken() == [("write", 4, 1), ("write", 0, 2)]
    ip.other = -1
    assert bus_spy.taken() == [("write", 0, 0xFFFF_FFFF), ("write", 4, 0xFFFF_FFFF)]
    assert ip.other == -1


def test_a_register_of_64_bits(ip, bus_spy):
    ip.one = 0x1_0000_0002
    assert bus_spy.taken() == [("write", 8, b"\2\0\0\0\1\0\0\0")]
    assert ip.one == 0x1_0000_0002
    assert bus_spy.taken() == [("read", 8, 8), ("read", 8, 8)]


def test_a_half_that_is_read_only_makes_it_so(ip, bus_spy):
    bus_spy.put(16, 5)
    assert ip.status == 50
    with pytest.raises(Exception, match="is read-only"):
        ip.status = 10


def test_a_high_half_that_is_not_there():
    block = [RegisterInfo("LAST", 28)]
    bare = Ip(Mirror(bytearray(64), block))
    with pytest.raises(AttributeError) as error:
        bare.last
    assert str(error.value) == (
        "The 'last' trait of an Ip instance stands for register LAST and the word behind it, at 0x20, which is no register: "
        "say which holds the high half"
    )


def test_observers_are_told_of_whole_values_alone(ip, bus_spy, changes):
    bus_spy.put(0, 0xFFFF_FFFF)
    bus_spy.put(4, 1)
    ip.time
    seen = changes(ip, "time")

    def carry(address):
        # The low half has been read when the carry comes.
        bus_spy.put(0, 0)
        bus_spy.put(4, 2)
        bus_spy.on_read = None

    ip.registers["LO"].read()
    carry(0)
    ip.registers["HI"].read()
    assert seen == [("time", 0x1_FFFF_FFFF, 0x2_0000_0000)]
    ip.time = 7
    assert seen[1:] == [("time", 0x2_0000_0000, 7)]


def test_a_table_that_reads_both_halves_costs_nothing_more_while_the_high_one_stays(ip, bus_spy, changes):
    ip.time
    seen = changes(ip, "time")
    bus_spy.taken()
    bus_spy.put(0, 5)
    ip.registers.refresh(["LO", "HI"])
    assert seen == [("time", 0, 5)]
    assert bus_spy.taken() == [("read", 0, 8)]


def test_a_bus_that_fails_while_halves_are_doubtful_is_logged(ip, bus_spy, changes, caplog):
    ip.time
    seen = changes(ip, "time")
    bus_spy.put(4, 1)

    def fail(address):
        bus_spy.failing.add(0x4000_0000)

    bus_spy.on_read = fail
    ip.registers["HI"].read()
    assert seen == []
    assert "time may have changed, but could not be read whole: bus error" in caplog.text


@given(st.integers(0, (1 << 64) - 1), st.booleans())
@settings(max_examples=50)
def test_every_value_comes_back(value, wide):
    memory = bytearray(64)
    ip = Ip(Mirror(memory, corrected(BLOCK, Ip.class_traits())))
    name = "one" if wide else "time"
    setattr(ip, name, value)
    assert getattr(ip, name) == value
    assert memory[8 if wide else 0 :][:8] == value.to_bytes(8, "little")
