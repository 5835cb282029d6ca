"""The base of drivers' panels: one widget over one IP, which shows what its driver tells and asks of it what a person does.

A panel's class stands in the folder of its driver, with its ES module (and stylesheet) beside it; `docs/writing-a-driver.md` has an
example. The base has the rest: when the hardware is read, what is sent when, the line of errors, and what a saved notebook shows.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import anywidget
import traitlets

from pynq_widgets import showing
from pynq_widgets.access import Mirror, StaleOverlayError
from pynq_widgets.device.clock import WallClock
from pynq_widgets.live import Sampler
from pynq_widgets.live.asking import asking

from . import html
from . import outbox as outboxes
from .closing import close_layout
from .detail import device_text
from .panel_actions import Actions, words
from .panel_class import assembled, check_class
from .reuse import shown
from .table_python import path_of
from .viewers import Later, Viewers

_log = logging.getLogger(__name__)

P = TypeVar("P", bound="Panel")
Group = tuple[Mirror, Iterable[str] | None]

_SOONEST = 0.02  # seconds between what was told last and a change that no tick brings
_FRAMES_AHEAD = 40  # messages that a slow page may be behind, beyond three seconds' worth
_VIEW = "application/vnd.jupyter.widget-view+json"


class Sampling(Protocol):
    """What a panel asks of ``live.Sampler``."""

    def subscribe(self, poll: Callable[[], object], rate: float, on_error: Any = None) -> Any: ...

    def watch(self, groups: Iterable[Group], rate: float, *, on_tick: Any = None, on_error: Any = None) -> Any: ...


class Panel(anywidget.AnyWidget):
    """What one would look at of an IP, where a register table is not that.

    A subclass states `module` and overrides `look`; for each thing that the page may ask it has a method ``do_<action>(**arguments)``,
    which makes the calls that a person would make in Python. What that raises stands on the panel in one line. It may be a coroutine.

    Parameters
    ----------
    ip
        The driver that is shown (or a hierarchy's). Kept as `ip`.
    title
        Stands above the panel. Default: its path in the overlay.
    rate
        Reads a second while somebody looks, 0.1 to 200; 0 for none unasked. Default: the class'.
    sampler, now, later, outbox
        What reads, tells the time and sends; defaults are those of the device and of this process.

    The contract is checked when a subclass is defined (``TypeError``, ``ValueError``), and what is to be read when a panel is made: a
    register that the IP has not, or that is not to be read unasked, raises as in :meth:`.Sampler.watch`.
    """

    reads: ClassVar[Sequence[str] | None] = None
    """What is read while somebody looks: names of attributes, registers or fields of the IP; ``()`` nothing, None all that may be read
    unasked. Where it depends on the design, override `groups`."""

    rate: float = 10.0
    """Reads a second."""

    module: ClassVar[str | Path | Sequence[str | Path]] = ()
    """The ES module that draws: a file beside the class (or its text, where that has more than one line); several are joined. It has a
    ``function draw(root, page)``; `page` has ``state``, ``on(function)``, ``ask(action, arguments)``, ``say(text)``."""

    stylesheet: ClassVar[str | Path | Sequence[str | Path]] = ()
    """The stylesheet, given as `module` is."""

    title = traitlets.Unicode(help="Stands above the panel.").tag(sync=True)
    where: traitlets.List[str] = traitlets.List(
        traitlets.Unicode(), help="What the hardware is, and its kind: a simulated one is never taken for a board."
    ).tag(sync=True)

    def __init_subclass__(cls, **keywords: Any) -> None:
        check_class(cls)
        if "module" in vars(cls) or "stylesheet" in vars(cls):
            cls._esm, cls._css = assembled(cls)
        super().__init_subclass__(**keywords)

    def __init__(
        self,
        ip: Any,
        *,
        title: str | None = None,
        rate: float | None = None,
        sampler: Sampling | None = None,
        now: Callable[[], float] = time.monotonic,
        later: Later | None = None,
        outbox: outboxes.Outbox | None = None,
    ) -> None:
        if not self.module:
            raise TypeError(f"{type(self).__name__} has no module: a panel's class names the ES module that draws it")
        if rate is not None:
            self.rate = float(rate)
        if self.rate != 0 and not 0.1 <= self.rate <= 200:
            raise ValueError(f"{type(self).__name__} expected a rate of 0.1 to 200 reads a second (or 0 for none unasked), not {rate!r}")
        self.ip = ip
        self._groups = tuple(_checked(self.groups()))
        self._sampler = sampler
        self._now = now
        self._outbox = outbox or outboxes.default()
        self._watching = threading.Lock()  # which subscription is the one
        self._told: dict[str, str] = {}  # JSON of what the page knows
        self._frame = 0
        self._sent_at = float("-inf")
        self._problem = self._undrawable = self._gone = self._logged = ""
        self._subscription: Any = None
        self._ticking = self._troubled = self._closed = False
        self._actions = Actions(self, self._say, self._answer)
        self.viewers = Viewers(self._watched, now=now, later=later)
        name, kind, _ = device_text(self.device) if self.device is not None else ("", "", "")
        super().__init__(title=title if title is not None else self.path or type(ip).__name__, where=[name, kind])
        self.on_msg(self._message)
        self._undo = [mirror.observe(self._mirror_changed) for mirror in {mirror for mirror, _ in self._groups}]

    @classmethod
    def of(cls: type[P], ip: Any) -> P:
        """The panel of this class over `ip`: one, however often it is shown. What a driver's ``panel()`` returns."""
        return shown(ip, f"panel {cls.__module__}.{cls.__qualname__}", lambda: cls(ip), lambda: is_stale(ip))

    # What a subclass overrides.

    def look(self) -> Mapping[str, Any]:
        """What the page is told: plain numbers, texts, lists and dictionaries, by name; what has not changed is not sent again.

        Worked out of the mirror, the driver and, on the simulated device, the model. It must be quick, is called on whatever thread
        sends, and never makes a read that changes something.
        """
        raise NotImplementedError(f"{type(self).__name__}.look() is missing: it tells the page what to show")

    def groups(self) -> Iterable[Group]:
        """What is read while somebody looks: pairs of a mirror and names of its registers (None: all that may be read unasked)."""
        reads = self.reads
        if reads is not None and not reads:
            return ()
        from pynq_widgets.overlay.traits.naming import registers_named

        return ((self.ip.registers, registers_named(self.ip, reads or ())),)

    def tick(self) -> None:
        """Called after each read, on the sampler's thread: for what no register tells. Words that it reads are the sampler's."""

    def text(self) -> str:
        """The panel in a few lines of text."""
        return "\n".join([f"{self.title} ({type(self.ip).__name__})", *(f"  {name}: {value}" for name, value in self.facts())])

    def markup(self) -> html.Markup:
        """The panel where no kernel runs: HTML without script."""
        rows = ((html.element("span", name, style="opacity:.7"), value) for name, value in self.facts())
        return html.table(("", ""), rows)

    def facts(self) -> Iterable[tuple[str, str]]:
        """What text and HTML say, as pairs: what `look` tells, but for lists and dictionaries."""
        return [
            (name.replace("_", " "), str(value)) for name, value in self.look().items() if not isinstance(value, (list, tuple, Mapping))
        ]

    # What a subclass uses.

    @property
    def device(self) -> Any:
        """Where the IP is."""
        return getattr(self.ip, "device", None)

    @property
    def path(self) -> str:
        """The IP's path in the overlay."""
        return str(path_of(self.ip) or "")

    @property
    def model(self) -> Any:
        """What answers for the IP on the simulated device; None on a board, where nobody can press its buttons but by hand."""
        model_of = getattr(self.device, "model_of", None)
        return model_of(self.path) if callable(model_of) and self.path and not is_stale(self.ip) else None

    def changed(self) -> None:
        """What `look` tells may have changed: it is told soon, if anybody looks. From any thread, whatever that holds."""
        if self.viewers.watched and not self._ticking and self._now() - self._sent_at >= _SOONEST:
            self._flush()

    @property
    def live(self) -> bool:
        """Whether the hardware is being read because somebody looks."""
        return self._subscription is not None

    # From the page.

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """A page sets nothing: what it wants it asks for."""
        _log.warning("a page tried to set %s of a panel", ", ".join(map(repr, sync_data)))

    def _message(self, _: Any, content: Any, buffers: Any) -> None:
        if self._closed or not isinstance(content, Mapping):
            return
        kind, view = content.get("kind"), str(content.get("view"))[:64]
        if kind in ("beat", "hello"):
            seen = content.get("seen")
            first = kind == "hello"
            if first:
                self._outbox.post(self._tell_all)
            frame = self._frame if first or not isinstance(seen, int) else seen
            self.viewers.beat(view, content.get("visible") is True, (), frame)
            if self.viewers.watched and self._subscription is None:
                self._watched(True)
            if not first and self._now() - self._sent_at >= 0.9:
                self._flush(alive=True)  # nothing else has answered lately, and the page wants to know that the kernel is there
        elif kind == "bye":
            self.viewers.bye(view)
        elif kind == "do":
            self._actions.do(content)

    def _answer(self, answer: dict[str, Any]) -> None:
        # First what has come of it, then that it is done: the page never shows the old state as accepted.
        self._outbox.post(lambda: self._tell(force=True))
        self._say(answer)

    def _say(self, content: dict[str, Any]) -> None:
        self._outbox.post(lambda: self._closed or self.send(content))

    # To the page.

    def _mirror_changed(self, names: set[str]) -> None:
        self.changed()

    def _flush(self, alive: bool = False, force: bool = False) -> None:
        self._outbox.ask((id(self), alive, force), lambda: self._tell(alive=alive, force=force))

    def _tell_all(self) -> None:
        self._told = {}
        self._tell(force=True, whole=True)

    def _tell(self, *, alive: bool = False, force: bool = False, whole: bool = False) -> None:
        """Tell the page what is new, and that the kernel is there; where there is neither, nothing. One at a time: in the outbox."""
        seen = self.viewers.seen
        behind = seen is not None and self._frame - seen > 3 * self.rate + _FRAMES_AHEAD
        if self._closed or (behind and not force):
            return  # a page that does not keep up gets it all in one message when it answers
        news, texts = self._news()
        if not (news or force or (alive and self._now() - self._sent_at >= 0.9)):
            return
        self._told |= texts
        self._frame += 1
        self._sent_at = self._now()
        self.send({"kind": "look", "n": self._frame, "whole": whole, "state": news, **self._freshness()})

    def _news(self) -> tuple[dict[str, Any], dict[str, str]]:
        """What `look` tells and was not told yet, as values and as JSON."""
        if is_stale(self.ip):
            self._ended()
        if self._gone:
            return {}, {}
        try:
            texts = {str(name): json.dumps(value, allow_nan=False) for name, value in self.look().items()}
        except StaleOverlayError:
            self._ended()
            return {}, {}
        except Exception as error:
            self._undrawable = self._logged_once(f"{type(self).__name__}.look() failed: {words(error)}", error)
            return {}, {}
        self._undrawable = ""
        return {name: json.loads(text) for name, text in texts.items() if self._told.get(name) != text}, texts

    def _freshness(self) -> dict[str, Any]:
        subscription = self._subscription
        return {
            "live": subscription is not None,
            # A sampler that cannot keep up lowers the rate, and the page says the true one.
            "rate": round(getattr(subscription, "rate", self.rate), 1),
            "asked": self.rate,
            "problem": " · ".join(filter(None, (self._problem, self._undrawable))),
            "gone": self._gone,
        }

    def _logged_once(self, text: str, error: BaseException) -> str:
        if text != self._logged:
            self._logged = text
            _log.warning("%s", text, exc_info=error)
        return text

    # Reading.

    def _tick(self, watch: Any = None) -> None:
        self.viewers.check()
        if not self.viewers.watched:
            self._watched(False)  # two views came and went at once, on two threads
            return
        before = self._problem
        if not self._troubled:  # the bus answered the last time, too
            self._problem = ""
        self._troubled = False
        self._ticking = True  # what changes meanwhile goes out with this tick's one message
        try:
            with asking(self.device, "sampler"):
                self.tick()
        except StaleOverlayError:
            self._ended()
        except Exception as error:
            self._problem = self._logged_once(words(error), error)
        finally:
            self._ticking = False
        self._flush(alive=True, force=self._problem != before)

    def _trouble(self, error: BaseException) -> None:
        """What the bus raised when it was read; the sampler goes on."""
        if isinstance(error, StaleOverlayError):
            self._ended()
            return
        before, self._problem, self._troubled = self._problem, words(error), True
        if self._problem != before:
            self._flush(force=True)

    def _ended(self) -> None:
        """The overlay has gone: that is said, and nothing read any more."""
        if not self._gone:
            life = _life_of(self.ip)
            self._gone = getattr(life, "gone", "") or "the overlay is not on the device any more"
            self._watched(False)

    def _watched(self, watched: bool) -> None:
        """The first eye opens: reading begins. The last one closes: it ends."""
        new = None
        if watched and self.rate and not self._closed and not self._gone:
            try:
                new = self._subscribe()
            except Exception as error:  # no thread can be started, or the overlay has just gone: the page is told
                self._trouble(error)
        with self._watching:
            if new is not None and self._subscription is None and not self._closed:
                self._subscription, ended = new, None
            elif watched:
                ended = new
            else:
                ended, self._subscription = self._subscription, None
        if ended is not None:
            ended.close()
        self._flush(force=True)

    def _subscribe(self) -> Any:
        # Without our lock: the sampler has one of its own, which a tick of ours may hold.
        if self._groups:
            return self._sampling().watch(self._groups, self.rate, on_tick=self._tick, on_error=self._trouble)
        return self._sampling().subscribe(self._tick, self.rate, self._trouble)

    def _sampling(self) -> Sampling:
        if self._sampler is None:
            self._sampler = Sampler(WallClock()) if self.device is None else Sampler.of(self.device)
        return self._sampler

    # Life.

    def close(self) -> None:
        """Take the panel off every page and end its reading. What it shows stays as it is."""
        if hasattr(self, "_undo"):  # ipywidgets closes what failed in __init__ too
            self._closed = True
            with self._watching:
                ended, self._subscription = self._subscription, None
            if ended is not None:
                ended.close()
            self._actions.close()
            for undo in self._undo:
                undo()
            self._undo = []
        close_layout(self)
        super().close()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**(data or {}), **_still(self)}, metadata


def is_stale(ip: Any) -> bool:
    """Whether the overlay of `ip` has gone."""
    life = _life_of(ip)
    return life is not None and not life.alive


def _life_of(ip: Any) -> Any:
    """The life of an IP's handles, or of the overlay that a hierarchy is of; None where there is no overlay."""
    life = getattr(ip, "_life", None)
    return getattr(getattr(ip, "_overlay", None), "_life", None) if life is None else life


def _checked(groups: Iterable[Group]) -> Iterable[Group]:
    from pynq_widgets.live.watch import checked_groups

    listed = list(groups)
    return checked_groups(listed).items() if listed else ()


def _still(panel: Panel) -> dict[str, str]:
    """What a panel shows where no kernel runs; a display never raises."""
    note = f"on {panel.where[0]}" + (", stale: not on the device any more" if is_stale(panel.ip) else "") if panel.where[0] else ""
    try:
        text, markup = panel.text(), panel.markup()
    except Exception as error:
        _log.warning("%s cannot say what it shows", type(panel).__name__, exc_info=True)
        text, markup = f"{panel.title} ({type(panel.ip).__name__})", html.element("div", f"not to be shown: {words(error)}")
    return {"text/plain": text, "text/html": str(html.page(panel.title, markup, note=note))}


def panel_bundle(panel: Panel, widget: bool) -> showing.Bundle:
    """The bundle of a panel, for `showing.mimebundle`."""
    data: showing.Bundle = dict(_still(panel))
    if widget:
        data[_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": panel.model_id}
    return data


showing.register(Panel, panel_bundle)

__all__ = ["Panel", "is_stale"]
