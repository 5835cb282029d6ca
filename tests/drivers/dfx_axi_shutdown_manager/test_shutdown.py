"""The shutdown manager, both sides; PG377's one register."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device.clock import VirtualClock

# Offset, reset value, and the bits that software sets.
ROWS = {"CONTROL_STATUS": (0x0, 0x0, 0x1)}


@pytest.fixture
def bench(build: Any, block: Any) -> Any:
    return build(
        block(
            "stop",
            "xilinx.com:ip:dfx_axi_shutdown_manager:1.0",
            0x4300_0000,
            interface="S_AXI_CTRL",
            clocks=("clk",),
            pins=(("in_shutdown", "O"),),
        )
    )


def test_the_register(bench: Any) -> None:
    ip = bench.overlay.stop
    assert {name: handle.offset for name, handle in ip.registers.registers.items()} == {name: row[0] for name, row in ROWS.items()}
    assert ip.read(0) == 0
    ip.write(0, 0xFFFF_FFFF)
    assert ip.read(0) == 0xF, "asked for, and done"
    ip.write(0, 0xFFFF_FFFE)
    assert ip.read(0) == 0


def test_shutdown_and_release(bench: Any) -> None:
    ip = bench.overlay.stop
    assert bench.accesses("stop", ip.shutdown) == [("write", 0, 1), ("read", 0)]
    assert (ip.requested, ip.in_shutdown, ip.writes_in_shutdown, ip.reads_in_shutdown) == (True, True, True, True)
    assert bench.device.probe("stop/in_shutdown") == 1
    ip.release()
    assert (ip.requested, ip.in_shutdown) == (False, False)
    assert bench.device.probe("stop/in_shutdown") == 0


def test_a_transfer_that_does_not_end(bench: Any) -> None:
    ip = bench.overlay.stop
    bench.model("stop").busy(writes=True)
    with pytest.raises(TimeoutError) as error:
        ip.shutdown(0.01)
    assert str(error.value) == "stop did not shut down within 0.01 s: a master or a slave behind it does not finish its transfer"
    assert (ip.reads_in_shutdown, ip.writes_in_shutdown, ip.in_shutdown) == (True, False, False)
    bench.model("stop").busy()
    assert ip.in_shutdown


def test_the_block_releases_whatever_happens(bench: Any) -> None:
    ip = bench.overlay.stop

    def fail() -> None:
        with ip.shut():
            assert ip.in_shutdown
            raise RuntimeError("meanwhile")

    with pytest.raises(RuntimeError, match=r"^meanwhile$"):
        fail()
    assert not ip.in_shutdown


def test_the_published_designs(hwh_folder: Path) -> None:
    found = 0
    for name in (
        "Xilinx__PYNQ_Composable_Pipeline__cv_dfx_3_pr",
        "Xilinx__PYNQ__base-ZCU104-2018.3",
        "vision-agh__AUP-ZU3__peripherals_sobel-2024.2",
    ):
        overlay = Overlay(hwh_folder / f"{name}.hwh", device=SimulatedDevice(clock=VirtualClock(autojump=True)))
        for path, entry in overlay.ip_dict.items():
            if "axi_shutdown_manager" in str(entry["type"]):
                with overlay[path].shut():
                    assert overlay[path].in_shutdown
                found += 1
    assert found == 8
