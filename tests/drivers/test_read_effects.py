"""Cores whose designs do not tell that a read takes something away: their drivers do, and no look at them ever reads it."""

import warnings
from pathlib import Path
from typing import Any

import pytest

from pynq_widgets import Overlay, SimulatedDevice
from pynq_widgets.device.clock import VirtualClock

# By type: registers (name, offset, access), and those of them that a read changes (PG090, PG153, PG142, PG143).
CORES: dict[str, tuple[tuple[tuple[str, int, str], ...], set[str]]] = {
    "axi_iic:2.1": (
        (("CR", 0x100, "read-write"), ("SR", 0x104, "read-only"), ("TX_FIFO", 0x108, "write-only"), ("RX_FIFO", 0x10C, "read-only")),
        {"RX_FIFO"},
    ),
    "axi_quad_spi:3.2": (
        (("SPICR", 0x60, "read-write"), ("SPISR", 0x64, "read-only"), ("SPI_DTR", 0x68, "write-only"), ("SPI_DRR", 0x6C, "read-only")),
        {"SPI_DRR", "SPISR"},
    ),
    "axi_uartlite:2.0": (
        (("RX_FIFO", 0, "read-only"), ("TX_FIFO", 4, "write-only"), ("STAT_REG", 8, "read-only"), ("CTRL_REG", 12, "write-only")),
        {"RX_FIFO", "STAT_REG"},
    ),
    "axi_uart16550:2.0": (
        tuple(
            (name, 0x1000 + 4 * index, "read-write")
            for index, name in enumerate(("RBR_THR_DLL", "IER_DLM", "IIR_FCR", "LCR", "MCR", "LSR", "MSR", "SCR"))
        ),
        {"RBR_THR_DLL", "IIR_FCR", "LSR", "MSR"},
    ),
}


@pytest.mark.parametrize("kind", CORES)
def test_no_look_reads_what_a_read_takes_away(build: Any, block: Any, kind: str) -> None:
    listed, taken = CORES[kind]
    bench = build(block("core", f"xilinx.com:ip:{kind}", 0x43C0_0000, {}, registers=listed))
    core = bench.overlay.core
    offsets = {name: offset for name, offset, _ in listed}

    def look() -> None:
        repr(core.register_map)
        core.snapshot()
        core.registers.refresh()
        assert [getattr(core, name) for name in sorted(taken)] == [None] * len(taken)

    seen = {entry[1] for entry in bench.accesses("core", look) if entry[0] == "read"}
    assert seen == {offset for name, offset, access in listed if access != "write-only" and name not in taken}
    assert bench.accesses("core", lambda: [core.registers[name].read() for name in sorted(taken)]) == [
        ("read", offsets[name]) for name in sorted(taken)
    ]


@pytest.mark.parametrize(
    ("kind", "register"), [("axi_iic:2.1", "TX_FIFO"), ("axi_quad_spi:3.2", "SPI_DTR"), ("axi_uartlite:2.0", "TX_FIFO")]
)
def test_what_is_pushed_is_one_write_each(build: Any, block: Any, kind: str, register: str) -> None:
    listed, _ = CORES[kind]
    bench = build(block("core", f"xilinx.com:ip:{kind}", 0x43C0_0000, {}, registers=listed))
    core, offset = bench.overlay.core, next(offset for name, offset, _ in listed if name == register)

    def push() -> None:
        for value in (7, 7):
            setattr(core, register, value)

    assert bench.accesses("core", push) == [("write", offset, 7)] * 2


def test_so_it_is_in_every_real_design(hwh_folder: Path) -> None:
    found = 0
    for path in sorted(hwh_folder.glob("*.hwh")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            overlay = Overlay(path, device=SimulatedDevice("effects", clock=VirtualClock()))
            for name, entry in overlay.ip_dict.items():
                taken = next((taken for kind, (_, taken) in CORES.items() if f":{kind.split(':')[0]}:" in str(entry["type"])), None)
                if taken and entry.get("registers") and entry.get("phys_addr") is not None:
                    guarded = {
                        register
                        for register, handle in overlay[name].registers.registers.items()
                        if handle.guard not in (None, "write-only")
                    }
                    assert guarded >= taken, (path.name, name)
                    found += 1
    assert found >= 5
