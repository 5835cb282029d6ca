"""Which family a machine is of, and where its logic is."""

from __future__ import annotations

import pytest

from pynq_widgets.device.board.family import FAMILIES, VERSAL, ZYNQ, ZYNQMP, family_of
from pynq_widgets.device.board.linux import Linux

from .conftest import Kernel


def test_the_device_tree_tells(zynq: Kernel, zynqmp: Kernel, versal: Kernel) -> None:
    assert [family_of(kernel) for kernel in (zynq, zynqmp, versal)] == [ZYNQ, ZYNQMP, VERSAL]


@pytest.mark.parametrize(("machine", "system"), [("x86_64", "linux"), ("arm64", "darwin"), ("", "win32")])
def test_other_machines_are_no_board_whatever_their_files_say(zynq: Kernel, machine: str, system: str) -> None:
    assert family_of(Linux(zynq.root, machine, system)) is None


def test_other_boards_are_none_of_ours(zynq: Kernel) -> None:
    zynq.put("/proc/device-tree/compatible", "raspberrypi,4-model-b\0brcm,bcm2711\0")
    assert family_of(zynq) is None


@pytest.mark.parametrize(
    ("part", "family"),
    [
        ("7z020clg400", ZYNQ),
        ("xc7z010clg400-1", ZYNQ),
        ("xczu7ev-ffvc1156-2-e", ZYNQMP),
        ("zu28dr-ffvg1517-2-e", ZYNQMP),
        ("XCK26-SFVC784-2LV-C", ZYNQMP),
        ("xcvc1902-vsva2197-2MP-e-S", VERSAL),
        ("7a35tcpg236", None),
        ("", None),
    ],
)
def test_parts(part: str, family: object) -> None:
    assert [known for known in FAMILIES if known.made_for(part)] == ([family] if family else [])


@pytest.mark.parametrize(
    ("family", "address", "inside"),
    [
        (ZYNQ, 0x3FFF_FFFF, False),
        (ZYNQ, 0x4000_0000, True),
        (ZYNQ, 0xBFFF_FFFF, True),
        (ZYNQ, 0xE000_0000, False),
        (ZYNQMP, 0x7FFF_FFFF, False),
        (ZYNQMP, 0x8000_0000, True),
        (ZYNQMP, 0xC000_0000, False),
        (ZYNQMP, 0x4_0000_0000, True),
        (ZYNQMP, 0x8_0000_0000, False),
        (VERSAL, 0xA000_0000, False),
        (VERSAL, 0xA400_0000, True),
    ],
)
def test_windows_of_the_logic(family: object, address: int, inside: bool) -> None:
    assert family.in_logic(address) is inside  # type: ignore[attr-defined]
