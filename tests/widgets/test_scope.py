"""A scope over channels that the tests drive, over buffers, and over a real DMA of the simulated device."""

from __future__ import annotations

import queue
import re
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest

import pynq_widgets
from pynq_widgets import SimulatedDevice, allocate
from pynq_widgets.analysis.trigger import Trigger
from pynq_widgets.widgets import Scope, scope
from pynq_widgets.widgets.plot_layers import Line, Mark, Picture
from pynq_widgets.widgets.scope_source import source_of

PATIENCE = 10.0  # seconds after which a thread that should have done something has failed
N = 64


class FakeChannel:
    """A receiver whose packets come when the test says so: ``packets.put(values)``."""

    title = "fake.recvchannel"

    def __init__(self) -> None:
        self.packets: queue.Queue[Any] = queue.Queue()
        self.buffer: Any = None
        self.transferred = 0
        self.log: list[str] = []
        self.device = SimulatedDevice("scoped")

    def transfer(self, array: Any) -> None:
        assert self.buffer is None, "armed twice"
        self.buffer = array
        self.log.append("transfer")

    def wait(self, timeout: float | None = None) -> None:
        try:
            packet = self.packets.get(timeout=0.01)
        except queue.Empty:
            raise TimeoutError("nothing has come from the converter") from None
        if isinstance(packet, BaseException):
            self.buffer = None
            raise packet
        self.buffer[: len(packet)] = packet
        self.transferred = len(packet) * self.buffer.itemsize
        self.buffer = None

    def stop(self) -> None:
        self.log.append("stop")
        self.buffer = None

    def start(self) -> None:
        self.log.append("start")


class Page:
    """What a browser says to a scope."""

    def __init__(self, shown: Scope, view: str = "page") -> None:
        self.scope, self.view = shown, view
        self.says("hello", visible=False)

    def says(self, kind: str, **content: Any) -> None:
        self.scope.panel._message(None, {"kind": kind, "view": self.view, **content}, [])

    def look(self, visible: bool = True, drawn: int | None = None) -> None:
        self.says("beat", visible=visible, seen=self.scope.panel.frame, drawn=drawn)


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()


@pytest.fixture
def made(now: Any, sampler: Any) -> Any:
    """``made(channel, ...)``: a scope in the test's time, closed at the end."""
    all_of_them: list[Scope] = []

    def make(what: Any, **options: Any) -> Scope:
        own = {name: options.pop(name) for name in ("samples", "dtype", "channels", "feed", "buffers", "target") if name in options}
        given = {"samples": N, "dtype": "i2", "channels": 1, "feed": None, "buffers": None, "target": None} | own
        shown = Scope(source_of(what, now=now, **given), sampler=sampler, now=now, **{"rate": 60.0} | options)
        all_of_them.append(shown)
        return shown

    yield make
    for each in all_of_them:
        each.close()
    assert [thread.name for thread in threading.enumerate() if "acquisition" in thread.name] == []


def saw(period: int = 32, offset: int = 0, height: int = 100) -> np.ndarray[Any, Any]:
    """A saw tooth from -height to height, which crosses 0 once a period, upwards, slowly."""
    return ((np.arange(N) + offset) % period * 2 * height // (period - 1) - height).astype("i2")


def until(true: Any) -> None:
    deadline = threading.Event()
    for _ in range(int(PATIENCE / 0.002)):
        if true():
            return
        deadline.wait(0.002)
    raise AssertionError("it did not happen")


def held(channel: FakeChannel) -> int:
    """Bytes of the device's memory that somebody has."""
    return sum(bank.size - sum(size for _, size in bank.free_ranges) for bank in channel.device.memory.banks.values())


# What it is.


def test_the_name_is_the_function_and_costs_a_script_nothing() -> None:
    code = (
        "import sys, pynq_widgets\n"
        "assert 'ipywidgets' not in sys.modules\n"
        "from pynq_widgets import scope\n"
        "import pynq_widgets.widgets.oscilloscope\n"
        "from pynq_widgets.widgets import scope as again\n"
        "assert callable(scope) and scope is again is pynq_widgets.scope\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert pynq_widgets.scope is scope


def test_making_one_arms_nothing_and_holds_nothing(channel: FakeChannel, made: Any) -> None:
    before = held(channel)
    shown = made(channel)
    assert (channel.log, shown.state, shown.frames, shown.frame) == ([], "unseen", 0, None)
    assert held(channel) == before
    assert repr(shown) == "Scope(fake.recvchannel; 0 frames, 0 overruns, 0 rejected, unseen)"


def test_a_script_runs_it_waits_for_frames_and_stops_it(channel: FakeChannel, made: Any) -> None:
    shown = made(channel, trigger=None)
    shown.run()
    for value in (1, 2, 3):
        channel.packets.put(np.full(N, value))
        frame = shown.wait(PATIENCE)
        assert type(frame) is np.ndarray
        assert frame.tolist() == [value] * N
    assert (shown.frames, shown.overruns, shown.rejected, shown.state) == (3, 0, 0, "running")
    assert shown.shown == 0, "nobody looks: nothing is drawn"
    shown.stop()
    assert channel.buffer is None, "as it was found"
    assert shown._session is None
    assert shown.frame.tolist() == [3] * N, "what was seen stays"
    assert (shown.frames, shown.state, shown.running) == (3, "stopped", False)
    assert shown.wait(0) is None


def test_its_memory_is_given_back(channel: FakeChannel, made: Any) -> None:
    before = held(channel)
    shown = made(channel, trigger=None)
    shown.run()
    channel.packets.put(np.ones(N))
    assert shown.wait(PATIENCE) is not None
    assert held(channel) > before
    assert "scope of fake.recvchannel" in repr(channel.device.pool.allocations)
    shown.stop()
    assert held(channel) == before


def test_a_frame_of_two_channels_is_taken_apart(channel: FakeChannel, made: Any) -> None:
    shown = made(channel, samples=4, channels=2, trigger="off")
    shown.run()
    channel.packets.put([1, 10, 2, 20, 3, 30, 4, 40])
    assert shown.wait(PATIENCE).tolist() == [[1, 10], [2, 20], [3, 30], [4, 40]]
    assert [each.greatest for each in shown.measurements] == [4.0, 40.0]
    channel.packets.put([1, 10, 2, 20, 3])
    assert shown.wait(PATIENCE).tolist() == [[1, 10], [2, 20]], "half a frame at the end of a short packet is none"


def test_a_packet_too_short_to_draw_is_told(channel: FakeChannel, made: Any) -> None:
    shown = made(channel, trigger="off")
    Page(shown).look()
    channel.packets.put([5])
    until(lambda: shown.problem)
    assert shown.problem == "the frame that came has 1 sample: there is nothing to draw"
    channel.packets.put(saw())
    until(lambda: shown.shown == 1)
    assert shown.problem == ""


# Who looks.


def test_it_runs_while_somebody_looks(channel: FakeChannel, made: Any, sampler: Any) -> None:
    shown = made(channel, trigger="off")
    page = Page(shown)
    assert channel.log == [], "a page that is not visible"
    page.look()
    channel.packets.put(saw())
    until(lambda: shown.shown == 1)
    assert isinstance(shown.plot.layers[0], Line)
    assert len(sampler.polls) == 1
    page.look(visible=False)
    until(lambda: shown.state == "unseen")
    assert channel.buffer is None
    assert sampler.polls == []
    page.look()
    channel.packets.put(saw())
    until(lambda: shown.shown == 2)
    assert shown.frames == 2


def test_kept_it_goes_on_unseen_and_draws_nothing(channel: FakeChannel, made: Any) -> None:
    shown = made(channel, trigger="off", keep=True)
    page = Page(shown)
    page.look()
    channel.packets.put(saw())
    until(lambda: shown.shown == 1)
    page.look(visible=False)
    channel.packets.put(saw())
    until(lambda: shown.frames == 2)
    assert shown.state == "running"
    assert shown.shown == 1
    shown.keep = False
    until(lambda: shown.state == "unseen")


def test_it_closes_with_its_last_page(channel: FakeChannel, made: Any, sampler: Any, now: Any) -> None:
    shown = made(channel, trigger="off", keep=True)
    page, other = Page(shown), Page(shown, "another")
    page.look()
    other.look()
    channel.packets.put(saw())
    until(lambda: shown.shown == 1)
    page.says("bye")
    now.pass_(60)
    sampler.turn()
    assert not shown.closed, "another page has it"
    other.look()
    other.says("bye")
    sampler.turn()
    assert not shown.closed, "a cell that is moved comes again"
    now.pass_(3.5)
    sampler.turn()
    assert shown.closed
    assert shown.comm is None
    assert shown.plot.comm is None
    assert sampler.polls == []
    assert channel.buffer is None
    assert shown.frame.tolist() == saw().tolist()
    with pytest.raises(ValueError, match=r"^this scope is closed: make another by scope\(...\)$"):
        shown.run()


def test_a_cell_that_is_moved_keeps_its_scope(channel: FakeChannel, made: Any, sampler: Any, now: Any) -> None:
    shown = made(channel)
    page = Page(shown)
    page.look()
    page.says("bye")
    now.pass_(2.0)
    Page(shown, "moved").look()
    now.pass_(2.0)
    sampler.turn()
    assert not shown.closed
    assert shown.running


def test_a_page_that_falls_silent_pauses_it_and_closes_nothing(channel: FakeChannel, made: Any, sampler: Any, now: Any) -> None:
    shown = made(channel, later=lambda seconds, function: function())
    Page(shown).look()
    assert shown.running
    now.pass_(5)
    sampler.turn()
    until(lambda: shown.state == "unseen")
    assert not shown.closed, "a page that is loaded again comes back"
    Page(shown, "loaded again").look()
    assert shown.running


def test_a_page_that_is_behind_gets_no_more_until_it_has_caught_up(channel: FakeChannel, made: Any, sampler: Any, now: Any) -> None:
    shown = made(channel, trigger="off")
    page = Page(shown)
    page.look()
    page.look(drawn=0)
    for number in range(1, 42):
        channel.packets.put(saw())
        until(lambda number=number: shown.shown == number)
    for _ in range(10):
        channel.packets.put(saw())
    until(lambda: shown.frames == 51)
    assert shown.shown == 41
    assert shown.overruns == 9, "the newest waits to be taken"
    page.look(drawn=41)
    sampler.turn()
    until(lambda: shown.shown == 42)


def test_a_page_that_is_not_heard_is_judged_once_the_main_loop_answers(channel: FakeChannel, made: Any, now: Any) -> None:
    judged: list[Any] = []
    shown = made(channel, trigger="off", later=lambda seconds, function: judged.append(function))
    page = Page(shown)
    page.look()
    page.look(drawn=0)
    now.pass_(2.0)
    for number in range(1, 46):
        channel.packets.put(saw())
        until(lambda number=number: shown.shown == number)
    assert len(judged) == 1
    judged[0]()
    channel.packets.put(saw())
    until(lambda: shown.frames == 46)
    assert shown.shown == 45, "now it is known that the page does not keep up"


# What goes wrong.


def test_what_stands_still_is_told(channel: FakeChannel, made: Any) -> None:
    shown = made(channel)
    shown.run()
    until(lambda: shown.waiting)
    assert shown.told()["waiting"] == "nothing has come from the converter"
    channel.packets.put(saw())
    shown.wait(PATIENCE)
    assert shown.waiting == ""


def test_an_error_stops_it_says_so_and_run_tries_again(channel: FakeChannel, made: Any) -> None:
    shown = made(channel)
    Page(shown).look()
    channel.packets.put(RuntimeError("DMA Decode Error on fake.recvchannel. Call reset()"))
    until(lambda: shown.state == "stopped")
    assert shown.problem == "DMA Decode Error on fake.recvchannel. Call reset(). Run tries again."
    assert repr(shown).endswith(f"stopped: {shown.problem})")
    shown.mode = "spectrum"
    assert shown.problem, "drawing what is there does not undo it"
    shown.run()
    assert shown.problem == ""
    channel.packets.put(saw())
    assert shown.wait(PATIENCE) is not None


def test_a_feed_that_fails_leaves_the_channel_as_it_was(channel: FakeChannel, made: Any) -> None:
    def feed() -> None:
        raise ValueError("no more samples")

    shown = made(channel, feed=feed)
    shown.run()
    until(lambda: shown.state == "stopped")
    assert shown.problem == "no more samples. Run tries again."
    assert channel.log == ["transfer", "stop", "start"]


def test_a_feed_may_stop_its_scope(channel: FakeChannel, made: Any) -> None:
    shown: Any = None
    shown = made(channel, feed=lambda: shown.stop())
    shown.run()
    until(lambda: shown.state == "stopped" and shown._session is None)
    assert shown.problem == ""
    assert channel.log == ["transfer", "stop", "start"]


def test_memory_that_there_is_not_is_told(channel: FakeChannel, made: Any) -> None:
    shown = made(channel, samples=1 << 24, dtype="c16")
    shown.run()
    assert shown.state == "stopped"
    assert "Run tries again." in shown.problem
    assert channel.log == []


def test_the_newest_scope_of_a_channel_has_it(channel: FakeChannel, made: Any) -> None:
    first, second = made(channel), made(channel)
    Page(first).look()
    assert first.running
    Page(second).look()
    assert not first.running
    assert second.running
    assert first.problem == "Another scope has taken fake.recvchannel. Run takes it back."
    first.run()
    assert first.running
    assert not second.running
    assert first.problem == ""


def test_a_scope_that_comes_into_sight_again_takes_no_channel(channel: FakeChannel, made: Any) -> None:
    first, second = made(channel), made(channel)
    Page(first).look()
    page = Page(second)
    page.look()
    page.look(False)
    until(lambda: not second.running)
    first.run()
    assert first.running
    page.look()
    assert first.running
    assert (second.state, second.problem) == ("stopped", "Another scope has fake.recvchannel. Run takes it.")
    second.run()
    assert second.running
    assert not first.running


# The trigger.


def shown_y(shown: Scope) -> Any:
    layer = shown.plot.layers[0]
    assert isinstance(layer, Line)
    return layer.curve


def test_the_trigger_stands_at_0_wherever_the_frame_began(channel: FakeChannel, made: Any) -> None:
    shown = made(channel, trigger=0.0, rate=60.0)
    Page(shown).look()
    for number, offset in enumerate((0, 7, 19), 1):
        channel.packets.put(saw(offset=offset))
        until(lambda number=number: shown.shown == number)
        curve = shown_y(shown)
        assert np.interp(0.0, curve.x, curve.y) == pytest.approx(0.0, abs=1e-9), "between two samples"
        assert (shown.plot.axes[0].low, shown.plot.axes[0].high) == (-16.0, 16.0), "half a frame, the trigger in its middle"
    assert shown.rejected == 0


@pytest.mark.parametrize(("position", "edges"), [(10, (-3.0, 29.0)), (50, (-16.0, 16.0)), (90, (-29.0, 3.0))])
def test_the_place_of_the_trigger_on_the_screen(channel: FakeChannel, made: Any, position: float, edges: tuple[float, float]) -> None:
    shown = made(channel, trigger={"level": 0, "position": position})
    Page(shown).look()
    channel.packets.put(saw(16))
    until(lambda: shown.shown == 1)
    assert (shown.plot.axes[0].low, shown.plot.axes[0].high) == edges


def test_normal_rejects_what_does_not_meet_it_and_auto_shows_it_after_a_while(channel: FakeChannel, made: Any, now: Any) -> None:
    shown = made(channel, trigger={"mode": "normal", "level": 5000})
    Page(shown).look()
    for _ in range(3):
        channel.packets.put(saw())
    until(lambda: shown.frames == 3)
    assert (shown.rejected, shown.shown) == (3, 0)
    now.pass_(1)
    assert shown.told()["searching"]
    channel.packets.put(saw(height=9000))
    until(lambda: shown.shown == 1)
    assert not shown.told()["searching"]
    shown.trigger.mode = "auto"
    channel.packets.put(saw())
    until(lambda: shown.frames == 5)
    assert (shown.rejected, shown.shown) == (4, 1), "a moment is waited for a trigger"
    now.pass_(0.3)
    channel.packets.put(saw())
    until(lambda: shown.shown == 2)
    assert shown.told()["searching"]


def test_a_level_that_nobody_chose_is_the_middle_of_what_comes(channel: FakeChannel, made: Any) -> None:
    shown = made(channel, trigger="normal")
    Page(shown).look()
    channel.packets.put(saw() + 1000)
    until(lambda: shown.shown == 1)
    assert (shown.rejected, shown.trigger.level) == (0, None)
    levels = [mark.at for mark in shown.plot.marks if mark.axis == "y"]
    assert levels == [pytest.approx(1000, abs=2)]
    channel.packets.put(saw() - 3000)
    until(lambda: shown.shown == 2)
    assert shown.rejected == 0, "also where it has moved away"


def test_single_takes_one_frame_that_meets_the_trigger_and_stops(channel: FakeChannel, made: Any) -> None:
    shown = made(channel, trigger=50.0)
    shown.single()
    assert shown.state == "armed"
    channel.packets.put(saw(height=20))
    channel.packets.put(saw(height=100))
    frame = shown.wait(PATIENCE)
    assert frame is not None
    assert frame.max() == 100
    until(lambda: shown._session is None)
    assert (shown.state, shown.frames, shown.rejected) == ("stopped", 2, 1)
    shown.trigger = "off"
    shown.single()
    channel.packets.put(saw(height=20))
    assert shown.wait(PATIENCE).max() == 20


def test_the_level_is_in_units_and_can_be_dragged(channel: FakeChannel, made: Any) -> None:
    shown = made(channel, trigger=0.5, scale=0.01, unit="V")
    Page(shown).look()
    channel.packets.put(saw())
    until(lambda: shown.shown == 1)
    curve = shown_y(shown)
    assert np.interp(0.0, curve.x, curve.y) == pytest.approx(0.5)
    level = next(mark for mark in shown.plot.marks if mark.axis == "y")
    assert (level.at, level.kind, level.draggable) == (0.5, "trigger", True)
    shown.plot._message(None, {"kind": "mark", "view": "page", "n": 0, "label": "trigger", "at": -0.25}, [])
    assert shown.trigger.level == -0.25
    curve = shown_y(shown)
    assert np.interp(0.0, curve.x, curve.y) == pytest.approx(-0.25)


def test_source_slope_hysteresis_and_holdoff(channel: FakeChannel, made: Any) -> None:
    shown = made(channel, samples=32, channels=2, trigger={"source": "1", "slope": "falling", "level": 0.0, "mode": "normal"}, span=8)
    Page(shown).look()
    frame = np.zeros((32, 2))
    frame[:, 0] = np.tile([-9, 9], 16)
    frame[:16, 1], frame[16:, 1] = 50, -50
    channel.packets.put(frame.reshape(-1))
    until(lambda: shown.shown == 1)
    assert shown.trigger.source == "1"
    second = shown.plot.layers[1].curve
    assert second.y[(second.x > -4) & (second.x < 0)].tolist() == [50.0] * 4
    assert second.y[(second.x > 0) & (second.x < 4)].tolist() == [-50.0] * 4
    shown.trigger = Trigger(2.0, "rising", hysteresis=1.5, holdoff=4)
    assert (shown.trigger.level, shown.trigger.slope, shown.trigger.hysteresis, shown.trigger.holdoff) == (2.0, "rising", 1.5, 4.0)
    assert repr(shown.trigger).startswith("Trigger: mode='normal', source='1', slope='rising', level=2.0")


def test_holdoff_passes_over_the_rest_of_a_burst(channel: FakeChannel, made: Any) -> None:
    shown = made(channel, trigger={"level": 5, "mode": "normal", "holdoff": 20, "hysteresis": 0}, span=16)
    Page(shown).look()
    frame = np.zeros(N, "i2")
    frame[[2, 5, 8, 34, 37, 40]] = 10
    channel.packets.put(frame)
    until(lambda: shown.shown == 1)
    curve = shown_y(shown)
    assert curve.y.tolist().index(10.0) - np.searchsorted(curve.x, 0) == 0
    assert (curve.y == 10).sum() == 3, "the second burst from its first edge on"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("mode", "atuo", "mode of the trigger: expected one of 'off', 'auto', 'normal', not 'atuo': try 'auto'"),
        ("position", 101, "position of the trigger: expected a number from 0 to 100, not 101"),
        ("slope", "up", "slope of the trigger: expected one of 'rising', 'falling', 'both', not 'up'"),
    ],
)
def test_a_trigger_that_cannot_be_teaches(channel: FakeChannel, made: Any, name: str, value: Any, message: str) -> None:
    shown = made(channel)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        setattr(shown.trigger, name, value)


def test_a_name_that_the_trigger_has_not(channel: FakeChannel, made: Any) -> None:
    shown = made(channel)
    with pytest.raises(AttributeError, match=r"^the trigger has no setting 'levle': did you mean 'level'\?$"):
        shown.trigger.levle = 3
    with pytest.raises(
        TypeError, match=r"^trigger expected a level, one of 'off', 'auto', 'normal', a dict of settings, a Trigger or None, not "
    ):
        shown.trigger = [3]


# What is drawn.


@pytest.mark.parametrize("mode", ["line", "steps", "points", "spectrum", "waterfall", "histogram", "eye", "persistence", "lanes"])
def test_each_mode_draws_each_frame(channel: FakeChannel, made: Any, mode: str) -> None:
    shown = made(channel, mode=mode, sample_rate=1e6)
    Page(shown).look()
    for number in (1, 2, 3):
        channel.packets.put(saw(offset=number))
        until(lambda number=number: shown.shown == number)
    assert shown.problem == ""
    assert shown.plot.layers
    assert shown.mode == mode


def test_modes_that_do_not_fit_say_why(channel: FakeChannel, made: Any) -> None:
    shown = made(channel)
    with pytest.raises(ValueError, match=r"^these samples cannot be shown as 'xy': X-Y takes two lines of numbers: "):
        shown.mode = "xy"
    with pytest.raises(ValueError, match=r"^a scope has no mode 'spectrun': did you mean 'spectrum'\?$"):
        shown.mode = "spectrun"
    assert shown.modes["xy"].startswith("X-Y takes two lines")
    complex_one = made(FakeChannel(), dtype="c8", mode="xy")
    assert complex_one.mode == "xy"


def test_the_waterfall_rolls_the_newest_at_the_top(channel: FakeChannel, made: Any) -> None:
    shown = made(channel, mode="waterfall", samples=128)
    shown.settings.rows = 100
    shown.settings.size = 128
    Page(shown).look()
    n = np.arange(128)
    for number, k in enumerate((8, 16, 32), 1):
        channel.packets.put(10_000 * np.cos(2 * np.pi * k * n / 128))
        until(lambda number=number: shown.shown == number)
    mode: Any = shown._mode
    assert [int(row.argmax()) for row in mode._levels[:3]] == [8, 16, 32]
    assert (shown.plot.axes[1].low, shown.plot.axes[1].high) == (-100.0, 0.0)
    layer = shown.plot.layers[0]
    assert isinstance(layer, Picture)
    assert layer.extent()[1] == (-100.0, 0.0)
    shown._draw()
    assert mode._count == 3, "to draw again is no frame"
    shown.clear()
    assert shown.frames == shown.shown == 0


def test_persistence_fades(channel: FakeChannel, made: Any) -> None:
    shown = made(channel, mode="persistence", trigger="off", range=(-100, 100))
    Page(shown).look()
    channel.packets.put(np.full(N, 50))
    until(lambda: shown.shown == 1)
    mode: Any = shown._mode
    upper = mode._counts[:110].sum()
    assert upper > 0
    scene = shown._scene()
    shown._seen.array[:] = -50
    mode.add(scene, 1.0)
    assert mode._counts[:110].sum() == pytest.approx(upper * 0.1), "to a hundredth in 2 s"
    assert mode._counts[110:].sum() == pytest.approx(upper)
    shown.settings.seconds = None
    mode.add(scene, 100.0)
    assert mode._counts[:110].sum() == pytest.approx(upper * 0.1), "never"


def test_axes_stand_still_and_follow_what_is_chosen(channel: FakeChannel, made: Any) -> None:
    shown = made(channel, trigger="off", sample_rate=1e6, unit="V", scale=0.5)
    Page(shown).look()
    channel.packets.put(saw())
    until(lambda: shown.shown == 1)
    x, y = shown.plot.axes
    assert (x.label, x.unit, x.low, x.high, y.unit) == ("time", "s", 0.0, pytest.approx(64e-6), "V")
    shown.range = (-1, 1)
    shown.span = 32e-6
    x, y = shown.plot.axes
    assert (x.high, y.low, y.high) == (pytest.approx(32e-6), -1.0, 1.0)
    assert shown.spans() == [1e-5, 2e-5, 5e-5]
    shown.sample_rate = None
    assert shown.span == pytest.approx(32), "the same samples"
    shown.plot.view = (5.0, 9.0, None, None)
    curve = shown_y(shown)
    assert (curve.x[0], curve.x[-1]) == (5.0, 9.0), "no more is sent than is seen"


def test_what_is_measured(channel: FakeChannel, made: Any) -> None:
    shown = made(channel, samples=1000, trigger="off", sample_rate=1e6, unit="V", scale=0.001)
    assert shown.measurements == []
    shown.run()
    channel.packets.put(1000 * np.sin(2 * np.pi * np.arange(1000) / 50) + 500)
    shown.wait(PATIENCE)
    (found,) = shown.measurements
    assert found.frequency == pytest.approx(20e3, rel=1e-4)
    assert (found.mean, found.peak_to_peak, found.rms) == (
        pytest.approx(0.5, abs=1e-3),
        pytest.approx(2, abs=0.01),
        pytest.approx(np.sqrt(0.75), abs=1e-3),
    )
    assert [text for _, text in found.text("V", True)][-1] == "20 kHz"


# Buffers that others fill.


def test_a_buffer_that_others_fill(made: Any, sampler: Any, now: Any) -> None:
    buffer = allocate(N, "i2", target=SimulatedDevice("filled"))
    shown = made(buffer, trigger="off")
    Page(shown).look()
    assert (shown.frames, shown.shown) == (1, 1), "what stands in it"
    buffer[:] = saw()
    now.pass_(1)
    buffer.tell_changed()
    assert (shown.frames, shown.shown) == (2, 2)
    assert shown.frame.tolist() == saw().tolist()
    buffer[:] = 0
    assert shown.frame.tolist() == saw().tolist(), "a copy"
    buffer.freebuffer()
    sampler.turn()
    assert shown.state == "stopped"
    assert shown.problem == "This buffer was freed: its memory may belong to another by now."


def test_faster_than_a_screen_are_overruns(made: Any, sampler: Any, now: Any) -> None:
    buffer = allocate(N, "i2", target=SimulatedDevice("filled"))
    shown = made(buffer, trigger="off", rate=10.0)
    Page(shown).look()
    for value in range(1, 6):
        buffer[:] = value
        buffer.tell_changed()
    assert (shown.frames, shown.shown, shown.overruns) == (6, 1, 4)
    now.pass_(0.1)
    sampler.turn()
    assert (shown.shown, shown.frame[0]) == (2, 5)


def test_an_array_that_nobody_tells_of_is_looked_at(made: Any, sampler: Any, now: Any) -> None:
    array = np.zeros((N, 2), "f4")
    shown = made(array, trigger="off")
    Page(shown).look()
    array[:, 1] = 3
    now.pass_(1)
    sampler.turn()
    sampler.turn()
    assert (shown.frames, shown.shown) == (2, 2)
    assert shown.frame.tolist() == array.tolist()
    assert [layer.name for layer in shown.plot.layers] == ["0", "1"]


# The page.


def last_problem(shown: Scope, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(shown.panel, "tell", lambda content: told.append(content["text"]))
    return told


def test_what_a_person_does_is_what_python_does(channel: FakeChannel, made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = made(channel)
    page = Page(shown)
    page.look()
    page.says("mode", mode="spectrum")
    page.says("setting", name="averages", value="4")
    page.says("trigger", name="level", value="0.25")
    page.says("trigger", name="position", value="10")
    for name, value in (
        ("sample_rate", "48 kHz"),
        ("unit", "V"),
        ("scale", "0.5"),
        ("rate", "20"),
        ("span", "0.001"),
        ("low", "-2"),
        ("keep", True),
    ):
        page.says("axis", name=name, value=value)
    assert (shown.mode, shown.settings.averages, shown.trigger.level, shown.trigger.position) == ("spectrum", 4, 0.25, 10.0)
    assert (shown.sample_rate, shown.unit, shown.scale, shown.rate, shown.span, shown.keep) == (48e3, "V", 0.5, 20.0, 0.001, True)
    assert shown.range == (-2.0, 1.0)
    page.says("axis", name="low", value="")
    assert shown.range is None
    page.says("stop")
    until(lambda: shown.state == "stopped")
    page.says("single")
    assert shown.state == "armed"
    page.says("run")
    assert shown.state == "running"
    sheet = shown._messages.sheet()
    assert [spec["name"] for spec in sheet["trigger"]] == ["mode", "slope", "level", "position", "holdoff", "hysteresis"]


def test_what_a_person_does_wrongly_is_answered(channel: FakeChannel, made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = made(channel)
    page = Page(shown)
    told = last_problem(shown, monkeypatch)
    page.says("trigger", name="position", value="1e9")
    page.says("axis", name="rate", value="999")
    page.says("axis", name="low", value="deep")
    page.says("axis", name="sample_rate", value="fast")
    page.says("mode", mode="xy")
    assert told == [
        "position of the trigger: expected a number from 0 to 100, not '1e9'",
        "scope expected a rate of 0.1 to 60 frames a second, not 999.0",
        "the lower end is a number, not 'deep'",
        "a sample rate is a number, as 48e3 or 48 kHz, not 'fast'",
        "these samples cannot be shown as 'xy': X-Y takes two lines of numbers: "
        "complex values, two channels, or two fields of a structure.",
    ]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"kind": 3},
        {"kind": "mode"},
        {"kind": "mode", "mode": []},
        {"kind": "setting", "name": "_values", "value": 3},
        {"kind": "trigger", "name": "put", "value": 3},
        {"kind": "axis", "name": "_closed", "value": True},
        {"kind": "beat", "view": None, "seen": "x", "drawn": "y", "visible": "z"},
        {"kind": "sheet"},
        {"kind": "heard", "content": {}},
    ],
)
def test_no_message_harms(channel: FakeChannel, made: Any, content: Any) -> None:
    shown = made(channel)
    before = (shown.mode, repr(shown.trigger), repr(shown.settings))
    shown.panel._message(None, content, [])
    assert (shown.mode, repr(shown.trigger), repr(shown.settings)) == before
    assert not shown.closed


# Stored notebooks.


def test_a_stored_notebook_has_a_picture_and_the_numbers(channel: FakeChannel, made: Any) -> None:
    shown = made(channel, title="<b>in</b>")
    channel.packets.put(saw())
    data = shown._repr_mimebundle_()
    text = data["text/html"]
    assert "<svg" in text
    assert "Peak to peak" in text
    assert "1 frames, 0 overruns, 0 rejected" in text
    assert "&lt;b&gt;in&lt;/b&gt;" in text
    assert "<script" not in text
    assert "class=" not in text
    assert shown._session is None, "one look, and the channel is as it was"
    assert channel.buffer is None
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"].startswith("Scope(fake.recvchannel; 1 frames")


def test_a_stored_notebook_of_a_scope_that_hears_nothing(channel: FakeChannel, made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pynq_widgets.widgets import oscilloscope

    monkeypatch.setattr(oscilloscope, "_FIRST", 0.0)
    text = made(channel)._repr_mimebundle_()["text/html"]
    assert "no frames yet" in text


# What cannot be.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 1}, "scope expected samples from 2 to 16,777,216, not 1"),
        ({"channels": 17}, "scope expected channels from 1 to 16, not 17"),
        ({"rate": 61}, "scope expected a rate of 0.1 to 60 frames a second, not 61"),
        ({"range": (1, 1)}, "scope expected a range (low, high) with low < high, not (1, 1)"),
        ({"span": 0}, "span expected a number above 0, not 0"),
        ({"dtype": "O"}, "scope expected a dtype such as 'i2' or 'c8', not 'O'"),
        (
            {"buffers": [np.zeros(4)]},
            "scope expected buffers to be two or more arrays of one dimension, one length and one type, made by allocate()",
        ),
    ],
)
def test_numbers_that_cannot_be(channel: FakeChannel, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        scope(channel, **options)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (3, "scope expected a channel that receives, such as dma.recvchannel, or a buffer, not int"),
        (
            type("DMA", (), {"recvchannel": 1})(),
            "scope expected a channel that receives, such as dma.recvchannel, or a buffer, not DMA: try .recvchannel",
        ),
        (
            type("VDMA", (), {"readframe": 1})(),
            "scope expected a channel that receives, such as dma.recvchannel, or a buffer, not VDMA: for pictures, show readframe()",
        ),
    ],
)
def test_what_is_no_source(what: Any, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        scope(what)
    assert str(caught.value) == message


def test_a_feed_for_a_buffer_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^feed is for channels; the buffer is filled by others, and the scope only looks at it$"):
        scope(np.zeros(8), feed=lambda: None)


# The demonstration design.


@pytest.fixture
def filtered(make_overlay: Any) -> Any:
    overlay = make_overlay(SimulatedDevice("demo"))
    overlay.filter.fir.coefficients = [1.0]
    overlay.filter.fir.start()
    return overlay


def test_a_loop_through_a_real_dma(filtered: Any, made: Any) -> None:
    dma = filtered.filter.dma
    source = allocate(N, "i2", target=filtered.device)
    source[:] = saw()
    shown = made(dma.recvchannel, feed=(dma.sendchannel, source), trigger="off")
    assert shown.panel.title == "filter/dma.recvchannel"
    assert shown.panel.device == ["Simulated device demo", "simulated"]
    shown.run()
    for _ in range(3):
        assert shown.wait(PATIENCE).tolist() == saw().tolist()
    shown.close()
    assert not dma.recvchannel.queue
    assert dma.recvchannel.running, "as it was found"
    received = allocate(N, "i2", target=filtered.device)
    dma.recvchannel.transfer(received)
    dma.sendchannel.transfer(source)
    dma.recvchannel.wait(timeout=5)
    assert received.tolist() == saw().tolist(), "and it can be used"


def test_a_receiver_to_which_nothing_comes_says_why_and_lets_go(filtered: Any, made: Any) -> None:
    dma = filtered.filter.dma
    shown = made(dma.recvchannel)
    shown.run()
    until(lambda: shown.waiting)
    assert "sendchannel has nothing under way" in shown.waiting
    shown.stop()
    assert not dma.recvchannel.queue
    assert dma.recvchannel.running


def test_another_overlay_ends_it_with_a_sentence(filtered: Any, made: Any, make_overlay: Any) -> None:
    dma = filtered.filter.dma
    source = allocate(N, "i2", target=filtered.device)
    shown = made(dma.recvchannel, feed=(dma.sendchannel, source), trigger="off")
    shown.run()
    assert shown.wait(PATIENCE) is not None
    make_overlay(filtered.device)
    until(lambda: shown.state == "stopped" and shown._session is None)
    assert shown.problem == (
        "This handle to 0x40400000 on device 'demo' has gone: demo.hwh was loaded again as another Overlay object. Load the overlay "
        "again and take the handle from the new Overlay object. Then make a scope of its channel."
    )
    assert shown.frame is not None


def test_a_sender_is_no_source(filtered: Any) -> None:
    with pytest.raises(
        TypeError, match=r"^scope expected a channel that receives, and filter/dma.sendchannel sends: try the recvchannel, with feed=$"
    ):
        scope(filtered.filter.dma.sendchannel)


def test_marks_are_the_triggers(channel: FakeChannel, made: Any) -> None:
    shown = made(channel, trigger=3)
    assert shown._marks() == [Mark(3.0, "y", "trigger", "trigger", True), Mark(0.0, "x", "", "trigger")]
    shown.mode = "spectrum"
    assert shown._marks() == []
