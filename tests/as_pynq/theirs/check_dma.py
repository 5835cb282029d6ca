"""PYNQ's DMA on our AXI DMA, in direct register mode and with the scatter-gather engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pynq_widgets import allocate

# Theirs closes its descriptors by the name that buffers had before.
pytestmark = pytest.mark.filterwarnings("ignore:close.. of a buffer is an old name:DeprecationWarning")
LOOP = [("dma", "M_AXIS_MM2S", "dma", "S_AXIS_S2MM")]


@pytest.fixture(params=[0, 1], ids=["direct", "scatter-gather"])
def dma(request: pytest.FixtureRequest, load: Any, theirs: Any, dma_block: Any) -> Callable[..., Any]:
    """``dma(**parameters)``: a DMA that sends to itself."""

    def make(interrupts: bool = True, **parameters: Any) -> Any:
        module = theirs("lib.dma")
        made = load(dma_block(interrupts=interrupts, c_include_sg=request.param, **parameters), streams=LOOP).dma
        assert type(made) is module.DMA
        assert type(made.sendchannel) is (module._SGDMAChannel if request.param else module._SDMAChannel)
        return made

    return make


def words(count: int, first: int = 0) -> Any:
    buffer = allocate(count, "u4")
    buffer[:] = np.arange(count) * 0x0101_0101 + first
    return buffer


def test_a_buffer_comes_back(dma: Any) -> None:
    made = dma()
    for count in (4, 256, 1000):
        out, back = words(count, count), allocate(count, "u4")
        made.recvchannel.transfer(back)
        made.sendchannel.transfer(out)
        made.sendchannel.wait()
        made.recvchannel.wait()
        assert np.array_equal(back, np.arange(count, dtype="u4") * 0x0101_0101 + count)
        assert made.sendchannel.transferred == made.recvchannel.transferred == 4 * count


def test_part_of_a_buffer(dma: Any) -> None:
    made = dma(c_include_mm2s_dre=1, c_include_s2mm_dre=1)
    out, back = words(64), allocate(64, "u4")
    made.recvchannel.transfer(back, start=16, nbytes=100)
    made.sendchannel.transfer(out, start=3, nbytes=100)
    made.sendchannel.wait()
    made.recvchannel.wait()
    expected = np.zeros(256, "u1")
    expected[16:116] = np.asarray(out).view("u1")[3:103]
    assert np.array_equal(np.asarray(back).view("u1"), expected)


def test_transfers_are_awaited(dma: Any, loop: Any) -> None:
    made = dma()
    out, back = words(500, 7), allocate(500, "u4")

    async def both() -> None:
        for _ in range(3):
            back[:] = 0
            made.recvchannel.transfer(back)
            receiving = asyncio.ensure_future(made.recvchannel.wait_async())
            await asyncio.sleep(0.001)
            assert not receiving.done(), "nothing has been sent yet"
            made.sendchannel.transfer(out)
            await asyncio.wait_for(asyncio.gather(made.sendchannel.wait_async(), receiving), 5)
            assert np.array_equal(back, out)
            assert made.recvchannel.transferred == 2000

    loop.run_until_complete(both())


def test_without_interrupts(dma: Any) -> None:
    made = dma(interrupts=False)
    out, back = words(10), allocate(10, "u4")
    made.recvchannel.transfer(back)
    made.sendchannel.transfer(out)
    made.sendchannel.wait()
    made.recvchannel.wait()
    assert np.array_equal(back, out)


def test_long_transfers_take_as_many_descriptors_as_they_need(load: Any, theirs: Any, dma_block: Any) -> None:
    theirs("lib.dma")
    made = load(dma_block(c_include_sg=1, c_sg_length_width=8), streams=LOOP).dma
    assert made.buffer_max_size == 255
    out, back = words(1000), allocate(1000, "u4")
    made.recvchannel.transfer(back)
    made.sendchannel.transfer(out)
    assert made.sendchannel._num_descr == -(-4000 // 252)
    made.sendchannel.wait()
    made.recvchannel.wait()
    assert np.array_equal(back, out)
    assert made.recvchannel.transferred == 4000


def test_what_is_too_long_or_not_aligned(load: Any, theirs: Any, dma_block: Any) -> None:
    theirs("lib.dma")
    made = load(dma_block(c_sg_length_width=8), streams=LOOP).dma
    with pytest.raises(ValueError, match=r"^Transfer size is 400 bytes, which exceeds the maximum DMA buffer size 255\.$"):
        made.sendchannel.transfer(words(100))
    with pytest.raises(RuntimeError, match=r"^DMA does not support unaligned transfers; Starting address must be aligned to 4 bytes\.$"):
        made.sendchannel.transfer(words(10), start=2)


def test_a_channel_is_stopped_and_started(load: Any, theirs: Any, dma_block: Any) -> None:
    theirs("lib.dma")
    made = load(dma_block(), streams=LOOP).dma
    channel = made.sendchannel
    assert (channel.running, channel.idle, channel.error) == (True, False, False)
    channel.stop()
    assert not channel.running
    with pytest.raises(RuntimeError, match=r"^DMA channel not started$"):
        channel.transfer(words(4))
    channel.start()
    made.recvchannel.transfer(back := allocate(4, "u4"))
    channel.transfer(words(4, 3))
    channel.wait()
    made.recvchannel.wait()
    assert back.tolist() == [3 + i * 0x0101_0101 for i in range(4)]


class Nowhere:
    """A buffer where there is no memory."""

    nbytes, physical_address = 16, 0xF000_0000

    def flush(self) -> None:
        """Nothing to be done."""


def test_an_address_that_is_no_memory_ends_the_transfer(load: Any, theirs: Any, dma_block: Any) -> None:
    theirs("lib.dma")
    channel = load(dma_block(), streams=LOOP).dma.sendchannel
    channel.transfer(Nowhere())
    # PYNQ looks first whether the channel runs, and an error has stopped it.
    with pytest.raises(RuntimeError, match=r"^DMA channel not started$"):
        channel.wait()
    assert channel.error
    assert channel._mmio.read(4) & 0x71 == 0x41


def test_an_address_that_is_no_memory_in_a_descriptor(load: Any, theirs: Any, dma_block: Any) -> None:
    theirs("lib.dma")
    channel = load(dma_block(c_include_sg=1), streams=LOOP).dma.sendchannel
    channel.transfer(Nowhere())
    with pytest.raises(RuntimeError, match=r"^DMA Decode Error \(invalid address\)$"):
        channel.wait()


def test_a_packet_is_sent_again_and_again(load: Any, device: Any, theirs: Any, dma_block: Any, block: Any) -> None:
    theirs("lib.dma")
    sink = block("sink", "v:l:sink:1.0", 0x4500_0000)
    made = load(dma_block(c_include_sg=1), sink, streams=[("dma", "M_AXIS_MM2S", "sink", "S_AXIS")]).dma
    out = words(8, 5)
    made.sendchannel.transfer(out, cyclic=True)
    stream = device.stream("sink", "S_AXIS")
    for _ in range(5):
        assert np.array_equal(np.frombuffer(stream.receive()[0], "u4"), out)
    with pytest.raises(RuntimeError, match=r"^Cannot wait in cyclic BD mode$"):
        made.sendchannel.wait()
    made.sendchannel.stop()


def test_the_dma_of_a_published_design(load: Any, theirs: Any, hwh_folder: Path) -> None:
    module = theirs("lib.dma")
    overlay = load(hwh_folder / "Xilinx__PYNQ-HelloWorld__resizer-PynqZ1-2019.1.hwh")
    assert type(overlay.axi_dma_0) is module.DMA
    assert overlay.axi_dma_0.sendchannel.running
