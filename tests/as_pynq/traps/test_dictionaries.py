"""The same traps where a device of PYNQ's kind brings PYNQ's dictionaries instead of a design."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

VIEWS = ("ip_dict", "hierarchy_dict", "interrupt_pins", "interrupt_controllers", "gpio_dict", "mem_dict", "clock_dict")


@pytest.fixture
def mock(pynq: Any, core: Any, control: Any, register: Any, write: Callable[..., Path]) -> Any:
    """An overlay on a device with registers alone, which parses its bitstreams itself."""
    path = write(
        core("download", 0x43C0_0000), core("hier/core", 0x43C1_0000, (*control, register("width", 0x10, fields=(("width", 0, 16),))))
    )
    known = pynq.Overlay(path)
    parser = SimpleNamespace(**{name: copy.deepcopy(getattr(known, name)) for name in VIEWS})
    for entry in parser.ip_dict.values():
        entry.pop("ranges", None)  # ours; PYNQ's parser has no such key

    class Mock(pynq.Device):
        capabilities = {"REGISTER_RW": True}

        def __init__(self) -> None:
            super().__init__("mock")
            self.words: dict[int, int] = {}

        def get_bitfile_metadata(self, bitfile_name: str, partial: bool = False) -> Any:
            return parser

        def download(self, bitstream: Any, parser: Any = None) -> None:
            self.words.clear()

        def read_registers(self, address: int, length: int) -> bytes:
            return b"".join(self.words.get(address + at, 0).to_bytes(4, "little") for at in range(0, length, 4))

        def write_registers(self, address: int, data: bytes) -> None:
            for at in range(0, len(data), 4):
                self.words[address + at] = int.from_bytes(data[at : at + 4], "little")

    ol = pynq.Overlay(path, device=Mock())
    assert ol.design is None
    return ol


def test_names(mock: Any) -> None:
    """PYNQ 4.0.0: the IP `download` is out of reach, and ``ol.processing_system7_0`` a KeyError."""
    assert mock["download"].description["phys_addr"] == 0x43C0_0000
    assert getattr(mock, "hier/core") is mock.hier.core is mock["hier/core"]
    assert "phys_addr" not in mock.processing_system7_0.description


def test_registers(mock: Any) -> None:
    """PYNQ 4.0.0: the argument `width` is a RecursionError, a typo an attribute, 1.5 a 1."""
    rm = mock.hier.core.register_map
    rm.width = 640
    rm.width.width = 480
    assert mock.hier.core.read(0x10) == 480
    assert rm.width == 480
    with pytest.raises(AttributeError, match=r"^no register 'widht' in RegisterMapcore \(did you mean 'width'"):
        rm.widht = 1
    with pytest.raises(TypeError, match=r"^register width takes an int, not the float 1\.5"):
        rm.width = 1.5
    assert list(mock.hier.core.register_maps.values()) == [rm]


def test_what_has_gone(mock: Any, pynq: Any) -> None:
    """PYNQ 4.0.0: ``copy.copy(ol)`` is a RecursionError, and ``hasattr`` a RuntimeError once another overlay is loaded."""
    twin = copy.copy(mock)
    assert twin.hier.core is mock.hier.core
    pynq.Overlay(mock.bitfile_name, device=mock.device)
    assert not hasattr(mock, "hier")
    assert not hasattr(twin, "hier")
