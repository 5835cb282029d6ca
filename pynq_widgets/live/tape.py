"""The tape: what went over the bus of a device, in the order in which it did, kept in a bounded ring."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pynq_widgets.device import events
from pynq_widgets.device.clock import VirtualClock
from pynq_widgets.device.conversation import Conversation, Download, Entry, Interruption
from pynq_widgets.device.naming import Names

from .excerpt import Excerpt, Readable, names_for
from .recorder import Recorder

if TYPE_CHECKING:
    from pynq_widgets.device import Device

SIZE = 16_384
LIMIT = 20_000.0
MODES = ("auto", "on", "off")


class Part(Readable):
    """What is recorded within ``with tape.recording()``; after its end it does not grow any more."""

    def __init__(self, tape: Tape, recorder: Recorder) -> None:
        self._tape = tape
        self._recorder = recorder
        self._made: Conversation | None = None

    def conversation(self) -> Conversation:
        return self._made if self._made is not None else self._tape._conversation_of(self._recorder)

    def _end(self) -> None:
        self._made = self._tape._conversation_of(self._recorder)

    def _span(self, where: str) -> tuple[int, int]:
        return self._tape._span(where)

    def _design_path(self) -> str | None:
        return self._tape._design_path()

    def _title(self) -> str:
        missed = f", {self.missed} missed" if self.missed else ""
        return f"Part of the tape of {self._tape.tag!r}: {len(self)} transactions{missed}"


class Tape(Readable):
    """The tape of a device, made by :meth:`of`. Nothing is put on the bus for it.

    In mode ``'auto'`` it records on buses behind calls, at up to `limit` transactions a second of the device's clock; what comes faster
    is left out, and counted in a gap, until the rate has fallen. Words of mapped memory are not recorded then, since that would cost
    several times what an access costs. ``'on'`` records everything on any device, ``'off'`` nothing.

    Recording costs about a seventh of a transaction of the simulated device (``benchmarks/tape.py`` measures it).
    """

    def __init__(self, device: Any, *, mode: str = "auto", size: int = SIZE, limit: float = LIMIT) -> None:
        self._device = weakref.ref(device)
        self.tag = str(getattr(device, "tag", device))
        self._lock = threading.RLock()
        self._parts: list[Recorder] = []
        self._named: tuple[Any, Names, str] = (None, Names(), "")
        self._mode = "off"
        self._limit = _checked_limit(limit)
        self._recorder = Recorder(device, _checked_size(size), self._limit)
        # Interrupts and downloads stand between the transactions.
        here = weakref.ref(self)

        def heard(what: str, line: str) -> None:
            tape = here()
            if tape is not None and what != events.TAKEN:  # the reads and writes that took it are on the tape
                tape._add(lambda now: Interruption(now, what, line))

        def downloaded() -> None:
            tape = here()
            if tape is not None:
                generation = int(getattr(tape._device(), "generation", 0))
                tape._add(lambda now: Download(now, generation))

        events.hear(device, heard)
        if hasattr(device, "watch_generation"):
            device.watch_generation(downloaded)
        self.mode = mode

    @classmethod
    def of(cls, device: Device) -> Tape:
        """The tape of `device`, the same one each time; made, in mode ``'auto'``, when it is first asked for."""
        with _tapes_lock:
            tape = _tapes.get(device)
            if tape is None:
                tape = _tapes[device] = cls(device)
            return tape

    # What it does.

    @property
    def mode(self) -> str:
        """``'auto'``, ``'on'`` or ``'off'``; settable. What was recorded stays."""
        return self._mode

    @mode.setter
    def mode(self, mode: str) -> None:
        if mode not in MODES:
            raise ValueError(f"a tape's mode is {', '.join(map(repr, MODES))}, not {mode!r}")
        with self._lock:
            self._recorder.stop()
            self._mode = mode
            self._recorder.limit = self._limit if mode == "auto" else None
            if mode == "on" or (mode == "auto" and not self.is_mapped):
                self._recorder.start()

    @property
    def recording_now(self) -> bool:
        """Whether transactions are being recorded."""
        return self._recorder.running and not self._recorder.in_gap

    @property
    def is_mapped(self) -> bool:
        """Whether the device's memory is mapped, so that ``'auto'`` records nothing."""
        has = getattr(self._device(), "has_capability", None)
        return bool(has is not None and has("MEMORY_MAPPED"))

    @property
    def limit(self) -> float:
        """Transactions a second of the device's clock above which ``'auto'`` leaves a gap; settable, 64 or more."""
        return self._limit

    @limit.setter
    def limit(self, limit: float) -> None:
        with self._lock:
            self._limit = _checked_limit(limit)
            if self._mode == "auto":
                self._recorder.limit = self._limit

    @property
    def size(self) -> int:
        """How many entries the ring holds, with 16 words each on average; settable, which forgets what it holds."""
        return self._recorder.size

    @size.setter
    def size(self, size: int) -> None:
        with self._lock:
            mode = self._mode
            self.mode = "off"
            device = self._device()
            if device is not None:
                self._recorder = Recorder(device, _checked_size(size), self._limit)
            self.mode = mode

    def clear(self) -> None:
        """Forget what was recorded."""
        self._recorder.clear()

    @contextmanager
    def recording(self, size: int = SIZE) -> Iterator[Part]:
        """Record all that a block of code does, whatever the mode: ``with tape.recording() as part: …``.

        `part` has the transactions; at most `size`, the last ones. Other threads on the device are recorded too, and told apart by `who`.
        """
        device = self._device()
        if device is None:
            raise RuntimeError(f"the device {self.tag!r} of this tape has gone")
        recorder = Recorder(device, _checked_size(size))
        part = Part(self, recorder)
        with self._lock:
            self._parts.append(recorder)
        recorder.start()
        try:
            yield part
        finally:
            recorder.stop()
            with self._lock:
                self._parts.remove(recorder)
            part._end()

    def _add(self, make: Callable[[float], Entry]) -> None:
        recorders = [recorder for recorder in (self._recorder, *self._parts) if recorder.running]
        if recorders:
            clock = getattr(self._device(), "clock", None)
            entry = make(float(clock.now()) if clock is not None else 0.0)
            for recorder in recorders:
                recorder.add(entry)

    # What it holds.

    @property
    def missed(self) -> int:
        """How many transactions were left out, or did not fit into the ring any more."""
        return self.conversation().missed

    def conversation(self) -> Conversation:
        return self._conversation_of(self._recorder)

    def _entries(self) -> list[Entry]:
        return self._recorder.entries()

    def _names(self) -> Callable[[int], str]:
        return self._design_names()[0].of

    def _span(self, where: str) -> tuple[int, int]:
        return self._design_names()[0].address_of(where)

    def _design_path(self) -> str | None:
        design = getattr(self._device(), "design", None)
        return None if design is None else str(design.path)

    def _design_names(self) -> tuple[Names, str]:
        """The names of the present design, and the digest of its file."""
        design = getattr(self._device(), "design", None)
        known, names, digest = self._named
        if design is not known:
            from pynq_widgets.device.replay import digest_of

            names, digest = Names(design), digest_of(design) if design is not None else ""
            self._named = (design, names, digest)
        return names, digest

    def _conversation_of(self, recorder: Recorder) -> Conversation:
        device = self._device()
        with recorder.bus.lock:
            entries, forgotten = tuple(recorder.entries()), recorder.forgotten
            generation = int(getattr(device, "generation", 0))
        first = next((entry.generation - 1 for entry in entries if isinstance(entry, Download)), generation)
        names, digest = self._design_names()
        clock = getattr(device, "clock", None)
        return Conversation(
            entries=entries,
            kind=str(getattr(device, "kind", "")),
            tag=self.tag,
            design=str(getattr(getattr(device, "design", None), "name", "") or ""),
            digest=digest,
            clock="virtual" if isinstance(clock, VirtualClock) else "wall",
            pool=_pool_of(device),
            loaded=first >= 1,
            forgotten=forgotten,
            names=MappingProxyType(names_for(entries, names)),
        )

    def _title(self) -> str:
        count, missed = len(self.transactions), self.missed
        if self._mode == "off":
            state = "off"
        elif not self._recorder.running:
            state = f"{self._mode}, records nothing: the memory of this device is mapped; tape.mode = 'on' records it, at a cost"
        elif self._recorder.in_gap:
            state = f"{self._mode}, in a gap: more than {self._limit:g} transactions a second; tape.mode = 'on' records them too"
        else:
            state = f"{self._mode}, recording"
        return f"Tape of {self.tag!r} ({state}): {count} transactions{f', {missed} missed' if missed else ''}"


def _checked_size(size: Any) -> int:
    if type(size) is not int or not 256 <= size <= 1 << 22:
        raise ValueError(f"a tape holds 256 to {1 << 22} entries, not {size!r}")
    return size


def _checked_limit(limit: Any) -> float:
    if isinstance(limit, bool) or not isinstance(limit, (int, float)) or not limit >= 64:
        raise ValueError(f"the limit of a tape is 64 transactions a second or more, not {limit!r}")
    return float(limit)


def _pool_of(device: Any) -> tuple[int, int] | None:
    pool = getattr(device, "pool", None)
    base, size = getattr(pool, "base", None), getattr(pool, "size", None)
    return (base, size) if type(base) is int and type(size) is int else None


_tapes: weakref.WeakKeyDictionary[Any, Tape] = weakref.WeakKeyDictionary()
_tapes_lock = threading.Lock()

__all__ = ["Excerpt", "Part", "Tape"]
