"""Sensors over time, while something runs: ``with recorder.record(0.1): …``."""

from __future__ import annotations

import math
import threading
import time
import weakref
from array import array
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pynq_widgets.device.clock import Clock, ClockEvent, WallClock
from pynq_widgets.showing import Shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Recording:
    """What was recorded: n readings of k sensors.

    Attributes
    ----------
    started : float
        When the first recording began, in seconds since 1970.
    times : array of n floats
        Seconds since then.
    marks : array of n ints
        How often `record` or `mark` had been called before, less one.
    names, units : tuple of k str
        Of the sensors.
    values : array of n × k floats
        NaN where a sensor could not be read.
    """

    started: float
    times: NDArray[np.float64]
    marks: NDArray[np.int64]
    names: tuple[str, ...]
    units: tuple[str, ...]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.times)

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """The readings of the sensor `name`; of the first, where several are called so."""
        if name not in self.names:
            from .errors import near_or_all

            raise KeyError(f"no sensor {name!r} was recorded{near_or_all(name, self.names)}")
        column: NDArray[np.float64] = self.values[:, self.names.index(name)]
        return column


class _Readings:
    """What has been read. The thread refers to it and not to the recorder, which may go meanwhile."""

    def __init__(self, sensors: tuple[Any, ...], clock: Clock) -> None:
        self.sensors = sensors
        self.clock = clock
        self.lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        with self.lock:
            self.mark = -1
            self.started: float | None = None
            self.origin = 0.0
            self.times = array("d")
            self.marks = array("q")
            self.values = array("d")
            self.errors: dict[str, str] = {}

    def start(self) -> None:
        """Time 0 is now, if there is none yet."""
        with self.lock:
            if self.started is None:
                self.started, self.origin = time.time(), self.clock.now()

    def count(self) -> int:
        with self.lock:
            self.mark += 1
            return self.mark

    def take(self) -> None:
        """One reading of every sensor; one that fails is a gap."""
        now = self.clock.now()
        known: dict[Hashable, Any] = {}
        row = [_number(_reading(sensor, known)) for sensor in self.sensors]
        with self.lock:
            if self.started is None:  # reset meanwhile
                self.started, self.origin = time.time(), now
            self.times.append(now - self.origin)
            self.marks.append(self.mark)
            for sensor, value in zip(self.sensors, row, strict=True):
                if isinstance(value, Exception):
                    self.errors[sensor.name] = f"{type(value).__name__}: {value}"
                self.values.append(math.nan if isinstance(value, Exception) else value)


def _reading(sensor: Any, known: dict[Hashable, Any]) -> Any:
    """The value of the sensor, or the exception that it, or one that it is worked out from, raised."""
    if sensor in known:
        return known[sensor]
    value: Any
    try:
        parents = [_reading(parent, known) for parent in getattr(sensor, "parents", ())]
        failed = next((parent for parent in parents if isinstance(parent, Exception)), None)
        if failed is not None:
            value = failed
        else:
            value = sensor.get_value(parents) if hasattr(sensor, "get_value") else sensor.value
    except Exception as error:
        value = error
    known[sensor] = value
    return value


def _number(value: Any) -> float | Exception:
    if isinstance(value, Exception):
        return value
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        return error


class DataRecorder(Shown):
    """Reads sensors over and over on a thread of its own, while a ``with`` block runs.

    ::

        recorder = DataRecorder(rails['INT'].power)
        with recorder.record(0.1):      # every 0.1 s
            run()
            recorder.mark()             # what comes now is the next part
            run_differently()
        recorder.data()                 # numpy arrays; recorder.frame, for pandas

    Parameters
    ----------
    sensors
        Anything with a `name` and a ``get_value(parents)`` or a `value`.
    clock
        In whose time readings are taken (a device's clock); wall time by default.

    A sensor that cannot be read leaves a gap (NaN); `errors` has why.
    """

    def __init__(self, *sensors: Any, clock: Clock | None = None) -> None:
        for sensor in sensors:
            # To ask the sensor itself whether it has a value would read it.
            has_value = hasattr(sensor, "get_value") or hasattr(type(sensor), "value") or "value" in getattr(sensor, "__dict__", ())
            if not hasattr(sensor, "name") or not has_value:
                raise TypeError(f"DataRecorder records sensors (name, value), such as rails['INT'].power; got {sensor!r}")
        self._clock = clock if clock is not None else WallClock()
        self._readings = _Readings(sensors, self._clock)
        self._interval: float | None = None
        self._thread: threading.Thread | None = None
        self._stop: ClockEvent | None = None
        self._end = weakref.finalize(self, _nothing)
        self._end.atexit = False

    def record(self, interval: float) -> DataRecorder:
        """Start to read all sensors every `interval` seconds (0: as fast as they can be read).

        :meth:`stop`, the end of ``with``, or that of the recorder ends it. Raises ``RuntimeError`` where it is recording already.
        """
        if isinstance(interval, bool) or not isinstance(interval, (int, float)) or not 0 <= interval < math.inf:
            raise ValueError(f"DataRecorder.record expected an interval in seconds, 0 or more, got {interval!r}")
        if self.recording:
            raise RuntimeError("DataRecorder is already recording")
        self.stop()
        self._readings.start()
        self._interval = float(interval)
        self._stop = self._clock.event()
        self._thread = threading.Thread(
            target=_run, args=(self._readings, self._interval, self._stop), name="pynq_widgets recorder", daemon=True
        )
        self._end.detach()
        self._end = weakref.finalize(self, self._stop.set)
        self._end.atexit = False
        self._readings.count()
        try:
            self._thread.start()
        except RuntimeError:  # there are no threads here, or too many
            self._thread = None
            raise
        return self

    @property
    def recording(self) -> bool:
        """Whether readings are being taken now."""
        return self._thread is not None and self._stop is not None and not self._stop.is_set()

    def stop(self) -> None:
        """End the recording and wait for its last reading. Does no harm where nothing is recorded."""
        if self._stop is not None:
            self._stop.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()
            self._thread = None

    def mark(self) -> int:
        """Begin the next part: its number, which stands beside each reading from now on."""
        return self._readings.count()

    def reset(self) -> None:
        """Forget all readings and marks, but not the sensors."""
        self._readings.clear()

    def sample(self) -> None:
        """Take one reading now, on this thread."""
        self._readings.start()
        self._readings.take()

    def __enter__(self) -> DataRecorder:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    # What was recorded.

    @property
    def sensors(self) -> tuple[Any, ...]:
        """What is recorded."""
        return self._readings.sensors

    @property
    def interval(self) -> float | None:
        """Seconds between two readings, as asked for last; None before."""
        return self._interval

    @property
    def errors(self) -> Mapping[str, str]:
        """Why a sensor could not be read last, by its name."""
        with self._readings.lock:
            return dict(self._readings.errors)

    def __len__(self) -> int:
        """How many readings there are."""
        return len(self._readings.times)

    def __bool__(self) -> bool:
        return True

    def data(self) -> Recording:
        """All readings so far, as numpy arrays of their own."""
        import numpy as np

        readings = self._readings
        with readings.lock:
            times = np.array(readings.times, dtype=np.float64)
            marks = np.array(readings.marks, dtype=np.int64)
            values = np.array(readings.values, dtype=np.float64).reshape(len(times), len(readings.sensors))
            started = readings.started
        names = tuple(str(sensor.name) for sensor in readings.sensors)
        units = tuple(str(getattr(sensor, "unit", getattr(sensor, "_unit", ""))) for sensor in readings.sensors)
        return Recording(time.time() if started is None else started, times, marks, names, units, values)

    @property
    def frame(self) -> Any:
        """All readings so far as a new ``pandas.DataFrame``: by the local time of the reading, `Mark` and a column for each sensor.

        Raises ``ImportError`` where pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                "DataRecorder.frame is a pandas.DataFrame, and pandas is not installed (pip install pandas); "
                "DataRecorder.data() has the same as numpy arrays",
                name=error.name,
            ) from error
        data = self.data()
        index = pd.DatetimeIndex([datetime.fromtimestamp(data.started + seconds) for seconds in data.times])
        frame = pd.DataFrame(data.values, index=index, columns=list(data.names))
        frame.insert(0, "Mark", data.marks, allow_duplicates=True)
        return frame

    def __repr__(self) -> str:
        count, sensors = len(self), len(self.sensors)
        what = f"{sensors} sensor{'' if sensors == 1 else 's'}, {count} reading{'' if count == 1 else 's'}"
        when = f", recording every {self._interval:g} s" if self.recording else ""
        return f"<DataRecorder: {what}{when}>"


def _nothing() -> None:
    """Nothing runs that would have to end with the recorder."""


def _run(readings: _Readings, interval: float, stop: ClockEvent) -> None:
    """The thread: a reading each interval. Where one comes late, those after it are counted from there."""
    clock = readings.clock
    due = clock.now()
    while not stop.is_set():
        readings.take()
        due = max(due + interval, clock.now()) if interval else clock.now()
        clock.wait(stop, max(due - clock.now(), 0.0))
