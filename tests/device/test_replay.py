"""A device that answers from a recording."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import MMIO, Overlay, VirtualClock
from pynq_widgets.access import Interrupt
from pynq_widgets.device import BusError, ReplayDevice, ReplayMismatchError
from pynq_widgets.device.comparison import assert_same
from pynq_widgets.device.conversation import Conversation, Gap, armed, download, read, told, write

BASE = 0x4000_0000


def device_of(*entries: Any, strict: bool = False, **facts: Any) -> tuple[ReplayDevice, MMIO]:
    device = ReplayDevice(Conversation(tuple(entries), **facts), strict, clock=VirtualClock())
    return device, MMIO(BASE, 0x100, device=device)


def test_reads_answer_in_their_order_by_address() -> None:
    device, mmio = device_of(read(BASE, 1), read(BASE + 4, 10), read(BASE, 2))
    assert [mmio.read(0), mmio.read(0), mmio.read(4)] == [1, 2, 10]
    assert device.differences == ()
    assert device.remaining == 0
    device.finish()


def test_blocks_answer_words_and_words_answer_blocks() -> None:
    device, mmio = device_of(read(BASE, 1, 2, 3), read(BASE, 7), read(BASE + 4, 8))
    assert [mmio.read(4), mmio.read(0), mmio.read(8)] == [2, 1, 3]
    assert mmio._port.read_block(0, 2) == [7, 8]
    device.finish()


def test_whoever_looks_does_not_disturb_the_user() -> None:
    device, mmio = device_of(read(BASE, 1), read(BASE, 50, who="sampler"), read(BASE, 2), strict=True)
    seen = []

    def look() -> None:
        with device.bus.asking("sampler"):
            seen.extend([mmio.read(0), mmio.read(0), mmio.read(0)])

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [50, 50, 50]
    assert [mmio.read(0), mmio.read(0)] == [1, 2]
    device.finish()


def test_after_the_last_answer_it_stays_and_that_is_told() -> None:
    device, mmio = device_of(read(BASE, 5))
    assert [mmio.read(0), mmio.read(0)] == [5, 5]
    assert [str(each) for each in device.differences] == [
        "read at 0x40000000 by 'user': expected no further read, got one more, answered with 0x5"
    ]
    with pytest.raises(ReplayMismatchError, match=r"^not as recorded: read at 0x40000000 by 'user': expected no further read"):
        device.finish()


def test_a_word_that_nobody_read_has_no_answer() -> None:
    device, mmio = device_of(read(BASE, 5), write(BASE + 8, 3))
    with pytest.raises(BusError) as error:
        mmio.read(0x10)
    assert str(error.value) == "read of 0x40000010 failed: the recording holds no value of it: nobody read or wrote it while it was made"
    mmio.write(8, 3)
    assert mmio.read(8) == 3
    assert mmio._port.read_block(0, 2) == [5, 0]
    assert "unrecorded at 0x40000004 by 'user': expected no read of it, got one, answered with 0x0" in map(str, device.differences)


def test_writes_are_compared() -> None:
    device, mmio = device_of(write(BASE, 1), write(BASE, 2))
    mmio.write(0, 1)
    mmio.write(0, 3)
    mmio.write(0, 4)
    assert [str(each) for each in device.differences] == [
        "write at 0x40000000 by 'user': expected 0x2, got 0x3",
        "write at 0x40000000 by 'user': expected no further write, got 0x4",
    ]


def test_strictly_the_first_difference_raises_and_goes_on_raising() -> None:
    device, mmio = device_of(write(BASE, 1), read(BASE + 4, 9), strict=True)
    message = "not as recorded: write at 0x40000000 by 'user': expected 0x1 written to 0x40000000, got 0x2 written to 0x40000000"
    with pytest.raises(ReplayMismatchError) as error:
        mmio.write(0, 2)
    assert str(error.value) == message
    with pytest.raises(ReplayMismatchError) as error:
        mmio.read(4)
    assert str(error.value) == message
    with pytest.raises(ReplayMismatchError) as error:
        device.finish()
    assert str(error.value) == message


def test_strictly_the_order_between_addresses_counts() -> None:
    _, mmio = device_of(write(BASE, 1), write(BASE + 4, 2), strict=True)
    with pytest.raises(ReplayMismatchError, match="expected 0x1 written to 0x40000000, got 0x2 written to 0x40000004"):
        mmio.write(4, 2)


def test_strictly_what_is_left_undone_is_told_at_the_end() -> None:
    device, mmio = device_of(write(BASE, 1), write(BASE + 4, 2), strict=True)
    mmio.write(0, 1)
    with pytest.raises(
        ReplayMismatchError, match=r"left at 0x40000004 by 'user': expected 0x2 written to 0x40000004, got nothing; 1 words are left"
    ):
        device.finish()


def test_strict_refuses_a_recording_with_gaps() -> None:
    with pytest.raises(ValueError, match="the recording leaves out 7 transactions, so that nothing can be compared strictly"):
        device_of(Gap(0.0, 7, 1.0), strict=True)
    device, _ = device_of(Gap(0.0, 7, 1.0))
    assert device.differences[0].got == "7 were left out when it was recorded"


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("read of 0x40000000 failed: no answer", "read of 0x40000000 failed: no answer"),
        ("it is on fire", "read of 0x40000000 failed: as recorded: it is on fire"),
    ],
)
def test_recorded_errors_are_raised_again(text: str, again: str) -> None:
    device, mmio = device_of(read(BASE, error=text), read(BASE, 4), strict=True)
    with pytest.raises(BusError) as error:
        mmio.read(0)
    assert str(error.value) == again
    assert mmio.read(0) == 4
    device.finish()


def test_a_failed_block_and_a_failed_write() -> None:
    device, mmio = device_of(read(BASE, error="no", count=3), write(BASE, 1, error="neither"), read(BASE, 6))
    with pytest.raises(BusError, match="as recorded: no"):
        mmio._port.read_block(0, 3)
    with pytest.raises(BusError, match="as recorded: neither"):
        mmio.write(0, 1)
    assert mmio.read(0) == 6
    device.finish()


def test_a_download_begins_the_next_chapter(demo_design: Path) -> None:
    leds = 0x4120_0000
    device = ReplayDevice([read(leds, 1), download(2), read(leds, 2)], clock=VirtualClock())
    ol = Overlay(demo_design, device=device)
    assert ol.leds.read(0) == 1
    assert Overlay(demo_design, device=device).leds.read(0) == 2
    device.finish()


def test_a_download_before_the_chapter_is_done_is_a_difference(demo_design: Path) -> None:
    device = ReplayDevice([write(0x4120_0000, 1), download(2), read(0x4120_0000, 2)], True, clock=VirtualClock())
    Overlay(demo_design, device=device)
    ol = Overlay(demo_design, device=device)
    with pytest.raises(
        ReplayMismatchError,
        match=r"left at 0x41200000 \(leds.GPIO_DATA\) by 'user': expected 0x1 written to 0x41200000, got another download",
    ):
        ol.leds.read(0)


def test_another_design_is_told(demo_design: Path) -> None:
    said = Conversation((read(0x4120_0000, 1),), design="other", digest="0" * 64)
    with pytest.warns(RuntimeWarning, match="the recording was made with another design, or another build of it"):
        device = Overlay(demo_design, device=ReplayDevice(said, clock=VirtualClock())).device
    assert device.differences[0].kind == "design"
    with pytest.raises(ReplayMismatchError, match=r"design by 'user': expected other \(000000000000\), got demo"):
        Overlay(demo_design, device=ReplayDevice(said, True, clock=VirtualClock()))


def test_a_wait_that_was_not_recorded_says_so(demo_design: Path) -> None:
    ol = Overlay(demo_design, device=ReplayDevice([read(0x4120_0000, 1)], clock=VirtualClock(autojump=True)))
    with pytest.raises(RuntimeError, match=r"the recording has no interrupt on .*, so this wait would never end"):
        Interrupt("timer/interrupt", ol.device).wait_blocking()


def test_an_interrupt_waits_for_what_was_written_before_it(demo_design: Path) -> None:
    device = ReplayDevice([write(0x4120_0000, 1), armed("x[0]"), write(0x4120_0000, 2), told("x[0]")], clock=VirtualClock())
    ol = Overlay(demo_design, device=device)
    controller = next(iter(ol.design.controllers))
    line = next(each for each in ol.design.interrupts)
    from pynq_widgets.device import events

    name = events.line_name(events.root_of(line, {controller.path: controller}))
    device = ReplayDevice([write(0x4120_0000, 1), armed(name), write(0x4120_0000, 2), told(name)], clock=VirtualClock())
    ol = Overlay(demo_design, device=device)
    heard: list[str] = []
    source = device.interrupt_source(line)
    source.subscribe(lambda: heard.append("told"))
    ol.leds.write(0, 1)
    source.enable()
    assert heard == []
    ol.leds.write(0, 2)
    assert heard == ["told"]


def test_buffers_are_where_they_were_and_their_contents_are_not() -> None:
    device, _ = device_of(pool=(0x1234_0000, 0x10_0000))
    buffer = device.allocate((16,), "u4")
    assert buffer.physical_address == 0x1234_0000
    buffer[:] = 7
    buffer.flush()
    with pytest.warns(RuntimeWarning, match="not the contents of buffers"):
        buffer.invalidate()
    buffer.invalidate()  # told once
    assert buffer.tolist() == [7] * 16
    buffer.freebuffer()
    assert device.allocate((4,), "u1").physical_address == 0x1234_0000


def test_pins_were_not_recorded() -> None:
    device, _ = device_of()
    with pytest.raises(RuntimeError, match="GPIO 3 of the processing system was not recorded"):
        device.gpio_read(3)
    device.gpio_write(3, 1)
    assert device.gpio_read(3) == 1


def test_two_recordings_are_compared_whatever_their_blocks() -> None:
    one = [write(0, 1, 2), read(8, 5), read(8, 9, who="sampler"), write(0, 1, who="interrupt")]
    assert_same(one, [write(0, 1), write(4, 2), read(8, 5)])
    with pytest.raises(ReplayMismatchError) as error:
        assert_same(Conversation(tuple(one), names={8: "ip.COUNT"}), [write(0, 1, 2), read(8, 6)])
    message = "not as recorded: read at 0x00000008 (ip.COUNT) by 'user': expected 0x5 read from 0x00000008 (ip.COUNT), got 0x6 read from"
    assert str(error.value).startswith(message)
    assert_same(Conversation(tuple(one), names={8: "ip.COUNT"}), [write(0, 1, 2), read(8, 6)], ignore=["ip.COUNT"])
    with pytest.raises(ReplayMismatchError, match="expected 0x5 read from 0x00000008, got nothing more"):
        assert_same(one, [write(0, 1, 2)])
    with pytest.raises(ReplayMismatchError, match="expected nothing more, got 0x3 written to 0x00000000"):
        assert_same([write(0, 1)], [write(0, 1), write(0, 3)])
    with pytest.raises(ValueError, match="the other recording leaves out 2 transactions"):
        assert_same(one, [Gap(0.0, 2, 1.0)])
