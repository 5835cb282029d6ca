"""The recorder of sensors, in virtual time: readings by hand, and on its thread with a clock that jumps."""

from __future__ import annotations

import builtins
import gc
import math
import threading
import time
import weakref

import numpy as np
import pytest

from pynq_widgets.access import data_recorder
from pynq_widgets.access.data_recorder import DataRecorder
from pynq_widgets.access.pmbus import DerivedPowerSensor
from pynq_widgets.device import VirtualClock


class Scripted:
    """A sensor whose readings are given; an exception among them is raised, a function called."""

    unit = "V"

    def __init__(self, name, readings):
        self.name = name
        self.readings = list(readings)
        self.reads = 0

    def get_value(self, parents=None):
        value = self.readings[min(self.reads, len(self.readings) - 1)]
        self.reads += 1
        if isinstance(value, Exception):
            raise value
        return value() if callable(value) else value


@pytest.fixture
def clock():
    return VirtualClock()


def test_readings_marks_and_gaps(clock, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000.0)
    voltage, current = Scripted("v", [1.0, 2.0, OSError("the bus is stuck"), 4.0]), Scripted("i", [0.5])
    recorder = DataRecorder(voltage, current, DerivedPowerSensor("p", voltage, current), clock=clock)
    assert (repr(recorder), len(recorder), recorder.errors) == ("<DataRecorder: 3 sensors, 0 readings>", 0, {})
    assert recorder.data().values.shape == (0, 3)
    clock.advance(100)
    recorder.sample()
    clock.advance(0.5)
    assert recorder.mark() == 0
    recorder.sample()
    clock.advance(0.5)
    recorder.sample()
    recorder.mark()
    recorder.sample()
    data = recorder.data()
    assert data.started == 1_700_000_000.0
    assert data.times.tolist() == [0.0, 0.5, 1.0, 1.0]
    assert data.marks.tolist() == [-1, 0, 0, 1]
    assert (data.names, data.units) == (("v", "i", "p"), ("V", "V", "W"))
    np.testing.assert_array_equal(data["v"], [1, 2, math.nan, 4])
    np.testing.assert_array_equal(data["i"], [0.5, 0.5, 0.5, 0.5])
    np.testing.assert_array_equal(data["p"], [0.5, 1, math.nan, 2])
    assert recorder.errors == {"v": "OSError: the bus is stuck", "p": "OSError: the bus is stuck"}
    assert voltage.reads == 4, "what several sensors need is read once"
    with pytest.raises(KeyError, match=r"no sensor 'x' was recorded \(it has v, i, p\)"):
        data["x"]
    recorder.reset()
    assert (len(recorder), recorder.errors, recorder.mark()) == (0, {}, 0)
    assert len(data) == 4, "what was handed out stays"


def recorded(clock, sensor, interval, *others, **more):
    """A recording that the sensor ends with its last reading."""
    recorder = DataRecorder(sensor, *others, clock=clock, **more)
    sensor.readings.append(lambda: recorder.stop() or 9.0)
    with recorder.record(interval):
        recorder._thread.join(30)
    assert not recorder.recording
    return recorder


def test_the_thread_reads_at_its_interval_and_ends():
    clock = VirtualClock(autojump=True, start=7)
    recorder = recorded(clock, Scripted("v", [1.0, ValueError("no"), 3.0]), 0.25)
    data = recorder.data()
    assert data.times.tolist() == [0.0, 0.25, 0.5, 0.75]
    np.testing.assert_array_equal(data["v"], [1, math.nan, 3, 9])
    assert recorder._thread is None
    assert [thread for thread in threading.enumerate() if thread.name == "pynq_widgets recorder"] == []


def test_a_late_reading_shifts_those_after_it():
    clock = VirtualClock(autojump=True)
    recorder = recorded(clock, Scripted("v", [1.0, lambda: clock.advance(0.6) or 2.0, 3.0]), 0.25)
    assert recorder.data().times.tolist() == [0.0, 0.25, 0.85, 1.1]


def test_it_goes_on_where_it_ended():
    clock = VirtualClock(autojump=True)
    recorder = recorded(clock, Scripted("v", [1.0]), 1)
    again = Scripted("v", [lambda: recorder.stop() or 5.0])
    recorder._readings.sensors = (again,)
    clock.advance(9)
    with recorder.record(1):
        recorder._thread.join(30)
    data = recorder.data()
    assert data.times.tolist() == [0.0, 1.0, 10.0]
    assert data.marks.tolist() == [0, 0, 1]


def test_one_recording_at_a_time(clock):
    reading, go = threading.Event(), threading.Event()
    recorder = DataRecorder(Scripted("v", [lambda: reading.set() or go.wait(30) or 1.0]), clock=clock)
    with recorder.record(1.5):
        assert reading.wait(30)
        assert (recorder.recording, recorder.interval) == (True, 1.5)
        assert repr(recorder) == "<DataRecorder: 1 sensor, 0 readings, recording every 1.5 s>"
        with pytest.raises(RuntimeError, match=r"^DataRecorder is already recording$"):
            recorder.record(1)
        go.set()
    assert len(recorder) == 1
    recorder.stop()


def test_a_reset_while_it_records_begins_anew(clock):
    recorder = DataRecorder(Scripted("v", [1.0, lambda: recorder.reset() or 2.0, 3.0]), clock=clock)
    recorder.sample()
    clock.advance(1)
    recorder.sample()
    clock.advance(1)
    recorder.sample()
    assert recorder.data().times.tolist() == [0.0, 1.0]


def test_a_recorder_that_has_gone_reads_no_more(clock):
    reading = threading.Event()
    recorder = DataRecorder(Scripted("v", [lambda: reading.set() or 1.0]), clock=clock).record(1)
    assert reading.wait(30)
    thread, gone = recorder._thread, weakref.ref(recorder)
    del recorder
    gc.collect()
    assert gone() is None
    thread.join(30)
    assert not thread.is_alive()


def test_where_there_are_no_threads(clock, monkeypatch):
    class NoThread(threading.Thread):
        def start(self):
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(data_recorder.threading, "Thread", NoThread)
    recorder = DataRecorder(Scripted("v", [1.0]), clock=clock)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        recorder.record(1)
    assert not recorder.recording
    recorder.sample()
    recorder.stop()
    assert len(recorder) == 1


@pytest.mark.parametrize("interval", [-1, math.nan, math.inf, "1", None, True])
def test_intervals_that_cannot_be(clock, interval):
    with pytest.raises(ValueError, match=r"DataRecorder\.record expected an interval in seconds, 0 or more, got "):
        DataRecorder(clock=clock).record(interval)


def test_what_is_no_sensor_is_refused_and_a_sensor_not_read():
    class Simple:
        name = "simple"

        @property
        def value(self):
            raise AssertionError("nobody asked for it")

    DataRecorder(Simple())
    with pytest.raises(TypeError, match="DataRecorder records sensors"):
        DataRecorder(5)


def test_sensors_with_a_value_alone_and_values_that_are_no_numbers(clock):
    class Simple:
        name = "simple"
        value = "12.5"

    recorder = DataRecorder(Simple(), Scripted("d", [{"a": 1}]), clock=clock)
    recorder.sample()
    np.testing.assert_array_equal(recorder.data().values, [[12.5, math.nan]])
    assert list(recorder.errors) == ["d"]


def test_the_frame(clock, monkeypatch):
    pandas = pytest.importorskip("pandas")
    recorder = DataRecorder(Scripted("v", [1.0, OSError("x")]), Scripted("v", [3.0]), clock=clock)
    assert list(recorder.frame.columns) == ["Mark", "v", "v"]
    assert len(recorder.frame) == 0
    recorder.mark()
    recorder.sample()
    clock.advance(2)
    recorder.sample()
    frame = recorder.frame
    assert isinstance(frame.index, pandas.DatetimeIndex)
    assert (frame.index[1] - frame.index[0]).total_seconds() == pytest.approx(2, abs=1e-5)
    assert abs(frame.index[0].to_pydatetime().timestamp() - time.time()) < 60
    assert frame["Mark"].tolist() == [0, 0]
    np.testing.assert_array_equal(frame.iloc[:, 1:].to_numpy(), [[1, 3], [math.nan, 3]])


def test_without_pandas_there_are_arrays(clock, monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name="pandas")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    recorder = DataRecorder(Scripted("v", [1.0]), clock=clock)
    recorder.sample()
    with pytest.raises(
        ImportError, match=r"pandas is not installed \(pip install pandas\); DataRecorder\.data\(\) has the same as numpy arrays"
    ):
        recorder.frame
    assert recorder.data()["v"].tolist() == [1.0]
