"""Who holds memory, in words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pynq_widgets.access import allocate
from pynq_widgets.device import SimulatedDevice, VirtualClock
from pynq_widgets.device.simulated.leaks import in_words


@pytest.fixture
def device() -> SimulatedDevice:
    return SimulatedDevice("board", pool_size=1 << 20, clock=VirtualClock())


def test_leaks_are_what_is_held_the_largest_first_with_the_line_that_made_it(device: SimulatedDevice) -> None:
    small = device.allocate(4)
    large = allocate((64, 64), "f4", target=device)
    named = device.allocate(100, name="taps", cacheable=True)
    line = test_leaks_are_what_is_held_the_largest_first_with_the_line_that_made_it.__code__.co_firstlineno
    leaks = device.memory.leaks()
    assert [(leak.bank, leak.address, leak.nbytes, leak.size, leak.what, leak.name) for leak in leaks] == [
        ("DDR", large.physical_address, 16384, 16384, "64×64 float32", ""),
        ("DDR", named.physical_address, 400, 4096, "100 uint32", "taps"),
        ("DDR", small.physical_address, 16, 4096, "4 uint32", ""),
    ]
    assert [(Path(leak.file).name, leak.line - line) for leak in leaks] == [
        ("test_leaks.py", 2),
        ("test_leaks.py", 3),
        ("test_leaks.py", 1),
    ]
    where = f"{__file__}:{line + 3}"
    assert str(leaks[1]) == f"DDR 0x{named.physical_address:08x}      400 B  100 uint32 'taps' made at {where}"
    report = device.report_leaks().splitlines()
    assert report[0] == "board: 3 buffers are held, 16.4 KiB"
    assert report[2] == f"  {leaks[1]}"
    del small, large, named
    assert device.memory.leaks() == []
    assert device.report_leaks() == "board: no buffer is held"


def test_very_many_are_told_by_the_line(device: SimulatedDevice) -> None:
    held = [device.allocate(4) for _ in range(50)]
    lines = repr(device.memory).splitlines()
    assert lines[0] == "board: 50 buffers are held, 800 B"
    assert lines[1] == "DDR: 1 MiB at 0x10000000, 824 KiB free"
    assert lines[-1].startswith("  30 more made at ")
    assert lines[-1].endswith(", 480 B")
    assert len(held) == 50


def test_the_report_at_exit_names_what_is_left() -> None:
    program = (
        "from pynq_widgets import SimulatedDevice\n"
        "device = SimulatedDevice('board')\n"
        "device.report_leaks(at_exit=True)\n"
        "device.report_leaks(at_exit=True)\n"
        "kept = device.allocate((8, 8), name='frame')\n"
        "device.allocate(4).freebuffer()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "board: 1 buffer is held, 256 B",
        "  DDR 0x10000000      256 B  8×8 uint32 'frame' made at <string>:5",
    ]


def test_nothing_is_said_at_exit_where_nothing_is_left() -> None:
    program = (
        "from pynq_widgets import SimulatedDevice\nd = SimulatedDevice('b')\nd.report_leaks(at_exit=True)\nd.allocate(4).freebuffer()\n"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stderr == ""


@pytest.mark.parametrize(
    ("nbytes", "words"), [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (5 << 30, "5 GiB"), (3 << 40, "3 TiB")]
)
def test_sizes_in_words(nbytes: int, words: str) -> None:
    assert in_words(nbytes) == words
