"""A live register table: what is known of the registers of one block, and a place to write them."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import anywidget
import traitlets

from pynq_widgets.access import Mirror, RegisterMap
from pynq_widgets.access.errors import near_names
from pynq_widgets.device.clock import WallClock
from pynq_widgets.live import Sampler
from pynq_widgets.live.asking import asking

from . import outbox as outboxes
from .assets import script, style
from .closing import close_layout
from .frames import MOST_ROWS, encode, encode_ages, runs, stride
from .table_actions import Action, ReadOnlyTableError, action_of, is_whole
from .table_python import expression_of, home_of, line, path_of
from .table_sheet import Sheet
from .typed import RADICES
from .viewers import Later, Viewers

_log = logging.getLogger(__name__)

COLUMNS = ("name", "address", "value", "fields", "reset", "access", "effects", "unit", "state", "history")
_DEFAULT_COLUMNS = ("name", "address", "value", "fields", "access", "state")
_SCRIPTS = ("store", "numbers", "columns", "search", "menu", "editor", "ruler", "history", "help", "foot", "rows")
_FROM_PAGE = frozenset({"radix", "radices", "columns", "starred", "verify", "ruler"})  # what a page may set; all else is the kernel's
_FRAMES_AHEAD = 40  # frames that a slow page may be behind, beyond three seconds' worth
_SOONEST = 0.005  # seconds between a frame and one for a change that no tick brings
_SURVEY = 1.0  # seconds between reads of all registers, while a page filters by what changed
_MOST_LOOKED = 4096  # rows that a view may ask to be read at once
_MOST_STARRED = 128


class Sampling(Protocol):
    """What the table asks of ``live.Sampler``."""

    def subscribe(self, poll: Callable[[], object], rate: float) -> Any: ...


class RegisterTable(anywidget.AnyWidget):
    """The registers of a block: what they hold, how fresh that is, what their bits mean, and a place to write them.

    Registers that are on a screen or starred are read `rate` times a second, as long as somebody can see them; what changes by reading
    is read only when it is asked for by name. What is typed is first shown as what will go on the bus, then written by the same path as
    in Python; what the hardware refuses is said at the cell. Each action can be copied as the line of Python that does it.

    Parameters
    ----------
    source
        A ``Mirror``, a ``RegisterMap``, or an IP that has ``registers`` (and perhaps ``register_notes()``).
    title
        Stands above the table. Default: the IP's path in the overlay, or the block's name.
    rate
        Reads a second, 0.1 to 200; 0 never reads unasked.
    read_only
        The page can change nothing: writes, and reads that have an effect, are refused here, whatever a page says.
    expression
        Python that gives `source`, for the lines that are copied. Default: its path in the overlay, as in ``ol.hier.ip``.
    sampler
        Calls the polls; default the sampler of the block's device.

    Raises ``TypeError`` for another `source`, ``ValueError`` for a rate out of range.
    """

    _esm = script(*(f"table_{name}.js" if name != "store" else "store.js" for name in _SCRIPTS), "table.js")
    _css = style("table.css", "table_ruler.css", "table_menu.css")

    title = traitlets.Unicode(help="Stands above the table.").tag(sync=True)
    radix = traitlets.Enum(RADICES, "hex", help="How values are written where a row has no way of its own.").tag(sync=True)
    radices: traitlets.Dict[str, str] = traitlets.Dict(
        key_trait=traitlets.Unicode(), value_trait=traitlets.Enum(RADICES), help="A row's own way, by ``REGISTER`` or ``REGISTER.FIELD``."
    ).tag(sync=True)
    columns: traitlets.List[str] = traitlets.List(
        traitlets.Enum(COLUMNS), list(_DEFAULT_COLUMNS), help=f"The columns that show, of {', '.join(COLUMNS)}."
    ).tag(sync=True)
    starred: traitlets.List[str] = traitlets.List(
        traitlets.Unicode(), help="Registers that are watched: read also when they are not in sight, with a line of their history."
    ).tag(sync=True)
    verify = traitlets.Bool(False, help="Whether a register is read back after it was written from the page.").tag(sync=True)
    ruler = traitlets.Bool(True, help="Whether the bits of the chosen register stand below the table.").tag(sync=True)
    read_only = traitlets.Bool(False, help="Whether the page can only look. Set from Python alone.").tag(sync=True)
    sheet = traitlets.Unicode(help="What the design says of each register, as JSON; does not change.").tag(sync=True)

    def __init__(
        self,
        source: Any,
        *,
        title: str | None = None,
        rate: float = 10.0,
        read_only: bool = False,
        expression: str | None = None,
        sampler: Sampling | None = None,
        now: Callable[[], float] = time.monotonic,
        later: Later | None = None,
        outbox: outboxes.Outbox | None = None,
        **traits: Any,
    ) -> None:
        self.mirror = mirror_of(source)
        if rate != 0 and not 0.1 <= rate <= 200:
            raise ValueError(f"RegisterTable expected a rate of 0.1 to 200 reads a second (or 0 for none unasked), not {rate!r}")
        self.rate = float(rate)
        handles = list(self.mirror.registers.values())
        if len(handles) >= MOST_ROWS:
            raise ValueError(f"{len(handles)} registers are too many for one table (at most {MOST_ROWS - 1})")
        self._source = source
        self._expression = expression
        self._handles = handles
        self._rows = {handle.name: row for row, handle in enumerate(handles)}
        self._stride = stride(max((handle.width for handle in handles if handle.width <= 64), default=32))
        self._sheet = Sheet(handles, getattr(self.mirror.port, "base", 0) or 0, _notes_of(source))
        self._sampler = sampler
        self._now = now
        self._outbox = outbox or outboxes.default()
        self._sending = threading.RLock()  # what is dirty, and what was last told
        self._dirty: set[int] = set()
        self._frame = 0
        self._sent_at = self._surveyed = float("-inf")
        self._polled_at: float | None = None
        self._told: dict[str, Any] = {}
        self._problem = ""
        self._subscription: Any = None
        self._closed = False
        self._polling = False
        self._surveyors: set[str] = set()
        self._looked: tuple[frozenset[int], frozenset[str], list[list[int]]] = (frozenset(), frozenset(), [])  # rows, names, runs
        self.viewers = Viewers(self._watched, now=now, later=later)
        name = title if title is not None else path_of(source) or getattr(self.mirror.block, "name", "") or "Registers"
        super().__init__(title=name, sheet=self._sheet.to_json(), read_only=read_only, **traits)
        self.on_msg(self._message)
        self._undo = self.mirror.observe(self._mirror_changed)

    # What may be set.

    @traitlets.validate("columns")
    def _valid_columns(self, proposal: Any) -> list[str]:
        chosen = dict.fromkeys(proposal["value"])
        return [name for name in COLUMNS if name in chosen or name in ("name", "value")]

    @traitlets.validate("starred")
    def _valid_starred(self, proposal: Any) -> list[str]:
        names = list(dict.fromkeys(proposal["value"]))
        for name in names:
            self._known(name)
        if len(names) > _MOST_STARRED:
            raise traitlets.TraitError(f"starred expected at most {_MOST_STARRED} registers, got {len(names)}")
        return names

    @traitlets.validate("radices")
    def _valid_radices(self, proposal: Any) -> dict[str, str]:
        for key in proposal["value"]:
            register, _, field = key.partition(".")
            if key not in self._rows and field not in self._known(register).fields:
                raise traitlets.TraitError(f"radices: register {register} has no field {field!r}")
        return dict(proposal["value"])

    def _known(self, name: str) -> Any:
        if name not in self._rows:
            raise traitlets.TraitError(f"no register {name!r}{near_names(name, self._rows)}")
        return self._handles[self._rows[name]]

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """Take what a page sets: the choices of how to look, and nothing else. What is refused goes back as it stands here."""
        for name, value in sync_data.items():
            if name not in _FROM_PAGE or self._closed:
                _log.warning("a page tried to set %r of a register table", name)
                continue
            try:
                super().set_state({name: value})
            except Exception as error:
                # A page may send anything; the kernel's value stands, and the page is told so.
                _log.warning("a page set %s of a register table to what it cannot be: %s", name, error)
                self._outbox.post(lambda name=name: self._closed or self.send_state(name))  # type: ignore[misc]

    # From the page.

    def _message(self, _: Any, content: Any, buffers: Any) -> None:
        """A custom message of a view: whatever it holds, it harms nothing but is answered."""
        if self._closed or not isinstance(content, Mapping):
            return
        kind = content.get("kind")
        view = str(content.get("view"))[:64]
        if kind in ("beat", "hello"):
            self._beat(view, content)
        elif kind == "bye":
            self._surveyors.discard(view)
            self.viewers.bye(view)
        elif kind in ("do", "preview", "line"):
            self._answer(str(kind), content)
        elif kind == "text":
            with contextlib.suppress(IndexError, TypeError):
                index = content["index"] if is_whole(content.get("index")) else -1
                self._post({"kind": "text", "index": index, "text": self._sheet.texts.whole(index)})
        elif kind == "find" and isinstance(content.get("text"), str):
            self._post({"kind": "found", "tag": content.get("tag"), "rows": runs(self._sheet.find(content["text"][:200]))})

    def _beat(self, view: str, content: Mapping[str, Any]) -> None:
        rows = content.get("rows")
        listed = rows[:_MOST_LOOKED] if isinstance(rows, list) else []
        wanted = {row for row in listed if is_whole(row) and 0 <= row < len(self._handles)}
        seen = content.get("seen")
        first = content.get("kind") == "hello"
        visible = content.get("visible") is True
        (self._surveyors.add if content.get("all") is True and visible and len(self._surveyors) < 64 else self._surveyors.discard)(view)
        # A new view has seen what was sent before it came.
        frame = self._frame if first or not is_whole(seen) else int(seen)
        if first:
            self._outbox.post(self._send_all)
        self.viewers.beat(view, visible, wanted, frame)
        if self.viewers.watched and self.rate and self._subscription is None:
            self._watched(True)
        if not first and self._now() - self._sent_at >= 0.9:
            self._flush(alive=True)  # nothing else has answered lately, and the page wants to know that the kernel is there

    def _answer(self, kind: str, content: Mapping[str, Any]) -> None:
        """Do what is asked (or only tell what it would be), and answer with the outcome."""
        answer: dict[str, Any] = {"kind": kind, "tag": content.get("tag"), "error": None}
        row = content.get("row")
        try:
            action = action_of(content, self._handles, self._sheet.labels, verify=self.verify)
            self._may(action)
            answer["line"] = line(action, self._source, self._expression or expression_of(self._source))
            if kind == "preview":
                answer["steps"] = action.steps()
            elif kind == "do":
                with asking(self.mirror.port.device, "page"):
                    answer["said"] = action.do()
        except Exception as error:
            # A bus, a driver or the design may refuse in any way; the person who typed is told, at the cell.
            _log.debug("an action of the page was refused", exc_info=True)
            answer["error"] = _words(error)
        if kind == "do" and is_whole(row) and 0 <= row < len(self._handles):
            # First what stands in the mirror now, then that it is done: the page never shows the old value as accepted.
            with self._sending:
                self._dirty.add(int(row))
            self._outbox.post(lambda: self._send_changes(force=True))
        self._post(answer)

    def _may(self, action: Action) -> None:
        if not self.read_only:
            return
        if action.kind != "read":
            raise ReadOnlyTableError(f"this table only shows (read_only): {action.target} was not written")
        if action.handle.guard:
            raise ReadOnlyTableError(f"this table only shows (read_only), and {action.handle.guard}: {action.handle.name} was not read")

    # To the page.

    def _mirror_changed(self, names: set[str]) -> None:
        with self._sending:
            self._dirty.update(self._rows[name] for name in names if name in self._rows)
            # A loop in Python that writes fast is shown with the ticks of the table; a single change at once.
            due = self._now() - self._sent_at >= _SOONEST
        if self.viewers.watched and due and not self._polling:
            self._flush()

    def _poll(self) -> None:
        """One tick of the sampler: read what is on a screen, send what changed."""
        self.viewers.check()
        if not self.viewers.watched:
            self._watched(False)  # two views came and went at once, on two threads
            return
        rows = self.viewers.rows
        moved = rows != self._looked[0]
        if moved:
            self._looked = (rows, frozenset(self._handles[row].name for row in rows), runs(rows))
        self._polling = True  # what changes meanwhile goes out with this tick's one frame
        try:
            with asking(self.mirror.port.device, "sampler"):
                if self._surveyors and self._now() - self._surveyed >= _SURVEY:
                    self._surveyed = self._now()
                    self.mirror.refresh()
                else:
                    self.mirror.refresh(self._looked[1], newer_than=self.mirror.now() - 0.5 / self.rate)
            problem, self._polled_at = "", self._now()
        except Exception as error:
            problem = _words(error)
        finally:
            self._polling = False
        told = moved or problem != self._problem  # rows that have come into sight are fresh from now on, though they hold what they held
        self._problem = problem
        if told or self._dirty or self._now() - self._sent_at >= 1:
            self._flush(alive=True)

    def _flush(self, alive: bool = False) -> None:
        """Have a frame sent with all that changed since the last; with `alive` also where nothing did."""
        if alive:
            self._outbox.ask((id(self), "alive"), lambda: self._send_changes(alive=True))
        else:
            self._outbox.ask((id(self), "changes"), self._send_changes)

    def _send_all(self) -> None:
        """A view has come: all that is known, with its age."""
        known = [row for row, handle in enumerate(self._handles) if handle.state != "never" or handle.reason]
        with self._sending:
            self._told = {}
        self._send_frame(known, ages=True)

    def _send_changes(self, *, alive: bool = False, force: bool = False) -> None:
        with self._sending:
            seen = self.viewers.seen
            if not force and seen is not None and self._frame - seen > 3 * self.rate + _FRAMES_AHEAD:
                return  # the page does not keep up: what is dirty stays so, and goes out in one frame when it answers
            chosen = sorted(self._dirty)
            self._dirty.clear()
            if alive and self._now() - self._sent_at >= 0.9:
                self._told = {}
        if chosen or alive:
            self._send_frame(chosen)

    def _send_frame(self, rows: Sequence[int], *, ages: bool = False) -> None:
        buffer, reasons = encode(((row, self._handles[row]) for row in rows), self._stride)
        with self._sending:
            self._frame += 1
            self._sent_at = now = self._now()
            content: dict[str, Any] = {"kind": "frame", "n": self._frame}
            if reasons:
                content["reasons"] = [list(reason) for reason in reasons]
            subscription = self._subscription
            told = {
                "stride": self._stride,
                "live": subscription is not None,
                # A sampler that cannot keep up lowers the rate, and the page says the true one.
                "rate": round(getattr(subscription, "rate", self.rate), 1),
                "asked": self.rate,
                "problem": self._problem,
                "sampled": self._looked[2] if subscription is not None else [],
            }
            if told != self._told:
                content.update(told)
                self._told = told
            if subscription is not None and self._polled_at is not None:
                content["polled"] = round(now - self._polled_at, 3)
            closed = self._closed
        buffers = [buffer, encode_ages(self._handles[row] for row in rows)] if ages and buffer else [buffer] if buffer else None
        if not closed:
            self.send(content, buffers)

    def _post(self, content: dict[str, Any]) -> None:
        self._outbox.post(lambda: self._closed or self.send(content))

    # Life.

    def _watched(self, watched: bool) -> None:
        """The first eye opens: reading begins. The last one closes: it ends."""
        # The sampler is called without our lock: it has one of its own, which a poll of ours may hold.
        new = self._sampling().subscribe(self._poll, self.rate) if watched and self.rate and not self._closed else None
        with self._sending:
            if watched and self._subscription is None and not self._closed:
                self._subscription, ended = new, None
            elif watched:
                ended = new
            else:
                ended, self._subscription = self._subscription, None
        if ended is not None:
            ended.close()
        self._flush(alive=True)

    def _sampling(self) -> Sampling:
        if self._sampler is None:
            device = self.mirror.port.device
            self._sampler = Sampler(WallClock()) if device is None else Sampler.of(device)
        return self._sampler

    @property
    def live(self) -> bool:
        """Whether registers are being read because somebody looks at this table."""
        return self._subscription is not None

    def close(self) -> None:
        """Take the table off every page and end its reading. What it shows stays as it is."""
        if hasattr(self, "_undo"):  # ipywidgets closes what failed in __init__ too
            with self._sending:
                self._closed = True
                ended, self._subscription = self._subscription, None
            if ended is not None:
                ended.close()
            self._undo()
        close_layout(self)
        super().close()


def mirror_of(source: Any) -> Mirror:
    """The mirror behind `source`: itself, an IP's ``registers``, or a new one over the words of a register map."""
    if isinstance(source, Mirror):
        return source
    if isinstance(source, RegisterMap):
        return Mirror(source, list(type(source)._infos().values()))
    registers = getattr(source, "registers", None)
    if isinstance(registers, Mirror):
        return registers
    raise TypeError(f"RegisterTable expected a Mirror, a RegisterMap or an IP with registers, not {type(source).__name__}: {source!r}")


def _notes_of(source: Any) -> Mapping[str, Mapping[str, Any]]:
    """What the driver of an IP adds to its registers; a register map and a mirror of no IP have no driver."""
    if isinstance(source, Mirror) and (home := home_of(source)) is not None:
        source = home.driver
    told = None if isinstance(source, (Mirror, RegisterMap)) else getattr(source, "register_notes", None)
    if not callable(told):
        return {}
    try:
        notes: Mapping[str, Mapping[str, Any]] = told()
    except Exception:
        # A driver's mistake must not take the table away from the person who looks for it.
        _log.warning("%s.register_notes() failed", type(source).__name__, exc_info=True)
        return {}
    return notes


def _words(error: BaseException) -> str:
    """What went wrong, for a person: the exception's text, with its type where the text alone may not speak."""
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    if text and isinstance(error, (ValueError, AttributeError, ReadOnlyTableError)):
        return text  # said by the table or the mirror, for the person who typed
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


__all__ = ["COLUMNS", "RegisterTable", "Sampling", "mirror_of"]
