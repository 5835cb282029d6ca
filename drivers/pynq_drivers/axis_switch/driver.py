"""What software does with an AXI4-Stream Switch that is routed by registers. The shape of the API is PYNQ's ``StreamSwitch``.

Source: AMD PG085, AXI4-Stream Infrastructure IP Suite: "AXI4-Stream Switch", "Register Space", "Control Register", "MI_MUX Register".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pynq_drivers import parameters
from pynq_drivers.axis_switch.model import CONTROL, DISABLE, MUX, REG_UPDATE
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
