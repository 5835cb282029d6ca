"""What looks at an overlay follows the exchange of a region: snapshots, watches, strip charts, the tree."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from pynq_widgets import SimulatedDevice
from pynq_widgets.device import VirtualClock
from pynq_widgets.live import Sampler
from pynq_widgets.overlay import StaleOverlayError


def test_snapshots_tell_what_went_and_what_came(dfx: Any) -> None:
    ol = dfx.load()
    ol.pr_download("hier/rp", "add")
    before = ol.snapshot()
    ol.pr_download("hier/rp", "invert")
    after = ol.snapshot()
    assert set(before) - set(after) == {"hier/rp/sub/extra"}
    assert (after - before).gone == ("hier/rp/sub/extra",)


@pytest.fixture
def stepped(dfx: Any) -> Callable[[], None]:
    """A device whose time the test steps, and whose sampler has no thread: each call is a tick of it."""
    dfx.device = SimulatedDevice("stepped", clock=VirtualClock())
    sampler = Sampler.of(dfx.device)
    sampler._thread = threading.current_thread()

    def step() -> None:
        dfx.device.clock.advance(0.1)
        sampler.run_due()

    return step


def test_a_watch_goes_on_with_what_stands_there(dfx: Any, stepped: Callable[[], None]) -> None:
    ol = dfx.load()
    ol.pr_download("hier/rp", "add")
    ticks: list[dict[str, Any]] = []
    errors: list[BaseException] = []
    names = ("core.GAIN", "hier/rp/core.GAIN", "hier/rp/sub/extra.GAIN")
    watch = ol.watch(*names, rate=10.0, handler=ticks.append, on_error=errors.append)
    ol.core.write(4, 1)
    ol.hier.rp.core.write(4, 2)
    ol.hier.rp.sub.extra.write(4, 3)
    stepped()
    assert (ticks[-1], errors) == (dict(zip(names, (1, 2, 3), strict=True)), [])
    ol.pr_download("hier/rp", "invert")
    ol.hier.rp.core.write(4, 9)
    stepped()
    assert [type(error) for error in errors] == [StaleOverlayError]
    stepped()
    assert ticks[-1] == dict(zip(names, (1, 9, None), strict=True))
    assert len(errors) == 1
    assert not watch.closed
    watch.close()


def test_a_watch_of_what_has_gone_ends_with_it(dfx: Any, stepped: Callable[[], None]) -> None:
    ol = dfx.load()
    ol.pr_download("hier/rp", "add")
    watch = ol.watch("hier/rp/sub/extra.GAIN", rate=10.0)
    stepped()
    ol.pr_download("hier/rp", "invert")
    stepped()
    assert watch.closed


def test_the_lines_of_a_strip_chart_outside_go_on(dfx: Any, stepped: Callable[[], None]) -> None:
    pytest.importorskip("bqplot")
    from pynq_widgets.widgets import strip

    ol = dfx.load()
    ol.pr_download("hier/rp", "add")
    chart = strip((ol.core, "GAIN"), (ol.hier.rp.core, "GAIN"), rate=10.0, keep=True)
    try:
        (track,) = chart._tracks
        stepped()
        ol.pr_download("hier/rp", "invert")
        ol.core.write(4, 5)
        stepped()
        stepped()
        assert track.texts[0] == "5"
        assert "was in region hier/rp, which holds invert.hwh now" in track.reasons[1]
        assert track.reasons[0] == ""
    finally:
        chart.close()


def test_the_tree_exchanges_the_rows_of_the_region(dfx: Any) -> None:
    pytest.importorskip("anywidget")
    from pynq_widgets.widgets import OverlayTree, outbox

    def rows() -> list[str]:
        return [row["path"] for row in tree.list.nodes]

    ol = dfx.load()
    tree = OverlayTree(ol)
    try:
        ol.pr_download("hier/rp", "add")
        tree.list._message(None, {"kind": "beat", "view": "v", "visible": True}, [])
        outbox.default().drain(5.0)
        assert {"hier/rp/core", "hier/rp/sub", "hier/rp/sub/extra"} <= set(rows())
        tree.selected = "hier/rp/sub/extra"
        kept = tree._details[""]
        ol.pr_download("hier/rp", "invert")
        tree.list._message(None, {"kind": "beat", "view": "v", "visible": True}, [])
        outbox.default().drain(5.0)
        assert "hier/rp/sub/extra" not in rows()
        assert tree.selected == "hier/rp"  # what was chosen has gone: the nearest that is there
        assert tree._details.get("") in (None, kept)
        tree.selected = "hier/rp/core"
        (row,) = [row for row in tree.list.nodes if row["path"] == "hier/rp/core"]
        assert row["vlnv"] == "me.org:test:invert:1.0"
    finally:
        tree.close()
