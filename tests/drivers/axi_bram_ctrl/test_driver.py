"""AXI BRAM Controller: memory as words and as bytes, on both sides."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pynq_drivers.axi_bram_ctrl.driver import AxiBram


@pytest.fixture
def bench(build: Any, block: Any) -> Any:
    given_ = {"C_MEMORY_DEPTH": 64, "C_S_AXI_DATA_WIDTH": 32}
    one = block("bram", "xilinx.com:ip:axi_bram_ctrl:4.1", 0x4000_0000, given_, size=0x100, memory=True)
    two = block("other", "xilinx.com:ip:axi_bram_ctrl:4.0", 0x4200_0000, given_, size=0x100, memory=True)
    return build(one, two, brams={"bram": "memory", "other": "memory"})


def test_words(bench: Any) -> None:
    bram = bench.overlay.bram
    assert isinstance(bram, AxiBram)
    assert (len(bram), bram.size, bram[5]) == (64, 256, 0)
    bram[3] = 7
    bram[-1] = 0xFFFF_FFFF
    assert (bram[3], bram.read(12), bram[63], bram[2:5]) == (7, 7, 0xFFFF_FFFF, [0, 7, 0])
    bram[0:3] = [1, 2, 3]
    assert list(bram)[:4] == [1, 2, 3, 7]
    assert np.asarray(bram.array)[:4].tolist() == [1, 2, 3, 7]


def test_each_word_is_one_access(bench: Any) -> None:
    bram = bench.overlay.bram
    assert bench.accesses("bram", lambda: bram[2:4]) == [("read", 8), ("read", 12)]
    assert bench.accesses("bram", lambda: repr(bram)) == []


def test_both_ports_see_the_same_memory(bench: Any) -> None:
    bench.overlay.bram[1] = 0x1234
    assert bench.overlay.other[1] == 0x1234
    assert bytes(bench.model("other").memory[4:6]) == b"\x34\x12"


def test_the_model_is_made_whichever_port_comes_first(bench: Any) -> None:
    bench.overlay.other[1] = 5
    assert bench.overlay.bram[1] == 5


def test_bytes_leave_their_neighbours_alone(bench: Any) -> None:
    bram = bench.overlay.bram
    bram[0:4] = [0xFFFF_FFFF] * 4
    bram.load(b"abcde", 3)
    assert bram.dump(12) == b"\xff\xff\xffabcde\xff\xff\xff\xff"
    bram.load(np.array([1, 2], "u2"), 8)
    assert bram.dump(4, 8) == b"\1\0\2\0"
    assert bench.accesses("bram", lambda: bram.load(b"")) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.binary(max_size=40), st.integers(0, 216))
def test_load_and_dump(bench: Any, data: bytes, offset: int) -> None:
    bram = bench.overlay.bram
    before = bram.dump()
    bram.load(data, offset)
    after = bram.dump()
    assert after == before[:offset] + data + before[offset + len(data) :]


def test_mistakes(bench: Any) -> None:
    bram = bench.overlay.bram
    for action, error, message in (
        (lambda: bram[64], IndexError, "bram has 64 words, so there is no word 64"),
        (lambda: bram.__setitem__(0, 1 << 32), ValueError, "4294967296 does not fit a 32-bit word of bram (0 to 0xffffffff)"),
        (lambda: bram.__setitem__(0, 0.5), TypeError, "A word of bram is an int, not the float 0.5"),
        (lambda: bram.__setitem__(slice(0, 2), [1]), ValueError, "1 values were given for 2 words of bram"),
        (lambda: bram.__setitem__(slice(0, 2), [1, -1]), ValueError, "-1 does not fit a 32-bit word of bram (0 to 0xffffffff)"),
        (lambda: bram.load(b"abc", 254), ValueError, "3 bytes at offset 0xfe do not lie in the 256 bytes of bram"),
        (lambda: bram.dump(-1), ValueError, "-1 bytes at offset 0x0 do not lie in the 256 bytes of bram"),
        (lambda: bram.load("text"), TypeError, "bram.load takes bytes or a contiguous array, not str"),
    ):
        with pytest.raises(error) as caught:
            action()
        assert str(caught.value) == message
    assert bram.dump() == bytes(256)
