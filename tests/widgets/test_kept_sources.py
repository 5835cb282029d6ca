"""What is kept of large buffers, so that a look at them is short."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("anywidget")

from pynq_widgets.analysis import kept_lanes
from pynq_widgets.analysis.interpretation import Interpretation
from pynq_widgets.analysis.lanes import lanes_of
from pynq_widgets.device import SimulatedDevice, VirtualClock
from pynq_widgets.widgets.buffer_source import Source


def test_lanes_of_a_large_buffer_are_read_once_and_what_hardware_wrote_again(monkeypatch: pytest.MonkeyPatch) -> None:
    device = SimulatedDevice("lanes", clock=VirtualClock())
    buffer = device.allocate(1 << 20, "u2")
    source = Source(buffer)
    source.listen()
    bits = lanes_of("u2")
    assert [run.value.tolist() for run in source.lanes(bits, 0, buffer.size, 10)] == [[0]] * 16
    monkeypatch.setattr(kept_lanes, "fold", None)
    assert not source.lanes(bits, 0, buffer.size, 10)[3].busy.any()
    monkeypatch.undo()
    device.memory.write(buffer[700_000:].physical_address, b"\x08\0")
    source.look(0.0)
    assert source.lanes(bits, 0, buffer.size, 10)[3].busy.tolist() == [False, True, False]


def test_lanes_of_the_first_of_several_channels() -> None:
    data = np.zeros((1 << 17, 2), "u1")
    data[100_000:, 0] = 1
    data[:, 1] = 255
    source = Source(data.reshape(-1), Interpretation(channels=2))
    low, high = source.lanes(lanes_of("u1")[:2], 0, 1 << 17, 8)
    assert (low.value.tolist(), high.value.tolist()) == ([0, 1], [0])
