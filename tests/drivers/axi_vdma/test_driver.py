"""AxiVDMA as software uses it: frames and who owns them, waits and their ends, checks before the first write, ties, formats."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import Any

import numpy as np
import pytest

from pynq_drivers.axi_vdma.driver import FORMATS, AxiVDMA, VideoMode
from pynq_drivers.transfers.errors import TransferError
from pynq_widgets import Overlay, allocate
from pynq_widgets.overlay import UnsupportedConfiguration

MODE = VideoMode(8, 4, 24)
FRAME_TIME = 8 * 4 / 100e6


def flat(first: int, mode: VideoMode = MODE) -> Any:
    return (np.arange(mode.height * mode.line) + first).astype(np.uint8).reshape(mode.shape)


def started(bench: Any, mode: VideoMode = MODE) -> AxiVDMA:
    vdma = bench.overlay.vdma
    assert isinstance(vdma, AxiVDMA)
    for channel in vdma.channels:
        channel.mode = mode
        channel.start()
    return vdma


def read_many(vdma: AxiVDMA) -> None:
    for _ in range(6):
        vdma.readchannel.readframe(timeout=1)


def write_many(vdma: AxiVDMA) -> None:
    for _ in range(100):
        vdma.writechannel.writeframe(vdma.writechannel.newframe(), timeout=0.2)


# Modes.


@pytest.mark.parametrize("name", FORMATS)
def test_pictures_of_each_format_pass_the_loop(loop: Any, name: str) -> None:
    mode = VideoMode(16, 4, format=name)
    assert mode.bits_per_pixel == FORMATS[name]
    vdma = started(loop(), mode)
    frame = vdma.writechannel.newframe()
    assert frame.shape == mode.shape == ((4, 16) if FORMATS[name] == 8 else (4, 16, FORMATS[name] // 8))
    assert frame.dtype == np.uint8
    frame[:] = flat(3, mode)
    vdma.writechannel.writeframe(frame, timeout=1)
    for _ in range(3):
        got = vdma.readchannel.readframe(timeout=1)
    assert np.array_equal(got, flat(3, mode))


def test_a_mode_is_as_pynqs() -> None:
    mode = VideoMode(1280, 720, 24)
    assert (mode.stride, mode.bytes_per_pixel, mode.fps, mode.shape) == (3840, 3, 60, (720, 1280, 3))
    assert repr(mode) == "VideoMode: width=1280 height=720 bpp=24 fps=60"
    assert mode == VideoMode(1280, 720, 24)
    assert mode != VideoMode(1280, 720, 32)
    assert VideoMode(640, 480, 8).shape == (480, 640)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"width": 0, "height": 4, "bits_per_pixel": 24}, "width of a video mode is 1 to 65535, not 0"),
        (
            {"width": 8, "height": 4, "bits_per_pixel": 23},
            "the pixels of a video mode are whole bytes: bits_per_pixel is 8, 16, 24, 32 ... 64, not 23",
        ),
        ({"width": 8, "height": 4, "bits_per_pixel": 24, "stride": 23}, "a stride of 23 bytes is less than a line of 8 pixels of 3 bytes"),
        ({"width": 8, "height": 4, "bits_per_pixel": 8, "format": "RGB"}, "RGB has 24 bits per pixel, not 8"),
    ],
)
def test_a_mode_that_cannot_be(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="^" + message.replace("(", r"\(") + "$"):
        VideoMode(**arguments)


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        (VideoMode(21846, 4, 24), "takes at most 65535 bytes in a line"),
        (VideoMode(8, 8192, 8), "takes at most 8191 lines"),
        (VideoMode(8, 4, 24, stride=65544), "takes at most 65535 bytes from line to line"),
        (VideoMode(5, 4, 24), r"pad it: VideoMode\(..., stride=16\)$"),
    ],
)
def test_a_mode_that_the_core_cannot_take_writes_nothing(loop: Any, mode: VideoMode, message: str) -> None:
    bench = loop()
    channel = bench.overlay.vdma.readchannel

    def try_it() -> None:
        with pytest.raises(ValueError, match=message):
            channel.mode = mode

    assert bench.accesses("vdma", try_it) == []
    assert channel.mode is None


def test_lines_that_are_padded(loop: Any) -> None:
    mode = VideoMode(5, 4, 24, stride=16)
    vdma = started(loop(), mode)
    frame = vdma.writechannel.newframe()
    assert frame.shape == (4, 5, 3)
    assert frame.strides == (16, 3, 1)
    frame[:] = flat(9, mode)
    vdma.writechannel.writeframe(frame, timeout=1)
    for _ in range(3):
        got = vdma.readchannel.readframe(timeout=1)
    assert np.array_equal(got, flat(9, mode))


# What is refused.


def test_nothing_runs_without_a_mode(loop: Any) -> None:
    vdma = loop().overlay.vdma
    for channel in vdma.channels:
        with pytest.raises(RuntimeError, match="Video mode not set, channel not started"):
            channel.start()
    with pytest.raises(RuntimeError, match=r"^DMA channel not started: vdma.readchannel does not run"):
        vdma.readchannel.readframe(timeout=1)
    vdma.writechannel.mode = MODE
    with pytest.raises(RuntimeError, match=r"^DMA channel not started: call vdma.writechannel.start\(\) before writing frames"):
        vdma.writechannel.writeframe(vdma.writechannel.newframe())


def test_what_is_no_frame_writes_nothing(loop: Any) -> None:
    bench = loop()
    vdma = started(bench)
    write = vdma.writechannel.writeframe
    freed = vdma.writechannel.newframe()
    freed.freebuffer()
    frame = vdma.writechannel.newframe()
    cases: list[tuple[Any, type[Exception], str]] = [
        (np.zeros((4, 8, 3), "u1"), TypeError, r"takes frames made by newframe\(\) or allocate\(\), not ndarray"),
        (allocate((4, 8), "u1", target=bench.device), ValueError, "has 4 rows of 24 bytes"),
        (allocate((5, 8, 3), "u1", target=bench.device), ValueError, "has 4 rows of 24 bytes"),
        (allocate((4, 16, 3), "u1", target=bench.device)[:, :8], ValueError, "24 bytes apart"),
        (allocate((5, 27), "u1", target=bench.device).reshape(-1)[1:97].reshape(4, 8, 3), ValueError, "must begin at multiples of 8 bytes"),
        (frame[:, ::-1], ValueError, "strided"),
        (freed, ValueError, "freed"),
    ]
    for wrong, kind, message in cases:

        def try_it(wrong: Any = wrong, kind: Any = kind, message: str = message) -> None:
            with pytest.raises((kind, AttributeError, RuntimeError), match=message):
                write(wrong, timeout=1)

        assert bench.accesses("vdma", try_it) == [], message


def test_a_window_of_a_larger_picture_is_a_frame(loop: Any) -> None:
    bench = loop()
    vdma = bench.overlay.vdma
    vdma.writechannel.mode = VideoMode(8, 4, 24, stride=48)
    vdma.readchannel.mode = MODE
    vdma.readchannel.start()
    vdma.writechannel.start()
    large = allocate((10, 16, 3), "u1", target=bench.device)
    large[:] = np.arange(480).astype("u1").reshape(10, 16, 3)
    vdma.writechannel.writeframe(large[3:7, 8:], timeout=1)
    for _ in range(3):
        got = vdma.readchannel.readframe(timeout=1)
    assert np.array_equal(got, large[3:7, 8:])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"c_include_sg": 1}, "is configured for scatter-gather"),
        ({"c_num_fstores": 33}, "a VDMA has 1 to 32 frame stores, the design says 33"),
    ],
)
def test_a_core_that_cannot_be_driven(loop: Any, given: dict[str, int], message: str) -> None:
    bench = loop(**given)
    with pytest.warns(UserWarning, match="not supported"):
        ip = bench.overlay.vdma
    assert not isinstance(ip, AxiVDMA)
    with pytest.raises(UnsupportedConfiguration, match=message):
        AxiVDMA(ip.description)


# Frames and their owners.


def test_registers_at_start_are_in_the_order_of_the_guide(loop: Any) -> None:
    bench = loop()
    channel = bench.overlay.vdma.readchannel
    channel.mode = MODE
    writes = [entry[1:] for entry in bench.accesses("vdma", channel.start) if entry[0] == "write"]
    addresses = [int(channel._frames[i].physical_address) for i in range(4)]
    assert writes == [
        (0x30, 0x0001_50C3),
        (0x34, 0xF990),
        *((0xAC + 4 * i, addresses[i]) for i in range(4)),
        (0xA8, 0x0100_0018),
        (0xA4, 24),
        (0xA0, 4),
    ]


def test_a_frame_read_costs_five_accesses(loop: Any) -> None:
    bench = loop()
    vdma = started(bench)
    bench.clock.advance(1.0)
    kinds = [(entry[0], entry[1]) for entry in bench.accesses("vdma", lambda: vdma.readchannel.readframe(timeout=1))]
    store = next(offset for kind, offset in kinds if 0xAC <= offset < 0xBC)
    assert kinds == [("read", 0x34), ("write", 0x34), ("read", 0x28), ("write", store), ("write", 0xA0)]


def test_a_frame_that_was_read_is_the_users(loop: Any) -> None:
    vdma = started(loop())
    seen = []
    for value in range(1, 9):
        frame = vdma.writechannel.newframe()
        frame[:] = value
        vdma.writechannel.writeframe(frame, timeout=1)
        seen.append(vdma.readchannel.readframe(timeout=1))
    kept = [int(frame[0, 0, 0]) for frame in seen]
    for _ in range(8):
        vdma.readchannel.readframe(timeout=1)
    assert [int(frame[0, 0, 0]) for frame in seen] == kept, "what was read does not change any more"
    assert len({int(frame.physical_address) for frame in seen}) == 8
    assert kept == sorted(kept)


def test_frames_are_used_again_only_when_nobody_has_them(loop: Any) -> None:
    bench = loop()
    vdma = started(bench)
    for _ in range(20):
        frame = vdma.readchannel.readframe(timeout=1)
    assert len(vdma.readchannel._cache.buffers) <= 7
    line = frame[0]
    address = int(frame.physical_address)
    del frame
    others = [vdma.readchannel.readframe(timeout=1) for _ in range(8)]
    assert address not in {int(other.physical_address) for other in others}
    assert int(line.physical_address) == address


def test_stopping_frees_what_nobody_holds(loop: Any) -> None:
    bench = loop()
    vdma = started(bench)
    kept = vdma.readchannel.readframe(timeout=1)
    assert len(bench.device.pool.allocations) > 4
    vdma.stop()
    assert [a.address for a in bench.device.pool.allocations] == [int(kept.physical_address)]
    assert not vdma.readchannel.running
    del kept
    assert bench.device.pool.allocations == ()


def test_frames_that_the_core_is_at_are_kept_whoever_lets_go_of_them(loop: Any) -> None:
    bench = loop()
    vdma = started(bench)
    frame = vdma.writechannel.newframe()
    address = frame.physical_address
    vdma.writechannel.writeframe(frame)
    with pytest.warns(RuntimeWarning, match="was freed while vdma.writechannel"):
        frame.freebuffer()
    assert address in {a.address for a in bench.device.pool.allocations}
    before = {a.address for a in bench.device.pool.allocations}
    path = bench.device.design.path
    del vdma, frame
    bench.overlay = None
    gc.collect()
    assert {a.address for a in bench.device.pool.allocations} == before
    Overlay(path, device=bench.device)
    gc.collect()
    assert bench.device.pool.allocations == ()


def test_a_buffer_says_which_channel_is_in_it(loop: Any) -> None:
    vdma = started(loop())
    frame = vdma.readchannel._frames[1]
    (transfer,) = frame.under_way
    assert (transfer.title, transfer.to_memory, transfer.offset, transfer.nbytes) == ("vdma.readchannel[1]", True, 0, 96)
    assert transfer.position() == (0 if vdma.readchannel.activeframe == 1 else 96)
    assert not transfer.done
    vdma.stop()
    assert frame.under_way == ()
    assert transfer.done
    assert transfer.position() is None


def test_setframe_shows_what_the_user_goes_on_writing(loop: Any) -> None:
    vdma = started(loop())
    mine = vdma.writechannel.newframe()
    mine[:] = 5
    vdma.writechannel.setframe(mine)
    for value in (5, 6):
        mine[:] = value
        mine.flush()
        for _ in range(4):
            got = vdma.readchannel.readframe(timeout=1)
        assert np.all(got == value)


def test_a_second_frame_waits_for_the_first(camera: Any) -> None:
    bench = camera()
    vdma = bench.overlay.vdma
    vdma.writechannel.mode = MODE
    vdma.writechannel.start()
    began = bench.clock.now()
    for _ in range(5):
        vdma.writechannel.writeframe(vdma.writechannel.newframe(), timeout=1)
    assert bench.clock.now() - began == pytest.approx(4 * FRAME_TIME)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 20])
def test_any_number_of_stores(loop: Any, count: int) -> None:
    vdma = started(loop(c_num_fstores=count))
    assert vdma.framecount == count
    last = 0
    for value in range(1, 2 * count + 6):
        frame = vdma.writechannel.newframe()
        frame[:] = value
        vdma.writechannel.writeframe(frame, timeout=1)
        got = vdma.readchannel.readframe(timeout=1)
        assert np.all(got == got[0, 0, 0]), "no half frames"
        assert got[0, 0, 0] >= last
        last = int(got[0, 0, 0])
    assert last > 0


def test_addresses_above_32_bits(loop: Any) -> None:
    vdma = started(loop(c_m_axi_mm2s_addr_width=40, c_m_axi_s2mm_addr_width=40))
    frame = vdma.writechannel.newframe()
    frame[:] = 77
    vdma.writechannel.writeframe(frame, timeout=1)
    for _ in range(3):
        got = vdma.readchannel.readframe(timeout=1)
    assert np.all(got == 77)


@pytest.mark.parametrize("cacheable", [True, False])
def test_cacheable_frames(loop: Any, cacheable: bool) -> None:
    bench = loop()
    vdma = bench.overlay.vdma
    for channel in vdma.channels:
        channel.cacheable_frames = cacheable
    started(bench)
    frame = vdma.writechannel.newframe()
    assert frame.cacheable is cacheable
    frame[:] = 41
    vdma.writechannel.writeframe(frame, timeout=1)
    for _ in range(3):
        got = vdma.readchannel.readframe(timeout=1)
    assert np.all(got == 41)


# Waiting.


def test_without_interrupts_the_status_is_looked_at(loop: Any) -> None:
    vdma = started(loop(interrupts=False))
    assert vdma.readchannel.readframe(timeout=1).shape == (4, 8, 3)


def test_no_picture_comes(camera: Any) -> None:
    bench = camera()
    channel = bench.overlay.vdma.readchannel
    channel.mode = MODE
    channel.start()
    with pytest.raises(TimeoutError) as caught:
        channel.readframe(timeout=0.5)
    text = str(caught.value)
    assert text.startswith("vdma.readchannel: no frame came within 0.5 s. It waits for a frame of 8 × 4, 24 bits, from sensor (out)")
    assert "writechannel is not started" in text
    assert bench.clock.now() == pytest.approx(0.5, abs=1e-3)


def test_who_waits_without_a_timeout_is_told(camera: Any, feed: Any, caplog: pytest.LogCaptureFixture) -> None:
    bench = camera()
    channel = bench.overlay.vdma.readchannel
    channel.mode = MODE
    channel.start()
    bench.clock.call_later(5.0, lambda: feed(bench, flat(1).reshape(4, 24)))
    with caplog.at_level(logging.WARNING, "pynq_drivers"):
        assert np.array_equal(channel.readframe(), flat(1))
    told = [record.getMessage() for record in caplog.records if record.name.startswith("pynq_drivers")]
    assert len(told) == 1
    assert told[0].startswith("vdma.readchannel: no frame came within 3 s, and it goes on waiting.")


def test_the_coroutines(loop: Any) -> None:
    bench = loop()
    vdma = started(bench)

    async def scene() -> Any:
        async def time_passes() -> None:
            while True:
                bench.clock.advance(FRAME_TIME / 4)
                await asyncio.sleep(0)

        passing = asyncio.create_task(time_passes())
        for value in range(1, 5):
            frame = vdma.writechannel.newframe()
            frame[:] = value
            await vdma.writechannel.writeframe_async(frame, timeout=1)
        for _ in range(3):
            got = await vdma.readchannel.readframe_async(timeout=1)
        passing.cancel()
        return got

    assert np.all(asyncio.run(scene()) == 4)


# Errors, and the way out of them.


def test_frames_of_another_size_are_counted_and_told_once(camera: Any, feed: Any, caplog: pytest.LogCaptureFixture) -> None:
    bench = camera()
    channel = bench.overlay.vdma.readchannel
    channel.mode = MODE
    channel.start()
    with caplog.at_level(logging.WARNING, "pynq_drivers"):
        for _ in range(3):
            feed(bench, flat(1).reshape(4, 24)[:, :21])
            assert channel.error
            channel.readframe(timeout=1)
            assert not channel.error
    assert list(channel.mismatches.values()) == [3]
    assert [text.partition(" (")[0] for text in channel.mismatches] == ["EOL Early Error"]
    assert len([record for record in caplog.records if record.name.startswith("pynq_drivers")]) == 1


def test_a_decode_error_is_explained_and_a_start_recovers(loop: Any) -> None:
    bench = loop()
    vdma = started(bench)
    fault = bench.device.faults.decode_error(vdma.readchannel._frames[2])
    with pytest.raises(TransferError, match=r"^vdma.readchannel has stopped: VDMA Decode Error .*start\(\) begins anew$"):
        read_many(vdma)
    assert vdma.readchannel.explain().startswith("VDMA Decode Error")
    assert vdma.readchannel.error
    fault.remove()
    assert vdma.writechannel.running
    vdma.readchannel.start()
    assert not vdma.readchannel.error
    assert vdma.readchannel.readframe(timeout=1).shape == (4, 8, 3)


def test_a_slave_error_is_told_from_a_decode_error(loop: Any) -> None:
    bench = loop()
    vdma = started(bench)
    bench.device.faults.slave_error(vdma.readchannel._frames[1])
    with pytest.raises(TransferError, match="VDMA Slave Error"):
        read_many(vdma)


def test_stopping_in_the_middle_of_a_frame_that_does_not_end(camera: Any, feed: Any) -> None:
    bench = camera()
    channel = bench.overlay.vdma.readchannel
    channel.mode = MODE
    channel.start()
    feed(bench, flat(1).reshape(4, 24)[:2])
    channel.stop()
    assert not channel.running
    channel.start()
    feed(bench, flat(2).reshape(4, 24))
    assert np.array_equal(channel.readframe(timeout=1), flat(2))


def test_reset_leaves_the_other_channel_running(loop: Any) -> None:
    vdma = started(loop())
    vdma.readchannel.reset()
    assert (vdma.readchannel.running, vdma.writechannel.running) == (False, True)
    vdma.readchannel.start()
    assert vdma.readchannel.readframe(timeout=1) is not None


def test_a_lost_interrupt_costs_half_a_second_and_no_more(camera: Any, feed: Any) -> None:
    bench = camera()
    channel = bench.overlay.vdma.readchannel
    channel.mode = MODE
    channel.start()
    with bench.device.faults.lost_interrupt("vdma", "s2mm_introut"):
        bench.clock.call_later(0.1, lambda: feed(bench, flat(3).reshape(4, 24)))
        assert np.array_equal(channel.readframe(timeout=2), flat(3))
    assert 0.1 < bench.clock.now() <= 0.51


def test_a_screen_that_takes_nothing_is_named(loop: Any) -> None:
    bench = loop()
    vdma = bench.overlay.vdma
    vdma.writechannel.mode = MODE
    vdma.writechannel.start()
    with pytest.raises(
        TimeoutError, match=r"^vdma.writechannel: no frame went out within 0.2 s. It waits for vdma \(S_AXIS_S2MM\) to take"
    ):
        write_many(vdma)


# Ties.


def test_a_tied_output_shows_what_comes_in(camera: Any, feed: Any) -> None:
    bench = camera()
    vdma = started(bench)
    vdma.readchannel.tie(vdma.writechannel)
    assert vdma.writechannel.sourcechannel is vdma.readchannel
    assert vdma.writechannel.source is vdma.readchannel
    assert not vdma.writechannel.parked
    assert vdma.writechannel.framedelay == 1
    feed(bench, flat(1).reshape(4, 24))
    vdma.readchannel.readframe(timeout=1)
    assert [vdma.writechannel._frames[i] is vdma.readchannel._frames[i] for i in range(4)] == [True] * 4
    assert [vdma.mmio.read(0x5C + 4 * i) for i in range(4)] == [vdma.mmio.read(0xAC + 4 * i) for i in range(4)]
    vdma.writechannel.writeframe(vdma.writechannel.newframe(), timeout=1)
    assert vdma.writechannel.source is None
    assert vdma.writechannel.parked


def test_a_tie_needs_one_mode(camera: Any) -> None:
    vdma = camera().overlay.vdma
    vdma.readchannel.mode, vdma.writechannel.mode = MODE, VideoMode(16, 4, 24)
    vdma.readchannel.start()
    vdma.writechannel.start()
    with pytest.raises(ValueError, match="only channels of one mode can be tied"):
        vdma.readchannel.tie(vdma.writechannel)


# Registers and attributes.


def test_words_and_their_limits(loop: Any) -> None:
    vdma = started(loop())
    assert vdma.version == "6.2"
    vdma.readchannel.irqframecount = 3
    assert vdma.readchannel.irqframecount == 3
    for wrong in (0, 256):
        with pytest.raises(ValueError, match=f"irqframecount is 1 to 255, not {wrong}"):
            vdma.readchannel.irqframecount = wrong
    with pytest.raises(ValueError, match="has the frames 0 to 3, not 4"):
        vdma.readchannel.desiredframe = 4
    with pytest.raises(ValueError, match="framedelay is 0 to 31, not 32"):
        vdma.writechannel.framedelay = 32


def test_making_the_driver_touches_nothing(loop: Any) -> None:
    bench = loop()
    assert bench.accesses("vdma", lambda: repr(bench.overlay.vdma.channels)) == []


def test_a_channel_that_the_core_was_built_without_says_so(build: Any, vdma_block: Any) -> None:
    vdma = build(vdma_block(c_include_mm2s=0)).overlay.vdma
    with pytest.raises(AttributeError, match=r"vdma has no writechannel: the core is built without MM2S \(C_INCLUDE_MM2S = 0\)$"):
        vdma.writechannel
    with pytest.raises(TypeError, match=r"^vdma.readchannel.mode is a VideoMode, such as VideoMode\(640, 480, 24\), not '640x480'$"):
        vdma.readchannel.mode = "640x480"


def test_frames_are_named_after_their_channel(loop: Any) -> None:
    bench = loop()
    bench.overlay.vdma.writechannel.mode = MODE
    frame = bench.overlay.vdma.writechannel.newframe()
    assert frame.name == "frame of vdma.writechannel"
