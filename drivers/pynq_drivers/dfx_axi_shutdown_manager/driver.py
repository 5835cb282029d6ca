"""What software does with the shutdown manager: ends the traffic of a part of the logic, and lets it through again.

Source: AMD PG377, DFX AXI Shutdown Manager v1.0: "Register Space", "Programming Sequence" (from memory): transfers under way are finished
first; a request is answered when the bits say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pynq_drivers import waiting
from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import Bit

from . import registers as r


class ShutdownManager(DefaultIP):
    """AXI Shutdown Manager: ``with manager.shut():`` nothing goes through."""

    bindto = ["xilinx.com:ip:dfx_axi_shutdown_manager:1.0", "xilinx.com:ip:pr_axi_shutdown_manager:1.0"]
    register_layout = r.LAYOUT

    requested = Bit("CONTROL_STATUS", "REQUESTED", help="A shutdown is asked for; True asks, False lets traffic through")
    in_shutdown = Bit("CONTROL_STATUS", "IN_SHUTDOWN", help="Nothing goes through")
    writes_in_shutdown = Bit("CONTROL_STATUS", "WRITES_IN_SHUTDOWN", help="No write goes through")
    reads_in_shutdown = Bit("CONTROL_STATUS", "READS_IN_SHUTDOWN", help="No read goes through")

    # A restored overlay is not shut down behind the user's back.
    configuration = {"CONTROL_STATUS": False}

    def shutdown(self, timeout: float = 1.0) -> None:
        """Ends all traffic once what is under way is done. TimeoutError after `timeout` seconds; it stays asked for."""
        self.write(r.CONTROL, r.REQUESTED)
        self._until(r.SHUT, timeout, "a master or a slave behind it does not finish its transfer")

    def release(self, timeout: float = 1.0) -> None:
        """Lets traffic through. TimeoutError after `timeout` seconds."""
        self.write(r.CONTROL, 0)
        self._until(0, timeout, "is its clock running?")

    @contextmanager
    def shut(self, timeout: float = 1.0) -> Iterator[None]:
        """Nothing goes through for the time of the block; then traffic does, whatever happened in it."""
        try:
            self.shutdown(timeout)
            yield
        finally:
            self.release(timeout)

    def _until(self, wanted: int, timeout: float, why: str) -> None:
        waiting.check(timeout)
        what = "shut down" if wanted else "let traffic through"
        trouble = f"{self._fullpath} did not {what} within {timeout} s: {why}"
        waiting.until(self.device.clock, lambda: self.read(r.CONTROL) & r.SHUT == wanted, timeout, trouble)
