"""Frames of a channel in a loop, and of a buffer that others fill."""

from __future__ import annotations

import queue
import threading
from typing import Any

import numpy as np
import pytest

from pynq_widgets import SimulatedDevice, allocate
from pynq_widgets.live import BufferAcquisition, ChannelAcquisition

PATIENCE = 10.0  # seconds after which a thread that should have done something has failed


class FakeChannel:
    """A receiver whose packets come when the test says so: ``come(values)``."""

    def __init__(self) -> None:
        self.armed: queue.Queue[Any] = queue.Queue()
        self.packets: queue.Queue[Any] = queue.Queue()
        self.buffer: Any = None
        self.transferred = 0
        self.log: list[str] = []
        self.waits = 0
        self.stubborn = False

    def transfer(self, array: Any) -> None:
        assert self.buffer is None, "armed twice"
        self.buffer = array
        self.log.append("transfer")
        self.armed.put(array)

    def wait(self, timeout: float | None = None) -> None:
        self.waits += 1
        try:
            packet = self.packets.get(timeout=0.01)
        except queue.Empty:
            raise TimeoutError("nothing has come from the converter") from None
        if isinstance(packet, Exception):
            raise packet
        self.buffer[: len(packet)] = packet
        self.transferred = len(packet) * self.buffer.itemsize
        self.buffer = None

    def stop(self) -> None:
        self.log.append("stop")
        if self.stubborn:
            raise TimeoutError("did not stop")
        self.buffer = None

    def start(self) -> None:
        self.log.append("start")

    def reset(self) -> None:
        self.log.append("reset")
        self.buffer = None


def arrays(count: int = 3) -> list[Any]:
    return [np.zeros(4, "i2") for _ in range(count)]


def acquisition(channel: FakeChannel, count: int = 3, **options: Any) -> ChannelAcquisition:
    return ChannelAcquisition(channel, arrays(count), rate=1e6, **options)


def test_frames_come_in_their_order_and_know_their_number() -> None:
    channel = FakeChannel()
    running = acquisition(channel)
    running.start()
    try:
        for number in (1, 2, 3):
            channel.packets.put([number, 5, 6, 7])
            frame = running.take(PATIENCE)
            assert frame is not None
            assert frame.data.tolist() == [number, 5, 6, 7]
            assert frame.number == number
            assert type(frame.data) is np.ndarray
        assert (running.frames, running.overruns, running.rejected) == (3, 0, 0)
        assert running.take() is None
    finally:
        running.stop()
    assert not running.running


def test_a_short_packet_is_a_short_frame() -> None:
    channel = FakeChannel()
    running = acquisition(channel)
    running.start()
    channel.packets.put([1, 2])
    frame = running.take(PATIENCE)
    running.stop()
    assert frame is not None
    assert frame.data.tolist() == [1, 2]


@pytest.mark.parametrize("count", [2, 3, 5])
def test_what_nobody_looks_at_is_counted_and_what_is_looked_at_stays(count: int) -> None:
    channel = FakeChannel()
    running = acquisition(channel, count)
    running.start()
    try:
        channel.packets.put([1, 1, 1, 1])
        held = running.take(PATIENCE)
        assert held is not None
        channel.armed.get(timeout=PATIENCE)
        for value in range(2, 12):
            channel.packets.put([value] * 4)
            channel.armed.get(timeout=PATIENCE)  # the frame before it has come by now
        channel.armed.get(timeout=PATIENCE)
        assert held.data.tolist() == [1, 1, 1, 1]
        newest = running.take()
        # Of two buffers one is looked at, so the other is armed again at once: nothing stays to be taken.
        assert (newest.data.tolist() if newest else None) == (None if count == 2 else [11] * 4)
        assert running.frames == 11
        assert running.overruns == (10 if count == 2 else 9)
    finally:
        running.stop()


def test_rejected_frames_are_counted_and_not_given() -> None:
    channel = FakeChannel()
    running = acquisition(channel, accept=lambda data: bool(data[0] > 2))
    running.start()
    try:
        for value in (1, 2, 3):
            channel.packets.put([value] * 4)
        frame = running.take(PATIENCE)
        assert frame is not None
        assert (frame.data[0], frame.number, running.rejected) == (3, 3, 2)
    finally:
        running.stop()


def test_each_frame_is_fed_after_the_receiver_is_armed() -> None:
    channel = FakeChannel()

    def feed() -> None:
        channel.log.append("feed")
        channel.packets.put([9] * 4)

    running = acquisition(channel, feed=feed)
    running.start()
    frame = running.take(PATIENCE)
    running.stop()
    assert frame is not None
    assert channel.log[:2] == ["transfer", "feed"]


def test_what_stands_still_is_told_and_a_stop_disarms_the_channel() -> None:
    channel = FakeChannel()
    running = acquisition(channel)
    running.start()
    channel.armed.get(timeout=PATIENCE)
    while not running.waiting:  # the fake's wait gives up after 10 ms
        threading.Event().wait(0.001)
    assert running.waiting == "nothing has come from the converter"
    running.stop()
    assert channel.buffer is None, "nothing may write into a buffer that is freed now"
    assert channel.log[-2:] == ["stop", "start"]
    running.stop()  # again: nothing
    running.start()
    channel.packets.put([3] * 4)
    assert running.take(PATIENCE) is not None
    running.stop()


def test_a_channel_that_does_not_stop_is_reset(caplog: pytest.LogCaptureFixture) -> None:
    channel = FakeChannel()
    channel.stubborn = True
    running = acquisition(channel)
    running.start()
    channel.armed.get(timeout=PATIENCE)
    running.stop()
    assert channel.log[-3:] == ["stop", "reset", "start"]
    assert "does not stop (did not stop), so it is reset" in caplog.text


def test_an_error_of_the_channel_ends_it_and_is_kept() -> None:
    channel = FakeChannel()
    running = acquisition(channel)
    running.start()
    channel.packets.put(RuntimeError("decode error"))
    assert running.take(PATIENCE) is None
    assert str(running.error) == "decode error"
    assert not running.running
    assert channel.log == ["transfer"], "its state tells why, and is not touched"
    channel.buffer = None
    running.start()
    assert running.error is None
    running.stop()


def test_an_acquisition_that_nobody_has_ends_and_disarms_its_channel() -> None:
    channel = FakeChannel()
    running = acquisition(channel)
    running.start()
    loop = running._loop
    assert loop is not None
    channel.armed.get(timeout=PATIENCE)
    del running
    loop.thread.join(PATIENCE)
    assert not loop.thread.is_alive()
    assert channel.log[-2:] == ["stop", "start"]


def test_a_feed_that_fails_leaves_nothing_armed() -> None:
    def feed() -> None:
        raise ValueError("no more samples")

    channel = FakeChannel()
    running = acquisition(channel, feed=feed)
    running.start()
    assert running.take(PATIENCE) is None
    assert str(running.error) == "no more samples"
    assert (channel.buffer, channel.log) == (None, ["transfer", "stop", "start"])


@pytest.mark.parametrize(
    ("buffers", "rate", "message"),
    [
        (1, 60.0, "an acquisition needs two or more buffers of one shape and type, not 1 of 1 kinds"),
        (2, 0.0, "a rate is a number of frames a second above 0, not 0.0"),
        (2, float("nan"), "a rate is a number of frames a second above 0, not nan"),
    ],
)
def test_what_cannot_be_is_refused(buffers: int, rate: float, message: str) -> None:
    with pytest.raises(ValueError, match="^" + message.replace("(", r"\(")):
        ChannelAcquisition(FakeChannel(), arrays(buffers), rate=rate)


@pytest.mark.parametrize(("taken", "rest"), [(0.0, 0.01), (0.004, 0.006), (0.008, 0.008), (10.0, 10.0)])
def test_rests_keep_to_the_rate_and_leave_half_of_the_time_to_others(taken: float, rest: float) -> None:
    running = ChannelAcquisition(FakeChannel(), arrays(), rate=100.0)
    assert running._rest(taken) == pytest.approx(rest)


def test_a_buffer_that_others_fill() -> None:
    device = SimulatedDevice("acquired")
    buffer = allocate(4, "i2", target=device)
    arriving = BufferAcquisition(buffer)
    arriving.poll()
    buffer.tell_changed()
    assert arriving.take() is None, "not started"
    arriving.start()
    arriving.start()
    buffer[:] = 7
    buffer.tell_changed()
    frame = arriving.take()
    buffer[:] = 8
    assert frame is not None
    assert frame.data.tolist() == [7] * 4, "a copy"
    arriving.poll()
    arriving.poll()
    assert (arriving.frames, arriving.overruns) == (2, 0)
    buffer.tell_changed(2, 2)
    assert (arriving.frames, arriving.overruns) == (3, 1)
    arriving.stop()
    buffer.tell_changed()
    assert arriving.frames == 3


def test_rates_count_from_the_start() -> None:
    now = [0.0]
    buffer: Any = np.zeros(2)
    arriving = BufferAcquisition(buffer, now=lambda: now[0])
    assert arriving.rate == 0
    arriving.start()
    assert arriving.rate == 0
    for value in range(1, 5):
        buffer[:] = value
        arriving.poll()
    now[0] = 2.0
    assert arriving.rate == 2.0
    arriving.stop()
    assert arriving.rate == 0
