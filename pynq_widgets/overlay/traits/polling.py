"""What is read by itself while somebody observes it: the traits that say ``poll=``."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pynq_widgets.live.asking import asking

if TYPE_CHECKING:
    from pynq_widgets.live import Sampler

    from .base import HardwareTrait
    from .hub import Hub

_log = logging.getLogger(__name__)


class Polls:
    """The subscriptions of one instance to the sampler of its device, one a trait."""

    def __init__(self, hub: Hub, owner: Any) -> None:
        self._hub = weakref.ref(hub)
        self._owner = weakref.ref(owner)
        self._lock = threading.Lock()
        self._running: dict[str, Any] = {}

    def keep(self, traits: Mapping[str, HardwareTrait]) -> None:
        """Sample these traits, each at its rate, and no others."""
        if not traits and not self._running:
            return
        with self._lock:
            for name in [name for name in self._running if name not in traits]:
                self._running.pop(name).close()
            hub = self._hub()
            for name, trait in traits.items():
                if hub is not None and name not in self._running:
                    self._running[name] = self._start(hub, trait)

    def _start(self, hub: Hub, trait: HardwareTrait) -> Any:
        place, name = trait.place_in(hub), str(trait.name)
        if place.guard is not None:
            # The declaration did not tell; the design does.
            raise ValueError(f"{name!r} cannot be polled at {trait.poll:g} Hz: it is not read unasked ({place.guard})")
        sampler, rate = _sampler(hub), float(trait.poll or 0)
        told: set[str] = set()

        def fail(error: BaseException) -> None:
            # Once for each cause: the mirror has it as the reason why the value is stale.
            if str(error) not in told:
                told.add(str(error))
                _log.warning("polling %s failed: %s", name, error)

        owner, device = self._owner, hub.mirror.port.device

        # An instance that nobody holds any more ends its polls here and not in a finalizer, which may run within the sampler itself.
        def poll() -> None:
            instance = owner()
            if instance is None:
                started.close()
            elif not trait.reads_in_blocks:
                with asking(device, "sampler"):
                    _all_of(getattr(instance, name))

        def tick(_: Any) -> None:
            poll()

        started: Any
        if trait.reads_in_blocks:
            started = sampler.watch([(hub.mirror, place.registers)], rate, on_tick=tick, on_error=fail)
        else:
            started = sampler.subscribe(poll, rate, fail)
        return started


def _all_of(value: Any) -> None:
    if isinstance(value, Sequence) and not isinstance(value, str):
        list(value)


def _sampler(hub: Hub) -> Sampler:
    from pynq_widgets.live import Sampler

    device = hub.mirror.port.device
    if device is None:
        raise ValueError("registers in plain memory belong to no device, whose sampler could poll them")
    return Sampler.of(device)
