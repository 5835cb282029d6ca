"""What a buffer view costs: ``python benchmarks/buffer_view.py``.

- *first view*: from an array of 10⁸ samples that nobody has looked at to the drawing that a page gets, in this process, each mode in turn.
- *zoom*: 10⁸ samples in JupyterLab in headless Chromium; from a turn of the wheel to the finer curve on the page.
- *pictures*: 1080p RGB that changes all over with every look; frames that are drawn on the page. Once as a person has it, no finer than
  the page shows it, and once with each of the 1920 x 1080 pixels, as a page that is large enough gets it.
- *live line*: a buffer of which a third changes, looked at 30 times a second; the share of the browser's main thread, as wall time
  (which counts whatever else the machine did meanwhile) and as processor time, beside the same page with nothing to follow.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from live_table import Meter, laboratory  # the meter of the other bench
from pynq_widgets.widgets import BufferView

SAMPLES = 100_000_000
MODES = ("line", "steps", "spectrum", "waterfall", "histogram", "eye", "lanes", "xy", "hex")

SETUP = """
import json, threading, time
import numpy as np
from pynq_widgets.widgets import BufferView, outbox
"""

LARGE = """
samples = np.empty({samples}, "f4")
for first in range(0, samples.size, 1 << 20):
    part = samples[first:first + (1 << 20)]
    part[:] = np.sin(np.arange(first, first + part.size) / 30_000) + np.random.default_rng(first).normal(0, 0.1, part.size)
view = BufferView(samples, rate=0)
taken = []
draw = view._moved

def timed():
    began = time.perf_counter()
    draw()
    taken.append(time.perf_counter() - began)

view.plot._moved_callback = timed
view
"""

PICTURES = """
y, x = np.mgrid[:1080, :1920]
scenes = []
for k in range(6):
    scene = np.empty((1080, 1920, 3), "u1")
    scene[..., 0], scene[..., 1] = (x + 97 * k) // 8, (y + 61 * k) // 5
    scene[..., 2] = 128 + 100 * np.sin((x + 80 * k) / 40) * np.cos(y / 35)
    scene += np.random.default_rng(k).integers(0, 6, scene.shape, "u1")
    scenes.append(scene)
frame = scenes[0].copy()
view = BufferView(frame, rate=100)
{full}
turning, turned = True, 0.0

def turn():
    global turned
    step = 0
    while turning:
        step += 1
        frame[:] = scenes[step % len(scenes)]
        turned = time.thread_time()
        time.sleep(0.012)

thread = threading.Thread(target=turn, daemon=True)
thread.start()
view
"""

# Each pixel travels, as to a page with room for them all.
FULL = "type(view._messages).pixels = property(lambda self: (1080, 1920))"

# The same pictures through ipywidgets.Image, as fast as it goes: what this machine, as busy as it is now, can do at all.
PLAIN = """
import ipywidgets
from pynq_widgets.widgets.picture_codec import encode_jpeg
image = ipywidgets.Image(format="jpeg", layout=ipywidgets.Layout(width="711px"))
sent, turning = 0, True

def push():
    global sent
    began = time.monotonic()
    while turning:
        image.value = encode_jpeg(scenes[sent % len(scenes)], shrink={shrink})
        sent += 1
        time.sleep(max(0.0, began + sent / 100 - time.monotonic()))

image
"""

LIVE = """
wave = np.sin(np.arange(300_000) / 3000) + np.random.default_rng(0).normal(0, 0.05, 300_000)
buffer = wave.astype("f4")
view = BufferView(buffer, rate=30)

def feed(seconds):
    end, due, step = time.monotonic() + seconds, time.monotonic(), 0
    while time.monotonic() < end:
        first = 100_000 * (step % 3)
        buffer[first:first + 100_000] = np.roll(wave, 997 * step)[:100_000]
        step, due = step + 1, due + 1 / 30
        time.sleep(max(due - time.monotonic(), 0))

view
"""

# The number of the frame stands on the canvas once it is drawn: when each came after the last turn of the wheel.
WATCH = """() => {
    const canvas = document.querySelector('.pw-plot [data-layer=over]');
    window.turned = 0;
    window.seen = [];
    const drawn = () => window.turned && window.seen.push(performance.now() - window.turned);
    new MutationObserver(drawn).observe(canvas, {attributeFilter: ['data-frame']});
    window.addEventListener('wheel', () => { window.seen = []; window.turned = performance.now(); }, {capture: true, passive: true}); }"""


def samples_of(dtype: str) -> Any:
    """10⁸ samples, every page of their memory written."""
    count = SAMPLES if dtype != "c8" else SAMPLES // 2
    made = np.empty(count, dtype)
    rng = np.random.default_rng(0)
    for first in range(0, count, 1 << 20):
        part = made[first : first + (1 << 20)]
        wave = 10_000 * np.sin(np.arange(first, first + part.size) / 30_000) + rng.normal(0, 500, part.size)
        part[:] = wave + 1j * rng.normal(0, 500, part.size) if dtype == "c8" else wave
    return made


def first_views(turns: int) -> None:
    BufferView(np.zeros(100)).close()  # whatever is imported when first needed
    for dtype in ("f4", "i2", "c8"):
        array = samples_of(dtype)
        for mode in MODES:
            taken = []
            try:
                for _ in range(turns):
                    began = time.perf_counter()
                    view = BufferView(array, rate=0, mode=mode)
                    taken.append(time.perf_counter() - began)
                    view.close()
            except ValueError:
                continue
            print(f"first view of {array.size:,} x {array.dtype}, {mode}: {1000 * statistics.median(taken):.0f} ms", flush=True)


def cpu(meter: Meter) -> float:
    """Seconds of a processor that the main thread has taken: less than it was busy where others want the processor too."""
    metrics = meter.session.send("Performance.getMetrics")["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "ThreadTime"))


def shares(notebook: Any, meter: Meter, seconds: float) -> tuple[float, float]:
    """The main thread's share, by the clock on the wall and of a processor."""
    before = cpu(meter)
    wall, _ = meter.over(notebook, seconds)
    return wall, (cpu(meter) - before) / seconds


def zoom(notebook: Any) -> None:
    notebook.run_cell(LARGE.format(samples=SAMPLES))
    page = notebook.page
    canvas = page.locator(".pw-plot [data-layer=over]")
    canvas.wait_for(timeout=60_000)
    page.wait_for_function("() => document.querySelector('.pw-plot canvas[data-frame]')")
    page.wait_for_timeout(1500)
    box = canvas.bounding_box()
    page.evaluate(WATCH)
    page.mouse.move(box["x"] + 0.45 * box["width"], box["y"] + 0.5 * box["height"])
    last = []
    for turn in range(32):
        page.mouse.wheel(0, -120 if turn % 16 < 11 else 240)
        page.wait_for_timeout(400)
        seen = page.evaluate("() => window.seen")
        if seen:
            last.append(seen[-1])
    kernel = float(notebook.execute("print(1000 * np.median(taken))"))
    print(
        f"zoom in {SAMPLES:,} samples, wheel to finer curve: median {statistics.median(last):.0f} ms, 90 % within "
        f"{sorted(last)[int(0.9 * len(last))]:.0f} ms ({len(last)} of 32 turns; {kernel:.1f} ms of it to draw in the kernel)",
        flush=True,
    )


def pictures(notebook: Any, meter: Meter, seconds: float, full: bool) -> None:
    notebook.run_cell(PICTURES.format(full=FULL if full else ""))
    page = notebook.page
    page.locator(".pw-buf-canvas").wait_for()
    page.wait_for_function("() => Number(document.querySelector('.pw-buf-canvas').dataset.drawn) > 10")
    count = "() => Number(document.querySelector('.pw-buf-canvas').dataset.drawn)"
    notebook.execute("began = time.process_time() - turned, time.monotonic(), view.panel.frame")
    first = page.evaluate(count)
    before = time.perf_counter()
    wall, processor = shares(notebook, meter, seconds)
    drawn = (page.evaluate(count) - first) / (time.perf_counter() - before)
    told = notebook.execute(
        "print(json.dumps([b - a for a, b in zip(began, (time.process_time() - turned, time.monotonic(), view.panel.frame))] + "
        "[len(view.drawing.raster.data), view.drawing.raster.shrunk])); turning = False"
    )
    used, lasted, sent, size, shrunk = json.loads(told)
    how = "each pixel" if full else "as fine as the page shows it"
    print(
        f"1080p RGB, {how} ({1920 // shrunk} x {1080 // shrunk}, {size / 1024:.0f} KiB): "
        f"{drawn:.0f} frames/s on the page, {sent / lasted:.0f} sent, kernel {1000 * used / max(sent, 1):.1f} ms a frame, "
        f"main thread {wall:.0%} (processor {processor:.0%})",
        flush=True,
    )


def plain(notebook: Any, seconds: float, full: bool) -> None:
    scenes = PICTURES[: PICTURES.index("frame = ")]
    notebook.run_cell(scenes + PLAIN.format(shrink=1 if full else 2))
    page = notebook.page
    page.wait_for_timeout(1000)
    page.evaluate(
        "() => { window.loaded = 0; document.addEventListener('load', (event) => event.target.matches?.('img') && window.loaded++, true); }"
    )
    notebook.execute("threading.Thread(target=push, daemon=True).start()")
    page.wait_for_timeout(1500)
    first, before = page.evaluate("() => window.loaded"), time.perf_counter()
    page.wait_for_timeout(1000 * seconds)
    drawn = (page.evaluate("() => window.loaded") - first) / (time.perf_counter() - before)
    notebook.execute("turning = False")
    print(
        f"the same through ipywidgets.Image, {'each pixel' if full else 'half as fine'}: {drawn:.0f} frames/s loaded by the page",
        flush=True,
    )


def live(notebook: Any, meter: Meter, seconds: float) -> None:
    idle = shares(notebook, meter, seconds)
    notebook.run_cell(LIVE)
    page = notebook.page
    page.wait_for_function("() => document.querySelector('.pw-plot canvas[data-frame]')")
    page.wait_for_timeout(2000)
    still = shares(notebook, meter, seconds)
    notebook.execute(f"thread = threading.Thread(target=feed, args=({seconds + 3},), daemon=True); thread.start()")
    page.wait_for_timeout(1000)
    count = "() => Number(document.querySelector('.pw-plot canvas[data-frame]').dataset.frame)"
    first, before = page.evaluate(count), time.perf_counter()
    moving = shares(notebook, meter, seconds)
    rate = (page.evaluate(count) - first) / (time.perf_counter() - before)
    for name, (wall, processor) in (("JupyterLab alone", idle), ("the view, nothing changes", still), (f"{rate:.0f} frames/s", moving)):
        print(f"live line, {name}: main thread {wall:.1%}, of a processor {processor:.1%}", flush=True)
    notebook.execute("thread.join()")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6.0, help="how long pictures and the live line are measured (default: 6)")
    parser.add_argument("--turns", type=int, default=3, help="how often each first view is made (default: 3)")
    parser.add_argument("--only", choices=("first", "zoom", "pictures", "live"), help="one part alone")
    options = parser.parse_args()
    if options.only in (None, "first"):
        first_views(options.turns)
    if options.only == "first":
        return
    with laboratory() as lab:
        meter = Meter(lab.page)
        meter.session.send("Network.disable")  # to tell us of each message is work of its own
        if options.only in (None, "live"):
            live(lab.run([SETUP]), meter, options.seconds)
            lab.end_test()
        if options.only in (None, "pictures"):
            for full in (False, True):
                pictures(lab.run([SETUP]), meter, options.seconds, full)
                lab.end_test()
                plain(lab.run([SETUP]), options.seconds, full)
                lab.end_test()
        if options.only in (None, "zoom"):
            zoom(lab.run([SETUP]))
            lab.end_test()


if __name__ == "__main__":
    main()
