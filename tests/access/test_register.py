from __future__ import annotations

import copy
import operator
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynq_widgets.access import MMIO, Register, StaleOverlayError

BASE = 0x4000_0000
FIELDS = {
    "AP_START": {"access": "read-write", "bit_offset": 0, "bit_width": 1, "description": "Start"},
    "MODE": {"access": "read-write", "bit_offset": 4, "bit_width": 4, "description": "Mode"},
    "BUSY": {"access": "read-only", "bit_offset": 8, "bit_width": 1, "description": "Busy"},
    "DONE": {"access": "read-write", "bit_offset": 12, "bit_width": 2, "description": "", "write_action": "oneToClear"},
    "LOW": {"access": "read-write", "bit_offset": 16, "bit_width": 2, "description": "", "write_action": "zeroToSet"},
    "2nd field!": {"access": "read-write", "bit_offset": 24, "bit_width": 4, "description": ""},
}
Control = Register.create_subclass("CTRL", FIELDS, "Control")


@pytest.fixture
def control(bus_spy):
    mmio = MMIO(BASE, 64, bus_spy)
    return Control(0x10, buffer=mmio.array[4:5])


def test_a_field_read_is_one_read(control, bus_spy):
    bus_spy.put(0x10, 0xA5)
    assert control.MODE == 0xA
    assert bus_spy.taken() == [("read", 0x10, 4)]


def test_a_field_write_is_one_read_and_one_write(control, bus_spy):
    bus_spy.put(0x10, 0x0200_0001)
    control.MODE = 9
    assert bus_spy.taken() == [("read", 0x10, 4), ("write", 0x10, 0x0203_0091)]


def test_other_fields_where_a_written_bit_acts_are_left_alone(control, bus_spy):
    bus_spy.put(0x10, 3 << 12)
    control.AP_START = 1
    assert bus_spy.taken()[1] == ("write", 0x10, 1 | 3 << 16)
    bus_spy.put(0x10, 3 << 12)
    control.DONE = 2
    assert bus_spy.taken()[1] == ("write", 0x10, 2 << 12 | 3 << 16)
    control.LOW = 1
    assert bus_spy.taken()[1] == ("write", 0x10, 1 << 16)
    control[7:4] = 5
    assert bus_spy.taken()[1] == ("write", 0x10, 5 << 4 | 3 << 16)


def test_a_whole_write_is_one_write_of_what_was_given(control, bus_spy):
    control[:] = 0x1234_5678
    assert bus_spy.taken() == [("write", 0x10, 0x1234_5678)]


def test_names_that_are_not_pythons(control, bus_spy):
    control.r2nd_field_ = 3
    assert control["2nd field!"] == control["r2nd_field_"] == control[27:24] == 3
    control["2nd field!"] = 4
    assert control.r2nd_field_ == 4


def test_a_field_may_have_the_name_of_anything_of_a_register(bus_spy):
    fields = {name: {"access": "read-write", "bit_offset": 8 * n, "bit_width": 8} for n, name in enumerate(("width", "count", "address"))}
    register = Register.create_subclass("width", fields)(0, buffer=MMIO(BASE, 4, bus_spy))
    register.width = 0x12
    register.count = 0x34
    assert bus_spy.word(0) == 0x3412
    assert (register.width, register["count"], register.address) == (0x12, 0x34, 0)
    assert register[15:0] == 0x3412


def test_a_subclass_may_have_a_property_in_place_of_a_field(bus_spy):
    class Doubled(Control):
        @property
        def MODE(self):  # noqa: N802
            return 2 * self[7:4]

        @MODE.setter
        def MODE(self, value):  # noqa: N802
            self[7:4] = value // 2

    register = Doubled(0, buffer=MMIO(BASE, 4, bus_spy))
    register.MODE = 6
    register.AP_START = 1
    assert (register.MODE, Control(0, buffer=MMIO(BASE, 4, bus_spy)).MODE) == (6, 3)


def test_a_subclass_of_a_subclass_has_the_fields_of_both(bus_spy):
    made = Control.create_subclass("MORE", {"EXTRA": {"access": "read-write", "bit_offset": 28, "bit_width": 4}})
    register = made(0, buffer=MMIO(BASE, 4, bus_spy))
    register.EXTRA = 5
    register.MODE = 6
    assert bus_spy.word(0) == 0x5000_0060 | 3 << 16


def test_a_typo_is_no_new_attribute(control, bus_spy):
    with pytest.raises(AttributeError) as raised:
        control.AP_STRAT = 1
    assert str(raised.value) == "register CTRL has no field 'AP_STRAT' (did you mean 'AP_START'?): nothing was written"
    with pytest.raises(AttributeError) as raised:
        control.mode
    assert str(raised.value) == "register CTRL has no field 'mode' (did you mean 'MODE'?)"
    with pytest.raises(AttributeError, match=r"^register CTRL has no field 'xyz' \(it has AP_START"):
        control.xyz
    with pytest.raises(KeyError, match="has no field 'BUSSY'"):
        control["BUSSY"]
    assert bus_spy.taken() == []


def test_read_only(control, bus_spy):
    with pytest.raises(AttributeError, match=r"^field BUSY of register CTRL is read-only: 1 was not written$"):
        control.BUSY = 1
    register = Control(0, buffer=MMIO(BASE, 4, bus_spy), access="read-only")
    with pytest.raises(AttributeError, match=r"^register CTRL is read-only: 5 was not written$"):
        register[:] = 5
    assert bus_spy.taken() == []


def test_write_only(bus_spy):
    register = Control(0, buffer=MMIO(BASE, 4, bus_spy), access="write-only")
    assert register[:] == "write-only"  # PYNQ's answer, without PYNQ's read
    assert bus_spy.taken() == []
    register.MODE = 3
    assert bus_spy.taken() == [("write", 0, 3 << 4 | 3 << 16)]
    assert repr(register) == "Register(value=write-only)"
    assert bus_spy.taken() == []
    with pytest.raises(TypeError, match="register CTRL is write-only: it has no value to read"):
        int(register)


def test_repr_reads_once_and_never_where_reading_has_an_effect(control, bus_spy):
    bus_spy.put(0x10, 0x51)
    assert repr(control) == "Register(AP_START=1, MODE=5, BUSY=0, DONE=0, LOW=0, r2nd_field_=0)"
    assert bus_spy.taken() == [("read", 0x10, 4)]
    fields = {**FIELDS, "AP_DONE": {"access": "read-only", "bit_offset": 1, "bit_width": 1, "read_action": "clear"}}
    guarded = Register.create_subclass("CTRL", fields)(0x10, buffer=MMIO(BASE, 64, bus_spy))
    assert repr(guarded) == str(guarded) == "Register(not read: reading clears AP_DONE)"
    assert bus_spy.taken() == []
    assert guarded.AP_DONE == 0
    assert bus_spy.taken() == [("read", 0, 4)]


def test_a_display_of_a_failing_bus_says_so(control, bus_spy):
    bus_spy.failing.add(BASE + 0x10)
    assert repr(control) == "Register(not read: bus error at 0x40000010)"


def cannot(value: int, bits: str, highest: str) -> str:
    return f"Slicing range cannot represent value {value}\n{bits} of register CTRL take 0 to {highest}; nothing was written"


@pytest.mark.parametrize(
    ("write", "error", "text"),
    [
        (lambda r: setattr(r, "MODE", 16), ValueError, cannot(16, "Bits 7 to 4", "0xf")),
        (lambda r: setattr(r, "MODE", -1), ValueError, cannot(-1, "Bits 7 to 4", "0xf")),
        (
            lambda r: setattr(r, "AP_START", 2),
            ValueError,
            "Value to be set should be either 0 or 1.\nBit 0 of register CTRL got 2; nothing was written",
        ),
        (
            lambda r: setattr(r, "MODE", 1.0),
            TypeError,
            "register CTRL takes an int, not the float 1.0; for a number write int(value), for an argument that is a float in C its bits: "
            "int(numpy.float32(value).view('u4'))",
        ),
        (lambda r: setattr(r, "MODE", "1"), TypeError, "register CTRL takes an int, not the str '1'"),
        (lambda r: r.__setitem__(32, 1), ValueError, "Bit 32 not in range 0 - 31"),
        (lambda r: r.__setitem__(slice(32, 0), 1), ValueError, "Slicing endpoint 32 not in range 0 - 31"),
        (lambda r: r.__setitem__(slice(0, 31, 2), 1), ValueError, "Slicing step is not valid."),
        (lambda r: r.__setitem__(1.0, 1), ValueError, "Index must be int or slice."),
        (lambda r: r.__setitem__(slice(None), 1 << 32), ValueError, cannot(1 << 32, "Bits 31 to 0", "0xffffffff")),
    ],
)
def test_what_does_not_fit_is_refused_before_the_bus(control, bus_spy, write, error, text, said, as_said):
    with pytest.raises(error) as raised:
        write(control)
    assert said(raised.value) == as_said(text)
    assert bus_spy.taken() == []


def test_a_register_cannot_be_iterated_bit_by_bit(control):
    with pytest.raises(TypeError):
        list(control)


def test_64_bits_are_one_transaction_on_a_bus_and_two_words_in_mapped_memory(bus_spy, mapped_spy, watch_words):
    value = 0x1122_3344_5566_7788
    on_bus = Register(BASE + 4, 64, device=bus_spy)
    on_bus[:] = value
    assert int(on_bus) == value
    assert bus_spy.taken() == [("write", 4, value.to_bytes(8, "little")), ("read", 4, 8)]
    mmio = MMIO(BASE + 4, 8, mapped_spy)
    log = watch_words(mmio)
    mapped = Register(0, 64, buffer=mmio)
    mapped[:] = value
    assert mapped[63:32] == 0x1122_3344
    assert log == [("write", 0, 0x5566_7788), ("write", 4, 0x1122_3344), ("read", 0), ("read", 4)]


def test_widths(bus_spy):
    with pytest.raises(ValueError, match=r"^Supported register width is 32 or 64\.$"):
        Register(BASE, 16, device=bus_spy)


@given(
    value=st.integers(0, 2**32 - 1),
    first=st.integers(0, 31),
    second=st.integers(0, 31),
    data=st.data(),
    buffer=st.sampled_from(["bytes", "u4"]),
)
def test_a_slice_is_the_bits_between_its_ends(value, first, second, data, buffer):
    memory = bytearray(value.to_bytes(4, "little")) if buffer == "bytes" else np.array([value], "u4")
    register = Register(0, buffer=memory)
    low, high = min(first, second), max(first, second)
    bits = f"{value:032b}"[::-1][low : high + 1]
    expected = int(bits[::-1] if first >= second else bits, 2)
    assert register[first:second] == expected
    assert Register.count(slice(first, second)) == high - low + 1
    new = data.draw(st.integers(0, (1 << high - low + 1) - 1))
    register[first:second] = new
    assert register[first:second] == new
    mask = (1 << high + 1) - (1 << low)
    assert operator.index(register) & ~mask == value & ~mask


def test_the_read_and_the_write_of_a_field_are_not_parted(any_spy, watch_words):
    mmio = MMIO(BASE, 4, any_spy)
    log = watch_words(mmio)
    entered = []

    class Words:
        """Lets another thread try the lock of the bus between the read and the write."""

        def __getitem__(self, index):
            value = log_words[index]
            other = threading.Thread(target=lambda: entered.append(any_spy.lock.acquire(blocking=False)))
            other.start()
            other.join()
            return value

        def __setitem__(self, index, value):
            log_words[index] = value

    log_words = mmio._port.words
    mmio._port.words = Words()
    register = Control(0, buffer=mmio)
    register.MODE = 3
    register[7:4] = 4
    assert entered == [False, False]
    assert [what[0] for what in log] == ["read", "write", "read", "write"]


def test_it_ends_with_its_overlay(any_spy):
    register = Control(0, buffer=MMIO(BASE, 4, any_spy, generation=0))
    any_spy.generation = 1
    for touch in (lambda: register.MODE, lambda: setattr(register, "MODE", 1), lambda: register[:]):
        with pytest.raises(StaleOverlayError):
            touch()


def test_debug_prints_each_access(bus_spy, capsys):
    register = Register(BASE, device=bus_spy, debug=True)
    register[4] = 0
    register[6:4] = 1
    register[1]
    register[3:1]
    assert capsys.readouterr().out.splitlines() == [
        "Register Debug: Setting bit 4 at address 0x40000000 to 0",
        "Register Debug: Setting bits 6:4 at address 0x40000000 to 1",
        "Register Debug: Reading index 1 at address 0x40000000",
        "Register Debug: Reading bits 3:1 at address 0x40000000",
    ]
    register.debug = False
    register[1]
    assert capsys.readouterr().out == ""


def test_a_field_beside_one_that_any_write_changes_is_not_written_alone(bus_spy):
    def field(bit, action=None, width=1):
        return {"bit_offset": bit, "bit_width": width, "access": "read-write", "description": "", "write_action": action}

    fields = {"GO": field(0), "COUNT": field(8, "clear", 4), "AGAIN": field(1, "modify")}
    register = Register.create_subclass("STATUS", fields)(BASE, device=bus_spy)
    text = (
        "field GO of register STATUS cannot be written alone: any write of COUNT, in the same register, clears it; "
        "write the whole register: 1 was not written"
    )
    with pytest.raises(ValueError, match="cannot be written alone") as raised:
        register.GO = 1
    assert str(raised.value) == text
    assert bus_spy.taken() == []
    bus_spy.put(0, 0x0F02)
    register.COUNT = 0
    assert bus_spy.taken() == [("read", 0, 4), ("write", 0, 2)]
    queue = Register.create_subclass("QUEUE", {"WORD": field(0, "push", 8)})(BASE, device=bus_spy)
    queue.WORD = 5
    queue[3:0] = 2
    assert bus_spy.taken() == [("write", 0, 5), ("write", 0, 2)]


def test_the_text_of_a_register_that_cannot_be_read_is_no_traceback(bus_spy):
    bus_spy.failing.add(BASE)
    assert str(Register(BASE, device=bus_spy)) == "Register(not read: bus error at 0x40000000)"


def test_a_register_is_compared_with_a_number_by_one_read(control, bus_spy):
    bus_spy.put(0x10, 0xA5)
    assert control == 0xA5
    assert control == np.uint32(0xA5)
    assert control != 0xA4
    assert bus_spy.taken() == [("read", 0x10, 4)] * 3
    assert control != "0xA5"
    assert control is not None
    assert control != Control(0x10, buffer=bytearray(64))
    assert len({control, control}) == 1
    assert bus_spy.taken() == []


def test_a_register_that_is_only_written_is_not_compared(bus_spy):
    register = Register(BASE, access="write-only", device=bus_spy)
    with pytest.raises(TypeError, match=r"^register 0x40000000 is write-only: it has no value to read$"):
        assert register == 0
    assert bus_spy.taken() == []


def test_numpys_bool_is_a_bit(control, bus_spy):
    control.AP_START = np.bool_(True)
    control.AP_START = (np.arange(3) > 5).any()
    assert [entry[2] & 1 for entry in bus_spy.taken() if entry[0] == "write"] == [1, 0]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_is_a_handle_of_the_same_bits(copied, control, bus_spy):
    copied(control).MODE = 3
    assert control.MODE == 3
    mmio = MMIO(BASE, 64, bus_spy)
    twin = copied(mmio)
    assert twin.device is bus_spy
    twin.write(0x20, 7)
    assert mmio.read(0x20) == 7
    mmio.invalidate("it was replaced")
    with pytest.raises(StaleOverlayError):
        twin.read(0x20)


@pytest.mark.parametrize(("width", "value", "bits"), [(32, -1, 0xFFFF_FFFF), (32, -(1 << 31), 1 << 31), (64, -5, (1 << 64) - 5)])
def test_a_whole_register_takes_a_negative_number_as_two_s_complement(width, value, bits):
    register = Register(0, width, buffer=bytearray(8))
    register[:] = value
    assert int(register) == bits


def test_a_part_of_a_register_takes_no_negative_number():
    memory = bytearray(b"\x12\x34\x56\x78")
    register = Register(0, 32, buffer=memory)
    for index, value in ((slice(7, 0), -1), (slice(31, 0), -(1 << 31) - 1)):
        with pytest.raises(ValueError, match=r"^Slicing range cannot represent value -"):
            register[index] = value
    assert memory == b"\x12\x34\x56\x78"
