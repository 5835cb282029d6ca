"""The MIPI CSI-2 receiver, both sides; PG232's registers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pynq_drivers.mipi_csi2_rx_subsystem import registers as r
from pynq_drivers.mipi_csi2_rx_subsystem.driver import Csi2Receiver, Image, ShortPacket
from pynq_widgets import Overlay, SimulatedDevice

EVENTS = sum(1 << bit for _, bit, _ in r.EVENTS)

# Offset, reset value, and the bits that software sets and reads back; None where a read or a write acts, which is tested below.
ROWS: dict[str, tuple[int, int, int | None]] = {
    "CORE_CONFIGURATION": (0x0, 1, 0x3),
    "PROTOCOL_CONFIGURATION": (0x4, 0x9, 0x3),
    "CORE_STATUS": (0x10, 0, 0),
    "GLOBAL_INTERRUPT_ENABLE": (0x20, 0, 0x1),
    "INTERRUPT_STATUS": (0x24, 0, None),
    "INTERRUPT_ENABLE": (0x28, 0, EVENTS),
    "SHORT_PACKET": (0x30, 0, None),
    "CLOCK_LANE": (0x3C, 2, 0),
    **{f"LANE{lane}": (0x40 + 4 * lane, 0x20, 0) for lane in range(4)},
    **{f"IMAGE{channel}": (0x60 + 8 * channel, 0, 0) for channel in range(4)},
    **{f"IMAGE{channel}_TYPE": (0x64 + 8 * channel, 0, 0) for channel in range(4)},
}


@pytest.fixture
def bench(build: Any, block: Any) -> Any:
    return build(
        block(
            "csi",
            "xilinx.com:ip:mipi_csi2_rx_subsystem:5.1",
            0x4300_0000,
            {"CMN_NUM_LANES": 2},
            interface="csirxss_s_axi",
            clocks=("lite_aclk",),
            pins=(("csirxss_csi_irq", "O"),),
        )
    )


def test_the_registers(bench: Any) -> None:
    csi = bench.overlay.csi
    assert type(csi) is Csi2Receiver
    assert {name: handle.offset for name, handle in csi.registers.registers.items()} == {name: row[0] for name, row in ROWS.items()}
    for name, (offset, reset, bits) in ROWS.items():
        assert csi.read(offset) == reset, name
        if bits is not None and name not in ("CORE_CONFIGURATION", "PROTOCOL_CONFIGURATION"):
            csi.write(offset, 0xFFFF_FFFF)
            assert csi.read(offset) == reset | bits, name
            csi.write(offset, 0)
    csi.write(0x0, 0xFFFF_FFFF)
    assert csi.read(0x0) == 0x3
    csi.write(0x4, 0)
    assert (csi.read(0x4), csi.lanes, csi.most_lanes) == (0x8, 1, 2)
    csi.write(0x4, 0x3)
    assert csi.errors == ("More lanes were asked for than there are",)
    assert csi.registers["SHORT_PACKET"].guard == "a read takes a packet out of the FIFO"


def test_start_and_stop(bench: Any) -> None:
    csi = bench.overlay.csi
    assert bench.accesses("csi", lambda: csi.start(2)) == [
        ("read", 0x4),
        ("write", 0x0, 3),
        ("read", 0x10),
        ("write", 0x4, 1),
        ("write", 0x24, EVENTS),
        ("write", 0x0, 1),
    ]
    assert csi.receiving
    csi.stop()
    assert not csi.receiving

    def refused() -> None:
        with pytest.raises(ValueError, match=r"^csi has 1 to 2 lanes, not 3$"):
            csi.start(3)

    assert bench.accesses("csi", refused) == [("read", 0x4)]
    bench.model("csi").stuck = True
    with pytest.raises(TimeoutError, match=r"^the reset of csi did not end within 0.1 s: do its clocks \(video, D-PHY\) run\?$"):
        csi.start(timeout=0.1)


def test_what_the_camera_sends(bench: Any) -> None:
    csi, model = bench.overlay.csi, bench.model("csi")
    csi.start()
    assert csi.image() is None
    model.frame(1080, 2400, 0x2B)
    model.frame(10, 20, 0x3F, channel=2)
    assert csi.image() == Image(1080, 2400, "RAW10")
    assert csi.image(2) == Image(10, 20, "data type 0x3f")
    assert csi.packets == 1090
    with pytest.raises(ValueError, match=r"^csi has the virtual channels 0 to 3, not 4$"):
        csi.image(4)
    csi.stop()
    model.frame(1, 1, 0x2B)
    assert csi.packets == 1090


def test_short_packets_in_their_order_and_the_one_too_many(bench: Any) -> None:
    csi, model = bench.overlay.csi, bench.model("csi")
    assert csi.short_packet() is None
    for number in range(r.DEPTH):
        model.short(0x08, number, channel=1)
    assert csi.errors == ()
    model.short(0x08, 99)
    assert csi.errors == ("Short packets were lost",)
    assert csi.read(r.STATUS) & 0xC == 0xC
    assert csi.short_packet() == ShortPacket(0x08, 1, 0)
    assert csi.short_packet() == ShortPacket(0x08, 1, 1)
    csi.clear()
    assert csi.errors == ()


def test_errors_and_the_interrupt(bench: Any) -> None:
    csi, model = bench.overlay.csi, bench.model("csi")
    model.trouble("CRC", "ECC")
    assert csi.errors == ("Error in the payload", "Two bits of a header were wrong")
    assert bench.device.probe("csi/csirxss_csi_irq") == 0
    csi.write(r.ENABLED, 1 << 9)
    assert bench.device.probe("csi/csirxss_csi_irq") == 0
    csi.write(r.GLOBAL, 1)
    assert bench.device.probe("csi/csirxss_csi_irq") == 1
    csi.clear()
    assert bench.device.probe("csi/csirxss_csi_irq") == 0


def test_the_published_designs(hwh_folder: Path) -> None:
    for name in ("Xilinx__PYNQ_Composable_Pipeline__cv_dfx_3_pr", "vision-agh__AUP-ZU3__peripherals_sobel-2024.2"):
        mipi = Overlay(hwh_folder / f"{name}.hwh", device=SimulatedDevice(name)).mipi
        mipi.mipi_csi2_rx_subsyst.start(2)
        assert mipi.mipi_csi2_rx_subsyst.most_lanes == 2
