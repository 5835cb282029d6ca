"""Names: what stands where a person looks for it, whatever it is called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

OWN = ("download", "reset", "free", "is_loaded", "ip_dict", "device", "parser", "load_ip_data")


@pytest.mark.parametrize("name", OWN)
def test_an_ip_named_as_the_overlays_own(name: str, pynq: Any, core: Any, write: Callable[..., Path]) -> None:
    """PYNQ 4.0.0: ``ol.download`` is the method, the IP cannot be reached at all ('Overlay' object is not subscriptable)."""
    ol = pynq.Overlay(write(core(name, 0x43C0_0000)))
    assert not isinstance(getattr(ol, name), pynq.DefaultIP), "code written for PYNQ finds PYNQ's name"
    ip = ol[name]
    assert isinstance(ip, pynq.DefaultIP)
    ip.write(4, 7)
    assert ip.read(4) == 7
    assert f"by item: '{name}'" in ol.__doc__


def test_an_ip_named_download_in_a_hierarchy(pynq: Any, core: Any, write: Callable[..., Path]) -> None:
    """PYNQ 4.0.0: ``ol.hier.download`` and ``ol.hier.description`` are the hierarchy's own, these IP cannot be reached."""
    ol = pynq.Overlay(write(core("hier/download", 0x43C0_0000), core("hier/description", 0x43C1_0000)))
    assert ol.hier["download"].mmio.base_addr == ol["hier/download"].mmio.base_addr == 0x43C0_0000
    assert ol.hier["description"].mmio.base_addr == 0x43C1_0000
    assert ol.hier.description["fullpath"] == "hier"


@pytest.mark.parametrize("name", ["class", "is-loaded", "2fast", "import"])
def test_an_ip_whose_name_python_cannot_write(name: str, pynq: Any, core: Any, write: Callable[..., Path]) -> None:
    """PYNQ 4.0.0: only ``getattr(ol, 'class')`` reaches it; that is so here, and ``ol['class']`` too."""
    ol = pynq.Overlay(write(core(name, 0x43C0_0000), core(f"hier/{name}", 0x43C1_0000)))
    assert getattr(ol, name) is ol[name]
    assert getattr(ol.hier, name) is ol.hier[name] is ol[f"hier/{name}"]
    assert ol[name].mmio.base_addr == 0x43C0_0000
    assert name not in dir(ol)


def test_one_ip_is_one_object(pynq: Any, core: Any, write: Callable[..., Path]) -> None:
    """PYNQ 4.0.0: ``getattr(ol, 'hier/core') is ol.hier.core`` is False: two drivers, each with a state of its own."""
    made = []

    class Driver(pynq.DefaultIP):
        bindto = ["me.org:hls:core:1.0"]

        def __init__(self, description: Any) -> None:
            super().__init__(description)
            made.append(self)

    class Hierarchy(pynq.DefaultHierarchy):
        def __init__(self, description: Any) -> None:
            super().__init__(description)
            self.mine = self.core

        @staticmethod
        def checkhierarchy(description: Any) -> bool:
            return "core" in description["ip"]

    ol = pynq.Overlay(write(core("hier/core", 0x43C0_0000), core("hier/inner/core", 0x43C1_0000)))
    assert type(ol.hier) is type(ol.hier.inner) is Hierarchy
    assert getattr(ol, "hier/core") is ol.hier.core is ol["hier/core"] is ol.hier["core"] is ol.hier.mine
    assert getattr(ol, "hier/inner/core") is ol.hier.inner.core is ol["hier"]["inner/core"] is ol.hier.inner.mine
    assert [driver.description["fullpath"] for driver in made] == ["hier/core", "hier/inner/core"]
    assert ol.hier.core.register_map.CTRL is ol["hier/core"].register_map.CTRL


def test_the_processing_system_is_there(pynq: Any, core: Any, write: Callable[..., Path]) -> None:
    """PYNQ 4.0.0: ``ol.processing_system7_0`` raises KeyError: 'phys_addr'."""
    ol = pynq.Overlay(write(core("core", 0x43C0_0000)))
    ps = ol.processing_system7_0
    assert isinstance(ps, pynq.DefaultIP)
    assert ps.description["parameters"]["PCW_FPGA0_PERIPHERAL_FREQMHZ"] == "100"
    assert "processing_system7_0" in ol.ip_dict
    assert "phys_addr" not in ol.ip_dict["processing_system7_0"], "as with PYNQ, where code tells it by that"
    with pytest.raises(RuntimeError, match=r"^processing_system7_0 \(xilinx\.com:ip:processing_system7:5\.5\) has no address range"):
        ps.read(0)
    assert hasattr(ps, "register_map") is False


def test_a_typo_on_a_register_map_is_no_attribute(pynq: Any, core: Any, control: Any, register: Any, write: Callable[..., Path]) -> None:
    """PYNQ 4.0.0: ``rm.CTLR = 1`` and ``rm.CTRL.AP_STRAT = 1`` become Python attributes, and no hardware is written."""
    ip = pynq.Overlay(write(core("core", 0x43C0_0000, (*control, register("GAIN", 0x10))))).core
    rm = ip.register_map
    with pytest.raises(AttributeError, match=r"^no register 'CTLR' in RegisterMapcore \(did you mean 'CTRL'\?\)$"):
        rm.CTLR = 1
    with pytest.raises(
        AttributeError, match=r"^register CTRL has no field 'AP_STRAT' \(did you mean 'AP_START', .*\): nothing was written$"
    ):
        rm.CTRL.AP_STRAT = 1
    with pytest.raises(AttributeError, match=r"'GAIM'.*did you mean 'GAIN'"):
        ip.GAIM = 1
    with pytest.raises(KeyError, match=r"no register 'GIAN'"):
        rm["GIAN"] = 1
    assert not hasattr(rm, "CTLR")
    assert ip.read(0) & 1 == 0
    ol = pynq.Overlay(write(core("core", 0x43C0_0000)))
    with pytest.raises(AttributeError, match=r"^'core' is a block of overlay small: 5 was not written"):
        ol.core = 5


FIELDS = ("width", "address", "access", "debug", "count", "in", "class", "lambda", "print")


@pytest.mark.parametrize("name", FIELDS)
def test_an_hls_argument_named(name: str, pynq: Any, core: Any, control: Any, register: Any, write: Callable[..., Path]) -> None:
    """PYNQ 4.0.0: a look at the map raises: RecursionError (`width`), AttributeError (`address`, `debug`), TypeError (`access`)."""
    argument = register(name, 0x10, fields=((name, 0, 16),))
    ip = pynq.Overlay(write(core("core", 0x43C0_0000, (*control, argument, register("next", 0x18))))).core
    rm = ip.register_map
    setattr(rm, name, 640)
    assert ip.read(0x10) == 640
    setattr(getattr(rm, name), name, 480)
    assert getattr(getattr(rm, name), name) == rm[name][name] == 480
    assert getattr(rm, name)[:] == int(rm[name]) == ip.read(0x10) == 480
    rm.next = 1
    assert f"  {name} = Register({name}=480)" in repr(rm)
    assert ip.read(0x18) == 1


@pytest.mark.parametrize(
    ("name", "shown"), [("IVAR[0]", "IVAR_0_"), ("2nd word", "r2nd_word"), ("MUTEX 1", "MUTEX_1"), ("Channel-1", "Channel_1")]
)
def test_a_register_whose_name_python_cannot_write(
    name: str, shown: str, pynq: Any, core: Any, register: Any, write: Callable[..., Path]
) -> None:
    """PYNQ 4.0.0: under its shown name only; here under that of the design too."""
    ip = pynq.Overlay(write(core("core", 0x43C0_0000, (register(name, 0x10),)))).core
    setattr(ip.register_map, shown, 5)
    assert ip.register_map[name] == 5
    ip.register_map[name] = 6
    assert int(getattr(ip.register_map, shown)) == ip.read(0x10) == 6


@pytest.mark.parametrize("name", ["create_subclass", "_instances", "_port"])
def test_a_register_named_as_the_maps_own(name: str, pynq: Any, core: Any, register: Any, write: Callable[..., Path]) -> None:
    """PYNQ 4.0.0: a register `_instances` makes every map of that IP a RecursionError."""
    ip = pynq.Overlay(write(core("core", 0x43C0_0000, (register(name, 0x10), register("next", 0x18))))).core
    ip.register_map[name] = 5
    ip.register_map.next = 6
    assert (ip.read(0x10), ip.read(0x18)) == (5, 6)
    with pytest.raises(AttributeError, match=f"^'{name}' of RegisterMapcore is not a register: reach a register of that name by item$"):
        setattr(ip.register_map, name, 7)
    assert f"  {name} = Register(value=5)" in repr(ip.register_map)


def test_bits_that_do_not_fit_leave_their_neighbours_alone(pynq: Any, core: Any, register: Any, write: Callable[..., Path]) -> None:
    """PYNQ 4.0.0: ``rm.GAIN[7:4] = -1`` writes 0xfffffff7 over a 7: all bits above, too."""
    ip = pynq.Overlay(write(core("core", 0x43C0_0000, (register("GAIN", 0x10),)))).core
    ip.register_map.GAIN = 7
    with pytest.raises(ValueError, match="cannot represent value -1"):
        ip.register_map.GAIN[7:4] = -1
    assert ip.read(0x10) == 7
    ip.register_map.GAIN[np.int64(7) : np.uint8(4)] = np.int16(15)
    assert ip.read(0x10) == 0xF7


def test_a_register_is_compared_by_what_it_holds(pynq: Any, core: Any, register: Any, write: Callable[..., Path]) -> None:
    """PYNQ 4.0.0: ``rm.GAIN == 7`` is False whatever the register holds, so that a loop ``while rm.STATUS == 0`` ends at once."""
    ip = pynq.Overlay(write(core("core", 0x43C0_0000, (register("GAIN", 0x10),)))).core
    ip.register_map.GAIN = 7
    assert ip.register_map.GAIN == 7
    assert ip.register_map.GAIN != 8
