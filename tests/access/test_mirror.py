from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.access import MMIO, Mirror, RegisterMap, StaleOverlayError, VerifyError
from pynq_widgets.access.describe import FieldInfo, RegisterInfo, after_write
from pynq_widgets.device import VirtualClock

BASE = 0x4000_0000
BLOCK = [
    RegisterInfo(
        "CTRL",
        0,
        fields=(
            FieldInfo("GO", 0, 1),
            FieldInfo("MODE", 4, 4),
            FieldInfo("BUSY", 8, 1, "read-only"),
            FieldInfo("DONE", 12, 2, write_action="oneToClear"),
        ),
    ),
    RegisterInfo("LENGTH", 4, reset_value=7),
    RegisterInfo("FIFO", 8, access="read-only", fields=(FieldInfo("DATA", 0, 32, "read-only", "", "modify"),)),
    RegisterInfo("POINTER", 12, 64),
    RegisterInfo("KEY", 20, access="write-only", fields=(FieldInfo("A", 0, 8), FieldInfo("B", 8, 8)), reset_value=0x1100),
    RegisterInfo("VERSION", 32, access="read-only"),
]


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def mirror(bus_spy, clock):
    return Mirror(MMIO(BASE, 0x100, bus_spy, generation=0), BLOCK, clock=clock)


@pytest.fixture
def told(mirror):
    news = []
    mirror.observe(news.append)
    return news


def test_nothing_is_known_and_nothing_read_at_first(mirror, bus_spy):
    assert repr(mirror) == "Mirror(6 registers at 0x40000000, 0 known)"
    assert repr(mirror["CTRL"]) == "RegisterHandle(CTRL = never read)"
    assert repr(mirror["FIFO"]) == "RegisterHandle(FIFO = never read, not read unasked: reading changes DATA)"
    handle = mirror["CTRL"]
    assert (handle.value, handle.state, handle.age, handle.fields["MODE"].value) == (None, "never", None, None)
    assert list(handle.fields) == ["GO", "MODE", "BUSY", "DONE"]
    assert bus_spy.taken() == []


def test_refresh_reads_the_harmless_words_in_blocks(mirror, bus_spy, told, clock):
    bus_spy.put(12, 0x5566_7788)
    bus_spy.put(16, 0x1122_3344)
    clock.advance(3)
    assert mirror.refresh() == {"CTRL", "LENGTH", "POINTER", "VERSION"}
    assert bus_spy.taken() == [("read", 0, 8), ("read", 12, 8), ("read", 32, 4)]
    assert mirror["POINTER"].value == 0x1122_3344_5566_7788
    assert (mirror["POINTER"].state, mirror["FIFO"].state, mirror["KEY"].state) == ("read", "never", "never")
    assert told == [{"CTRL", "LENGTH", "POINTER", "VERSION"}]
    clock.advance(2)
    assert mirror["CTRL"].age == 2


def test_only_what_changed_is_told(mirror, bus_spy, told):
    mirror.refresh()
    bus_spy.put(4, 99)
    assert mirror.refresh() == {"LENGTH"}
    assert mirror.refresh() == set()
    assert told[1:] == [{"LENGTH"}]


def test_refresh_of_some_leaves_out_what_is_guarded(mirror, bus_spy):
    assert mirror.refresh(["LENGTH", "FIFO", "KEY"]) == {"LENGTH"}
    assert bus_spy.taken() == [("read", 4, 4)]
    mirror.refresh("VERSION")
    assert bus_spy.taken() == [("read", 32, 4)]
    with pytest.raises(KeyError, match=r"no register 'VERSIN' \(did you mean 'VERSION'\?\)"):
        mirror.refresh(["VERSIN"])


def test_reading_by_name_reads_even_what_is_guarded(mirror, bus_spy, told):
    bus_spy.put(8, 5)
    assert mirror["FIFO"].read() == 5
    assert mirror["FIFO"].fields["DATA"].read() == 5
    assert bus_spy.taken() == [("read", 8, 4), ("read", 8, 4)]
    assert told == [{"FIFO"}]


def test_a_write_is_one_write_and_then_known_as_written(mirror, bus_spy, told):
    mirror["LENGTH"].write(5)
    assert bus_spy.taken() == [("write", 4, 5)]
    assert (mirror["LENGTH"].value, mirror["LENGTH"].state) == (5, "written")
    assert told == [{"LENGTH"}]
    assert mirror["LENGTH"].read() == 5
    assert mirror["LENGTH"].state == "read"
    assert told == [{"LENGTH"}, {"LENGTH"}]


def test_a_64_bit_write(mirror, bus_spy):
    mirror["POINTER"].write(1 << 40)
    assert bus_spy.taken() == [("write", 12, (1 << 40).to_bytes(8, "little"))]
    assert mirror["POINTER"].read() == 1 << 40


def test_a_field_write_is_one_read_and_one_write_and_leaves_others_alone(mirror, bus_spy, told):
    bus_spy.put(0, 0x3101)
    mirror["CTRL"].fields["MODE"].write(9)
    assert bus_spy.taken() == [("read", 0, 4), ("write", 0, 0x0191)]
    # DONE is cleared by ones only, BUSY by the hardware only.
    assert (mirror["CTRL"].value, mirror["CTRL"].state) == (0x3191, "written")
    assert told == [{"CTRL"}]
    mirror["CTRL"].write_field("DONE", 1)
    assert bus_spy.taken()[1] == ("write", 0, 0x1191)


def test_a_field_of_a_write_only_register_is_written_without_a_read(mirror, bus_spy):
    mirror["KEY"].write_field("A", 0x22)
    mirror["KEY"].write_field("B", 0x33)
    assert bus_spy.taken() == [("write", 20, 0x1122), ("write", 20, 0x3322)]


def test_a_field_that_fills_its_register_needs_no_read(bus_spy):
    mirror = Mirror(MMIO(BASE, 64, bus_spy), [RegisterInfo("width", 0, fields=(FieldInfo("width", 0, 32),))])
    mirror["width"].fields["width"].write(640)
    assert bus_spy.taken() == [("write", 0, 640)]


@pytest.mark.parametrize(
    ("touch", "error", "text"),
    [
        (
            lambda m: m["LENGTH"].write(1 << 32),
            ValueError,
            "LENGTH expected 0 to 0xffffffff (32 bits), got 4294967296: nothing was written",
        ),
        (lambda m: m["LENGTH"].write(-1), ValueError, "LENGTH expected 0 to 0xffffffff (32 bits), got -1: nothing was written"),
        (lambda m: m["LENGTH"].write("5"), TypeError, "LENGTH expected an int, not the str '5'"),
        (lambda m: m["VERSION"].write(1), AttributeError, "register VERSION is read-only: 0x1 was not written"),
        (lambda m: m["CTRL"].write_field("BUSY", 1), AttributeError, "field CTRL.BUSY is read-only: 0x1 was not written"),
        (lambda m: m["CTRL"].write_field("MODE", 16), ValueError, "CTRL.MODE expected 0 to 0xf (4 bits), got 16: nothing was written"),
        (lambda m: m["KEY"].write(1, verify=True), ValueError, "register KEY cannot be verified (write-only): nothing was written"),
        (lambda m: m["CTRL"].write_field("MOD", 1), KeyError, "\"register CTRL has no field 'MOD' (did you mean 'MODE'?)\""),
    ],
)
def test_a_refused_write_changes_nothing(mirror, bus_spy, told, touch, error, text):
    with pytest.raises(error) as raised:
        touch(mirror)
    assert str(raised.value) == text
    assert bus_spy.taken() == []
    assert told == []
    assert all(handle.state == "never" for handle in mirror.registers.values())


def test_a_write_that_the_bus_refuses_leaves_the_mirror_as_it_was(mirror, bus_spy, told):
    mirror["LENGTH"].write(5)
    bus_spy.failing.add(BASE + 4)
    with pytest.raises(OSError, match="bus error"):
        mirror["LENGTH"].write(6)
    assert (mirror["LENGTH"].value, mirror["LENGTH"].state) == (5, "written")
    assert told == [{"LENGTH"}]


def test_a_read_that_fails_keeps_the_value_as_stale(mirror, bus_spy, told):
    mirror["LENGTH"].write(5)
    bus_spy.failing.add(BASE + 4)
    with pytest.raises(OSError, match="bus error"):
        mirror["LENGTH"].read()
    handle = mirror["LENGTH"]
    assert (handle.value, handle.state, handle.reason) == (5, "stale", "the last read failed: bus error at 0x40000004")
    assert told == [{"LENGTH"}, {"LENGTH"}]
    bus_spy.failing.clear()
    handle.read()
    assert (handle.state, handle.reason) == ("read", "")


def test_a_block_that_fails_is_marked_and_the_others_are_read(mirror, bus_spy, told):
    mirror.refresh()
    bus_spy.put(32, 9)
    bus_spy.failing.add(BASE + 4)
    with pytest.raises(OSError, match="bus error at 0x40000004"):
        mirror.refresh()
    states = {name: handle.state for name, handle in mirror.registers.items()}
    assert states == {"CTRL": "stale", "LENGTH": "stale", "FIFO": "never", "POINTER": "read", "KEY": "never", "VERSION": "read"}
    assert mirror["LENGTH"].reason == "bus error at 0x40000004"
    assert mirror["VERSION"].value == 9
    assert told[1] == {"CTRL", "LENGTH", "VERSION"}
    with pytest.raises(OSError, match="bus error"):
        mirror.refresh()
    assert len(told) == 2


def test_verify(mirror, bus_spy):
    mirror["LENGTH"].write(5, verify=True)
    assert bus_spy.taken() == [("write", 4, 5), ("read", 4, 4)]
    assert mirror["LENGTH"].state == "read"
    original = bus_spy.write_registers
    bus_spy.write_registers = lambda address, data: original(address, bytes([data[0] | 0x40, *data[1:]]))
    with pytest.raises(VerifyError, match=r"^register LENGTH holds 0x46 after 0x6 was written$"):
        mirror["LENGTH"].write(6, verify=True)
    assert (mirror["LENGTH"].value, mirror["LENGTH"].state) == (0x46, "mismatch")
    assert mirror["LENGTH"].reason == "register LENGTH holds 0x46 after 0x6 was written"
    mirror["LENGTH"].read()
    assert (mirror["LENGTH"].state, mirror["LENGTH"].reason) == ("read", "")
    bus_spy.write_registers = original
    bus_spy.put(0, 0x3100)
    mirror["CTRL"].write_field("GO", 1, verify=True)  # DONE and BUSY are not plain bits


def test_registers_that_share_a_word(bus_spy):
    block = [RegisterInfo("TX", 0), RegisterInfo("RX", 0), RegisterInfo("WIDE", 0, 64), RegisterInfo("HIGH", 4)]
    mirror = Mirror(MMIO(BASE, 64, bus_spy), block)
    bus_spy.put(0, 5)
    news = []
    mirror.observe(news.append)
    mirror["RX"].read()
    assert news == [{"RX", "TX"}]
    mirror["TX"].write(6)
    assert (mirror["RX"].value, mirror["RX"].state) == (5, "stale")
    assert mirror["RX"].reason == "TX, which shares its word, was written"
    mirror.refresh()
    assert {name: handle.value for name, handle in mirror.registers.items()} == {"TX": 6, "RX": 6, "WIDE": 6, "HIGH": 0}


def test_two_registers_of_one_name_are_both_there(bus_spy):
    mirror = Mirror(MMIO(BASE, 64, bus_spy), [RegisterInfo("A", 0), RegisterInfo("A", 4), RegisterInfo("A", 4)])
    assert list(mirror.registers) == ["A", "A@0x4", "A@0x4'"]
    mirror.refresh()
    assert bus_spy.taken() == [("read", 0, 8)]


def test_what_is_beyond_the_range_or_no_register_is_not_read(bus_spy):
    mirror = Mirror(MMIO(BASE, 8, bus_spy), [RegisterInfo("A", 0), RegisterInfo("B", 8), RegisterInfo("BIG", 4, 4096)])
    mirror.refresh()
    assert bus_spy.taken() == [("read", 0, 4)]
    with pytest.raises(ValueError, match="register BIG of 4096 bits at offset 0x4 cannot be accessed as whole words"):
        mirror["BIG"].read()
    with pytest.raises(IndexError):
        mirror["B"].read()


def test_a_driver_guards_more_than_the_design(bus_spy):
    mirror = Mirror(MMIO(BASE, 64, bus_spy), BLOCK, guards={"LENGTH": "reading restarts it", "NOT THERE": "?"})
    mirror.refresh()
    assert ("read", 4, 4) not in bus_spy.taken()
    assert mirror["LENGTH"].guard == "reading restarts it"


def test_observers_are_told_outside_the_lock_and_each_undo_ends_its_own(mirror, bus_spy):
    held = []

    def observer(names):
        def look():
            free = bus_spy.lock.acquire(blocking=False)
            held.append(not free)
            if free:
                bus_spy.lock.release()

        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    first = mirror.observe(observer)
    second = mirror.observe(observer)
    mirror.refresh()
    assert held == [False, False]
    first()
    first()
    mirror["LENGTH"].write(1)
    assert len(held) == 3
    second()
    mirror["LENGTH"].write(2)
    assert len(held) == 3


def test_an_observer_that_fails_harms_nobody(mirror, bus_spy, caplog):
    def fail(names):
        raise RuntimeError("in a view")

    mirror.observe(fail)
    news = []
    mirror.observe(news.append)
    mirror["LENGTH"].write(1)
    assert news == [{"LENGTH"}]
    assert "an observer of a mirror failed" in caplog.text


def test_the_lock_is_held_from_a_block_read_until_it_is_known(mirror, bus_spy):
    seen = []

    def try_lock(address):
        thread = threading.Thread(target=lambda: seen.append(bus_spy.lock.acquire(blocking=False)))
        thread.start()
        thread.join()

    bus_spy.on_read = try_lock
    mirror.refresh()
    mirror["CTRL"].write_field("GO", 1)
    assert seen == [False] * 4


def test_a_replaced_overlay(mirror, bus_spy):
    mirror.refresh()
    bus_spy.generation = 1
    with pytest.raises(StaleOverlayError):
        mirror.refresh()
    assert mirror["LENGTH"].state == "stale"
    assert "another overlay has been loaded since" in mirror["LENGTH"].reason
    for touch in (mirror["LENGTH"].read, lambda: mirror["LENGTH"].write(1)):
        with pytest.raises(StaleOverlayError):
            touch()


def test_marking_stale(mirror, told):
    mirror.refresh()
    mirror.mark_stale("the region was reconfigured", ["LENGTH"])
    assert told[1:] == [{"LENGTH"}]
    mirror.mark_stale("the region was reconfigured")
    assert told[2:] == [{"CTRL", "POINTER", "VERSION"}]


def test_mapped_memory_is_read_word_by_word_in_order(mapped_spy):
    for n in range(16):
        mapped_spy.put(4 * n, n)
    mirror = Mirror(MMIO(BASE, 64, mapped_spy), [RegisterInfo(f"R{n}", 4 * n) for n in range(16)])
    mirror.refresh()
    assert [handle.value for handle in mirror.registers.values()] == list(range(16))


def test_it_mirrors_a_register_map_too(bus_spy):
    rm = RegisterMap.create_subclass("x", {"A": {"address_offset": 0, "size": 32, "access": "read-write", "description": ""}})(
        MMIO(BASE, 64, bus_spy)
    )
    mirror = Mirror(rm, type(rm)._registers)
    mirror["A"].write(3)
    assert int(rm.A) == 3


ACTIONS = st.sampled_from([None, "oneToClear", "oneToSet", "oneToToggle", "zeroToClear", "zeroToSet", "zeroToToggle", "clear", "set"])


@given(action=ACTIONS, access=st.sampled_from(["read-write", "read-only"]), before=st.integers(0, 255), written=st.integers(0, 255))
def test_what_a_write_should_leave_bit_by_bit(action, access, before, written):
    register = RegisterInfo("R", 0, fields=(FieldInfo("F", 0, 8, access, "", None, action),))
    held = after_write(register, before, written)
    for bit in range(8):
        b, w = before >> bit & 1, written >> bit & 1
        expected = {
            None: b if access == "read-only" else w,
            "oneToClear": 0 if w else b,
            "oneToSet": 1 if w else b,
            "oneToToggle": b ^ w,
            "zeroToClear": b if w else 0,
            "zeroToSet": b if w else 1,
            "zeroToToggle": b if w else 1 - b,
            "clear": 0,
            "set": 1,
        }[action]
        assert held >> bit & 1 == expected


def test_no_refresh_of_a_real_design_touches_a_guarded_word(hwh_folder, make_spy):
    from pynq_widgets.access.planner import guard, word_range
    from pynq_widgets.design import DesignError, read_design

    mirrored = 0
    for path in sorted(hwh_folder.glob("*.hwh")):
        try:
            design = read_design(path)
        except DesignError:
            continue
        for module in design.modules.values():
            for block in module.blocks:
                if not block.registers:
                    continue
                size = 4 * max(word_range(register)[1] for register in block.registers)
                if size > 1 << 20:
                    continue
                spy = make_spy("spy", BASE, size)
                forbidden = {word for register in block.registers if guard(register) for word in range(*word_range(register))}
                mirror = Mirror(MMIO(BASE, size, spy), block)
                repr(mirror)
                repr(RegisterMap.create_subclass("real", [r for r in block.registers if r.width <= 64])(mirror.mmio))
                mirror.refresh()
                read = {word for _, address, n in spy.log for word in range((address - BASE) // 4, (address - BASE + n) // 4)}
                assert not read & forbidden
                mirrored += 1
    assert mirrored > 300


@pytest.mark.parametrize(
    ("action", "before", "after"), [("oneToClear", 0x1_01, 0x0_05), ("zeroToSet", 0x0_01, 0x1_05), (None, 0x1_01, 0x1_05)]
)
def test_a_field_beside_another_registers_bits_that_act_leaves_them(bus_spy, action, before, after):
    mode = RegisterInfo("MODE", 0, fields=(FieldInfo("SPEED", 0, 4),))
    flags = RegisterInfo("FLAGS", 0, fields=(FieldInfo("DONE", 8, 1, write_action=action),))
    wide = RegisterInfo("WIDE", 0, width=64, fields=(FieldInfo("HIGH", 32, 32),))
    bus_spy.put(0, before)
    mirror = Mirror(MMIO(BASE, 16, bus_spy), [mode, flags, wide])
    mirror["MODE"].write_field("SPEED", 5)
    assert bus_spy.taken() == [("read", 0, 4), ("write", 0, after)]
    bus_spy.put(0, before)
    mirror["WIDE"].write_field("HIGH", 7)
    kept = after & ~0xF | before & 0xF
    assert bus_spy.taken() == [("read", 0, 8), ("write", 0, (7 << 32 | kept).to_bytes(8, "little"))]
