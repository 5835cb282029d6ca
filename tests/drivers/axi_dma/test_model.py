"""AXI DMA, the model: each register of PG021's direct register mode with its reset value, access and side effect, in stepped time."""

from typing import Any

import numpy as np
import pytest

from pynq_drivers.axi_dma import registers as r
from pynq_widgets import allocate

LOOP = [("dma", "M_AXIS_MM2S", "dma", "S_AXIS_S2MM")]
RATE = 400e6  # bytes a second: 32 bits at 100 MHz


@pytest.fixture
def bench(build: Any, dma_block: Any) -> Any:
    return build(dma_block(), streams=LOOP, autojump=False)


def poke(bench: Any, base: int, address: int, length: int, control: int = r.RS) -> None:
    mmio = bench.overlay.ip_dict["dma"]["phys_addr"]
    for word, value in ((r.DMACR, control), (r.ADDRESS, address), (r.LENGTH, length)):
        bench.device.write_word(mmio + base + word, value)


def look(bench: Any, offset: int) -> int:
    word: int = bench.device.read_word(bench.overlay.ip_dict["dma"]["phys_addr"] + offset)
    return word


def put(bench: Any, offset: int, value: int) -> None:
    bench.device.write_word(bench.overlay.ip_dict["dma"]["phys_addr"] + offset, value)


@pytest.mark.parametrize("base", [r.MM2S, r.S2MM])
def test_reset_values(bench: Any, base: int) -> None:
    assert [look(bench, base + word) for word in (r.DMACR, r.DMASR, r.ADDRESS, r.ADDRESS_MSB, r.LENGTH)] == [0x10002, 0x10001, 0, 0, 0]


@pytest.mark.parametrize("base", [r.MM2S, r.S2MM])
def test_running_and_stopping(bench: Any, base: int) -> None:
    put(bench, base + r.DMACR, r.RS)
    assert (look(bench, base + r.DMACR), look(bench, base + r.DMASR)) == (0x10002 & ~0xFF0000 | 0x10000 | r.RS, 0x10000)
    put(bench, base + r.DMACR, 0)
    assert look(bench, base + r.DMASR) == 0x10001


def test_the_length_register_is_as_wide_as_it_is_configured(build: Any, dma_block: Any) -> None:
    bench = build(dma_block(c_sg_length_width=14), streams=LOOP, autojump=False)
    put(bench, r.S2MM + r.DMACR, r.RS)
    put(bench, r.S2MM + r.LENGTH, 0xFFFF_FFFF)
    assert look(bench, r.S2MM + r.LENGTH) == 0x3FFF


def test_addresses_are_as_wide_as_the_bus(build: Any, dma_block: Any) -> None:
    narrow = build(dma_block(), autojump=False)
    put(narrow, r.ADDRESS_MSB, 0xF)
    assert look(narrow, r.ADDRESS_MSB) == 0
    wide = build(dma_block(C_M_AXI_MM2S_ADDR_WIDTH=40), autojump=False)
    put(wide, r.ADDRESS_MSB, 0xFFF)
    assert look(wide, r.ADDRESS_MSB) == 0xFF


def test_a_packet_goes_round_in_its_time(bench: Any) -> None:
    source, target = allocate(1000, "u4", target=bench.device), allocate(1000, "u4", target=bench.device)
    source[:] = np.arange(1000)
    poke(bench, r.S2MM, target.physical_address, 4000)
    poke(bench, r.MM2S, source.physical_address, 4000)
    bench.clock.advance(3999 / RATE)
    assert [look(bench, base + r.DMASR) for base in (r.MM2S, r.S2MM)] == [0x10000, 0x10000]
    bench.clock.advance(2 / RATE)
    assert [look(bench, base + r.DMASR) for base in (r.MM2S, r.S2MM)] == [0x10000 | r.IOC_IRQ | r.IDLE] * 2
    assert np.array_equal(source, target)
    assert look(bench, r.S2MM + r.LENGTH) == 4000


def test_length_tells_what_came(bench: Any) -> None:
    target = allocate(64, "u1", target=bench.device)
    poke(bench, r.S2MM, target.physical_address, 64)
    source = allocate(10, "u1", target=bench.device)
    source[:] = 7
    poke(bench, r.MM2S, source.physical_address, 10)
    bench.clock.advance(1)
    assert look(bench, r.S2MM + r.LENGTH) == 10
    assert target.tolist() == [7] * 10 + [0] * 54


def test_status_is_cleared_by_writing_ones_back(bench: Any) -> None:
    source = allocate(4, "u1", target=bench.device)
    poke(bench, r.MM2S, source.physical_address, 4, r.RS | r.IOC_IRQ_EN)
    bench.clock.advance(1)
    assert bench.device.probe("dma/mm2s_introut") == 1
    put(bench, r.DMASR, r.ERR_IRQ | r.DLY_IRQ)
    assert look(bench, r.DMASR) & r.IOC_IRQ
    put(bench, r.DMASR, r.IOC_IRQ)
    assert look(bench, r.DMASR) == 0x10000 | r.IDLE
    assert bench.device.probe("dma/mm2s_introut") == 0


def test_interrupts_need_their_enable(bench: Any) -> None:
    source = allocate(4, "u1", target=bench.device)
    poke(bench, r.MM2S, source.physical_address, 4)
    bench.clock.advance(1)
    assert bench.device.probe("dma/mm2s_introut") == 0
    put(bench, r.DMACR, r.RS | r.IOC_IRQ_EN)
    assert bench.device.probe("dma/mm2s_introut") == 1


def test_length_does_nothing_while_halted_or_zero(bench: Any) -> None:
    put(bench, r.LENGTH, 16)
    assert look(bench, r.LENGTH) == 0
    put(bench, r.DMACR, r.RS)
    put(bench, r.LENGTH, 0)
    bench.clock.advance(1)
    assert look(bench, r.DMASR) == 0x10000


def test_an_address_of_nothing_is_a_decode_error_that_only_reset_ends(bench: Any) -> None:
    poke(bench, r.MM2S, 0xF000_0000, 64, r.RS | r.ERR_IRQ_EN)
    assert look(bench, r.DMASR) == 0x10000 | r.DMA_DEC_ERR | r.ERR_IRQ | r.HALTED
    assert bench.device.probe("dma/mm2s_introut") == 1
    put(bench, r.DMACR, r.RS)
    assert look(bench, r.DMASR) & r.HALTED
    put(bench, r.S2MM + r.DMACR, r.RESET)  # either channel's bit resets both
    assert [look(bench, word) for word in (r.DMACR, r.DMASR)] == [0x10002, 0x10001]
    assert bench.device.probe("dma/mm2s_introut") == 0


def test_receiving_to_an_address_of_nothing_is_a_decode_error(bench: Any) -> None:
    poke(bench, r.S2MM, 0xF000_0000, 64)
    source = allocate(4, "u1", target=bench.device)
    poke(bench, r.MM2S, source.physical_address, 4)
    assert look(bench, r.S2MM + r.DMASR) & r.DMA_DEC_ERR


def test_a_packet_longer_than_its_buffer_is_an_internal_error(bench: Any) -> None:
    source, target = allocate(64, "u1", target=bench.device), allocate(64, "u1", target=bench.device)
    source[:] = 1
    poke(bench, r.S2MM, target.physical_address, 32)
    poke(bench, r.MM2S, source.physical_address, 64)
    assert look(bench, r.S2MM + r.DMASR) == 0x10000 | r.DMA_INT_ERR | r.ERR_IRQ | r.HALTED
    assert target.tolist() == [1] * 32 + [0] * 32  # not a byte beyond


def test_an_unaligned_address_without_realignment(build: Any, dma_block: Any) -> None:
    bench = build(dma_block(c_include_mm2s_dre=1), streams=LOOP, autojump=False)
    source = allocate(16, "u1", target=bench.device)
    poke(bench, r.MM2S, source.physical_address + 1, 4)
    bench.clock.advance(1)
    assert look(bench, r.DMASR) & r.IDLE
    poke(bench, r.S2MM, source.physical_address + 1, 4)
    assert look(bench, r.S2MM + r.DMASR) & r.DMA_INT_ERR


def test_a_sender_waits_for_its_receiver(bench: Any) -> None:
    source, target = allocate(1 << 16, "u1", target=bench.device), allocate(1 << 16, "u1", target=bench.device)
    source[:] = np.arange(1 << 16) % 251
    poke(bench, r.MM2S, source.physical_address, 1 << 16)
    bench.clock.advance(1)
    assert look(bench, r.DMASR) == 0x10000  # still under way: only what the stream holds has gone
    poke(bench, r.S2MM, target.physical_address, 1 << 16)
    bench.clock.advance(1)
    assert look(bench, r.DMASR) & r.IDLE
    assert np.array_equal(source, target)


def test_stopping_gives_a_transfer_up(bench: Any) -> None:
    target = allocate(64, "u1", target=bench.device)
    poke(bench, r.S2MM, target.physical_address, 64)
    put(bench, r.S2MM + r.DMACR, 0)
    assert look(bench, r.S2MM + r.DMASR) == 0x10001
    source = allocate(4, "u1", target=bench.device)
    source[:] = 1
    poke(bench, r.MM2S, source.physical_address, 4)
    bench.clock.advance(1)
    assert not target.any()


def test_one_channel_only(build: Any, dma_block: Any) -> None:
    bench = build(dma_block(c_include_s2mm=0), autojump=False)
    put(bench, r.S2MM + r.DMACR, r.RS)
    assert look(bench, r.S2MM + r.DMASR) == 0


def test_large_transfers_are_block_copies(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    size = 4 << 20
    source, target = allocate(size, "u1", target=bench.device), allocate(size, "u1", target=bench.device)
    source[::4096] = 1
    model = bench.model("dma")
    calls: list[int] = []
    memory = type(model.receive.memory)
    plain = memory.write

    def counted(self: Any, address: int, data: Any) -> None:
        calls.append(len(data))
        plain(self, address, data)

    monkeypatch.setattr(memory, "write", counted)
    poke(bench, r.S2MM, target.physical_address, size)
    poke(bench, r.MM2S, source.physical_address, size)
    bench.clock.advance(1)
    assert np.array_equal(source, target)
    assert len(calls) <= 4
