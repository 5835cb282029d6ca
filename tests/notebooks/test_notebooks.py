"""The notebooks do what they say: each runs from top to bottom, in a kernel of its own, with no board."""

from __future__ import annotations

import os
import re
import shutil
import sysconfig
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
WIDGET = "application/vnd.jupyter.widget-view+json"


def compiler_missing() -> str | None:
    """Why a C extension cannot be built here, or None."""
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"no C compiler ({compiler})"
    if not Path(sysconfig.get_paths()["include"], "Python.h").exists():
        return "no Python.h (on Debian: apt install python3-dev)"
    return None


ANSWER = "# Your answer"


def answered(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with the solutions that it hides, each in the place of the empty answer before it."""
    place = None
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.startswith(ANSWER):
            place = cell
        elif cell.cell_type == "markdown" and cell.source.startswith("<details>"):
            found = re.search(r"```python\n(.*?)```", cell.source, re.DOTALL)
            assert found is not None, cell.source
            assert place is not None, cell.source
            place.source, place = found[1], None
    assert place is None, "an answer without a solution"
    return notebook


WITH_TASKS = [name for name in NAMES if f'"{ANSWER}' in (NOTEBOOKS / name).read_text(encoding="utf-8")]


def executed(name: str, solved: bool = False) -> nbformat.NotebookNode:
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    if solved:
        notebook = answered(notebook)
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOKS)}})
    return client.execute()


def outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def shown(notebook: nbformat.NotebookNode) -> str:
    """Everything that the notebook printed or showed as text."""
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs(notebook)]
    return "\n".join(texts)


def test_there_are_the_tour_live_registers_buffers_and_the_three_kinds_of_api() -> None:
    assert {"tour.ipynb", "live_registers.ipynb", "api_wrapper.ipynb", "api_layer.ipynb", "api_c_library.ipynb"} <= set(NAMES)
    assert {
        "dma_buffers.ipynb",
        "cache_coherence.ipynb",
        "video.ipynb",
        "pynq_code.ipynb",
        "leds_and_buttons.ipynb",
        "i2c_sensor.ipynb",
        "interrupts.ipynb",
        "write_a_driver.ipynb",
    } <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_stored_without_outputs_and_names_its_kernel(name: str) -> None:
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert outputs(notebook) == []
    assert all(cell.execution_count is None for cell in notebook.cells if cell.cell_type == "code")


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_from_top_to_bottom(name: str) -> None:
    missing = compiler_missing() if name == "api_c_library.ipynb" else None
    if missing and os.environ.get("CI"):
        pytest.fail(f"CI must compile the library: {missing}")
    if missing:
        pytest.skip(missing)
    notebook = executed(name)
    complaints = [output.text for output in outputs(notebook) if output.get("name") == "stderr"]
    assert complaints == []
    if name == "tour.ipynb":
        check_the_tour(notebook)
    if name == "leds_and_buttons.ipynb":
        check_leds_and_buttons(notebook)
    if name == "i2c_sensor.ipynb":
        check_i2c_sensor(notebook)
    if name == "hls_core.ipynb":
        check_hls_core(notebook)
    if name == "interrupts.ipynb":
        check_interrupts(notebook)
    if name == "write_a_driver.ipynb":
        check_write_a_driver(notebook)
    if name == "pynq_code.ipynb":
        check_pynq_code(notebook)
    if name == "live_registers.ipynb":
        check_live_registers(notebook)
    if name == "dma_buffers.ipynb":
        check_dma_buffers(notebook)
    if name == "cache_coherence.ipynb":
        check_cache_coherence(notebook)
    if name == "video.ipynb":
        check_video(notebook)
    if name == "scope.ipynb":
        check_the_scope(notebook)


def verdicts(notebook: nbformat.NotebookNode) -> list[str]:
    """What the checks of the tasks said, each as its first character."""
    first = next(at for at, cell in enumerate(notebook.cells) if cell.source.startswith("# Tasks"))
    tasks = nbformat.from_dict({"cells": notebook.cells[first:]})
    return [line[0] for line in shown(tasks).splitlines() if line[:1] in "✓✗…"]


@pytest.mark.parametrize("name", WITH_TASKS)
def test_its_tasks_are_red_until_they_are_solved_and_green_then(name: str) -> None:
    unsolved, solved = verdicts(executed(name)), verdicts(executed(name, solved=True))
    assert len(solved) >= 3
    assert len(unsolved) == len(solved)
    assert set(solved) == {"✓"}
    assert "✗" in unsolved
    assert "…" not in unsolved


def check_leds_and_buttons(notebook: nbformat.NotebookNode) -> None:
    text = shown(notebook)
    assert "<LEDs of leds channel 1: led0, led1, led2, led3>" in text
    assert "('0b101', ('led0', 'led2'))" in text
    assert "('led1', 'led3')" in text
    assert "('ready', 'busy', 'link')" in text
    assert "(11, '0x41200000')" in text
    assert "('btn1',)\n()\n" in text
    assert "hello" in text
    assert "✗ leds.value == 0b1111: not within 0.5 s; leds.value was 0" in text
    panels = [output for output in outputs(notebook) if "Channel 1" in output.get("data", {}).get("text/html", "")]
    assert [WIDGET in panel.data for panel in panels] == [True, True, True]


def check_write_a_driver(notebook: nbformat.NotebookNode) -> None:
    text = shown(notebook)
    assert "0x00  TCSR0  read-write  Timer 0 control and status" in text
    assert "driver, model and test of xilinx.com:ip:axi_timer:2.0, from its 6 registers in designs/demo.hwh" in text
    assert 'bindto = ["xilinx.com:ip:axi_timer:2.0"]' in text
    assert "<Metronome timer at 0x42800000, 64 KB>" in text
    assert "Careless.guards must map the names of registers to the reason why they are not read unasked, not the list ['TCSR0']" in text
    assert "✓ metronome.ticked" in text
    assert "True 24999998" in text
    assert "✗ stopped.ticked: not within 0.5 s; stopped.ticked was False" in text


def check_i2c_sensor(notebook: nbformat.NotebookNode) -> None:
    text = shown(notebook)
    assert "['0x48', '0x50']" in text
    assert "'15 80'\n21.5\n21.5\n" in text
    assert "✓ temperature.value == 30.0, after" in text
    assert "['0x190', '0x0', '0x191', '0x202']" in text  # as PG090 has a dynamic read after a repeated start
    assert "b'hello'" in text
    assert "found: 0x48, 0x50" in text
    assert "the target at 0x21 of iic did not acknowledge" in text
    assert sum(WIDGET in output.get("data", {}) for output in outputs(notebook)) >= 3  # the overlay, the map, what was expected


def check_hls_core(notebook: nbformat.NotebookNode) -> None:
    text = shown(notebook)
    assert "(7, -2)" in text
    assert "\n78\n" in text  # an attribute has the sign that the prototype told
    assert "in  pointer or 64 bits x       at 0x18" in text
    assert "weigh.gain has 32 bits, and the design does not tell that they are a float: say so first, core.types(gain='float32')" in text
    assert "(x: 'const float32*', y: 'float32*', n: 'int32', gain: 'float32', weights: 'float32[8]') -> 'int32'" in text
    assert "(32, 32, {'return': 32, 'largest': 1.14289" in text
    assert "<run 3 of weigh: running>" in text
    assert "32 <run 3 of weigh: done, 32>" in text
    assert "weigh is still at run 4: wait(), or await done(), first" in text
    assert "weigh was not done within 0.05 s: it is running (ap_idle=0)" in text
    forms = [output for output in outputs(notebook) if "called as" in output.get("data", {}).get("text/html", "")]
    assert [WIDGET in form.data for form in forms] == [True]


def check_interrupts(notebook: nbformat.NotebookNode) -> None:
    text = shown(notebook)
    accesses = re.search(r"'a second later'\n(\d+)\n", text)
    assert accesses
    assert int(accesses[1]) <= 12  # nobody looked again and again
    counts = re.search(r"^\((\d+), 0, 0, 0, 0\)$", text, re.MULTILINE)
    assert counts
    assert int(counts[1]) >= 5
    assert "(True, False)" in text  # the level came back until its source let go
    assert [word in text for word in ("one hears the timer", "another hears the timer", "and the button")] == [True] * 3
    assert "did not read 0x1 within 0.2 s" in text
    assert "('0b1', '0b0')" in text
    spurious, lost = (float(found) for found in re.findall(r"^(\d+\.\d) s$", text, re.MULTILINE))
    assert 1.0 <= spurious < 6  # it was not believed
    assert 1.5 <= lost < 8  # it was found out
    assert "timer/interrupt interrupts for nothing: over, struck 1 time" in text
    titles = [output.data["text/html"] for output in outputs(notebook) if WIDGET in output.get("data", {})]
    assert any("filter/dma/mm2s_introut" in title for title in titles)


def check_pynq_code(notebook: nbformat.NotebookNode) -> None:
    text = shown(notebook)
    assert "0x42800000  timer           xilinx.com:ip:axi_timer:2.0" in text
    assert "did you mean 'TLR1', 'TLR0'?" in text
    assert "pynq has no 'Overlya' in pynq_widgets; did you mean 'Overlay'?" in text
    counts = re.search(r"\('OldTimer', (\d+), (\d+)\)", text)
    assert counts
    first, second = counts.groups()
    assert 0 < int(second) < int(first) <= 100_000_000
    assert sum(WIDGET in output.get("data", {}) for output in outputs(notebook)) >= 3


def check_the_tour(notebook: nbformat.NotebookNode) -> None:
    text = shown(notebook)
    assert "0b1010" in text  # what was written to the LEDs is what the register says
    assert "overlay demo has no attribute 'led' (did you mean 'leds'?)" in text
    seconds = float(next(line for line in text.splitlines() if line.endswith(" s")).removesuffix(" s"))
    assert 0.45 < seconds < 10  # the timer's half second, and not at once
    views = [output for output in outputs(notebook) if WIDGET in output.get("data", {})]
    assert len(views) >= 5  # the tree, the LEDs, two buffers, the plot
    tree = views[0].data
    assert "Simulated" in tree["text/html"]
    assert "<script" not in tree["text/html"]
    change = re.search(r"sample to sample: (\d+) before, (\d+) after", text)
    assert change
    assert int(change[2]) < int(change[1]) / 3


def check_live_registers(notebook: nbformat.NotebookNode) -> None:
    text = shown(notebook)
    assert [word in text for word in ("expected 0 to 63 (6 bits), not 64: nothing was written", "(did you mean 'taps'?)")] == [True, True]
    first, second = (int(found, 0) for found in re.findall(r"by the \w+ read: +(0b[01]+)", text))
    assert (first & 0b1010, second & 0b1010) == (0b1010, 0)  # ap_done and ap_ready, there once
    assert re.search(r"^False \(read, .* ago; not read, reading changes AP_DONE, AP_READY", text, re.MULTILINE)
    assert "(10, 5)" in text  # Python moved the slider, the slider the LEDs
    assert "[True]" in text  # the timer's end was heard of once
    for change in ("taps 31 → 5", "shift 15 → 0", "wrote timer.TLR1 at 0x42800014: 0x2 → 0x0", "0x9 → 0x1"):
        assert change in text
    assert text.count("timer 1 starts from 500") == 2  # on the device, and on its recording
    assert "\n()\n" in text  # the recording has heard nothing else
    assert re.search(r"write\(0x41200000, 0x9\),  # leds.GPIO_DATA", text)
    rate = re.search(r"(\d+) million clocks a second", text)
    assert rate
    assert 50 < int(rate[1]) < 200
    views = [output for output in outputs(notebook) if WIDGET in output.get("data", {})]
    assert len(views) >= 5  # the slider, the bar, the table, the chart, the checkboxes
    saved = re.search(r"saved in (\S+)/state.yaml", text)
    assert saved
    assert not Path(saved[1]).exists()


def check_the_scope(notebook: nbformat.NotebookNode) -> None:
    text = shown(notebook)
    measured = re.search(r"4096 samples, (\d+) Hz, ([\d.]+) V from peak to peak", text)
    assert measured
    assert abs(int(measured[1]) - 2500) < 25  # 400 samples at a million a second
    assert 1.3 < float(measured[2]) < 1.6
    lowest = re.search(r"lowest: (-[\d.]+) V", text)
    assert lowest
    assert float(lowest[1]) < -0.5  # nothing but the spike goes there
    assert "It waits for a packet from filter/fir" in text
    scopes = [output.data for output in outputs(notebook) if output.get("data", {}).get("text/plain", "").startswith("Scope(")]
    assert len(scopes) == 2
    assert WIDGET in scopes[0]
    assert "<svg" in scopes[0]["text/html"]
    assert "<script" not in scopes[0]["text/html"]


def views_in(notebook: nbformat.NotebookNode) -> int:
    return sum(WIDGET in output.get("data", {}) for output in outputs(notebook))


def check_dma_buffers(notebook: nbformat.NotebookNode) -> None:
    text = shown(notebook)
    assert "200 bytes further on" in text
    assert "is strided" in text
    gains = [float(found) for found in re.findall(r"kHz: ([+-][\d.]+) dB", text)]
    assert gains == pytest.approx([-0.3, -6, -63], abs=1.5)
    assert "It waits for a packet from filter/fir, which ends with TLAST; sendchannel has nothing under way" in text
    assert "\n() True" in text  # the late transfer ended after all
    assert "DMA Decode Error (invalid address) on filter/dma.sendchannel" in text
    assert "over, struck 1 time" in text
    assert text.rpartition("DMA channel not idle")[2].count("\nTrue") == 1  # after the reset it is as before
    assert "'filtered tones'" in text
    assert "use after free" in text
    assert views_in(notebook) == 8  # seven buffers, and the map of memory


def check_cache_coherence(notebook: nbformat.NotebookNode) -> None:
    text = shown(notebook)
    states = re.findall(r"^(same|host newer|device newer|both newer|host and device always)", text, re.MULTILINE)
    assert states == ["same", "host newer", "same", "device newer", "same", "both newer", "same", "same", "same", "host and device always"]
    assert text.count("[0 0 0 0 0 0 0 0]") == 3  # without flush, without invalidate, and the host's side
    assert text.count("[ 0  4  9 14 19 24 29 34]") == 2  # the device's side, and at last the host's
    assert "to flush: ((256, 256),) to invalidate: ((0, 256),)" in text
    assert "\n((384, 64),)\n" in text
    assert views_in(notebook) == 2


def check_video(notebook: nbformat.NotebookNode) -> None:
    text = shown(notebook)
    assert "width of a video mode is 1 to 65535, not 70000" in text
    assert "\nTrue\n" in text  # what came in is what went out
    assert "60 frames" in text
    stores = re.search(r"round and round: \[(.*)\]", text)
    assert stores
    assert len(set(stores[1].split(", "))) > 1
    assert "parked:          [2, 2, 2, 2, 2, 2, 2, 2]" in text
    assert "no frame came within 0.2 s. It waits for a frame of 320 × 240, 8 bits" in text
    assert views_in(notebook) == 6  # five pictures, and the map of memory
