"""The Device contract: PYNQ's way of finding devices, and defaults for a class that knows only PYNQ's."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any

import numpy as np
import pytest

from pynq_widgets.access import MMIO
from pynq_widgets.device import Device, PynqBuffer, SimulatedDevice, WallClock
from pynq_widgets.device.contract import DeviceMeta


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeviceMeta, "_probing", dict(DeviceMeta._probing))
    monkeypatch.setattr(DeviceMeta, "_found", dict(DeviceMeta._found))
    monkeypatch.setattr(DeviceMeta, "_chosen", None)


def test_a_board_comes_before_the_simulation() -> None:
    class Board(Device):
        _probe_priority_ = 100

        @classmethod
        def _probe_(cls) -> list[Device]:
            return [cls("board0"), cls("board1")]

    assert [device.tag for device in Device.devices] == ["board0", "board1", "simulated"]
    assert Device.active_device.tag == "board0"
    Device.active_device = Device.devices[1]
    assert Device.active_device.tag == "board1"
    Device.active_device = None
    assert Device.active_device.tag == "board0"
    assert Device.devices[0] is Device.devices[0]


def test_defining_a_class_again_replaces_it_and_two_of_one_priority_are_refused() -> None:
    def define(name: str, tag: str) -> None:
        type(Device)(name, (Device,), {"_probe_priority_": 7, "_probe_": classmethod(lambda cls: [cls(tag)])})

    define("Board", "old")
    assert Device.active_device.tag == "old"
    define("Board", "new")
    assert Device.active_device.tag == "new"
    with pytest.raises(RuntimeError, match="Multiple Device subclasses with same priority: Other and Board both have _probe_priority_ = 7"):
        define("Other", "x")
    with pytest.raises(TypeError, match="defines _probe_ but no _probe_priority_"):
        type(Device)("Third", (Device,), {"_probe_": classmethod(lambda cls: [])})


def test_a_probe_that_raises_is_warned_of() -> None:
    class Sick(Device):
        _probe_priority_ = 3

        @classmethod
        def _probe_(cls) -> list[Device]:
            raise OSError("no bus")

    with pytest.warns(RuntimeWarning, match=r"Sick could not look for its devices: OSError\('no bus'\)"):
        assert [device.tag for device in Device.devices] == ["simulated"]


class Mapped(Device):
    """As PYNQ's embedded device: mapped memory, and no call of our __init__."""

    capabilities = {"MEMORY_MAPPED": True}

    def __init__(self) -> None:
        self.tag = "mapped"
        self.memory = np.zeros(1024, "u4")

    def mmap(self, base_addr: int, length: int) -> Any:
        return self.memory[base_addr // 4 : (base_addr + length) // 4]


class Registers(Device):
    capabilities = {"REGISTER_RW": True}

    def __init__(self) -> None:
        super().__init__("registers")
        self.log: list[Any] = []

    def read_registers(self, address: int, length: int) -> bytes:
        self.log.append(("read", address, length))
        return bytes([1, 2, 0, 0])

    def write_registers(self, address: int, data: bytes) -> None:
        self.log.append(("write", address, bytes(data)))


def test_words_on_devices_that_know_only_pynqs_accesses() -> None:
    mapped = Mapped()
    mapped.write_word(8, 0xDEADBEEF)
    assert (mapped.read_word(8), mapped.memory[2]) == (0xDEADBEEF, 0xDEADBEEF)
    registers = Registers()
    assert registers.read_word(0x10) == 0x201
    registers.write_word(0x14, 5)
    assert registers.log == [("read", 0x10, 4), ("write", 0x14, bytes([5, 0, 0, 0]))]


def test_what_pynqs_devices_do_not_have_is_added() -> None:
    device = Mapped()
    assert device.lock is device.lock
    with device.lock, device.lock:
        assert isinstance(device.clock, WallClock)
    assert device.clock is device.clock
    assert (device.generation, device.kind) == (0, "board")
    assert repr(device) == "<Mapped 'mapped' (board)>"
    assert not device.has_capability("CALLABLE")
    assert threading.active_count() >= 1


def test_what_a_device_cannot_do_it_says() -> None:
    device = Mapped()
    with pytest.raises(RuntimeError, match=r"<Mapped 'mapped' \(board\)> has no GPIO"):
        device.gpio_read(0)
    with pytest.raises(RuntimeError, match=r"tells of no interrupts by itself: wait with access\.Interrupt, which asks Linux"):
        device.interrupt_source(None)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="it defines neither allocate nor default_memory"):
        device.allocate(4, "u4")
    with pytest.raises(ValueError, match="Argument 'tag' must be a string"):
        Device(5)  # type: ignore[arg-type]


def test_pynqs_default_memory_and_dictionaries() -> None:
    class Memory:
        def allocate(self, shape: Any, dtype: Any, **kwargs: Any) -> PynqBuffer:
            return PynqBuffer(shape, dtype, device_address=0x100)

    class Parser:
        ip_dict = {"ip": {}}
        gpio_dict: dict[str, Any] = {}

    device: Any = Mapped()
    device.default_memory = Memory()
    assert device.allocate(4, "u4").physical_address == 0x100
    device.get_bitfile_metadata = lambda name: Parser()
    device.set_bitfile_name("x.bit")
    assert (device.bitfile_name, device.ip_dict, device.gpio_dict) == ("x.bit", {"ip": {}}, {})


def test_events_of_the_clock_run_under_the_lock_of_the_bus() -> None:
    """Else an event that goes on the bus and an access that plans an event would wait for each other."""
    device: Any = Mapped()
    assert device.clock.lock is device.lock
    free: list[bool] = []
    done = threading.Event()

    def event() -> None:
        other = threading.Thread(target=lambda: free.append(device.lock.acquire(blocking=False)))
        other.start()
        other.join(20)
        done.set()

    device.clock.call_later(0, event)
    assert done.wait(20)
    assert free == [False]


def test_a_device_and_what_refers_to_it_are_not_sent_to_other_processes() -> None:
    device = SimulatedDevice()
    for thing in (device, {"device": device}, MMIO(0x1000, 4, device=device)):
        with pytest.raises(TypeError) as caught:
            pickle.dumps(thing)
        assert str(caught.value) == (
            "<SimulatedDevice 'simulated' (simulated)> and what refers to it stand for hardware and cannot be pickled: "
            "in another process, load the overlay there, or send it values"
        )
    assert copy.deepcopy(device) is device
