# What raises here is the end of a `with` block, so the blocks have bodies.
# ruff: noqa: PT012, SIM117
from __future__ import annotations

import sys
import threading

import pytest

from pynq_widgets.access import MMIO, Mirror, StaleOverlayError, Step, TransactionError, VerifyError
from pynq_widgets.access.describe import FieldInfo, RegisterInfo

BASE = 0x4000_0000
BLOCK = [
    RegisterInfo(
        "CTRL",
        0,
        fields=(
            FieldInfo("GO", 0, 1),
            FieldInfo("MODE", 4, 4),
            FieldInfo("DONE", 12, 2, write_action="oneToClear"),
            FieldInfo("HOLD", 14, 1, write_action="zeroToClear"),
            FieldInfo("FLIP", 15, 1, write_action="oneToToggle"),
        ),
    ),
    RegisterInfo("LENGTH", 4, reset_value=7),
    RegisterInfo("QUEUE", 8, fields=(FieldInfo("WORD", 0, 9, write_action="push"), FieldInfo("LAST", 9, 1))),
    RegisterInfo("POINTER", 16, 64, fields=(FieldInfo("LOW", 0, 32), FieldInfo("HIGH", 32, 32))),
    RegisterInfo("KEY", 24, access="write-only", fields=(FieldInfo("A", 0, 8), FieldInfo("B", 8, 8)), reset_value=0x1100),
    RegisterInfo("ALIAS", 4),
    RegisterInfo("IVAR[0]", 32),
]


@pytest.fixture
def mirror(bus_spy):
    return Mirror(MMIO(BASE, 0x100, bus_spy, generation=0), BLOCK)


def test_writes_of_a_transaction_become_one_read_and_one_write_a_word(mirror, bus_spy):
    told = []
    mirror.observe(told.append)
    bus_spy.put(0, 0x4000)
    with mirror.transaction():
        mirror.CTRL.write_field("MODE", 9)
        mirror.POINTER.write(1 << 40)
        mirror.CTRL.fields["GO"].write(1)
        assert bus_spy.taken() == []
        assert (mirror.CTRL.value, mirror.CTRL.state) == (None, "never")
    assert bus_spy.taken() == [("read", 0, 4), ("write", 0, 0x4091), ("write", 16, (1 << 40).to_bytes(8, "little"))]
    assert told == [{"CTRL", "POINTER"}]
    assert (mirror.CTRL.value, mirror.CTRL.state) == (0x4091, "written")


def test_fields_that_fill_their_register_need_no_read(mirror, bus_spy):
    with mirror.transaction():
        mirror.POINTER.write_field("HIGH", 2)
        mirror.POINTER.write_field("LOW", 1)
    assert bus_spy.taken() == [("write", 16, (2 << 32 | 1).to_bytes(8, "little"))]


def test_what_is_pending_is_read_without_the_bus(mirror, bus_spy):
    bus_spy.put(0, 0x0001)
    with mirror.transaction():
        mirror.CTRL.write_field("MODE", 5)
        mirror.LENGTH.write(11)
        assert mirror.CTRL.fields["MODE"].read() == 5
        assert mirror.LENGTH.read() == 11
        assert bus_spy.taken() == []
        assert mirror.CTRL.read() == 0x51
        assert bus_spy.taken() == [("read", 0, 4)]
        # Another thread sees what is.
        seen = []
        thread = threading.Thread(target=lambda: seen.append(mirror.CTRL.fields["MODE"].read()))
        thread.start()
        thread.join(20)
        assert seen == [0]


def test_an_exception_writes_nothing(mirror, bus_spy):
    with pytest.raises(ZeroDivisionError), mirror.transaction():
        mirror.LENGTH.write(1)
        raise ZeroDivisionError
    assert bus_spy.taken() == []
    assert mirror.LENGTH.state == "never"
    mirror.LENGTH.write(1)
    assert bus_spy.taken() == [("write", 4, 1)]


def test_one_within_another_joins_it_and_fails_alone(mirror, bus_spy):
    with mirror.transaction():
        mirror.CTRL.write_field("GO", 1)
        with pytest.raises(ZeroDivisionError), mirror.transaction():
            mirror.CTRL.write_field("MODE", 7)
            raise ZeroDivisionError
        with mirror.transaction():
            mirror.LENGTH.write(3)
        assert bus_spy.taken() == []
    assert bus_spy.taken() == [("read", 0, 4), ("write", 0, 0x4001), ("write", 4, 3)]


def test_a_bus_that_fails_leaves_what_was_not_written_as_it_was(mirror, bus_spy):
    mirror.LENGTH.write(1)
    bus_spy.taken()
    bus_spy.failing.add(BASE + 4)
    with pytest.raises(TransactionError) as raised, mirror.transaction():
        mirror.KEY.write(0x1234)
        mirror.LENGTH.write(2)
        mirror.CTRL.write(3)
    assert str(raised.value) == ("a transaction failed at LENGTH: bus error at 0x40000004 (written: KEY; not written: LENGTH, CTRL)")
    assert bus_spy.taken() == [("write", 24, 0x1234), ("write", 4, 2)]
    assert (mirror.LENGTH.value, mirror.LENGTH.state, mirror.CTRL.state, mirror.KEY.value) == (1, "written", "never", 0x1234)


def test_where_the_first_word_fails_the_error_is_that_of_the_bus(mirror, bus_spy):
    bus_spy.failing.add(BASE + 4)
    with pytest.raises(OSError, match="bus error at 0x40000004") as raised, mirror.transaction():
        mirror.LENGTH.write(2)
        mirror.CTRL.write(3)
    assert not isinstance(raised.value, TransactionError)
    if sys.version_info >= (3, 11):
        assert raised.value.__notes__ == ["In a transaction, at LENGTH; written: nothing; not written: LENGTH, CTRL"]


def test_a_transaction_whose_overlay_has_gone(mirror, bus_spy):
    with pytest.raises(StaleOverlayError), mirror.transaction():
        mirror.LENGTH.write(2)
        bus_spy.generation = 1
    assert bus_spy.taken() == []


def test_what_acts_when_written_acts_once_for_each_write(mirror, bus_spy):
    with mirror.transaction():
        for value in (1, 2):
            mirror.CTRL.write_field("DONE", value)
        mirror.CTRL.write_field("HOLD", 0)
        mirror.CTRL.write_field("HOLD", 1)
        mirror.CTRL.write_field("FLIP", 1)
        mirror.CTRL.write_field("FLIP", 1)
        mirror.CTRL.write_field("MODE", 1)
        mirror.CTRL.write_field("MODE", 2)
    assert bus_spy.taken() == [("read", 0, 4), ("write", 0, 0x3020)]
    with pytest.raises(ValueError, match=r"^QUEUE\.WORD takes each write as another: it can be written once in a transaction$"):
        with mirror.transaction():
            mirror.QUEUE.write(1)
            mirror.QUEUE.write(2)
    assert bus_spy.taken() == []


def test_two_names_of_one_word_do_not_go_together(mirror, bus_spy):
    text = "^ALIAS shares its word with LENGTH, which this transaction writes already: write one of them after it$"
    with pytest.raises(ValueError, match=text), mirror.transaction():
        mirror.LENGTH.write(1)
        mirror.ALIAS.write(2)
    assert bus_spy.taken() == []


def test_verify_at_the_end(mirror, bus_spy):
    with mirror.transaction():
        mirror.LENGTH.write(5, verify=True)
        mirror.CTRL.write(1)
    assert bus_spy.taken() == [("write", 4, 5), ("read", 4, 4), ("write", 0, 1)]
    original = bus_spy.write_registers
    bus_spy.write_registers = lambda address, data: original(address, bytes(4))
    with pytest.raises(VerifyError, match="register LENGTH holds 0x0 after 0x5 was written"), mirror.transaction():
        mirror.LENGTH.write(5, verify=True)
        mirror.CTRL.write(1)
    assert bus_spy.taken() == [("write", 4, 0), ("read", 4, 4)]
    assert mirror.LENGTH.state == "mismatch"


def test_registers_by_attribute(mirror, bus_spy):
    assert mirror.CTRL is mirror["CTRL"]
    assert mirror.IVAR_0_ is mirror["IVAR[0]"]
    assert {"CTRL", "IVAR_0_", "refresh"} <= set(dir(mirror))
    with pytest.raises(AttributeError, match=r"^no register 'LENGHT' \(did you mean 'LENGTH'\?\)$"):
        mirror.LENGHT
    with pytest.raises(AttributeError, match=r"^register CTRL is a handle, which is not replaced: write it by \.CTRL\.write\(5\)$"):
        mirror.CTRL = 5
    assert not hasattr(mirror, "_ipython_display_")
    assert bus_spy.taken() == []


def test_a_preview_touches_nothing(mirror, bus_spy):
    assert mirror.LENGTH.preview(5) == (Step("write", 4, 5, 0xFFFF_FFFF),)
    assert mirror.CTRL.preview(9, "MODE") == (Step("read", 0, None, 0), Step("write", 0, 0x4090, 0xF0F0))
    assert mirror.KEY.fields["A"].preview(0x22) == (Step("write", 24, 0x1122, 0xFFFF_FFFF),)
    assert mirror.POINTER.preview(1, "HIGH") == (
        Step("read", 16, None, 0),
        Step("write", 16, 1 << 32, 0xFFFF_FFFF_0000_0000),
    )
    for value, field, text in (
        (16, "MODE", r"^CTRL\.MODE expected 0 to 0xf \(4 bits\), got 16: nothing was written$"),
        (1 << 32, None, r"^CTRL expected 0 to 0xffffffff \(32 bits\), got 4294967296: nothing was written$"),
    ):
        with pytest.raises(ValueError, match=text):
            mirror.CTRL.preview(value, field)
    assert bus_spy.taken() == []


def test_a_preview_is_what_the_write_does(mirror, bus_spy):
    bus_spy.put(0, 0xF0F1)
    mirror.refresh()
    bus_spy.taken()
    steps = mirror.CTRL.preview(3, "MODE")
    mirror.CTRL.write_field("MODE", 3)
    assert bus_spy.taken() == [("read", 0, 4), ("write", 0, steps[1].value)]


def test_a_queue_is_not_read_to_write_a_field_of_it(mirror, bus_spy):
    mirror.QUEUE.write_field("WORD", 0x1FF)
    assert bus_spy.taken() == [("write", 8, 0x1FF)]
    text = r"^field QUEUE\.LAST cannot be written alone: any write of WORD, in the same register, pushes; write the whole register$"
    with pytest.raises(ValueError, match=text):
        mirror.QUEUE.write_field("LAST", 1)
    assert bus_spy.taken() == []


def test_words_that_were_read_lately_are_not_read_again(mirror, bus_spy):
    mirror.refresh(["LENGTH"])
    moment = mirror.LENGTH.when
    bus_spy.taken()
    assert mirror.refresh(["LENGTH"], newer_than=moment) == set()
    assert bus_spy.taken() == []
    mirror.refresh(["LENGTH", "CTRL"], newer_than=moment)
    assert bus_spy.taken() == [("read", 0, 4)]
    mirror.LENGTH.write(3)
    bus_spy.taken()
    mirror.refresh("LENGTH", newer_than=moment)
    assert bus_spy.taken() == [("read", 4, 4)]
    mirror.refresh("LENGTH", newer_than=mirror.LENGTH.when + 1)
    assert bus_spy.taken() == [("read", 4, 4)]
