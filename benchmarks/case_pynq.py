"""The cases on PYNQ 4.0.0, without a board: a `Device` of its own kind that answers from memory, as in PYNQ's tests.

Run by ``run.py`` in PYNQ's environment: ``case_pynq.py CASE BITSTREAM`` (the ``.hwh`` stands beside the bitstream).
"""

import sys
import warnings
from typing import Any

from timing import REGISTER, blocks, cold, many, median, report


def import_() -> None:
    import pynq  # noqa: F401


def names() -> None:
    from pynq import MMIO, Overlay, allocate  # noqa: F401


def device() -> Any:
    import numpy as np
    import pynq
    from pynq.buffer import PynqBuffer
    from pynqmetadata.frontends import Metadata
    from pynqmetadata.views.runtime import RuntimeMetadataParser

    class MemoryDevice(pynq.Device):
        """What PYNQ's embedded device does when it opens a design, with memory for the hardware."""

        def __init__(self) -> None:
            super().__init__("benchmark")
            self.capabilities = {"MEMORY_MAPPED": True}

        def get_bitfile_metadata(self, bitfile_name: str, partial: bool = False) -> Any:
            parser = RuntimeMetadataParser(Metadata(input=bitfile_name.replace(".bit", ".hwh")))
            parser.refresh_hierarchy_dict()
            return parser

        def mmap(self, base_addr: int, length: int) -> Any:
            return np.zeros(length // 4, dtype="u4")

        def allocate(self, shape: Any, dtype: Any, **kwargs: Any) -> Any:
            return PynqBuffer(shape, dtype, device=self, bo=1, device_address=0x1000_0000, coherent=True)

    made = MemoryDevice()
    pynq.Device.active_device = made
    return made


def opened(bitstream: str) -> Any:
    import pynq
    import pynq.lib
    import pynq.overlay

    # The video drivers of 4.0.0 raise TypeError where a design's video pipeline is of another version: as if they were not installed.
    for driver in [d for d in pynq.overlay._hierarchy_drivers if d.__module__.startswith("pynq.lib.video")]:
        pynq.overlay._hierarchy_drivers.remove(driver)
    return pynq.Overlay(bitstream, download=False, device=device())


def open_design(bitstream: str) -> Any:
    return dir(opened(bitstream))


def main(case: str, bitstream: str) -> None:
    if cold(case, import_, names, lambda: open_design(bitstream)):
        return None
    import pynq
    from pynq.registers import RegisterMap

    if case.startswith("attribute"):
        overlay = opened(bitstream)
        alone, (hierarchy, core) = blocks({path: entry["type"] for path, entry in overlay.ip_dict.items()})
        attributes = {"attribute": f"overlay.{alone}", "attribute2": f"overlay.{hierarchy}.{core}"}
        return report(median(eval(f"lambda: {attributes[case]}", {"overlay": overlay})))
    where = device()
    mmio = pynq.MMIO(0x4000_0000, 0x1000, device=where)
    registers = RegisterMap.create_subclass("Bench", REGISTER)(mmio.array)
    listed = many(256)

    def field_write() -> None:
        registers.CTRL.START = 1

    def all_registers() -> None:
        for offset in range(0, 4096, 4):
            mmio.read(offset)

    mmio.array[:] = range(1_000_000, 1_001_024)
    buffer = pynq.allocate((1024,), dtype="u4", target=where)
    actions = {
        "slice": lambda: buffer[16:32],
        "allocate": lambda: pynq.allocate((1024,), dtype="u4", target=where).freebuffer(),
        "read": lambda: mmio.read(16),
        "write": lambda: mmio.write(16, 5),
        "field": lambda: registers.CTRL.START,
        "field_write": field_write,
        "map": lambda: RegisterMap.create_subclass("Many", listed)(mmio.array).R7.F4,
        "snapshot": all_registers,
        "snapshot_same": all_registers,
    }
    report(median(actions[case]))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(*sys.argv[1:])
