"""Every register of AXI VDMA as the guide has it: reset value, access, side effect (AMD PG020 v6.3, tables 2-5 to 2-20)."""

from __future__ import annotations

from typing import Any

import pytest

ALL = 0xFFFF_FFFF


class Words:
    """The registers of a VDMA, by offset."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench
        self._mmio = bench.overlay.vdma.mmio

    def __getitem__(self, offset: int) -> int:
        return int(self._mmio.read(offset))

    def __setitem__(self, offset: int, value: int) -> None:
        self._mmio.write(offset, value)


@pytest.fixture
def words(loop: Any) -> Words:
    return Words(loop())


# name, offset, after reset, after all ones have been written (halted)
TABLE = [
    ("MM2S_VDMACR", 0x00, 0x0001_00C2, None),  # a write of ones resets
    ("MM2S_VDMASR", 0x04, 0x0001_0001, 0x0001_0001),
    ("reserved", 0x08, 0, 0),
    ("reserved", 0x10, 0, 0),
    ("MM2S_REG_INDEX", 0x14, 0, 0),  # reserved below 17 frame stores
    ("FRMPTR_STS", 0x24, 0, 0),  # without the debug features
    ("PARK_PTR_REG", 0x28, 0, 0x0000_1F1F),
    ("VDMA_VERSION", 0x2C, 0x6200_0000, 0x6200_0000),
    ("S2MM_VDMACR", 0x30, 0x0001_00C2, None),
    ("S2MM_VDMASR", 0x34, 0x0001_0001, 0x0001_0001),
    ("S2MM_VDMA_IRQ_MASK", 0x3C, 0, 0xF),
    ("reserved (MM2S has no mask)", 0x0C, 0, 0),
    ("S2MM_REG_INDEX", 0x44, 0, 0),
    ("MM2S_VSIZE", 0x50, 0, 0x1FFF),
    ("MM2S_HSIZE", 0x54, 0, 0xFFFF),
    ("MM2S_FRMDLY_STRIDE", 0x58, 0x0100_0000, 0x1F00_FFFF),
    *((f"MM2S_SA{i + 1}", 0x5C + 4 * i, 0, ALL if i < 4 else 0) for i in range(16)),
    ("reserved", 0x9C, 0, 0),
    ("S2MM_VSIZE", 0xA0, 0, 0x1FFF),
    ("S2MM_HSIZE", 0xA4, 0, 0xFFFF),
    ("S2MM_FRMDLY_STRIDE", 0xA8, 0x0100_0000, 0x1F00_FFFF),
    *((f"S2MM_SA{i + 1}", 0xAC + 4 * i, 0, ALL if i < 4 else 0) for i in range(16)),
    ("VERTICAL_FLIP", 0xEC, 0, 0),  # only where the core has it
    ("HSIZE_STATUS", 0xF0, 0, 0),
    ("VSIZE_STATUS", 0xF4, 0, 0),
]


@pytest.mark.parametrize(("name", "offset", "reset", "ones"), TABLE, ids=[f"{row[0]}-{row[1]:#x}" for row in TABLE])
def test_reset_value_and_what_can_be_written(words: Words, name: str, offset: int, reset: int, ones: int | None) -> None:
    assert words[offset] == reset
    assert words[offset] == reset  # a read changes nothing
    words[offset] = ALL
    assert words[offset] == (reset if ones is None else ones)
    words[offset] = 0
    if ones not in (None, reset):
        assert words[offset] == 0


@pytest.mark.parametrize("base", [0x00, 0x30])
def test_the_control_register_keeps_its_bits_but_the_reserved_ones(words: Words, base: int) -> None:
    words[base] = ALL & ~0x4 & ~0x1
    assert words[base] == 0xFFFF_FFFA
    words[base] = 0
    assert words[base] == 0x0001_0000, "a frame count of 0 is 1"


@pytest.mark.parametrize("base", [0x00, 0x30])
def test_reset_of_one_channel_leaves_the_other(words: Words, base: int) -> None:
    for offset in (0x58, 0xA8, 0x5C, 0xAC):
        words[offset] = 0x1234
    words[base] = 0x4
    assert words[base] == 0x0001_00C2, "the bit is 0 when the reset is over"
    mine, others = ((0x58, 0x5C), (0xA8, 0xAC)) if base == 0 else ((0xA8, 0xAC), (0x58, 0x5C))
    assert [words[offset] for offset in mine] == [0x0100_0000, 0]
    assert [words[offset] for offset in others] == [0x1234, 0x1234]


def test_run_and_halt(words: Words) -> None:
    words[0x30] = 0x0001_0003
    assert words[0x34] & 1 == 0
    words[0x30] = 0x0001_0002
    assert words[0x34] & 1 == 1


@pytest.mark.parametrize("sizes", [(0, 16), (4, 0)])
def test_a_size_of_0_is_an_internal_error_that_halts(words: Words, sizes: tuple[int, int]) -> None:
    words[0x30] = 0x0001_4003
    words[0xA4] = sizes[1]
    words[0xA0] = sizes[0]
    assert words[0x34] == 0x0001_4011
    assert words[0x30] & 1 == 0
    words[0x30] = 0x0001_0003
    assert words[0x34] & 1 == 1, "after an error only a reset helps"
    words[0x30] = 0x4
    assert words[0x34] == 0x0001_0001


def test_an_address_that_is_nowhere_is_a_decode_error(words: Words) -> None:
    words[0x00] = 0x0001_4003
    words[0x5C] = 0xF000_0000
    words[0x58], words[0x54], words[0x50] = 16, 16, 4
    assert words[0x04] == 0x0001_4041
    words[0x04] = ALL
    assert words[0x04] == 0x0001_0041, "the error itself is read-only, its interrupt is not"


def test_vsize_written_while_halted_begins_nothing(words: Words) -> None:
    words[0x54], words[0x50] = 16, 4
    words[0x00] = 0x0001_0003
    assert words.bench.clock.pending == 0
    assert words[0x04] == 0x0001_0000


def test_more_than_16_stores_come_in_banks(loop: Any) -> None:
    words = Words(loop(c_num_fstores=20))
    words[0x5C] = 0x1000
    words[0x14] = ALL
    assert words[0x14] == 1
    assert words[0x5C] == 0
    words[0x5C], words[0x68], words[0x6C] = 0x2000, 0x3000, 0x4000
    assert (words[0x5C], words[0x68], words[0x6C]) == (0x2000, 0x3000, 0), "stores 17 to 20"
    words[0x14] = 0
    assert words[0x5C] == 0x1000


def test_addresses_above_32_bits_take_two_words(loop: Any) -> None:
    words = Words(loop(c_m_axi_mm2s_addr_width=40, c_m_axi_s2mm_addr_width=40))
    for i in range(16):
        words[0x5C + 4 * i] = i + 1
    assert [words[0x5C + 4 * i] for i in range(16)] == [*range(1, 9), *[0] * 8]


def test_the_words_of_the_debug_features(loop: Any) -> None:
    words = Words(loop(c_enable_debug_all=1, c_enable_vert_flip=1))
    words[0xEC] = ALL
    assert words[0xEC] == 1
    words[0x24] = words[0xF0] = ALL
    assert words[0x24] == words[0xF0] == 0


def test_a_channel_that_is_not_there_reads_0_and_ignores_writes(build: Any, vdma_block: Any) -> None:
    words = Words(build(vdma_block(c_include_s2mm=0)))
    for offset in (0x30, 0x34, 0xA0, 0xAC):
        words[offset] = 0x1234
        assert words[offset] == 0
    assert words[0x00] == 0x0001_0042, "no genlock within the core where it has one channel"


def test_frame_counter_interrupt_and_stop_after_a_count(words: Words) -> None:
    """IRQFrameCount, FrmCnt_Irq, FrmCnt_IrqEn and FrameCntEn of a channel that sends to itself."""
    device, clock = words.bench.device, words.bench.clock
    buffer = device.allocate((4, 16), "u1")
    for base, frame in ((0x30, 0xA0), (0x00, 0x50)):
        words[base] = 0x0003_1013 if base == 0x30 else 0x0001_0003
        for i in range(4):
            words[frame + 0xC + 4 * i] = buffer.physical_address
        words[frame + 8], words[frame + 4], words[frame] = 16, 16, 4
    line = words.bench.model("vdma").context.interrupt("s2mm_introut")
    frame_time = 6 * 4 / 100e6
    assert words[0x34] == 0x0003_0000
    clock.advance(1.5 * frame_time)
    assert words[0x34] == 0x0002_0000
    clock.advance(frame_time)
    assert words[0x34] == 0x0001_0000
    assert line.value == 0
    clock.advance(frame_time)
    assert words[0x34] == 0x0003_1001, "the count is over: interrupt, and halted since FrameCntEn is set"
    assert line.value == 1
    words[0x34] = 0x1000
    assert words[0x34] == 0x0003_0001
    assert line.value == 0


def test_the_delay_counter_interrupts_when_no_frame_follows(camera: Any) -> None:
    bench = camera(c_include_mm2s=0)
    words = Words(bench)
    buffer = bench.device.allocate((4, 12), "u1")
    words[0x30] = 0x0201_2003
    for i in range(4):
        words[0xAC + 4 * i] = buffer.physical_address
    words[0xA8], words[0xA4], words[0xA0] = 12, 12, 4
    stream = bench.device.stream("vdma", "S_AXIS_S2MM")
    for row in range(4):
        stream.send(bytes(12), user=int(row == 0))
    bench.device.settle()
    bench.clock.advance(1e-6)
    assert words[0x34] & 0x3000 == 0x1000
    bench.clock.advance(250 / 100e6)
    assert words[0x34] == 0x0201_3000
    assert bench.model("vdma").context.interrupt("s2mm_introut").value == 1
