"""What software does with the FIR core. Register layout: AMD UG1399, "S_AXILITE Control Register Map" (names as in the design)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pynq_drivers.fir import arithmetic
from pynq_widgets.overlay import DefaultIP
from pynq_widgets.overlay.traits import RegArray, Word

AP_START, AP_IDLE, AUTO_RESTART = 1 << 0, 1 << 2, 1 << 7
WORDS = arithmetic.MAX_TAPS // 2


class Fir(DefaultIP):
    """A filter with up to 32 coefficients, through which samples of 16 bits stream.

    Set ``coefficients`` (or let ``low_pass`` choose them), ``start()``, and send packets through it, from a DMA for instance. The
    arguments `taps` and `shift` and the control bits are attributes too, as the design has them.
    """

    bindto = ["pynq-widgets:hls:fir:1.0"]

    # What the design does not tell: what is in its array, and what a result counts.
    words = RegArray(
        "Memory_coefficients", length=WORDS, help="The coefficients as the core holds them, two in a word, the lower one first"
    )
    clipped = Word("clipped", unit="samples", help="How many samples of the last packet did not fit 16 bits")

    @property
    def coefficients(self) -> npt.NDArray[np.float64]:
        """The coefficients in use, as real numbers, read from the core. Assigning rounds them to what 16 bits can hold.

        Anything that NumPy makes an array of: 1 to 32 finite numbers from -32768 to 32767; else ValueError, and nothing is written.
        """
        taps = min(self.taps, arithmetic.MAX_TAPS)
        words = self.words[: (taps + 1) // 2]
        return np.asarray(np.ldexp(arithmetic.unpacked(words)[:taps].astype(np.float64), -self.shift), dtype=np.float64)

    @coefficients.setter
    def coefficients(self, values: npt.ArrayLike) -> None:
        integers, shift = arithmetic.quantized(values)
        with self.transaction():
            words = arithmetic.packed(integers)
            self.words[: len(words)] = words
            self.shift = shift
            self.taps = len(integers)

    def low_pass(self, cutoff: float, taps: int = arithmetic.MAX_TAPS - 1) -> None:
        """Let pass what is slower than ``cutoff``, a fraction of the sample rate between 0 and 0.5, with 1 to 32 coefficients."""
        self.coefficients = arithmetic.low_pass(cutoff, taps)

    def start(self, continuous: bool = True) -> None:
        """Handle packets from now on; with ``continuous=False`` just the next one."""
        self.registers["CTRL"].write(AP_START | (AUTO_RESTART if continuous else 0))

    def stop(self) -> None:
        """Do not start again after the packet that the core waits for or is at."""
        self.registers["CTRL"].write(0)

    @property
    def idle(self) -> bool:
        """Whether the core is not started. The read clears ``ap_done`` and ``ap_ready``, as each read of that word does."""
        return bool(self.registers["CTRL"].read() & AP_IDLE)
