"""HLS cores: control bits that are never polled, arguments by name, those of 64 bits as one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from traitlets import TraitError

from pynq_widgets import DefaultIP, Overlay, SimulatedDevice
from pynq_widgets.design import Field, Register
from pynq_widgets.overlay.traits import FixedPoint, Float32, RegArray, WideWord
from pynq_widgets.overlay.traits.hls import c_type

Make = Callable[..., Any]
BASE = 0x43C0_0000
VLNV = "xilinx.com:hls:filter:1.0"


def bits(name: str, low: int, width: int = 1, access: str = "read-write") -> Field:
    reads = "modify" if access == "read-only" else None
    return Field(name, low, width, access, "", reads, "modify" if access == "read-write" and width == 1 else None)  # type: ignore[arg-type]


def argument(name: str, offset: int, width: int = 32, access: str = "write-only", field: str = "") -> Register:
    fields = [Field(field or name, 0, width, access, "", "modify" if access == "read-only" else None, None)]  # type: ignore[arg-type]
    if width < 32:
        fields.append(Field("RESERVED", width, 32 - width, "read-only", "", "modify", None))
    return Register(name, offset, 32, access, 0, f"Data signal of {name}", tuple(fields), access == "read-only")  # type: ignore[arg-type]


CTRL = Register(
    "CTRL",
    0,
    32,
    "read-write",
    0,
    "Control signals",
    (
        bits("AP_START", 0),
        bits("AP_DONE", 1, access="read-only"),
        bits("AP_IDLE", 2, access="read-only"),
        bits("AP_READY", 3, access="read-only"),
        bits("RESERVED_1", 4, 3, "read-only"),
        bits("AUTO_RESTART", 7),
        bits("RESERVED_2", 8, 24, "read-only"),
    ),
    True,
)
CORE = (
    CTRL,
    argument("src_1", 0x10, field="src"),
    argument("src_2", 0x14, field="src"),
    argument("length_r", 0x1C),
    argument("alpha", 0x24, 8),
    argument("flag", 0x2C, 1),
    argument("c1_0", 0x34, 10),
    argument("c1_1", 0x3C, 10),
    argument("c1_2", 0x44, 10),
    argument("total", 0x4C, access="read-only"),
    Register("total_ctrl", 0x50, 32, "read-only", 0, "", (bits("total_ap_vld", 0, access="read-only"),), True),
    argument("ap_return", 0x54, access="read-only"),
    argument("wide_1", 0x60),
    argument("wide_2", 0x64),
    argument("wide_3", 0x68),
    Register("Memory_lut", 0x100, 256, "read-write", 0, "", (), False, True),
)


def word(value: int) -> bytes:
    return value.to_bytes(4, "little")


def test_arguments_by_name(make_ip: Make, device: Any) -> None:
    ip = make_ip(CORE, VLNV)
    ip.length, ip.alpha, ip.flag, ip.c1_1 = 1024, 200, True, 1023
    assert device.bus == [
        ("write", BASE + 0x1C, word(1024)),
        ("write", BASE + 0x24, word(200)),
        ("write", BASE + 0x2C, word(1)),
        ("write", BASE + 0x3C, word(1023)),
    ]
    assert (int(ip.length), int(ip.length_r), int(ip.alpha)) == (1024, 1024, 200)
    for name, value in (("alpha", 256), ("c1_1", 1024), ("flag", 2), ("length", -1)):
        with pytest.raises(TraitError, match=rf"The '{name}' trait of a DefaultIP instance expected .*: nothing was written"):
            setattr(ip, name, value)


def test_two_halves_are_one_argument(make_ip: Make, device: Any) -> None:
    ip = make_ip(CORE, VLNV)
    ip.src = 0x1_2345_6789_ABCD
    assert device.bus == [("write", BASE + 0x10, word(0x6789_ABCD)), ("write", BASE + 0x14, word(0x1_2345))]
    assert type(ip.traits()["src"]) is WideWord
    assert ip.known("src").value == 0x1_2345_6789_ABCD
    assert {"src_1", "src_2", "wide_1", "wide_2", "wide_3"} <= set(ip.traits())
    assert not {"wide", "c1", "src_1_src", "alpha_alpha", "Memory_lut"} & set(ip.traits())


def test_what_the_function_returns(make_ip: Make, device: Any) -> None:
    ip = make_ip(CORE, VLNV)
    assert {"return_", "ap_return", "total_ap_vld"} <= set(ip.traits())
    assert ip.return_ is None, "the file says that reading it changes it, so it is not read unasked"
    device.words[BASE + 0x54] = 7
    ip.registers.ap_return.read()
    assert (ip.return_, ip.ap_return) == (7, 7)
    with pytest.raises(TraitError, match=r"The 'return_' trait of a DefaultIP instance is read-only: 3 was not written"):
        ip.return_ = 3


def test_what_a_driver_states_is_believed_instead(make_ip: Make, device: Any) -> None:
    class Filter(DefaultIP):
        total = FixedPoint("total", fraction=8, onread="none")
        gain = Float32("length_r", access="read-write")
        lut = RegArray("Memory_lut", length=8)

    ip = make_ip(CORE, VLNV, Filter)
    device.words[BASE + 0x4C] = 0x180
    assert ip.total == 1.5
    assert device.bus == [("read", BASE + 0x4C)]
    device.log.clear()
    ip.gain = 1.0
    assert ip.gain == 1.0
    ip.lut[3] = 9
    assert device.words[BASE + 0x10C] == 9
    ip.src = 4
    assert device.words[BASE + 0x10] == 4


# The control register.


def test_the_control_bits_are_not_read_unasked(make_ip: Make, device: Any) -> None:
    ip = make_ip(CORE, VLNV)
    for name in ("ap_start", "ap_done", "ap_idle", "ap_ready", "auto_restart"):
        assert getattr(ip, name) is None
        with pytest.raises(ValueError, match=rf"^{name} of hier/core cannot be watched: it is not read unasked \(reading changes AP_DONE"):
            ip.watch(name)
    with pytest.raises(ValueError, match=r"register CTRL cannot be watched: it is not read unasked"):
        ip.watch("CTRL.AP_IDLE")
    assert device.bus == []
    device.words[BASE] = 0x6
    assert ip.registers.CTRL.read() == 6
    assert (ip.ap_done, ip.ap_idle, ip.ap_start) == (True, True, False)
    assert ip.ap_done.age >= 0
    assert len(device.bus) == 1


def test_starting_is_one_write_once_the_word_is_known(make_ip: Make, device: Any) -> None:
    ip = make_ip(CORE, VLNV)
    ip.ap_start = True
    assert device.bus == [("read", BASE), ("write", BASE, word(1))]
    device.log.clear()
    ip.ap_start = True
    ip.auto_restart = True
    ip.ap_start = True
    ip.CTRL_AP_START = True
    ip.auto_restart = False
    assert device.bus == [("write", BASE, word(value)) for value in (0x01, 0x80, 0x81, 0x81, 0x00)]


def test_another_bit_does_not_start_a_running_core_again(make_ip: Make, device: Any) -> None:
    """The 1 that stands in ap_start while the core runs is not written back, whichever way the word is changed."""
    ip = make_ip(CORE, VLNV)
    device.words[BASE] = 1
    ip.auto_restart = True
    assert device.bus[-1] == ("write", BASE, word(0x80))
    device.words[BASE] = 0x81
    ip.register_map.CTRL.AUTO_RESTART = 0
    assert device.bus[-1] == ("write", BASE, word(0x00))
    device.words[BASE] = 1
    ip.registers.CTRL.write_field("AUTO_RESTART", 1)
    assert device.bus[-1] == ("write", BASE, word(0x80))


def test_a_transaction_joins_the_bits(make_ip: Make, device: Any) -> None:
    ip = make_ip(CORE, VLNV)
    with ip.transaction():
        ip.auto_restart = True
        ip.ap_start = True
    assert [entry for entry in device.bus if entry[0] == "write"] == [("write", BASE, word(0x81))]


@pytest.mark.parametrize("joined", ["transaction", "hold_trait_notifications"])
def test_a_transaction_does_not_read_the_control_word_once_it_is_known(make_ip: Make, device: Any, joined: str) -> None:
    ip = make_ip(CORE, VLNV)
    with ip.transaction():
        ip.ap_start = True
        assert device.bus == []
    assert device.bus == [("read", BASE), ("write", BASE, word(1))]
    device.log.clear()
    with getattr(ip, joined)():
        ip.auto_restart = True
        ip.ap_start = True
    with getattr(ip, joined)():
        ip.ap_start = True
    with getattr(ip, joined)():
        ip.auto_restart = False
    assert device.bus == [("write", BASE, word(0x81)), ("write", BASE, word(0x81)), ("write", BASE, word(0))]


def test_an_interrupt_that_is_connected_keeps_its_name(demo_design: Path) -> None:
    overlay = Overlay(demo_design, device=SimulatedDevice("t"))
    ip = DefaultIP(overlay._get_tree().descriptions.ip("filter/fir"))
    assert ip.interrupt is ip["interrupt"]
    assert {"interrupt_", "taps", "shift", "clipped", "ap_start"} <= set(ip.traits())


# Types.


@pytest.mark.parametrize(
    ("width", "name", "said"),
    [
        (1, "", "bool or ap_uint<1>"),
        (8, "", "(u)int8_t"),
        (10, "", "ap_(u)int<10>"),
        (32, "", "uint32_t, int32_t or float"),
        (64, "", "uint64_t, int64_t, double or a pointer"),
        (8, "alpha_V", "ap_(u)int<8> or ap_(u)fixed<8, …>"),
    ],
)
def test_c_types(width: int, name: str, said: str) -> None:
    assert c_type(width, name) == said


def test_the_type_stands_in_the_page_and_in_the_metadata(make_ip: Make) -> None:
    ip = make_ip(CORE, VLNV)
    assert "argument alpha: (u)int8_t by its width; the design tells no sign" in ip.trait_page()
    assert "result return: uint32_t, int32_t or float by its width" in ip.trait_page()
    assert ip.trait_metadata("src", "c_type") == "uint64_t, int64_t, double or a pointer"
    assert ip.trait_metadata("src_1", "c_type") is None


def test_a_core_is_known_by_its_control_register_too(make_ip: Make) -> None:
    assert "ap_start" in make_ip(CORE, "me.org:kernels:filter:1.0").traits()
    assert "ap_start" not in make_ip(CORE[1:], VLNV).traits()
    assert "src" in make_ip(CORE[1:], VLNV).traits()
    assert "src" not in make_ip(CORE[1:], "me.org:ip:filter:1.0").traits()


def test_a_real_core(hwh_folder: Path) -> None:
    """BNN-PYNQ: two pointers and a value of 64 bits, on the simulated device."""
    device = SimulatedDevice("t")
    ip = Overlay(hwh_folder / "Xilinx__BNN-PYNQ__cnvW1A1-pynqZ1-Z2.hwh", device=device).BlackBoxJam_0
    names = set(ip.traits())
    assert {"in_V", "out_V", "val_V", "doInit", "targetLayer", "numReps", "ap_start", "auto_restart"} <= names
    before = device.bus.statistics().total
    ip.in_V = 0x1_0000_0002
    after = device.bus.statistics().total
    assert (after.writes - before.writes, after.reads - before.reads) == (2, 0)
    assert ip.registers.in_V_2.value == 1
