"""What a tape of the simulated device holds, said again by a device that answers from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pynq_widgets import Overlay, SimulatedDevice, VirtualClock
from pynq_widgets.access import Interrupt
from pynq_widgets.device import ReplayDevice, ReplayMismatchError
from pynq_widgets.live import Tape


@pytest.fixture
def ol(demo_design: Path) -> Any:
    return Overlay(demo_design, device=SimulatedDevice("recorded", clock=VirtualClock(autojump=True)))


def timer_work(ol: Any) -> list[int]:
    """Lets the timer of the demonstration design run to its interrupt, and waits for it."""
    timer = ol.timer.mmio
    timer.write(0x04, 0xFFFF_FF00)  # TLR0
    timer.write(0x00, 0x20)  # TCSR0: load
    wait = Interrupt("timer/interrupt", ol.device)
    timer.write(0x00, 0xC0)  # enable, interrupt
    wait.wait_blocking(timeout=10)
    status = timer.read(0x00)
    timer.write(0x00, 0x100)  # interrupt cleared, stopped
    return [status, timer.read(0x00)]


def test_interrupts_come_as_they_were_recorded(demo_design: Path) -> None:
    ol = Overlay(demo_design, device=SimulatedDevice("recorded", clock=VirtualClock(autojump=True)))
    with ol.tape.recording() as part:
        live = timer_work(ol)
    events = [entry.event for entry in part.conversation().entries if type(entry).__name__ == "Interruption"]
    assert events[:2] == ["armed", "told"]
    assert any(entry.who == "interrupt" for entry in part)

    device = ReplayDevice(part, strict=True, clock=VirtualClock(autojump=True))
    assert timer_work(Overlay(demo_design, device=device)) == live
    device.finish()


def filter_work(ol: Any) -> list[int]:
    """Sends a ramp through the filter of the demonstration design."""
    fir, dma = ol.filter.fir, ol.filter.dma
    fir.low_pass(1 / 50)
    fir.start()
    sent, received = (ol.device.allocate((64,), "i2") for _ in range(2))
    sent[:] = np.arange(64)
    dma.recvchannel.transfer(received)
    dma.sendchannel.transfer(sent)
    dma.sendchannel.wait(timeout=1)
    dma.recvchannel.wait(timeout=1)
    return [sent.physical_address, received.physical_address, dma.recvchannel.transferred]


@pytest.mark.parametrize("name", ["tape.jsonl", "tape.jsonl.gz"])
def test_the_same_work_runs_from_a_file_with_no_hardware(ol: Any, demo_design: Path, tmp_path: Path, name: str) -> None:
    with ol.tape.recording() as part:
        live = filter_work(ol)
    part.save(tmp_path / name)

    device = ReplayDevice(tmp_path / name, strict=True, clock=VirtualClock(autojump=True))
    with pytest.warns(RuntimeWarning, match="not the contents of buffers"):
        assert filter_work(Overlay(demo_design, device=device)) == live
    device.finish()
    assert Tape.load(tmp_path / name).transactions == part.transactions


def test_other_work_is_told_at_its_first_difference(ol: Any, demo_design: Path) -> None:
    with ol.tape.recording() as part:
        ol.leds.write(4, 0)
        ol.leds.write(0, 5)
    again = Overlay(demo_design, device=ReplayDevice(part, strict=True))
    again.leds.write(4, 0)
    with pytest.raises(ReplayMismatchError) as error:
        again.leds.write(0, 4)
    assert str(error.value) == (
        "not as recorded: write at 0x41200000 (leds.GPIO_DATA) by 'user': expected 0x5 written to 0x41200000 (leds.GPIO_DATA), "
        "got 0x4 written to 0x41200000 (leds.GPIO_DATA)"
    )


def test_a_whole_session_with_two_downloads(demo_design: Path) -> None:
    def session(device: Any) -> list[int]:
        first = Overlay(demo_design, device=device)
        first.leds.write(4, 0)
        first.leds.write(0, 3)
        found = [first.leds.read(0)]
        second = Overlay(demo_design, device=device)
        found.append(second.leds.read(0))
        second.leds.write(0, 1)
        return found

    device = SimulatedDevice("recorded", clock=VirtualClock())
    live = session(device)
    replay = ReplayDevice(Tape.of(device), strict=True)
    assert session(replay) == live
    replay.finish()
