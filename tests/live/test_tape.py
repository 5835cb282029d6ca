"""The ring, its modes and gaps, and what is found in it."""

from __future__ import annotations

import gc
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import MMIO, Overlay, SimulatedDevice, VirtualClock
from pynq_widgets.device.conversation import Download, Gap
from pynq_widgets.live import Tape


class Clocked:
    """A bus spy in a time that the test turns by hand."""

    def __init__(self, make_spy: Any, **options: Any) -> None:
        self.device = make_spy("spy")
        self.clock = self.device._clock = VirtualClock()
        self.tape = Tape(self.device, **options)
        self.mmio = MMIO(0x4000_0000, 0x1000, device=self.device)

    def reads(self, count: int, every: float = 0.0) -> None:
        for _ in range(count):
            self.clock.advance(every)
            self.mmio.read(0)


def gaps(tape: Tape) -> list[Gap]:
    return [entry for entry in tape.conversation().entries if isinstance(entry, Gap)]


def test_each_transaction_is_recorded_with_who_time_and_outcome(make_spy: Any) -> None:
    spy = Clocked(make_spy)
    spy.clock.advance(2)
    spy.mmio.write(4, 7)
    with spy.device.bus.asking("sampler"):
        spy.mmio._port.read_block(0, 3)
    spy.device.failing.add(0x4000_0008)
    with pytest.raises(OSError, match="bus error"):
        spy.mmio.read(8)
    assert [(t.time, t.who, t.operation, t.address, t.words, t.count, t.error) for t in spy.tape] == [
        (2.0, "user", "write", 0x4000_0004, (7,), 1, ""),
        (2.0, "sampler", "read", 0x4000_0000, (0, 7, 0), 3, ""),
        (2.0, "user", "read", 0x4000_0008, (), 1, "bus error at 0x40000008"),
    ]
    assert spy.tape.missed == 0
    assert all(t.seconds >= 0 for t in spy.tape)


def test_recording_puts_nothing_on_the_bus(make_spy: Any) -> None:
    spy = Clocked(make_spy)
    spy.mmio.read(0)
    repr(spy.tape), spy.tape._repr_mimebundle_(), spy.tape.conversation(), spy.tape.filter(0)
    assert spy.device.log == [("read", 0x4000_0000, 4)]


def test_the_ring_is_bounded_and_counts_what_it_lost(make_spy: Any) -> None:
    spy = Clocked(make_spy, mode="on", size=512)
    for value in range(1000):
        spy.mmio.write(0, value)
    kept = [t.words[0] for t in spy.tape]
    assert 512 - 128 <= len(kept) <= 512
    assert kept == list(range(1000 - len(kept), 1000))
    assert spy.tape.missed == 1000 - len(kept)
    spy.tape.clear()
    assert (len(spy.tape), spy.tape.missed) == (0, 0)
    spy.mmio.write(0, 1)
    assert len(spy.tape) == 1


def test_blocks_do_not_fill_the_memory(make_spy: Any) -> None:
    spy = Clocked(make_spy, mode="on", size=256)
    for _ in range(1000):
        spy.mmio._port.read_block(0, 512)
        assert sum(t.count for t in spy.tape._recorder.entries()) <= 16 * 256 + 64 * 512
    assert spy.tape.missed == 1000 - len(spy.tape)


def test_above_the_limit_there_is_a_gap_and_recording_goes_on_when_the_rate_falls(make_spy: Any) -> None:
    spy = Clocked(make_spy, limit=1000)
    spy.reads(5000, 0.0001)  # 10,000 a second for half a second
    assert not spy.tape.recording_now
    spy.reads(500, 0.01)  # 100 a second
    assert spy.tape.recording_now
    (gap,) = gaps(spy.tape)
    assert len(spy.tape) + gap.left_out == 5500
    assert spy.tape.missed == gap.left_out
    assert 900 <= sum(t.time < gap.time for t in spy.tape) <= 1000
    assert len([t for t in spy.tape if t.time >= gap.time + gap.seconds]) >= 400
    assert gap.time + gap.seconds == pytest.approx(0.5, abs=0.25)


def test_a_gap_is_told_while_it_lasts(make_spy: Any) -> None:
    spy = Clocked(make_spy, limit=128)
    spy.reads(1000)
    assert len(spy.tape) + gaps(spy.tape)[0].left_out == 1000
    assert repr(spy.tape).startswith(
        "Tape of 'spy' (auto, in a gap: more than 128 transactions a second; tape.mode = 'on' records them too): "
    )
    assert repr(spy.tape).count("transactions left out in 0 s") == 1
    spy.tape.mode = "on"
    spy.reads(1000)
    assert len(spy.tape) + spy.tape.missed == 2000
    assert len(gaps(spy.tape)) == 1


def test_after_a_pause_nothing_more_is_left_out(make_spy: Any) -> None:
    spy = Clocked(make_spy, limit=128)
    spy.reads(1000)
    left_out = spy.tape.missed
    spy.clock.advance(60)
    spy.mmio.write(0, 9)
    assert spy.tape.transactions[-1].words == (9,)
    assert spy.tape.missed == left_out


def test_a_rate_at_the_limit_leaves_no_gap(make_spy: Any) -> None:
    spy = Clocked(make_spy, limit=1000)
    spy.reads(4000, 1 / 900)
    assert spy.tape.missed == 0


def test_modes(make_spy: Any) -> None:
    spy = Clocked(make_spy, mode="off")
    spy.reads(3)
    assert len(spy.tape) == 0
    assert repr(spy.tape) == "Tape of 'spy' (off): 0 transactions"
    spy.tape.mode = "on"
    spy.reads(3)
    spy.tape.mode = "off"
    spy.reads(3)
    assert len(spy.tape) == 3
    assert not spy.device.bus.noting
    with pytest.raises(ValueError, match="a tape's mode is 'auto', 'on', 'off', not 'yes'"):
        spy.tape.mode = "yes"
    with pytest.raises(ValueError, match="the limit of a tape is 64 transactions a second or more, not 1"):
        spy.tape.limit = 1
    with pytest.raises(ValueError, match="a tape holds 256 to 4194304 entries, not 0"):
        spy.tape.size = 0


def test_mapped_memory_is_recorded_only_when_asked_for(mapped_spy: Any) -> None:
    tape = Tape.of(mapped_spy)
    mmio = MMIO(0x4000_0000, 0x100, device=mapped_spy)
    mmio.read(0)
    assert (tape.mode, len(tape), mapped_spy.bus.noting) == ("auto", 0, False)
    assert "records nothing: the memory of this device is mapped" in repr(tape)
    with tape.recording() as part:
        mmio.write(4, 5)
    mmio.write(4, 6)
    assert [t.words for t in part] == [(5,)]
    assert not mapped_spy.bus.noting


def test_a_part_has_what_a_block_did_and_no_more(make_spy: Any) -> None:
    spy = Clocked(make_spy, mode="off")
    with spy.tape.recording() as part:
        spy.mmio.write(0, 1)
        assert len(part) == 1
        with spy.tape.recording() as inner:
            spy.mmio.write(0, 2)
        spy.mmio.write(0, 3)
    spy.mmio.write(0, 4)
    assert ([t.words[0] for t in part], [t.words[0] for t in inner]) == ([1, 2, 3], [2])
    assert not spy.device.bus.noting
    spy.device.failing.add(0x4000_0000)
    with pytest.raises(OSError, match="bus error"), spy.tape.recording() as broken:
        spy.mmio.write(0, 5)
    assert len(broken) == 1
    assert not spy.device.bus.noting


def test_filters(demo_design: Path) -> None:
    ol = Overlay(demo_design, device=SimulatedDevice("filters", clock=VirtualClock()))
    ol.leds.write(4, 0)
    ol.leds.write(0, 5)
    ol.leds.read(0)
    with ol.device.bus.asking("sampler"):
        ol.buttons.read(0)
    with pytest.raises(RuntimeError):
        MMIO(0x100, 4, device=ol.device).read(0)

    def found(*args: Any, **kwargs: Any) -> list[tuple[str, int]]:
        return [(t.operation, t.address) for t in ol.tape.filter(*args, **kwargs)]

    assert found("leds.GPIO_DATA") == [("write", 0x4120_0000), ("read", 0x4120_0000)]
    assert len(found("leds")) == 3
    assert found("leds", operation="read") == [("read", 0x4120_0000)]
    assert found(who="sampler") == found("buttons") == [("read", 0x4121_0000)]
    assert found(0x4120_0004) == found((0x4120_0002 + 2, 0x4120_0007)) == found(range(0x4120_0004, 0x4120_0008)) == [("write", 0x4120_0004)]
    assert found(failed=True) == [("read", 0x100)]
    assert found(who={"user", "sampler"}, failed=False) == found((0x4000_0000, 0x5000_0000))
    with pytest.raises(ValueError, match=r"the design has no IP or register 'leds\.GPIO_DAT'; did you mean leds\.GPIO_DATA"):
        ol.tape.filter("leds.GPIO_DAT")
    with pytest.raises(ValueError, match="operation is 'read' or 'write', not 'reads'"):
        ol.tape.filter(operation="reads")


def test_a_saved_tape_knows_its_names(demo_design: Path, tmp_path: Path) -> None:
    ol = Overlay(demo_design, device=SimulatedDevice("named", clock=VirtualClock()))
    ol.leds.write(0, 5)
    ol.tape.save(tmp_path / "tape.jsonl")
    loaded = Tape.load(tmp_path / "tape.jsonl")
    assert loaded.conversation() == ol.tape.conversation()
    assert loaded.rows()[0].name == "leds.GPIO_DATA"
    assert len(loaded.filter("leds")) == len(loaded.filter("leds.GPIO_DATA")) == 1
    assert repr(loaded).startswith("Recording of demo on 'named' (simulated): 1 transactions\n")
    with pytest.raises(ValueError, match="the recording has no 'led'"):
        loaded.filter("led")


def test_an_overlay_has_the_tape_of_its_device_and_downloads_are_on_it(demo_design: Path) -> None:
    device = SimulatedDevice("two", clock=VirtualClock())
    first = Overlay(demo_design, device=device)
    first.leds.read(0)
    second = Overlay(demo_design, device=device)
    assert first.tape is second.tape is Tape.of(device)
    assert [type(entry).__name__ for entry in second.tape.conversation().entries] == ["Transaction", "Download"]
    assert isinstance(second.tape.conversation().entries[-1], Download)


def test_it_is_shown_as_a_table(demo_design: Path) -> None:
    pytest.importorskip("ipywidgets")
    ol = Overlay(demo_design, device=SimulatedDevice("shown", clock=VirtualClock()))
    for value in range(60):
        ol.leds.write(0, value & 15)
    bundle = ol.tape._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert bundle["text/plain"].splitlines()[2] == "… 40 earlier"
    assert "leds.GPIO_DATA" in bundle["text/plain"]
    assert bundle["text/html"].count("<tr>") == 51
    assert "the last 50 of 60 entries" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]


def test_threads_lose_nothing(make_spy: Any) -> None:
    spy = Clocked(make_spy, mode="on", size=100_000)
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            spy.tape.rows()

    def work() -> None:
        for value in range(2000):
            spy.mmio.write(0, value)

    reader, workers = threading.Thread(target=read), [threading.Thread(target=work) for _ in range(3)]
    reader.start()
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    stop.set()
    reader.join()
    assert len(spy.tape) == 6000
    assert sorted(t.words[0] for t in spy.tape) == sorted(list(range(2000)) * 3)


def test_a_tape_keeps_no_device_alive() -> None:
    device = SimulatedDevice("goes", clock=VirtualClock())
    tape, gone = Tape.of(device), weakref.ref(device)
    del device
    gc.collect()
    assert gone() is None
    assert len(tape) == 0
    with pytest.raises(RuntimeError, match="the device 'goes' of this tape has gone"), tape.recording():
        pass
