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

    actions = {
        "slice": lambda: array[16:32],
        "allocate": lambda: np.zeros(1024, dtype="u4"),
        "read": lambda: words[4],
        "write": write,
        "field": lambda: words[0] >> 3 & 1,
    }
    report(median(actions[case]))


if __name__ == "__main__":
    main(*sys.argv[1:])
