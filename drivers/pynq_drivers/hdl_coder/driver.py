"""What software does with a core that HDL Coder made, whatever it is: resets it, has it run or stand, and asks when it was made.

Source: MathWorks, HDL Coder, "Custom IP Core Generation", "Register Address Mapping"; from memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from pynq_widgets.design import Register
from pynq_widgets.overlay import DefaultIP

from . import registers as r


class HdlCoderCore(DefaultIP):
    """A core that HDL Coder made: ``core.reset()``, ``core.run()``, ``core.stop()``, ``core.built``.

    The ports of its model are words from 0x100 on, at the offsets of the core's report, which no design file has: ``core.read(0x100)``,
    ``core.write(0x104, 5)``. A driver that knows them gives them names (docs/writing-a-driver.md).
    """

    # Nothing here is a setting: the core runs after a reset, and what stops it is an act.
    configuration: ClassVar[Mapping[str, bool]] = {"IPCore_Reset": False, "IPCore_Enable": False}

    @classmethod
    def register_layout(cls, description: Mapping[str, Any]) -> tuple[Register, ...]:
        """The registers that each such core has."""
        return r.layout_of(description)

    def reset(self) -> None:
        """Resets the core; it runs then. One write."""
        self.write(r.RESET, 1)

    def run(self) -> None:
        """Lets the core run, as it does after a reset. One write."""
        self.write(r.ENABLE, 1)

    def stop(self) -> None:
        """Has the core stand still: nothing in it changes until `run`. One write."""
        self.write(r.ENABLE, 0)

    @property
    def built(self) -> datetime | None:
        """When the core was made; None where it says nothing that is a time. One read.

        Raises ``RuntimeError`` for a core with a stream master, whose register that is the design does not tell.
        """
        if r.streams_out(self.description.get("module")):
            raise RuntimeError(
                f"{self._where()} sends a stream, and where such a core has its time stamp depends on how it was made: look it up in the "
                "core's report (IPCore_Timestamp) and read(offset)"
            )
        try:
            return datetime.strptime(f"{self.read(r.STAMP):010d}", "%y%m%d%H%M")
        except ValueError:
            return None
