"""What stands behind each IP of a folder of designs: a driver, a model, or its plain registers.

    python tools/coverage_of_designs.py ../shared/hwh [--all]

An instance is a block with an address range that the design's processor sees, the processor itself left out. *driver* is the class that an
overlay binds to it, ``Memory`` for memories, ``-`` where it is the general one (its registers as attributes); *model* is what answers on
the simulated device: a behavioural model, memory, or ``-`` for registers with the design's reset values and access rights. Without
``--all`` only the types that AMD's catalogue has (``xilinx.com:ip``) are listed; the sum tells of both.
"""

from __future__ import annotations

import argparse
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pynq_widgets import DefaultHierarchy, DefaultIP, Overlay, SimulatedDevice
from pynq_widgets.overlay.black_box import BlackBox
from pynq_widgets.overlay.memory import Memory

CATALOGUE = "xilinx.com:ip:"
NONE = "-"


class Behind(NamedTuple):
    """What stands behind one instance; ``registers`` is whether anything is known of its registers."""

    vlnv: str
    driver: str
    model: str
    registers: bool

    @property
    def whole(self) -> bool:
        """Whether it has both."""
        return NONE not in (self.driver, self.model)


def behind(path: Path) -> list[Behind]:
    """Each instance of the design at `path`."""
    device = SimulatedDevice(path.stem)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of other versions and configurations, which show here as no driver
        overlay = Overlay(path, device=device)
        design = overlay.design
        host = design.host.path if design.host is not None else None
        found = []
        for slave in dict.fromkeys(span.slave for span in design.address_map):
            module = design.modules.get(slave)
            if module is None or slave == host or not module.vlnv:
                continue
            block = overlay[slave] if slave in overlay.drivers else None
            if block is None or isinstance(block, DefaultHierarchy):
                # A core whose memories have names of their own.
                memories = [name for name in overlay.mem_dict if name.startswith(f"{slave}/") or name == slave]
                block = overlay[memories[0]] if memories else None
            model = device.model_of(slave)
            memory = isinstance(block, Memory)
            shown = type(block).__name__ if isinstance(block, DefaultIP) and type(block) not in (DefaultIP, BlackBox) else NONE
            behaviour = type(model).__name__ if model is not None else "memory" if memory else NONE
            listed = any(each.registers for each in module.blocks)
            found.append(Behind(module.vlnv, shown, behaviour, listed))
    return found


def table(instances: Iterable[Behind], every: bool = False) -> str:
    """The table, the most frequent types first, and the share of those that have driver and model."""
    counted = Counter(instances)
    ours = {row: count for row, count in counted.items() if row.vlnv.startswith(CATALOGUE)}
    rows = sorted((counted if every else ours).items(), key=lambda item: (-item[1], item[0]))
    cells = [("count", "type", "driver", "model")]
    for row, count in rows:
        plain = "registers of the design" if row.registers else "plain words"
        cells.append((str(count), row.vlnv, row.driver, row.model if row.model != NONE else plain))
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    for title, chosen in ((f"{CATALOGUE}*", ours), ("all types", counted)):
        total = sum(chosen.values())
        whole = sum(count for row, count in chosen.items() if row.whole)
        lines.append(f"{title}: {whole} of {total} instances have driver and model ({100 * whole / max(total, 1):.1f} %)")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="list the types of others, too")
    arguments = parser.parse_args()
    designs = sorted(arguments.folder.glob("*.hwh"))
    if not designs:
        parser.error(f"there is no .hwh in {arguments.folder}")
    print(table([each for path in designs for each in behind(path)], arguments.all))


if __name__ == "__main__":
    main()
