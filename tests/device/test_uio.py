"""UIO devices: found below a folder, and listened to through a socket whose other end is the kernel."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import sys
import threading

import pytest

from pynq_widgets.device import uio
from pynq_widgets.device.uio import UioController, get_uio_device, get_uio_index

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="UIO is Linux's")


class Kernel:
    """The other end of an open UIO device."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair()
        self.ours.setblocking(False)
        self.count = 0
        self.closed = False

    # What the controller has as its file.

    def fileno(self):
        return self.theirs.fileno()

    def read(self, nbytes):
        return self.theirs.recv(nbytes)

    def write(self, data):
        return self.theirs.send(data)

    def close(self):
        assert not self.closed
        self.closed = True
        self.theirs.close()

    # What the test does.

    def written(self):
        try:
            return self.ours.recv(100)
        except BlockingIOError:
            return b""

    def interrupt(self):
        self.count += 1
        self.ours.send(self.count.to_bytes(4, sys.byteorder))


class Event:
    def __init__(self, then=None):
        self.sets = 0
        self.errors = []
        self.then = then

    def set(self):
        self.sets += 1
        if self.then is not None:
            self.then()

    def fail(self, error):
        self.errors.append(error)


@pytest.fixture
def kernel(monkeypatch):
    made = Kernel()
    monkeypatch.setattr(uio, "_open", lambda path: made)
    yield made
    made.ours.close()
    assert made.closed


async def turn():
    for _ in range(3):
        await asyncio.sleep(0)


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


@pytest.fixture
def devices(tmp_path, monkeypatch):
    folder = tmp_path / "uio"
    monkeypatch.setattr(uio, "_CLASS", str(folder))

    def make(**names):
        for device, name in names.items():
            (folder / device).mkdir(parents=True)
            if name is not None:
                (folder / device / "name").write_text(name + "\n")

    return make


def test_devices_are_found_by_name(devices):
    devices(uio0="axi-pmon", uio10="fabric", uio2="fabric", uio3=None)
    assert (get_uio_device("fabric"), get_uio_index("fabric")) == ("/dev/uio2", 2)
    assert (get_uio_device("axi-pmon"), get_uio_index("axi-pmon")) == ("/dev/uio0", 0)
    assert (get_uio_device("gone"), get_uio_index("gone")) == (None, None)


def test_a_system_without_uio_has_no_device(devices):
    assert (get_uio_device("fabric"), get_uio_index("fabric")) == (None, None)


@linux
def test_the_line_is_unmasked_once_and_all_are_told_once(kernel):
    async def main():
        controller = UioController("/dev/uio0")
        assert controller.uio is kernel
        assert kernel.written() == b""
        first, second = Event(), Event()
        controller.add_event(first, 0)
        controller.add_event(second)
        assert kernel.written() == bytes([0, 0, 0, 1])
        kernel.interrupt()
        await turn()
        assert (first.sets, second.sets) == (1, 1)
        kernel.interrupt()
        await turn()
        assert (first.sets, second.sets) == (1, 1)
        assert controller.wait_events == []
        controller.close()
        controller.close()
        with pytest.raises(OSError, match=r"^/dev/uio0 has been closed$"):
            controller.add_event(first)

    run(main())


@linux
def test_an_event_may_ask_for_the_next_interrupt_while_it_is_told(kernel):
    async def main():
        controller = UioController("/dev/uio0")
        event = Event(lambda: controller.add_event(event))
        controller.add_event(event)
        for number in range(1, 4):
            assert kernel.written() == bytes([0, 0, 0, 1])
            kernel.interrupt()
            await turn()
            assert event.sets == number
        controller.close()

    run(main())


@linux
def test_an_interrupt_that_nobody_asked_for_is_passed_over(kernel):
    async def main():
        controller = UioController("/dev/uio0")
        event = Event()
        controller.add_event(event)
        controller.remove_event(event)
        kernel.interrupt()
        later = Event()
        controller.add_event(later)  # before the loop could take it
        await turn()
        assert (event.sets, later.sets) == (0, 0)
        kernel.interrupt()
        await turn()
        assert (event.sets, later.sets) == (0, 1)
        controller.close()

    run(main())


@linux
@pytest.mark.parametrize("failure", ["error", "end"])
def test_a_file_that_fails_ends_and_does_not_go_round(kernel, failure, caplog, monkeypatch):
    reads = []

    def read(nbytes):
        reads.append(nbytes)
        if failure == "error":
            raise OSError(5, "Input/output error")
        return b""

    monkeypatch.setattr(kernel, "read", read)

    async def main():
        controller = UioController("/dev/uio0")
        event, plain = Event(), asyncio.Event()
        controller.add_event(event)
        controller.add_event(plain)
        kernel.interrupt()
        await turn()
        await turn()
        assert reads == [4]
        why = r"\[Errno 5\] Input/output error" if failure == "error" else "a read gave 0 bytes and not 4"
        with pytest.raises(OSError, match=f"^reading /dev/uio0 for its interrupt failed: {why}$"):
            raise event.errors[0]
        assert (event.sets, plain.is_set(), kernel.closed) == (0, False, True)
        with pytest.raises(OSError, match=f"^/dev/uio0 has failed: {why}$"):
            controller.add_event(event)

    with caplog.at_level(logging.ERROR):
        run(main())
    assert "/dev/uio0: no more interrupts, since reading it failed" in caplog.text


@linux
def test_forgetting_it_is_enough(kernel):
    async def main():
        loop = asyncio.get_running_loop()
        controller = UioController("/dev/uio0")
        assert kernel.fileno() in loop._selector.get_map()
        number = kernel.fileno()
        del controller
        assert kernel.closed
        assert number not in loop._selector.get_map()

    run(main())


@linux
def test_it_outlives_its_loop(kernel):
    made = []

    async def main():
        made.append(UioController("/dev/uio0"))

    run(main())
    gc.collect()
    assert not kernel.closed
    made.clear()
    assert kernel.closed


@linux
def test_closed_from_another_thread_its_loop_parts_with_it(kernel):
    async def main():
        loop = asyncio.get_running_loop()
        controller = UioController("/dev/uio0")
        number = kernel.fileno()
        thread = threading.Thread(target=controller.close)
        thread.start()
        thread.join(10)
        assert not kernel.closed  # its loop has not had its turn
        await turn()
        assert kernel.closed
        assert number not in loop._selector.get_map()

    run(main())


def test_what_cannot_be_watched_is_not_left_open(kernel, monkeypatch):
    class Loop:
        def add_reader(self, file, callback):
            raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(asyncio, "get_event_loop", Loop)
    with pytest.raises(PermissionError):
        UioController("/dev/uio0")


def test_a_device_that_is_not_there(tmp_path):
    async def main():
        with pytest.raises(FileNotFoundError):
            UioController(str(tmp_path / "uio0"))

    run(main())
