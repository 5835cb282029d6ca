"""The strip chart without a page: what it reads and when, what it keeps, what it says."""

from __future__ import annotations

import csv
import gc
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pynq_widgets as pw
from pynq_widgets.access import Mirror
from pynq_widgets.access.describe import FieldInfo, RegisterInfo
from pynq_widgets.access.errors import StaleOverlayError
from pynq_widgets.access.mmio import MMIO
from pynq_widgets.widgets.strip_channels import channels
from pynq_widgets.widgets.strip_chart import StripChart, strip
from pynq_widgets.widgets.strip_plot import round_steps
from pynq_widgets.widgets.strip_ring import Ring, reduce_times

BASE = 0x4000_0000
REGISTERS = (
    RegisterInfo("COUNT", 0, 32, "read-only"),
    RegisterInfo("STATUS", 4, 32, "read-only", (FieldInfo("READY", 0, 1), FieldInfo("LEVEL", 4, 4))),
    RegisterInfo("FIFO", 8, 32, "read-only", (FieldInfo("DATA", 0, 32, "read-only", read_action="modify"),)),
    RegisterInfo("KEY", 12, 32, "write-only"),
    RegisterInfo("time", 16, 32, "read-only"),
    RegisterInfo("file", 20, 32, "read-only"),
)


class HandWatches:
    """A sampler that is turned by hand: each watch reads its groups when `turn` is called."""

    def __init__(self) -> None:
        self.watches: list[Any] = []
        self.rates: list[float] = []

    def watch(self, groups: Any, rate: float, *, on_tick: Any = None, on_error: Any = None, on_rate: Any = None) -> Any:
        sampler = self

        class Watch:
            def __init__(self) -> None:
                self.rate = rate

            def close(self) -> None:
                if self in sampler.watches:
                    sampler.watches.remove(self)

            def tick(self) -> None:
                failure = None
                for mirror, names in groups:
                    try:
                        mirror.refresh(names)
                    except Exception as error:
                        failure = error
                on_tick(self)
                if failure is not None:
                    on_error(failure)

            def slow(self, rate: float) -> None:
                self.rate = rate
                on_rate(rate)

        self.rates.append(rate)
        self.watches.append(Watch())
        return self.watches[-1]

    def subscribe(self, poll: Any, rate: float, on_error: Any = None, *, on_rate: Any = None) -> Any:
        return self.watch((), rate, on_tick=lambda watch: poll(), on_error=on_error, on_rate=on_rate)

    def turn(self) -> None:
        for watch in list(self.watches):
            watch.tick()


class Clock:
    """Of the device, and of the views: the same seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now


class Bench:
    """A chart of a block of words, turned by hand, whose messages stand in `said`."""

    def __init__(self, device: Any, now: Any, *names: str, **options: Any) -> None:
        self.device, self.now = device, now
        self.sampler = HandWatches()
        self.mirror = Mirror(MMIO(BASE, 0x100, device=device), REGISTERS, clock=Clock(now))
        self.chart = StripChart(
            channels((self.mirror, *(names or ("COUNT",)))),
            sampler=options.pop("sampler", self.sampler),
            now=now,
            later=lambda seconds, function: function(),
            **options,
        )
        self.said: list[tuple[dict[str, Any], Any]] = []
        self.chart.panel.send = lambda content, buffers=None: self.said.append((content, buffers))  # type: ignore[method-assign]

    def page(self, **content: Any) -> None:
        self.chart.panel._handle_custom_msg({"view": "a", **content}, [])

    def look(self, visible: bool = True) -> None:
        self.page(kind="beat", visible=visible, seen=self.chart.panel.frame)

    def put(self, offset: int, value: int) -> None:
        self.device.words[BASE + offset] = value

    def step(self, value: int | None = None, seconds: float = 0.1) -> None:
        if value is not None:
            self.put(0, value)
        self.now.pass_(seconds)
        self.sampler.turn()

    @property
    def state(self) -> dict[str, Any]:
        return next(content for content, _ in reversed(self.said) if content["kind"] == "state")

    @property
    def reads(self) -> int:
        return len([entry for entry in self.device.log if entry[0] == "read"])


@pytest.fixture
def make(device: Any, now: Any) -> Iterator[Callable[..., Bench]]:
    benches: list[Bench] = []

    def one(*names: str, **options: Any) -> Bench:
        benches.append(Bench(device, now, *names, **options))
        return benches[-1]

    yield one
    for bench in benches:
        bench.chart.close()


# When the hardware is read.


def test_nothing_is_read_until_somebody_looks_and_after_he_stopped(make: Any) -> None:
    bench = make()
    bench.step(1)
    assert (bench.reads, bench.chart.live) == (0, False)
    bench.look()
    bench.step(2)
    assert (bench.reads, bench.chart.live) == (1, True)
    bench.look(visible=False)
    assert bench.sampler.watches == []
    bench.step(3)
    assert bench.reads == 1
    bench.look()
    bench.page(kind="bye")
    assert bench.sampler.watches == []


def test_one_read_a_tick_for_what_lies_side_by_side(make: Any) -> None:
    bench = make("COUNT", "STATUS.READY", "STATUS.LEVEL")
    bench.look()
    bench.put(4, 0x51)
    bench.step(7)
    assert bench.device.log == [("read", BASE, 2)]
    assert [bench.chart.data()[name].tolist() for name in bench.chart.names] == [[7.0], [1.0], [5.0]]
    assert bench.state["values"] == ["7", "1", "5"]


def test_a_view_that_falls_silent_ends_the_reading(make: Any) -> None:
    bench = make()
    bench.look()
    bench.step(seconds=5.0)
    assert bench.sampler.watches == []


def test_keep_reads_on_while_nobody_looks(make: Any) -> None:
    bench = make(keep=True)
    assert bench.chart.live
    for value in range(5):
        bench.step(value)
    assert bench.chart.data()["COUNT"].tolist() == [0, 1, 2, 3, 4]
    bench.chart.keep = False
    assert bench.sampler.watches == []


def test_pause_stops_the_reads_and_what_was_missed_is_a_gap(make: Any) -> None:
    bench = make()
    bench.look()
    bench.step(1)
    bench.step(2)
    bench.page(kind="pause", paused=True)
    before = bench.reads
    bench.step(3)
    bench.step(4)
    assert (bench.reads, bench.chart.paused, bench.state["paused"], bench.state["live"]) == (before, True, True, False)
    bench.page(kind="pause", paused=False)
    bench.step(5)
    data = bench.chart.data()
    np.testing.assert_array_equal(data["COUNT"], [1, 2, np.nan, 5])
    np.testing.assert_allclose(data["time"], [0.1, 0.2, 0.3, 0.5])
    (gap,) = bench.chart.gaps
    assert (gap.line, gap.reason) == ("", "paused")
    assert gap.start == pytest.approx(0.3)
    assert gap.end == pytest.approx(0.5)
    assert bench.state["gap"] == "gap of 200 ms, 0 ms ago: paused"


def test_a_tick_under_way_when_it_is_paused_brings_no_sample(make: Any) -> None:
    bench = make()
    bench.look()
    bench.step(1)
    [watch] = bench.sampler.watches
    bench.chart.pause()
    bench.put(0, 2)
    bench.now.pass_(0.1)
    watch.tick()  # on the sampler's thread it had begun before
    assert bench.chart.data()["COUNT"].tolist() == [1]
    bench.chart.resume()
    bench.step(3)
    assert bench.chart.data()["COUNT"].tolist()[-1] == 3
    assert [gap.reason for gap in bench.chart.gaps] == ["paused"]


def test_what_was_not_on_a_screen_is_a_gap_that_says_so(make: Any) -> None:
    bench = make()
    bench.look()
    bench.step(1)
    bench.look(visible=False)
    bench.look()
    bench.step(2, seconds=2.0)
    assert [gap.reason for gap in bench.chart.gaps] == ["not on a screen"]


def test_samples_that_did_not_come_are_a_gap(make: Any) -> None:
    bench = make()
    bench.look()
    bench.step(1)
    bench.step(2, seconds=0.6)  # late, but no gap yet
    bench.step(3, seconds=1.5)
    assert [(gap.reason, round(gap.start, 3), round(gap.end, 3)) for gap in bench.chart.gaps] == [
        ("the sampler did not come to it", 0.8, 2.2)
    ]
    np.testing.assert_array_equal(bench.chart.data()["COUNT"], [1, 2, np.nan, 3])


# What fails.


def test_a_bus_that_fails_is_a_gap_with_its_reason_until_it_answers(make: Any) -> None:
    bench = make()
    bench.look()
    bench.step(1)
    bench.device.failure = OSError("the bus is down")
    bench.step()
    bench.step()
    (gap,) = bench.chart.gaps
    assert (gap.line, gap.start, gap.end) == ("COUNT", pytest.approx(0.2), None)
    assert "the bus is down" in gap.reason
    assert bench.state["reasons"] == [gap.reason]
    assert bench.state["values"] == ["–"]
    # A line of bqplot that ends in a gap is an error in the browser's console.
    assert np.isfinite(bench.chart.plot.panels[0].marks[0][1].y).all()
    bench.device.failure = None
    bench.step(4)
    np.testing.assert_array_equal(bench.chart.data()["COUNT"], [1, np.nan, np.nan, 4])
    (gap,) = bench.chart.gaps
    assert gap.end == pytest.approx(0.4)
    assert bench.state["reasons"] == [""]
    assert bench.state["gap"].startswith("gap of 200 ms, 0 ms ago: ")


def test_an_overlay_that_goes_ends_the_chart_and_leaves_the_samples(make: Any) -> None:
    bench = make()
    bench.look()
    bench.step(1)
    bench.device.failure = StaleOverlayError("another overlay was loaded")
    bench.step()
    assert (bench.chart.over, bench.chart.live, bench.sampler.watches) == (True, False, [])
    assert bench.state["gone"] == "another overlay was loaded"
    assert bench.state["reasons"] == [""]  # it is said once
    bench.chart.resume()
    assert not bench.chart.live
    assert bench.chart.data()["COUNT"][0] == 1


def test_a_lowered_rate_is_told(make: Any) -> None:
    bench = make(rate=100)
    bench.look()
    bench.sampler.watches[0].slow(12.34)
    assert (bench.state["rate"], bench.state["asked"], bench.chart.true_rate) == (12.3, 100.0, 12.34)


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("FIFO", ValueError, "strip cannot follow FIFO: register FIFO is not read unasked, since"),
        ("FIFO.DATA", ValueError, "strip cannot follow FIFO.DATA: register FIFO is not read unasked, since"),
        ("KEY", ValueError, "strip cannot follow KEY: register KEY is not read unasked, since"),
        ("COUMT", AttributeError, "no register, field or hardware trait 'COUMT' in block (did you mean 'COUNT'?); it has COUNT, STATUS, "),
        ("STATUS.REDY", AttributeError, "(did you mean 'STATUS.READY', "),
    ],
)
def test_what_cannot_be_followed_is_refused_with_the_reason(make: Any, device: Any, name: str, error: type, words: str) -> None:
    with pytest.raises(error) as caught:
        make(name)
    assert words in str(caught.value)
    assert device.log == []


def test_wrong_arguments_teach(overlay: Any) -> None:
    timer = overlay.timer
    for call, error, words in (
        (
            lambda: strip(),
            TypeError,
            "strip expected an IP and the names of its attributes: strip(ip, 'counter'), or strip((ip, 'a'), (other, 'b'))",
        ),
        (lambda: strip("TCR0"), TypeError, "strip expected an IP and the names of its attributes"),
        (lambda: strip(5, "TCR0"), TypeError, "strip expected an IP, its registers or a RegisterMap, not the int 5"),
        (
            lambda: strip(overlay.filter, "TCR0"),
            TypeError,
            "strip expected an IP, its registers or a RegisterMap, not the DefaultHierarchy",
        ),
        (
            lambda: strip(pw.DefaultIP({"fullpath": "core", "device": overlay.device, "phys_addr": 0, "addr_range": 4}), "TCR0"),
            ValueError,
            "strip has nothing to draw: the design lists no registers for core; read(offset) and write(offset, value) work",
        ),
        (lambda: strip(timer), ValueError, "strip needs the name of an attribute of timer; it has "),
        (lambda: strip(timer, 4), TypeError, "strip expected the name of an attribute of timer, not the int 4"),
        (lambda: strip((timer, "TCR0"), "TCR1"), TypeError, "strip expected pairs of an IP and a name"),
        (lambda: strip(timer, "TCR0", "TCR0"), ValueError, "strip was given TCR0 twice"),
        (lambda: strip(timer, *["TCR0"] * 9), ValueError, "a strip chart has 1 to 8 lines, not 9"),
        (lambda: strip(timer, "TCR0", rate=0), ValueError, "strip expected rate of 0.1 to 200 samples a second, not 0"),
        (lambda: strip(timer, "TCR0", seconds=True), ValueError, "strip expected seconds of 1 to 86400 s, not True"),
        (
            lambda: strip(timer, "TCR0", rate=200, seconds=86400),
            ValueError,
            "strip keeps at most 2,000,000 samples of 1 lines: at 200 samples a second that is 10,000 s, not 86400 s; try rate=23.1",
        ),
    ):
        with pytest.raises(error) as caught:
            call()
        assert words in str(caught.value)


# What it keeps.


def test_the_memory_is_bounded_and_the_oldest_go(make: Any) -> None:
    bench = make(rate=10, seconds=2)
    bench.look()
    ring = bench.chart._tracks[0].ring
    size = ring._times.size
    for value in range(500):
        bench.look()
        bench.step(value)
    data = bench.chart.data()
    assert ring._times.size == size
    assert data["COUNT"].tolist() == list(range(500 - len(ring), 500))
    assert 20 <= len(ring) <= 40


def test_a_longer_span_keeps_what_is_there(make: Any) -> None:
    bench = make(rate=10, seconds=2)
    bench.look()
    for value in range(10):
        bench.step(value)
    bench.page(kind="span", seconds=600)
    assert bench.chart.seconds == 600
    assert bench.chart.data()["COUNT"].tolist() == list(range(10))
    assert bench.chart.plot.edges == (-600, 0)
    assert bench.state["span"] == 600
    bench.chart.rate = 50
    assert bench.sampler.rates == [10, 50]
    assert len(bench.sampler.watches) == 1


@pytest.mark.parametrize("seconds", ["soon", 0, -1, float("nan"), None, True, 1e9])
def test_a_span_that_is_none_is_told_on_the_page(make: Any, seconds: Any) -> None:
    bench = make()
    bench.look()
    bench.page(kind="span", seconds=seconds)
    assert bench.state["said"] == f"strip expected seconds of 1 to 86400 s, not {seconds!r}"
    bench.page(kind="span", seconds=30)
    assert bench.state["said"] == ""


@pytest.mark.parametrize(
    "content", [{}, {"kind": 5}, {"kind": "nonsense"}, {"kind": "span"}, {"kind": "beat", "view": [], "seen": "x"}, {"kind": "__init__"}]
)
def test_what_the_page_says_wrongly_harms_nothing(make: Any, content: dict[str, Any]) -> None:
    bench = make()
    bench.look()
    bench.page(**content)
    bench.step(3)
    assert bench.chart.data()["COUNT"].tolist() == [3]


def test_clear_forgets(make: Any) -> None:
    bench = make()
    bench.look()
    bench.step(1)
    bench.chart.pause()
    bench.chart.resume()
    bench.step(2)
    bench.page(kind="clear")
    assert (bench.chart.data()["COUNT"].size, bench.chart.gaps, bench.state["samples"]) == (0, (), 0)
    bench.step(3)
    assert bench.chart.data()["COUNT"].tolist() == [3]


def test_export_csv_has_units_gaps_and_their_reasons(make: Any, tmp_path: Any) -> None:
    bench = make("COUNT", "STATUS")
    bench.look()
    bench.step(1)
    bench.chart.pause()
    bench.chart.resume()
    bench.step(4_294_967_295, seconds=2.0)
    path = bench.chart.export(tmp_path / "strip.csv")
    with path.open() as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["time (s)", "COUNT", "STATUS", "gap"],
        ["0.100000", "1", "0", ""],
        ["0.200000", "", "", "paused"],
        ["2.100000", "4294967295", "0", ""],
    ]
    assert [entry.name for entry in tmp_path.iterdir()] == ["strip.csv"]


def test_export_npz_takes_any_name(make: Any, tmp_path: Any) -> None:
    bench = make("file", "time", "STATUS.LEVEL")
    bench.look()
    bench.put(20, 9)
    bench.step()
    with np.load(bench.chart.export(str(tmp_path / "strip.NPZ"))) as held:
        assert {name: held[name].tolist() for name in held} == {
            "time": [pytest.approx(0.1)],
            "file": [9.0],
            "block.time": [0.0],
            "STATUS.LEVEL": [0.0],
        }


def test_export_refuses_what_it_does_not_write_and_leaves_the_old_file(make: Any, tmp_path: Any) -> None:
    bench = make()
    with pytest.raises(ValueError, match=r"a strip chart is exported as \.csv or \.npz, not 'strip\.xlsx'"):
        bench.chart.export(tmp_path / "strip.xlsx")
    with pytest.raises(FileNotFoundError):
        bench.chart.export(tmp_path / "nowhere" / "strip.csv")
    assert list(tmp_path.iterdir()) == []


def test_the_page_gets_the_file_it_asks_for(make: Any) -> None:
    bench = make()
    bench.look()
    bench.step(5)
    bench.page(kind="export")
    content, buffers = bench.said[-1]
    assert (content["kind"], content["view"], content["rows"]) == ("file", "a", 1)
    assert bytes(buffers[0]) == b"time (s),COUNT,gap\n0.100000,5,\n"


# What goes to the page.


def test_at_most_thirty_updates_a_second(make: Any) -> None:
    bench = make(rate=200, seconds=10)
    bench.look()
    bench.said.clear()
    for value in range(400):
        bench.step(value, seconds=1 / 200)
        bench.look()
    frames = [content for content, _ in bench.said if content["kind"] == "state"]
    assert 50 <= len(frames) <= 61
    x = bench.chart.plot.panels[0].marks[0][1].x
    assert x[-1] == pytest.approx(0, abs=1 / 30)


def test_a_page_that_does_not_keep_up_gets_no_more(make: Any) -> None:
    bench = make(rate=30)
    bench.look()
    seen = bench.chart.panel.frame
    for value in range(300):
        bench.step(value, seconds=1 / 30)
        bench.page(kind="beat", visible=True, seen=seen)  # it lives, and has taken nothing
    assert bench.chart.panel.frame - seen < 90
    bench.look()
    bench.step(999)
    bench.step(1000)
    assert bench.state["values"] == ["1000"]


def test_what_is_drawn_is_reduced_to_the_screen(make: Any) -> None:
    bench = make(rate=200, seconds=60, keep=True)
    for value in range(8000):
        bench.step(value % 100, seconds=1 / 200)
    mark = bench.chart.plot.panels[0].marks[0][1]
    assert mark.x.size <= 2100
    assert (mark.y.min(), mark.y.max()) == (0, 99)
    assert bench.chart.data()["COUNT"].size == 8000


def test_a_zoom_draws_the_visible_part_finer_and_the_span_undoes_it(make: Any) -> None:
    bench = make(rate=200, seconds=60, keep=True)
    for value in range(8000):
        bench.step(value, seconds=1 / 200)
    bench.chart.pause()
    scale = bench.chart.plot.x_scale
    with scale.hold_sync():
        scale.min, scale.max = -2.0, -1.0
    x = bench.chart.plot.panels[0].marks[0][1].x
    assert 200 <= x.size <= 204
    np.testing.assert_allclose([x[0], x[-1]], [-2.0, -1.0], atol=0.011)
    bench.page(kind="span", seconds=60)
    assert bench.chart.plot.edges == (-60, 0)
    for limits in ((None, 0), (float("nan"), 1), (0, 0)):
        with scale.hold_sync():
            scale.min, scale.max = limits
        assert bench.chart.plot.edges == (-60, 0)


def test_lines_of_no_known_unit_stand_apart_unless_told(make: Any) -> None:
    assert len(make("COUNT", "STATUS").chart.plot.panels) == 2
    assert len(make("COUNT", "STATUS", apart=False).chart.plot.panels) == 1
    assert len(make("COUNT").chart.plot.panels) == 1


# Life.


def test_closing_frees_everything(make: Any) -> None:
    import ipywidgets

    gc.collect()
    before = dict(ipywidgets.widgets.widget._instances)
    bench = make("COUNT", "STATUS")
    bench.look()
    bench.step(1)
    bench.chart.close()
    assert bench.sampler.watches == []
    left = set(ipywidgets.widgets.widget._instances) - set(before)
    assert left == set()
    assert bench.chart.data()["COUNT"].tolist() == [1]
    bench.step(2)
    bench.chart.pause()
    bench.page(kind="span", seconds=5)
    bench.chart.close()
    assert bench.reads == 1


def test_a_cell_that_is_run_again_has_the_same_chart(overlay: Any) -> None:
    sampler = HandWatches()
    first = strip(overlay.timer, "TCR0", "TCSR0.ENT0", keep=True, sampler=sampler)
    again = strip(overlay.timer, "TCR0", "TCSR0.ENT0", keep=True, rate=50, seconds=20, title="t")
    assert again is first
    assert len(sampler.watches) == 1
    assert (first.rate, first.seconds, first.panel.title) == (50, 20, "t")
    assert strip(overlay.timer, "TCR0", sampler=sampler) is not first
    first.close()
    assert strip(overlay.timer, "TCR0", "TCSR0.ENT0", sampler=sampler) is not first


def test_several_ips_have_their_names_before_the_attributes(overlay: Any) -> None:
    sampler = HandWatches()
    chart = strip((overlay.timer, "TCR0"), (overlay.leds, "GPIO_DATA"), keep=True, sampler=sampler)
    assert chart.names == ("timer.TCR0", "leds.GPIO_DATA")
    sampler.turn()
    assert set(chart.data()) == {"time", "timer.TCR0", "leds.GPIO_DATA"}


def test_lines_of_two_devices_have_each_their_own_time(make_overlay: Any, now: Any) -> None:
    one, two = (make_overlay(_device(tag)) for tag in ("one", "two"))
    sampler = HandWatches()
    chart = strip((one.timer, "TCR0"), (two.timer, "TCR0"), keep=True, sampler=sampler)
    assert len(sampler.watches) == 2
    sampler.watches[0].tick()
    sampler.watches[1].tick()
    data = chart.data()
    assert data["time"].size == 2
    assert [int(np.isfinite(data[name]).sum()) for name in chart.names] == [1, 1]


def _device(tag: str) -> Any:
    from pynq_widgets.device import SimulatedDevice

    return SimulatedDevice(tag)


def test_the_public_name(overlay: Any) -> None:
    assert pw.strip is strip
    assert pw.StripChart is StripChart


def test_a_saved_notebook_shows_the_values_and_a_picture_without_a_script(make: Any) -> None:
    bench = make("COUNT", title="<b>x</b>")
    assert "no samples yet" in bench.chart._repr_mimebundle_()["text/html"]
    bench.look()
    for value in (1, 5, 3):
        bench.step(value)
    bundle = bench.chart._repr_mimebundle_()
    assert bundle["text/plain"] == "StripChart(COUNT; 3 samples, 10 Hz)"
    assert "application/vnd.jupyter.widget-view+json" in bundle
    markup = bundle["text/html"]
    assert "&lt;b&gt;x&lt;/b&gt;" in markup
    assert "<polyline" in markup
    assert 'stroke-width="1.5"' in markup
    assert "<script" not in markup
    json.dumps(bundle)


# The ring and the reduction, alone.


@given(st.integers(2, 20), st.lists(st.floats(-5, 5), max_size=80), st.integers(2, 40))
def test_a_ring_has_the_newest_rows_in_order(rows: int, steps: list[float], resized: int) -> None:
    ring = Ring(rows, 2)
    expected: list[tuple[float, float]] = []
    time = 0.0
    for number, step in enumerate(steps):
        told = ring.append(time + step, (number, -number))
        time = max(time, time + step) if expected else time + step
        assert told == time
        expected.append((time, number))
    expected = expected[-rows:]
    times, values = ring.window()
    assert list(zip(times.tolist(), values[0].tolist(), strict=True)) == expected
    assert values[1].tolist() == [-number for _, number in expected]
    assert len(ring) == len(expected)
    times, values = ring.resized(resized).window()
    assert list(zip(times.tolist(), values[0].tolist(), strict=True)) == expected[-resized:]


@given(
    st.lists(st.tuples(st.floats(0.0, 1.0), st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6))), min_size=1, max_size=300),
    st.integers(1, 40),
)
def test_a_reduction_keeps_the_extremes_and_every_gap(samples: list[tuple[float, float]], columns: int) -> None:
    times = np.cumsum([step for step, _ in samples])
    values = np.array([[value for _, value in samples], [float(at) for at in range(len(samples))]])
    span = float(times[-1] - times[0]) or 1.0
    x, y = reduce_times(times, values, span, columns)
    assert x.size == y.shape[1]
    assert (np.diff(x) >= 0).all()
    assert x.size <= max(2 * columns, 3 * (columns + 2))
    assert np.isnan(y[0]).any() == np.isnan(values[0]).any()
    if np.isfinite(values[0]).any():
        assert (np.nanmin(y[0]), np.nanmax(y[0])) == (np.nanmin(values[0]), np.nanmax(values[0]))
    assert np.isfinite(y[1]).all()
    assert set(x.tolist()) <= set(times.tolist())


@given(st.floats(-1e12, 1e12), st.floats(1e-6, 1e12), st.integers(2, 10))
def test_ticks_are_round_few_and_within(low: float, width: float, about: int) -> None:
    high = low + width
    ticks = round_steps(low, high, about)
    assert ticks.size <= about + 3
    slack = abs(low) * 1e-9 + width * 1e-9
    assert ((ticks >= low - slack) & (ticks <= high + slack)).all()


def test_a_sampler_that_refused_once_is_asked_again(make: Any) -> None:
    bench = make()
    watch = bench.sampler.watch

    def refuses(*what: Any, **options: Any) -> Any:
        raise OSError("not now")

    bench.sampler.watch = refuses
    with pytest.raises(OSError, match="not now"):
        bench.chart.keep = True
    bench.sampler.watch = watch
    bench.look()
    assert bench.chart.live


def test_a_register_at_rest_has_whole_numbers_beside_its_axis() -> None:
    from pynq_widgets.widgets.strip_plot import _around_a_whole

    assert _around_a_whole(np.array([0.0, 0.0])) == (-1, 1)
    assert _around_a_whole(np.array([np.nan, 7.0, 7.0])) == (6, 8)
    for values in ([1.0, 2.0], [0.5, 0.5], [np.nan], [], [1e9]):
        assert _around_a_whole(np.array(values)) is None


def test_the_name_beside_an_axis_fits_it() -> None:
    from pynq_widgets.widgets.strip_plot import axis_name

    assert axis_name("timer.TLR0", 100) == "timer.TLR0"
    assert axis_name("mipi/axi_vdma.MM2S_VSIZE", 100) == "MM2S_VSIZE"
    assert axis_name("core.a_very_long_attribute", 100) == "a_very_long…"
    assert axis_name("°C", 100) == "°C"
