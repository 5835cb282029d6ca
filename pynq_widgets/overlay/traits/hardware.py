"""Hardware: what makes a ``HasTraits`` with registers one whose attributes may be hardware. ``DefaultIP`` is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from traitlets import All, HasTraits

from pynq_widgets.access.errors import near_or_all

from .base import HardwareTrait, hub_of
from .known import Known

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pynq_widgets.access.mirror import Mirror

    from .hub import Held, Hub


class Hardware(HasTraits):
    """A ``HasTraits`` whose :class:`.HardwareTrait` attributes are the registers in ``self.registers``, a ``Mirror``.

    traitlets' own ways serve them (``observe``, ``link``, ``hold_trait_notifications``, ``set_trait``, first values in the
    constructor), with one write of the bus for one change:

    - Observers are told of changes alone, after the write, whoever made it. What an observer raises is logged: the hardware is
      written, and no observer can undo that.
    - ``with self.hold_trait_notifications():`` keeps hardware assignments too. At its end the class' validators see them, then each
      word is written once, in the order of the last assignments; an error in the block or of a validator writes nothing.
    - ``trait_values()`` reads the words that may be read unasked, in blocks; what cannot be read is missing, as traitlets has it.
    """

    _is_hardware = True

    if TYPE_CHECKING:

        @property
        def registers(self) -> Mirror: ...

    def setup_instance(self, *args: Any, **kwargs: Any) -> None:
        super().setup_instance(*args, **kwargs)
        # From here on observers are served at once; those that the class brings came too early for that.
        self.__dict__["_hardware_ready"] = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        traits = self._traits
        hardware = {name: kwargs.pop(name) for name in [name for name in kwargs if isinstance(traits.get(name), HardwareTrait)]}
        super().__init__(*args, **kwargs)
        self._observers_ready()
        if hardware:
            with self.hold_trait_notifications():
                for name, value in hardware.items():
                    setattr(self, name, value)

    def __copy__(self) -> Any:
        """Another handle to the same registers, with observers of its own: none."""
        made = type(self).__new__(type(self))
        made.__setstate__({name: value for name, value in self.__getstate__().items() if name != "_hardware_hub"})
        return made

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(
            f"{self!r} is a handle to hardware: it can be neither pickled nor copied deeply. trait_values() and snapshot() have its values"
        )

    # What is added to traitlets.

    def transaction(self) -> AbstractContextManager[Any]:
        """``with ip.transaction():`` joins all writes of this thread; at its end each word is read at most once and written once.

        An exception in the block writes nothing. Where the bus fails, what was not written is as before, and the error says what was.
        Observers are told at the end.
        """
        return self.registers.transaction()

    def known(self, name: str) -> Known:
        """What is known of the hardware attribute `name`, and since when, without an access of the bus.

        Raises ``AttributeError`` with the near names if there is no such hardware attribute.
        """
        known = self._hardware_trait(name).known(self)
        return known

    def rate_of(self, name: str) -> float | None:
        """Counts a second of a :class:`.Counter`, from what was seen of it in its window; ``None`` until it was seen twice.

        It reads nothing: something must look at the counter (``poll=``, ``ip.watch``, a table, or ``ip.name`` now and then).
        Raises ``AttributeError`` for a name that is no hardware attribute, ``TypeError`` for one that is no counter.
        """
        from .counter import Counter

        trait = self._hardware_trait(name)
        if not isinstance(trait, Counter):
            raise TypeError(f"{name!r} is a {type(trait).__name__}: only a Counter has a rate")
        trait.place(self)
        return hub_of(self).rate_of(name)

    def _hardware_trait(self, name: str) -> HardwareTrait:
        trait = self._traits.get(name)
        if isinstance(trait, HardwareTrait):
            return trait
        known = [other for other, each in self._traits.items() if isinstance(each, HardwareTrait)]
        raise AttributeError(f"{type(self).__name__} has no hardware attribute {name!r}{near_or_all(name, known)}")

    # The hub.

    def _make_hub(self) -> Hub:
        """The hub for the registers that there are now."""
        from .hub import Hub  # an overlay whose attributes nobody touches has no need of it

        mirror, old = self.registers, self.__dict__.get("_hardware_hub")
        hub = Hub(self, mirror)
        if old is None:
            # Of two threads that come here at once the first one wins; nothing is locked, for either may hold the lock of the bus.
            found: Hub = self.__dict__.setdefault("_hardware_hub", hub)
        else:
            found = self.__dict__["_hardware_hub"] = hub
            old.watch_over(())
        if found is hub:
            hub.watch_over(self._observed())
        return found

    def _observers_ready(self) -> None:
        """Serve the observers that the class brings: called once the registers can be reached, and after the class' traits changed."""
        self._observers_changed()

    def _observed(self) -> list[str]:
        notifiers = self._trait_notifiers
        everybody = any(notifiers.get(All, {}).values())
        return [
            name
            for name, trait in self._traits.items()
            if isinstance(trait, HardwareTrait) and (everybody or any(notifiers.get(name, {}).values()))
        ]

    def _observers_changed(self) -> None:
        if not self.__dict__.get("_hardware_ready"):
            return  # the class' own observers, before there is a description
        names = self._observed()
        if names or "_hardware_hub" in self.__dict__:
            try:
                hub = hub_of(self)
            except AttributeError:
                return  # no registers: nothing can change
            hub.watch_over(names)

    # traitlets, where hardware is another thing than a value in a dictionary.

    def _add_notifiers(self, handler: Any, name: Any, type: Any) -> None:
        trait = self._traits.get(name) if isinstance(name, str) else None
        if isinstance(trait, HardwareTrait) and self.__dict__.get("_hardware_ready"):
            trait.place(self)  # who observes what this design does not have is told now
        super()._add_notifiers(handler, name, type)
        if trait is None or isinstance(trait, HardwareTrait):
            self._observers_changed()

    def _remove_notifiers(self, handler: Any, name: Any, type: Any) -> None:
        super()._remove_notifiers(handler, name, type)
        self._observers_changed()

    def unobserve_all(self, name: Any = All) -> None:
        """As in traitlets; polling ends with the last observer."""
        super().unobserve_all(name)
        self._observers_changed()

    def _notify_observers(self, event: Any) -> None:
        if event["type"] == "change" and isinstance(self._traits.get(event["name"]), HardwareTrait):
            hub_of(self).call(event)
        else:
            super()._notify_observers(event)

    def set_trait(self, name: str, value: Any) -> None:
        """As in traitlets; a hardware attribute is assigned, and one that cannot be written says so."""
        if isinstance(self._traits.get(name), HardwareTrait):
            setattr(self, name, value)
        else:
            super().set_trait(name, value)

    def trait_has_value(self, name: str) -> bool:
        """As in traitlets; of a hardware attribute, whether it was ever read or written."""
        trait = self._traits.get(name)
        if isinstance(trait, HardwareTrait):
            return trait.place(self).peek() is not None
        return super().trait_has_value(name)

    def trait_values(self, **metadata: Any) -> dict[str, Any]:
        """As in traitlets. Hardware that may be read unasked is read, in the fewest block reads; of the rest there is what is known."""
        names = self.trait_names(**metadata)
        hardware = [name for name in names if isinstance(self._traits[name], HardwareTrait)]
        values: dict[str, Any] = self._hardware_values(hardware) if hardware else {}
        for name in names:
            if name not in hardware:
                values[name] = getattr(self, name)
        return {name: values[name] for name in names if name in values}

    def _hardware_values(self, names: list[str]) -> dict[str, Any]:
        try:
            hub = hub_of(self)
        except AttributeError:
            return {}
        traits: dict[str, HardwareTrait] = {}
        for name in names:
            trait = self._traits[name]
            try:
                trait.place_in(hub)
            except (LookupError, ValueError):
                continue
            traits[name] = trait
        registers = {register for name, trait in traits.items() if trait.reads_in_blocks for register in hub.places[name].registers}
        with suppress(Exception):  # the words concerned are stale then, and left out below
            hub.mirror.refresh(registers)
        from .reg_array import RegArray

        values = {}
        for name, trait in traits.items():
            place: Any = hub.places[name]
            try:
                if trait.reads_in_blocks and place.guard is None and not hub.special:
                    known = trait.known(self)
                    if known.state not in ("stale", "never"):
                        values[name] = known.value
                else:
                    value = getattr(self, name)
                    values[name] = tuple(value) if isinstance(trait, RegArray) else value
            except Exception:
                continue
        return values

    def trait_defaults(self, *names: str, **metadata: Any) -> Any:
        """As in traitlets; of hardware attributes, what they are after reset, or ``None`` where the design does not tell."""
        return super().trait_defaults(*names, **metadata)

    @contextmanager
    def hold_trait_notifications(self) -> Any:
        """As in traitlets, for hardware too: see the class."""
        hub = self._hub_to_hold()
        held = None if hub is None or self._cross_validation_lock else hub.hold()
        if hub is None or held is None:
            with super().hold_trait_notifications():
                yield
            return
        try:
            with hub.quiet():
                with super().hold_trait_notifications():
                    yield
                    self._cross_validate_held(held)
                self._write_held(hub, held)
        finally:
            hub.let_go()

    def _hub_to_hold(self) -> Hub | None:
        if not any(isinstance(trait, HardwareTrait) for trait in self._traits.values()):
            return None
        try:
            return hub_of(self)
        except AttributeError:
            return None

    def _cross_validate_held(self, held: Held) -> None:
        seen: set[str] = set()
        # A validator may assign to other traits: those are validated too.
        while left := [name for name in held.pending if name not in seen]:
            for name in left:
                seen.add(name)
                trait, place, raw = held.pending[name]
                held.pending[name] = (trait, place, trait._crossed(self, place, raw))

    def _write_held(self, hub: Hub, held: Held) -> None:
        hub.let_go()
        with hub.mirror.transaction():
            for trait, place, raw in held.pending.values():
                place.store(raw, trait.verify)


def hardware_traits(cls: type) -> Iterator[tuple[str, HardwareTrait]]:
    """Name and trait of each hardware attribute that `cls` has."""
    for name, trait in getattr(cls, "_traits", {}).items():
        if isinstance(trait, HardwareTrait):
            yield name, trait
