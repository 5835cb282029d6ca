from __future__ import annotations

import pytest

from pynq_widgets.overlay.traits import Counter, Hardware


class Ip(Hardware):
    frames = Counter("COUNT")
    small = Counter("GAIN", bits=(7, 0), modulus=100)
    down = Counter("LENGTH", down=True, scale=0.5, unit="mm", window=2.0)

    def __init__(self, mirror):
        self.registers = mirror


@pytest.fixture
def ip(make):
    return make(Ip)


def test_the_rate_is_what_was_seen_over_time(ip, bus_spy, clock):
    assert ip.rate_of("frames") is None
    bus_spy.put(0x20, 1000)
    assert ip.frames == 1000
    assert ip.rate_of("frames") is None
    clock.advance(2)
    bus_spy.put(0x20, 1500)
    ip.registers.refresh()
    bus_spy.taken()
    assert ip.rate_of("frames") == 250.0
    clock.advance(2)
    ip.frames
    assert ip.rate_of("frames") == 125.0
    assert bus_spy.taken() == [("read", 0x20, 4)]


def test_a_wrap_is_counted(ip, bus_spy, clock):
    for register, name, values in ((0x20, "frames", (0xFFFF_FFF0, 4)), (4, "small", (90, 10)), (24, "down", (10, 0xFFFF_FFFE))):
        for value in values:
            bus_spy.put(register, value)
            getattr(ip, name)
            clock.advance(1)
    assert ip.rate_of("frames") == 20.0
    assert ip.rate_of("small") == 20.0
    assert ip.rate_of("down") == 12 * 0.5


def test_only_the_window_counts(ip, bus_spy, clock):
    for value in (1000, 900, 890, 880, 870):
        bus_spy.put(24, value)
        ip.down
        clock.advance(1)
    assert ip.rate_of("down") == 5.0


def test_a_write_starts_anew(ip, bus_spy, clock):
    bus_spy.put(4, 50)
    ip.small
    clock.advance(1)
    ip.small = 0
    assert ip.rate_of("small") is None
    clock.advance(1)
    bus_spy.put(4, 7)
    ip.small
    assert ip.rate_of("small") == 7.0


def test_a_counter_that_is_read_very_often_keeps_its_window(ip, bus_spy, clock):
    for step in range(2000):
        bus_spy.put(0x20, step)
        ip.frames
        clock.advance(0.001)
    assert ip.rate_of("frames") == pytest.approx(1000.0)


def test_what_is_no_counter_has_no_rate(fir):
    with pytest.raises(TypeError, match=r"^'gain' is a Field: only a Counter has a rate$"):
        fir.rate_of("gain")
    with pytest.raises(AttributeError, match=r"^Fir has no hardware attribute 'cuont' \(did you mean 'count'\?\)$"):
        fir.rate_of("cuont")
