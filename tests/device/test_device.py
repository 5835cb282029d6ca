"""The simulated device: decode, default behaviour, models, the life of a design."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets.design import DesignError, read_design
from pynq_widgets.device import BusError, Device, IPModel, SimulatedDevice, VirtualClock, model


def test_each_word_goes_where_the_design_puts_it(build: Any) -> None:
    build.module("gpio", "v:l:gpio:1", [build.register("DATA", 0, reset=5), build.register("ID", 4, "read-only", 0xABCD)])
    build.module("ram", "v:l:ram:1")
    build.range("gpio", 0x4120_0000)
    build.range("ram", 0x4000_0000, 0x2000, "memory", "S_AXI_MEM")
    device = build.device()
    assert (device.read_word(0x4120_0000), device.read_word(0x4120_0004)) == (5, 0xABCD)
    device.write_word(0x4120_0004, 1)
    assert device.read_word(0x4120_0004) == 0xABCD
    device.write_registers(0x4000_0000, bytes(range(16)))
    assert device.read_registers(0x4000_0004, 8) == bytes(range(4, 12))
    assert device.read_word(0x4000_1FFC) == 0
    assert device.has_capability("REGISTER_RW")
    assert device.kind == "simulated"


def test_an_access_to_nothing_names_what_is_near(build: Any) -> None:
    build.module("leds", "v:l:gpio:1")
    build.range("leds", 0x4120_0000)
    device = build.device()
    with pytest.raises(BusError) as error:
        device.read_word(0x4121_0000)
    assert str(error.value) == "read of 0x41210000 failed: nothing is there; nearest: leds/S_AXI 0x41200000..0x4120ffff"
    assert (error.value.address, error.value.operation) == (0x4121_0000, "read")
    with pytest.raises(BusError, match="write of 0x7fffffff0 failed: nothing is there; nearest: leds/S_AXI"):
        device.write_word(0x7_FFFF_FFF0, 0)
    with pytest.raises(BusError, match="read of 0x41200002 failed: a word stands at a multiple of 4"):
        device.read_word(0x4120_0002)
    with pytest.raises(BusError, match="expected whole words"):
        device.read_registers(0x4120_0000, 6)
    with pytest.raises(BusError, match="nothing is there"):
        device.read_registers(0x4120_FFFC, 8)
    with pytest.raises(ValueError, match="a word has 32 bits"):
        device.write_word(0x4120_0000, 1 << 32)


def test_a_write_that_leads_partly_nowhere_writes_nothing(build: Any) -> None:
    build.module("ram", "v:l:ram:1")
    build.range("ram", 0x4000_0000, 0x1000, "memory")
    device = build.device()
    with pytest.raises(BusError, match="nothing is there"):
        device.write_registers(0x4000_0FFC, bytes([1]) * 8)
    assert device.read_word(0x4000_0FFC) == 0


def test_without_a_design_there_is_nothing() -> None:
    with pytest.raises(BusError, match="read of 0x00000000 failed: no design is loaded"):
        SimulatedDevice(clock=VirtualClock()).read_word(0)
    with pytest.raises(RuntimeError, match="no design is loaded on the device 'simulated': load an overlay"):
        SimulatedDevice(clock=VirtualClock()).gpio_read(0)


def test_ranges_of_one_interface_over_one_another_and_outside_ports(build: Any) -> None:
    build.module("big", "v:l:ram:1")
    build.module("small", "v:l:regs:1", [build.register("R", 0, reset=7)])
    build.range("big", 0x4000_0000, 0x10_0000, "memory")
    build.range("small", 0x4001_0000, 0x1000)
    build.range("M_AXI_OUT", 0x8000_0000, 0x4000_0000, "memory")
    device = build.device()
    assert device.read_word(0x4001_0000) == 7
    device.write_word(0x4001_1000, 3)
    assert device.read_word(0x4001_1000) == 3
    device.write_word(0xBFFF_FFFC, 9)  # a gigabyte takes only the pages that were written
    assert device.read_word(0xBFFF_FFFC) == 9


def test_the_processor_reaches_its_own_memory(build: Any) -> None:
    device = build.device()
    buffer = device.allocate(4, "u4")
    device.write_word(buffer.physical_address + 4, 77)
    assert buffer.tolist() == [0, 77, 0, 0]
    device.memory.write(0x0200_0000, b"abcd")
    assert device.read_registers(0x0200_0000, 4) == b"abcd"


def test_a_master_sees_its_own_map(build: Any) -> None:
    build.module("dma", "v:l:dma:1")
    build.module("ram", "v:l:ram:1")
    build.range("ram", 0x4000_0000, 0x2000, "memory")
    build.range("ram", 0xC000_0000, 0x2000, "memory", master="dma")
    build.range("ps", 0x0, 0x2000_0000, "memory", "S_AXI_HP0", master="dma")
    device = build.device()
    memory = device.world.context("dma").memory("M_AXI")
    device.write_word(0x4000_0010, 0x01020304)
    assert bytes(memory.read(0xC000_0010, 4)) == bytes([4, 3, 2, 1])
    buffer = device.allocate(4, "u4")
    memory.write(buffer.physical_address, bytes([5, 0, 0, 0]))
    assert buffer[0] == 5
    with pytest.raises(BusError, match=r"read of 0x40000000 failed: nothing is there; nearest: ps/S_AXI_HP0 0x00000000\.\.0x1fffffff"):
        memory.read(0x4000_0000, 4)
    assert device.assumptions == []


def test_the_pool_lies_where_the_masters_reach(build: Any) -> None:
    build.module("dma", "v:l:dma:1")
    build.range("ps", 0x0, 0x1000_0000, "memory", "S_AXI_HP0", master="dma")
    device = build.device(pool_size=1 << 24)
    assert device.allocate(4).physical_address == 0x0F00_0000


class Counter(IPModel):
    """Counts its reads; a write of 13 is more than it bears."""

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self.reads = 0

    def read(self, interface: str, offset: int) -> int:
        self.reads += 1
        return self.reads

    def write(self, interface: str, offset: int, value: int) -> None:
        if value == 13:
            raise ZeroDivisionError("thirteen")


def test_a_model_is_made_with_the_first_touch_and_its_failure_is_told(build: Any, caplog: pytest.LogCaptureFixture) -> None:
    model("v:l:counter:1")(Counter)
    build.module("counter", "v:l:counter:1")
    build.range("counter", 0x4000_0000)
    device = build.device()
    assert dict(device.models) == {}
    assert [device.read_word(0x4000_0000) for _ in range(3)] == [1, 2, 3]
    assert device.read_registers(0x4000_0000, 12) == bytes([4, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0])
    assert list(device.models) == ["counter"]
    with pytest.raises(
        BusError, match=r"write of 0x40000004 failed: the model of counter failed: ZeroDivisionError\('thirteen'\)"
    ) as error:
        device.write_word(0x4000_0004, 13)
    assert isinstance(error.value.__cause__, ZeroDivisionError)
    assert device.model_errors == [error.value.__cause__]
    assert "a model failed: ZeroDivisionError('thirteen')" in caplog.text
    assert device.read_word(0x4000_0000) == 7


def test_a_model_that_cannot_be_made_leaves_registers(build: Any, caplog: pytest.LogCaptureFixture) -> None:
    @model("v:l:broken:1")
    class Broken(IPModel):
        def reset(self) -> None:
            raise RuntimeError("no")

    build.module("broken", "v:l:broken:1", [build.register("R", 0, reset=3)])
    build.range("broken", 0x4000_0000)
    device = build.device()
    assert device.read_word(0x4000_0000) == 3
    assert device.assumptions == ["broken: its model Broken could not be made (RuntimeError('no')): registers stand for it"]


def test_models_answer_by_version_then_by_name_and_the_newest_counts_from_the_next_load(build: Any) -> None:
    def answering(value: int) -> type[IPModel]:
        return type("Answer", (IPModel,), {"read": lambda self, interface, offset: value})

    model("v:l:ip")(answering(1))
    build.module("ip", "v:l:ip:2.0")
    build.range("ip", 0x4000_0000)
    device = build.device()
    assert device.read_word(0x4000_0000) == 1
    model("v:l:ip:2.0")(answering(2))
    assert device.read_word(0x4000_0000) == 1
    device.download(None, build.design())
    assert device.read_word(0x4000_0000) == 2
    model("v:l:ip:2.0")(answering(3))
    device.reset()
    assert device.read_word(0x4000_0000) == 3


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected a VLNV such as 'xilinx\.com:hls:fir:1\.0'"):
        model("fir")
    with pytest.raises(TypeError, match="not the class int"):
        model("a:b:c")(int)
    with pytest.raises(TypeError, match="model\\(\\) needs a VLNV"):
        model()


def test_loading_starts_afresh_and_buffers_stay(build: Any) -> None:
    build.module("regs", "v:l:regs:1", [build.register("R", 0, reset=5)])
    build.range("regs", 0x4000_0000)
    device = build.device()
    buffer = device.allocate(4)
    buffer[:] = 6
    device.write_word(0x4000_0000, 9)
    device.prepare(build.design())  # the same design: it goes on running
    assert device.read_word(0x4000_0000) == 9
    assert device.generation == 0
    device.download(None, build.design())
    assert device.read_word(0x4000_0000) == 5
    assert device.generation == 1
    device.download("made.bit")
    assert device.generation == 2
    assert buffer.tolist() == [6] * 4
    assert bytes(device.memory.read(buffer.physical_address, 4)) == bytes([6, 0, 0, 0])


def test_what_a_replaced_design_had_planned_does_not_happen(build: Any) -> None:
    build.module("ip", "v:l:ip:1")
    device = build.device()
    seen: list[int] = []
    context = device.world.context("ip")
    context.clock.call_later(1, lambda: seen.append(1))
    device.reset()
    context.clock.call_later(1, lambda: seen.append(2))
    device.clock.advance(5)
    assert seen == []


def test_what_falls_due_happens_before_an_access_and_is_settled(build: Any) -> None:
    build.module("ip", "v:l:ip:1", [build.register("R", 0)])
    build.range("ip", 0x4000_0000)
    clock = VirtualClock(following=True)
    device = build.device(clock=clock)
    context = device.world.context("ip")
    with device.lock:  # the clock's own thread cannot be first
        context.clock.call_later(0, lambda: context.post(lambda: context.registers.poke("R", 4)))
        assert device.read_word(0x4000_0000) == 4


def test_models_that_answer_one_another_for_ever_are_stopped(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pynq_widgets.device.simulated.world._ENDLESS", 1000)
    build.module("ip", "v:l:ip:1", [build.register("R", 0)])
    build.range("ip", 0x4000_0000)
    device = build.device()
    context = device.world.context("ip")

    def again() -> None:
        context.post(again)

    again()
    with pytest.raises(BusError, match="the models of this design answer one another for ever"):
        device.read_word(0x4000_0000)
    assert device.read_word(0x4000_0000) == 0


def test_accesses_from_many_threads_are_whole(build: Any) -> None:
    model("v:l:counter:1")(Counter)
    build.module("counter", "v:l:counter:1")
    build.range("counter", 0x4000_0000)
    device = build.device(clock=VirtualClock(following=True))
    seen: list[int] = []
    threads = [threading.Thread(target=lambda: seen.extend(device.read_word(0x4000_0000) for _ in range(500))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(1, 2001))


def test_parameters_come_as_the_type_of_their_default(build: Any) -> None:
    build.module("ip", "v:l:ip:1", C_WIDTH="0x20", C_NAME="abc", C_ON="true", C_RATE="1.5")
    context = build.device().world.context("ip")
    assert (context.parameter("C_WIDTH", 8), context.parameter("c_width", 8), context.parameter("C_OTHER", 8)) == (32, 32, 8)
    assert (context.parameter("C_NAME", ""), context.parameter("C_ON", False), context.parameter("C_RATE", 0.0)) == ("abc", True, 1.5)
    with pytest.raises(ValueError, match="parameter C_NAME of ip: expected int, the design says 'abc'"):
        context.parameter("C_NAME", 0)


def test_a_clock_that_the_design_does_not_tell_is_assumed_and_said(build: Any, caplog: pytest.LogCaptureFixture) -> None:
    build.module("ip", "v:l:ip:1")
    device = build.device()
    assert device.world.context("ip").frequency("aclk") == 100e6
    assert device.assumptions == ["ip: the design does not say the frequency of aclk: 100 MHz are taken"]


def test_it_is_the_default_device_and_always_last() -> None:
    device = Device.active_device
    assert isinstance(device, SimulatedDevice)
    assert Device.devices[-1] is device


def test_every_real_design_can_be_touched_everywhere(hwh_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    touched = 0
    for path in sorted(hwh_folder.glob("*.hwh")):
        design = read_design(path)
        device = SimulatedDevice(clock=VirtualClock())
        device.prepare(design)
        for window in device.world.host.windows:
            device.read_word(window.base)
            device.write_word(window.base, 0x12345678)
            device.read_word(window.high & ~3)
            touched += 1
        for master in design.address_maps:
            memory = device.world.master(master)
            for range_ in design.address_maps[master]:
                memory.read(range_.base, 4)
        for module in design.modules:
            for interface in (name for side in device.world.streams.interfaces(module) for name in side):
                device.stream(module, interface)
        for line in design.interrupts:
            device.interrupt_source(line)
        for pin in design.gpio:
            device.gpio_write(pin.index, 1)
            device.gpio_read(pin.index)
        top = max((window.high for window in device.world.host.windows), default=0)
        with pytest.raises(BusError):
            device.read_word((top + 4) & ~3)
        assert device.model_errors == []
        assert device.allocate(16).physical_address % 4096 == 0
    assert touched > 500


def test_a_dropped_device_leaves_no_thread(build: Any, threads_end: Any) -> None:
    import gc
    import weakref

    build.module("ip", "v:l:ip:1")
    device = build.device(clock=VirtualClock(following=True))
    device.world.context("ip").clock.call_later(1000, lambda: None)
    gone = weakref.ref(device)
    del device
    for _ in range(1000):
        gc.collect()  # again if the thread was just looking at the clock
        if gone() is None:
            break
        threading.Event().wait(0.002)
    assert gone() is None
    threads_end()


def test_partial_bitstreams_are_refused_before_anything_changes(build: Any) -> None:
    class Partial:
        partial = True
        bitfile_name = "/nowhere/part.bit"

    device = build.device()
    with pytest.raises(DesignError, match=r"^/nowhere/part.bit: there is no such file$"):
        device.download(Partial())
    assert device.generation == 0


def test_the_simulated_device_stands_for_the_board_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    device = SimulatedDevice("the name of a simulated one")
    monkeypatch.delenv("BOARD", raising=False)
    assert device.name == "the name of a simulated one"
    monkeypatch.setenv("BOARD", "Pynq-Z2")
    assert device.name == "Pynq-Z2"
