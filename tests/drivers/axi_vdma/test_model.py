"""How the VDMA of the simulated device moves pictures: stores, time, errors of lines and frames, genlock, rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pynq_drivers.axi_vdma.driver import VideoMode

MODE = VideoMode(8, 4, 24, stride=24)
FRAME_TIME = 8 * 4 / 100e6  # 24 bits a beat
SOF_EARLY, EOL_EARLY, SOF_LATE, EOL_LATE = 0x80, 0x100, 0x800, 0x8000


def picture(first: int, rows: int = 4, line: int = 24) -> Any:
    return (np.arange(rows * line) + first).astype(np.uint8).reshape(rows, line)


@pytest.fixture
def reading(camera: Any) -> Any:
    """A bench whose read channel runs."""
    bench = camera()
    channel = bench.overlay.vdma.readchannel
    channel.mode = MODE
    channel.start()
    return bench


def stores(bench: Any) -> list[int]:
    """The first byte in each frame store."""
    frames = bench.overlay.vdma.readchannel._frames
    for i in range(len(frames)):
        frames[i].invalidate()
    return [int(frames[i].reshape(-1)[0]) for i in range(len(frames))]


def test_frames_go_round_the_stores(reading: Any, feed: Any) -> None:
    channel = reading.overlay.vdma.readchannel
    for first in (10, 20, 30, 40, 50):
        feed(reading, picture(first))
        reading.clock.advance(FRAME_TIME)
    assert stores(reading) == [50, 20, 30, 40]
    assert channel.activeframe == 1


def test_a_parked_channel_stays(reading: Any, feed: Any) -> None:
    channel = reading.overlay.vdma.readchannel
    channel.desiredframe = 2
    channel.parked = True
    for first in (10, 20, 30):  # the first was under way to store 0
        feed(reading, picture(first))
        reading.clock.advance(FRAME_TIME)
    assert stores(reading) == [10, 0, 30, 0]


def test_a_frame_takes_pixels_by_clock(reading: Any, feed: Any) -> None:
    channel = reading.overlay.vdma.readchannel
    feed(reading, picture(1))
    reading.clock.advance(0.99 * FRAME_TIME)
    assert channel.status & 0x1000 == 0
    reading.clock.advance(0.02 * FRAME_TIME)
    assert channel.status & 0x1000


def test_what_comes_before_the_first_start_of_frame_is_dropped(reading: Any, feed: Any) -> None:
    feed(reading, picture(90)[2:], start=False)
    feed(reading, picture(10))
    reading.clock.advance(FRAME_TIME)
    assert stores(reading)[0] == 10
    assert reading.overlay.vdma.readchannel.status & 0x8980 == 0


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ([(3, 24)], SOF_EARLY),
        ([(5, 24)], SOF_LATE),
        ([(4, 21)], EOL_EARLY),
        ([(4, 27)], EOL_LATE),
    ],
    ids=["SOF early", "SOF late", "EOL early", "EOL late"],
)
def test_frames_of_another_size_are_told_and_the_channel_goes_on(reading: Any, feed: Any, sent: Any, error: int) -> None:
    channel = reading.overlay.vdma.readchannel
    for rows, line in sent:
        feed(reading, picture(1, rows, line))
        reading.clock.advance(2 * FRAME_TIME)
    feed(reading, picture(100))
    reading.clock.advance(2 * FRAME_TIME)
    assert channel.status & 0x8980 == error
    assert channel.status & 0x4001 == 0x4000, "the error interrupts, and the channel runs"
    channel._write(0x04, 0xFFFF_FFFF)
    assert channel.status & 0xCFF0 == 0
    store = channel.activeframe
    feed(reading, picture(200))
    reading.clock.advance(2 * FRAME_TIME)
    assert channel.status & 0xD981 == 0x1000
    assert stores(reading)[store] == 200


def test_a_masked_error_does_not_interrupt(reading: Any, feed: Any) -> None:
    channel = reading.overlay.vdma.readchannel
    channel._write(0x0C, 0x2)
    feed(reading, picture(1, 4, 21))
    assert channel.status & 0x4100 == 0x100


def test_the_store_of_an_error_stands_until_it_is_cleared(reading: Any, feed: Any) -> None:
    channel = reading.overlay.vdma.readchannel
    for first in (1, 2):
        feed(reading, picture(first))
        reading.clock.advance(FRAME_TIME)
    feed(reading, picture(3, 4, 21))
    reading.clock.advance(FRAME_TIME)
    assert channel.activeframe == 2
    channel._write(0x04, 0x0100)
    assert channel.activeframe == 3


def test_lines_go_where_the_stride_says_and_what_pads_them_stays(camera: Any, feed: Any) -> None:
    bench = camera()
    channel = bench.overlay.vdma.readchannel
    channel.mode = VideoMode(8, 4, 24, stride=32)
    channel.start()
    whole = channel._frames[0].base
    whole = whole if whole.ndim == 2 else whole.base
    feed(bench, picture(7))
    bench.clock.advance(FRAME_TIME)
    frame = channel._frames[0]
    frame.invalidate()
    assert np.array_equal(np.asarray(frame).reshape(4, 24), picture(7))
    address = int(frame[0].physical_address)
    assert bytes(bench.device.memory.read(address + 24, 8)) == bytes(8)


def test_vertical_flip_writes_the_last_line_first(camera: Any, feed: Any) -> None:
    bench = camera(c_enable_vert_flip=1)
    channel = bench.overlay.vdma.readchannel
    channel.mode = MODE
    bench.overlay.vdma.mmio.write(0xEC, 1)
    channel.start()
    feed(bench, picture(7))
    bench.clock.advance(FRAME_TIME)
    frame = channel._frames[0]
    frame.invalidate()
    assert np.array_equal(np.asarray(frame).reshape(4, 24), picture(7)[::-1])


def test_free_running_takes_any_lines_for_frames(camera: Any, feed: Any) -> None:
    bench = camera(c_use_s2mm_fsync=0)
    channel = bench.overlay.vdma.readchannel
    channel.mode = MODE
    channel.start()
    feed(bench, picture(7), start=False)
    bench.clock.advance(FRAME_TIME)
    assert stores(bench)[0] == 7


def test_pictures_without_a_start_of_frame_are_told(reading: Any, feed: Any) -> None:
    for _ in range(3):
        feed(reading, picture(1), start=False)
    assert any("without a start of frame (TUSER)" in text for text in reading.device.assumptions)


def test_lines_carry_their_ends_and_frames_their_starts(build: Any, vdma_block: Any, block: Any) -> None:
    """What MM2S sends, taken by a model: TLAST at each line, TUSER at the first."""
    from pynq_widgets.device import IPModel, model
    from pynq_widgets.device.simulated.ipmodel import unregister

    taken: list[tuple[int, int, bool]] = []

    class Sink(IPModel):
        def on_stream(self, interface: str) -> None:
            stream = self.context.stream("in")
            while stream.available and len(taken) < 8:
                head = stream.head
                data, last = stream.receive()
                taken.append((head.user if head else -1, len(data), last))

    vlnv = "example.com:ip:sink:1.0"
    model(vlnv)(Sink)
    try:
        bench = build(vdma_block(c_include_s2mm=0), block("sink", vlnv, 0x4400_0000), streams=[("vdma", "M_AXIS_MM2S", "sink", "in")])
        channel = bench.overlay.vdma.writechannel
        channel.mode = MODE
        channel.start()
        bench.clock.advance(4 * FRAME_TIME)
    finally:
        unregister(vlnv)
    assert taken == [(1, 24, True), (0, 24, True), (0, 24, True), (0, 24, True)] * 2


def test_a_running_display_makes_no_events(camera: Any) -> None:
    bench = camera()
    channel = bench.overlay.vdma.writechannel
    channel.mode = MODE
    channel.start()
    bench.clock.advance(10 * FRAME_TIME)
    assert bench.clock.pending == 0
    first = channel.status >> 16 & 0xFF
    assert first == 1
    channel.parked = False
    before = channel.activeframe
    bench.clock.advance(2 * FRAME_TIME)
    assert channel.activeframe == (before + 2) % 4


def test_a_running_loop_rests_when_nobody_looks_and_is_fresh_when_somebody_does(loop: Any) -> None:
    bench = loop()
    vdma = bench.overlay.vdma
    for channel in vdma.channels:
        channel.mode = MODE
    vdma.readchannel.start()
    vdma.writechannel.start()
    bench.clock.advance(1.0)
    assert bench.clock.pending == 0
    moved = bench.model("vdma").receive.stream.received
    bench.clock.advance(3600.0)
    assert bench.model("vdma").receive.stream.received == moved
    frame = vdma.writechannel.newframe()
    frame[:] = 99
    vdma.writechannel.writeframe(frame, timeout=1)
    bench.clock.advance(1.0)
    assert np.all(vdma.readchannel.readframe(timeout=1) == 99)


def test_frames_that_are_never_complete_make_no_events_for_ever(loop: Any) -> None:
    bench = loop()
    vdma = bench.overlay.vdma
    vdma.writechannel.mode, vdma.readchannel.mode = VideoMode(8, 3, 24), MODE
    vdma.readchannel.start()
    vdma.writechannel.start()
    with pytest.raises(TimeoutError, match="What came before was not as the mode says: SOF Early Error"):
        vdma.readchannel.readframe(timeout=0.001)
    bench.clock.advance(1.0)
    assert bench.clock.pending == 0
    vdma.writechannel.mode = MODE
    vdma.writechannel.start()
    assert vdma.readchannel.readframe(timeout=1).shape == MODE.shape
    assert not vdma.readchannel.error


def test_a_slave_follows_its_master_by_the_frame_delay(camera: Any, feed: Any) -> None:
    bench = camera()
    vdma = bench.overlay.vdma
    for channel in vdma.channels:
        channel.mode = MODE
        channel.start()
    vdma.readchannel.tie(vdma.writechannel)
    for first in range(1, 6):
        feed(bench, picture(first))
        bench.clock.advance(2 * FRAME_TIME)
        bench.clock.advance(2 * FRAME_TIME)
        vdma.writechannel._write(0x04, 0x1000)
        bench.clock.advance(2 * FRAME_TIME)
        assert vdma.writechannel.activeframe == (vdma.readchannel.activeframe - 1) % 4


def test_a_dynamic_master_leaves_the_store_of_its_slave_alone(camera: Any, feed: Any) -> None:
    bench = camera(c_s2mm_genlock_mode=2, c_mm2s_genlock_mode=3)
    vdma = bench.overlay.vdma
    for channel in vdma.channels:
        channel.mode = MODE
        channel.start()
    vdma.readchannel._write(0, vdma.readchannel._read(0) | 0x8)  # GenlockEn
    vdma.writechannel.desiredframe = 2
    vdma.writechannel._write(0x04, 0x1000)
    bench.clock.advance(3 * FRAME_TIME)
    assert vdma.writechannel.activeframe == 2
    seen = []
    for first in range(1, 7):
        feed(bench, picture(first))
        bench.clock.advance(FRAME_TIME)
        seen.append(vdma.readchannel.activeframe)
    assert seen == [1, 3, 0, 1, 3, 0]


def test_a_channel_in_a_loop_halts_while_nobody_takes_the_frames(loop: Any) -> None:
    bench = loop()
    vdma, mode = bench.overlay.vdma, VideoMode(64, 48, 24)  # larger than what the connection holds
    for channel in vdma.channels:
        channel.mode = mode
        channel.start()
    bench.clock.advance(5e-3)
    vdma.write(0x00, vdma.read(0x00) & ~1)
    bench.clock.advance(1e-3)
    assert vdma.read(0x04) & 1
