"""DefaultIP, made by an overlay and made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from traitlets import Int

from pynq_widgets import DefaultIP, Overlay, SimulatedDevice
from pynq_widgets.access import GPIO, MMIO, Interrupt, Mirror, RegisterMap, StaleOverlayError
from pynq_widgets.design import Field, Register
from pynq_widgets.device import VirtualClock
from pynq_widgets.overlay.traits import Bit, Word

CORE = "me.org:test:core:1.0"
BASE = 0x43C0_0000


def described(device: Any, **more: Any) -> dict[str, Any]:
    return {"phys_addr": BASE, "addr_range": 0x1000, "type": CORE, "fullpath": "hier/core", "device": device, **more}


def test_read_and_write_go_to_its_address_space(small: Path, device: Any) -> None:
    ip = Overlay(small, device=device).core
    ip.write(0x10, 0x1234)
    assert ip.read(0x10) == 0x1234
    assert ip.read() == 0
    assert device.bus == [("write", BASE + 0x10, b"\x34\x12\x00\x00"), ("read", BASE + 0x10), ("read", BASE)]


def test_nothing_is_read_before_it_is_asked_for(small: Path, device: Any) -> None:
    ol = Overlay(small, device=device)
    ip = ol.core
    for _ in range(2):
        repr(ip), str(ip), dir(ip), ip.__doc__, ip.ranges, repr(ip.mmios), ip.mmio, ip.registers, repr(ip.registers), ip.panel()
        repr(ol), dir(ol), ol.__doc__, repr(ol.drivers), ol.hier.__doc__, repr(ol.hier), ip.description
    _ = ip.register_map
    assert device.bus == []


def test_register_map_and_mirror(small: Path, device: Any) -> None:
    ip = Overlay(small, device=device).core
    assert isinstance(ip.register_map, RegisterMap)
    assert isinstance(ip.registers, Mirror)
    ip.register_map.CTRL = 7
    assert int(ip.register_map.CTRL) == 7
    assert ip.registers.registers["CTRL"].read() == 7
    assert ip.register_map is ip.register_map
    assert ip.registers is ip.registers


def test_no_registers_in_the_design_says_so(device: Any) -> None:
    ip = DefaultIP(described(device))
    for name in ("register_map", "registers"):
        with pytest.raises(AttributeError) as error:
            getattr(ip, name)
        assert str(error.value) == (
            f"DefaultIP.{name}: the design lists no registers for hier/core; read(offset) and write(offset, value) work"
        )
    assert not hasattr(ip, "register_map")


def test_an_attribute_where_the_design_lists_no_registers_says_so(device: Any) -> None:
    ip = DefaultIP(described(device))
    with pytest.raises(AttributeError) as error:
        _ = ip.CTRL
    assert str(error.value) == (
        "hier/core (DefaultIP) has no attribute 'CTRL': the design lists no registers for hier/core; "
        "read(offset) and write(offset, value) work"
    )


def test_no_registers_and_no_address_says_that_there_is_nothing_to_read(device: Any) -> None:
    ip = DefaultIP(described(device, phys_addr=None, addr_range=None))
    for name in ("register_map", "registers", "mmio"):
        with pytest.raises(AttributeError, match=rf"^DefaultIP\.{name}: hier/core .* has no address range that software sees, so there is"):
            getattr(ip, name)


def test_made_by_hand_from_pynqs_description(device: Any) -> None:
    registers = {"CTRL": {"address_offset": 0, "size": 32, "access": "read-write", "description": "", "fields": {}}}
    ip = DefaultIP(described(device, registers=registers))
    ip.register_map.CTRL = 3
    assert ip.read() == 3
    assert isinstance(ip.mmio, MMIO)
    assert (ip.mmio.base_addr, ip.mmio.length) == (BASE, 0x1000)
    assert (ip._interrupts, ip._gpio, ip._registers, ip._fullpath, ip._register_name) == ({}, {}, registers, "hier/core", "core")
    assert ip.ranges == [{"interface": "", "block": "", "base": BASE, "size": 0x1000, "kind": "register"}]
    assert repr(ip) == "<DefaultIP hier/core at 0x43c00000, 4 KB>"


def test_device_is_the_active_one_if_the_description_names_none(device: Any, active_device: Any) -> None:
    active_device(device)
    assert DefaultIP({"phys_addr": BASE, "addr_range": 4}).device is device


@pytest.mark.parametrize("wrong", [None, 3, "core"])
def test_what_is_no_description_teaches(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"^DefaultIP needs the description of its IP, not the (NoneType|int|str) "):
        DefaultIP(wrong)


def test_an_init_that_forgets_super_is_whole_all_the_same(device: Any) -> None:
    class Forgets(DefaultIP):
        def __init__(self, description: Any) -> None:
            self.mine = 1

    ip = Forgets(described(device))
    ip.write(4, 5)
    assert (ip.read(4), ip.mine, ip.device) == (5, 1, device)
    assert repr(ip) == "<Forgets hier/core at 0x43c00000, 4 KB>"


def test_no_description_at_all_teaches() -> None:
    class Odd(DefaultIP):
        def __init__(self) -> None:
            pass

    ip = Odd()
    with pytest.raises(AttributeError, match=r"Odd has no description yet: call super\(\).__init__\(description\)"):
        ip.read()
    assert repr(ip) == "<Odd with no description>"
    assert not hasattr(ip, "_repr_html_")


def test_a_driver_may_set_what_it_likes(device: Any) -> None:
    class Sets(DefaultIP):
        def __init__(self, description: Any) -> None:
            self.device = device
            self.mmio = MMIO(BASE + 0x100, 0x100, device=device)
            super().__init__(description)
            self.description = description
            self._registers = None
            self.anything = 3

    ip = Sets(described("not a device"))
    ip.write(0, 1)
    assert device.bus == [("write", BASE + 0x100, b"\x01\x00\x00\x00")]


def test_wrong_name_suggests_the_near_ones(small: Path, device: Any) -> None:
    ip = Overlay(small, device=device).core
    with pytest.raises(AttributeError) as error:
        _ = ip.register_mpa
    assert str(error.value).startswith("core (DefaultIP) has no attribute 'register_mpa' (did you mean 'register_map'")


def test_private_names_are_suggested_only_to_who_asks_for_one(small: Path, device: Any) -> None:
    ip = Overlay(small, device=device).core
    with pytest.raises(AttributeError) as error:
        _ = ip.interrupts
    assert "'_" not in str(error.value)
    with pytest.raises(AttributeError, match="did you mean '_interrupts'"):
        _ = ip._interupts


def test_a_property_that_fails_tells_the_real_reason(device: Any) -> None:
    class Driver(DefaultIP):
        reads = 0

        @property
        def level(self) -> int:
            type(self).reads += 1
            return int(self.mmoi.read(0))

        @property
        def odd(self) -> int:
            return int(None.value)  # type: ignore[attr-defined]

    ip = Driver(described(device))
    with pytest.raises(AttributeError) as error:
        _ = ip.level
    assert str(error.value).startswith("Driver.level: hier/core (Driver) has no attribute 'mmoi' (did you mean 'mmio'")
    assert Driver.reads == 1, "it is not run again to find the reason"
    with pytest.raises(AttributeError, match=r"^Driver\.odd: is defined, but reading it raised AttributeError"):
        _ = Driver(described(device)).odd


def test_several_ranges(write_design: Callable[..., Path], device: Any) -> None:
    spans = [
        ("S_AXI_CTRL", "Reg", 0x4000_0000, 0x1000, "REGISTER"),
        ("S_AXI_TABLE", "Mem0", 0x5000_0000, 0x2000, "MEMORY"),
        ("S_AXI_CTRL", "Reg2", 0x6000_0000, 0x1000, "REGISTER"),
    ]
    ip = Overlay(write_design({"core": (CORE, spans)}), device=device).core
    assert [r["base"] for r in ip.ranges] == [0x4000_0000, 0x5000_0000, 0x6000_0000]
    assert ip.mmio.base_addr == 0x4000_0000
    assert list(ip.mmios) == ["S_AXI_CTRL/Reg", "S_AXI_TABLE/Mem0", "S_AXI_CTRL/Reg2"]
    assert ip.mmios["S_AXI_TABLE"] is ip.mmios["Mem0"] is ip.mmios["S_AXI_TABLE/Mem0"]
    ip.mmios["Reg2"].write(8, 1)
    assert device.bus == [("write", 0x6000_0008, b"\x01\x00\x00\x00")]
    with pytest.raises(KeyError) as error:
        ip.mmios["S_AXI_CTRL"]
    assert error.value.args == ("'S_AXI_CTRL' of core is ambiguous: S_AXI_CTRL/Reg, S_AXI_CTRL/Reg2",)
    with pytest.raises(KeyError, match=r"core has no range 'S_AXI_TALBE/Mem0' .did you mean 'S_AXI_TABLE/Mem0'"):
        ip.mmios["S_AXI_TALBE/Mem0"]


def test_each_range_with_registers_has_its_map(write_design: Callable[..., Path], device: Any) -> None:
    spans = [
        ("S_AXI_TABLE", "Mem0", 0x5000_0000, 0x2000, "MEMORY"),
        ("S_AXI", "Reg", 0x4000_0000, 0x1000, "REGISTER"),
        ("S_AXI", "Reg2", 0x6000_0000, 0x1000, "REGISTER"),
    ]
    ip = Overlay(write_design({"core": (CORE, spans)}), device=device).core
    assert list(ip.register_maps) == ["S_AXI/Reg"], "of Reg2 and Mem0 the file lists no registers"
    assert len(ip.register_maps) == 1
    assert ip.register_maps["Reg"] is ip.register_map
    assert repr(ip.register_maps) == "S_AXI/Reg: RegisterMapcore at 0x40000000"
    with pytest.raises(KeyError) as error:
        ip.register_maps["Reg2"]
    assert error.value.args == ("the design lists no registers for 'S_AXI/Reg2' of core; of its ranges S_AXI/Reg has them",)
    with pytest.raises(KeyError, match=r"core has no range 'Mem'; it has S_AXI_TABLE/Mem0, "):
        ip.register_maps["Mem"]
    assert device.bus == []


def test_an_ip_without_address_is_there_and_says_why_it_cannot_be_read(write_design: Callable[..., Path], device: Any) -> None:
    ol = Overlay(write_design({"core": CORE, "streams": ("me.org:hls:streams:1.0", [])}), device=device)
    ip = ol.streams
    assert type(ip) is DefaultIP
    assert "streams" not in ol.ip_dict
    assert repr(ip) == "<DefaultIP streams, no address>"
    assert ip.description["parameters"] == {"C_WIDTH": "8"}
    reason = (
        "streams (me.org:hls:streams:1.0) has no address range that software sees, so there is nothing to read or write; "
        "it works through its streams, ports or the IP around it"
    )
    with pytest.raises(RuntimeError) as error:
        ip.read()
    assert str(error.value) == reason
    with pytest.raises(RuntimeError) as error:
        ip.write(0, 1)
    assert str(error.value) == reason
    with pytest.raises(AttributeError) as missing:
        _ = ip.mmio
    assert str(missing.value) == f"DefaultIP.mmio: {reason}"
    assert ip.ranges == []


def test_the_processing_system_is_there_too(small: Path, device: Any) -> None:
    ol = Overlay(small, device=device)
    assert type(ol.ps7) is DefaultIP
    assert ol.ps7.description["type"] == "xilinx.com:ip:processing_system7:5.5"
    with pytest.raises(RuntimeError, match=r"ps7 .* has no address range that software sees"):
        ol.ps7.read()


# Named accessors, on the project's own demonstration design.


def test_interrupts_are_named_accessors(demo_design: Path) -> None:
    ol = Overlay(demo_design, device=SimulatedDevice("t"))
    timer = ol.timer
    assert isinstance(timer.interrupt, Interrupt)
    assert timer.interrupt is timer.interrupt is timer["interrupt"] is ol["timer/interrupt"]
    assert "interrupt" in dir(timer)
    assert list(timer) == timer._ipython_key_completions_() == ["interrupt"]
    assert isinstance(ol.filter.dma.mm2s_introut, Interrupt)
    assert "Interrupts\n----------\ninterrupt            : pynq_widgets.access.Interrupt" in (timer.__doc__ or "")
    with pytest.raises(KeyError) as error:
        timer["interupt"]
    assert error.value.args == ("timer has no interrupt or GPIO 'interupt' (did you mean 'interrupt'?); it has interrupt",)


def test_an_interrupt_that_cannot_be_made_is_none_with_a_warning(small: Path, device: Any) -> None:
    Overlay(small, device=device)
    with pytest.warns(UserWarning, match=r"Interrupt irq not created: No Pin of name hier/core/irq found"):
        ip = DefaultIP(described(device, interrupts={"irq": {"controller": "", "index": 0, "fullpath": "hier/core/irq"}}))
    assert ip.irq is None


def test_gpio_are_named_accessors_with_their_direction_and_width() -> None:
    device = SimulatedDevice("t")
    gpio = {
        "reset": {"index": 2, "state": None, "pins": {"x/reset"}},
        "ready": {"index": 3, "state": None, "pins": set(), "direction": "in", "width": 2},
    }
    ip = DefaultIP(described(device, gpio=gpio))
    assert isinstance(ip.reset, GPIO)
    assert (ip.reset.index, ip.reset.direction, ip.reset.width) == (2, "out", 1)
    assert (ip.ready.index, ip.ready.direction, ip.ready.width) == (3, "in", 2)


def test_an_accessor_named_like_a_method_is_reached_by_item() -> None:
    ip = DefaultIP(described(SimulatedDevice("t"), gpio={"read": {"index": 0, "pins": set()}}))
    assert callable(ip.read)
    assert isinstance(ip["read"], GPIO)


def test_the_register_map_of_an_ip_knows_what_a_read_destroys(demo_design: Path, make_spy: Any) -> None:
    """`repr` of the filter's map never reads the word with ap_done, and says why."""
    import pynq_widgets as pw

    class Loadable(make_spy):  # type: ignore[misc]
        def download(self, bitstream: Any, parser: Any = None) -> None:
            pass

    spy = Loadable("spy", 0x43C0_0000, 0x1_0000)
    overlay = pw.Overlay(demo_design, device=spy)
    text = repr(overlay["filter/fir"].register_map)
    assert "CTRL = Register(not read: reading changes AP_DONE, AP_READY)" in text
    assert 0 not in [offset for _, offset, _ in spy.taken()]


# Its hardware attributes as a whole. (What they are: tests/overlay/traits.)


def registers() -> list[Register]:
    done = Field("DONE", 1, 1, "read-only", "", "clear", None)
    go = Field("GO", 0, 1, "read-write", "", None, None)
    return [
        Register("CTRL", 0, 32, "read-write", 0, "Control", (go,), False),
        Register("STATUS", 4, 32, "read-only", 0, "Status", (done,), True),
        Register("LEVEL", 8, 32, "read-write", 3, "Level", (), False),
        Register("IVAR[0]", 12, 32, "read-write", 0, "", (), False),
    ]


def test_watch_reads_registers_in_blocks_until_it_is_closed(make_ip: Callable[..., Any]) -> None:
    clock = VirtualClock()
    spy = SimulatedDevice("t", clock=clock)
    ip = make_ip(registers(), on=spy)
    with ip.watch("CTRL_GO", "LEVEL", "IVAR[0]", rate=5) as watch:
        assert {mirror is ip.registers for mirror in watch.groups} == {True}
        assert list(watch.groups.values()) == [("CTRL", "LEVEL", "IVAR[0]")]
        assert watch.asked == 5
    with ip.watch() as watch:
        assert list(watch.groups.values()) == [("CTRL", "LEVEL", "IVAR[0]")], "all that may be read unasked"
    with ip.watch("CTRL.GO", "IVAR_0_") as watch:
        assert list(watch.groups.values()) == [("CTRL", "IVAR[0]")]


@pytest.mark.parametrize(
    ("names", "rate", "error", "said"),
    [
        (
            ["STATUS"],
            1,
            ValueError,
            r"^STATUS of hier/core cannot be watched: it is not read unasked \(reading clears DONE\); registers\['STATUS'\]",
        ),
        (["STATUS_DONE"], 1, ValueError, r"^STATUS_DONE of hier/core cannot be watched: it is not read unasked \(reading clears DONE\)"),
        (["STATUS.DONE"], 1, ValueError, r"^register STATUS cannot be watched: it is not read unasked \(reading clears DONE\)"),
        (["LEVLE"], 1, AttributeError, r"^hier/core has no attribute or register 'LEVLE' \(did you mean 'LEVEL'"),
        (["CTRL.GOO"], 1, AttributeError, r"^register CTRL of hier/core has no field 'GOO' \(did you mean 'GO'"),
        ([3], 1, TypeError, r"^hier/core watches attributes and registers by name, not the int 3"),
        (["LEVEL"], 1000, ValueError, r"200"),
    ],
)
def test_watch_refuses(make_ip: Callable[..., Any], names: Any, rate: float, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        make_ip(registers(), on=SimulatedDevice("t")).watch(*names, rate=rate)


def test_watch_of_a_trait_that_is_no_hardware(make_ip: Callable[..., Any]) -> None:
    class Driver(DefaultIP):
        mine = Int(0)
        level = Word("LEVEL")

    with pytest.raises(ValueError, match=r"^mine of hier/core is not hardware: observe it, there is nothing to read"):
        make_ip(registers(), driver=Driver).watch("mine")


def test_snapshot_reads_what_is_safe_and_tells_what_changed(make_ip: Callable[..., Any], device: Any) -> None:
    ip = make_ip(registers())
    before = ip.snapshot()
    ip.LEVEL = 7
    difference = ip.snapshot() - before
    assert [tuple(row)[:4] for row in difference.rows] == [("hier/core", "LEVEL", 0, 7)]
    assert ("read", BASE + 4) not in device.bus
    assert dict(before.left_out["hier/core"]) == {"STATUS": "reading clears DONE"}


def test_what_a_trait_states_corrects_the_register_map_too(make_ip: Callable[..., Any], device: Any) -> None:
    class Driver(DefaultIP):
        status = Word("STATUS", onread="none")
        level = Word("LEVEL", onread="pop")
        extra = Bit(0x20, 3, onwrite="1-to-clear")

    ip = make_ip(registers(), driver=Driver)
    text = repr(ip.register_map)
    assert "LEVEL = Register(not read: reading takes a word from LEVEL)" in text
    assert ("read", BASE + 8) not in device.bus
    assert ("read", BASE + 4) in device.bus
    assert ip.register_map.extra.extra == 0
    assert ip.registers["LEVEL"].guard
    assert ip.registers["STATUS"].guard is None
    assert list(ip.register_map)[:4] == ["CTRL", "STATUS", "LEVEL", "IVAR[0]"]


def test_guards_and_traits_work_beside_each_other(make_ip: Callable[..., Any], device: Any) -> None:
    class Driver(DefaultIP):
        guards = {"LEVEL": "a read takes a word out"}
        go = Bit("CTRL", "GO")
        level = Word("LEVEL")

    ip = make_ip(registers(), driver=Driver)
    assert ip.level is None
    assert "LEVEL = Register(not read: a read takes a word out)" in repr(ip.register_map)
    assert ip.known("level").state == "never"
    assert device.words == {}
    assert ("read", BASE + 8) not in device.bus


def test_a_stale_ip_says_so_at_its_attributes(small: Path, device: Any) -> None:
    old = Overlay(small, device=device)
    ip = old.core
    ip.CTRL = 1
    Overlay(small, device=device)
    for touch in (lambda: ip.CTRL, lambda: setattr(ip, "CTRL", 2), lambda: ip.watch("CTRL"), lambda: ip.snapshot()):
        with pytest.raises(StaleOverlayError):
            touch()
    assert "CTRL" in dir(ip)
    assert ip.__doc__
