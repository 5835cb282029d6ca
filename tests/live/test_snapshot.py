from __future__ import annotations

import gc
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynq_widgets.access.describe import FieldInfo, RegisterInfo
from pynq_widgets.access.errors import StaleOverlayError
from pynq_widgets.live import Difference, Snapshot, take

SAFE = ["CTRL", "COUNT", "LOAD", "FLAGS", "LIMIT"]


def reads(spy):
    return [entry for entry in spy.taken() if entry[0] == "read"]


def test_it_reads_what_may_be_read_in_blocks_and_keeps_it(make_mirror, bus_spy):
    bus_spy.put(0x4, 7)
    mirror = make_mirror(bus_spy)
    taken = take({"ip": mirror}, "demo")
    assert reads(bus_spy) == [("read", 0x0, 12), ("read", 0x14, 8)]
    assert bus_spy.bus.statistics().by_who["snapshot"].reads == 2
    assert list(taken["ip"]) == SAFE
    assert taken["ip"]["COUNT"] == 7
    assert taken.left_out == {"ip": {"FIFO": "reading changes DATA", "KEY": "write-only"}}
    assert taken.failed == {}
    assert (taken.name, taken.count, len(taken)) == ("demo", 5, 1)
    assert repr(taken) == "<Snapshot of demo: 5 registers of 1 IP, 2 not read>"
    bus_spy.put(0x4, 8)
    mirror.refresh()
    assert taken["ip"]["COUNT"] == 7
    assert taken.to_dict() == {"ip": {"CTRL": 0, "COUNT": 7, "LOAD": 0, "FLAGS": 0, "LIMIT": 0}}


def test_it_does_not_keep_the_mirror_alive(make_mirror, bus_spy):
    mirror = make_mirror(bus_spy)
    taken = take({"ip": mirror})
    gone = weakref.ref(mirror)
    del mirror
    gc.collect()
    assert gone() is None
    assert taken.count == 5


def test_it_cannot_be_changed_and_is_read_anew_each_time(make_mirror, bus_spy):
    mirror = make_mirror(bus_spy)
    first = take({"ip": mirror})
    with pytest.raises(TypeError):
        first["ip"]["COUNT"] = 3
    bus_spy.taken()
    take({"ip": mirror})
    assert len(reads(bus_spy)) == 2


def test_what_the_bus_refuses_is_left_out_with_the_reason(make_mirror, bus_spy):
    first, second = make_mirror(bus_spy), make_mirror(bus_spy, at=0x100)
    first.refresh()
    bus_spy.failing.add(bus_spy.base + 0x14)
    taken = take({"a": first, "b": second})
    assert list(taken["a"]) == ["CTRL", "COUNT", "LOAD"]
    assert taken.failed == {"a": {"FLAGS": "bus error at 0x40000014", "LIMIT": "bus error at 0x40000014"}}
    assert taken.left_out["a"]["FLAGS"] == "bus error at 0x40000014"
    assert list(taken["b"]) == SAFE
    assert repr(taken) == "<Snapshot: 8 registers of 2 IPs, 4 not read, 2 that the bus refused>"


def test_a_register_beyond_the_range_is_told(make_mirror, bus_spy):
    taken = take({"ip": make_mirror(bus_spy, registers=[RegisterInfo("NEAR", 0), RegisterInfo("FAR", 0x100)])})
    assert taken.left_out == {"ip": {"FAR": "it lies beyond the range that is reached"}}
    assert taken.failed == {}


def test_a_write_only_register_has_what_was_written(make_mirror, bus_spy):
    mirror = make_mirror(bus_spy)
    before = take({"ip": mirror})
    mirror["KEY"].write(0x55)
    after = take({"ip": mirror})
    assert after["ip"]["KEY"] == 0x55
    assert after.written == {"ip": frozenset({"KEY"})}
    assert [tuple(row[:4]) for row in after - before] == [("ip", "KEY", None, 0x55)]
    assert (after - before).rows[0].reason == "not known before: write-only"


def test_an_overlay_that_has_gone_is_an_error(make_mirror, bus_spy):
    mirror = make_mirror(bus_spy)
    mirror.mmio.invalidate("it was freed")
    with pytest.raises(StaleOverlayError, match="it was freed"):
        take({"ip": mirror})


def test_an_ip_that_is_not_there_teaches(make_mirror, bus_spy):
    taken = take({"hier/timer": make_mirror(bus_spy)})
    with pytest.raises(KeyError) as caught:
        taken["hier/tmer"]
    assert caught.value.args == ("the snapshot has no IP 'hier/tmer' (did you mean 'hier/timer'?)",)
    assert "hier/tmer" not in taken
    assert taken.get("hier/tmer") is None


def test_what_changed_with_its_fields(make_mirror, bus_spy):
    mirror = make_mirror(bus_spy)
    before = take({"hier/timer": mirror}, "demo")
    bus_spy.put(0x0, 0x81)
    bus_spy.put(0x18, 0x1234)
    difference = take({"hier/timer": mirror}, "demo") - before
    assert difference
    assert len(difference) == 2
    assert difference.to_dict() == {
        "hier/timer": {
            "CTRL": {"before": 0, "after": 0x81, "fields": {"MODE": (0, 1), "EN": (0, 1)}},
            "LIMIT": {"before": 0, "after": 0x1234, "fields": {}},
        }
    }
    assert repr(difference) == (
        "Difference: 2 registers changed\n"
        "  hier/timer.CTRL   0x00000000 → 0x00000081  MODE 0 → 1, EN 0 → 1\n"
        "  hier/timer.LIMIT      0x0000 → 0x1234\n"
        "  not read, since reading would change them: 2 registers"
    )


def test_nothing_changed(make_mirror, bus_spy):
    mirror = make_mirror(bus_spy)
    difference = take({"ip": mirror}) - take({"ip": mirror})
    assert not difference
    assert len(difference) == 0
    assert difference.to_dict() == {}
    assert repr(difference).startswith("Difference: nothing changed\n")


def test_what_cannot_be_compared_is_told(make_mirror, bus_spy):
    mirror = make_mirror(bus_spy)
    good = take({"ip": mirror})
    bus_spy.failing.add(bus_spy.base + 0x14)
    bad = take({"ip": mirror})
    difference = bad - good
    assert [tuple(row[:4]) for row in difference] == [("ip", "FLAGS", 0, None), ("ip", "LIMIT", 0, None)]
    assert difference.rows[0].reason == "not known after: bus error at 0x40000014"
    assert difference.title == "2 known on one side only"
    still = take({"ip": mirror}) - bad
    assert not still
    assert still.unknown == {"ip": {"FLAGS": "bus error at 0x40000014", "LIMIT": "bus error at 0x40000014"}}
    assert "nobody can tell of ip.FLAGS: bus error at 0x40000014" in repr(still)
    assert still.unread == 2


def test_an_ip_that_came_or_went_is_told(make_mirror, bus_spy):
    first, second = make_mirror(bus_spy), make_mirror(bus_spy, at=0x100, registers=[RegisterInfo("DATA", 0)])
    old, new = take({"a": first, "b": second}, "one"), take({"a": first}, "two")
    difference = new - old
    assert difference
    assert difference.gone == ("b",)
    assert [tuple(row[:4]) for row in difference] == [("b", "DATA", 0, None)]
    assert difference.rows[0].reason == "b is not in the snapshot after"
    assert (old - new).come == ("b",)
    assert "of two designs: one before, two after" in repr(difference)
    assert "only before: b" in repr(difference)


def test_an_ip_of_which_nothing_is_read_can_go_too(make_mirror, bus_spy):
    mute = make_mirror(bus_spy, registers=[RegisterInfo("KEY", 0, access="write-only")])
    difference = take({}) - take({"mute": mute})
    assert difference
    assert len(difference) == 0
    assert difference.title == "0 registers changed"


def test_a_register_of_the_other_design_only(make_mirror, bus_spy):
    old = take({"ip": make_mirror(bus_spy, registers=[RegisterInfo("A", 0)])})
    new = take({"ip": make_mirror(bus_spy, registers=[RegisterInfo("B", 0)])})
    assert [row.reason for row in new - old] == ["ip has no such register after", "ip has no such register before"]


def test_only_snapshots_are_compared(make_mirror, bus_spy):
    with pytest.raises(TypeError, match="unsupported operand type"):
        take({}) - {}


names = st.sampled_from("abc")
values = st.dictionaries(names, st.dictionaries(st.sampled_from("XYZ"), st.integers(0, 3), max_size=3), max_size=3)
snapshots = values.map(
    lambda held: Snapshot(
        held,
        details={
            path: {name: RegisterInfo(name, 0, fields=(FieldInfo("LOW", 0, 1), FieldInfo("HIGH", 1, 1))) for name in "XYZ"} for path in held
        },
    )
)


@settings(deadline=None)
@given(snapshots)
def test_nothing_is_different_from_itself(one):
    assert not one - one
    assert (one - one).rows == ()


@settings(deadline=None)
@given(snapshots, snapshots)
def test_a_difference_is_empty_only_between_equals(one, other):
    assert bool(other - one) == (one != other)
    assert (hash(one) == hash(other)) or one != other
    assert len(other - one) == len(list((other - one).rows))


@settings(deadline=None)
@given(snapshots, snapshots)
def test_the_other_way_round_it_is_turned_round(one, other):
    def key(row):
        return row[:2]

    there, back = other - one, one - other
    turned = [row._replace(before=row.after, after=row.before) for row in back]
    assert [row[:4] for row in sorted(there, key=key)] == [row[:4] for row in sorted(turned, key=key)]
    assert (there.gone, there.come) == (back.come, back.gone)
    for row in there:
        for field in row.fields:
            assert field.before != field.after


@settings(deadline=None)
@given(snapshots, snapshots)
def test_what_was_before_and_what_changed_give_what_is_after(one, other):
    held = one.to_dict()
    difference = other - one
    for row in difference:
        if row.after is None:
            del held[row.path][row.register]
        else:
            held.setdefault(row.path, {})[row.register] = row.after
    for path in difference.gone:
        del held[path]
    for path in difference.come:
        held.setdefault(path, {})
    assert held == other.to_dict()


@settings(deadline=None)
@given(snapshots, snapshots, snapshots)
def test_two_steps_tell_of_all_that_one_tells_of(one, two, three):
    def cells(difference):
        return {row[:2] for row in difference}

    assert cells(three - one) <= cells(two - one) | cells(three - two)


@settings(deadline=None)
@given(snapshots, snapshots)
def test_its_text_never_fails(one, other):
    assert repr(other - one).startswith("Difference: ")
    assert isinstance(other - one, Difference)
