"""Measures pynq_widgets beside PYNQ 4.0.0, in the same run on the same machine: ``python benchmarks/run.py``.

Each number is the median over several processes that take turns (ours, PYNQ's, the bare machine's), in processor time, so that what
else runs on the machine weighs little. A ratio above 1 says how many times faster we are.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import peer

HERE = Path(__file__).parent
CHECKOUT = HERE.parent
BASE = CHECKOUT.parent / "shared" / "hwh" / "Xilinx__PYNQ__base-PynqZ2-2017.4.hwh"
DEMO = CHECKOUT / "notebooks" / "designs" / "demo.hwh"


@dataclass(frozen=True)
class Case:
    """One line of the table: what is measured, and what stands for the bare machine (None: nothing comparable)."""

    name: str
    title: str
    bare: str
    processes: int
    pynq: bool = True


CASES = (
    Case("import", "import of the package", "import numpy", 9),
    Case("names", "from … import Overlay, MMIO, allocate", "import numpy", 9),
    Case("whole", "import and open the design, to the object tree (cold)", "ElementTree.parse", 9),
    Case("open", "open the design after the import (cold)", "ElementTree.parse", 9),
    Case("read_design", "read_design and ip_dict (cold)", "ElementTree.parse", 9, pynq=False),
    Case("slice", "slice of a buffer", "slice of an array", 3),
    Case("allocate", "allocate and free 4 KiB", "numpy.zeros", 3),
    Case("read", "MMIO read, mapped", "item of a memoryview", 3),
    Case("write", "MMIO write, mapped", "item of a memoryview", 3),
    Case("field", "read of a register's field, mapped", "item, shift, mask", 3),
    Case("field_write", "write of a register's field, mapped", "item, mask, item", 3),
    Case("map", "map of 256 registers of 8 fields, and one read", "item, shift, mask", 3),
    Case("attribute", "ol.ip again", "attribute of an object", 3),
    Case("attribute2", "ol.hierarchy.ip again", "two attributes", 3),
    Case("snapshot", "1,024 registers of mapped memory, 10 % changed", "tolist of a memoryview", 3),
    Case("snapshot_same", "1,024 registers of mapped memory, none changed", "tolist of a memoryview", 3),
)


def surroundings() -> dict[str, str]:
    """The environment of each process: modules are compiled once, as an installation does, whatever this shell says."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def seconds(python: Path, script: str, case: Case, bitstream: Path) -> float:
    """One process's measurement. SystemExit with what it said if it fails."""
    command = [python, HERE / script, case.name, bitstream]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings())
    if done.returncode:
        raise SystemExit(f"{script} {case.name} failed:\n{done.stderr}")
    measured: float = json.loads(done.stdout.splitlines()[-1])["seconds"]
    return measured


def measure(case: Case, ours: Path, pynq: Path | None, bitstream: Path) -> dict[str, float]:
    """The medians by who was measured: ``ours``, ``bare``, and ``pynq`` where that is measured."""
    who = {"ours": (ours, "case_ours.py"), "bare": (ours, "case_bare.py")}
    if case.pynq and pynq is not None:
        who["pynq"] = (pynq, "case_pynq.py")
    for python, script in who.values():
        seconds(python, script, case, bitstream)  # whatever is compiled or cached the first time is so for all
    taken: dict[str, list[float]] = {name: [] for name in who}
    for _ in range(case.processes):
        for name, (python, script) in who.items():
            taken[name].append(seconds(python, script, case, bitstream))
    return {name: statistics.median(values) for name, values in taken.items()}


def shown(value: float | None) -> str:
    """A time in the unit that suits it."""
    if value is None:
        return "–"
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def row(case: Case, medians: dict[str, float]) -> str:
    """The line of a Markdown table."""
    ours, pynq = medians["ours"], medians.get("pynq")
    ratio = "–" if pynq is None else f"{pynq / ours:.3g}×"
    return f"| {case.title} | {shown(pynq)} | {shown(ours)} | {ratio} | {shown(medians['bare'])} ({case.bare}) |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-python", type=Path, help="the Python of an environment that has PYNQ 4.0.0 (default: one is made and kept)")
    parser.add_argument("--no-peer", action="store_true", help="measure without PYNQ")
    parser.add_argument("--only-processor", action="store_true", help="without the tape, the loop-back, the buffers, and the browser")
    parser.add_argument("--design", type=Path, help=f"the .hwh to open (default: {BASE.name} from ../shared/hwh)")
    options = parser.parse_args()

    design = options.design or (BASE if BASE.exists() else DEMO)
    if options.design is None and design is DEMO:
        print(f"No {BASE} here, so the demonstration design is opened: a small one, with other numbers than the base design.\n")
    if not design.exists():
        raise SystemExit(f"There is no design {design}")
    pynq = None if options.no_peer else options.peer_python or peer.environment(peer.default_folder())

    print(f"{platform.python_implementation()} {platform.python_version()} on {platform.machine()}; design: {design.name}\n")
    print("| processor time, median | PYNQ 4.0.0 | pynq_widgets | ratio | bare machine |")
    print("|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        bitstream = Path(folder, "design.bit")
        bitstream.touch()  # PYNQ wants a bitstream to be there; it is not downloaded
        shutil.copyfile(design, bitstream.with_suffix(".hwh"))
        for case in CASES:
            print(row(case, measure(case, Path(sys.executable), pynq, bitstream)), flush=True)
    for script in () if options.only_processor else ("tape.py", "loopback.py", "live_table.py", "buffer_view.py"):
        print(f"\n{script}", flush=True)
        subprocess.run([sys.executable, HERE / script], check=True, env=surroundings())


if __name__ == "__main__":
    main()
