"""A live register table: what is known of the registers of one block, and a place to write them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import anywidget
import traitlets

from pynq_widgets.access import Mirror, RegisterMap
from pynq_widgets.access.describe import reachable
from pynq_widgets.device.clock import WallClock
from pynq_widgets.live import Sampler

from .assets import script, style
from .closing import close_layout
from .frames import MOST_ROWS, encode, stride
from .typed import parse_value
from .viewers import Later, Viewers

_log = logging.getLogger(__name__)

_TEXT_LIMIT = 600  # characters of a description that go to the page
_FRAMES_AHEAD = 40  # frames that a slow page may be behind, beyond three seconds' worth


class Sampling(Protocol):
    """What the table asks of ``live.Sampler``."""

    def subscribe(self, poll: Callable[[], object], rate: float) -> Any: ...


class RegisterTable(anywidget.AnyWidget):
    """The registers of a block: name, address, value, access, state, with the fields below each.

    Registers that are on a screen are read `rate` times a second, as long as somebody can see them; what changes by reading is read only
    when its Read button is pressed (or ``.read()`` is called). What is typed is written by the same path as in Python, and what the
    hardware refuses is said at the cell.

    Parameters
    ----------
    source
        A ``Mirror``, a ``RegisterMap``, or an IP that has ``registers``.
    title
        Stands above the table. Default: the block's name.
    rate
        Reads a second, 0.1 to 200; 0 never reads unasked.
    sampler
        Calls the polls; default the sampler of the block's device.

    Raises ``TypeError`` for another `source`, ``ValueError`` for a rate out of range.
    """

    _esm = script("store.js", "table.js")
    _css = style("table.css")

    title = traitlets.Unicode(help="Stands above the table.").tag(sync=True)
    radix = traitlets.Enum(("hex", "dec", "bin"), "hex", help="How values are written.").tag(sync=True)
    registers: traitlets.List[dict[str, Any]] = traitlets.List(help="What the design says of each register; does not change.").tag(
        sync=True
    )

    def __init__(
        self,
        source: Any,
        *,
        title: str | None = None,
        rate: float = 10.0,
        sampler: Sampling | None = None,
        now: Callable[[], float] = time.monotonic,
        later: Later | None = None,
    ) -> None:
        self.mirror = mirror_of(source)
        if rate != 0 and not 0.1 <= rate <= 200:
            raise ValueError(f"RegisterTable expected a rate of 0.1 to 200 reads a second (or 0 for none unasked), not {rate!r}")
        self.rate = float(rate)
        handles = list(self.mirror.registers.values())
        if len(handles) >= MOST_ROWS:
            raise ValueError(f"{len(handles)} registers are too many for one table (at most {MOST_ROWS - 1})")
        self._handles = handles
        self._rows = {handle.name: row for row, handle in enumerate(handles)}
        self._stride = stride(max((handle.width for handle in handles if handle.width <= 64), default=32))
        self._sampler = sampler
        self._now = now
        self._sending = threading.RLock()  # frames and acknowledgements leave in one order, from one thread at a time
        self._dirty: set[int] = set()
        self._frame = 0
        self._sent_at = float("-inf")
        self._problem = ""
        self._subscription: Any = None
        self._closed = False
        self._polling = False
        self.viewers = Viewers(self._watched, now=now, later=later)
        name = title if title is not None else getattr(self.mirror.block, "name", "") or "Registers"
        base = getattr(self.mirror.port, "base", 0) or 0
        super().__init__(title=name, registers=[_row(handle, base) for handle in handles])
        self.on_msg(self._message)
        self._undo = self.mirror.observe(self._mirror_changed)

    # From the page.

    def _message(self, _: Any, content: Any, buffers: Any) -> None:
        """A custom message of a view: whatever it holds, it harms nothing but is answered."""
        if self._closed or not isinstance(content, Mapping):
            return
        kind = content.get("kind")
        if kind in ("beat", "hello"):
            self._beat(content)
        elif kind == "bye":
            self.viewers.bye(str(content.get("view")))
        elif kind in ("write", "read"):
            self._edit(kind, content)

    def _beat(self, content: Mapping[str, Any]) -> None:
        rows = content.get("rows")
        wanted = {row for row in rows if isinstance(row, int) and 0 <= row < len(self._handles)} if isinstance(rows, list) else set()
        seen = content.get("seen")
        first = content.get("kind") == "hello"
        if first:
            self._flush(range(len(self._handles)))
        # A new view has seen what was sent before it came.
        frame = self._frame if first or not isinstance(seen, int) else seen
        self.viewers.beat(str(content.get("view"))[:64], bool(content.get("visible")), wanted, frame)
        if self.viewers.watched and self.rate and self._subscription is None:
            self._watched(True)
        if not first and self._now() - self._sent_at >= 0.9:
            self._flush()  # nothing else has answered lately, and the page wants to know that the kernel is there

    def _edit(self, kind: str, content: Mapping[str, Any]) -> None:
        answer: dict[str, Any] = {"kind": "ack", "tag": content.get("tag"), "error": None}
        row = content.get("row")
        try:
            if not isinstance(row, int) or not 0 <= row < len(self._handles):
                raise ValueError(f"this table has no row {row!r}")
            handle = self._handles[row]
            if kind == "read":
                handle.read()
                answer["said"] = f"{handle.name} is {handle.value:#x}"
            else:
                value = parse_value(str(content.get("text", "")))
                field = content.get("field")
                if field is None:
                    handle.write(value)
                else:
                    handle.write_field(str(field), value)
                answer["said"] = f"{handle.name}{'' if field is None else f'.{field}'} was written: {value:#x}"
        except Exception as error:
            # A bus, a driver or the design may refuse in any way; the person who typed is told, at the cell.
            _log.debug("an edit was refused", exc_info=True)
            answer["error"] = _words(error)
        # First what stands in the mirror now, then that it is done: the page never shows the old value as accepted.
        self._flush([row] if isinstance(row, int) and 0 <= row < len(self._handles) else ())
        self._post(answer)

    # To the page.

    def _mirror_changed(self, names: set[str]) -> None:
        with self._sending:
            self._dirty.update(self._rows[name] for name in names if name in self._rows)
            # A loop in Python that writes fast is shown at the rate of the table; a single change at once.
            due = self._now() - self._sent_at >= (1 / self.rate if self.rate else 0.1)
        if self.viewers.watched and due and not self._polling:
            self._flush()

    def _poll(self) -> None:
        """One tick of the sampler: read what is on a screen, send what changed."""
        self.viewers.check()
        if not self.viewers.watched:
            self._watched(False)  # two views came and went at once, on two threads
            return
        self._polling = True  # what changes meanwhile goes out with this tick's one frame
        try:
            self.mirror.refresh([self._handles[row].name for row in self.viewers.rows])
            problem = ""
        except Exception as error:
            problem = _words(error)
        finally:
            self._polling = False
        told = problem != self._problem
        self._problem = problem
        if told or self._dirty or self._now() - self._sent_at >= 1:
            self._flush()

    def _flush(self, rows: Iterable[int] | None = None) -> None:
        """Send a frame with `rows` (default: all that changed since they were last sent)."""
        with self._sending:
            seen = self.viewers.seen
            if rows is None and seen is not None and self._frame - seen > 3 * self.rate + _FRAMES_AHEAD:
                return  # the page does not keep up: what is dirty stays so, and goes out in one frame when it answers
            chosen = sorted(self._dirty) if rows is None else sorted(set(rows))
            self._dirty.difference_update(chosen)
            buffer, reasons = encode(((row, self._handles[row]) for row in chosen), self._stride)
            self._frame += 1
            self._sent_at = self._now()
            content: dict[str, Any] = {"kind": "frame", "n": self._frame, "stride": self._stride, "problem": self._problem}
            subscription = self._subscription
            content["live"] = subscription is not None
            # A sampler that cannot keep up lowers the rate, and the page says the true one.
            content["rate"] = round(getattr(subscription, "rate", self.rate), 1)
            if reasons:
                content["reasons"] = reasons
            self._post(content, [buffer] if buffer else None)

    def _post(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        with self._sending:
            if not self._closed:
                self.send(content, buffers)

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
        self._flush()

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


def _row(handle: Any, base: int) -> dict[str, Any]:
    info = handle.info
    reset = info.reset_value
    return {
        "name": handle.name,
        "offset": f"{handle.offset:#x}",
        "address": f"{base + handle.offset:#010x}",
        "width": min(max(handle.width, 1), 64),
        "bits": handle.width,
        "access": handle.access,
        "guard": handle.guard or "",
        "reachable": reachable(info),
        "reset": None if reset is None else f"{reset:#x}",
        "text": _short(info.description),
        "fields": [
            {
                "name": field.name,
                "bit": field.bit_offset,
                "width": max(field.bit_width, 1),
                "access": field.access,
                "text": _short(field.description),
                "read_action": field.read_action or "",
                "write_action": field.write_action or "",
            }
            for field in info.fields
        ],
    }


def _short(text: str | None) -> str:
    text = " ".join((text or "").split())
    return text if len(text) <= _TEXT_LIMIT else text[: _TEXT_LIMIT - 1] + "…"


def _words(error: BaseException) -> str:
    """What went wrong, for a person: the exception's text, with its type where the text alone may not speak."""
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
