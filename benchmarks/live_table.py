"""Measures the register table in JupyterLab in a real browser: ``python benchmarks/live_table.py``.

What is measured, each in a kernel of its own:

- *live*: 1,024 registers of which a tenth change, at 50 Hz. Once as a person has it (only the rows in sight are read), once with all
  1,024 read and sent. Kernel time is the processor time of the whole kernel process, less the thread that plays the hardware; bytes are
  those that arrive at the browser with all headers; the main thread's share is Chromium's own (``TaskDuration``).
- *latency*: from a write in Python (and from a change in the hardware) until the text stands in the page.
- *large*: 10,000 registers, from running the cell to the first rows, and the frames a second while scrolling.
- *click*: from the click on a bit until the device is written.
- *labels*: the same registers in a grid of ipywidgets labels, as one would do it without us, for comparison.
- *hidden*: a tab that is hidden, and one that hangs, for a while at 50 Hz: what the kernel grows by and what arrives on return.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

HARNESS = Path(__file__).parent.parent / "tests" / "browser" / "conftest.py"

SETUP = """
import gc, os, threading, time
from pynq_widgets.access import Mirror
from pynq_widgets.access.describe import FieldInfo, RegisterInfo
from pynq_widgets.access.mmio import MMIO
from pynq_widgets.device import Device
from pynq_widgets.widgets import RegisterTable, outbox

BASE = 0x4000_0000

class Memory(Device):
    capabilities = {"REGISTER_RW": True}
    def __init__(self, size):
        super().__init__("bench")
        self.memory = bytearray(size)
        self.written = []
    def read_registers(self, address, length):
        return bytes(self.memory[address - BASE:address - BASE + length])
    def write_registers(self, address, data):
        self.written.append(time.time())
        self.memory[address - BASE:address - BASE + len(data)] = data

def registers(count):
    fields = tuple(FieldInfo(f"F{k}", 4 * k, 4, "read-write", f"Field {k} of the register") for k in range(4)) + (FieldInfo("EN", 31, 1),)
    return [RegisterInfo(f"BLOCK{i // 64}_R{i}", 4 * i, 32, "read-write", fields, 0, f"Register {i} of the bench") for i in range(count)]

def make(count):
    global device, mirror
    device = Memory(4 * count)
    mirror = Mirror(MMIO(BASE, 4 * count, device=device), registers(count))

class Hardware(threading.Thread):
    '''Changes a tenth of the registers, 50 times a second.'''
    def __init__(self):
        super().__init__(daemon=True)
        self.stop, self.cpu = threading.Event(), 0.0
    def run(self):
        tick, count = 0, len(mirror.registers)
        while not self.stop.wait(0.02):
            tick += 1
            for row in range(tick % 10, count, 10):
                at = 4 * row
                device.memory[at:at + 2] = (tick & 0xffff).to_bytes(2, "little")
            self.cpu = time.thread_time()

def rss():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def beat_for_all(seconds):
    '''Somebody who looks at every row, beside the page.'''
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        table.viewers.beat("all", True, range(len(mirror.registers)), 1 << 40)
        time.sleep(0.5)
    table.viewers.bye("all")
"""


def harness() -> ModuleType:
    """JupyterLab in Chromium as the tests have it."""
    spec = importlib.util.spec_from_file_location("browser_harness", HARNESS)
    if spec is None or spec.loader is None:
        raise SystemExit(f"There is no {HARNESS}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def laboratory() -> Iterator[Any]:
    """JupyterLab in Chromium; what it needs is closed at the end."""
    browser = harness()
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, browser.BROWSERS)), None)
    if program is None:
        raise SystemExit("no Chromium was found: apt-get install chromium")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        server = browser.LabServer(Path(folder))
        chromium = driver.chromium.launch(executable_path=program, args=[*flags, "--disable-component-update"])
        try:
            server.wait_until_up()
            yield browser.Lab(server, chromium, Path(folder))
        finally:
            chromium.close()
            server.close()


class Meter:
    """What arrives at the page, and how busy its main thread is."""

    def __init__(self, page: Any) -> None:
        self.frames: list[int] = []
        self.session = page.context.new_cdp_session(page)
        self.session.send("Performance.enable")
        self.session.send("Network.enable")
        self.session.on("Network.webSocketFrameReceived", self._received)

    def _received(self, event: dict[str, Any]) -> None:
        response = event["response"]
        data = response["payloadData"]
        # The kernel's channel is binary (base64 here); what else JupyterLab hears is text.
        if response["opcode"] == 2:
            self.frames.append(len(data) * 3 // 4 - data[-2:].count("="))

    def busy(self) -> float:
        """Seconds that the main thread has worked so far."""
        metrics = self.session.send("Performance.getMetrics")["metrics"]
        return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))

    def over(self, notebook: Any, seconds: float) -> tuple[float, list[int]]:
        """The main thread's share over a while, and the sizes of the messages that came."""
        notebook.page.wait_for_timeout(100)
        self.frames.clear()
        before = self.busy()
        notebook.page.wait_for_timeout(1000 * seconds)
        return (self.busy() - before) / seconds, list(self.frames)


def live(notebook: Any, meter: Meter, seconds: float) -> None:
    notebook.execute("make(1024); hardware = Hardware()")
    idle, _ = meter.over(notebook, seconds)
    notebook.run_cell("table = RegisterTable(mirror, title='bench', rate=50); table")
    notebook.page.locator(".pw-reg-live[data-kind='live']").wait_for()
    notebook.execute("hardware.start()")
    print(f"JupyterLab alone: main thread {idle:.1%}")
    for name, wide in (("rows in sight", False), ("all 1,024 rows", True)):
        if wide:
            notebook.execute(f"threading.Thread(target=beat_for_all, args=({seconds + 4},), daemon=True).start(); time.sleep(0.5)")
        notebook.execute("began = time.process_time(), hardware.cpu, table._frame, time.monotonic()")
        share, frames = meter.over(notebook, seconds)
        report = notebook.execute(
            "ended = time.process_time(), hardware.cpu, table._frame, time.monotonic()\n"
            "cpu, hard, count, wall = (b - a for a, b in zip(began, ended))\n"
            "import json; print(json.dumps([cpu - hard, count, wall]))"
        )
        cpu, count, wall = json.loads(report)
        print(
            f"live, {name}: kernel {1000 * cpu / max(count, 1):.2f} ms a tick, {statistics.median(frames or [0]):.0f} bytes a message, "
            f"{count / wall:.1f} frames/s, main thread {share:.1%}"
        )
    latency(notebook, "a write in Python", "handle.write({value})")
    latency(notebook, "a change in the hardware", "device.memory[20:24] = ({value}).to_bytes(4, 'little')")
    click(notebook)


LABELS = """
import ipywidgets
make(1024); hardware = Hardware()
labels = [ipywidgets.Label("0x00000000") for _ in range(1024)]
grid = ipywidgets.GridBox(labels, layout=ipywidgets.Layout(grid_template_columns="repeat(8, 1fr)"))
ticks = 0

def refresh():
    '''One tick of who has labels alone: read, and set those that changed.'''
    global ticks
    ticks += 1
    mirror.refresh()
    for label, handle in zip(labels, mirror.registers.values()):
        text = f"0x{handle.value:08X}"
        if label.value != text:
            label.value = text

def follow(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        refresh()
        time.sleep(max(0.0, 0.02 - (time.monotonic() - began)))
"""

LABEL = "[...document.querySelectorAll('.widget-label')].filter(label => label.textContent.startsWith('0x'))"


def labels(notebook: Any, meter: Meter, seconds: float) -> None:
    """The kernel's work is that of one changed tick; the page's, that of what it can take of them in a while."""
    notebook.execute(LABELS)
    notebook.run_cell("grid")
    notebook.page.wait_for_function(f"() => {LABEL}.length === 1024")
    notebook.execute("hardware.start(); began = time.process_time(), hardware.cpu, time.monotonic()")
    notebook.execute(f"follower = threading.Thread(target=follow, args=({seconds},)); follower.start()")
    share, frames = meter.over(notebook, seconds)
    report = notebook.execute(
        "follower.join(); hardware.stop.set(); hardware.join()\n"
        "import json; print(json.dumps([time.process_time() - began[0] - hardware.cpu + began[1], ticks, time.monotonic() - began[2]]))"
    )
    cpu, count, wall = json.loads(report)
    print(
        f"grid of labels: kernel {1000 * cpu / max(count, 1):.1f} ms a tick, {sum(frames) / max(count, 1) / 1000:.0f} KB a tick, "
        f"{count / wall:.1f} ticks/s, main thread {share:.0%}"
    )
    notebook.page.evaluate(f"() => {{ window.last = {LABEL}[5]; }}")
    at = json.loads(
        notebook.execute(
            "import json\ndevice.memory[20:24] = b'\\xef\\xbe\\xad\\xde'; at = 1000 * time.time(); refresh(); print(json.dumps(at))"
        )
    )
    notebook.page.wait_for_function("() => window.last.textContent === '0xDEADBEEF'", timeout=120_000)
    now = notebook.page.evaluate("() => performance.timeOrigin + performance.now()")
    print(f"grid of labels: from a change to the page, with what had piled up: {now - at:.0f} ms")


WATCH = """() => { const text = document.querySelector('.pw-reg-row[data-row=BLOCK0_R5]:not([data-field]) .pw-reg-text'); window.seen = {};
    window.watcher = new MutationObserver(() => { window.seen[text.textContent] ??= performance.timeOrigin + performance.now(); });
    window.watcher.observe(text, {childList: true, characterData: true, subtree: true}); }"""


def latency(notebook: Any, name: str, statement: str) -> None:
    """`statement` 40 times with a value of its own, and when each stood in the page."""
    notebook.execute("hardware.stop.set(); hardware.join(); handle = mirror['BLOCK0_R5']")
    notebook.page.evaluate(WATCH)
    code = (
        "import random, json\nsent = {}\nfor k in range(40):\n    time.sleep(0.05 + 0.1 * random.random())\n    value = 0xABC00000 + k\n"
        f"    sent['0x%08X' % value] = 1000 * time.time()\n    {statement.format(value='value')}\ntime.sleep(0.3)\nprint(json.dumps(sent))"
    )
    sent = json.loads(notebook.execute(code))
    seen = notebook.page.evaluate("() => window.seen")
    taken = sorted(seen[value] - then for value, then in sent.items() if value in seen)
    last = taken[int(0.9 * len(taken))]
    print(f"from {name} to the page: median {statistics.median(taken):.1f} ms, 90 % within {last:.1f} ms, {len(taken)} of 40 seen")


PRESS = """() => {
    const now = performance.timeOrigin + performance.now();
    document.querySelector('[data-bit="31"]').click();
    return now; }"""


def click(notebook: Any) -> None:
    page = notebook.page
    page.locator(".pw-reg-row[data-row='BLOCK0_R5'] .pw-reg-label").click()
    page.locator("[data-bit='31']").wait_for()
    notebook.execute("device.written.clear()")
    clicked = []
    for _ in range(25):
        pressed = page.locator("[data-bit='31']").get_attribute("aria-pressed")
        clicked.append(page.evaluate(PRESS))
        page.wait_for_function("was => document.querySelector('[data-bit=\"31\"]').getAttribute('aria-pressed') !== was", arg=pressed)
    written = json.loads(notebook.execute("import json; print(json.dumps(device.written))"))
    taken = [1000 * then - now for now, then in zip(clicked, written, strict=True)]
    print(f"from a click until the register is written: median {statistics.median(taken):.1f} ms, worst {max(taken):.1f} ms")


RUN = """async (w, code) => {
    const shared = w.content.model.sharedModel;
    shared.insertCell(shared.cells.length, {cell_type: 'code', source: code});
    w.content.activeCellIndex = shared.cells.length - 1;
    w.content.scrollToItem(shared.cells.length - 1);
    await new Promise(requestAnimationFrame);
    const before = document.querySelectorAll('.pw-reg-body').length;
    const start = performance.now();
    const shown = new Promise(done => { const look = () => {
        const bodies = document.querySelectorAll('.pw-reg-body');
        if (bodies.length > before && bodies[bodies.length - 1].querySelectorAll('.pw-reg-row').length > 5) done(performance.now() - start);
        else requestAnimationFrame(look); }; look(); });
    app.commands.execute('notebook:run-cell');
    return await shown; }"""

SCROLL = """async () => {
    const box = [...document.querySelectorAll('.pw-reg-scroll')].at(-1);
    box.scrollTop = 0;
    const [gaps, start] = [[], performance.now()];
    let [last, blank] = [start, 0];
    while (performance.now() - start < 4000) {
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        gaps.push(now - last);
        last = now;
        const at = Math.floor(box.scrollTop / 24);
        const rows = [...box.querySelectorAll('.pw-reg-row:not([hidden])')];
        if (!rows.some(row => Number(row.getAttribute('aria-rowindex')) === at + 3)) blank++;
        box.scrollTop += 260;
    }
    gaps.sort((a, b) => a - b);
    return [gaps.length / 4, gaps[Math.floor(0.99 * gaps.length)], blank, box.scrollTop]; }"""


PARTS = """
import json
from pynq_widgets.widgets.table_sheet import Sheet
handles = list(mirror.registers.values())
times = [time.perf_counter()]
sheet = Sheet(handles, BASE)
times.append(time.perf_counter())
text = sheet.to_json()
times.append(time.perf_counter())
whole = RegisterTable(mirror)
times.append(time.perf_counter())
print(json.dumps([1000 * (after - before) for before, after in zip(times, times[1:])] + [len(text), len(whole._esm)]))
"""


def large(notebook: Any) -> None:
    made = float(notebook.execute("began = time.perf_counter(); make(10_000); print(time.perf_counter() - began)"))
    taken = []
    for _ in range(5):
        taken.append(notebook._script(RUN, "table = RegisterTable(mirror, title='large'); table"))
        notebook.page.locator(".pw-reg-live[data-kind='live']").last.wait_for()
    facts, text, whole, sheet, script = json.loads(notebook.execute(PARTS))
    print(f"10,000 registers, from run to rows: first {taken[0]:.0f} ms, median {statistics.median(taken):.0f} ms")
    print(f"  before it, the mirror: {1000 * made:.0f} ms")
    print(f"  of it in the kernel: {whole:.0f} ms, with the facts in {facts:.0f} ms and their text in {text:.0f} ms")
    print(f"  sent: {sheet / 1000:.0f} KB of facts, {script / 1000:.0f} KB of script")
    rate, slow, blank, end = notebook.page.evaluate(SCROLL)
    print(f"  scrolling to {end:.0f} px: {rate:.0f} frames/s, 99 % within {slow:.0f} ms, {blank} frames without rows")


HIDE = """hidden => {
    const state = {hidden, visibilityState: hidden ? 'hidden' : 'visible'};
    for (const [name, value] of Object.entries(state)) Object.defineProperty(document, name, {configurable: true, get: () => value});
    document.dispatchEvent(new Event('visibilitychange')); }"""


def hidden(notebook: Any, meter: Meter, seconds: float) -> None:
    notebook.execute("make(1024); hardware = Hardware(); hardware.start()")
    notebook.run_cell("table = RegisterTable(mirror, title='bench', rate=50); table")
    notebook.page.locator(".pw-reg-live[data-kind='live']").wait_for()
    session = meter.session
    ways = {
        "hidden": (lambda: notebook.page.evaluate(HIDE, True), lambda: notebook.page.evaluate(HIDE, False)),
        # The debugger holds the page's only thread, as a page does that hangs.
        "stalled": (
            lambda: (session.send("Debugger.enable"), session.send("Debugger.pause")),
            lambda: (session.send("Debugger.resume"), session.send("Debugger.disable")),
        ),
    }
    # The kernel takes its own measure: a page that hangs cannot ask it.
    code = (
        "def measure(seconds, told):\n    gc.collect(); before = rss(), table._frame\n    time.sleep(seconds)\n    gc.collect()\n"
        "    told += [rss() - before[0], table._frame - before[1], outbox.default().statistics().waiting, table.live]\n"
    )
    notebook.execute(code)
    for name, (away, back) in ways.items():
        notebook.execute(f"told = []; meter = threading.Thread(target=measure, args=({seconds}, told)); meter.start()")
        away()
        notebook.page.wait_for_timeout(1000 * (seconds + 1))
        meter.frames.clear()
        back()
        notebook.page.wait_for_timeout(500)
        burst = len(meter.frames)
        grown, sent, waiting, reading = json.loads(notebook.execute("meter.join(); import json; print(json.dumps(told))"))
        print(
            f"{name} for {seconds:.0f} s at 50 Hz: kernel memory {grown / 1024:+.0f} KiB, {sent} frames sent, {waiting} waiting, "
            f"{'still reading' if reading else 'not reading'}; {burst} messages in the half second after the return"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6.0, help="how long the live table is measured (default: 6)")
    parser.add_argument(
        "--hidden", type=float, default=60.0, help="how long the tab is hidden, and then hangs (default: 60; 0 leaves it out)"
    )
    parser.add_argument("--only", choices=("live", "labels", "large", "hidden"), help="one part alone")
    options = parser.parse_args()

    with laboratory() as lab:
        meter = Meter(lab.page)
        parts = {
            "live": lambda n: live(n, meter, options.seconds),
            "labels": lambda n: labels(n, meter, options.seconds),
            "large": large,
            "hidden": lambda n: hidden(n, meter, options.hidden),
        }
        for name, part in parts.items():
            if options.only in (None, name) and (name != "hidden" or options.hidden):
                part(lab.run([SETUP]))
                lab.end_test()


if __name__ == "__main__":
    main()
