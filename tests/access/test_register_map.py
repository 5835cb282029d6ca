from __future__ import annotations

import threading

import numpy as np
import pytest

from pynq_widgets.access import MMIO, Register, RegisterMap, StaleOverlayError
from pynq_widgets.access.describe import FieldInfo, RegisterInfo

BASE = 0x4000_0000


def entry(offset, *, size=32, access="read-write", fields=None, **more):
    return {"address_offset": offset, "size": size, "access": access, "description": "", "fields": fields or {}, **more}


REGISTERS = {
    "CTRL": entry(
        0,
        fields={
            "AP_START": {"bit_offset": 0, "bit_width": 1, "access": "read-write"},
            "AP_DONE": {"bit_offset": 1, "bit_width": 1, "access": "read-only", "read_action": "modify"},
        },
    ),
    "IVAR[0]": entry(0x100),
    "width": entry(0x10, fields={"width": {"bit_offset": 0, "bit_width": 32, "access": "read-write"}}),
    "count": entry(0x18),
    "create_subclass": entry(0x1C),
    "_port": entry(0x20),
    "STATUS": entry(0x24, access="read-only"),
    "KEY": entry(0x28, access="write-only"),
    "POINTER": entry(0x30, size=64),
}
Map = RegisterMap.create_subclass("demo", REGISTERS)


@pytest.fixture
def rm(bus_spy):
    return Map(MMIO(BASE, 0x1000, bus_spy))


def test_making_a_map_and_its_registers_touches_nothing(rm, bus_spy):
    assert isinstance(rm.CTRL, Register)
    assert dir(rm)
    assert "CTRL" in rm
    assert list(rm) == list(REGISTERS)
    assert bus_spy.taken() == []


def test_registers_are_made_once(rm):
    assert rm.CTRL is rm.CTRL
    assert rm["CTRL"] is rm.CTRL
    assert type(Map(bytearray(0x200)).CTRL) is type(rm.CTRL)


def test_names(rm, bus_spy):
    rm.IVAR_0_ = 5
    assert rm["IVAR[0]"] is rm.IVAR_0_ is rm["IVAR_0_"]
    rm.width = 640
    rm.width.width = 641
    rm["count"] = 3
    rm["_port"] = 4
    rm["create_subclass"] = 6
    assert int(rm.count) == 3
    assert bus_spy.taken() == [
        ("write", 0x100, 5),
        ("write", 0x10, 640),
        ("write", 0x10, 641),
        ("write", 0x18, 3),
        ("write", 0x20, 4),
        ("write", 0x1C, 6),
        ("read", 0x18, 4),
    ]


def test_two_names_that_are_shown_alike_are_both_reachable(bus_spy):
    rm = RegisterMap.create_subclass("two", {"a b": entry(0), "a_b": entry(4)})(MMIO(BASE, 64, bus_spy))
    assert rm.a_b is rm["a_b"]
    assert rm["a b"].address == 0


def test_wrong_names_are_errors_with_the_near_ones(rm, bus_spy):
    with pytest.raises(AttributeError) as raised:
        rm.CTLR = 1
    assert str(raised.value) == "no register 'CTLR' in RegisterMapdemo (did you mean 'CTRL'?)"
    with pytest.raises(AttributeError, match=r"no register 'witdh' in RegisterMapdemo \(did you mean 'width'\?\)"):
        rm.witdh
    with pytest.raises(KeyError, match="no register 'STATS'"):
        rm["STATS"]
    with pytest.raises(AttributeError, match="not a register: reach a register of that name by item"):
        rm.create_subclass = 1
    assert bus_spy.taken() == []


def test_access(rm, bus_spy):
    with pytest.raises(AttributeError, match=r"^register STATUS is read-only: 1 was not written$"):
        rm.STATUS = 1
    rm.KEY = 7
    rm.POINTER = 1 << 40
    assert bus_spy.taken() == [("write", 0x28, 7), ("write", 0x30, (1 << 40).to_bytes(8, "little"))]


def test_repr_reads_only_what_may_be_read(rm, bus_spy):
    bus_spy.put(0x18, 5)
    assert repr(rm).splitlines() == [
        "RegisterMap {",
        "  CTRL = Register(not read: reading changes AP_DONE),",
        "  width = Register(width=0),",
        "  count = Register(value=5),",
        "  create_subclass = Register(value=0),",
        "  _port = Register(value=0),",
        "  STATUS = Register(value=0),",
        "  KEY = Register(value=write-only),",
        "  POINTER = Register(value=0),",
        "  IVAR_0_ = Register(value=0)",
        "}",
    ]
    read = [address for _, address, _ in bus_spy.taken()]
    assert sorted(read) == [0x10, 0x18, 0x1C, 0x20, 0x24, 0x30, 0x100]


def test_a_guarded_word_is_guarded_under_each_of_its_names(bus_spy):
    rm = RegisterMap.create_subclass("shared", {"DATA": entry(0), "FIFO": entry(0, fields={"D": {
        "bit_offset": 0, "bit_width": 8, "access": "read-only", "read_action": "modify"}})})(MMIO(BASE, 64, bus_spy))  # fmt: skip
    assert "  DATA = Register(not read: shares a word with FIFO: reading changes D)" in repr(rm)
    assert bus_spy.taken() == []


def test_what_a_driver_guards(bus_spy):
    rm = RegisterMap.create_subclass("guarded", {"RX": entry(0, guard="reading takes a byte")})(MMIO(BASE, 64, bus_spy))
    assert repr(rm.RX) == "Register(not read: reading takes a byte)"
    assert bus_spy.taken() == []


def test_from_the_registers_of_a_design(bus_spy):
    class Block:
        registers = (
            RegisterInfo("CTRL", 0, 32, "read-write", (FieldInfo("GO", 0, 1), FieldInfo("DONE", 1, 1, "read-only", "", "clear"))),
            RegisterInfo("LENGTH", 8),
        )

    rm = RegisterMap.create_subclass("design", Block)(MMIO(BASE, 64, bus_spy))
    rm.CTRL.GO = 1
    rm.LENGTH = 5
    assert bus_spy.taken() == [("read", 0, 4), ("write", 0, 1), ("write", 8, 5)]
    assert repr(rm.CTRL) == "Register(not read: reading clears DONE)"


@pytest.mark.parametrize("buffer", [bytearray(0x200), np.zeros(0x200, "u1"), np.zeros(0x80, "u4"), memoryview(bytearray(0x200))])
def test_over_any_buffer(buffer):
    rm = Map(buffer)
    rm.count = 0x0102_0304
    assert bytes(memoryview(buffer).cast("B")[0x18:0x1C]) == b"\4\3\2\1"


def test_the_lock_of_the_bus_is_the_devices(any_spy):
    rm = Map(MMIO(BASE, 0x1000, any_spy))
    assert rm.CTRL._port.lock is any_spy.lock


def test_only_subclasses_have_registers():
    with pytest.raises(RuntimeError, match=r"^Only subclasses of RegisterMap from create_subclass can be instantiated$"):
        RegisterMap(bytearray(16))


def test_what_is_no_register_is_told_and_left_out(bus_spy):
    made = RegisterMap.create_subclass("big", {"memory": entry(0, size=128), "odd": entry(0x11), "fine": entry(0x20)})
    with pytest.warns(UserWarning, match="Unsupported register size 128 for register memory"):
        rm = made(MMIO(BASE, 64, bus_spy))
    for name in ("memory", "odd"):
        with pytest.raises(AttributeError, match=f"register {name} of .* use the MMIO"):
            getattr(rm, name)
    lines = (
        "memory = Register(not read: 128 bits at offset 0x0)",
        "odd = Register(not read: 32 bits at offset 0x11)",
        "fine = Register(value=0)",
    )
    assert repr(rm) == "RegisterMap {\n  " + ",\n  ".join(lines) + "\n}"


def test_a_register_that_shares_a_word_with_a_guarded_one_is_not_read_to_show_it(bus_spy):
    clears = {"DONE": {"bit_offset": 1, "bit_width": 1, "access": "read-only", "read_action": "clear"}}
    made = RegisterMap.create_subclass("shared", {"CTRL": entry(0, fields=clears), "LOW": entry(0, size=16), "NEXT": entry(4)})
    rm = made(MMIO(BASE, 64, bus_spy))
    assert repr(rm.LOW) == str(rm.LOW) == "Register(not read: shares a word with CTRL: reading clears DONE)"
    assert bus_spy.taken() == []
    assert repr(rm.NEXT) == "Register(value=0)"
    assert rm.LOW[:] == 0
    assert bus_spy.taken() == [("read", 4, 4), ("read", 0, 4)]


def test_a_register_beyond_the_range_is_told_by_its_place(bus_spy):
    rm = RegisterMap.create_subclass("short", {"FAR": entry(0x40)})(MMIO(BASE, 0x40, bus_spy))
    with pytest.raises(IndexError, match=r"^word 16 \(offset 0x40\) is outside the 16 words of this range$"):
        rm.FAR[:]
    assert bus_spy.taken() == []


def test_it_ends_with_its_overlay(any_spy):
    rm = Map(MMIO(BASE, 0x1000, any_spy, generation=0))
    rm.CTRL
    any_spy.generation = 1
    with pytest.raises(StaleOverlayError):
        rm.CTRL = 1
    assert "has gone" in repr(rm.count)


def test_two_threads_get_the_same_register(rm):
    made = []
    threads = [threading.Thread(target=lambda: made.append(rm["count"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(register) for register in made}) == 1
