"""What a live plot costs the browser, and how soon a zoom is fine again: JupyterLab in headless Chromium.

    python benchmarks/live_plot.py [--seconds 6]

Two lines of 1000 columns (least and greatest of each), 30 times a second; then the wheel over ten million samples.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from live_table import Meter, laboratory  # the meter of the other bench

SETUP = """
import threading, time
import numpy as np
from pynq_widgets.analysis.curve import Curve, reduce_line
from pynq_widgets.widgets.plot import Plot
from pynq_widgets.widgets.plot_layers import Axis, Line
"""

LIVE = """
noise = np.random.default_rng(0).normal(0, 0.05, 400_000)
waves = [np.sin(np.arange(400_000) / 3000) + noise, 0.5 * np.cos(np.arange(400_000) / 7000) + noise]
plot = Plot()

def show(first):
    curves = [reduce_line(wave[first:first + 100_000], columns=1000) for wave in waves]
    lines = [Line(name, curve) for name, curve in zip(("one", "two"), curves)]
    plot.draw(lines, x=Axis("Sample", "", 0, 100_000), y=Axis("Value", "V", -1.5, 1.5))

def feed(seconds):
    end, due, step = time.monotonic() + seconds, time.monotonic(), 0
    while time.monotonic() < end:
        show(700 * step % 290_000)
        step, due = step + 1, due + 1 / 30
        time.sleep(max(due - time.monotonic(), 0))

show(0)
"""

ZOOM = """
data = (np.sin(np.arange(10_000_000) / 3000) + np.random.default_rng(0).normal(0, 0.1, 10_000_000)).astype("f4")
taken = []

def moved():
    began = time.perf_counter()
    low, high = plot.view[:2]
    curve = reduce_line(data, int(low), int(high) + 2, plot.columns)
    plot.draw([Line("samples", curve)], x=Axis("Sample", "", 0, data.size - 1), y=Axis("Value", "V", -1.5, 1.5))
    taken.append(time.perf_counter() - began)

plot = Plot(moved=moved)
moved()
"""

# The frame of the page that shows what came after a turn of the wheel: the number of the frame stands on the canvas once it is drawn.
WATCH = """() => {
    const canvas = document.querySelector('.pw-plot [data-layer=over]');
    window.turned = 0;
    window.seen = [];
    const drawn = () => window.turned && window.seen.push(performance.now() - window.turned);
    new MutationObserver(drawn).observe(canvas, {attributeFilter: ['data-frame']});
    window.addEventListener('wheel', () => { window.seen = []; window.turned = performance.now(); }, {capture: true, passive: true}); }"""


def ready(notebook: Any) -> Any:
    canvas = notebook.page.locator(".pw-plot [data-layer=over]")
    canvas.wait_for()
    notebook.page.wait_for_function("() => document.querySelector('.pw-plot canvas[data-frame]')")
    notebook.page.wait_for_timeout(1500)
    return canvas.bounding_box()


def cpu(meter: Meter) -> float:
    """Seconds of a processor that the main thread has taken: less than it was busy where others want the processor too."""
    metrics = meter.session.send("Performance.getMetrics")["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "ThreadTime"))


def live(notebook: Any, meter: Meter, seconds: float) -> None:
    meter.session.send("Network.disable")  # to tell us of each message is work of its own
    idle, _ = meter.over(notebook, seconds)
    notebook.run_cell(LIVE + "plot")
    ready(notebook)
    notebook.execute(f"thread = threading.Thread(target=feed, args=({seconds + 3},), daemon=True); thread.start()")
    notebook.page.wait_for_timeout(1000)
    began = notebook.page.evaluate("() => Number(document.querySelector('.pw-plot canvas[data-frame]').dataset.frame)")
    worked = cpu(meter)
    share, _ = meter.over(notebook, seconds)
    worked = (cpu(meter) - worked) / seconds
    ended = notebook.page.evaluate("() => Number(document.querySelector('.pw-plot canvas[data-frame]').dataset.frame)")
    print(f"JupyterLab alone: main thread {idle:.1%}")
    print(f"two live lines: main thread {share:.1%} (of a processor {worked:.1%}), {(ended - began) / seconds:.1f} frames/s drawn")
    notebook.execute("thread.join()")


def zoom(notebook: Any) -> None:
    notebook.run_cell(ZOOM + "plot")
    box = ready(notebook)
    page = notebook.page
    page.evaluate(WATCH)
    page.mouse.move(box["x"] + 0.45 * box["width"], box["y"] + 0.5 * box["height"])
    soonest, last = [], []
    for turn in range(24):
        page.mouse.wheel(0, -120 if turn % 12 < 8 else 240)
        page.wait_for_timeout(400)
        seen = page.evaluate("() => window.seen")
        if seen:
            soonest.append(seen[0])
            last.append(seen[-1])
    kernel = notebook.execute("print(1000 * np.median(taken[1:]))")
    print(
        f"10,000,000 samples, from the wheel until the finer curve stands on the screen: median {statistics.median(last):.0f} ms, "
        f"90 % within {sorted(last)[int(0.9 * len(last))]:.0f} ms, {len(last)} of 24 turns; {float(kernel):.1f} ms of it to reduce"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6.0, help="how long the live lines are measured (default: 6)")
    options = parser.parse_args()
    with laboratory() as lab:
        live(lab.run([SETUP]), Meter(lab.page), options.seconds)
        lab.end_test()
        zoom(lab.run([SETUP]))
        lab.end_test()


if __name__ == "__main__":
    main()
