"""The base of drivers' panels: when it reads, what it sends, what a page may ask, and what it says of errors."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

import pynq_widgets as pw
from pynq_widgets import showing
from pynq_widgets.access import Mirror
from pynq_widgets.widgets import reuse
from pynq_widgets.widgets.detail import NodeDetail
from pynq_widgets.widgets.panel import Panel

DRAW = "function draw(root, page) {\n  page.on((state) => setText(root, String(state.level)));\n}\n"


class LedsPanel(Panel):
    module = DRAW
    reads = ("GPIO_DATA",)
    failure: Exception | None = None
    looks = 0

    def look(self) -> dict[str, Any]:
        self.looks += 1
        if self.failure is not None:
            raise self.failure
        return {"level": self.ip.registers["GPIO_DATA"].value, "names": ["a", "b"]}

    def do_set(self, *, level: int) -> str:
        self.ip.write(0, level)
        return f"set to {level}"

    def do_fail(self) -> None:
        raise ValueError("the lamp\nis broken")

    def do_nothing_plain(self) -> object:
        return object()

    async def do_wait(self) -> int:
        await self.may_go.wait()
        return 7


class Turned:
    """A sampler that is turned by hand."""

    def __init__(self) -> None:
        self.watches: list[Any] = []

    def watch(self, groups: Any, rate: float, *, on_tick: Any = None, on_error: Any = None) -> Any:
        return self._add(groups, rate, on_tick, on_error)

    def subscribe(self, poll: Any, rate: float, on_error: Any = None) -> Any:
        return self._add({}, rate, lambda watch: poll(), on_error)

    def _add(self, groups: Any, rate: float, on_tick: Any, on_error: Any) -> Any:
        sampler = self

        class Watch:
            last_error = None

            def __init__(self) -> None:
                self.rate = rate

            def close(self) -> None:
                if self in sampler.watches:
                    sampler.watches.remove(self)

            def turn(self) -> None:
                failure = None
                for mirror, names in groups:
                    try:
                        mirror.refresh(names)
                    except Exception as error:
                        failure = error
                on_tick(self)
                if failure is not None:
                    on_error(failure)

        self.watches.append(Watch())
        return self.watches[-1]

    def turn(self) -> None:
        for watch in list(self.watches):
            watch.turn()


class Bench:
    """A panel, a page that says what it is told to, and what was sent."""

    def __init__(self, panel: Panel, turned: Turned, now: Any) -> None:
        self.panel, self.turned, self.now = panel, turned, now
        self.sent: list[dict[str, Any]] = []
        panel.send = lambda content, buffers=None: self.sent.append(content)

    def says(self, **content: Any) -> None:
        self.panel._handle_custom_msg(content, [])

    def open(self, view: str = "v") -> None:
        self.says(kind="hello", view=view, visible=False)
        self.says(kind="beat", view=view, visible=True, seen=0)

    def asks(self, action: Any, arguments: Any = None) -> dict[str, Any]:
        self.sent.clear()
        self.says(kind="do", action=action, arguments=arguments, tag="v.1", view="v")
        answers = [content for content in self.sent if content["kind"] == "done"]
        return answers[0] if answers else {}

    @property
    def looks(self) -> list[dict[str, Any]]:
        return [content for content in self.sent if content["kind"] == "look"]


@pytest.fixture
def leds(overlay):
    return overlay.leds


@pytest.fixture
def bench(leds, now):
    turned = Turned()
    bench = Bench(LedsPanel(leds, sampler=turned, now=now), turned, now)
    yield bench
    bench.panel.close()


def test_nothing_is_read_or_worked_out_until_somebody_looks(device, bench):
    device.log.clear()
    bench.panel.changed()
    assert bench.panel.looks == 0
    assert device.log == []
    assert not bench.panel.live
    bench.says(kind="hello", view="v", visible=False)
    assert not bench.panel.live
    bench.says(kind="beat", view="v", visible=True, seen=1)
    assert bench.panel.live
    bench.turned.turn()
    assert device.log == [("read", bench.panel.ip.mmio.base_addr, 1)]
    bench.says(kind="beat", view="v", visible=False, seen=1)
    assert not bench.panel.live
    assert bench.turned.watches == []


def test_a_page_is_told_all_at_first_and_then_what_changed(device, bench):
    bench.open()
    assert bench.looks[0]["whole"]
    assert bench.looks[0]["state"] == {"level": None, "names": ["a", "b"]}
    device.words[bench.panel.ip.mmio.base_addr] = 5
    bench.sent.clear()
    bench.now.pass_(0.1)
    bench.turned.turn()
    assert [(content["whole"], content["state"]) for content in bench.looks] == [(False, {"level": 5})]
    bench.sent.clear()
    bench.now.pass_(0.1)
    bench.turned.turn()
    assert bench.sent == []  # nothing new, and it was heard of lately
    bench.now.pass_(1)
    bench.turned.turn()
    assert [content["state"] for content in bench.looks] == [{}]  # the kernel is there


def test_a_write_in_python_is_told_at_once_and_a_loop_of_them_with_the_ticks(bench):
    bench.open()
    bench.now.pass_(0.1)
    bench.sent.clear()
    for level in range(8):
        bench.panel.ip.GPIO_DATA = level
    assert [content["state"] for content in bench.looks] == [{"level": 0}]
    bench.now.pass_(0.1)
    bench.turned.turn()
    assert [content["state"] for content in bench.looks] == [{"level": 0}, {"level": 7}]


def test_a_list_that_a_driver_changes_in_place_is_news(leds, now):
    class Mutable(LedsPanel):
        log: list[int] = []

        def look(self) -> dict[str, Any]:
            return {"log": self.log}

    bench = Bench(Mutable(leds, sampler=Turned(), now=now), Turned(), now)
    bench.open()
    bench.sent.clear()
    now.pass_(1)
    bench.panel.log.append(1)
    bench.panel.changed()
    assert [content["state"] for content in bench.looks] == [{"log": [1]}]
    bench.panel.close()


def test_an_action_writes_and_answers_after_what_came_of_it(device, bench):
    bench.open()
    bench.now.pass_(1)
    answer = bench.asks("set", {"level": 6})
    assert (answer["error"], answer["result"], answer["tag"], answer["view"]) == (None, "set to 6", "v.1", "v")
    assert [content["kind"] for content in bench.sent][-1] == "done"
    assert device.words[bench.panel.ip.mmio.base_addr] == 6
    assert device.bus.statistics().by_who["page"].writes == 1


@pytest.mark.parametrize(
    ("action", "arguments", "text"),
    [
        ("fail", None, "the lamp is broken"),
        ("sett", {"level": 1}, "LedsPanel cannot do 'sett' (did you mean 'set'?); it can fail, nothing_plain, set, wait"),
        ("__init__", None, "LedsPanel cannot do '__init__'; it can fail, nothing_plain, set, wait"),
        (None, None, "LedsPanel cannot do None; it can fail, nothing_plain, set, wait"),
        ("set", {"levle": 1}, "LedsPanel cannot set like this: missing a required argument: 'level'"),
        ("set", [1], "LedsPanel is asked to set with arguments by name, not with [1]"),
        ("nothing_plain", {}, "TypeError: Object of type object is not JSON serializable"),
    ],
)
def test_what_is_refused_is_said_on_one_line(bench, action, arguments, text):
    assert bench.asks(action, arguments)["error"] == text


def test_a_coroutine_is_awaited_and_cancelled_with_the_panel(leds, now):
    async def run() -> list[dict[str, Any]]:
        bench = Bench(LedsPanel(leds, sampler=Turned(), now=now), Turned(), now)
        bench.panel.may_go = asyncio.Event()
        assert bench.asks("wait") == {}
        assert {"kind": "begun", "view": "v", "tag": "v.1"} in bench.sent
        bench.panel.may_go.set()
        for _ in range(5):
            await asyncio.sleep(0)
        answers = [content for content in bench.sent if content["kind"] == "done"]
        bench.panel.may_go.clear()
        bench.asks("wait")
        tasks = set(bench.panel._actions._tasks)
        assert len(tasks) == 1
        bench.panel.close()
        for _ in range(5):
            await asyncio.sleep(0)
        assert all(task.cancelled() for task in tasks)
        return answers

    assert [answer["result"] for answer in asyncio.run(run())] == [7]


def test_without_a_loop_a_coroutine_is_refused(bench):
    assert bench.asks("wait")["error"] == "this action waits for something, and no event loop runs that could wait"


def test_a_bus_that_fails_is_told_of_until_it_answers_again(device, bench):
    bench.open()
    device.failure = RuntimeError("no such board")
    bench.turned.turn()
    assert bench.looks[-1]["problem"] == "no such board"
    device.failure = None
    for _ in range(2):
        bench.now.pass_(0.1)
        bench.turned.turn()
    assert bench.looks[-1]["problem"] == ""


def test_a_look_that_raises_is_told_of_and_logged_once(bench, caplog):
    bench.open()
    bench.panel.failure = ZeroDivisionError("no clock")
    for _ in range(3):
        bench.now.pass_(1)
        bench.turned.turn()
    assert bench.looks[-1]["problem"] == "LedsPanel.look() failed: ZeroDivisionError: no clock"
    assert len(caplog.records) == 1
    bench.panel.failure = None
    bench.now.pass_(1)
    bench.turned.turn()
    assert bench.looks[-1]["problem"] == ""


def test_what_no_page_can_hold_is_a_failure_of_look(leds, now):
    class Nan(LedsPanel):
        def look(self) -> dict[str, Any]:
            return {"level": float("nan")}

    bench = Bench(Nan(leds, sampler=Turned(), now=now), Turned(), now)
    bench.open()
    assert bench.looks[-1]["problem"].startswith("Nan.look() failed: Out of range float values are not JSON compliant")
    bench.panel.close()


def test_a_page_that_does_not_keep_up_gets_it_in_one(bench):
    bench.open()
    for level in range(200):
        bench.now.pass_(0.1)
        bench.panel.ip.GPIO_DATA = level % 16
    told = len(bench.looks)
    assert told <= 3 * 10 + 40 + 4
    bench.says(kind="beat", view="v", visible=True, seen=told)
    assert bench.looks[-1]["state"]["level"] == 199 % 16


def test_it_says_that_its_overlay_has_gone_and_reads_no_more(make_overlay, device, bench):
    bench.open()
    other = make_overlay(device)
    device.log.clear()
    bench.turned.turn()
    assert "was replaced" in bench.looks[-1]["gone"] or "loaded" in bench.looks[-1]["gone"]
    assert bench.turned.watches == []
    assert device.log == []
    bench.says(kind="hello", view="w", visible=False)
    bench.says(kind="beat", view="w", visible=True, seen=0)
    assert not bench.panel.live
    assert other.is_loaded()


def test_one_panel_however_often_it_is_shown_and_it_closes_with_its_overlay(make_overlay, device, overlay):
    panel = LedsPanel.of(overlay.leds)
    assert LedsPanel.of(overlay.leds) is panel
    panel._handle_custom_msg({"kind": "hello", "view": "v", "visible": False}, [])
    kept = make_overlay(device)
    reuse.sweep()
    assert panel.comm is not None  # a page still holds it
    panel._handle_custom_msg({"kind": "bye", "view": "v"}, [])
    reuse.sweep()
    assert panel.comm is None
    assert LedsPanel.of(kept.leds) is not panel


def test_closing_ends_reading_and_hearing(bench, device):
    bench.open()
    bench.panel.close()
    bench.sent.clear()
    assert bench.turned.watches == []
    bench.panel.ip.GPIO_DATA = 3
    bench.says(kind="do", action="set", arguments={"level": 1}, tag="t", view="v")
    assert bench.sent == []
    assert device.words[bench.panel.ip.mmio.base_addr] == 3


def test_a_page_sets_nothing(bench, caplog):
    bench.panel.set_state({"title": "<b>", "where": ["Board", "board"]})
    assert bench.panel.title == "leds"
    assert "a page tried to set 'title', 'where' of a panel" in caplog.text


def test_nonsense_from_a_page_harms_nothing(bench):
    for content in (None, 5, {}, {"kind": 1}, {"kind": "beat"}, {"kind": "beat", "view": [1], "seen": "x"}, {"kind": "do"}):
        bench.panel._handle_custom_msg(content, [])
    assert bench.panel.comm is not None


def test_where_nothing_is_to_be_read_it_ticks_all_the_same(leds, now, device):
    ticked = threading.Event()

    class Ticking(LedsPanel):
        reads = ()

        def tick(self) -> None:
            ticked.set()
            self.ip.read(4)

    turned = Turned()
    bench = Bench(Ticking(leds, sampler=turned, now=now), turned, now)
    bench.open()
    device.bus.reset_statistics()
    turned.turn()
    assert ticked.is_set()
    assert device.bus.statistics().by_who["sampler"].reads == 1
    bench.panel.close()


def test_it_is_read_by_the_devices_sampler(overlay):
    panel = LedsPanel(overlay.leds, rate=50)
    panel._handle_custom_msg({"kind": "beat", "view": "v", "visible": True}, [])
    sampler = pw.Sampler.of(overlay.device)
    assert [(watch.rate, list(watch.groups.values())) for watch in sampler.subscriptions] == [(50.0, [("GPIO_DATA",)])]
    panel.close()
    assert sampler.subscriptions == ()


def test_what_a_saved_notebook_shows(bench):
    bench.panel.ip.GPIO_DATA = 3
    data = showing.mimebundle(bench.panel, widget=False)
    assert data["text/plain"] == "leds (AxiGPIO)\n  level: 3"
    assert "<script" not in data["text/html"]
    assert ">3</td>" in data["text/html"]
    assert "on Simulated device" in data["text/html"]
    shown, _ = bench.panel._repr_mimebundle_()
    assert shown["text/plain"] == data["text/plain"]
    assert shown["application/vnd.jupyter.widget-view+json"]["model_id"] == bench.panel.model_id
    bench.panel.failure = ValueError("no")
    assert "not to be shown: no" in showing.mimebundle(bench.panel)["text/html"]


def test_the_tree_has_it_beside_the_summary_and_lives_without_one_that_fails(overlay):
    class Shown(type(overlay.leds)):
        bindto: list[str] = []
        broken = False

        def panel(self) -> Any:
            if self.broken:
                raise RuntimeError("no lamps")
            return LedsPanel.of(self)

    ip = Shown(overlay.leds.description)
    content: dict[str, Any] = {"title": "leds", "facts": [], "sections": []}
    detail = NodeDetail(content, ip)
    assert [type(child).__name__ for child in detail.children] == ["NodeSummary", "LedsPanel", "RegisterTable"]
    detail.close()
    ip.broken = True
    detail = NodeDetail(content, ip)
    assert [type(child).__name__ for child in detail.children] == ["NodeSummary", "RegisterTable"]
    assert detail.summary.content["problems"] == ["The panel of Shown could not be made: RuntimeError: no lamps"]
    detail.close()


def test_a_guarded_or_unknown_register_is_refused_when_the_panel_is_made(leds):
    class Typo(LedsPanel):
        reads = ("GPIO_DAAT",)

    with pytest.raises(AttributeError, match="GPIO_DATA"):
        Typo(leds)


@pytest.mark.parametrize(
    ("body", "error", "text"),
    [
        (
            {"reads": "GPIO_DATA"},
            TypeError,
            "Bad.reads expected a tuple of names (or None for all that may be read unasked), not 'GPIO_DATA'",
        ),
        ({"rate": "fast"}, TypeError, "Bad.rate expected reads a second, not 'fast'"),
        ({"rate": 1000}, ValueError, "Bad.rate expected 0.1 to 200 reads a second (or 0 for none unasked), not 1000"),
        ({"do_it": 5}, TypeError, "Bad.do_it expected a method, since its name begins with do_, not 5"),
        ({"do_it": lambda self, *a: 1}, TypeError, "Bad.do_it is called with arguments by name: it cannot have positional ones"),
        ({"module": "let a;\n"}, ValueError, "Bad.module has no 'function draw(root, page)', which draws the panel"),
    ],
)
def test_the_contract_is_checked_when_the_class_is_defined(body, error, text):
    with pytest.raises(error) as caught:
        type("Bad", (Panel,), {"module": DRAW, **body, "__module__": __name__})
    assert str(caught.value) == text


def test_a_module_that_is_not_there_names_those_that_are():
    with pytest.raises(ValueError, match=r"Bad: there is no file 'no\.js' in widgets/; there is none"):
        type("Bad", (Panel,), {"module": "no.js", "__module__": Panel.__module__})


def test_a_panel_without_a_module_or_look_says_so(leds):
    with pytest.raises(TypeError, match="Panel has no module"):
        Panel(leds)
    bare = type("Bare", (Panel,), {"module": DRAW, "reads": (), "__module__": __name__})(leds)
    with pytest.raises(NotImplementedError, match=r"Bare\.look\(\) is missing"):
        bare.look()
    bare.close()


def test_the_drivers_module_follows_the_bases(leds):
    esm = str(LedsPanel._esm)
    assert esm.index("function heartbeat") < esm.index("export default { render }") < esm.index("function draw(root, page)")


def test_groups_may_be_of_several_blocks(overlay, now):
    class Both(LedsPanel):
        def groups(self) -> Any:
            return [(self.ip.registers, ("GPIO_DATA",)), (overlay.buttons.registers, ("GPIO_DATA",))]

    panel = Both(overlay.leds, sampler=Turned(), now=now)
    assert [type(mirror) for mirror, _ in panel._groups] == [Mirror, Mirror]
    panel.close()


def test_over_a_hierarchy_it_goes_with_the_overlay(make_overlay: Any, device: Any, overlay: Any, now: Any) -> None:
    class Whole(LedsPanel):
        def groups(self) -> Any:
            return [(self.ip.dma.registers, ("MM2S_DMASR",))]

        def look(self) -> dict[str, Any]:
            return {"level": self.ip.dma.registers["MM2S_DMASR"].value}

    turned = Turned()
    bench = Bench(Whole(overlay.filter, sampler=turned, now=now), turned, now)
    assert bench.panel.title == "filter"
    bench.open()
    bench.turned.turn()
    assert bench.looks[-1]["state"]["level"] == 0
    kept = make_overlay(device)
    bench.turned.turn()
    assert bench.looks[-1]["gone"]
    assert kept.is_loaded()
    bench.panel.close()


def test_a_saved_notebook_has_what_the_panel_of_an_ip_showed(overlay: Any) -> None:
    overlay.leds.group.value = 5
    text = showing.mimebundle(overlay.leds, widget=False)["text/html"]
    assert text.index("Channel 1: 4 LEDs") < text.index("GPIO_DATA")
    assert "<script" not in text


def test_an_ip_is_shown_without_the_panel_that_cannot_say_what_it_shows(overlay: Any, caplog: Any) -> None:
    class Shown(type(overlay.leds)):
        bindto: list[str] = []

        def panel(self) -> Any:
            return Broken.of(self)

    class Broken(LedsPanel):
        def markup(self) -> Any:
            raise ValueError("no")

    text = showing.mimebundle(Shown(overlay.leds.description))["text/html"]
    assert "GPIO_DATA" in text
    assert "Broken cannot say what it shows" in caplog.text


def test_a_sampler_that_cannot_begin_is_told_of(leds: Any, now: Any) -> None:
    class Threadless(Turned):
        def watch(self, *given: Any, **more: Any) -> Any:
            raise RuntimeError("can't start new thread")

    bench = Bench(LedsPanel(leds, sampler=Threadless(), now=now), Turned(), now)
    bench.open()
    assert bench.looks[-1]["problem"] == "can't start new thread"
    assert not bench.panel.live
    bench.panel.close()
