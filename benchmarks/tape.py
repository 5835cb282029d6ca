"""What the tape costs: ``python benchmarks/tape.py``. Transactions of the simulated device, and words of mapped memory, with and without.

Each number is the best of many short rounds that take turns, since what else runs on the machine only ever adds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

DEMO = Path(__file__).parent.parent / "notebooks" / "designs" / "demo.hwh"
CALLS, ROUNDS = 5000, 60


def per_call(action: Callable[[], object]) -> float:
    """Seconds of a call, over one round."""
    repeat = range(CALLS)
    start = time.perf_counter()
    for _ in repeat:
        action()
    return (time.perf_counter() - start) / CALLS


def costs(tape: Any, actions: dict[str, Callable[[], object]]) -> dict[str, tuple[float, float]]:
    """For each action the seconds of a call with the tape off and on."""
    best = {(name, mode): float("inf") for name in actions for mode in ("off", "on")}
    for _ in range(ROUNDS):
        for mode in ("off", "on"):
            tape.mode = mode
            for name, action in actions.items():
                best[name, mode] = min(best[name, mode], per_call(action))
    tape.mode = "off"
    return {name: (best[name, "off"], best[name, "on"]) for name in actions}


def simulated() -> dict[str, tuple[float, float]]:
    """Transactions of IP of the demonstration design, by MMIO and by register."""
    from pynq_widgets import Overlay, SimulatedDevice

    ol = Overlay(DEMO, device=SimulatedDevice("benchmark"))
    leds, timer, dma = ol.leds.mmio, ol.timer.mmio, ol.filter.dma.mmio
    return costs(
        ol.tape,
        {
            "read, GPIO": lambda: leds.read(0),
            "write, GPIO": lambda: leds.write(0, 5),
            "read, DMA": lambda: dma.read(4),
            "write, DMA": lambda: dma.write(0x18, 0),
            "read, timer": lambda: timer.read(0),
            "write, timer": lambda: timer.write(4, 0),
        },
    )


def mapped() -> dict[str, tuple[float, float]]:
    """Words of mapped memory, where a tape records only in mode ``'on'``."""
    import numpy as np

    from pynq_widgets import MMIO, Device
    from pynq_widgets.live import Tape

    class MemoryDevice(Device):
        capabilities = {"MEMORY_MAPPED": True}

        def mmap(self, base_addr: int, length: int) -> Any:
            return np.zeros(length // 4, dtype="u4")

    device = MemoryDevice("benchmark memory")
    mmio = MMIO(0x4000_0000, 0x1000, device=device)
    return costs(Tape.of(device), {"read, mapped": lambda: mmio.read(16), "write, mapped": lambda: mmio.write(16, 5)})


def main() -> None:
    print("| transaction | tape off | tape on | cost |")
    print("|---|---|---|---|")
    found = simulated()
    for name, (off, on) in [*found.items(), *mapped().items()]:
        print(f"| {name} | {off * 1e9:.0f} ns | {on * 1e9:.0f} ns | {(on / off - 1) * 100:.0f} % |")
    off, on = (sum(each[mode] for each in found.values()) for mode in (0, 1))
    print(f"\nOn the simulated device, these together: {(on / off - 1) * 100:.1f} %")


if __name__ == "__main__":
    main()
