"""What a loop-back through the simulated stream graph costs: ``python benchmarks/loopback.py``. 64 MiB by AXI DMA, as a ratio to memcpy.

Memory, MM2S, a stream FIFO, S2MM, memory, by the driver as a user calls it. Both halves of a round take turns in the same run, since what
else runs on the machine slows both; the medians count.
"""

from __future__ import annotations

import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SIZE = 64 << 20
CHUNK = 32 << 20  # a transfer: the length register of the core has 26 bits at most
ROUNDS = 15
WIDTH, CLOCK = 4, 100_000_000

_RANGE = (
    '<MEMRANGE ADDRESSBLOCK="{block}" BASENAME="C_BASEADDR" BASEVALUE="{base:#x}" HIGHNAME="C_HIGHADDR" HIGHVALUE="{high:#x}" '
    'INSTANCE="{slave}" IS_DATA="TRUE" IS_INSTRUCTION="TRUE" MASTERBUSINTERFACE="{master}" MEMTYPE="{kind}" SLAVEBUSINTERFACE="{port}"/>'
)


def _bus(name: str, kind: str, bus: str, protocol: str = "aximm") -> str:
    given = f'<PARAMETER NAME="TDATA_NUM_BYTES" VALUE="{WIDTH}"/><PARAMETER NAME="FREQ_HZ" VALUE="{CLOCK}"/>' * (protocol == "axis")
    vlnv = f"xilinx.com:interface:{protocol}:1.0"
    return f'<BUSINTERFACE BUSNAME="{bus}" NAME="{name}" TYPE="{kind}" VLNV="{vlnv}">{given}<PORTMAPS/></BUSINTERFACE>'


def _module(name: str, vlnv: str, parameters: dict[str, object], ports: str, buses: str, memory: str) -> str:
    given = "".join(f'<PARAMETER NAME="{key}" VALUE="{value}"/>' for key, value in parameters.items())
    return (
        f'<MODULE FULLNAME="/{name}" INSTANCE="{name}" IS_ENABLE="1" MODCLASS="PERIPHERAL" MODTYPE="{vlnv.split(":")[2]}" VLNV="{vlnv}">'
        f"<PARAMETERS>{given}</PARAMETERS><PORTS>{ports}</PORTS><BUSINTERFACES>{buses}</BUSINTERFACES><MEMORYMAP>{memory}</MEMORYMAP></MODULE>"
    )


def design() -> str:
    """A hardware handoff: a Zynq, a DMA, a stream FIFO between its two streams."""
    clocks = "".join(
        f'<PORT DIR="I" NAME="{name}" SIGIS="clk" CLKFREQUENCY="{CLOCK}"/>'
        for name in ("m_axi_mm2s_aclk", "m_axi_s2mm_aclk", "s_axi_lite_aclk")
    )
    reach = "".join(
        _RANGE.format(block="HP0_DDR", base=0, high=0x1FFF_FFFF, slave="ps", master=name, kind="MEMORY", port="S_AXI_HP0")
        for name in ("M_AXI_MM2S", "M_AXI_S2MM")
    )
    own = _RANGE.format(
        block="Reg", base=0x4040_0000, high=0x4040_FFFF, slave="dma", master="M_AXI_GP0", kind="REGISTER", port="S_AXI_LITE"
    )
    bits = {f"c_m_axi{'s' * (kind == 'tdata')}_mm2s_{kind}_width": 8 * WIDTH for kind in ("data", "tdata")}
    given = {"c_include_sg": 0, "c_sg_length_width": 26, "c_addr_width": 32, **bits}
    given |= {"c_m_axi_s2mm_data_width": 8 * WIDTH, "c_s_axis_s2mm_tdata_width": 8 * WIDTH}
    buses = _bus("S_AXI_LITE", "SLAVE", "gp") + _bus("M_AXI_MM2S", "MASTER", "a") + _bus("M_AXI_S2MM", "MASTER", "b")
    buses += _bus("M_AXIS_MM2S", "INITIATOR", "out", "axis") + _bus("S_AXIS_S2MM", "TARGET", "in", "axis")
    fifo = _bus("S_AXIS", "TARGET", "out", "axis") + _bus("M_AXIS", "INITIATOR", "in", "axis")
    modules = _module("dma", "xilinx.com:ip:axi_dma:7.1", given, clocks, buses, reach)
    modules += _module("fifo", "xilinx.com:ip:axis_data_fifo:2.0", {"FIFO_DEPTH": 512, "TDATA_NUM_BYTES": WIDTH}, "", fifo, "")
    modules += _module(
        "ps", "xilinx.com:ip:processing_system7:5.5", {}, "", _bus("M_AXI_GP0", "MASTER", "gp") + _bus("S_AXI_HP0", "SLAVE", "hp"), own
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><EDKSYSTEM EDWVERSION="1.2" VIVADOVERSION="2022.1">'
        '<SYSTEMINFO ARCH="zynq" DEVICE="7z020" NAME="loopback" PACKAGE="clg400" SPEEDGRADE="-1"/><EXTERNALPORTS/><EXTERNALINTERFACES/>'
        f"<MODULES>{modules}</MODULES></EDKSYSTEM>"
    )


def seconds(action: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def loop(overlay: Any, source: Any, target: Any) -> None:
    """Send all of `source` round to `target`."""
    send, receive = overlay.dma.sendchannel, overlay.dma.recvchannel
    for start in range(0, source.nbytes, CHUNK):
        receive.transfer(target, start, CHUNK)
        send.transfer(source, start, CHUNK)
        send.wait()
        receive.wait()


def main() -> None:
    from pynq_widgets import Overlay, SimulatedDevice
    from pynq_widgets.device import VirtualClock

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "loopback.hwh")
        path.write_text(design(), encoding="utf-8")
        device = SimulatedDevice("benchmark", pool_size=160 << 20, clock=VirtualClock(autojump=True))
        overlay = Overlay(path, device=device)
    source, target = (device.allocate(SIZE, "u1", cacheable=False) for _ in range(2))
    source[:] = np.random.default_rng(1).integers(0, 256, SIZE, dtype="u1")
    plain, copy = np.array(source), np.zeros(SIZE, "u1")

    def memcpy() -> None:
        copy[:] = plain

    before = device.clock.now()
    loop(overlay, source, target)
    virtual = device.clock.now() - before
    if not np.array_equal(source, target):
        raise SystemExit("what came back is not what was sent")
    memcpy()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    loops, copies = [], []
    for _ in range(ROUNDS):
        loops.append(seconds(lambda: loop(overlay, source, target)))
        copies.append(seconds(memcpy))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak
    taken, copied = statistics.median(loops), statistics.median(copies)
    print("| 64 MiB, median | rate | ratio to memcpy |")
    print("|---|---|---|")
    print(f"| memory, MM2S, FIFO, S2MM, memory | {SIZE / taken / 1e6:.0f} MB/s | {taken / copied:.2f}× |")
    print(f"| memcpy | {SIZE / copied / 1e6:.0f} MB/s | 1 |")
    print(
        f"\nVirtual time {virtual * 1e3:.3f} ms; width × clock makes {SIZE / (WIDTH * CLOCK) * 1e3:.3f} ms. "
        f"Memory grew by {grown / 1024:.1f} MiB in {ROUNDS} rounds."
    )


if __name__ == "__main__":
    main()
