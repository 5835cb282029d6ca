"""What a live scope costs: JupyterLab in headless Chromium, a DMA in a loop through a filter, 30 frames a second, in several modes.

    python benchmarks/live_scope.py [--seconds 6]

The share of the browser's main thread, by the clock on the wall and of a processor, and the kernel's milliseconds for each frame: to
draw it (which is what the scope does), and in all, with the simulated DMA, the filter and the feed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from live_plot import cpu
from live_table import Meter, laboratory  # the meter of the other bench

DESIGN = Path(__file__).parents[1] / "notebooks" / "designs" / "demo.hwh"
SETUP = f"""
import time
import numpy as np
from pynq_widgets import Overlay, allocate, scope
from pynq_widgets.widgets.oscilloscope import Scope

ol = Overlay({str(DESIGN)!r})
fir, dma = ol.filter.fir, ol.filter.dma
fir.low_pass(1 / 10)
fir.start()
rng, n = np.random.default_rng(1), np.arange(4096)
noise = rng.normal(0, 1000, (8, n.size))
sent = allocate(n.size, "i2")

def feed():
    sent[:] = 12000 * np.sin(2 * np.pi * (n / 300 + rng.random())) + noise[rng.integers(8)]
    dma.sendchannel.transfer(sent)
    dma.sendchannel.wait(timeout=1)

took, drawn = [], Scope._draw

def timed(self, seconds=None):
    began = time.thread_time()
    drawn(self, seconds)
    if seconds is not None:
        took.append(time.thread_time() - began)

Scope._draw = timed
"""


def live(notebook: Any, meter: Meter, seconds: float) -> None:
    page = notebook.page
    meter.session.send("Network.disable")  # to tell us of each message is work of its own
    idle, _ = meter.over(notebook, seconds)
    print(f"JupyterLab alone: main thread {idle:.1%}")
    notebook.run_cell("view = scope(dma.recvchannel, samples=4096, feed=feed, sample_rate=1e6, trigger=0, rate=30)\nview")
    page.wait_for_function("() => document.querySelector('.pw-plot canvas[data-frame]')")
    for mode in ("line", "spectrum", "waterfall", "persistence"):
        notebook.execute(f"view.mode = {mode!r}")
        page.wait_for_timeout(1500)
        notebook.execute("took.clear(); before = view.shown, view.overruns, time.process_time()")
        worked = cpu(meter)
        share, _ = meter.over(notebook, seconds)
        worked = (cpu(meter) - worked) / seconds
        report = notebook.execute(
            "shown = view.shown - before[0]\n"
            "print(f'{shown} shown, {view.overruns - before[1]} overruns; "
            "kernel {1e3 * np.median(took):.2f} ms a frame to draw, {1e3 * (time.process_time() - before[2]) / shown:.1f} ms in all')"
        )
        print(f"{mode}: main thread {share:.1%} (of a processor {worked:.1%}), {report}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6.0, help="how long each mode is measured (default: 6)")
    options = parser.parse_args()
    with laboratory() as lab:
        live(lab.run([SETUP]), Meter(lab.page), options.seconds)


if __name__ == "__main__":
    main()
