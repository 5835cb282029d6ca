"""What software does with an AXI4-Stream Switch that is routed by registers. The shape of the API is PYNQ's ``StreamSwitch``.

Source: AMD PG085, AXI4-Stream Infrastructure IP Suite: "AXI4-Stream Switch", "Register Space", "Control Register", "MI_MUX Register".
"""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pynq_drivers import parameters
from pynq_drivers.axis_switch.registers import CONTROL, DISABLE, MUX, REG_UPDATE, layout
from pynq_widgets.access.errors import near_names
from pynq_widgets.overlay import DefaultIP, UnsupportedConfiguration


class StreamSwitch(DefaultIP):
    """AXI4-Stream Switch with control registers: which slave interface each master interface gets its data from.

    Only a switch with ROUTING_MODE 1 has registers; one that goes by TDEST has no address and nothing to set. Making the driver touches
    nothing. Where several master interfaces are given the same slave interface, the lowest one gets it.

    Attributes
    ----------
    max_slots : int
        The master interfaces of the switch (NUM_MI), 1 to 16.
    """

    bindto = ["xilinx.com:ip:axis_switch:1.1"]

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description)
        given = description.get("parameters") or {}
        self.max_slots = parameters.integer(given, "NUM_MI", 0)
        self._slaves = parameters.integer(given, "NUM_SI", 16)
        if not 1 <= self.max_slots <= 16:
            raise UnsupportedConfiguration(
                f"{self._where()}: a stream switch has 1 to 16 master interfaces, the design says NUM_MI = {self.max_slots}"
            )

    @classmethod
    def register_layout(cls, description: Mapping[str, Any]) -> Any:
        """The registers that the core's parameters give it; designs list none."""
        given = description.get("parameters") or {}
        return layout(min(16, parameters.integer(given, "NUM_MI", 0)))

    @property
    def slaves(self) -> int:
        """The slave interfaces of the switch (NUM_SI): what data comes in by."""
        return self._slaves

    @property
    def sources(self) -> dict[int, str]:
        """Slave interface to what feeds it in the design, ``'ip/interface'``; those that nothing feeds are left out."""
        return self._ends("slave", "slave_interface", "master", "master_interface")

    @property
    def sinks(self) -> dict[int, str]:
        """Master interface to what it feeds in the design, ``'ip/interface'``."""
        return self._ends("master", "master_interface", "slave", "slave_interface")

    def _ends(self, own: str, interface: str, other: str, at: str) -> dict[int, str]:
        design, found = self.description.get("design"), {}
        for link in getattr(design, "connections", ()):
            number = re.fullmatch(r"[SM](\d+)_AXIS", getattr(link, interface), re.IGNORECASE)
            if getattr(link, own) == self._fullpath and link.protocol == "axis" and number is not None:
                found[int(number[1])] = f"{getattr(link, other)}/{getattr(link, at)}".lstrip("/")
        return dict(sorted(found.items()))

    @property
    def routes(self) -> dict[int, int | None]:
        """Master interface to the slave interface that it gets its data from, None where it is disabled. A bus read each."""
        return self.routes_of(self.mi.tolist())

    def routes_of(self, words: Sequence[int]) -> dict[int, int | None]:
        """As `routes`, where the MI_MUX registers hold `words`. Of several that want one slave interface only the lowest gets it."""
        found: dict[int, int | None] = {}
        for slot, word in enumerate(words):
            slave = word & 0xF
            found[slot] = None if word & DISABLE or slave in found.values() else slave
        return found

    def connect(self, slave: int | str, master: int | str) -> None:
        """Route what comes in at `slave` to `master`, and commit: by number, or by the IP at the other end (``'dma'``).

        A slave interface has one way out: the master interface that had it before is disabled. The others stay. Raises ValueError for what
        is not there; then nothing is written.
        """
        source = self._named(slave, self.sources, self._slaves, "slave")
        sink = self._named(master, self.sinks, self.max_slots, "master")
        with self.device.lock:
            wanted = [-1 if given is None or given == source else given for given in self.routes.values()]
            wanted[sink] = source
            self.mi = wanted

    def disconnect(self, master: int | str) -> None:
        """Disable a master interface, named as in `connect`, and commit. The others stay."""
        sink = self._named(master, self.sinks, self.max_slots, "master")
        with self.device.lock:
            wanted = [-1 if given is None else given for given in self.routes.values()]
            wanted[sink] = -1
            self.mi = wanted

    def _named(self, which: int | str, ends: Mapping[int, str], count: int, kind: str) -> int:
        if isinstance(which, str):
            found = [number for number, end in ends.items() if which in (end, end.rpartition("/")[0])]
            if len(found) == 1:
                return found[0]
            known = ", ".join(ends.values()) or "nothing"
            if found:
                raise ValueError(
                    f"{self._where()}: {which!r} is at the {kind} interfaces {found[0]} and {found[1]}: name its interface too"
                )
            raise ValueError(f"{self._where()} has no {kind} interface at {which!r}{near_names(which, ends.values())}; there are {known}")
        number = operator.index(which)
        if not 0 <= number < count:
            raise ValueError(f"{self._where()} has the {kind} interfaces 0 to {count - 1}, not {number}")
        return number

    def panel(self) -> Any:
        """The routes as a matrix, in which a click changes them."""
        from pynq_drivers.axis_switch.panel import SwitchPanel

        return SwitchPanel.of(self)

    def default(self) -> None:
        """Connects master interface j to slave interface j; those beyond the last slave interface are disabled."""
        self.mi = [slot if slot < self._slaves else -1 for slot in range(self.max_slots)]

    def disable(self) -> None:
        """Disables all master interfaces: nothing passes."""
        self.mi = [-1] * self.max_slots

    @property
    def mi(self) -> Any:
        """The slave interface of each master interface: an array (``int64``) of `max_slots`, read from the registers.

        A disabled master interface reads 0x80000000. Assign up to `max_slots` integers, a negative one for a master interface that is
        disabled; those that are not given are disabled. All are written, then they are committed: for 16 cycles of its clock the switch
        is in reset, and what is on its way in it is lost.

        Raises TypeError for what are no integers and ValueError for too many, for none, and for a slave interface that is not there;
        then nothing is written.
        """
        return np.array([self.read(MUX + 4 * slot) for slot in range(self.max_slots)], dtype=np.int64)

    @mi.setter
    def mi(self, conf_array: Sequence[int] | Any) -> None:
        given = np.asarray(conf_array)
        if given.size and given.dtype.kind not in "iu":
            raise TypeError(f"{self._where()}.mi takes integers (Numpy array must be np.int64 dtype), not {given.dtype}")
        if given.ndim != 1 or not given.size:
            raise ValueError(f"{self._where()}.mi takes a sequence that must be at least one element long, not the shape {given.shape}")
        if given.size > self.max_slots:
            raise ValueError(f"{self._where()}.mi was given {given.size} elements, bigger than number of slots {self.max_slots}")
        words = [DISABLE] * self.max_slots
        for slot, slave in enumerate(given.tolist()):
            if slave >= 0 and slave != DISABLE:
                if slave >= self._slaves:
                    raise ValueError(
                        f"{self._where()} has the slave interfaces 0 to {self._slaves - 1} (NUM_SI), so master interface {slot} cannot "
                        f"get {slave}; a negative number disables it"
                    )
                words[slot] = slave
        with self.device.lock:
            for slot, word in enumerate(words):
                self.write(MUX + 4 * slot, word)
            self.write(CONTROL, REG_UPDATE)
