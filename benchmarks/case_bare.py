"""The cases on the bare machine: what an operation costs at the least. Run by ``run.py``: ``case_bare.py CASE BITSTREAM``."""

import sys
from pathlib import Path
from xml.etree import ElementTree

from timing import median, once, report


def main(case: str, bitstream: str) -> None:
    if case in ("import", "names"):
        return report(once(lambda: __import__("numpy")))
    if case in ("whole", "open", "read_design"):
        return report(once(lambda: ElementTree.parse(Path(bitstream).with_suffix(".hwh"))))
    import numpy as np

    array = np.zeros(1024, dtype="u4")
    words = memoryview(array)

    def write() -> None:
        words[4] = 5

    def field_write() -> None:
        words[0] = words[0] & ~8 | 1 << 3

    class Block:
        pass

    block = Block()
    block.inner = Block()  # type: ignore[attr-defined]
    block.inner.core = Block()  # type: ignore[attr-defined]
    array[:] = range(1_000_000, 1_001_024)
    actions = {
        "field_write": field_write,
        "map": lambda: words[0] >> 3 & 1,
        "attribute": lambda: block.inner,  # type: ignore[attr-defined]
        "attribute2": lambda: block.inner.core,  # type: ignore[attr-defined]
        "snapshot": words.tolist,
        "snapshot_same": words.tolist,
        "slice": lambda: array[16:32],
        "allocate": lambda: np.zeros(1024, dtype="u4"),
        "read": lambda: words[4],
        "write": write,
        "field": lambda: words[0] >> 3 & 1,
    }
    report(median(actions[case]))


if __name__ == "__main__":
    main(*sys.argv[1:])
