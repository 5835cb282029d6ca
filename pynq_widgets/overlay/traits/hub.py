"""The hub of an instance: what its mirror tells becomes changes of its traits, each told once, whoever made them.

Nothing is locked while observers are called. One thread tells at a time; another thread's change is told by the thread that tells
already, after what it is telling, and always with the newest value. What an observer changes is told at once, as traitlets does it (a
link knows by that that it is its own change that comes back), but for a trait that is being told: that is told after it. So two
threads, or an observer that writes, cannot wait for each other, and observers see the changes of a trait in order.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Any

from traitlets import All, Bunch
from traitlets.traitlets import EventHandler

from pynq_widgets.live.asking import asking

from .counter import Counter, Tally
from .polling import Polls

if TYPE_CHECKING:
    from pynq_widgets.access.mirror import Mirror

    from .place import Place

_log = logging.getLogger(__name__)
_ROUNDS = 1000


class Held:
    """Assignments that wait for the end of ``hold_trait_notifications``, by name: the trait, its place and the bits, in their order."""

    def __init__(self) -> None:
        self.thread = get_ident()
        self.pending: dict[str, tuple[Any, Any, Any]] = {}

    def put(self, trait: Any, place: Any, raw: Any) -> None:
        """Keep an assignment, as the newest: two traits may show the same bits."""
        self.pending.pop(trait.name, None)
        self.pending[trait.name] = (trait, place, raw)


class Hub:
    """Between the mirror of one instance and the observers of its hardware traits.

    Attributes
    ----------
    mirror : Mirror
        The registers.
    places : dict[str, Place]
        Where each trait that was used stands in them.
    special : bool
        Whether a get may have to answer with what is being told or held.
    held : Held or None
        What ``hold_trait_notifications`` holds back.
    """

    def __init__(self, owner: Any, mirror: Mirror) -> None:
        self._owner = weakref.ref(owner)
        self.mirror = mirror
        self.places: dict[str, Place] = {}
        self.held: Held | None = None
        self.special = False
        self._lock = threading.Lock()
        self._told: dict[str, Any] = {}  # of each trait that is observed: the bits its observers know
        self._by_register: dict[str, list[str]] = {}
        self._due: dict[str, None] = {}
        self._teller: int | None = None
        self._telling: list[str] = []  # the traits that are being told, an observer's changes within the first one's
        self._in_hand: dict[str, Any] = {}  # of these: the bits that a get gives meanwhile
        self._quiet = 0
        self._tallies: dict[str, list[Tally]] = {}
        self._tally_of: dict[str, Tally] = {}
        self._hear_no_more: Callable[[], None] | None = None
        self.polls = Polls(self, owner)
        self._find_counters(type(owner))
        mine = weakref.ref(self)

        def notice(names: set[str]) -> None:
            # The mirror may outlive the instance and must not keep it. No finalizer ends this: one may run with any lock held.
            hub = mine()
            if hub is None:
                undo()
            else:
                hub._notice(names)

        undo = mirror.observe(notice)

    def _find_counters(self, cls: type) -> None:
        for name, trait in getattr(cls, "_traits", {}).items():
            if isinstance(trait, Counter) and name not in self._tally_of:
                try:
                    place = trait.place_in(self)
                except (LookupError, ValueError):
                    continue  # this version of the IP does not have it; asking for it says so
                tally = self._tally_of[name] = Tally(trait, place)
                tally.see()
                for register in place.registers:
                    self._tallies.setdefault(register, []).append(tally)

    def rate_of(self, name: str) -> float | None:
        """Counts a second of a counter, or ``None`` while that is not known."""
        if name not in self._tally_of:
            owner = self._owner()
            if owner is not None:
                self._find_counters(type(owner))
        return self._tally_of[name].rate()

    # Who observes.

    def watch_over(self, names: Any) -> None:
        """Tell the observers of these traits, and of no others, from now on."""
        owner = self._owner()
        if owner is None:
            return
        traits = type(owner)._traits
        wanted: dict[str, Place] = {}
        for name in names:
            try:
                wanted[name] = traits[name].place_in(self)
            except (LookupError, ValueError):
                continue  # this version of the IP does not have it; asking for it says so
        with self._lock:
            for name in [name for name in self._told if name not in wanted]:
                del self._told[name]
            for name, place in wanted.items():
                if name not in self._told:
                    self._told[name] = place.peek()
            by_register: dict[str, list[str]] = {}
            for name, place in wanted.items():
                for register in place.registers:
                    by_register.setdefault(register, []).append(name)
            self._by_register = by_register
        self._overhear(bool(wanted))
        self.polls.keep({name: traits[name] for name in wanted if traits[name].poll is not None})

    def _overhear(self, wanted: bool) -> None:
        """Hear of what goes past the mirror (the IP's `write`, its register map) only while somebody observes: others pay for it."""
        with self.mirror.port.lock:
            undo = self._hear_no_more
            if wanted and undo is None:
                self._hear_no_more = self.mirror.overhear()
            elif not wanted and undo is not None:
                self._hear_no_more = None
                undo()

    # What a get answers without the bus.

    def in_hand(self, name: str | None) -> tuple[bool, Any]:
        """Whether this thread holds an assignment of the trait or is being told its value, and the bits."""
        thread, held = get_ident(), self.held
        if held is not None and held.thread == thread and name in held.pending:
            return True, held.pending[str(name)][2]
        if self._teller == thread and name in self._in_hand:
            return True, self._in_hand[str(name)]
        return False, None

    def overtaken(self, name: str | None) -> None:
        """This thread has written the trait: what it is being told is no longer what it holds."""
        if self._teller == get_ident():
            self._in_hand.pop(str(name), None)

    def hold(self) -> Held | None:
        """Hold assignments of this thread from now on; ``None`` where some thread holds already."""
        with self._lock:
            if self.held is not None:
                return None
            held = self.held = Held()
            self._mark()
            return held

    def let_go(self) -> None:
        """Hold nothing from now on."""
        with self._lock:
            self.held = None
            self._mark()

    def _mark(self) -> None:
        self.special = self.held is not None or self._teller is not None

    # Telling.

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Nobody is told until the end; what changed meanwhile is told then."""
        with self._lock:
            self._quiet += 1
        try:
            yield
        finally:
            with self._lock:
                self._quiet -= 1
            self._tell()

    def _notice(self, names: set[str]) -> None:
        if self._tallies:
            for register in names & self._tallies.keys():
                for tally in self._tallies[register]:
                    tally.see()
        if self._by_register:
            with self._lock:
                for register in names:
                    for name in self._by_register.get(register, ()):
                        self._due[name] = None
            self._tell()

    def _tell(self) -> None:
        owner, thread = self._owner(), get_ident()
        with self._lock:
            if owner is None or self._teller not in (None, thread) or self._quiet or not self._due:
                return
            within = self._teller is not None
            self._teller = thread
            self._mark()
        try:
            for _ in range(_ROUNDS):
                change = self._next(owner, within)
                if change is None:
                    return
                try:
                    change()
                finally:
                    self._in_hand.pop(self._telling.pop(), None)
            _log.error("%r: its observers change it again each time they are told; they are not told the last change", owner)
            with self._lock:
                self._due.clear()
        except Exception:
            # A notify_change of the class itself: what single observers raise does not come here.
            _log.exception("telling the observers of %r failed", owner)
        finally:
            if not within:
                with self._lock:
                    self._release()

    def _next(self, owner: Any, within: bool) -> Callable[[], object] | None:
        """What tells the next change; where there is none the right to tell is given up, in one step, but `within` another telling."""
        with self._lock:
            while not self._quiet:
                name = next((name for name in self._due if name not in self._telling), None)
                if name is None:
                    break
                del self._due[name]
                place = self.places.get(name)
                if place is None or name not in self._told:
                    continue
                raw, old = place.peek(), self._told[name]
                if raw == old:
                    continue
                if place.doubtful(raw):
                    self._due[name] = None
                    self._telling.append(name)
                    return partial(self._ask, name, place)
                self._told[name] = raw
                trait = type(owner)._traits[name]
                before = None if old is None else trait.decode(place, old)
                after = None if raw is None else trait.decode(place, raw)
                self._telling.append(name)
                self._in_hand[name] = raw
                return partial(owner.notify_change, Bunch(name=name, old=before, new=after, owner=owner, type="change"))
            if not within:
                self._release()
            return None

    def _ask(self, name: str, place: Any) -> None:
        """Read halves that may not belong together as one; if that fails, the next change of them is looked at again."""
        try:
            with asking(self.mirror.port.device, "sampler"):
                place.load()
        except Exception as error:
            _log.warning("%s may have changed, but could not be read whole: %s", name, error)
            with self._lock:
                self._due.pop(name, None)

    def _release(self) -> None:
        if self._teller == get_ident():
            self._teller = None
            self._mark()

    def call(self, event: Any) -> None:
        """Call each observer of a hardware trait; what one raises is logged and harms neither the others nor the write."""
        owner, name = event["owner"], event["name"]
        telling = self._teller == get_ident() and name in self._in_hand
        told = self._in_hand[name] if telling else None
        for observer in observers_of(owner, name, event["type"]):
            if telling:
                # An observer may have written the trait; the next one is told the same value as the first.
                self._in_hand[name] = told
            if isinstance(observer, EventHandler) and observer.name is not None:
                observer = getattr(owner, observer.name)
            try:
                observer(event)
            except Exception:
                _log.exception("an observer of %s.%s failed (the hardware is as it was told)", type(owner).__name__, name)


def observers_of(owner: Any, name: str, kind: str) -> list[Any]:
    """Those that traitlets would call for an event of `kind`, in its order; its deprecated ``_name_changed`` methods are not meant."""
    found: list[Any] = []
    for key in (name, All):
        by_kind = owner._trait_notifiers.get(key, {})
        found += [*by_kind.get(kind, ()), *by_kind.get(All, ())]
    return found
