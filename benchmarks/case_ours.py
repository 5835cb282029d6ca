"""The cases on pynq_widgets. Run by ``run.py``: ``case_ours.py CASE BITSTREAM`` (the ``.hwh`` stands beside the bitstream).

Opening is on the simulated device, with the design made ready to run; the accesses are on memory, as PYNQ's are. Where
a case needs the simulated device (``allocate``, ``simulated read``), its memory and models are what is measured.
"""

import sys
from pathlib import Path
from typing import Any

from timing import REGISTER, blocks, cold, many, median, once, report


def import_() -> None:
    import pynq_widgets  # noqa: F401


def names() -> None:
    from pynq_widgets import MMIO, Overlay, allocate  # noqa: F401


def open_design(bitstream: str) -> Any:
    from pynq_widgets import Overlay

    return dir(Overlay(Path(bitstream).with_suffix(".hwh")))


def memory_device() -> Any:
    import numpy as np

    from pynq_widgets import Device

    class MemoryDevice(Device):
        """The least that PYNQ's contract asks of a device, with memory for the hardware."""

        def __init__(self) -> None:
            super().__init__("benchmark")
            self.capabilities = {"MEMORY_MAPPED": True}

        def mmap(self, base_addr: int, length: int) -> Any:
            return np.zeros(length // 4, dtype="u4")

    return MemoryDevice()


def main(case: str, bitstream: str) -> None:
    if cold(case, import_, names, lambda: open_design(bitstream)):
        return None
    if case == "read_design":
        return report(once(lambda: __import__("pynq_widgets").read_design(Path(bitstream).with_suffix(".hwh")).ip_dict))
    if case in ("slice", "allocate"):
        from pynq_widgets import SimulatedDevice, allocate

        where: Any = SimulatedDevice("benchmark")
        buffer = allocate((1024,), dtype="u4", target=where)
        if case == "slice":
            return report(median(lambda: buffer[16:32]))
        return report(median(lambda: allocate((1024,), dtype="u4", target=where).freebuffer()))
    if case.startswith("attribute"):
        from pynq_widgets import Overlay

        overlay: Any = Overlay(Path(bitstream).with_suffix(".hwh"))
        alone, (hierarchy, core) = blocks({path: entry["type"] for path, entry in overlay.ip_dict.items()})
        attributes = {"attribute": f"overlay.{alone}", "attribute2": f"overlay.{hierarchy}.{core}"}
        return report(median(eval(f"lambda: {attributes[case]}", {"overlay": overlay})))
    from pynq_widgets import MMIO, RegisterMap
    from pynq_widgets.access import Mirror

    device = memory_device()
    mmio = MMIO(0x4000_0000, 0x1000, device=device)
    registers: Any = RegisterMap.create_subclass("Bench", REGISTER)(mmio)
    listed = many(256)
    mirror = Mirror(mmio, many(1024))

    def field_write() -> None:
        registers.CTRL.START = 1

    def make_map() -> int:
        made: Any = RegisterMap.create_subclass("Many", listed)(mmio)
        value: int = made.R7.F4
        return value

    def change_and_refresh() -> None:
        # Every tenth; the change is part of what is measured, and small beside it.
        mmio.array[::10] += 1
        mirror.refresh()

    mmio.array[:] = range(1_000_000, 1_001_024)
    actions = {
        "read": lambda: mmio.read(16),
        "write": lambda: mmio.write(16, 5),
        "field": lambda: registers.CTRL.START,
        "field_write": field_write,
        "map": make_map,
        "snapshot": change_and_refresh,
        "snapshot_same": mirror.refresh,
    }
    report(median(actions[case]))


if __name__ == "__main__":
    main(*sys.argv[1:])
