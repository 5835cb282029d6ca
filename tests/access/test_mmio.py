from __future__ import annotations

import warnings

import numpy as np
import pytest

from pynq_widgets.access import MMIO, BusArray, StaleOverlayError

BASE = 0x4000_0000


def test_a_read_is_one_transaction_of_one_word(bus_spy):
    bus_spy.put(4, 0x1234_5678)
    assert MMIO(BASE, 0x1000, bus_spy).read(4) == 0x1234_5678
    assert bus_spy.taken() == [("read", 4, 4)]


def test_a_mapped_read_is_one_access_of_one_word(mapped_spy, watch_words):
    mmio = MMIO(BASE, 0x1000, mapped_spy)
    log = watch_words(mmio)
    mapped_spy.put(8, 99)
    assert mmio.read(8) == 99
    mmio.write(8, 100)
    assert log == [("read", 8), ("write", 8, 100)]
    assert mapped_spy.maps == [(BASE, 0x1000)]


def test_making_one_touches_nothing(bus_spy):
    MMIO(BASE, 0x1000, bus_spy)
    assert bus_spy.taken() == []


@pytest.mark.parametrize(("length", "expected"), [(1, 0x78), (2, 0x5678), (4, 0x1234_5678)])
def test_short_reads_give_the_lower_part_of_the_word(any_spy, length, expected):
    any_spy.put(0, 0x1234_5678)
    assert MMIO(BASE, 16, any_spy).read(0, length) == expected


@pytest.mark.parametrize(("order", "expected"), [("little", 0x2222_2222_1111_1111), ("big", 0x1111_1111_2222_2222)])
def test_eight_bytes_are_two_words_in_order(bus_spy, order, expected):
    bus_spy.put(0, 0x1111_1111)
    bus_spy.put(4, 0x2222_2222)
    assert MMIO(BASE, 16, bus_spy).read(0, 8, order) == expected
    assert bus_spy.taken() == [("read", 0, 4), ("read", 4, 4)]


def test_eight_bytes_at_the_end_read_nothing_before_they_are_refused(bus_spy):
    with pytest.raises(IndexError):
        MMIO(BASE, 16, bus_spy).read(12, 8)
    assert bus_spy.taken() == []


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((-4,), ValueError, "Offset cannot be negative."),
        ((2,), MemoryError, "Unaligned read: offset must be multiple of 4.\nOffset 0x2 lies in the word at 0x0"),
        (
            ("DATA",),
            TypeError,
            "MMIO read: the offset is a number of bytes as int, not the str 'DATA'; a register is reached by its name through register_map",
        ),
        ((4, 6), ValueError, "MMIO currently only supports 1, 2, 4 and 8-byte reads."),
        ((4, 8, "middle"), ValueError, "MMIO only supports big and little endian."),
        ((16,), IndexError, "MMIO read of 4 bytes at offset 0x10 is outside the 0x10 bytes at 0x40000000 (last word: offset 0xc)"),
    ],
)
def test_reads_that_cannot_be(any_spy, arguments, error, text, said, as_said):
    with pytest.raises(error) as raised:
        MMIO(BASE, 16, any_spy).read(*arguments)
    assert said(raised.value) == as_said(text)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((-4, 1), ValueError, "Offset cannot be negative."),
        ((2, 1), MemoryError, "Unaligned write: offset must be multiple of 4.\nOffset 0x2 lies in the word at 0x0; nothing was written"),
        (
            (4, 8.5),
            ValueError,
            "Data type must be int or bytes.\nMMIO write at 0x40000004 got the float 8.5; nothing was written",
        ),
        ((4, "8"), ValueError, "Data type must be int or bytes.\nMMIO write at 0x40000004 got the str '8'; nothing was written"),
        (
            (4.0, 8),
            TypeError,
            "MMIO write: the offset is a number of bytes as int, not the float 4.0; a register is reached by its name through register_map",
        ),
        (
            ("DATA", "8"),
            TypeError,
            "MMIO write: the offset is a number of bytes as int, not the str 'DATA'; "
            "a register is reached by its name through register_map",
        ),
        ((4, b"123456"), MemoryError, "Unaligned write: data length must be multiple of 4."),
        ((16, 1), IndexError, "MMIO write of 4 bytes at offset 0x10 is outside the 0x10 bytes at 0x40000000 (last word: offset 0xc)"),
        ((12, bytes(8)), IndexError, "MMIO write of 8 bytes at offset 0xc is outside the 0x10 bytes at 0x40000000 (last word: offset 0xc)"),
        (
            (4, 1 << 32),
            ValueError,
            "MMIO write at 0x40000004: 4294967296 does not fit a 32-bit word (-0x80000000 to 0xFFFFFFFF); nothing was written",
        ),
        (
            (4, -0x8000_0001),
            ValueError,
            "MMIO write at 0x40000004: -2147483649 does not fit a 32-bit word (-0x80000000 to 0xFFFFFFFF); nothing was written",
        ),
    ],
)
def test_writes_that_cannot_be_write_nothing(any_spy, arguments, error, text, said, as_said):
    with pytest.raises(error) as raised:
        MMIO(BASE, 16, any_spy).write(*arguments)
    assert said(raised.value) == as_said(text)
    assert not any(any_spy.memory)


@pytest.mark.parametrize(("value", "word"), [(-1, 0xFFFF_FFFF), (-5, 0xFFFF_FFFB), (-0x8000_0000, 0x8000_0000)])
def test_a_negative_number_is_written_as_two_s_complement(any_spy, value, word):
    mmio = MMIO(BASE, 16, any_spy)
    mmio.write(4, value)
    assert mmio.read(4) == word


def test_an_address_is_an_int(any_spy):
    with pytest.raises(TypeError) as raised:
        MMIO("0x40000000", 16, any_spy)
    assert str(raised.value) == "MMIO() takes an address and a length as int, not '0x40000000' and 16"


def test_numpy_integers_are_integers(any_spy):
    mmio = MMIO(BASE, 16, any_spy)
    mmio.write(np.int64(4), np.uint32(0xFFFF_FFFF))
    assert mmio.read(np.int64(4)) == 0xFFFF_FFFF
    assert type(mmio.read(np.int64(4))) is int


@pytest.mark.parametrize("name", ["write_mm", "write_reg"])
def test_writing_under_the_names_that_generated_drivers_use(any_spy, name):
    mmio = MMIO(BASE, 16, any_spy)
    getattr(mmio, name)(0, np.array([1, 0xFFFF_FFFF], "u4").tobytes())
    getattr(mmio, name)(8, 7)
    assert [mmio.read(offset) for offset in (0, 4, 8)] == [1, 0xFFFF_FFFF, 7]


def test_bytes_are_a_burst_on_a_bus_and_words_in_mapped_memory(bus_spy, mapped_spy, watch_words):
    data = bytes(range(16))
    MMIO(BASE, 0x100, bus_spy).write(16, data)
    assert bus_spy.taken() == [("write", 16, data)]
    mmio = MMIO(BASE, 0x100, mapped_spy)
    log = watch_words(mmio)
    mmio.write(16, bytearray(data))
    assert log == [("write", 16 + 4 * n, int.from_bytes(data[4 * n : 4 * n + 4], "little")) for n in range(4)]


def test_what_a_mapped_device_gives_is_the_array(mapped_spy):
    array = MMIO(BASE, 64, mapped_spy).array
    assert isinstance(array, np.ndarray)
    assert np.shares_memory(array, mapped_spy.memory)


@pytest.mark.parametrize("kind", ["u1", "u2", "u4", "u8"])
def test_whatever_type_the_mapped_array_has_words_are_words(mapped_spy, kind):
    mapped_spy.mmap = lambda base, length: np.arange(8, dtype="u4").view(kind)
    mmio = MMIO(BASE, 32, mapped_spy)
    assert [mmio.read(4 * n) for n in range(8)] == list(range(8))


def test_a_map_longer_than_asked_is_not_read_beyond(mapped_spy):
    mapped_spy.mmap = lambda base, length: np.zeros(1024, "u4")
    with pytest.raises(IndexError):
        MMIO(BASE, 8, mapped_spy).read(8)


def test_a_range_of_less_than_a_word(any_spy):
    with pytest.raises(IndexError) as raised:
        MMIO(BASE, 2, any_spy).read()
    assert str(raised.value) == "MMIO read: the range at 0x40000000 holds 2 bytes, not one whole word"


@pytest.mark.parametrize("arguments", [(-4, 4), (0, -4)])
def test_negative_ranges(any_spy, arguments):
    with pytest.raises(ValueError, match=r"^Base address or length cannot be negative\.$"):
        MMIO(*arguments, any_spy)


def test_a_device_without_registers(bus_spy):
    bus_spy.capabilities = {}
    with pytest.raises(ValueError, match=r"^Device does not have capabilities for MMIO$"):
        MMIO(BASE, 16, bus_spy)


def test_a_remote_mapping_is_read_and_written_through_its_methods(bus_spy):
    class Mapping:
        def __init__(self):
            self.words = {8: 7}
            self.array = "the remote array"

        def read(self, offset):
            return self.words[offset]

        def write(self, offset, value):
            self.words[offset] = value

    mapping = Mapping()
    bus_spy.capabilities = {"REMOTE": True}
    bus_spy.mmap = lambda base, length: mapping
    mmio = MMIO(BASE, 16, bus_spy)
    assert mmio.array == "the remote array"
    assert mmio.read(8) == 7
    mmio.write(8, 9)
    assert mapping.words == {8: 9}
    with pytest.raises(IndexError):
        mmio.write(16, 9)


def test_pynqs_deprecated_debug_and_unknown_keywords(bus_spy):
    with pytest.warns(DeprecationWarning, match="debug"):
        MMIO(BASE, 16, bus_spy, debug=True)
    with pytest.raises(TypeError, match="unexpected keyword argument 'lenght'"):
        MMIO(BASE, device=bus_spy, lenght=16)


def test_the_faster_word_access_of_a_device_is_used_unless_a_subclass_knows_better(make_spy):
    class WordDevice(type(make_spy())):
        def read_word(self, address):
            self.log.append(("word", address))
            return 5

        def write_word(self, address, value):
            self.log.append(("word", address, value))

    class Watching(WordDevice):
        def read_registers(self, address, length):
            return super().read_registers(address, length)

    fast, watching = WordDevice(), Watching()
    mmio = MMIO(BASE, 16, fast)
    assert mmio.read(4) == 5
    mmio.write(4, 6)
    assert fast.log == [("word", BASE + 4), ("word", BASE + 4, 6)]
    assert MMIO(BASE, 16, watching).read(4) == 0
    assert watching.log == [("read", BASE + 4, 4)]


def test_the_active_device_is_the_default(bus_spy, active_device):
    active_device(bus_spy)
    mmio = MMIO(BASE, 16)
    assert mmio.device is bus_spy
    assert repr(mmio) == "MMIO(0x40000000, 0x10 bytes on 'bus spy')"


def test_a_handle_of_a_replaced_overlay(any_spy):
    mmio = MMIO(BASE, 16, any_spy, generation=any_spy.generation)
    lasting = MMIO(BASE, 16, any_spy)
    mmio.write(0, 1)
    any_spy.generation += 1
    for touch in (mmio.read, lambda: mmio.write(0, 2), lambda: mmio.read(0, 8), lambda: mmio.write(0, b"1234")):
        with pytest.raises(StaleOverlayError) as raised:
            touch()
        assert str(raised.value) == (
            f"This handle to 0x40000000 on device {any_spy.tag!r} has gone: another overlay has been loaded since. "
            "Load the overlay again and take the handle from the new Overlay object."
        )
    assert any_spy.word(0) == 1
    assert lasting.read() == 1


def test_an_invalidated_handle_says_why(any_spy):
    mmio = MMIO(BASE, 16, any_spy)
    mmio.invalidate("its overlay was freed")
    with pytest.raises(StaleOverlayError, match="has gone: its overlay was freed"):
        mmio.read()


class TestBusArray:
    def test_items_are_transactions_and_slices_are_views(self, bus_spy):
        array = MMIO(BASE, 64, bus_spy).array
        assert isinstance(array, BusArray)
        array[1] = 7
        part = array[1:4]
        assert bus_spy.taken() == [("write", 4, 7)]
        assert part[0] == 7
        assert part[-1] == 0
        assert bus_spy.taken() == [("read", 4, 4), ("read", 12, 4)]
        assert part.tolist() == [7, 0, 0]
        assert len(bus_spy.taken()) == 3
        part[:] = [1, 2, np.uint8(3)]
        assert bus_spy.taken() == [("write", 4, 1), ("write", 8, 2), ("write", 12, 3)]
        array[14:] = 5
        assert bus_spy.taken() == [("write", 56, 5), ("write", 60, 5)]

    def test_its_shape_is_known_and_its_repr_reads_nothing(self, bus_spy):
        array = MMIO(BASE, 64, bus_spy).array
        assert (len(array), array.shape, array.size, array.nbytes, array.itemsize) == (16, (16,), 16, 64, 4)
        assert array.dtype == np.dtype("u4")
        assert repr(array[2:4]) == "<2 words of 32 bits at 0x40000008, not read>"
        assert bus_spy.taken() == []

    def test_a_view_of_64_bits_is_one_transaction_an_item(self, bus_spy):
        wide = MMIO(BASE, 64, bus_spy).array[2:].view(np.dtype("u8"))
        wide[0] = 0x1122_3344_5566_7788
        assert wide[0] == 0x1122_3344_5566_7788
        assert bus_spy.taken() == [("write", 8, (0x1122_3344_5566_7788).to_bytes(8, "little")), ("read", 8, 8)]
        assert len(wide) == 7

    def test_it_becomes_a_numpy_array_as_a_copy(self, bus_spy):
        bus_spy.put(4, 9)
        assert np.asarray(MMIO(BASE, 8, bus_spy).array).tolist() == [0, 9]
        if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
            with pytest.raises(ValueError, match="cannot be a numpy array without a copy"):
                np.array(MMIO(BASE, 8, bus_spy).array, copy=False)

    @pytest.mark.parametrize(
        ("touch", "error", "text"),
        [
            (lambda array: array[16], IndexError, "index 16 is outside the 16 words at 0x40000000"),
            (
                lambda array: array[::2].view("u8"),
                ValueError,
                "a slice with a step cannot be seen as words of another size; take the view first, then the slice",
            ),
            (lambda array: array.view("u1"), ValueError, "registers can be seen as 'u4' or 'u8' words, not as 'u1'"),
            (lambda array: array.__setitem__(0, 1.5), TypeError, "a word must be an int, not the float 1.5"),
            (lambda array: array.__setitem__(0, -1), ValueError, "-1 does not fit a word of 32 bits (unsigned)"),
            (lambda array: array.__setitem__(slice(0, 3), [1, 2]), ValueError, "2 values were given for 3 words"),
            (lambda array: array.__setitem__(slice(0, 2), [1, "x"]), TypeError, "a word must be an int, not the str 'x'"),
        ],
    )
    def test_what_cannot_be_touches_nothing(self, bus_spy, touch, error, text):
        with pytest.raises(error) as raised:
            touch(MMIO(BASE, 64, bus_spy).array)
        assert str(raised.value) == text
        assert bus_spy.taken() == []

    def test_it_ends_with_its_overlay(self, bus_spy):
        part = MMIO(BASE, 64, bus_spy, generation=0).array[1:3]
        bus_spy.generation = 1
        with pytest.raises(StaleOverlayError):
            part[0]


def test_no_warning_is_hidden_by_the_fast_path(mapped_spy):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MMIO(BASE, 16, mapped_spy).write(0, np.int32(5))
    assert mapped_spy.word(0) == 5


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int32, np.uint32, np.int64])
def test_an_offset_of_numpys_counts_like_an_int(bus_spy, kind):
    mmio = MMIO(BASE, 0x1000, bus_spy)
    mmio.write(kind(0x60), 7)
    assert mmio.read(kind(0x60)) == 7
    log = bus_spy.taken()
    assert log == [("write", 0x60, 7), ("read", 0x60, 4)]
    assert all(type(entry[1]) is int for entry in log)


def test_numpy_writes_words_behind_a_bus(bus_spy):
    # As QICK loads a program: every second word, then all, with numpy.copyto.
    array = MMIO(0x4000_0000, 32, bus_spy).array
    np.copyto(array[1::2], np.uint32(0x3F00_0000))
    assert bus_spy.taken() == [("write", offset, 0x3F00_0000) for offset in (4, 12, 20, 28)]
    np.copyto(array[2:4], np.array([7, 8], "u4"))
    assert bus_spy.taken() == [("write", 8, 7), ("write", 12, 8)]
    np.copyto(dst=array[:3], src=[1, 2, 3], where=[True, False, True])
    assert bus_spy.taken() == [("write", 0, 1), ("write", 8, 3)]
    with pytest.raises(ValueError, match=r"^-1 does not fit a word of 32 bits \(unsigned\)$"):
        np.copyto(array[:2], np.array([5, -1]))
    with pytest.raises(ValueError, match="could not be broadcast"):
        np.copyto(array[:2], np.zeros(3, "u4"))
    assert bus_spy.taken() == []  # nothing half-written


def test_numpy_reads_words_behind_a_bus_as_a_copy(bus_spy):
    array = MMIO(0x4000_0000, 32, bus_spy).array
    bus_spy.memory[:32] = np.arange(8, dtype="u4").tobytes()
    assert array[::-3].tolist() == [7, 4, 1]
    assert array[1::2][1:][-1] == 7
    assert len(array[1::2]) == 4
    bus_spy.taken()
    assert np.array_equal(array[1::2], [1, 3, 5, 7])
    assert [entry[1] for entry in bus_spy.log] == [0x4000_0000 + offset for offset in (4, 12, 20, 28)]
    assert np.concatenate([array[:2], array[6:]]).tolist() == [0, 1, 6, 7]
    target = np.zeros(2, "u4")
    np.copyto(target, array[6:])
    assert target.tolist() == [6, 7]
    array[::4] = [50, 60]
    assert bus_spy.taken()[-2:] == [("write", 0, 50), ("write", 16, 60)]
