"""The overlay itself: loading, names, drivers, staleness, and the shapes that PYNQ's users expect."""

from __future__ import annotations

import asyncio
import copy
import gc
import inspect
import pickle
import pydoc
import threading
import weakref
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import pynq_widgets
from pynq_widgets import DefaultHierarchy, DefaultIP, DefaultOverlay, DesignError, Overlay, SimulatedDevice, StaleOverlayError
from pynq_widgets import UnsupportedConfiguration as Unsupported
from pynq_widgets.device.contract import Device
from pynq_widgets.overlay import DriverError, Memory

CORE = "me.org:test:core:1.0"


# Loading


def test_signature_is_pynqs() -> None:
    assert str(inspect.signature(Overlay)).startswith("(bitfile_name: ")
    assert list(inspect.signature(Overlay).parameters) == ["bitfile_name", "dtbo", "download", "ignore_version", "device", "gen_cache"]
    assert list(inspect.signature(DefaultOverlay).parameters)[:2] == ["bitfile_name", "download"]

    class Mine(Overlay):
        def __init__(self, name: str) -> None:
            super().__init__(name)

    assert list(inspect.signature(Mine).parameters) == ["name"]


@pytest.mark.parametrize("kind", [str, Path])
def test_str_and_path(kind: Any, small: Path, device: Any) -> None:
    ol = Overlay(kind(small), device=device)
    assert ol.bitfile_name == str(small.resolve())
    assert type(ol) is DefaultOverlay
    assert ol.device is device
    assert device.log == [("download", "small.hwh")]
    assert ol.timestamp
    assert ol.is_loaded()


def test_the_active_device_is_the_default(small: Path, device: Any, active_device: Any) -> None:
    active_device(device)
    assert Overlay(small).device is device


def test_with_no_board_it_runs_on_the_simulated_device(small: Path) -> None:
    ol = Overlay(small)
    assert ol.device.kind == "simulated"
    ol.core.write(0, 5)
    assert ol.core.read(0) == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "Overlay() missing 1 required positional argument: 'bitfile_name'"),
        ({"bitfile_name": "a.bit", "downlod": False}, "Overlay() got an unexpected keyword argument 'downlod'"),
        (
            {"bitfile_name": "a.bit", "device": "pynq"},
            "Overlay(device=...) takes a device, such as one of Device.devices or SimulatedDevice(), not the str 'pynq'",
        ),
        (
            {"bitfile_name": "a.bit", "device": SimulatedDevice},
            "Overlay(device=...) takes a device, such as one of Device.devices or SimulatedDevice(), not the DeviceMeta "
            "<class 'pynq_widgets.device.simulated.device.SimulatedDevice'>",
        ),
    ],
)
def test_wrong_arguments_are_those_of_overlay(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError) as error:
        Overlay(**arguments)
    assert str(error.value).startswith(message)


def test_a_bitstream_with_its_handoff_beside_it(small: Path, device: Any) -> None:
    small.with_suffix(".bit").write_bytes(bytes(64))
    with pytest.raises(DesignError):
        Overlay(small.with_suffix(".bit"), device=device)  # a bitstream that is none
    assert device.log == []


def test_a_design_that_cannot_be_read_leaves_what_was_there(small: Path, device: Any) -> None:
    ol = Overlay(small, device=device)
    bad = small.with_name("bad.hwh")
    bad.write_text("<EDKSYSTEM>")
    with pytest.raises(DesignError, match=r"bad.hwh"):
        Overlay(bad, device=device)
    with pytest.raises(FileNotFoundError, match=r"No overlay 'none.hwh'"):
        Overlay("none.hwh", device=device)
    assert ol.is_loaded()
    assert ol.core.read() == 0


def test_a_download_that_fails_leaves_what_was_there(small: Path, device: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ol = Overlay(small, device=device)

    def fail(bitstream: Any, parser: Any = None) -> None:
        raise OSError("cable")

    monkeypatch.setattr(device, "download", fail)
    with pytest.raises(OSError, match=r"cable"):
        Overlay(small, device=device)
    assert ol.is_loaded()


def test_what_a_pynq_device_is_given_to_download(small: Path) -> None:
    given: list[Any] = []

    class Board(Device):
        def download(self, bitstream: Any, parser: Any = None) -> None:
            given.append((bitstream, parser))

    ol = Overlay(small, device=Board("board"))
    bitstream, parser = given[0]
    assert bitstream is ol
    assert parser is ol.design is ol.parser
    assert (bitstream.partial, bitstream.binfile_name, bitstream.firmware_path, bitstream.bit_data) == (False, "", "", {})


def test_device_tree_overlays(small: Path, device: Any) -> None:
    small.with_suffix(".dtbo").write_bytes(b"")
    ol = Overlay(small, device=device)
    assert device.log == [("download", "small.hwh"), ("insert", "small.dtbo")]
    ol.free()
    assert device.log[-1] == ("remove", "small.dtbo")
    with pytest.raises(FileNotFoundError, match=r"No device tree overlay 'none.dtbo': looked in"):
        Overlay(small, "none.dtbo", device=device)


# Without a download


def test_download_false_takes_the_device_to_hold_it(small: Path, device: Any) -> None:
    ol = Overlay(small, download=False, device=device)
    assert device.log == []
    assert ol.timestamp == ""
    assert ol.is_loaded()
    assert ol.core.read() == 0


def test_download_false_joins_the_overlay_that_is_there(small: Path, device: Any) -> None:
    first = Overlay(small, device=device)
    second = Overlay(small, download=False, device=device)
    assert first.is_loaded()
    assert second.is_loaded()
    assert first.core.read() == second.core.read() == 0
    second.free()
    assert not first.is_loaded()


def test_download_false_under_another_overlay_is_not_loaded(small: Path, write_design: Callable[..., Path], device: Any) -> None:
    Overlay(small, device=device)
    other = Overlay(write_design({"core": CORE}, "other"), download=False, device=device)
    assert not other.is_loaded()
    with pytest.raises(StaleOverlayError) as error:
        _ = other.core
    assert str(error.value) == (
        "'core' of overlay other cannot be reached: other.hwh was opened with download=False and device 'logging' holds small.hwh. "
        "Load it again with download() of this object, or with Overlay('other.hwh')"
    )
    other.download()
    assert other.core.read() == 0


# Names


def test_ip_and_hierarchies_are_attributes_and_items(small: Path, device: Any) -> None:
    ol = Overlay(small, device=device)
    assert ol.core is ol["core"]
    assert ol.hier.core is ol["hier/core"] is ol["hier"]["core"] is ol["/hier/core"]
    assert isinstance(ol.hier, DefaultHierarchy)
    assert "hier/core" in ol
    assert "core" in ol
    assert "x" not in ol
    assert "" not in ol
    assert list(ol) == ["hier", "ps7", "core"]
    assert {"core", "hier", "ps7"} <= set(dir(ol))
    assert ol._ipython_key_completions_() == ["hier", "ps7", "core", "hier/core", "hier/other"]


def test_the_second_touch_is_a_plain_attribute(small: Path, device: Any) -> None:
    ol = Overlay(small, device=device)
    assert "core" not in vars(ol)
    core = ol.core
    assert vars(ol)["core"] is core


def test_names_that_are_no_identifiers_or_collide_are_items(write_design: Callable[..., Path], device: Any) -> None:
    ol = Overlay(
        write_design({"download": CORE, "device": CORE, "my-core": CORE, "class": CORE, "hier/read": CORE, "observe": CORE}), device=device
    )
    for name in ("download", "device", "my-core", "class", "observe"):
        assert type(ol[name]) is DefaultIP, name
        assert ol[name].read() == 0
    assert callable(ol.download)
    assert ol.device is device
    assert callable(ol.observe)
    assert type(ol.hier.read) is DefaultIP
    assert "my-core" not in dir(ol)
    assert "class" not in dir(ol)
    assert {"download", "device", "my-core", "class", "observe", "hier/read"} <= set(ol._ipython_key_completions_())
    text = ol.__doc__ or ""
    assert "download             : pynq_widgets.DefaultIP   (by item: 'download'; download is the class' own)" in text
    assert "my-core              : pynq_widgets.DefaultIP   (by item: 'my-core'; not a Python name)" in text
    assert "class                : pynq_widgets.DefaultIP   (by item: 'class'; not a Python name)" in text


def test_wrong_names_suggest_the_near_ones(small: Path, device: Any) -> None:
    ol = Overlay(small, device=device)
    with pytest.raises(AttributeError) as error:
        _ = ol.croe
    assert str(error.value).startswith("overlay small has no attribute 'croe' (did you mean 'core'")
    with pytest.raises(KeyError) as missing:
        ol["hier/croe"]
    assert missing.value.args == ("hierarchy hier has no IP, hierarchy or memory 'croe' (did you mean 'core'?)",)
    with pytest.raises(KeyError, match=r"overlay small has no IP, hierarchy or memory 'heir/core' .did you mean 'hier/core'"):
        ol["heir/core"]
    with pytest.raises(TypeError, match=r"overlay small\[...\] takes a name such as 'hierarchy/ip', not the int 0"):
        ol[0]
    assert not hasattr(ol, "_repr_html_")


def test_generated_docstring_and_help(small: Path, device: Any) -> None:
    ol = Overlay(small, device=device)
    text = ol.__doc__ or ""
    assert text.startswith(
        "Default documentation for overlay small.hwh. The following\nattributes are available on this overlay:\n\nIP Blocks\n"
    )
    assert "core                 : pynq_widgets.DefaultIP\n" in text
    assert "hier                 : pynq_widgets.DefaultHierarchy\n" in text
    assert inspect.getdoc(ol) == text.strip()
    assert "core                 : pynq_widgets.DefaultIP" in pydoc.plain(pydoc.render_doc(ol))
    assert (Overlay.__doc__ or "").startswith("A design on a device.")

    class Mine(DefaultOverlay):
        """My own words."""

    text = Mine(small, device=device).__doc__ or ""
    assert text.startswith("My own words.\n\nDefault documentation for overlay small.hwh.")


# Drivers


def test_binding_happens_at_loading(small: Path, device: Any) -> None:
    ol = Overlay(small, device=device)

    class Driver(DefaultIP):
        bindto = [CORE]

    assert type(ol.core) is DefaultIP
    assert type(Overlay(small, device=device).core) is Driver
    again = Overlay(small, device=device)
    Driver.unregister()
    assert type(again.core) is Driver, "what was bound at loading stays"
    assert type(Overlay(small, device=device).core) is DefaultIP


def test_other_version_warns_at_loading(small: Path, device: Any) -> None:
    class Driver(DefaultIP):
        bindto = ["me.org:test:other:2.0"]

    with pytest.warns(UserWarning, match=r"driver found for") as seen:
        ol = Overlay(small, device=device)
    assert [str(w.message) for w in seen] == [
        "IP hier/other is of type me.org:test:other:2.1 and driver found for [me.org:test:other:2.0]. "
        "Use ignore_version=True to use this driver."
    ]
    assert type(ol.hier.other) is DefaultIP
    assert type(Overlay(small, ignore_version=True, device=device).hier.other) is Driver


def test_unsupported_configuration_warns_and_falls_back(small: Path, device: Any) -> None:
    class Driver(DefaultIP):
        bindto = [CORE]

        def __init__(self, description: Any) -> None:
            if description["fullpath"] == "core":
                raise Unsupported("width 8")
            super().__init__(description)

    ol = Overlay(small, device=device)
    with pytest.warns(UserWarning, match=r"Configuration of core is not supported by .*Driver: width 8. DefaultIP is used.") as seen:
        assert type(ol.core) is DefaultIP
    assert len(seen) == 1
    assert ol.core.read() == 0
    assert type(ol.hier.core) is Driver
    assert ol.drivers["core"].driver is DefaultIP
    assert ol.drivers["core"].reason.endswith("Driver refused the configuration: width 8")


def test_another_exception_names_ip_and_driver_and_harms_nothing_else(small: Path, device: Any) -> None:
    class Driver(DefaultIP):
        bindto = ["me.org:test:other:2.1"]

        def __init__(self, description: Any) -> None:
            raise AttributeError("no such thing")

    ol = Overlay(small, device=device)
    with pytest.raises(DriverError) as error:
        _ = ol.hier.other
    assert str(error.value).startswith("hier/other: its driver ")
    assert "Driver failed in __init__: AttributeError: no such thing. The rest of the overlay works;" in str(error.value)
    assert isinstance(error.value.__cause__, AttributeError)
    assert ol.hier.core.read() == 0
    repr(ol), dir(ol), ol.__doc__, ol.hier.__doc__, repr(ol.drivers)
    with pytest.raises(DriverError):
        _ = ol["hier/other"]


def test_a_driver_that_asks_for_itself_is_told(small: Path, device: Any) -> None:
    class Driver(DefaultIP):
        bindto = [CORE]

        def __init__(self, description: Any) -> None:
            description["overlay"][description["fullpath"]].read()

    ol = Overlay(small, device=device)
    with pytest.raises(DriverError, match=r"core is asked for while its own driver's __init__ runs; use self there"):
        _ = ol.core


def test_drivers_tells_which_and_why(small: Path, device: Any) -> None:
    class Driver(DefaultIP):
        bindto = [CORE]

    drivers = Overlay(small, device=device).drivers
    assert set(drivers) == {"ps7", "core", "hier", "hier/core", "hier/other"}
    assert drivers["core"] == (Driver, f"bindto has {CORE}")
    assert drivers["hier"] == (DefaultHierarchy, "no hierarchy driver is known")
    assert drivers["hier/other"].reason == "no driver is known for me.org:test:other:2.1"
    assert "hier/other" in repr(drivers)


def test_two_threads_get_the_same_object(small: Path, device: Any) -> None:
    barrier = threading.Barrier(4)

    class Driver(DefaultIP):
        bindto = [CORE]

    ol = Overlay(small, device=device)
    seen: list[Any] = []

    def touch() -> None:
        barrier.wait()
        seen.append(ol.core)

    threads = [threading.Thread(target=touch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, seen))) == 1


# What it holds


def test_pynqs_dictionaries_are_its_own_copies(small: Path, device: Any) -> None:
    ol = Overlay(small, device=device)
    assert list(ol.ip_dict) == ["core", "hier/core", "hier/other", "ps7"]
    assert ol.ip_dict["core"]["ranges"] == [
        {"interface": "S_AXI", "block": "Reg", "base": 0x43C0_0000, "size": 0x1_0000, "kind": "register"}
    ]
    for name in ("ip_dict", "hierarchy_dict", "interrupt_pins", "interrupt_controllers", "gpio_dict", "mem_dict", "clock_dict", "pr_dict"):
        assert isinstance(getattr(ol, name), dict), name
        assert getattr(ol, name) is getattr(ol, name)
    ol.ip_dict["core"]["state"] = "mine"
    ol.ip_dict.pop("hier/core")
    assert ol.hier.core.read() == 0
    ol.reset()
    assert ol.ip_dict["core"]["state"] is None
    assert "hier/core" in ol.ip_dict


def test_memories(write_design: Callable[..., Path]) -> None:
    spans = [("S_AXI", "Mem0", 0x4000_0000, 0x2000, "MEMORY")]
    ol = Overlay(write_design({"bram": ("xilinx.com:ip:axi_bram_ctrl:4.1", spans)}), device=SimulatedDevice("t"))
    assert isinstance(ol.bram, Memory)
    assert (ol.bram.base_address, ol.bram.size) == (0x4000_0000, 0x2000)
    assert repr(ol.bram) == "<Memory bram at 0x40000000, 8 KB>"
    ol.bram.write(0x1FFC, 7)
    assert ol.bram.read(0x1FFC) == 7
    buffer = pynq_widgets.allocate(4, target=ol.bram)
    buffer[1] = 5
    assert (buffer.physical_address, ol.bram.read(4)) == (0x4000_0000, 5)


def test_a_memory_on_a_device_that_does_not_know_its_banks(write_design: Callable[..., Path]) -> None:
    class Plain(SimulatedDevice):
        get_memory: Any = None

    spans = [("S_AXI", "Mem0", 0x4000_0000, 0x2000, "MEMORY")]
    ol = Overlay(write_design({"bram": ("xilinx.com:ip:axi_bram_ctrl:4.1", spans)}), device=Plain("t"))
    with pytest.raises(MemoryError, match=r"bram \(0x2000 bytes at 0x40000000\): device 't' allocates at 0x.*, outside this memory"):
        pynq_widgets.allocate(4, target=ol.bram)
    assert not ol.device.pool.allocations, "what lay elsewhere was given back"


def test_a_memory_on_a_device_that_knows_its_banks(write_design: Callable[..., Path], device: Any) -> None:
    asked: list[Any] = []

    class Bank:
        def allocate(self, shape: Any, dtype: Any, **kwargs: Any) -> str:
            return f"{shape} {dtype}"

    def get_memory(description: Any) -> Bank:
        asked.append(description["fullpath"])
        return Bank()

    device.get_memory = get_memory
    spans = [("S_AXI", "Mem0", 0x4000_0000, 0x2000, "MEMORY")]
    ol = Overlay(write_design({"ddr4_0": ("xilinx.com:ip:ddr4:2.2", spans)}), device=device)
    assert pynq_widgets.allocate((2, 2), "u1", target=ol.ddr4_0) == "(2, 2) uint8"
    assert asked == ["ddr4_0"]


def test_load_ip_data(small: Path, device: Any, tmp_path: Path) -> None:
    ol = Overlay(small, device=device)
    program = tmp_path / "program.bin"
    program.write_bytes(b"\x01\x00\x00\x00\x02")
    ol.load_ip_data("core", program)
    assert [ol.core.read(0), ol.core.read(4)] == [1, 2]
    assert ol.ip_dict["core"]["state"] == str(program)
    program.write_bytes(bytes(0x1_0004))
    device.log.clear()
    with pytest.raises(RuntimeError, match=r"^Binary file too big for IP: .* does not fit the 65536 bytes of core; nothing was written$"):
        ol.load_ip_data("core", program)
    assert device.log == []


def test_it_reads_and_writes_bus_addresses_as_an_ip_does(small: Path, device: Any) -> None:
    ol = Overlay(small, device=device)
    ol.write(0x43C1_0008, 9)
    assert ol.read(0x43C1_0008) == ol["hier/core"].read(8) == 9
    with pytest.raises(ValueError, match=r"is in no range of overlay small") as error:
        ol.read(0x43BF_0000)
    assert str(error.value) == "address 0x43bf0000 is in no range of overlay small; the nearest is core at 0x43c00000, 0x10000 bytes"
    assert ol.panel() is None


def test_partial_reconfiguration_of_what_is_not_there(small: Path, device: Any) -> None:
    with pytest.raises(KeyError, match=r"overlay small has no IP, hierarchy or memory 'region'"):
        Overlay(small, device=device).pr_download("region", "pr.bit")
    with pytest.raises(FileNotFoundError, match=r"No overlay 'pr.bit'"):
        Overlay(small, device=device).pr_download("hier", "pr.bit")


# Stale handles


@pytest.fixture
def other(write_design: Callable[..., Path]) -> Path:
    return write_design({"core": CORE}, "other")


def test_every_handle_says_so_when_another_overlay_is_loaded(small: Path, other: Path, device: Any) -> None:
    ol = Overlay(small, device=device)
    core, hier, mmio, registers = ol.core, ol.hier, ol.core.mmio, ol.core.register_map
    control, mirror = registers.CTRL, ol.core.registers
    inner = hier.core
    inner.read()
    new = Overlay(other, device=device)
    device.log.clear()
    touches: list[Callable[[], Any]] = [
        core.read,
        lambda: core.write(0, 1),
        mmio.read,
        lambda: mmio.write(0, 1),
        lambda: int(registers.CTRL),
        lambda: setattr(registers, "CTRL", 1),
        lambda: control[0],
        lambda: mirror.registers["CTRL"].read(),
        inner.read,
        lambda: ol.core,
        lambda: ol["hier/core"],
        lambda: hier.core,
        lambda: ol.read(0x43C0_0000),
    ]
    for touch in touches:
        with pytest.raises(StaleOverlayError, match=r"small.hwh was replaced by other.hwh"):
            touch()
    assert device.log == [], "nothing reached the hardware"
    assert new.core.read() == 0
    assert isinstance(StaleOverlayError("x"), RuntimeError), "what PYNQ raises"


def test_the_message_names_both_and_what_to_do(small: Path, other: Path, device: Any) -> None:
    ol = Overlay(small, device=device)
    core = ol.core
    Overlay(other, device=device)
    with pytest.raises(StaleOverlayError) as error:
        _ = ol.core
    assert str(error.value) == (
        "'core' of overlay small cannot be reached: small.hwh was replaced by other.hwh (device 'logging'). "
        "Load it again with download() of this object, or with Overlay('small.hwh')"
    )
    with pytest.raises(StaleOverlayError) as error:
        core.read()
    assert str(error.value) == (
        "This handle to 0x43c00000 on device 'logging' has gone: small.hwh was replaced by other.hwh. "
        "Load the overlay again and take the handle from the new Overlay object."
    )


def test_a_stale_overlay_can_still_be_looked_at(small: Path, other: Path, device: Any) -> None:
    ol = Overlay(small, device=device)
    core, hier = ol.core, ol.hier
    Overlay(other, device=device)
    device.log.clear()
    assert not ol.is_loaded()
    assert hasattr(ol, "core") is False
    assert hasattr(ol, "no_such") is False
    assert repr(ol) == (
        "<DefaultOverlay small.hwh on 'logging' (board): 3 IP, 1 hierarchy; stale: small.hwh was replaced by other.hwh (device 'logging')>"
    )
    assert repr(core) == "<DefaultIP core at 0x43c00000, 64 KB, stale>"
    assert repr(hier) == "<DefaultHierarchy hier, 2 blocks, stale>"
    assert "core" in dir(ol)
    assert "core" in (ol.__doc__ or "")
    assert "core" in repr(ol.drivers)
    assert ol.ip_dict["core"]["phys_addr"] == 0x43C0_0000
    assert ol.design is not None
    assert device.log == []


def test_the_same_file_twice_newest_wins(small: Path, device: Any) -> None:
    old = Overlay(small, device=device)
    core = old.core
    new = Overlay(small, device=device)
    with pytest.raises(StaleOverlayError, match=r"small.hwh was loaded again as another Overlay object"):
        core.read()
    assert not old.is_loaded()
    assert new.core.read() == 0


def test_another_device_is_another_matter(small: Path, device: Any, make_device: Any) -> None:
    ol = Overlay(small, device=device)
    Overlay(small, device=make_device("second"))
    assert ol.core.read() == 0


def test_free_makes_handles_stale(small: Path, device: Any) -> None:
    ol = Overlay(small, device=device)
    core = ol.core
    ol.free()
    assert not ol.is_loaded()
    with pytest.raises(StaleOverlayError, match=r"small.hwh was freed with free()"):
        core.read()
    with pytest.raises(StaleOverlayError, match=r"small.hwh was freed with free()"):
        _ = ol.core
    ol.free()


def test_downloading_a_stale_overlay_again_brings_it_back(small: Path, other: Path, device: Any) -> None:
    ol = Overlay(small, device=device)
    old_core = ol.core
    new = Overlay(other, device=device)
    ol.download()
    assert ol.is_loaded()
    assert not new.is_loaded()
    assert ol.core.read() == 0
    assert ol.core is not old_core
    with pytest.raises(StaleOverlayError):
        old_core.read()


def test_downloading_the_loaded_overlay_again_keeps_its_handles_and_makes_drivers_anew(small: Path, device: Any) -> None:
    ol = Overlay(small, device=device)
    core = ol.core
    ol.download()
    assert core.read() == 0
    assert ol.core is not core, "its hardware was reset, so its driver starts afresh"
    assert ol.is_loaded()


def test_a_download_past_the_overlay_is_noticed(small: Path, device: Any) -> None:
    simulated = SimulatedDevice("t")
    ol = Overlay(small, device=simulated)
    simulated.download(str(small))
    assert not ol.is_loaded()
    with pytest.raises(StaleOverlayError, match=r"small.hwh was replaced by a download that no Overlay object made"):
        _ = ol.core


def test_buffers_outlive_the_overlay(small: Path, other: Path) -> None:
    device = SimulatedDevice("t")
    Overlay(small, device=device)
    buffer = pynq_widgets.allocate(4, target=device)
    buffer[:] = 3
    Overlay(other, device=device)
    assert buffer.tolist() == [3, 3, 3, 3]
    buffer.freebuffer()


def test_interrupts_of_a_freed_overlay_are_stale(demo_design: Path) -> None:
    ol = Overlay(demo_design, device=SimulatedDevice("t"))
    interrupt = ol.timer.interrupt
    ol.free()
    with pytest.raises(StaleOverlayError, match=r"Interrupt invalidated by Overlay change"):
        asyncio.run(interrupt.wait())


def test_an_accessor_first_asked_of_a_stale_ip_is_refused(demo_design: Path) -> None:
    device = SimulatedDevice("t")
    timer = Overlay(demo_design, device=device).timer
    Overlay(demo_design, device=device)
    assert not hasattr(timer, "interrupt")
    with pytest.raises(StaleOverlayError) as error:
        _ = timer.interrupt
    assert str(error.value) == (
        "'interrupt' of timer cannot be reached: demo.hwh was loaded again as another Overlay object. "
        "Load the overlay again and take it from the new Overlay object."
    )


def test_loading_while_a_driver_is_made_does_not_lock_up(small: Path, write_design: Callable[..., Path], device: Any) -> None:
    inside, goes_on = threading.Event(), threading.Event()

    class Hier(DefaultHierarchy):
        def __init__(self, description: Any) -> None:
            super().__init__(description)
            inside.set()
            goes_on.wait(10)
            self.kept = self.core

        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            return "other" in description["ip"]

    ol = Overlay(small, device=device)
    errors: list[Exception] = []

    def touch() -> None:
        try:
            _ = ol.hier
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=touch, daemon=True)
    thread.start()
    assert inside.wait(10)
    Overlay(write_design({"core": CORE}, "other"), device=device)
    goes_on.set()
    thread.join(10)
    assert not thread.is_alive()
    assert isinstance(errors[0], StaleOverlayError)


def test_a_device_of_no_class_of_ours(small: Path) -> None:
    class Duck:
        tag = "duck"

        def __init__(self) -> None:
            self.words: dict[int, bytes] = {}

        def has_capability(self, cap: str) -> bool:
            return cap == "REGISTER_RW"

        def read_registers(self, address: int, length: int) -> bytes:
            return self.words.get(address, bytes(length))

        def write_registers(self, address: int, data: bytes) -> None:
            self.words[address] = data

        def download(self, bitstream: Any, parser: Any = None) -> None:
            pass

    ol = Overlay(small, device=Duck())
    ol.core.write(4, 9)
    assert ol.core.read(4) == 9
    assert "duck" in repr(ol)


# Python's own protocols


def test_copy_is_another_handle_to_the_same_hardware(small: Path, other: Path, device: Any) -> None:
    ol = Overlay(small, device=device)
    core = ol.core
    for twin in (copy.copy(ol), copy.deepcopy(ol)):
        assert type(twin) is DefaultOverlay
        assert twin.core is core
        assert twin.is_loaded()
    Overlay(other, device=device)
    with pytest.raises(StaleOverlayError):
        _ = twin.core
    assert repr(copy.copy(DefaultOverlay.__new__(DefaultOverlay))) == "<DefaultOverlay, not loaded>"


def test_it_cannot_be_pickled(small: Path, device: Any) -> None:
    with pytest.raises(
        TypeError, match=r"DefaultOverlay stands for hardware and cannot be pickled: keep its bitfile_name and load it again"
    ):
        pickle.dumps(Overlay(small, device=device))


def test_an_overlay_class_that_forgets_super_teaches(small: Path) -> None:
    class Forgets(DefaultOverlay):
        def __init__(self, bitfile_name: Any, download: bool = True) -> None:
            self.mine = 1

    ol = Forgets(small)
    with pytest.raises(
        AttributeError, match=r"Forgets is not loaded yet: its __init__ must call super\(\).__init__\(bitfile_name, download\)"
    ):
        _ = ol.core
    with pytest.raises(RuntimeError, match=r"Forgets is not loaded yet"):
        _ = ol.ip_dict
    assert repr(ol) == "<Forgets, not loaded>"


def test_a_property_of_an_overlay_class_that_fails_tells_the_real_reason(small: Path, device: Any) -> None:
    class Mine(DefaultOverlay):
        @property
        def level(self) -> int:
            return int(self.croe.read())

    with pytest.raises(AttributeError, match=r"^Mine\.level: overlay small has no attribute 'croe' \(did you mean 'core'"):
        _ = Mine(small, device=device).level


def test_an_overlay_that_nobody_holds_is_collected(small: Path, device: Any) -> None:
    ol = Overlay(small, device=device)
    core = ol.core
    gone = weakref.ref(ol)
    del ol
    core_gone = weakref.ref(core)
    assert core.read() == 0, "a handle keeps working as long as it is held"
    del core
    gc.collect()
    assert gone() is None
    assert core_gone() is None


# A device with a parser of its own


def test_a_pynq_device_with_its_own_metadata(small: Path) -> None:
    entry = {"phys_addr": 0x4000_0000, "addr_range": 0x1000, "type": CORE, "fullpath": "hier/core", "registers": {}, "parameters": {}}
    level = {"ip": {"core": entry}, "hierarchies": {}, "memories": {}, "interrupts": {}, "gpio": {}, "fullpath": "hier"}
    parser = SimpleNamespace(
        ip_dict={"hier/core": entry, "ps": {"type": "xilinx.com:ip:processing_system7:5.5", "parameters": {}}},
        hierarchy_dict={"hier": level},
        mem_dict={"PSDDR": {"base_address": 0, "size": 0x2000_0000, "type": "DDR4", "used": 1, "fullpath": "PSDDR"}},
        interrupt_pins={},
        interrupt_controllers={},
        gpio_dict={},
        clock_dict={},
    )

    class Board(Device):
        capabilities = {"MEMORY_MAPPED": True}

        def get_bitfile_metadata(self, bitfile_name: str, partial: bool = False) -> Any:
            return parser

        def download(self, bitstream: Any, parser: Any = None) -> None:
            pass

        def mmap(self, base_addr: int, length: int) -> Any:
            return bytearray(length)

    class Driver(DefaultIP):
        bindto = [CORE]

    ol = Overlay(small, device=Board("board"))
    assert ol.design is None
    assert ol.parser is parser
    assert type(ol.hier.core) is Driver
    assert ol.hier.core is ol["hier/core"]
    ol.hier.core.write(4, 1)
    assert ol.hier.core.read(4) == 1
    assert (ol.PSDDR.base_address, ol.PSDDR.size) == (0, 0x2000_0000)
    assert type(ol.ps) is DefaultIP
    assert entry.keys() == {"phys_addr", "addr_range", "type", "fullpath", "registers", "parameters"}, "the device's own is left alone"


def test_an_exported_hardware_archive(small: Path, device: Any) -> None:
    archive = small.with_suffix(".xsa")
    with zipfile.ZipFile(archive, "w") as content:
        content.write(small, "small.hwh")
    small.unlink()
    ol = Overlay(archive, device=device)
    assert ol.bitfile_name == str(archive.resolve())
    assert ol.hier.core.read() == 0
    assert Overlay(archive.with_suffix(""), device=device).is_loaded()


def test_a_second_argument_that_is_meant_for_download_is_told(small: Path, device: Any) -> None:
    class Mine(Overlay):  # type: ignore[misc]
        def __init__(self, bitfile_name: str, download: bool) -> None:
            super().__init__(bitfile_name, download, device=device)

    expected = (
        "dtbo must be the name of a device tree overlay, as str or Path, not bool: True; write download=True, "
        "or derive from DefaultOverlay, whose second argument it is"
    )
    with pytest.raises(TypeError) as raised:
        Mine(str(small), True)
    assert str(raised.value) == expected
    assert device.log == []
