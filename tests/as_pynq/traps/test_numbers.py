"""Numbers that are no plain words: floats, several interfaces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

VALUES = [1.5, 2.0, np.float32(1.5), np.float64(2.0)]


@pytest.fixture
def ip(pynq: Any, core: Any, control: Any, register: Any, write: Callable[..., Path]) -> Any:
    """An HLS core with the arguments ``float alpha`` and ``long long total``; a hardware handoff does not tell their types."""
    arguments = (register("alpha", 0x10, fields=(("alpha", 0, 32),)), register("total", 0x18, 64))
    return pynq.Overlay(write(core("core", 0x43C0_0000, (*control, *arguments)))).core


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_float_is_never_cut_in_silence(value: Any, ip: Any) -> None:
    """PYNQ 4.0.0: ``rm.alpha = 1.5`` writes the integer 1, and a core that takes a float gets 1.4e-45."""
    ip.write(0x10, 0x1234)
    with pytest.raises(TypeError) as error:
        ip.register_map.alpha = value
    assert str(error.value) == (
        f"register alpha takes an int, not the {type(value).__name__} {value!r}; for a number write int(value), for an argument that is a "
        "float in C its bits: int(numpy.float32(value).view('u4'))"
    )
    with pytest.raises(TypeError, match="takes an int"):
        ip.register_map.alpha.alpha = value
    with pytest.raises(TypeError, match="takes an int"):
        ip.register_map.total = value
    with pytest.raises(ValueError, match=r"^Data type must be int or bytes\."):
        ip.write(0x10, value)
    assert ip.read(0x10) == 0x1234
    assert ip.read(0x18) == 0


def test_the_bits_of_a_float_go_as_the_message_says(ip: Any) -> None:
    """PYNQ 4.0.0: the same bits can be written as bytes; that is so here."""
    ip.register_map.alpha = int(np.float32(1.5).view("u4"))
    assert ip.read(0x10) == 0x3FC0_0000
    ip.write(0x10, np.float32(-2.5).tobytes())
    assert np.uint32(int(ip.register_map.alpha)).view("f4") == -2.5


def test_a_driver_says_that_a_register_is_a_float(pynq: Any, core: Any, control: Any, register: Any, write: Callable[..., Path]) -> None:
    """PYNQ 4.0.0: has nothing of the kind; a float argument is read as an int."""
    from pynq_widgets.overlay.traits import Float32

    class Filter(pynq.DefaultIP):
        bindto = ["me.org:hls:filter:1.0"]
        alpha = Float32("alpha", limits=(-10.0, 10.0))

    path = write(core("filter", 0x43C0_0000, (*control, register("alpha", 0x10)), "me.org:hls:filter:1.0"))
    ip = pynq.Overlay(path).filter
    ip.alpha = 1.5
    assert ip.alpha == 1.5
    assert ip.read(0x10) == int(ip.register_map.alpha) == 0x3FC0_0000
    ip.register_map.alpha = 0xC020_0000
    assert ip.alpha == -2.5


@pytest.mark.parametrize(
    "value", [7, True, np.uint32(7), np.int64(7), np.bool_(True), (np.arange(3) == 1).any(), (np.arange(3)).sum()], ids=repr
)
def test_numpys_integers_are_integers(value: Any, ip: Any) -> None:
    """PYNQ 4.0.0: ``ip.write(0x10, np.uint32(7))`` raises ValueError: Data type must be int or bytes."""
    ip.register_map.alpha = value
    assert ip.read(0x10) == int(value)
    ip.register_map.total = value
    assert int(ip.register_map.total) == int(value)


def test_64_bits_are_one_register(ip: Any) -> None:
    """PYNQ 4.0.0: so too, but ``rm.total = -1`` is 2**64 - 1, or OverflowError with NumPy 2."""
    ip.register_map.total = 1 << 40
    assert (ip.read(0x18), ip.read(0x1C)) == (0, 1 << 8)
    assert ip.register_map.total.width == 64
    with pytest.raises(ValueError, match="cannot represent value 18446744073709551616"):
        ip.register_map.total = 1 << 64
    assert int(ip.register_map.total) == 1 << 40


def test_the_registers_of_each_interface(pynq: Any, core: Any, control: Any, register: Any, write: Callable[..., Path]) -> None:
    """PYNQ 4.0.0: the last interface takes the place of the first in ``ip_dict``: address and registers of the other one are lost."""
    shared = register("SIZE", 0x10)
    pointers = (shared, register("source", 0x18, 64))
    design = write(core("core", 0x43C0_0000, (*control, shared), others=(("s_axi_control_r", 0x43C1_0000, pointers),)))
    ol = pynq.Overlay(design)
    ip = ol.core
    assert [entry["interface"] for entry in ol.ip_dict["core"]["ranges"]] == ["s_axi_control", "s_axi_control_r"]
    assert list(ip.register_maps) == ["s_axi_control/Reg", "s_axi_control_r/Reg"]
    first, second = ip.register_maps["s_axi_control"], ip.register_maps["s_axi_control_r"]
    assert first is ip.register_map
    first.SIZE = 1
    second.SIZE = 2
    second.source = 0x1_0000_0000
    assert (ip.mmio.read(0x10), ip.mmios["s_axi_control_r"].read(0x10)) == (1, 2)
    assert ip.mmios["s_axi_control_r"].read(0x18, 8) == 0x1_0000_0000
    assert (ol.read(0x43C0_0010), ol.read(0x43C1_0010)) == (1, 2)
    assert not hasattr(first, "source")
    assert not hasattr(second, "CTRL")
    with pytest.raises(KeyError, match=r"core has no range 's_axi_controlr' \(did you mean"):
        ip.register_maps["s_axi_controlr"]


def test_the_registers_of_each_interface_of_a_published_design(pynq: Any, hwh_folder: Path) -> None:
    """PYNQ 4.0.0: keeps the last range that it comes across, of each IP that has several."""
    several = 0
    for name in ("ihsanalhafiz__SVM_Speech_Recognition_Vivado__design_1", "Xilinx__PYNQ_Composable_Pipeline__cv_dfx_3_pr"):
        ol = pynq.Overlay(hwh_folder / f"{name}.hwh")
        for path, entry in ol.ip_dict.items():
            ip = ol[path]
            if len(entry["ranges"]) > 1 and isinstance(ip, pynq.DefaultIP):
                several += 1
                assert set(ip.register_maps) <= set(ip.mmios)
                assert {mmio.base_addr for mmio in ip.mmios.values()} == {each["base"] for each in entry["ranges"]}
                for where, registers in ip.register_maps.items():
                    block = ol.design.modules[path].block(*where.split("/"))
                    assert set(registers) == {register.name for register in block.registers}
    assert several


def test_the_maps_of_an_overlay_that_has_gone_say_so(pynq: Any, core: Any, register: Any, write: Callable[..., Path]) -> None:
    """PYNQ 4.0.0: a register of an overlay that was replaced writes whatever is at its address now."""
    design = write(core("core", 0x43C0_0000, others=(("s_axi_more", 0x43C1_0000, (register("MORE", 0x10),)),)))
    more = pynq.Overlay(design).core.register_maps["s_axi_more"]
    more.MORE = 1
    other = pynq.Overlay(write(core("other", 0x43C1_0000), name="other"))
    with pytest.raises(pynq.StaleOverlayError, match=r"small\.hwh was replaced by other\.hwh"):
        more.MORE = 2
    assert other.other.read(0x10) == 0
